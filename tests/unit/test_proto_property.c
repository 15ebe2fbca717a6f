// SPDX-License-Identifier: GPL-2.0-only
/*
 * Properties of the codec over random records and random bytes:
 *   decode(encode(x)) == x for every valid x
 *   whatever bytes decode, encode to the same bytes again; whatever does not, changes nothing
 * The seed is fixed and printed, so that a failure repeats.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "driver/proto/records.h"

#define ROUNDS 20000
#define SEED 0x6d6e70656e313030ULL

static uint64_t prng;

/* xorshift64*: one word of state, good enough to scatter bytes */
static uint64_t random64(void)
{
	prng ^= prng >> 12;
	prng ^= prng << 25;
	prng ^= prng >> 27;
	return prng * 0x2545f4914f6cdd1dULL;
}

static uint16_t random16(void)
{
	return (uint16_t)(random64() >> 48);
}

static uint32_t random32(void)
{
	return (uint32_t)(random64() >> 32);
}

/* 0..@max, both included */
static uint8_t random_to(uint8_t max)
{
	return (uint8_t)((random64() >> 33) % (max + 1u));
}

static uint64_t random_token(void)
{
	uint64_t token = random64();

	return token ? token : 1;
}

static void random_text(char *ret, size_t min, size_t max)
{
	size_t len = min + random64() % (max - min + 1);

	memset(ret, 0, max + 1);
	for (size_t i = 0; i < len; i++)
		ret[i] = (char)(0x20 + random_to(0x7e - 0x20));
}

static void in_order(uint16_t *low, uint16_t *high)
{
	uint16_t swap = *low;

	if (*low <= *high)
		return;
	*low = *high;
	*high = swap;
}

/* Member by member, because padding may differ. */
#define SAME(member) assert_true(a.member == b.member)

static void info_round(void)
{
	struct mnpen_info a = {
		.protocol = (uint16_t)(0x0100 | random_to(0xff)),
		.firmware = random16(),
		.depth_min_um = random16(),
		.depth_max_um = random16(),
		.depth_step_um = (uint16_t)(random16() | 1),
		.depth_tolerance_um = random16(),
		.speed_min_rpm = random16(),
		.speed_max_rpm = random16(),
		.lease_min_ms = (uint16_t)(random16() | 1),
		.lease_max_ms = (uint16_t)(random16() | 1),
		.features = random32(),
		.stream_min_us = random32() | 1,
		.motor_total_s = random32(),
		.calibrated_on_days = random32(),
		.calibration_due_days = random32(),
	};
	struct mnpen_info b;
	uint8_t buf[MNPEN_INFO_SIZE];

	in_order(&a.depth_min_um, &a.depth_max_um);
	in_order(&a.speed_min_rpm, &a.speed_max_rpm);
	in_order(&a.lease_min_ms, &a.lease_max_ms);
	random_text(a.model, 1, MNPEN_MODEL_SIZE);
	mnpen_info_encode(buf, &a);
	assert_int_equal(mnpen_info_decode(&b, buf, sizeof(buf)), 0);
	SAME(protocol);
	SAME(firmware);
	SAME(depth_min_um);
	SAME(depth_max_um);
	SAME(depth_step_um);
	SAME(depth_tolerance_um);
	SAME(speed_min_rpm);
	SAME(speed_max_rpm);
	SAME(lease_min_ms);
	SAME(lease_max_ms);
	SAME(features);
	SAME(stream_min_us);
	SAME(motor_total_s);
	assert_string_equal(a.model, b.model);
	SAME(calibrated_on_days);
	SAME(calibration_due_days);
}

static void command_rounds(void)
{
	uint64_t token = random_token();

	{
		struct mnpen_arm a = {token,	      random32(),	  random16(),
				      random16(),     random16(),	  random16(),
				      random32() | 1, MNPEN_TRIGGER_HOLD, 0};
		struct mnpen_arm b;
		uint8_t buf[MNPEN_ARM_SIZE];

		in_order(&a.speed_min_rpm, &a.speed_max_rpm);
		mnpen_arm_encode(buf, &a);
		assert_int_equal(mnpen_arm_decode(&b, buf, sizeof(buf)), 0);
		SAME(token);
		SAME(cmd);
		SAME(depth_limit_um);
		SAME(speed_min_rpm);
		SAME(speed_max_rpm);
		SAME(lease_ms);
		SAME(run_limit_ms);
		SAME(trigger_mode);
		assert_int_equal(b.crc, mnpen_crc32(buf, MNPEN_ARM_CRC_OFFSET));
	}
	{
		const struct mnpen_target a = {token, random32(), random16(), random16()};
		struct mnpen_target b;
		uint8_t buf[MNPEN_TARGET_SIZE];

		mnpen_target_encode(buf, &a);
		assert_int_equal(mnpen_target_decode(&b, buf, sizeof(buf)), 0);
		SAME(token);
		SAME(cmd);
		SAME(depth_um);
		SAME(speed_rpm);
	}
	{
		const struct mnpen_lease a = {token, random32(), random32(), random_to(1)};
		struct mnpen_lease b;
		uint8_t buf[MNPEN_LEASE_SIZE];

		mnpen_lease_encode(buf, &a);
		assert_int_equal(mnpen_lease_decode(&b, buf, sizeof(buf)), 0);
		SAME(token);
		SAME(counter);
		SAME(limits_crc);
		SAME(enable);
	}
	{
		const struct mnpen_claim a = {token, random32(), random32()};
		struct mnpen_claim b;
		uint8_t buf[MNPEN_CLAIM_SIZE];

		mnpen_claim_encode(buf, &a);
		assert_int_equal(mnpen_claim_decode(&b, buf, sizeof(buf)), 0);
		SAME(token);
		SAME(cmd);
		SAME(today_days);
	}
}

static void cartridge_round(void)
{
	struct mnpen_cartridge a = {
		.needles = random16(),
		.length_um = random16(),
		.expires_days = random32(),
		.strokes = random32(),
		.claimed_token = random64(),
		.flags = random_to(MNPEN_CARTRIDGE_FLAGS_ALL),
	};
	struct mnpen_cartridge b;
	uint8_t buf[MNPEN_CARTRIDGE_SIZE];

	for (size_t i = 0; i < sizeof(a.uid); i++)
		a.uid[i] = random_to(0xff);
	random_text(a.lot, 0, MNPEN_LOT_SIZE);
	mnpen_cartridge_encode(buf, &a);
	assert_int_equal(mnpen_cartridge_decode(&b, buf, sizeof(buf)), 0);
	assert_memory_equal(a.uid, b.uid, sizeof(a.uid));
	assert_string_equal(a.lot, b.lot);
	SAME(needles);
	SAME(length_um);
	SAME(expires_days);
	SAME(strokes);
	SAME(claimed_token);
	SAME(flags);
}

static void error_round(void)
{
	const struct mnpen_error_record a = {random_to(0xff), random_to(MNPEN_ERR_MAX), random16(),
					     random32()};
	struct mnpen_error_record b;
	uint8_t buf[MNPEN_ERROR_SIZE];

	mnpen_error_encode(buf, &a);
	assert_int_equal(mnpen_error_decode(&b, buf, sizeof(buf)), 0);
	SAME(request);
	SAME(code);
	SAME(detail);
	SAME(cmd);
}

static void sample_round(void)
{
	const struct mnpen_sample a = {
		.seq = random32(),
		.last_cmd = random32(),
		.time_us = random64(),
		.state = random_to(MNPEN_STATE_MAX),
		.flags = random_to(0xff),
		.faults = random16() & MNPEN_FAULTS_ALL,
		.depth_um = random16(),
		.speed_rpm = random16(),
		.target_depth_um = random16(),
		.target_speed_rpm = random16(),
		.motor_ma = random16(),
		.motor_temp_dc = (int16_t)random16(),
		.supply_mv = random16(),
		.battery_pct = random_to(100),
		.stop_reason = random_to(MNPEN_STOP_MAX),
		.strokes = random32(),
		.run_ms = random32(),
		.lease_left_ms = random16(),
	};
	struct mnpen_sample b;
	uint8_t buf[MNPEN_SAMPLE_SIZE];

	mnpen_sample_encode(buf, &a);
	assert_int_equal(mnpen_sample_decode(&b, buf, sizeof(buf)), 0);
	SAME(seq);
	SAME(last_cmd);
	SAME(time_us);
	SAME(state);
	SAME(flags);
	SAME(faults);
	SAME(depth_um);
	SAME(speed_rpm);
	SAME(target_depth_um);
	SAME(target_speed_rpm);
	SAME(motor_ma);
	SAME(motor_temp_dc);
	SAME(supply_mv);
	SAME(battery_pct);
	SAME(stop_reason);
	SAME(strokes);
	SAME(run_ms);
	SAME(lease_left_ms);
}

static void structs_survive(void **state)
{
	prng = SEED;
	for (int round = 0; round < ROUNDS; round++) {
		info_round();
		command_rounds();
		cartridge_round();
		error_round();
		sample_round();
	}
}

/* decodes @buf of @len; when that works, encodes the result into @again */
#define SURVIVOR(name, type, size_)                                                                \
	static int survive_##name(const uint8_t *buf, size_t len, uint8_t *again)                  \
	{                                                                                          \
		struct type ret, before;                                                           \
		int r;                                                                             \
                                                                                                   \
		memset(&ret, 0xa5, sizeof(ret));                                                   \
		memcpy(&before, &ret, sizeof(ret));                                                \
		r = mnpen_##name##_decode(&ret, buf, len);                                         \
		if (r < 0)                                                                         \
			assert_memory_equal(&ret, &before, sizeof(ret));                           \
		else                                                                               \
			mnpen_##name##_encode(again, &ret);                                        \
		assert_true(len == (size_) ? !r || r == -EBADMSG : r == -EMSGSIZE);                \
		return r;                                                                          \
	}
SURVIVOR(info, mnpen_info, MNPEN_INFO_SIZE)
SURVIVOR(arm, mnpen_arm, MNPEN_ARM_SIZE)
SURVIVOR(target, mnpen_target, MNPEN_TARGET_SIZE)
SURVIVOR(lease, mnpen_lease, MNPEN_LEASE_SIZE)
SURVIVOR(claim, mnpen_claim, MNPEN_CLAIM_SIZE)
SURVIVOR(cartridge, mnpen_cartridge, MNPEN_CARTRIDGE_SIZE)
SURVIVOR(error, mnpen_error_record, MNPEN_ERROR_SIZE)
SURVIVOR(sample, mnpen_sample, MNPEN_SAMPLE_SIZE)

/* Random bytes alone would hardly ever be an info record. */
static const uint8_t info_bytes[MNPEN_INFO_SIZE] = {
	[1] = 0x01, [7] = 0x09, [8] = 50, [15] = 0x2a, [16] = 100, [19] = 1, [25] = 3, [32] = 'P',
};
static const uint8_t zero_bytes[MNPEN_RECORD_MAX];

static const struct {
	int (*survive)(const uint8_t *buf, size_t len, uint8_t *again);
	size_t size;
	const uint8_t *base; /* MNPEN_RECORD_MAX bytes to start from */
} records[] = {
	{survive_info, MNPEN_INFO_SIZE, info_bytes},
	{survive_arm, MNPEN_ARM_SIZE, zero_bytes},
	{survive_target, MNPEN_TARGET_SIZE, zero_bytes},
	{survive_lease, MNPEN_LEASE_SIZE, zero_bytes},
	{survive_claim, MNPEN_CLAIM_SIZE, zero_bytes},
	{survive_cartridge, MNPEN_CARTRIDGE_SIZE, zero_bytes},
	{survive_error, MNPEN_ERROR_SIZE, zero_bytes},
	{survive_sample, MNPEN_SAMPLE_SIZE, zero_bytes},
};

/* From few bytes changed to all, so that reserved fields pass often enough to get behind them. */
static void scatter(uint8_t *buf, const uint8_t *base, size_t len)
{
	uint8_t density = random_to(16);

	for (size_t i = 0; i < len; i++)
		buf[i] = random_to(15) < density ? random_to(0xff) : base[i];
}

static void seal(uint8_t arm[MNPEN_ARM_SIZE])
{
	uint32_t crc = mnpen_crc32(arm, MNPEN_ARM_CRC_OFFSET);

	for (int i = 0; i < 4; i++)
		arm[MNPEN_ARM_CRC_OFFSET + i] = (uint8_t)(crc >> 8 * i);
}

static void bytes_survive(void **state)
{
	int decoded[sizeof(records) / sizeof(records[0])] = {0};

	prng = SEED;
	for (int round = 0; round < ROUNDS; round++) {
		uint8_t buf[MNPEN_RECORD_MAX], again[MNPEN_RECORD_MAX];

		for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
			size_t len = random_to(3) ? records[i].size : random_to(sizeof(buf));

			scatter(buf, records[i].base, len);
			if (records[i].survive == survive_arm && len == MNPEN_ARM_SIZE)
				seal(buf);
			if (records[i].survive(buf, len, again) < 0)
				continue;
			assert_memory_equal(again, buf, records[i].size);
			decoded[i]++;
		}
	}
	/* a property that no input reached would prove nothing */
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		print_message("record %zu: %d of %d decoded\n", i, decoded[i], ROUNDS);
		assert_in_range(decoded[i], ROUNDS / 100, ROUNDS * 9 / 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(structs_survive),
		cmocka_unit_test(bytes_survive),
	};

	print_message("seed %#llx, %d rounds\n", SEED, ROUNDS);
	return cmocka_run_group_tests_name("proto_property", tests, NULL, NULL);
}
