// SPDX-License-Identifier: GPL-2.0-only
/*
 * From nothing to online: connect, import, enumerate. Any step that fails breaks the connection.
 */
#include "driver/host/usbip_conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/clock.h"

static void set_phase(struct usbip *u, enum usbip_state state)
{
	u->state = state;
	u->phase_deadline_usec = now_usec() + HOST_SETUP_TIMEOUT_MS * USEC_PER_MSEC;
}

static int open_socket(struct usbip *u)
{
	const int one = 1;
	int r;

	u->fd = socket(u->url.address.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd < 0)
		return -errno;
	/* Without it a STOP behind an unacknowledged PDU waits for the peer's delayed ACK. */
	if (setsockopt(u->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0)
		return -errno;
	r = usbip_watch_socket(u);
	if (r < 0)
		return r;
	if (connect(u->fd, &u->url.address.sa, u->url.address_len) < 0 && errno != EINPROGRESS)
		return -errno;
	return 0;
}

void usbip_connect(struct usbip *u)
{
	int r;

	set_phase(u, USBIP_CONNECTING);
	u->rx_len = 0;
	r = open_socket(u);
	if (r < 0)
		usbip_break(u, r, "cannot connect: %s", strerror(-r));
}

void usbip_connected(struct usbip *u)
{
	struct usbip_pdu pdu = {.len = USBIP_REQ_IMPORT_SIZE};
	int error = 0;
	socklen_t len = sizeof(error);
	int r;

	if (getsockopt(u->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error) {
		usbip_break(u, -error, "cannot connect: %s", strerror(error));
		return;
	}
	set_phase(u, USBIP_IMPORTING);
	usbip_import_encode(pdu.bytes, u->url.busid);
	r = usbip_tx_put(&u->tx, &pdu);
	if (r < 0)
		usbip_break(u, r, "cannot queue the import: %s", strerror(-r));
}

static void go_online(struct usbip *u)
{
	u->state = USBIP_ONLINE;
	u->was_online = true;
	u->reported = 0;
	u->backoff_ms = USBIP_BACKOFF_MIN_MS;
	u->host.callbacks->online(&u->host, u->host.userdata, &u->enumeration.identity);
}

static void enumerate(struct usbip *u);

static void on_answer(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct usbip *u = userdata;
	struct usbip_enum *e = &u->enumeration;

	if (u->state != USBIP_ENUMERATING)
		return; /* taken down meanwhile; the cause is known */
	if (result < 0) {
		usbip_break(u, result == -EPIPE ? -EPROTO : result, "asked for %s: %s",
			    usbip_enum_step_name(e->step),
			    result == -EPIPE ? "refused" : strerror(-result));
		return;
	}
	if (len > 0)
		host_keep_descriptor(&u->host, u->asked, data, len);
	switch (usbip_enum_answer(e, data, len)) {
	case USBIP_ENUM_MORE:
		enumerate(u);
		return;
	case USBIP_ENUM_DONE:
		go_online(u);
		return;
	case USBIP_ENUM_REFUSED:
		usbip_break(u, -EPROTO, "device %04x:%04x is no pen: %s", e->identity.vendor_id,
			    e->identity.product_id, e->why);
		return;
	}
}

static void enumerate(struct usbip *u)
{
	struct usbip_urb *urb = usbip_urb_get(&u->urbs, USBIP_URB_SETUP);
	struct usb_setup setup;
	int r = -ENOBUFS;

	usbip_enum_request(&u->enumeration, &setup);
	if (urb) {
		*urb = (struct usbip_urb){
			.kind = USBIP_URB_SETUP,
			.in = setup.length > 0,
			.len = setup.length,
			.deadline_usec = now_usec() + HOST_SETUP_TIMEOUT_MS * USEC_PER_MSEC,
			.done = on_answer,
			.userdata = u,
		};
		r = usbip_submit(u, urb, &setup, NULL, false);
		memcpy(u->asked, urb->setup, sizeof(u->asked));
	}
	if (r < 0)
		usbip_break(u, r, "cannot ask for %s: %s",
			    usbip_enum_step_name(u->enumeration.step), strerror(-r));
	else
		usbip_begun(u, urb, NULL);
}

static unsigned int usbip_speed_mbit(enum usbip_speed speed)
{
	switch (speed) {
	case USBIP_SPEED_FULL:
		return 12;
	case USBIP_SPEED_HIGH:
		return 480;
	}
	return 0;
}

void usbip_imported(struct usbip *u)
{
	u->state = USBIP_ENUMERATING;
	host_forget_descriptors(&u->host);
	u->host.speed_mbit = usbip_speed_mbit(u->import.speed);
	usbip_enum_begin(&u->enumeration, u->import.speed);
	enumerate(u);
}
