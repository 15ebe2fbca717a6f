// SPDX-License-Identifier: GPL-2.0-only
/* Each rule of validation: valid bytes with one thing wrong, and the limit's good neighbour. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver/proto/records.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define DETAIL_BEFORE 0xbeef

static const uint8_t info_bytes[MNPEN_INFO_SIZE] = {
	[1] = 0x01, [4] = 200, [6] = 0xc4,  [7] = 0x09, [8] = 50, [13] = 0x07, [15] = 0x2a,
	[16] = 100, [19] = 1,  [25] = 0x03, [32] = 'P', 'e',	  'n',
};

static const uint8_t arm_bytes[MNPEN_ARM_SIZE] = {
	[0] = 0xe8, [8] = 1, [13] = 2, [15] = 0x15, [17] = 0x1c, [19] = 1, [20] = 0xa0,
};

static const uint8_t token_16[16] = {[7] = 0x80};
static const uint8_t lease_bytes[MNPEN_LEASE_SIZE] = {[0] = 0xe8, [8] = 1, [16] = 1};
static const uint8_t cartridge_bytes[MNPEN_CARTRIDGE_SIZE] = {[8] = 'L', '1', [40] = 0x01};
static const uint8_t error_bytes[MNPEN_ERROR_SIZE] = {0x03, 0x04};
static const uint8_t sample_bytes[MNPEN_SAMPLE_SIZE] = {[0] = 1, [16] = 1, [34] = 50};

/** struct patch - one change of a record's bytes and whether the record then still passes */
struct patch {
	size_t offset;
	uint8_t bytes[16];
	size_t len;
	bool valid;
};

typedef int (*decode_fn)(void *ret, const uint8_t *buf, size_t len);

/* A prototype of its own for each decoder keeps the calls well-defined. */
#define DECODER(name, type)                                                                        \
	static int decode_##name(void *ret, const uint8_t *buf, size_t len)                        \
	{                                                                                          \
		return mnpen_##name##_decode((type *)ret, buf, len);                               \
	}
DECODER(info, struct mnpen_info)
DECODER(arm, struct mnpen_arm)
DECODER(target, struct mnpen_target)
DECODER(lease, struct mnpen_lease)
DECODER(claim, struct mnpen_claim)
DECODER(cartridge, struct mnpen_cartridge)
DECODER(error, struct mnpen_error_record)
DECODER(sample, struct mnpen_sample)
DECODER(stream, uint32_t)

struct record {
	decode_fn decode;
	const uint8_t *bytes;
	size_t size;
};

static const struct record records[] = {
	{decode_info, info_bytes, sizeof(info_bytes)},
	{decode_target, token_16, sizeof(token_16)},
	{decode_lease, lease_bytes, sizeof(lease_bytes)},
	{decode_claim, token_16, sizeof(token_16)},
	{decode_cartridge, cartridge_bytes, sizeof(cartridge_bytes)},
	{decode_error, error_bytes, sizeof(error_bytes)},
	{decode_sample, sample_bytes, sizeof(sample_bytes)},
	{decode_stream, token_16, MNPEN_STREAM_SIZE},
};

/* 64-bit words, because the records have to be aligned */
union storage {
	uint64_t words[16];
	uint8_t bytes[128];
};

static void fill(union storage *storage)
{
	memset(storage, 0xa5, sizeof(*storage));
}

static void assert_untouched(const union storage *storage)
{
	union storage untouched;

	fill(&untouched);
	assert_memory_equal(storage, &untouched, sizeof(untouched));
}

static void lengths(void **state)
{
	static const uint8_t long_enough[MNPEN_RECORD_MAX + 1];
	uint8_t arm[MNPEN_ARM_SIZE + 1] = {0};
	union storage ret;

	fill(&ret);
	for (size_t i = 0; i < COUNT(records); i++)
		for (size_t len = 0; len <= sizeof(long_enough); len++)
			if (len != records[i].size)
				assert_int_equal(records[i].decode(&ret, long_enough, len),
						 -EMSGSIZE);
	assert_int_equal(decode_arm(&ret, arm, MNPEN_ARM_SIZE - 1), -EMSGSIZE);
	assert_int_equal(decode_arm(&ret, arm, MNPEN_ARM_SIZE + 1), -EMSGSIZE);
	assert_untouched(&ret);
	for (size_t i = 0; i < COUNT(records); i++)
		assert_int_equal(records[i].decode(&ret, records[i].bytes, records[i].size), 0);
}

static void judge(const struct record *record, const struct patch *patches, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint8_t buf[MNPEN_RECORD_MAX];
		union storage ret;
		int r;

		memcpy(buf, record->bytes, record->size);
		memcpy(buf + patches[i].offset, patches[i].bytes, patches[i].len);
		fill(&ret);
		r = record->decode(&ret, buf, record->size);
		if (r != (patches[i].valid ? 0 : -EBADMSG))
			fail_msg("patch %zu at offset %zu: %d", i, patches[i].offset, r);
		if (r < 0)
			assert_untouched(&ret);
	}
}

static void info(void **state)
{
	static const struct patch patches[] = {
		{0, {0x63, 0x01}, 2, true}, /* a later minor version */
		{0, {0x00, 0x00}, 2, false},
		{0, {0x00, 0x02}, 2, false},
		{4, {0xc4, 0x09, 0xc4, 0x09}, 4, true}, /* depth_min == depth_max */
		{4, {0xc5, 0x09, 0xc4, 0x09}, 4, false},
		{8, {1, 0}, 2, true}, /* depth_step */
		{8, {0, 0}, 2, false},
		{12, {0x30, 0x2a, 0x30, 0x2a}, 4, true}, /* speed_min == speed_max */
		{12, {0x31, 0x2a, 0x30, 0x2a}, 4, false},
		{16, {1, 0, 1, 0}, 4, true}, /* lease_min == lease_max */
		{16, {2, 0, 1, 0}, 4, false},
		{16, {0, 0, 1, 0}, 4, false},
		{20, {0xff, 0xff, 0xff, 0xff}, 4, true}, /* features that 1.0 does not know */
		{24, {1, 0, 0, 0}, 4, true},		 /* stream_min */
		{24, {0, 0, 0, 0}, 4, false},
		{32, {0}, 16, false}, /* no model */
		{32, {' ', '~', 'A'}, 16, true},
		{32, {'A', 0x7f}, 16, false},
		{32, {'A', 0x1f}, 16, false},
		{32, {'A', 0x80}, 16, false},
		{32, "ABCDEFGHIJKLMNOP", 16, true},
		{32, {'A', 0, 'B'}, 16, false}, /* something after the NUL */
		{47, {'x'}, 1, false},
		{56, {1}, 1, false}, /* reserved, first and last */
		{63, {0x80}, 1, false},
	};

	judge(&records[0], patches, COUNT(patches));
}

static void token_zero(void **state)
{
	static const struct patch patches[] = {
		{0, {0, 0, 0, 0, 0, 0, 0, 0}, 8, false},
		{0, {1, 0, 0, 0, 0, 0, 0, 0}, 8, true},
	};

	judge(&records[1], patches, COUNT(patches));
	judge(&records[2], patches, COUNT(patches));
	judge(&records[3], patches, COUNT(patches));
}

static void lease(void **state)
{
	static const struct patch patches[] = {
		{16, {0}, 1, true},	{16, {1}, 1, true},  {16, {2}, 1, false},
		{16, {0xff}, 1, false}, {17, {1}, 1, false}, {23, {0x80}, 1, false},
	};

	judge(&records[2], patches, COUNT(patches));
}

static void cartridge(void **state)
{
	static const struct patch patches[] = {
		{8, {0}, 12, true}, /* no lot */
		{8, {'A', 0, 'B'}, 12, false},
		{8, {'A', '\n'}, 12, false},
		{19, {'x'}, 1, false},
		{40, {0x00}, 1, true},
		{40, {0x07}, 1, true},
		{40, {0x08}, 1, false},
		{40, {0x80}, 1, false},
		{41, {1}, 1, false},
		{47, {0x80}, 1, false},
	};

	judge(&records[4], patches, COUNT(patches));
}

static void error(void **state)
{
	static const struct patch patches[] = {
		{0, {0xff}, 1, true}, /* a refused request may have any code */
		{1, {0}, 1, true},
		{1, {10}, 1, true},
		{1, {11}, 1, false},
	};

	judge(&records[5], patches, COUNT(patches));
}

static void sample(void **state)
{
	static const struct patch patches[] = {
		{16, {4}, 1, true},	      {16, {5}, 1, false},	    /* state */
		{17, {0xff}, 1, true},					    /* flags: all defined */
		{18, {0xff, 0x0f}, 2, true},  {18, {0x00, 0x10}, 2, false}, /* faults */
		{18, {0x00, 0x80}, 2, false}, {34, {100}, 1, true},
		{34, {101}, 1, false},				   /* battery */
		{35, {8}, 1, true},	      {35, {9}, 1, false}, /* stop_reason */
		{46, {1, 0}, 2, false},	      {46, {0, 0x80}, 2, false},
	};

	judge(&records[6], patches, COUNT(patches));
}

static void seal(uint8_t arm[MNPEN_ARM_SIZE])
{
	uint32_t crc = mnpen_crc32(arm, 28);

	for (int i = 0; i < 4; i++)
		arm[28 + i] = (uint8_t)(crc >> 8 * i);
}

static void arm(void **state)
{
	static const struct {
		struct patch patch;
		uint16_t detail;
	} arm_cases[] = {
		{{0, {0xe8}, 1, true}, 0},
		{{14, {0, 0x1c, 0, 0x1c}, 4, true}, 0}, /* speed_min == speed_max */
		{{14, {1, 0x1c, 0, 0x1c}, 4, false}, 14},
		{{20, {1, 0, 0, 0}, 4, true}, 0},
		{{20, {0, 0, 0, 0}, 4, false}, 20},
		{{24, {1}, 1, false}, 24},
		{{25, {1}, 1, false}, 25},
		{{27, {0x80}, 1, false}, 25},
		{{20, {0, 0, 0, 0, 1, 1}, 6, false}, 20}, /* several: the first in the record */
	};

	for (size_t i = 0; i < COUNT(arm_cases); i++) {
		const struct patch *patch = &arm_cases[i].patch;
		uint8_t buf[MNPEN_ARM_SIZE];
		uint16_t detail = DETAIL_BEFORE;
		union storage ret;

		memcpy(buf, arm_bytes, sizeof(buf));
		memcpy(buf + patch->offset, patch->bytes, patch->len);
		seal(buf);
		fill(&ret);
		assert_int_equal(mnpen_arm_check(buf, &detail),
				 patch->valid ? MNPEN_ERR_NONE : MNPEN_ERR_BAD_VALUE);
		assert_int_equal(detail, arm_cases[i].detail);
		assert_int_equal(decode_arm(&ret, buf, sizeof(buf)), patch->valid ? 0 : -EBADMSG);
		if (!patch->valid)
			assert_untouched(&ret);
	}
}

/* The CRC is judged before any value, and each covered bit counts. */
static void arm_crc(void **state)
{
	uint8_t good[MNPEN_ARM_SIZE];
	uint16_t detail;

	memcpy(good, arm_bytes, sizeof(good));
	seal(good);
	for (size_t bit = 0; bit < MNPEN_ARM_SIZE * 8; bit++) {
		uint8_t buf[MNPEN_ARM_SIZE];
		union storage ret;

		memcpy(buf, good, sizeof(buf));
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		detail = DETAIL_BEFORE;
		fill(&ret);
		assert_int_equal(mnpen_arm_check(buf, &detail), MNPEN_ERR_CRC);
		assert_int_equal(detail, 28);
		assert_int_equal(decode_arm(&ret, buf, sizeof(buf)), -EBADMSG);
		assert_untouched(&ret);
	}
}

/* Token 0 is the pen's to judge (BAD_TOKEN, earlier in its order); a plain reader refuses it. */
static void arm_token_zero(void **state)
{
	uint8_t buf[MNPEN_ARM_SIZE];
	uint16_t detail = DETAIL_BEFORE;
	union storage ret;

	memcpy(buf, arm_bytes, sizeof(buf));
	memset(buf, 0, 8);
	seal(buf);
	fill(&ret);
	assert_int_equal(mnpen_arm_check(buf, &detail), MNPEN_ERR_NONE);
	assert_int_equal(decode_arm(&ret, buf, sizeof(buf)), -EBADMSG);
	assert_untouched(&ret);
}

static void lease_details(void **state)
{
	static const struct {
		size_t offset;
		uint8_t byte;
		uint16_t detail;
	} lease_cases[] = {{16, 0, 0}, {16, 1, 0}, {16, 2, 16}, {17, 1, 17}, {23, 1, 17}};

	for (size_t i = 0; i < COUNT(lease_cases); i++) {
		uint8_t buf[MNPEN_LEASE_SIZE];
		uint16_t detail = DETAIL_BEFORE;

		memcpy(buf, lease_bytes, sizeof(buf));
		buf[lease_cases[i].offset] = lease_cases[i].byte;
		assert_int_equal(mnpen_lease_check(buf, &detail),
				 lease_cases[i].detail ? MNPEN_ERR_BAD_VALUE : MNPEN_ERR_NONE);
		assert_int_equal(detail, lease_cases[i].detail);
	}
}

/* The words by which an operator finds out what is wrong with a pen. */
static void info_findings(void **state)
{
	static const struct {
		size_t offset;
		uint8_t bytes[2];
		struct mnpen_finding finding;
	} cases[] = {
		{0, {0x00, 0x02}, {"protocol", 0x0200, 0x0100, 0x01ff}},
		{4, {0xc5, 0x09}, {"depth_min_um", 2501, 0, 2500}},
		{8, {0, 0}, {"depth_step_um", 0, 1, 65535}},
		{12, {0x01, 0x2a}, {"speed_min_rpm", 0x2a01, 0, 0x2a00}},
		{16, {0, 0}, {"lease_min_ms", 0, 1, 256}},
		{18, {0, 0}, {"lease_max_ms", 0, 1, 65535}},
		{24, {0, 0}, {"stream_min_us", 0, 1, UINT32_MAX}},
		{32, {0, 0}, {"model", 0, ' ', '~'}},
		{34, {0x1b, 0}, {"model", 0x1b, ' ', '~'}},
		{36, {'x', 0}, {"model", 'x', 0, 0}},
		{57, {7, 0}, {"reserved", 7, 0, 0}},
	};
	struct mnpen_finding finding = {.field = "untouched"};
	uint8_t buf[MNPEN_INFO_SIZE];

	assert_false(mnpen_info_finding(&finding, info_bytes, sizeof(info_bytes)));
	assert_string_equal(finding.field, "untouched");
	for (size_t i = 0; i < COUNT(cases); i++) {
		memcpy(buf, info_bytes, sizeof(buf));
		if (cases[i].offset == 32) /* no model at all */
			memset(buf + 32, 0, MNPEN_MODEL_SIZE);
		memcpy(buf + cases[i].offset, cases[i].bytes, 2);
		assert_true(mnpen_info_finding(&finding, buf, sizeof(buf)));
		assert_string_equal(finding.field, cases[i].finding.field);
		assert_int_equal(finding.value, cases[i].finding.value);
		assert_int_equal(finding.min, cases[i].finding.min);
		assert_int_equal(finding.max, cases[i].finding.max);
	}
	assert_true(mnpen_info_finding(&finding, info_bytes, 63));
	assert_string_equal(finding.field, "length");
	assert_int_equal(finding.value, 63);
	assert_int_equal(finding.min, 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),	 cmocka_unit_test(info),
		cmocka_unit_test(token_zero),	 cmocka_unit_test(lease),
		cmocka_unit_test(cartridge),	 cmocka_unit_test(error),
		cmocka_unit_test(sample),	 cmocka_unit_test(arm),
		cmocka_unit_test(arm_crc),	 cmocka_unit_test(arm_token_zero),
		cmocka_unit_test(lease_details), cmocka_unit_test(info_findings),
	};

	return cmocka_run_group_tests_name("proto_rules", tests, NULL, NULL);
}
