/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bounded queue between exactly two threads, one that puts and one that takes, without locks:
 * neither ever waits for the other. All memory is taken when it is made.
 *
 * The taker may look at several slots before it gives any of them back, so that a queue is also
 * what a failed transaction is tried again from. Positions count slots for ever (64 bits do not
 * run out), so that a position names one moment in the life of the queue.
 */
#ifndef MNPEN_STORE_RING_H
#define MNPEN_STORE_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/** struct ring - private to ring.c; zero-initialise, ring_open(), ring_close() */
struct ring {
	uint8_t *slots;
	size_t slot_size;
	uint64_t capacity;
	_Atomic uint64_t head; /* next position to be put; moved by the putter */
	_Atomic uint64_t tail; /* next position to be taken; moved by the taker */
};

/** ring_open() - room for @capacity (> 0) slots of @slot_size bytes. Return: 0, -ENOMEM. */
int ring_open(struct ring *ring, size_t slot_size, size_t capacity);
void ring_close(struct ring *ring);

/** ring_reserve() - the slot to fill next, NULL when the ring is full. Putter only. */
void *ring_reserve(struct ring *ring);

/** ring_put() - hand the reserved slot to the taker. Putter only. */
void ring_put(struct ring *ring);

/** ring_at() - the slot at @position, which lies in tail..head-1. Both threads: the taker reads
 * what was put; the putter may look back at its own slots, because nobody else changes them. */
void *ring_at(const struct ring *ring, uint64_t position);

/** ring_release() - give back all slots before @position. Taker only. */
void ring_release(struct ring *ring, uint64_t position);

/** ring_head(), ring_tail() - positions as the calling thread may rely on them */
uint64_t ring_head(struct ring *ring);
uint64_t ring_tail(struct ring *ring);

/** ring_fill() - slots in use; exact only when the other thread rests */
uint64_t ring_fill(struct ring *ring);

#endif
