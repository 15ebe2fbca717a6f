// SPDX-License-Identifier: GPL-2.0-only
/*
 * Transfers of one device. Each is made when it was opened and used again and again, until it is
 * closed: it holds a reference to the device. libusb itself takes a small piece of memory for each
 * submission, and that is all that a STOP depends on.
 *
 * usbfs gives a cancelled URB back before DISCARDURB returns, which takes the host controller a
 * frame or two; libusb tells of it when its events are handled next.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/usb_place.h"

#define USB_DIR_IN 0x80
#define REQTYPE_INTERFACE_OUT 0x01
#define SET_INTERFACE 11

static void first_and_end(enum usb_kind kind, size_t *ret_first, size_t *ret_end)
{
	switch (kind) {
	case USB_STOP:
		*ret_first = 0;
		*ret_end = USB_STOP_TRANSFERS;
		return;
	case USB_EP0:
		*ret_first = USB_STOP_TRANSFERS;
		*ret_end = USB_STOP_TRANSFERS + USB_EP0_TRANSFERS;
		return;
	case USB_SAMPLES:
		*ret_first = USB_STOP_TRANSFERS + USB_EP0_TRANSFERS;
		*ret_end = USB_TRANSFERS;
		return;
	}
}

int usb_transfers_new(struct usb *u)
{
	for (int kind = USB_STOP; kind <= USB_SAMPLES; kind++) {
		size_t first = 0, end = 0;

		first_and_end((enum usb_kind)kind, &first, &end);
		for (size_t i = first; i < end; i++) {
			u->transfers[i].usb = u;
			u->transfers[i].kind = (enum usb_kind)kind;
			u->transfers[i].libusb = libusb_alloc_transfer(0);
			if (!u->transfers[i].libusb)
				return -ENOMEM;
		}
	}
	return 0;
}

void usb_transfers_free(struct usb *u)
{
	for (size_t i = 0; i < USB_TRANSFERS; i++) {
		libusb_free_transfer(u->transfers[i].libusb);
		u->transfers[i].libusb = NULL;
	}
}

struct usb_transfer *usb_transfer_get(struct usb *u, enum usb_kind kind)
{
	size_t first = 0, end = 0;

	first_and_end(kind, &first, &end);
	for (size_t i = first; i < end; i++)
		if (u->transfers[i].state == USB_FREE)
			return &u->transfers[i];
	return NULL;
}

struct usb_transfer *usb_transfer_ep0(struct usb *u)
{
	for (size_t i = 0; i < USB_STOP_TRANSFERS + USB_EP0_TRANSFERS; i++)
		if (u->transfers[i].state == USB_FLYING)
			return &u->transfers[i];
	return NULL;
}

unsigned int usb_transfers_flying(const struct usb *u, int kind)
{
	unsigned int n = 0;

	for (size_t i = 0; i < USB_TRANSFERS; i++)
		n += u->transfers[i].state != USB_FREE &&
		     (kind < 0 || (int)u->transfers[i].kind == kind);
	return n;
}

/* ---- the tap ---- */

void usb_setup_bytes(uint8_t buf[HOST_SETUP_SIZE], const struct usb_setup *setup)
{
	libusb_fill_control_setup(buf, setup->request_type, setup->request, setup->value,
				  setup->index, setup->length);
}

static struct host_transfer describe(const struct usb *u, const struct usb_transfer *t,
				     uint64_t usec)
{
	bool control = t->kind != USB_SAMPLES;

	return (struct host_transfer){
		.id = t->id,
		.usec = usec,
		.control = control,
		.endpoint = !control ? u->enumeration.pen.endpoint
			    : t->in  ? USB_DIR_IN
				     : 0,
		.setup = control ? t->buffer : NULL,
		.len = t->len,
	};
}

static const uint8_t *data_of(const struct usb_transfer *t)
{
	return t->kind == USB_SAMPLES ? t->buffer : t->buffer + HOST_SETUP_SIZE;
}

void usb_begun(struct usb *u, const struct usb_transfer *t)
{
	struct host_transfer told;

	if (!u->host.tap)
		return;
	told = describe(u, t, now_usec());
	if (!t->in && t->len > 0) {
		told.data = data_of(t);
		told.data_len = t->len;
	}
	u->host.tap->submitted(u->host.tap, &told);
}

void usb_ended(struct usb *u, const struct usb_transfer *t, uint64_t usec, int status, size_t len)
{
	struct host_transfer told;

	if (!u->host.tap)
		return;
	told = describe(u, t, usec);
	told.status = status;
	told.len = (uint32_t)len;
	if (t->in && len > 0) {
		told.data = data_of(t);
		told.data_len = len;
	}
	u->host.tap->completed(u->host.tap, &told);
}

void usb_tell_setting(struct usb *u, int status)
{
	struct usb_setup setup = {
		.request_type = REQTYPE_INTERFACE_OUT,
		.request = SET_INTERFACE,
		.value = u->link.alt,
		.index = MNPEN_IF_CONTROL,
	};
	uint8_t raw[HOST_SETUP_SIZE];
	struct host_transfer told = {
		.id = u->setting.id, .usec = now_usec(), .control = true, .setup = raw};

	if (!u->host.tap)
		return;
	usb_setup_bytes(raw, &setup);
	told.status = MIN(status, 0);
	if (status > 0)
		u->host.tap->submitted(u->host.tap, &told);
	else
		u->host.tap->completed(u->host.tap, &told);
}

/* ---- what becomes of them ---- */

static int status_errno(enum libusb_transfer_status status)
{
	switch (status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return 0;
	case LIBUSB_TRANSFER_STALL:
		return -EPIPE;
	case LIBUSB_TRANSFER_NO_DEVICE:
		return -ENODEV;
	case LIBUSB_TRANSFER_CANCELLED:
		return -ENOENT;
	case LIBUSB_TRANSFER_TIMED_OUT:
	case LIBUSB_TRANSFER_ERROR:
	case LIBUSB_TRANSFER_OVERFLOW:
		break;
	}
	return -EPROTO;
}

/* A transfer that the kernel ended, and not we: somebody has taken the interface or reset it. */
static int result_of(const struct usb_transfer *t, int status, size_t len)
{
	if (status == 0)
		return len == t->len ? 0 : -EPROTO;
	return status == -ENOENT ? -EPROTO : status;
}

static void control_ended(struct usb *u, struct usb_transfer *t, int status, size_t len)
{
	int result = result_of(t, status, len);
	uint8_t data[MNPEN_RECORD_MAX];
	host_done done = t->done;

	/* The place first: done() may well make the next transfer, in this very buffer. */
	t->state = USB_FREE;
	if (status == -ENODEV)
		usb_break(u, -ENODEV, "unplugged");
	if (result == 0 && t->in) {
		memcpy(data, data_of(t), MIN(len, sizeof(data)));
		done(t->userdata, 0, data, len);
	} else {
		done(t->userdata, result, NULL, 0);
	}
}

static int submit_samples(struct usb *u, struct usb_transfer *t);

static void samples_ended(struct usb *u, struct usb_transfer *t, int status, size_t len,
			  uint64_t rx_usec)
{
	t->state = USB_FREE;
	if (u->broken)
		return;
	if (status == -ENODEV) {
		usb_break(u, -ENODEV, "unplugged");
		return;
	}
	if (status < 0) {
		usb_break(u, -EIO, "the sample endpoint failed: %s", strerror(-status));
		return;
	}
	u->got_packets = true;
	/* Judged before it goes out again: a STOP comes first. */
	u->host.callbacks->packet(&u->host, u->host.userdata, t->buffer, len, rx_usec);
	if (u->streaming && !u->broken && t->state == USB_FREE && submit_samples(u, t) == 0)
		usb_begun(u, t);
}

static void LIBUSB_CALL on_ended(struct libusb_transfer *libusb)
{
	struct usb_transfer *t = libusb->user_data;
	struct usb *u = t->usb;
	int status = status_errno(libusb->status);
	size_t len = MIN((size_t)MAX(libusb->actual_length, 0), t->len);
	uint64_t rx_usec = now_usec();

	if (t->state == USB_CANCELLED) { /* whatever became of it */
		t->state = USB_FREE;
		return;
	}
	usb_ended(u, t, rx_usec, status == -ENODEV ? -ESHUTDOWN : status, len);
	if (t->kind == USB_SAMPLES)
		samples_ended(u, t, status, len, rx_usec);
	else
		control_ended(u, t, status, len);
}

static int submit(struct usb *u, struct usb_transfer *t)
{
	int r;

	t->id = ++u->last_id;
	r = libusb_submit_transfer(t->libusb);
	if (r < 0) {
		r = usb_errno(r);
		t->state = USB_FREE;
		usb_break(u, r == -ENODEV ? -ENODEV : -EIO, "cannot submit a transfer: %s",
			  strerror(-r));
		return r;
	}
	t->state = USB_FLYING;
	return 0;
}

int usb_submit_control(struct usb *u, struct usb_transfer *t, const struct usb_setup *setup,
		       const uint8_t *data)
{
	usb_setup_bytes(t->buffer, setup);
	if (data && !t->in && t->len > 0)
		memcpy(t->buffer + HOST_SETUP_SIZE, data, t->len);
	/* Time is kept by the loop: libusb would cancel as well, but tell of it late. */
	libusb_fill_control_transfer(t->libusb, u->link.handle, t->buffer, on_ended, t, 0);
	return submit(u, t);
}

static int submit_samples(struct usb *u, struct usb_transfer *t)
{
	t->in = true;
	t->len = u->enumeration.pen.packet_max;
	t->deadline_usec = 0;
	libusb_fill_interrupt_transfer(t->libusb, u->link.handle, u->enumeration.pen.endpoint,
				       t->buffer, t->len, on_ended, t, 0);
	return submit(u, t);
}

void usb_stream_fill(struct usb *u)
{
	struct usb_transfer *t;

	while (u->streaming && !u->broken && (t = usb_transfer_get(u, USB_SAMPLES))) {
		if (submit_samples(u, t) < 0)
			return;
		usb_begun(u, t);
	}
}

void usb_cancel(struct usb *u, struct usb_transfer *t)
{
	t->state = USB_CANCELLED;
	t->done = NULL;
	t->deadline_usec = 0;
	/* What has ended already is told of as if it had not been cancelled; so is what is gone. */
	(void)libusb_cancel_transfer(t->libusb);
}
