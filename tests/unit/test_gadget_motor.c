// SPDX-License-Identifier: GPL-2.0-only
/* The motor against the physics that it stands for: bounds, not numbers of the code. */
#include <math.h>
#include <stdlib.h>

#include "tests/unit/gadget_fixture.h"

static struct motor motor;
static struct motor_input input;

static void setup_motor(uint64_t seed, uint32_t set_rpm, uint32_t depth_um)
{
	motor_init(&motor, seed);
	input = (struct motor_input){
		.set_rpm = set_rpm, .set_depth_um = depth_um, .load = 1, .needles = 14};
}

static unsigned int turn(uint64_t us)
{
	unsigned int strokes = 0;

	for (uint64_t t = 0; t < us; t += MOTOR_STEP_US)
		strokes += motor_step(&motor, &input, MOTOR_STEP_US);
	return strokes;
}

static uint64_t time_to(double speed_rpm)
{
	uint64_t us = 0;

	while (motor.speed_rpm < speed_rpm && us < 2000 * MS) {
		motor_step(&motor, &input, MOTOR_STEP_US);
		us += MOTOR_STEP_US;
	}
	return us;
}

static void spin_up_is_within_physics(void **state)
{
	static const struct {
		uint32_t rpm;
		bool contact;
	} cases[] = {{1800, false}, {6000, false}, {9000, false}, {6000, true}, {9000, true}};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		uint64_t us;

		setup_motor(0, cases[i].rpm, 1500);
		input.contact = cases[i].contact;
		motor_drive(&motor, true);
		us = time_to(0.95 * cases[i].rpm);
		assert_in_range(us, 90 * MS, 370 * MS);
		turn(1000 * MS);
		assert_true(fabs(motor.speed_rpm - cases[i].rpm) < 5);
	}
}

static void spin_up_does_not_overshoot(void **state)
{
	setup_motor(0, 6000, 500);
	motor_drive(&motor, true);
	for (int i = 0; i < 5000; i++) {
		motor_step(&motor, &input, MOTOR_STEP_US);
		assert_true(motor.speed_rpm < 6000 * 1.02);
	}
}

static void contact_droops_and_recovers(void **state)
{
	double lowest = 6000;

	setup_motor(0, 6000, 1500);
	motor_drive(&motor, true);
	turn(1000 * MS);
	input.contact = true;
	for (int i = 0; i < 5000; i++) {
		motor_step(&motor, &input, MOTOR_STEP_US);
		lowest = fmin(lowest, motor.speed_rpm);
	}
	/* 14 needles * 0.05 N * 1.5 mm / 2 pi: 1,900 rpm without control; less with. */
	assert_true(lowest < 5900 && lowest > 4100);
	assert_true(fabs(motor.speed_rpm - 6000) < 10);
}

static void contact_takes_current(void **state)
{
	uint16_t free_ma;

	setup_motor(0, 6000, 1500);
	motor_drive(&motor, true);
	turn(1000 * MS);
	free_ma = motor_current_ma(&motor);
	assert_in_range(free_ma, 14, 18);
	input.contact = true;
	turn(1500 * MS);
	assert_in_range(motor_current_ma(&motor) - free_ma, 75, 83);
}

static void strokes_match_integrated_speed(void **state)
{
	static const uint64_t seeds[] = {0, 1, 77};

	for (size_t i = 0; i < ELEMENTSOF(seeds); i++) {
		double integral = 0;
		unsigned int strokes = 0;

		setup_motor(seeds[i], 7000, 1000);
		motor_drive(&motor, true);
		/* From standstill on: the run-up counts as well. Each window of a second. */
		for (int window = 0; window < 3; window++) {
			strokes = 0;
			integral = 0;
			for (int step = 0; step < 5000; step++) {
				strokes += motor_step(&motor, &input, MOTOR_STEP_US);
				integral += motor_speed_rpm(&motor) / 60.0 * MOTOR_STEP_US / 1e6;
			}
			assert_true(fabs(strokes - integral) < 2);
			input.contact = true;
		}
	}
}

static void depth_stays_near_its_target(void **state)
{
	int low = INT16_MAX, high = 0;

	setup_motor(5, 6000, 800);
	motor_drive(&motor, true);
	turn(200 * MS);
	for (int i = 0; i < 10000; i++) {
		if (!motor_step(&motor, &input, MOTOR_STEP_US))
			continue;
		low = MIN(low, motor.stroke_peak_um);
		high = MAX(high, motor.stroke_peak_um);
	}
	assert_in_range(low, 790, 799);
	assert_in_range(high, 801, 810);
	input.drift_depth_um = 150;
	turn(100 * MS);
	assert_in_range(motor.stroke_peak_um, 940, 960);
}

static void first_stroke_is_at_depth(void **state)
{
	setup_motor(0, 9000, 2500);
	motor_drive(&motor, true);
	while (!motor_step(&motor, &input, MOTOR_STEP_US))
		;
	assert_int_equal(motor.stroke_peak_um, 2500);
}

static void cut_drive_comes_to_rest(void **state)
{
	unsigned int strokes;

	setup_motor(3, 9000, 2500);
	input.drift_depth_um = 500;
	input.contact = true;
	motor_drive(&motor, true);
	turn(1000 * MS);
	motor_drive(&motor, false);
	strokes = turn(25 * MS);
	assert_int_equal(motor_protrusion_um(&motor), 0);
	strokes += turn(475 * MS);
	assert_int_equal(motor_speed_rpm(&motor), 0);
	strokes += turn(100 * MS);
	assert_int_equal(motor_current_ma(&motor), 0);
	assert_int_equal(strokes, 0);
	assert_true(motor_resting(&motor));
}

static void cut_from_free_run_comes_to_rest(void **state)
{
	setup_motor(3, 9000, 100);
	motor_drive(&motor, true);
	turn(1000 * MS);
	motor_drive(&motor, false);
	turn(500 * MS);
	assert_int_equal(motor_speed_rpm(&motor), 0);
}

static void heavy_load_stalls(void **state)
{
	setup_motor(0, 6000, 1000);
	motor_drive(&motor, true);
	turn(1000 * MS);
	input.load = 60;
	turn(200 * MS);
	assert_true(motor_speed_rpm(&motor) < 300);
	/* All the voltage there is over 5.4 ohm. */
	assert_in_range(motor_current_ma(&motor), 600, 800);
}

static void work_heats_and_drains(void **state)
{
	setup_motor(0, 6000, 1500);
	input.contact = true;
	motor_drive(&motor, true);
	for (int i = 0; i < 60; i++)
		turn(1000 * MS);
	assert_in_range(motor_temp_dc(&motor), 251, 300);
	assert_true(motor.battery_pct < 100 && motor.battery_pct > 99);
	motor_drive(&motor, false);
	turn(1000 * MS);
	motor_step(&motor, &input, 3600 * 1000 * MS);
	assert_int_equal(motor_temp_dc(&motor), MOTOR_AMBIENT_DC);
}

static void battery_gives_its_voltage(void **state)
{
	setup_motor(0, 6000, 500);
	assert_in_range(motor_supply_mv(&motor), 4100, 4200);
	motor.battery_pct = 2;
	assert_true(motor_supply_mv(&motor) > 3300);
	motor.battery_pct = 1;
	assert_true(motor_supply_mv(&motor) < 3300);
}

static void seed_repeats_and_differs(void **state)
{
	uint16_t first[200], other[200];
	unsigned int differ = 0;

	for (int run = 0; run < 3; run++) {
		setup_motor(run == 2 ? 8 : 7, 6000, 500);
		motor_drive(&motor, true);
		for (size_t i = 0; i < ELEMENTSOF(first); i++) {
			turn(1 * MS);
			if (run == 0)
				first[i] = motor_speed_rpm(&motor);
			else
				other[i] = motor_speed_rpm(&motor);
			if (run == 1)
				assert_int_equal(first[i], other[i]);
			else if (run == 2)
				differ += first[i] != other[i];
		}
	}
	assert_true(differ > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spin_up_is_within_physics),
		cmocka_unit_test(spin_up_does_not_overshoot),
		cmocka_unit_test(contact_droops_and_recovers),
		cmocka_unit_test(contact_takes_current),
		cmocka_unit_test(strokes_match_integrated_speed),
		cmocka_unit_test(depth_stays_near_its_target),
		cmocka_unit_test(first_stroke_is_at_depth),
		cmocka_unit_test(cut_drive_comes_to_rest),
		cmocka_unit_test(cut_from_free_run_comes_to_rest),
		cmocka_unit_test(heavy_load_stalls),
		cmocka_unit_test(work_heats_and_drains),
		cmocka_unit_test(battery_gives_its_voltage),
		cmocka_unit_test(seed_repeats_and_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
