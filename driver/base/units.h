/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values with their unit, as people type them: "0.5mm", "250um", "6000rpm", "100Hz", "90s",
 * "15min", "300ms". A bare number is an error: a depth of 1 could be a millimetre or a micrometre.
 *
 * The result must be exact: "0.0005mm" (half a micrometre) is refused, never rounded. Spaces are
 * allowed around the text and between number and unit. Returns 0, -EINVAL (no number, or trailing
 * text), -ENODATA (unit missing), -ENOTUNIQ (unit not one of the allowed), -ERANGE (negative,
 * not a whole number of the base unit, or larger than fits). ret_ stays untouched on failure.
 */
#ifndef MNPEN_UNITS_H
#define MNPEN_UNITS_H

#include <stddef.h>
#include <stdint.h>

enum unit_kind {
	UNIT_DEPTH, /* base um; "mm", "um", "µm" */
	UNIT_SPEED, /* base rpm (strokes per minute); "rpm", "Hz" (strokes per second, 1 Hz = 60
		       rpm) */
	UNIT_TIME,  /* base ms; "ms", "s", "min", "h", "d" */
	UNIT_SIZE,  /* base byte; "B", "KiB", "MiB", "GiB" */
};

int unit_parse(enum unit_kind kind, const char *text, uint64_t *ret_base);

/** unit_allowed() - the allowed units as a phrase for error messages: "mm or um" */
const char *unit_allowed(enum unit_kind kind);

/**
 * unit_format() - @base as people read it: "0.50 mm", "6000 rpm (100.0 Hz)", "1 min 30 s"
 * @buf: 52 bytes hold any value. Returns @buf.
 */
char *unit_format(enum unit_kind kind, uint64_t base, char *buf, size_t size);

/** unit_strerror() - what unit_parse()'s error means, as a clause: "the unit is missing" */
const char *unit_strerror(int error);

#endif
