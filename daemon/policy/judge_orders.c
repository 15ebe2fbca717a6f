/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/policy/judge_orders.h"

#define USEC_PER_MSEC 1000u

void judge_lease_sent(struct judge *judge, bool enable)
{
	struct judge_orders *orders = &judge->orders;

	if (orders->leases < JUDGE_LEASES_MAX)
		orders->leases++;
	orders->enabled = orders->enabled || enable;
}

static uint64_t lease_end_us(const struct mnpen_sample *s)
{
	return s->time_us + (uint64_t)s->lease_left_ms * USEC_PER_MSEC;
}

void judge_orders_begin(struct judge *judge, const struct mnpen_sample *s)
{
	judge->orders.cmd_shown = s->last_cmd;
	judge->orders.lease_end_us = lease_end_us(s);
}

/* Nothing but a lease that enables lets the trigger run the motor, and only while it is in force.
 */
static bool enable_fits(const struct judge *judge, const struct mnpen_sample *s)
{
	if (s->flags & MNPEN_FLAG_ENABLED)
		return judge->orders.enabled;
	return s->state != MNPEN_STATE_RUNNING;
}

static bool target_fits(const struct judge *judge, const struct mnpen_sample *s)
{
	if (judge->target_pending || judge->target_um == 0)
		return true;
	return s->target_depth_um == judge->target_um && s->target_speed_rpm == judge->target_rpm;
}

static bool command_fits(struct judge *judge, const struct mnpen_sample *s)
{
	struct judge_orders *orders = &judge->orders;

	if (s->last_cmd < orders->cmd_shown || s->last_cmd > orders->cmd)
		return false;
	orders->cmd_shown = s->last_cmd;
	return true;
}

static uint32_t lease_slack_us(const struct judge *judge)
{
	uint32_t eighth_us = judge->limits.lease_ms * USEC_PER_MSEC / 8;

	if (eighth_us < JUDGE_LEASE_SLACK_MIN_US)
		return JUDGE_LEASE_SLACK_MIN_US;
	return eighth_us < JUDGE_LEASE_SLACK_MAX_US ? eighth_us : JUDGE_LEASE_SLACK_MAX_US;
}

/* Between two leases the moment of its end stands still. A counter that hangs moves it on, by more
 * than a slack several times between two leases, which are a quarter of it apart. */
static bool lease_fits(struct judge *judge, const struct mnpen_sample *s)
{
	struct judge_orders *orders = &judge->orders;
	uint64_t end_us = lease_end_us(s), slack_us = lease_slack_us(judge);

	if (s->lease_left_ms * USEC_PER_MSEC > judge->limits.lease_ms * USEC_PER_MSEC + slack_us)
		return false;
	if (end_us < orders->lease_end_us)
		orders->lease_end_us = end_us;
	if (end_us <= orders->lease_end_us + slack_us)
		return true;
	orders->lease_end_us = end_us;
	if (orders->leases == 0)
		return false;
	orders->leases--;
	return true;
}

enum policy_reason judge_orders(struct judge *judge, const struct mnpen_sample *s)
{
	if (!judge->armed || !judge->confirmed ||
	    (s->state != MNPEN_STATE_ARMED && s->state != MNPEN_STATE_RUNNING))
		return REASON_NONE;
	if (!enable_fits(judge, s))
		return REASON_NOT_ENABLED;
	if (!target_fits(judge, s))
		return REASON_TARGET_CHANGED;
	if (!command_fits(judge, s))
		return REASON_COMMAND_UNKNOWN;
	return lease_fits(judge, s) ? REASON_NONE : REASON_LEASE_CLOCK;
}
