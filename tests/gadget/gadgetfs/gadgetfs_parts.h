/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of this folder share of a plugged device. */
#ifndef MNPEN_GADGET_GADGETFS_PARTS_H
#define MNPEN_GADGET_GADGETFS_PARTS_H

#include "tests/gadget/gadgetfs/directory.h"
#include "tests/gadget/gadgetfs/ep0_file.h"
#include "tests/gadget/gadgetfs/gadgetfs.h"
#include "tests/gadget/gadgetfs/writer.h"

enum ep0_phase {
	EP0_EVENTS,
	EP0_DATA, /* waits for the data of an OUT request */
	EP0_HELD, /* the request was carried out, and its answer is held back */
};

struct ep0 {
	int fd;
	enum ep0_phase phase;
	struct usb_setup setup;	  /* of EP0_DATA, EP0_HELD */
	struct ep0_orphan orphan; /* belongs to the next SETUP event */
	int result;		  /* of EP0_HELD, as of usb_control() */
	uint64_t due_ns;
	uint8_t in[EP0_DATA_MAX];
};

struct gadgetfs {
	struct cable cable;
	sd_event *event;
	struct usb_device *usb;
	void (*due)(void *userdata);
	void *userdata;
	const char *dir;
	char controller[ENDPOINT_NAME_MAX];
	bool high; /* the device knows both speeds */
	bool planned;
	struct endpoints endpoints;

	struct ep0 ep0;
	sd_event_source *ep0_source;
	bool connected;	 /* to a host, as far as the kernel has said */
	bool configured; /* by that host */

	int writers_fd; /* eventfd of all of them */
	sd_event_source *writers_source;
	struct writer *writers[ENDPOINTS_MAX]; /* as in endpoints.map */
};

/* ep0.c: events and requests, as many as there are. */
void ep0_run(struct gadgetfs *gadgetfs, uint64_t now_ns);
uint64_t ep0_next_ns(const struct gadgetfs *gadgetfs);

/* pipes.c: open the endpoints that there are in the device's present settings, close all others. */
void pipes_sync(struct gadgetfs *gadgetfs);
/* Those of @interface, or of all with -1, are new after this request: as after power-on. */
void pipes_close(struct gadgetfs *gadgetfs, int interface);
void pipes_run(struct gadgetfs *gadgetfs);
uint64_t pipes_next_ns(const struct gadgetfs *gadgetfs, uint64_t now_ns);

#endif
