// SPDX-License-Identifier: GPL-2.0-only
/* Alarms that outlive the daemon: which of them stand is found in the events. */
#include "daemon/store/db.h"
#include "daemon/store/recover.h"
#include "tests/unit/store_fixture.h"

static void what_stands(void **state)
{
	const struct store_alarm *alarms;
	struct fixture f;
	size_t n = 9;

	fixture_new(&f);
	store_alarms(f.store, &n);
	assert_int_equal(n, 0);
	fixture_alarm(&f, "A", "VPEN0001");
	fixture_alarm(&f, "B", NULL);
	fixture_alarm(&f, "C", "VPEN0002");
	fixture_event(&f, NULL, "alarm-acknowledged", &FIELD_S("id", "B"), 1);
	fixture_event(&f, NULL, "alarm-acknowledged", &FIELD_S("id", "never raised"), 1);
	f.store = store_free(f.store);
	/* Somebody's hand in the file does not keep the daemon from starting. */
	fixture_sql(&f, "INSERT INTO event (kind, usec, wall_usec, details)"
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
	fixture_alarm(&f, "B", "VPEN0001");
	fixture_alarm(&f, "A", "VPEN0002");
	fixture_alarm(&f, "B", "VPEN0003");
	fixture_alarm(&f, "C", NULL);
	fixture_alarm(&f, "C", NULL);
	fixture_event(&f, NULL, "alarm-acknowledged", &FIELD_S("id", "C"), 1);
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
	fixture_sql(f, sql);
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
	fixture_sql(&f,
		    "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 65)"
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
		cmocka_unit_test(what_stands),
		cmocka_unit_test(one_of_an_id_stands_once),
		cmocka_unit_test(work_grows_with_the_alarms_only),
		cmocka_unit_test(no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("store_alarms", tests, NULL, NULL);
}
