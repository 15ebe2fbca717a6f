/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block: up to 512 samples of one session, as they lie in the database.
 *
 *   offset 0  u8   version, 1
 *          1  u8   reserved, 0
 *          2  u16  count, 1..512, little-endian
 *          4  one zstd frame with content size and checksum, up to the end of the block
 *
 * The frame holds 58 bytes a sample, by column. In this order, width in bytes:
 *
 *   host_usec 8, verdict 1, flags 1, then the lanes of the 48-byte sample as docs/protocol.md
 *   lays it out: seq 4, last_cmd 4, time_us 8, state 1, flags 1, faults 2, depth_um 2,
 *   speed_rpm 2, target_depth_um 2, target_speed_rpm 2, motor_ma 2, motor_temp_dc 2,
 *   supply_mv 2, battery_pct 1, stop_reason 1, strokes 4, run_ms 4, lease_left_ms 2, reserved 2
 *
 * A column is, for each sample, the difference to the sample before (the first: to 0) modulo
 * 2^(8 * width), folded so that small differences of either sign are small numbers
 * (0, -1, 1, -2, ... -> 0, 1, 2, 3, ...), and stored by byte: the lowest bytes of all samples,
 * then the next higher ones, and so on. Nothing is judged: any 48 bytes come back as they were.
 *
 * Pure: no I/O, no clock. A codec belongs to one thread.
 */
#ifndef MNPEN_STORE_BLOCK_H
#define MNPEN_STORE_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "driver/proto/proto.h"

#define BLOCK_VERSION 1
#define BLOCK_HEADER_SIZE 4
#define BLOCK_SAMPLES_MAX 512
#define BLOCK_SAMPLE_BYTES (8 + 1 + 1 + MNPEN_SAMPLE_SIZE)
#define BLOCK_RAW_MAX (BLOCK_SAMPLES_MAX * BLOCK_SAMPLE_BYTES)
#define BLOCK_SIZE_MAX (BLOCK_HEADER_SIZE + BLOCK_RAW_MAX + BLOCK_RAW_MAX / 128 + 512)

/** struct block_sample - one sample as it came, with what the host added */
struct block_sample {
	uint64_t host_usec;
	uint8_t verdict;
	uint8_t flags;
	uint8_t sample[MNPEN_SAMPLE_SIZE];
};

/** block_sample_seq() - seq as it lay on the wire, whether or not the sample decodes */
uint32_t block_sample_seq(const struct block_sample *sample);

struct block_codec;

/** block_codec_new() - Return: a codec, NULL when there is no memory. */
struct block_codec *block_codec_new(void);
struct block_codec *block_codec_free(struct block_codec *codec);

/**
 * block_encode() - @count (1..512) samples into @buf
 * @ret_size: bytes written
 * Return: 0; -EINVAL bad count; -ENOSPC @size < BLOCK_SIZE_MAX did not do; -ENOMEM.
 */
int block_encode(struct block_codec *codec, const struct block_sample *samples, size_t count,
		 uint8_t *buf, size_t size, size_t *ret_size);

/**
 * block_decode() - the samples in @data; takes any bytes
 * @samples: room for BLOCK_SAMPLES_MAX; undefined on failure
 * Return: 0; -EBADMSG this is no block, or it was changed; -EPROTONOSUPPORT another version.
 */
int block_decode(struct block_codec *codec, const uint8_t *data, size_t size,
		 struct block_sample *samples, size_t *ret_count);

#endif
