// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "daemon/store/block.h"
#include "driver/base/cleanup.h"

#define ZSTD_LEVEL 3

/** struct lane - one field of the wire sample, little-endian */
struct lane {
	uint8_t offset;
	uint8_t width;
};

static const struct lane sample_lanes[] = {
	{0, 4},	 {4, 4},  {8, 8},  {16, 1}, {17, 1}, {18, 2}, {20, 2}, {22, 2}, {24, 2}, {26, 2},
	{28, 2}, {30, 2}, {32, 2}, {34, 1}, {35, 1}, {36, 4}, {40, 4}, {44, 2}, {46, 2},
};

struct block_codec {
	ZSTD_CCtx *compressor;
	ZSTD_DCtx *decompressor;
	uint8_t raw[BLOCK_RAW_MAX];
};

struct block_codec *block_codec_free(struct block_codec *codec)
{
	if (!codec)
		return NULL;
	ZSTD_freeCCtx(codec->compressor);
	ZSTD_freeDCtx(codec->decompressor);
	free(codec);
	return NULL;
}

DEFINE_CLEANUP(struct block_codec *, block_codec_free)

struct block_codec *block_codec_new(void)
{
	_cleanup_(block_codec_free_cleanup) struct block_codec *codec = calloc(1, sizeof(*codec));

	if (!codec)
		return NULL;
	codec->compressor = ZSTD_createCCtx();
	codec->decompressor = ZSTD_createDCtx();
	if (!codec->compressor || !codec->decompressor)
		return NULL;
	ZSTD_CCtx_setParameter(codec->compressor, ZSTD_c_compressionLevel, ZSTD_LEVEL);
	ZSTD_CCtx_setParameter(codec->compressor, ZSTD_c_checksumFlag, 1);
	return TAKE_PTR(codec);
}

static uint64_t width_mask(unsigned int width)
{
	return width == 8 ? UINT64_MAX : (1ULL << (8 * width)) - 1;
}

static uint64_t bytes_get(const uint8_t *bytes, unsigned int width)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < width; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

static void bytes_put(uint8_t *bytes, unsigned int width, uint64_t value)
{
	for (unsigned int i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
}

uint32_t block_sample_seq(const struct block_sample *sample)
{
	return (uint32_t)bytes_get(sample->sample + sample_lanes[0].offset, sample_lanes[0].width);
}

/* A difference modulo 2^bits, folded: its sign goes to bit 0. Exact both ways for every value. */
static uint64_t fold(uint64_t difference, unsigned int width)
{
	uint64_t sign = difference >> (8 * width - 1) & 1;

	return ((difference << 1) ^ (0 - sign)) & width_mask(width);
}

static uint64_t unfold(uint64_t folded, unsigned int width)
{
	return ((folded >> 1) ^ (0 - (folded & 1))) & width_mask(width);
}

/* @values: one field of all samples, 8 bytes apart; @raw: its column, width bytes a sample */
static uint8_t *column_encode(uint8_t *raw, const uint64_t *values, size_t count,
			      unsigned int width)
{
	uint64_t before = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t folded = fold((values[i] - before) & width_mask(width), width);

		for (unsigned int plane = 0; plane < width; plane++)
			raw[plane * count + i] = (uint8_t)(folded >> (8 * plane));
		before = values[i];
	}
	return raw + width * count;
}

static const uint8_t *column_decode(uint64_t *values, const uint8_t *raw, size_t count,
				    unsigned int width)
{
	uint64_t before = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t folded = 0;

		for (unsigned int plane = 0; plane < width; plane++)
			folded |= (uint64_t)raw[plane * count + i] << (8 * plane);
		before = (before + unfold(folded, width)) & width_mask(width);
		values[i] = before;
	}
	return raw + width * count;
}

static void columns_encode(uint8_t *raw, const struct block_sample *samples, size_t count)
{
	uint64_t values[BLOCK_SAMPLES_MAX] = {0};

	for (size_t i = 0; i < count; i++)
		values[i] = samples[i].host_usec;
	raw = column_encode(raw, values, count, 8);
	for (size_t i = 0; i < count; i++)
		values[i] = samples[i].verdict;
	raw = column_encode(raw, values, count, 1);
	for (size_t i = 0; i < count; i++)
		values[i] = samples[i].flags;
	raw = column_encode(raw, values, count, 1);
	for (size_t l = 0; l < ELEMENTSOF(sample_lanes); l++) {
		const struct lane *lane = &sample_lanes[l];

		for (size_t i = 0; i < count; i++)
			values[i] = bytes_get(samples[i].sample + lane->offset, lane->width);
		raw = column_encode(raw, values, count, lane->width);
	}
}

static void columns_decode(struct block_sample *samples, const uint8_t *raw, size_t count)
{
	uint64_t values[BLOCK_SAMPLES_MAX];

	raw = column_decode(values, raw, count, 8);
	for (size_t i = 0; i < count; i++)
		samples[i].host_usec = values[i];
	raw = column_decode(values, raw, count, 1);
	for (size_t i = 0; i < count; i++)
		samples[i].verdict = (uint8_t)values[i];
	raw = column_decode(values, raw, count, 1);
	for (size_t i = 0; i < count; i++)
		samples[i].flags = (uint8_t)values[i];
	for (size_t l = 0; l < ELEMENTSOF(sample_lanes); l++) {
		const struct lane *lane = &sample_lanes[l];

		raw = column_decode(values, raw, count, lane->width);
		for (size_t i = 0; i < count; i++)
			bytes_put(samples[i].sample + lane->offset, lane->width, values[i]);
	}
}

int block_encode(struct block_codec *codec, const struct block_sample *samples, size_t count,
		 uint8_t *buf, size_t size, size_t *ret_size)
{
	size_t used;

	if (!count || count > BLOCK_SAMPLES_MAX)
		return -EINVAL;
	if (size < BLOCK_HEADER_SIZE)
		return -ENOSPC;
	columns_encode(codec->raw, samples, count);
	used = ZSTD_compress2(codec->compressor, buf + BLOCK_HEADER_SIZE, size - BLOCK_HEADER_SIZE,
			      codec->raw, count * BLOCK_SAMPLE_BYTES);
	if (ZSTD_isError(used))
		return size < BLOCK_SIZE_MAX ? -ENOSPC : -ENOMEM;
	buf[0] = BLOCK_VERSION;
	buf[1] = 0;
	bytes_put(buf + 2, 2, count);
	*ret_size = BLOCK_HEADER_SIZE + used;
	return 0;
}

int block_decode(struct block_codec *codec, const uint8_t *data, size_t size,
		 struct block_sample *samples, size_t *ret_count)
{
	const uint8_t *frame = data + BLOCK_HEADER_SIZE;
	size_t frame_size, count, raw_size;

	if (!size)
		return -EBADMSG;
	if (data[0] != BLOCK_VERSION)
		return -EPROTONOSUPPORT;
	if (size < BLOCK_HEADER_SIZE || data[1])
		return -EBADMSG;
	frame_size = size - BLOCK_HEADER_SIZE;
	count = (size_t)bytes_get(data + 2, 2);
	raw_size = count * BLOCK_SAMPLE_BYTES;
	if (!count || count > BLOCK_SAMPLES_MAX)
		return -EBADMSG;
	/* One frame and nothing behind it; zstd alone would take several, or skippable ones. */
	if (ZSTD_getFrameContentSize(frame, frame_size) != raw_size ||
	    ZSTD_findFrameCompressedSize(frame, frame_size) != frame_size)
		return -EBADMSG;
	if (ZSTD_decompressDCtx(codec->decompressor, codec->raw, sizeof(codec->raw), frame,
				frame_size) != raw_size)
		return -EBADMSG;
	columns_decode(samples, codec->raw, count);
	*ret_count = count;
	return 0;
}
