// SPDX-License-Identifier: GPL-2.0-only
/* A token bucket at its limits: one less, as much, one more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/base/bucket.h"

#define T0 5000000000ULL /* a boot that was long ago */
#define PERIOD 100000ULL

static const struct bucket_rate rate = {.burst = 50, .period_usec = PERIOD};

static unsigned int take_all(struct bucket *bucket, unsigned int reserve, uint64_t now)
{
	unsigned int n = 0;

	while (n < 1000 && bucket_take(bucket, &rate, reserve, now))
		n++;
	return n;
}

static void burst_and_rate(void **state)
{
	struct bucket bucket = {0};

	assert_int_equal(take_all(&bucket, 0, T0), 50);
	assert_int_equal(take_all(&bucket, 0, T0 + PERIOD - 1), 0);
	assert_int_equal(take_all(&bucket, 0, T0 + PERIOD), 1);
	assert_int_equal(take_all(&bucket, 0, T0 + 11 * PERIOD), 10);
	/* As full as before, never fuller. */
	assert_int_equal(take_all(&bucket, 0, T0 + 36000 * PERIOD), 50);
}

/* The rate is the caller's: nothing of it stays in the bucket. */
static void another_rate(void **state)
{
	const struct bucket_rate slow = {.burst = 2, .period_usec = 10 * PERIOD};
	struct bucket bucket = {0};

	assert_true(bucket_take(&bucket, &slow, 0, T0));
	assert_true(bucket_take(&bucket, &slow, 0, T0));
	assert_false(bucket_take(&bucket, &slow, 0, T0 + 10 * PERIOD - 1));
	assert_int_equal(bucket_next_usec(&bucket, &slow), T0 + 10 * PERIOD);
	assert_true(bucket_take(&bucket, &slow, 0, T0 + 10 * PERIOD));
}

static void reserve(void **state)
{
	struct bucket bucket = {0};

	assert_int_equal(take_all(&bucket, 10, T0), 40);
	assert_int_equal(take_all(&bucket, 0, T0), 10);
	/* Whoever leaves a reserve waits until it is there again. */
	assert_int_equal(take_all(&bucket, 10, T0 + 10 * PERIOD), 0);
	assert_int_equal(take_all(&bucket, 10, T0 + 11 * PERIOD), 1);
}

static void next_is_when_it_says(void **state)
{
	struct bucket bucket = {0};
	uint64_t next;

	assert_true(bucket_next_usec(&bucket, &rate) <= T0);
	take_all(&bucket, 0, T0);
	next = bucket_next_usec(&bucket, &rate);
	assert_int_equal(next, T0 + PERIOD);
	assert_false(bucket_take(&bucket, &rate, 0, next - 1));
	assert_true(bucket_take(&bucket, &rate, 0, next));
}

/* What must be done is paid for by what need not be, and does not run up a debt for ever. */
static void charged(void **state)
{
	struct bucket bucket = {0};

	for (int i = 0; i < 1000; i++)
		bucket_charge(&bucket, &rate, T0);
	assert_false(bucket_take(&bucket, &rate, 0, T0 + PERIOD - 1));
	assert_true(bucket_take(&bucket, &rate, 0, T0 + PERIOD));
}

static void full_again(void **state)
{
	struct bucket bucket = {0};

	assert_true(bucket_is_full(&bucket, 0));
	assert_true(bucket_take(&bucket, &rate, 0, T0));
	assert_true(bucket_take(&bucket, &rate, 0, T0));
	assert_false(bucket_is_full(&bucket, T0 + 2 * PERIOD - 1));
	assert_true(bucket_is_full(&bucket, T0 + 2 * PERIOD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(burst_and_rate), cmocka_unit_test(another_rate),
		cmocka_unit_test(reserve),	  cmocka_unit_test(next_is_when_it_says),
		cmocka_unit_test(charged),	  cmocka_unit_test(full_again),
	};

	return cmocka_run_group_tests_name("bucket", tests, NULL, NULL);
}
