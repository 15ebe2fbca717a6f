/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The judgement of the guard: is a sample within what was armed? Pure: no clock, no lock, no
 * allocation, and none of the daemon's code, so that an error there is not one here. The caller
 * holds a lock over each call.
 */
#ifndef MNPEN_KMOD_GUARD_H
#define MNPEN_KMOD_GUARD_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h> /* tests/unit/test_kmod_guard.c */
#endif

/* What a pen may be off at most, whatever it declares of itself. */
#define GUARD_TOLERANCE_MAX_UM 150

/**
 * struct guard_limits - what was armed
 * @cmd: number of the ARM
 * @run_limit_ms: motor time
 * @depth_um: limit of the depth, without tolerance
 * @speed_min_rpm: less is too slow
 * @speed_max_rpm: more is too fast
 */
struct guard_limits {
	__u32 cmd;
	__u32 run_limit_ms;
	__u16 depth_um;
	__u16 speed_min_rpm;
	__u16 speed_max_rpm;
};

/**
 * struct guard_span - since when something is so, by the pen's clock and by ours
 * @on: it is so
 * @pen_us: the pen's time of the first such sample
 * @host_ns: our time of it
 */
struct guard_span {
	bool on;
	__u64 pen_us;
	__u64 host_ns;
};

/**
 * struct guard - the state of the judgement; all zero is a pen that nobody armed
 * @armed: @limits hold
 * @driven: the last sample shows the drive on
 * @timed: @last_us is the time of a sample since the ARM
 * @cause: why the guard stopped the pen, until the next ARM: the number of the STOP, 0 = it did not
 * @tolerance_um: added to the limit of the depth
 * @limits: what was armed last
 * @last_us: the pen's time of the last sample
 * @armed_ns: when @limits began to hold
 * @next_stop_ns: no STOP before that. A pen that was just stopped takes a moment.
 * @run: the motor runs
 * @fast: it runs too fast
 * @slow: it runs too slowly
 */
struct guard {
	bool armed;
	bool driven;
	bool timed;
	__u16 cause;
	__u16 tolerance_um;
	struct guard_limits limits;
	__u64 last_us;
	__u64 armed_ns;
	__u64 next_stop_ns;
	struct guard_span run;
	struct guard_span fast;
	struct guard_span slow;
};

/**
 * guard_read_limits() - the limits that an ARM record holds
 * @arm: MNPEN_GUARD_ARM_SIZE bytes
 */
struct guard_limits guard_read_limits(const __u8 *arm);

/**
 * guard_read_tolerance() - the tolerance that a pen declares, held to GUARD_TOLERANCE_MAX_UM
 * @info: MNPEN_GUARD_INFO_SIZE bytes
 */
__u16 guard_read_tolerance(const __u8 *info);

/**
 * guard_arm() - the pen has accepted these limits
 * @guard: of the pen
 * @limits: from now on
 * @tolerance_um: of the pen
 * @now_ns: CLOCK_BOOTTIME
 */
void guard_arm(struct guard *guard, const struct guard_limits *limits, __u16 tolerance_um,
	       __u64 now_ns);

/**
 * guard_disarm() - the pen was told to stop, or has stopped by itself
 * @guard: of the pen
 * @cause: the guard's own reason, 0 if it was somebody else's
 * @now_ns: CLOCK_BOOTTIME; a drive that is still on is given 100 ms from here
 */
void guard_disarm(struct guard *guard, __u16 cause, __u64 now_ns);

/**
 * guard_judge() - one packet, in the order of arrival
 * @guard: of the pen
 * @data: the packet
 * @len: its length
 * @now_ns: CLOCK_BOOTTIME at its arrival
 *
 * Return: 0, or the number of the STOP (MNPEN_GUARD_STOP_*) that is to go out now. The guard is
 * disarmed then, and asks for another STOP every 100 ms for as long as the drive is on.
 */
__u16 guard_judge(struct guard *guard, const __u8 *data, __u32 len, __u64 now_ns);

#endif
