/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which event nodes there are, by udev: subscribed first, then enumerated, told once each. Where no
 * udev is, there are none.
 */
#ifndef MNPEN_INPUT_DISCOVER_H
#define MNPEN_INPUT_DISCOVER_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* What a udev rule sets to "1" on the event node of a foot pedal. */
#define DISCOVER_PEDAL_PROPERTY "MNPEN_PEDAL"

struct discover;

/** struct discover_node - an event node; its texts are valid during the call */
struct discover_node {
	const char *syspath;
	const char *node;   /* "/dev/input/event7" */
	const char *name;   /* of the device, "" if it has none */
	const char *serial; /* of the USB device, "" if it has none */
	bool usb;	    /* hangs on a USB device, and the ids are its own */
	uint16_t vendor_id;
	uint16_t product_id;
	bool pedal; /* marked as one */
	bool keys;  /* can press keys, so that it could be one */
};

struct discover_callbacks {
	/* New, or changed: the same @syspath may come again. */
	void (*node)(void *userdata, const struct discover_node *node);
	void (*gone)(void *userdata, const char *syspath);
};

/**
 * discover_new() - from now on; what is there already is told before this returns
 * @priority: of sd-event
 * Return: 0 or negative errno: there is no way to hear of devices.
 */
int discover_new(struct discover **ret, sd_event *event, int64_t priority,
		 const struct discover_callbacks *callbacks, void *userdata);
struct discover *discover_free(struct discover *discover); /* NULL is fine; returns NULL */

#endif
