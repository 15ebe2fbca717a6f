// SPDX-License-Identifier: GPL-2.0-only
/* Min/max decimation. */
#include <string.h>

#include "cli/report/series.h"
#include "driver/base/cleanup.h"

void series_init(struct series *series, uint64_t start_usec)
{
	memset(series, 0, sizeof(*series));
	series->start_usec = series->end_usec = start_usec;
	series->width_usec = SERIES_WIDTH_USEC;
}

/* @later follows @value in time. */
static void merge_value(struct series_value *value, const struct series_value *later)
{
	value->min = MIN(value->min, later->min);
	value->max = MAX(value->max, later->max);
	value->last = later->last;
}

static void merge(struct series_bucket *bucket, const struct series_bucket *later)
{
	bucket->gap |= later->gap;
	if (!later->n)
		return;
	if (!bucket->n) {
		bucket->depth_um = later->depth_um;
		bucket->speed_rpm = later->speed_rpm;
	} else {
		merge_value(&bucket->depth_um, &later->depth_um);
		merge_value(&bucket->speed_rpm, &later->speed_rpm);
	}
	bucket->n += later->n;
}

static void halve(struct series *series)
{
	for (size_t i = 0; i < SERIES_BUCKETS / 2; i++) {
		struct series_bucket pair = series->buckets[2 * i];

		merge(&pair, &series->buckets[2 * i + 1]);
		series->buckets[i] = pair;
	}
	memset(series->buckets + SERIES_BUCKETS / 2, 0, sizeof(series->buckets) / 2);
	series->width_usec *= 2;
}

static size_t bucket_at(struct series *series, uint64_t usec)
{
	uint64_t at = usec > series->start_usec ? usec - series->start_usec : 0;

	while (at / series->width_usec >= SERIES_BUCKETS)
		halve(series);
	return (size_t)(at / series->width_usec);
}

void series_add(struct series *series, uint64_t usec, uint16_t depth_um, uint16_t speed_rpm)
{
	const struct series_bucket one = {
		.n = 1,
		.depth_um = {depth_um, depth_um, depth_um, depth_um},
		.speed_rpm = {speed_rpm, speed_rpm, speed_rpm, speed_rpm},
	};

	merge(&series->buckets[bucket_at(series, usec)], &one);
	series->end_usec = MAX(series->end_usec, usec + 1);
	series->n++;
}

void series_add_span(struct series *series, const struct series_span *span)
{
	const struct series_bucket one = {
		.n = 1, .depth_um = span->depth_um, .speed_rpm = span->speed_rpm};
	size_t last = bucket_at(series, MAX(span->to_usec, span->from_usec + 1) - 1);

	for (size_t i = bucket_at(series, span->from_usec); i <= last; i++)
		merge(&series->buckets[i], &one);
	series->end_usec = MAX(series->end_usec, span->to_usec);
	series->n++;
}

void series_gap(struct series *series, uint64_t from_usec, uint64_t to_usec)
{
	size_t last = bucket_at(series, MAX(to_usec, from_usec + 1) - 1);

	for (size_t i = bucket_at(series, from_usec); i <= last; i++)
		series->buckets[i].gap = true;
}

/* @usec on the scale of @n columns from @from_usec to @to_usec, which holds it */
static size_t column_of(uint64_t usec, uint64_t from_usec, uint64_t to_usec, size_t n)
{
	size_t at =
		(size_t)((double)(usec - from_usec) / (double)(to_usec - from_usec) * (double)n);

	return MIN(at, n - 1);
}

void series_columns(const struct series *series, uint64_t from_usec, uint64_t to_usec,
		    struct series_bucket *ret_columns, size_t n)
{
	memset(ret_columns, 0, n * sizeof(*ret_columns));
	for (size_t i = 0; i < SERIES_BUCKETS; i++) {
		const struct series_bucket *bucket = &series->buckets[i];
		uint64_t begin = series->start_usec + i * series->width_usec;
		uint64_t end = begin + series->width_usec;

		if ((!bucket->n && !bucket->gap) || end <= from_usec || begin >= to_usec)
			continue;
		begin = MAX(begin, from_usec);
		end = MIN(end, to_usec);
		for (size_t at = column_of(begin, from_usec, to_usec, n);
		     at <= column_of(end - 1, from_usec, to_usec, n); at++)
			merge(&ret_columns[at], bucket);
	}
}
