// SPDX-License-Identifier: GPL-2.0-only
/* Files of earlier programs. */
#include <errno.h>

#include "tests/unit/chain_fixture.h"

static bool disk_full;

int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
			void *userdata, char **ret_error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
			void *userdata, char **ret_error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
			void *userdata, char **ret_error)
{
	if (disk_full && strstr(sql, "CREATE "))
		return SQLITE_FULL;
	return __real_sqlite3_exec(db, sql, each, userdata, ret_error);
}

/* The tables as version 1 made them, copied from there: not from the program under test. */
static const char version_1[] =
	"CREATE TABLE session ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" id TEXT NOT NULL UNIQUE,"
	" token TEXT NOT NULL,"
	" pen TEXT,"
	" model TEXT,"
	" firmware INTEGER,"
	" calibration_due_days INTEGER,"
	" transport TEXT,"
	" profile TEXT,"
	" profile_digest TEXT,"
	" area TEXT,"
	" client TEXT,"
	" operator TEXT,"
	" operator_uid INTEGER,"
	" screening TEXT,"
	" consent TEXT,"
	" sign_off TEXT,"
	" cartridge TEXT,"
	" cartridge_uid TEXT,"
	" cartridge_lot TEXT,"
	" cartridge_expires_days INTEGER,"
	" area_size_cm2 INTEGER,"
	" started_usec INTEGER NOT NULL,"
	" started_wall_usec INTEGER NOT NULL,"
	" clock_synchronized INTEGER NOT NULL,"
	" ended_usec INTEGER,"
	" ended_wall_usec INTEGER,"
	" outcome TEXT,"
	" samples INTEGER NOT NULL DEFAULT 0,"
	" gaps INTEGER NOT NULL DEFAULT 0,"
	" strokes INTEGER NOT NULL DEFAULT 0,"
	" run_ms INTEGER NOT NULL DEFAULT 0,"
	" depth_max_um INTEGER NOT NULL DEFAULT 0,"
	" speed_max_rpm INTEGER NOT NULL DEFAULT 0"
	") STRICT;"
	"CREATE INDEX session_client ON session (client);"
	"CREATE INDEX session_open ON session (n) WHERE ended_usec IS NULL;"
	"CREATE TABLE event ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER REFERENCES session (n),"
	" pen TEXT,"
	" kind TEXT NOT NULL,"
	" usec INTEGER NOT NULL,"
	" wall_usec INTEGER NOT NULL,"
	" details TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX event_session ON event (session);"
	"CREATE TABLE gap ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" after_seq INTEGER,"
	" before_seq INTEGER,"
	" missing INTEGER,"
	" reason TEXT NOT NULL,"
	" usec INTEGER NOT NULL,"
	" wall_usec INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX gap_session ON gap (session);"
	"CREATE TABLE block ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" first_seq INTEGER NOT NULL,"
	" last_seq INTEGER NOT NULL,"
	" count INTEGER NOT NULL,"
	" first_host_usec INTEGER NOT NULL,"
	" last_host_usec INTEGER NOT NULL,"
	" data BLOB NOT NULL"
	") STRICT;"
	"CREATE INDEX block_session ON block (session);"
	"CREATE TABLE trend ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" usec INTEGER NOT NULL,"
	" wall_usec INTEGER NOT NULL,"
	" samples INTEGER NOT NULL,"
	" depth_min_um INTEGER NOT NULL,"
	" depth_mean_um INTEGER NOT NULL,"
	" depth_max_um INTEGER NOT NULL,"
	" speed_min_rpm INTEGER NOT NULL,"
	" speed_mean_rpm INTEGER NOT NULL,"
	" speed_max_rpm INTEGER NOT NULL,"
	" motor_min_ma INTEGER NOT NULL,"
	" motor_mean_ma INTEGER NOT NULL,"
	" motor_max_ma INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX trend_session ON trend (session);"
	"PRAGMA application_id = 1835954286; PRAGMA user_version = 1;"
	"PRAGMA journal_mode = WAL;"
	"INSERT INTO session (id, token, started_usec, started_wall_usec, clock_synchronized,"
	" ended_usec, outcome) VALUES ('20250101-000000-aaaaaa', '1', 2, 3, 1, 4, 'completed');"
	"INSERT INTO event (session, kind, usec, wall_usec, details)"
	" VALUES (1, 'begin', 2, 3, '{}');"
	"INSERT INTO event (pen, kind, usec, wall_usec, details)"
	" VALUES ('VPEN0001', 'alarm', 5, 6, '{\"alarm\":\"drive-on\",\"text\":\"x\"}');";

/* What version 2 added, and an alarm that it left standing. */
static const char version_2[] =
	"CREATE INDEX event_alarm ON event (kind)"
	" WHERE kind IN ('alarm', 'alarm-acknowledged');"
	"PRAGMA user_version = 2;"
	"INSERT INTO event (pen, kind, usec, wall_usec, details)"
	" VALUES ('VPEN0001', 'alarm', 7, 8, '{\"id\":\"A\",\"alarm\":\"drive-on\"}');";

static const char version_3[] = "CREATE TABLE legal_hold ("
				" n INTEGER PRIMARY KEY AUTOINCREMENT,"
				" client TEXT NOT NULL,"
				" held INTEGER NOT NULL,"
				" reason TEXT NOT NULL,"
				" uid INTEGER NOT NULL,"
				" wall_usec INTEGER NOT NULL"
				") STRICT;"
				"CREATE INDEX legal_hold_client ON legal_hold (client);"
				"PRAGMA user_version = 3;";

/* What a clinic had recorded with version 4, an open session included. */
static const char version_4[] =
	"CREATE TABLE screening ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" question TEXT NOT NULL,"
	" text TEXT NOT NULL,"
	" kind TEXT NOT NULL,"
	" answer TEXT NOT NULL,"
	" wall_usec INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX screening_session ON screening (session);"
	"CREATE TABLE cartridge ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" pen TEXT,"
	" uid TEXT,"
	" serial TEXT,"
	" lot TEXT NOT NULL,"
	" expires_days INTEGER,"
	" needles INTEGER,"
	" length_um INTEGER,"
	" usec INTEGER NOT NULL,"
	" wall_usec INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX cartridge_session ON cartridge (session);"
	"CREATE INDEX cartridge_lot ON cartridge (lot);"
	"CREATE UNIQUE INDEX cartridge_uid ON cartridge (uid) WHERE uid IS NOT NULL;"
	"CREATE UNIQUE INDEX cartridge_serial ON cartridge (lot, serial)"
	" WHERE serial IS NOT NULL;"
	"CREATE TABLE segment ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" profile TEXT,"
	" area TEXT NOT NULL,"
	" area_size_cm2 INTEGER,"
	" started_usec INTEGER NOT NULL,"
	" started_wall_usec INTEGER NOT NULL,"
	" ended_usec INTEGER NOT NULL,"
	" ended_wall_usec INTEGER NOT NULL,"
	" depth_limit_um INTEGER,"
	" speed_limit_min_rpm INTEGER,"
	" speed_limit_max_rpm INTEGER,"
	" density_warning_per_cm2 INTEGER,"
	" target_depth_um INTEGER,"
	" target_speed_rpm INTEGER,"
	" run_ms INTEGER NOT NULL,"
	" strokes INTEGER NOT NULL,"
	" depth_mean_um INTEGER,"
	" depth_p95_um INTEGER,"
	" depth_max_um INTEGER,"
	" speed_mean_rpm INTEGER,"
	" speed_p95_rpm INTEGER,"
	" speed_max_rpm INTEGER,"
	" needles INTEGER,"
	" punctures_per_cm2 INTEGER"
	") STRICT;"
	"CREATE INDEX segment_session ON segment (session);"
	"PRAGMA user_version = 4;"
	"INSERT INTO session (id, token, started_usec, started_wall_usec, clock_synchronized)"
	" VALUES ('20250102-000000-bbbbbb', '2', 20, 30, 1);"
	"INSERT INTO screening (session, question, text, kind, answer, wall_usec)"
	" VALUES (1, 'q', 'Q?', 'note', 'no', 3);"
	"INSERT INTO cartridge (session, pen, uid, lot, usec, wall_usec)"
	" VALUES (1, 'VPEN0001', '0000000000000001', 'LOT7', 2, 3);"
	"INSERT INTO legal_hold (client, held, reason, uid, wall_usec) VALUES ('C-1', 1, 'x', 0, "
	"3);";

static char *schema_of(struct fixture *f)
{
	const char *schema = fixture_text(f, "SELECT group_concat(sql, ';') FROM"
					     " (SELECT sql FROM sqlite_schema ORDER BY name)");

	assert_in_range(strlen(schema), 2000, 16000); /* the fixture cuts at 16383 */
	return strdup(schema);
}

static int hold(struct fixture *f)
{
	const struct store_hold what = {.client = "C-17", .held = true, .reason = "x"};

	assert_int_equal(store_hold(f->store, &what, 7, fixture_done, f), 0);
	return fixture_wait(f, f->answers + 1);
}

/* What was there before the chain is held against it from now on. */
static void is_chained(struct fixture *f, int version)
{
	assert_string_equal(fixture_text(f, "SELECT kind FROM chain WHERE n = 1"), "migration");
	assert_int_equal(fixture_number(f, "SELECT row FROM chain WHERE n = 1"), version);
	assert_int_equal(
		fixture_number(f, "SELECT count(*) FROM signature WHERE purpose = 'migration'"), 1);
	chain_is_intact(f, "");
	chain_is_intact(f, "20250101-000000-aaaaaa");
	chain_is_intact(f, FIXTURE_ID);
	fixture_sql(f, "UPDATE event SET details = '{\"x\":1}' WHERE n = 1");
	chain_finds(f, "", "\"changed\",\"table\":\"event\",\"row\":1");
	chain_finds(f, "20250101-000000-aaaaaa", "\"changed\",\"table\":\"event\",\"row\":1");
	fixture_sql(f, "UPDATE event SET details = '{}' WHERE n = 1");
}

/* A file as the program of @version left it becomes what a new one is, with all that it held. */
static void is_taken_along(int version, unsigned int alarms)
{
	char *upgraded, *fresh;
	struct fixture f;
	size_t n;

	fixture_dir(&f);
	fixture_sql(&f, version_1);
	if (version >= 2)
		fixture_sql(&f, version_2);
	if (version >= 3)
		fixture_sql(&f, version_3);
	if (version >= 4)
		fixture_sql(&f, version_4);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), version);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_null(f.note);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), 5);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event"),
			 2 + alarms + (version >= 4)); /* and "interrupted" */
	assert_string_equal(fixture_text(&f, "SELECT id || outcome FROM session WHERE n = 1"),
			    "20250101-000000-aaaaaacompleted");
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM legal_hold"), version >= 4);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM segment"), 0);
	/* Version 1's alarms had no id and stood in memory only: none can be acknowledged. */
	store_alarms(f.store, &n);
	assert_int_equal(n, alarms);
	fixture_begin(&f, FIXTURE_ID);
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(hold(&f), 0);
	is_chained(&f, version);
	f.store = store_free(f.store);
	upgraded = schema_of(&f);

	/* Once: the second start finds it done. */
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_null(f.note);
	fixture_free(&f);
	fixture_new(&f);
	fresh = schema_of(&f);
	assert_string_equal(upgraded, fresh);
	free(upgraded);
	free(fresh);
	fixture_free(&f);
}

static void version_1_is_taken_along(void **state)
{
	is_taken_along(1, 0);
}

static void version_2_is_taken_along(void **state)
{
	is_taken_along(2, 1);
}

static void version_3_is_taken_along(void **state)
{
	is_taken_along(3, 1);
}

static void version_4_is_taken_along(void **state)
{
	is_taken_along(4, 1);
}

/* Half an upgrade is none: the file stays what it was, and says so. */
static void an_upgrade_that_fails(void **state)
{
	struct fixture f;

	fixture_dir(&f);
	fixture_sql(&f, version_1);
	fixture_sql(&f, "CREATE TABLE event_alarm (x)"); /* in the way of the index */
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_non_null(f.note);
	assert_int_equal(store_health(f.store, now_usec()), STORE_CLOSED);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), 1);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session"), 1);
	fixture_free(&f);
}

/* Without the ledger nobody may be treated: the file waits, as it was, for the next start. */
static void an_upgrade_without_room_waits(void **state)
{
	struct fixture f;

	fixture_dir(&f);
	fixture_sql(&f, version_1);
	disk_full = true;
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	disk_full = false;
	assert_non_null(strstr(f.note, "No space left on device"));
	assert_int_equal(store_health(f.store, now_usec()), STORE_CLOSED);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), 1);
	f.store = store_free(f.store);
	free(f.note);
	f.note = NULL;
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_null(f.note);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), 5);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session"), 1);
	fixture_free(&f);
}

/* There is nothing to go on with in an empty file. */
static void a_new_file_without_room_is_none(void **state)
{
	struct fixture f;

	fixture_dir(&f);
	disk_full = true;
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	disk_full = false;
	assert_non_null(f.note);
	assert_int_equal(store_health(f.store, now_usec()), STORE_CLOSED);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_is_taken_along),
		cmocka_unit_test(version_2_is_taken_along),
		cmocka_unit_test(version_3_is_taken_along),
		cmocka_unit_test(version_4_is_taken_along),
		cmocka_unit_test(an_upgrade_that_fails),
		cmocka_unit_test(an_upgrade_without_room_waits),
		cmocka_unit_test(a_new_file_without_room_is_none),
	};

	return cmocka_run_group_tests_name("store_upgrade", tests, NULL, NULL);
}
