/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How old a sample is. The pen's clock and ours share no zero, so the offset between them is
 * learned: the smallest (arrival - time_us) over the last few seconds belongs to the sample that
 * travelled fastest. A sample that was held up anywhere on its way then shows its age. Pure.
 */
#ifndef MNPEN_POLICY_FRESH_H
#define MNPEN_POLICY_FRESH_H

#include <stdbool.h>
#include <stdint.h>

#define FRESH_BUCKETS 4
#define FRESH_BUCKET_USEC 1000000ULL /* the window slides in steps of a second, over 3 to 4 s */

/** struct fresh - zero-initialise; again whenever the pen comes anew */
struct fresh {
	int64_t min_usec[FRESH_BUCKETS]; /* smallest arrival - time_us of each second */
	bool used[FRESH_BUCKETS];
	uint64_t bucket; /* number of the newest second */
	uint64_t newest_time_us;
	uint64_t newest_rx_usec;
	bool any;
};

/** fresh_update() - a good sample with pen time @time_us arrived at @rx_usec */
void fresh_update(struct fresh *fresh, uint64_t rx_usec, uint64_t time_us);

/** fresh_age_usec() - age of the newest good sample, at least the time since it arrived, whatever
 * its time_us says; UINT64_MAX when there is none */
uint64_t fresh_age_usec(const struct fresh *fresh, uint64_t now_usec);

/** fresh_due_usec() - when the newest sample will be older than @max_age_usec; 0 = no sample */
uint64_t fresh_due_usec(const struct fresh *fresh, uint64_t max_age_usec);

#endif
