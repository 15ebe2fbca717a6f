// SPDX-License-Identifier: GPL-2.0-only
/* Blocks of samples: exact both ways for any bytes, and no other bytes taken for a block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "daemon/store/block.h"
#include "driver/base/cleanup.h"

static struct block_codec *codec;
static struct block_sample in[BLOCK_SAMPLES_MAX], out[BLOCK_SAMPLES_MAX];
static uint8_t block[BLOCK_SIZE_MAX];

static uint64_t random_state = 0x9e3779b97f4a7c15ULL;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void fill_random(void *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)to)[i] = (uint8_t)(next_random() >> 24);
}

static void samples_random(size_t count)
{
	memset(in, 0, sizeof(in));
	for (size_t i = 0; i < count; i++) {
		in[i].host_usec = next_random();
		in[i].verdict = (uint8_t)next_random();
		in[i].flags = (uint8_t)next_random();
		fill_random(in[i].sample, sizeof(in[i].sample));
	}
}

/* What a running pen sends: counters that count, a clock with jitter, noise on the sensors. */
static void samples_typical(size_t count)
{
	memset(in, 0, sizeof(in));
	for (size_t i = 0; i < count; i++) {
		uint8_t *s = in[i].sample;

		in[i].host_usec = 1000000000 + i * 1000 + next_random() % 60;
		in[i].flags = 2;
		s[0] = (uint8_t)i;
		s[1] = (uint8_t)(i >> 8);
		s[8] = (uint8_t)(i * 1000);
		s[9] = (uint8_t)(i * 1000 >> 8);
		s[10] = (uint8_t)(i * 1000 >> 16);
		s[16] = 3;
		s[17] = 0x8f;
		s[20] = (uint8_t)(100 + i / 10 % 7);
		s[21] = 1;
		s[22] = (uint8_t)(next_random() % 32);
		s[23] = 23;
		s[28] = (uint8_t)(180 + next_random() % 16);
		s[36] = (uint8_t)(i / 10);
		s[40] = (uint8_t)i;
		s[41] = (uint8_t)(i >> 8);
	}
}

static size_t encode(size_t count)
{
	size_t size = 0;

	assert_int_equal(block_encode(codec, in, count, block, sizeof(block), &size), 0);
	assert_in_range(size, 1, BLOCK_SIZE_MAX);
	return size;
}

static void assert_same(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		assert_true(in[i].host_usec == out[i].host_usec);
		assert_int_equal(in[i].verdict, out[i].verdict);
		assert_int_equal(in[i].flags, out[i].flags);
		assert_memory_equal(in[i].sample, out[i].sample, MNPEN_SAMPLE_SIZE);
	}
}

static void round_trip(void **state)
{
	for (size_t count = 1; count <= BLOCK_SAMPLES_MAX; count++) {
		size_t size, got = 0;

		if (count % 2)
			samples_random(count);
		else
			samples_typical(count);
		size = encode(count);
		assert_int_equal(block_decode(codec, block, size, out, &got), 0);
		assert_int_equal(got, count);
		assert_same(count);
	}
}

/* The layout, by hand: whoever reads the database with another program relies on it. */
static void layout(void **state)
{
	uint8_t raw[2 * BLOCK_SAMPLE_BYTES];
	/* host_usec 0x0201, then 3 less: folded 0x0402 and 5; by byte, lowest first. */
	static const uint8_t host_usec[16] = {0x02, 0x05, 0x04};
	size_t size;

	memset(in, 0, sizeof(in));
	in[0].host_usec = 0x0201;
	in[1].host_usec = 0x01fe;
	in[0].verdict = 7; /* 7, then 0 more: 14, 0 */
	in[1].verdict = 7;
	in[0].flags = 0xff; /* -1, then +2: 1, 4 */
	in[1].flags = 0x01;
	in[1].sample[0] = 1;	 /* seq 0, 1: 0, 2 */
	in[1].sample[47] = 0x80; /* reserved 0, 0x8000: the least number folds to 0xffff */
	size = encode(2);
	assert_int_equal(block[0], 1);
	assert_int_equal(block[1], 0);
	assert_int_equal(block[2], 2);
	assert_int_equal(block[3], 0);
	assert_int_equal(ZSTD_decompress(raw, sizeof(raw), block + 4, size - 4), sizeof(raw));
	assert_memory_equal(raw, host_usec, sizeof(host_usec));
	assert_memory_equal(raw + 16, ((const uint8_t[]){14, 0}), 2);
	assert_memory_equal(raw + 18, ((const uint8_t[]){1, 4}), 2);
	assert_memory_equal(raw + 20, ((const uint8_t[]){0, 2, 0, 0, 0, 0, 0, 0}), 8);
	assert_memory_equal(raw + 112, ((const uint8_t[]){0, 0xff, 0, 0xff}), 4);
}

static void counts_refused(void **state)
{
	size_t size = 77;

	assert_int_equal(block_encode(codec, in, 0, block, sizeof(block), &size), -EINVAL);
	assert_int_equal(block_encode(codec, in, BLOCK_SAMPLES_MAX + 1, block, sizeof(block),
				      &size),
			 -EINVAL);
	samples_random(10);
	assert_int_equal(block_encode(codec, in, 10, block, 100, &size), -ENOSPC);
	assert_int_equal(block_encode(codec, in, 10, block, 3, &size), -ENOSPC);
	assert_int_equal(size, 77);
}

static void other_bytes_refused(void **state)
{
	uint8_t changed[BLOCK_SIZE_MAX];
	size_t size, got;

	samples_typical(100);
	size = encode(100);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(block_decode(codec, block, cut, out, &got), -EBADMSG);
	memcpy(changed, block, size);
	changed[size] = 0; /* more than a block */
	assert_int_equal(block_decode(codec, changed, size + 1, out, &got), -EBADMSG);
	changed[0] = 2; /* a later version */
	assert_int_equal(block_decode(codec, changed, size, out, &got), -EPROTONOSUPPORT);
	changed[0] = 1;
	changed[1] = 1; /* reserved */
	assert_int_equal(block_decode(codec, changed, size, out, &got), -EBADMSG);
	changed[1] = 0;
	for (unsigned int count = 0; count < 0x10000; count++) {
		changed[2] = (uint8_t)count;
		changed[3] = (uint8_t)(count >> 8);
		assert_int_equal(block_decode(codec, changed, size, out, &got),
				 count == 100 ? 0 : -EBADMSG);
	}
}

/* A bit that changes on the disk is found, or changes nothing. */
static void every_bit(void **state)
{
	size_t size, got;

	samples_typical(250);
	size = encode(250);
	for (size_t bit = 0; bit < 8 * size; bit++) {
		block[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (block_decode(codec, block, size, out, &got) == 0) {
			assert_int_equal(got, 250);
			assert_same(250);
		}
		block[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

static void any_bytes(void **state)
{
	for (int i = 0; i < 20000; i++) {
		size_t size = next_random() % 300, got = 0;
		/* Of that size exactly, so that the sanitizer sees a byte too far. */
		uint8_t *data = malloc(size + !size);

		assert_non_null(data);
		fill_random(data, size);
		if (size > 8 && i % 2) /* past the first checks: a header and zstd's magic */
			memcpy(data, ((const uint8_t[]){1, 0, 1, 0, 0x28, 0xb5, 0x2f, 0xfd}), 8);
		assert_true(block_decode(codec, data, size, out, &got) < 0);
		free(data);
	}
}

/* One frame is a block; two that add up to the right size are none, nor is one and a frame that
 * zstd itself skips. */
static void two_frames(void **state)
{
	static const uint8_t skippable[8] = {0x50, 0x2a, 0x4d, 0x18};
	uint8_t raw[BLOCK_SAMPLE_BYTES] = {0}, two[256] = {1, 0, 1, 0};
	size_t size = 4, got;

	for (int i = 0; i < 2; i++)
		size += ZSTD_compress(two + size, sizeof(two) - size, raw, sizeof(raw) / 2, 3);
	assert_int_equal(block_decode(codec, two, size, out, &got), -EBADMSG);
	samples_typical(100);
	size = encode(100);
	memcpy(block + size, skippable, sizeof(skippable));
	assert_int_equal(block_decode(codec, block, size, out, &got), 0);
	assert_int_equal(block_decode(codec, block, size + 8, out, &got), -EBADMSG);
}

static void compresses(void **state)
{
	samples_typical(250);
	assert_in_range(encode(250), 1, 250 * 6);
	samples_random(BLOCK_SAMPLES_MAX); /* and what cannot be compressed still fits */
	encode(BLOCK_SAMPLES_MAX);
}

static int setup(void **state)
{
	codec = block_codec_new();
	return codec ? 0 : -1;
}

static int teardown(void **state)
{
	codec = block_codec_free(codec);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),	  cmocka_unit_test(layout),
		cmocka_unit_test(counts_refused), cmocka_unit_test(other_bytes_refused),
		cmocka_unit_test(every_bit),	  cmocka_unit_test(any_bytes),
		cmocka_unit_test(two_frames),	  cmocka_unit_test(compresses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
