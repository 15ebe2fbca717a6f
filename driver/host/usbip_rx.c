// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the server sends. It is not trusted: whatever is not an answer to something on the wire, or
 * longer than asked, or more frequent than the endpoint's interval can explain, ends the
 * connection.
 */
#include "driver/host/usbip_conn.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/clock.h"

/* A host that was late gets a full queue of the pen at once; beyond that, four times the rate that
 * the interval allows is no jitter. Without a bound, a server that answers at once would keep the
 * loop, whose first priority this is, from everything else. */
#define FLOOD_FACTOR 4
#define FLOOD_BURST (4 * MNPEN_QUEUE_SAMPLES)

static bool floods(struct usbip *u, uint64_t now)
{
	if (now - u->window_start_usec >= USEC_PER_SEC) {
		u->window_start_usec = now;
		u->window_packets = 0;
	}
	u->window_packets++;
	return u->window_packets > FLOOD_FACTOR * u->enumeration.packets_per_s + FLOOD_BURST;
}

static void interrupt_done(struct usbip *u, struct usbip_urb *urb, int32_t status,
			   const uint8_t *data, size_t len, uint64_t rx_usec)
{
	if (status != 0) {
		urb->state = USBIP_URB_FREE;
		usbip_break(u, status == -ESHUTDOWN || status == -ENODEV ? -ENODEV : -EIO,
			    "the sample endpoint failed with status %d", status);
		return;
	}
	if (floods(u, rx_usec)) {
		usbip_break(u, -EPROTO,
			    "%u packets within a second from an endpoint that is due %u times",
			    u->window_packets, u->enumeration.packets_per_s);
		return;
	}
	usbip_resubmit(u, urb);
	u->got_packets = true;
	u->host.callbacks->packet(&u->host, u->host.userdata, data, len, rx_usec);
}

void usbip_ended(struct usbip *u, const struct usbip_urb *urb, uint64_t usec, int status,
		 const uint8_t *data, size_t len)
{
	bool control = urb->kind != USBIP_URB_INTERRUPT;

	if (!u->host.tap)
		return;
	u->host.tap->completed(u->host.tap, &(struct host_transfer){
						    .id = urb->seqnum,
						    .usec = usec,
						    .control = control,
						    .endpoint = usbip_urb_endpoint(u, urb),
						    .setup = control ? urb->setup : NULL,
						    .status = status,
						    .len = (uint32_t)len,
						    .data = urb->in ? data : NULL,
						    .data_len = urb->in ? len : 0,
					    });
}

void usbip_finish(struct usbip_urb *urb, int result, const uint8_t *data, size_t len)
{
	host_done done = urb->done;

	/* The place first: done() may well make the next transfer. */
	urb->state = USBIP_URB_FREE;
	if (done)
		done(urb->userdata, result, data, len);
}

static int control_result(const struct usbip_urb *urb, int32_t status, size_t len)
{
	switch (status) {
	case 0:
		return urb->exact && len != urb->len ? -EPROTO : 0;
	case -EPIPE:
	case -ETIMEDOUT:
	case -ENODEV:
		return status;
	case -ESHUTDOWN:
		return -ENODEV;
	}
	return -EPROTO;
}

static void control_done(struct usbip_urb *urb, int32_t status, const uint8_t *data, size_t len)
{
	int result = control_result(urb, status, len);

	if (result == 0 && urb->in)
		usbip_finish(urb, 0, data, len);
	else
		usbip_finish(urb, result, NULL, 0);
}

/* Returns the bytes used; 0 when more are needed, or the connection broke. */
static size_t take_ret_submit(struct usbip *u, const struct usbip_reply *reply, const uint8_t *data,
			      size_t avail, uint64_t rx_usec)
{
	struct usbip_urb *urb = usbip_urb_by_seqnum(&u->urbs, reply->seqnum);
	size_t len;

	if (!urb || urb->state == USBIP_URB_RETURNED || usbip_tx_holds(&u->tx, reply->seqnum)) {
		usbip_break(u, -EPROTO, "the server answered request %u, which is not in flight",
			    reply->seqnum);
		return 0;
	}
	if (reply->actual_len > urb->len) {
		usbip_break(u, -EPROTO, "the server answered with %u bytes, %u were asked for",
			    reply->actual_len, urb->len);
		return 0;
	}
	len = urb->in ? reply->actual_len : 0;
	if (avail < len)
		return 0;

	switch (urb->state) {
	case USBIP_URB_FLYING:
		usbip_ended(u, urb, rx_usec, reply->status, data, reply->actual_len);
		if (urb->kind == USBIP_URB_INTERRUPT)
			interrupt_done(u, urb, reply->status, data, len, rx_usec);
		else
			control_done(urb, reply->status, data, len);
		break;
	case USBIP_URB_UNLINKING:
		urb->state = USBIP_URB_RETURNED;
		break;
	case USBIP_URB_LATE:
		urb->state = USBIP_URB_FREE;
		break;
	case USBIP_URB_FREE:
	case USBIP_URB_RETURNED:
		break; /* sorted out above */
	}
	return USBIP_HEADER_SIZE + len;
}

static size_t take_ret_unlink(struct usbip *u, const struct usbip_reply *reply)
{
	struct usbip_urb *urb = usbip_urb_by_unlink(&u->urbs, reply->seqnum);

	if (!urb || usbip_tx_holds(&u->tx, reply->seqnum)) {
		usbip_break(u, -EPROTO, "the server answered cancellation %u, which is not awaited",
			    reply->seqnum);
		return 0;
	}
	/* 0 says that the transfer had ended before: its own answer may still be on the way. */
	if (reply->status == 0 && urb->state == USBIP_URB_UNLINKING) {
		urb->state = USBIP_URB_LATE;
		urb->deadline_usec = now_usec() + HOST_SETUP_TIMEOUT_MS * USEC_PER_MSEC;
	} else {
		urb->state = USBIP_URB_FREE;
		usbip_stream_fill(u);
	}
	return USBIP_HEADER_SIZE;
}

static const char *import_refusal(int error)
{
	switch (-error) {
	case ENODEV:
		return "no such device at the server";
	case EBUSY:
		return "another host has it";
	case EIO:
		return "the server cannot give it out";
	case EOPNOTSUPP:
		return "neither a full nor a high speed device";
	}
	return "the server speaks something else than USB/IP 1.1.1";
}

static size_t take_import(struct usbip *u, const uint8_t *buf, size_t len)
{
	int r = usbip_import_decode(&u->import, buf, len, u->url.busid);

	if (r == -EAGAIN)
		return 0;
	if (r < 0) {
		usbip_break(u, r, "import of %s: %s", u->url.busid, import_refusal(r));
		return 0;
	}
	usbip_imported(u);
	return (size_t)r;
}

static size_t take_one(struct usbip *u, const uint8_t *buf, size_t len, uint64_t rx_usec)
{
	struct usbip_reply reply;

	if (u->state == USBIP_IMPORTING)
		return take_import(u, buf, len);
	if (len < USBIP_HEADER_SIZE)
		return 0;
	if (usbip_reply_decode(&reply, buf) < 0) {
		usbip_break(u, -EPROTO, "the server sent what is no answer of USB/IP");
		return 0;
	}
	if (reply.command == USBIP_RET_UNLINK)
		return take_ret_unlink(u, &reply);
	return take_ret_submit(u, &reply, buf + USBIP_HEADER_SIZE, len - USBIP_HEADER_SIZE,
			       rx_usec);
}

/* A callback may have reset the connection: then the rest of the bytes means nothing any more. */
static void take_all(struct usbip *u, uint64_t rx_usec)
{
	size_t at = 0;

	while (u->state != USBIP_BROKEN) {
		size_t used = take_one(u, u->rx + at, u->rx_len - at, rx_usec);

		if (used == 0)
			break;
		at += used;
	}
	u->rx_len -= at;
	memmove(u->rx, u->rx + at, u->rx_len);
}

void usbip_receive(struct usbip *u)
{
	size_t total = 0;

	while (u->state != USBIP_BROKEN && total < USBIP_RX_PER_WAKEUP) {
		size_t room = sizeof(u->rx) - u->rx_len;
		ssize_t r = recv(u->fd, u->rx + u->rx_len, room, MSG_DONTWAIT);

		if (r < 0) {
			if (errno != EAGAIN && errno != EINTR)
				usbip_break(u, -errno, "connection lost: %s", strerror(errno));
			break;
		}
		if (r == 0) {
			usbip_break(u, -ENODEV, "the server closed the connection");
			break;
		}
		u->rx_len += (size_t)r;
		total += (size_t)r;
		take_all(u, now_usec());
		if ((size_t)r < room)
			break;
	}
	/* Also when it broke behind the last good packet: what came is judged before it is lost. */
	if (u->got_packets && !u->was_reset)
		u->host.callbacks->drained(&u->host, u->host.userdata);
	u->got_packets = false;
}
