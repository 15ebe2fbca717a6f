/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a session's samples add up to: rows of 100 ms that stay when the samples are deleted, and
 * the totals of the session. Pure; samples that do not decode count as samples and nothing else.
 */
#ifndef MNPEN_STORE_TREND_H
#define MNPEN_STORE_TREND_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/block.h"
#include "driver/proto/records.h"

#define TREND_USEC 100000ULL

/** struct trend_span - the smallest, the sum of all and the largest of one value */
struct trend_span {
	uint16_t min;
	uint16_t max;
	uint64_t sum;
};

/** struct trend - one window, @count samples so far. Zero-initialised = empty. */
struct trend {
	uint64_t start_usec; /* boot time; a whole number of windows after the session's start */
	uint32_t count;
	struct trend_span depth_um;
	struct trend_span speed_rpm;
	struct trend_span motor_ma;
};

/** trend_mean() - of @count > 0 values, rounded to the nearest */
uint16_t trend_mean(const struct trend_span *span, uint32_t count);

/**
 * trend_add() - count @sample in
 * @origin_usec: the session's start
 * @ret_done: the window that this sample closed, when it lies in another one
 * Return: whether *ret_done was set.
 */
bool trend_add(struct trend *trend, uint64_t origin_usec, uint64_t host_usec,
	       const struct mnpen_sample *sample, struct trend *ret_done);

/** struct totals - of a session so far */
struct totals {
	uint64_t samples;
	uint64_t gaps; /* samples known to be missing */
	uint64_t strokes;
	uint64_t run_ms;
	uint16_t depth_max_um;
	uint16_t speed_max_rpm;
	bool counting; /* the two below are valid */
	uint32_t last_strokes;
	uint32_t last_run_ms;
};

/** totals_add() - count @sample in; strokes and run time restart at 0 with each ARM, and what the
 * pen shows in the first sample of a session belongs to an earlier one */
void totals_add(struct totals *totals, const struct mnpen_sample *sample);

#endif
