/* SPDX-License-Identifier: GPL-2.0-only */
/* A judge and the sample it gets next. For the tests of daemon/policy. */
#ifndef MNPEN_TEST_POLICY_FEED_H
#define MNPEN_TEST_POLICY_FEED_H

#include "daemon/policy/judge.h"

#define LIMIT_UM 1000
#define TOLERANCE_UM 100
#define SPEED_MIN_RPM 2400
#define SPEED_MAX_RPM 6000
#define TARGET_UM 800
#define TARGET_RPM 3000
#define RUN_LEFT_MS 60000
#define MAX_AGE_USEC 50000
#define LEASE_MS 300
#define LEASE_EVERY_US 75000
#define ARM_CMD 7
#define TARGET_CMD 8
#define RUNNING_FLAGS (MNPEN_FLAG_TRIGGER | MNPEN_FLAG_ENABLED | MNPEN_FLAG_DRIVE)

struct feed {
	struct judge judge;
	struct judge_result result; /* of the newest sample */
	struct mnpen_sample s;
	bool count_strokes; /* as the speed says, while the drive is on */
	bool keep_lease;    /* the host renews, and the pen says what is left */
	uint64_t phase_x60m;
	uint64_t lease_end_us;
};

/* An honest pen's lease, renewed as often as the host does. */
static inline void feed_lease(struct feed *f)
{
	if (f->s.time_us + LEASE_MS * 1000 >= f->lease_end_us + LEASE_EVERY_US) {
		judge_lease_sent(&f->judge, true);
		f->lease_end_us = f->s.time_us + LEASE_MS * 1000;
	}
	f->s.lease_left_ms = (uint16_t)((f->lease_end_us - f->s.time_us + 999) / 1000);
}

/* The next sample, @usec after the last. */
static inline enum policy_reason feed_after(struct feed *f, uint64_t usec)
{
	f->s.seq++;
	f->s.time_us += usec;
	if (f->count_strokes && f->s.flags & MNPEN_FLAG_DRIVE) {
		f->phase_x60m += f->s.speed_rpm * usec;
		f->s.strokes += (uint32_t)(f->phase_x60m / 60000000);
		f->phase_x60m %= 60000000;
	}
	if (f->keep_lease)
		feed_lease(f);
	f->result = judge_sample(&f->judge, &f->s);
	return f->result.reason;
}

static inline enum policy_reason feed(struct feed *f)
{
	return feed_after(f, 1000);
}

/* @ms samples, or up to the first that does not pass. Return: how many passed. */
static inline unsigned int feed_ms(struct feed *f, unsigned int ms)
{
	for (unsigned int i = 0; i < ms; i++)
		if (feed(f) != REASON_NONE)
			return i;
	return ms;
}

/* As after ARM and a confirmed target, 1 s ago: armed, at rest, nothing pending, no grace. */
static inline struct feed feed_armed(void)
{
	static const struct judge_limits limits = {
		.depth_um = LIMIT_UM,
		.tolerance_um = TOLERANCE_UM,
		.speed_min_rpm = SPEED_MIN_RPM,
		.speed_max_rpm = SPEED_MAX_RPM,
		.run_left_ms = RUN_LEFT_MS,
		.max_age_usec = MAX_AGE_USEC,
		.lease_ms = LEASE_MS,
	};
	struct feed f = {
		.s = {.seq = 100, .time_us = 5000000, .state = MNPEN_STATE_IDLE},
		.count_strokes = true,
	};

	feed(&f);
	judge_arm(&f.judge, &limits, ARM_CMD);
	f.s.state = MNPEN_STATE_ARMED;
	f.s.last_cmd = ARM_CMD;
	f.keep_lease = true;
	feed(&f);
	judge_armed_sample(&f.judge, &f.s);
	judge_target_sent(&f.judge, TARGET_CMD);
	f.s.last_cmd = TARGET_CMD;
	f.s.target_depth_um = TARGET_UM;
	f.s.target_speed_rpm = TARGET_RPM;
	feed(&f);
	judge_target_settled(&f.judge, TARGET_UM, TARGET_RPM);
	feed_ms(&f, 1000);
	return f;
}

/* The hand pressed: from the next sample on at full speed and on target. */
static inline void feed_press(struct feed *f)
{
	f->s.state = MNPEN_STATE_RUNNING;
	f->s.flags = RUNNING_FLAGS;
	f->s.depth_um = TARGET_UM;
	f->s.speed_rpm = TARGET_RPM;
	f->s.motor_ma = 150;
}

/* Armed and pressed since 1 s. */
static inline struct feed feed_running(void)
{
	struct feed f = feed_armed();

	feed_press(&f);
	feed_ms(&f, 1000);
	return f;
}

/* The hand let go: all at rest from the next sample on. */
static inline void feed_release(struct feed *f)
{
	f->s.state = MNPEN_STATE_ARMED;
	f->s.flags = MNPEN_FLAG_ENABLED;
	f->s.depth_um = 0;
	f->s.speed_rpm = 0;
	f->s.motor_ma = 0;
}

#endif
