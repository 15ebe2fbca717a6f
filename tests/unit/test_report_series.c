// SPDX-License-Identifier: GPL-2.0-only
/* No spike is lost, whatever the length, and everything stands where it was; round axes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/report/axis.h"
#include "cli/report/series.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define START 7000000000ULL
#define HOUR (3600 * USEC_PER_SEC)
#define SAMPLES 3600000u
#define COLUMNS 880

static struct series series;
static struct series_bucket columns[COLUMNS];

static uint16_t deepest(void)
{
	uint16_t most = 0;

	for (size_t i = 0; i < COLUMNS; i++)
		if (columns[i].n)
			most = MAX(most, columns[i].depth_um.max);
	return most;
}

/* One sample among 3.6 million, at each of several places, the first and the last included. */
static void one_spike_survives(void **state)
{
	static const uint32_t places[] = {0, 1, 4095, 4096, 1234567, 3599998, 3599999};

	for (size_t p = 0; p < ELEMENTSOF(places); p++) {
		size_t at = (size_t)((uint64_t)places[p] * COLUMNS / SAMPLES);
		unsigned int found = 0;

		series_init(&series, START);
		for (uint32_t i = 0; i < SAMPLES; i++)
			series_add(&series, START + i * 1000ULL, i == places[p] ? 1437 : 500,
				   i == places[p] ? 1 : 6000);
		assert_int_equal(series.n, SAMPLES);
		series_columns(&series, START, START + HOUR, columns, COLUMNS);
		assert_int_equal(deepest(), 1437);
		for (size_t i = 0; i < COLUMNS; i++) {
			assert_true(columns[i].n > 0);
			assert_int_equal(columns[i].depth_um.min, 500);
			assert_int_equal(columns[i].speed_rpm.max, 6000);
			if (columns[i].depth_um.max != 1437)
				continue;
			/* its column, or also the one beside it when the bucket lies in both */
			assert_true(i + 1 >= at && i <= at + 1);
			assert_int_equal(columns[i].speed_rpm.min, 1);
			found++;
		}
		assert_true(found == 1 || found == 2);
	}
}

static void first_and_last_keep_their_order(void **state)
{
	series_init(&series, START);
	for (uint16_t i = 0; i < 20000; i++)
		series_add(&series, START + i * 1000ULL, i, (uint16_t)(20000 - i));
	series_columns(&series, START, START + 20 * USEC_PER_SEC, columns, 1);
	assert_int_equal(columns[0].n, 20000);
	assert_int_equal(columns[0].depth_um.first, 0);
	assert_int_equal(columns[0].depth_um.last, 19999);
	assert_int_equal(columns[0].speed_rpm.first, 20000);
	assert_int_equal(columns[0].speed_rpm.last, 1);
	assert_int_equal(columns[0].speed_rpm.max, 20000);
}

/* Of one missing sample in an hour something is to be seen; what is beside it is not missing. */
static void gaps_are_seen(void **state)
{
	size_t marked = 0;

	series_init(&series, START);
	series_gap(&series, START + 30 * 60 * USEC_PER_SEC, START + 30 * 60 * USEC_PER_SEC);
	for (uint32_t i = 0; i < SAMPLES; i += 10)
		series_add(&series, START + i * 1000ULL, 500, 6000);
	series_columns(&series, START, START + HOUR, columns, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++) {
		marked += columns[i].gap;
		assert_true(!columns[i].gap || i == 439 || i == 440);
	}
	assert_true(marked == 1 || marked == 2);
}

static void only_gaps(void **state)
{
	series_init(&series, START);
	series_gap(&series, START + USEC_PER_SEC, START + 3 * USEC_PER_SEC);
	assert_int_equal(series.end_usec, START);
	series_columns(&series, START, START + 10 * USEC_PER_SEC, columns, 10);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(columns[i].n, 0);
		assert_int_equal(columns[i].gap, i == 1 || i == 2);
	}
}

static void odd_times(void **state)
{
	series_init(&series, START);
	series_add(&series, START - 5, 7, 7); /* before the start: at the start */
	series_add(&series, START + 20 * 86400 * USEC_PER_SEC, 9, 9); /* much later */
	series_columns(&series, START, START + 20 * 86400 * USEC_PER_SEC + 1, columns, COLUMNS);
	assert_int_equal(columns[0].depth_um.max, 7);
	assert_int_equal(columns[COLUMNS - 1].depth_um.max, 9);
	assert_int_equal(columns[COLUMNS / 2].n, 0);
}

static void rows_of_a_trend(void **state)
{
	const struct series_span span = {
		.from_usec = START + 100000,
		.to_usec = START + 200000,
		.depth_um = {0, 1111, 500, 500},
		.speed_rpm = {10, 6000, 3000, 3000},
	};

	series_init(&series, START);
	series_add_span(&series, &span);
	assert_int_equal(series.n, 1);
	assert_int_equal(series.end_usec, START + 200000);
	series_columns(&series, START, START + 400000, columns, 40);
	for (size_t i = 0; i < 40; i++) {
		assert_int_equal(columns[i].n > 0, i >= 10 && i < 20);
		assert_int_equal(columns[i].depth_um.max, columns[i].n ? 1111 : 0);
	}
}

/* ---- axes ---- */

static void values_are_round(void **state)
{
	static const struct {
		double largest;
		unsigned int numbers;
		double end, step;
	} table[] = {
		{1133, 7, 1200, 200},	  {515, 7, 600, 100},	{1545, 7, 1750, 250},
		{9270, 5, 10000, 2000},	  {1000, 7, 1000, 200}, {1, 7, 1, 0.2},
		{65535, 5, 80000, 20000},
	};

	for (size_t i = 0; i < ELEMENTSOF(table); i++) {
		struct axis axis = axis_values(table[i].largest, table[i].numbers);

		assert_true(axis.end >= table[i].largest);
		assert_true(axis.end / axis.step <= table[i].numbers + 1);
		assert_float_equal(axis.step, table[i].step, 1e-6);
		assert_float_equal(axis.end, table[i].end, 1e-6);
	}
}

static void time_is_labelled(void **state)
{
	static const struct {
		uint64_t length_usec;
		double at_s;
		const char *label, *unit;
	} table[] = {
		{USEC_PER_SEC / 10, 0.1, "0.1", "s"},	  {2400000, 1.5, "1.5", "s"},
		{12 * USEC_PER_SEC, 12, "0:12", "min:s"}, {HOUR, 600, "10:00", "min:s"},
		{HOUR, 3600, "60:00", "min:s"},		  {30 * HOUR, 36000, "10:00:00", "h:min:s"},
	};

	for (size_t i = 0; i < ELEMENTSOF(table); i++) {
		struct axis axis = axis_time(table[i].length_usec, 10);
		char label[AXIS_LABEL_SIZE];

		assert_true(axis.end / axis.step <= 10);
		assert_string_equal(axis_time_label(table[i].at_s * 1e6, axis.step, label),
				    table[i].label);
		assert_string_equal(axis_time_unit(axis.step), table[i].unit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_spike_survives),
		cmocka_unit_test(first_and_last_keep_their_order),
		cmocka_unit_test(gaps_are_seen),
		cmocka_unit_test(only_gaps),
		cmocka_unit_test(odd_times),
		cmocka_unit_test(rows_of_a_trend),
		cmocka_unit_test(values_are_round),
		cmocka_unit_test(time_is_labelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
