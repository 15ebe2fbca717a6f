// SPDX-License-Identifier: GPL-2.0-only
/*
 * The foot pedal on the whole station: libevdev and sd-device as they are, a keyboard-type pedal on
 * a node that the test moves. What happens to the motor is judged at the virtual pen's own clock; a
 * stop by the lease alone fails every test here.
 */
#include "tests/bus/harness.h"

#include <string.h>

#include "driver/base/clock.h"

#define RUNS 10
#define STOP_MS 3000

static const struct rig_options required = {.station = "Pedal = required\n", .foot = true};

/* Done as soon as the foot is what comes next. */
static void arm(struct rig *rig)
{
	assert_done(rig, pen_call(rig, "Arm", ""));
	assert_false(rig_truth(rig).enable);
}

static void await_enabled(struct rig *rig)
{
	uint64_t end = usec_after_ms(STOP_MS);

	while (!rig_truth(rig).enable) {
		if (now_usec() > end)
			fail_msg("the pen is not enabled");
		sleep_ms(1);
	}
}

/* Foot first, then the hand: a trigger that was down before does nothing. */
static void press_both(struct rig *rig)
{
	gadget_do(rig->foot_fd, "press");
	await_enabled(rig);
	rig_run(rig);
}

static void assert_paused(const struct truth *truth)
{
	assert_string_equal(truth->state, "armed");
	assert_string_equal(truth->stop_reason, "disabled");
	assert_false(truth->enable);
	/* By a word of the host, and not because one was missing. */
	assert_true(truth->motor_off_ns - truth->last_lease_ns < RIG_LEASE_MS / 2 * 1000000ull);
}

static void test_release(void **state)
{
	struct rig *rig = rig_start(state, &required);
	struct measure measure = {.what = "pedal released -> drive cut"};

	rig_await_word(rig, "Pedal", "released", STOP_MS);
	rig_begin(rig);
	arm(rig);
	for (int i = 0; i < RUNS; i++) {
		uint64_t released_ns;
		struct truth truth;

		press_both(rig);
		released_ns = gadget_do(rig->foot_fd, "release");
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_paused(&truth);
		measure_add(&measure, released_ns, truth.motor_off_ns);
		gadget_do(rig->control_fd, "trigger release");
	}
	measure_check(&measure, 10 * time_scale(), 100);
	rig_await_word(rig, "Pedal", "released", STOP_MS);
	assert_int_equal(pen_value(rig, "Armed"), 1);
	assert_non_null(rig_await_event(rig, "pedal", STOP_MS));
	assert_non_null(strstr(rig_await_event(rig, "paused", STOP_MS)->details, "disabled"));
	rig_stop(rig);
}

/* A foot that lay on it when the pen was armed is no press; nor is a trigger that was down before
 * the foot. */
static void test_held_at_arm(void **state)
{
	struct rig *rig = rig_start(state, &required);

	rig_begin(rig);
	gadget_do(rig->foot_fd, "press");
	rig_await_word(rig, "Pedal", "held", STOP_MS);
	arm(rig);
	gadget_do(rig->control_fd, "trigger press");
	sleep_ms(300); /* some renewals */
	assert_false(rig_truth(rig).enable);
	assert_false(rig_truth(rig).motor);
	gadget_do(rig->foot_fd, "release");
	gadget_do(rig->foot_fd, "press");
	await_enabled(rig);
	sleep_ms(50);
	assert_false(rig_truth(rig).motor);
	gadget_do(rig->control_fd, "trigger release");
	sleep_ms(20); /* no hand is faster, and a sample has to show it */
	rig_run(rig);
	rig_stop(rig);
}

/* Up, and no event says so: the next lease does not enable. */
static void test_release_lost(void **state)
{
	struct rig *rig = rig_start(state, &required);
	struct measure measure = {.what = "pedal up, unheard -> drive cut"};

	rig_begin(rig);
	arm(rig);
	for (int i = 0; i < RUNS; i++) {
		uint64_t lost_ns;
		struct truth truth;

		press_both(rig);
		lost_ns = gadget_do(rig->foot_fd, "lose");
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_paused(&truth);
		measure_add(&measure, lost_ns, truth.motor_off_ns);
		gadget_do(rig->control_fd, "trigger release");
	}
	/* A quarter of the lease is the most. */
	measure_check(&measure, 100 * time_scale(), 150 * time_scale());
	rig_stop(rig);
}

static void test_unplugged(void **state)
{
	struct rig *rig = rig_start(state, &required);
	struct measure measure = {.what = "pedal unplugged -> drive cut"};
	uint64_t gone_ns;
	struct truth truth;

	rig_begin(rig);
	arm(rig);
	press_both(rig);
	gone_ns = gadget_do(rig->foot_fd, "unplug");
	truth = rig_await_motor(rig, false, STOP_MS);
	assert_paused(&truth);
	measure_add(&measure, gone_ns, truth.motor_off_ns);
	measure_check(&measure, 10 * time_scale(), 100);
	rig_await_word(rig, "Pedal", "none", STOP_MS);
	gadget_do(rig->control_fd, "trigger release");
	assert_done(rig, pen_call(rig, "Disarm", ""));
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, "71-mnpen-pedal.rules");
	rig_stop(rig);
}

/* Only optional, but there: it guards as well, and its arm does not go on without it. */
static void test_optional(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.foot = true});
	struct truth truth;

	rig_begin(rig);
	arm(rig);
	press_both(rig);
	gadget_do(rig->foot_fd, "unplug");
	truth = rig_await_motor(rig, false, STOP_MS);
	assert_paused(&truth);
	gadget_do(rig->control_fd, "trigger release");
	gadget_do(rig->control_fd, "trigger press");
	sleep_ms(300);
	assert_false(rig_truth(rig).motor);
	rig_stop(rig);
}

/* A pen that runs on while no lease enables it is stopped by the first sample that says so. */
static void test_pen_runs_on(void **state)
{
	struct rig *rig = rig_start(state, &required);
	struct measure measure = {.what = "pedal released, ignored -> drive cut"};

	gadget_do(rig->control_fd, "ignore enable on");
	rig_begin(rig);
	arm(rig);
	for (int i = 0; i < RUNS; i++) {
		uint64_t released_ns;
		struct truth truth;

		press_both(rig);
		released_ns = gadget_do(rig->foot_fd, "release");
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_string_equal(truth.stop_reason, "host");
		measure_add(&measure, released_ns, truth.motor_off_ns);
		rig_await_word(rig, "DisarmReason", "not-enabled", STOP_MS);
		gadget_do(rig->control_fd, "trigger release");
		if (i < RUNS - 1)
			arm(rig);
	}
	measure_check(&measure, 50 * time_scale(), 100);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_release),	  RIG_TEST(test_held_at_arm), RIG_TEST(test_release_lost),
		RIG_TEST(test_unplugged), RIG_TEST(test_optional),    RIG_TEST(test_pen_runs_on),
	};

	return cmocka_run_group_tests_name("pedal", tests, NULL, NULL);
}
