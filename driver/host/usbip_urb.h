/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of transfers that the server may still talk about. A transfer that was cancelled keeps
 * its place until the server has said its last word on it: a reply that crosses the cancellation
 * on the wire is then known, its data skipped, and nobody hears of it.
 */
#ifndef MNPEN_HOST_USBIP_URB_H
#define MNPEN_HOST_USBIP_URB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/host/host.h"

#define USBIP_URBS 64
/* Places that only STOP takes: one every HOST_CONTROL_TIMEOUT_MS until an unlink that is not
 * answered closes the connection. */
#define USBIP_URBS_FOR_STOP 24

enum usbip_urb_kind {
	USBIP_URB_SETUP, /* enumeration */
	USBIP_URB_CONTROL,
	USBIP_URB_STOP,
	USBIP_URB_INTERRUPT,
};

enum usbip_urb_state {
	USBIP_URB_FREE,
	USBIP_URB_FLYING,    /* RET_SUBMIT awaited, and wanted */
	USBIP_URB_UNLINKING, /* CMD_UNLINK queued: RET_SUBMIT may, RET_UNLINK must come */
	USBIP_URB_RETURNED,  /* of these two only RET_UNLINK is missing */
	USBIP_URB_LATE,	     /* no RET_UNLINK to come; RET_SUBMIT may */
};

struct usbip_urb {
	enum usbip_urb_state state;
	enum usbip_urb_kind kind;
	bool in;
	bool exact; /* the IN answer must have exactly @len bytes */
	uint32_t len;
	uint32_t seqnum;
	uint32_t unlink_seqnum;
	uint64_t deadline_usec;		/* 0 = none */
	uint8_t setup[HOST_SETUP_SIZE]; /* all zero for interrupt */
	host_done done;			/* NULL for interrupt */
	void *userdata;
};

struct usbip_urbs {
	struct usbip_urb urbs[USBIP_URBS];
};

/** usbip_urb_get() - a free place, to be filled and set flying; NULL when there is none for @kind
 */
struct usbip_urb *usbip_urb_get(struct usbip_urbs *table, enum usbip_urb_kind kind);

/** usbip_urb_ep0() - the control transfer in flight, of whatever kind; NULL when none is */
struct usbip_urb *usbip_urb_ep0(struct usbip_urbs *table);

/** usbip_urb_by_seqnum() - not free, submitted as @seqnum; or NULL */
struct usbip_urb *usbip_urb_by_seqnum(struct usbip_urbs *table, uint32_t seqnum);

/** usbip_urb_by_unlink() - RET_UNLINK awaited for CMD_UNLINK @seqnum; or NULL */
struct usbip_urb *usbip_urb_by_unlink(struct usbip_urbs *table, uint32_t seqnum);

/** usbip_urb_flying() - how many of @kind are in flight */
unsigned int usbip_urb_flying(const struct usbip_urbs *table, enum usbip_urb_kind kind);

/** usbip_urb_deadline() - the earliest deadline; 0 when there is none */
uint64_t usbip_urb_deadline(const struct usbip_urbs *table);

#endif
