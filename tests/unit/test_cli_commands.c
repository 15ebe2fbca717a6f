// SPDX-License-Identifier: GPL-2.0-only
/* The command table, and the commands that drive a pen, against a stand-in for mnpend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "tests/shared/cli_fake.h"

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

static void test_table_is_complete(void **state)
{
	char line[256];

	for (size_t i = 0; i < n_commands; i++) {
		const struct command *c = &commands[i];

		assert_non_null(c->run);
		assert_true(c->help[0] && c->example[0]);
		assert_memory_equal(c->example, c->name, strlen(c->name));
		assert_true((c->required & ~c->options) == 0);
		assert_true(c->min_operands <= c->max_operands);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(c->name, commands[k].name);
		snprintf(line, sizeof(line), "%s --help", c->name);
		fake_run(&run, line, NULL);
		assert_int_equal(run.code, CLI_DONE);
		assert_contains(run.out, c->help);
		assert_contains(run.out, c->example);
	}
}

/* A word that the table shows in its own way: what can stand there is known to the completion. */
static void test_every_word_has_a_kind(void **state)
{
	for (size_t i = 0; i < n_commands; i++) {
		char operands[128], *rest = NULL;

		snprintf(operands, sizeof(operands), "%s", commands[i].operands);
		for (char *word = strtok_r(operands, " []", &rest); word;
		     word = strtok_r(NULL, " []", &rest))
			if (complete_operand_kind(&commands[i], word) == WORD_UNKNOWN)
				fail_msg("%s: cli/complete.c does not know what %s is",
					 commands[i].name, word);
	}
	for (int i = 0; i < OPT_COUNT; i++)
		if (!option_text((enum cli_option)i)->value !=
		    (complete_option_kind((enum cli_option)i) == WORD_UNKNOWN))
			fail_msg("cli/complete.c: --%s", option_text((enum cli_option)i)->name);
}

static void test_every_command_has_a_manual_entry(void **state)
{
	static char manual[65536];
	FILE *file = fopen("docs/man/mnpenctl.1", "re");
	char words[128];

	if (!file)
		skip(); /* not run from the top of the source tree */
	manual[fread(manual, 1, sizeof(manual) - 1, file)] = '\0';
	fclose(file);
	for (size_t i = 0; i < n_commands; i++) {
		snprintf(words, sizeof(words), ".It Cm %s", commands[i].name);
		assert_contains(manual, words);
	}
	for (int i = 0; i < OPT_COUNT; i++) {
		snprintf(words, sizeof(words), "Fl -%s", option_text((enum cli_option)i)->name);
		assert_contains(manual, words);
	}
}

static void test_usage_errors(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"statsu", "did you mean \"status\"?"},
		{"xyzzy", "--help lists"},
		{"session bgin", "did you mean \"session begin\"?"},
		{"begin", "did you mean \"session begin\"?"},
		{"list", "did you mean \"profile list\" or \"session list\" or \"alarm list\"?"},
		{"prfile list", "did you mean \"profile\"?"},
		{"session", "begin, area, note, end, list, show, export"},
		{"session begin", "needs --client ID"},
		{"session export S-1", "needs --format"},
		{"session export S-1 --format xml", "no format \"xml\""},
		{"session list --since 2026-02-30", "not a date"},
		{"session note kind", "needs KIND TEXT"},
		{"stop PEN-1 PEN-2", "one argument too many"},
		{"pens --depth 1mm", "no option --depth here"},
		{"pens --depth 1mm", "usage: mnpenctl pens"},
		{"--depth 1mm target", "stands behind the command: mnpenctl target --depth"},
		{"session -o x export", "stands behind the command: mnpenctl session export"},
		{"session export S-1 --format", "--format csv|json: form"},
		{"session export S-1 -o", "--output FILE: write"},
		{"target --dpeth 1mm", "did you mean --depth?"},
		{"target --depth", "needs a value"},
		{"target --depth 1mm --depth 2mm", "twice"},
		{"target", "needs --depth or --speed"},
		{"target --depth 0.5", "unit is missing; write it in mm or um"},
		{"target --depth 0.5", "like --depth 0.5mm or --depth 500um"},
		{"target --depth 0.5rpm", "write it in mm or um"},
		{"target --speed 6000", "write it in rpm or Hz"},
		{"target --depth 0mm", "must be more than nothing"},
		{"-x", "no option -x here"},
		{"session note a \xff", "not UTF-8"},
		{"session end --outcome a\033b", "control character"},
		{"session begin --client -", "nothing on standard input"},
		{"arm -H there", "not -H"},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		fake_run(&run, cases[i].line, NULL);
		assert_int_equal(run.code, CLI_USAGE);
		assert_contains(run.err, cases[i].says);
		assert_string_equal(run.out, "");
		assert_string_equal(fake.calls, "");
	}
}

static void test_global_options_anywhere(void **state)
{
	static const char *const lines[] = {"--json target --speed 100Hz",
					    "target --json --speed 100Hz",
					    "target --speed 100Hz --no-pager --json"};

	fake.has_target = true;
	for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
		fake_run(&run, lines[i], NULL);
		assert_int_equal(run.code, CLI_DONE);
		assert_string_equal(run.out,
				    "{\"schema\":1,\"done\":true,\"pen\":\"PEN-1\","
				    "\"target_depth_um\":500,\"target_speed_rpm\":6000}\n");
		assert_string_equal(run.err, "");
	}
	fake_run(&run, "session --json lits", NULL);
	assert_int_equal(run.code, CLI_USAGE);
	assert_contains(run.out, "{\"schema\":1,\"error\":{\"name\":\"Usage\",\"message\":");
	assert_string_equal(run.err, "");
	fake_run(&run, "session export S-1 --format csv --json", NULL);
	assert_int_equal(run.code, CLI_USAGE);
	assert_contains(run.out, "no CSV on standard output");
	fake_run(&run, "--version", NULL);
	assert_string_equal(run.out, "mnpenctl " MNPEN_VERSION "\n");
}

static void test_stop_reads_nothing_first(void **state)
{
	fake.n_pens = 2;
	fake_run(&run, "stop", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "StopAll() ");
	assert_string_equal(fake.reads, "");
	fake_run(&run, "stop PEN-2", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "Stop() ");
	assert_string_equal(fake.reads, "");
}

static void test_errors_become_exit_codes(void **state)
{
	static const struct {
		const char *name;
		enum cli_exit code;
		const char *json_name;
	} cases[] = {
		{"org.mnpen1.Error.NotAuthorized", CLI_DENIED, "NotAuthorized"},
		{"org.mnpen1.Error.NoSuchPen", CLI_NOT_FOUND, "NoSuchPen"},
		{"org.mnpen1.Error.NoSuchProfile", CLI_NOT_FOUND, "NoSuchProfile"},
		{"org.mnpen1.Error.NoSuchSession", CLI_NOT_FOUND, "NoSuchSession"},
		{"org.mnpen1.Error.Interlock", CLI_FAILED, "Interlock"},
		{"org.mnpen1.Error.Limit", CLI_FAILED, "Limit"},
		{"org.mnpen1.Error.Unconfirmed", CLI_FAILED, "Unconfirmed"},
		{"org.freedesktop.DBus.Error.NotSupported", CLI_FAILED,
		 "org.freedesktop.DBus.Error.NotSupported"},
		{"org.freedesktop.DBus.Error.ServiceUnknown", CLI_NO_DAEMON, "NoDaemon"},
		{"org.freedesktop.DBus.Error.Spawn.ChildExited", CLI_NO_DAEMON, "NoDaemon"},
		{"org.freedesktop.DBus.Error.AccessDenied", CLI_DENIED,
		 "org.freedesktop.DBus.Error.AccessDenied"},
		{"org.freedesktop.DBus.Error.NoReply", CLI_FAILED,
		 "org.freedesktop.DBus.Error.NoReply"},
		{"org.freedesktop.DBus.Error.UnknownObject", CLI_NOT_FOUND, "NoSuchPen"},
	};
	char expected[128];

	fake.fail_member = "ClearFault";
	fake.fail_message = "said why";
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		fake.fail_name = cases[i].name;
		fake_run(&run, "clear-fault", NULL);
		assert_int_equal(run.code, cases[i].code);
		fake_run(&run, "clear-fault --json", NULL);
		assert_int_equal(run.code, cases[i].code);
		assert_int_equal(bus_exit_code(cases[i].name) == CLI_DONE, false);
		snprintf(expected, sizeof(expected), "\"name\":\"%s\"", cases[i].json_name);
		assert_contains(run.out, expected);
		assert_string_equal(run.err, "");
	}
}

static void test_which_pen(void **state)
{
	fake.n_pens = 0;
	fake_run(&run, "disarm", NULL);
	assert_int_equal(run.code, CLI_NOT_FOUND);
	assert_contains(run.err, "no pen is plugged in");
	fake.n_pens = 2;
	fake_run(&run, "disarm", NULL);
	assert_int_equal(run.code, CLI_USAGE);
	assert_contains(run.err, "PEN-1, PEN-2");
	assert_string_equal(fake.calls, "");
	fake_run(&run, "status PEN-9", NULL);
	assert_int_equal(run.code, CLI_NOT_FOUND);
	assert_contains(run.err, "plugged in: PEN-1, PEN-2");
	fake_run(&run, "disarm no/serial", NULL);
	assert_int_equal(run.code, CLI_NOT_FOUND);
	assert_string_equal(fake.calls, "");
	fake_run(&run, "disarm PEN-2", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(fake.calls, "Disarm() ");
}

static void test_target_keeps_the_other_value(void **state)
{
	fake_run(&run, "target --depth 0.3mm", NULL);
	assert_int_equal(run.code, CLI_USAGE);
	assert_contains(run.err, "no target yet, so --speed is needed");
	assert_string_equal(fake.calls, "");
	fake.has_target = true;
	fake_run(&run, "target --depth 0.3mm", NULL);
	assert_string_equal(fake.calls, "SetTarget(300,6000) ");
	fake_run(&run, "target PEN-1 --speed 90Hz", NULL);
	assert_string_equal(fake.calls, "SetTarget(500,5400) ");
	assert_contains(run.out, "5400 rpm (90.0 Hz)");
	fake_run(&run, "target PEN-1 --depth 250um --speed 5000rpm", NULL);
	assert_string_equal(fake.calls, "SetTarget(250,5000) ");
	assert_string_equal(fake.reads, "");
}

static void test_pens_show_stale_as_stale(void **state)
{
	fake_run(&run, "pens", NULL);
	assert_contains(run.out, "0.48 mm");
	fake_run(&run, "pens --json", NULL);
	assert_contains(run.out, "\"fresh\":true");
	assert_contains(run.out, "\"faults\":[\"overtemp\"]");
	assert_contains(run.out, "\"session\":\"S-1\"");
	assert_contains(run.out, "\"limits\":{\"depth_um\":1000}");
	fake.fresh = false;
	fake.n_sessions = 0;
	fake_run(&run, "pens", NULL);
	assert_contains(run.out, "stale");
	assert_null(strstr(run.out, "0.48 mm"));
	fake_run(&run, "pens --json", NULL);
	assert_contains(run.out, "\"fresh\":false");
	assert_contains(run.out, "\"session\":null");
}

static void test_status_tells_everything(void **state)
{
	fake_run(&run, "", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_contains(run.out, "mnpend 9.9, records healthy, 1 ALARM STANDS\n");
	assert_contains(run.out, "ALARM 7, raised 2026-11-2");
	assert_contains(run.out, ": look? here () - NOT ON RECORD YET - when");
	assert_contains(run.out, "1.00 mm, set by area");
	assert_contains(run.out, "target: no target is set");
	assert_contains(run.out, "run 1 min 1 s");
	fake_run(&run, "status --json", NULL);
	assert_contains(run.out, "\"not_arming\":[{\"reason\":\"target\",\"message\":"
				 "\"no target is set\"}]");
	assert_contains(run.out, "\"store_healthy\":true");
	assert_contains(run.out, "\"sessions\":[{\"id\":\"S-1\",\"pen\":\"PEN-1\"");
}

static void test_profiles(void **state)
{
	fake_run(&run, "profile set test", NULL);
	assert_string_equal(fake.calls, "SetProfile(test) ");
	fake_run(&run, "profile show test --json", NULL);
	assert_contains(run.out, "\"name\":\"test\",\"max_run_time_ms\":90000");
	fake_run(&run, "profile show other", NULL);
	assert_int_equal(run.code, CLI_NOT_FOUND);
	assert_contains(run.err, "profile list shows");
	fake_run(&run, "profile show tesst", NULL);
	assert_contains(run.err, "did you mean test?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_table_is_complete, reset),
		cmocka_unit_test_setup(test_every_word_has_a_kind, reset),
		cmocka_unit_test_setup(test_every_command_has_a_manual_entry, reset),
		cmocka_unit_test_setup(test_usage_errors, reset),
		cmocka_unit_test_setup(test_global_options_anywhere, reset),
		cmocka_unit_test_setup(test_stop_reads_nothing_first, reset),
		cmocka_unit_test_setup(test_errors_become_exit_codes, reset),
		cmocka_unit_test_setup(test_which_pen, reset),
		cmocka_unit_test_setup(test_target_keeps_the_other_value, reset),
		cmocka_unit_test_setup(test_pens_show_stale_as_stale, reset),
		cmocka_unit_test_setup(test_status_tells_everything, reset),
		cmocka_unit_test_setup(test_profiles, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
