// SPDX-License-Identifier: GPL-2.0-only
/* Fault causes: one below, at and one above each limit; a moment before and at each time. */
#include "tests/unit/gadget_fixture.h"

/* Runs at @speed_rpm and @depth_um between 4000 and 6000 rpm, limit 1000 um; settled. */
static void run_settled(uint16_t depth_um, uint16_t speed_rpm)
{
	struct mnpen_arm arm;

	to_idle();
	arm = fixture_arm();
	arm.speed_max_rpm = 6000;
	to_armed_with(&arm);
	assert_int_equal(send_target(depth_um, speed_rpm), MNPEN_ERR_NONE);
	send_lease(1);
	model_set_trigger(&pen, true);
	pass_leased(1500 * MS);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
}

static void overdepth_limit(void **state)
{
	static const struct {
		int32_t drift_um;
		bool trips;
	} cases[] = {{99, false}, {100, false}, {101, true}};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		run_settled(1000, 6000);
		model_set_drift_depth(&pen, cases[i].drift_um);
		pass_leased(500 * MS);
		assert_int_equal(pen.state == MNPEN_STATE_FAULT, cases[i].trips);
		assert_int_equal(pen.faults, cases[i].trips ? MNPEN_FAULT_OVERDEPTH : 0);
		assert_int_equal(pen.oracle.depth_over_us != 0, cases[i].trips);
		/* One stroke is enough. */
		if (cases[i].trips)
			assert_int_equal(pen.oracle.depth_over_us, pen.oracle.motor_off_us);
	}
}

static void overspeed_limit(void **state)
{
	static const struct {
		int32_t drift_rpm;
		bool trips;
	} cases[] = {{299, false}, {300, false}, {301, true}};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		run_settled(500, 6000);
		model_set_drift_speed(&pen, cases[i].drift_rpm);
		pass_leased(3000 * MS);
		assert_int_equal(pen.faults, cases[i].trips ? MNPEN_FAULT_OVERSPEED : 0);
	}
}

static void underspeed_limit(void **state)
{
	static const struct {
		int32_t drift_rpm;
		bool trips;
	} cases[] = {{-999, false}, {-1000, false}, {-1001, true}};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		run_settled(500, 5000);
		model_set_drift_speed(&pen, cases[i].drift_rpm);
		pass_leased(3000 * MS);
		assert_int_equal(pen.faults, cases[i].trips ? MNPEN_FAULT_UNDERSPEED : 0);
	}
}

/* A sensor value set by hand for exactly @us; nothing else moves meanwhile. */
static void hold_speed(double speed_rpm, uint64_t us)
{
	for (uint64_t end = pen.now_us + us; pen.now_us < end;) {
		pen.motor.speed_rpm = speed_rpm;
		pass(MIN((uint64_t)MOTOR_STEP_US, end - pen.now_us));
		if (pen.state == MNPEN_STATE_RUNNING)
			send_lease(1);
	}
}

static void overspeed_time(void **state)
{
	run_settled(500, 6000);
	hold_speed(6600, 100 * MS);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	hold_speed(6000, 1 * MS); /* a break begins it anew */
	hold_speed(6600, 100 * MS);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	hold_speed(6600, 1 * MS);
	assert_int_equal(pen.faults, MNPEN_FAULT_OVERSPEED);
}

static void underspeed_time(void **state)
{
	run_settled(500, 5000);
	hold_speed(3000, 200 * MS);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	hold_speed(3000, 1 * MS);
	assert_int_equal(pen.faults, MNPEN_FAULT_UNDERSPEED);
}

static void slow_start_has_its_grace(void **state)
{
	to_running();
	hold_speed(3000, 700 * MS - 2 * MOTOR_STEP_US);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	hold_speed(3000, 3 * MOTOR_STEP_US);
	assert_int_equal(pen.faults, MNPEN_FAULT_UNDERSPEED);
}

static void stall_has_its_grace_and_time(void **state)
{
	to_running();
	/* Just enough strokes for the position sensor. */
	hold_speed(235, 600 * MS - 2 * MOTOR_STEP_US);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	hold_speed(235, 3 * MOTOR_STEP_US);
	assert_int_equal(pen.faults, MNPEN_FAULT_STALLED);

	to_running();
	hold_speed(300, 650 * MS); /* not below 300 */
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
}

static void jammed_motor_is_noticed(void **state)
{
	run_settled(500, 5000);
	model_set_load(&pen, 60);
	pass_leased(400 * MS);
	assert_int_equal(pen.state, MNPEN_STATE_FAULT);
}

static void no_strokes_at_all(void **state)
{
	to_running();
	hold_speed(100, 250 * MS - MOTOR_STEP_US);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	hold_speed(100, 2 * MOTOR_STEP_US);
	assert_int_equal(pen.faults, MNPEN_FAULT_POSITION_SENSOR);
}

static void temperature_limit(void **state)
{
	static const enum mnpen_state from[] = {MNPEN_STATE_IDLE, MNPEN_STATE_ARMED,
						MNPEN_STATE_RUNNING};

	for (size_t i = 0; i < ELEMENTSOF(from); i++) {
		to_state(from[i]);
		model_set_heat(&pen, 599);
		assert_int_equal(pen.state, from[i]);
		model_set_heat(&pen, 600);
		assert_int_equal(pen.state, from[i]);
		model_set_heat(&pen, 601);
		assert_int_equal(pen.state, MNPEN_STATE_FAULT);
		assert_int_equal(pen.faults, MNPEN_FAULT_OVERTEMP);
		assert_int_equal(pen.stop_reason, MNPEN_STOP_FAULT);
	}
}

static void supply_time(void **state)
{
	to_idle();
	model_set_battery(&pen, 0);
	pass(100 * MS - 1);
	assert_int_equal(pen.state, MNPEN_STATE_IDLE);
	model_set_battery(&pen, 50);
	model_set_battery(&pen, 0);
	pass(100 * MS - 1);
	assert_int_equal(pen.state, MNPEN_STATE_IDLE);
	pass(1);
	assert_int_equal(pen.faults, MNPEN_FAULT_UNDERVOLT);
}

static void current_limit_and_time(void **state)
{
	to_armed();
	pen.motor.current_ma = MNPEN_OVERCURRENT_MA;
	model_set_contact(&pen, true); /* any input makes it look */
	assert_false(pen.holds[5].on);
	pen.motor.current_ma = MNPEN_OVERCURRENT_MA + 1;
	model_set_contact(&pen, true);
	assert_true(pen.holds[5].on);

	to_armed();
	model_force_fault(&pen, MNPEN_FAULT_OVERCURRENT);
	assert_true(model_sample(&pen).motor_ma > MNPEN_OVERCURRENT_MA);
	pass(20 * MS - 1);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	pass(1);
	assert_int_equal(pen.faults, MNPEN_FAULT_OVERCURRENT);
}

static void ordered_fault_comes_in_its_time(void **state)
{
	static const uint64_t time_us[MNPEN_FAULT_COUNT] = {
		0, 0, 100 * MS, 200 * MS, 200 * MS, 20 * MS, 0, 100 * MS, 0, 0, 0, 0};

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++) {
		to_armed();
		model_force_fault(&pen, (uint16_t)(1u << bit));
		if (time_us[bit]) {
			pass(time_us[bit] - 1);
			assert_int_equal(pen.state, MNPEN_STATE_ARMED);
			pass(1);
		}
		assert_int_equal(pen.state, MNPEN_STATE_FAULT);
		assert_int_equal(pen.faults, 1u << bit);
	}
}

static void clearing_waits_for_500_ms_without_the_cause(void **state)
{
	to_idle();
	model_force_fault(&pen, MNPEN_FAULT_INGRESS);
	pass(10000 * MS);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_FAULT);
	model_clear_cause(&pen, MNPEN_FAULT_INGRESS);
	pass(500 * MS - 1);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_FAULT);
	assert_int_equal(last_error().request, MNPEN_REQ_CLEAR_FAULT);
	pass(1);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_NONE);
	assert_int_equal(pen.state, MNPEN_STATE_IDLE);
	assert_int_equal(pen.faults, 0);
}

static void clearing_waits_for_every_cause(void **state)
{
	to_idle();
	model_force_fault(&pen, MNPEN_FAULT_INGRESS);
	pass(1000 * MS);
	model_set_heat(&pen, 650); /* a second one while latched */
	assert_int_equal(pen.faults, MNPEN_FAULT_INGRESS | MNPEN_FAULT_OVERTEMP);
	model_clear_cause(&pen, MNPEN_FAULT_INGRESS);
	pass(650 * MS);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_FAULT);
	pass(33 * MS); /* not where the resting model happens to look */
	model_set_heat(&pen, 300);
	pass(500 * MS - 1);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_FAULT);
	pass(1);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_NONE);
}

static void lost_cartridge_clears_with_a_cartridge(void **state)
{
	to_running();
	model_remove_cartridge(&pen);
	assert_int_equal(pen.faults, MNPEN_FAULT_CARTRIDGE_LOST);
	pass(1000 * MS);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_FAULT);
	model_insert_cartridge(&pen, &fixture_cartridge);
	pass(500 * MS - 1);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_FAULT);
	pass(1);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_NONE);
}

static void run_that_faulted_clears_after_500_ms(void **state)
{
	run_settled(1000, 6000);
	model_set_drift_depth(&pen, 300);
	pass_leased(100 * MS);
	assert_int_equal(pen.faults, MNPEN_FAULT_OVERDEPTH);
	/* Needles are in, the cause went with the drive. */
	assert_int_equal(model_depth_um(&pen), 0);
	model_advance(&pen, pen.oracle.motor_off_us + 500 * MS - 1);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_FAULT);
	pass(1);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overdepth_limit),
		cmocka_unit_test(overspeed_limit),
		cmocka_unit_test(underspeed_limit),
		cmocka_unit_test(overspeed_time),
		cmocka_unit_test(underspeed_time),
		cmocka_unit_test(slow_start_has_its_grace),
		cmocka_unit_test(stall_has_its_grace_and_time),
		cmocka_unit_test(jammed_motor_is_noticed),
		cmocka_unit_test(no_strokes_at_all),
		cmocka_unit_test(temperature_limit),
		cmocka_unit_test(supply_time),
		cmocka_unit_test(current_limit_and_time),
		cmocka_unit_test(ordered_fault_comes_in_its_time),
		cmocka_unit_test(clearing_waits_for_500_ms_without_the_cause),
		cmocka_unit_test(clearing_waits_for_every_cause),
		cmocka_unit_test(lost_cartridge_clears_with_a_cartridge),
		cmocka_unit_test(run_that_faulted_clears_after_500_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
