// SPDX-License-Identifier: GPL-2.0-only
/* Strokes counted against the speed that was measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_feed.h"

/* A second at 6000 rpm, 100 strokes, with @strokes counted, evenly. */
static enum policy_reason second(struct feed *f, unsigned int strokes)
{
	for (unsigned int tenth = 0; tenth < 10; tenth++) {
		f->s.strokes += strokes * (tenth + 1) / 10 - strokes * tenth / 10;
		if (feed_ms(f, 100) != 100)
			return f->result.reason;
	}
	return REASON_NONE;
}

static void strokes_against_speed(void **state)
{
	static const struct {
		unsigned int strokes;
		enum policy_reason reason;
	} cases[] = {
		{100, REASON_NONE}, {78, REASON_NONE},		{77, REASON_STROKE_COUNT},
		{122, REASON_NONE}, {123, REASON_STROKE_COUNT}, {0, REASON_STROKE_COUNT},
	};

	for (unsigned int i = 0; i < 6; i++) {
		struct feed f = feed_armed();
		enum policy_reason reason = REASON_NONE;

		judge_target_sent(&f.judge, TARGET_CMD);
		feed_press(&f);
		f.s.speed_rpm = 6000;
		f.count_strokes = false;
		feed(&f); /* the drive was off before it: nothing is compared yet */
		for (unsigned int n = 0; n < 3 && reason == REASON_NONE; n++)
			reason = second(&f, cases[i].strokes);
		assert_int_equal(reason, cases[i].reason);
	}
}

/* Only ARM sets the count back. */
static void strokes_backwards(void **state)
{
	struct feed f = feed_running();
	struct judge_limits limits = f.judge.limits;

	f.count_strokes = false;
	f.s.strokes--;
	assert_int_equal(feed(&f), REASON_STROKE_COUNT);
	feed_release(&f);
	feed(&f);
	judge_arm(&f.judge, &limits, ARM_CMD);
	f.s.strokes = 0;
	assert_int_equal(feed(&f), REASON_NONE);
}

/* What is off by little in one run is not added to the next. */
static void strokes_of_each_run(void **state)
{
	struct feed f = feed_armed();

	judge_target_sent(&f.judge, TARGET_CMD);
	f.count_strokes = false;
	for (unsigned int n = 0; n < 8; n++) {
		feed_press(&f);
		f.s.speed_rpm = 6000;
		assert_int_equal(feed(&f), REASON_NONE);
		f.s.strokes += 6; /* of 10, and 4 may be missing */
		assert_int_equal(feed_ms(&f, 150), 150);
		feed_release(&f);
		assert_int_equal(feed_ms(&f, 20), 20);
	}
}

/* In a gap while the motor speeds up nobody knows when it did. */
static void gap_in_spin_up(void **state)
{
	for (unsigned int strokes = 0; strokes <= 5; strokes++) {
		struct feed f = feed_armed();

		judge_target_sent(&f.judge, TARGET_CMD);
		f.count_strokes = false;
		feed_press(&f);
		f.s.speed_rpm = 0;
		feed(&f);
		f.s.speed_rpm = 6000;
		f.s.strokes += strokes;
		assert_int_equal(feed_after(&f, MAX_AGE_USEC), REASON_NONE);
		f.count_strokes = true;
		assert_int_equal(feed_ms(&f, 2000), 2000);
	}
}

/* Between drive and coasting nothing is counted, however long the gap. */
static void gap_at_the_ends(void **state)
{
	struct feed f = feed_armed();

	f.judge.limits.max_age_usec = 200000;
	judge_target_sent(&f.judge, TARGET_CMD);
	f.count_strokes = false;
	f.s.speed_rpm = TARGET_RPM; /* it coasts */
	feed(&f);
	feed_press(&f);
	assert_int_equal(feed_after(&f, 200000), REASON_NONE);
	assert_int_equal(feed(&f), REASON_NONE);
	f.s.state = MNPEN_STATE_ARMED;
	f.s.flags = 0;
	assert_int_equal(feed_after(&f, 200000), REASON_NONE);
}

static void strokes_unarmed(void **state)
{
	struct feed f = feed_running();

	judge_disarm(&f.judge);
	f.count_strokes = false;
	assert_int_equal(feed_ms(&f, 2000), 2000);
	f.s.strokes--;
	assert_int_equal(feed(&f), REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strokes_against_speed), cmocka_unit_test(strokes_backwards),
		cmocka_unit_test(strokes_of_each_run),	 cmocka_unit_test(gap_in_spin_up),
		cmocka_unit_test(gap_at_the_ends),	 cmocka_unit_test(strokes_unarmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
