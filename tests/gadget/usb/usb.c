// SPDX-License-Identifier: GPL-2.0-only
/* The device's settings and endpoints, and what a function leaves out. */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/usb/usb_parts.h"

#define CONFIG_VALUE_OFFSET 5
#define ENDPOINT_ATTRIBUTES_OFFSET 3
#define ENDPOINT_PACKET_OFFSET 4
#define ENDPOINT_INTERVAL_OFFSET 6
#define TRANSFER_INTERRUPT 3

struct usb_bytes usb_config(const struct usb_device *usb)
{
	return usb->function->config(usb, usb->speed);
}

const uint8_t *usb_find_interface(struct usb_bytes config, uint8_t interface, uint8_t alt)
{
	for (size_t i = 0; i < config.len; i += config.data[i]) {
		const uint8_t *d = config.data + i;

		if (d[1] == USB_DT_INTERFACE && d[2] == interface && d[3] == alt)
			return d;
	}
	return NULL;
}

const uint8_t *usb_find_endpoint(const struct usb_device *usb, uint8_t endpoint)
{
	struct usb_bytes config = usb_config(usb);
	bool selected = false;

	if (!usb->configuration)
		return NULL;
	for (size_t i = 0; i < config.len; i += config.data[i]) {
		const uint8_t *d = config.data + i;

		if (d[1] == USB_DT_INTERFACE)
			selected = usb->alt[d[2]] == d[3];
		else if (d[1] == USB_DT_ENDPOINT && d[2] == endpoint && selected)
			return d;
	}
	return NULL;
}

static uint32_t halt_bit(uint8_t endpoint)
{
	return 1u << ((endpoint & 0x0f) + (endpoint & USB_DIR_IN ? 16 : 0));
}

bool usb_halted(const struct usb_device *usb, uint8_t endpoint)
{
	return usb->halted & halt_bit(endpoint);
}

void usb_halt(struct usb_device *usb, uint8_t endpoint)
{
	usb->halted |= halt_bit(endpoint);
}

void usb_unhalt(struct usb_device *usb, uint8_t endpoint)
{
	usb->halted &= ~halt_bit(endpoint);
}

uint8_t usb_config_value(const struct usb_device *usb)
{
	return usb_config(usb).data[CONFIG_VALUE_OFFSET];
}

void usb_configure(struct usb_device *usb, uint8_t configuration)
{
	usb->configuration = configuration;
	memset(usb->alt, 0, sizeof(usb->alt));
	usb->halted = 0;
}

void usb_reset(struct usb_device *usb)
{
	usb_configure(usb, usb_config_value(usb));
}

void usb_select(struct usb_device *usb, uint8_t interface, uint8_t alt)
{
	struct usb_bytes config = usb_config(usb);
	uint8_t owner = 0;

	usb->alt[interface] = alt;
	for (size_t i = 0; i < config.len; i += config.data[i]) {
		const uint8_t *d = config.data + i;

		if (d[1] == USB_DT_INTERFACE)
			owner = d[2];
		else if (d[1] == USB_DT_ENDPOINT && owner == interface)
			usb_unhalt(usb, d[2]);
	}
}

void usb_bus(struct usb_device *usb, enum usb_bus_event event)
{
	usb->function->bus(usb, event);
	if (event == USB_BUS_RESET || event == USB_BUS_UNPLUG)
		usb_reset(usb);
}

int usb_in(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size)
{
	if (!usb_find_endpoint(usb, endpoint))
		return -EPROTO;
	if (usb_halted(usb, endpoint))
		return -EPIPE;
	return usb->function->in(usb, endpoint, buf, size);
}

int usb_out(struct usb_device *usb, uint8_t endpoint, const uint8_t *data, size_t len)
{
	if (!usb_find_endpoint(usb, endpoint))
		return -EPROTO;
	if (usb_halted(usb, endpoint))
		return -EPIPE;
	return usb->function->out ? usb->function->out(usb, endpoint, data, len) : -EPIPE;
}

uint64_t usb_in_ready_ns(struct usb_device *usb, uint8_t endpoint)
{
	if (!usb_find_endpoint(usb, endpoint) || usb_halted(usb, endpoint))
		return 0;
	return usb->function->ready_ns(usb, endpoint);
}

size_t usb_packet_size(const struct usb_device *usb, uint8_t endpoint)
{
	const uint8_t *d = usb_find_endpoint(usb, endpoint);

	/* Bits 11 and 12 are of endpoints with several packets a microframe. */
	return d ? (size_t)(d[ENDPOINT_PACKET_OFFSET] | (d[ENDPOINT_PACKET_OFFSET + 1] & 7) << 8)
		 : 0;
}

uint32_t usb_interval_us(const struct usb_device *usb, uint8_t endpoint)
{
	const uint8_t *d = usb_find_endpoint(usb, endpoint);

	if (!d || d[ENDPOINT_ATTRIBUTES_OFFSET] != TRANSFER_INTERRUPT)
		return 0;
	if (usb->speed == USB_SPEED_HIGH)
		return 125u << (d[ENDPOINT_INTERVAL_OFFSET] - 1);
	return d[ENDPOINT_INTERVAL_OFFSET] * 1000u;
}

uint64_t usb_duration_us(const struct usb_device *usb, uint8_t endpoint, size_t len)
{
	size_t packet = usb_packet_size(usb, endpoint);
	size_t packets = packet ? (len + packet - 1) / packet : 0;

	return usb_interval_us(usb, endpoint) * (uint64_t)MAX(packets, (size_t)1);
}

void usb_advance(struct usb_device *usb, uint64_t now_ns)
{
	if (usb->function->advance)
		usb->function->advance(usb, now_ns);
}

uint64_t usb_next_ns(struct usb_device *usb, uint64_t now_ns)
{
	return usb->function->next_ns ? usb->function->next_ns(usb, now_ns) : USB_NEVER;
}

uint32_t usb_delay_ms(struct usb_device *usb, const struct usb_setup *setup)
{
	return usb->function->delay_ms ? usb->function->delay_ms(usb, setup) : 0;
}

bool usb_frozen(struct usb_device *usb)
{
	return usb->function->frozen && usb->function->frozen(usb);
}

struct usb_device *usb_free(struct usb_device *usb)
{
	if (usb)
		usb->function->free(usb);
	return NULL;
}
