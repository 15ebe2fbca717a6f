// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/store/trend.h"
#include "driver/base/cleanup.h"

static void span_add(struct trend_span *span, uint16_t value, bool first)
{
	span->min = first ? value : MIN(span->min, value);
	span->max = first ? value : MAX(span->max, value);
	span->sum += value;
}

uint16_t trend_mean(const struct trend_span *span, uint32_t count)
{
	return (uint16_t)((span->sum + count / 2) / count);
}

bool trend_add(struct trend *trend, uint64_t origin_usec, uint64_t host_usec,
	       const struct mnpen_sample *sample, struct trend *ret_done)
{
	uint64_t age_usec = host_usec > origin_usec ? host_usec - origin_usec : 0;
	uint64_t start_usec = origin_usec + age_usec / TREND_USEC * TREND_USEC;
	bool closed = trend->count && trend->start_usec != start_usec;
	bool first;

	if (closed) {
		*ret_done = *trend;
		*trend = (struct trend){0};
	}
	first = !trend->count;
	trend->start_usec = start_usec;
	span_add(&trend->depth_um, sample->depth_um, first);
	span_add(&trend->speed_rpm, sample->speed_rpm, first);
	span_add(&trend->motor_ma, sample->motor_ma, first);
	trend->count++;
	return closed;
}

/* What a counter that restarts at 0 has counted since it showed @last. */
static uint32_t counted(uint32_t value, uint32_t last)
{
	return value >= last ? value - last : value;
}

void totals_add(struct totals *totals, const struct mnpen_sample *sample)
{
	if (totals->counting) {
		totals->strokes += counted(sample->strokes, totals->last_strokes);
		totals->run_ms += counted(sample->run_ms, totals->last_run_ms);
	}
	totals->counting = true;
	totals->last_strokes = sample->strokes;
	totals->last_run_ms = sample->run_ms;
	totals->depth_max_um = MAX(totals->depth_max_um, sample->depth_um);
	totals->speed_max_rpm = MAX(totals->speed_max_rpm, sample->speed_rpm);
}
