/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * USB devices that come and go: each that may be a pen gets one, and only one, whatever order and
 * number the events have, and over the kernel guard if that has it. Nothing here asks a device
 * anything.
 *
 * Main thread only; nothing blocks, but hotplug_scan() at the start.
 */
#ifndef MNPEN_PEN_HOTPLUG_H
#define MNPEN_PEN_HOTPLUG_H

#include <systemd/sd-event.h>

#include "daemon/pen/pen.h"

#define HOTPLUG_DEVICES_MAX 64

struct hotplug;

/** struct hotplug_hooks - what the owner of the pens supplies */
struct hotplug_hooks {
	/* A pen of pen_new_usb() for a device that came, one that pen_usb_empty(); @serial as udev
	 * knows it, or NULL; NULL = there is no room. The pen must outlive this. */
	struct pen *(*pen_for)(void *userdata, const char *serial);
	/* Whether nobody would miss @pen for a moment: the guard was loaded, and wants it. */
	bool (*may_move)(void *userdata, const struct pen *pen);
};

/**
 * hotplug_new() - subscribe; devices are told of from the loop
 * @hooks: must outlive this
 * Return: 0; -ENOMEM; negative errno of netlink or loop.
 */
int hotplug_new(struct hotplug **ret, sd_event *event, const struct hotplug_hooks *hooks,
		void *userdata);

/** hotplug_scan() - those that are there already. Return: 0; negative errno */
int hotplug_scan(struct hotplug *hotplug);

/** hotplug_missing() - why nothing will ever come, as a clause; NULL = it may */
const char *hotplug_missing(void);

/** hotplug_free() - NULL is fine. Returns NULL. */
struct hotplug *hotplug_free(struct hotplug *hotplug);

#endif
