// SPDX-License-Identifier: GPL-2.0-only
/*
 * Golden bytes of every record, written by hand from docs/protocol.md and never by the encoder:
 * host and virtual pen share the codec, so that an error in it would cancel out. The values are
 * distinct and their bytes differ, so that a swapped field or byte shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver/proto/records.h"

#define TOKEN 0x9f3c61d2a7045be8ULL
#define LIMITS_CRC 0xeb5ecb1eu

static const uint8_t info_bytes[MNPEN_INFO_SIZE] = {
	0x00, 0x01,		/* 0 protocol 1.0 */
	0x13, 0x02,		/* 2 firmware 2.13 */
	0xc8, 0x00,		/* 4 depth_min 200 */
	0xc4, 0x09,		/* 6 depth_max 2500 */
	0x32, 0x00,		/* 8 depth_step 50 */
	0x78, 0x00,		/* 10 depth_tolerance 120 */
	0x08, 0x07,		/* 12 speed_min 1800 */
	0x30, 0x2a,		/* 14 speed_max 10800 */
	0x64, 0x00,		/* 16 lease_min 100 */
	0xf4, 0x01,		/* 18 lease_max 500 */
	0x1f, 0x00, 0x00, 0x00, /* 20 features: all five */
	0xe8, 0x03, 0x00, 0x00, /* 24 stream_min 1000 */
	0x91, 0x82, 0x0b, 0x00, /* 28 motor_total 754321 */
	'M',  'N',  '-',  'P',	'e', 'n', ' ', '1', 0, 0, 0, 0, 0, 0, 0, 0, /* 32 model */
	0xe6, 0x4f, 0x00, 0x00,			  /* 48 calibrated_on 20454 = 2026-01-01 */
	0x53, 0x51, 0x00, 0x00,			  /* 52 calibration_due 20819 = 2027-01-01 */
	0,    0,    0,	  0,	0,   0,	  0,   0, /* 56 reserved */
};

static const struct mnpen_info info_values = {
	.protocol = 0x0100,
	.firmware = 0x0213,
	.depth_min_um = 200,
	.depth_max_um = 2500,
	.depth_step_um = 50,
	.depth_tolerance_um = 120,
	.speed_min_rpm = 1800,
	.speed_max_rpm = 10800,
	.lease_min_ms = 100,
	.lease_max_ms = 500,
	.features = 0x1f,
	.stream_min_us = 1000,
	.motor_total_s = 754321,
	.model = "MN-Pen 1",
	.calibrated_on_days = 20454,
	.calibration_due_days = 20819,
};

static void info(void **state)
{
	struct mnpen_info got;
	uint8_t buf[MNPEN_INFO_SIZE];

	memset(buf, 0xa5, sizeof(buf));
	mnpen_info_encode(buf, &info_values);
	assert_memory_equal(buf, info_bytes, sizeof(buf));

	assert_int_equal(mnpen_info_decode(&got, info_bytes, sizeof(info_bytes)), 0);
	assert_int_equal(got.protocol, info_values.protocol);
	assert_int_equal(got.firmware, info_values.firmware);
	assert_int_equal(got.depth_min_um, info_values.depth_min_um);
	assert_int_equal(got.depth_max_um, info_values.depth_max_um);
	assert_int_equal(got.depth_step_um, info_values.depth_step_um);
	assert_int_equal(got.depth_tolerance_um, info_values.depth_tolerance_um);
	assert_int_equal(got.speed_min_rpm, info_values.speed_min_rpm);
	assert_int_equal(got.speed_max_rpm, info_values.speed_max_rpm);
	assert_int_equal(got.lease_min_ms, info_values.lease_min_ms);
	assert_int_equal(got.lease_max_ms, info_values.lease_max_ms);
	assert_int_equal(got.features, info_values.features);
	assert_int_equal(got.stream_min_us, info_values.stream_min_us);
	assert_int_equal(got.motor_total_s, info_values.motor_total_s);
	assert_string_equal(got.model, info_values.model);
	assert_int_equal(got.calibrated_on_days, info_values.calibrated_on_days);
	assert_int_equal(got.calibration_due_days, info_values.calibration_due_days);
}

static const uint8_t claim_bytes[MNPEN_CLAIM_SIZE] = {
	0xe8, 0x5b, 0x04, 0xa7, 0xd2, 0x61, 0x3c, 0x9f, /* 0 token */
	0xa3, 0x01, 0x00, 0x00,				/* 8 cmd 419 */
	0x14, 0x50, 0x00, 0x00,				/* 12 today 20500 = 2026-02-16 */
};

static void claim(void **state)
{
	const struct mnpen_claim values = {.token = TOKEN, .cmd = 419, .today_days = 20500};
	struct mnpen_claim got;
	uint8_t buf[MNPEN_CLAIM_SIZE];

	mnpen_claim_encode(buf, &values);
	assert_memory_equal(buf, claim_bytes, sizeof(buf));

	assert_int_equal(mnpen_claim_decode(&got, claim_bytes, sizeof(claim_bytes)), 0);
	assert_true(got.token == TOKEN);
	assert_int_equal(got.cmd, 419);
	assert_int_equal(got.today_days, 20500);
}

static const uint8_t arm_bytes[MNPEN_ARM_SIZE] = {
	0xe8, 0x5b, 0x04, 0xa7, 0xd2, 0x61, 0x3c, 0x9f, /* 0 token */
	0xa4, 0x01, 0x00, 0x00,				/* 8 cmd 420 */
	0xee, 0x02,					/* 12 depth_limit 750 */
	0x18, 0x15,					/* 14 speed_min 5400 */
	0x20, 0x1c,					/* 16 speed_max 7200 */
	0x2c, 0x01,					/* 18 lease 300 */
	0xa0, 0xbb, 0x0d, 0x00,				/* 20 run_limit 900000 */
	0x00,						/* 24 trigger_mode: hold */
	0x00, 0x00, 0x00,				/* 25 reserved */
	0x1e, 0xcb, 0x5e, 0xeb,				/* 28 crc, computed by zlib */
};

static void arm(void **state)
{
	const struct mnpen_arm values = {
		.token = TOKEN,
		.cmd = 420,
		.depth_limit_um = 750,
		.speed_min_rpm = 5400,
		.speed_max_rpm = 7200,
		.lease_ms = 300,
		.run_limit_ms = 900000,
		.trigger_mode = MNPEN_TRIGGER_HOLD,
		.crc = 0x11223344, /* encode computes its own */
	};
	struct mnpen_arm got;
	uint8_t buf[MNPEN_ARM_SIZE];

	memset(buf, 0xa5, sizeof(buf));
	mnpen_arm_encode(buf, &values);
	assert_memory_equal(buf, arm_bytes, sizeof(buf));

	assert_int_equal(mnpen_arm_decode(&got, arm_bytes, sizeof(arm_bytes)), 0);
	assert_true(got.token == TOKEN);
	assert_int_equal(got.cmd, 420);
	assert_int_equal(got.depth_limit_um, 750);
	assert_int_equal(got.speed_min_rpm, 5400);
	assert_int_equal(got.speed_max_rpm, 7200);
	assert_int_equal(got.lease_ms, 300);
	assert_int_equal(got.run_limit_ms, 900000);
	assert_int_equal(got.trigger_mode, 0);
	assert_int_equal(got.crc, LIMITS_CRC);
}

static const uint8_t target_bytes[MNPEN_TARGET_SIZE] = {
	0xe8, 0x5b, 0x04, 0xa7, 0xd2, 0x61, 0x3c, 0x9f, /* 0 token */
	0xa5, 0x01, 0x00, 0x00,				/* 8 cmd 421 */
	0xf4, 0x01,					/* 12 depth 500 */
	0x70, 0x17,					/* 14 speed 6000 */
};

static void target(void **state)
{
	const struct mnpen_target values = {
		.token = TOKEN, .cmd = 421, .depth_um = 500, .speed_rpm = 6000};
	struct mnpen_target got;
	uint8_t buf[MNPEN_TARGET_SIZE];

	mnpen_target_encode(buf, &values);
	assert_memory_equal(buf, target_bytes, sizeof(buf));

	assert_int_equal(mnpen_target_decode(&got, target_bytes, sizeof(target_bytes)), 0);
	assert_true(got.token == TOKEN);
	assert_int_equal(got.cmd, 421);
	assert_int_equal(got.depth_um, 500);
	assert_int_equal(got.speed_rpm, 6000);
}

static const uint8_t lease_bytes[MNPEN_LEASE_SIZE] = {
	0xe8, 0x5b, 0x04, 0xa7, 0xd2, 0x61, 0x3c, 0x9f, /* 0 token */
	0x01, 0x00, 0x00, 0x00,				/* 8 counter 1 */
	0x1e, 0xcb, 0x5e, 0xeb,				/* 12 limits_crc: the arm record's */
	0x01,						/* 16 enable */
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,	/* 17 reserved */
};

static void lease(void **state)
{
	const struct mnpen_lease values = {
		.token = TOKEN, .counter = 1, .limits_crc = LIMITS_CRC, .enable = 1};
	struct mnpen_lease got;
	uint8_t buf[MNPEN_LEASE_SIZE];

	memset(buf, 0xa5, sizeof(buf));
	mnpen_lease_encode(buf, &values);
	assert_memory_equal(buf, lease_bytes, sizeof(buf));

	assert_int_equal(mnpen_lease_decode(&got, lease_bytes, sizeof(lease_bytes)), 0);
	assert_true(got.token == TOKEN);
	assert_int_equal(got.counter, 1);
	assert_int_equal(got.limits_crc, LIMITS_CRC);
	assert_int_equal(got.enable, 1);
}

static const uint8_t stream_bytes[MNPEN_STREAM_SIZE] = {0xd0, 0x07, 0x00, 0x00};

static void stream(void **state)
{
	uint8_t buf[MNPEN_STREAM_SIZE];
	uint32_t period_us = 0;

	mnpen_stream_encode(buf, 2000);
	assert_memory_equal(buf, stream_bytes, sizeof(buf));
	assert_int_equal(mnpen_stream_decode(&period_us, stream_bytes, sizeof(stream_bytes)), 0);
	assert_int_equal(period_us, 2000);
}

/* STOP has no record; its eight bytes of SETUP are numbers of proto.h. */
static void request_numbers(void **state)
{
	assert_int_equal(MNPEN_REQTYPE_OUT, 0x21);
	assert_int_equal(MNPEN_REQTYPE_IN, 0xa1);
	assert_int_equal(MNPEN_REQ_GET_INFO, 0x01);
	assert_int_equal(MNPEN_REQ_GET_STATUS, 0x02);
	assert_int_equal(MNPEN_REQ_ARM, 0x03);
	assert_int_equal(MNPEN_REQ_SET_TARGET, 0x04);
	assert_int_equal(MNPEN_REQ_LEASE, 0x05);
	assert_int_equal(MNPEN_REQ_STOP, 0x06);
	assert_int_equal(MNPEN_REQ_CLEAR_FAULT, 0x07);
	assert_int_equal(MNPEN_REQ_SET_STREAM, 0x08);
	assert_int_equal(MNPEN_REQ_GET_CARTRIDGE, 0x09);
	assert_int_equal(MNPEN_REQ_CLAIM_CARTRIDGE, 0x0a);
	assert_int_equal(MNPEN_REQ_GET_ERROR, 0x0b);
}

static void crc(void **state)
{
	assert_int_equal(mnpen_crc32((const uint8_t *)"123456789", 9), 0xcbf43926);
	assert_int_equal(mnpen_crc32((const uint8_t *)"", 0), 0);
	assert_int_equal(mnpen_crc32(arm_bytes, MNPEN_ARM_CRC_OFFSET), LIMITS_CRC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(info),
		cmocka_unit_test(claim),
		cmocka_unit_test(arm),
		cmocka_unit_test(target),
		cmocka_unit_test(lease),
		cmocka_unit_test(stream),
		cmocka_unit_test(request_numbers),
		cmocka_unit_test(crc),
	};

	return cmocka_run_group_tests_name("proto_golden", tests, NULL, NULL);
}
