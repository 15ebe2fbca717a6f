/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the devices of a run are: pens, or something else that hosts are tried with.
 *
 * A new one is a struct that begins with a struct usb_device, a struct usb_function, and a row in
 * the table of identity.c. Server, importer and USB/IP know no more of it than the usb_function.
 */
#ifndef MNPEN_GADGET_IDENTITY_H
#define MNPEN_GADGET_IDENTITY_H

#include "tests/gadget/usb/usb.h"

struct identity;
struct recording;

/** struct device_options - what is the same for all devices of a run */
struct device_options {
	const struct identity *identity; /* NULL: a pen */
	enum usb_speed speed;
	uint64_t seed;			   /* of the pens' noise; 0: none */
	uint32_t today_days;		   /* the pens' calendar */
	uint32_t box;			   /* part of the uids of fresh cartridges */
	bool no_tag;			   /* pens that read no tag of a cartridge */
	const struct recording *recording; /* of identity_replay */
};

/**
 * struct identity - a kind of device
 * @make: one device out of the box, powered on at @now_ns (CLOCK_MONOTONIC) and reset; freed by its
 *	function's free. @number: from 1. @serial: outlives the call only as a copy.
 *	Returns 0 or -ENOMEM
 */
struct identity {
	const char *name;
	int (*make)(struct usb_device **ret, const struct device_options *options,
		    unsigned int number, const char *serial, uint64_t now_ns);
};

extern const struct identity identity_pen;
extern const struct identity identity_replay; /* not in the table: it needs a recording */

/** identity_find() - by its name; NULL when there is none */
const struct identity *identity_find(const char *name);

/** identity_name() - of the one with that number, from 0; NULL behind the last one */
const char *identity_name(size_t number);

#endif
