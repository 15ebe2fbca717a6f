// SPDX-License-Identifier: GPL-2.0-only
/* Dates and times of records. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/when.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

/* "Z", "+hh:mm", "-hhmm" → seconds east of Greenwich; 1 = there is no zone, negative = nonsense */
static int parse_zone(const char *text, long *ret_east_s)
{
	unsigned int hours, minutes;
	int used = 0;

	if (*text == '\0')
		return 1;
	if (strcmp(text, "Z") == 0) {
		*ret_east_s = 0;
		return 0;
	}
	if (*text != '+' && *text != '-')
		return -EINVAL;
	if (sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &used) != 2 &&
	    sscanf(text + 1, "%2u%2u%n", &hours, &minutes, &used) != 2)
		return -EINVAL;
	if (text[1 + used] != '\0' || hours > 14 || minutes > 59)
		return -EINVAL;
	*ret_east_s = (long)(hours * 3600 + minutes * 60) * (*text == '-' ? -1 : 1);
	return 0;
}

/* mktime() makes the 1st of May of "April 31"; a date that it changed was none. */
static int to_seconds(const struct tm *given, int zone, long east_s, time_t *ret)
{
	struct tm tm = *given;
	time_t seconds = zone == 0 ? timegm(&tm) : mktime(&tm);

	if (seconds == (time_t)-1 || tm.tm_mday != given->tm_mday || tm.tm_mon != given->tm_mon)
		return -EINVAL;
	*ret = zone == 0 ? seconds - east_s : seconds;
	return 0;
}

int when_parse(const char *text, uint64_t *ret_usec)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					    "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
	time_t seconds;

	for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *rest = strptime(text, forms[i], &tm);
		long east_s = 0;
		int zone;

		if (!rest)
			continue;
		zone = parse_zone(rest, &east_s);
		if (zone < 0)
			continue;
		if (to_seconds(&tm, zone, east_s, &seconds) < 0 || seconds < 0)
			return -EINVAL;
		*ret_usec = (uint64_t)seconds * USEC_PER_SEC;
		return 0;
	}
	return -EINVAL;
}

int when_read(const char *text, uint64_t *ret_usec)
{
	uint64_t fraction = 0, unit = USEC_PER_SEC;
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t seconds = rest ? timegm(&tm) : -1;

	if (!rest || seconds < 0)
		return -EINVAL;
	for (rest += *rest == '.'; *rest >= '0' && *rest <= '9' && unit > 1; rest++) {
		unit /= 10;
		fraction += (uint64_t)(*rest - '0') * unit;
	}
	if (strcmp(rest, "Z") != 0)
		return -EINVAL;
	*ret_usec = (uint64_t)seconds * USEC_PER_SEC + fraction;
	return 0;
}

static char *nothing(char *buf)
{
	snprintf(buf, WHEN_SIZE, "-");
	return buf;
}

char *when_local(uint64_t usec, char *buf)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;

	if (usec == 0 || !localtime_r(&seconds, &tm))
		return nothing(buf);
	strftime(buf, WHEN_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
	return buf;
}

char *when_date(uint64_t days, char *buf)
{
	time_t seconds = (time_t)(days * 86400);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return nothing(buf);
	strftime(buf, WHEN_SIZE, "%Y-%m-%d", &tm);
	return buf;
}

char *when_utc(uint64_t usec, char *buf)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;
	size_t n;

	if (!gmtime_r(&seconds, &tm))
		return nothing(buf);
	n = strftime(buf, WHEN_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, WHEN_SIZE - n, ".%06" PRIu64 "Z", (uint64_t)(usec % USEC_PER_SEC));
	return buf;
}
