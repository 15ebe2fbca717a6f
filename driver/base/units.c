// SPDX-License-Identifier: GPL-2.0-only
/* Values with their unit: decimal arithmetic on the digits themselves, because it must be exact. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/units.h"

#define MS_PER_SEC UINT64_C(1000)
#define MS_PER_MIN (60 * MS_PER_SEC)
#define MS_PER_HOUR (60 * MS_PER_MIN)
#define MS_PER_DAY (24 * MS_PER_HOUR)
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define RPM_PER_HZ 60

struct unit {
	enum unit_kind kind;
	const char *name;
	uint64_t factor; /* base units in one */
};

static const struct unit units[] = {
	{UNIT_DEPTH, "mm", 1000},	{UNIT_DEPTH, "um", 1},
	{UNIT_DEPTH, "\u00b5m", 1}, /* micro sign, what keyboards type */
	{UNIT_DEPTH, "\u03bcm", 1}, /* Greek mu, what Unicode prefers */
	{UNIT_SPEED, "rpm", 1},		{UNIT_SPEED, "Hz", RPM_PER_HZ},
	{UNIT_TIME, "ms", 1},		{UNIT_TIME, "s", MS_PER_SEC},
	{UNIT_TIME, "min", MS_PER_MIN}, {UNIT_TIME, "h", MS_PER_HOUR},
	{UNIT_TIME, "d", MS_PER_DAY},	{UNIT_SIZE, "B", 1},
	{UNIT_SIZE, "KiB", KIB},	{UNIT_SIZE, "MiB", MIB},
	{UNIT_SIZE, "GiB", GIB},
};

/* A number as it was typed; the digits stay in the text. */
struct number {
	bool negative;
	const char *whole;
	size_t whole_len;
	const char *fraction;
	size_t fraction_len;
};

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* A unit is written in letters; bytes of UTF-8 beyond ASCII count as such. */
static size_t letters(const char *text)
{
	size_t len = 0;

	while ((text[len] >= 'A' && text[len] <= 'Z') || (text[len] >= 'a' && text[len] <= 'z') ||
	       (unsigned char)text[len] >= 0x80)
		len++;
	return len;
}

/*
 * A point needs a digit on both sides: ".5mm" is read as 5 mm when the point is overlooked.
 * Returns the rest of the text, NULL when there is no number.
 */
static const char *number_read(struct number *ret, const char *text)
{
	struct number number = {.negative = *text == '-'};

	number.whole = text + number.negative;
	number.whole_len = digits(number.whole);
	if (!number.whole_len)
		return NULL;
	text = number.whole + number.whole_len;
	if (*text == '.') {
		number.fraction = text + 1;
		number.fraction_len = digits(number.fraction);
		if (!number.fraction_len)
			return NULL;
		text = number.fraction + number.fraction_len;
	}
	*ret = number;
	return text;
}

/* fraction * factor by long multiplication, last digit first; whatever falls off must be 0. */
static int fraction_scale(uint64_t *ret, const struct number *number, uint64_t factor)
{
	uint64_t carry = 0;

	for (size_t i = number->fraction_len; i-- > 0;) {
		carry += (uint64_t)(number->fraction[i] - '0') * factor;
		if (carry % 10)
			return -ERANGE;
		carry /= 10;
	}
	*ret = carry;
	return 0;
}

static int number_scale(uint64_t *ret, const struct number *number, uint64_t factor)
{
	uint64_t value = 0, fraction;
	int r = fraction_scale(&fraction, number, factor);

	if (r < 0)
		return r;
	if (number->negative)
		return -ERANGE;
	for (size_t i = 0; i < number->whole_len; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(number->whole[i] - '0'), &value))
			return -ERANGE;
	if (__builtin_mul_overflow(value, factor, &value) ||
	    __builtin_add_overflow(value, fraction, &value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int unit_parse(enum unit_kind kind, const char *text, uint64_t *ret_base)
{
	struct number number;
	const char *name;
	size_t len;

	text = number_read(&number, skip_spaces(text));
	if (!text)
		return -EINVAL;
	name = skip_spaces(text);
	len = letters(name);
	if (*skip_spaces(name + len))
		return -EINVAL;
	if (!len)
		return -ENODATA;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i].kind == kind && strlen(units[i].name) == len &&
		    memcmp(units[i].name, name, len) == 0)
			return number_scale(ret_base, &number, units[i].factor);
	return -ENOTUNIQ;
}

const char *unit_allowed(enum unit_kind kind)
{
	switch (kind) {
	case UNIT_DEPTH:
		return "mm or um";
	case UNIT_SPEED:
		return "rpm or Hz";
	case UNIT_TIME:
		return "ms, s, min, h or d";
	case UNIT_SIZE:
		return "B, KiB, MiB or GiB";
	}
	return "none";
}

/* Two decimals suffice for most pens' steps; a third appears only when it says something. */
static void depth_format(uint64_t um, char *buf, size_t size)
{
	if (um % 10)
		snprintf(buf, size, "%" PRIu64 ".%03u mm", um / 1000, (unsigned int)(um % 1000));
	else
		snprintf(buf, size, "%" PRIu64 ".%02u mm", um / 1000,
			 (unsigned int)(um % 1000) / 10);
}

static void speed_format(uint64_t rpm, char *buf, size_t size)
{
	uint64_t tenths_hz = rpm / 6 + (rpm % 6 >= 3); /* rounded */

	snprintf(buf, size, "%" PRIu64 " rpm (%" PRIu64 ".%" PRIu64 " Hz)", rpm, tenths_hz / 10,
		 tenths_hz % 10);
}

/* "1.5 s", "1.05 s": milliseconds as decimals without trailing zeros */
static size_t seconds_format(uint64_t ms, char *buf, size_t size)
{
	unsigned int part = (unsigned int)(ms % MS_PER_SEC);
	int width = 3, n;

	if (!part) {
		n = snprintf(buf, size, "%" PRIu64 " s ", ms / MS_PER_SEC);
		return (size_t)n;
	}
	for (; part % 10 == 0; part /= 10)
		width--;
	n = snprintf(buf, size, "%" PRIu64 ".%0*u s ", ms / MS_PER_SEC, width, part);
	return (size_t)n;
}

static void time_format(uint64_t ms, char *buf, size_t size)
{
	static const struct {
		uint64_t ms;
		const char *name;
	} steps[] = {{MS_PER_DAY, "d"}, {MS_PER_HOUR, "h"}, {MS_PER_MIN, "min"}};
	char text[64];
	size_t used = 0;

	if (ms < MS_PER_SEC) {
		snprintf(buf, size, "%" PRIu64 " ms", ms);
		return;
	}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (ms >= steps[i].ms)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "%" PRIu64 " %s ", ms / steps[i].ms,
						 steps[i].name);
		ms %= steps[i].ms;
	}
	if (ms)
		used += seconds_format(ms, text + used, sizeof(text) - used);
	snprintf(buf, size, "%.*s", (int)used - 1, text); /* without the last space */
}

static void size_format(uint64_t bytes, char *buf, size_t size)
{
	static const struct {
		uint64_t bytes;
		const char *name;
	} steps[] = {{GIB, "GiB"}, {MIB, "MiB"}, {KIB, "KiB"}};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		uint64_t whole = bytes / steps[i].bytes, rest = bytes % steps[i].bytes;

		if (!whole)
			continue;
		if (rest)
			snprintf(buf, size, "%" PRIu64 ".%" PRIu64 " %s", whole,
				 rest * 10 / steps[i].bytes, steps[i].name);
		else
			snprintf(buf, size, "%" PRIu64 " %s", whole, steps[i].name);
		return;
	}
	snprintf(buf, size, "%" PRIu64 " B", bytes);
}

char *unit_format(enum unit_kind kind, uint64_t base, char *buf, size_t size)
{
	switch (kind) {
	case UNIT_DEPTH:
		depth_format(base, buf, size);
		break;
	case UNIT_SPEED:
		speed_format(base, buf, size);
		break;
	case UNIT_TIME:
		time_format(base, buf, size);
		break;
	case UNIT_SIZE:
		size_format(base, buf, size);
		break;
	}
	return buf;
}

const char *unit_strerror(int error)
{
	switch (error < 0 ? -error : error) {
	case EINVAL:
		return "it is not one number with one unit";
	case ENODATA:
		return "the unit is missing";
	case ENOTUNIQ:
		return "the unit is not one of those allowed";
	case ERANGE:
		return "it is negative, too large or finer than the smallest unit";
	}
	return "it cannot be read";
}
