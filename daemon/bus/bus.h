/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The station on D-Bus: org.mnpen1. Translates and authorizes; decides nothing else.
 *
 * Main thread only. Once bus_serve() returned, nothing here blocks: whatever has to be asked of the
 * bus or of polkit is asked asynchronously.
 */
#ifndef MNPEN_BUS_H
#define MNPEN_BUS_H

#include <systemd/sd-event.h>

#include "daemon/session/station.h"

struct bus;

/** bus_lost - the connection to the bus is gone, and with it everybody who could stop a pen */
typedef void (*bus_lost)(void *userdata);

/**
 * bus_new() - connect to the system bus and take the name org.mnpen1 (blocking, at start only)
 * @event: calls are handled from its loop, at SD_EVENT_PRIORITY_NORMAL
 *
 * Return: 0; -EEXIST another daemon has the name; -EACCES the bus's policy forbids it; another
 * negative errno: no bus there.
 */
int bus_new(struct bus **ret, sd_event *event, bus_lost lost, void *userdata);

/** bus_serve() - export the objects of @station, which must outlive the loop. 0, negative errno. */
int bus_serve(struct bus *bus, struct station *station);

/** bus_wind_down() - from now on only stops and reading are served: the daemon is about to end */
void bus_wind_down(struct bus *bus);

/** bus_free() - close without waiting; after the station and its store, whose last words may
 * still be answers. NULL is fine. Returns NULL. */
struct bus *bus_free(struct bus *bus);

#endif
