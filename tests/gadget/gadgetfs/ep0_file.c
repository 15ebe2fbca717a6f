// SPDX-License-Identifier: GPL-2.0-only
/*
 * A read in the direction of the data stage fetches data, or is the ACK when it asks for none; one
 * against it is a STALL. EL2HLT says that it was one.
 */
#include <errno.h>
#include <linux/usb/gadgetfs.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/gadget/gadgetfs/ep0_file.h"

/* Data on its way when the request is found; a real controller takes some microframes for it. */
#define DATA_WAIT_MS 2

/* POLLHUP once for a request that was given up, POLLIN for events, POLLOUT for a request that can
 * be stalled, which one with data cannot. */
static short ask(int fd)
{
	struct pollfd poller = {.fd = fd, .events = POLLIN | POLLOUT};

	return poll(&poller, 1, 0) > 0 ? poller.revents : 0;
}

int ep0_file_event(int fd, struct ep0_event *ret)
{
	struct usb_gadgetfs_event event;
	struct ep0_event result = {0};
	ssize_t n = read(fd, &event, sizeof(event));

	if (n < 0)
		return -errno;
	if (n != sizeof(event))
		return -EIO;
	switch (event.type) {
	case GADGETFS_NOP:
		break;
	case GADGETFS_CONNECT:
		result.kind = EP0_EVENT_CONNECT;
		result.speed = event.u.speed;
		break;
	case GADGETFS_DISCONNECT:
		result.kind = EP0_EVENT_DISCONNECT;
		break;
	case GADGETFS_SUSPEND:
		result.kind = EP0_EVENT_SUSPEND;
		break;
	case GADGETFS_SETUP:
		result.kind = EP0_EVENT_SETUP;
		_Static_assert(sizeof(event.u.setup) == sizeof(result.setup), "a setup packet");
		memcpy(result.setup, &event.u.setup, sizeof(result.setup));
		break;
	}
	*ret = result;
	return 0;
}

int ep0_file_data(int fd, uint8_t *buf, size_t size)
{
	short events = ask(fd);
	ssize_t n;

	/* What would be read now are events: nothing of this request is left. */
	if (events & (POLLHUP | POLLIN))
		return events & POLLHUP ? -EIDRM : -ECANCELED;
	n = read(fd, buf, size);
	return n < 0 ? -errno : (int)n;
}

int ep0_file_reply(int fd, const uint8_t *data, size_t len)
{
	return write(fd, data, len) < 0 ? -errno : 0;
}

int ep0_file_ack(int fd)
{
	uint8_t none;

	return read(fd, &none, 0) < 0 ? -errno : 0;
}

int ep0_file_stall_in(int fd)
{
	uint8_t none;

	return read(fd, &none, 1) < 0 && errno != EL2HLT ? -errno : 0;
}

int ep0_file_stall_out(int fd)
{
	const uint8_t none = 0;

	return write(fd, &none, 1) < 0 && errno != EL2HLT ? -errno : 0;
}

enum ep0_gone ep0_file_gone(int fd)
{
	if (!(ask(fd) & POLLHUP))
		return EP0_WAITS;
	return ep0_file_replaced(fd) ? EP0_REPLACED : EP0_GONE;
}

bool ep0_file_replaced(int fd)
{
	return !(ask(fd) & POLLIN);
}

void ep0_file_skip(int fd, struct ep0_orphan *ret)
{
	ssize_t n;

	*ret = (struct ep0_orphan){.kind = EP0_ORPHAN_ACKED};
	if (ask(fd) & POLLOUT) {
		n = read(fd, ret->data, 1);
		if (n < 0 && errno == EL2HLT) {
			ret->kind = EP0_ORPHAN_STALLED;
			return;
		}
	} else {
		n = read(fd, ret->data, sizeof(ret->data));
		if (n < 0 && errno == EAGAIN) {
			poll(NULL, 0, DATA_WAIT_MS);
			n = read(fd, ret->data, sizeof(ret->data));
		}
	}
	if (n >= 0) {
		ret->kind = EP0_ORPHAN_DATA;
		ret->len = (size_t)n;
		return;
	}
	ep0_file_ack(fd);
}

void ep0_file_leave(int fd, const struct ep0_orphan *orphan)
{
	if (orphan->kind == EP0_ORPHAN_STALLED)
		ep0_file_stall_in(fd);
	else
		ep0_file_ack(fd);
}
