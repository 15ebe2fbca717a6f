// SPDX-License-Identifier: GPL-2.0-only
/* Files of earlier programs, and alarms that outlive the daemon. */
#include <errno.h>

#include "daemon/store/db.h"
#include "daemon/store/recover.h"
#include "tests/unit/store_fixture.h"

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

static void run_sql(const struct fixture *f, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static char *schema_of(struct fixture *f)
{
	const char *schema = fixture_text(f, "SELECT group_concat(sql, ';') FROM"
					     " (SELECT sql FROM sqlite_schema ORDER BY name)");

	assert_in_range(strlen(schema), 2000, 4000); /* the fixture cuts at 4095 */
	return strdup(schema);
}

static void put_event(struct fixture *f, const char *pen, const char *kind,
		      const struct field *fields, size_t n)
{
	assert_int_equal(store_event(f->store, NULL, pen, kind, 7, fields, n, fixture_done, f), 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
}

static void raise_alarm(struct fixture *f, const char *id, const char *pen)
{
	const struct field fields[] = {
		FIELD_S("id", id),
		FIELD_S("alarm", "drive-on"),
		FIELD_S("text", "unplug \"it\""),
		FIELD_U("raised_wall_usec", FIXTURE_WALL_USEC),
	};

	put_event(f, pen, "alarm", fields, 4);
}

static void version_1_is_taken_along(void **state)
{
	char *upgraded, *fresh;
	struct fixture f;
	size_t n;

	fixture_dir(&f);
	run_sql(&f, version_1);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_null(f.note);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), 2);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event"), 2);
	assert_string_equal(fixture_text(&f, "SELECT id || outcome FROM session"),
			    "20250101-000000-aaaaaacompleted");
	/* Its alarms had no id and stood in memory only: none can be acknowledged. */
	store_alarms(f.store, &n);
	assert_int_equal(n, 0);
	fixture_begin(&f, FIXTURE_ID);
	fixture_end(&f, FIXTURE_ID);
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

/* Half an upgrade is none: the file stays what it was, and says so. */
static void an_upgrade_that_fails(void **state)
{
	struct fixture f;

	fixture_dir(&f);
	run_sql(&f, version_1);
	run_sql(&f, "CREATE TABLE event_alarm (x)"); /* in the way of the index */
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_non_null(f.note);
	assert_int_equal(store_health(f.store, now_usec()), STORE_CLOSED);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), 1);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session"), 1);
	fixture_free(&f);
}

/* A full disk does not cost the database: the index can wait for the next start. */
static void an_upgrade_without_room_waits(void **state)
{
	const struct store_alarm *alarms;
	struct fixture f;
	size_t n = 0;

	fixture_dir(&f);
	run_sql(&f, version_1);
	disk_full = true;
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	disk_full = false; /* somebody made room, the daemon runs on */
	assert_null(f.note);
	assert_int_equal(store_health(f.store, now_usec()), STORE_HEALTHY);
	fixture_begin(&f, FIXTURE_ID);
	raise_alarm(&f, "A", "VPEN0001");
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), 1);
	f.store = store_free(f.store);

	disk_full = true; /* what stands is found without the index */
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	disk_full = false;
	alarms = store_alarms(f.store, &n);
	assert_int_equal(n, 1);
	assert_string_equal(alarms[0].id, "A");
	f.store = store_free(f.store);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_int_equal(fixture_number(&f, "PRAGMA user_version"), 2);
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

static void what_stands(void **state)
{
	const struct store_alarm *alarms;
	struct fixture f;
	size_t n = 9;

	fixture_new(&f);
	store_alarms(f.store, &n);
	assert_int_equal(n, 0);
	raise_alarm(&f, "A", "VPEN0001");
	raise_alarm(&f, "B", NULL);
	raise_alarm(&f, "C", "VPEN0002");
	put_event(&f, NULL, "alarm-acknowledged", &FIELD_S("id", "B"), 1);
	put_event(&f, NULL, "alarm-acknowledged", &FIELD_S("id", "never raised"), 1);
	f.store = store_free(f.store);
	/* Somebody's hand in the file does not keep the daemon from starting. */
	run_sql(&f, "INSERT INTO event (kind, usec, wall_usec, details)"
		    " VALUES ('alarm', 1, 1, 'no json'), ('alarm-acknowledged', 1, 1, '[');");

	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_null(f.note);
	alarms = store_alarms(f.store, &n);
	assert_int_equal(n, 2);
	assert_string_equal(alarms[0].id, "A");
	assert_string_equal(alarms[0].pen, "VPEN0001");
	assert_string_equal(alarms[0].kind, "drive-on");
	assert_string_equal(alarms[0].text, "unplug \"it\"");
	assert_int_equal(alarms[0].usec, 7);
	assert_true(alarms[0].wall_usec == FIXTURE_WALL_USEC);
	assert_string_equal(alarms[1].id, "C");
	fixture_free(&f);
}

static void one_of_an_id_stands_once(void **state)
{
	const struct store_alarm *alarms;
	struct fixture f;
	size_t n = 0;

	fixture_new(&f);
	raise_alarm(&f, "B", "VPEN0001");
	raise_alarm(&f, "A", "VPEN0002");
	raise_alarm(&f, "B", "VPEN0003");
	raise_alarm(&f, "C", NULL);
	raise_alarm(&f, "C", NULL);
	put_event(&f, NULL, "alarm-acknowledged", &FIELD_S("id", "C"), 1);
	f.store = store_free(f.store);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	alarms = store_alarms(f.store, &n);
	assert_int_equal(n, 2);
	assert_string_equal(alarms[0].id, "B");
	assert_string_equal(alarms[0].pen, "VPEN0001"); /* as it was raised first */
	assert_string_equal(alarms[1].id, "A");
	fixture_free(&f);
}

static int count_steps(void *userdata)
{
	++*(unsigned int *)userdata;
	return 0;
}

/* How much work it is to find out that none of @count alarms stands. */
static unsigned int work(struct fixture *f, int count)
{
	static struct recover_alarms alarms;
	unsigned int steps = 0;
	sqlite3 *db = NULL;
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "DELETE FROM event; WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i"
		 " WHERE n < %d) INSERT INTO event (kind, usec, wall_usec, details)"
		 " SELECT k.column1, 1, 1, json_object('id', 'i' || n) FROM i,"
		 " (VALUES ('alarm'), ('alarm-acknowledged')) AS k;",
		 count);
	run_sql(f, sql);
	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	sqlite3_progress_handler(db, 10, count_steps, &steps);
	assert_int_equal(recover_alarms(db, &alarms), 0);
	assert_int_equal(alarms.n, 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return steps;
}

/* Years of alarms do not make the start slow: four times as many are not sixteen times the work. */
static void work_grows_with_the_alarms_only(void **state)
{
	struct fixture f;
	unsigned int few, many;

	fixture_new(&f);
	f.store = store_free(f.store);
	few = work(&f, 250);
	many = work(&f, 1000);
	assert_true(few > 100);
	assert_in_range(many, few, 6 * few);
	fixture_free(&f);
}

static void no_more_than_there_is_room_for(void **state)
{
	const struct store_alarm *alarms;
	struct fixture f;
	size_t n = 0;

	fixture_new(&f);
	f.store = store_free(f.store);
	run_sql(&f, "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 65)"
		    " INSERT INTO event (kind, usec, wall_usec, details)"
		    " SELECT 'alarm', 1, 1, json_object('id', 'i' || n) FROM i;");
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	alarms = store_alarms(f.store, &n);
	assert_int_equal(n, STORE_ALARMS_MAX);
	assert_string_equal(alarms[63].id, "i64");
	assert_string_equal(alarms[63].pen, "");
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_1_is_taken_along),
		cmocka_unit_test(an_upgrade_that_fails),
		cmocka_unit_test(an_upgrade_without_room_waits),
		cmocka_unit_test(a_new_file_without_room_is_none),
		cmocka_unit_test(what_stands),
		cmocka_unit_test(one_of_an_id_stands_once),
		cmocka_unit_test(work_grows_with_the_alarms_only),
		cmocka_unit_test(no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("store_upgrade", tests, NULL, NULL);
}
