// SPDX-License-Identifier: GPL-2.0-only
/* Windows of 100 ms and a session's totals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/store/trend.h"
#include "driver/base/cleanup.h"

#define ORIGIN 5000000ULL

static bool add(struct trend *trend, uint64_t usec, uint16_t depth, struct trend *done)
{
	struct mnpen_sample sample = {
		.depth_um = depth, .speed_rpm = (uint16_t)(10 * depth), .motor_ma = 7};

	return trend_add(trend, ORIGIN, usec, &sample, done);
}

static void windows(void **state)
{
	struct trend trend = {0}, done = {0};

	assert_false(add(&trend, ORIGIN, 300, &done));
	assert_false(add(&trend, ORIGIN + 50000, 100, &done));
	assert_false(add(&trend, ORIGIN + TREND_USEC - 1, 201, &done));
	assert_int_equal(done.count, 0);
	assert_true(add(&trend, ORIGIN + TREND_USEC, 900, &done));
	assert_int_equal(done.start_usec, ORIGIN);
	assert_int_equal(done.count, 3);
	assert_int_equal(done.depth_um.min, 100);
	assert_int_equal(done.depth_um.max, 300);
	assert_int_equal(trend_mean(&done.depth_um, done.count), 200); /* 200.33 */
	assert_int_equal(done.speed_rpm.min, 1000);
	assert_int_equal(done.speed_rpm.max, 3000);
	assert_int_equal(trend_mean(&done.speed_rpm, done.count), 2003); /* 2003.33 */
	assert_int_equal(done.motor_ma.min, 7);
	/* The next one starts anew, and a pause leaves windows out. */
	assert_int_equal(trend.depth_um.min, 900);
	assert_true(add(&trend, ORIGIN + 7 * TREND_USEC + 1, 0, &done));
	assert_int_equal(done.start_usec, ORIGIN + TREND_USEC);
	assert_int_equal(done.count, 1);
	assert_int_equal(trend.start_usec, ORIGIN + 7 * TREND_USEC);
}

static void mean_rounds(void **state)
{
	static const struct {
		uint64_t sum;
		uint32_t count;
		uint16_t mean;
	} cases[] = {{1, 2, 1}, {1, 3, 0}, {2, 3, 1}, {100ULL * 65535, 100, 65535}};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		assert_int_equal(trend_mean(&(struct trend_span){.sum = cases[i].sum},
					    cases[i].count),
				 cases[i].mean);
}

/* A sample that seems to have come before its session counts in the first window. */
static void before_the_start(void **state)
{
	struct trend trend = {0}, done;

	assert_false(add(&trend, ORIGIN - 3 * TREND_USEC, 1, &done));
	assert_int_equal(trend.start_usec, ORIGIN);
	assert_false(add(&trend, ORIGIN + 1, 1, &done));
}

static void totals(void **state)
{
	/* What the pen showed and what the session has by then: an ARM restarts its counters. */
	static const struct {
		uint32_t strokes, run_ms;
		uint64_t total_strokes, total_run_ms;
	} cases[] = {
		{500, 9000, 0, 0}, /* of an earlier session */
		{500, 9000, 0, 0},  {0, 0, 0, 0},	{3, 40, 3, 40},
		{10, 100, 10, 100}, {10, 110, 10, 110}, {2, 20, 12, 130}, /* ARM, seen late */
		{5, 50, 15, 160},
	};
	struct totals totals = {0};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct mnpen_sample sample = {.strokes = cases[i].strokes,
					      .run_ms = cases[i].run_ms,
					      .depth_um = (uint16_t)(i == 3 ? 700 : 100),
					      .speed_rpm = (uint16_t)(i == 5 ? 7000 : 10)};

		totals_add(&totals, &sample);
		assert_int_equal(totals.strokes, cases[i].total_strokes);
		assert_int_equal(totals.run_ms, cases[i].total_run_ms);
	}
	assert_int_equal(totals.depth_max_um, 700);
	assert_int_equal(totals.speed_max_rpm, 7000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows),
		cmocka_unit_test(mean_rounds),
		cmocka_unit_test(before_the_start),
		cmocka_unit_test(totals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
