// SPDX-License-Identifier: GPL-2.0-only
/*
 * The safety bounds of docs/safety.md, by cause, at the virtual pen's own clock: what the pen and
 * the daemon's judgement stop. A stop by the lease alone fails every test here.
 */
#include "tests/bus/harness.h"

#include <string.h>

#include "driver/base/cleanup.h"

#define RUNS 10
#define STOP_MS 3000

/* The host's word cut the drive, and long before the lease would have. */
static void assert_host_stop(const struct truth *truth)
{
	assert_string_equal(truth->stop_reason, "host");
	assert_true(truth->last_stop_ns >= truth->last_lease_ns); /* both in one wake-up */
	assert_true(truth->motor_off_ns >= truth->last_stop_ns);
	assert_true(truth->motor_off_ns - truth->last_stop_ns <= 5000000);
	assert_true(truth->motor_off_ns - truth->last_lease_ns < RIG_LEASE_MS / 2 * 1000000ull);
}

static void test_trigger_release(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct measure measure = {.what = "trigger released -> drive cut"};

	rig_begin(rig);
	rig_arm(rig);
	for (int i = 0; i < RUNS; i++) {
		uint64_t released_ns;
		struct truth truth;

		rig_run(rig);
		released_ns = gadget_do(rig->control_fd, "trigger release");
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_string_equal(truth.state, "armed");
		assert_string_equal(truth.stop_reason, "trigger");
		measure_add(&measure, released_ns, truth.motor_off_ns);
	}
	measure_check(&measure, 1, 5);
	rig_stop(rig);
}

static void test_stop_request(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct measure measure = {.what = "STOP arrived -> drive cut"};

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	for (int i = 0; i < RUNS; i++) {
		struct truth truth;

		assert_done(rig,
			    i % 2 ? pen_call(rig, "Stop", "") : manager_call(rig, "StopAll", ""));
		truth = rig_truth(rig);
		assert_false(truth.motor);
		assert_string_equal(truth.state, "idle");
		assert_host_stop(&truth);
		measure_add(&measure, truth.last_stop_ns, truth.motor_off_ns);
		rig_await_word(rig, "DisarmReason", i % 2 ? "request" : "stop-all", STOP_MS);
		rig_rearm(rig);
	}
	measure_check(&measure, 1, 5);
	rig_stop(rig);
}

static void test_over_depth(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct measure measure = {.what = "over-limit stroke -> drive cut by the daemon"};

	gadget_do(rig->control_fd, "ignore limits on");
	rig_begin(rig);
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_LIMIT_UM, RIG_SPEED_RPM));
	rig_arm(rig);
	rig_run(rig);
	for (int i = 0; i < RUNS; i++) {
		struct truth truth;

		gadget_do(rig->control_fd, "drift depth %d", RIG_TOLERANCE_UM + 50);
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_true(truth.depth_over_ns > truth.motor_on_ns); /* of this run */
		assert_host_stop(&truth);
		measure_add(&measure, truth.depth_over_ns, truth.motor_off_ns);
		rig_await_word(rig, "DisarmReason", "depth-limit", STOP_MS);
		assert_int_equal(pen_value(rig, "Armed"), 0);
		gadget_do(rig->control_fd, "drift depth 0");
		rig_rearm(rig);
	}
	measure_check(&measure, 5 * time_scale(), 50);
	rig_stop(rig);
}

/* Within the limit, but not where it was told to be: three strokes running. */
static void test_off_target(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct measure measure = {.what = "off the target -> drive cut by the daemon"};

	gadget_do(rig->control_fd, "ignore limits on");
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	for (int i = 0; i < RUNS; i++) {
		uint64_t drift_ns;
		struct truth truth;

		sleep_ms(550); /* a new target has 500 ms of grace */
		drift_ns = gadget_do(rig->control_fd, "drift depth %d", i % 2 ? 250 : -250);
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_true(truth.depth_over_ns < truth.motor_on_ns);
		assert_host_stop(&truth);
		measure_add(&measure, drift_ns, truth.motor_off_ns);
		rig_await_word(rig, "DisarmReason", "depth-target", STOP_MS);
		gadget_do(rig->control_fd, "drift depth 0");
		rig_rearm(rig);
	}
	/* Three strokes of 10 ms, and the one that was under way. */
	measure_check(&measure, 50 * time_scale(), 100);
	rig_stop(rig);
}

struct speed_case {
	int drift_rpm;
	const char *reason;
	double hold_ms; /* that the rule lets it last */
	double max_ms;	/* with the motor's own time to get there */
};

static void test_speed(void **state)
{
	static const struct speed_case cases[] = {
		{3000, "overspeed", 100, 400},
		{-4500, "underspeed", 200, 600},
	};
	struct rig *rig = rig_start(state, NULL);

	gadget_do(rig->control_fd, "ignore limits on");
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	for (size_t c = 0; c < ELEMENTSOF(cases); c++) {
		struct measure measure = {.what = cases[c].reason};

		for (int i = 0; i < RUNS; i++) {
			uint64_t drift_ns;
			struct truth truth;

			sleep_ms(550); /* a motor that starts may be slow for 500 ms */
			drift_ns = gadget_do(rig->control_fd, "drift speed %d", cases[c].drift_rpm);
			truth = rig_await_motor(rig, false, STOP_MS);
			assert_host_stop(&truth);
			measure_add(&measure, drift_ns, truth.motor_off_ns);
			rig_await_word(rig, "DisarmReason", cases[c].reason, STOP_MS);
			gadget_do(rig->control_fd, "drift speed 0");
			rig_rearm(rig);
		}
		measure_check(&measure, cases[c].max_ms - 100, cases[c].max_ms);
		assert_true(measure.ms[0] >= cases[c].hold_ms);
	}
	rig_stop(rig);
}

/* Strokes that do not belong to the speed it shows: one of its sensors is wrong. */
static void test_stroke_count(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct truth truth;

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	sleep_ms(300);
	gadget_do(rig->control_fd, "lie speed 3000");
	truth = rig_await_motor(rig, false, STOP_MS);
	assert_host_stop(&truth);
	rig_await_word(rig, "DisarmReason", "stroke-count", STOP_MS);
	rig_stop(rig);
}

/* A blocked motor is the pen's own business first; the daemon knows of it, and a person clears it.
 */
static void test_stall(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct measure measure = {.what = "blocked motor -> drive cut by the pen"};

	rig_begin(rig);
	rig_arm(rig);
	for (int i = 0; i < 3; i++) {
		struct truth truth;

		gadget_do(rig->control_fd, "load 1000");
		gadget_do(rig->control_fd, "trigger press");
		rig_await_state(rig, "fault", STOP_MS);
		truth = rig_truth(rig);
		assert_string_equal(truth.stop_reason, "fault");
		measure_add(&measure, truth.motor_on_ns, truth.motor_off_ns);
		rig_await_word(rig, "State", "fault", STOP_MS);
		assert_int_equal(pen_value(rig, "Armed"), 0);
		assert_string_equal(pen_word(rig, "DisarmReason"), "fault");
		assert_non_null(rig_await_event(rig, "fault", STOP_MS));
		assert_refused(rig, pen_call(rig, "Arm", ""), "Fault");

		gadget_do(rig->control_fd, "trigger release");
		gadget_do(rig->control_fd, "load 1");
		sleep_ms(600); /* a cause has to be gone for 500 ms */
		assert_done(rig, pen_call(rig, "ClearFault", ""));
		assert_string_equal(rig_truth(rig).state, "idle");
		rig_arm(rig);
	}
	measure_check(&measure, 700, 700);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_trigger_release), RIG_TEST(test_stop_request),
		RIG_TEST(test_over_depth),	RIG_TEST(test_off_target),
		RIG_TEST(test_speed),		RIG_TEST(test_stroke_count),
		RIG_TEST(test_stall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
