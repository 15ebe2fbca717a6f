// SPDX-License-Identifier: GPL-2.0-only
/* A replay's state as JSON: what the last sample says is all that is known of the recorded pen. */
#include <inttypes.h>
#include <stdio.h>

#include "driver/base/clock.h"
#include "driver/proto/names.h"
#include "tests/gadget/replay_parts.h"
#include "tests/gadget/replay_usb.h"

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

static void add_sample(struct json_object *object, const struct replay *replay)
{
	const struct mnpen_sample *s = &replay->last;
	char token[17];

	snprintf(token, sizeof(token), "%016" PRIx64,
		 replay_armed(replay) ? replay->oracle.token : 0);
	add_string(object, "state", mnpen_state_name(s->state));
	add_bool(object, "motor", s->flags & MNPEN_FLAG_DRIVE);
	add_uint(object, "depth_um", s->depth_um);
	add_uint(object, "speed_rpm", s->speed_rpm);
	add_bool(object, "trigger", s->flags & MNPEN_FLAG_TRIGGER);
	add_bool(object, "contact", s->flags & MNPEN_FLAG_CONTACT);
	add_string(object, "token", token);
	add_bool(object, "enable", s->flags & MNPEN_FLAG_ENABLED);
	add_string(object, "stop_reason", mnpen_stop_reason_name(s->stop_reason));
	add_faults(object, s->faults);
	add_uint(object, "strokes", s->strokes);
	add_uint(object, "run_ms", s->run_ms);
}

static void add_times(struct json_object *object, const struct replay *replay)
{
	const struct replay_oracle *oracle = &replay->oracle;

	add_uint(object, "motor_on_ns", oracle->motor_on_us * NSEC_PER_USEC);
	add_uint(object, "motor_off_ns", oracle->motor_off_us * NSEC_PER_USEC);
	add_string(object, "last_command", oracle->command);
	add_uint(object, "last_command_ns", oracle->command_us * NSEC_PER_USEC);
	add_uint(object, "last_stop_ns", oracle->stop_us * NSEC_PER_USEC);
	add_uint(object, "last_lease_ns", oracle->lease_us * NSEC_PER_USEC);
	add_uint(object, "bus_ns", oracle->bus_us * NSEC_PER_USEC);
	add_uint(object, "depth_over_ns", 0); /* nobody looked into the recorded pen */
	add_uint(object, "now_ns", replay->now_us * NSEC_PER_USEC);
}

struct json_object *replay_state(const struct replay *replay)
{
	const struct recording *rec = replay->recording;
	struct json_object *object = json_object_new_object();
	struct json_object *play = json_object_new_object();
	const char *waits_for = replay_waits_for(replay);

	if (!object)
		return NULL;
	add_sample(object, replay);
	add_times(object, replay);
	add_uint(play, "entry", replay->at);
	add_uint(play, "entries", rec->n);
	add_uint(play, "usec", replay->at ? rec->entries[replay->at - 1].usec : 0);
	add_uint(play, "of_usec", rec->n ? rec->entries[rec->n - 1].usec : 0);
	add_string(play, "waits_for", waits_for ? waits_for : "");
	add_bool(play, "ended", replay->ended);
	json_object_object_add(object, "replay", play);
	return object;
}
