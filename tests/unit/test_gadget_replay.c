// SPDX-License-Identifier: GPL-2.0-only
/* Playing a recording to a host that is earlier, later or other than the recorded one. */
#include "tests/unit/replay_fixture.h"

static void test_before_the_host(void **state)
{
	uint8_t info[MNPEN_INFO_SIZE], buf[64];
	struct mnpen_sample status;

	tape_rest();
	begin();
	now_us = START + 3600 * 1000 * MS;
	assert_int_equal(in(1, info, sizeof(info)), sizeof(info));
	assert_string_equal((const char *)info + 32, "tape");
	status = live_status();
	assert_int_equal(status.seq, 100);
	assert_int_equal(status.last_cmd, RECORDED_CMD);
	assert_memory_equal(live_cartridge().uid, cartridge.uid, MNPEN_UID_SIZE);
	/* nothing is played before anybody asks */
	assert_int_equal(replay_next_us(&play), UINT64_MAX);
	assert_int_equal(replay_pop(&play, buf, sizeof(buf)), -EAGAIN);
	assert_string_equal(replay_waits_for(&play), "set-stream");
	assert_int_equal(live_stream(IDLE_PERIOD), 0);
	seen = (struct mnpen_sample){0};
	assert_int_equal(watch(50 * MS), 3);
	assert_in_range(seen.time_us, status.time_us + 35 * MS, status.time_us + 50 * MS);
	/* behind its end the last sample goes on */
	assert_true(play.ended);
	assert_null(replay_waits_for(&play));
	assert_in_range(watch(200 * MS), 9, 11);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
}

static void test_waits_and_goes_on(void **state)
{
	struct mnpen_sample before;

	tape_rest();
	tape_run(RECORDED_CMD + 1);
	tape_stop();
	live_begin();
	/* an operator who takes his time */
	assert_in_range(watch(2000 * MS), 95, 105);
	assert_string_equal(replay_waits_for(&play), "claim-cartridge");
	assert_int_equal(seen.last_cmd, RECORDED_CMD);
	live_run();
	before = seen;
	/* The 50 samples of the run, then those of the rest; the host does not stop it. */
	watch(47 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	assert_int_equal(seen.strokes - before.strokes, seen.seq - before.seq);
	watch(7 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(seen.strokes, 50);
	assert_int_equal(seen.stop_reason, MNPEN_STOP_HOST);
	assert_true(play.oracle.motor_off_us - play.oracle.motor_on_us == 50 * MS + 100);
}

/* A host that is quicker than the recorded operator: what he waited is left out. */
static void test_host_ahead(void **state)
{
	tape_rest();
	pen_samples(500, IDLE_PERIOD); /* ten seconds */
	out_claim(RECORDED_CMD + 1, 0);
	pen_samples(500, IDLE_PERIOD);
	out_arm(RECORDED_CMD + 2, 0);
	pen_samples(5, IDLE_PERIOD);
	live_begin();
	watch(100 * MS);
	assert_int_equal(live_claim(), 0);
	watch(60 * MS);
	assert_int_equal(seen.last_cmd, live_cmd);
	assert_int_equal(live_arm(), 0);
	watch(60 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(seen.last_cmd, live_cmd);
}

/* A sample that had been long on its way when the recorded host went on. */
static void test_late_sample(void **state)
{
	tape_rest();
	tape.usec += 15 * MS;
	out_claim(RECORDED_CMD + 1, 0);
	tape.usec += 100;
	pen.time_us += MS;
	pen.seq++;
	tape_sample(&pen);
	pen_samples(3, IDLE_PERIOD);
	live_begin();
	watch(141 * MS); /* just behind a repetition: 20, 40, ... 140 */
	assert_int_equal(live_claim(), 0);
	assert_in_range(watch(50 * MS), 3, 4); /* which looks at their times */
	assert_int_equal(seen.last_cmd, live_cmd);
}

/* SET_STREAM before CLAIM, where the recorded host had it the other way round, or not at all. */
static void test_settings_in_any_order(void **state)
{
	for (unsigned int with = 0; with < 2; with++) {
		tape_rest();
		tape_run(RECORDED_CMD + 1);
		live_begin();
		watch(100 * MS);
		if (with)
			assert_int_equal(live_stream(1000), 0);
		assert_string_equal(replay_waits_for(&play), "claim-cartridge");
		assert_int_equal(live_claim(), 0);
		watch(30 * MS);
		assert_int_equal(live_arm(), 0);
		watch(3 * MS);
		assert_int_equal(seen.state, MNPEN_STATE_ARMED);
		end(NULL);
		begin(); /* for the teardown */
		if (!with)
			end(NULL);
	}
}

static void test_cartridge(void **state)
{
	struct mnpen_cartridge claimed = cartridge;

	/* Recorded in a session: claimed by its token already. */
	claimed.claimed_token = TOKEN;
	tape_new(false, 6);
	pen = (struct mnpen_sample){.seq = 1, .time_us = 1000, .last_cmd = RECORDED_CMD};
	pen_is(MNPEN_STATE_IDLE, 0, MNPEN_STOP_NONE);
	tape_pen(&pen, &claimed);
	pen_samples(3, IDLE_PERIOD);
	out_arm(RECORDED_CMD + 1, 0);
	pen_samples(3, IDLE_PERIOD);
	live_begin();
	watch(100 * MS);
	assert_int_equal(live_cartridge().claimed_token, 0);
	/* a CLAIM that the recording does not have is confirmed all the same */
	assert_int_equal(live_claim(), 0);
	watch(50 * MS);
	assert_int_equal(seen.last_cmd, live_cmd);
	assert_int_equal(live_cartridge().claimed_token, LIVE_TOKEN);
	assert_int_equal(live_arm(), 0);
	watch(30 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(live_cartridge().claimed_token, LIVE_TOKEN);
}

/* Claimed by somebody who is not in the recording: that stays so. */
static void test_used_cartridge(void **state)
{
	struct mnpen_cartridge used = cartridge;

	used.claimed_token = 0x77;
	tape_new(false, 6);
	pen = (struct mnpen_sample){.seq = 1};
	tape_pen(&pen, &used);
	pen_samples(1, IDLE_PERIOD);
	live_begin();
	assert_int_equal(live_cartridge().claimed_token, 0x77);
}

/* Recorded from the plugging in: SET_INTERFACE and SET_STREAM of the set-up are there. */
static void test_from_the_beginning(void **state)
{
	static const uint8_t set_alt_1[8] = {0x01, 0x0b, 1, 0, 0, 0, 0, 0};
	struct tape_event e = {.event = 'S', .type = 2, .setup = set_alt_1, .id = 5000};

	tape_new(false, 6);
	pen = (struct mnpen_sample){.seq = 100, .time_us = 1000000, .last_cmd = RECORDED_CMD};
	pen_is(MNPEN_STATE_IDLE, 0, MNPEN_STOP_NONE);
	tape_pen(&pen, &cartridge);
	tape_event(&e);
	e.event = 'C';
	e.setup = NULL;
	tape_event(&e);
	pen_for(MS);
	out_stream(IDLE_PERIOD);
	pen_samples(5, IDLE_PERIOD);
	begin();
	now_us = START + 777 * MS;
	seen = (struct mnpen_sample){0};
	replay_advance(&play, now_us);
	replay_set_interface(&play, false);
	assert_int_equal(live_stream(IDLE_PERIOD), 0);
	assert_int_equal(watch(101 * MS), 5);
	assert_true(play.ended);
}

/* Packets that are none come as they are; gaps and doubles of the recording stay. */
static void test_wrong_packets(void **state)
{
	uint8_t garbage[MNPEN_SAMPLE_SIZE], buf[64];
	struct mnpen_sample first, s;

	memset(garbage, 0xfe, sizeof(garbage));
	tape_rest();
	out_claim(RECORDED_CMD + 1, 0);
	pen_samples(1, MS);
	tape_packet(garbage, sizeof(garbage));
	tape_packet(garbage, 7);
	pen.seq += 9;
	pen_samples(1, MS);
	tape_sample(&pen);
	live_begin();
	watch(500 * MS);
	assert_int_equal(live_claim(), 0);
	now_us += 5 * MS;
	replay_advance(&play, now_us);
	assert_int_equal(replay_pop(&play, buf, sizeof(buf)), MNPEN_SAMPLE_SIZE);
	assert_int_equal(mnpen_sample_decode(&first, buf, MNPEN_SAMPLE_SIZE), 0);
	assert_int_equal(first.seq, seen.seq + 1);
	assert_int_equal(replay_pop(&play, buf, sizeof(buf)), MNPEN_SAMPLE_SIZE);
	assert_memory_equal(buf, garbage, sizeof(garbage));
	assert_int_equal(replay_pop(&play, buf, sizeof(buf)), 7);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(replay_pop(&play, buf, sizeof(buf)), MNPEN_SAMPLE_SIZE);
		assert_int_equal(mnpen_sample_decode(&s, buf, MNPEN_SAMPLE_SIZE), 0);
		assert_int_equal(s.seq, first.seq + 10);
		assert_int_equal(s.time_us, first.time_us + MS);
	}
}

/* What does not fit into the host's room is lost, as on a bus. */
static void test_babble(void **state)
{
	uint8_t buf[64];

	tape_rest();
	live_begin();
	watch(100 * MS);
	assert_int_equal(replay_pop(&play, buf, sizeof(buf)), -EAGAIN);
	now_us += 2 * IDLE_PERIOD;
	replay_advance(&play, now_us);
	assert_int_equal(replay_pop(&play, buf, MNPEN_SAMPLE_SIZE - 1), -EOVERFLOW);
	assert_int_equal(replay_pop(&play, buf, sizeof(buf)), MNPEN_SAMPLE_SIZE);
	assert_int_equal(replay_pop(&play, buf, sizeof(buf)), -EAGAIN);
}

static void expect_refusal(const struct usb_setup *setup, const uint8_t *data, size_t len,
			   enum mnpen_error code, uint16_t detail)
{
	uint8_t reply[64];
	struct mnpen_error_record error;

	replay_advance(&play, now_us);
	assert_int_equal(replay_request(&play, setup, data, len, reply), -EPIPE);
	error = live_error();
	assert_int_equal(error.request, setup->request);
	assert_int_equal(error.code, code);
	assert_int_equal(error.detail, detail);
}

/* Whatever the recorded pen did: a record, a value or a direction that no pen takes. */
static void test_wrong_records(void **state)
{
	struct usb_setup setup = {.type = 0x21, .request = 3, .length = MNPEN_ARM_SIZE};
	struct mnpen_arm arm = {.token = LIVE_TOKEN, .cmd = 41, .run_limit_ms = 1000};
	uint8_t buf[MNPEN_ARM_SIZE], nothing[MNPEN_ARM_SIZE] = {0};

	tape_rest();
	out_arm(RECORDED_CMD + 1, 0);
	pen_samples(3, IDLE_PERIOD);
	live_begin();
	watch(100 * MS);
	mnpen_arm_encode(buf, &arm);
	buf[12] ^= 1;
	expect_refusal(&setup, buf, sizeof(buf), MNPEN_ERR_CRC, 28);
	expect_refusal(&setup, nothing, sizeof(nothing), MNPEN_ERR_BAD_TOKEN, 0);
	arm.run_limit_ms = 0;
	mnpen_arm_encode(buf, &arm);
	expect_refusal(&setup, buf, sizeof(buf), MNPEN_ERR_BAD_VALUE, 20);
	arm.run_limit_ms = 1000;
	mnpen_arm_encode(buf, &arm);
	setup.value = 1;
	expect_refusal(&setup, buf, sizeof(buf), MNPEN_ERR_BAD_VALUE, 0);
	setup = (struct usb_setup){.type = 0x21, .request = 10, .length = MNPEN_CLAIM_SIZE};
	expect_refusal(&setup, nothing, MNPEN_CLAIM_SIZE, MNPEN_ERR_BAD_TOKEN, 0);
	setup = (struct usb_setup){.type = 0x21, .request = 8, .value = 1, .length = 4};
	expect_refusal(&setup, nothing, 4, MNPEN_ERR_BAD_VALUE, 0);
	setup = (struct usb_setup){.type = 0xa1, .request = 2, .value = 1, .length = 48};
	expect_refusal(&setup, NULL, 0, MNPEN_ERR_BAD_VALUE, 0);
	/* the wrong way round */
	setup = (struct usb_setup){.type = 0xa1, .request = 3, .length = MNPEN_ARM_SIZE};
	expect_refusal(&setup, NULL, 0, MNPEN_ERR_UNSUPPORTED, 0);
	setup = (struct usb_setup){.type = 0x21, .request = 1};
	expect_refusal(&setup, NULL, 0, MNPEN_ERR_UNSUPPORTED, 0);
	/* none of which was the recorded ARM */
	watch(100 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_IDLE);
	assert_int_equal(live_arm(), 0);
	watch(40 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	setup = (struct usb_setup){.type = 0x21, .request = 4, .length = MNPEN_TARGET_SIZE};
	mnpen_target_encode(buf, &(struct mnpen_target){.token = TOKEN, .cmd = 99});
	expect_refusal(&setup, buf, MNPEN_TARGET_SIZE, MNPEN_ERR_BAD_TOKEN, 0);
}

/* A recorded IN request with the number of ARM is none. */
static void test_recorded_direction(void **state)
{
	uint8_t buf[MNPEN_ARM_SIZE] = {0};

	tape_rest();
	tape_control(0xa1, 3, 0, buf, sizeof(buf), -EPIPE);
	pen_samples(1, IDLE_PERIOD);
	live_begin();
	watch(200 * MS);
	assert_true(play.ended);
	assert_int_equal(live_arm(), -EPIPE);
	assert_int_equal(live_error().code, MNPEN_ERR_BAD_STATE);
}

static void test_wrong_requests(void **state)
{
	const struct usb_setup vendor = {.type = 0x41, .request = 3, .length = 32};
	uint8_t buf[64] = {0};

	tape_rest();
	live_begin();
	assert_int_equal(replay_request(&play, &vendor, buf, 32, NULL), -EPIPE);
	assert_int_equal(live_error().code, MNPEN_ERR_UNSUPPORTED);
	assert_int_equal(out(3, buf, 31), -EPIPE);
	assert_int_equal(live_error().code, MNPEN_ERR_BAD_LENGTH);
	assert_int_equal(out(12, buf, 4), -EPIPE);
	assert_int_equal(in(1, buf, 63), -EPIPE);
	assert_int_equal(live_error().code, MNPEN_ERR_BAD_LENGTH);
	assert_int_equal(out(7, NULL, 0), -EPIPE);
	assert_int_equal(live_error().code, MNPEN_ERR_BAD_STATE);
}

#define TEST(f) cmocka_unit_test_teardown(f, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_before_the_host),
		TEST(test_waits_and_goes_on),
		TEST(test_host_ahead),
		TEST(test_late_sample),
		TEST(test_settings_in_any_order),
		TEST(test_cartridge),
		TEST(test_used_cartridge),
		TEST(test_from_the_beginning),
		TEST(test_wrong_packets),
		TEST(test_babble),
		TEST(test_wrong_records),
		TEST(test_recorded_direction),
		TEST(test_wrong_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
