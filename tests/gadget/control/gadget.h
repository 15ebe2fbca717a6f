/* SPDX-License-Identifier: GPL-2.0-only */
/* Everything of a run: the pens in their server, and the drawer of cartridges. */
#ifndef MNPEN_GADGET_GADGET_H
#define MNPEN_GADGET_GADGET_H

#include "tests/gadget/gadgetfs/gadgetfs.h"
#include "tests/gadget/server/server.h"
#include "tests/gadget/control/tags.h"

struct gadget {
	sd_event *event;
	struct server *server;
	struct tags tags;
	bool cabled;		   /* no USB/IP: the pen's host comes by a cable */
	struct gadgetfs *gadgetfs; /* which is this, or NULL: of a rehearsal, it leads nowhere */
};

/**
 * gadget_init() - pens out of the box, each with a fresh cartridge
 * @event: must outlive the gadget. Return: as server_new().
 */
int gadget_init(struct gadget *gadget, sd_event *event, const struct device_options *options,
		const char *serial, unsigned int n_pens);

/**
 * gadget_plug() - the one pen, into the device controller whose GadgetFS is mounted on @dir
 * @dir: must outlive the gadget. @error: why not, and what to do about it
 * Return: 0 or negative errno.
 */
int gadget_plug(struct gadget *gadget, const char *dir, char *error, size_t size);

/** gadget_done() - closes all connections */
void gadget_done(struct gadget *gadget);

#endif
