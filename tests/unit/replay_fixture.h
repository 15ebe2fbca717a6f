/* SPDX-License-Identifier: GPL-2.0-only */
/* A recorded session, and a live host that talks to its replay. Included once a test binary. */
#ifndef MNPEN_TEST_REPLAY_FIXTURE_H
#define MNPEN_TEST_REPLAY_FIXTURE_H

#include "driver/base/cleanup.h"
#include "tests/gadget/replay/replay.h"
#include "tests/unit/recording_fixture.h"

#define MS 1000ULL
#define START (50 * 1000 * MS)	    /* live time at which the recording is begun */
#define TOKEN 0x1111111111111111ULL /* the recorded host's */
#define LIVE_TOKEN 0x2222222222222222ULL
#define RECORDED_CMD 5 /* last_cmd at the beginning of the recording */
#define IDLE_PERIOD (20 * MS)

static struct replay play;
static struct recording *recording;
static struct mnpen_sample pen; /* the recorded pen */
static uint32_t live_cmd;
static uint32_t live_crc; /* of the live host's last ARM */
static uint32_t live_counter;

static const struct mnpen_cartridge cartridge = {
	.uid = {1, 2, 3}, .lot = "L1", .flags = MNPEN_CARTRIDGE_PRESENT};

/* ---- the recording ---- */

static inline void pen_for(uint64_t us)
{
	tape.usec += us;
	pen.time_us += us;
}

static inline void pen_samples(unsigned int n, uint64_t period_us)
{
	for (unsigned int i = 0; i < n; i++) {
		pen_for(period_us);
		pen.seq++;
		if (pen.state == MNPEN_STATE_RUNNING)
			pen.strokes++;
		tape_sample(&pen);
	}
}

static inline void out_claim(uint32_t cmd, int status)
{
	uint8_t buf[MNPEN_CLAIM_SIZE];

	mnpen_claim_encode(buf, &(struct mnpen_claim){.token = TOKEN, .cmd = cmd});
	tape_control(0x21, 10, 0, buf, sizeof(buf), status);
	pen.last_cmd = status ? pen.last_cmd : cmd;
}

static inline void out_stream(uint32_t period_us)
{
	uint8_t buf[MNPEN_STREAM_SIZE];

	mnpen_stream_encode(buf, period_us);
	tape_control(0x21, 8, 0, buf, sizeof(buf), 0);
}

static inline void out_arm(uint32_t cmd, int status)
{
	uint8_t buf[MNPEN_ARM_SIZE];

	mnpen_arm_encode(buf, &(struct mnpen_arm){.token = TOKEN, .cmd = cmd});
	tape_control(0x21, 3, 0, buf, sizeof(buf), status);
	if (status)
		return;
	pen.last_cmd = cmd;
	pen.state = MNPEN_STATE_ARMED;
}

static inline void out_target(uint32_t cmd)
{
	uint8_t buf[MNPEN_TARGET_SIZE];

	mnpen_target_encode(buf, &(struct mnpen_target){.token = TOKEN, .cmd = cmd});
	tape_control(0x21, 4, 0, buf, sizeof(buf), 0);
	pen.last_cmd = cmd;
}

static inline void in_error(enum mnpen_error code, uint32_t cmd)
{
	uint8_t buf[MNPEN_ERROR_SIZE];

	mnpen_error_encode(buf, &(struct mnpen_error_record){
					.request = MNPEN_REQ_ARM, .code = code, .cmd = cmd});
	tape_control(0xa1, 11, 0, buf, sizeof(buf), 0);
}

static inline void pen_is(enum mnpen_state state, unsigned int flags, enum mnpen_stop_reason reason)
{
	pen.state = (uint8_t)state;
	pen.flags = (uint8_t)(flags | MNPEN_FLAG_CARTRIDGE);
	pen.stop_reason = (uint8_t)reason;
}

static inline void tape_rest(void)
{
	tape_new(false, 6);
	pen = (struct mnpen_sample){.seq = 100, .time_us = 1000000, .last_cmd = RECORDED_CMD};
	pen_is(MNPEN_STATE_IDLE, 0, MNPEN_STOP_NONE);
	tape_pen(&pen, &cartridge);
	pen_samples(3, IDLE_PERIOD);
}

/* CLAIM, the stream at work, ARM, SET_TARGET, and needles that run. */
static inline void tape_run(uint32_t cmd)
{
	out_claim(cmd, 0);
	pen_samples(1, IDLE_PERIOD);
	out_stream(1000);
	pen_samples(5, MS);
	out_arm(cmd + 1, 0);
	pen_samples(2, MS);
	out_target(cmd + 2);
	pen_samples(4, MS);
	pen_is(MNPEN_STATE_RUNNING, MNPEN_FLAG_DRIVE | MNPEN_FLAG_ENABLED, MNPEN_STOP_NONE);
	pen_samples(50, MS);
}

static inline void tape_stop(void)
{
	tape_control(0x21, 6, 10, NULL, 0, 0);
	pen_is(MNPEN_STATE_IDLE, 0, MNPEN_STOP_HOST);
	pen_samples(5, MS);
}

static inline void begin(void)
{
	recording = tape_recording();
	assert_int_equal(replay_init(&play, recording, START), 0);
	live_cmd = 40;
}

static inline int end(void **state)
{
	replay_done(&play);
	recording = recording_free(recording);
	return 0;
}

/* ---- the live host ---- */

static uint64_t now_us;

static inline int out(uint8_t request, const uint8_t *data, size_t len)
{
	const struct usb_setup setup = {.type = 0x21, .request = request, .length = (uint16_t)len};

	replay_advance(&play, now_us);
	return replay_request(&play, &setup, data, len, NULL);
}

static inline int in(uint8_t request, uint8_t *reply, size_t len)
{
	const struct usb_setup setup = {.type = 0xa1, .request = request, .length = (uint16_t)len};

	replay_advance(&play, now_us);
	return replay_request(&play, &setup, NULL, 0, reply);
}

static inline int live_stream(uint32_t period_us)
{
	uint8_t buf[MNPEN_STREAM_SIZE];

	mnpen_stream_encode(buf, period_us);
	return out(8, buf, sizeof(buf));
}

static inline int live_claim(void)
{
	uint8_t buf[MNPEN_CLAIM_SIZE];

	mnpen_claim_encode(buf, &(struct mnpen_claim){.token = LIVE_TOKEN, .cmd = ++live_cmd});
	return out(10, buf, sizeof(buf));
}

/* @lease_ms: 0 = for ever, which only a replay takes */
static inline int live_arm_leased(uint16_t lease_ms)
{
	uint8_t buf[MNPEN_ARM_SIZE];
	struct mnpen_arm arm = {
		.token = LIVE_TOKEN, .cmd = ++live_cmd, .lease_ms = lease_ms, .run_limit_ms = 1000};

	mnpen_arm_encode(buf, &arm);
	mnpen_arm_unpack(&arm, buf);
	live_crc = arm.crc;
	live_counter = 0;
	return out(3, buf, sizeof(buf));
}

static inline int live_arm(void)
{
	return live_arm_leased(0);
}

static inline int live_target(void)
{
	uint8_t buf[MNPEN_TARGET_SIZE];

	mnpen_target_encode(buf, &(struct mnpen_target){.token = LIVE_TOKEN, .cmd = ++live_cmd});
	return out(4, buf, sizeof(buf));
}

static inline struct mnpen_lease next_lease(bool enable)
{
	return (struct mnpen_lease){.token = LIVE_TOKEN,
				    .counter = ++live_counter,
				    .limits_crc = live_crc,
				    .enable = enable};
}

static inline int live_lease(bool enable)
{
	const struct mnpen_lease lease = next_lease(enable);
	uint8_t buf[MNPEN_LEASE_SIZE];

	mnpen_lease_encode(buf, &lease);
	return out(5, buf, sizeof(buf));
}

static inline int live_stop(void)
{
	return out(6, NULL, 0);
}

static inline struct mnpen_error_record live_error(void)
{
	struct mnpen_error_record error;
	uint8_t buf[MNPEN_ERROR_SIZE];

	assert_int_equal(in(11, buf, sizeof(buf)), sizeof(buf));
	assert_int_equal(mnpen_error_decode(&error, buf, sizeof(buf)), 0);
	return error;
}

static inline struct mnpen_sample live_status(void)
{
	struct mnpen_sample sample;
	uint8_t buf[MNPEN_SAMPLE_SIZE];

	assert_int_equal(in(2, buf, sizeof(buf)), sizeof(buf));
	assert_int_equal(mnpen_sample_decode(&sample, buf, sizeof(buf)), 0);
	return sample;
}

static inline struct mnpen_cartridge live_cartridge(void)
{
	struct mnpen_cartridge c;
	uint8_t buf[MNPEN_CARTRIDGE_SIZE];

	assert_int_equal(in(9, buf, sizeof(buf)), sizeof(buf));
	assert_int_equal(mnpen_cartridge_decode(&c, buf, sizeof(buf)), 0);
	return c;
}

static struct mnpen_sample seen; /* the newest; of zero seq = none yet */

/* All that came within @us. Each one follows the one before it, in number and in time. Returns how
 * many. */
static inline unsigned int watch(uint64_t us)
{
	uint64_t until = now_us + us;
	unsigned int n = 0;
	uint8_t buf[64];

	while (now_us < until) {
		now_us += 500;
		replay_advance(&play, now_us);
		while (replay_pop(&play, buf, sizeof(buf)) == MNPEN_SAMPLE_SIZE) {
			struct mnpen_sample s;

			assert_int_equal(mnpen_sample_decode(&s, buf, MNPEN_SAMPLE_SIZE), 0);
			if (seen.seq) {
				assert_int_equal(s.seq, seen.seq + 1);
				assert_in_range(s.time_us, seen.time_us + 1,
						seen.time_us + 2 * IDLE_PERIOD + 2 * MS);
			}
			seen = s;
			n++;
		}
	}
	return n;
}

static inline void live_begin(void)
{
	begin();
	now_us = START;
	seen = (struct mnpen_sample){0};
	assert_int_equal(live_stream(IDLE_PERIOD), 0);
}

static inline void live_run(void)
{
	assert_int_equal(live_claim(), 0);
	watch(25 * MS);
	assert_int_equal(live_stream(1000), 0);
	watch(10 * MS);
	assert_int_equal(live_arm(), 0);
	watch(2 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_ARMED);
	assert_int_equal(seen.last_cmd, live_cmd);
	assert_int_equal(live_target(), 0);
	watch(8 * MS);
	assert_int_equal(seen.state, MNPEN_STATE_RUNNING);
	assert_int_equal(seen.last_cmd, live_cmd);
}

#endif
