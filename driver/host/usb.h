/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The USB transport: pens of this machine, through libusb and usbfs.
 *
 * A host of this transport is a place: a device is plugged into it and taken out again, and it
 * stays. Which device, is for somebody else to know (driver/host/usb_watch.h).
 *
 * Whatever the kernel may make wait (opening, enumeration, SET_INTERFACE 1, reset, closing: up to 5
 * s each with a dead device) is done by a thread of that place, and the loop keeps its hands off
 * the device meanwhile. What is left to the loop are transfers, which do not wait.
 */
#ifndef MNPEN_HOST_USB_H
#define MNPEN_HOST_USB_H

#include "driver/host/host.h"

#define USB_NODE_MAX 64 /* "/dev/bus/usb/001/002" */

/**
 * host_usb_new() - an empty place, with its thread
 * @callbacks: must outlive the host
 *
 * A device that is plugged into it is opened from the loop's next turn on, its interface 0 claimed
 * and no other. One that fails is closed, which stops the pen, and tried again with a pause of 100
 * ms that doubles to 5 s; one that is no pen is left alone until it is unplugged.
 *
 * As with any host, SET_INTERFACE 0 is a transfer like another: it goes out at once and its time
 * limit holds. SET_INTERFACE 1, which the kernel must know of, is made by the thread when every
 * transfer has ended. A STOP that is asked for meanwhile is sent when that is over; the pen has got
 * SET_INTERFACE then, which ends ARMED and RUNNING all the same.
 *
 * host_free() waits until the device is closed, so for 5 s at most: for the end of the process.
 *
 * Return: 0; -ENOMEM; negative errno of thread or loop.
 */
int host_usb_new(struct host **ret, sd_event *event, const struct host_callbacks *callbacks,
		 void *userdata);

/** host_usb_plug() - the device behind @node is there; the place must be empty */
void host_usb_plug(struct host *host, const char *node);

/** host_usb_unplug() - it is gone; the place is empty when it could be closed */
void host_usb_unplug(struct host *host);

/** host_usb_hand_over() - as host_usb_unplug(), but it is still there: its interface is left to
 * whatever kernel driver wants it. Opened again it is only by the next host_usb_plug(). */
void host_usb_hand_over(struct host *host);

/** host_usb_empty() - whether a device may be plugged in */
bool host_usb_empty(const struct host *host);

#endif
