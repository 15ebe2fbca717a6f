// SPDX-License-Identifier: GPL-2.0-only
/*
 * The foot pedal as the station sees it: whether a pen needs one, and what its state means to each.
 * One pedal, or several that count as one, for all pens of the station.
 */
#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

/* The stricter of station and profile. */
static enum conf_pedal pedal_mode(const struct station_pen *pen)
{
	const struct conf_profile *profile = chosen_profile(pen);
	enum conf_pedal station = conf_station(pen->station->conf)->pedal;
	enum conf_pedal wanted = profile && profile->has_pedal ? profile->pedal : station;

	if (station == CONF_PEDAL_REQUIRED || wanted == CONF_PEDAL_REQUIRED)
		return CONF_PEDAL_REQUIRED;
	if (station == CONF_PEDAL_OPTIONAL || wanted == CONF_PEDAL_OPTIONAL)
		return CONF_PEDAL_OPTIONAL;
	return CONF_PEDAL_OFF;
}

bool pedal_guards(const struct station_pen *pen)
{
	switch (pedal_mode(pen)) {
	case CONF_PEDAL_REQUIRED:
		return true;
	case CONF_PEDAL_OPTIONAL:
		return pen->station->pedal != STATION_PEDAL_NONE;
	case CONF_PEDAL_OFF:
		return false;
	}
	return true;
}

bool pedal_down(const struct station_pen *pen)
{
	const struct station *station = pen->station;

	return station->pedals && station->pedals->down(station->pedals_userdata);
}

static const char *state_name(enum station_pedal pedal)
{
	switch (pedal) {
	case STATION_PEDAL_NONE:
	case STATION_PEDAL_UNUSABLE:
		return "none";
	case STATION_PEDAL_RELEASED:
		return "released";
	case STATION_PEDAL_HELD:
		return "held";
	}
	return "none";
}

const char *station_pedal_name(const struct station_pen *pen)
{
	return pedal_mode(pen) == CONF_PEDAL_OFF ? "off" : state_name(pen->station->pedal);
}

static const char *describe(const struct station *station, char *buf, size_t size)
{
	buf[0] = '\0';
	if (station->pedals)
		station->pedals->describe(station->pedals_userdata, buf, size);
	return buf;
}

int check_pedal(struct station_pen *pen, struct refusal *refusal)
{
	enum station_pedal pedal = pen->station->pedal;
	enum conf_pedal mode = pedal_mode(pen);
	char text[160];

	if (mode == CONF_PEDAL_OFF)
		return 0;
	if (pedal == STATION_PEDAL_UNUSABLE)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "foot pedal %s; or unplug it, if none is required",
			      describe(pen->station, text, sizeof(text)));
	if (mode == CONF_PEDAL_OPTIONAL || pedal != STATION_PEDAL_NONE)
		return 0;
	describe(pen->station, text, sizeof(text));
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "a foot pedal is required (Pedal=required), and none is there; plug it in "
		      "and mark it: SUBSYSTEM==\"input\", KERNEL==\"event*\", "
		      "ATTRS{id/vendor}==\"0426\", ATTRS{id/product}==\"3011\", "
		      "ENV{MNPEN_PEDAL}=\"1\" with its own ids in "
		      "/etc/udev/rules.d/71-mnpen-pedal.rules, then udevadm trigger -s input%s%s",
		      *text ? "; could be one: " : "", text);
}

/* A pedal that comes guards what is armed already; one that goes was the dead-man. */
static void tell_pen(struct station_pen *pen, enum station_pedal pedal, const char *cause,
		     uint64_t made_usec)
{
	const struct field fields[] = {
		FIELD_S("state", state_name(pedal)),
		FIELD_S("cause", cause),
	};

	if (pedal_mode(pen) == CONF_PEDAL_OFF)
		return;
	if (pedal == STATION_PEDAL_HELD)
		pen_pedal(pen->pen, true, made_usec);
	else if (pedal_guards(pen) || pen_is_guarded(pen->pen))
		pen_pedal(pen->pen, false, made_usec);
	if (pen->session &&
	    flood_admit(&pen->flood, "pedal", pen_sample(pen->pen)->faults, now_usec()))
		record_event(pen, "pedal", fields, ELEMENTSOF(fields), NULL, NULL);
	notify_pen(pen, STATION_CHANGED_PEDAL);
}

void station_pedal(struct station *station, enum station_pedal pedal, const char *cause,
		   uint64_t made_usec)
{
	struct station_pen *pen;

	station->pedal = pedal; /* first: what follows asks for it */
	for (size_t i = 0; (pen = station_pen_at(station, i)); i++)
		tell_pen(pen, pedal, cause, made_usec);
}

void station_set_pedals(struct station *station, const struct station_pedals *pedals,
			void *userdata)
{
	station->pedals = pedals;
	station->pedals_userdata = userdata;
}
