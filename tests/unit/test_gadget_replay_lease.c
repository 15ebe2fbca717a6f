// SPDX-License-Identifier: GPL-2.0-only
/* Leases in a replay: the recorded pen spoke of the recorded host's, the live host sees its own. */
#include "tests/unit/replay_fixture.h"

#define LEASE_MS 300

/* ---- the recording ---- */

static void out_lease(bool enable)
{
	uint8_t buf[MNPEN_LEASE_SIZE];

	mnpen_lease_encode(buf,
			   &(struct mnpen_lease){.token = TOKEN, .counter = 1, .enable = enable});
	tape_control(0x21, 5, 0, buf, sizeof(buf), 0);
	pen.lease_left_ms = LEASE_MS;
}

/* Samples whose lease runs. */
static void leased_samples(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		pen.lease_left_ms--;
		pen_samples(1, MS);
	}
}

/* Armed, enabled after a while, renewed twice, running. */
static void tape_leases(void)
{
	tape_rest();
	out_stream(1000);
	out_arm(RECORDED_CMD + 1, 0);
	pen.lease_left_ms = LEASE_MS;
	leased_samples(25);
	out_target(RECORDED_CMD + 2);
	leased_samples(25);
	out_lease(true);
	pen_is(MNPEN_STATE_ARMED, MNPEN_FLAG_ENABLED, MNPEN_STOP_NONE);
	leased_samples(75);
	out_lease(true);
	pen_is(MNPEN_STATE_RUNNING, MNPEN_FLAG_ENABLED | MNPEN_FLAG_DRIVE, MNPEN_STOP_NONE);
	leased_samples(75);
	out_lease(true);
	leased_samples(75);
}

/* ---- the live host ---- */

static int live_arm_leased(void)
{
	uint8_t buf[MNPEN_ARM_SIZE];

	mnpen_arm_encode(buf, &(struct mnpen_arm){.token = LIVE_TOKEN,
						  .cmd = ++live_cmd,
						  .lease_ms = LEASE_MS});
	return out(3, buf, sizeof(buf));
}

static int live_renew(bool enable)
{
	uint8_t buf[MNPEN_LEASE_SIZE];

	mnpen_lease_encode(
		buf, &(struct mnpen_lease){.token = LIVE_TOKEN, .counter = 1, .enable = enable});
	return out(5, buf, sizeof(buf));
}

static void live_armed(void)
{
	live_begin();
	watch(50 * MS);
	assert_int_equal(live_stream(1000), 0);
	assert_int_equal(live_arm_leased(), 0);
	watch(5 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(live_target(), 0);
}

static void expect_left(unsigned int ms)
{
	assert_in_range(seen.lease_left_ms, ms - 3, ms + 3);
}

/* ---- tests ---- */

/* The play waits for the LEASE that enables; until then nothing is. */
static void test_waits_for_enable(void **state)
{
	tape_leases();
	live_armed();
	watch(100 * MS);
	assert_string_equal(replay_waits_for(&play), "lease");
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_false(seen.flags & MNPEN_FLAG_ENABLED);
	expect_left(LEASE_MS - 105);
	/* one that enables nothing is not the one */
	assert_int_equal(live_renew(false), 0);
	watch(50 * MS);
	assert_string_equal(replay_waits_for(&play), "lease");
	expect_left(LEASE_MS - 50);
	assert_int_equal(live_renew(true), 0);
	watch(5 * MS);
	assert_true(seen.flags & MNPEN_FLAG_ENABLED);
	expect_left(LEASE_MS - 5);
	watch(80 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	/* renewed in the recording, and not here */
	expect_left(LEASE_MS - 85);
	assert_int_equal(live_renew(true), 0);
	watch(20 * MS);
	expect_left(LEASE_MS - 20);
}

/* A host that lets it run out: no pen goes on. */
static void test_runs_out(void **state)
{
	tape_leases();
	live_armed();
	assert_int_equal(live_renew(true), 0);
	watch(LEASE_MS * MS - 100 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	watch(200 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.lease_left_ms, 0);
}

static void test_runs_out_while_waiting(void **state)
{
	tape_leases();
	live_armed();
	watch((LEASE_MS - 10) * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	watch(20 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_LEASE);
}

/* A pen that lengthened its lease by itself does so here. */
static void test_odd_lease(void **state)
{
	tape_leases();
	pen.lease_left_ms = LEASE_MS;
	leased_samples(20);
	live_armed();
	assert_int_equal(live_renew(true), 0);
	watch(80 * MS);
	assert_int_equal(live_renew(true), 0);
	watch(80 * MS);
	assert_int_equal(live_renew(true), 0);
	watch(60 * MS);
	assert_false(play.lease.odd);
	watch(15 * MS);
	assert_true(play.lease.odd);
	assert_in_range(seen.lease_left_ms, LEASE_MS - 20, LEASE_MS);
}

/* A pen that was enabled without being told is so here. */
static void test_enabled_by_itself(void **state)
{
	tape_rest();
	out_arm(RECORDED_CMD + 1, 0);
	pen_is(MNPEN_STATE_ARMED, MNPEN_FLAG_ENABLED, MNPEN_STOP_NONE);
	pen.lease_left_ms = LEASE_MS;
	leased_samples(10);
	live_begin();
	watch(50 * MS);
	assert_int_equal(live_arm_leased(), 0);
	watch(3 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_true(seen.flags & MNPEN_FLAG_ENABLED);
}

/* The host disables what the recorded one did not: the run is over. */
static void test_disabled(void **state)
{
	tape_leases();
	live_armed();
	assert_int_equal(live_renew(true), 0);
	watch(90 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	assert_int_equal(live_renew(false), 0);
	watch(5 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_DISABLED);
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_waits_for_enable),	   TEST(test_runs_out),
		TEST(test_runs_out_while_waiting), TEST(test_odd_lease),
		TEST(test_enabled_by_itself),	   TEST(test_disabled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
