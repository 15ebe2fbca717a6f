// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the owner of a pen asks of the USB/IP transport, and the queueing of transfers.
 */
#include "driver/host/usbip_conn.h"

#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define REQTYPE_INTERFACE_OUT 0x01
#define SET_INTERFACE 11
#define ENDPOINT_NUMBER_MASK 0x0f
#define USB_DIR_IN 0x80
#define PDU_SETUP_OFFSET (USBIP_HEADER_SIZE - USBIP_SETUP_SIZE)

static struct usbip *usbip_of(struct host *host)
{
	return (struct usbip *)host;
}

static uint64_t deadline_in(unsigned int ms)
{
	return now_usec() + ms * USEC_PER_MSEC;
}

/* Unique among all that may be in flight; 0 stays free for "none". */
static uint32_t next_seqnum(struct usbip *u)
{
	if (++u->seqnum == 0)
		u->seqnum = 1;
	return u->seqnum;
}

uint8_t usbip_urb_endpoint(const struct usbip *u, const struct usbip_urb *urb)
{
	if (urb->kind == USBIP_URB_INTERRUPT)
		return u->enumeration.pen.endpoint;
	return urb->in ? USB_DIR_IN : 0;
}

/* For the tap: @urb is on its way, @data being its OUT data. */
static void begun(struct usbip *u, const struct usbip_urb *urb, const uint8_t *data)
{
	bool control = urb->kind != USBIP_URB_INTERRUPT;

	if (!u->host.tap)
		return;
	u->host.tap->submitted(u->host.tap, &(struct host_transfer){
						    .id = urb->seqnum,
						    .usec = now_usec(),
						    .control = control,
						    .endpoint = usbip_urb_endpoint(u, urb),
						    .setup = control ? urb->setup : NULL,
						    .len = urb->len,
						    .data = data,
						    .data_len = data ? urb->len : 0,
					    });
}

int usbip_submit(struct usbip *u, struct usbip_urb *urb, const struct usb_setup *setup,
		 const uint8_t *data, bool first)
{
	struct usbip_pdu pdu = {.seqnum = next_seqnum(u), .len = USBIP_HEADER_SIZE};
	struct usbip_submit submit = {
		.seqnum = pdu.seqnum,
		.devid = u->import.devid,
		.in = urb->in,
		.len = urb->len,
	};
	int r;

	if (setup) {
		submit.setup = *setup;
	} else {
		submit.endpoint = u->enumeration.pen.endpoint & ENDPOINT_NUMBER_MASK;
		submit.interval = u->enumeration.interval;
	}
	usbip_submit_encode(pdu.bytes, &submit);
	memcpy(urb->setup, pdu.bytes + PDU_SETUP_OFFSET, sizeof(urb->setup));
	if (urb->in)
		data = NULL;
	if (data) {
		memcpy(pdu.bytes + USBIP_HEADER_SIZE, data, urb->len);
		pdu.len += urb->len;
	}
	r = first ? usbip_tx_put_first(&u->tx, &pdu) : usbip_tx_put(&u->tx, &pdu);
	urb->state = r < 0 ? USBIP_URB_FREE : USBIP_URB_FLYING;
	urb->seqnum = pdu.seqnum;
	if (r >= 0 && !first)
		begun(u, urb, data);
	return r;
}

void usbip_cancel(struct usbip *u, struct usbip_urb *urb, bool first)
{
	struct usbip_pdu pdu = {.len = USBIP_HEADER_SIZE};
	int r;

	if (!first)
		usbip_ended(u, urb, now_usec(), -ENOENT, NULL, 0);
	urb->done = NULL;
	urb->deadline_usec = deadline_in(HOST_SETUP_TIMEOUT_MS);
	/* A STOP that could not go out yet still goes: late is better than never. */
	if (urb->kind == USBIP_URB_STOP && usbip_tx_holds(&u->tx, urb->seqnum)) {
		urb->state = USBIP_URB_LATE;
		return;
	}
	if (usbip_tx_drop(&u->tx, urb->seqnum)) {
		urb->state = USBIP_URB_FREE;
		return;
	}
	pdu.seqnum = next_seqnum(u);
	usbip_unlink_encode(pdu.bytes, pdu.seqnum, u->import.devid, urb->seqnum);
	r = first ? usbip_tx_put_first(&u->tx, &pdu) : usbip_tx_put(&u->tx, &pdu);
	urb->state = USBIP_URB_UNLINKING;
	urb->unlink_seqnum = pdu.seqnum;
	if (r < 0)
		usbip_break(u, r, "no room for a cancellation: the server does not read");
}

void usbip_resubmit(struct usbip *u, struct usbip_urb *urb)
{
	int r = usbip_submit(u, urb, NULL, NULL, false);

	if (r < 0)
		usbip_break(u, r, "no room for a transfer: the server does not read");
}

void usbip_stream_fill(struct usbip *u)
{
	unsigned int flying = usbip_urb_flying(&u->urbs, USBIP_URB_INTERRUPT);

	for (; u->streaming && flying < HOST_INTERRUPT_URBS; flying++) {
		struct usbip_urb *urb = usbip_urb_get(&u->urbs, USBIP_URB_INTERRUPT);

		if (!urb)
			return; /* again when the server has answered a cancellation */
		*urb = (struct usbip_urb){
			.kind = USBIP_URB_INTERRUPT,
			.in = true,
			.len = u->enumeration.pen.packet_max,
		};
		usbip_resubmit(u, urb);
	}
}

static void stream_off(struct usbip *u)
{
	u->streaming = false;
	for (size_t i = 0; i < ELEMENTSOF(u->urbs.urbs); i++) {
		struct usbip_urb *urb = &u->urbs.urbs[i];

		if (urb->kind == USBIP_URB_INTERRUPT && urb->state == USBIP_URB_FLYING)
			usbip_cancel(u, urb, false);
	}
}

static int submit_control(struct usbip *u, const struct usb_setup *setup, const uint8_t *data,
			  unsigned int timeout_ms, host_done done, void *userdata)
{
	struct usbip_urb *urb = usbip_urb_get(&u->urbs, USBIP_URB_CONTROL);

	if (!urb)
		return -EBUSY;
	*urb = (struct usbip_urb){
		.kind = USBIP_URB_CONTROL,
		.in = setup->request_type == MNPEN_REQTYPE_IN,
		.exact = setup->request_type == MNPEN_REQTYPE_IN,
		.len = setup->length,
		.deadline_usec = deadline_in(timeout_ms ? timeout_ms : HOST_CONTROL_TIMEOUT_MS),
		.done = done,
		.userdata = userdata,
	};
	return usbip_submit(u, urb, setup, data, false) < 0 ? -EBUSY : 0;
}

static int usbip_control(struct host *host, const struct host_control *control, host_done done,
			 void *userdata)
{
	struct usbip *u = usbip_of(host);
	struct usb_setup setup = {
		.request_type = control->in ? MNPEN_REQTYPE_IN : MNPEN_REQTYPE_OUT,
		.request = (uint8_t)control->request,
		.value = control->value,
		.index = MNPEN_IF_CONTROL,
		.length = control->len,
	};
	int r;

	if (u->state != USBIP_ONLINE)
		return -ENOTCONN;
	if (usbip_urb_ep0(&u->urbs))
		return -EBUSY;
	r = submit_control(u, &setup, control->data, control->timeout_ms, done, userdata);
	usbip_kick(u);
	return r;
}

/* The sample endpoint ceases with the alternate setting, so its transfers are cancelled as well,
 * as the kernel would. */
static int usbip_set_alt(struct host *host, uint8_t alt, unsigned int timeout_ms, host_done done,
			 void *userdata)
{
	struct usbip *u = usbip_of(host);
	struct usb_setup setup = {
		.request_type = REQTYPE_INTERFACE_OUT,
		.request = SET_INTERFACE,
		.value = alt,
		.index = MNPEN_IF_CONTROL,
	};
	struct usbip_urb *flying;
	struct usbip_urb cancelled = {0};
	int r;

	if (u->state != USBIP_ONLINE)
		return -ENOTCONN;
	flying = usbip_urb_ep0(&u->urbs);
	if (flying) {
		cancelled = *flying;
		usbip_cancel(u, flying, false);
	}
	stream_off(u);
	r = submit_control(u, &setup, NULL, timeout_ms, done, userdata);
	usbip_kick(u);
	if (cancelled.done)
		cancelled.done(cancelled.userdata, -ECANCELED, NULL, 0);
	return r;
}

static int usbip_stream(struct host *host, bool on)
{
	struct usbip *u = usbip_of(host);

	if (u->state != USBIP_ONLINE)
		return -ENOTCONN;
	if (on) {
		u->streaming = true;
		usbip_stream_fill(u);
	} else {
		stream_off(u);
	}
	usbip_kick(u);
	return 0;
}

/* A second STOP behind one that could not even be sent would change nothing. */
static bool stop_waits(const struct usbip *u)
{
	for (size_t i = 0; i < ELEMENTSOF(u->urbs.urbs); i++) {
		const struct usbip_urb *urb = &u->urbs.urbs[i];

		if (urb->kind == USBIP_URB_STOP && urb->state != USBIP_URB_FREE &&
		    usbip_tx_holds(&u->tx, urb->seqnum))
			return true;
	}
	return false;
}

static int usbip_stop(struct host *host, uint16_t reason, host_done done, void *userdata)
{
	struct usbip *u = usbip_of(host);
	struct usb_setup setup = {
		.request_type = MNPEN_REQTYPE_OUT,
		.request = MNPEN_REQ_STOP,
		.value = reason,
		.index = MNPEN_IF_CONTROL,
	};
	struct usbip_urb *flying, *stop;
	struct usbip_urb cancelled = {0};

	if (u->state != USBIP_ONLINE)
		return -ENOTCONN;
	flying = usbip_urb_ep0(&u->urbs);
	if (flying && flying->kind == USBIP_URB_STOP)
		return -EALREADY;
	stop = usbip_urb_get(&u->urbs, USBIP_URB_STOP);
	if (!stop || stop_waits(u))
		return -EAGAIN;
	*stop = (struct usbip_urb){
		.kind = USBIP_URB_STOP,
		.deadline_usec = deadline_in(HOST_CONTROL_TIMEOUT_MS),
		.done = done,
		.userdata = userdata,
	};
	if (usbip_submit(u, stop, &setup, NULL, true) < 0)
		return -EAGAIN;
	/* Queued after it, so that it stands before it: EP0 is free when STOP arrives. */
	if (flying) {
		cancelled = *flying;
		usbip_cancel(u, flying, true);
	}
	usbip_flush(u); /* even inside our own dispatch: now means now */
	if (flying)
		usbip_ended(u, &cancelled, now_usec(), -ENOENT, NULL, 0);
	begun(u, stop, NULL);
	usbip_kick(u);
	if (cancelled.done)
		cancelled.done(cancelled.userdata, -ECANCELED, NULL, 0);
	return 0;
}

static int usbip_reset(struct host *host)
{
	struct usbip *u = usbip_of(host);

	if (u->state != USBIP_ONLINE)
		return -ENOTCONN;
	u->was_reset = true;
	usbip_break(u, -ECONNRESET, "connection closed to reset the pen");
	usbip_close_socket(u);
	return 0;
}

static void usbip_free(struct host *host)
{
	usbip_release(usbip_of(host));
}

const struct host_ops usbip_ops = {
	.name = "usbip",
	.control = usbip_control,
	.set_alt = usbip_set_alt,
	.stream = usbip_stream,
	.stop = usbip_stop,
	.reset = usbip_reset,
	.free = usbip_free,
};
