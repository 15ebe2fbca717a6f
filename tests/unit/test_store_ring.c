// SPDX-License-Identifier: GPL-2.0-only
/* The queue between two threads: full, empty, order, looking back, and nothing lost or twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>

#include "daemon/store/ring.h"

static int put(struct ring *ring, uint32_t value)
{
	uint32_t *slot = ring_reserve(ring);

	if (!slot)
		return -1;
	*slot = value;
	ring_put(ring);
	return 0;
}

static void full_and_empty(void **state)
{
	struct ring ring = {0};

	assert_int_equal(ring_open(&ring, sizeof(uint32_t), 3), 0);
	assert_int_equal(ring_fill(&ring), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(put(&ring, i), 0);
	assert_int_equal(put(&ring, 99), -1);
	assert_int_equal(ring_fill(&ring), 3);
	ring_release(&ring, 1);
	assert_int_equal(put(&ring, 3), 0);
	assert_int_equal(put(&ring, 99), -1);
	ring_close(&ring);
}

/* A capacity that is no power of two, around which the positions run many times. */
static void order_around_the_end(void **state)
{
	struct ring ring = {0};

	assert_int_equal(ring_open(&ring, sizeof(uint32_t), 7), 0);
	for (uint32_t i = 0; i < 100; i++) {
		assert_int_equal(put(&ring, 2 * i), 0);
		assert_int_equal(put(&ring, 2 * i + 1), 0);
		assert_int_equal(ring_tail(&ring), 2 * i);
		assert_int_equal(*(uint32_t *)ring_at(&ring, 2 * i), 2 * i);
		assert_int_equal(*(uint32_t *)ring_at(&ring, 2 * i + 1), 2 * i + 1);
		ring_release(&ring, 2 * i + 2);
	}
	assert_int_equal(ring_head(&ring), 200);
	ring_close(&ring);
}

/* What was looked at and not given back is there as before. */
static void look_without_taking(void **state)
{
	struct ring ring = {0};

	assert_int_equal(ring_open(&ring, sizeof(uint32_t), 4), 0);
	for (uint32_t i = 0; i < 4; i++)
		put(&ring, 10 + i);
	for (int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 4; i++)
			assert_int_equal(*(uint32_t *)ring_at(&ring, i), 10 + i);
	assert_int_equal(ring_fill(&ring), 4);
	ring_close(&ring);
}

/* A slot is not seen before it is put. */
static void reserved_is_not_put(void **state)
{
	struct ring ring = {0};
	uint32_t *slot;

	assert_int_equal(ring_open(&ring, sizeof(uint32_t), 2), 0);
	slot = ring_reserve(&ring);
	*slot = 5;
	assert_int_equal(ring_fill(&ring), 0);
	assert_ptr_equal(ring_reserve(&ring), slot);
	ring_put(&ring);
	assert_int_equal(ring_fill(&ring), 1);
	ring_close(&ring);
}

#define TRANSFERS 300000u

struct item {
	uint32_t number;
	uint32_t inverse; /* of number: a torn slot does not match */
};

static void *putter(void *userdata)
{
	struct ring *ring = userdata;

	for (uint32_t i = 0; i < TRANSFERS;) {
		struct item *item = ring_reserve(ring);

		if (!item) {
			sched_yield();
			continue;
		}
		*item = (struct item){.number = i, .inverse = ~i};
		ring_put(ring);
		i++;
	}
	return NULL;
}

static void two_threads(void **state)
{
	struct ring ring = {0};
	uint32_t wrong = 0, expected = 0;
	pthread_t thread;

	assert_int_equal(ring_open(&ring, sizeof(struct item), 61), 0);
	assert_int_equal(pthread_create(&thread, NULL, putter, &ring), 0);
	while (expected < TRANSFERS) {
		uint64_t tail = ring_tail(&ring), head = ring_head(&ring);

		if (head == tail)
			sched_yield();
		for (; tail < head; tail++, expected++) {
			const struct item *item = ring_at(&ring, tail);

			wrong += item->number != expected || item->inverse != ~expected;
		}
		ring_release(&ring, tail);
	}
	pthread_join(thread, NULL);
	assert_int_equal(wrong, 0);
	assert_int_equal(ring_fill(&ring), 0);
	ring_close(&ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_and_empty),      cmocka_unit_test(order_around_the_end),
		cmocka_unit_test(look_without_taking), cmocka_unit_test(reserved_is_not_put),
		cmocka_unit_test(two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
