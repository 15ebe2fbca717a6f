// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of the bus and control requests. A request is read only when it can be carried out: the
 * kernel replaces one that nobody has read by the next, as a host expects of it that has given up.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/gadget/gadgetfs/gadgetfs_parts.h"

static struct usb_setup parse_setup(const uint8_t *p)
{
	return (struct usb_setup){
		.type = p[0],
		.request = p[1],
		.value = (uint16_t)(p[2] | p[3] << 8),
		.index = (uint16_t)(p[4] | p[5] << 8),
		.length = (uint16_t)(p[6] | p[7] << 8),
	};
}

static bool is_standard(const struct usb_setup *setup, uint8_t request)
{
	return !(setup->type & (USB_DIR_IN | USB_TYPE_MASK)) && setup->request == request;
}

static void bus(struct gadgetfs *gadgetfs, enum usb_bus_event event)
{
	gadgetfs->configured = false;
	pipes_close(gadgetfs, -1);
	usb_bus(gadgetfs->usb, event);
}

/* A new host, or the same after a reset that was over before we could read of it. */
static void on_connect(struct gadgetfs *gadgetfs, unsigned int speed)
{
	if (gadgetfs->connected)
		bus(gadgetfs, USB_BUS_RESET);
	gadgetfs->connected = true;
	gadgetfs->usb->speed = speed == USB_SPEED_HIGH ? USB_SPEED_HIGH : USB_SPEED_FULL;
	usb_bus(gadgetfs->usb, USB_BUS_ATTACH);
}

/* To GadgetFS a reset of the bus and a pulled plug are one. */
static void on_disconnect(struct gadgetfs *gadgetfs)
{
	if (gadgetfs->connected)
		bus(gadgetfs, USB_BUS_RESET);
	gadgetfs->connected = false;
}

/* What the new setting means for the endpoints; they are there before the host gets its answer. */
static void apply(struct gadgetfs *gadgetfs, const struct usb_setup *setup)
{
	if (gadgetfs->ep0.result < 0)
		return;
	if (is_standard(setup, USB_SET_CONFIGURATION)) {
		gadgetfs->configured = setup->value;
		pipes_close(gadgetfs, -1);
	} else if (is_standard(setup, USB_SET_INTERFACE)) {
		pipes_close(gadgetfs, setup->index);
	}
	pipes_sync(gadgetfs);
}

static void execute(struct gadgetfs *gadgetfs, const uint8_t *out, size_t out_len)
{
	struct ep0 *ep0 = &gadgetfs->ep0;
	struct usb_transfer transfer = {
		.setup = ep0->setup, .out = out, .out_len = out_len, .in = ep0->in};

	if ((transfer.setup.type & USB_RECIPIENT_MASK) == USB_RECIPIENT_ENDPOINT &&
	    transfer.setup.index <= UINT8_MAX)
		transfer.setup.index =
			endpoints_to_device(&gadgetfs->endpoints, (uint8_t)transfer.setup.index);
	ep0->result = usb_control(gadgetfs->usb, &transfer);
	apply(gadgetfs, &ep0->setup);
}

/* The host has given up, and the next request was there before we could know. */
static void replaced(struct gadgetfs *gadgetfs)
{
	struct ep0 *ep0 = &gadgetfs->ep0;

	ep0->phase = EP0_EVENTS;
	ep0_file_skip(ep0->fd, &ep0->orphan);
}

static int send_answer(const struct ep0 *ep0)
{
	if (ep0->setup.type & USB_DIR_IN)
		return ep0->result < 0 ? ep0_file_stall_in(ep0->fd)
				       : ep0_file_reply(ep0->fd, ep0->in, (size_t)ep0->result);
	/* SET_CONFIGURATION cannot be refused: the kernel has accepted it. */
	if (ep0->result < 0 && !is_standard(&ep0->setup, USB_SET_CONFIGURATION))
		return ep0_file_stall_out(ep0->fd);
	return ep0_file_ack(ep0->fd);
}

static void answer(struct gadgetfs *gadgetfs)
{
	struct ep0 *ep0 = &gadgetfs->ep0;
	int r = send_answer(ep0);

	ep0->phase = EP0_EVENTS;
	if (r == -EIDRM && ep0_file_replaced(ep0->fd))
		replaced(gadgetfs);
	/* The others say that the bus was reset or is gone, of which the next event tells. */
	else if (r < 0 && r != -EIDRM && r != -ESHUTDOWN && r != -ESRCH && r != -EINVAL)
		log_warning("an answer to the host was lost: %s", strerror(-r));
}

/* An OUT request with data: the kernel has acknowledged it, and it cannot be refused any more. */
static void take_data(struct gadgetfs *gadgetfs, int n)
{
	struct ep0 *ep0 = &gadgetfs->ep0;

	ep0->phase = EP0_EVENTS;
	if (n >= 0) {
		uint8_t data[EP0_DATA_MAX];

		memcpy(data, ep0->in, (size_t)n);
		execute(gadgetfs, data, (size_t)n);
	} else if (n == -EIDRM && ep0_file_replaced(ep0->fd)) {
		replaced(gadgetfs);
	}
}

static void adopt(struct gadgetfs *gadgetfs)
{
	struct ep0 *ep0 = &gadgetfs->ep0;
	struct ep0_orphan orphan = ep0->orphan;

	ep0->orphan.kind = EP0_ORPHAN_NONE;
	if (orphan.kind != EP0_ORPHAN_STALLED)
		execute(gadgetfs, orphan.data, orphan.len);
	ep0_file_leave(ep0->fd, &orphan);
}

static void on_setup(struct gadgetfs *gadgetfs, const uint8_t *bytes, uint64_t now_ns)
{
	struct ep0 *ep0 = &gadgetfs->ep0;
	uint32_t delay_ms;

	ep0->setup = parse_setup(bytes);
	ep0->setup.length = MIN(ep0->setup.length, (uint16_t)EP0_DATA_MAX);
	if (ep0->orphan.kind != EP0_ORPHAN_NONE) {
		adopt(gadgetfs);
		return;
	}
	if (!(ep0->setup.type & USB_DIR_IN) && ep0->setup.length) {
		ep0->phase = EP0_DATA;
		return;
	}
	delay_ms = usb_delay_ms(gadgetfs->usb, &ep0->setup);
	execute(gadgetfs, NULL, 0);
	ep0->phase = EP0_HELD;
	ep0->due_ns = now_ns + delay_ms * USEC_PER_MSEC * NSEC_PER_USEC;
}

/* Returns false when there is nothing more to read. */
static bool take_event(struct gadgetfs *gadgetfs, uint64_t now_ns)
{
	struct ep0_event event;
	int r = ep0_file_event(gadgetfs->ep0.fd, &event);

	if (r == -EIDRM)
		return true;
	if (r < 0) {
		if (r != -EAGAIN)
			log_warning("cannot read what the host does: %s", strerror(-r));
		return false;
	}
	if (event.kind == EP0_EVENT_CONNECT || event.kind == EP0_EVENT_DISCONNECT)
		gadgetfs->ep0.orphan.kind = EP0_ORPHAN_NONE;
	switch (event.kind) {
	case EP0_EVENT_NONE:
		break;
	case EP0_EVENT_CONNECT:
		on_connect(gadgetfs, event.speed);
		break;
	case EP0_EVENT_DISCONNECT:
		on_disconnect(gadgetfs);
		break;
	case EP0_EVENT_SUSPEND:
		usb_bus(gadgetfs->usb, USB_BUS_SUSPEND);
		break;
	case EP0_EVENT_SETUP:
		on_setup(gadgetfs, event.setup, now_ns);
		break;
	}
	return true;
}

static bool take_held(struct gadgetfs *gadgetfs, uint64_t now_ns)
{
	struct ep0 *ep0 = &gadgetfs->ep0;

	if (ep0->due_ns <= now_ns) {
		answer(gadgetfs);
		return true;
	}
	switch (ep0_file_gone(ep0->fd)) {
	case EP0_WAITS:
		return false;
	case EP0_GONE:
		ep0->phase = EP0_EVENTS;
		break;
	case EP0_REPLACED:
		replaced(gadgetfs);
		break;
	}
	return true;
}

/* Carries out one thing; false when there is nothing to be done. */
static bool step(struct gadgetfs *gadgetfs, uint64_t now_ns)
{
	struct ep0 *ep0 = &gadgetfs->ep0;
	int n;

	switch (ep0->phase) {
	case EP0_EVENTS:
		return take_event(gadgetfs, now_ns);
	case EP0_DATA:
		n = ep0_file_data(ep0->fd, ep0->in, ep0->setup.length);
		if (n == -EAGAIN)
			return false;
		take_data(gadgetfs, n);
		return true;
	case EP0_HELD:
		return take_held(gadgetfs, now_ns);
	}
	return false;
}

void ep0_run(struct gadgetfs *gadgetfs, uint64_t now_ns)
{
	while (gadgetfs->ep0.fd >= 0 && !usb_frozen(gadgetfs->usb) && step(gadgetfs, now_ns))
		;
}

uint64_t ep0_next_ns(const struct gadgetfs *gadgetfs)
{
	const struct ep0 *ep0 = &gadgetfs->ep0;

	if (ep0->fd < 0 || ep0->phase != EP0_HELD || usb_frozen(gadgetfs->usb))
		return USB_NEVER;
	return ep0->due_ns;
}
