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

void usbip_begun(struct usbip *u, const struct usbip_urb *urb, const uint8_t *data)
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
	return r;
}

void usbip_cancel(struct usbip *u, struct usbip_urb *urb, bool first)
{
	struct usbip_pdu pdu = {.len = USBIP_HEADER_SIZE};
	int r;

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
	else
		usbip_begun(u, urb, NULL);
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

/* Transfers that were taken back, of which the tap hears when what took their place is out. There
 * is room for all that ever fly: the stream's, and EP0's. */
struct taken_back {
	struct usbip_urb urbs[HOST_INTERRUPT_URBS + 1];
	size_t n;
};

static void take_back(struct usbip *u, struct usbip_urb *urb, bool first, struct taken_back *taken)
{
	if (taken->n < ELEMENTSOF(taken->urbs))
		taken->urbs[taken->n++] = *urb;
	usbip_cancel(u, urb, first);
}

static void tell_taken_back(struct usbip *u, const struct taken_back *taken)
{
	uint64_t now = now_usec();

	for (size_t i = 0; i < taken->n; i++)
		usbip_ended(u, &taken->urbs[i], now, -ENOENT, NULL, 0);
}

static void stream_off(struct usbip *u, struct taken_back *taken)
{
	u->streaming = false;
	for (size_t i = 0; i < ELEMENTSOF(u->urbs.urbs); i++) {
		struct usbip_urb *urb = &u->urbs.urbs[i];

		if (urb->kind == USBIP_URB_INTERRUPT && urb->state == USBIP_URB_FLYING)
			take_back(u, urb, false, taken);
	}
}

/* NULL when it could not be queued. */
static struct usbip_urb *submit_control(struct usbip *u, const struct usb_setup *setup,
					const uint8_t *data, unsigned int timeout_ms,
					host_done done, void *userdata)
{
	struct usbip_urb *urb = usbip_urb_get(&u->urbs, USBIP_URB_CONTROL);

	if (!urb)
		return NULL;
	*urb = (struct usbip_urb){
		.kind = USBIP_URB_CONTROL,
		.in = setup->request_type == MNPEN_REQTYPE_IN,
		.exact = setup->request_type == MNPEN_REQTYPE_IN,
		.len = setup->length,
		.deadline_usec = deadline_in(timeout_ms ? timeout_ms : HOST_CONTROL_TIMEOUT_MS),
		.done = done,
		.userdata = userdata,
	};
	return usbip_submit(u, urb, setup, data, false) < 0 ? NULL : urb;
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
	struct usbip_urb *urb;

	if (u->state != USBIP_ONLINE)
		return -ENOTCONN;
	if (usbip_urb_ep0(&u->urbs))
		return -EBUSY;
	urb = submit_control(u, &setup, control->data, control->timeout_ms, done, userdata);
	if (!urb)
		return -EBUSY;
	usbip_kick(u);
	usbip_begun(u, urb, control->in ? NULL : control->data);
	return 0;
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
	struct usbip_urb *flying, *urb;
	struct usbip_urb cancelled = {0};
	struct taken_back taken = {0};

	if (u->state != USBIP_ONLINE)
		return -ENOTCONN;
	flying = usbip_urb_ep0(&u->urbs);
	if (flying) {
		cancelled = *flying;
		take_back(u, flying, false, &taken);
	}
	stream_off(u, &taken);
	urb = submit_control(u, &setup, NULL, timeout_ms, done, userdata);
	usbip_flush(u); /* even inside our own dispatch: setting 0 stops the pen */
	tell_taken_back(u, &taken);
	if (urb)
		usbip_begun(u, urb, NULL);
	usbip_kick(u);
	if (cancelled.done)
		cancelled.done(cancelled.userdata, -ECANCELED, NULL, 0);
	return urb ? 0 : -EBUSY;
}

static int usbip_stream(struct host *host, bool on)
{
	struct usbip *u = usbip_of(host);
	struct taken_back taken = {0};

	if (u->state != USBIP_ONLINE)
		return -ENOTCONN;
	if (on) {
		u->streaming = true;
		usbip_stream_fill(u);
	} else {
		stream_off(u, &taken);
	}
	usbip_kick(u);
	tell_taken_back(u, &taken);
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

/* The UNLINKs of EP0 that still wait, of requests whose time was over, go before a STOP: behind it
 * they would find it queued at the server after the request that they take out. All goes out in one
 * send, or waits for the same room. */
static void advance_unlinks(struct usbip *u)
{
	for (size_t i = 0; i < ELEMENTSOF(u->urbs.urbs); i++) {
		const struct usbip_urb *urb = &u->urbs.urbs[i];

		if (urb->kind != USBIP_URB_INTERRUPT && urb->state == USBIP_URB_UNLINKING)
			usbip_tx_advance(&u->tx, urb->unlink_seqnum);
	}
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
	struct taken_back taken = {0};

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
		take_back(u, flying, true, &taken);
	}
	advance_unlinks(u);
	usbip_flush(u); /* even inside our own dispatch: now means now */
	tell_taken_back(u, &taken);
	usbip_begun(u, stop, NULL);
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
