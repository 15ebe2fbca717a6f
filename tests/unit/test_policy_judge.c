// SPDX-License-Identifier: GPL-2.0-only
/* What one sample may not say, and what a stream may not: order, holes, depth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_feed.h"

/* ---- order and holes ---- */

struct order_case {
	int64_t seq_step, time_step;
	enum policy_reason reason;
	uint32_t missing;
};

static void order(void **state)
{
	static const struct order_case cases[] = {
		{1, 1000, REASON_NONE, 0},
		{1, 1, REASON_NONE, 0},
		{2, 1000, REASON_NONE, 1},
		{50, 50000, REASON_NONE, 49},
		{0, 1000, REASON_ORDER, 0},
		{-1, 1000, REASON_ORDER, 0},
		{1, 0, REASON_ORDER, 0},
		{1, -1, REASON_ORDER, 0},
		{INT32_MAX, 1000, REASON_NONE, INT32_MAX - 1},
		{(int64_t)INT32_MAX + 1, 1000, REASON_ORDER, 0},
		{1, 50000, REASON_NONE, 0},
		{1, 50001, REASON_MISSING, 0},
		{60, 60000, REASON_MISSING, 59},
		/* by its numbers, whatever its clock says; up to here a sample is 1 ms */
		{51, 1000, REASON_NONE, 50},
		{52, 1000, REASON_MISSING, 51},
		{1000001, 1000, REASON_MISSING, 1000000},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct feed f = feed_armed();

		f.judge.limits.period_usec = i < 10 ? 0 : 1000; /* before: only the clock counts */
		f.s.seq += (uint32_t)(cases[i].seq_step - 1);
		assert_int_equal(feed_after(&f, (uint64_t)cases[i].time_step), cases[i].reason);
		assert_int_equal(f.result.missing, cases[i].missing);
		/* whatever it was, it is the base of the next */
		assert_int_equal(feed(&f), REASON_NONE);
	}
}

/* After 50 days seq wraps; that is no disorder. */
static void seq_wraps(void **state)
{
	struct feed f = {.s = {.seq = UINT32_MAX - 2, .time_us = 1}};

	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(feed(&f), REASON_NONE);
		assert_int_equal(f.result.missing, 0);
	}
	assert_int_equal(f.s.seq, 2);
}

/* At rest a hole is nothing, and the first sample of a stream follows none. */
static void holes_at_rest(void **state)
{
	struct feed f = {.s = {.seq = 77, .time_us = 1}};

	assert_int_equal(feed(&f), REASON_NONE);
	assert_int_equal(f.result.missing, 0);
	assert_int_equal(feed_after(&f, 10000000), REASON_NONE);

	f = feed_armed();
	judge_reset(&f.judge);
	assert_int_equal(feed_after(&f, 10000000), REASON_NONE);
}

/* Disorder must not wash away what belongs to the ARM. */
static void disorder_keeps_the_arm(void **state)
{
	struct feed f = feed_running();
	uint32_t run_ms = judge_run_ms(&f.judge, &f.s);

	assert_in_range(run_ms, 998, 1000);
	assert_int_equal(feed_after(&f, 0), REASON_ORDER);
	assert_true(f.result.drive_evidence);
	assert_int_equal(judge_run_ms(&f.judge, &f.s), run_ms);
	assert_true(f.judge.armed);
	assert_int_equal(f.judge.target_um, TARGET_UM);
	f.s.depth_um = LIMIT_UM + TOLERANCE_UM + 1;
	assert_int_equal(feed(&f), REASON_DEPTH_LIMIT);
}

/* ---- depth ---- */

/* The limit holds whatever else the sample says. */
static void depth_limit(void **state)
{
	for (unsigned int pen_state = 0; pen_state <= MNPEN_STATE_MAX; pen_state++) {
		for (int over = -1; over <= 1; over++) {
			struct feed f = feed_armed();

			f.s.state = (uint8_t)pen_state;
			f.s.flags = MNPEN_FLAG_ENABLED;
			f.s.depth_um = (uint16_t)(LIMIT_UM + TOLERANCE_UM + over);
			assert_int_equal(feed(&f), over > 0 ? REASON_DEPTH_LIMIT : REASON_NONE);
			judge_disarm(&f.judge);
			assert_int_equal(feed(&f), REASON_NONE);
		}
	}
}

/* 16 bits of limit and of tolerance are more than 16 bits. */
static void depth_limit_does_not_wrap(void **state)
{
	struct feed f = feed_armed();

	f.judge.limits.depth_um = UINT16_MAX;
	f.judge.limits.tolerance_um = 1;
	f.s.depth_um = UINT16_MAX;
	assert_int_equal(feed(&f), REASON_NONE);
}

/* One more stroke, so deep. */
static enum policy_reason stroke(struct feed *f, unsigned int depth_um)
{
	f->count_strokes = false;
	f->s.depth_um = (uint16_t)depth_um;
	f->s.strokes++;
	/* 3000 a minute: one in 20 ms */
	for (unsigned int ms = 0; ms < 19; ms++)
		if (feed(f) != REASON_NONE)
			return f->result.reason;
	return feed(f);
}

static void depth_target(void **state)
{
	static const unsigned int off[] = {TARGET_UM - TOLERANCE_UM - 1,
					   TARGET_UM + TOLERANCE_UM + 1};
	static const unsigned int good[] = {TARGET_UM - TOLERANCE_UM, TARGET_UM,
					    TARGET_UM + TOLERANCE_UM};

	for (unsigned int i = 0; i < 2; i++) {
		struct feed f = feed_running();

		for (unsigned int j = 0; j < 3; j++) {
			assert_int_equal(stroke(&f, off[i]), REASON_NONE);
			assert_int_equal(stroke(&f, off[1 - i]), REASON_NONE);
			assert_int_equal(stroke(&f, good[j]), REASON_NONE);
		}
		assert_int_equal(stroke(&f, off[i]), REASON_NONE);
		assert_int_equal(stroke(&f, off[1 - i]), REASON_NONE);
		assert_int_equal(stroke(&f, off[i]), REASON_DEPTH_TARGET);
	}
}

/* The same stroke in many samples is one stroke; and only RUNNING makes strokes. */
static void strokes_not_samples(void **state)
{
	struct feed f = feed_running();

	f.count_strokes = false;
	f.s.depth_um = TARGET_UM + TOLERANCE_UM + 1;
	assert_int_equal(feed_ms(&f, 20), 20);
	f.s.state = MNPEN_STATE_ARMED;
	f.s.flags = 0;
	for (unsigned int i = 0; i < 3; i++) {
		/* the last strokes of a drive that is just cut */
		f.s.strokes += i == 0;
		assert_int_equal(feed(&f), REASON_NONE);
	}
}

/* From a change until 500 ms after its confirmation either target may be in force. */
static void target_grace(void **state)
{
	const uint64_t grace[] = {499999, 500000, 500001};

	for (unsigned int i = 0; i < 3; i++) {
		struct feed f = feed_running();

		assert_int_equal(stroke(&f, 500), REASON_NONE);
		assert_int_equal(stroke(&f, 500), REASON_NONE);
		judge_target_sent(&f.judge, TARGET_CMD);
		for (unsigned int n = 0; n < 5; n++)
			assert_int_equal(stroke(&f, 500), REASON_NONE);
		judge_target_settled(&f.judge, 650, TARGET_RPM);
		f.s.target_depth_um = 650;
		for (unsigned int n = 0; n < 24; n++)
			assert_int_equal(stroke(&f, 800), REASON_NONE);
		/* 480 ms have gone; three strokes at the very end of the grace count or not */
		f.s.strokes++;
		assert_int_equal(feed_after(&f, grace[i] - 480000), REASON_NONE);
		f.s.strokes++;
		assert_int_equal(feed_after(&f, 20000), REASON_NONE);
		f.s.strokes++;
		assert_int_equal(feed_after(&f, 20000), i ? REASON_DEPTH_TARGET : REASON_NONE);
	}
}

/* Strokes from before a change, or of the ARM before, are not held against the new target. */
static void target_starts_the_count(void **state)
{
	struct feed f = feed_running();
	struct judge_limits limits = f.judge.limits;
	const unsigned int deep_um = TARGET_UM + TOLERANCE_UM + 1;

	assert_int_equal(stroke(&f, deep_um), REASON_NONE);
	assert_int_equal(stroke(&f, deep_um), REASON_NONE);
	judge_target_sent(&f.judge, TARGET_CMD);
	judge_target_settled(&f.judge, TARGET_UM, TARGET_RPM);
	feed_release(&f);
	assert_int_equal(feed_ms(&f, 600), 600);
	feed_press(&f);
	assert_int_equal(stroke(&f, deep_um), REASON_NONE);
	assert_int_equal(stroke(&f, deep_um), REASON_NONE);
	assert_int_equal(stroke(&f, deep_um), REASON_DEPTH_TARGET);

	judge_arm(&f.judge, &limits, ARM_CMD);
	f.judge.trigger_held = false;
	for (unsigned int n = 0; n < 5; n++) /* no target of this ARM yet */
		assert_int_equal(stroke(&f, deep_um), REASON_NONE);
}

/* Needles that are still on their way out are too shallow for 50 ms; too deep they may not be. */
static void needles_extend(void **state)
{
	for (unsigned int deep = 0; deep < 2; deep++) {
		struct feed f = feed_armed();

		feed_press(&f);
		f.count_strokes = false;
		f.s.depth_um = deep ? TARGET_UM + TOLERANCE_UM + 1 : 300;
		for (unsigned int ms = 0; ms < 60; ms++) {
			/* a motor that still coasts strokes at once */
			f.s.strokes += ms % 10 == 0;
			if (feed(&f) != REASON_NONE)
				break;
			/* drive_start is the sample before: strokes at 1, 11, ... 51 ms */
		}
		assert_int_equal(f.result.reason, deep ? REASON_DEPTH_TARGET : REASON_NONE);
		assert_int_equal(f.judge.off_target, deep ? 3 : 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),	  cmocka_unit_test(seq_wraps),
		cmocka_unit_test(holes_at_rest),  cmocka_unit_test(disorder_keeps_the_arm),
		cmocka_unit_test(depth_limit),	  cmocka_unit_test(depth_limit_does_not_wrap),
		cmocka_unit_test(depth_target),	  cmocka_unit_test(strokes_not_samples),
		cmocka_unit_test(target_grace),	  cmocka_unit_test(target_starts_the_count),
		cmocka_unit_test(needles_extend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
