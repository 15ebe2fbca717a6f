/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The virtual pen's own random numbers (xorshift64*): the same seed gives the same run on every
 * machine, whatever libc does. Seed 0 is silence: every draw is 0.
 */
#ifndef MNPEN_GADGET_NOISE_H
#define MNPEN_GADGET_NOISE_H

#include <stdint.h>

struct noise {
	uint64_t state;
};

static inline struct noise noise_seed(uint64_t seed)
{
	/* An odd multiplier spreads neighbouring seeds (pen 1, pen 2); it maps 0 to 0 only. */
	return (struct noise){.state = seed * 0x9e3779b97f4a7c15ULL};
}

static inline uint32_t noise_next(struct noise *noise)
{
	uint64_t x = noise->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	noise->state = x;
	return (uint32_t)((x * 0x2545f4914f6cdd1dULL) >> 32);
}

/* One draw from [-amplitude, amplitude], uniform; 0 for seed 0. */
static inline int32_t noise_around_zero(struct noise *noise, int32_t amplitude)
{
	if (!noise->state || amplitude <= 0)
		return 0;
	return (int32_t)(noise_next(noise) % (2 * (uint32_t)amplitude + 1)) - amplitude;
}

#endif
