/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device behind the kernel's GadgetFS: one on a real cable, if the machine has a device port, or
 * on the machine's own bus by dummy_hcd.
 *
 * The kernel answers what every device answers alike (device and configuration descriptors); all
 * other requests, SET_CONFIGURATION and SET_INTERFACE among them, come to the device. What it does
 * not let through is in tests/gadget/README.md.
 *
 * All functions belong to the thread of the loop.
 */
#ifndef MNPEN_GADGET_GADGETFS_H
#define MNPEN_GADGET_GADGETFS_H

#include <systemd/sd-event.h>

#include "tests/gadget/usb/cable.h"
#include "tests/gadget/usb/usb.h"

struct gadgetfs;

/**
 * gadgetfs_new() - plug @usb into the device controller whose GadgetFS is mounted on @dir
 * @dir, @usb, @userdata: outlive it
 * @due: something has come: bring @usb to the present and call the cable's run
 * @error: why not, and what to do about it
 *
 * Blocks SIGIO in this thread: call it before others are started.
 *
 * Return: 0 or negative errno.
 */
int gadgetfs_new(struct gadgetfs **ret, sd_event *event, const char *dir, struct usb_device *usb,
		 void (*due)(void *userdata), void *userdata, char *error, size_t size);

/** gadgetfs_free() - unplugs; the device is not told. NULL is fine; returns NULL */
struct gadgetfs *gadgetfs_free(struct gadgetfs *gadgetfs);

struct cable *gadgetfs_cable(struct gadgetfs *gadgetfs);

/** gadgetfs_controller() - the name of the device controller */
const char *gadgetfs_controller(const struct gadgetfs *gadgetfs);

#endif
