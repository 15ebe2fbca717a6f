// SPDX-License-Identifier: GPL-2.0-only
/* The oracle's other half: the states of a pen, and what hangs on time alone. */
#include "driver/base/clock.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/pen_oracle.h"

/* The one way out of an arm that is no stop. */
static bool arm_refused(enum fsm_state from, enum fsm_state to)
{
	return from == FSM_ARMING && to == FSM_IDLE;
}

static void enter(struct oracle *o, enum fsm_state state, bool proof)
{
	bool was_live = oracle_live(o->state);

	if (o->state == FSM_STOPPING && state != FSM_ABSENT)
		CHECK(proof, "stopping ended, and no sample shows the drive off");
	if (was_live && !oracle_live(state) && state != FSM_ABSENT && !arm_refused(o->state, state))
		CHECK(o->stops > o->stops_seen, "disarmed without a STOP");
	if (was_live && !oracle_live(state))
		o->confirmed = o->target_in_force = false;
	CHECK(state != FSM_ARMED || o->state != FSM_IDLE, "armed out of nothing");
	CHECK(state != FSM_RUNNING || o->state == FSM_ARMED, "running, and not armed before");
	if (o->state == FSM_STOPPING && state == FSM_ABSENT && o->late_evidence)
		CHECK(o->alarms > o->alarms_before,
		      "gone with a drive that did not stop, no alarm");
	o->state = state;
	o->entered_usec = now_usec();
	o->late_evidence = false;
	if (state == FSM_ARMED)
		o->ran_usec = now_usec();
	o->stops_before = o->stops_seen;
	o->alts_before = o->alts;
	o->resets_before = o->resets;
	o->alarms_before = o->alarms;
}

/* By the host's own experience of the last 3 s, the pen's newest sample is at least so old. */
static uint64_t age_usec(const struct oracle *o)
{
	int64_t smallest = INT64_MAX, age;
	uint64_t tenth = now_usec() / 100000;

	for (unsigned int i = 0; i < ORACLE_TENTHS; i++)
		if (tenth - o->tenths[i] < ORACLE_TENTHS && o->offsets[i] < smallest)
			smallest = o->offsets[i];
	if (smallest == INT64_MAX)
		return now_usec() - o->arrived_usec;
	age = (int64_t)(now_usec() - o->last.time_us) - smallest;
	if (age < 0 || age > 3600000000) /* a clock that leapt says nothing of age */
		age = 0;
	return (uint64_t)age > now_usec() - o->arrived_usec ? (uint64_t)age
							    : now_usec() - o->arrived_usec;
}

static void look_at_stopping(const struct oracle *o, uint64_t elapsed_usec)
{
	/* The first STOP went out when it was entered; stops_before counts to before that. */
	if (elapsed_usec >= 100000 + ORACLE_SLICE_USEC)
		CHECK(o->stops >= o->stops_before + 2, "no second STOP after 100 ms");
	if (elapsed_usec >= 200000 + ORACLE_SLICE_USEC)
		CHECK(o->alts > o->alts_before, "no SET_INTERFACE 0 after 200 ms");
	if (elapsed_usec >= 300000 + ORACLE_SLICE_USEC)
		CHECK(o->resets > o->resets_before, "no reset after 300 ms");
	if (o->late_evidence && elapsed_usec >= 300000 + ORACLE_SLICE_USEC &&
	    now_usec() >= o->late_usec + 100000 + ORACLE_SLICE_USEC)
		CHECK(o->alarms > o->alarms_before, "a drive that does not stop, and no alarm");
	CHECK(o->alarms <= o->alarms_before + 1, "more than one alarm of one stop");
}

void oracle_look(struct oracle *o, bool proof)
{
	enum fsm_state state = pen_state(o->pen);

	CHECK(pen_epoch(o->pen) >= o->epoch, "the stop epoch went back");
	if (oracle_live(o->state) && !oracle_live(state) && !arm_refused(o->state, state))
		CHECK(pen_epoch(o->pen) > o->epoch, "a stop did not raise the epoch");
	o->epoch = pen_epoch(o->pen);
	if (state != o->state)
		enter(o, state, proof);
	o->stops_seen = o->stops;
	if (state == FSM_ARMED || state == FSM_RUNNING)
		CHECK(o->confirmed, "armed, and no sample has confirmed it");
	if (state != FSM_RUNNING)
		return;
	CHECK(o->released, "running, and no press was seen");
	o->ran_usec = now_usec();
}

void oracle_settled(struct oracle *o, bool proof)
{
	uint64_t now = now_usec();

	oracle_look(o, proof);
	switch (o->state) {
	case FSM_ABSENT:
	case FSM_IDLE:
	case FSM_FAULT:
		return;
	case FSM_ARMING:
		CHECK(now <= o->entered_usec + 200000 + ORACLE_SLICE_USEC,
		      "unconfirmed for over 200 ms");
		return;
	case FSM_ARMED:
	case FSM_RUNNING:
		CHECK(age_usec(o) <= o->arm.max_age_usec + 1, "samples are %lu us old",
		      (unsigned long)age_usec(o));
		CHECK(!o->arm.session_end_usec || now <= o->arm.session_end_usec,
		      "armed after the session's end");
		CHECK(now <= o->ran_usec + o->arm.arm_timeout_usec + ORACLE_SLICE_USEC,
		      "armed for longer than ArmTimeout");
		return;
	case FSM_STOPPING:
		look_at_stopping(o, now - o->entered_usec);
		return;
	}
}

void oracle_hang(struct oracle *o, uint64_t usec)
{
	o->entered_usec += usec;
	o->late_usec += usec;
}
