// SPDX-License-Identifier: GPL-2.0-only
/* The kernel guard's judgement at limit - 1, limit, limit + 1: the module's own source, as it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver/kmod/guard.c" // NOLINT(bugprone-suspicious-include)
#include "driver/proto/records.h"

#define MS_NS 1000000ULL
#define NEVER 100000

/* A pen whose ARM was number 10, and a stream of its samples, one a millisecond. */
struct feed {
	struct guard guard;
	struct mnpen_sample sample;
	uint64_t now_ns;
	uint32_t len;
};

static struct feed armed_feed(void)
{
	const struct guard_limits limits = {
		.cmd = 10,
		.run_limit_ms = 600000,
		.depth_um = 1000,
		.speed_min_rpm = 2400,
		.speed_max_rpm = 6000,
	};
	struct feed feed = {
		.sample = {.last_cmd = 12,
			   .time_us = 77,
			   .state = MNPEN_STATE_RUNNING,
			   .flags = MNPEN_FLAG_DRIVE,
			   .depth_um = 900,
			   .speed_rpm = 5000,
			   .strokes = 3,
			   .run_ms = 400,
			   .battery_pct = 100},
		.now_ns = 1000000000,
		.len = MNPEN_SAMPLE_SIZE,
	};

	guard_arm(&feed.guard, &limits, 100, feed.now_ns);
	return feed;
}

static uint16_t next(struct feed *feed)
{
	uint8_t data[MNPEN_SAMPLE_SIZE];

	feed->now_ns += MS_NS;
	feed->sample.time_us += 1000;
	mnpen_sample_encode(data, &feed->sample);
	return guard_judge(&feed->guard, data, feed->len, feed->now_ns);
}

/* The number of samples that pass, NEVER at most. */
static unsigned int passes(struct feed *feed, uint16_t *ret_reason)
{
	for (unsigned int n = 0; n < NEVER; n++) {
		*ret_reason = next(feed);
		if (*ret_reason)
			return n;
	}
	return NEVER;
}

static void depth(void **state)
{
	static const struct {
		uint16_t depth_um, reason;
	} cases[] = {
		{0, 0},
		{1000, 0},
		{1099, 0},
		{1100, 0},
		{1101, MNPEN_GUARD_STOP_DEPTH},
		{UINT16_MAX, MNPEN_GUARD_STOP_DEPTH},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct feed feed = armed_feed();

		assert_int_equal(next(&feed), 0);
		feed.sample.depth_um = cases[i].depth_um;
		assert_int_equal(next(&feed), cases[i].reason);
	}
}

static void depth_counts_at_rest_too(void **state)
{
	struct feed feed = armed_feed();

	feed.sample.state = MNPEN_STATE_FAULT;
	feed.sample.flags = 0;
	feed.sample.depth_um = 1101;
	assert_int_equal(next(&feed), MNPEN_GUARD_STOP_DEPTH);
}

static void speed(void **state)
{
	static const struct {
		uint16_t rpm;
		unsigned int passes;
		uint16_t reason;
	} cases[] = {
		{6299, NEVER, 0},
		{6300, NEVER, 0},
		{6301, 100, MNPEN_GUARD_STOP_SPEED},
		{UINT16_MAX, 100, MNPEN_GUARD_STOP_SPEED},
		{2400, NEVER, 0},
		{2399, 700, MNPEN_GUARD_STOP_SLOW},
		{0, 700, MNPEN_GUARD_STOP_SLOW},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct feed feed = armed_feed();
		uint16_t reason;

		feed.sample.speed_rpm = cases[i].rpm;
		assert_int_equal(passes(&feed, &reason), cases[i].passes);
		assert_int_equal(reason, cases[i].reason);
	}
}

static void speed_has_to_last(void **state)
{
	struct feed feed = armed_feed();

	for (int i = 0; i < 1000; i++) {
		feed.sample.speed_rpm = i % 100 == 99 ? 6300 : 6301;
		assert_int_equal(next(&feed), 0);
	}
	for (int i = 0; i < 1000; i++) {
		feed.sample.speed_rpm = i % 200 == 199 ? 2400 : 2399;
		assert_int_equal(next(&feed), 0);
	}
}

/* A drive that is off may be as slow as it is, and begins anew. */
static void slow_is_of_a_running_motor(void **state)
{
	struct feed feed = armed_feed();

	feed.sample.speed_rpm = 100;
	for (int i = 0; i < 3000; i++) {
		bool off = i % 690 == 689;

		feed.sample.state = off ? MNPEN_STATE_ARMED : MNPEN_STATE_RUNNING;
		feed.sample.flags = off ? 0 : MNPEN_FLAG_DRIVE;
		assert_int_equal(next(&feed), 0);
	}
}

/* A pen whose clock crawls is measured by ours, at half the strictness. */
static void crawling_clock(void **state)
{
	struct feed feed = armed_feed();
	unsigned int n = 0;
	uint16_t reason = 0;

	feed.sample.speed_rpm = 7000;
	for (; !reason && n < 1000; n++) {
		feed.sample.time_us -= 999;
		reason = next(&feed);
	}
	assert_int_equal(reason, MNPEN_GUARD_STOP_SPEED);
	assert_int_equal(n, 201);
}

static void run_limit(void **state)
{
	struct feed feed = armed_feed();

	feed.sample.run_ms = 600000;
	assert_int_equal(next(&feed), 0);
	feed.sample.run_ms = 600001;
	assert_int_equal(next(&feed), MNPEN_GUARD_STOP_RUN_LIMIT);
	feed = armed_feed();
	feed.sample.run_ms = 600001;
	feed.sample.flags = 0;
	feed.sample.state = MNPEN_STATE_ARMED;
	assert_int_equal(next(&feed), 0);
}

/* A pen that does not count how long it runs: by its clock, and by ours if that crawls. */
static void run_limit_of_a_pen_that_does_not_count(void **state)
{
	struct feed feed = armed_feed();
	uint16_t reason = 0;
	unsigned int n = 0;

	feed.guard.limits.run_limit_ms = 5000;
	for (; !reason && n < 20000; n++)
		reason = next(&feed);
	assert_int_equal(reason, MNPEN_GUARD_STOP_RUN_LIMIT);
	assert_int_equal(n, 5501);
	feed = armed_feed();
	feed.guard.limits.run_limit_ms = 5000;
	reason = 0;
	for (n = 0; !reason && n < 20000; n++) {
		feed.sample.time_us -= 999;
		reason = next(&feed);
	}
	assert_int_equal(reason, MNPEN_GUARD_STOP_RUN_LIMIT);
	assert_int_equal(n, 11001);
}

static void bad_samples(void **state)
{
	struct feed good = armed_feed();

	for (uint32_t len = 0; len < 70; len++) {
		struct feed feed = good;

		feed.len = len;
		assert_int_equal(next(&feed),
				 len == MNPEN_SAMPLE_SIZE ? 0 : MNPEN_GUARD_STOP_BAD_SAMPLE);
	}
}

struct wrong {
	size_t at;
	uint8_t value;
	uint16_t reason;
};

static const struct wrong wrongs[] = {
	{16, 4, 0},
	{16, 5, MNPEN_GUARD_STOP_BAD_SAMPLE},
	{19, 0x0f, 0},
	{19, 0x10, MNPEN_GUARD_STOP_BAD_SAMPLE},
	{34, 100, 0},
	{34, 101, MNPEN_GUARD_STOP_BAD_SAMPLE},
	{35, 8, 0},
	{35, 9, MNPEN_GUARD_STOP_BAD_SAMPLE},
	{46, 1, MNPEN_GUARD_STOP_BAD_SAMPLE},
	{47, 1, MNPEN_GUARD_STOP_BAD_SAMPLE},
};

static void bad_bytes(void **state)
{
	for (size_t i = 0; i < sizeof(wrongs) / sizeof(wrongs[0]); i++) {
		struct feed feed = armed_feed();
		uint8_t data[MNPEN_SAMPLE_SIZE];

		mnpen_sample_encode(data, &feed.sample);
		data[wrongs[i].at] = wrongs[i].value;
		assert_int_equal(guard_judge(&feed.guard, data, sizeof(data), feed.now_ns),
				 wrongs[i].reason);
	}
}

static void time_goes_on(void **state)
{
	struct feed feed = armed_feed();

	assert_int_equal(next(&feed), 0);
	feed.sample.time_us -= 1000; /* once more the same */
	assert_int_equal(next(&feed), MNPEN_GUARD_STOP_BAD_SAMPLE);
}

/* Samples from before the ARM, which other limits held for, are let be for 250 ms. */
static void late_samples(void **state)
{
	struct feed feed = armed_feed();
	uint16_t reason;

	feed.sample.last_cmd = 9;
	feed.sample.depth_um = 2000;
	assert_int_equal(passes(&feed, &reason), 249);
	assert_int_equal(reason, MNPEN_GUARD_STOP_DEPTH);
	feed = armed_feed();
	feed.sample.depth_um = 2000;
	feed.sample.last_cmd = 10;
	assert_int_equal(next(&feed), MNPEN_GUARD_STOP_DEPTH);
}

/* It is told again every 100 ms for as long as the drive is on, and for the same reason. */
static void again_and_again(void **state)
{
	struct feed feed = armed_feed();
	uint16_t reason;

	feed.sample.depth_um = 1101;
	assert_int_equal(next(&feed), MNPEN_GUARD_STOP_DEPTH);
	feed.sample.depth_um = 0;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(passes(&feed, &reason), 99);
		assert_int_equal(reason, MNPEN_GUARD_STOP_DEPTH);
	}
	feed.sample.state = MNPEN_STATE_IDLE;
	assert_int_equal(passes(&feed, &reason), 99); /* the drive is on by its flag */
	feed.sample.flags = 0;
	assert_int_equal(passes(&feed, &reason), NEVER);
}

static void unarmed(void **state)
{
	struct feed feed = armed_feed();
	uint16_t reason;

	memset(&feed.guard, 0, sizeof(feed.guard));
	assert_int_equal(next(&feed), MNPEN_GUARD_STOP_UNARMED);
	feed = armed_feed();
	guard_disarm(&feed.guard, 0, feed.now_ns);
	assert_int_equal(passes(&feed, &reason), 99); /* it takes a moment to stop */
	assert_int_equal(reason, MNPEN_GUARD_STOP_UNARMED);
	memset(&feed.guard, 0, sizeof(feed.guard));
	feed.len = 12; /* nothing to see */
	assert_int_equal(next(&feed), 0);
	feed.len = MNPEN_SAMPLE_SIZE;
	feed.sample.state = MNPEN_STATE_ARMED;
	feed.sample.flags = 0;
	assert_int_equal(next(&feed), 0);
}

/* A pen that has stopped by itself is armed no more. */
static void disarmed_by_itself(void **state)
{
	static const uint8_t states[] = {MNPEN_STATE_BOOT, MNPEN_STATE_IDLE, MNPEN_STATE_FAULT};

	for (size_t i = 0; i < sizeof(states); i++) {
		struct feed feed = armed_feed();
		uint16_t reason;

		feed.sample.state = states[i];
		assert_int_equal(next(&feed), 0);
		assert_false(feed.guard.armed);
		feed.sample.state = MNPEN_STATE_RUNNING;
		assert_int_equal(passes(&feed, &reason), 99);
		assert_int_equal(reason, MNPEN_GUARD_STOP_UNARMED);
	}
}

/* From docs/protocol.md by hand: an ARM and a GET_INFO. */
static void reading(void **state)
{
	static const uint8_t arm[MNPEN_ARM_SIZE] = {
		1,    2,    3,	  4,	5,    6,    7,	  8,	0x44, 0x33, 0x22, 0x11,
		0xe8, 0x03, 0x60, 0x09, 0x70, 0x17, 0x2c, 0x01, 0x88, 0x13, 0x01, 0x00,
	};
	uint8_t info[MNPEN_INFO_SIZE] = {0};
	struct guard_limits limits = guard_read_limits(arm);

	assert_int_equal(limits.cmd, 0x11223344);
	assert_int_equal(limits.depth_um, 1000);
	assert_int_equal(limits.speed_min_rpm, 2400);
	assert_int_equal(limits.speed_max_rpm, 6000);
	assert_int_equal(limits.run_limit_ms, 0x11388);
	info[10] = 149;
	assert_int_equal(guard_read_tolerance(info), 149);
	info[10] = 151;
	assert_int_equal(guard_read_tolerance(info), 150);
	info[11] = 1;
	assert_int_equal(guard_read_tolerance(info), 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth),
		cmocka_unit_test(depth_counts_at_rest_too),
		cmocka_unit_test(speed),
		cmocka_unit_test(speed_has_to_last),
		cmocka_unit_test(slow_is_of_a_running_motor),
		cmocka_unit_test(crawling_clock),
		cmocka_unit_test(run_limit),
		cmocka_unit_test(run_limit_of_a_pen_that_does_not_count),
		cmocka_unit_test(bad_samples),
		cmocka_unit_test(bad_bytes),
		cmocka_unit_test(time_goes_on),
		cmocka_unit_test(late_samples),
		cmocka_unit_test(again_and_again),
		cmocka_unit_test(unarmed),
		cmocka_unit_test(disarmed_by_itself),
		cmocka_unit_test(reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
