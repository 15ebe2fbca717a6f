/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything of a run: the pens in their server, and the drawer of cartridges. */
#ifndef MNPEN_GADGET_GADGET_H
#define MNPEN_GADGET_GADGET_H

#include "tests/gadget/server/server.h"
#include "tests/gadget/control/tags.h"

struct gadget {
	sd_event *event;
	struct server *server;
	struct tags tags;
};

/**
 * gadget_init() - pens out of the box, each with a fresh cartridge
 * @event: must outlive the gadget. Return: as server_new().
 */
int gadget_init(struct gadget *gadget, sd_event *event, const struct device_options *options,
		const char *serial, unsigned int n_pens);

/** gadget_done() - closes all connections */
void gadget_done(struct gadget *gadget);

#endif
