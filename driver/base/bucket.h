/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A token bucket: so many things at once, then one each period. Pure; time is an argument.
 */
#ifndef MNPEN_BUCKET_H
#define MNPEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

/** struct bucket_rate - what its users agree on; shared by any number of buckets */
struct bucket_rate {
	unsigned int burst; /* tokens in a full one */
	uint64_t period_usec;
};

/** struct bucket - of tokens, kept as the time at which it is full again; zero is a full one */
struct bucket {
	uint64_t full_usec;
};

/** bucket_take() - one token, unless fewer than @reserve (less than the burst) would stay
 * Return: whether there was one */
bool bucket_take(struct bucket *bucket, const struct bucket_rate *rate, unsigned int reserve,
		 uint64_t now_usec);

/** bucket_charge() - one token, there or not: what must be done slows down what need not be */
void bucket_charge(struct bucket *bucket, const struct bucket_rate *rate, uint64_t now_usec);

/** bucket_next_usec() - when bucket_take(0) gives the next one */
uint64_t bucket_next_usec(const struct bucket *bucket, const struct bucket_rate *rate);

/** bucket_is_full() - whether nothing was taken for long enough */
bool bucket_is_full(const struct bucket *bucket, uint64_t now_usec);

#endif
