/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "daemon/policy/judge.h"
#include "daemon/policy/judge_motor.h"
#include "daemon/policy/judge_orders.h"

#define USEC_PER_MSEC 1000u

void judge_reset(struct judge *judge)
{
	struct judge fresh = {
		.limits = judge->limits,
		.armed = judge->armed,
		.confirmed = judge->confirmed,
		.orders = judge->orders,
		.target_um = judge->target_um,
		.target_rpm = judge->target_rpm,
		.target_pending = judge->target_pending,
		.trigger_held = judge->trigger_held,
		.run_usec = judge->run_usec,
	};

	*judge = fresh;
}

void judge_arm(struct judge *judge, const struct judge_limits *limits, uint32_t cmd)
{
	judge->limits = *limits;
	judge->orders = (struct judge_orders){.cmd = cmd};
	judge->armed = true;
	judge->confirmed = false;
	judge->target_um = 0;
	judge->trigger_held = true; /* until the confirming sample says otherwise */
	judge->run_usec = 0;
	/* What lasted under other limits has not lasted under these. */
	judge->overspeed.on = false;
	judge->underspeed.on = false;
	judge->stalled.on = false;
	judge->trigger_ignored.on = false;
}

void judge_armed_sample(struct judge *judge, const struct mnpen_sample *sample)
{
	judge->confirmed = true;
	judge->trigger_held = sample->flags & MNPEN_FLAG_TRIGGER;
	judge_orders_begin(judge, sample);
}

void judge_disarm(struct judge *judge)
{
	judge->armed = false;
}

void judge_target_sent(struct judge *judge, uint32_t cmd)
{
	judge->target_pending = true;
	judge->orders.cmd = cmd;
}

void judge_target_settled(struct judge *judge, uint16_t depth_um, uint16_t speed_rpm)
{
	judge->target_pending = false;
	judge->target_um = depth_um;
	judge->target_rpm = speed_rpm;
	judge->target_grace_until_us = judge->last_time_us + JUDGE_TARGET_GRACE_USEC;
	judge->off_target = 0;
}

uint32_t judge_run_ms(const struct judge *judge, const struct mnpen_sample *sample)
{
	uint64_t counted_ms = judge->run_usec / USEC_PER_MSEC;

	if (judge->confirmed && sample->run_ms > counted_ms)
		return sample->run_ms;
	return counted_ms < UINT32_MAX ? (uint32_t)counted_ms : UINT32_MAX;
}

static bool in_order(const struct judge *judge, const struct mnpen_sample *s)
{
	uint32_t missing = s->seq - judge->last_seq - 1;

	return !judge->primed || (missing < INT32_MAX && s->time_us > judge->last_time_us);
}

/* By its clock or by its numbers, whichever says that more is missing. */
static enum policy_reason judge_hole(const struct judge *judge, const struct mnpen_sample *s)
{
	uint32_t missing = s->seq - judge->last_seq - 1;

	if (!judge->armed || !judge->primed)
		return REASON_NONE;
	if (s->time_us - judge->last_time_us > judge->limits.max_age_usec ||
	    (uint64_t)missing * judge->limits.period_usec > judge->limits.max_age_usec)
		return REASON_MISSING;
	return REASON_NONE;
}

static enum policy_reason judge_target(struct judge *judge, const struct mnpen_sample *s)
{
	bool shallow = s->depth_um < judge->target_um;
	uint32_t off_um = shallow ? (uint32_t)judge->target_um - s->depth_um
				  : (uint32_t)s->depth_um - judge->target_um;

	if (judge->target_pending || judge->target_um == 0 ||
	    s->time_us < judge->target_grace_until_us)
		return REASON_NONE;
	if (shallow && s->time_us - judge->drive_start_us < JUDGE_EXTEND_USEC)
		return REASON_NONE;
	judge->off_target = off_um > judge->limits.tolerance_um ? judge->off_target + 1 : 0;
	return judge->off_target >= JUDGE_OFF_TARGET_STROKES ? REASON_DEPTH_TARGET : REASON_NONE;
}

static enum policy_reason judge_depth(struct judge *judge, const struct mnpen_sample *s,
				      bool new_stroke)
{
	if (!judge->armed)
		return REASON_NONE;
	/* The limit holds for every sample, whatever state the pen claims. */
	if (s->depth_um > (uint32_t)judge->limits.depth_um + judge->limits.tolerance_um)
		return REASON_DEPTH_LIMIT;
	if (!new_stroke || s->state != MNPEN_STATE_RUNNING)
		return REASON_NONE;
	return judge_target(judge, s);
}

/* A pen that reports a fault has to be in FAULT, one without its cartridge must not be armed. */
static enum policy_reason judge_state(const struct judge *judge, const struct mnpen_sample *s)
{
	if (!judge->armed || (s->state != MNPEN_STATE_ARMED && s->state != MNPEN_STATE_RUNNING))
		return REASON_NONE;
	if (judge->limits.cartridge && !(s->flags & MNPEN_FLAG_CARTRIDGE))
		return REASON_CARTRIDGE;
	return s->faults ? REASON_FAULT : REASON_NONE;
}

static enum policy_reason judge_trigger(struct judge *judge, const struct mnpen_sample *s)
{
	bool pressed = s->flags & MNPEN_FLAG_TRIGGER;

	if (!judge->armed)
		return REASON_NONE;
	if (!pressed)
		judge->trigger_held = false;
	else if (s->state == MNPEN_STATE_RUNNING && judge->trigger_held)
		return REASON_TRIGGER_HELD;
	else if (s->state == MNPEN_STATE_ARMED && !(s->flags & MNPEN_FLAG_ENABLED))
		judge->trigger_held = true; /* what enables it later is not to start it */
	if (judge_lasted(&judge->trigger_ignored, judge_driven(s) && !pressed, s->time_us,
			 JUDGE_TRIGGER_USEC))
		return REASON_TRIGGER_IGNORED;
	return REASON_NONE;
}

static enum policy_reason judge_run_time(struct judge *judge, const struct mnpen_sample *s)
{
	if (!judge->armed)
		return REASON_NONE;
	/* Each interval as it began: what is missed at a start is had again at the end. */
	if (judge->last_running || judge->last_drive)
		judge->run_usec += s->time_us - judge->last_time_us;
	if (judge_driven(s) &&
	    judge_run_ms(judge, s) > (uint64_t)judge->limits.run_left_ms + JUDGE_RUN_SLACK_MS)
		return REASON_RUN_LIMIT;
	return REASON_NONE;
}

static void keep_first(enum policy_reason *reason, enum policy_reason other)
{
	if (*reason == REASON_NONE)
		*reason = other;
}

/* Each of them keeps its own count of time, so each sees every sample. */
static void judge_all(struct judge *judge, const struct mnpen_sample *s,
		      struct judge_result *result)
{
	bool new_stroke = judge->primed && s->strokes > judge->last_strokes;
	enum policy_reason *reason = &result->reason;

	keep_first(reason, judge_depth(judge, s, new_stroke));
	keep_first(reason, judge_drive(judge, s, new_stroke, &result->drive_evidence));
	keep_first(reason, judge_orders(judge, s));
	keep_first(reason, judge_state(judge, s));
	keep_first(reason, judge_hole(judge, s));
	keep_first(reason, judge_trigger(judge, s));
	keep_first(reason, judge_speed(judge, s));
	keep_first(reason, judge_strokes(judge, s));
	keep_first(reason, judge_run_time(judge, s));
}

struct judge_result judge_sample(struct judge *judge, const struct mnpen_sample *s)
{
	struct judge_result result = {.reason = REASON_NONE};

	if (!in_order(judge, s)) {
		judge_reset(judge);
		result.reason = REASON_ORDER;
	}
	if (judge->primed)
		result.missing = s->seq - judge->last_seq - 1;
	else /* a stream that begins outside RUNNING may begin in a motor's last turns */
		judge->left_running_us = s->time_us;
	judge_all(judge, s, &result);

	judge->primed = true;
	judge->last_seq = s->seq;
	judge->last_time_us = s->time_us;
	judge->last_strokes = s->strokes;
	judge->last_run_ms = s->run_ms;
	judge->last_speed_rpm = s->speed_rpm;
	judge->last_running = s->state == MNPEN_STATE_RUNNING;
	judge->last_drive = s->flags & MNPEN_FLAG_DRIVE;
	return result;
}
