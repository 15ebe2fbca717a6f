// SPDX-License-Identifier: GPL-2.0-only
/* Golden bytes of what a pen reports while it works; see test_proto_golden.c for the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver/proto/records.h"

static const uint8_t cartridge_bytes[MNPEN_CARTRIDGE_SIZE] = {
	0x04, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07,		      /* 0 uid */
	'L',  '2',  '4',  '0',	'9',  '-',  'A',  '1',	'7', 0, 0, 0, /* 8 lot */
	0x10, 0x00,						      /* 20 needles 16 */
	0xdc, 0x05,						      /* 22 length 1500 */
	0xea, 0x51, 0x00, 0x00,				/* 24 expires 20970 = 2027-06-01 */
	0x40, 0xe2, 0x01, 0x00,				/* 28 strokes 123456 */
	0xe8, 0x5b, 0x04, 0xa7, 0xd2, 0x61, 0x3c, 0x9f, /* 32 claimed_token */
	0x03,						/* 40 flags: present, sleeve */
	0,    0,    0,	  0,	0,    0,    0,		/* 41 reserved */
};

static void cartridge(void **state)
{
	const struct mnpen_cartridge values = {
		.uid = {0x04, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07},
		.lot = "L2409-A17",
		.needles = 16,
		.length_um = 1500,
		.expires_days = 20970,
		.strokes = 123456,
		.claimed_token = 0x9f3c61d2a7045be8ULL,
		.flags = MNPEN_CARTRIDGE_PRESENT | MNPEN_CARTRIDGE_SLEEVE,
	};
	struct mnpen_cartridge got;
	uint8_t buf[MNPEN_CARTRIDGE_SIZE];

	memset(buf, 0xa5, sizeof(buf));
	mnpen_cartridge_encode(buf, &values);
	assert_memory_equal(buf, cartridge_bytes, sizeof(buf));

	assert_int_equal(mnpen_cartridge_decode(&got, cartridge_bytes, sizeof(buf)), 0);
	assert_memory_equal(got.uid, values.uid, sizeof(got.uid));
	assert_string_equal(got.lot, "L2409-A17");
	assert_int_equal(got.needles, 16);
	assert_int_equal(got.length_um, 1500);
	assert_int_equal(got.expires_days, 20970);
	assert_int_equal(got.strokes, 123456);
	assert_true(got.claimed_token == values.claimed_token);
	assert_int_equal(got.flags, 0x03);
}

/* Text that fills its field has no NUL on the wire and gets one in the struct. */
static void cartridge_full_lot(void **state)
{
	uint8_t bytes[MNPEN_CARTRIDGE_SIZE], buf[MNPEN_CARTRIDGE_SIZE];
	struct mnpen_cartridge got;

	memcpy(bytes, cartridge_bytes, sizeof(bytes));
	memcpy(bytes + 8, "ABCDEFGHIJKL", 12);
	assert_int_equal(mnpen_cartridge_decode(&got, bytes, sizeof(bytes)), 0);
	assert_string_equal(got.lot, "ABCDEFGHIJKL");
	mnpen_cartridge_encode(buf, &got);
	assert_memory_equal(buf, bytes, sizeof(buf));
}

/* A pen without a tag reader: all zero but flags. */
static void cartridge_without_tag(void **state)
{
	const uint8_t bytes[MNPEN_CARTRIDGE_SIZE] = {[40] = 0x01};
	struct mnpen_cartridge got;

	assert_int_equal(mnpen_cartridge_decode(&got, bytes, sizeof(bytes)), 0);
	assert_string_equal(got.lot, "");
	assert_int_equal(got.flags, MNPEN_CARTRIDGE_PRESENT);
	assert_true(got.claimed_token == 0);
}

static const uint8_t error_bytes[MNPEN_ERROR_SIZE] = {
	0x04,			/* 0 request SET_TARGET */
	0x05,			/* 1 code LIMIT */
	0x0c, 0x01,		/* 2 detail 268: no such offset, but two bytes to tell apart */
	0xa6, 0x01, 0x3b, 0x7d, /* 4 cmd 0x7d3b01a6 */
};

static void error(void **state)
{
	const struct mnpen_error_record values = {.request = MNPEN_REQ_SET_TARGET,
						  .code = MNPEN_ERR_LIMIT,
						  .detail = 268,
						  .cmd = 0x7d3b01a6};
	struct mnpen_error_record got;
	uint8_t buf[MNPEN_ERROR_SIZE];

	mnpen_error_encode(buf, &values);
	assert_memory_equal(buf, error_bytes, sizeof(buf));

	assert_int_equal(mnpen_error_decode(&got, error_bytes, sizeof(error_bytes)), 0);
	assert_int_equal(got.request, 4);
	assert_int_equal(got.code, 5);
	assert_int_equal(got.detail, 268);
	assert_int_equal(got.cmd, 0x7d3b01a6);
}

/* docs/protocol.md, worked example, step 9 */
static void error_of_example(void **state)
{
	static const uint8_t bytes[MNPEN_ERROR_SIZE] = {0x04, 0x05, 0x0c, 0x00, 0xa6, 0x01};
	struct mnpen_error_record got;

	assert_int_equal(mnpen_error_decode(&got, bytes, sizeof(bytes)), 0);
	assert_int_equal(got.request, MNPEN_REQ_SET_TARGET);
	assert_int_equal(got.code, MNPEN_ERR_LIMIT);
	assert_int_equal(got.detail, 12);
	assert_int_equal(got.cmd, 422);
}

static const uint8_t running_bytes[MNPEN_SAMPLE_SIZE] = {
	0x87, 0xd6, 0x12, 0x00,				/* 0 seq 1234567 */
	0xa5, 0x01, 0x00, 0x00,				/* 4 last_cmd 421 */
	0x40, 0xc6, 0x0d, 0x54, 0x02, 0x00, 0x00, 0x00, /* 8 time 10000123456 */
	0x03,						/* 16 RUNNING */
	0xdf,						/* 17 flags: all but charging */
	0x00, 0x00,					/* 18 no fault */
	0xe7, 0x01,					/* 20 depth 487 */
	0x63, 0x17,					/* 22 speed 5987 */
	0xf4, 0x01,					/* 24 target_depth 500 */
	0x70, 0x17,					/* 26 target_speed 6000 */
	0x9c, 0x01,					/* 28 motor 412 mA */
	0x3e, 0x01,					/* 30 motor_temp 31.8 degrees */
	0x48, 0x0f,					/* 32 supply 3912 mV */
	0x57,						/* 34 battery 87 % */
	0x00,						/* 35 stop_reason none */
	0xb4, 0x0b, 0x00, 0x00,				/* 36 strokes 2996 */
	0x41, 0x75, 0x00, 0x00,				/* 40 run 30017 ms */
	0xfd, 0x00,					/* 44 lease_left 253 */
	0x00, 0x00,					/* 46 reserved */
};

static const struct mnpen_sample running_values = {
	.seq = 1234567,
	.last_cmd = 421,
	.time_us = 10000123456ULL,
	.state = MNPEN_STATE_RUNNING,
	.flags = MNPEN_FLAG_TRIGGER | MNPEN_FLAG_CONTACT | MNPEN_FLAG_ENABLED |
		 MNPEN_FLAG_CARTRIDGE | MNPEN_FLAG_SLEEVE | MNPEN_FLAG_CALIBRATION |
		 MNPEN_FLAG_DRIVE,
	.depth_um = 487,
	.speed_rpm = 5987,
	.target_depth_um = 500,
	.target_speed_rpm = 6000,
	.motor_ma = 412,
	.motor_temp_dc = 318,
	.supply_mv = 3912,
	.battery_pct = 87,
	.stop_reason = MNPEN_STOP_NONE,
	.strokes = 2996,
	.run_ms = 30017,
	.lease_left_ms = 253,
};

static const uint8_t fault_bytes[MNPEN_SAMPLE_SIZE] = {
	0xf1, 0xe2, 0xd3, 0xc4,				/* 0 seq */
	0xb5, 0xa6, 0x97, 0x88,				/* 4 last_cmd */
	0x71, 0x62, 0x53, 0x44, 0x35, 0x26, 0x17, 0x08, /* 8 time */
	0x04,						/* 16 FAULT */
	0x20,						/* 17 charging */
	0x10, 0x09,					/* 18 STALLED, CARTRIDGE_LOST, INTERNAL */
	0x1a, 0x2b,					/* 20 depth */
	0x3c, 0x4d,					/* 22 speed */
	0x5e, 0x6f,					/* 24 target_depth */
	0x7a, 0x8b,					/* 26 target_speed */
	0x9c, 0xad,					/* 28 motor_ma */
	0x85, 0xff,					/* 30 motor_temp -12.3 degrees */
	0xbe, 0xcf,					/* 32 supply_mv */
	0x64,						/* 34 battery 100 % */
	0x06,						/* 35 stop_reason FAULT */
	0x15, 0x24, 0x33, 0x42,				/* 36 strokes */
	0x51, 0x60, 0x7f, 0x8e,				/* 40 run_ms */
	0x9d, 0xac,					/* 44 lease_left_ms */
	0x00, 0x00,					/* 46 reserved */
};

static const struct mnpen_sample fault_values = {
	.seq = 0xc4d3e2f1,
	.last_cmd = 0x8897a6b5,
	.time_us = 0x0817263544536271ULL,
	.state = MNPEN_STATE_FAULT,
	.flags = MNPEN_FLAG_CHARGING,
	.faults = MNPEN_FAULT_STALLED | MNPEN_FAULT_CARTRIDGE_LOST | MNPEN_FAULT_INTERNAL,
	.depth_um = 0x2b1a,
	.speed_rpm = 0x4d3c,
	.target_depth_um = 0x6f5e,
	.target_speed_rpm = 0x8b7a,
	.motor_ma = 0xad9c,
	.motor_temp_dc = -123,
	.supply_mv = 0xcfbe,
	.battery_pct = 100,
	.stop_reason = MNPEN_STOP_FAULT,
	.strokes = 0x42332415,
	.run_ms = 0x8e7f6051,
	.lease_left_ms = 0xac9d,
};

static void sample_both_ways(const uint8_t *bytes, const struct mnpen_sample *values)
{
	struct mnpen_sample got;
	uint8_t buf[MNPEN_SAMPLE_SIZE];

	memset(buf, 0xa5, sizeof(buf));
	mnpen_sample_encode(buf, values);
	assert_memory_equal(buf, bytes, sizeof(buf));

	assert_int_equal(mnpen_sample_decode(&got, bytes, MNPEN_SAMPLE_SIZE), 0);
	assert_int_equal(got.seq, values->seq);
	assert_int_equal(got.last_cmd, values->last_cmd);
	assert_true(got.time_us == values->time_us);
	assert_int_equal(got.state, values->state);
	assert_int_equal(got.flags, values->flags);
	assert_int_equal(got.faults, values->faults);
	assert_int_equal(got.depth_um, values->depth_um);
	assert_int_equal(got.speed_rpm, values->speed_rpm);
	assert_int_equal(got.target_depth_um, values->target_depth_um);
	assert_int_equal(got.target_speed_rpm, values->target_speed_rpm);
	assert_int_equal(got.motor_ma, values->motor_ma);
	assert_int_equal(got.motor_temp_dc, values->motor_temp_dc);
	assert_int_equal(got.supply_mv, values->supply_mv);
	assert_int_equal(got.battery_pct, values->battery_pct);
	assert_int_equal(got.stop_reason, values->stop_reason);
	assert_int_equal(got.strokes, values->strokes);
	assert_int_equal(got.run_ms, values->run_ms);
	assert_int_equal(got.lease_left_ms, values->lease_left_ms);
}

static void sample_running(void **state)
{
	sample_both_ways(running_bytes, &running_values);
}

static void sample_fault(void **state)
{
	sample_both_ways(fault_bytes, &fault_values);
}

/* Bit numbers, one by one: masks made of several bits would hide a swap. */
static void bits(void **state)
{
	assert_int_equal(MNPEN_FLAG_TRIGGER, 0x01);
	assert_int_equal(MNPEN_FLAG_CONTACT, 0x02);
	assert_int_equal(MNPEN_FLAG_ENABLED, 0x04);
	assert_int_equal(MNPEN_FLAG_CARTRIDGE, 0x08);
	assert_int_equal(MNPEN_FLAG_SLEEVE, 0x10);
	assert_int_equal(MNPEN_FLAG_CHARGING, 0x20);
	assert_int_equal(MNPEN_FLAG_CALIBRATION, 0x40);
	assert_int_equal(MNPEN_FLAG_DRIVE, 0x80);
	assert_int_equal(MNPEN_FAULT_SELFTEST, 0x001);
	assert_int_equal(MNPEN_FAULT_OVERDEPTH, 0x002);
	assert_int_equal(MNPEN_FAULT_OVERSPEED, 0x004);
	assert_int_equal(MNPEN_FAULT_UNDERSPEED, 0x008);
	assert_int_equal(MNPEN_FAULT_STALLED, 0x010);
	assert_int_equal(MNPEN_FAULT_OVERCURRENT, 0x020);
	assert_int_equal(MNPEN_FAULT_OVERTEMP, 0x040);
	assert_int_equal(MNPEN_FAULT_UNDERVOLT, 0x080);
	assert_int_equal(MNPEN_FAULT_CARTRIDGE_LOST, 0x100);
	assert_int_equal(MNPEN_FAULT_INGRESS, 0x200);
	assert_int_equal(MNPEN_FAULT_POSITION_SENSOR, 0x400);
	assert_int_equal(MNPEN_FAULT_INTERNAL, 0x800);
	assert_int_equal(MNPEN_FEATURE_BATTERY, 0x01);
	assert_int_equal(MNPEN_FEATURE_CONTACT, 0x02);
	assert_int_equal(MNPEN_FEATURE_CARTRIDGE_TAG, 0x04);
	assert_int_equal(MNPEN_FEATURE_INGRESS, 0x08);
	assert_int_equal(MNPEN_FEATURE_SLEEVE, 0x10);
	assert_int_equal(MNPEN_CARTRIDGE_PRESENT, 0x01);
	assert_int_equal(MNPEN_CARTRIDGE_SLEEVE, 0x02);
	assert_int_equal(MNPEN_CARTRIDGE_UNREADABLE, 0x04);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cartridge),
		cmocka_unit_test(cartridge_full_lot),
		cmocka_unit_test(cartridge_without_tag),
		cmocka_unit_test(error),
		cmocka_unit_test(error_of_example),
		cmocka_unit_test(sample_running),
		cmocka_unit_test(sample_fault),
		cmocka_unit_test(bits),
	};

	return cmocka_run_group_tests_name("proto_golden_pen", tests, NULL, NULL);
}
