// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every record decoder with any bytes. The first byte chooses the record, the second how far the
 * length is off. What decodes is encoded again and must be the same bytes; whether it may decode
 * is stated here anew, from docs/protocol.md.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver/proto/names.h"
#include "driver/proto/records.h"
#include "tests/fuzz/fuzz.h"

static uint16_t u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t u32(const uint8_t *p)
{
	return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static bool zero(const uint8_t *p, size_t len)
{
	while (len > 0)
		if (p[--len])
			return false;
	return true;
}

/* Printable ASCII up to the first NUL, NUL from there on. */
static bool text(const uint8_t *p, size_t len)
{
	size_t used = strnlen((const char *)p, len);

	for (size_t i = 0; i < used; i++)
		if (p[i] < ' ' || p[i] > '~')
			return false;
	return zero(p + used, len - used);
}

/* Bit by bit, unlike the table or loop of whoever else computes it. */
static uint32_t crc(const uint8_t *p, size_t len)
{
	uint32_t rest = ~0u;

	for (size_t bit = 0; bit < 8 * len; bit++) {
		uint32_t in = ((uint32_t)p[bit / 8] >> bit % 8 & 1u) ^ (rest & 1u);

		rest = rest >> 1 ^ (in ? 0xedb88320u : 0u);
	}
	return ~rest;
}

static bool info_fine(const uint8_t *p)
{
	return p[1] == 1 && u16(p + 4) <= u16(p + 6) && u16(p + 8) && u16(p + 12) <= u16(p + 14) &&
	       u16(p + 16) && u16(p + 16) <= u16(p + 18) && u32(p + 24) && p[32] &&
	       text(p + 32, 16) && zero(p + 56, 8);
}

static bool arm_fine(const uint8_t *p)
{
	return !zero(p, 8) && u16(p + 14) <= u16(p + 16) && u32(p + 20) && zero(p + 24, 4) &&
	       u32(p + 28) == crc(p, 28);
}

static bool target_fine(const uint8_t *p)
{
	return !zero(p, 8);
}

static bool lease_fine(const uint8_t *p)
{
	return !zero(p, 8) && p[16] <= 1 && zero(p + 17, 7);
}

static bool cartridge_fine(const uint8_t *p)
{
	return text(p + 8, 12) && p[40] < 8 && zero(p + 41, 7);
}

static bool error_fine(const uint8_t *p)
{
	return p[1] <= 10;
}

static bool sample_fine(const uint8_t *p)
{
	return p[16] <= 4 && u16(p + 18) < 0x1000 && p[34] <= 100 && p[35] <= 8 && zero(p + 46, 2);
}

static bool always(const uint8_t *p)
{
	return true;
}

static bool untouched(const void *value, size_t size)
{
	for (const uint8_t *p = value; size > 0; size--)
		if (p[size - 1] != 0x5a)
			return false;
	return true;
}

/* RECODE(arm) makes a function that decodes and encodes again. */
#define RECODE(record, type)                                                                       \
	static int recode_##record(uint8_t *out, const uint8_t *p, size_t len)                     \
	{                                                                                          \
		type value;                                                                        \
		int r;                                                                             \
                                                                                                   \
		memset(&value, 0x5a, sizeof(value));                                               \
		r = mnpen_##record##_decode(&value, p, len);                                       \
		if (r == 0)                                                                        \
			mnpen_##record##_encode(out, &value);                                      \
		else                                                                               \
			CHECK(untouched(&value, sizeof(value)), "written on failure");             \
		return r;                                                                          \
	}

RECODE(info, struct mnpen_info)
RECODE(arm, struct mnpen_arm)
RECODE(target, struct mnpen_target)
RECODE(lease, struct mnpen_lease)
RECODE(claim, struct mnpen_claim)
RECODE(cartridge, struct mnpen_cartridge)
RECODE(error, struct mnpen_error_record)
RECODE(sample, struct mnpen_sample)

static int recode_stream(uint8_t *out, const uint8_t *p, size_t len)
{
	uint32_t period_us = 0;
	int r = mnpen_stream_decode(&period_us, p, len);

	mnpen_stream_encode(out, period_us);
	return r;
}

static const struct {
	size_t size;
	bool (*fine)(const uint8_t *p);
	int (*recode)(uint8_t *out, const uint8_t *p, size_t len);
} records[] = {
	{64, info_fine, recode_info},
	{32, arm_fine, recode_arm},
	{16, target_fine, recode_target},
	{24, lease_fine, recode_lease},
	{16, target_fine, recode_claim},
	{8, error_fine, recode_error},
	{48, cartridge_fine, recode_cartridge},
	{48, sample_fine, recode_sample},
	{4, always, recode_stream},
};
#define RECORDS (sizeof(records) / sizeof(records[0]))

static void fuzz_record(uint8_t which, uint8_t off, struct fuzz_input *input)
{
	size_t size = records[which].size, len = size;
	uint8_t *p, out[MNPEN_RECORD_MAX];
	int r;

	if (off % 8 == 1)
		len = off / 8;	/* seldom right, often close */
	p = calloc(1, len + 1); /* of the heap, so that a byte too many is seen */
	if (!p)
		return;
	fuzz_bytes(input, p, len);
	if (records[which].fine == arm_fine && off & 0x80 && len == size)
		for (int i = 0; i < 4; i++) /* the fuzzer does not guess a CRC */
			p[28 + i] = (uint8_t)(crc(p, 28) >> (8 * i));
	r = records[which].recode(out, p, len);
	if (len != size)
		CHECK(r == -EMSGSIZE, "record %u of %zu bytes: %d", which, len, r);
	else if (!records[which].fine(p))
		CHECK(r == -EBADMSG, "record %u: %d", which, r);
	else
		CHECK(r == 0 && !memcmp(p, out, size), "record %u: %d", which, r);
	CHECK(mnpen_crc32(p, len) == crc(p, len), "%zu bytes", len);
	free(p);
}

/* A name is either refused or comes back the same. */
static void fuzz_names(struct fuzz_input *input)
{
	char *name = fuzz_text(input);
	unsigned int n;
	uint16_t mask;

	if (mnpen_state_parse(name, &n) == 0)
		CHECK(!strcmp(mnpen_state_name(n), name), "%s", name);
	if (mnpen_stop_reason_parse(name, &n) == 0)
		CHECK(!strcmp(mnpen_stop_reason_name(n), name), "%s", name);
	if (mnpen_request_parse(name, &n) == 0)
		CHECK(!strcmp(mnpen_request_name(n), name), "%s", name);
	if (mnpen_fault_parse(name, &mask) == 0)
		CHECK(mask && !(mask & (mask - 1)), "%s: %x", name, mask);
	if (mnpen_serial_valid(name))
		CHECK(strlen(name) >= 4 && strlen(name) <= 32 &&
			      strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					   "0123456789-") == strlen(name),
		      "%s", name);
	free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	uint8_t which = fuzz_u8(&input), off;

	if (which % (RECORDS + 1) == RECORDS) {
		fuzz_names(&input);
		return 0;
	}
	off = fuzz_u8(&input);
	fuzz_record((uint8_t)(which % (RECORDS + 1)), off, &input);
	return 0;
}
