// SPDX-License-Identifier: GPL-2.0-only
/* Which values the keys of "state" can have at all, so that a slip in a test is told at once. */
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/proto/names.h"
#include "driver/proto/proto.h"
#include "tests/gadget/oracle.h"

#define TOKEN_DIGITS 16
#define NUMBER_DIGITS_MAX 20

static bool is_state(const char *value)
{
	unsigned int number;

	return mnpen_state_parse(value, &number) == 0;
}

static bool is_stop_reason(const char *value)
{
	unsigned int number;

	return mnpen_stop_reason_parse(value, &number) == 0;
}

static bool is_request(const char *value)
{
	unsigned int number;

	return mnpen_request_parse(value, &number) == 0;
}

static bool is_bool(const char *value)
{
	return !strcmp(value, "true") || !strcmp(value, "false");
}

/* As JSON writes it: values are compared as text. */
static bool is_number(const char *value)
{
	size_t len = strspn(value, "0123456789");

	return len && !value[len] && len <= NUMBER_DIGITS_MAX && (value[0] != '0' || len == 1);
}

static bool is_token(const char *value)
{
	return strspn(value, "0123456789abcdef") == TOKEN_DIGITS && !value[TOKEN_DIGITS];
}

/* Names joined by commas, in the order of their bits, none twice; empty is none at all. */
static bool is_faults(const char *value)
{
	uint16_t last = 0;

	while (*value) {
		size_t len = strcspn(value, ",");
		char name[24];
		uint16_t mask;

		if (len >= sizeof(name))
			return false;
		memcpy(name, value, len);
		name[len] = 0;
		if (mnpen_fault_parse(name, &mask) < 0 || mask <= last)
			return false;
		last = mask;
		value += len;
		if (*value && !*++value)
			return false;
	}
	return true;
}

bool oracle_takes(const char *key, const char *value, const char **ret_takes)
{
	static const char number[] = "a whole number, without leading zeros";
	static const struct {
		const char *key;
		bool (*takes)(const char *value);
		const char *what;
	} keys[] = {
		{"state", is_state, "boot, idle, armed, running or fault"},
		{"motor", is_bool, "true or false"},
		{"depth_um", is_number, number},
		{"speed_rpm", is_number, number},
		{"trigger", is_bool, "true or false"},
		{"contact", is_bool, "true or false"},
		{"token", is_token, "16 hex digits in lower case"},
		{"enable", is_bool, "true or false"},
		{"stop_reason", is_stop_reason,
		 "none, host, trigger, lease, disabled, run-limit, fault, bus or cartridge"},
		{"faults", is_faults,
		 "names of faults in the protocol's order, joined by commas, or nothing"},
		{"strokes", is_number, number},
		{"run_ms", is_number, number},
		{"motor_on_ns", is_number, number},
		{"motor_off_ns", is_number, number},
		{"last_command", is_request, "none, or the name of a request such as set-target"},
		{"last_command_ns", is_number, number},
		{"last_stop_ns", is_number, number},
		{"last_lease_ns", is_number, number},
		{"bus_ns", is_number, number},
		{"depth_over_ns", is_number, number},
		{"now_ns", is_number, number},
	};

	*ret_takes = NULL;
	for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
		if (strcmp(keys[i].key, key) != 0)
			continue;
		*ret_takes = keys[i].what;
		return keys[i].takes(value);
	}
	return false;
}
