// SPDX-License-Identifier: GPL-2.0-only
/* What the reader thread gives back: samples, events, summary, lists. */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>

#include "driver/base/cleanup.h"
#include "driver/uapi/telemetry.h"
#include "tests/unit/store_fixture.h"

#define OUTPUT_MAX (1024 * 1024)

static uint8_t output[OUTPUT_MAX + 1];

/* Reads all of it while the loop runs, as a client would. Return: done()'s word. */
static int read_all(struct fixture *f, const char *id, enum store_what what, size_t *ret_size)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;
	unsigned int answers = f->answers;
	size_t size = 0;
	ssize_t n = -1;
	int pipes[2];

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_true(fcntl(pipes[0], F_SETFL, O_NONBLOCK) == 0);
	assert_int_equal(store_read(f->store, id, what, pipes[1], fixture_done, f), 0);
	while (n && now_usec() < until) {
		assert_true(sd_event_run(f->event, 1000) >= 0);
		n = read(pipes[0], output + size, OUTPUT_MAX - size);
		size += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(n, 0); /* the store has closed its end */
	close(pipes[0]);
	output[size] = '\0';
	*ret_size = size;
	return fixture_wait(f, answers + 1);
}

static void samples(void **state)
{
	const struct mnpen_telemetry *records = (const void *)output;
	uint8_t expected[MNPEN_SAMPLE_SIZE];
	size_t size, at = 0;
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	for (uint32_t seq = 1; seq <= 1100; seq++)
		if (seq < 600 || seq > 603)
			assert_int_equal(fixture_put(&f, FIXTURE_ID, seq), 0);
	memset(expected, 0xee, sizeof(expected));
	assert_int_equal(store_sample(f.store, FIXTURE_ID, fixture_usec(1101), 9, 0, expected), 0);
	assert_int_equal(fixture_put(&f, FIXTURE_ID, 5), 0); /* seq restarts */
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(read_all(&f, FIXTURE_ID, STORE_SAMPLES, &size), 0);
	assert_int_equal(size, 1098 * sizeof(*records));
	for (uint32_t seq = 1; seq <= 1100; seq++) {
		bool gap = seq == 604;

		if (seq >= 600 && seq <= 603)
			continue;
		fixture_sample(seq, expected);
		assert_true(records[at].host_usec == fixture_usec(seq));
		assert_int_equal(records[at].verdict, 0);
		assert_int_equal(records[at].flags,
				 MNPEN_TELEMETRY_ARMED | (gap ? MNPEN_TELEMETRY_GAP : 0));
		assert_int_equal(records[at].reserved, 0);
		assert_int_equal(records[at].lost, gap ? 4 : 0);
		assert_memory_equal(records[at++].sample, expected, MNPEN_SAMPLE_SIZE);
	}
	assert_int_equal(records[at].verdict, 9);
	assert_int_equal(records[at].flags, 0);
	assert_int_equal(records[at].sample[47], 0xee);
	assert_int_equal(records[at + 1].flags, MNPEN_TELEMETRY_ARMED | MNPEN_TELEMETRY_GAP);
	assert_int_equal(records[at + 1].lost, 0);
	fixture_free(&f);
}

static json_object *get(json_object *object, const char *key)
{
	json_object *value = NULL;

	assert_true(json_object_object_get_ex(object, key, &value));
	return value;
}

static const char *text_of(json_object *object, const char *key)
{
	return json_object_get_string(get(object, key));
}

static json_object *parse(const char *text)
{
	enum json_tokener_error error;
	json_object *object = json_tokener_parse_verbose(text, &error);

	assert_int_equal(error, json_tokener_success);
	return object;
}

static void event_lines(void **state)
{
	const struct field fields[] = {FIELD_U("depth_um", 812)};
	json_object *event;
	struct fixture f;
	size_t size;
	char *line, *rest;

	fixture_new(&f);
	fixture_begin(&f, "other");
	fixture_begin(&f, FIXTURE_ID);
	assert_int_equal(store_event(f.store, FIXTURE_ID, "VPEN0001", "trip \"x\"", 77, fields, 1,
				     NULL, NULL),
			 0);
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(read_all(&f, FIXTURE_ID, STORE_EVENTS, &size), 0);
	line = strtok_r((char *)output, "\n", &rest);
	event = parse(line);
	assert_string_equal(text_of(event, "kind"), "begin");
	assert_string_equal(text_of(event, "time"), "2026-11-20T20:45:01.123456Z");
	assert_int_equal(json_object_get_int64(get(event, "usec")), FIXTURE_START_USEC);
	assert_int_equal(json_object_get_int64(get(event, "n")), 2);
	json_object_put(event);
	line = strtok_r(NULL, "\n", &rest);
	event = parse(line);
	assert_string_equal(text_of(event, "kind"), "trip \"x\"");
	assert_int_equal(json_object_get_int(get(get(event, "details"), "depth_um")), 812);
	json_object_put(event);
	assert_non_null(strtok_r(NULL, "\n", &rest));
	assert_null(strtok_r(NULL, "\n", &rest));
	fixture_free(&f);
}

static void summary(void **state)
{
	json_object *object, *gaps;
	struct fixture f;
	size_t size;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	for (uint32_t seq = 1; seq <= 20; seq++)
		assert_int_equal(fixture_put(&f, FIXTURE_ID, seq), 0);
	assert_int_equal(store_gap(f.store, FIXTURE_ID, 20, 25, 4, "skipped", fixture_usec(25)), 0);
	assert_int_equal(read_all(&f, FIXTURE_ID, STORE_SUMMARY, &size), 0);
	object = parse((char *)output);
	assert_null(get(object, "ended"));
	assert_null(get(object, "outcome"));
	json_object_put(object);

	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(read_all(&f, FIXTURE_ID, STORE_SUMMARY, &size), 0);
	object = parse((char *)output);
	assert_string_equal(text_of(object, "id"), FIXTURE_ID);
	assert_string_equal(text_of(object, "pen"), "VPEN0001");
	assert_string_equal(text_of(object, "firmware"), "1.00");
	assert_string_equal(text_of(object, "client"), "C-17");
	assert_string_equal(text_of(object, "operator"), "root (ann)");
	assert_null(get(object, "screening"));
	assert_string_equal(text_of(object, "started"), "2026-11-20T20:45:01.123456Z");
	assert_non_null(get(object, "ended"));
	assert_string_equal(text_of(object, "outcome"), "done");
	assert_true(json_object_get_boolean(get(object, "clock_synchronized")));
	assert_int_equal(json_object_get_int(get(object, "samples")), 20);
	assert_int_equal(json_object_get_int(get(object, "gaps")), 4);
	assert_int_equal(json_object_get_int(get(object, "strokes")), 2);
	assert_int_equal(json_object_get_int(get(object, "run_ms")), 19);
	assert_int_equal(json_object_get_int(get(object, "depth_max_um")), 420);
	assert_int_equal(json_object_array_length(get(object, "events")), 2);
	gaps = get(object, "gap_records");
	assert_int_equal(json_object_array_length(gaps), 1);
	gaps = json_object_array_get_idx(gaps, 0);
	assert_int_equal(json_object_get_int(get(gaps, "after_seq")), 20);
	assert_int_equal(json_object_get_int(get(gaps, "missing")), 4);
	assert_string_equal(text_of(gaps, "reason"), "skipped");
	json_object_put(object);
	fixture_free(&f);
}

/* The row stays as it was written; who asks hears what was chosen last. */
static void summary_of_changes(void **state)
{
	static const char *const areas[] = {"neck", "nose"};
	const struct field profile[] = {FIELD_S("profile", "pores"),
					FIELD_S("profile_digest", "d2")};
	json_object *object;
	struct fixture f;
	size_t size;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(store_event(f.store, FIXTURE_ID, "VPEN0001", "area", 77,
					     &FIELD_S("area", areas[i]), 1, NULL, NULL),
				 0);
	assert_int_equal(store_event(f.store, FIXTURE_ID, "VPEN0001", "profile", 78, profile, 2,
				     NULL, NULL),
			 0);
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(read_all(&f, FIXTURE_ID, STORE_SUMMARY, &size), 0);
	object = parse((char *)output);
	assert_string_equal(text_of(object, "area"), "nose");
	assert_string_equal(text_of(object, "profile"), "pores");
	assert_string_equal(text_of(object, "profile_digest"), "d2");
	json_object_put(object);
	fixture_free(&f);
}

/* Every text as long as allowed, of what takes most room in JSON. */
static void largest_summary(void **state)
{
	struct store_session session = fixture_session(FIXTURE_ID);
	char text[STORE_TEXT_MAX + 1], name[STORE_NAME_MAX];
	json_object *object;
	struct fixture f;
	size_t size;

	memset(text, 1, STORE_TEXT_MAX);
	text[STORE_TEXT_MAX] = '\0';
	memset(name, 1, STORE_NAME_MAX - 1);
	name[STORE_NAME_MAX - 1] = '\0';
	session.profile = session.area = name;
	session.pen = session.model = session.transport = text;
	session.profile_digest = session.client = session.operator_name = text;
	session.screening = session.consent = session.sign_off = session.cartridge = text;
	session.cartridge_uid = session.cartridge_lot = text;
	fixture_new(&f);
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), 0);
	assert_int_equal(fixture_wait(&f, 1), 0);
	assert_int_equal(read_all(&f, FIXTURE_ID, STORE_SUMMARY, &size), 0);
	object = parse((char *)output);
	assert_int_equal(strlen(text_of(object, "sign_off")), STORE_TEXT_MAX);
	assert_int_equal(strlen(text_of(object, "cartridge_lot")), STORE_TEXT_MAX);
	json_object_put(object);
	fixture_free(&f);
}

static void unknown_session(void **state)
{
	struct fixture f;
	size_t size;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	assert_int_equal(read_all(&f, "nobody", STORE_SAMPLES, &size), -ENOENT);
	assert_int_equal(size, 0);
	assert_int_equal(store_exists(f.store, FIXTURE_ID, fixture_done, &f), 0);
	assert_int_equal(fixture_wait(&f, 3), 0);
	assert_int_equal(store_exists(f.store, "nobody", fixture_done, &f), 0);
	assert_int_equal(fixture_wait(&f, 4), -ENOENT);
	fixture_free(&f);
}

/* A block that was changed on disk: the others are given out, and the answer says it. */
static void damaged_block(void **state)
{
	struct fixture f;
	sqlite3 *db;
	size_t size;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	for (uint32_t seq = 1; seq <= 600; seq++)
		assert_int_equal(fixture_put(&f, FIXTURE_ID, seq), 0);
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(sqlite3_open(f.db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE block SET data = x'01' WHERE n = 1", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(read_all(&f, FIXTURE_ID, STORE_SAMPLES, &size), -EBADMSG);
	assert_in_range(size, 64, 88 * 64);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples),
		cmocka_unit_test(event_lines),
		cmocka_unit_test(summary),
		cmocka_unit_test(largest_summary),
		cmocka_unit_test(unknown_session),
		cmocka_unit_test(damaged_block),
		cmocka_unit_test(summary_of_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
