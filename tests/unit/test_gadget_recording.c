// SPDX-License-Identifier: GPL-2.0-only
/* Reading recordings: whoever wrote them, and however they are damaged. */
#include <stdio.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "tests/unit/recording_fixture.h"

static const struct mnpen_sample idle = {.seq = 1, .time_us = 1000, .state = MNPEN_STATE_IDLE};
static const struct mnpen_cartridge none = {0};

static void put_pen(void)
{
	tape_pen(&idle, &none);
}

static void check_pen(const struct recording *rec)
{
	assert_memory_equal(rec->device, tape_device, 14);
	assert_memory_equal(rec->device + 14, "\1\2\3\1", 4);
	assert_int_equal(rec->config_len, sizeof(tape_config));
	assert_int_equal(rec->config[5], 1);
	assert_int_equal(rec->endpoint, 0x81);
	assert_string_equal(rec->strings[1], "maker");
	assert_string_equal(rec->strings[2], "taped pen");
	assert_string_equal(rec->strings[3], TAPE_SERIAL);
	assert_string_equal(rec->cut, "");
}

/* Either byte order, either resolution, with other blocks in between. */
static void test_dialects(void **state)
{
	static const struct {
		bool big;
		unsigned int resolution;
	} cases[] = {{false, 0}, {false, 6}, {false, 9}, {true, 0}, {true, 9}};
	static const uint8_t setup[8] = {0x21, 6, 10, 0, 0, 0, 0, 0};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct recording *rec;
		size_t at;

		tape_new(cases[i].big, cases[i].resolution);
		at = tape_begin(5); /* interface statistics */
		tape_put(0, 12);
		tape_end(at);
		put_pen();
		at = tape_begin(0xbad); /* what a custom block may be */
		tape_bytes("something else", 14);
		tape_end(at);
		tape.usec += 5000;
		tape_control(0x21, 6, 10, NULL, 0, -EPIPE);
		tape.usec += 250;
		tape_sample(&idle);
		rec = tape_recording();
		check_pen(rec);
		assert_int_equal(rec->n, 11);
		assert_true(rec->entries[9].request);
		assert_int_equal(rec->entries[9].usec, 9 * 100 + 5000);
		assert_int_equal(rec->entries[9].setup.type, setup[0]);
		assert_int_equal(rec->entries[9].setup.value, 10);
		assert_true(rec->entries[9].answered);
		assert_int_equal(rec->entries[9].status, -EPIPE);
		assert_false(rec->entries[10].request);
		assert_int_equal(rec->entries[10].usec, 9 * 100 + 5000 + 100 + 250);
		assert_int_equal(rec->entries[10].len, MNPEN_SAMPLE_SIZE);
		recording_free(rec);
	}
}

/* A whole bus in one file: another device, another link type, another section. */
static void test_company(void **state)
{
	static const uint8_t setup[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
	struct tape_event other = {
		.event = 'S', .type = 2, .endpoint = 0x80, .device = 9, .setup = setup, .id = 77};
	struct recording *rec;

	tape_new(false, 9);
	tape_interface(1, 6); /* Ethernet */
	tape.ticks_per_usec = 1000;
	tape_event(&other);
	put_pen();
	other.event = 'C';
	other.setup = NULL;
	other.data = "wrong";
	other.len = 5;
	tape_event(&other);
	other = (struct tape_event){.event = 'C', .type = 1, .endpoint = 0x81, .device = 9};
	tape_event(&other);
	tape_section();
	tape_interface(220, 0);
	tape_sample(&idle);
	rec = tape_recording();
	check_pen(rec);
	assert_int_equal(rec->n, 10);
	assert_false(rec->entries[9].request);
	recording_free(rec);
}

/* Answers that never came, or came to a question that is not in the file. */
static void test_halves(void **state)
{
	static const uint8_t setup[8] = {0x21, 5, 0, 0, 0, 0, 0, 0};
	struct tape_event e = {.event = 'C', .type = 2, .endpoint = 0x80, .id = 999};
	struct recording *rec;

	tape_new(false, 6);
	tape_event(&e);
	put_pen();
	e = (struct tape_event){.event = 'S', .type = 2, .setup = setup, .id = 998};
	tape_event(&e);
	tape_control(0x21, 6, 10, NULL, 0, -ENOENT);
	rec = tape_recording();
	assert_int_equal(rec->n, 11);
	assert_false(rec->entries[9].answered);
	assert_false(rec->entries[10].answered);
	recording_free(rec);
}

/* No id is special, and what has ended does not end again. */
static void test_id_zero(void **state)
{
	static const uint8_t setup[8] = {0x21, 6, 10, 0, 0, 0, 0, 0};
	struct tape_event e = {.event = 'C', .type = 2, .status = -EPIPE};
	struct recording *rec;

	tape_new(false, 6);
	put_pen();
	tape_control(0x21, 6, 10, NULL, 0, 0);
	tape_event(&e); /* its S is not in the file */
	e = (struct tape_event){.event = 'S', .type = 2, .setup = setup};
	tape_event(&e);
	e = (struct tape_event){.event = 'C', .type = 2, .status = -EPIPE};
	tape_event(&e);
	rec = tape_recording();
	assert_int_equal(rec->n, 11);
	assert_true(rec->entries[9].answered);
	assert_int_equal(rec->entries[9].status, 0);
	assert_true(rec->entries[10].answered);
	assert_int_equal(rec->entries[10].status, -EPIPE);
	recording_free(rec);
}

/* Half a million halves: a file that nobody recorded takes no longer for it. */
static void test_many_in_flight(void **state)
{
	static const uint8_t setup[8] = {0x21, 6, 10, 0, 0, 0, 0, 0};
	const size_t events = 250000, size = 96;
	struct recording *rec = NULL;
	char error[256];
	size_t head, len;
	uint8_t *bytes;

	tape_new(false, 6);
	put_pen();
	head = len = tape.len;
	bytes = malloc(head + 2 * events * size);
	assert_non_null(bytes);
	memcpy(bytes, tape.bytes, head);
	for (unsigned int half = 0; half < 2; half++) {
		tape.len = head;
		tape_event(&(struct tape_event){
			.event = half ? 'C' : 'S', .type = 2, .setup = half ? NULL : setup});
		assert_int_equal(tape.len - head, size);
		for (uint32_t i = 0; i < events; i++, len += size) {
			uint32_t id = i + 1000 + half * 1000000;

			memcpy(bytes + len, tape.bytes + head, size);
			memcpy(bytes + len + 28, &id, sizeof(id));
		}
	}
	assert_int_equal(recording_parse(&rec, bytes, len, error, sizeof(error)), 0);
	assert_int_equal(rec->n, 9 + events);
	assert_false(rec->entries[9].answered);
	recording_free(rec);
}

/* A packet of which only the beginning was kept: the pen's ends the recording there. */
static void test_snapped(void **state)
{
	struct tape_event other = {
		.event = 'C', .type = 1, .endpoint = 0x81, .device = 9, .data = "wrong", .len = 5};
	struct recording *rec;
	size_t at;

	tape_new(false, 6);
	put_pen();
	at = tape.len;
	tape_event(&other);
	tape.bytes[at + 20] = 64; /* captured, of 69 */
	tape_sample(&idle);
	at = tape.len;
	tape_sample(&idle);
	tape.bytes[at + 20] = 64 + MNPEN_SAMPLE_SIZE - 1;
	tape_sample(&idle);
	rec = tape_recording();
	assert_int_equal(rec->n, 10);
	assert_non_null(strstr(rec->cut, "only a part of the packet was captured"));
	recording_free(rec);
}

static void expect_error(size_t len, const char *says)
{
	char error[256];
	struct recording *rec = tape_parse(len, error, sizeof(error));

	if (rec || !strstr(error, says))
		fail_msg("\"%s\" does not say \"%s\"", rec ? "no error" : error, says);
}

static void test_strangers(void **state)
{
	tape_new(false, 6);
	expect_error(0, "empty");
	expect_error(7, "ends within a block");
	memcpy(tape.bytes, "{\"schema\":1,\"done\":true}", 24);
	expect_error(24, "block 1 at byte 0: this is no pcapng file");

	tape_new(false, 6);
	expect_error(tape.len, "no pen has answered GET_INFO");
	tape.bytes[8] ^= 0xff;
	expect_error(tape.len, "neither byte order");
	tape_new(false, 6);
	tape.bytes[12] = 2;
	expect_error(tape.len, "version 2 of pcapng");

	tape_new(false, 6);
	tape.len = 28; /* the section header */
	tape_interface(189, 6);
	put_pen();
	expect_error(tape.len, "link type 189");
}

static void test_without_descriptors(void **state)
{
	uint8_t buf[MNPEN_INFO_SIZE], config[sizeof(tape_config)];

	tape_new(false, 6);
	mnpen_info_encode(buf, &tape_info);
	tape_control(0xa1, 1, 0, buf, sizeof(buf), 0);
	expect_error(tape.len, "device descriptor is not in it");
	tape_control(0x80, 6, 0x100, tape_device, sizeof(tape_device), 0);
	expect_error(tape.len, "serial is not in it");
	tape_string(7, TAPE_SERIAL);
	expect_error(tape.len, "configuration descriptor is not in it");
	/* An endpoint that reaches beyond the end; an interface that usb.c has no room for. */
	memcpy(config, tape_config, sizeof(config));
	config[27] = 8;
	tape_control(0x80, 6, 0x200, config, sizeof(config), 0);
	expect_error(tape.len, "configuration descriptor is malformed");
}

/* Cut off anywhere: an error that names the place, or what was whole up to there. */
static void test_truncated(void **state)
{
	size_t whole, good = 0;

	tape_new(false, 6);
	put_pen();
	for (unsigned int i = 0; i < 3; i++)
		tape_sample(&idle);
	whole = tape.len;
	for (size_t len = 1; len < whole; len++) {
		char error[256];
		struct recording *rec = tape_parse(len, error, sizeof(error));

		if (!rec)
			continue;
		good++;
		if (rec->cut[0])
			assert_non_null(strstr(rec->cut, " at byte "));
		assert_true(rec->n <= 12);
		recording_free(rec);
	}
	assert_in_range(good, 300, whole);
}

/* Lengths and counts that lie, one at a time. */
static void test_corrupt(void **state)
{
	static const uint8_t values[] = {0, 1, 2, 3, 0x7f, 0x80, 0xff};
	char error[256];

	tape_new(false, 9);
	put_pen();
	tape_sample(&idle);
	for (size_t at = 0; at < tape.len; at++) {
		uint8_t was = tape.bytes[at];

		for (size_t i = 0; i < ELEMENTSOF(values); i++) {
			tape.bytes[at] = values[i];
			recording_free(tape_parse(tape.len, error, sizeof(error)));
		}
		tape.bytes[at] = was;
	}
	recording_free(tape_recording());
}

static void test_files(void **state)
{
	char path[] = "/tmp/mnpen-recording-XXXXXX", error[256];
	struct recording *rec = NULL;
	int fd = mkstemp(path);

	tape_new(false, 6);
	put_pen();
	assert_true(fd >= 0);
	assert_int_equal(write(fd, tape.bytes, tape.len), tape.len);
	close(fd);
	assert_int_equal(recording_load(&rec, path, error, sizeof(error)), 0);
	check_pen(rec);
	recording_free(rec);
	assert_int_equal(unlink(path), 0);
	rec = NULL;
	assert_int_equal(recording_load(&rec, path, error, sizeof(error)), -ENOENT);
	assert_string_equal(error, "No such file or directory");
	assert_int_equal(recording_load(&rec, "/tmp", error, sizeof(error)), -EFBIG);
	assert_non_null(strstr(error, "no regular file"));
	assert_null(rec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialects),
		cmocka_unit_test(test_company),
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_without_descriptors),
		cmocka_unit_test(test_snapped),
		cmocka_unit_test(test_id_zero),
		cmocka_unit_test(test_many_in_flight),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
