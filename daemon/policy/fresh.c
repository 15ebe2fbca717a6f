/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/policy/fresh.h"

void fresh_update(struct fresh *fresh, uint64_t rx_usec, uint64_t time_us)
{
	uint64_t bucket = rx_usec / FRESH_BUCKET_USEC;
	int64_t offset = (int64_t)(rx_usec - time_us);
	unsigned int i = (unsigned int)(bucket % FRESH_BUCKETS);

	/* Forget the seconds between the last sample and this one. */
	if (!fresh->any || bucket - fresh->bucket >= FRESH_BUCKETS) {
		for (unsigned int n = 0; n < FRESH_BUCKETS; n++)
			fresh->used[n] = false;
	} else {
		for (uint64_t b = fresh->bucket + 1; b <= bucket; b++)
			fresh->used[b % FRESH_BUCKETS] = false;
	}
	fresh->bucket = bucket;
	fresh->any = true;
	fresh->newest_time_us = time_us;
	fresh->newest_rx_usec = rx_usec;

	if (!fresh->used[i] || offset < fresh->min_usec[i])
		fresh->min_usec[i] = offset;
	fresh->used[i] = true;
}

static int64_t smallest_offset(const struct fresh *fresh)
{
	int64_t offset = INT64_MAX;

	for (unsigned int i = 0; i < FRESH_BUCKETS; i++)
		if (fresh->used[i] && fresh->min_usec[i] < offset)
			offset = fresh->min_usec[i];
	return offset;
}

/* When the newest sample was taken, on our clock. Never after it came: offsets further apart than
 * any clock can be would otherwise wrap and make a silent pen look fresh. */
static uint64_t taken(const struct fresh *fresh)
{
	uint64_t usec = fresh->newest_time_us + (uint64_t)smallest_offset(fresh);

	return usec < fresh->newest_rx_usec ? usec : fresh->newest_rx_usec;
}

uint64_t fresh_age_usec(const struct fresh *fresh, uint64_t now_usec)
{
	uint64_t taken_usec;

	if (!fresh->any)
		return UINT64_MAX;
	taken_usec = taken(fresh);
	return now_usec > taken_usec ? now_usec - taken_usec : 0;
}

uint64_t fresh_due_usec(const struct fresh *fresh, uint64_t max_age_usec)
{
	if (!fresh->any)
		return 0;
	return taken(fresh) + max_age_usec + 1;
}
