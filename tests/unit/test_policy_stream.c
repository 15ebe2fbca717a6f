// SPDX-License-Identifier: GPL-2.0-only
/*
 * Judge, freshness and state machine together on whole streams: minutes of honest pens, in which
 * nothing may stop them, and bytes without sense, in which depth beyond the limit always does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/policy/fresh.h"
#include "daemon/policy/fsm.h"
#include "daemon/policy/judge.h"
#include "tests/shared/policy_pen.h"

#define PENS 16
#define PEN_SECONDS 40
#define QUEUE 64
#define HAND_MIN_US 60000u /* no hand is faster */
#define MAX_AGE_USEC 50000u
#define HOST_USEC 900000000000ULL /* the host's clock at the pen's zero */

/* Both ends of the wire, and the samples on it. */
struct link {
	struct policy_pen pen;
	struct judge judge;
	struct fsm fsm;
	struct fresh fresh;
	struct mnpen_sample queue[QUEUE];
	unsigned int queued, lost;
	uint64_t lost_us; /* newest loss */
	uint16_t seen_um; /* depth in the newest sample delivered */
	unsigned int period_ms;
	struct judge_limits limits;
	uint32_t cmd;
	uint32_t target_cmd; /* under way; 0 = none */
	uint16_t target_um, target_rpm;
	bool enable;	   /* a target is in force */
	uint64_t lease_us; /* when the last one went out; 0 = none in this ARM */
	uint64_t hand_us;  /* when the hand changes its mind */
	bool stopped;	   /* by the host: the next reason is its own */
	unsigned int armed, started, paused, targets, stops, overtaken, gaps;
};

static uint64_t host_now(const struct link *link)
{
	return link->pen.s.time_us + HOST_USEC;
}

static void step(struct link *link, const struct fsm_input *input)
{
	uint64_t epoch = link->fsm.epoch;
	uint32_t effects = fsm_step(&link->fsm, input, host_now(link));

	if (effects & FSM_SEND_STOP) {
		if (!link->stopped)
			fail_msg("stopped an honest pen: %s", policy_reason_name(link->fsm.reason));
		assert_int_equal(link->fsm.reason, REASON_REQUEST);
		assert_true(link->fsm.epoch > epoch);
		policy_pen_stop(&link->pen);
	}
	assert_false(effects & (FSM_SEND_ALT0 | FSM_SEND_RESET | FSM_RAISE_ALARM | FSM_FAULTED));
	if (effects & FSM_DISARMED)
		judge_disarm(&link->judge);
	link->armed += !!(effects & FSM_CONFIRMED);
	link->started += !!(effects & FSM_STARTED);
	link->paused += !!(effects & FSM_PAUSED);
	link->stops += !!(effects & FSM_STOPPED);
}

static void host_target(struct link *link)
{
	uint32_t span_um = link->limits.depth_um - 100u;
	uint32_t span_rpm = (uint32_t)link->limits.speed_max_rpm - link->limits.speed_min_rpm - 200;

	link->target_rpm = (uint16_t)(link->limits.speed_min_rpm + 100u +
				      policy_pen_random(&link->pen, span_rpm));
	link->target_um = (uint16_t)(100 + policy_pen_random(&link->pen, span_um + 1));
	link->target_cmd = ++link->cmd;
	link->targets++;
	judge_target_sent(&link->judge, link->target_cmd);
	policy_pen_target(&link->pen, link->target_cmd, link->target_um, link->target_rpm);
}

static void host_stop(struct link *link)
{
	link->overtaken += link->fsm.state == FSM_ARMING;
	link->stopped = true;
	link->target_cmd = 0;
	step(link, &(struct fsm_input){.event = FSM_EV_STOP, .reason = REASON_REQUEST});
	link->stopped = false;
}

static void host_arm(struct link *link)
{
	struct judge_limits *l = &link->limits;

	*l = (struct judge_limits){
		.depth_um = (uint16_t)(250 + policy_pen_random(&link->pen, 2250)),
		.tolerance_um = POLICY_PEN_TOLERANCE_UM,
		.speed_min_rpm = 1800,
		.speed_max_rpm = (uint16_t)(3000 + policy_pen_random(&link->pen, 6000)),
		.run_left_ms = 600000,
		.max_age_usec = MAX_AGE_USEC,
		.lease_ms = (uint16_t)(100 + policy_pen_random(&link->pen, 901)),
	};
	if (link->seen_um > l->depth_um) /* needles that still retract from a deeper ARM */
		return;
	link->cmd++;
	policy_pen_arm(&link->pen, link->cmd, l->lease_ms);
	judge_arm(&link->judge, l, link->cmd);
	link->enable = false;
	link->lease_us = 0;
	step(link, &(struct fsm_input){
			   .event = FSM_EV_ARM,
			   .cmd = link->cmd,
			   .arm_timeout_usec = 10000000,
		   });
}

/* A quarter of the lease after the last, at once when a target came into force; some are lost. */
static void host_lease(struct link *link)
{
	uint64_t now_us = link->pen.s.time_us;

	if (!fsm_lease_wanted(&link->fsm) || now_us < link->lease_us + link->limits.lease_ms * 250u)
		return;
	judge_lease_sent(&link->judge, link->enable);
	link->lease_us = now_us;
	if (policy_pen_random(&link->pen, 10))
		policy_pen_lease(&link->pen, link->enable);
}

static void deliver(struct link *link, const struct mnpen_sample *s)
{
	struct judge_result result = judge_sample(&link->judge, s);
	enum fsm_state before = link->fsm.state;

	if (result.reason != REASON_NONE)
		fail_msg(
			"%s in %s: pen %u at %llu us, seq %u, depth %u of %u, speed %u, strokes %u",
			policy_reason_name(result.reason), fsm_state_name(before), s->state,
			(unsigned long long)s->time_us, s->seq, s->depth_um, link->target_um,
			s->speed_rpm, s->strokes);
	fresh_update(&link->fresh, host_now(link), s->time_us);
	assert_true(fresh_age_usec(&link->fresh, host_now(link)) <= MAX_AGE_USEC);
	link->gaps += !!result.missing;
	link->seen_um = s->depth_um;
	step(link, &(struct fsm_input){
			   .event = FSM_EV_SAMPLE,
			   .sample = s,
			   .drive_evidence = result.drive_evidence,
		   });
	if (before == FSM_ARMING && link->fsm.state == FSM_ARMED) {
		judge_armed_sample(&link->judge, s);
		host_target(link);
	} else if (link->target_cmd && s->last_cmd == link->target_cmd) {
		judge_target_settled(&link->judge, link->target_um, link->target_rpm);
		link->enable = true;
		link->lease_us = 0;
		link->target_cmd = 0;
	}
	host_lease(link);
}

/* Samples come late by up to 10 ms, in bursts, and some not at all for up to 35 ms. */
static void wire(struct link *link)
{
	unsigned int keep = policy_pen_random(&link->pen, 11) / link->period_ms;

	if (link->pen.s.time_us > link->lost_us + 100000 &&
	    policy_pen_random(&link->pen, 1000 / link->period_ms) == 0)
		link->lost = 1 + policy_pen_random(&link->pen, 35 / link->period_ms);
	if (link->lost) {
		link->lost--;
		link->lost_us = link->pen.s.time_us;
	} else {
		link->queue[link->queued++] = link->pen.s;
	}
	while (link->queued > keep) {
		struct mnpen_sample s = link->queue[0];

		link->queued--;
		memmove(link->queue, link->queue + 1, link->queued * sizeof(s));
		deliver(link, &s);
	}
}

static void hand(struct link *link)
{
	static const uint32_t pace_us[] = {1, 40000, 400000, 3000000};
	uint32_t most = pace_us[policy_pen_random(&link->pen, 4)];

	if (link->pen.s.time_us < link->hand_us)
		return;
	policy_pen_trigger(&link->pen, !link->pen.trigger);
	link->hand_us = link->pen.s.time_us + HAND_MIN_US + policy_pen_random(&link->pen, most);
}

static void host(struct link *link)
{
	switch (link->fsm.state) {
	case FSM_IDLE:
		if (policy_pen_random(&link->pen, 30) == 0)
			host_arm(link);
		break;
	case FSM_ARMING:
		if (policy_pen_random(&link->pen, 4) == 0)
			host_stop(link);
		break;
	case FSM_ARMED:
	case FSM_RUNNING:
		if (policy_pen_random(&link->pen, 4000 / link->period_ms) == 0)
			host_stop(link);
		else if (!link->target_cmd &&
			 policy_pen_random(&link->pen, 700 / link->period_ms) == 0)
			host_target(link);
		break;
	case FSM_ABSENT:
	case FSM_STOPPING:
	case FSM_FAULT:
		break;
	}
}

static void honest_pens(void **state)
{
	unsigned int armed = 0, started = 0, targets = 0, overtaken = 0, gaps = 0;

	for (unsigned int n = 0; n < PENS; n++) {
		struct link link = {.period_ms = 1 + n % 4};
		uint32_t period_us = 1000 * link.period_ms;

		policy_pen_init(&link.pen, n);
		link.cmd = link.pen.s.last_cmd;
		step(&link, &(struct fsm_input){.event = FSM_EV_ATTACH, .sample = &link.pen.s});
		for (uint64_t us = 0; us < PEN_SECONDS * 1000000ULL; us += period_us) {
			policy_pen_step(&link.pen, period_us);
			hand(&link);
			host(&link);
			wire(&link);
			step(&link, &(struct fsm_input){.event = FSM_EV_TICK});
		}
		armed += link.armed;
		started += link.started;
		targets += link.targets;
		overtaken += link.overtaken;
		gaps += link.gaps;
		assert_true(link.paused > 0 && link.stops > 0);
	}
	/* that it was about something */
	assert_true(armed > 100 && started > 300 && targets > 500 && overtaken > 50 && gaps > 300);
}

/* ---- bytes without sense ---- */

static uint32_t random32(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*seed >> 32);
}

/* Any sample that decodes; most follow the last one in order, or nothing else would be judged. */
static void nonsense_sample(uint64_t *seed, struct mnpen_sample *s)
{
	uint8_t bytes[MNPEN_SAMPLE_SIZE];
	struct mnpen_sample last = *s, r;

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)random32(seed);
	bytes[16] %= MNPEN_STATE_MAX + 1;
	bytes[19] &= MNPEN_FAULTS_ALL >> 8;
	bytes[34] %= 101;
	bytes[35] %= MNPEN_STOP_MAX + 1;
	bytes[46] = bytes[47] = 0;
	assert_int_equal(mnpen_sample_decode(&r, bytes, sizeof(bytes)), 0);

	*s = r;
	if (random32(seed) % 64) {
		s->seq = last.seq + 1;
		s->time_us = last.time_us + 1 + random32(seed) % 2000;
	}
	if (random32(seed) % 8) {
		s->faults = 0;
		s->strokes = last.strokes + random32(seed) % 2;
		s->run_ms = last.run_ms;
		s->depth_um %= 1400;
	}
	if (random32(seed) % 8) {
		s->state = last.state;
		s->flags = last.flags;
		s->last_cmd = last.last_cmd;
		s->speed_rpm = (uint16_t)(2000 + random32(seed) % 3000);
	}
}

static void check_live(const struct fsm *before, const struct fsm *after, uint32_t effects,
		       const struct fsm_input *input)
{
	bool was = before->state >= FSM_ARMING && before->state <= FSM_RUNNING;
	bool is = after->state >= FSM_ARMING && after->state <= FSM_RUNNING;

	assert_in_range(after->state, FSM_ABSENT, FSM_FAULT);
	assert_true(after->epoch >= before->epoch);
	if (input->event == FSM_EV_SAMPLE && input->reason != REASON_NONE)
		assert_false(is);
	if (is && !was)
		assert_int_equal(input->event, FSM_EV_ARM);
	if (was && !is && input->event != FSM_EV_REFUSED) {
		assert_true(effects & FSM_DISARMED);
		assert_true(after->epoch > before->epoch);
		assert_true(effects & FSM_SEND_STOP || after->state == FSM_ABSENT);
	}
	if (before->state == FSM_STOPPING && after->state == FSM_IDLE)
		assert_false(input->drive_evidence);
}

static void nonsense(void **state)
{
	static const struct judge_limits limits = {
		.depth_um = 1000,
		.tolerance_um = 100,
		.speed_min_rpm = 2400,
		.speed_max_rpm = 4500,
		.run_left_ms = 100000,
		.max_age_usec = MAX_AGE_USEC,
	};
	struct mnpen_sample s = {0};
	struct judge judge = {0};
	struct fsm fsm = {0}, before;
	unsigned int deep = 0, passed = 0;
	uint64_t seed = 42, now = 1;

	for (unsigned int n = 0; n < 1000000; n++) {
		struct fsm_input input = {.event = FSM_EV_SAMPLE, .sample = &s};
		struct judge_result result;
		uint32_t effects;

		if (random32(&seed) % 16 == 0)
			judge_arm(&judge, &limits, s.last_cmd + 2);
		if (random32(&seed) % 64 == 0)
			judge_target_settled(&judge, (uint16_t)(random32(&seed) % 1000), 3000);
		if (random32(&seed) % 128 == 0)
			judge_armed_sample(&judge, &s);
		nonsense_sample(&seed, &s);
		result = judge_sample(&judge, &s);
		if (judge.armed && s.depth_um > 1100) {
			assert_int_not_equal(result.reason, REASON_NONE);
			deep++;
		}
		passed += judge.armed && result.reason == REASON_NONE;

		input.reason = result.reason;
		input.drive_evidence = result.drive_evidence;
		if (random32(&seed) % 4 == 0) {
			input.event = (enum fsm_event)(random32(&seed) % FSM_EVENTS);
			input.cmd = s.last_cmd;
			input.arm_timeout_usec = random32(&seed);
			input.session_end_usec = random32(&seed) % 2 ? now + 50000 : 0;
		}
		now += random32(&seed) % 20000;
		before = fsm;
		effects = fsm_step(&fsm, &input, now);
		check_live(&before, &fsm, effects, &input);
		if (random32(&seed) % 256 == 0)
			judge_disarm(&judge);
		(void)judge_run_ms(&judge, &s);
	}
	assert_true(deep > 10000 && passed > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_pens),
		cmocka_unit_test(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
