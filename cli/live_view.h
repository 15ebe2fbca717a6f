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

#define LIVE_NAME_SIZE 64
#define LIVE_EVENTS_KEPT 48

/** struct live_event - something that happened, as it is shown */
struct live_event {
	char clock[12]; /* "12:31:07", of this machine */
	char text[320];
};

/** struct live_view - all that is known of the pen at this moment */
struct live_view {
	const char *serial;
	bool have_row;
	struct sample_row row; /* the newest that came */
	uint64_t age_ms;       /* of @row */
	bool fresh;
	uint64_t lost;		 /* records that this program was too slow for */
	uint32_t peak_um;	 /* deepest stroke of the last second */
	uint32_t depth_limit_um; /* 0 = none known, as below */
	uint32_t tolerance_um;	 /* what a measured depth may lie beyond the limit */
	uint32_t speed_min_rpm;
	uint32_t speed_max_rpm;
	uint32_t target_depth_um;
	uint32_t target_speed_rpm;
	uint64_t run_used_ms; /* motor time of the session */
	uint64_t run_left_ms;
	bool have_run;
	uint64_t session_used_ms; /* since the session began */
	uint64_t session_left_ms;
	bool have_session;
	bool armed;		      /* mnpend's word */
	char profile[LIVE_NAME_SIZE]; /* "" = none, as below */
	char area[LIVE_NAME_SIZE];
	char session[LIVE_NAME_SIZE];
	char pedal[16];
	char alarm[200]; /* the first one that stands for this pen */
	unsigned int n_alarms;
	bool store_failing;
	char urgent[200]; /* what this program itself has to warn of */
	bool ours;	  /* this program has armed it, and disarms it when it leaves */
	bool keys;	  /* keys are read */
	struct live_event events[LIVE_EVENTS_KEPT]; /* the newest first */
	unsigned int n_events;
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

/** live_depth_um() - the depth to show: while it runs, of a second's strokes the deepest one, since
 * ten frames a second show few of a hundred strokes */
uint32_t live_depth_um(const struct live_view *view);

/** live_view_add() - @text as the newest event; the oldest one may give way */
void live_view_add(struct live_view *view, const char *clock, const char *text);

#endif
