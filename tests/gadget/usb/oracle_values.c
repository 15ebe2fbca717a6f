// SPDX-License-Identifier: GPL-2.0-only
/*
 * The keys of "state", a contract with everybody who tests against the virtual pen: how each is
 * written as JSON, and which values it can have at all, so that a slip in a test is told at once.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/proto/names.h"
#include "driver/proto/proto.h"
#include "tests/gadget/usb/oracle.h"

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

/* ---- as JSON; @value: the member of struct oracle ---- */

static struct json_object *state_json(const void *value)
{
	return json_object_new_string(mnpen_state_name(*(const uint8_t *)value));
}

static struct json_object *stop_reason_json(const void *value)
{
	return json_object_new_string(mnpen_stop_reason_name(*(const uint8_t *)value));
}

static struct json_object *bool_json(const void *value)
{
	return json_object_new_boolean(*(const bool *)value);
}

static struct json_object *number_json(const void *value)
{
	return json_object_new_uint64(*(const uint64_t *)value);
}

static struct json_object *request_json(const void *value)
{
	return json_object_new_string(*(const char *const *)value);
}

static struct json_object *token_json(const void *value)
{
	char text[TOKEN_DIGITS + 1];

	snprintf(text, sizeof(text), "%016" PRIx64, *(const uint64_t *)value);
	return json_object_new_string(text);
}

static struct json_object *faults_json(const void *value)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++)
		if (*(const uint16_t *)value & 1u << bit)
			json_object_array_add(list, json_object_new_string(mnpen_fault_name(bit)));
	return list;
}

/* ---- the keys ---- */

/** struct kind - what a key's value is */
struct kind {
	struct json_object *(*json)(const void *value);
	bool (*takes)(const char *text);
	const char *what;
};

static const struct kind state = {state_json, is_state, "boot, idle, armed, running or fault"};
static const struct kind flag = {bool_json, is_bool, "true or false"};
static const struct kind number = {number_json, is_number, "a whole number, without leading zeros"};
static const struct kind token = {token_json, is_token, "16 hex digits in lower case"};
static const struct kind stop_reason = {
	stop_reason_json, is_stop_reason,
	"none, host, trigger, lease, disabled, run-limit, fault, bus or cartridge"};
static const struct kind faults = {
	faults_json, is_faults,
	"names of faults in the protocol's order, joined by commas, or nothing"};
static const struct kind request = {request_json, is_request,
				    "none, or the name of a request such as set-target"};

#define KEY(name, kind)                                                                            \
	{                                                                                          \
#name, offsetof(struct oracle, name), &(kind)                                      \
	}

static const struct key {
	const char *name;
	size_t offset; /* in struct oracle */
	const struct kind *kind;
} keys[] = {
	KEY(state, state),
	KEY(motor, flag),
	KEY(depth_um, number),
	KEY(speed_rpm, number),
	KEY(trigger, flag),
	KEY(contact, flag),
	KEY(token, token),
	KEY(enable, flag),
	KEY(stop_reason, stop_reason),
	KEY(faults, faults),
	KEY(strokes, number),
	KEY(run_ms, number),
	KEY(motor_on_ns, number),
	KEY(motor_off_ns, number),
	KEY(last_command, request),
	KEY(last_command_ns, number),
	KEY(last_stop_ns, number),
	KEY(last_lease_ns, number),
	KEY(bus_ns, number),
	KEY(depth_over_ns, number),
	KEY(now_ns, number),
};

struct json_object *oracle_json(const struct oracle *oracle)
{
	struct json_object *object = json_object_new_object();

	for (size_t i = 0; object && i < ELEMENTSOF(keys); i++) {
		const void *value = (const char *)oracle + keys[i].offset;

		json_object_object_add(object, keys[i].name, keys[i].kind->json(value));
	}
	return object;
}

bool oracle_takes(const char *key, const char *value, const char **ret_takes)
{
	*ret_takes = NULL;
	for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
		if (strcmp(keys[i].name, key) != 0)
			continue;
		*ret_takes = keys[i].kind->what;
		return keys[i].kind->takes(value);
	}
	return false;
}
