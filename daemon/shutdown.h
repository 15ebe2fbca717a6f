/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way out: stop, wait for the pens' word, close the sessions on disk, leave the loop. The loop
 * goes on meanwhile, since only it hears the pens, and every step has a time limit.
 */
#ifndef MNPEN_SHUTDOWN_H
#define MNPEN_SHUTDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/session/station.h"

enum shutdown_phase {
	SHUTDOWN_NOT,
	SHUTDOWN_STOPPING, /* until every pen is at rest */
	SHUTDOWN_ENDING,   /* until the sessions are on file */
};

/** struct shutdown - zero is "not yet" */
struct shutdown {
	enum shutdown_phase phase;
	sd_event *event;
	sd_event_source *timer;
	struct station *station;
	uint64_t deadline_usec;
	int exit_code;
	bool unfinished; /* something is still under way: the station must not be freed */
};

/** shutdown_begin() - stops all pens now; later calls do nothing. The loop ends with @exit_code. */
void shutdown_begin(struct shutdown *shutdown, sd_event *event, struct station *station,
		    int exit_code);

#endif
