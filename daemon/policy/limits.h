/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From what everybody allows to what holds: the smallest of pen, model, station, guard, profile,
 * area and needle length. A profile that asks for more than pen, model, station or guard allow is
 * refused, never clamped: whoever wrote it meant something that this place cannot give. Pure; any
 * thread.
 */
#ifndef MNPEN_POLICY_LIMITS_H
#define MNPEN_POLICY_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum limit_source {
	LIMIT_SOURCE_PEN,     /* GET_INFO */
	LIMIT_SOURCE_MODEL,   /* devices.d */
	LIMIT_SOURCE_STATION, /* mnpend.conf */
	LIMIT_SOURCE_GUARD,   /* a ceiling that root gave the kernel guard */
	LIMIT_SOURCE_PROFILE,
	LIMIT_SOURCE_AREA,
	LIMIT_SOURCE_NEEDLE, /* length of the cartridge's needles */
};
#define LIMIT_SOURCES (LIMIT_SOURCE_NEEDLE + 1)

const char *limit_source_name(enum limit_source source); /* "pen", "model", ... */

/** struct limit_input - what one source says; 0 = it says nothing of that, but a tolerance that the
 * pen declares as 0 is 0 */
struct limit_input {
	uint16_t depth_um;
	uint16_t tolerance_um;
	uint16_t speed_min_rpm;
	uint16_t speed_max_rpm;
	uint32_t run_ms;
	uint32_t session_ms;
};

/** struct limits - what holds, each value with who set it */
struct limits {
	uint16_t depth_um;	/* a target may not exceed it */
	uint16_t tolerance_um;	/* the trip point is depth_um + tolerance_um */
	uint16_t speed_min_rpm; /* the largest minimum */
	uint16_t speed_max_rpm;
	uint32_t run_ms;
	uint32_t session_ms;
	enum limit_source depth_source;
	enum limit_source tolerance_source;
	enum limit_source speed_min_source;
	enum limit_source speed_max_source;
	enum limit_source run_source;
	enum limit_source session_source;
};

enum limits_verdict {
	LIMITS_OK,
	LIMITS_DEPTH_ABOVE, /* profile or area: deeper than @source allows */
	/* A pen that cannot go so fast is none of these: it binds. */
	LIMITS_SPEED_ABOVE,	/* profile or area: faster than @source allows */
	LIMITS_RUN_ABOVE,	/* profile: longer than @source allows */
	LIMITS_SESSION_ABOVE,	/* profile: longer than @source allows */
	LIMITS_TOLERANCE_ABOVE, /* the pen declares a tolerance above the station's */
	LIMITS_DEPTH_EMPTY,	/* nothing left: the limit lies below the pen's smallest depth */
	LIMITS_SPEED_EMPTY,	/* nothing left between minimum and maximum */
	LIMITS_UNLIMITED,	/* nobody limits depth, speed or time: refused as well */
};

/** struct limits_refusal - the numbers for the message */
struct limits_refusal {
	uint32_t value;
	uint32_t limit;
	enum limit_source source; /* of @limit */
};

/**
 * limits_combine() - the smallest of all, or why not
 * @inputs: by enum limit_source
 * @depth_min_um: the pen's smallest depth
 * @ret: untouched unless LIMITS_OK
 * @ret_refusal: untouched when LIMITS_OK
 */
enum limits_verdict limits_combine(struct limits *ret,
				   const struct limit_input inputs[LIMIT_SOURCES],
				   uint16_t depth_min_um, struct limits_refusal *ret_refusal);

enum target_verdict {
	TARGET_OK,
	TARGET_DEPTH_ABOVE, /* limit and source in the refusal */
	TARGET_DEPTH_BELOW, /* below the pen's smallest depth */
	TARGET_DEPTH_STEP,  /* not a multiple of the pen's step, which is the refusal's limit */
	TARGET_SPEED_ABOVE,
	TARGET_SPEED_BELOW,
};

/** target_check() - whether a target stands within @limits and the pen's steps */
enum target_verdict target_check(const struct limits *limits, uint16_t depth_min_um,
				 uint16_t depth_step_um, uint32_t depth_um, uint32_t speed_rpm,
				 struct limits_refusal *ret_refusal);

#endif
