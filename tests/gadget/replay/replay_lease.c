// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long the lease lasts, as a sample says it. The recorded pen spoke of the recorded host's; the
 * live host gets to see its own. What the recorded host's leases do not explain is the pen's own
 * fault, and is shown as it was.
 */
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/gadget/replay/replay_parts.h"

/* The end of a lease, as samples tell it, stands still but for so much. */
#define SLACK_US 20000

static bool armed(const struct mnpen_sample *sample)
{
	return sample->state == MNPEN_STATE_ARMED || sample->state == MNPEN_STATE_RUNNING;
}

static uint64_t pen_now_us(const struct replay *replay)
{
	return replay->last.time_us + replay->now_us - replay->last_us;
}

void replay_lease_armed(struct replay *replay, const uint8_t *data)
{
	struct replay_lease *lease = &replay->lease;
	struct mnpen_arm arm;

	mnpen_arm_unpack(&arm, data);
	*lease = (struct replay_lease){
		.token = arm.token,
		.limits_crc = arm.crc,
		.lease_ms = arm.lease_ms,
		.end_us = pen_now_us(replay) + arm.lease_ms * USEC_PER_MSEC,
	};
}

void replay_lease_renewed(struct replay *replay, const struct mnpen_lease *live)
{
	struct replay_lease *lease = &replay->lease;

	lease->end_us = pen_now_us(replay) + lease->lease_ms * USEC_PER_MSEC;
	lease->counter = live->counter;
	lease->enabled = live->enable;
}

bool replay_lease_over(const struct replay *replay)
{
	return armed(&replay->last) && replay->lease.lease_ms &&
	       pen_now_us(replay) > replay->lease.end_us;
}

void replay_lease_recorded(struct replay *replay, const struct recorded *entry)
{
	if (recorded_is(entry, MNPEN_REQ_LEASE) && entry->status >= 0)
		replay->lease.recorded++;
}

/* Whether every renewal that the recorded samples show has a recorded LEASE. */
static void watch_recorded(struct replay_lease *lease, const struct mnpen_sample *recorded)
{
	uint64_t end_us = recorded->time_us + recorded->lease_left_ms * USEC_PER_MSEC;

	if (!lease->recorded_end_us || end_us < lease->recorded_end_us)
		lease->recorded_end_us = end_us;
	if (end_us <= lease->recorded_end_us + SLACK_US)
		return;
	lease->recorded_end_us = end_us;
	if (lease->recorded)
		lease->recorded--;
	else
		lease->odd = true;
}

void replay_lease_skipped(struct replay *replay, const struct recorded *entry)
{
	struct mnpen_sample sample;

	replay_lease_recorded(replay, entry);
	if (recorded_sample(entry, &sample) && armed(&sample))
		watch_recorded(&replay->lease, &sample);
}

void replay_lease_left(const struct replay *replay, struct mnpen_sample *s)
{
	const struct replay_lease *lease = &replay->lease;
	uint64_t left_us = lease->end_us > s->time_us ? lease->end_us - s->time_us : 0;

	if (armed(s) && lease->lease_ms && !lease->odd)
		s->lease_left_ms = (uint16_t)MIN(left_us / USEC_PER_MSEC, lease->lease_ms);
}

void replay_lease_translate(struct replay *replay, const struct mnpen_sample *recorded,
			    struct mnpen_sample *s)
{
	struct replay_lease *lease = &replay->lease;

	if (!armed(recorded) || !lease->lease_ms)
		return;
	watch_recorded(lease, recorded);
	replay_lease_left(replay, s);
}
