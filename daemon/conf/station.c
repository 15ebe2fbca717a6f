// SPDX-License-Identifier: GPL-2.0-only
/* mnpend.conf: the station's own limits and habits. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/parts.h"
#include "daemon/conf/parse.h"
#include "driver/base/cleanup.h"
#include "driver/proto/records.h"

static void free_serials(char **serials)
{
	for (size_t i = 0; serials && serials[i]; i++)
		free(serials[i]);
	free(serials);
}

void conf_station_clear(struct conf_station *station)
{
	free_serials(station->allow_serials);
	station->allow_serials = NULL;
}

void conf_station_defaults(struct conf_station *station)
{
	conf_station_clear(station);
	*station = (struct conf_station){
		.max_depth_um = CONF_DEFAULT_MAX_DEPTH_UM,
		.max_speed_rpm = CONF_DEFAULT_MAX_SPEED_RPM,
		.max_run_ms = CONF_DEFAULT_MAX_RUN_MS,
		.max_session_ms = CONF_DEFAULT_MAX_SESSION_MS,
		.max_sample_age_ms = CONF_DEFAULT_MAX_SAMPLE_AGE_MS,
		.max_tolerance_um = CONF_DEFAULT_MAX_TOLERANCE_UM,
		.arm_timeout_ms = CONF_DEFAULT_ARM_TIMEOUT_MS,
		.lease_ms = CONF_DEFAULT_LEASE_MS,
		.stream_period_us = CONF_DEFAULT_STREAM_PERIOD_US,
		.pedal = CONF_PEDAL_OPTIONAL,
	};
}

/* The one value whose useful range is below a millisecond's steps. */
static const char *parse_period(struct conf_parser *parser, const struct conf_key *key,
				const char *value, void *target)
{
	size_t len = strlen(value);
	_cleanup_free_ char *digits = NULL;
	struct conf_key in_ms = *key;
	const char *wrong;
	uint64_t period;

	if (len > 2 && !strcmp(value + len - 2, "us")) {
		digits = strndup(value, len - 2);
		if (!digits) {
			parser->error = -ENOMEM;
			return NULL;
		}
		for (len -= 2; len && strchr(" \t", digits[len - 1]); len--)
			digits[len - 1] = '\0';
		wrong = conf_number(key, digits, &period);
	} else {
		in_ms.min = key->min / 1000;
		in_ms.max = key->max / 1000;
		wrong = conf_unit(parser, &in_ms, value, &period);
		if (!wrong)
			period *= 1000;
	}
	if (!wrong)
		conf_store(key, target, period);
	return wrong;
}

static const char *parse_keep(struct conf_parser *parser, const struct conf_key *key,
			      const char *value, void *target)
{
	if (strcmp(value, "forever"))
		return conf_value_days(parser, key, value, target);
	conf_store(key, target, 0);
	return NULL;
}

static const char *parse_quota(struct conf_parser *parser, const struct conf_key *key,
			       const char *value, void *target)
{
	if (strcmp(value, "none"))
		return conf_value_unit(parser, key, value, target);
	conf_store(key, target, 0);
	return NULL;
}

/* Appends to a NULL-terminated list. */
static int add_serial(char ***serials, size_t n, const char *serial)
{
	char **larger = reallocarray(*serials, n + 2, sizeof(*larger));

	if (!larger)
		return -ENOMEM;
	*serials = larger;
	larger[n + 1] = NULL;
	larger[n] = strdup(serial);
	return larger[n] ? 0 : -ENOMEM;
}

static const char *parse_serials(struct conf_parser *parser, const struct conf_key *key,
				 const char *value, void *target)
{
	struct conf_station *station = target;
	_cleanup_free_ char *copy = strdup(value);
	char *rest = copy;
	char **serials = NULL;
	char *item;

	if (!copy)
		parser->error = -ENOMEM;
	conf_station_clear(station);
	if (!copy || !strcmp(value, "any"))
		return NULL;
	for (size_t n = 0; (item = conf_next_item(&rest)); n++) {
		if (!mnpen_serial_valid(item)) {
			free_serials(serials);
			snprintf(parser->detail, sizeof(parser->detail),
				 "'%.40s' is no pen's serial number", item);
			return parser->detail;
		}
		if (add_serial(&serials, n, item) < 0)
			parser->error = -ENOMEM;
		if (parser->error)
			break;
	}
	/* An allow-list without a name on it would allow none, or all: nobody could tell. */
	if (!serials)
		return "the list is empty";
	station->allow_serials = serials;
	return NULL;
}

#define STATION(member) CONF_FIELD(struct conf_station, member)

static const struct conf_key station_keys[] = {
	{"MaxDepth", conf_value_unit, STATION(max_depth_um), UNIT_DEPTH, CONF_DEPTH_MIN_UM,
	 CONF_DEPTH_MAX_UM, CONF_DEPTH_ALLOWED, false},
	{"MaxSpeed", conf_value_unit, STATION(max_speed_rpm), UNIT_SPEED, CONF_SPEED_MIN_RPM,
	 CONF_SPEED_MAX_RPM, CONF_SPEED_ALLOWED, false},
	{"MaxRunTime", conf_value_unit, STATION(max_run_ms), UNIT_TIME, CONF_RUN_MIN_MS,
	 CONF_RUN_MAX_MS, CONF_RUN_ALLOWED, false},
	{"MaxSessionTime", conf_value_unit, STATION(max_session_ms), UNIT_TIME, CONF_SESSION_MIN_MS,
	 CONF_SESSION_MAX_MS, CONF_SESSION_ALLOWED, false},
	{"MaxSampleAge", conf_value_unit, STATION(max_sample_age_ms), UNIT_TIME, 20, 200,
	 "20ms to 200ms", false},
	{"MaxTolerance", conf_value_unit, STATION(max_tolerance_um), UNIT_DEPTH, 10, 150,
	 "10um to 150um", false},
	{"ArmTimeout", conf_value_unit, STATION(arm_timeout_ms), UNIT_TIME, 100, 600000,
	 "100ms to 10min", false},
	{"Lease", conf_value_unit, STATION(lease_ms), UNIT_TIME, 100, 1000, "100ms to 1000ms",
	 false},
	{"StreamPeriod", parse_period, STATION(stream_period_us), UNIT_TIME, 1000,
	 CONF_STREAM_PERIOD_MAX_US, "1000us to 4000us, or 1ms to 4ms", false},
	{.name = "Pedal", .parse = conf_value_pedal, STATION(pedal), .allowed = CONF_PEDAL_ALLOWED},
	{"KeepSamples", parse_keep, STATION(keep_samples_days), UNIT_TIME, 86400000,
	 36500 * 86400000ull, "1d to 36500d, or forever", false},
	{"Quota", parse_quota, STATION(quota_bytes), UNIT_SIZE, 64 * 1024, 16ull << 40,
	 "64KiB to 16384GiB, or none", false},
	{.name = "AllowSerials",
	 .parse = parse_serials,
	 STATION(allow_serials),
	 .allowed = "serial numbers (4 to 32 of A-Z a-z 0-9 -) with commas or blanks between, "
		    "or any"},
	{.name = "AllowRemotePens",
	 .parse = conf_value_bool,
	 STATION(allow_remote_pens),
	 .allowed = CONF_BOOL_ALLOWED},
};

static void *begin_station(struct conf_parser *parser, const char *title)
{
	return parser->object;
}

static const struct conf_section sections[] = {
	{.name = "Station",
	 .keys = station_keys,
	 .n_keys = ELEMENTSOF(station_keys),
	 .begin = begin_station},
};

static const struct conf_schema schema = {sections, ELEMENTSOF(sections)};

int conf_station_parse(struct conf_station *station, const char *file, const char *text, size_t len,
		       struct conf_report *report)
{
	return conf_parse(&schema, station, file, text, len, report);
}
