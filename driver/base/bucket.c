// SPDX-License-Identifier: GPL-2.0-only
#include "driver/base/bucket.h"
#include "driver/base/cleanup.h"

bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, unsigned int reserve,
		 uint64_t now_usec)
{
	uint64_t full_usec = MAX(bucket->full_usec, now_usec) + rate->period_usec;

	if (full_usec > now_usec + (rate->burst - reserve) * rate->period_usec)
		return false;
	bucket->full_usec = full_usec;
	return true;
}

void bucket_charge(struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_usec)
{
	uint64_t empty_usec = now_usec + rate->burst * rate->period_usec;

	bucket->full_usec = MIN(MAX(bucket->full_usec, now_usec) + rate->period_usec, empty_usec);
}

uint64_t bucket_next_usec(const struct bucket *bucket, const struct bucket_rate *rate)
{
	uint64_t room_usec = (rate->burst - 1) * rate->period_usec;

	return bucket->full_usec > room_usec ? bucket->full_usec - room_usec : 0;
}

bool bucket_is_full(const struct bucket *bucket, uint64_t now_usec)
{
	return bucket->full_usec <= now_usec;
}
