// SPDX-License-Identifier: GPL-2.0-only
#include "tests/gadget/replay/replay_usb.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/clock.h"
#include "tests/gadget/usb/identity.h"

#define UNANSWERED_MS 3600000 /* the host will have given up by then */

#define QUALIFIER_SIZE 10

/** struct replay_device - a replay with its plug */
struct replay_device {
	struct usb_device usb;
	struct replay replay;
	uint8_t qualifier[QUALIFIER_SIZE];
	char serial[MNPEN_SERIAL_MAX + 1];
};

static struct replay_device *device_of(struct usb_device *usb)
{
	return (struct replay_device *)(void *)((char *)usb - offsetof(struct replay_device, usb));
}

static const struct replay_device *const_device_of(const struct usb_device *usb)
{
	return (const struct replay_device *)(const void *)((const char *)usb -
							    offsetof(struct replay_device, usb));
}

static const struct recording *recording_of(const struct usb_device *usb)
{
	return const_device_of(usb)->replay.recording;
}

static struct usb_bytes function_device(const struct usb_device *usb)
{
	const struct recording *rec = recording_of(usb);

	return (struct usb_bytes){rec->device, sizeof(rec->device)};
}

static struct usb_bytes function_qualifier(const struct usb_device *usb)
{
	return (struct usb_bytes){const_device_of(usb)->qualifier, QUALIFIER_SIZE};
}

static struct usb_bytes function_config(const struct usb_device *usb, enum usb_speed speed)
{
	const struct recording *rec = recording_of(usb);

	return (struct usb_bytes){rec->config, rec->config_len};
}

static int function_request(struct usb_device *usb, const struct usb_transfer *transfer)
{
	return replay_request(&device_of(usb)->replay, &transfer->setup, transfer->out,
			      transfer->out_len, transfer->in);
}

static int function_in(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size)
{
	if (endpoint != recording_of(usb)->endpoint)
		return -EAGAIN;
	return replay_pop(&device_of(usb)->replay, buf, size);
}

static uint64_t function_ready_ns(struct usb_device *usb, uint8_t endpoint)
{
	const struct replay *replay = &device_of(usb)->replay;
	uint64_t next_us;

	if (endpoint != recording_of(usb)->endpoint)
		return USB_NEVER;
	if (replay->count)
		return 0;
	next_us = replay_next_us(replay);
	return next_us == UINT64_MAX || !replay->period_us ? USB_NEVER : next_us * NSEC_PER_USEC;
}

static void function_bus(struct usb_device *usb, enum usb_bus_event event)
{
	switch (event) {
	case USB_BUS_INTERFACE:
		replay_set_interface(&device_of(usb)->replay, false);
		return;
	case USB_BUS_RESET:
	case USB_BUS_SUSPEND:
	case USB_BUS_CONFIGURATION:
	case USB_BUS_UNPLUG:
		replay_set_interface(&device_of(usb)->replay, true);
		return;
	case USB_BUS_ATTACH:
		return;
	}
}

static bool function_descriptor(struct usb_device *usb, const struct usb_setup *setup,
				struct usb_bytes *ret)
{
	const struct recording *rec = recording_of(usb);

	for (size_t i = 0; i < rec->n; i++) {
		const struct recorded *entry = &rec->entries[i];

		if (!entry->request || !entry->answered || entry->status < 0 ||
		    entry->setup.type != setup->type || entry->setup.request != setup->request ||
		    entry->setup.value != setup->value || entry->setup.index != setup->index)
			continue;
		*ret = (struct usb_bytes){entry->data, entry->len};
		return true;
	}
	return false;
}

static void function_free(struct usb_device *usb)
{
	replay_done(&device_of(usb)->replay);
	free(device_of(usb));
}

static void function_advance(struct usb_device *usb, uint64_t now_ns)
{
	replay_advance(&device_of(usb)->replay, now_ns / NSEC_PER_USEC);
}

static uint32_t function_delay_ms(struct usb_device *usb, const struct usb_setup *setup)
{
	return replay_unanswered(&device_of(usb)->replay, setup) ? UNANSWERED_MS : 0;
}

static const struct usb_function replay_function = {
	.in_max = REPLAY_PACKET_MAX,
	.device = function_device,
	.qualifier = function_qualifier,
	.config = function_config,
	.request = function_request,
	.in = function_in,
	.ready_ns = function_ready_ns,
	.bus = function_bus,
	.descriptor = function_descriptor,
	.free = function_free,
	.advance = function_advance,
	.delay_ms = function_delay_ms,
};

struct replay *replay_from_usb(struct usb_device *usb)
{
	return usb->function == &replay_function ? &device_of(usb)->replay : NULL;
}

/* The class, subclass, protocol and EP0 size stand at the same places in both. */
static void make_qualifier(uint8_t qualifier[QUALIFIER_SIZE], const uint8_t *device)
{
	qualifier[0] = QUALIFIER_SIZE;
	qualifier[1] = USB_DT_QUALIFIER;
	memcpy(qualifier + 2, device + 2, 6);
	qualifier[8] = 1; /* configuration */
	qualifier[9] = 0;
}

static int make(struct usb_device **ret, const struct device_options *options, unsigned int number,
		const char *serial, uint64_t now_ns)
{
	struct replay_device *device = calloc(1, sizeof(*device));
	const struct recording *rec = options->recording;

	if (!device)
		return -ENOMEM;
	if (replay_init(&device->replay, rec, now_ns / NSEC_PER_USEC) < 0) {
		free(device);
		return -ENOMEM;
	}
	make_qualifier(device->qualifier, rec->device);
	snprintf(device->serial, sizeof(device->serial), "%s", serial);
	device->usb.function = &replay_function;
	device->usb.speed = options->speed;
	device->usb.strings[1] = rec->strings[1];
	device->usb.strings[2] = rec->strings[2];
	device->usb.strings[3] = device->serial;
	usb_reset(&device->usb);
	*ret = &device->usb;
	return 0;
}

const struct identity identity_replay = {"replay", make};
