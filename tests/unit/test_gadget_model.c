// SPDX-License-Identifier: GPL-2.0-only
/* The pen's states: every state with every event, then the rules that span several of them. */
#include "tests/unit/gadget_fixture.h"

enum event {
	PRESS,
	RELEASE,
	DISABLE,
	LEASE_PASSES,
	STOP,
	BUS_RESET,
	BUS_SUSPEND,
	BUS_CONFIGURATION,
	BUS_INTERFACE,
	BUS_UNPLUG,
	CARTRIDGE_OUT,
	FAULT_CAUSE,
	CLEAR,
	EVENTS,
};

static void happen(enum event event)
{
	switch (event) {
	case PRESS:
		model_set_trigger(&pen, true);
		return;
	case RELEASE:
		model_set_trigger(&pen, false);
		return;
	case DISABLE:
		send_lease(0);
		return;
	case LEASE_PASSES:
		pass(300 * MS);
		return;
	case STOP:
		assert_int_equal(send(MNPEN_REQ_STOP, NULL, 0), MNPEN_ERR_NONE);
		return;
	case BUS_RESET:
		model_bus(&pen, MODEL_BUS_RESET);
		return;
	case BUS_SUSPEND:
		model_bus(&pen, MODEL_BUS_SUSPEND);
		return;
	case BUS_CONFIGURATION:
		model_bus(&pen, MODEL_BUS_CONFIGURATION);
		return;
	case BUS_INTERFACE:
		model_bus(&pen, MODEL_BUS_INTERFACE);
		return;
	case BUS_UNPLUG:
		model_bus(&pen, MODEL_BUS_UNPLUG);
		return;
	case CARTRIDGE_OUT:
		model_remove_cartridge(&pen);
		return;
	case FAULT_CAUSE:
		model_force_fault(&pen, MNPEN_FAULT_INTERNAL);
		return;
	case CLEAR:
		model_clear_cause(&pen, MNPEN_FAULTS_ALL);
		pass(500 * MS);
		send(MNPEN_REQ_CLEAR_FAULT, NULL, 0);
		return;
	case EVENTS:
		break;
	}
	fail();
}

struct outcome {
	enum mnpen_state state;
	enum mnpen_stop_reason reason;
};

#define TO(s, r)                                                                                   \
	{                                                                                          \
		MNPEN_STATE_##s, MNPEN_STOP_##r                                                    \
	}

/* From BOOT, IDLE, ARMED, RUNNING, FAULT. ARMED is not enabled and has no target. */
static const struct outcome table[EVENTS][MNPEN_STATE_MAX + 1] = {
	[PRESS] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(ARMED, NONE), TO(RUNNING, NONE),
		   TO(FAULT, FAULT)},
	[RELEASE] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(ARMED, NONE), TO(ARMED, TRIGGER),
		     TO(FAULT, FAULT)},
	[DISABLE] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(ARMED, NONE), TO(ARMED, DISABLED),
		     TO(FAULT, FAULT)},
	[LEASE_PASSES] = {TO(IDLE, NONE), TO(IDLE, NONE), TO(IDLE, LEASE), TO(IDLE, LEASE),
			  TO(FAULT, FAULT)},
	[STOP] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(IDLE, HOST), TO(IDLE, HOST), TO(FAULT, FAULT)},
	[BUS_RESET] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(IDLE, BUS), TO(IDLE, BUS),
		       TO(FAULT, FAULT)},
	[BUS_SUSPEND] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(IDLE, BUS), TO(IDLE, BUS),
			 TO(FAULT, FAULT)},
	[BUS_CONFIGURATION] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(IDLE, BUS), TO(IDLE, BUS),
			       TO(FAULT, FAULT)},
	[BUS_INTERFACE] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(IDLE, BUS), TO(IDLE, BUS),
			   TO(FAULT, FAULT)},
	[BUS_UNPLUG] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(IDLE, BUS), TO(IDLE, BUS),
			TO(FAULT, FAULT)},
	[CARTRIDGE_OUT] = {TO(BOOT, NONE), TO(IDLE, NONE), TO(IDLE, CARTRIDGE), TO(FAULT, FAULT),
			   TO(FAULT, FAULT)},
	[FAULT_CAUSE] = {TO(BOOT, NONE), TO(FAULT, FAULT), TO(FAULT, FAULT), TO(FAULT, FAULT),
			 TO(FAULT, FAULT)},
	/* 500 ms without a lease pass in it. */
	[CLEAR] = {TO(IDLE, NONE), TO(IDLE, NONE), TO(IDLE, LEASE), TO(IDLE, LEASE),
		   TO(IDLE, FAULT)},
};

static void every_state_with_every_event(void **state)
{
	for (unsigned int event = 0; event < EVENTS; event++) {
		for (unsigned int from = 0; from <= MNPEN_STATE_MAX; from++) {
			const struct outcome *to = &table[event][from];

			to_state((enum mnpen_state)from);
			happen((enum event)event);
			if (pen.state != to->state || pen.stop_reason != to->reason)
				fail_msg("state %u, event %u: now %u, reason %u", from, event,
					 pen.state, pen.stop_reason);
			assert_int_equal(pen.motor.drive, to->state == MNPEN_STATE_RUNNING);
			if (to->state != MNPEN_STATE_ARMED && to->state != MNPEN_STATE_RUNNING) {
				assert_false(pen.enable);
				assert_false(pen.has_target);
			}
		}
	}
}

static void boot_takes_its_time(void **state)
{
	to_boot();
	pass(MODEL_BOOT_US - 1);
	assert_int_equal(pen.state, MNPEN_STATE_BOOT);
	pass(1);
	assert_int_equal(pen.state, MNPEN_STATE_IDLE);
}

static void boot_that_fails_needs_power(void **state)
{
	to_boot();
	model_force_fault(&pen, MNPEN_FAULT_SELFTEST);
	assert_int_equal(pen.state, MNPEN_STATE_BOOT);
	pass(MODEL_BOOT_US);
	assert_int_equal(pen.state, MNPEN_STATE_FAULT);
	assert_int_equal(pen.faults, MNPEN_FAULT_SELFTEST);
	model_clear_cause(&pen, MNPEN_FAULT_SELFTEST);
	pass(1000 * MS);
	assert_int_equal(send(MNPEN_REQ_CLEAR_FAULT, NULL, 0), MNPEN_ERR_FAULT);
	model_power_cycle(&pen);
	pass(MODEL_BOOT_US);
	assert_int_equal(pen.state, MNPEN_STATE_IDLE);
	assert_int_equal(pen.faults, 0);
}

static void trigger_needs_enable_target_and_an_edge(void **state)
{
	to_armed();
	send_target(500, 6000);
	model_set_trigger(&pen, true); /* not enabled */
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	send_lease(1); /* enabled by now, but the press was before */
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	model_set_trigger(&pen, true); /* no edge */
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	model_set_trigger(&pen, false);
	model_set_trigger(&pen, true);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);

	to_armed();
	send_lease(1);
	model_set_trigger(&pen, true); /* no target */
	send_target(500, 6000);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);

	to_idle();
	model_set_trigger(&pen, true); /* held while arming */
	to_armed_with(&(struct mnpen_arm){.token = TOKEN,
					  .cmd = 2,
					  .depth_limit_um = 1000,
					  .speed_min_rpm = 4000,
					  .speed_max_rpm = 7000,
					  .lease_ms = 300,
					  .run_limit_ms = 1000});
	send_target(500, 6000);
	send_lease(1);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
}

static void disabled_run_needs_a_new_press(void **state)
{
	to_running();
	pass(10 * MS);
	send_lease(0);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	send_lease(1);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	model_set_trigger(&pen, false);
	assert_int_equal(pen.stop_reason, MNPEN_STOP_DISABLED);
	model_set_trigger(&pen, true);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	assert_int_equal(pen.stop_reason, MNPEN_STOP_NONE);
}

static void lease_ends_to_the_microsecond(void **state)
{
	to_armed();
	pass(300 * MS - 1);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	assert_int_equal(send_lease(0), MNPEN_ERR_NONE); /* renews as well */
	pass(300 * MS - 1);
	assert_int_equal(pen.state, MNPEN_STATE_ARMED);
	assert_int_equal(model_sample(&pen).lease_left_ms, 1);
	pass(1);
	assert_int_equal(pen.state, MNPEN_STATE_IDLE);
	assert_int_equal(model_sample(&pen).lease_left_ms, 0);
}

static void lease_ends_on_time_however_late_one_looks(void **state)
{
	uint64_t due_us;

	to_running();
	due_us = pen.now_us + 300 * MS;
	pass(5000 * MS);
	assert_int_equal(pen.stop_reason, MNPEN_STOP_LEASE);
	assert_int_equal(pen.oracle.motor_off_us, due_us);
	assert_int_equal(model_run_us(&pen), 300 * MS);
}

static void run_limit_counts_runs_only(void **state)
{
	struct mnpen_arm arm;
	uint64_t start_us;

	to_idle();
	arm = fixture_arm();
	arm.run_limit_ms = 500;
	to_armed_with(&arm);
	send_target(500, 6000);
	send_lease(1);
	model_set_trigger(&pen, true);
	pass_leased(200 * MS);
	model_set_trigger(&pen, false);
	pass_leased(1000 * MS);
	model_set_trigger(&pen, true);
	start_us = pen.now_us;
	pass_leased(300 * MS - 1);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	pass_leased(50 * MS);
	assert_int_equal(pen.state, MNPEN_STATE_IDLE);
	assert_int_equal(pen.stop_reason, MNPEN_STOP_RUN_LIMIT);
	assert_int_equal(pen.oracle.motor_off_us, start_us + 300 * MS);
	assert_int_equal(model_sample(&pen).run_ms, 500);
}

static void claim_survives_the_bus_and_the_arm_does_not(void **state)
{
	to_armed();
	model_bus(&pen, MODEL_BUS_RESET);
	assert_int_equal(pen.cartridge.claimed_token, TOKEN);
	assert_int_equal(send_lease(1), MNPEN_ERR_BAD_STATE);
	to_armed_with(&(struct mnpen_arm){.token = TOKEN,
					  .cmd = 3,
					  .depth_limit_um = 1000,
					  .speed_min_rpm = 4000,
					  .speed_max_rpm = 7000,
					  .lease_ms = 300,
					  .run_limit_ms = 1000});
	assert_int_equal(pen.stop_reason, MNPEN_STOP_NONE);
}

static void arm_starts_anew(void **state)
{
	struct mnpen_arm arm;

	to_running();
	pass_leased(500 * MS);
	assert_true(pen.strokes > 10);
	assert_int_equal(send(MNPEN_REQ_STOP, NULL, 0), MNPEN_ERR_NONE);
	assert_true(model_sample(&pen).strokes > 10);
	arm = fixture_arm();
	to_armed_with(&arm);
	assert_int_equal(model_sample(&pen).strokes, 0);
	assert_int_equal(model_sample(&pen).run_ms, 0);
	assert_false(pen.has_target);
	assert_int_equal(send_lease(1), MNPEN_ERR_NONE); /* counter 1 again */
	assert_int_equal(pen.lease_counter, 1);
}

static void ignoring(unsigned int mask)
{
	to_running();
	model_set_ignore(&pen, mask, true);
}

static void rogue_pen_ignores_what_it_was_told_to(void **state)
{
	ignoring(MODEL_IGNORE_STOP);
	assert_int_equal(send(MNPEN_REQ_STOP, NULL, 0), MNPEN_ERR_NONE);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	ignoring(MODEL_IGNORE_LEASE);
	pass(1000 * MS);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	model_set_ignore(&pen, MODEL_IGNORE_LEASE, false);
	pass(0);
	assert_int_equal(pen.stop_reason, MNPEN_STOP_LEASE);
	ignoring(MODEL_IGNORE_ENABLE);
	send_lease(0);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	ignoring(MODEL_IGNORE_TRIGGER);
	model_set_trigger(&pen, false);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	ignoring(MODEL_IGNORE_ALT);
	model_bus(&pen, MODEL_BUS_INTERFACE);
	model_bus(&pen, MODEL_BUS_CONFIGURATION);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	model_bus(&pen, MODEL_BUS_RESET);
	assert_int_equal(pen.stop_reason, MNPEN_STOP_BUS);
	ignoring(MODEL_IGNORE_RESET);
	model_bus(&pen, MODEL_BUS_RESET);
	model_bus(&pen, MODEL_BUS_UNPLUG);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	model_bus(&pen, MODEL_BUS_INTERFACE);
	assert_int_equal(pen.stop_reason, MNPEN_STOP_BUS);
}

static void ignoring_limits_is_not_ignoring_the_host(void **state)
{
	to_running();
	model_set_ignore(&pen, MODEL_IGNORE_LIMITS, true);
	pen.arm.run_limit_ms = 100;
	model_set_drift_depth(&pen, 1500);
	model_set_drift_speed(&pen, 3000);
	pass_leased(1000 * MS);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
	assert_true(pen.oracle.depth_over_us != 0);
	pass(300 * MS);
	assert_int_equal(pen.stop_reason, MNPEN_STOP_LEASE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_event),
		cmocka_unit_test(boot_takes_its_time),
		cmocka_unit_test(boot_that_fails_needs_power),
		cmocka_unit_test(trigger_needs_enable_target_and_an_edge),
		cmocka_unit_test(disabled_run_needs_a_new_press),
		cmocka_unit_test(lease_ends_to_the_microsecond),
		cmocka_unit_test(lease_ends_on_time_however_late_one_looks),
		cmocka_unit_test(run_limit_counts_runs_only),
		cmocka_unit_test(claim_survives_the_bus_and_the_arm_does_not),
		cmocka_unit_test(arm_starts_anew),
		cmocka_unit_test(rogue_pen_ignores_what_it_was_told_to),
		cmocka_unit_test(ignoring_limits_is_not_ignoring_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
