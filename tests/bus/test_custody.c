// SPDX-License-Identifier: GPL-2.0-only
/* Legal holds, which no log and no event tells of. */
#include "tests/bus/harness_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000

static void say(struct rig *rig, int code, const char *line, const char *client)
{
	struct cli_result result = cli_run(rig, client, line);

	if (result.code != code)
		fail_msg("mnpenctl %s: %d, %s%s", line, result.code, result.out, result.err);
	assert_null(strstr(result.out, "SECRET"));
	assert_null(strstr(result.err, "SECRET"));
	cli_free(&result);
}

static void assert_held(struct rig *rig, const char *held)
{
	json_object *document;
	char line[128];

	snprintf(line, sizeof(line), "session show %s", rig->id);
	document = cli_json(rig, 0, line);
	assert_string_equal(json_word(document, "session.legal_hold"), held);
	json_object_put(document);
}

static void test_hold(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *log = NULL;
	char word[256], longest[502];

	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "SECRET-7", RIG_AREA));
	assert_held(rig, "false");
	say(rig, 0, "client hold - on --reason letter", "SECRET-7\n");
	assert_held(rig, "true");
	say(rig, 0, "client hold - on --reason another", "SECRET-7\n");
	say(rig, 0, "client hold - off --reason settled", "SECRET-7\n");
	assert_held(rig, "false");
	snprintf(longest, sizeof(longest),
		 "SELECT group_concat(held || reason || (uid = %u), ' ') FROM legal_hold",
		 (unsigned int)getuid());
	assert_string_equal(db_word(rig->db, longest, word, sizeof(word)),
			    "1letter1 1another1 0settled1");

	/* Refused, by the rule and without the id. */
	say(rig, 1, "client hold - on --reason x", "SECRET 7\n");
	assert_refused(rig, manager_call(rig, "SetLegalHold", "sbs", "SECRET/7", 1, "x"),
		       "InvalidArgument");
	assert_says(rig, "a client id is 1 to 64 of");
	assert_refused(rig, manager_call(rig, "SetLegalHold", "sbs", "SECRET-7", 1, " "),
		       "InvalidArgument");
	assert_says(rig, "say who asked");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[501] = '\0';
	assert_refused(rig, manager_call(rig, "SetLegalHold", "sbs", "SECRET-7", 1, longest),
		       "InvalidArgument");
	assert_says(rig, "501 bytes; allowed: 1 to 500");
	longest[500] = '\0';
	assert_done(rig, manager_call(rig, "SetLegalHold", "sbs", "SECRET-7", 1, longest));
	polkit_say(rig->polkit, false, 0);
	say(rig, 5, "client hold - off --reason x", "SECRET-7\n");
	polkit_say(rig->polkit, true, 0);
	assert_held(rig, "true");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM legal_hold"), 4);
	assert_int_equal(
		db_number(rig->db, "SELECT count(*) FROM event WHERE details LIKE '%SECRET%'"), 0);
	log = process_log(&rig->daemon);
	assert_null(strstr(log, "SECRET"));
	rig_stop(rig);
}

/* The disk takes nothing: it is refused at once, and does not happen later. */
static void test_hold_unwritten(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct db_lock *lock;

	rig_begin(rig); /* so that there is something to write */
	lock = db_lock_exclusive(rig->db);
	rig_await_healthy(rig, false, STEP_MS);
	assert_refused(rig, manager_call(rig, "SetLegalHold", "sbs", "C-7", 1, "x"), "Store");
	db_unlock(lock);
	rig_await_healthy(rig, true, STEP_MS);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM legal_hold"), 0);
	assert_done(rig, manager_call(rig, "SetLegalHold", "sbs", "C-7", 1, "x"));
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM legal_hold"), 1);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_hold),
		RIG_TEST(test_hold_unwritten),
	};

	return cmocka_run_group_tests_name("custody", tests, NULL, NULL);
}
