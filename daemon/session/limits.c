/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/units.h"

const struct conf_profile *chosen_profile(const struct station_pen *pen)
{
	const char *name = pen->session ? pen->session->profile : pen->profile;

	return name ? conf_profile(pen->station->conf, name) : NULL;
}

const struct conf_area *chosen_area(const struct station_pen *pen)
{
	const struct conf_profile *profile = chosen_profile(pen);

	if (!profile || !pen->session || !pen->session->area)
		return NULL;
	return conf_profile_area(profile, pen->session->area);
}

int refuse_disabled(const struct conf_profile *profile, struct refusal *refusal)
{
	if (profile->enabled)
		return 0;
	return refuse(
		refusal, REFUSAL_INTERLOCK,
		"profile '%s' is switched off (Enabled=no): it has no source sound enough, or "
		"nobody has signed it off; choose another one, or put a copy that a clinician "
		"has approved, with Enabled=yes, into the administrator's profiles.d",
		profile->name);
}

int refuse_area(const struct conf_profile *profile, const char *area, struct refusal *refusal)
{
	char names[512] = "";
	size_t used = 0;

	for (size_t i = 0; i < profile->n_areas && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 profile->areas[i].name);
	return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
		      "profile '%s' has no area '%.64s'; choose one of these: %s", profile->name,
		      area, names);
}

static void from_station(struct limit_input *in, const struct conf_station *station)
{
	in->depth_um = station->max_depth_um;
	in->tolerance_um = station->max_tolerance_um;
	in->speed_max_rpm = station->max_speed_rpm;
	in->run_ms = station->max_run_ms;
	in->session_ms = station->max_session_ms;
}

/* A profile allows as much as its most generous area. */
static void from_profile(struct limit_input *in, const struct conf_profile *profile)
{
	in->run_ms = profile->max_run_ms;
	in->session_ms = profile->max_session_ms;
	for (size_t i = 0; i < profile->n_areas; i++) {
		in->depth_um = MAX(in->depth_um, profile->areas[i].max_depth_um);
		in->speed_max_rpm = MAX(in->speed_max_rpm, profile->areas[i].max_speed_rpm);
	}
}

static void from_area(struct limit_input *in, const struct conf_area *area)
{
	in->depth_um = area->max_depth_um;
	in->speed_min_rpm = area->min_speed_rpm;
	in->speed_max_rpm = area->max_speed_rpm;
}

static int gather(struct station_pen *pen, struct limit_input inputs[LIMIT_SOURCES],
		  struct refusal *refusal)
{
	const struct mnpen_info *info = pen_info(pen->pen);
	const struct mnpen_cartridge *cartridge = pen_cartridge(pen->pen);
	const struct conf_device *device = conf_device(pen->station->conf, info->model);
	uint16_t depth_um, speed_rpm;

	if (!device)
		return refuse(
			refusal, REFUSAL_INTERLOCK,
			"the model '%s' of pen %s is not in devices.d, so nobody here says how "
			"deep it may go; add a devices.d entry for it",
			info->model, pen_serial(pen->pen));
	inputs[LIMIT_SOURCE_PEN] = (struct limit_input){
		.depth_um = info->depth_max_um,
		.tolerance_um = info->depth_tolerance_um,
		.speed_min_rpm = info->speed_min_rpm,
		.speed_max_rpm = info->speed_max_rpm,
	};
	inputs[LIMIT_SOURCE_MODEL].depth_um = device->max_depth_um;
	inputs[LIMIT_SOURCE_MODEL].tolerance_um = device->tolerance_um;
	from_station(&inputs[LIMIT_SOURCE_STATION], conf_station(pen->station->conf));
	pen_ceilings(pen->pen, &depth_um, &speed_rpm);
	inputs[LIMIT_SOURCE_GUARD].depth_um = depth_um;
	inputs[LIMIT_SOURCE_GUARD].speed_max_rpm = speed_rpm;
	if (cartridge->flags & MNPEN_CARTRIDGE_PRESENT)
		inputs[LIMIT_SOURCE_NEEDLE].depth_um = cartridge->length_um;
	return 0;
}

static int say_above(struct refusal *refusal, const char *what, enum unit_kind kind,
		     const char *profile, const struct limits_refusal *why)
{
	char value[48], limit[48];

	return refuse(refusal, REFUSAL_LIMIT,
		      "profile '%s' allows a %s of %s, above the limit of %s set by the %s; choose "
		      "another profile, or %s",
		      profile, what, unit_format(kind, why->value, value, sizeof(value)),
		      unit_format(kind, why->limit, limit, sizeof(limit)),
		      limit_source_name(why->source),
		      why->source == LIMIT_SOURCE_GUARD
			      ? "plug the pen in again, which lifts the ceiling that was given to "
				"it in /sys/class/mnpen"
			      : "have the profile or that limit changed");
}

static int say_combined(struct refusal *refusal, enum limits_verdict verdict,
			const struct limits_refusal *why, const char *profile)
{
	switch (verdict) {
	case LIMITS_OK:
		return 0;
	case LIMITS_DEPTH_ABOVE:
		return say_above(refusal, "depth", UNIT_DEPTH, profile, why);
	case LIMITS_SPEED_ABOVE:
		return say_above(refusal, "speed", UNIT_SPEED, profile, why);
	case LIMITS_RUN_ABOVE:
		return say_above(refusal, "run time", UNIT_TIME, profile, why);
	case LIMITS_SESSION_ABOVE:
		return say_above(refusal, "session time", UNIT_TIME, profile, why);
	case LIMITS_TOLERANCE_ABOVE:
		return refuse(
			refusal, REFUSAL_LIMIT,
			"the pen declares a depth tolerance of %u um, above the limit of %u um "
			"set by the %s (MaxTolerance); use another pen",
			why->value, why->limit, limit_source_name(why->source));
	case LIMITS_DEPTH_EMPTY:
		return refuse(refusal, REFUSAL_LIMIT,
			      "no depth is left: the pen cannot go less deep than %u um, and the "
			      "limit of %u um is set by the %s; use another pen or area",
			      why->value, why->limit, limit_source_name(why->source));
	case LIMITS_SPEED_EMPTY:
		return refuse(refusal, REFUSAL_LIMIT,
			      "no speed is left: the minimum of %u rpm lies above the maximum of "
			      "%u rpm set by the %s; use another profile or pen",
			      why->value, why->limit, limit_source_name(why->source));
	case LIMITS_UNLIMITED:
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "nobody limits depth, speed or time; set them in mnpend.conf");
	}
	return refuse(refusal, REFUSAL_INTERLOCK, "no limits");
}

static int combine(struct station_pen *pen, const struct limit_input inputs[LIMIT_SOURCES],
		   struct limits *ret, const char *profile, struct refusal *refusal)
{
	struct limits_refusal why = {0};
	enum limits_verdict verdict =
		limits_combine(ret, inputs, pen_info(pen->pen)->depth_min_um, &why);

	return say_combined(refusal, verdict, &why, profile);
}

int profile_fits(struct station_pen *pen, const struct conf_profile *profile,
		 struct refusal *refusal)
{
	struct limit_input inputs[LIMIT_SOURCES] = {0};
	struct limits limits;
	int r;

	r = gather(pen, inputs, refusal);
	if (r < 0)
		return r;
	from_profile(&inputs[LIMIT_SOURCE_PROFILE], profile);
	return combine(pen, inputs, &limits, profile->name, refusal);
}

int station_limits(struct station_pen *pen, struct limits *ret, struct refusal *refusal)
{
	const struct conf_profile *profile = chosen_profile(pen);
	const struct conf_area *area = chosen_area(pen);
	struct limit_input inputs[LIMIT_SOURCES] = {0};
	int r;

	if (profile) {
		r = profile_fits(pen, profile, refusal);
		if (r < 0)
			return r;
	}
	r = gather(pen, inputs, refusal);
	if (r < 0)
		return r;
	if (profile)
		from_profile(&inputs[LIMIT_SOURCE_PROFILE], profile);
	if (area) {
		/* The area is what was written for this skin; the profile's most generous one is
		 * not, and must not stand as the source when both say the same. */
		inputs[LIMIT_SOURCE_PROFILE].depth_um = 0;
		inputs[LIMIT_SOURCE_PROFILE].speed_max_rpm = 0;
		from_area(&inputs[LIMIT_SOURCE_AREA], area);
	}
	return combine(pen, inputs, ret, profile ? profile->name : "none", refusal);
}

static const char *source_detail(struct station_pen *pen, enum limit_source source, char *buf,
				 size_t size)
{
	const struct conf_profile *profile = chosen_profile(pen);
	const struct conf_area *area = chosen_area(pen);

	if (source == LIMIT_SOURCE_AREA && area)
		snprintf(buf, size, "area '%s' of profile '%s'", area->name, profile->name);
	else if (source == LIMIT_SOURCE_PROFILE && profile)
		snprintf(buf, size, "profile '%s'", profile->name);
	else
		snprintf(buf, size, "%s", limit_source_name(source));
	return buf;
}

int limits_target(struct station_pen *pen, uint32_t depth_um, uint32_t speed_rpm,
		  struct refusal *refusal)
{
	const struct mnpen_info *info = pen_info(pen->pen);
	char value[48], limit[48], source[2 * CONF_NAME_MAX + 40];
	struct limits_refusal why = {0};
	enum target_verdict verdict;
	struct limits limits;
	int r;

	r = station_limits(pen, &limits, refusal);
	if (r < 0)
		return r;
	verdict = target_check(&limits, info->depth_min_um, info->depth_step_um, depth_um,
			       speed_rpm, &why);
	if (verdict == TARGET_OK)
		return 0;
	source_detail(pen, why.source, source, sizeof(source));
	if (verdict == TARGET_SPEED_ABOVE || verdict == TARGET_SPEED_BELOW) {
		bool is_above = verdict == TARGET_SPEED_ABOVE;

		return refuse(refusal, REFUSAL_LIMIT,
			      "speed %s is %s the limit of %s set by the %s; choose at %s that",
			      unit_format(UNIT_SPEED, why.value, value, sizeof(value)),
			      is_above ? "above" : "below",
			      unit_format(UNIT_SPEED, why.limit, limit, sizeof(limit)), source,
			      is_above ? "most" : "least");
	}
	unit_format(UNIT_DEPTH, why.value, value, sizeof(value));
	unit_format(UNIT_DEPTH, why.limit, limit, sizeof(limit));
	if (verdict == TARGET_DEPTH_STEP)
		return refuse(refusal, REFUSAL_LIMIT,
			      "depth %s is not a multiple of the pen's step of %s; choose %u um or "
			      "%u um",
			      value, limit, why.value - why.value % why.limit,
			      why.value - why.value % why.limit + why.limit);
	return refuse(refusal, REFUSAL_LIMIT,
		      "depth %s is %s the limit of %s set by the %s; choose at %s that", value,
		      verdict == TARGET_DEPTH_ABOVE ? "above" : "below", limit, source,
		      verdict == TARGET_DEPTH_ABOVE ? "most" : "least");
}
