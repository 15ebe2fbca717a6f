/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bridge's USB/IP connection: transfers go out, and come back in the order in which the server
 * ends them. One thread; what is sent and received is driven by the default GMainContext, or by
 * link_wait() where the caller cannot go on without the answer.
 */
#ifndef MNPEN_BRIDGE_LINK_H
#define MNPEN_BRIDGE_LINK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "driver/host/usbip.h"
#include "driver/host/usbip_wire.h"

/** struct link_transfer - one URB; the caller's memory until done() */
struct link_transfer {
	uint8_t endpoint; /* number, without the direction */
	bool in;
	struct usb_setup setup; /* endpoint 0 only, else zero */
	uint8_t *data;		/* @len bytes: sent, or to be filled */
	uint32_t len;
	uint32_t interval;
	void (*done)(struct link_transfer *transfer); /* may free it */
	int status;	 /* 0 or negative errno: what usbfs says of an URB */
	uint32_t actual; /* bytes transferred */

	/* the link's own */
	uint32_t seqnum;
	uint32_t unlink_seqnum;
	bool flying;
};

struct link {
	struct usbip_url url;
	struct usbip_import import;
	int fd;
	bool lost;
	uint32_t seqnum;
	GQueue flying;	 /* of struct link_transfer, in the order of their submission */
	GArray *unlinks; /* seqnums of CMD_UNLINK without an answer */
	GByteArray *tx, *rx;
	GSource *source;
	bool watches_out;
	void (*on_lost)(void *userdata);
	void *userdata;
};

/** link_open() - connect to @link->url and import; -EBUSY, -ENODEV... as the server says */
int link_open(struct link *link);

/** link_close() - transfers in flight end with -ESHUTDOWN; on_lost() is not called */
void link_close(struct link *link);

/** link_watch() - let the main loop receive from now on */
void link_watch(struct link *link);

void link_submit(struct link *link, struct link_transfer *transfer);

/** link_cancel() - done() comes with -ENOENT, or with the result when that was faster */
void link_cancel(struct link *link, struct link_transfer *transfer);

/** link_wait() - receive until @transfer is done; it is lost when that takes @timeout_ms */
void link_wait(struct link *link, struct link_transfer *transfer, int timeout_ms);

/** link_control() - a control transfer, waited for; bytes transferred or negative errno */
int link_control(struct link *link, const struct usb_setup *setup, uint8_t *data);

#endif
