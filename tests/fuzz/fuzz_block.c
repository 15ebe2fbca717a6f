// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of samples, as they lie in a database that may be damaged. Odd inputs are the bytes of a
 * block; even ones are samples, which must come back as they were, and not at all when a byte of
 * their block was changed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/block.h"
#include "tests/fuzz/fuzz.h"

static struct block_codec *codec;
static struct block_sample samples[BLOCK_SAMPLES_MAX], again[BLOCK_SAMPLES_MAX];
static uint8_t block[BLOCK_SIZE_MAX];

static void fuzz_bytes_of_block(struct fuzz_input *input)
{
	size_t len = input->left, count = 0, size;
	uint8_t *p = malloc(len + 1);
	int r;

	if (!p)
		return;
	fuzz_bytes(input, p, len);
	r = block_decode(codec, p, len, samples, &count);
	CHECK(r == 0 || r == -EBADMSG || r == -EPROTONOSUPPORT, "%d", r);
	if (r == 0) {
		CHECK(count >= 1 && count <= BLOCK_SAMPLES_MAX, "%zu samples", count);
		CHECK(!block_encode(codec, samples, count, block, sizeof(block), &size), "encode");
		CHECK(!block_decode(codec, block, size, again, &count), "decode");
		CHECK(!memcmp(samples, again, count * sizeof(samples[0])), "another record");
	}
	free(p);
}

/* Samples as they come: each like the one before, with a few bytes changed. */
static size_t make_samples(struct fuzz_input *input)
{
	size_t count = 1 + fuzz_u16(input) % BLOCK_SAMPLES_MAX;
	uint8_t step = fuzz_u8(input);

	memset(samples, 0, sizeof(samples));
	for (size_t i = 0; i < count; i++) {
		struct block_sample *s = &samples[i];
		uint8_t changes = fuzz_u8(input) % 8;

		if (i > 0)
			*s = samples[i - 1];
		s->host_usec += 1000u + step;
		for (uint8_t n = 0; n < changes; n++) {
			uint8_t at = fuzz_u8(input) % 50;
			uint8_t value = fuzz_u8(input);

			if (at < MNPEN_SAMPLE_SIZE)
				s->sample[at] = value;
			else if (at == 48)
				s->verdict = value;
			else
				s->host_usec = fuzz_u64(input);
		}
	}
	return count;
}

static void fuzz_samples(struct fuzz_input *input)
{
	uint16_t where = fuzz_u16(input);
	uint8_t flip = fuzz_u8(input);
	size_t count = make_samples(input), size = 0, n = 0;
	int r;

	CHECK(!block_encode(codec, samples, count, block, sizeof(block), &size), "%zu samples",
	      count);
	CHECK(size <= sizeof(block), "%zu bytes", size);
	CHECK(!block_decode(codec, block, size, again, &n) && n == count, "%zu samples", n);
	for (size_t i = 0; i < count; i++)
		CHECK(samples[i].host_usec == again[i].host_usec &&
			      samples[i].verdict == again[i].verdict &&
			      !memcmp(samples[i].sample, again[i].sample, MNPEN_SAMPLE_SIZE),
		      "sample %zu", i);
	if (!flip)
		return;
	block[where % size] ^= flip;
	r = block_decode(codec, block, size, again, &n);
	/* zstd leaves a bit or two of its header unused: the samples then are the same. */
	if (r == 0)
		CHECK(n == count && !memcmp(samples, again, n * sizeof(samples[0])),
		      "a changed block decodes to something else");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};

	if (fuzz_u8(&input) & 1)
		fuzz_bytes_of_block(&input);
	else
		fuzz_samples(&input);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	codec = block_codec_new();
	return codec ? 0 : -1;
}
