// SPDX-License-Identifier: GPL-2.0-only
/* Parts that break in the middle of the work: daemon, pen, cartridge, a second daemon. */
#include "tests/bus/harness.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000

static void start_running(struct rig *rig)
{
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
}

/* A trigger that is down when the pen is armed is a level, and levels start nothing. */
static void test_trigger_held(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	gadget_do(rig->control_fd, "trigger press");
	rig_arm(rig);
	sleep_ms(400);
	assert_int_equal(rig_truth(rig).motor_on_ns, 0);
	assert_string_equal(rig_truth(rig).state, "armed");
	gadget_do(rig->control_fd, "trigger release");
	sleep_ms(50);
	rig_run(rig);
	rig_stop(rig);
}

static void test_crash(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	start_running(rig);
	sleep_ms(1000);
	rig_kill_daemon(rig);
	rig_start_daemon(rig);
	assert_string_equal(pen_word(rig, "Session"), "/");
	assert_int_equal(pen_value(rig, "Armed"), 0);
	assert_string_equal(session_word(rig, "outcome"), "interrupted");
	/* What was older than half a second when it died is there, and the end is the last sample.
	 */
	assert_true(session_number(rig, "samples") >= 500);
	assert_int_equal(
		session_number(rig, "ended_usec = (SELECT max(last_host_usec) FROM block)"), 1);
	assert_true(session_number(rig, "run_ms") >= 400);
	assert_int_equal(
		db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'interrupted'"), 1);

	/* Its needles are used; fresh ones begin a new session. */
	gadget_do(rig->control_fd, "trigger release");
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA), "CartridgeUsed");
	rig_fresh_cartridge(rig);
	start_running(rig);
	rig_stop(rig);
}

static void test_pen_dies(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	const struct bus_event *event;

	start_running(rig);
	client_forget(rig->client);
	rig->client->n_removed = 0;
	rig_kill_gadget(rig);
	rig->gadget_killed = true;
	event = rig_await_event(rig, "disarmed", STEP_MS);
	assert_non_null(strstr(event->details, "reason=gone "));
	assert_non_null(rig_await_event(rig, "interrupted", STEP_MS));
	for (int i = 0; rig->client->n_removed < 2 && i < 100; i++)
		client_pump(rig->client, 20);
	assert_true(rig->client->n_removed >= 2); /* session and pen */
	assert_refused(rig, pen_call(rig, "Arm", ""), "NoSuchPen");
	rig_await_number(rig, "SELECT count(*) FROM session WHERE outcome = 'interrupted'", 1,
			 STEP_MS);
	assert_true(process_running(&rig->daemon));

	/* The same serial comes back: known, and at rest. */
	rig_start_gadget(rig);
	rig_await_pens(rig);
	assert_string_equal(pen_word(rig, "Serial"), RIG_SERIAL);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	assert_string_equal(pen_word(rig, "Session"), "/");
	assert_int_equal(pen_value(rig, "TargetDepthUm"), 0);
	start_running(rig);
	rig_stop(rig);
}

static void test_unplugged(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	start_running(rig);
	gadget_do(rig->control_fd, "unplug");
	assert_string_equal(rig_await_motor(rig, false, STEP_MS).stop_reason, "bus");
	rig_await_number(rig, "SELECT count(*) FROM session WHERE outcome = 'interrupted'", 1,
			 STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	gadget_do(rig->control_fd, "replug");
	rig_await_pens(rig);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	rig_fresh_cartridge(rig);
	start_running(rig);
	rig_stop(rig);
}

static void test_sigterm(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct truth truth;

	start_running(rig);
	process_kill(&rig->daemon, SIGTERM);
	assert_int_equal(process_wait(&rig->daemon, STEP_MS), 0);
	truth = rig_truth(rig);
	assert_false(truth.motor);
	assert_string_equal(truth.stop_reason, "host"); /* told, and not only left alone */
	assert_string_equal(session_word(rig, "outcome"), "shutdown");
	assert_int_equal(session_number(rig, "gaps"), 0);
	rig_stop(rig);
}

/* @process must give up by itself, saying @word, while the first goes on as if nothing was. */
static void assert_gives_up(struct rig *rig, struct process *process, const char *word)
{
	_cleanup_free_ char *log = NULL;
	int code = process_wait(process, STEP_MS);

	log = process_log(process);
	if (code <= 0 || code > 127 || !strstr(log, word))
		fail_msg("the second mnpend ended with %d: %s", code, log);
	assert_true(process_sound(process));
	assert_true(rig_truth(rig).motor);
	assert_string_equal(pen_word(rig, "State"), "running");
}

static void test_two_daemons(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct process second = {0};
	char bus[160], config[96], other[96];
	const char *const environment[] = {bus, NULL};
	const char *const argv[] = {
		program("mnpend"), "--no-usb",	  "--config", config, "--data-dir",
		program("data"),   "--state-dir", other,      NULL};

	start_running(rig);
	rig_launch_daemon(rig, &second, "second");
	assert_gives_up(rig, &second, "another");

	/* The same with a state of its own: the bus knows only one. */
	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	snprintf(config, sizeof(config), "%s/mnpend.conf", rig->dir);
	snprintf(other, sizeof(other), "%s/other-state", rig->dir);
	process_start(&second, rig->dir, "third", argv,
		      &(struct process_options){.environment = environment});
	assert_gives_up(rig, &second, API_BUS_NAME);
	rig_stop(rig);
}

static void test_cartridge_removed(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct truth truth;

	start_running(rig);
	gadget_do(rig->control_fd, "cartridge remove");
	truth = rig_await_motor(rig, false, STEP_MS);
	assert_string_equal(truth.state, "fault");
	assert_string_equal(truth.faults, "cartridge-lost");
	rig_await_word(rig, "State", "fault", STEP_MS);
	rig_await_word(rig, "DisarmReason", "fault", STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	assert_refused(rig, pen_call(rig, "Arm", ""), "Fault");
	assert_refused(rig, pen_call(rig, "ClearFault", ""), "Fault"); /* still lost */
	rig_fresh_cartridge(rig);
	sleep_ms(600);
	assert_done(rig, pen_call(rig, "ClearFault", ""));
	rig_arm(rig);
	rig_stop(rig);
}

/* A pen that does not listen: everything is tried, and a person is called. */
static void test_deaf_pen(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	start_running(rig);
	gadget_do(rig->control_fd, "ignore stop on");
	gadget_do(rig->control_fd, "ignore alt on");
	gadget_do(rig->control_fd, "ignore lease on");
	gadget_do(rig->control_fd, "ignore trigger on");
	(void)pen_call(rig, "Stop", "");
	/* The connection is closed as a last resort; that stops it. */
	assert_string_equal(rig_await_motor(rig, false, STEP_MS).stop_reason, "bus");
	rig_await_number(rig, "SELECT count(*) FROM event WHERE kind = 'alarm'", 1, STEP_MS);
	gadget_do(rig->control_fd, "ignore stop off");
	rig_await_pens(rig);
	gadget_do(rig->control_fd, "trigger release");
	rig_fresh_cartridge(rig);
	rig_begin(rig);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, "alarm");
	rig_stop(rig);
}

/* A suspend ends the stream, and at rest no lease tells: the daemon sets it up anew by itself. */
static void test_stream_ends_at_rest(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	gadget_do(rig->control_fd, "suspend");
	sleep_ms(500);
	/* nothing is claimed for a session that could not begin */
	assert_refused(rig, rig_begin_as(rig, RIG_PROFILE, "client-1", RIG_AREA), "Interlock");
	assert_says(rig, "sample");
	assert_non_null(rig_await_event(rig, "stream-lost", STEP_MS));
	sleep_ms(500);
	start_running(rig);
	assert_done(rig, session_call(rig, "End", "s", "done"));
	gadget_do(rig->control_fd, "trigger release");

	client_forget(rig->client);
	gadget_do(rig->control_fd, "fault internal");
	rig_await_word(rig, "State", "fault", STEP_MS);
	gadget_do(rig->control_fd, "suspend");
	gadget_do(rig->control_fd, "clear internal");
	assert_non_null(rig_await_event(rig, "stream-lost", STEP_MS));
	sleep_ms(500);
	assert_done(rig, pen_call(rig, "ClearFault", ""));
	rig_await_word(rig, "State", "idle", STEP_MS);

	/* A reset takes the endpoint away too: that is told at once, and the pen comes anew. */
	rig->client->n_removed = 0;
	gadget_do(rig->control_fd, "reset");
	for (int i = 0; rig->client->n_removed < 1 && i < 100; i++)
		client_pump(rig->client, 20);
	rig_await_pens(rig);
	rig_fresh_cartridge(rig);
	start_running(rig);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_trigger_held),
		RIG_TEST(test_crash),
		RIG_TEST(test_pen_dies),
		RIG_TEST(test_unplugged),
		RIG_TEST(test_sigterm),
		RIG_TEST(test_two_daemons),
		RIG_TEST(test_cartridge_removed),
		RIG_TEST(test_deaf_pen),
		RIG_TEST(test_stream_ends_at_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
