/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Samples of a session of any length in constant memory, for drawing: buckets of equal width, each
 * with the smallest and the largest of its values, so that not a single sample's spike is lost.
 *
 * Nobody has to know how long the session is: when the buckets are full, pairs become one and each
 * is twice as wide. So at least half of them are always in use, and a value stands where it was to
 * 1/2048 of the whole.
 */
#ifndef MNPEN_REPORT_SERIES_H
#define MNPEN_REPORT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIES_BUCKETS 4096
#define SERIES_WIDTH_USEC 1000ULL /* of a bucket, at first */

/** struct series_value - of one bucket, @n > 0 samples */
struct series_value {
	uint16_t min;
	uint16_t max;
	uint16_t first;
	uint16_t last;
};

/** struct series_bucket - half-open, from its start on */
struct series_bucket {
	uint32_t n; /* samples, or rows of a trend; 0 = no value */
	bool gap;   /* samples are missing here */
	struct series_value depth_um;
	struct series_value speed_rpm;
};

/** struct series - read it by series_columns() */
struct series {
	uint64_t start_usec;
	uint64_t width_usec;
	uint64_t end_usec; /* behind the last value; start_usec when there is none */
	uint64_t n;
	struct series_bucket buckets[SERIES_BUCKETS];
};

/** struct series_span - what is known of some time as a whole: a row of a trend */
struct series_span {
	uint64_t from_usec;
	uint64_t to_usec;
	struct series_value depth_um;
	struct series_value speed_rpm;
};

void series_init(struct series *series, uint64_t start_usec);

/** series_add() - one sample; what lies before the start stands at the start */
void series_add(struct series *series, uint64_t usec, uint16_t depth_um, uint16_t speed_rpm);
void series_add_span(struct series *series, const struct series_span *span);

/** series_gap() - samples are missing from @from_usec to @to_usec, however short that is */
void series_gap(struct series *series, uint64_t from_usec, uint64_t to_usec);

/** series_columns() - the time from @from_usec to @to_usec in @n columns of equal width
 * A bucket that lies in several columns counts in each of them. */
void series_columns(const struct series *series, uint64_t from_usec, uint64_t to_usec,
		    struct series_bucket *ret_columns, size_t n);

#endif
