/* SPDX-License-Identifier: GPL-2.0-only */
/* What the two files of the importer share. */
#ifndef MNPEN_GADGET_IMPORTER_PARTS_H
#define MNPEN_GADGET_IMPORTER_PARTS_H

#include "tests/gadget/server/importer.h"

struct urb {
	struct usbip_command command;
	struct urb *next;
	bool executed; /* a control request that has reached the device, its answer held back */
	int result;
	uint64_t due_ns;
	uint8_t *data; /* of a control request that had to wait: OUT, then IN */
	size_t data_len;
};

struct urb_queue {
	struct urb *head;
	struct urb *tail;
};

/** struct held_unlink - an UNLINK whose SUBMIT has not come yet */
struct held_unlink {
	bool used;
	bool answered; /* too late for the wait, but its SUBMIT must still be swallowed */
	uint32_t seqnum;
	uint32_t target;
	uint64_t expires_ns;
};

struct importer {
	struct usb_device *usb;
	struct buffer *out;
	struct urb_queue control;
	struct urb_queue in[16];
	uint64_t slot_ns[16]; /* next poll of each IN endpoint */
	size_t kept;
	bool submitted; /* last_seqnum means something */
	uint32_t last_seqnum;
	struct held_unlink held[IMPORTER_HELD];
	unsigned int next_held;
	unsigned int n_held;
	struct urb *unused;
	struct urb pool[IMPORTER_URBS];
};

/* Takes a pending URB out; false when there is none of that number. */
bool importer_cancel(struct importer *importer, uint32_t seqnum);
int importer_submit(struct importer *importer, const struct usbip_command *command,
		    const uint8_t *data);
int importer_expire_held(struct importer *importer, uint64_t now_ns);
uint64_t importer_held_next_ns(const struct importer *importer);

#endif
