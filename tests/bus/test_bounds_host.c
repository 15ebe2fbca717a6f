// SPDX-License-Identifier: GPL-2.0-only
/*
 * The safety bounds of docs/safety.md when the host itself is what fails: killed, killed on a
 * network that says nothing of it, stopped. Only the last two are for the lease.
 */
#include "tests/bus/harness_cli.h"

#include <signal.h>
#include <string.h>

#include "driver/base/clock.h"

#define RUNS 10
#define STOP_MS 3000

static void run_anew(struct rig *rig)
{
	gadget_do(rig->control_fd, "trigger release");
	rig_fresh_cartridge(rig);
	rig_start_daemon(rig);
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
}

static void test_killed(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	struct measure measure = {.what = "daemon killed -> drive cut by the closed connection"};

	for (int i = 0; i < RUNS; i++) {
		uint64_t killed_ns;
		struct truth truth;

		run_anew(rig);
		killed_ns = now_monotonic_ns();
		rig_kill_daemon(rig);
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_string_equal(truth.stop_reason, "bus");
		measure_add(&measure, killed_ns, truth.motor_off_ns);
	}
	measure_check(&measure, 20 * time_scale(), 100);
	rig_stop(rig);
}

/* Nothing but the lease is left: it acts, no sooner than it says and no later. */
static void assert_lease_stop(struct measure *measure, const struct truth *truth, uint64_t cause_ns)
{
	uint64_t lease_ns = RIG_LEASE_MS * 1000000ull;

	assert_string_equal(truth->stop_reason, "lease");
	assert_true(truth->motor_off_ns >= truth->last_lease_ns + lease_ns);
	assert_true(truth->motor_off_ns <= truth->last_lease_ns + lease_ns + 5000000);
	measure_add(measure, cause_ns, truth->motor_off_ns);
}

static void test_killed_in_silence(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.no_daemon = true});
	struct measure measure = {
		.what = "daemon killed, network silent -> drive cut by the lease"};

	for (int i = 0; i < RUNS; i++) {
		uint64_t cause_ns;
		struct truth truth;

		run_anew(rig);
		cause_ns = gadget_do(rig->control_fd, "silence on");
		rig_kill_daemon(rig);
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_lease_stop(&measure, &truth, cause_ns);
		gadget_do(rig->control_fd, "silence off");
	}
	measure_check(&measure, RIG_LEASE_MS, RIG_LEASE_MS + 50);
	rig_stop(rig);
}

static void test_stopped(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct measure measure = {.what = "daemon stopped -> drive cut by the lease"};

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	for (int i = 0; i < RUNS; i++) {
		uint64_t stopped_ns = now_monotonic_ns();
		struct truth truth;

		process_kill(&rig->daemon, SIGSTOP);
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_lease_stop(&measure, &truth, stopped_ns);
		process_kill(&rig->daemon, SIGCONT);

		/* Back again it does not go on where it was. */
		rig_await_value(rig, "Armed", 0, STOP_MS);
		assert_string_equal(rig_truth(rig).state, "idle");
		assert_string_equal(rig_truth(rig).token, "0000000000000000");
		rig_rearm(rig);
	}
	measure_check(&measure, RIG_LEASE_MS, RIG_LEASE_MS + 50);
	rig_stop(rig);
}

/* When the newest SET_INTERFACE 0 arrived; the daemon sets 1 again right behind it. */
static uint64_t interface_0_ns(struct rig *rig)
{
	json_object *answer = gadget_ask(rig->control_fd, "log 8");
	json_object *log = json_at(answer, "log");
	uint64_t ns = 0;

	for (size_t i = 0; i < json_object_array_length(log); i++) {
		json_object *entry = json_object_array_get_idx(log, i);

		if (strcmp(json_word(entry, "request"), "set-interface") == 0 &&
		    json_value(entry, "value") == 0)
			ns = (uint64_t)json_value(entry, "ns");
	}
	json_object_put(answer);
	assert_true(ns > 0);
	return ns;
}

/* A pen that is deaf to STOP hears SET_INTERFACE 0, the same that a kernel sends for a dead owner;
 * the session goes on, and no alarm stands. */
static void test_set_interface(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct measure measure = {.what = "SET_INTERFACE 0 arrived -> drive cut"};

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	for (int i = 0; i < RUNS; i++) {
		struct truth truth;

		gadget_do(rig->control_fd, "ignore stop on");
		assert_done(rig, pen_call(rig, "Stop", ""));
		truth = rig_truth(rig);
		assert_false(truth.motor);
		assert_string_equal(truth.stop_reason, "bus");
		measure_add(&measure, interface_0_ns(rig), truth.motor_off_ns);
		gadget_do(rig->control_fd, "ignore stop off");
		sleep_ms(100); /* back in alternate setting 1, samples come */
		rig_rearm(rig);
	}
	measure_check(&measure, 1, 5);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_killed),
		RIG_TEST(test_killed_in_silence),
		RIG_TEST(test_stopped),
		RIG_TEST(test_set_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
