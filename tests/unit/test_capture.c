// SPDX-License-Identifier: GPL-2.0-only
/* Readers of a capture: how it begins, who is slow, who hangs up, and what a tap hears. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/capture.h"
#include "driver/uapi/capture.h"

#define SERIAL "PEN-4711"
#define USBMON MNPEN_CAPTURE_HEADER

static struct host host;
static struct capture capture;

static int setup_capture(void **state)
{
	host = (struct host){.speed_mbit = 12};
	capture = (struct capture){0};
	return 0;
}

static int teardown_capture(void **state)
{
	capture_close(&capture);
	return 0;
}

static int open_reader(bool scrub)
{
	static const uint8_t info[3] = {1, 2, 3};
	const struct capture_known known = {
		.setup = {0xa1, 1, 0, 0, 0, 0, 64, 0}, .data = info, .len = sizeof(info)};

	return capture_open(
		&capture, &host,
		&(struct capture_options){
			.serial = SERIAL, .scrub = scrub, .known = &known, .n_known = 1});
}

/* One block without waiting. Returns its length; 0 when there is none. */
static size_t take(int fd, uint8_t block[MNPEN_CAPTURE_BLOCK_MAX])
{
	ssize_t n = recv(fd, block, MNPEN_CAPTURE_BLOCK_MAX, MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

static void drain(int fd)
{
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX];

	while (take(fd, block))
		;
}

static void tap_sample(uint64_t id)
{
	static const uint8_t data[4] = {9, 9, 9, 9};
	const struct host_transfer t = {.id = id,
					.usec = now_usec(),
					.endpoint = 0x81,
					.len = 4,
					.data = data,
					.data_len = 4};

	if (host.tap)
		host.tap->completed(host.tap, &t);
}

static void test_beginning(void **state)
{
	static const uint8_t get_serial[8] = {0x80, 6, 3, 3, 9, 4, 255, 0};
	static const uint8_t answer[6] = {6, 3, 'P', 0, 'E', 0};
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX];
	int fd;

	host_keep_descriptor(&host, get_serial, answer, sizeof(answer));
	fd = open_reader(false);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(take(fd, block) > 0);
	assert_memory_equal(block, "\x0a\x0d\x0d\x0a", 4);
	assert_memory_equal(block + 28, "NOT SCRUBBED", 12);
	assert_true(take(fd, block) > 0);
	assert_int_equal(block[0], 1);
	/* what the host kept, question and answer, then what it was given */
	assert_true(take(fd, block) > 0);
	assert_int_equal(block[USBMON + MNPEN_USBMON_EVENT], 'S');
	assert_memory_equal(block + USBMON + MNPEN_USBMON_SETUP, get_serial, 8);
	assert_true(take(fd, block) > 0);
	assert_int_equal(block[USBMON + MNPEN_USBMON_EVENT], 'C');
	assert_memory_equal(block + USBMON + 64, answer, sizeof(answer));
	assert_true(take(fd, block) > 0);
	assert_int_equal(block[USBMON + MNPEN_USBMON_SETUP], 0xa1);
	assert_true(take(fd, block) > 0);
	assert_memory_equal(block + USBMON + 64, "\1\2\3", 3);
	assert_int_equal(take(fd, block), 0);
	/* One way only. */
	assert_int_equal(send(fd, block, 1, MSG_NOSIGNAL | MSG_DONTWAIT), -1);
	capture_close(&capture);
	assert_int_equal(recv(fd, block, sizeof(block), 0), 0);
	close(fd);
}

/* A secret that the cut goes through is one all the same. */
static void test_secret_at_the_cut(void **state)
{
	static const uint8_t setup[HOST_SETUP_SIZE] = {0x80, 6};
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX], data[5000];
	const uint8_t *got = block + USBMON + MNPEN_CAPTURE_HEADER_SIZE;
	struct host_transfer t = {.id = 1,
				  .control = true,
				  .endpoint = 0x80,
				  .setup = setup,
				  .len = sizeof(data),
				  .data = data,
				  .data_len = sizeof(data)};
	int fd = open_reader(true);

	drain(fd);
	/* the whole of it, and all but its last one, two and three */
	for (size_t at = 4096 - strlen(SERIAL); at < 4096 - 4; at++) {
		memset(data, 0xee, sizeof(data));
		memcpy(data + at, SERIAL, strlen(SERIAL));
		t.usec = now_usec();
		host.tap->completed(host.tap, &t);
		assert_true(take(fd, block) >= 4096);
		assert_int_equal(got[at - 1], 0xee);
		assert_memory_not_equal(got + at, SERIAL, MIN(strlen(SERIAL), 4096 - at));
		assert_int_equal(block[USBMON + MNPEN_USBMON_CAPTURED + 1], 4096 >> 8);
		assert_int_equal(block[24] | block[25] << 8, 64 + sizeof(data));
	}
	close(fd);
}

static uint64_t block_usec(const uint8_t *block)
{
	uint32_t high, low;

	memcpy(&high, block + MNPEN_CAPTURE_TIME_HIGH, 4);
	memcpy(&low, block + MNPEN_CAPTURE_TIME_LOW, 4);
	return (uint64_t)high << 32 | low;
}

/* A packet bears the time of its arrival, which may be before that of what was sent meanwhile. */
static void test_times(void **state)
{
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX];
	struct host_transfer t = {.endpoint = 0x81, .usec = now_usec() + 5000};
	uint64_t first, now = wall_usec();
	int fd = open_reader(true);

	drain(fd);
	host.tap->completed(host.tap, &t);
	assert_true(take(fd, block) > 0);
	first = block_usec(block);
	assert_in_range(first, now + 4000, now + USEC_PER_SEC);
	t.usec -= 3000;
	host.tap->completed(host.tap, &t);
	assert_true(take(fd, block) > 0);
	assert_int_equal(block_usec(block), first);
	t.usec += 4000;
	host.tap->completed(host.tap, &t);
	assert_true(take(fd, block) > 0);
	assert_int_equal(block_usec(block), first + 1000);
	close(fd);
}

static void test_slow_reader_loses_counted(void **state)
{
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX];
	int slow = open_reader(true), quick = open_reader(true);
	uint64_t pushed = 0, got = 0;
	size_t len;

	drain(quick);
	for (; pushed < 100000; pushed++) {
		tap_sample(pushed);
		assert_true(take(quick, block) > 0); /* the slow one is nobody else's harm */
		assert_int_equal(block[4], 100);
	}
	for (int i = 0; i < 4; i++)
		assert_true(take(slow, block) > 0);
	/* What fitted comes in order, without loss. */
	while (take(slow, block)) {
		assert_int_equal(block[USBMON] | block[USBMON + 1] << 8 | block[USBMON + 2] << 16,
				 got++);
		assert_int_equal(block[4], 100);
	}
	assert_in_range(got, 100, pushed - 1);
	/* The next one tells how many are missing, the one behind it that none is. */
	tap_sample(1);
	len = take(slow, block);
	assert_int_equal(len, 100 + 16);
	assert_int_equal(block[96], MNPEN_CAPTURE_OPTION_DROPCOUNT);
	assert_int_equal(block[100] | block[101] << 8 | block[102] << 16, pushed - got);
	tap_sample(2);
	assert_int_equal(take(slow, block), 100);
	close(slow);
	close(quick);
}

/* Nobody listens: the transports are not kept from anything. */
static void test_hang_up(void **state)
{
	int fds[2] = {open_reader(true), open_reader(false)};
	uint8_t block[MNPEN_CAPTURE_BLOCK_MAX];

	drain(fds[1]);
	assert_ptr_equal(host.tap, &capture.tap);
	close(fds[0]);
	tap_sample(1);
	assert_int_equal(capture.readers.n, 1);
	assert_true(take(fds[1], block) > 0);
	close(fds[1]);
	tap_sample(2);
	assert_int_equal(capture.readers.n, 0);
	assert_null(host.tap);
}

static void test_limit(void **state)
{
	int fds[CAPTURE_READERS_MAX];

	for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
		fds[i] = open_reader(true);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(open_reader(true), -EUSERS);
	/* A reader that hung up frees its place even when nothing ever came. */
	close(fds[1]);
	fds[1] = open_reader(true);
	assert_true(fds[1] >= 0);
	assert_int_equal(open_reader(true), -EUSERS);
	for (size_t i = 0; i < ELEMENTSOF(fds); i++)
		close(fds[i]);
}

static void test_descriptors(void **state)
{
	static uint8_t big[4096];
	const uint8_t setup[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	const uint8_t *got_setup, *data;
	size_t at = 0, len = 0;

	assert_false(host_next_descriptor(&host, &at, &got_setup, &data, &len));
	host_keep_descriptor(&host, setup, big, sizeof(big));
	host_keep_descriptor(&host, setup, big, sizeof(big)); /* no room: not kept */
	host_keep_descriptor(&host, setup, (const uint8_t *)"ab", 2);
	assert_true(host_next_descriptor(&host, &at, &got_setup, &data, &len));
	assert_int_equal(len, sizeof(big));
	assert_memory_equal(got_setup, setup, 8);
	assert_true(host_next_descriptor(&host, &at, &got_setup, &data, &len));
	assert_int_equal(len, 2);
	assert_memory_equal(data, "ab", 2);
	assert_false(host_next_descriptor(&host, &at, &got_setup, &data, &len));
	host_forget_descriptors(&host);
	at = 0;
	assert_false(host_next_descriptor(&host, &at, &got_setup, &data, &len));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_capture, teardown_capture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_beginning),	TEST(test_secret_at_the_cut),
		TEST(test_times),	TEST(test_slow_reader_loses_counted),
		TEST(test_hang_up),	TEST(test_limit),
		TEST(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
