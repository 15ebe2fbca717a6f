// SPDX-License-Identifier: GPL-2.0-only
/*
 * The newest samples that nobody has read yet. When there is no room the oldest one goes: whoever
 * is late needs to know what is, and learns from the next sample how many were lost. The caller
 * holds the pen's lock.
 */
#include <linux/mm.h>

#include "driver/kmod/mnpen.h"

#define RING_SIZE 1024 /* a power of two: a second at 1 kHz */

int pen_ring_init(struct pen_ring *ring)
{
	ring->samples = kvcalloc(RING_SIZE, sizeof(*ring->samples), GFP_KERNEL);
	return ring->samples ? 0 : -ENOMEM;
}

void pen_ring_free(struct pen_ring *ring)
{
	kvfree(ring->samples);
}

void pen_ring_clear(struct pen_ring *ring)
{
	ring->tail = ring->head;
	ring->lost = 0;
}

bool pen_ring_empty(const struct pen_ring *ring)
{
	return READ_ONCE(ring->head) == READ_ONCE(ring->tail);
}

/**
 * pen_ring_put() - add the newest sample
 * @ring: of the pen
 * @sample: is copied
 *
 * Return: false if another one had to go for it.
 */
bool pen_ring_put(struct pen_ring *ring, const struct mnpen_guard_sample *sample)
{
	bool full = ring->head - ring->tail == RING_SIZE;

	if (full) {
		WRITE_ONCE(ring->tail, ring->tail + 1);
		ring->lost++;
	}
	ring->samples[ring->head % RING_SIZE] = *sample;
	WRITE_ONCE(ring->head, ring->head + 1);
	return !full;
}

/**
 * pen_ring_take() - take the oldest sample
 * @ring: of the pen
 * @ret: gets it, with what was lost before it
 *
 * Return: false if there is none.
 */
bool pen_ring_take(struct pen_ring *ring, struct mnpen_guard_sample *ret)
{
	if (pen_ring_empty(ring))
		return false;
	*ret = ring->samples[ring->tail % RING_SIZE];
	ret->lost = ring->lost;
	ring->lost = 0;
	WRITE_ONCE(ring->tail, ring->tail + 1);
	return true;
}
