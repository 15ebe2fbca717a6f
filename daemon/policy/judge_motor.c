/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "daemon/policy/judge_motor.h"

#define USEC_PER_MSEC 1000u
#define STROKE_X60M 60000000u /* rpm * microseconds of one stroke */

bool judge_lasted(struct judge_since *since, bool condition, uint64_t time_us, uint64_t at_least_us)
{
	if (!condition) {
		since->on = false;
		return false;
	}
	if (!since->on) {
		since->on = true;
		since->since_us = time_us;
	}
	return time_us - since->since_us >= at_least_us;
}

bool judge_driven(const struct mnpen_sample *s)
{
	return s->state == MNPEN_STATE_RUNNING || s->flags & MNPEN_FLAG_DRIVE;
}

/* A run that lay in a gap of the stream shows in the pen's count of time. */
static bool ran_unseen(const struct judge *judge, const struct mnpen_sample *s)
{
	return judge->primed && s->seq - judge->last_seq > 1 && s->run_ms > judge->last_run_ms;
}

enum policy_reason judge_drive(struct judge *judge, const struct mnpen_sample *s, bool new_stroke,
			       bool *ret_evidence)
{
	bool running = s->state == MNPEN_STATE_RUNNING;
	bool flag = s->flags & MNPEN_FLAG_DRIVE;
	bool drawing = !running && s->motor_ma > JUDGE_CURRENT_MA;
	bool current, strokes, outside;

	if (running || ran_unseen(judge, s))
		judge->left_running_us = s->time_us;

	/* A stroke that ended just as the drive was cut may still be counted. */
	strokes = !running && new_stroke && !judge->last_running;
	/* Counted from the first current seen, not from the end of RUNNING: a press that a stop
	 * followed at once leaves current behind and no sample of RUNNING. */
	current = judge_lasted(&judge->current_outside, drawing, s->time_us,
			       JUDGE_CURRENT_DECAY_USEC);
	*ret_evidence = flag || strokes || current;

	outside =
		judge_lasted(&judge->drive_outside, flag && !running, s->time_us, JUDGE_DRIVE_USEC);
	current = judge_lasted(&judge->current_outside, drawing, s->time_us,
			       JUDGE_CURRENT_DECAY_USEC + JUDGE_DRIVE_USEC);
	if (outside || current)
		return REASON_DRIVE_ON;
	if (strokes && s->time_us - judge->left_running_us > JUDGE_DRIVE_USEC)
		return REASON_DRIVE_ON;
	return REASON_NONE;
}

enum policy_reason judge_speed(struct judge *judge, const struct mnpen_sample *s)
{
	const struct judge_limits *l = &judge->limits;
	bool driven = judge_driven(s);
	uint64_t driven_us;
	bool fast, slow, stalled;

	if (!driven || !(judge->last_drive || judge->last_running))
		judge->drive_start_us = s->time_us;
	driven_us = s->time_us - judge->drive_start_us;

	fast = (uint32_t)s->speed_rpm * 100 >
	       (uint32_t)l->speed_max_rpm * (100 + MNPEN_OVERSPEED_PERCENT);
	/* Too fast only while driven, for a motor may coast into lower limits; but once it was, a
	 * drive that seems to be off for a sample does not start the time anew. */
	fast = fast && (driven || judge->overspeed.on);
	slow = driven && driven_us >= MNPEN_UNDERSPEED_GRACE_MS * USEC_PER_MSEC &&
	       s->speed_rpm < l->speed_min_rpm;
	stalled = driven && driven_us >= MNPEN_STALL_GRACE_MS * USEC_PER_MSEC &&
		  s->speed_rpm < MNPEN_STALL_RPM;

	fast = judge_lasted(&judge->overspeed, judge->armed && fast, s->time_us,
			    MNPEN_OVERSPEED_MS * USEC_PER_MSEC);
	slow = judge_lasted(&judge->underspeed, judge->armed && slow, s->time_us,
			    MNPEN_UNDERSPEED_MS * USEC_PER_MSEC);
	stalled = judge_lasted(&judge->stalled, judge->armed && stalled, s->time_us,
			       MNPEN_STALL_MS * USEC_PER_MSEC);
	if (fast)
		return REASON_OVERSPEED;
	if (stalled)
		return REASON_STALLED; /* before slow: it is the worse of the two */
	return slow ? REASON_UNDERSPEED : REASON_NONE;
}

static enum policy_reason compare_strokes(const struct judge *judge)
{
	uint64_t least = 0, most = 0, strokes = 0;

	for (unsigned int i = 0; i < JUDGE_STROKE_BUCKETS; i++) {
		least += judge->strokes[i].least_x60m;
		most += judge->strokes[i].most_x60m;
		strokes += judge->strokes[i].strokes;
	}
	least /= STROKE_X60M;
	most /= STROKE_X60M;
	if (strokes > most + most * JUDGE_STROKE_PERCENT / 100 + JUDGE_STROKE_SLACK ||
	    least > strokes + least * JUDGE_STROKE_PERCENT / 100 + JUDGE_STROKE_SLACK)
		return REASON_STROKE_COUNT;
	return REASON_NONE;
}

enum policy_reason judge_strokes(struct judge *judge, const struct mnpen_sample *s)
{
	bool drive = s->flags & MNPEN_FLAG_DRIVE;
	bool faster = s->speed_rpm > judge->last_speed_rpm;
	uint64_t usec = s->time_us - judge->last_time_us;
	enum policy_reason reason = REASON_NONE;
	struct judge_bucket *bucket;

	/* Coasting counts no strokes, so the story is told only while the drive is on. */
	if (!judge->armed || !drive || !judge->last_drive) {
		memset(judge->strokes, 0, sizeof(judge->strokes));
		judge->stroke_bucket_us = s->time_us;
		return REASON_NONE;
	}
	if (s->strokes < judge->last_strokes)
		return REASON_STROKE_COUNT; /* only ARM may set it back */

	bucket = &judge->strokes[judge->stroke_bucket];
	bucket->least_x60m += (faster ? judge->last_speed_rpm : s->speed_rpm) * usec;
	bucket->most_x60m += (faster ? s->speed_rpm : judge->last_speed_rpm) * usec;
	bucket->strokes += s->strokes - judge->last_strokes;

	if (s->time_us - judge->stroke_bucket_us >= JUDGE_STROKE_BUCKET_USEC) {
		reason = compare_strokes(judge);
		judge->stroke_bucket = (judge->stroke_bucket + 1) % JUDGE_STROKE_BUCKETS;
		judge->strokes[judge->stroke_bucket] = (struct judge_bucket){0};
		judge->stroke_bucket_us = s->time_us;
	}
	return reason;
}
