// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/usbip_urb.h"

#include "driver/base/cleanup.h"

struct usbip_urb *usbip_urb_get(struct usbip_urbs *table, enum usbip_urb_kind kind)
{
	size_t first = kind == USBIP_URB_STOP ? 0 : USBIP_URBS_FOR_STOP;

	/* STOP takes the kept places first, so that it never competes for the others. */
	for (size_t i = first; i < ELEMENTSOF(table->urbs); i++)
		if (table->urbs[i].state == USBIP_URB_FREE)
			return &table->urbs[i];
	return NULL;
}

struct usbip_urb *usbip_urb_ep0(struct usbip_urbs *table)
{
	for (size_t i = 0; i < ELEMENTSOF(table->urbs); i++) {
		struct usbip_urb *urb = &table->urbs[i];

		if (urb->state == USBIP_URB_FLYING && urb->kind != USBIP_URB_INTERRUPT)
			return urb;
	}
	return NULL;
}

struct usbip_urb *usbip_urb_by_seqnum(struct usbip_urbs *table, uint32_t seqnum)
{
	for (size_t i = 0; i < ELEMENTSOF(table->urbs); i++) {
		struct usbip_urb *urb = &table->urbs[i];

		if (urb->state != USBIP_URB_FREE && urb->seqnum == seqnum)
			return urb;
	}
	return NULL;
}

struct usbip_urb *usbip_urb_by_unlink(struct usbip_urbs *table, uint32_t seqnum)
{
	for (size_t i = 0; i < ELEMENTSOF(table->urbs); i++) {
		struct usbip_urb *urb = &table->urbs[i];

		if ((urb->state == USBIP_URB_UNLINKING || urb->state == USBIP_URB_RETURNED) &&
		    urb->unlink_seqnum == seqnum)
			return urb;
	}
	return NULL;
}

unsigned int usbip_urb_flying(const struct usbip_urbs *table, enum usbip_urb_kind kind)
{
	unsigned int n = 0;

	for (size_t i = 0; i < ELEMENTSOF(table->urbs); i++)
		n += table->urbs[i].state == USBIP_URB_FLYING && table->urbs[i].kind == kind;
	return n;
}

uint64_t usbip_urb_deadline(const struct usbip_urbs *table)
{
	uint64_t earliest = 0;

	for (size_t i = 0; i < ELEMENTSOF(table->urbs); i++) {
		const struct usbip_urb *urb = &table->urbs[i];

		if (urb->state != USBIP_URB_FREE && urb->deadline_usec &&
		    (!earliest || urb->deadline_usec < earliest))
			earliest = urb->deadline_usec;
	}
	return earliest;
}
