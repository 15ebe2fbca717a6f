// SPDX-License-Identifier: GPL-2.0-only
/* Legal holds: rows that are only added, the latest of a client counts, and who shows it. */
#include <errno.h>

#include "tests/unit/store_fixture.h"

static int hold(struct fixture *f, const char *client, bool held, const char *reason)
{
	const struct store_hold what = {
		.client = client, .held = held, .reason = reason, .uid = 1000};
	int r = store_hold(f->store, &what, 7, fixture_done, f);

	return r < 0 ? r : fixture_wait(f, f->answers + 1);
}

static void the_latest_row_counts(void **state)
{
	struct store_session other = fixture_session("other");
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID); /* of client C-17 */
	other.client = "C-18";
	assert_int_equal(store_session_begin(f.store, &other, fixture_done, &f), 0);
	assert_int_equal(fixture_wait(&f, f.answers + 1), 0);
	assert_false(fixture_held(&f, FIXTURE_ID));
	assert_int_equal(hold(&f, "C-17", true, "a \"letter\""), 0);
	assert_true(fixture_held(&f, FIXTURE_ID));
	assert_false(fixture_held(&f, "other"));
	assert_int_equal(hold(&f, "C-17", true, "another letter"), 0); /* a new word */
	assert_int_equal(hold(&f, "C-18", true, "x"), 0);
	assert_int_equal(hold(&f, "C-17", false, "settled"), 0);
	assert_false(fixture_held(&f, FIXTURE_ID));
	assert_true(fixture_held(&f, "other"));

	/* In the file when it was answered, and after the daemon. */
	assert_string_equal(
		fixture_text(&f, "SELECT group_concat(n||client||held||reason||uid, ';') FROM"
				 " (SELECT * FROM legal_hold ORDER BY n)"),
		"1C-171a \"letter\"1000;2C-171another letter1000;3C-181x1000;4C-170settled1000");
	assert_true(fixture_number(&f, "SELECT min(wall_usec) FROM legal_hold") > 1600000000000000);
	f.store = store_free(f.store);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_true(fixture_held(&f, "other"));
	/* No other table knows whose they are. */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event WHERE details LIKE"
					    " '%C-1%'"),
			 0);
	fixture_free(&f);
}

static void found_by_an_index(void **state)
{
	struct fixture f;

	fixture_new(&f);
	assert_non_null(strstr(fixture_text(&f, "SELECT group_concat(sql) FROM sqlite_schema"
						" WHERE name = 'legal_hold_client'"),
			       "ON legal_hold (client)"));
	fixture_free(&f);
}

static void refused(void **state)
{
	char longest[STORE_TEXT_MAX + 2];
	struct fixture f;

	fixture_new(&f);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[STORE_TEXT_MAX + 1] = '\0';
	assert_int_equal(hold(&f, "C", true, longest), -E2BIG);
	longest[STORE_TEXT_MAX] = '\0';
	assert_int_equal(hold(&f, "C", true, longest), 0);
	assert_int_equal(hold(&f, "", true, "x"), -EINVAL);
	assert_int_equal(hold(&f, NULL, true, "x"), -EINVAL);
	assert_int_equal(hold(&f, "C", true, ""), -EINVAL);
	assert_int_equal(hold(&f, "C", true, NULL), -EINVAL);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM legal_hold"), 1);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_latest_row_counts),
		cmocka_unit_test(found_by_an_index),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests_name("store_hold", tests, NULL, NULL);
}
