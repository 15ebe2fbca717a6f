// SPDX-License-Identifier: GPL-2.0-only
/* Who runs the motor and for how long: trigger, faults, run time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_feed.h"

/* ---- trigger ---- */

static void trigger_released(void **state)
{
	static const struct {
		uint8_t state, flags;
	} cases[] = {
		{MNPEN_STATE_RUNNING, MNPEN_FLAG_ENABLED | MNPEN_FLAG_DRIVE},
		{MNPEN_STATE_RUNNING, MNPEN_FLAG_ENABLED},
	};

	for (unsigned int i = 0; i < 2; i++) {
		struct feed f = feed_running();

		f.s.state = cases[i].state;
		f.s.flags = cases[i].flags;
		/* the first one starts the time, the one 100 ms later is too late */
		assert_int_equal(feed_ms(&f, 100), 100);
		assert_int_equal(feed(&f), REASON_TRIGGER_IGNORED);

		f = feed_running();
		f.s.flags = cases[i].flags;
		assert_int_equal(feed_ms(&f, 100), 100);
		f.s.flags = RUNNING_FLAGS;
		assert_int_equal(feed(&f), REASON_NONE);
		f.s.flags = cases[i].flags;
		assert_int_equal(feed_ms(&f, 100), 100);
	}
}

/* State that flickers while the drive stays on does not start the time anew. */
static void trigger_released_and_flicker(void **state)
{
	struct feed f = feed_running();

	f.s.flags = MNPEN_FLAG_ENABLED | MNPEN_FLAG_DRIVE;
	for (unsigned int ms = 0; ms < 100; ms++) {
		f.s.state = ms % 2 ? MNPEN_STATE_RUNNING : MNPEN_STATE_ARMED;
		assert_int_equal(feed(&f), REASON_NONE);
	}
	assert_int_equal(feed(&f), REASON_TRIGGER_IGNORED);
}

static void trigger_held(void **state)
{
	struct feed f = feed_armed();

	f.s.flags = MNPEN_FLAG_TRIGGER;
	judge_armed_sample(&f.judge, &f.s); /* down in the sample that confirmed ARM */
	assert_int_equal(feed_ms(&f, 500), 500);
	feed_press(&f);
	assert_int_equal(feed(&f), REASON_TRIGGER_HELD);

	/* once seen released it may start */
	judge_armed_sample(&f.judge, &f.s);
	feed_release(&f);
	assert_int_equal(feed(&f), REASON_NONE);
	feed_press(&f);
	assert_int_equal(feed(&f), REASON_NONE);
}

/* Pressed while nothing enabled it, then enabled: an edge starts the motor, never a level. */
static void trigger_before_the_pedal(void **state)
{
	struct feed f = feed_armed();

	f.s.flags = MNPEN_FLAG_TRIGGER;
	assert_int_equal(feed(&f), REASON_NONE);
	f.s.flags = MNPEN_FLAG_TRIGGER | MNPEN_FLAG_ENABLED;
	assert_int_equal(feed(&f), REASON_NONE);
	feed_press(&f);
	assert_int_equal(feed(&f), REASON_TRIGGER_HELD);

	f = feed_armed();
	f.s.flags = MNPEN_FLAG_TRIGGER;
	assert_int_equal(feed(&f), REASON_NONE);
	f.s.flags = MNPEN_FLAG_ENABLED;
	assert_int_equal(feed(&f), REASON_NONE);
	feed_press(&f);
	assert_int_equal(feed(&f), REASON_NONE);

	/* Disabled while it ran, with the finger on it. */
	feed_release(&f);
	f.s.flags = MNPEN_FLAG_TRIGGER;
	assert_int_equal(feed(&f), REASON_NONE);
	feed_press(&f);
	assert_int_equal(feed(&f), REASON_TRIGGER_HELD);

	/* Pressed while it may: what the pen says an instant later is no matter. */
	f = feed_armed();
	f.s.flags = MNPEN_FLAG_TRIGGER | MNPEN_FLAG_ENABLED;
	assert_int_equal(feed(&f), REASON_NONE);
	feed_press(&f);
	assert_int_equal(feed(&f), REASON_NONE);
}

/* Between ARM and its confirmation it counts as held, for nobody can have pressed for this ARM. */
static void trigger_before_confirmation(void **state)
{
	struct feed f = feed_armed();
	struct judge_limits limits = f.judge.limits;

	judge_arm(&f.judge, &limits, ARM_CMD);
	feed_press(&f);
	assert_int_equal(feed(&f), REASON_TRIGGER_HELD);
}

/* ---- faults, run time ---- */

static void faults_without_fault(void **state)
{
	for (unsigned int pen_state = 0; pen_state <= MNPEN_STATE_MAX; pen_state++) {
		struct feed f = feed_armed();
		bool wrong = pen_state == MNPEN_STATE_ARMED || pen_state == MNPEN_STATE_RUNNING;

		f.s.state = (uint8_t)pen_state;
		f.s.flags = pen_state == MNPEN_STATE_RUNNING ? RUNNING_FLAGS : 0;
		f.s.faults = MNPEN_FAULT_OVERDEPTH;
		assert_int_equal(feed(&f), wrong ? REASON_FAULT : REASON_NONE);
		judge_disarm(&f.judge);
		assert_int_equal(feed(&f), REASON_NONE);
	}
}

/* Armed or running without the cartridge, on a pen that can tell. */
static void cartridge_gone(void **state)
{
	for (unsigned int running = 0; running <= 1; running++) {
		struct feed f = running ? feed_running() : feed_armed();

		assert_int_equal(feed(&f), REASON_NONE); /* without a reader it says nothing */
		f.judge.limits.cartridge = true;
		f.s.flags |= MNPEN_FLAG_CARTRIDGE;
		assert_int_equal(feed(&f), REASON_NONE);
		f.s.flags &= (uint8_t)~MNPEN_FLAG_CARTRIDGE;
		assert_int_equal(feed(&f), REASON_CARTRIDGE);
		f.s.state = MNPEN_STATE_FAULT; /* as it should be */
		f.s.flags = 0;
		assert_int_equal(feed(&f), REASON_NONE);
	}
}

static void run_limit_by_the_pen(void **state)
{
	for (int over = -1; over <= 1; over++) {
		struct feed f = feed_running();

		f.s.run_ms = (uint32_t)(RUN_LEFT_MS + JUDGE_RUN_SLACK_MS + over);
		assert_int_equal(feed(&f), over > 0 ? REASON_RUN_LIMIT : REASON_NONE);
		feed_release(&f); /* at rest nothing runs beyond it */
		assert_int_equal(feed(&f), REASON_NONE);
	}
}

/* A pen that does not count is counted by us; also one that flickers between its states. */
static void run_limit_by_us(void **state)
{
	for (unsigned int flicker = 0; flicker < 2; flicker++) {
		struct feed f = feed_armed();
		unsigned int ms = 0;

		f.judge.limits.run_left_ms = 2000;
		feed_press(&f);
		while (feed(&f) == REASON_NONE && ++ms < 3000)
			f.s.state = flicker && ms % 2 ? MNPEN_STATE_ARMED : MNPEN_STATE_RUNNING;
		assert_int_equal(f.result.reason, REASON_RUN_LIMIT);
		/* the interval before the first sample is not counted, the slack is */
		assert_int_equal(ms, 2000 + JUDGE_RUN_SLACK_MS + 1);
		assert_int_equal(judge_run_ms(&f.judge, &f.s), 2000 + JUDGE_RUN_SLACK_MS + 1);
	}
}

static void run_ms(void **state)
{
	struct feed f = feed_running();
	struct judge_limits limits = f.judge.limits;

	f.s.run_ms = 5;
	assert_in_range(judge_run_ms(&f.judge, &f.s), 998, 1000);
	f.s.run_ms = 5000;
	assert_int_equal(judge_run_ms(&f.judge, &f.s), 5000);
	f.judge.run_usec = UINT64_MAX;
	assert_true(judge_run_ms(&f.judge, &f.s) == UINT32_MAX);

	/* until ARM is confirmed the pen still shows the count of the ARM before */
	judge_arm(&f.judge, &limits, ARM_CMD);
	assert_int_equal(judge_run_ms(&f.judge, &f.s), 0);
	judge_armed_sample(&f.judge, &f.s);
	assert_int_equal(judge_run_ms(&f.judge, &f.s), 5000);
}

/* Of many things that are wrong the worst is named. */
static void worst_first(void **state)
{
	struct feed f = feed_running();

	f.s.depth_um = LIMIT_UM + TOLERANCE_UM + 1;
	f.s.faults = MNPEN_FAULT_INTERNAL;
	f.s.run_ms = UINT32_MAX;
	assert_int_equal(feed_after(&f, MAX_AGE_USEC + 1), REASON_DEPTH_LIMIT);
	f.s.depth_um = TARGET_UM;
	assert_int_equal(feed_after(&f, MAX_AGE_USEC + 1), REASON_FAULT);
	f.s.faults = 0;
	assert_int_equal(feed_after(&f, MAX_AGE_USEC + 1), REASON_MISSING);
	assert_int_equal(feed(&f), REASON_RUN_LIMIT);
	assert_int_equal(feed_after(&f, 0), REASON_ORDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trigger_released),
		cmocka_unit_test(trigger_released_and_flicker),
		cmocka_unit_test(trigger_held),
		cmocka_unit_test(trigger_before_the_pedal),
		cmocka_unit_test(trigger_before_confirmation),
		cmocka_unit_test(faults_without_fault),
		cmocka_unit_test(cartridge_gone),
		cmocka_unit_test(run_limit_by_the_pen),
		cmocka_unit_test(run_limit_by_us),
		cmocka_unit_test(run_ms),
		cmocka_unit_test(worst_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
