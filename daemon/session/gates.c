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
#include "driver/base/units.h"
#include "driver/proto/names.h"

/* Kept in the battery beyond what the run allowance takes: domain knowledge of a cautious sort, for
 * a cell that is old, cold or read a little too high. */
#define GATE_BATTERY_RESERVE_PCT 10u

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
	const struct conf_profile *profile = chosen_profile(pen);

	if (!pen->session || (profile && profile->enabled))
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "the session's profile '%s' is %s; set another: mnpenctl profile set %s NAME",
		      pen->session->profile,
		      profile ? "switched off (Enabled=no)" : "not there any more",
		      pen_serial(pen->pen));
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
		      "pen %s is not on this station's list of allowed serials; use a pen that is, "
		      "or have it added to AllowSerials in mnpend.conf",
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

/* The date is the host's to judge, and a clock that stands before the calibration cannot. */
static int gate_calibration(struct station_pen *pen, struct refusal *refusal)
{
	const struct mnpen_info *info = pen_info(pen->pen);
	uint32_t today_days = local_days(wall_usec());
	char due[WALL_DATE_SIZE], today[WALL_DATE_SIZE];

	wall_date(info->calibration_due_days, due);
	wall_date(today_days, today);
	if (!(pen_sample(pen->pen)->flags & MNPEN_FLAG_CALIBRATION))
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "the pen says that its calibration data is damaged; have it "
			      "calibrated, or use another pen");
	if (today_days < info->calibrated_on_days)
		return refuse(
			refusal, REFUSAL_INTERLOCK,
			"this computer's clock says %s, before the pen was calibrated; set the "
			"clock: timedatectl",
			today);
	if (today_days > info->calibration_due_days)
		return refuse(
			refusal, REFUSAL_INTERLOCK,
			"the pen's calibration was due on %s, %u days ago; have it calibrated, "
			"or use another pen",
			due, today_days - info->calibration_due_days);
	return 0;
}

static int gate_sleeve(struct station_pen *pen, struct refusal *refusal)
{
	if (!(pen_info(pen->pen)->features & MNPEN_FEATURE_SLEEVE) ||
	    pen_sample(pen->pen)->flags & MNPEN_FLAG_SLEEVE)
		return 0;
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "no protective sleeve is fitted over the pen; put a new one on");
}

/* A battery that dies in the skin leaves needles there. What a full one runs is the model's word.
 */
static int gate_battery(struct station_pen *pen, struct refusal *refusal)
{
	const struct mnpen_info *info = pen_info(pen->pen);
	const struct conf_device *device = conf_device(pen->station->conf, info->model);
	uint32_t full_ms = device && device->battery_run_ms ? device->battery_run_ms
							    : CONF_DEFAULT_BATTERY_RUN_MS;
	uint64_t used_ms = session_run_used_ms(pen), left_ms, needed_pct;
	unsigned int has_pct = pen_sample(pen->pen)->battery_pct;
	char left[48], full[48];
	struct limits limits;
	struct refusal ignored;

	if (!(info->features & MNPEN_FEATURE_BATTERY) || station_limits(pen, &limits, &ignored) < 0)
		return 0;
	left_ms = limits.run_ms > used_ms ? limits.run_ms - used_ms : 0;
	needed_pct = MIN(100, GATE_BATTERY_RESERVE_PCT + (left_ms * 100 + full_ms - 1) / full_ms);
	if (has_pct >= needed_pct)
		return 0;
	return refuse(
		refusal, REFUSAL_INTERLOCK,
		"the battery has %u %%, and %u %% are needed: %u %% in reserve and what %s of "
		"run time take (%s; a full battery runs %s); charge it, or use a profile with "
		"a shorter MaxRunTime",
		has_pct, (unsigned int)needed_pct, GATE_BATTERY_RESERVE_PCT,
		unit_format(UNIT_TIME, left_ms, left, sizeof(left)),
		limit_source_name(limits.run_source),
		unit_format(UNIT_TIME, full_ms, full, sizeof(full)));
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
	if (c->expires_days < local_days(wall_usec()))
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

enum gate_kind {
	GATE_NOW,    /* what is known now counts */
	GATE_CONFIG, /* that too, and the configuration alone opens or shuts it */
	GATE_ASKED,  /* the pen is asked anew before an arm: until then it counts for nothing */
};

static const struct gate {
	const char *code;
	int (*check)(struct station_pen *pen, struct refusal *refusal);
	enum gate_kind kind;
} gates[] = {
	{"config", gate_config, GATE_CONFIG},
	{"alarm", gate_alarm, GATE_NOW},
	{"store", gate_store, GATE_NOW},
	{"session", gate_session, GATE_NOW},
	{"profile", gate_profile, GATE_CONFIG},
	{"area", gate_area, GATE_CONFIG},
	{"limits", gate_limits, GATE_CONFIG},
	{"serial", gate_serial, GATE_CONFIG},
	{"target", gate_target, GATE_NOW},
	{"state", check_idle, GATE_NOW},
	{"needles", gate_needles, GATE_NOW},
	{"samples", check_fresh, GATE_NOW},
	{"calibration", gate_calibration, GATE_ASKED},
	{"sleeve", gate_sleeve, GATE_NOW},
	{"battery", gate_battery, GATE_NOW},
	{"time", gate_time, GATE_NOW},
	{"pedal", check_pedal, GATE_CONFIG},
	{"lease", gate_lease, GATE_CONFIG},
	{"stream", gate_stream, GATE_NOW},
	{"cartridge", gate_cartridge, GATE_ASKED},
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

int config_gates(struct station_pen *pen, struct refusal *refusal)
{
	for (size_t i = 0; i < ELEMENTSOF(gates); i++)
		if (gates[i].kind == GATE_CONFIG && gates[i].check(pen, refusal) < 0)
			return -EACCES;
	return 0;
}

int first_gate(struct station_pen *pen, bool asked, struct refusal *refusal)
{
	for (size_t i = 0; i < ELEMENTSOF(gates); i++) {
		if (gates[i].kind == GATE_ASKED && !asked)
			continue;
		if (gates[i].check(pen, refusal) < 0)
			return -EACCES;
	}
	return 0;
}
