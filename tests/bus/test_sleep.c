// SPDX-License-Identifier: GPL-2.0-only
/* Sleep and shutdown of the machine: pens at rest first, then the delay lock. */
#include "tests/bus/harness.h"

#include <string.h>

#include "driver/base/clock.h"

#define STEP_MS 5000

static uint64_t await_released(struct rig *rig)
{
	uint64_t end = usec_after_ms(STEP_MS), released_ns;

	while (!(released_ns = logind_released_ns(rig->logind))) {
		if (now_usec() > end)
			fail_msg("the delay lock is still held");
		sleep_ms(2);
	}
	return released_ns;
}

static struct rig *start(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});

	rig->logind = logind_new(rig->bus_address);
	rig_start_daemon(rig);
	logind_await_locks(rig->logind, STEP_MS);
	return rig;
}

/* Runs, is told, rests; nothing is armed until the machine is back; then all goes on. */
static void through(struct rig *rig, const char *member)
{
	struct truth truth;
	uint64_t released_ns;

	logind_says(rig->logind, member, true);
	released_ns = await_released(rig);
	truth = rig_truth(rig);
	assert_false(truth.motor);
	assert_string_equal(truth.stop_reason, "host");
	assert_in_range(truth.motor_off_ns, truth.motor_on_ns, released_ns);
	rig_await_word(rig, "DisarmReason", "sleep", STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, "about to sleep or to shut down");
	assert_done(rig, pen_call(rig, "Stop", ""));

	logind_says(rig->logind, member, false);
	logind_await_locks(rig->logind, STEP_MS);
	rig_arm(rig);
	rig_run(rig);
}

static void test_sleep(void **state)
{
	struct rig *rig = start(state);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	through(rig, "PrepareForSleep");
	through(rig, "PrepareForShutdown");
	rig_stop(rig);
}

/* STOP is ignored: the lock is held until escalation has stopped the drive. */
static void test_ignored_stop(void **state)
{
	struct rig *rig = start(state);
	struct truth truth;
	uint64_t told_ns, released_ns;

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	gadget_do(rig->control_fd, "ignore stop on");
	told_ns = now_monotonic_ns();
	logind_says(rig->logind, "PrepareForSleep", true);
	released_ns = await_released(rig);
	truth = rig_truth(rig);
	assert_false(truth.motor);
	assert_in_range(truth.motor_off_ns, told_ns + 100000000, released_ns);
	gadget_do(rig->control_fd, "ignore stop off");
	rig_stop(rig);
}

/* Nothing runs: the machine is not kept waiting. A shutdown within a sleep counts as well. */
static void test_idle(void **state)
{
	struct rig *rig = start(state);

	logind_says(rig->logind, "PrepareForSleep", true);
	await_released(rig);
	logind_says(rig->logind, "PrepareForShutdown", true);
	sleep_ms(50);
	logind_says(rig->logind, "PrepareForSleep", false);
	sleep_ms(100);
	assert_int_not_equal(logind_released_ns(rig->logind), 0);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	logind_says(rig->logind, "PrepareForShutdown", false);
	logind_await_locks(rig->logind, STEP_MS);
	rig_stop(rig);
}

/* Somebody else says that the machine sleeps, to the daemon directly. */
static void test_forged(void **state)
{
	struct rig *rig = start(state);
	sd_bus_message *signal;

	rig_begin(rig);
	assert_true(sd_bus_message_new_signal(rig->client->bus, &signal, "/org/freedesktop/login1",
					      "org.freedesktop.login1.Manager",
					      "PrepareForSleep") >= 0);
	assert_true(sd_bus_message_append(signal, "b", 1) >= 0);
	assert_true(sd_bus_message_set_destination(signal, API_BUS_NAME) >= 0);
	assert_true(sd_bus_send(rig->client->bus, signal, NULL) >= 0);
	sd_bus_message_unref(signal);
	assert_true(sd_bus_emit_signal(rig->client->bus, "/org/freedesktop/login1",
				       "org.freedesktop.login1.Manager", "PrepareForSleep", "b",
				       1) >= 0);
	rig_arm(rig);
	assert_int_equal(logind_released_ns(rig->logind), 0);
	rig_stop(rig);
}

/* Without logind all else works, and it is said once; one that comes is asked for the lock. */
static void test_no_logind(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	char *log;
	const char *said;

	rig_begin(rig);
	rig_arm(rig);
	log = process_log(&rig->daemon);
	said = strstr(log, "no delay lock from logind");
	assert_non_null(said);
	assert_null(strstr(said + 1, "no delay lock"));
	free(log);
	rig->logind = logind_new(rig->bus_address);
	logind_await_locks(rig->logind, STEP_MS);
	rig_run(rig);
	through(rig, "PrepareForSleep");
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_sleep),  RIG_TEST(test_ignored_stop), RIG_TEST(test_idle),
		RIG_TEST(test_forged), RIG_TEST(test_no_logind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
