// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/store/segment.h"
#include "driver/base/cleanup.h"

void histogram_add(struct histogram *histogram, uint16_t width, uint16_t value)
{
	size_t at = MIN((size_t)value / width, (size_t)HISTOGRAM_BUCKETS - 1);

	histogram->count++;
	histogram->sum += value;
	histogram->max = MAX(histogram->max, value);
	histogram->buckets[at]++;
}

uint16_t histogram_mean(const struct histogram *histogram)
{
	if (!histogram->count)
		return 0;
	return (uint16_t)((histogram->sum + histogram->count / 2) / histogram->count);
}

uint16_t histogram_percentile(const struct histogram *histogram, uint16_t width,
			      unsigned int percent)
{
	/* Rank of the value looked for, from 1: rounded up, so that 100 % is the largest. */
	uint64_t rank = (histogram->count * percent + 99) / 100, below = 0;

	for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		below += histogram->buckets[i];
		if (rank && below >= rank)
			return (uint16_t)MIN((i + 1) * width - 1, (size_t)histogram->max);
	}
	return histogram->max; /* the last bucket has no upper end */
}

void segment_add(struct segment_totals *totals, const struct mnpen_sample *sample, uint64_t strokes,
		 uint64_t run_ms, uint16_t needles)
{
	totals->strokes += strokes;
	totals->run_ms += run_ms;
	totals->needles = needles;
	if (needles)
		totals->punctures += strokes * needles;
	else
		totals->strokes_uncounted += strokes;
	if (sample->state != MNPEN_STATE_RUNNING || !sample->strokes)
		return; /* its depth is where the needles rest */
	totals->target_depth_um = sample->target_depth_um;
	totals->target_speed_rpm = sample->target_speed_rpm;
	histogram_add(&totals->depth_um, SEGMENT_DEPTH_WIDTH_UM, sample->depth_um);
	histogram_add(&totals->speed_rpm, SEGMENT_SPEED_WIDTH_RPM, sample->speed_rpm);
}

uint32_t punctures_per_cm2(uint64_t punctures, uint32_t size_cm2)
{
	return (uint32_t)MIN((punctures + size_cm2 / 2) / size_cm2, (uint64_t)UINT32_MAX);
}
