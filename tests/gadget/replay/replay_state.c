// SPDX-License-Identifier: GPL-2.0-only
/* A replay's state as JSON: what the last sample says is all that is known of the recorded pen. */
#include "driver/base/clock.h"
#include "tests/gadget/usb/oracle.h"
#include "tests/gadget/replay/replay_parts.h"
#include "tests/gadget/replay/replay_usb.h"

static struct json_object *state_json(const struct replay *replay)
{
	const struct replay_oracle *seen = &replay->oracle;
	const struct mnpen_sample *s = &replay->last;

	/* depth_over_ns stays 0: nobody looked into the recorded pen. */
	return oracle_json(&(struct oracle){
		.state = s->state,
		.motor = s->flags & MNPEN_FLAG_DRIVE,
		.depth_um = s->depth_um,
		.speed_rpm = s->speed_rpm,
		.trigger = s->flags & MNPEN_FLAG_TRIGGER,
		.contact = s->flags & MNPEN_FLAG_CONTACT,
		.token = replay_armed(replay) ? replay->lease.token : 0,
		.enable = s->flags & MNPEN_FLAG_ENABLED,
		.stop_reason = s->stop_reason,
		.faults = s->faults,
		.strokes = s->strokes,
		.run_ms = s->run_ms,
		.motor_on_ns = seen->motor_on_us * NSEC_PER_USEC,
		.motor_off_ns = seen->motor_off_us * NSEC_PER_USEC,
		.last_command = seen->command,
		.last_command_ns = seen->command_us * NSEC_PER_USEC,
		.last_stop_ns = seen->stop_us * NSEC_PER_USEC,
		.last_lease_ns = seen->lease_us * NSEC_PER_USEC,
		.bus_ns = seen->bus_us * NSEC_PER_USEC,
		.now_ns = replay->now_us * NSEC_PER_USEC,
	});
}

static struct json_object *play_json(const struct replay *replay)
{
	const struct recording *rec = replay->recording;
	struct json_object *play = json_object_new_object();
	const char *waits_for = replay_waits_for(replay);
	uint64_t usec = replay->at ? rec->entries[replay->at - 1].usec : 0;
	uint64_t of_usec = rec->n ? rec->entries[rec->n - 1].usec : 0;

	json_object_object_add(play, "entry", json_object_new_uint64(replay->at));
	json_object_object_add(play, "entries", json_object_new_uint64(rec->n));
	json_object_object_add(play, "usec", json_object_new_uint64(usec));
	json_object_object_add(play, "of_usec", json_object_new_uint64(of_usec));
	json_object_object_add(play, "waits_for",
			       json_object_new_string(waits_for ? waits_for : ""));
	json_object_object_add(play, "ended", json_object_new_boolean(replay->ended));
	return play;
}

struct json_object *replay_state(const struct replay *replay)
{
	struct json_object *object = state_json(replay);

	if (object)
		json_object_object_add(object, "replay", play_json(replay));
	return object;
}
