// SPDX-License-Identifier: GPL-2.0-only
/* Profiles: one indication, its areas and their limits. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/parts.h"
#include "daemon/conf/parse.h"
#include "driver/base/cleanup.h"

enum profile_key {
	PROFILE_TITLE,
	PROFILE_INDICATION,
	PROFILE_SOURCE,
	PROFILE_ENABLED,
	PROFILE_MAX_RUN_TIME,
	PROFILE_MAX_SESSION_TIME,
	PROFILE_PEDAL,
	PROFILE_SESSIONS,
	PROFILE_MIN_INTERVAL,
	PROFILE_MAX_INTERVAL,
	PROFILE_SCREENING,
};

enum area_key {
	AREA_DEPTH,
	AREA_MAX_DEPTH,
	AREA_SPEED,
	AREA_MIN_SPEED,
	AREA_MAX_SPEED,
	AREA_DENSITY_WARNING,
	AREA_SOURCE,
};

void conf_profile_free(struct conf_profile *profile)
{
	if (!profile)
		return;
	for (size_t i = 0; i < profile->n_areas; i++)
		free(profile->areas[i].source);
	free(profile->path);
	free(profile->title);
	free(profile->indication);
	free(profile->source);
	free(profile->screening);
	free(profile);
}

static const char *parse_pedal(struct conf_parser *parser, const struct conf_key *key,
			       const char *value, void *target)
{
	struct conf_profile *profile = target;

	profile->has_pedal = true;
	return conf_value_pedal(parser, key, value, target);
}

/* "4" or "3-6" */
static const char *parse_sessions(struct conf_parser *parser, const struct conf_key *key,
				  const char *value, void *target)
{
	struct conf_profile *profile = target;
	_cleanup_free_ char *first = strdup(value);
	char *second = first ? strchr(first, '-') : NULL;
	const char *wrong;
	uint64_t min, max;

	if (!first) {
		parser->error = -ENOMEM;
		return NULL;
	}
	if (second)
		*second++ = '\0';
	wrong = conf_number(key, first, &min);
	if (!wrong)
		wrong = conf_number(key, second ? second : first, &max);
	if (wrong)
		return wrong;
	if (min > max)
		return "the smaller number has to stand first";
	profile->sessions_min = (uint32_t)min;
	profile->sessions_max = (uint32_t)max;
	return NULL;
}

/* "300/cm2" */
static const char *parse_density(struct conf_parser *parser, const struct conf_key *key,
				 const char *value, void *target)
{
	const char *unit = strchr(value, '/');
	char number[16];
	const char *wrong;
	uint64_t density;

	if (!unit)
		return "the unit is missing: /cm2";
	if (strcmp(unit, "/cm2"))
		return "the unit is not one of those allowed: /cm2";
	if ((size_t)(unit - value) >= sizeof(number))
		return "not a whole number of a useful size";
	snprintf(number, sizeof(number), "%.*s", (int)(unit - value), value);
	wrong = conf_number(key, number, &density);
	if (!wrong)
		conf_store(key, target, density);
	return wrong;
}

static void *begin_profile(struct conf_parser *parser, const char *title)
{
	return parser->object;
}

/* That there is such a checklist is for the snapshot to see. */
static const char *parse_screening(struct conf_parser *parser, const struct conf_key *key,
				   const char *value, void *target)
{
	if (!conf_name_valid(value))
		return "no name of a checklist";
	return conf_value_text(parser, key, value, target);
}

static void end_profile(struct conf_parser *parser, void *target)
{
	struct conf_profile *p = target;

	p->screening_line = conf_given(parser, PROFILE_SCREENING);

	if (conf_given(parser, PROFILE_MIN_INTERVAL) && conf_given(parser, PROFILE_MAX_INTERVAL) &&
	    p->min_interval_days > p->max_interval_days)
		conf_complain(parser, conf_given(parser, PROFILE_MIN_INTERVAL),
			      "value '%ud' of MinInterval: above MaxInterval; allowed: at most %ud",
			      p->min_interval_days, p->max_interval_days);
	if (conf_given(parser, PROFILE_MAX_RUN_TIME) &&
	    conf_given(parser, PROFILE_MAX_SESSION_TIME) && p->max_run_ms > p->max_session_ms)
		conf_complain(parser, conf_given(parser, PROFILE_MAX_RUN_TIME),
			      "value '%ums' of MaxRunTime: above MaxSessionTime; "
			      "allowed: at most %ums",
			      p->max_run_ms, p->max_session_ms);
}

static void *begin_area(struct conf_parser *parser, const char *title)
{
	struct conf_profile *profile = parser->object;
	struct conf_area *area = &profile->areas[profile->n_areas];
	const char *meant;

	if (!conf_name_valid(title)) {
		conf_complain(parser, parser->section_line,
			      "'%s' is no name for an area; allowed: [Area NAME], NAME a letter or "
			      "digit, then up to %d letters, digits, '.', '_', '-'",
			      title, CONF_NAME_MAX - 1);
		return NULL;
	}
	meant = conf_area_meant(title);
	if (meant) {
		conf_complain(parser, parser->section_line,
			      "'%s' looks like a slip of the pen: did you mean [Area %s]? "
			      "allowed: '%s', or a name less like it",
			      title, meant, meant);
		return NULL;
	}
	if (conf_profile_area(profile, title)) {
		conf_complain(parser, parser->section_line,
			      "[Area %s] stands here a second time; allowed: once", title);
		return NULL;
	}
	if (profile->n_areas == CONF_AREAS_MAX) {
		conf_complain(parser, parser->section_line,
			      "[Area %s] is one area too many; allowed: at most %d", title,
			      CONF_AREAS_MAX);
		return NULL;
	}
	snprintf(area->name, sizeof(area->name), "%s", title);
	profile->n_areas++;
	return area;
}

static void end_area(struct conf_parser *parser, void *target)
{
	const struct conf_area *a = target;
	unsigned int depth = conf_given(parser, AREA_DEPTH);
	unsigned int speed = conf_given(parser, AREA_SPEED);
	unsigned int min_speed = conf_given(parser, AREA_MIN_SPEED);
	unsigned int max_depth = conf_given(parser, AREA_MAX_DEPTH);
	unsigned int max_speed = conf_given(parser, AREA_MAX_SPEED);

	if (depth && max_depth && a->depth_um > a->max_depth_um)
		conf_complain(parser, depth,
			      "value '%uum' of Depth: above MaxDepth in line %u; "
			      "allowed: at most %uum",
			      a->depth_um, max_depth, a->max_depth_um);
	if (min_speed && max_speed && a->min_speed_rpm > a->max_speed_rpm)
		conf_complain(parser, min_speed,
			      "value '%urpm' of MinSpeed: above MaxSpeed in line %u; "
			      "allowed: at most %urpm",
			      a->min_speed_rpm, max_speed, a->max_speed_rpm);
	if (speed && max_speed && a->speed_rpm > a->max_speed_rpm)
		conf_complain(parser, speed,
			      "value '%urpm' of Speed: above MaxSpeed in line %u; "
			      "allowed: at most %urpm",
			      a->speed_rpm, max_speed, a->max_speed_rpm);
	if (speed && min_speed && a->speed_rpm < a->min_speed_rpm)
		conf_complain(parser, speed,
			      "value '%urpm' of Speed: below MinSpeed in line %u; "
			      "allowed: at least %urpm",
			      a->speed_rpm, min_speed, a->min_speed_rpm);
}

#define PROFILE(member) CONF_FIELD(struct conf_profile, member)
#define AREA(member) CONF_FIELD(struct conf_area, member)
#define TEXT_KEY(key, field, needed)                                                               \
	{                                                                                          \
		.name = key, .parse = conf_value_text, field, .allowed = CONF_TEXT_ALLOWED,        \
		.mandatory = needed                                                                \
	}

#define DAYS(n) ((n)*86400000ull)

static const struct conf_key profile_keys[] = {
	[PROFILE_TITLE] = TEXT_KEY("Title", PROFILE(title), true),
	[PROFILE_INDICATION] = TEXT_KEY("Indication", PROFILE(indication), false),
	[PROFILE_SOURCE] = TEXT_KEY("Source", PROFILE(source), false),
	[PROFILE_ENABLED] = {.name = "Enabled",
			     .parse = conf_value_bool,
			     PROFILE(enabled),
			     .allowed = CONF_BOOL_ALLOWED},
	[PROFILE_MAX_RUN_TIME] = {"MaxRunTime", conf_value_unit, PROFILE(max_run_ms), UNIT_TIME,
				  CONF_RUN_MIN_MS, CONF_RUN_MAX_MS, CONF_RUN_ALLOWED, false},
	[PROFILE_MAX_SESSION_TIME] = {"MaxSessionTime", conf_value_unit, PROFILE(max_session_ms),
				      UNIT_TIME, CONF_SESSION_MIN_MS, CONF_SESSION_MAX_MS,
				      CONF_SESSION_ALLOWED, false},
	[PROFILE_PEDAL] = {.name = "Pedal",
			   .parse = parse_pedal,
			   PROFILE(pedal),
			   .allowed = CONF_PEDAL_ALLOWED},
	[PROFILE_SESSIONS] = {.name = "Sessions",
			      .parse = parse_sessions,
			      .min = 1,
			      .max = 50,
			      .allowed = "1 to 50, or a range such as 3-6"},
	[PROFILE_MIN_INTERVAL] = {"MinInterval", conf_value_days, PROFILE(min_interval_days),
				  UNIT_TIME, DAYS(1), DAYS(365), "whole days, 1d to 365d", false},
	[PROFILE_MAX_INTERVAL] = {"MaxInterval", conf_value_days, PROFILE(max_interval_days),
				  UNIT_TIME, DAYS(1), DAYS(365), "whole days, 1d to 365d", false},
	[PROFILE_SCREENING] = {.name = "Screening",
			       .parse = parse_screening,
			       PROFILE(screening),
			       .allowed = "the name of a file in screening.d without its .conf"},
};

static const struct conf_key area_keys[] = {
	[AREA_DEPTH] = {"Depth", conf_value_unit, AREA(depth_um), UNIT_DEPTH, CONF_DEPTH_MIN_UM,
			CONF_DEPTH_MAX_UM, CONF_DEPTH_ALLOWED, false},
	[AREA_MAX_DEPTH] = {"MaxDepth", conf_value_unit, AREA(max_depth_um), UNIT_DEPTH,
			    CONF_DEPTH_MIN_UM, CONF_DEPTH_MAX_UM, CONF_DEPTH_ALLOWED, true},
	[AREA_SPEED] = {"Speed", conf_value_unit, AREA(speed_rpm), UNIT_SPEED, CONF_SPEED_MIN_RPM,
			CONF_SPEED_MAX_RPM, CONF_SPEED_ALLOWED, false},
	[AREA_MIN_SPEED] = {"MinSpeed", conf_value_unit, AREA(min_speed_rpm), UNIT_SPEED,
			    CONF_SPEED_MIN_RPM, CONF_SPEED_MAX_RPM, CONF_SPEED_ALLOWED, false},
	[AREA_MAX_SPEED] = {"MaxSpeed", conf_value_unit, AREA(max_speed_rpm), UNIT_SPEED,
			    CONF_SPEED_MIN_RPM, CONF_SPEED_MAX_RPM, CONF_SPEED_ALLOWED, true},
	[AREA_DENSITY_WARNING] = {.name = "DensityWarning",
				  .parse = parse_density,
				  AREA(density_warning_per_cm2),
				  .min = 1,
				  .max = 100000,
				  .allowed = "1/cm2 to 100000/cm2"},
	[AREA_SOURCE] = TEXT_KEY("Source", AREA(source), false),
};

static const struct conf_section sections[] = {
	{.name = "Profile",
	 .mandatory = true,
	 .keys = profile_keys,
	 .n_keys = ELEMENTSOF(profile_keys),
	 .begin = begin_profile,
	 .end = end_profile},
	{.name = "Area",
	 .titled = true,
	 .mandatory = true,
	 .keys = area_keys,
	 .n_keys = ELEMENTSOF(area_keys),
	 .begin = begin_area,
	 .end = end_area},
};

static const struct conf_schema schema = {sections, ELEMENTSOF(sections)};

int conf_profile_parse(struct conf_profile **ret, const char *name, const char *file,
		       const char *text, size_t len, struct conf_report *report)
{
	struct conf_profile *profile = calloc(1, sizeof(*profile));
	int r = -ENOMEM;

	if (!profile)
		return -ENOMEM;
	snprintf(profile->name, sizeof(profile->name), "%s", name);
	profile->enabled = true;
	profile->path = strdup(file);
	crypto_generichash(profile->digest, sizeof(profile->digest), (const unsigned char *)text,
			   len, NULL, 0);
	if (profile->path)
		r = conf_parse(&schema, profile, file, text, len, report);
	if (r < 0) {
		conf_profile_free(profile);
		return r;
	}
	*ret = profile;
	return r;
}
