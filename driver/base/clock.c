// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "driver/base/clock.h"

#define TIMESYNC_FILE "/run/systemd/timesync/synchronized" /* exists when it is */
#define NSEC_PER_SEC 1000000000ULL

/* A program that cannot tell the time must not drive a pen; its death is a stop. */
static struct timespec clock_read(clockid_t clock)
{
	struct timespec ts;

	if (clock_gettime(clock, &ts) < 0)
		abort();
	return ts;
}

static uint64_t clock_usec(clockid_t clock)
{
	struct timespec ts = clock_read(clock);

	return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

uint64_t now_usec(void)
{
	return clock_usec(CLOCK_BOOTTIME);
}

uint64_t now_monotonic_ns(void)
{
	struct timespec ts = clock_read(CLOCK_MONOTONIC);

	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

uint64_t wall_usec(void)
{
	return clock_usec(CLOCK_REALTIME);
}

/* A sandbox that lets nobody set the clock does not let it be asked either. Then the word of
 * systemd-timesyncd is all there is; without it, "no" is never wrong in a record. */
bool wall_synchronized(void)
{
	struct timex timex = {0};
	int state = adjtimex(&timex);

	if (state < 0 && errno == EPERM)
		return access(TIMESYNC_FILE, F_OK) == 0;
	return state >= 0 && state != TIME_ERROR && !(timex.status & STA_UNSYNC);
}

uint32_t wall_days(void)
{
	return (uint32_t)(wall_usec() / USEC_PER_DAY);
}

uint32_t local_days(uint64_t wall_usec)
{
	time_t seconds = (time_t)(wall_usec / USEC_PER_SEC);
	struct tm tm;

	if (!wall_usec || !localtime_r(&seconds, &tm))
		return (uint32_t)(wall_usec / USEC_PER_DAY);
	/* east of Greenwich the date is later */
	return (uint32_t)((seconds + tm.tm_gmtoff) / (time_t)(USEC_PER_DAY / USEC_PER_SEC));
}

char *wall_date(uint32_t days, char buf[WALL_DATE_SIZE])
{
	time_t seconds = (time_t)days * 86400;
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900 ||
	    strftime(buf, WALL_DATE_SIZE, "%Y-%m-%d", &tm) == 0)
		snprintf(buf, WALL_DATE_SIZE, "never");
	return buf;
}
