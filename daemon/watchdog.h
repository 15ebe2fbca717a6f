/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The service manager's watchdog. It is fed from the loop, as long as the safety loop of every
 * armed pen renews its lease: a loop that turns and guards nobody is as dead as one that hangs.
 */
#ifndef MNPEN_WATCHDOG_H
#define MNPEN_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/session/station.h"

/** struct watchdog - zero is "not started" */
struct watchdog {
	sd_event_source *timer;
	struct station *station;
	uint64_t period_usec;
	bool starved; /* the last time it was not fed */
};

/**
 * watchdog_start() - feed it from now on, four times in its time; without one, do nothing
 * @priority: of the event source: behind samples and stops, before whatever a client can flood
 * Return: 0; negative errno of the loop, or of WATCHDOG_USEC that is no number.
 */
int watchdog_start(struct watchdog *watchdog, sd_event *event, struct station *station,
		   int64_t priority);

/** watchdog_end() - the loop is over; what is left, closing the store, may take longer */
void watchdog_end(struct watchdog *watchdog);

#endif
