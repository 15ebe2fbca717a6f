// SPDX-License-Identifier: GPL-2.0-only
/* Values for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "cli/values.h"
#include "cli/when.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

enum suffix {
	SUFFIX_NONE,
	SUFFIX_DEPTH,
	SUFFIX_SPEED,
	SUFFIX_TIME,
	SUFFIX_WALL,
	SUFFIX_TEMPERATURE,
	SUFFIX_PERCENT,
	SUFFIX_DAYS,
	SUFFIX_CURRENT,
	SUFFIX_VOLTAGE,
	SUFFIX_AREA,
	SUFFIX_DENSITY,
};

static const struct {
	const char *ending;
	enum suffix suffix;
} suffixes[] = {
	/* a longer ending stands before one that it ends in */
	{"_wall_usec", SUFFIX_WALL}, {"_per_cm2", SUFFIX_DENSITY}, {"_cm2", SUFFIX_AREA},
	{"_um", SUFFIX_DEPTH},	     {"_rpm", SUFFIX_SPEED},	   {"_ms", SUFFIX_TIME},
	{"_dc", SUFFIX_TEMPERATURE}, {"_percent", SUFFIX_PERCENT}, {"_days", SUFFIX_DAYS},
	{"_ma", SUFFIX_CURRENT},     {"_mv", SUFFIX_VOLTAGE},
};

static enum suffix find_suffix(const char *key, size_t *ret_at)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
		size_t n = strlen(suffixes[i].ending);

		if (len > n && strcmp(key + len - n, suffixes[i].ending) == 0) {
			*ret_at = len - n;
			return suffixes[i].suffix;
		}
	}
	*ret_at = len;
	return SUFFIX_NONE;
}

static char *with_unit(enum suffix suffix, int64_t value, char *buf, size_t size)
{
	uint64_t positive = value < 0 ? 0 : (uint64_t)value;
	char when[WHEN_SIZE];

	switch (suffix) {
	case SUFFIX_DEPTH:
		return unit_format(UNIT_DEPTH, positive, buf, size);
	case SUFFIX_SPEED:
		return unit_format(UNIT_SPEED, positive, buf, size);
	case SUFFIX_TIME:
		return unit_format(UNIT_TIME, positive, buf, size);
	case SUFFIX_TEMPERATURE:
		return text_temperature((int32_t)value, buf, size);
	case SUFFIX_WALL:
		snprintf(buf, size, "%s", when_local(positive, when));
		return buf;
	case SUFFIX_PERCENT:
		snprintf(buf, size, "%" PRIi64 " %%", value);
		return buf;
	case SUFFIX_DAYS:
		snprintf(buf, size, "%" PRIi64 " days", value);
		return buf;
	case SUFFIX_CURRENT:
		snprintf(buf, size, "%" PRIi64 " mA", value);
		return buf;
	case SUFFIX_VOLTAGE:
		snprintf(buf, size, "%" PRIi64 ".%03d V", value / 1000, (int)(positive % 1000));
		return buf;
	case SUFFIX_AREA:
		snprintf(buf, size, "%" PRIi64 " cm2", value);
		return buf;
	case SUFFIX_DENSITY:
		snprintf(buf, size, "%" PRIi64 " / cm2", value);
		return buf;
	case SUFFIX_NONE:
		break;
	}
	snprintf(buf, size, "%" PRIi64, value);
	return buf;
}

char *value_text(const char *key, json_object *value, char *buf, size_t size)
{
	size_t at;

	if (json_object_is_type(value, json_type_int))
		return with_unit(find_suffix(key, &at), json_object_get_int64(value), buf, size);
	if (json_object_is_type(value, json_type_boolean))
		snprintf(buf, size, "%s", json_object_get_boolean(value) ? "yes" : "no");
	else
		snprintf(buf, size, "%s", value ? json_object_get_string(value) : "-");
	return buf;
}

char *value_label(const char *key, char *buf, size_t size)
{
	size_t at;

	find_suffix(key, &at);
	snprintf(buf, size, "%.*s", (int)at, key);
	for (char *c = buf; *c; c++)
		if (*c == '_')
			*c = ' ';
	return buf;
}

char *value_depth(uint64_t depth_um, char *buf)
{
	return unit_format(UNIT_DEPTH, depth_um, buf, VALUE_SIZE);
}

char *value_speed(uint64_t speed_rpm, char *buf)
{
	return unit_format(UNIT_SPEED, speed_rpm, buf, VALUE_SIZE);
}

char *value_time(uint64_t ms, char *buf)
{
	return unit_format(UNIT_TIME, ms, buf, VALUE_SIZE);
}

char *values_line(json_object *values, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	if (!json_object_is_type(values, json_type_object))
		return buf;
	json_object_object_foreach(values, key, value)
	{
		char label[64], text[VALUE_SIZE];

		if (used >= size)
			break;
		used += (size_t)snprintf(buf + used, size - used, "%s%s %s", used ? ", " : "",
					 value_label(key, label, sizeof(label)),
					 value_text(key, value, text, sizeof(text)));
	}
	return buf;
}
