// SPDX-License-Identifier: GPL-2.0-only
/* Model to JSON; the keys are a contract with everybody who tests against the virtual pen. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"
#include "tests/gadget/oracle.h"

static void add_uint(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_bool(struct json_object *object, const char *key, bool value)
{
	json_object_object_add(object, key, json_object_new_boolean(value));
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
}

static void add_faults(struct json_object *object, uint16_t faults)
{
	struct json_object *list = json_object_new_array();

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++)
		if (faults & 1u << bit)
			json_object_array_add(list, json_object_new_string(mnpen_fault_name(bit)));
	json_object_object_add(object, "faults", list);
}

static void add_token(struct json_object *object, const struct model *model)
{
	bool armed = model->state == MNPEN_STATE_ARMED || model->state == MNPEN_STATE_RUNNING;
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, armed ? model->arm.token : 0);
	add_string(object, "token", text);
}

static void add_times(struct json_object *object, const struct pen *pen)
{
	const struct model_oracle *oracle = &pen->model.oracle;

	add_uint(object, "motor_on_ns", pen_ns(pen, oracle->motor_on_us));
	add_uint(object, "motor_off_ns", pen_ns(pen, oracle->motor_off_us));
	add_string(object, "last_command", pen->last_command);
	add_uint(object, "last_command_ns", pen_ns(pen, pen->last_command_us));
	add_uint(object, "last_stop_ns", pen_ns(pen, pen->last_stop_us));
	add_uint(object, "last_lease_ns", pen_ns(pen, oracle->lease_us));
	add_uint(object, "bus_ns", pen_ns(pen, oracle->bus_us));
	add_uint(object, "depth_over_ns", pen_ns(pen, oracle->depth_over_us));
	add_uint(object, "now_ns", oracle_now_ns(pen));
}

uint64_t oracle_now_ns(const struct pen *pen)
{
	return pen->power_on_ns + pen->model.now_us * NSEC_PER_USEC;
}

struct json_object *oracle_state(const struct pen *pen)
{
	const struct model *model = &pen->model;
	struct json_object *object = json_object_new_object();

	if (!object)
		return NULL;
	add_string(object, "state", mnpen_state_name(model->state));
	add_bool(object, "motor", model->motor.drive);
	add_uint(object, "depth_um", model_depth_um(model));
	/* Without the sensor's noise. */
	add_uint(object, "speed_rpm", (uint64_t)llround(model->motor.speed_rpm));
	add_bool(object, "trigger", model->trigger);
	add_bool(object, "contact", model->contact);
	add_token(object, model);
	add_bool(object, "enable", model->enable);
	add_string(object, "stop_reason", mnpen_stop_reason_name(model->stop_reason));
	add_faults(object, model->faults);
	add_uint(object, "strokes", model->strokes);
	add_uint(object, "run_ms", model_run_us(model) / 1000);
	add_times(object, pen);
	return object;
}

struct json_object *oracle_log(const struct pen *pen, unsigned int count)
{
	struct json_object *object = json_object_new_object();
	struct json_object *list = json_object_new_array();
	uint64_t n = MIN(MIN((uint64_t)count, pen->logged), (uint64_t)PEN_LOG);

	for (uint64_t i = pen->logged - n; i < pen->logged; i++) {
		const struct pen_log_entry *entry = &pen->log[i % PEN_LOG];
		struct json_object *item = json_object_new_object();

		add_string(item, "request", entry->name);
		add_uint(item, "ns", pen_ns(pen, entry->time_us));
		add_uint(item, "value", entry->value);
		add_uint(item, "length", entry->length);
		add_string(item, "result", entry->result);
		json_object_array_add(list, item);
	}
	json_object_object_add(object, "log", list);
	add_uint(object, "now_ns", oracle_now_ns(pen));
	return object;
}

static char *join(struct json_object *list)
{
	char text[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *member = json_object_get_string(json_object_array_get_idx(list, i));
		int n = snprintf(text + used, sizeof(text) - used, "%s%s", i ? "," : "", member);

		used = MIN(used + (size_t)n, sizeof(text) - 1);
	}
	return strdup(text);
}

bool oracle_matches(struct json_object *state, const char *key, const char *value,
		    char **ret_actual)
{
	struct json_object *member;

	*ret_actual = NULL;
	if (!json_object_object_get_ex(state, key, &member))
		return false;
	if (json_object_is_type(member, json_type_array))
		*ret_actual = join(member);
	else
		*ret_actual = strdup(json_object_get_string(member));
	return *ret_actual && !strcmp(*ret_actual, value);
}
