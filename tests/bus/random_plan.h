/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens to a pen in a random run: hand, body, cable, misbehaviour and operator, with times.
 * A function of the seed alone, so that a seed replays.
 */
#ifndef MNPEN_RANDOM_PLAN_H
#define MNPEN_RANDOM_PLAN_H

#include <stddef.h>
#include <stdint.h>

#define PLAN_ACTIONS_MAX 160
#define PLAN_TEXT_MAX 40

enum plan_op {
	PLAN_PEN, /* @text to the control socket of the virtual pen */
	PLAN_BEGIN,
	PLAN_AREA,   /* @text */
	PLAN_TARGET, /* @depth_um, @speed_rpm */
	PLAN_ARM,
	PLAN_DISARM,
	PLAN_STOP,
	PLAN_STOP_ALL,
	PLAN_CLEAR_FAULT,
	PLAN_END,
	PLAN_ACKNOWLEDGE, /* every alarm that stands */
	PLAN_CLIENT_DIES, /* the operator's connection closes; a new one is opened */
	PLAN_POLKIT,	  /* thinks @delay_ms from now on */
	PLAN_HANG,	  /* the daemon gets no processor ... */
	PLAN_RESUME,	  /* ... until here */
};

struct plan_action {
	uint32_t at_ms; /* since the start of the run */
	enum plan_op op;
	char text[PLAN_TEXT_MAX];
	uint32_t depth_um;
	uint32_t speed_rpm;
	uint32_t delay_ms;
};

struct plan {
	uint64_t seed;
	size_t n;
	struct plan_action actions[PLAN_ACTIONS_MAX];
};

/** plan_make() - the run of @seed, sorted by time, 6 to 10 s long */
void plan_make(struct plan *plan, uint64_t seed);

/** plan_words() - an action as a line for people, into @buf; returns @buf */
const char *plan_words(const struct plan_action *action, char *buf, size_t size);

#endif
