// SPDX-License-Identifier: GPL-2.0-only
/* The motor: its speed, and a drive outside RUNNING. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/policy/judge_motor.h"
#include "tests/unit/policy_feed.h"

#define NEVER 100000

static void lasted(void **state)
{
	struct judge_since since = {0};

	assert_false(judge_lasted(&since, true, 1000, 10));
	assert_false(judge_lasted(&since, true, 1009, 10));
	assert_true(judge_lasted(&since, true, 1010, 10));
	assert_true(judge_lasted(&since, true, 1011, 10));
	assert_false(judge_lasted(&since, false, 1012, 10));
	assert_false(judge_lasted(&since, true, 1013, 10));
	assert_true(judge_lasted(&since, true, 1023, 10));
}

static void driven(void **state)
{
	for (unsigned int pen_state = 0; pen_state <= MNPEN_STATE_MAX; pen_state++) {
		struct mnpen_sample s = {.state = (uint8_t)pen_state};

		assert_int_equal(judge_driven(&s), pen_state == MNPEN_STATE_RUNNING);
		s.flags = MNPEN_FLAG_DRIVE;
		assert_true(judge_driven(&s));
	}
}

/* ---- speed ---- */

struct speed_case {
	uint16_t min_rpm, rpm;
	unsigned int passes; /* so many samples, a millisecond each, from the start of the drive */
	enum policy_reason reason;
};

static const struct speed_case speeds[] = {
	/* above 105 % of 6000: the first sample starts 100 ms */
	{2400, 6299, NEVER, REASON_NONE},
	{2400, 6300, NEVER, REASON_NONE},
	{2400, 6301, 100, REASON_OVERSPEED},
	{2400, UINT16_MAX, 100, REASON_OVERSPEED},
	/* below the minimum: 200 ms from 500 ms on */
	{2400, 2401, NEVER, REASON_NONE},
	{2400, 2400, NEVER, REASON_NONE},
	{2400, 2399, 700, REASON_UNDERSPEED},
	{301, 300, 700, REASON_UNDERSPEED},
	/* stalled: 200 ms from 400 ms on */
	{0, 301, NEVER, REASON_NONE},
	{0, 300, NEVER, REASON_NONE},
	{0, 299, 600, REASON_STALLED},
	{2400, 0, 600, REASON_STALLED},
};

/* From a speed that is fine to the one of the case, @before_ms after the start. */
static void speed_case(const struct speed_case *c, bool drive, unsigned int before_ms)
{
	struct feed f = feed_armed();
	unsigned int passes;

	f.judge.limits.speed_min_rpm = c->min_rpm;
	judge_target_sent(&f.judge, TARGET_CMD); /* depths are not the matter here */
	feed_press(&f);
	if (!drive)
		f.s.flags = MNPEN_FLAG_TRIGGER |
			    MNPEN_FLAG_ENABLED; /* its word alone, and no strokes */
	assert_int_equal(feed_ms(&f, before_ms), before_ms);
	f.s.speed_rpm = c->rpm;
	passes = feed_ms(&f, 3000);
	if (c->passes == NEVER) {
		assert_int_equal(passes, 3000);
		return;
	}
	assert_int_equal(f.result.reason, c->reason);
	if (before_ms == 0)
		assert_int_equal(passes, c->passes);
	else if (c->reason == REASON_OVERSPEED)
		assert_int_equal(passes, 100);
	else
		assert_int_equal(passes, 200);
}

static void speed(void **state)
{
	for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
		for (unsigned int way = 0; way < 4; way++)
			speed_case(&speeds[i], way % 2, way / 2 * 1000);
}

/* Unarmed nobody set limits. */
static void speed_unarmed(void **state)
{
	struct feed f = feed_armed();

	judge_disarm(&f.judge);
	feed_press(&f);
	f.s.speed_rpm = UINT16_MAX;
	assert_int_equal(feed_ms(&f, 2000), 2000);
	f.s.speed_rpm = 0;
	assert_int_equal(feed_ms(&f, 2000), 2000);
}

/* A good sample starts the time anew: of being too fast, too slow, stalled. */
static void speed_breaks(void **state)
{
	static const struct {
		uint16_t rpm;
		unsigned int ms; /* passes so long */
	} cases[] = {{6301, 100}, {2399, 200}, {299, 200}};

	for (unsigned int i = 0; i < 3; i++) {
		struct feed f = feed_running();

		for (unsigned int n = 0; n < 5; n++) {
			f.s.speed_rpm = cases[i].rpm;
			assert_int_equal(feed_ms(&f, cases[i].ms), cases[i].ms);
			f.s.speed_rpm = TARGET_RPM;
			assert_int_equal(feed(&f), REASON_NONE);
		}
	}
}

/* Too fast, and the drive seems to be off for a sample now and then: no way out. */
static void overspeed_flicker(void **state)
{
	struct feed f = feed_running();

	f.s.speed_rpm = 6301;
	for (unsigned int ms = 0; ms < 100; ms++) {
		f.s.state = ms % 10 == 9 ? MNPEN_STATE_ARMED : MNPEN_STATE_RUNNING;
		f.s.flags = RUNNING_FLAGS & (ms % 10 == 9 ? ~MNPEN_FLAG_DRIVE : ~0u);
		assert_int_equal(feed(&f), REASON_NONE);
	}
	assert_int_equal(feed(&f), REASON_OVERSPEED);
}

/* A motor that coasts after a faster ARM breaks no limit of this one. */
static void coasting_into_lower_limits(void **state)
{
	struct feed f = feed_running();
	struct judge_limits limits = f.judge.limits;

	f.s.speed_rpm = 6301;
	assert_int_equal(feed_ms(&f, 50), 50);
	judge_disarm(&f.judge);
	feed_release(&f);
	f.s.speed_rpm = 6301;
	judge_arm(&f.judge, &limits, ARM_CMD);
	assert_int_equal(feed_ms(&f, 500), 500);
}

/* Each start has its grace. */
static void grace_of_each_start(void **state)
{
	struct feed f = feed_running();

	for (unsigned int n = 0; n < 5; n++) {
		feed_release(&f);
		assert_int_equal(feed_ms(&f, 100), 100);
		feed_press(&f);
		f.s.speed_rpm = 299;
		assert_int_equal(feed_ms(&f, 600), 600);
	}
	feed_release(&f);
	feed(&f);
	feed_press(&f);
	f.s.speed_rpm = 299;
	assert_int_equal(feed_ms(&f, 700), 600);
}

/* What lasted under the limits of one ARM has not lasted under those of the next. */
static void times_of_each_arm(void **state)
{
	static const struct {
		uint16_t rpm;
		uint8_t flags;
		unsigned int ms;
	} cases[] = {
		{6301, RUNNING_FLAGS, 100},
		{2399, RUNNING_FLAGS, 200},
		{299, RUNNING_FLAGS, 200},
		{TARGET_RPM, MNPEN_FLAG_DRIVE, 100}, /* the trigger released */
	};

	for (unsigned int i = 0; i < 4; i++) {
		struct feed f = feed_running();
		struct judge_limits limits = f.judge.limits;

		for (unsigned int n = 0; n < 2; n++) {
			f.s.speed_rpm = cases[i].rpm;
			f.s.flags = cases[i].flags;
			judge_arm(&f.judge, &limits, ARM_CMD);
			f.judge.trigger_held = false;
			assert_int_equal(feed_ms(&f, cases[i].ms), cases[i].ms);
		}
		assert_int_not_equal(feed(&f), REASON_NONE);
	}
}

/* ---- drive ---- */

static void drive_flag_outside(void **state)
{
	for (unsigned int pen_state = 0; pen_state <= MNPEN_STATE_MAX; pen_state++) {
		struct feed f = feed_armed();

		if (pen_state == MNPEN_STATE_RUNNING)
			continue;
		f.s.state = (uint8_t)pen_state;
		for (unsigned int armed = 0; armed < 2; armed++) {
			f.s.flags = MNPEN_FLAG_DRIVE | MNPEN_FLAG_TRIGGER;
			assert_int_equal(feed_ms(&f, 100), 100);
			assert_true(f.result.drive_evidence);
			assert_int_equal(feed(&f), REASON_DRIVE_ON);
			f.s.flags = 0;
			assert_int_equal(feed(&f), REASON_NONE);
			assert_false(f.result.drive_evidence);
			judge_disarm(&f.judge);
		}
	}
}

/* A cut motor may draw current for 600 ms; what it draws later lasts 100 ms to count. */
static void current_outside(void **state)
{
	struct feed f = feed_running();

	assert_true(f.result.drive_evidence);
	feed_release(&f);
	f.s.motor_ma = JUDGE_CURRENT_MA + 1;
	assert_int_equal(feed_ms(&f, 600), 600);
	assert_false(f.result.drive_evidence);
	assert_int_equal(feed(&f), REASON_NONE);
	assert_true(f.result.drive_evidence);
	assert_int_equal(feed_ms(&f, 99), 99);
	assert_int_equal(feed(&f), REASON_DRIVE_ON);

	f.s.motor_ma = JUDGE_CURRENT_MA;
	assert_int_equal(feed_ms(&f, 1000), 1000);
	assert_false(f.result.drive_evidence);
}

/* A press that a stop followed at once: no sample of RUNNING, but the current of one. */
static void current_of_an_unseen_press(void **state)
{
	struct feed f = feed_armed();

	for (unsigned int ms = 0; ms < 600; ms++) {
		f.s.motor_ma = (uint16_t)(1200 - 2 * ms);
		assert_int_equal(feed(&f), REASON_NONE);
		assert_false(f.result.drive_evidence);
	}
}

/* A stream may begin, or begin anew, in a motor's last turns. */
static void current_at_the_start(void **state)
{
	for (unsigned int anew = 0; anew < 2; anew++) {
		struct feed f = {
			.s = {.time_us = 50000000, .state = MNPEN_STATE_IDLE, .motor_ma = 51}};

		feed(&f);
		if (anew) {
			assert_int_equal(feed_ms(&f, 650), 650);
			assert_int_equal(feed_after(&f, 0), REASON_ORDER);
			assert_false(f.result.drive_evidence);
		}
		assert_int_equal(feed_ms(&f, 699), 699);
		assert_int_equal(feed(&f), REASON_DRIVE_ON);
	}
}

static void strokes_outside(void **state)
{
	struct feed f = feed_running();

	f.count_strokes = false;
	feed_release(&f);
	for (unsigned int ms = 1; ms <= 100; ms++) {
		/* the last of the drive that was just cut */
		f.s.strokes++;
		assert_int_equal(feed(&f), REASON_NONE);
		assert_int_equal(f.result.drive_evidence, ms > 1);
	}
	f.s.strokes++;
	assert_int_equal(feed(&f), REASON_DRIVE_ON);

	/* a stream may begin between the cut and the last stroke */
	judge_reset(&f.judge);
	feed(&f);
	f.s.strokes++;
	assert_int_equal(feed(&f), REASON_NONE);
}

/* A run that lay in a gap, by the pen's count of time, may have made them. */
static void strokes_of_an_unseen_run(void **state)
{
	for (unsigned int gap = 0; gap < 2; gap++) {
		for (unsigned int ran = 0; ran < 2; ran++) {
			struct feed f = feed_armed();

			f.s.run_ms = 500;
			feed(&f);
			f.s.strokes += 2;
			f.s.seq += gap * 49;
			f.s.run_ms += ran * 40;
			assert_int_equal(feed_after(&f, MAX_AGE_USEC),
					 gap && ran ? REASON_NONE : REASON_DRIVE_ON);
			assert_true(f.result.drive_evidence);
			/* and the drive that was cut at its end one more */
			feed(&f);
			f.s.strokes++;
			assert_int_equal(feed(&f), gap && ran ? REASON_NONE : REASON_DRIVE_ON);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lasted),
		cmocka_unit_test(driven),
		cmocka_unit_test(speed),
		cmocka_unit_test(speed_unarmed),
		cmocka_unit_test(speed_breaks),
		cmocka_unit_test(overspeed_flicker),
		cmocka_unit_test(coasting_into_lower_limits),
		cmocka_unit_test(grace_of_each_start),
		cmocka_unit_test(times_of_each_arm),
		cmocka_unit_test(drive_flag_outside),
		cmocka_unit_test(current_outside),
		cmocka_unit_test(current_of_an_unseen_press),
		cmocka_unit_test(current_at_the_start),
		cmocka_unit_test(strokes_outside),
		cmocka_unit_test(strokes_of_an_unseen_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
