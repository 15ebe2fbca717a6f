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

static void live_armed(void)
{
	live_begin();
	watch(50 * MS);
	assert_int_equal(live_stream(1000), 0);
	assert_int_equal(live_arm_leased(LEASE_MS), 0);
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
	assert_int_equal(live_lease(false), 0);
	watch(50 * MS);
	assert_string_equal(replay_waits_for(&play), "lease");
	expect_left(LEASE_MS - 50);
	assert_int_equal(live_lease(true), 0);
	watch(5 * MS);
	assert_true(seen.flags & MNPEN_FLAG_ENABLED);
	expect_left(LEASE_MS - 5);
	watch(80 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	/* renewed in the recording, and not here */
	expect_left(LEASE_MS - 85);
	assert_int_equal(live_lease(true), 0);
	watch(20 * MS);
	expect_left(LEASE_MS - 20);
}

/* A host that lets it run out: no pen goes on. */
static void test_runs_out(void **state)
{
	tape_leases();
	live_armed();
	assert_int_equal(live_lease(true), 0);
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
	assert_int_equal(live_lease(true), 0);
	watch(80 * MS);
	assert_int_equal(live_lease(true), 0);
	watch(80 * MS);
	assert_int_equal(live_lease(true), 0);
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
	assert_int_equal(live_arm_leased(LEASE_MS), 0);
	watch(3 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_true(seen.flags & MNPEN_FLAG_ENABLED);
}

/* The host disables what the recorded one did not: the pen stays armed, the run is left out. */
static void test_disabled(void **state)
{
	struct mnpen_sample before;

	tape_leases();
	tape_stop(); /* of the run that is left out */
	out_arm(RECORDED_CMD + 3, 0);
	pen_samples(5, MS);
	live_armed();
	assert_int_equal(live_lease(true), 0);
	watch(90 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	before = seen;
	assert_int_equal(live_lease(false), 0);
	watch(5 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_DISABLED);
	assert_false(seen.flags & (MNPEN_FLAG_DRIVE | MNPEN_FLAG_ENABLED));
	assert_int_equal(seen.strokes, before.strokes);
	assert_string_equal(replay_waits_for(&play), "arm");
	/* its lease and its orders go on, and nothing of the recorded run comes any more */
	assert_int_equal(live_lease(true), 0);
	assert_int_equal(live_target(), 0);
	watch(100 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_true(seen.flags & MNPEN_FLAG_ENABLED);
	assert_false(seen.flags & MNPEN_FLAG_DRIVE);
	assert_int_equal(seen.last_cmd, live_cmd);
	expect_left(LEASE_MS - 100);
	assert_int_equal(live_lease(false), 0);
	watch(5 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_false(seen.flags & MNPEN_FLAG_ENABLED);
	assert_int_equal(live_stop(), 0);
	watch(5 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_HOST);
	assert_int_equal(live_arm_leased(LEASE_MS), 0);
	watch(5 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(seen.last_cmd, live_cmd);
}

static void test_disabled_while_armed(void **state)
{
	tape_leases();
	live_armed();
	assert_int_equal(live_lease(true), 0);
	watch(10 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(live_lease(false), 0);
	watch((LEASE_MS - 10) * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_NONE);
	watch(20 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_LEASE);
}

/* The loss of the host ends it as any other run. */
static void test_disabled_and_lost(void **state)
{
	tape_leases();
	live_armed();
	assert_int_equal(live_lease(true), 0);
	watch(90 * MS);
	assert_int_equal(live_lease(false), 0);
	replay_set_interface(&play, true);
	assert_int_equal(play.last.state, MNPEN_STATE_IDLE);
	assert_int_equal(play.last.stop_reason, MNPEN_STOP_BUS);
}

/* ---- a LEASE that no pen would take ---- */

static void expect_refusal(const struct mnpen_lease *lease, uint16_t value, enum mnpen_error code,
			   uint16_t detail)
{
	struct usb_setup setup = {
		.type = 0x21, .request = 5, .value = value, .length = MNPEN_LEASE_SIZE};
	struct mnpen_error_record error;
	uint8_t buf[MNPEN_LEASE_SIZE];

	mnpen_lease_encode(buf, lease);
	replay_advance(&play, now_us);
	assert_int_equal(replay_request(&play, &setup, buf, sizeof(buf), NULL), -EPIPE);
	error = live_error();
	assert_int_equal(error.request, MNPEN_REQ_LEASE);
	assert_int_equal(error.code, code);
	assert_int_equal(error.detail, detail);
	assert_int_equal(error.cmd, lease->counter);
}

static void test_wrong_leases(void **state)
{
	struct mnpen_lease lease;

	tape_leases();
	live_armed();
	assert_int_equal(live_lease(true), 0);
	watch(50 * MS);
	lease = next_lease(true);
	lease.token = TOKEN; /* the recorded host's */
	expect_refusal(&lease, 0, MNPEN_ERR_BAD_TOKEN, 0);
	lease = next_lease(true);
	lease.counter = 1;
	expect_refusal(&lease, 0, MNPEN_ERR_STALE, 8);
	lease = next_lease(true);
	lease.limits_crc ^= 1;
	expect_refusal(&lease, 0, MNPEN_ERR_CRC, 12);
	lease = next_lease(true);
	expect_refusal(&lease, 1, MNPEN_ERR_BAD_VALUE, 0);
	lease.enable = 2;
	expect_refusal(&lease, 0, MNPEN_ERR_BAD_VALUE, 16);
	/* none of which renews */
	watch(50 * MS);
	expect_left(LEASE_MS - 100);
	assert_int_equal(live_lease(true), 0);
	watch(10 * MS);
	expect_left(LEASE_MS - 10);
}

/* An hour of samples behind the ARM: each LEASE looks at them once at most. */
static void test_long_run(void **state)
{
	const size_t samples = 400000;
	struct recorded *entries;

	tape_leases();
	recording = tape_recording();
	entries = realloc(recording->entries, (recording->n + samples) * sizeof(*entries));
	assert_non_null(entries);
	for (size_t i = 0; i < samples; i++) {
		entries[recording->n + i] = entries[recording->n - 1];
		entries[recording->n + i].usec += i * MS;
	}
	recording->entries = entries;
	recording->n += samples;
	assert_int_equal(replay_init(&play, recording, START), 0);
	now_us = START;
	seen = (struct mnpen_sample){0};
	assert_int_equal(live_stream(1000), 0);
	watch(50 * MS);
	assert_int_equal(live_arm_leased(LEASE_MS), 0);
	watch(5 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(live_lease(true), 0);
	watch(MS);
	assert_int_equal(live_lease(false), 0); /* looks for one that disables: there is none */
	watch(MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_waits_for_enable),	   TEST(test_runs_out),
		TEST(test_runs_out_while_waiting), TEST(test_odd_lease),
		TEST(test_enabled_by_itself),	   TEST(test_disabled),
		TEST(test_disabled_while_armed),   TEST(test_disabled_and_lost),
		TEST(test_wrong_leases),	   TEST(test_long_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
