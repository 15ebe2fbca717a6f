/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judging samples: is what the pen says within the limits, and can it be true?
 *
 * Times are counted on the pen's own clock (time_us), so that a late host judges the same as a
 * prompt one. One struct judge per pen; every sample of the stream goes through it once, in order
 * of arrival, armed or not. Pure: no clock, no I/O, no allocation; any bytes that decode are
 * judged.
 */
#ifndef MNPEN_POLICY_JUDGE_H
#define MNPEN_POLICY_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/policy/reason.h"
#include "driver/proto/records.h"

#define JUDGE_OFF_TARGET_STROKES 3	   /* running, before DEPTH_TARGET */
#define JUDGE_TARGET_GRACE_USEC 500000ULL  /* after a change of target */
#define JUDGE_EXTEND_USEC 50000ULL	   /* too shallow is nothing while needles still extend */
#define JUDGE_DRIVE_USEC 100000ULL	   /* drive flag or strokes outside RUNNING */
#define JUDGE_CURRENT_DECAY_USEC 600000ULL /* a motor that was cut may still turn so long */
#define JUDGE_CURRENT_MA 50		   /* above: the motor is driven */
#define JUDGE_TRIGGER_USEC 100000ULL	   /* running on with the trigger released */
#define JUDGE_RUN_SLACK_MS 50		   /* the pen's own RUN_LIMIT comes first */
#define JUDGE_STROKE_BUCKETS 10		   /* of JUDGE_STROKE_BUCKET_USEC: one second */
#define JUDGE_STROKE_BUCKET_USEC 100000ULL
#define JUDGE_STROKE_PERCENT 20
#define JUDGE_STROKE_SLACK 2
/* The end of the lease, as the pen tells it, may jitter by an eighth of the lease, within: */
#define JUDGE_LEASE_SLACK_MIN_US 5000u
#define JUDGE_LEASE_SLACK_MAX_US 20000u
#define JUDGE_LEASES_MAX 8 /* on their way to the pen and back in its samples, at most */

/** struct judge_limits - what a sample is judged against while armed */
struct judge_limits {
	uint16_t depth_um;
	uint16_t tolerance_um;
	uint16_t speed_min_rpm;
	uint16_t speed_max_rpm;
	uint32_t run_left_ms;  /* of the session's allowance, at this ARM */
	uint32_t max_age_usec; /* a hole in the stream longer than that is a trip */
	uint32_t period_usec;  /* of the stream: what a missing seq stands for; 0 = not known */
	uint16_t lease_ms;
	bool cartridge; /* the pen has a tag reader: without a cartridge nothing runs */
};

/** struct judge_since - how long a condition has lasted, on the pen's clock */
struct judge_since {
	bool on;
	uint64_t since_us;
};

struct judge_bucket {
	/* sums of rpm * microseconds, 60,000,000 a stroke: each interval at the lower and at the
	 * higher of the speeds at its ends, so that a gap during spin-up says what it knows */
	uint64_t least_x60m;
	uint64_t most_x60m;
	uint32_t strokes;
};

/** struct judge_orders - what the pen was told since ARM, and what it has shown of that */
struct judge_orders {
	uint32_t cmd;	       /* the newest command sent */
	uint32_t cmd_shown;    /* the newest that a sample showed */
	bool enabled;	       /* a lease with enable = 1 went out */
	unsigned int leases;   /* sent, and not yet seen to lengthen the lease */
	uint64_t lease_end_us; /* by the pen's own word and clock */
};

/** struct judge - zero-initialise; judge_reset() when the stream starts anew */
struct judge {
	struct judge_limits limits;
	bool armed;	/* limits are valid */
	bool confirmed; /* the pen's counters are of this ARM */
	bool primed;	/* last_* are valid */
	uint32_t last_seq;
	uint64_t last_time_us;
	uint32_t last_strokes;
	uint32_t last_run_ms;
	uint16_t last_speed_rpm;
	bool last_running;
	bool last_drive;

	struct judge_orders orders;
	uint16_t target_um; /* 0 = none yet */
	uint16_t target_rpm;
	bool target_pending; /* sent, not yet confirmed: either may be in force */
	uint64_t target_grace_until_us;
	unsigned int off_target;

	bool trigger_held; /* since ARM, never seen released */
	uint64_t drive_start_us;
	uint64_t run_usec; /* driven since ARM, counted here */
	uint64_t left_running_us;

	struct judge_since overspeed, underspeed, stalled, drive_outside, current_outside,
		trigger_ignored;
	struct judge_bucket strokes[JUDGE_STROKE_BUCKETS];
	unsigned int stroke_bucket;
	uint64_t stroke_bucket_us; /* start of the newest bucket */
};

/** struct judge_result - about one sample */
struct judge_result {
	enum policy_reason reason; /* REASON_NONE = passed */
	uint32_t missing;	   /* samples that seq says are missing before this one */
	bool drive_evidence;	   /* flag, current or new strokes say that the motor is driven */
};

/** judge_reset() - the stream starts anew (attach, SET_STREAM): what came before says nothing of
 * what comes. What belongs to the ARM (limits, target, trigger, run time) stays. */
void judge_reset(struct judge *judge);

/** judge_arm() - ARM number @cmd goes out: from now on samples are judged against @limits; the run
 * counters start at 0. Not
 * while the newest sample shows needles deeper than @limits: that they still retract from a run
 * under other limits (25 ms) is no excuse here. */
void judge_arm(struct judge *judge, const struct judge_limits *limits, uint32_t cmd);

/** judge_armed_sample() - the sample that confirmed ARM: a trigger that is down in it starts
 * nothing */
void judge_armed_sample(struct judge *judge, const struct mnpen_sample *sample);

/** judge_disarm() - limits no longer hold; order, drive and current are still judged */
void judge_disarm(struct judge *judge);

/** judge_target_sent() - target number @cmd went out: until it is settled either may be in force */
void judge_target_sent(struct judge *judge, uint32_t cmd);

/** judge_target_settled() - the target in force (new if confirmed, old if refused; 0 = none) */
void judge_target_settled(struct judge *judge, uint16_t depth_um, uint16_t speed_rpm);

/** judge_lease_sent() - a lease went out. The pen may say that its lease grew once for each. */
void judge_lease_sent(struct judge *judge, bool enable);

/**
 * judge_sample() - judge one sample of the stream
 *
 * The first reason found counts, worst first: order, depth, drive, our own orders, faults, a hole
 * in the stream, trigger, speed, strokes, run time. seq may wrap around, as it does after 50 days
 * at 1 kHz. After REASON_ORDER the sample becomes the new base, so that an idle pen recovers by
 * itself.
 */
struct judge_result judge_sample(struct judge *judge, const struct mnpen_sample *sample);

/** judge_run_ms() - motor time since ARM: the pen's count or ours, whichever is larger; before the
 * pen confirmed ARM its count is still that of the ARM before, and ours alone holds */
uint32_t judge_run_ms(const struct judge *judge, const struct mnpen_sample *sample);

#endif
