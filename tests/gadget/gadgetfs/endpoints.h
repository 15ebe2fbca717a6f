/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which endpoints of a device controller stand for those of a device, and the descriptors that say
 * so. Pure.
 *
 * All that GadgetFS tells of an endpoint is the name of its file: "ep5in-int" is number 5, IN and
 * interrupt only; what a name leaves out (direction, type; "ep-a": the number) can be chosen.
 */
#ifndef MNPEN_GADGET_ENDPOINTS_H
#define MNPEN_GADGET_ENDPOINTS_H

#include "tests/gadget/usb/usb.h"

#define ENDPOINTS_MAX 4		 /* of a device */
#define ENDPOINT_NONE 0x7f	 /* is no address, to any device */
#define ENDPOINT_NAME_MAX 32	 /* of a file */
#define ENDPOINTS_CONFIG_MAX 256 /* bytes of a configuration */

/** struct endpoint_map - an endpoint of the device, and where the host finds it */
struct endpoint_map {
	uint8_t device; /* its address in the device's own descriptors */
	uint8_t host;	/* the one in those that the host gets */
	char file[ENDPOINT_NAME_MAX];
};

struct endpoints {
	struct endpoint_map map[ENDPOINTS_MAX];
	size_t count;
};

/**
 * endpoints_plan() - one of @n_names files for each endpoint of @config, all of them interrupt IN
 * @names: in an order that does not depend on the directory's, for the same choice each time
 *
 * A file that leaves the address as it is comes before others, and one for interrupts before one
 * for bulk, which controllers let interrupts go through too.
 *
 * Return: 0; -ENOSPC too few files that can do it; -EOPNOTSUPP an endpoint of another kind, or more
 * than ENDPOINTS_MAX.
 */
int endpoints_plan(struct usb_bytes config, const char *const names[], size_t n_names,
		   struct endpoints *ret);

/**
 * endpoints_rewrite() - @config as the host is to get it
 * @buf: ENDPOINTS_CONFIG_MAX bytes
 * Return: its length; -EMSGSIZE; -ENOENT an endpoint that @endpoints does not have.
 */
int endpoints_rewrite(const struct endpoints *endpoints, struct usb_bytes config, uint8_t *buf);

/** endpoints_moved() - whether an address is not the device's own */
bool endpoints_moved(const struct endpoints *endpoints);

/** endpoints_to_device() - the device's address of the host's @address; EP0 is EP0; ENDPOINT_NONE
 */
uint8_t endpoints_to_device(const struct endpoints *endpoints, uint8_t address);

#endif
