/* SPDX-License-Identifier: GPL-2.0-only */
/* Wiring: the foot pedals and the pens' own buttons, joined to the station. */
#ifndef MNPEN_INPUTS_H
#define MNPEN_INPUTS_H

#include <systemd/sd-event.h>

#include "daemon/session/station.h"

struct inputs;

/** inputs_new() - the station must outlive it. Return: 0; negative errno: without them no pedal is
 * known, which counts as none. */
int inputs_new(struct inputs **ret, sd_event *event, struct station *station);
struct inputs *inputs_free(struct inputs *inputs); /* NULL is fine; returns NULL */

#endif
