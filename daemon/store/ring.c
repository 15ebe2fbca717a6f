// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>

#include "daemon/store/ring.h"

int ring_open(struct ring *ring, size_t slot_size, size_t capacity)
{
	uint8_t *slots = calloc(capacity, slot_size);

	if (!slots)
		return -ENOMEM;
	ring->slots = slots;
	ring->slot_size = slot_size;
	ring->capacity = capacity;
	atomic_init(&ring->head, 0);
	atomic_init(&ring->tail, 0);
	return 0;
}

void ring_close(struct ring *ring)
{
	free(ring->slots);
	ring->slots = NULL;
}

void *ring_at(const struct ring *ring, uint64_t position)
{
	return ring->slots + (position % ring->capacity) * ring->slot_size;
}

void *ring_reserve(struct ring *ring)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	/* Acquire: the taker has finished reading the slot that is about to be overwritten. */
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	return head - tail < ring->capacity ? ring_at(ring, head) : NULL;
}

void ring_put(struct ring *ring)
{
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

	/* Release: whoever sees the new head sees what the slot holds. */
	atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

void ring_release(struct ring *ring, uint64_t position)
{
	atomic_store_explicit(&ring->tail, position, memory_order_release);
}

uint64_t ring_head(struct ring *ring)
{
	return atomic_load_explicit(&ring->head, memory_order_acquire);
}

uint64_t ring_tail(struct ring *ring)
{
	return atomic_load_explicit(&ring->tail, memory_order_acquire);
}

uint64_t ring_fill(struct ring *ring)
{
	/* Tail first: read the other way round, it could pass the head that was read before. */
	uint64_t tail = ring_tail(ring);

	return ring_head(ring) - tail;
}
