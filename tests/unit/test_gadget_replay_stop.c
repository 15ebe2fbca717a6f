// SPDX-License-Identifier: GPL-2.0-only
/* Stops, refusals and ends: what the recorded pen did, when the live host does otherwise. */
#include "tests/unit/replay_fixture.h"

static void test_refusal(void **state)
{
	struct mnpen_error_record error;

	tape_rest();
	out_claim(RECORDED_CMD + 1, 0);
	out_arm(RECORDED_CMD + 2, -EPIPE);
	in_error(MNPEN_ERR_CARTRIDGE, RECORDED_CMD + 2);
	pen_samples(3, IDLE_PERIOD);
	out_arm(RECORDED_CMD + 2, 0);
	pen_samples(3, IDLE_PERIOD);
	live_begin();
	watch(100 * MS);
	assert_int_equal(live_claim(), 0);
	watch(30 * MS);
	assert_int_equal(live_arm(), -EPIPE);
	error = live_error();
	assert_int_equal(error.request, MNPEN_REQ_ARM);
	assert_int_equal(error.code, MNPEN_ERR_CARTRIDGE);
	assert_int_equal(error.cmd, live_cmd);
	watch(100 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(live_arm(), 0);
	watch(30 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	/* and there is no third one */
	watch(200 * MS);
	assert_int_equal(live_arm(), -EPIPE);
	assert_int_equal(live_error().code, MNPEN_ERR_BAD_STATE);
	assert_int_equal(live_error().cmd, live_cmd);
	assert_int_equal(live_target(), -EPIPE);
	assert_int_equal(live_lease(false), -EPIPE);
}

static void test_lease(void **state)
{
	uint8_t buf[MNPEN_LEASE_SIZE] = {0};

	tape_rest();
	tape_run(RECORDED_CMD + 1);
	tape_control(0x21, 5, 0, buf, sizeof(buf), 0);
	pen_samples(10, MS);
	tape_control(0x21, 5, 0, buf, sizeof(buf), -EPIPE);
	in_error(MNPEN_ERR_CRC, 3);
	pen_samples(10, MS);
	live_begin();
	watch(100 * MS);
	live_run();
	assert_int_equal(live_lease(false), 0);
	watch(50 * MS);
	assert_int_equal(live_lease(false), 0);
	watch(8 * MS);
	assert_int_equal(live_lease(false), -EPIPE);
	assert_int_equal(live_error().code, MNPEN_ERR_CRC);
}

/* The recorded host stopped it later: the rest of the run is left out. */
static void test_early_stop(void **state)
{
	tape_rest();
	tape_run(RECORDED_CMD + 1);
	tape_stop();
	live_begin();
	watch(100 * MS);
	live_run();
	assert_int_equal(live_stop(), 0);
	watch(2 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_HOST);
	assert_int_equal(seen.strokes, 50); /* as it was then */
}

/* The recorded host never did: the run ends here, and the pen waits for the next one. */
static void test_own_stop(void **state)
{
	tape_rest();
	tape_run(RECORDED_CMD + 1);
	pen_is(MNPEN_STATE_ARMED, 0, MNPEN_STOP_TRIGGER);
	pen_samples(3, MS);
	out_arm(RECORDED_CMD + 4, 0);
	pen_samples(3, MS);
	tape_stop(); /* of another run */
	live_begin();
	watch(100 * MS);
	live_run();
	assert_int_equal(live_stop(), 0);
	assert_false(play.last.flags & MNPEN_FLAG_DRIVE);
	watch(100 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_HOST);
	assert_int_equal(seen.speed_rpm, 0);
	assert_string_equal(replay_waits_for(&play), "arm");
	assert_int_equal(live_arm(), 0);
	watch(3 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(seen.last_cmd, live_cmd);
}

/* A pen that did not obey does not obey here. */
static void test_ignored_stop(void **state)
{
	tape_rest();
	tape_run(RECORDED_CMD + 1);
	tape_control(0x21, 6, 10, NULL, 0, 0);
	pen_samples(100, MS);
	tape_control(0x21, 6, 10, NULL, 0, 0);
	pen_samples(100, MS);
	live_begin();
	watch(100 * MS);
	live_run();
	watch(45 * MS);
	assert_int_equal(live_stop(), 0);
	watch(90 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	assert_int_equal(live_stop(), 0);
	watch(90 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	/* a third STOP is one that it did not have */
	assert_int_equal(live_stop(), 0);
	watch(10 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
}

/* STOP to a pen at rest, as every host sends it that comes, uses up nothing. */
static void test_stop_at_rest(void **state)
{
	tape_rest();
	tape_run(RECORDED_CMD + 1);
	tape_stop();
	live_begin();
	assert_int_equal(live_stop(), 0);
	watch(100 * MS);
	assert_int_equal(live_stop(), 0);
	assert_string_equal(replay_waits_for(&play), "claim-cartridge");
	live_run();
	watch(20 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
}

static void test_lost_host(void **state)
{
	tape_rest();
	tape_run(RECORDED_CMD + 1);
	tape_stop();
	live_begin();
	watch(100 * MS);
	live_run();
	replay_set_interface(&play, true);
	assert_int_equal(play.last.state, MNPEN_STATE_IDLE);
	assert_int_equal(play.last.stop_reason, MNPEN_STOP_BUS);
	assert_int_equal(watch(100 * MS), 0); /* and its stream is off */
	assert_true(play.ended);
}

static void test_unanswered(void **state)
{
	const struct usb_setup arm = {.type = 0x21, .request = 3, .length = 32};
	const struct usb_setup stop = {.type = 0x21, .request = 6};

	tape_rest();
	out_claim(RECORDED_CMD + 1, 0);
	out_arm(RECORDED_CMD + 2, -ENOENT);
	pen_samples(3, IDLE_PERIOD);
	live_begin();
	watch(100 * MS);
	assert_true(replay_unanswered(&play, &arm));
	assert_false(replay_unanswered(&play, &stop));
	assert_int_equal(live_claim(), 0);
	assert_int_equal(live_arm(), 0);
	assert_false(replay_unanswered(&play, &arm));
}

/* Cut off in the middle of a run: nobody knows more of the motor than that it rests by now. */
static void test_end_in_a_run(void **state)
{
	tape_rest();
	tape_run(RECORDED_CMD + 1);
	live_begin();
	watch(100 * MS);
	live_run();
	watch(200 * MS);
	assert_true(play.ended);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_BUS);
	assert_false(seen.flags & MNPEN_FLAG_DRIVE);
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_refusal),   TEST(test_lease),	       TEST(test_early_stop),
		TEST(test_own_stop),  TEST(test_ignored_stop), TEST(test_stop_at_rest),
		TEST(test_lost_host), TEST(test_unanswered),   TEST(test_end_in_a_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
