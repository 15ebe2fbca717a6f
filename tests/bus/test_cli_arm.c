// SPDX-License-Identifier: GPL-2.0-only
/* "mnpenctl arm" at a terminal: however it ends, the pen is not armed any more. */
#include "tests/bus/harness_cli.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#define STEP_MS 5000

static struct rig *start_armed(void **state, struct cli_terminal *terminal)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	cli_open(rig, terminal, "arm");
	cli_await(terminal, "is armed", STEP_MS);
	while (!rig_truth(rig).enable)
		sleep_ms(2);
	return rig;
}

static void assert_disarmed(struct rig *rig, const char *reason)
{
	struct truth truth = rig_await_motor(rig, false, STEP_MS);

	assert_string_equal(truth.stop_reason, "host");
	rig_await_word(rig, "DisarmReason", reason, STEP_MS);
	rig_await_state(rig, "idle", STEP_MS);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	assert_string_not_equal(pen_word(rig, "Session"), "/");
}

static void test_quit(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = start_armed(state, &terminal);

	rig_run(rig);
	cli_await(&terminal, "0.50", STEP_MS); /* live depth */
	cli_type(&terminal, "q");
	assert_int_equal(cli_end(&terminal, STEP_MS), 0);
	assert_disarmed(rig, "disarm");
	rig_stop(rig);
}

static void test_signals(void **state)
{
	static const int signals[] = {SIGINT, SIGTERM};

	for (size_t i = 0; i < 2; i++) {
		struct cli_terminal terminal;
		struct rig *rig = start_armed(state, &terminal);

		rig_run(rig);
		process_kill(&terminal.process, signals[i]);
		assert_int_equal(cli_end(&terminal, STEP_MS), 0);
		assert_disarmed(rig, "disarm");
		rig_stop(rig);
		assert_int_equal(rig_teardown(state), 0);
	}
}

static void test_control_c(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = start_armed(state, &terminal);

	cli_type(&terminal, "\x03");
	assert_int_equal(cli_end(&terminal, STEP_MS), 0);
	assert_disarmed(rig, "disarm");
	rig_stop(rig);
}

static void test_killed(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = start_armed(state, &terminal);

	rig_run(rig);
	process_kill(&terminal.process, SIGKILL);
	assert_int_equal(cli_end(&terminal, STEP_MS), 128 + SIGKILL);
	assert_disarmed(rig, "client-gone");
	rig_stop(rig);
}

static void test_hangup(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = start_armed(state, &terminal);

	rig_run(rig);
	close(terminal.fd);
	terminal.fd = -1;
	assert_int_equal(process_wait(&terminal.process, STEP_MS), 1);
	rig_await_motor(rig, false, STEP_MS);
	rig_await_value(rig, "Armed", 0, STEP_MS);
	rig_stop(rig);
}

/* Space stops; the pen is disarmed then, which ends the command. */
static void test_space(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = start_armed(state, &terminal);

	rig_run(rig);
	cli_type(&terminal, " ");
	assert_int_equal(cli_end(&terminal, STEP_MS), 1);
	assert_disarmed(rig, "request");
	rig_stop(rig);
}

/* The daemon's own stop ends it too, and it says why. */
static void test_trip(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = start_armed(state, &terminal);

	gadget_do(rig->control_fd, "ignore limits on");
	rig_run(rig);
	gadget_do(rig->control_fd, "drift depth 800");
	assert_int_equal(cli_end(&terminal, STEP_MS), 1);
	assert_disarmed(rig, "depth-limit");
	if (!strstr(terminal.seen, "depth-limit"))
		fail_msg("arm does not say why: %s", terminal.seen);
	rig_stop(rig);
}

/* Trigger released is not the end of it. */
static void test_release(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = start_armed(state, &terminal);

	for (int i = 0; i < 3; i++) {
		rig_run(rig);
		gadget_do(rig->control_fd, "trigger release");
		rig_await_state(rig, "armed", STEP_MS);
		sleep_ms(100);
		assert_true(process_running(&terminal.process));
	}
	cli_type(&terminal, "q");
	assert_int_equal(cli_end(&terminal, STEP_MS), 0);
	rig_stop(rig);
}

/* The daemon dies: the command ends, and does not wait for ever. */
static void test_daemon_dies(void **state)
{
	struct cli_terminal terminal;
	struct rig *rig = start_armed(state, &terminal);

	rig_run(rig);
	rig_kill_daemon(rig);
	assert_int_equal(cli_end(&terminal, STEP_MS), 1);
	rig_await_motor(rig, false, STEP_MS);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_quit),   RIG_TEST(test_signals), RIG_TEST(test_control_c),
		RIG_TEST(test_killed), RIG_TEST(test_hangup),  RIG_TEST(test_space),
		RIG_TEST(test_trip),   RIG_TEST(test_release), RIG_TEST(test_daemon_dies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
