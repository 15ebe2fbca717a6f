// SPDX-License-Identifier: GPL-2.0-only
/* Which kernel clock each function reads, and its arithmetic, with the kernel's answers given. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

#include <cmocka.h>

#include "driver/base/clock.h"

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_adjtimex(struct timex *timex);
int __wrap_access(const char *path, int mode);

static struct {
	int state;
	int status;
	int error;
	int file; /* of systemd-timesyncd: what access() returns */
} kernel;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	check_expected(clock);
	*ret = (struct timespec){.tv_sec = 1771200061, .tv_nsec = 987654321};
	return 0;
}

int __wrap_adjtimex(struct timex *timex)
{
	assert_int_equal(timex->modes, 0); /* reads only */
	timex->status = kernel.status;
	errno = kernel.error;
	return kernel.state;
}

int __wrap_access(const char *path, int mode)
{
	assert_string_equal(path, "/run/systemd/timesync/synchronized");
	return kernel.file;
}

static void clocks(void **state)
{
	expect_value(__wrap_clock_gettime, clock, CLOCK_BOOTTIME);
	assert_true(now_usec() == 1771200061987654ULL);
	expect_value(__wrap_clock_gettime, clock, CLOCK_MONOTONIC);
	assert_true(now_monotonic_ns() == 1771200061987654321ULL);
	expect_value(__wrap_clock_gettime, clock, CLOCK_REALTIME);
	assert_true(wall_usec() == 1771200061987654ULL);
	expect_value(__wrap_clock_gettime, clock, CLOCK_REALTIME);
	assert_int_equal(wall_days(), 20500); /* 2026-02-16 00:01:01 */
}

static void synchronized(void **state)
{
	static const struct {
		int state, status;
		bool synchronized;
		int error, file;
	} cases[] = {
		{TIME_OK, STA_PLL, true, 0, -1},
		{TIME_INS, STA_PLL, true, 0, -1}, /* a leap second is coming */
		{TIME_OK, STA_PLL | STA_UNSYNC, false, 0, 0},
		{TIME_ERROR, STA_PLL, false, 0, 0},
		{-1, 0, false, EFAULT, 0},
		{-1, 0, true, EPERM, 0}, /* in the service's sandbox */
		{-1, 0, false, EPERM, -1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kernel.state = cases[i].state;
		kernel.status = cases[i].status;
		kernel.error = cases[i].error;
		kernel.file = cases[i].file;
		assert_int_equal(wall_synchronized(), cases[i].synchronized);
	}
}

/* The date on the clinic's wall, whatever it is at Greenwich. */
static void dates_of_the_place(void **state)
{
	static const struct {
		const char *zone;
		uint64_t wall_sec;
		uint32_t days;
	} cases[] = {
		{"UTC0", 86399, 0},
		{"UTC0", 86400, 1},
		{"JST-9", 1769902199, 20485},	/* 31 January 2026 at Greenwich */
		{"PST8PDT", 1769911200, 20484}, /* 1 February 2026 there */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1785535200, 20666}, /* summer: two hours */
		{"CET-1CEST,M3.5.0,M10.5.0/3", 1785535199, 20665},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(setenv("TZ", cases[i].zone, 1), 0);
		tzset();
		assert_int_equal(local_days(cases[i].wall_sec * USEC_PER_SEC), cases[i].days);
	}
	assert_int_equal(local_days(0), 0); /* none */
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks),
		cmocka_unit_test(synchronized),
		cmocka_unit_test(dates_of_the_place),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
