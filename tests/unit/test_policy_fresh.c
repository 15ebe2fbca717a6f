// SPDX-License-Identifier: GPL-2.0-only
/* The age of a sample, learned from when samples came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/policy/fresh.h"

#define SECOND 1000000ULL
#define START (50 * SECOND) /* a host that has been up for a while, at the edge of a bucket */

static void nothing_yet(void **state)
{
	struct fresh fresh = {0};

	assert_true(fresh_age_usec(&fresh, START) == UINT64_MAX);
	assert_int_equal(fresh_due_usec(&fresh, 50000), 0);
}

static void ages(void **state)
{
	struct fresh fresh = {0};

	/* the first one is the fastest known: its age is the time since it came */
	fresh_update(&fresh, START, 7000);
	assert_int_equal(fresh_age_usec(&fresh, START - 1), 0);
	assert_int_equal(fresh_age_usec(&fresh, START), 0);
	assert_int_equal(fresh_age_usec(&fresh, START + 1), 1);
	assert_int_equal(fresh_age_usec(&fresh, START + 50000), 50000);

	/* held up for 30 ms on its way: shows at once, whenever it came */
	fresh_update(&fresh, START + 31000, 8000);
	assert_int_equal(fresh_age_usec(&fresh, START + 31000), 30000);

	/* a faster one corrects the offset of all */
	fresh_update(&fresh, START + 31500, 40000);
	assert_int_equal(fresh_age_usec(&fresh, START + 31500), 0);
	fresh_update(&fresh, START + 33500, 41000);
	assert_int_equal(fresh_age_usec(&fresh, START + 33500), 1000);
}

/* The timer that fires when the newest sample is too old fires neither early nor late. */
static void due(void **state)
{
	struct fresh fresh = {0};
	uint64_t due_usec;

	fresh_update(&fresh, START, 1000);
	fresh_update(&fresh, START + 21000, 2000); /* 20 ms old when it came */
	due_usec = fresh_due_usec(&fresh, 50000);
	assert_int_equal(due_usec, START + 1000 + 50000 + 1);
	assert_int_equal(fresh_age_usec(&fresh, due_usec - 1), 50000);
	assert_int_equal(fresh_age_usec(&fresh, due_usec), 50001);
}

/* A window of 3 to 4 s: a fast sample counts for so long and then no more. */
static void window(void **state)
{
	struct fresh fresh = {0};
	uint64_t host = START, pen = 0;

	fresh_update(&fresh, host, pen);
	/* from now on everything takes 10 ms longer */
	for (unsigned int ms = 1; ms < 4000; ms++) {
		fresh_update(&fresh, host + ms * 1000 + 10000, pen + ms * 1000);
		if (ms < 3990)
			assert_int_equal(fresh_age_usec(&fresh, host + ms * 1000 + 10000), 10000);
	}
	assert_int_equal(fresh_age_usec(&fresh, host + 3999 * 1000 + 10000), 0);
}

/* Exactly one bucket is forgotten a second, and all of them after a pause of four. */
static void pauses(void **state)
{
	for (uint64_t pause = 0; pause <= 8; pause++) {
		struct fresh fresh = {0};
		uint64_t host = START + pause * SECOND;

		fresh_update(&fresh, START, 0);
		fresh_update(&fresh, host + 5000, pause * SECOND);
		assert_int_equal(fresh_age_usec(&fresh, host + 5000), pause < 4 ? 5000 : 0);
	}
	for (uint64_t middle = 1; middle <= 3; middle++) {
		struct fresh fresh = {0};

		fresh_update(&fresh, START, 0);
		fresh_update(&fresh, START + middle * SECOND + 3000, middle * SECOND);
		fresh_update(&fresh, START + 4 * SECOND + 5000, 4 * SECOND);
		assert_int_equal(fresh_age_usec(&fresh, START + 4 * SECOND + 5000), 2000);
	}
}

/* Clocks drift by parts per million; neither direction makes a prompt pen look old. */
static void drift(void **state)
{
	static const int ppm[] = {-200, 0, 200};

	for (unsigned int i = 0; i < 3; i++) {
		struct fresh fresh = {0};

		for (int64_t ms = 0; ms < 60000; ms++) {
			int64_t pen = ms * 1000 + ms * ppm[i] / 1000;

			fresh_update(&fresh, START + (uint64_t)ms * 1000, (uint64_t)pen);
			assert_in_range(fresh_age_usec(&fresh, START + (uint64_t)ms * 1000), 0,
					1000);
		}
	}
}

/* A pen whose clock hardly moves cannot pass for fresh. */
static void slow_clock(void **state)
{
	struct fresh fresh = {0};
	uint64_t age = 0, host = START;

	for (unsigned int n = 0; n < 60 && age <= 50000; n++) {
		host += 1000;
		fresh_update(&fresh, host, n + 1);
		age = fresh_age_usec(&fresh, host);
	}
	assert_true(age > 50000);
}

/* A pen that starts anew, or jumps: too old for as long as the window, never too fresh. */
static void restarts(void **state)
{
	struct fresh fresh = {0};

	fresh_update(&fresh, START, 30 * SECOND);
	fresh_update(&fresh, START + 1000, 1000);
	assert_true(fresh_age_usec(&fresh, START + 1000) > SECOND);
	fresh_update(&fresh, START + 4 * SECOND, 4 * SECOND);
	assert_int_equal(fresh_age_usec(&fresh, START + 4 * SECOND), 0);

	/* the host's clock never runs back, but if it did, nothing would be older than it came */
	fresh_update(&fresh, START - 20 * SECOND, 5 * SECOND);
	assert_int_equal(fresh_age_usec(&fresh, START - 20 * SECOND + 7), 7);
}

static uint64_t random64(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed ^ *seed >> 29;
}

/* Whatever a pen says its time is: silence ages. */
static void any_time(void **state)
{
	static const uint64_t extremes[] = {0, 1, INT64_MAX, 1ULL << 63, UINT64_MAX};
	struct fresh fresh = {0};
	uint64_t seed = 1, host = START;

	for (unsigned int n = 0; n < 200000; n++) {
		uint64_t time_us = random64(&seed);

		host += random64(&seed) % 2000000;
		if (n % 3 == 0)
			time_us = extremes[n % 5] + host - time_us % 4096;
		fresh_update(&fresh, host, time_us);
		assert_true(fresh_age_usec(&fresh, host + 60000) >= 60000);
		assert_true(fresh_due_usec(&fresh, 50000) <= host + 50001);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_yet), cmocka_unit_test(ages),
		cmocka_unit_test(due),	       cmocka_unit_test(window),
		cmocka_unit_test(pauses),      cmocka_unit_test(drift),
		cmocka_unit_test(slow_clock),  cmocka_unit_test(restarts),
		cmocka_unit_test(any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
