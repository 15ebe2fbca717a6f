/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which devices are plugged in, by udev's word: it comes when the rules have given the node to
 * whoever may use it, and names the device without asking it anything. (libusb's own hotplug would
 * be a second source of the same, with a thread that opens what it finds.)
 */
#ifndef MNPEN_HOST_USB_WATCH_H
#define MNPEN_HOST_USB_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

struct usb_watch;

enum usb_sight_kind {
	USB_SIGHT_DEVICE, /* whose ids are in the table of pens, with its node of usbfs */
	USB_SIGHT_GUARD,  /* the kernel guard has one of them, with its node /dev/mnpenN */
	USB_SIGHT_DRIVER, /* the kernel guard was loaded, and has taken what was free; no more */
};

/** struct usb_sight - what was seen; valid during the call */
struct usb_sight {
	enum usb_sight_kind kind;
	bool gone;
	bool awaited;	    /* of a device: the guard is loaded, and may just be about to take it */
	const char *port;   /* where it is plugged in: the USB device's path in sysfs */
	const char *node;   /* in /dev: another one after each plugging in; NULL = not known */
	const char *serial; /* as udev knows it, not vouched for; NULL = not known */
};

/**
 * usb_watch_new() - subscribe
 * @seen: called from the loop and from usb_watch_scan(); the same device may be seen several times
 * Return: 0; -ENOMEM; negative errno of netlink or loop.
 */
int usb_watch_new(struct usb_watch **ret, sd_event *event,
		  void (*seen)(void *userdata, const struct usb_sight *sight), void *userdata);

/** usb_watch_scan() - and tell of those that are there. It reads sysfs, so before anything is
 * armed. Return: 0; negative errno. */
int usb_watch_scan(struct usb_watch *watch);

/**
 * usb_watch_port() - where the pen behind a node of the guard is plugged in
 * @path: of the guard's device in sysfs, ".../1-1/1-1:1.0/mnpen/mnpen0"
 * Return: bytes of @path that are the USB device's, ".../1-1"; 0: it is no such path
 */
size_t usb_watch_port(const char *path);

/** usb_watch_missing() - why no device will ever be seen here, as a clause; NULL = one may be */
const char *usb_watch_missing(void);

/** usb_watch_free() - NULL is fine. Returns NULL. */
struct usb_watch *usb_watch_free(struct usb_watch *watch);

#endif
