// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shipped scenarios against the real daemon: it arms the pen, the scenario does the rest and
 * judges by the pen's true state at the pen's own clock. A new file in the folder is a new test.
 */
#include "tests/bus/harness.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define SCENARIOS "tests/gadget/scenarios/*.scenario"
#define RUN_MS 20000

static void run_scenario(void **state, const char *path)
{
	struct rig *rig =
		rig_start(state, &(struct rig_options){.gadget_options = {"--scenario", path}});
	_cleanup_free_ char *log = NULL;
	int code;

	rig_begin(rig);
	rig_arm(rig);
	code = process_wait(&rig->gadget, RUN_MS);
	log = process_log(&rig->gadget);
	if (code != 0)
		fail_msg("%s ended with %d: %s", path, code, log);
	rig_stop(rig);
	(void)rig_teardown(state);
}

static void test_scenarios(void **state)
{
	glob_t found;

	assert_int_equal(glob(SCENARIOS, 0, NULL, &found), 0);
	/* One at least of hand, body, misbehaviour and cable. */
	assert_true(found.gl_pathc >= 4);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		print_message("# %s\n", found.gl_pathv[i]);
		run_scenario(state, found.gl_pathv[i]);
	}
	globfree(&found);
}

/* An expectation that is not met is exit code 1, the line, what was seen and when. */
static void test_failure(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	const char *const argv[] = {program("mnpen-gadget"), "--listen",
				    "127.0.0.1:0",	     "--scenario",
				    rig_path(rig, "s"),	     NULL};
	struct process process = {0};
	_cleanup_free_ char *log = NULL;

	rig_write(rig, "s", "wait idle\ntrigger press\nexpect trigger=false within 20\nquit\n");
	process_start(&process, rig->dir, "failing", argv, NULL);
	assert_int_equal(process_wait(&process, RUN_MS), 1);
	log = process_log(&process);
	assert_non_null(strstr(log, "/s:3: expected trigger=false within 20 ms, but "));
	assert_non_null(strstr(log, " ms after the start of the scenario it was trigger=true\n"));

	/* A file that is wrong is exit code 2, and nothing of it has run. */
	rig_write(rig, "s", "trigger press\nbattery full\nwait asleep\nquit\n");
	process_start(&process, rig->dir, "wrong", argv, NULL);
	assert_int_equal(process_wait(&process, RUN_MS), 2);
	free(log);
	log = process_log(&process);
	assert_non_null(strstr(log, "/s:2: battery full: \"full\" is not a number from 0 to 100"));
	assert_non_null(strstr(log, "/s:3: wait asleep: "));
	assert_null(strstr(log, "listening"));

	/* So is one that is not there: no expectation has been looked at. */
	unlink(rig_path(rig, "s"));
	process_start(&process, rig->dir, "missing", argv, NULL);
	assert_int_equal(process_wait(&process, RUN_MS), 2);
	free(log);
	log = process_log(&process);
	assert_non_null(strstr(log, "/s: No such file or directory"));
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_scenarios),
		RIG_TEST(test_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
