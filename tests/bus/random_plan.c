// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/random_plan.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/bus/random_troubles.h"

#define LENGTH_MIN_MS 6000
#define LENGTH_MAX_MS 10000
#define SETTLE_MS 400 /* at rest, so that what the daemon shows is compared with what is true */

/** struct making - a plan while it is made */
struct making {
	struct plan *plan;
	uint64_t state;
	uint32_t now_ms;
};

/* SplitMix64: one addition and three mixing steps a number; every seed is a good one. */
static uint64_t next(struct making *m)
{
	uint64_t z = m->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint32_t between(struct making *m, uint32_t min, uint32_t max)
{
	return min + (uint32_t)(next(m) % (max - min + 1));
}

static bool chance(struct making *m, uint32_t percent)
{
	return between(m, 1, 100) <= percent;
}

static void rest(struct making *m, uint32_t min_ms, uint32_t max_ms)
{
	m->now_ms += between(m, min_ms, max_ms);
}

static struct plan_action *add(struct making *m, uint32_t at_ms, enum plan_op op)
{
	static struct plan_action beyond;
	struct plan_action *action = &beyond;

	if (m->plan->n < PLAN_ACTIONS_MAX)
		action = &m->plan->actions[m->plan->n++];
	*action = (struct plan_action){.at_ms = at_ms, .op = op};
	return action;
}

static void pen(struct making *m, uint32_t at_ms, const char *text)
{
	struct plan_action *action = add(m, at_ms, PLAN_PEN);

	snprintf(action->text, sizeof(action->text), "%s", text);
}

static void target(struct making *m)
{
	static const uint32_t depths_um[] = {300, 500, 700, 1000};
	static const uint32_t speeds_rpm[] = {4000, 6000, 7500};
	struct plan_action *action = add(m, m->now_ms, PLAN_TARGET);

	action->depth_um = depths_um[between(m, 0, ELEMENTSOF(depths_um) - 1)];
	action->speed_rpm = speeds_rpm[between(m, 0, ELEMENTSOF(speeds_rpm) - 1)];
	if (chance(m, 8)) /* beyond the limit, off the step, beyond the pen */
		action->depth_um = chance(m, 50) ? 1050 : 333;
	if (chance(m, 4))
		action->speed_rpm = 8500;
}

/* From whatever was before to running needles, so far as a plan can know. */
static void episode_run(struct making *m)
{
	pen(m, m->now_ms, "trigger release");
	rest(m, 10, 60);
	if (chance(m, 75))
		add(m, m->now_ms, PLAN_ACKNOWLEDGE);
	if (chance(m, 70))
		add(m, m->now_ms, PLAN_CLEAR_FAULT);
	rest(m, 5, 40);
	if (chance(m, 30)) {
		add(m, m->now_ms, PLAN_END);
		rest(m, 20, 60);
		pen(m, m->now_ms, "cartridge insert");
		rest(m, 5, 20);
	}
	add(m, m->now_ms, PLAN_BEGIN);
	rest(m, 40, 120);
	if (chance(m, 90))
		target(m);
	rest(m, 5, 40);
	add(m, m->now_ms, PLAN_ARM);
	rest(m, 60, 200);
	if (chance(m, 15))
		rest(m, SETTLE_MS, SETTLE_MS + 200);
	pen(m, m->now_ms, "trigger press");
	rest(m, 30, 400);
}

static void episode_operator(struct making *m)
{
	struct plan_action *action;

	switch (between(m, 0, 9)) {
	case 0:
	case 1:
		add(m, m->now_ms, PLAN_STOP);
		break;
	case 2:
		add(m, m->now_ms, PLAN_STOP_ALL);
		break;
	case 3:
		add(m, m->now_ms, PLAN_DISARM);
		break;
	case 4:
		add(m, m->now_ms, PLAN_END);
		break;
	case 5:
		action = add(m, m->now_ms, PLAN_AREA);
		snprintf(action->text, sizeof(action->text), "%s", chance(m, 50) ? "face" : "thin");
		break;
	case 6:
	case 7:
		target(m);
		break;
	case 8:
		add(m, m->now_ms, PLAN_CLIENT_DIES);
		break;
	default:
		/* a stop right behind an arm that may still be waiting */
		action = add(m, m->now_ms, PLAN_POLKIT);
		action->delay_ms = chance(m, 50) ? between(m, 20, 200) : 0;
		add(m, m->now_ms, PLAN_ARM);
		rest(m, 0, 30);
		if (chance(m, 60))
			add(m, m->now_ms, chance(m, 50) ? PLAN_STOP : PLAN_CLIENT_DIES);
		add(m, m->now_ms + 300, PLAN_POLKIT);
		break;
	}
	rest(m, 20, 250);
}

static void episode_hand(struct making *m)
{
	static const char *const hands[] = {
		"trigger release",
		"trigger press",
		"contact on",
		"contact off",
		"sleeve off",
		"sleeve on",
		"button depth+",
		"dial 3",
		"cartridge remove",
		"cartridge insert",
		"cartridge insert aa55",
	};
	size_t which = between(m, 0, ELEMENTSOF(hands) + 3);

	if (which < ELEMENTSOF(hands)) {
		pen(m, m->now_ms, hands[which]);
	} else { /* what a hand does most */
		pen(m, m->now_ms, "trigger release");
		rest(m, 1, 200);
		pen(m, m->now_ms, "trigger press");
	}
	rest(m, 20, 300);
}

static void episode_trouble(struct making *m)
{
	const struct trouble *trouble = random_troubles;
	unsigned int sum = 0, dice;
	uint32_t end_ms;

	for (; trouble->weight; trouble++)
		sum += trouble->weight;
	if (sum == 0)
		return;
	dice = between(m, 0, sum - 1);
	for (trouble = random_troubles; dice >= trouble->weight; trouble++)
		dice -= trouble->weight;
	end_ms = m->now_ms + between(m, 120, 700);
	for (size_t i = 0; i < ELEMENTSOF(trouble->on) && trouble->on[i]; i++)
		pen(m, m->now_ms, trouble->on[i]);
	for (size_t i = 0; i < ELEMENTSOF(trouble->off) && trouble->off[i]; i++)
		pen(m, end_ms, trouble->off[i]);
	/* Mostly one thing goes wrong at a time, and something is done meanwhile. */
	if (chance(m, 30)) {
		rest(m, 20, 200);
		add(m, m->now_ms, chance(m, 50) ? PLAN_STOP : PLAN_DISARM);
	} else if (chance(m, 30)) {
		rest(m, 20, 200);
		pen(m, m->now_ms, "trigger release");
	}
	m->now_ms = chance(m, 75) ? MAX(end_ms, m->now_ms) + 20 : m->now_ms + 100;
}

/* Right after a new target nothing but the limit itself is judged of depth. */
static void episode_deep(struct making *m)
{
	struct plan_action *action = add(m, m->now_ms, PLAN_TARGET);

	action->depth_um = 1000;
	action->speed_rpm = 6000;
	pen(m, m->now_ms, "ignore limits on");
	rest(m, 20, 120);
	pen(m, m->now_ms, chance(m, 50) ? "drift depth 150" : "drift depth 700");
	rest(m, 250, 400);
	pen(m, m->now_ms, "drift depth 0");
	pen(m, m->now_ms, "ignore limits off");
	rest(m, 20, 60);
}

/* A pen that hears less and less, told to stop: how far does the daemon go? */
static void episode_deaf(struct making *m)
{
	static const char *const what[] = {"stop", "lease", "trigger", "alt"};
	uint32_t n = between(m, 2, ELEMENTSOF(what));

	for (uint32_t i = 0; i < n; i++) {
		struct plan_action *on = add(m, m->now_ms, PLAN_PEN);

		snprintf(on->text, sizeof(on->text), "ignore %s on", what[i]);
	}
	rest(m, 20, 100);
	add(m, m->now_ms, chance(m, 70) ? PLAN_STOP : PLAN_DISARM);
	rest(m, 500, 700);
	for (uint32_t i = 0; i < n; i++) {
		struct plan_action *off = add(m, m->now_ms, PLAN_PEN);

		snprintf(off->text, sizeof(off->text), "ignore %s off", what[i]);
	}
	rest(m, 20, 100);
}

static void episode_hang(struct making *m)
{
	add(m, m->now_ms, PLAN_HANG);
	rest(m, 20, 700);
	add(m, m->now_ms, PLAN_RESUME);
	rest(m, 50, 200);
}

/* What happens at the same time keeps its order. */
static void sort(struct plan *plan)
{
	for (size_t i = 1; i < plan->n; i++) {
		struct plan_action action = plan->actions[i];
		size_t at = i;

		for (; at > 0 && plan->actions[at - 1].at_ms > action.at_ms; at--)
			plan->actions[at] = plan->actions[at - 1];
		plan->actions[at] = action;
	}
}

void plan_make(struct plan *plan, uint64_t seed)
{
	struct making m = {.plan = plan, .state = seed};
	uint32_t length_ms;

	memset(plan, 0, sizeof(*plan));
	plan->seed = seed;
	length_ms = between(&m, LENGTH_MIN_MS, LENGTH_MAX_MS - 1500);
	episode_run(&m);
	while (m.now_ms < length_ms) {
		uint32_t dice = between(&m, 1, 100);

		if (dice <= 60)
			episode_trouble(&m);
		else if (dice <= 71)
			episode_operator(&m);
		else if (dice <= 80)
			episode_hand(&m);
		else if (dice <= 86)
			episode_deep(&m);
		else if (dice <= 92)
			episode_deaf(&m);
		else if (dice <= 95)
			episode_hang(&m);
		else
			rest(&m, SETTLE_MS, SETTLE_MS + 400);
		/* What was done to it mostly ended the run. */
		if (chance(&m, dice <= 60 ? 80 : 50))
			episode_run(&m);
	}
	sort(plan);
}

const char *plan_words(const struct plan_action *a, char *buf, size_t size)
{
	static const char *const words[] = {
		[PLAN_PEN] = "pen",
		[PLAN_BEGIN] = "BeginSession",
		[PLAN_AREA] = "SetArea",
		[PLAN_TARGET] = "SetTarget",
		[PLAN_ARM] = "Arm",
		[PLAN_DISARM] = "Disarm",
		[PLAN_STOP] = "Stop",
		[PLAN_STOP_ALL] = "StopAll",
		[PLAN_CLEAR_FAULT] = "ClearFault",
		[PLAN_END] = "End",
		[PLAN_ACKNOWLEDGE] = "AcknowledgeAlarm",
		[PLAN_CLIENT_DIES] = "the operator's connection closes",
		[PLAN_POLKIT] = "polkit thinks, ms:",
		[PLAN_HANG] = "the daemon hangs",
		[PLAN_RESUME] = "the daemon goes on",
	};

	if (a->op == PLAN_TARGET)
		snprintf(buf, size, "%s %u um %u rpm", words[a->op], a->depth_um, a->speed_rpm);
	else if (a->op == PLAN_POLKIT)
		snprintf(buf, size, "%s %u", words[a->op], a->delay_ms);
	else
		snprintf(buf, size, "%s%s%s", words[a->op], a->text[0] ? " " : "", a->text);
	return buf;
}
