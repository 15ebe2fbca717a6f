// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dates of the card, in local time. "24 hours" are hours that pass: where a clock is set back
 * meanwhile, it shows an hour less at their end. "7 days" are dates: the same day of the week,
 * whatever happens to clocks.
 */
#include <stdio.h>
#include <time.h>

#include "cli/aftercare.h"
#include "driver/base/clock.h"

#define NOON 12 /* no clock is changed around it, and no day lacks it */

char *aftercare_after_hours(uint64_t usec, uint32_t hours, char buf[AFTERCARE_DATE_SIZE])
{
	const uint64_t minute = 60 * USEC_PER_SEC;
	uint64_t up = hours > 0 ? minute - 1 : 0; /* its end itself is what a clock showed */
	time_t seconds = (time_t)((usec + up) / minute * 60 + hours * 3600ULL);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    strftime(buf, AFTERCARE_DATE_SIZE, "%A %-d %B %Y, %H:%M", &tm) == 0)
		snprintf(buf, AFTERCARE_DATE_SIZE, "-");
	return buf;
}

/* Return: whether there is such a day. */
static bool days_later(uint64_t usec, uint32_t days, struct tm *ret)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);

	if (!localtime_r(&seconds, ret))
		return false;
	ret->tm_mday += (int)days;
	ret->tm_hour = NOON;
	ret->tm_min = ret->tm_sec = 0;
	ret->tm_isdst = -1;
	return mktime(ret) != (time_t)-1;
}

char *aftercare_after_days(uint64_t usec, uint32_t days, char buf[AFTERCARE_DATE_SIZE])
{
	struct tm tm;

	if (!days_later(usec, days, &tm) ||
	    strftime(buf, AFTERCARE_DATE_SIZE, "%A %-d %B %Y", &tm) == 0)
		snprintf(buf, AFTERCARE_DATE_SIZE, "-");
	return buf;
}

char *aftercare_iso_after_days(uint64_t usec, uint32_t days, char buf[AFTERCARE_DATE_SIZE])
{
	struct tm tm;

	if (!days_later(usec, days, &tm) || strftime(buf, AFTERCARE_DATE_SIZE, "%F", &tm) == 0)
		snprintf(buf, AFTERCARE_DATE_SIZE, "-");
	return buf;
}
