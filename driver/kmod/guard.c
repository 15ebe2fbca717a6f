// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judgement of the guard. It reads of docs/protocol.md, "sample" and "arm", what it needs, and
 * has the fault causes from there as well: a second reading of the same page.
 */
#include "driver/kmod/guard.h"

#include "driver/uapi/chardev.h"

/* Where the fields are. */
enum {
	ARM_CMD = 8,
	ARM_DEPTH_LIMIT_UM = 12,
	ARM_SPEED_MIN_RPM = 14,
	ARM_SPEED_MAX_RPM = 16,
	ARM_RUN_LIMIT_MS = 20,
	INFO_DEPTH_TOLERANCE_UM = 10,
	SAMPLE_LAST_CMD = 4,
	SAMPLE_TIME_US = 8,
	SAMPLE_STATE = 16,
	SAMPLE_FLAGS = 17,
	SAMPLE_FAULTS = 18,
	SAMPLE_DEPTH_UM = 20,
	SAMPLE_SPEED_RPM = 22,
	SAMPLE_BATTERY_PCT = 34,
	SAMPLE_STOP_REASON = 35,
	SAMPLE_RUN_MS = 40,
	SAMPLE_RESERVED = 46,
};

enum {
	STATE_ARMED = 2,
	STATE_RUNNING = 3,
	STATE_LAST = 4,
	FLAG_DRIVE_ON = 1 << 7,
	FAULTS_RESERVED = 0xf000,
	BATTERY_PCT_MAX = 100,
	STOP_REASON_LAST = 8,
};

enum {
	FAST_PERCENT = 5,
	FAST_MS = 100,
	SLOW_MS = 200,
	SLOW_GRACE_MS = 500, /* of a motor that starts */
	RUN_GRACE_MS = 500,  /* behind the run limit, where the pen's own count does not tell */
	STOP_MS = 100,	     /* that a pen may take to stop, and between two STOPs */
	STALE_MS = 250,	     /* for which a sample made before the ARM may still come */
	NS_PER_MS = 1000000,
	US_PER_MS = 1000,
};

static __u16 get16(const __u8 *at)
{
	return (__u16)(at[0] | at[1] << 8);
}

static __u32 get32(const __u8 *at)
{
	return (__u32)get16(at) | (__u32)get16(at + 2) << 16;
}

static __u64 get64(const __u8 *at)
{
	return (__u64)get32(at) | (__u64)get32(at + 4) << 32;
}

struct guard_limits guard_read_limits(const __u8 *arm)
{
	struct guard_limits limits = {
		.cmd = get32(arm + ARM_CMD),
		.run_limit_ms = get32(arm + ARM_RUN_LIMIT_MS),
		.depth_um = get16(arm + ARM_DEPTH_LIMIT_UM),
		.speed_min_rpm = get16(arm + ARM_SPEED_MIN_RPM),
		.speed_max_rpm = get16(arm + ARM_SPEED_MAX_RPM),
	};

	return limits;
}

__u16 guard_read_tolerance(const __u8 *info)
{
	__u16 declared_um = get16(info + INFO_DEPTH_TOLERANCE_UM);

	return declared_um < GUARD_TOLERANCE_MAX_UM ? declared_um : GUARD_TOLERANCE_MAX_UM;
}

void guard_arm(struct guard *guard, const struct guard_limits *limits, __u16 tolerance_um,
	       __u64 now_ns)
{
	struct guard armed = {
		.armed = true,
		.tolerance_um = tolerance_um,
		.limits = *limits,
		.armed_ns = now_ns,
	};

	*guard = armed;
}

void guard_disarm(struct guard *guard, __u16 cause, __u64 now_ns)
{
	guard->armed = false;
	if (cause)
		guard->cause = cause;
	guard->next_stop_ns = now_ns + (__u64)STOP_MS * NS_PER_MS;
}

/*
 * Whether something has been so for that long: by the pen's clock, in which a late host makes no
 * difference, or for twice as long by ours, in case that the pen's stands still.
 */
static bool lasts(struct guard_span *span, bool on, __u64 ms, __u64 pen_us, __u64 now_ns)
{
	if (!on || !span->on) {
		span->on = on;
		span->pen_us = pen_us;
		span->host_ns = now_ns;
	}
	return on && (pen_us - span->pen_us >= ms * US_PER_MS ||
		      now_ns - span->host_ns >= 2 * ms * NS_PER_MS);
}

static bool is_sample(const struct guard *guard, const __u8 *data, __u32 len)
{
	return len == MNPEN_GUARD_SAMPLE_SIZE && data[SAMPLE_STATE] <= STATE_LAST &&
	       !(get16(data + SAMPLE_FAULTS) & FAULTS_RESERVED) &&
	       data[SAMPLE_BATTERY_PCT] <= BATTERY_PCT_MAX &&
	       data[SAMPLE_STOP_REASON] <= STOP_REASON_LAST && !get16(data + SAMPLE_RESERVED) &&
	       (!guard->timed || get64(data + SAMPLE_TIME_US) > guard->last_us);
}

static bool is_driven(const __u8 *data)
{
	return data[SAMPLE_STATE] == STATE_RUNNING || data[SAMPLE_FLAGS] & FLAG_DRIVE_ON;
}

/* Made before the pen had the ARM, and only late: other limits held then. */
static bool is_stale(const struct guard *guard, const __u8 *data, __u64 now_ns)
{
	return (__s32)(get32(data + SAMPLE_LAST_CMD) - guard->limits.cmd) < 0 &&
	       now_ns - guard->armed_ns < (__u64)STALE_MS * NS_PER_MS;
}

static __u16 judge_speed(struct guard *guard, const __u8 *data, __u64 now_ns)
{
	__u32 speed_rpm = get16(data + SAMPLE_SPEED_RPM);
	__u64 pen_us = get64(data + SAMPLE_TIME_US);
	bool fast = speed_rpm * 100 > (__u32)guard->limits.speed_max_rpm * (100 + FAST_PERCENT);
	bool running = lasts(&guard->run, is_driven(data), SLOW_GRACE_MS, pen_us, now_ns);
	bool slow = running && speed_rpm < guard->limits.speed_min_rpm;

	if (lasts(&guard->fast, fast, FAST_MS, pen_us, now_ns))
		return MNPEN_GUARD_STOP_SPEED;
	if (lasts(&guard->slow, slow, SLOW_MS, pen_us, now_ns))
		return MNPEN_GUARD_STOP_SLOW;
	return 0;
}

/* By what the pen counts, or, if that stands still, by how long this run alone takes. */
static bool is_too_long(struct guard *guard, const __u8 *data, __u64 now_ns)
{
	__u64 longest_ms = (__u64)guard->limits.run_limit_ms + RUN_GRACE_MS;

	return is_driven(data) &&
	       (get32(data + SAMPLE_RUN_MS) > guard->limits.run_limit_ms ||
		lasts(&guard->run, true, longest_ms, get64(data + SAMPLE_TIME_US), now_ns));
}

static __u16 judge_armed(struct guard *guard, const __u8 *data, __u32 len, __u64 now_ns)
{
	__u32 deepest_um = (__u32)guard->limits.depth_um + guard->tolerance_um;
	__u16 reason;

	if (!is_sample(guard, data, len))
		return MNPEN_GUARD_STOP_BAD_SAMPLE;
	guard->timed = true;
	guard->last_us = get64(data + SAMPLE_TIME_US);
	if (is_stale(guard, data, now_ns))
		return 0;
	if (get16(data + SAMPLE_DEPTH_UM) > deepest_um)
		return MNPEN_GUARD_STOP_DEPTH;
	reason = judge_speed(guard, data, now_ns);
	if (reason)
		return reason;
	if (is_too_long(guard, data, now_ns))
		return MNPEN_GUARD_STOP_RUN_LIMIT;
	/* It has stopped by itself: what moves from now on is armed by nobody. */
	if (data[SAMPLE_STATE] != STATE_ARMED && data[SAMPLE_STATE] != STATE_RUNNING)
		guard_disarm(guard, 0, now_ns);
	return 0;
}

static __u16 judge_unarmed(const struct guard *guard, const __u8 *data, __u32 len, __u64 now_ns)
{
	if (len <= SAMPLE_FLAGS || !is_driven(data) || now_ns < guard->next_stop_ns)
		return 0;
	return guard->cause ? guard->cause : MNPEN_GUARD_STOP_UNARMED;
}

__u16 guard_judge(struct guard *guard, const __u8 *data, __u32 len, __u64 now_ns)
{
	__u16 reason;

	if (len > SAMPLE_FLAGS)
		guard->driven = is_driven(data);
	if (guard->armed)
		reason = judge_armed(guard, data, len, now_ns);
	else
		reason = judge_unarmed(guard, data, len, now_ns);
	if (reason)
		guard_disarm(guard, reason, now_ns);
	return reason;
}
