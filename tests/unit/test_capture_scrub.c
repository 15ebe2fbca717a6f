// SPDX-License-Identifier: GPL-2.0-only
/* Pseudonyms: the same throughout, of the same form, and nothing else touched. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/host/scrub.h"
#include "driver/proto/records.h"

#define SERIAL "Pen-4711"
#define TOKEN 0x8877665544332211ULL
#define OTHER_TOKEN 0x0123456789abcdefULL

static const uint8_t key[SCRUB_KEY_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static struct scrub scrub;

static int setup_scrub(void **state)
{
	scrub_begin(&scrub, key, SERIAL);
	return 0;
}

static void control(uint8_t type, uint8_t request, uint8_t *data, size_t len)
{
	const uint8_t setup[HOST_SETUP_SIZE] = {type, request};
	const struct host_transfer transfer = {.control = true, .setup = setup};

	scrub_data(&scrub, &transfer, data, len);
}

static void packet(uint8_t *data, size_t len)
{
	const struct host_transfer transfer = {.endpoint = 0x81};

	scrub_data(&scrub, &transfer, data, len);
}

static struct mnpen_arm arm_record(uint64_t token)
{
	return (struct mnpen_arm){
		.token = token,
		.cmd = 7,
		.depth_limit_um = 1000,
		.speed_min_rpm = 2400,
		.speed_max_rpm = 8000,
		.lease_ms = 300,
		.run_limit_ms = 600000,
	};
}

/* Returns what the token became; all else is as it was, and the record is valid. */
static uint64_t scrub_arm(uint64_t token, uint32_t *ret_crc)
{
	struct mnpen_arm arm = arm_record(token), now;
	uint8_t buf[MNPEN_ARM_SIZE], before[MNPEN_ARM_SIZE];

	mnpen_arm_encode(buf, &arm);
	memcpy(before, buf, sizeof(buf));
	control(0x21, 3, buf, sizeof(buf));
	assert_memory_equal(buf + 8, before + 8, 20);
	assert_int_equal(mnpen_arm_decode(&now, buf, sizeof(buf)), 0); /* its checksum is right */
	*ret_crc = now.crc;
	return now.token;
}

static uint32_t arm_crc(uint64_t token)
{
	struct mnpen_arm arm = arm_record(token);
	uint8_t buf[MNPEN_ARM_SIZE];

	mnpen_arm_encode(buf, &arm);
	mnpen_arm_unpack(&arm, buf);
	return arm.crc;
}

static void test_tokens(void **state)
{
	struct mnpen_lease lease = {
		.token = TOKEN, .counter = 9, .limits_crc = arm_crc(TOKEN), .enable = 1};
	struct mnpen_target target = {.token = TOKEN, .cmd = 8, .depth_um = 500, .speed_rpm = 6000};
	struct mnpen_claim claim = {.token = TOKEN, .cmd = 6, .today_days = 20000};
	uint8_t buf[MNPEN_RECORD_MAX];
	uint32_t crc, other_crc;
	uint64_t token;

	/* A lease first: of an ARM that the capture has not seen. */
	mnpen_lease_encode(buf, &lease);
	control(0x21, 5, buf, MNPEN_LEASE_SIZE);
	assert_int_equal(mnpen_lease_decode(&lease, buf, MNPEN_LEASE_SIZE), 0);
	token = scrub_arm(TOKEN, &crc);
	assert_int_not_equal(token, TOKEN);
	assert_int_not_equal(token, 0);
	assert_int_equal(lease.token, token);
	assert_int_equal(lease.limits_crc, crc);
	assert_int_equal(lease.counter, 9);
	assert_int_equal(lease.enable, 1);

	mnpen_target_encode(buf, &target);
	control(0x21, 4, buf, MNPEN_TARGET_SIZE);
	assert_int_equal(mnpen_target_decode(&target, buf, MNPEN_TARGET_SIZE), 0);
	assert_int_equal(target.token, token);
	assert_int_equal(target.cmd, 8);
	assert_int_equal(target.depth_um, 500);

	mnpen_claim_encode(buf, &claim);
	control(0x21, 10, buf, MNPEN_CLAIM_SIZE);
	assert_int_equal(mnpen_claim_decode(&claim, buf, MNPEN_CLAIM_SIZE), 0);
	assert_int_equal(claim.token, token);
	assert_int_equal(claim.today_days, 20000);

	assert_int_not_equal(scrub_arm(OTHER_TOKEN, &other_crc), token);
}

/* The pen refused it for its checksum: so it does in the replay. */
static void test_wrong_checksum(void **state)
{
	struct mnpen_arm arm = arm_record(TOKEN);
	uint8_t buf[MNPEN_ARM_SIZE];
	uint16_t detail;

	mnpen_arm_encode(buf, &arm);
	buf[30] ^= 0x40;
	control(0x21, 3, buf, sizeof(buf));
	assert_int_equal(mnpen_arm_check(buf, &detail), MNPEN_ERR_CRC);
	buf[30] ^= 0x40;
	assert_int_equal(mnpen_arm_check(buf, &detail), MNPEN_ERR_NONE);
}

static struct mnpen_cartridge scrub_cartridge(const struct mnpen_cartridge *cartridge)
{
	uint8_t buf[MNPEN_CARTRIDGE_SIZE];
	struct mnpen_cartridge now;

	mnpen_cartridge_encode(buf, cartridge);
	control(0xa1, 9, buf, sizeof(buf));
	assert_int_equal(mnpen_cartridge_decode(&now, buf, sizeof(buf)), 0);
	assert_int_equal(now.needles, cartridge->needles);
	assert_int_equal(now.length_um, cartridge->length_um);
	assert_int_equal(now.expires_days, cartridge->expires_days);
	assert_int_equal(now.strokes, cartridge->strokes);
	assert_int_equal(now.flags, cartridge->flags);
	return now;
}

static void test_cartridge(void **state)
{
	const struct mnpen_cartridge cartridge = {
		.uid = {1, 2, 3, 4, 5, 6, 7, 8},
		.lot = "Lot-2/9x",
		.needles = 14,
		.length_um = 2500,
		.expires_days = 20000,
		.strokes = 77,
		.claimed_token = TOKEN,
		.flags = MNPEN_CARTRIDGE_PRESENT,
	};
	struct mnpen_cartridge now = scrub_cartridge(&cartridge), again;
	struct mnpen_cartridge none = {.flags = MNPEN_CARTRIDGE_SLEEVE};
	uint32_t crc;

	assert_memory_not_equal(now.uid, cartridge.uid, MNPEN_UID_SIZE);
	assert_string_not_equal(now.lot, cartridge.lot);
	/* of the same form */
	assert_int_equal(strlen(now.lot), 8);
	assert_in_range(now.lot[0], 'A', 'Z');
	assert_in_range(now.lot[1], 'a', 'z');
	assert_int_equal(now.lot[3], '-');
	assert_in_range(now.lot[4], '0', '9');
	assert_int_equal(now.lot[5], '/');
	assert_int_equal(now.claimed_token, scrub_arm(TOKEN, &crc));
	again = scrub_cartridge(&cartridge);
	assert_memory_equal(&again, &now, sizeof(now));
	/* none stays none */
	again = scrub_cartridge(&none);
	assert_memory_equal(&again, &none, sizeof(none));
}

static void expect_other(const uint8_t *buf, const uint8_t *before, size_t len, size_t at,
			 size_t size)
{
	if (len > at)
		assert_memory_not_equal(buf + at, before + at, MIN(len - at, size));
}

/* What was a secret of these bytes has changed; all else is as it was. */
static void expect_renamed(const uint8_t *buf, const uint8_t *before, size_t len)
{
	for (size_t i = MNPEN_CARTRIDGE_LOT_OFFSET + MNPEN_LOT_SIZE; i < MNPEN_RECORD_MAX; i++)
		if (i - MNPEN_CARTRIDGE_TOKEN_OFFSET >= MNPEN_TOKEN_SIZE || i >= len)
			assert_int_equal(buf[i], before[i]);
	expect_other(buf, before, len, 0, MNPEN_UID_SIZE);
	expect_other(buf, before, len, MNPEN_CARTRIDGE_LOT_OFFSET, 4);
	expect_other(buf, before, len, MNPEN_CARTRIDGE_TOKEN_OFFSET, MNPEN_TOKEN_SIZE);
}

static void cartridge_bytes(uint8_t buf[MNPEN_RECORD_MAX])
{
	const struct mnpen_cartridge cartridge = {
		.uid = {1, 2, 3, 4, 5, 6, 7, 8},
		.lot = "Lot9",
		.claimed_token = TOKEN,
		.flags = MNPEN_CARTRIDGE_PRESENT,
	};

	memset(buf, 0, MNPEN_RECORD_MAX);
	mnpen_cartridge_encode(buf, &cartridge);
}

/* What a pen says wrongly of its cartridge is a secret all the same. */
static void test_damaged_cartridge(void **state)
{
	uint8_t good[MNPEN_RECORD_MAX], before[MNPEN_RECORD_MAX], buf[MNPEN_RECORD_MAX];

	cartridge_bytes(good);
	control(0xa1, 9, good, MNPEN_CARTRIDGE_SIZE);
	/* of any length: cut off, or with something behind it */
	for (size_t len = 1; len <= MNPEN_RECORD_MAX; len++) {
		cartridge_bytes(before);
		memcpy(buf, before, sizeof(buf));
		setup_scrub(state);
		control(0xa1, 9, buf, len);
		expect_renamed(buf, before, len);
	}
	/* a reserved byte, an unknown flag: the pseudonyms are those of the whole one */
	for (size_t at = MNPEN_CARTRIDGE_SIZE - 8; at < MNPEN_CARTRIDGE_SIZE; at++) {
		cartridge_bytes(before);
		before[at] = 0x80;
		memcpy(buf, before, sizeof(buf));
		setup_scrub(state);
		control(0xa1, 9, buf, MNPEN_CARTRIDGE_SIZE);
		expect_renamed(buf, before, MNPEN_CARTRIDGE_SIZE);
		assert_memory_equal(buf, good, 40);
	}
}

/* A lot that is no text: nothing of it can be read, and what repeats it follows. */
static void test_lot_without_text(void **state)
{
	static const uint8_t lot[MNPEN_LOT_SIZE] = {0xc3, 0xa9, 7, 0, 'A', '1', 0, 'b', '-'};
	uint8_t buf[MNPEN_RECORD_MAX], token[8];

	cartridge_bytes(buf);
	memcpy(token, buf + MNPEN_CARTRIDGE_TOKEN_OFFSET, 8);
	memcpy(buf + MNPEN_CARTRIDGE_LOT_OFFSET, lot, sizeof(lot));
	memcpy(buf + MNPEN_CARTRIDGE_SIZE, token, 8);
	control(0xa1, 9, buf, MNPEN_CARTRIDGE_SIZE + 8);
	for (size_t i = 0; i < sizeof(lot); i++)
		assert_int_equal(buf[8 + i] == 0, lot[i] == 0);
	assert_memory_not_equal(buf + 8, lot, 2);
	assert_memory_not_equal(buf + 12, lot + 4, 2);
	assert_int_equal(buf[16], '-');
	assert_memory_equal(buf + MNPEN_CARTRIDGE_SIZE, buf + MNPEN_CARTRIDGE_TOKEN_OFFSET, 8);
	assert_memory_not_equal(buf + MNPEN_CARTRIDGE_SIZE, token, 8);
}

/* Requests that bear a token and have not their length: the token is one. */
static void test_tokens_of_any_length(void **state)
{
	static const uint8_t requests[] = {MNPEN_REQ_ARM, MNPEN_REQ_SET_TARGET, MNPEN_REQ_LEASE,
					   MNPEN_REQ_CLAIM_CARTRIDGE};
	uint8_t before[MNPEN_RECORD_MAX], buf[MNPEN_RECORD_MAX];
	uint32_t crc;
	uint64_t token = scrub_arm(TOKEN, &crc), now;

	for (size_t i = 0; i < ELEMENTSOF(requests); i++)
		for (size_t len = 1; len <= MNPEN_RECORD_MAX; len++) {
			memset(before, 0x5a, sizeof(before));
			for (size_t n = 0; n < MNPEN_TOKEN_SIZE; n++)
				before[n] = (uint8_t)(TOKEN >> 8 * n);
			memcpy(buf, before, sizeof(buf));
			control(0x21, requests[i], buf, len);
			assert_memory_not_equal(buf, before, MIN(len, (size_t)MNPEN_TOKEN_SIZE));
			assert_memory_equal(buf + len, before + len, sizeof(buf) - len);
			if (len < MNPEN_TOKEN_SIZE)
				continue;
			memcpy(&now, buf, sizeof(now));
			assert_int_equal(le64toh(now), token);
		}
}

/* Every text of one character has another for it, and no text is its own pseudonym. */
static void test_short_lots(void **state)
{
	char lot[2] = "0";

	for (lot[0] = '!'; lot[0] <= '~'; lot[0]++) {
		struct mnpen_cartridge cartridge = {.flags = MNPEN_CARTRIDGE_PRESENT};
		bool alnum = (lot[0] >= '0' && lot[0] <= '9') || (lot[0] >= 'A' && lot[0] <= 'Z') ||
			     (lot[0] >= 'a' && lot[0] <= 'z');

		memcpy(cartridge.lot, lot, 2);
		cartridge = scrub_cartridge(&cartridge);
		assert_int_equal(strlen(cartridge.lot), 1);
		assert_int_equal(strcmp(cartridge.lot, lot) != 0, alnum);
	}
}

static void test_serial_descriptor(void **state)
{
	static const uint8_t product[10] = {10, 3, 'P', 0, 'e', 0, 'n', 0, '-', 0};
	uint8_t serial[18] = {18, 3}, other[10];

	for (size_t i = 0; i < 8; i++)
		serial[2 + 2 * i] = (uint8_t)SERIAL[i];
	control(0x80, 6, serial, sizeof(serial));
	assert_int_equal(serial[0], 18);
	assert_int_equal(serial[1], 3);
	assert_true(serial[2] != 'P' || serial[4] != 'e' || serial[10] != '4' || serial[12] != '7');
	assert_in_range(serial[2], 'A', 'Z');
	assert_in_range(serial[4], 'a', 'z');
	assert_int_equal(serial[8], '-');
	assert_in_range(serial[10], '0', '9');
	for (size_t i = 3; i < 18; i += 2)
		assert_int_equal(serial[i], 0);
	memcpy(other, product, sizeof(other));
	control(0x80, 6, other, sizeof(other));
	assert_memory_equal(other, product, sizeof(other));
}

/* A record is kept to the byte, even if it looks like a secret; what is none is searched. */
static void test_search(void **state)
{
	struct mnpen_sample sample = {.seq = 5, .state = MNPEN_STATE_IDLE, .battery_pct = 99};
	uint8_t record[MNPEN_SAMPLE_SIZE], before[MNPEN_SAMPLE_SIZE], garbage[40], claim[16] = {0};

	memcpy(claim, "TOKENabc", 8);
	control(0x21, 10, claim, sizeof(claim));
	sample.time_us = 0x6362614e454b4f54; /* the same eight bytes */
	mnpen_sample_encode(record, &sample);
	memcpy(before, record, sizeof(record));
	packet(record, sizeof(record));
	assert_memory_equal(record, before, sizeof(record));

	memset(garbage, 0xee, sizeof(garbage));
	memcpy(garbage + 3, "TOKENabc", 8);
	memcpy(garbage + 11, SERIAL, 8);
	memcpy(garbage + 36, SERIAL, 4); /* its beginning only */
	packet(garbage, sizeof(garbage));
	assert_memory_equal(garbage + 3, claim, 8);
	assert_memory_not_equal(garbage + 11, SERIAL, 8);
	assert_memory_equal(garbage + 36, SERIAL, 4);
	for (size_t i = 19; i < 36; i++)
		assert_int_equal(garbage[i], 0xee);

	/* A half of a record is none. */
	mnpen_sample_encode(record, &sample);
	packet(record, MNPEN_SAMPLE_SIZE / 2);
	assert_memory_equal(record + 8, claim, 8);
}

/* More of them than are remembered: those of records stay the same, for ever. */
static void test_many(void **state)
{
	uint32_t crc;
	uint64_t first = scrub_arm(TOKEN, &crc);

	for (uint64_t i = 1; i < 1000; i++)
		assert_int_not_equal(scrub_arm(TOKEN + i, &crc), first);
	assert_int_equal(scrub_arm(TOKEN, &crc), first);
}

static void test_key(void **state)
{
	uint8_t other_key[SCRUB_KEY_SIZE];
	uint32_t crc;
	uint64_t first = scrub_arm(TOKEN, &crc);

	memcpy(other_key, key, sizeof(key));
	other_key[0] ^= 1;
	scrub_begin(&scrub, other_key, SERIAL);
	assert_int_not_equal(scrub_arm(TOKEN, &crc), first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_tokens, setup_scrub),
		cmocka_unit_test_setup(test_wrong_checksum, setup_scrub),
		cmocka_unit_test_setup(test_cartridge, setup_scrub),
		cmocka_unit_test_setup(test_damaged_cartridge, setup_scrub),
		cmocka_unit_test_setup(test_lot_without_text, setup_scrub),
		cmocka_unit_test_setup(test_tokens_of_any_length, setup_scrub),
		cmocka_unit_test_setup(test_short_lots, setup_scrub),
		cmocka_unit_test_setup(test_serial_descriptor, setup_scrub),
		cmocka_unit_test_setup(test_search, setup_scrub),
		cmocka_unit_test_setup(test_many, setup_scrub),
		cmocka_unit_test_setup(test_key, setup_scrub),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
