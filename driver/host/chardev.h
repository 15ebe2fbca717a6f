/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The transport over the kernel guard: pens of this machine through /dev/mnpenN
 * (driver/uapi/chardev.h).
 *
 * As with usb.h a host is a place, into which a device is plugged. What may wait for the device is
 * done by threads of that place: one makes requests, one at a time, and opens and closes; one waits
 * for the pen's word on a STOP. The STOP itself is handed to the kernel by the loop, which waits
 * for nobody there.
 */
#ifndef MNPEN_HOST_CHARDEV_H
#define MNPEN_HOST_CHARDEV_H

#include "driver/host/host.h"

#define CHARDEV_NODE_MAX 64 /* "/dev/mnpen0" */

/**
 * host_chardev_new() - an empty place, with its threads
 * @callbacks: must outlive the host
 *
 * A device that is plugged into it is opened from the loop's next turn on. One that fails is
 * closed, by which the guard stops the pen, and tried again with a pause of 100 ms that doubles to
 * 5 s; one that is no pen is left alone until it is unplugged.
 *
 * A request that host_stop() or host_set_alt() cancelled, or whose time is over, may be in the
 * kernel still; the next one waits for it, and its own time counts meanwhile. SET_INTERFACE of
 * either setting is made by the thread as well: a dead device keeps that one busy for up to 5 s,
 * STOP not.
 *
 * host_free() waits until the node is closed.
 *
 * Return: 0; -ENOMEM; negative errno of thread or loop.
 */
int host_chardev_new(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
		     void *userdata);

/** host_chardev_plug() - the pen behind @node is there; the place must be empty */
void host_chardev_plug(struct host *host, const char *node);

/** host_chardev_unplug() - it is gone; the place is empty when it could be closed */
void host_chardev_unplug(struct host *host);

/** host_chardev_empty() - whether a pen may be plugged in */
bool host_chardev_empty(const struct host *host);

#endif
