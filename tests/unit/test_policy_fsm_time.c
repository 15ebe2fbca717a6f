// SPDX-License-Identifier: GPL-2.0-only
/* The state machine and time: deadlines to the microsecond, escalation, quiet, stories. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_fsm.h"

#define STOPPED_LIVE (FSM_SEND_STOP | FSM_DISARMED)

struct deadline {
	enum fsm_state state;
	uint64_t session_end_usec;
	uint64_t due_usec; /* UINT64_MAX = never */
	enum policy_reason reason;
};

static const struct deadline deadlines[] = {
	{FSM_ABSENT, T0 + 1, UINT64_MAX, REASON_NONE},
	{FSM_IDLE, T0 + 1, UINT64_MAX, REASON_NONE},
	{FSM_FAULT, T0 + 1, UINT64_MAX, REASON_NONE},
	{FSM_ARMING, 0, T0 + 200 * MSEC, REASON_UNCONFIRMED},
	{FSM_ARMING, T0 + 1, T0 + 200 * MSEC, REASON_UNCONFIRMED},
	{FSM_ARMED, 0, T0 + 120000 * MSEC, REASON_ARM_TIMEOUT},
	{FSM_ARMED, T0 + 120001 * MSEC, T0 + 120000 * MSEC, REASON_ARM_TIMEOUT},
	{FSM_ARMED, T0 + 120000 * MSEC, T0 + 120000 * MSEC, REASON_SESSION_LIMIT},
	{FSM_ARMED, T0 + 5000 * MSEC, T0 + 5000 * MSEC, REASON_SESSION_LIMIT},
	{FSM_ARMED, T0 - 1, T0 - 1, REASON_SESSION_LIMIT},
	{FSM_RUNNING, 0, UINT64_MAX, REASON_NONE},
	{FSM_RUNNING, T0 + 5000 * MSEC, T0 + 5000 * MSEC, REASON_SESSION_LIMIT},
};

/* The state in which the pen says all is well. */
static unsigned int pen_state_of(enum fsm_state state)
{
	if (state == FSM_RUNNING)
		return MNPEN_STATE_RUNNING;
	return state == FSM_ARMED ? MNPEN_STATE_ARMED : MNPEN_STATE_IDLE;
}

/* One microsecond before nothing, then a stop; by the timer, and by samples that outrun it. */
static void deadlines_to_the_microsecond(void **state)
{
	for (size_t i = 0; i < sizeof(deadlines) / sizeof(deadlines[0]); i++) {
		const struct deadline *d = &deadlines[i];

		for (unsigned int way = 0; way < 4; way++) {
			struct fsm fsm = fsm_in(d->state);
			uint64_t due = d->due_usec + way / 2;
			bool by_sample = way % 2;
			unsigned int pen_state = pen_state_of(d->state);

			fsm.session_end_usec = d->session_end_usec;
			assert_int_equal(fsm_deadline_usec(&fsm), d->due_usec);
			if (d->due_usec == UINT64_MAX)
				break;
			assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, d->due_usec - 1), 0);
			assert_int_equal(fsm_sample(&fsm, pen_state, 0, false, d->due_usec - 1), 0);
			assert_int_equal(fsm.state, d->state);

			assert_int_equal(by_sample ? fsm_sample(&fsm, pen_state, 0, false, due)
						   : fsm_event(&fsm, FSM_EV_TICK, due),
					 STOPPED_LIVE);
			assert_int_equal(fsm.state, FSM_STOPPING);
			assert_int_equal(fsm.reason, d->reason);
			assert_int_equal(fsm.epoch, EPOCH + 1);
		}
	}
}

/* What the judge found says more than that time is up as well. */
static void judge_before_clock(void **state)
{
	struct fsm fsm = fsm_in(FSM_ARMED);
	struct mnpen_sample s = {.state = MNPEN_STATE_ARMED};
	struct fsm_input input = {
		.event = FSM_EV_SAMPLE,
		.reason = REASON_DEPTH_LIMIT,
		.sample = &s,
	};

	assert_int_equal(fsm_step(&fsm, &input, T0 + ARM_TIMEOUT_USEC), STOPPED_LIVE);
	assert_int_equal(fsm.reason, REASON_DEPTH_LIMIT);
}

/* The arm timeout counts from the end of the last run. */
static void running_renews_the_arm_timeout(void **state)
{
	struct fsm fsm = fsm_in(FSM_ARMED);
	uint64_t now = T0 + ARM_TIMEOUT_USEC - 1;

	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_RUNNING, 0, true, now), FSM_STARTED);
	now += 3 * ARM_TIMEOUT_USEC;
	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, now), 0);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_ARMED, 0, false, now), FSM_PAUSED);
	assert_int_equal(fsm_deadline_usec(&fsm), now + ARM_TIMEOUT_USEC);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_ARMED, 0, false, now + 1), 0);
	assert_int_equal(fsm_deadline_usec(&fsm), now + ARM_TIMEOUT_USEC);
}

/* Each stage comes 100 ms after the one before, however late the timer looked at that one. */
static void escalation(void **state)
{
	static const uint32_t effects[] = {FSM_SEND_STOP, FSM_SEND_ALT0, FSM_SEND_RESET,
					   FSM_SEND_RESET, FSM_SEND_RESET};
	static const enum fsm_stage stages[] = {FSM_STAGE_STOP_AGAIN, FSM_STAGE_ALT0,
						FSM_STAGE_RESET, FSM_STAGE_RESET, FSM_STAGE_RESET};

	for (uint64_t late = 0; late <= 1; late++) {
		struct fsm fsm = fsm_in(FSM_ARMED);
		uint64_t now = T0 + 5;

		assert_int_equal(fsm_stop(&fsm, REASON_STALE, now), STOPPED_LIVE);
		assert_int_equal(fsm.stage, FSM_STAGE_STOP);
		for (unsigned int i = 0; i < 5; i++) {
			assert_int_equal(fsm_deadline_usec(&fsm), now + 100 * MSEC);
			assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, now + 100 * MSEC - 1), 0);
			now += 100 * MSEC + late;
			assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, now), effects[i]);
			assert_int_equal(fsm.stage, stages[i]);
		}
		/* one epoch for the stop; the stages are no new ones */
		assert_int_equal(fsm.epoch, EPOCH + 1);
		assert_int_equal(fsm.reason, REASON_STALE);
		assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, false, now), FSM_STOPPED);
	}
}

static uint32_t escalate_to_reset(struct fsm *fsm, uint64_t now_usec)
{
	uint32_t effects = 0;

	for (unsigned int i = 1; i <= 3; i++)
		effects |= fsm_event(fsm, FSM_EV_TICK, now_usec + i * 100 * MSEC);
	return effects & FSM_RAISE_ALARM;
}

/* The alarm is for a drive that was seen on 100 ms after STOP, not for one that nobody saw. */
static void alarm_by_evidence(void **state)
{
	static const struct {
		uint64_t after_usec; /* of STOP; 0 = not seen again */
		uint32_t alarm;
	} cases[] = {
		{0, 0},
		{99 * MSEC + 999, 0},
		{100 * MSEC, FSM_RAISE_ALARM},
		{100 * MSEC + 1, FSM_RAISE_ALARM},
		{199 * MSEC, FSM_RAISE_ALARM}, /* the stream ends with SET_INTERFACE 0 */
	};

	for (unsigned int i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct fsm fsm = fsm_in(FSM_RUNNING), detached;
		uint64_t seen = T0 + cases[i / 2].after_usec;

		fsm_stop(&fsm, REASON_PEDAL, T0);
		if (seen != T0 && i % 2) /* by its word, or by evidence against its word */
			fsm_sample(&fsm, MNPEN_STATE_RUNNING, 0, false, seen);
		else if (seen != T0)
			fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, true, seen);
		detached = fsm;
		assert_int_equal(escalate_to_reset(&fsm, T0), cases[i / 2].alarm);
		assert_int_equal(fsm.state, FSM_STOPPING);
		/* who pulls the plug of such a pen has a running one in the hand */
		assert_int_equal(fsm_event(&detached, FSM_EV_DETACH, T0 + 200 * MSEC),
				 cases[i / 2].alarm);
	}
}

/* The next stop begins with its first stage again. */
static void each_stop_from_the_start(void **state)
{
	struct fsm fsm = fsm_in(FSM_RUNNING);

	fsm_stop(&fsm, REASON_PEDAL, T0);
	escalate_to_reset(&fsm, T0);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, false, T0 + 310 * MSEC),
			 FSM_STOPPED);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_ARMED, 0, false, T0 + 320 * MSEC),
			 FSM_SEND_STOP);
	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, T0 + 420 * MSEC), FSM_SEND_STOP);
	assert_int_equal(fsm.stage, FSM_STAGE_STOP_AGAIN);
}

static void alarm_once_a_stop(void **state)
{
	struct fsm fsm = fsm_in(FSM_RUNNING);
	uint64_t now = T0;

	fsm_stop(&fsm, REASON_PEDAL, now);
	/* nothing is seen until after the reset: then the alarm comes with the next one */
	assert_int_equal(escalate_to_reset(&fsm, now), 0);
	fsm_sample(&fsm, MNPEN_STATE_RUNNING, 0, true, now + 350 * MSEC);
	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, now + 400 * MSEC),
			 FSM_SEND_RESET | FSM_RAISE_ALARM);
	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, now + 500 * MSEC), FSM_SEND_RESET);
	assert_int_equal(fsm_event(&fsm, FSM_EV_DETACH, now + 510 * MSEC), 0);

	/* the next stop has its own */
	fsm = (struct fsm){.state = FSM_RUNNING, .alarmed = true};
	fsm_stop(&fsm, REASON_PEDAL, now);
	fsm_sample(&fsm, MNPEN_STATE_RUNNING, 0, true, now + 150 * MSEC);
	assert_int_equal(escalate_to_reset(&fsm, now), FSM_RAISE_ALARM);
}

/* A stream in disorder proves no rest, but it proves a drive. */
static void disorder_while_stopping(void **state)
{
	struct fsm fsm = fsm_in(FSM_RUNNING);
	struct mnpen_sample s = {.state = MNPEN_STATE_IDLE, .flags = MNPEN_FLAG_DRIVE};
	struct fsm_input input = {
		.event = FSM_EV_SAMPLE,
		.reason = REASON_ORDER,
		.sample = &s,
		.drive_evidence = true,
	};

	fsm_stop(&fsm, REASON_PEDAL, T0);
	assert_int_equal(fsm_step(&fsm, &input, T0 + 150 * MSEC), 0);
	assert_int_equal(escalate_to_reset(&fsm, T0), FSM_RAISE_ALARM);
	/* and a packet that cannot be read is neither */
	input = (struct fsm_input){.event = FSM_EV_SAMPLE, .reason = REASON_UNDECODABLE};
	assert_int_equal(fsm_step(&fsm, &input, T0 + 310 * MSEC), 0);
	assert_int_equal(fsm.evidence_usec, T0 + 150 * MSEC);
}

/* Evidence had contradicted the pen: 90 ms without any before its word counts again. */
static void quiet_after_evidence(void **state)
{
	static const uint64_t quiet[] = {89999, 90000, 90001};

	for (unsigned int i = 0; i < 3; i++) {
		struct fsm fsm = fsm_in(FSM_IDLE);
		struct mnpen_sample s = {.state = MNPEN_STATE_IDLE};
		struct fsm_input input = {
			.event = FSM_EV_SAMPLE,
			.reason = REASON_DRIVE_ON,
			.sample = &s,
			.drive_evidence = true,
		};
		uint64_t last = T0 + 130 * MSEC;

		assert_int_equal(fsm_step(&fsm, &input, T0), FSM_SEND_STOP);
		assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, false, T0 + 50 * MSEC), 0);
		assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, T0 + 100 * MSEC), FSM_SEND_STOP);
		assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, true, last), 0);
		/* a sample that was received before that is handed in late */
		assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, false, last - 5), 0);
		assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, false, last + quiet[i]),
				 i == 0 ? 0 : FSM_STOPPED);
		assert_int_equal(fsm.state, i == 0 ? FSM_STOPPING : FSM_IDLE);
	}
}

/* Somebody else may find DRIVE_ON where no sample did: the quiet then counts from the stop. */
static void quiet_without_evidence(void **state)
{
	struct fsm fsm = fsm_in(FSM_ARMED);

	fsm_stop(&fsm, REASON_DRIVE_ON, T0);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_FAULT, 0, false, T0 + 89999), 0);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_FAULT, 0, false, T0 + 90000),
			 FSM_STOPPED | FSM_FAULTED);
}

/* Stop overtakes Arm: samples from before either reach the pen must not end the stop, or the
 * ARM that then shows would look like somebody else's. */
static void stop_overtakes_arm(void **state)
{
	static const struct fsm_input arm = {
		.event = FSM_EV_ARM,
		.cmd = ARM_CMD,
		.arm_timeout_usec = ARM_TIMEOUT_USEC,
	};
	struct fsm fsm = fsm_in(FSM_IDLE), lost;

	assert_int_equal(fsm_step(&fsm, &arm, T0), 0);
	assert_int_equal(fsm_stop(&fsm, REASON_CLIENT_GONE, T0 + 100), STOPPED_LIVE);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, ARM_CMD - 1, false, T0 + 1000), 0);
	lost = fsm;
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_ARMED, ARM_CMD, false, T0 + 2000), 0);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, ARM_CMD, false, T0 + 3000),
			 FSM_STOPPED);
	assert_int_equal(fsm.reason, REASON_CLIENT_GONE);
	assert_int_equal(fsm.epoch, EPOCH + 1);

	/* the ARM never arrived */
	assert_int_equal(fsm_sample(&lost, MNPEN_STATE_IDLE, ARM_CMD - 1, false, T0 + 90099), 0);
	assert_int_equal(fsm_sample(&lost, MNPEN_STATE_IDLE, ARM_CMD - 1, false, T0 + 90100),
			 FSM_STOPPED);

	/* what was armed before leaves no doubt behind for the next stop */
	fsm_step(&fsm, &arm, T0 + 5000);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_ARMED, ARM_CMD, false, T0 + 6000),
			 FSM_CONFIRMED);
	fsm_stop(&fsm, REASON_REQUEST, T0 + 7000);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, false, T0 + 8000), FSM_STOPPED);
}

/* A pen that says IDLE with the drive on is watched until it is off. */
static void rest_with_drive(void **state)
{
	struct fsm fsm = fsm_in(FSM_RUNNING);

	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, true, T0), STOPPED_LIVE);
	assert_int_equal(fsm.reason, REASON_PEN);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_IDLE, 0, true, T0 + 150 * MSEC), 0);
	assert_int_equal(escalate_to_reset(&fsm, T0), FSM_RAISE_ALARM);
}

/* A refused ARM is no stop: nobody who waits is turned away for it. */
static void refused_arm(void **state)
{
	struct fsm fsm = fsm_in(FSM_ARMING);

	assert_int_equal(fsm_event(&fsm, FSM_EV_REFUSED, T0 + 1), 0);
	assert_int_equal(fsm.state, FSM_IDLE);
	assert_int_equal(fsm.epoch, EPOCH);
	/* should it be armed all the same, that is not ours */
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_ARMED, ARM_CMD, false, T0 + 2),
			 FSM_SEND_STOP);
	assert_int_equal(fsm.reason, REASON_UNEXPECTED_ARM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deadlines_to_the_microsecond),
		cmocka_unit_test(judge_before_clock),
		cmocka_unit_test(running_renews_the_arm_timeout),
		cmocka_unit_test(escalation),
		cmocka_unit_test(alarm_by_evidence),
		cmocka_unit_test(each_stop_from_the_start),
		cmocka_unit_test(alarm_once_a_stop),
		cmocka_unit_test(disorder_while_stopping),
		cmocka_unit_test(quiet_after_evidence),
		cmocka_unit_test(quiet_without_evidence),
		cmocka_unit_test(stop_overtakes_arm),
		cmocka_unit_test(rest_with_drive),
		cmocka_unit_test(refused_arm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
