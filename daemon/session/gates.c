/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gates before an arm: each looks at one thing and says why not and what to do about it.
 * Explain() walks all of them, Arm() stops at the first.
 */
#include <errno.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"

static int gate_config(struct station_pen *pen, struct refusal *refusal)
{
	if (conf_station_valid(pen->station->conf))
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "the station's configuration has an error, so its limits are not known; "
		      "'mnpend --check-config' names the line");
}

static int gate_alarm(struct station_pen *pen, struct refusal *refusal)
{
	const char *serial = pen_serial(pen->pen);

	for (size_t i = 0; i < pen->station->n_alarms; i++) {
		const struct store_alarm *alarm = &pen->station->alarms[i]->what;

		/* One for which there was no room is of whatever pen. */
		if (!pen->station->alarm_unplaced && alarm->pen[0] &&
		    strcmp(alarm->pen, serial) != 0)
			continue;
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "alarm %s stands (%s); 'mnpenctl alarm ack %s' once it is dealt with",
			      alarm->id, alarm->text, alarm->id);
	}
	return 0;
}

static int gate_store(struct station_pen *pen, struct refusal *refusal)
{
	enum store_health health = store_health(pen->station->store, now_usec());

	if (health == STORE_HEALTHY)
		return 0;
	return refuse(refusal, REFUSAL_STORE,
		      "the record cannot be kept (%s): needles run only while every second of it "
		      "is on file; free or repair the disk that holds the state directory",
		      store_health_name(health));
}

static int gate_session(struct station_pen *pen, struct refusal *refusal)
{
	if (pen->session && !pen->session->end_outcome)
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "no session is open on pen %s; begin one: mnpenctl session begin --client ID "
		      "--area AREA",
		      pen_serial(pen->pen));
}

static int gate_profile(struct station_pen *pen, struct refusal *refusal)
{
	if (!pen->session || chosen_profile(pen))
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "the session's profile '%s' is not there any more; set another: mnpenctl "
		      "profile set %s NAME",
		      pen->session->profile, pen_serial(pen->pen));
}

static int gate_area(struct station_pen *pen, struct refusal *refusal)
{
	if (!pen->session || chosen_area(pen))
		return 0;
	return refuse(
		refusal, REFUSAL_INTERLOCK,
		"no area is chosen, and each area has limits of its own; choose one: mnpenctl "
		"session area AREA");
}

static int gate_limits(struct station_pen *pen, struct refusal *refusal)
{
	struct limits limits;

	return station_limits(pen, &limits, refusal);
}

static int gate_serial(struct station_pen *pen, struct refusal *refusal)
{
	char **allowed = conf_station(pen->station->conf)->allow_serials;

	for (char **serial = allowed; serial && *serial; serial++)
		if (strcmp(*serial, pen_serial(pen->pen)) == 0)
			return 0;
	if (!allowed)
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "pen %s is not on this station's list of allowed serials (AllowSerials in "
		      "mnpend.conf)",
		      pen_serial(pen->pen));
}

static int gate_target(struct station_pen *pen, struct refusal *refusal)
{
	if (pen->target_depth_um != 0)
		return limits_target(pen, pen->target_depth_um, pen->target_speed_rpm, refusal);
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "no target is set; set one: mnpenctl target --depth 0.5mm --speed 6000rpm");
}

int check_idle(struct station_pen *pen, struct refusal *refusal)
{
	const struct mnpen_sample *s = pen_sample(pen->pen);
	enum fsm_state state = pen_state(pen->pen);

	if (state == FSM_FAULT)
		return refuse(refusal, REFUSAL_FAULT,
			      "the pen has latched a fault; see 'mnpenctl status', mend the cause, "
			      "then mnpenctl clear-fault %s",
			      pen_serial(pen->pen));
	if (state == FSM_IDLE && s->state == MNPEN_STATE_IDLE)
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK, "the pen is %s (by its own word %s), not idle",
		      fsm_state_name(state), mnpen_state_name(s->state));
}

/* Needles take some milliseconds to go back; a lower limit would trip on what they still show. */
static int gate_needles(struct station_pen *pen, struct refusal *refusal)
{
	uint16_t depth_um = pen_sample(pen->pen)->depth_um;
	struct limits limits;
	struct refusal ignored;

	if (station_limits(pen, &limits, &ignored) < 0 ||
	    depth_um <= limits.depth_um + limits.tolerance_um)
		return 0;
	return refuse(
		refusal, REFUSAL_INTERLOCK,
		"the needles still stand out by %u um, and the limit is %u um; wait until they "
		"are retracted, then ask again",
		depth_um, limits.depth_um);
}

int check_fresh(struct station_pen *pen, struct refusal *refusal)
{
	/* At rest the stream may be slower than MaxSampleAge: one period more is fresh. */
	uint64_t allowed = conf_station(pen->station->conf)->max_sample_age_ms * USEC_PER_MSEC +
			   PEN_IDLE_STREAM_US;
	uint64_t age = pen_sample_age_usec(pen->pen, now_usec());

	if (age <= allowed)
		return 0;
	if (age == UINT64_MAX)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "the pen has not sent a sample yet; wait, or plug it in again");
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "the newest sample is %llu ms old, and %llu ms are allowed (MaxSampleAge and "
		      "one period at rest); "
		      "check the cable",
		      (unsigned long long)(age / USEC_PER_MSEC),
		      (unsigned long long)(allowed / USEC_PER_MSEC));
}

static int gate_time(struct station_pen *pen, struct refusal *refusal)
{
	struct limits limits;
	struct refusal ignored;

	if (!pen->session || station_limits(pen, &limits, &ignored) < 0)
		return 0;
	if (session_run_used_ms(pen) >= limits.run_ms)
		return refuse(refusal, REFUSAL_LIMIT,
			      "the session's run time of %u s is used up (set by the %s); end the "
			      "session",
			      limits.run_ms / 1000, limit_source_name(limits.run_source));
	if (now_usec() >= pen->session->started_usec + limits.session_ms * USEC_PER_MSEC)
		return refuse(refusal, REFUSAL_LIMIT,
			      "the session's time of %u s is over (set by the %s); end the session",
			      limits.session_ms / 1000, limit_source_name(limits.session_source));
	return 0;
}

static int gate_pedal(struct station_pen *pen, struct refusal *refusal)
{
	const struct conf_profile *profile = chosen_profile(pen);
	enum conf_pedal pedal = conf_station(pen->station->conf)->pedal;

	if (profile && profile->has_pedal && profile->pedal == CONF_PEDAL_REQUIRED)
		pedal = CONF_PEDAL_REQUIRED;
	if (pedal != CONF_PEDAL_REQUIRED)
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "a foot pedal is required (Pedal=required), and this version reads none; use "
		      "a profile and station without that requirement");
}

static int gate_lease(struct station_pen *pen, struct refusal *refusal)
{
	uint16_t lease_ms = conf_station(pen->station->conf)->lease_ms;

	if (lease_ms >= pen_info(pen->pen)->lease_min_ms)
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "the station's lease of %u ms is shorter than the pen can do (%u ms); raise "
		      "Lease in mnpend.conf",
		      lease_ms, pen_info(pen->pen)->lease_min_ms);
}

static int gate_stream(struct station_pen *pen, struct refusal *refusal)
{
	uint32_t period_us = pen_info(pen->pen)->stream_min_us;

	if (period_us <= CONF_STREAM_PERIOD_MAX_US)
		return 0;
	return refuse(
		refusal, REFUSAL_INTERLOCK,
		"the pen sends a sample every %u us at best, and strokes are missed beyond %u "
		"us; use another pen",
		period_us, CONF_STREAM_PERIOD_MAX_US);
}

static int gate_cartridge(struct station_pen *pen, struct refusal *refusal)
{
	return check_cartridge(pen, pen->session ? pen->session->token : 0, refusal);
}

int check_cartridge(struct station_pen *pen, uint64_t token, struct refusal *refusal)
{
	const struct mnpen_info *info = pen_info(pen->pen);
	const struct mnpen_cartridge *c = pen_cartridge(pen->pen);
	const struct conf_device *device = conf_device(pen->station->conf, info->model);
	bool known_length = !device || device->n_needle_lengths == 0;

	if (!(info->features & MNPEN_FEATURE_CARTRIDGE_TAG))
		return 0;
	if (!(c->flags & MNPEN_CARTRIDGE_PRESENT))
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "no needle cartridge is in the pen; put a new one in");
	if (c->flags & MNPEN_CARTRIDGE_UNREADABLE)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "the cartridge's tag cannot be read; put another cartridge in");
	if (c->claimed_token != 0 && c->claimed_token != token)
		return refuse(refusal, REFUSAL_CARTRIDGE_USED,
			      "this cartridge was used in another session; put a new one in");
	if (c->expires_days < wall_days())
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "the cartridge's date has expired; put another one in");
	for (size_t i = 0; device && i < device->n_needle_lengths; i++)
		known_length |= device->needle_lengths_um[i] == c->length_um;
	if (!known_length)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "needles of %u um are not made for this model (NeedleLengths in its "
			      "devices.d entry); put another cartridge in",
			      c->length_um);
	return c->claimed_token == 0 ? 1 : 0;
}

static const struct gate {
	const char *code;
	int (*check)(struct station_pen *pen, struct refusal *refusal);
} gates[] = {
	{"config", gate_config},   {"alarm", gate_alarm},	  {"store", gate_store},
	{"session", gate_session}, {"profile", gate_profile},	  {"area", gate_area},
	{"limits", gate_limits},   {"serial", gate_serial},	  {"target", gate_target},
	{"state", check_idle},	   {"needles", gate_needles},	  {"samples", check_fresh},
	{"time", gate_time},	   {"pedal", gate_pedal},	  {"lease", gate_lease},
	{"stream", gate_stream},   {"cartridge", gate_cartridge},
};

void station_explain(struct station_pen *pen,
		     void (*each)(void *userdata, const char *code, const struct refusal *why),
		     void *userdata)
{
	struct refusal refusal;

	for (size_t i = 0; i < ELEMENTSOF(gates); i++)
		if (gates[i].check(pen, &refusal) < 0)
			each(userdata, gates[i].code, &refusal);
}

int first_gate(struct station_pen *pen, bool cartridge_known, struct refusal *refusal)
{
	for (size_t i = 0; i < ELEMENTSOF(gates); i++) {
		if (gates[i].check == gate_cartridge && !cartridge_known)
			continue;
		if (gates[i].check(pen, refusal) < 0)
			return -EACCES;
	}
	return 0;
}
