// SPDX-License-Identifier: GPL-2.0-only
/* client hold on the command line, against a stand-in for mnpend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "driver/base/cleanup.h"
#include "tests/unit/cli_fake.h"

static struct run run;
static int reset(void **state)
{
	fake_reset();
	return 0;
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void test_usage(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"client", "hold"},
		{"client hold C-17 on", "needs --reason TEXT"},
		{"client hold C-17 --reason x", "needs ID on|off"},
		{"client hold C-17 maybe --reason x", "not \"maybe\""},
		{"client hold - on --reason x", "client hold - found nothing on standard input"},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		fake_run(&run, cases[i].line, NULL);
		assert_int_equal(run.code, CLI_USAGE);
		assert_contains(run.err, cases[i].says);
		assert_string_equal(fake.calls, "");
	}
}

static void test_hold(void **state)
{
	fake_run(&run, "client hold C-17 on --reason letter", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "SetLegalHold(C-17,1,letter) ");
	assert_contains(run.out, "are held");
	assert_null(strstr(run.out, "C-17"));
	fake_run(&run, "client hold --reason settled - off", "C-18\n");
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "SetLegalHold(C-18,0,settled) ");
	assert_contains(run.out, "no longer");
	assert_null(strstr(run.out, "C-18"));
	fake_run(&run, "--json client hold C on --reason x", NULL);
	assert_string_equal(run.out, "{\"schema\":1,\"done\":true}\n");
	fake.fail_member = "SetLegalHold";
	fake.fail_name = "org.mnpen1.Error.Store";
	fake.fail_message = "it could not be recorded";
	fake_run(&run, "client hold C on --reason x", NULL);
	assert_int_equal(run.code, CLI_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_usage, reset),
		cmocka_unit_test_setup(test_hold, reset),
	};

	return cmocka_run_group_tests_name("cli_custody", tests, NULL, NULL);
}
