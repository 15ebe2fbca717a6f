// SPDX-License-Identifier: GPL-2.0-only
/* arm and monitor against a stand-in for mnpend: however it ends, the pen is disarmed. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "driver/base/cleanup.h"
#include "tests/shared/cli_fake.h"

/** struct result - what the child saw, in memory that both see */
struct result {
	struct run run;
	char calls[sizeof(fake.calls)];
};

static struct result *result;

/* In a child, since a live view blocks signals and may be killed by them. */
static void run_child(const char *line, int signal_number)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		sigset_t signals;

		alarm(20); /* a view that never ends is a failure */
		/* in the stand-in's thread too, which has no part in them */
		sigemptyset(&signals);
		sigaddset(&signals, SIGINT);
		sigaddset(&signals, SIGTERM);
		sigaddset(&signals, SIGHUP);
		sigprocmask(SIG_BLOCK, &signals, NULL);
		if (signal_number == 0 || fork() != 0) {
			fake_run(&result->run, line, NULL);
			memcpy(result->calls, fake.calls, sizeof(fake.calls));
			_exit(0);
		}
		usleep(400000);
		kill(getppid(), signal_number);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
}

static int reset(void **state)
{
	fake_reset();
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return result == MAP_FAILED ? -1 : 0;
}

static int drop(void **state)
{
	return munmap(result, sizeof(*result));
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void test_how_arm_ends(void **state)
{
	static const struct {
		enum fake_after_arm after;
		int signal_number;
		int code;
		const char *calls, *says;
	} cases[] = {
		{FAKE_STAYS, SIGINT, CLI_DONE, "OpenTelemetry() Arm() Disarm() ", ""},
		{FAKE_STAYS, SIGTERM, CLI_DONE, "OpenTelemetry() Arm() Disarm() ", ""},
		{FAKE_STAYS, SIGHUP, CLI_FAILED, "OpenTelemetry() Arm() Disarm() ",
		 "terminal is gone"},
		{FAKE_NO_ANSWER, SIGINT, CLI_DONE, "OpenTelemetry() Arm() Stop() ", ""},
		{FAKE_TRIPS, 0, CLI_FAILED, "OpenTelemetry() Arm() ",
		 "PEN-1 was disarmed: depth-limit; last event: disarmed: depth 1.20 mm"},
		{FAKE_UNPLUGGED, 0, CLI_FAILED, "OpenTelemetry() Arm() ", "PEN-1 is gone"},
		{FAKE_DATA_ENDS, 0, CLI_FAILED, "OpenTelemetry() Arm() Disarm() ",
		 "live data of PEN-1 has ended"},
		{FAKE_DIES, 0, CLI_FAILED, "OpenTelemetry() Arm() ", "mnpend has left the bus"},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		fake.after_arm = cases[i].after;
		run_child("arm", cases[i].signal_number);
		assert_contains(result->run.err, cases[i].says);
		assert_int_equal(result->run.code, cases[i].code);
		assert_string_equal(result->calls, cases[i].calls);
	}
}

static void test_refused_arm_sends_nothing_more(void **state)
{
	fake.fail_member = "Arm";
	fake.fail_name = "org.mnpen1.Error.Interlock";
	fake.fail_message = "no target is set";
	run_child("arm --json", 0);
	assert_int_equal(result->run.code, CLI_FAILED);
	assert_string_equal(result->calls, "OpenTelemetry() Arm() ");
	assert_contains(result->run.out, "{\"schema\":1,\"error\":{\"name\":\"Interlock\","
					 "\"message\":\"no target is set\",");
}

static void test_no_telemetry_no_arm(void **state)
{
	fake.fail_member = "OpenTelemetry";
	fake.fail_name = "org.mnpen1.Error.NotAuthorized";
	fake.fail_message = "not you";
	run_child("arm", 0);
	assert_int_equal(result->run.code, CLI_DENIED);
	assert_string_equal(result->calls, "OpenTelemetry() ");
}

static void test_disarm_that_fails_is_told(void **state)
{
	fake.fail_member = "Disarm";
	fake.fail_name = "org.mnpen1.Error.Unconfirmed";
	fake.fail_message = "the pen has not confirmed it";
	run_child("arm", SIGTERM);
	assert_int_equal(result->run.code, CLI_FAILED);
	assert_contains(result->run.err, "take it off the skin");
}

static void test_monitor_neither_arms_nor_disarms(void **state)
{
	run_child("monitor", SIGTERM);
	assert_int_equal(result->run.code, CLI_DONE);
	assert_string_equal(result->calls, "OpenTelemetry() ");
	assert_contains(result->run.out, "armed  trigger released  depth 0.00 of 1.00 mm");
	run_child("monitor --json", SIGTERM);
	assert_contains(result->run.out, "{\"schema\":1,\"pen\":\"PEN-1\",\"seq\":0,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_how_arm_ends, reset, drop),
		cmocka_unit_test_setup_teardown(test_refused_arm_sends_nothing_more, reset, drop),
		cmocka_unit_test_setup_teardown(test_no_telemetry_no_arm, reset, drop),
		cmocka_unit_test_setup_teardown(test_disarm_that_fails_is_told, reset, drop),
		cmocka_unit_test_setup_teardown(test_monitor_neither_arms_nor_disarms, reset, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
