/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread that does one thing at a time for the loop: what may wait for a device. What it works on
 * is its own until the loop has heard of the end.
 */
#ifndef MNPEN_HOST_USB_HELPER_H
#define MNPEN_HOST_USB_HELPER_H

#include <stdbool.h>
#include <systemd/sd-event.h>

struct usb_helper;

/**
 * usb_helper_new() - a thread that waits for work
 * @run: what it does, in that thread; @job is the caller's own number, never 0
 * @done: called from the loop, with what @run returned
 * Return: 0; -ENOMEM; negative errno of thread or loop.
 */
int usb_helper_new(struct usb_helper **ret, sd_event *event, int (*run)(void *userdata, int job),
		   void (*done)(void *userdata, int job, int result), void *userdata);

/** usb_helper_start() - it must not be busy */
void usb_helper_start(struct usb_helper *helper, int job);

/** usb_helper_busy() - from usb_helper_start() until done() is called */
bool usb_helper_busy(const struct usb_helper *helper);

/** usb_helper_wait() - until the job under way is over; done() is not called. NULL is fine.
 * Its result, or 0 */
int usb_helper_wait(struct usb_helper *helper);

/** usb_helper_free() - waits likewise. NULL is fine. Returns NULL. */
struct usb_helper *usb_helper_free(struct usb_helper *helper);

#endif
