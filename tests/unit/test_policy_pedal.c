// SPDX-License-Identifier: GPL-2.0-only
/* The dead-man in the state machine: every state, guarded or not, held or not, every event of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_fsm.h"

#define NOW (T0 + 1000)
#define STOPPED_LIVE (FSM_SEND_STOP | FSM_DISARMED)
#define LATE (T0 + FSM_RELEASE_USEC)

enum guard { FREE, GUARDED, HELD };

static struct fsm fsm_guarded(enum fsm_state state, enum guard guard)
{
	struct fsm fsm = fsm_in(state);

	fsm.guarded = guard != FREE;
	fsm.held = guard == HELD;
	fsm.press_after_usec = T0;
	fsm.released_usec = T0;
	return fsm;
}

static uint32_t pedal(struct fsm *fsm, enum fsm_event event, uint64_t made_usec, uint64_t now_usec)
{
	return fsm_step(fsm, &(struct fsm_input){.event = event, .made_usec = made_usec}, now_usec);
}

static enum guard guard_of(const struct fsm *fsm)
{
	if (!fsm->guarded)
		return FREE;
	return fsm->held ? HELD : GUARDED;
}

/* What becomes of the guard, by state and guard before: . as it was, h held, r released, and in
 * capitals with the effect that goes with it. */
static const struct {
	enum fsm_event event;
	enum guard guard;
	const char *cells; /* by enum fsm_state */
} rows[] = {
	/* ABSENT IDLE ARMING ARMED RUNNING STOPPING FAULT */
	{FSM_EV_PRESS, FREE, "......."},      {FSM_EV_PRESS, GUARDED, "...HH.."},
	{FSM_EV_PRESS, HELD, "......."},      {FSM_EV_RELEASE, FREE, "..rRR.."},
	{FSM_EV_RELEASE, GUARDED, "..rrr.."}, {FSM_EV_RELEASE, HELD, "..rRR.."},
};

static void whole_table(void **state)
{
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		for (unsigned int i = 0; i < FSM_STATES; i++) {
			struct fsm start = fsm_guarded((enum fsm_state)i, rows[row].guard);
			struct fsm fsm = start;
			uint32_t effects = pedal(&fsm, rows[row].event, T0 + 1, NOW);
			char cell = rows[row].cells[i];

			assert_int_equal(fsm.state, start.state);
			assert_int_equal(fsm.epoch, start.epoch);
			assert_int_equal(effects, cell == 'H'	? FSM_HELD
						  : cell == 'R' ? FSM_SEND_OFF
								: 0);
			assert_int_equal(guard_of(&fsm), cell == '.'   ? guard_of(&start)
							 : cell == 'H' ? HELD
								       : GUARDED);
			assert_int_equal(fsm.press_after_usec,
					 cell == 'r' || cell == 'R' ? T0 + 1 : T0);
			assert_int_equal(fsm.released_usec, cell == 'R' ? NOW : T0);
		}
	}
}

static void enables_while_held(void **state)
{
	for (unsigned int i = 0; i < FSM_STATES; i++) {
		bool leases = i == FSM_ARMED || i == FSM_RUNNING;
		struct fsm fsm[] = {
			fsm_guarded((enum fsm_state)i, FREE),
			fsm_guarded((enum fsm_state)i, GUARDED),
			fsm_guarded((enum fsm_state)i, HELD),
		};

		assert_int_equal(fsm_may_enable(&fsm[FREE]), leases);
		assert_false(fsm_may_enable(&fsm[GUARDED]));
		assert_int_equal(fsm_may_enable(&fsm[HELD]), leases);
	}
}

/* Pressed before the pen was armed, or at that moment: a foot that lay there starts nothing. */
static void a_press_has_to_come_later(void **state)
{
	struct fsm fsm = fsm_in(FSM_IDLE);
	struct fsm_input arm = {
		.event = FSM_EV_ARM,
		.cmd = ARM_CMD,
		.arm_timeout_usec = ARM_TIMEOUT_USEC,
		.guarded = true,
	};

	fsm.held = true; /* of the ARM before */
	assert_int_equal(fsm_step(&fsm, &arm, NOW), 0);
	assert_int_equal(guard_of(&fsm), GUARDED);
	assert_int_equal(pedal(&fsm, FSM_EV_PRESS, NOW + 1, NOW + 1), 0);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_ARMED, ARM_CMD, false, NOW + 5),
			 FSM_CONFIRMED);
	assert_false(fsm_may_enable(&fsm));
	assert_int_equal(pedal(&fsm, FSM_EV_PRESS, NOW + 4, NOW + 6), 0);
	assert_int_equal(pedal(&fsm, FSM_EV_PRESS, NOW + 5, NOW + 6), 0);
	assert_int_equal(pedal(&fsm, FSM_EV_PRESS, NOW + 6, NOW + 7), FSM_HELD);
	assert_true(fsm_may_enable(&fsm));
	/* What happened first counts first, however late it is read. */
	assert_int_equal(pedal(&fsm, FSM_EV_RELEASE, NOW + 10, NOW + 30), FSM_SEND_OFF);
	assert_int_equal(pedal(&fsm, FSM_EV_PRESS, NOW + 10, NOW + 30), 0);
	assert_int_equal(pedal(&fsm, FSM_EV_PRESS, NOW + 11, NOW + 30), FSM_HELD);
	/* Without a pedal an ARM is not guarded, whatever the one before was. */
	fsm = fsm_guarded(FSM_IDLE, HELD);
	arm.guarded = false;
	fsm_step(&fsm, &arm, NOW);
	assert_int_equal(guard_of(&fsm), FREE);
}

static uint32_t sample(struct fsm *fsm, enum mnpen_state pen, unsigned int flags, uint64_t now_usec)
{
	struct mnpen_sample s = {.state = (uint8_t)pen, .flags = (uint8_t)flags};

	return fsm_step(fsm, &(struct fsm_input){.event = FSM_EV_SAMPLE, .sample = &s}, now_usec);
}

/* A pen that heard it pauses, and stays armed; it may run again. */
static void a_release_pauses(void **state)
{
	struct fsm fsm = fsm_guarded(FSM_RUNNING, HELD);

	assert_int_equal(pedal(&fsm, FSM_EV_RELEASE, T0 + 1, T0), FSM_SEND_OFF);
	assert_int_equal(fsm_deadline_usec(&fsm), LATE);
	assert_int_equal(sample(&fsm, MNPEN_STATE_RUNNING, MNPEN_FLAG_ENABLED, LATE - 1), 0);
	assert_int_equal(sample(&fsm, MNPEN_STATE_ARMED, 0, LATE - 1), FSM_PAUSED);
	assert_int_equal(fsm_deadline_usec(&fsm), LATE - 1 + ARM_TIMEOUT_USEC);
	assert_int_equal(sample(&fsm, MNPEN_STATE_ARMED, 0, LATE + 50000), 0);
	assert_int_equal(pedal(&fsm, FSM_EV_PRESS, LATE + 50001, LATE + 50002), FSM_HELD);
	assert_int_equal(sample(&fsm, MNPEN_STATE_RUNNING, MNPEN_FLAG_ENABLED, LATE + 60000),
			 FSM_STARTED);
	assert_int_equal(fsm_deadline_usec(&fsm), UINT64_MAX);
	assert_int_equal(fsm.epoch, EPOCH);
}

/* One that runs on, or could, is stopped: by the timer, or by a sample that outruns it. */
static void running_on_is_stopped(void **state)
{
	struct fsm start = fsm_guarded(FSM_RUNNING, GUARDED), fsm = start;

	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, LATE - 1), 0);
	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, LATE), STOPPED_LIVE);
	assert_int_equal(fsm.reason, REASON_PEDAL);
	fsm = start;
	assert_int_equal(sample(&fsm, MNPEN_STATE_RUNNING, 0, LATE - 1), 0);
	assert_int_equal(sample(&fsm, MNPEN_STATE_RUNNING, 0, LATE), STOPPED_LIVE);
	assert_int_equal(fsm.reason, REASON_PEDAL);
	fsm = start; /* a session's end that comes first keeps its name */
	fsm.session_end_usec = LATE - 1;
	assert_int_equal(fsm_deadline_usec(&fsm), LATE - 1);
	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, LATE), STOPPED_LIVE);
	assert_int_equal(fsm.reason, REASON_SESSION_LIMIT);
	fsm = start;
	fsm.session_end_usec = LATE + 1;
	assert_int_equal(fsm_deadline_usec(&fsm), LATE);

	fsm = fsm_guarded(FSM_ARMED, GUARDED);
	assert_int_equal(sample(&fsm, MNPEN_STATE_ARMED, MNPEN_FLAG_ENABLED, LATE - 1), 0);
	assert_int_equal(sample(&fsm, MNPEN_STATE_ARMED, MNPEN_FLAG_TRIGGER, LATE), 0);
	assert_int_equal(sample(&fsm, MNPEN_STATE_ARMED, MNPEN_FLAG_ENABLED, LATE), STOPPED_LIVE);
	assert_int_equal(fsm.reason, REASON_PEDAL);

	fsm = fsm_guarded(FSM_RUNNING, HELD); /* held: for as long as it likes */
	assert_int_equal(sample(&fsm, MNPEN_STATE_RUNNING, MNPEN_FLAG_ENABLED, LATE), 0);
	fsm = fsm_guarded(FSM_RUNNING, FREE);
	assert_int_equal(sample(&fsm, MNPEN_STATE_RUNNING, MNPEN_FLAG_ENABLED, LATE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_table),
		cmocka_unit_test(enables_while_held),
		cmocka_unit_test(a_press_has_to_come_later),
		cmocka_unit_test(a_release_pauses),
		cmocka_unit_test(running_on_is_stopped),
	};

	return cmocka_run_group_tests_name("policy_pedal", tests, NULL, NULL);
}
