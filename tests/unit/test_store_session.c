// SPDX-License-Identifier: GPL-2.0-only
/* A session's rows, as any SQL program finds them after done() has said 0. */
#include <errno.h>
#include <sys/stat.h>

#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

static unsigned int mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void files_are_private(void **state)
{
	struct fixture f;
	char path[128];

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	assert_int_equal(mode_of(f.db), 0600);
	snprintf(path, sizeof(path), "%s-wal", f.db);
	assert_int_equal(mode_of(path), 0600);
	snprintf(path, sizeof(path), "%s/lock", f.dir);
	assert_int_equal(mode_of(path), 0600);
	f.store = store_free(f.store);
	/* A directory that is missing is made, for nobody else. */
	snprintf(path, sizeof(path), "%s/made", f.dir);
	struct store_options options = {.directory = path};

	assert_int_equal(store_new(&f.store, f.event, &options, &f.note, &f.quarantined), 0);
	assert_null(f.note);
	assert_int_equal(mode_of(path), 0700);
	fixture_free(&f);
}

static void begin_writes_all(void **state)
{
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	/* On disk while the store is still open, because done() said so. */
	assert_string_equal(
		fixture_text(&f, "SELECT id||'|'||token||'|'||pen||'|'||model||'|'||firmware||'|'||"
				 "transport||'|'||profile||'|'||area||'|'||client||'|'||operator"
				 "||'|'||operator_uid||'|'||cartridge||'|'||area_size_cm2||'|'||"
				 "started_usec||'|'||started_wall_usec||'|'||clock_synchronized "
				 "FROM session"),
		FIXTURE_ID "|0123456789abcdef|VPEN0001|virtual|256|usbip|face-lines|cheek|C-17|"
			   "root (ann)|0|LOT7/0042|40|1000000000|1795207501123456|1");
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session WHERE outcome IS NULL AND"
					    " ended_usec IS NULL AND screening IS NULL AND"
					    " cartridge_lot IS NULL AND samples = 0"),
			 1);
	assert_string_equal(
		fixture_text(&f, "SELECT kind||'|'||pen||'|'||usec||'|'||wall_usec||'|'||details"
				 " FROM event"),
		"begin|VPEN0001|1000000000|1795207501123456|{\"profile\":\"face-lines\",\"area\":"
		"\"cheek\",\"area_size_cm2\":40}");
	fixture_free(&f);
}

/* The whole life, with more samples than a block holds and a few that are not samples at all. */
static void totals_and_trend(void **state)
{
	uint8_t garbage[MNPEN_SAMPLE_SIZE];
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	for (uint32_t seq = 1; seq <= 1250; seq++)
		assert_int_equal(fixture_put(&f, FIXTURE_ID, seq), 0);
	memset(garbage, 0xee, sizeof(garbage));
	assert_int_equal(store_sample(f.store, FIXTURE_ID, fixture_usec(1251), 9, 0, garbage), 0);
	assert_int_equal(
		store_gap(f.store, FIXTURE_ID, 1250, 1260, 9, "skipped", fixture_usec(1260)), 0);
	assert_int_equal(store_gap(f.store, FIXTURE_ID, 1270, 5, 0, "restart", fixture_usec(1270)),
			 0);
	fixture_end(&f, FIXTURE_ID);

	assert_string_equal(
		fixture_text(&f, "SELECT samples||'|'||gaps||'|'||strokes||'|'||run_ms||'|'||"
				 "depth_max_um||'|'||speed_max_rpm||'|'||outcome||'|'||ended_usec"
				 " FROM session"),
		"1251|9|125|1249|499|6099|done|1060000000");
	assert_int_equal(fixture_number(&f, "SELECT sum(count) FROM block"), 1251);
	assert_int_equal(fixture_number(&f, "SELECT max(count) <= 512 FROM block"), 1);
	assert_int_equal(fixture_number(&f, "SELECT first_seq FROM block ORDER BY n LIMIT 1"), 1);
	assert_int_equal(fixture_number(&f, "SELECT last_host_usec FROM block ORDER BY n DESC"),
			 (int64_t)fixture_usec(1251));
	assert_string_equal(fixture_text(&f, "SELECT group_concat(after_seq||','||before_seq||','||"
					     "ifnull(missing,'?')||','||reason,';') FROM gap"),
			    "1250,1260,9,skipped;1270,5,?,restart");
	/* 1 ms a sample, the first at 1 ms: 99 samples, 11 times 100, 51. */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM trend"), 13);
	assert_int_equal(fixture_number(&f, "SELECT sum(samples) FROM trend"), 1250);
	assert_string_equal(
		fixture_text(&f, "SELECT usec||'|'||wall_usec||'|'||samples||'|'||depth_min_um||'|'"
				 "||depth_mean_um||'|'||depth_max_um||'|'||speed_min_rpm||'|'||"
				 "speed_mean_rpm||'|'||speed_max_rpm||'|'||motor_min_ma||'|'||"
				 "motor_mean_ma||'|'||motor_max_ma FROM trend ORDER BY n LIMIT 1"
				 " OFFSET 2"),
		"1000200000|1795207501323456|100|400|450|499|5900|5950|5999|200|205|209");
	assert_string_equal(
		fixture_text(&f, "SELECT group_concat(kind||details) FROM event"),
		"begin{\"profile\":\"face-lines\",\"area\":\"cheek\",\"area_size_cm2\":40},"
		"end{\"outcome\":\"done\"}");
	fixture_free(&f);
}

static void samples_are_durable_by_themselves(void **state)
{
	struct fixture f;
	uint64_t until;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	for (uint32_t seq = 1; seq <= 10; seq++)
		assert_int_equal(fixture_put(&f, FIXTURE_ID, seq), 0);
	until = now_usec() + FIXTURE_WAIT_USEC;
	while (fixture_number(&f, "SELECT samples FROM session") < 10 && now_usec() < until)
		usleep(20000);
	assert_int_equal(fixture_number(&f, "SELECT sum(count) FROM block"), 10);
	assert_int_equal(fixture_number(&f, "SELECT strokes FROM session"), 1);
	assert_int_equal(store_health(f.store, fixture_usec(10)), STORE_HEALTHY);
	fixture_free(&f);
}

/* Samples may follow a begin at once, and an end may follow them, before anything was answered. */
static void nothing_waits_for_done(void **state)
{
	static const char *const ids[] = {"one", "two"};
	struct fixture f;

	fixture_new(&f);
	for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
		struct store_session session = fixture_session(ids[i]);

		assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), 0);
	}
	for (uint32_t seq = 1; seq <= 700; seq++)
		for (size_t i = 0; i < ELEMENTSOF(ids); i++)
			assert_int_equal(fixture_put(&f, ids[i], seq), 0);
	for (size_t i = 0; i < ELEMENTSOF(ids); i++)
		assert_int_equal(store_session_end(f.store, ids[i], "done", fixture_usec(700),
						   fixture_done, &f),
				 0);
	assert_int_equal(fixture_put(&f, "one", 701), -ENOENT);
	assert_int_equal(fixture_wait(&f, 4), 0);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session WHERE samples = 700"), 2);
	assert_int_equal(fixture_number(&f, "SELECT sum(count) FROM block WHERE session = 2"), 700);
	fixture_free(&f);
}

static void events(void **state)
{
	const struct field fields[] = {FIELD_S("reason", "over \"depth\"\n"), FIELD_U("um", 812)};
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	assert_int_equal(store_event(f.store, FIXTURE_ID, "VPEN0001", "trip", 5, fields, 2,
				     fixture_done, &f),
			 0);
	assert_int_equal(fixture_wait(&f, 2), 0);
	assert_int_equal(store_event(f.store, NULL, NULL, "start", 6, NULL, 0, fixture_done, &f),
			 0);
	assert_int_equal(fixture_wait(&f, 3), 0);
	assert_int_equal(store_event(f.store, "nobody", NULL, "x", 7, NULL, 0, fixture_done, &f),
			 0);
	assert_int_equal(fixture_wait(&f, 4), -ENOENT);
	assert_string_equal(fixture_text(&f, "SELECT details FROM event WHERE kind = 'trip' AND"
					     " session = 1 AND usec = 5"),
			    "{\"reason\":\"over \\\"depth\\\"\\u000a\",\"um\":812}");
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event WHERE session IS NULL AND"
					    " pen IS NULL AND details = '{}'"),
			 1);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event"), 3);
	fixture_free(&f);
}

static void refused(void **state)
{
	struct store_session session;
	char text[STORE_TEXT_MAX + 2];
	struct fixture f;

	fixture_new(&f);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	session = fixture_session("long");
	session.consent = text;
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), -E2BIG);
	session = fixture_session("");
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), -EINVAL);
	assert_int_equal(store_event(f.store, NULL, NULL, text, 1, NULL, 0, NULL, NULL), -E2BIG);
	assert_int_equal(store_event(f.store, NULL, NULL, NULL, 1, NULL, 0, NULL, NULL), -EINVAL);
	assert_int_equal(fixture_put(&f, "nobody", 1), -ENOENT);
	assert_int_equal(store_gap(f.store, "nobody", 1, 3, 1, "x", 1), -ENOENT);
	assert_int_equal(store_session_end(f.store, "nobody", "done", 1, NULL, NULL), -ENOENT);

	text[STORE_TEXT_MAX] = '\0'; /* exactly as long as allowed */
	session = fixture_session(FIXTURE_ID);
	session.consent = text;
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), 0);
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), -EEXIST);
	assert_int_equal(fixture_wait(&f, 1), 0);
	assert_int_equal(fixture_number(&f, "SELECT length(consent) FROM session"), STORE_TEXT_MAX);
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(fixture_put(&f, FIXTURE_ID, 1), -ENOENT);

	/* An id that the database has already: its samples go nowhere, not to a later session. */
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), 0);
	assert_int_equal(fixture_put(&f, FIXTURE_ID, 1), 0);
	assert_int_equal(fixture_wait(&f, 3), -EEXIST);
	fixture_begin(&f, "later");
	fixture_end(&f, "later");
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM block"), 0);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event"), 4);
	fixture_free(&f);
}

static void as_many_as_there_are_slots(void **state)
{
	struct store_session session;
	struct fixture f;
	char id[16];

	fixture_new(&f);
	for (unsigned int i = 0; i < STORE_SESSIONS_MAX; i++) {
		snprintf(id, sizeof(id), "s%u", i);
		fixture_begin(&f, id);
		assert_int_equal(fixture_put(&f, id, i + 1), 0);
	}
	session = fixture_session("more");
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), -EAGAIN);
	fixture_end(&f, "s7");
	fixture_begin(&f, "more");
	assert_int_equal(fixture_put(&f, "more", 1000), 0);
	fixture_end(&f, "more");
	assert_int_equal(fixture_number(&f, "SELECT first_seq FROM block b JOIN session s"
					    " ON b.session = s.n WHERE s.id = 'more'"),
			 1000);
	f.store = store_free(f.store); /* writes out what is queued */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session s JOIN block b"
					    " ON b.session = s.n WHERE b.count = 1"),
			 STORE_SESSIONS_MAX + 1);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_private),
		cmocka_unit_test(begin_writes_all),
		cmocka_unit_test(totals_and_trend),
		cmocka_unit_test(samples_are_durable_by_themselves),
		cmocka_unit_test(nothing_waits_for_done),
		cmocka_unit_test(events),
		cmocka_unit_test(refused),
		cmocka_unit_test(as_many_as_there_are_slots),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
