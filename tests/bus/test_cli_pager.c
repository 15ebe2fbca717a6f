// SPDX-License-Identifier: GPL-2.0-only
/* Tables through a pager: on a terminal, and only there; never in the way of a result. */
#include "tests/bus/harness_cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_MS 10000

/* "mnpenctl LINE" at a terminal with that pager; whether @text was shown then. */
static bool shows(struct rig *rig, const char *pager, const char *line, const char *text)
{
	struct cli_terminal terminal;

	assert_int_equal(pager ? setenv("PAGER", pager, 1) : unsetenv("PAGER"), 0);
	cli_open(rig, &terminal, line);
	assert_int_equal(cli_end(&terminal, STEP_MS), 0);
	return strstr(terminal.seen, text);
}

static void test_terminal(void **state)
{
	static const char *const lines[] = {"pens", "alarm list", "profile list", "session list",
					    "profile show bench"};
	struct rig *rig = rig_start(state, NULL);
	char show[96];

	rig_begin(rig);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_true(shows(rig, "sed s/^/paged:/", lines[i], "paged:"));
		assert_false(shows(rig, "", lines[i], "paged:"));
	}
	snprintf(show, sizeof(show), "session show %s", rig->id);
	assert_true(shows(rig, "sed s/^/paged:/", show, "paged:"));
	assert_false(shows(rig, "sed s/^/paged:/", "--no-pager pens", "paged:"));
	assert_true(shows(rig, "sed s/^/paged:/", "pens --no-pager", RIG_SERIAL));
	assert_false(shows(rig, "sed s/^/paged:/", "--json pens", "paged:"));
	assert_false(shows(rig, "sed s/^/paged:/", "stop", "paged:"));
	assert_false(shows(rig, "sed s/^/paged:/", "status", "paged:"));
	rig_stop(rig);
}

static void test_bad_pagers(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	assert_true(shows(rig, "/no/such/pager", "pens", RIG_SERIAL));
	assert_true(shows(rig, "head -n 1", "profile show fine-lines", "fine-lines"));
	assert_false(shows(rig, "true", "profile list", RIG_PROFILE)); /* left at once */
	assert_true(shows(rig, NULL, "pens", RIG_SERIAL));	       /* less, or what there is */
	rig_stop(rig);
}

/* Long text goes on below its column, and not at the left edge of the screen in the middle of a
 * word. Where a program reads, a value is one line. */
static void test_folded(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct cli_result result;

	assert_true(shows(rig, "", "profile list", "at least a year"));
	assert_true(shows(rig, "cat", "profile show fine-lines", "\r\n            approval"));
	result = cli_run(rig, NULL, "profile show fine-lines");
	assert_non_null(strstr(result.out, "advice to go slowly. Needs a clinician's approval\n"));
	cli_free(&result);
	rig_stop(rig);
}

/* What a program reads is not for a pager. */
static void test_pipe(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct cli_result result;

	assert_int_equal(setenv("PAGER", "sed s/^/paged:/", 1), 0);
	result = cli_run(rig, NULL, "pens");
	assert_int_equal(result.code, 0);
	assert_null(strstr(result.out, "paged:"));
	assert_non_null(strstr(result.out, RIG_SERIAL));
	cli_free(&result);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_terminal),
		RIG_TEST(test_bad_pagers),
		RIG_TEST(test_folded),
		RIG_TEST(test_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
