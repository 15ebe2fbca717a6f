/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/policy/limits.h"

const char *limit_source_name(enum limit_source source)
{
	switch (source) {
	case LIMIT_SOURCE_PEN:
		return "pen";
	case LIMIT_SOURCE_MODEL:
		return "model";
	case LIMIT_SOURCE_STATION:
		return "station";
	case LIMIT_SOURCE_GUARD:
		return "guard";
	case LIMIT_SOURCE_PROFILE:
		return "profile";
	case LIMIT_SOURCE_AREA:
		return "area";
	case LIMIT_SOURCE_NEEDLE:
		return "needle";
	}
	return "unknown";
}

/* What the place can give; a profile above one of these is refused. */
static const enum limit_source place[] = {
	LIMIT_SOURCE_PEN,
	LIMIT_SOURCE_MODEL,
	LIMIT_SOURCE_STATION,
	LIMIT_SOURCE_GUARD,
};
#define PLACES (sizeof(place) / sizeof(place[0]))

static bool above(uint32_t value, uint32_t limit, enum limit_source source,
		  struct limits_refusal *ret_refusal)
{
	if (value == 0 || limit == 0 || value <= limit)
		return false;
	*ret_refusal = (struct limits_refusal){.value = value, .limit = limit, .source = source};
	return true;
}

static enum limits_verdict check_wishes(const struct limit_input inputs[LIMIT_SOURCES],
					struct limits_refusal *ret_refusal)
{
	for (unsigned int wish = LIMIT_SOURCE_PROFILE; wish <= LIMIT_SOURCE_AREA; wish++) {
		for (unsigned int i = 0; i < PLACES; i++) {
			const struct limit_input *w = &inputs[wish], *p = &inputs[place[i]];

			if (above(w->depth_um, p->depth_um, place[i], ret_refusal))
				return LIMITS_DEPTH_ABOVE;
			/* A pen that is slower than it might be contradicts nobody. */
			if (place[i] != LIMIT_SOURCE_PEN &&
			    above(w->speed_max_rpm, p->speed_max_rpm, place[i], ret_refusal))
				return LIMITS_SPEED_ABOVE;
			if (above(w->run_ms, p->run_ms, place[i], ret_refusal))
				return LIMITS_RUN_ABOVE;
			if (above(w->session_ms, p->session_ms, place[i], ret_refusal))
				return LIMITS_SESSION_ABOVE;
		}
	}
	return LIMITS_OK;
}

static void take_min16(uint16_t *value, enum limit_source *source, uint16_t other,
		       enum limit_source other_source)
{
	if (other != 0 && (*value == 0 || other < *value)) {
		*value = other;
		*source = other_source;
	}
}

static void take_min32(uint32_t *value, enum limit_source *source, uint32_t other,
		       enum limit_source other_source)
{
	if (other != 0 && (*value == 0 || other < *value)) {
		*value = other;
		*source = other_source;
	}
}

static void take_all(struct limits *l, const struct limit_input inputs[LIMIT_SOURCES])
{
	/* What the pen declares counts even when it is 0; the others may only say less. */
	l->tolerance_um = inputs[LIMIT_SOURCE_PEN].tolerance_um;
	l->tolerance_source = LIMIT_SOURCE_PEN;
	for (unsigned int i = 0; i < PLACES; i++) {
		uint16_t tolerance_um = inputs[place[i]].tolerance_um;

		if (tolerance_um != 0 && tolerance_um < l->tolerance_um) {
			l->tolerance_um = tolerance_um;
			l->tolerance_source = place[i];
		}
	}
	for (unsigned int i = 0; i < LIMIT_SOURCES; i++) {
		const struct limit_input *in = &inputs[i];
		enum limit_source source = (enum limit_source)i;

		take_min16(&l->depth_um, &l->depth_source, in->depth_um, source);
		take_min16(&l->speed_max_rpm, &l->speed_max_source, in->speed_max_rpm, source);
		take_min32(&l->run_ms, &l->run_source, in->run_ms, source);
		take_min32(&l->session_ms, &l->session_source, in->session_ms, source);
		/* of minima the largest restricts most */
		if (in->speed_min_rpm > l->speed_min_rpm) {
			l->speed_min_rpm = in->speed_min_rpm;
			l->speed_min_source = source;
		}
	}
}

enum limits_verdict limits_combine(struct limits *ret,
				   const struct limit_input inputs[LIMIT_SOURCES],
				   uint16_t depth_min_um, struct limits_refusal *ret_refusal)
{
	struct limits l = {0};
	enum limits_verdict verdict;

	if (above(inputs[LIMIT_SOURCE_PEN].tolerance_um, inputs[LIMIT_SOURCE_STATION].tolerance_um,
		  LIMIT_SOURCE_STATION, ret_refusal))
		return LIMITS_TOLERANCE_ABOVE;
	verdict = check_wishes(inputs, ret_refusal);
	if (verdict != LIMITS_OK)
		return verdict;

	take_all(&l, inputs);
	if (l.depth_um == 0 || l.speed_max_rpm == 0 || l.run_ms == 0 || l.session_ms == 0) {
		*ret_refusal = (struct limits_refusal){0};
		return LIMITS_UNLIMITED;
	}
	if (l.depth_um < depth_min_um) {
		*ret_refusal = (struct limits_refusal){depth_min_um, l.depth_um, l.depth_source};
		return LIMITS_DEPTH_EMPTY;
	}
	if (l.speed_min_rpm > l.speed_max_rpm) {
		*ret_refusal = (struct limits_refusal){l.speed_min_rpm, l.speed_max_rpm,
						       l.speed_max_source};
		return LIMITS_SPEED_EMPTY;
	}
	*ret = l;
	return LIMITS_OK;
}

enum target_verdict target_check(const struct limits *limits, uint16_t depth_min_um,
				 uint16_t depth_step_um, uint32_t depth_um, uint32_t speed_rpm,
				 struct limits_refusal *ret_refusal)
{
	if (depth_um > limits->depth_um) {
		*ret_refusal =
			(struct limits_refusal){depth_um, limits->depth_um, limits->depth_source};
		return TARGET_DEPTH_ABOVE;
	}
	if (depth_um < depth_min_um) {
		*ret_refusal = (struct limits_refusal){depth_um, depth_min_um, LIMIT_SOURCE_PEN};
		return TARGET_DEPTH_BELOW;
	}
	if (depth_step_um == 0 || depth_um % depth_step_um != 0) {
		*ret_refusal = (struct limits_refusal){depth_um, depth_step_um, LIMIT_SOURCE_PEN};
		return TARGET_DEPTH_STEP;
	}
	if (speed_rpm > limits->speed_max_rpm) {
		*ret_refusal = (struct limits_refusal){speed_rpm, limits->speed_max_rpm,
						       limits->speed_max_source};
		return TARGET_SPEED_ABOVE;
	}
	if (speed_rpm < limits->speed_min_rpm) {
		*ret_refusal = (struct limits_refusal){speed_rpm, limits->speed_min_rpm,
						       limits->speed_min_source};
		return TARGET_SPEED_BELOW;
	}
	return TARGET_OK;
}
