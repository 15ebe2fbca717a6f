// SPDX-License-Identifier: GPL-2.0-only
/* The model's truth and log as JSON, and the texts that a scenario compares. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/gadget/usb/oracle.h"

uint64_t oracle_now_ns(const struct pen *pen)
{
	return pen->power_on_ns + pen->model.now_us * NSEC_PER_USEC;
}

struct json_object *oracle_state(const struct pen *pen)
{
	const struct model *model = &pen->model;
	const struct model_oracle *seen = &model->oracle;
	bool armed = model->state == MNPEN_STATE_ARMED || model->state == MNPEN_STATE_RUNNING;

	return oracle_json(&(struct oracle){
		.state = (uint8_t)model->state,
		.motor = model->motor.drive,
		.depth_um = model_depth_um(model),
		/* Without the sensor's noise. */
		.speed_rpm = (uint64_t)llround(model->motor.speed_rpm),
		.trigger = model->trigger,
		.contact = model->contact,
		.token = armed ? model->arm.token : 0,
		.enable = model->enable,
		.stop_reason = (uint8_t)model->stop_reason,
		.faults = model->faults,
		.strokes = model->strokes,
		.run_ms = model_run_us(model) / 1000,
		.motor_on_ns = pen_ns(pen, seen->motor_on_us),
		.motor_off_ns = pen_ns(pen, seen->motor_off_us),
		.last_command = pen->last_command,
		.last_command_ns = pen_ns(pen, pen->last_command_us),
		.last_stop_ns = pen_ns(pen, pen->last_stop_us),
		.last_lease_ns = pen_ns(pen, seen->lease_us),
		.bus_ns = pen_ns(pen, seen->bus_us),
		.depth_over_ns = pen_ns(pen, seen->depth_over_us),
		.now_ns = oracle_now_ns(pen),
	});
}

static void add_uint(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, json_object_new_string(value));
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
