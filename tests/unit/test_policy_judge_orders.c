// SPDX-License-Identifier: GPL-2.0-only
/* What the pen says of our orders, held against what they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_feed.h"

/* Fresh after ARM: the confirming sample has been judged, nothing else was sent. */
static struct feed feed_confirmed(void)
{
	struct feed f = feed_armed();
	struct judge_limits limits = f.judge.limits;

	judge_disarm(&f.judge);
	feed(&f);
	f.keep_lease = false;
	judge_arm(&f.judge, &limits, TARGET_CMD + 1);
	f.s.last_cmd = TARGET_CMD + 1;
	f.s.target_depth_um = 0;
	f.s.target_speed_rpm = 0;
	f.s.lease_left_ms = LEASE_MS;
	assert_int_equal(feed(&f), REASON_NONE);
	judge_armed_sample(&f.judge, &f.s);
	f.s.lease_left_ms--;
	return f;
}

/* ---- enable ---- */

static void running_without_enable(void **state)
{
	struct feed f = feed_running();

	f.s.flags = (uint8_t)(RUNNING_FLAGS & ~MNPEN_FLAG_ENABLED);
	assert_int_equal(feed(&f), REASON_NOT_ENABLED);

	/* in ARMED it is the pen that is careful */
	f = feed_armed();
	f.s.flags = 0;
	assert_int_equal(feed(&f), REASON_NONE);
}

/* Enabled, or running and saying so, before any lease enabled it. */
static void enabled_by_itself(void **state)
{
	static const uint8_t states[] = {MNPEN_STATE_ARMED, MNPEN_STATE_RUNNING};

	for (unsigned int i = 0; i < 2; i++) {
		struct feed f = feed_confirmed();

		judge_lease_sent(&f.judge, false);
		f.s.state = states[i];
		f.s.flags = MNPEN_FLAG_ENABLED;
		assert_int_equal(feed(&f), REASON_NOT_ENABLED);

		f = feed_confirmed();
		judge_lease_sent(&f.judge, true);
		judge_lease_sent(&f.judge, false); /* on its way: the one before may be in force */
		f.s.state = states[i];
		f.s.flags = MNPEN_FLAG_ENABLED;
		f.judge.trigger_held = false;
		assert_int_equal(feed(&f), REASON_NONE);
	}
}

/* A lease of the ARM before enables nothing in this one. */
static void enable_is_of_the_arm(void **state)
{
	struct feed f = feed_running();
	struct judge_limits limits = f.judge.limits;

	feed_release(&f);
	feed(&f);
	judge_arm(&f.judge, &limits, TARGET_CMD + 1);
	judge_armed_sample(&f.judge, &f.s);
	f.s.flags = MNPEN_FLAG_ENABLED;
	f.keep_lease = false;
	assert_int_equal(feed(&f), REASON_NOT_ENABLED);
}

/* ---- target ---- */

static void target_changed(void **state)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct feed f = i < 2 ? feed_armed() : feed_running();

		if (i % 2)
			f.s.target_depth_um++;
		else
			f.s.target_speed_rpm--;
		assert_int_equal(feed(&f), REASON_TARGET_CHANGED);
	}
}

/* While a target is on its way either may show; refused, the old one has to. */
static void target_on_its_way(void **state)
{
	struct feed f = feed_running();

	judge_target_sent(&f.judge, TARGET_CMD + 1);
	assert_int_equal(feed(&f), REASON_NONE);
	f.s.target_depth_um = 700;
	f.s.last_cmd = TARGET_CMD + 1;
	assert_int_equal(feed(&f), REASON_NONE);
	judge_target_settled(&f.judge, TARGET_UM, TARGET_RPM);
	assert_int_equal(feed(&f), REASON_TARGET_CHANGED);

	f = feed_confirmed(); /* no target of this ARM yet: nothing to hold it against */
	f.s.target_depth_um = 700;
	assert_int_equal(feed(&f), REASON_NONE);
}

/* ---- command ---- */

static void command_unknown(void **state)
{
	static const struct {
		uint32_t last_cmd;
		enum policy_reason reason;
	} cases[] = {
		{ARM_CMD, REASON_COMMAND_UNKNOWN}, /* it went back */
		{TARGET_CMD, REASON_NONE},
		{TARGET_CMD + 1, REASON_NONE}, /* on its way */
		{TARGET_CMD + 2, REASON_COMMAND_UNKNOWN},
		{0, REASON_COMMAND_UNKNOWN},
		{UINT32_MAX, REASON_COMMAND_UNKNOWN},
	};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct feed f = feed_running();

		judge_target_sent(&f.judge, TARGET_CMD + 1);
		f.s.last_cmd = cases[i].last_cmd;
		assert_int_equal(feed(&f), cases[i].reason);
	}
}

static void command_goes_back_after_shown(void **state)
{
	struct feed f = feed_running();

	judge_target_sent(&f.judge, TARGET_CMD + 1);
	f.s.last_cmd = TARGET_CMD + 1;
	assert_int_equal(feed(&f), REASON_NONE);
	f.s.last_cmd = TARGET_CMD;
	assert_int_equal(feed(&f), REASON_COMMAND_UNKNOWN);
}

/* ---- lease ---- */

/* Beyond what was armed by more than the slack, whatever the lease. */
static void lease_longer_than_armed(void **state)
{
	static const struct {
		uint16_t lease_ms, slack_ms;
	} cases[] = {{20, 5}, {40, 5}, {48, 6}, {100, 12}, {160, 20}, {300, 20}, {1000, 20}};

	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int over = 0; over <= 1; over++) {
			struct feed f = feed_confirmed();

			f.judge.limits.lease_ms = cases[i].lease_ms;
			judge_lease_sent(&f.judge, false);
			f.s.lease_left_ms =
				(uint16_t)(cases[i].lease_ms + cases[i].slack_ms + over);
			assert_int_equal(feed(&f), over > 0 ? REASON_LEASE_CLOCK : REASON_NONE);
		}
	}
}

/* A counter that hangs: found after the slack of one lease more than were sent. */
static void lease_hangs(void **state)
{
	for (unsigned int sent = 0; sent <= JUDGE_LEASES_MAX + 2; sent++) {
		const unsigned int counted = sent < JUDGE_LEASES_MAX ? sent : JUDGE_LEASES_MAX;
		struct feed f = feed_confirmed();

		f.s.lease_left_ms = LEASE_MS; /* and stays */
		for (unsigned int n = 0; n < sent; n++)
			judge_lease_sent(&f.judge, false);
		assert_int_equal(feed_ms(&f, 1000), (counted + 1) * 21 - 1);
		assert_int_equal(f.result.reason, REASON_LEASE_CLOCK);
	}
}

/* It is renewed all the while, as the host does, and hangs at whatever value. */
static void lease_hangs_while_renewed(void **state)
{
	static const uint16_t leases_ms[] = {40, 60, 100, 300, 1000};

	for (unsigned int i = 0; i < 5 * 4; i++) {
		const uint16_t lease_ms = leases_ms[i / 4];
		const unsigned int period_ms = i % 2 ? 1 : 4;
		struct feed f = feed_confirmed();
		unsigned int ms = 0;

		f.judge.limits.lease_ms = lease_ms;
		f.s.lease_left_ms = i & 2 ? lease_ms : 1;
		for (unsigned int n = 0; n < JUDGE_LEASES_MAX; n++)
			judge_lease_sent(&f.judge, false);
		while (ms < 3000 && feed_after(&f, period_ms * 1000) == REASON_NONE) {
			ms += period_ms;
			if (ms % (lease_ms / 4u) < period_ms)
				judge_lease_sent(&f.judge, false);
		}
		assert_int_equal(f.result.reason, REASON_LEASE_CLOCK);
		assert_true(ms < 600);
	}
}

/* The end of the lease may jitter by the slack, and not by a microsecond more. */
static void lease_jitter(void **state)
{
	for (unsigned int over = 0; over <= 1; over++) {
		struct feed f = feed_confirmed();

		f.s.lease_left_ms = 200;
		assert_int_equal(feed_after(&f, 1000), REASON_NONE);
		f.s.lease_left_ms = 200; /* end of the lease later by what passes */
		assert_int_equal(feed_after(&f, JUDGE_LEASE_SLACK_MAX_US + over),
				 over ? REASON_LEASE_CLOCK : REASON_NONE);
	}
}

/* An honest pen over a minute, however its numbers are rounded; leases may be lost. */
static void lease_honest(void **state)
{
	struct feed f = feed_confirmed();
	uint64_t end_us = f.s.time_us + LEASE_MS * 1000;

	for (unsigned int ms = 1; ms < 60000; ms++) {
		unsigned int round_us = ms * 7919 % 1000;

		if (ms % 75 == 0) {
			judge_lease_sent(&f.judge, false);
			if (ms % 150)
				end_us = f.s.time_us + LEASE_MS * 1000;
		}
		f.s.lease_left_ms = (uint16_t)((end_us - f.s.time_us - 1000 + round_us) / 1000);
		assert_int_equal(feed(&f), REASON_NONE);
	}
}

/* Early is harmless: a pen that stops sooner than it must. */
static void lease_runs_out_early(void **state)
{
	struct feed f = feed_confirmed();

	f.s.lease_left_ms = 3;
	assert_int_equal(feed(&f), REASON_NONE);
	f.s.lease_left_ms = 0;
	assert_int_equal(feed_ms(&f, 20), 20);
}

/* ---- when it is judged at all ---- */

/* Not while disarmed, not before ARM is confirmed, not in a state that keeps no orders. */
static void only_while_armed(void **state)
{
	for (unsigned int pen_state = 0; pen_state <= MNPEN_STATE_MAX; pen_state++) {
		bool keeps = pen_state == MNPEN_STATE_ARMED || pen_state == MNPEN_STATE_RUNNING;
		struct feed f = feed_confirmed();
		struct judge_limits limits = f.judge.limits;

		f.s.state = (uint8_t)pen_state;
		f.s.last_cmd = 99;
		f.judge.trigger_held = false;
		assert_int_equal(feed(&f), keeps ? pen_state == MNPEN_STATE_ARMED
							   ? REASON_COMMAND_UNKNOWN
							   : REASON_NOT_ENABLED
						 : REASON_NONE);
		judge_disarm(&f.judge);
		assert_int_equal(feed(&f), REASON_NONE);
		judge_arm(&f.judge, &limits, 1);
		f.judge.trigger_held = false;
		assert_int_equal(feed(&f), REASON_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(running_without_enable),
		cmocka_unit_test(enabled_by_itself),
		cmocka_unit_test(enable_is_of_the_arm),
		cmocka_unit_test(target_changed),
		cmocka_unit_test(target_on_its_way),
		cmocka_unit_test(command_unknown),
		cmocka_unit_test(command_goes_back_after_shown),
		cmocka_unit_test(lease_longer_than_armed),
		cmocka_unit_test(lease_hangs),
		cmocka_unit_test(lease_hangs_while_renewed),
		cmocka_unit_test(lease_jitter),
		cmocka_unit_test(lease_honest),
		cmocka_unit_test(lease_runs_out_early),
		cmocka_unit_test(only_while_armed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
