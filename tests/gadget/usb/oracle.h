/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The true state of a pen as JSON: what every safety test judges by. It is read from the model,
 * never from what the pen says on USB, and costs the pen nothing.
 */
#ifndef MNPEN_GADGET_ORACLE_H
#define MNPEN_GADGET_ORACLE_H

#include <json-c/json.h>

#include "tests/gadget/usb/pen.h"

/** struct oracle - what "state" tells of a device; times are CLOCK_MONOTONIC, 0 for what never was
 */
struct oracle {
	uint8_t state; /* enum mnpen_state */
	bool motor;
	uint64_t depth_um;
	uint64_t speed_rpm;
	bool trigger;
	bool contact;
	uint64_t token; /* of the ARM, while armed; or 0 */
	bool enable;
	uint8_t stop_reason; /* enum mnpen_stop_reason */
	uint16_t faults;
	uint64_t strokes;
	uint64_t run_ms;
	uint64_t motor_on_ns;
	uint64_t motor_off_ns;
	const char *last_command; /* "none", or a request's name */
	uint64_t last_command_ns;
	uint64_t last_stop_ns;
	uint64_t last_lease_ns;
	uint64_t bus_ns;
	uint64_t depth_over_ns;
	uint64_t now_ns;
};

/** oracle_json() - the keys of @oracle. New reference, or NULL */
struct json_object *oracle_json(const struct oracle *oracle);

/** oracle_state() - the command "state"; the caller has advanced @pen. New reference, or NULL */
struct json_object *oracle_state(const struct pen *pen);

/** oracle_log() - the command "log": the last @count requests, oldest first. As above */
struct json_object *oracle_log(const struct pen *pen, unsigned int count);

/** oracle_now_ns() - the moment to which @pen was brought; never 0, unlike what never happened */
uint64_t oracle_now_ns(const struct pen *pen);

/**
 * oracle_matches() - whether @state has @key with this value as text
 * @value: "true", "armed", "1200"; a list is its members joined by commas
 * @ret_actual: what it is, as text; freed by the caller; NULL when there is no such key
 */
bool oracle_matches(struct json_object *state, const char *key, const char *value,
		    char **ret_actual);

/**
 * oracle_takes() - whether @key can ever have @value as text
 * @ret_takes: what it can have; static. NULL when a state has no such key
 */
bool oracle_takes(const char *key, const char *value, const char **ret_takes);

#endif
