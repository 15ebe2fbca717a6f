/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the judge that looks at the motor: drive, speed, strokes. Inside daemon/policy only.
 */
#ifndef MNPEN_POLICY_JUDGE_MOTOR_H
#define MNPEN_POLICY_JUDGE_MOTOR_H

#include "daemon/policy/judge.h"

/**
 * judge_lasted() - keep the time of a condition
 * Return: whether it has held without a break for @at_least_us, on the clock of @time_us.
 */
bool judge_lasted(struct judge_since *since, bool condition, uint64_t time_us,
		  uint64_t at_least_us);

/** judge_driven() - by the pen's own word: RUNNING, or the drive flag in whatever state */
bool judge_driven(const struct mnpen_sample *sample);

/** judge_drive() - is the motor driven while the pen does not claim to run? */
enum policy_reason judge_drive(struct judge *judge, const struct mnpen_sample *sample,
			       bool new_stroke, bool *ret_evidence);

/** judge_speed() - too fast, too slow, stalled: the pen's own fault rules with our limits */
enum policy_reason judge_speed(struct judge *judge, const struct mnpen_sample *sample);

/** judge_strokes() - do strokes counted and speed measured tell the same story? */
enum policy_reason judge_strokes(struct judge *judge, const struct mnpen_sample *sample);

#endif
