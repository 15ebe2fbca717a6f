/* SPDX-License-Identifier: GPL-2.0-only */
/* What the live view shows, as one line of text or one JSON document. No I/O, no clock. */
#ifndef MNPEN_CLI_LIVE_VIEW_H
#define MNPEN_CLI_LIVE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/samples.h"

/** struct live_view - all that is known of the pen at this moment */
struct live_view {
	const char *serial;
	bool have_row;
	struct sample_row row; /* the newest that came */
	uint64_t age_ms;       /* of @row */
	bool fresh;
	uint64_t lost;		 /* records that this program was too slow for */
	uint32_t depth_limit_um; /* 0 = none known, as below */
	uint32_t speed_min_rpm;
	uint32_t speed_max_rpm;
	uint64_t run_used_ms; /* motor time of the session */
	uint64_t run_left_ms;
	bool have_run;
};

#define LIVE_LINE_SIZE 512

/**
 * live_view_line() - the view as one line
 * @width: columns that it may take; what matters less is left out. 0 = no bars, no end to it.
 * Return: @buf, LIVE_LINE_SIZE bytes.
 */
char *live_view_line(const struct live_view *view, unsigned int width, char *buf);

/** live_view_json() - the view as a document and a newline; @events: array, what happened since */
void live_view_json(FILE *stream, const struct live_view *view, json_object *events);

#endif
