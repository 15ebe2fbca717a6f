// SPDX-License-Identifier: GPL-2.0-only
/* The whole table of the safety state machine: every state, every event, every kind of sample. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/policy_fsm.h"

#define NOW (T0 + 1000) /* before anything is due */

/*
 * What can come of an event, a letter each. Where it disarms, FSM_DISARMED comes along if the state
 * was ARMING, ARMED or RUNNING.
 */
#define KEEP 255     /* as it was */
#define OF_EVENT 254 /* the reason that the event brought */

struct outcome {
	char letter;
	unsigned char state;
	uint32_t effects;
	uint64_t epochs; /* raised by */
	unsigned int reason;
	bool disarms;
};

static const struct outcome outcomes[] = {
	{'.', KEEP, 0, 0, KEEP, false},
	{'i', FSM_IDLE, 0, 0, KEEP, false},
	{'g', FSM_ARMING, 0, 0, KEEP, false},
	{'F', FSM_FAULT, FSM_FAULTED, 0, KEEP, false},
	{'c', FSM_ARMED, FSM_CONFIRMED, 0, KEEP, false},
	{'p', FSM_ARMED, FSM_PAUSED, 0, KEEP, false},
	{'r', FSM_RUNNING, FSM_STARTED, 0, KEEP, false},
	{'s', FSM_IDLE, FSM_STOPPED, 0, KEEP, false},
	{'t', FSM_FAULT, FSM_STOPPED | FSM_FAULTED, 0, KEEP, false},
	/* stops */
	{'J', FSM_STOPPING, FSM_SEND_STOP, 1, OF_EVENT, true},
	{'U', FSM_STOPPING, FSM_SEND_STOP, 1, REASON_UNEXPECTED_ARM, true},
	{'X', FSM_STOPPING, FSM_SEND_STOP, 1, REASON_UNDECODABLE, true},
	{'P', FSM_STOPPING, FSM_SEND_STOP, 1, REASON_PEN, true},
	{'Q', FSM_STOPPING, FSM_SEND_STOP, 1, REASON_FAULT, true},
	{'C', FSM_STOPPING, FSM_SEND_STOP, 1, REASON_UNCONFIRMED, true},
	{'A', FSM_STOPPING, FSM_SEND_STOP, 1, REASON_ARM_TIMEOUT, true},
	{'L', FSM_STOPPING, FSM_SEND_STOP, 1, REASON_SESSION_LIMIT, true},
	/* rest by itself */
	{'e', FSM_IDLE, FSM_SEND_STOP, 1, REASON_PEN, true},
	{'f', FSM_FAULT, FSM_SEND_STOP | FSM_FAULTED, 1, REASON_FAULT, true},
	/* STOP to a pen that rests or stops, or is not there */
	{'S', KEEP, FSM_SEND_STOP, 1, KEEP, false},
	{'0', KEEP, 0, 1, KEEP, false},
	/* gone */
	{'G', FSM_ABSENT, 0, 1, REASON_GONE, true},
	{'H', FSM_ABSENT, 0, 1, KEEP, false},
	/* escalation's first step */
	{'E', KEEP, FSM_SEND_STOP, 0, KEEP, false},
};

static bool live(enum fsm_state state)
{
	return state == FSM_ARMING || state == FSM_ARMED || state == FSM_RUNNING;
}

static void check(const struct fsm *start, const struct fsm_input *input, uint64_t now_usec,
		  char letter, const char *what)
{
	const struct outcome *o = outcomes;
	struct fsm fsm = *start;
	uint32_t effects, expected;

	while (o->letter != letter)
		assert_true(++o < outcomes + sizeof(outcomes) / sizeof(outcomes[0]));
	effects = fsm_step(&fsm, input, now_usec);
	expected = o->effects | (o->disarms && live(start->state) ? FSM_DISARMED : 0);
	if (fsm.state != (o->state == KEEP ? start->state : o->state) || effects != expected ||
	    fsm.epoch != start->epoch + o->epochs ||
	    fsm.reason != (o->reason == KEEP	   ? start->reason
			   : o->reason == OF_EVENT ? input->reason
						   : o->reason))
		fail_msg("%s, %s: not '%c' but state %s, effects %#x, epoch %llu, reason %s",
			 fsm_state_name(start->state), what, letter, fsm_state_name(fsm.state),
			 effects, (unsigned long long)fsm.epoch, policy_reason_name(fsm.reason));
	if (o->state != KEEP && fsm.state != start->state)
		assert_int_equal(fsm.since_usec, now_usec);
}

/* What the judge may say, by class. */
enum judged { PASSED, DISORDER, DRIVEN, WRONG };
static const enum policy_reason judged_reasons[][4] = {
	[PASSED] = {REASON_NONE},
	[DISORDER] = {REASON_ORDER, REASON_UNDECODABLE, REASON_MISSING},
	[DRIVEN] = {REASON_DRIVE_ON},
	[WRONG] = {REASON_DEPTH_LIMIT, REASON_RUN_LIMIT, REASON_FAULT},
};

struct row {
	enum fsm_state state;
	enum judged judged;
	bool evidence;
	const char *cells; /* pen BOOT, IDLE, ARMED, RUNNING, FAULT, a number that is no state */
};

static const unsigned int pen_states[] = {
	MNPEN_STATE_BOOT,    MNPEN_STATE_IDLE,	MNPEN_STATE_ARMED,
	MNPEN_STATE_RUNNING, MNPEN_STATE_FAULT, 99,
};

static void check_row(const struct fsm *start, const struct row *row, uint32_t last_cmd)
{
	char what[80];

	assert_int_equal(strlen(row->cells), 6);
	for (unsigned int cell = 0; cell < 6; cell++) {
		struct mnpen_sample s = {
			.state = (uint8_t)pen_states[cell],
			.last_cmd = last_cmd,
		};

		for (unsigned int i = 0; i < 4; i++) {
			struct fsm_input input = {
				.event = FSM_EV_SAMPLE,
				.reason = judged_reasons[row->judged][i],
				.sample = &s,
				.drive_evidence = row->evidence,
			};

			if (i && input.reason == REASON_NONE)
				break;
			snprintf(what, sizeof(what), "pen in %u, %s, evidence %d, cmd %u",
				 pen_states[cell], policy_reason_name(input.reason), row->evidence,
				 last_cmd);
			check(start, &input, NOW, row->cells[cell], what);
		}
	}
}

static const struct row sample_rows[] = {
	{FSM_ABSENT, PASSED, false, "......"},	   {FSM_ABSENT, PASSED, true, "......"},
	{FSM_ABSENT, DISORDER, false, "......"},   {FSM_ABSENT, DISORDER, true, "......"},
	{FSM_ABSENT, DRIVEN, false, "......"},	   {FSM_ABSENT, DRIVEN, true, "......"},
	{FSM_ABSENT, WRONG, false, "......"},	   {FSM_ABSENT, WRONG, true, "......"},

	{FSM_IDLE, PASSED, false, "..UUFX"},	   {FSM_IDLE, PASSED, true, "..UUFX"},
	{FSM_IDLE, DISORDER, false, "......"},	   {FSM_IDLE, DISORDER, true, "JJJJJJ"},
	{FSM_IDLE, DRIVEN, false, "JJJJJJ"},	   {FSM_IDLE, DRIVEN, true, "JJJJJJ"},
	{FSM_IDLE, WRONG, false, "JJJJJJ"},	   {FSM_IDLE, WRONG, true, "JJJJJJ"},

	{FSM_ARMED, PASSED, false, "ee.rfX"},	   {FSM_ARMED, PASSED, true, "PP.rQX"},
	{FSM_ARMED, DISORDER, false, "JJJJJJ"},	   {FSM_ARMED, DISORDER, true, "JJJJJJ"},
	{FSM_ARMED, DRIVEN, false, "JJJJJJ"},	   {FSM_ARMED, DRIVEN, true, "JJJJJJ"},
	{FSM_ARMED, WRONG, false, "JJJJJJ"},	   {FSM_ARMED, WRONG, true, "JJJJJJ"},

	{FSM_RUNNING, PASSED, false, "eep.fX"},	   {FSM_RUNNING, PASSED, true, "PPp.QX"},
	{FSM_RUNNING, DISORDER, false, "JJJJJJ"},  {FSM_RUNNING, DISORDER, true, "JJJJJJ"},
	{FSM_RUNNING, DRIVEN, false, "JJJJJJ"},	   {FSM_RUNNING, DRIVEN, true, "JJJJJJ"},
	{FSM_RUNNING, WRONG, false, "JJJJJJ"},	   {FSM_RUNNING, WRONG, true, "JJJJJJ"},

	{FSM_STOPPING, PASSED, false, "ss..t."},   {FSM_STOPPING, PASSED, true, "......"},
	{FSM_STOPPING, DISORDER, false, "......"}, {FSM_STOPPING, DISORDER, true, "......"},
	{FSM_STOPPING, DRIVEN, false, "ss..t."},   {FSM_STOPPING, DRIVEN, true, "......"},
	{FSM_STOPPING, WRONG, false, "ss..t."},	   {FSM_STOPPING, WRONG, true, "......"},

	{FSM_FAULT, PASSED, false, "iiUU.X"},	   {FSM_FAULT, PASSED, true, "iiUU.X"},
	{FSM_FAULT, DISORDER, false, "......"},	   {FSM_FAULT, DISORDER, true, "JJJJJJ"},
	{FSM_FAULT, DRIVEN, false, "JJJJJJ"},	   {FSM_FAULT, DRIVEN, true, "JJJJJJ"},
	{FSM_FAULT, WRONG, false, "JJJJJJ"},	   {FSM_FAULT, WRONG, true, "JJJJJJ"},
};

/* In ARMING it counts whether the sample is of a time before or after the pen took ARM. */
static const struct row arming_before[] = {
	{FSM_ARMING, PASSED, false, "..UUfX"},	 {FSM_ARMING, PASSED, true, "..UUQX"},
	{FSM_ARMING, DISORDER, false, "JJJJJJ"}, {FSM_ARMING, DISORDER, true, "JJJJJJ"},
	{FSM_ARMING, DRIVEN, false, "JJJJJJ"},	 {FSM_ARMING, DRIVEN, true, "JJJJJJ"},
	{FSM_ARMING, WRONG, false, "JJJJJJ"},	 {FSM_ARMING, WRONG, true, "JJJJJJ"},
};
static const struct row arming_after[] = {
	{FSM_ARMING, PASSED, false, "eecUfX"},	 {FSM_ARMING, PASSED, true, "PPcUQX"},
	{FSM_ARMING, DISORDER, false, "JJJJJJ"}, {FSM_ARMING, DISORDER, true, "JJJJJJ"},
	{FSM_ARMING, DRIVEN, false, "JJJJJJ"},	 {FSM_ARMING, DRIVEN, true, "JJJJJJ"},
	{FSM_ARMING, WRONG, false, "JJJJJJ"},	 {FSM_ARMING, WRONG, true, "JJJJJJ"},
};

static void samples(void **state)
{
	for (size_t i = 0; i < sizeof(sample_rows) / sizeof(sample_rows[0]); i++) {
		struct fsm start = fsm_in(sample_rows[i].state);

		check_row(&start, &sample_rows[i], ARM_CMD);
		check_row(&start, &sample_rows[i], 0);
	}
	for (size_t i = 0; i < sizeof(arming_before) / sizeof(arming_before[0]); i++) {
		struct fsm start = fsm_in(FSM_ARMING);

		check_row(&start, &arming_before[i], ARM_CMD - 1);
		check_row(&start, &arming_before[i], ARM_CMD + 1);
		check_row(&start, &arming_after[i], ARM_CMD);
	}
}

/* Rows of STOPPING where the pen's word does not do: drive evidence before, an ARM under way. */
static void samples_in_doubt(void **state)
{
	static const struct row doubted = {FSM_STOPPING, PASSED, false, "......"};
	static const struct row trusted = {FSM_STOPPING, PASSED, false, "ss..t."};
	struct fsm start = fsm_in(FSM_STOPPING);

	start.reason = REASON_DRIVE_ON;
	check_row(&start, &doubted, ARM_CMD);
	start.reason = REASON_REQUEST;
	start.arm_cmd = ARM_CMD;
	check_row(&start, &doubted, ARM_CMD - 1);
	check_row(&start, &trusted, ARM_CMD);
}

/* A packet that is no sample has none. */
static void without_sample(void **state)
{
	for (unsigned int i = 0; i < FSM_STATES; i++) {
		struct fsm start = fsm_in((enum fsm_state)i);
		struct fsm_input input = {.event = FSM_EV_SAMPLE, .reason = REASON_UNDECODABLE};

		check(&start, &input, NOW, live(start.state) ? 'J' : '.', "undecodable");
		input.reason = REASON_NONE;
		check(&start, &input, NOW, '.', "no sample");
	}
}

struct event_row {
	enum fsm_event event;
	const char *cells; /* by enum fsm_state */
	uint64_t now_usec;
	uint64_t session_end_usec;
};

static const struct event_row event_rows[] = {
	/* ABSENT IDLE ARMING ARMED RUNNING STOPPING FAULT */
	{FSM_EV_DETACH, ".GGGGHG", NOW, 0},
	{FSM_EV_ARM, "0gJJJSS", NOW, 0},
	{FSM_EV_REFUSED, "..i....", NOW, 0},
	{FSM_EV_STOP, "0SJJJSS", NOW, 0},
	{FSM_EV_ATTACH, ".......", NOW, 0}, /* without a sample */
	{FSM_EV_TICK, ".......", NOW, 0},
	{FSM_EV_TICK, "..CA.E.", T0 + ARM_TIMEOUT_USEC, 0},
	{FSM_EV_TICK, "..CLLE.", T0 + ARM_TIMEOUT_USEC, T0 + ARM_TIMEOUT_USEC},
	{FSM_EV_TICK, "..CLLE.", T0 + 600000, T0 + 600000},
	{FSM_EV_TICK, "..C..E.", T0 + 600000, T0 + 600001},
};

static void events(void **state)
{
	for (size_t row = 0; row < sizeof(event_rows) / sizeof(event_rows[0]); row++) {
		const struct event_row *r = &event_rows[row];
		struct fsm_input input = {
			.event = r->event,
			.reason = r->event == FSM_EV_ARM ? REASON_UNEXPECTED_ARM : REASON_PEDAL,
			.cmd = 9,
		};
		char what[40];

		assert_int_equal(strlen(r->cells), FSM_STATES);
		snprintf(what, sizeof(what), "event %d in row %zu", r->event, row);
		for (unsigned int i = 0; i < FSM_STATES; i++) {
			struct fsm start = fsm_in((enum fsm_state)i);

			start.session_end_usec = r->session_end_usec;
			check(&start, &input, r->now_usec, r->cells[i], what);
		}
	}
}

/* ATTACH by the state in which the pen comes; only ABSENT takes it. */
static void attach(void **state)
{
	static const char cells[] = "iiUUFX";

	for (unsigned int cell = 0; cell < 6; cell++) {
		struct mnpen_sample s = {.state = (uint8_t)pen_states[cell]};
		struct fsm_input input = {.event = FSM_EV_ATTACH, .sample = &s};

		for (unsigned int i = 0; i < FSM_STATES; i++) {
			struct fsm start = fsm_in((enum fsm_state)i);

			check(&start, &input, NOW, i == FSM_ABSENT ? cells[cell] : '.', "attach");
		}
	}
}

static void arm_takes_its_times(void **state)
{
	struct fsm fsm = fsm_in(FSM_IDLE);
	struct fsm_input input = {
		.event = FSM_EV_ARM,
		.cmd = 77,
		.arm_timeout_usec = 1234567,
		.session_end_usec = T0 + 99000000,
	};

	fsm_step(&fsm, &input, NOW);
	assert_int_equal(fsm.arm_cmd, 77);
	assert_int_equal(fsm_sample(&fsm, MNPEN_STATE_ARMED, 77, false, NOW + 1), FSM_CONFIRMED);
	assert_int_equal(fsm_deadline_usec(&fsm), NOW + 1 + 1234567);
	assert_int_equal(fsm.session_end_usec, T0 + 99000000);
}

static void names_and_leases(void **state)
{
	static const char *const names[] = {"absent",  "idle",	   "arming", "armed",
					    "running", "stopping", "fault"};

	for (unsigned int i = 0; i < FSM_STATES; i++) {
		struct fsm fsm = fsm_in((enum fsm_state)i);

		assert_string_equal(fsm_state_name(fsm.state), names[i]);
		assert_int_equal(fsm_lease_wanted(&fsm), i == FSM_ARMED || i == FSM_RUNNING);
	}
}

/* Numbers that are no state, event or stage: STOP goes out, or nothing happens; no lease. */
static void nonsense(void **state)
{
	struct fsm fsm = fsm_in((enum fsm_state)99), running = fsm_in(FSM_RUNNING);

	assert_string_equal(fsm_state_name(fsm.state), "unknown");
	assert_false(fsm_lease_wanted(&fsm));
	assert_int_equal(fsm_deadline_usec(&fsm), 0);
	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, NOW), FSM_SEND_STOP);
	assert_int_equal(fsm_event(&fsm, FSM_EV_SAMPLE, NOW), FSM_SEND_STOP);
	assert_int_equal(fsm_event(&fsm, FSM_EV_STOP, NOW), FSM_SEND_STOP);
	assert_int_equal(fsm_event(&fsm, FSM_EV_ARM, NOW), FSM_SEND_STOP);
	assert_int_equal(fsm_event(&running, (enum fsm_event)99, NOW),
			 FSM_SEND_STOP | FSM_DISARMED);
	assert_int_equal(running.state, FSM_STOPPING);
	running.stage = (enum fsm_stage)99;
	assert_int_equal(fsm_event(&running, FSM_EV_TICK, NOW + FSM_ESCALATE_USEC), FSM_SEND_RESET);
}

/* At the end of time even what is never due is due; then nothing at rest moves, all else stops. */
static void end_of_time(void **state)
{
	for (unsigned int i = 0; i < FSM_STATES; i++) {
		struct fsm fsm = fsm_in((enum fsm_state)i);
		uint32_t effects = fsm_event(&fsm, FSM_EV_TICK, UINT64_MAX);

		assert_int_equal(effects & FSM_DISARMED,
				 live((enum fsm_state)i) ? FSM_DISARMED : 0);
		if (!live((enum fsm_state)i))
			assert_int_equal(fsm.state, i);
	}
}

/* A timeout beyond the clock's end is over at once, rather than never. */
static void timeout_wraps(void **state)
{
	struct fsm fsm = fsm_in(FSM_ARMED);

	fsm.arm_timeout_usec = UINT64_MAX;
	assert_int_equal(fsm_event(&fsm, FSM_EV_TICK, NOW), FSM_SEND_STOP | FSM_DISARMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples),	    cmocka_unit_test(samples_in_doubt),
		cmocka_unit_test(without_sample),   cmocka_unit_test(events),
		cmocka_unit_test(attach),	    cmocka_unit_test(arm_takes_its_times),
		cmocka_unit_test(names_and_leases), cmocka_unit_test(nonsense),
		cmocka_unit_test(end_of_time),	    cmocka_unit_test(timeout_wraps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
