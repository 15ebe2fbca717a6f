// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/pen_oracle.h"

#include <string.h>

#include "driver/base/clock.h"
#include "tests/fuzz/fuzz.h"

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

bool oracle_live(enum fsm_state state)
{
	return state == FSM_ARMING || state == FSM_ARMED || state == FSM_RUNNING;
}

static bool driven(const struct mnpen_sample *s)
{
	return s->state == MNPEN_STATE_RUNNING || (s->flags & MNPEN_FLAG_DRIVE);
}

/* Whether @condition has held for more than @ms. */
static bool longer(struct oracle_span *span, bool condition, uint64_t time_us, uint64_t ms)
{
	if (condition && !span->on)
		span->from_us = time_us;
	span->on = condition;
	return condition && time_us - span->from_us > ms * 1000;
}

static void forget(struct oracle *o)
{
	memset(o->tenths, 0, sizeof(o->tenths));
}

/* ---- orders ---- */

/* Whatever else is so: a lease goes out only while a fresh sample shows our ARM in force. */
static void on_lease(struct oracle *o, const uint8_t *p)
{
	uint64_t age_usec = now_usec() - o->arrived_usec;

	CHECK(oracle_live(pen_state(o->pen)), "a lease in state %s",
	      fsm_state_name(pen_state(o->pen)));
	CHECK(o->confirmed, "a lease before a sample confirmed ARM %u", o->arm_cmd);
	CHECK(o->sample_since_lease, "two leases, and no sample between them");
	CHECK(age_usec <= o->arm.max_age_usec, "a lease %lu us after the last sample",
	      (unsigned long)age_usec);
	CHECK(get32(p + 12) == o->crc, "a lease for other limits");
	CHECK(get32(p + 8) > o->lease_counter, "lease %u after %u", get32(p + 8), o->lease_counter);
	CHECK(!p[16] || o->target_in_force, "the trigger may run the motor without a target");
	o->lease_counter = get32(p + 8);
	o->sample_since_lease = false;
	o->enabled_lease = o->enabled_lease || p[16];
}

void oracle_control(struct oracle *o, const struct host_control *control)
{
	const uint8_t *p = control->data;

	if (control->request == MNPEN_REQ_ARM) {
		o->arm_cmd = o->newest_cmd = get32(p + 8);
		o->crc = get32(p + 28);
	}
	if (control->request == MNPEN_REQ_SET_TARGET) {
		CHECK(o->confirmed, "a target before a sample confirmed ARM %u", o->arm_cmd);
		CHECK(get32(p + 8) > o->newest_cmd, "command %u after %u", get32(p + 8),
		      o->newest_cmd);
		o->newest_cmd = get32(p + 8);
		o->target_sent = true;
		o->target_accepted = false;
		o->target_um = get16(p + 12);
		o->target_rpm = get16(p + 14);
		CHECK(o->target_um <= o->arm.limits.depth_um, "a target of %u um", o->target_um);
	}
	if (control->request == MNPEN_REQ_LEASE)
		on_lease(o, p);
}

void oracle_stop(struct oracle *o)
{
	o->stops++;
}

void oracle_alt_rest(struct oracle *o)
{
	o->alts++;
}

void oracle_reset(struct oracle *o)
{
	o->resets++;
}

void oracle_answered(struct oracle *o, enum mnpen_request request, bool accepted)
{
	if (request == MNPEN_REQ_SET_TARGET)
		o->target_accepted = accepted;
	/* A refusal counts when the pen has said why. */
	if (request == MNPEN_REQ_GET_ERROR && accepted && !o->target_accepted)
		o->target_sent = false;
}

void oracle_armed(struct oracle *o, const struct pen_arm *arm)
{
	o->arm = *arm;
	o->confirmed = o->released = o->enabled_lease = false;
	o->target_sent = o->target_accepted = o->target_in_force = false;
	o->lease_counter = 0;
	o->driven_us = 0;
	o->fast.on = o->drive.on = o->slow.on = o->stalled.on = o->ignored.on = false;
}

void oracle_stream_restarted(struct oracle *o)
{
	o->has_last = false;
	o->outside.on = false;
	forget(o);
}

/* ---- samples ---- */

static bool in_order(const struct oracle *o, const struct mnpen_sample *s)
{
	uint32_t ahead = s->seq - o->last.seq;

	return !o->has_last || (ahead > 0 && ahead <= INT32_MAX && s->time_us > o->last.time_us);
}

/* Why needles that are armed must not go on, of what one sample and the one before it say. */
static const char *forbidden_at_once(const struct oracle *o, const struct mnpen_sample *s)
{
	bool armed = s->state == MNPEN_STATE_ARMED || s->state == MNPEN_STATE_RUNNING;

	if (s->depth_um > o->arm.limits.depth_um + (uint32_t)o->arm.limits.tolerance_um)
		return "deeper than limit and tolerance";
	if (!in_order(o, s))
		return "out of order";
	if (o->has_last && s->time_us - o->last.time_us > o->arm.max_age_usec)
		return "a hole in the stream";
	if (armed && s->faults)
		return "armed with a fault";
	if (armed && o->has_tag && !(s->flags & MNPEN_FLAG_CARTRIDGE))
		return "armed without a cartridge";
	if (s->state == MNPEN_STATE_FAULT || (o->confirmed && !armed))
		return "the pen is not armed any more";
	if (s->state == MNPEN_STATE_RUNNING && !o->confirmed)
		return "runs before it was armed";
	if (s->state == MNPEN_STATE_RUNNING && !o->released && (s->flags & MNPEN_FLAG_TRIGGER))
		return "started by a trigger that was down when armed";
	return NULL;
}

/* What the pen says of our own orders. */
static const char *forbidden_orders(const struct oracle *o, const struct mnpen_sample *s)
{
	bool armed = s->state == MNPEN_STATE_ARMED || s->state == MNPEN_STATE_RUNNING;

	if (!o->confirmed || !armed)
		return NULL;
	if (s->flags & MNPEN_FLAG_ENABLED && !o->enabled_lease)
		return "enabled without a lease that enables";
	if (s->last_cmd > o->newest_cmd)
		return "obeys a command that nobody gave";
	if (o->target_in_force && !o->target_sent &&
	    (s->target_depth_um != o->force_um || s->target_speed_rpm != o->force_rpm))
		return "another target than the one in force";
	if (s->lease_left_ms > o->arm.lease_ms)
		return "a lease longer than armed";
	return NULL;
}

/* What must not last. */
static const char *forbidden_lasting(struct oracle *o, const struct mnpen_sample *s)
{
	const struct limits *l = &o->arm.limits;
	uint64_t t = s->time_us;
	bool on = driven(s), since_500 = longer(&o->drive, on, t, 500);
	bool since_400 = on && t - o->drive.from_us > 400000;
	bool fast = longer(&o->fast, on && s->speed_rpm * 100u > l->speed_max_rpm * 105u, t, 100);
	bool slow = longer(&o->slow, since_500 && s->speed_rpm < l->speed_min_rpm, t, 200);
	bool stalled = longer(&o->stalled, since_400 && s->speed_rpm < 300, t, 200);
	bool ignored = longer(&o->ignored, on && !(s->flags & MNPEN_FLAG_TRIGGER), t, 100);

	if (o->has_last && on && driven(&o->last))
		o->driven_us += t - o->last.time_us;
	if (fast)
		return "too fast for more than 100 ms";
	if (slow)
		return "too slow for more than 200 ms";
	if (stalled)
		return "stalled for more than 200 ms";
	if (ignored)
		return "runs on for more than 100 ms with the trigger released";
	if (on && (o->driven_us > (o->arm.run_left_ms + 50ULL) * 1000 ||
		   (o->confirmed && s->run_ms > o->arm.run_left_ms + 50ULL)))
		return "runs longer than is left";
	return NULL;
}

/* The smallest of each tenth of a second. */
static void remember(struct oracle *o, const struct mnpen_sample *s)
{
	uint64_t tenth = now_usec() / 100000;
	unsigned int i = (unsigned int)(tenth % ORACLE_TENTHS);
	int64_t offset = (int64_t)(now_usec() - s->time_us);

	if (o->tenths[i] == tenth && o->offsets[i] <= offset)
		return;
	o->tenths[i] = tenth;
	o->offsets[i] = offset;
}

/* What the sample shows of ARM and target, if it may be believed. */
static void progress(struct oracle *o, const struct mnpen_sample *s)
{
	if (o->state == FSM_ARMING && s->state == MNPEN_STATE_ARMED && s->last_cmd == o->arm_cmd)
		o->confirmed = true;
	if (o->confirmed && !(s->flags & MNPEN_FLAG_TRIGGER))
		o->released = true;
	if (o->target_sent && o->target_accepted && s->last_cmd == o->newest_cmd &&
	    s->target_depth_um == o->target_um && s->target_speed_rpm == o->target_rpm) {
		o->target_in_force = true;
		o->target_sent = false;
		o->force_um = o->target_um;
		o->force_rpm = o->target_rpm;
	}
}

static const char *forbidden(struct oracle *o, const struct mnpen_sample *s)
{
	const char *lasting = forbidden_lasting(o, s);
	const char *why = forbidden_at_once(o, s);

	if (!why)
		why = forbidden_orders(o, s);
	return why ? why : lasting;
}

/* Armed or not: a motor that is driven outside RUNNING, an ARM that is not ours. */
static const char *never_allowed(struct oracle *o, const struct mnpen_sample *s, bool ordered)
{
	bool outside = (s->flags & MNPEN_FLAG_DRIVE) && s->state != MNPEN_STATE_RUNNING;

	if (!ordered)
		o->outside.on = false;
	if (longer(&o->outside, outside, s->time_us, 100))
		return "the drive is on outside RUNNING for more than 100 ms";
	if (ordered && (o->state == FSM_IDLE || o->state == FSM_FAULT) &&
	    (s->state == MNPEN_STATE_ARMED || s->state == MNPEN_STATE_RUNNING))
		return "armed, and not by us";
	return NULL;
}

struct oracle_demand oracle_before(struct oracle *o, const struct mnpen_sample *s)
{
	struct oracle_demand demand = {.before = o->state, .stops_before = o->stops};
	bool ordered = s && in_order(o, s);

	demand.was_live = oracle_live(o->state);
	if (demand.was_live && !s)
		demand.must_disarm = "it decodes to nothing";
	if (!s)
		return demand;
	demand.shows_rest = !(s->flags & MNPEN_FLAG_DRIVE) && s->state != MNPEN_STATE_ARMED &&
			    s->state != MNPEN_STATE_RUNNING;
	if (demand.was_live)
		demand.must_disarm = forbidden(o, s);
	if (o->state != FSM_ABSENT)
		demand.must_stop = never_allowed(o, s, ordered);
	if (o->state == FSM_STOPPING && driven(s) && now_usec() >= o->entered_usec + 100000 &&
	    !o->late_evidence) {
		o->late_evidence = true;
		o->late_usec = now_usec();
	}
	if (demand.was_live && !demand.must_disarm)
		progress(o, s);
	if (!ordered)
		forget(o);
	else
		remember(o, s);
	o->has_last = true;
	o->last = *s;
	o->arrived_usec = now_usec();
	o->sample_since_lease = true;
	return demand;
}

void oracle_after(struct oracle *o, const struct oracle_demand *demand)
{
	enum fsm_state state = pen_state(o->pen);

	if (demand->must_disarm) {
		CHECK(!oracle_live(state), "%s, and still %s", demand->must_disarm,
		      fsm_state_name(state));
		CHECK(o->stops > demand->stops_before, "%s, and no STOP in the same step",
		      demand->must_disarm);
	}
	if (demand->must_stop)
		CHECK(state == FSM_STOPPING || state == FSM_ABSENT, "%s, and %s", demand->must_stop,
		      fsm_state_name(state));
	oracle_look(o, demand->shows_rest);
}
