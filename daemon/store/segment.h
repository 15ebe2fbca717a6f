/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was done to one area: totals, and mean, 95th percentile and maximum of what was measured
 * while the needles ran. Pure, and of one size however long it takes.
 */
#ifndef MNPEN_STORE_SEGMENT_H
#define MNPEN_STORE_SEGMENT_H

#include <stdint.h>

#include "driver/proto/records.h"

#define HISTOGRAM_BUCKETS 512
#define SEGMENT_DEPTH_WIDTH_UM 8   /* up to 4.1 mm, and no pen goes deeper than 3 */
#define SEGMENT_SPEED_WIDTH_RPM 32 /* up to 16384 rpm */

/** struct histogram - of 16-bit values; what lies behind the last bucket counts in that one.
 * Zero-initialised = empty. */
struct histogram {
	uint64_t count;
	uint64_t sum;
	uint16_t max;
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

/** histogram_add() - count @value in; @width > 0: of a bucket, the same in each call */
void histogram_add(struct histogram *histogram, uint16_t width, uint16_t value);

/** histogram_mean() - rounded to the nearest; 0 when it is empty */
uint16_t histogram_mean(const struct histogram *histogram);

/**
 * histogram_percentile() - what @percent (1..100) of the values do not exceed
 * Return: the upper end of the bucket in which that value lies, so at most @width - 1 too much,
 * and never more than the maximum; 0 when it is empty.
 */
uint16_t histogram_percentile(const struct histogram *histogram, uint16_t width,
			      unsigned int percent);

/** struct segment_totals - of a segment so far. Zero-initialised = empty. */
struct segment_totals {
	uint64_t strokes;
	uint64_t run_ms;
	uint64_t punctures;	    /* strokes times the needles of their cartridge */
	uint64_t strokes_uncounted; /* of a cartridge that does not say how many needles it has */
	uint16_t needles;	    /* of the last one; 0 = not known */
	uint16_t target_depth_um;   /* the last one that ran; 0 = none did */
	uint16_t target_speed_rpm;
	struct histogram depth_um;
	struct histogram speed_rpm;
};

/**
 * segment_add() - count @sample in
 * @strokes, @run_ms: since the sample before
 * @needles: of the cartridge that made them; 0 = not known
 */
void segment_add(struct segment_totals *totals, const struct mnpen_sample *sample, uint64_t strokes,
		 uint64_t run_ms, uint16_t needles);

/** punctures_per_cm2() - rounded to the nearest; UINT32_MAX at most; @size_cm2 > 0 */
uint32_t punctures_per_cm2(uint64_t punctures, uint32_t size_cm2);

#endif
