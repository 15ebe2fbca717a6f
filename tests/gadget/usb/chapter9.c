// SPDX-License-Identifier: GPL-2.0-only
/*
 * Standard requests, answered out of the descriptors and the device's present setting (USB 2.0,
 * chapter 9). Where the document leaves open what a device does, it refuses: a host that a virtual
 * device lets pass would fail with some real one.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/usb/usb_parts.h"

#define LANGUAGE_ENGLISH 0x0409
#define FEATURE_ENDPOINT_HALT 0
#define HUB_PORT_OUT 0x23
#define HUB_PORT_RESET 4
#define CONFIG_ATTRIBUTES_OFFSET 7
#define CONFIG_SELF_POWERED 0x40
#define ENDPOINT_NUMBER_MASK 0x8f
#define ADDRESS_MAX 127

static bool is_ep0(uint8_t endpoint)
{
	return !(endpoint & ~USB_DIR_IN);
}

/* wIndex names an endpoint of the present setting, or EP0. */
static bool endpoint_exists(const struct usb_device *usb, uint16_t index)
{
	if (index & ~ENDPOINT_NUMBER_MASK)
		return false;
	return is_ep0((uint8_t)index) || usb_find_endpoint(usb, (uint8_t)index);
}

/* wIndex names an interface, wValue a setting of it; without a configuration there is none. */
static bool setting_exists(const struct usb_device *usb, uint16_t index, uint16_t value)
{
	return usb->configuration && index < USB_INTERFACES_MAX && value <= UINT8_MAX &&
	       usb_find_interface(usb_config(usb), (uint8_t)index, (uint8_t)value);
}

static int reply(const struct usb_transfer *transfer, const void *data, size_t len)
{
	size_t n = MIN(len, transfer->setup.length);

	if (n)
		memcpy(transfer->in, data, n);
	return (int)n;
}

static int reply_string(const struct usb_device *usb, const struct usb_transfer *transfer)
{
	uint8_t index = (uint8_t)transfer->setup.value;
	uint8_t buf[2 + 2 * 126] = {2, USB_DT_STRING};
	const char *text;

	if (!index) {
		const uint8_t languages[] = {4, USB_DT_STRING, LANGUAGE_ENGLISH & 0xff,
					     LANGUAGE_ENGLISH >> 8};
		return reply(transfer, languages, sizeof(languages));
	}
	if (index >= ELEMENTSOF(usb->strings) || !usb->strings[index])
		return -EPIPE;
	if (transfer->setup.index && transfer->setup.index != LANGUAGE_ENGLISH)
		return -EPIPE;
	for (text = usb->strings[index]; *text && buf[0] < sizeof(buf) - 1; text++) {
		buf[buf[0]] = (uint8_t)*text; /* ASCII in UTF-16LE; the high byte is 0 */
		buf[0] = (uint8_t)(buf[0] + 2);
	}
	return reply(transfer, buf, buf[0]);
}

static int reply_other_speed(const struct usb_device *usb, const struct usb_transfer *transfer)
{
	enum usb_speed other = usb->speed == USB_SPEED_HIGH ? USB_SPEED_FULL : USB_SPEED_HIGH;
	struct usb_bytes config = usb->function->config(usb, other);
	int n = reply(transfer, config.data, config.len);

	if (n > 1)
		transfer->in[1] = USB_DT_OTHER_SPEED;
	return n;
}

static int get_descriptor(struct usb_device *usb, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;
	struct usb_bytes bytes;
	uint8_t type = (uint8_t)(setup->value >> 8);
	bool high = usb->speed == USB_SPEED_HIGH;

	if (type == USB_DT_STRING)
		return reply_string(usb, transfer);
	/* There is one of each kind, in no language. */
	if (setup->value & 0xff || setup->index)
		return -EPIPE;
	/* A device that runs at full speed is one that knows no other: nothing to qualify. */
	if ((type == USB_DT_QUALIFIER || type == USB_DT_OTHER_SPEED) && !high)
		return -EPIPE;
	switch (type) {
	case USB_DT_DEVICE:
		bytes = usb->function->device(usb);
		break;
	case USB_DT_CONFIG:
		bytes = usb_config(usb);
		break;
	case USB_DT_QUALIFIER:
		bytes = usb->function->qualifier(usb);
		break;
	case USB_DT_OTHER_SPEED:
		return reply_other_speed(usb, transfer);
	default:
		return -EPIPE;
	}
	return reply(transfer, bytes.data, bytes.len);
}

static int get_status(struct usb_device *usb, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;
	uint8_t status[2] = {0, 0};

	if (setup->value)
		return -EPIPE;
	switch (setup->type & USB_RECIPIENT_MASK) {
	case USB_RECIPIENT_DEVICE:
		if (setup->index)
			return -EPIPE;
		status[0] =
			!!(usb_config(usb).data[CONFIG_ATTRIBUTES_OFFSET] & CONFIG_SELF_POWERED);
		break;
	case USB_RECIPIENT_INTERFACE:
		if (!setting_exists(usb, setup->index, 0))
			return -EPIPE;
		break;
	case USB_RECIPIENT_ENDPOINT:
		if (!endpoint_exists(usb, setup->index))
			return -EPIPE;
		status[0] = usb_halted(usb, (uint8_t)setup->index);
		break;
	default:
		return -EPIPE;
	}
	return reply(transfer, status, sizeof(status));
}

/* Endpoint halt is the only feature there is: no remote wakeup, no test modes. */
static int set_feature(struct usb_device *usb, const struct usb_setup *setup, bool set)
{
	uint8_t endpoint = (uint8_t)setup->index;

	if (setup->length || setup->value != FEATURE_ENDPOINT_HALT ||
	    !endpoint_exists(usb, setup->index))
		return -EPIPE;
	/* EP0 cannot be halted, it recovers from each STALL by itself; so it never is. */
	if (is_ep0(endpoint))
		return set ? -EPIPE : 0;
	if (set)
		usb_halt(usb, endpoint);
	else
		usb_unhalt(usb, endpoint);
	return 0;
}

/* No USB/IP host sends it, and nothing depends on the address: its own server has given it one. */
static int set_address(const struct usb_setup *setup)
{
	return setup->value > ADDRESS_MAX || setup->index || setup->length ? -EPIPE : 0;
}

static int get_configuration(const struct usb_device *usb, const struct usb_transfer *transfer)
{
	if (transfer->setup.value || transfer->setup.index)
		return -EPIPE;
	return reply(transfer, &usb->configuration, 1);
}

static int set_configuration(struct usb_device *usb, const struct usb_setup *setup)
{
	/* Before any check: a pen stops whatever the value. */
	usb->function->bus(usb, USB_BUS_CONFIGURATION);
	if ((setup->value && setup->value != usb_config_value(usb)) || setup->index ||
	    setup->length)
		return -EPIPE;
	usb_configure(usb, (uint8_t)setup->value);
	return 0;
}

static int get_interface(struct usb_device *usb, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;

	if (setup->value || !setting_exists(usb, setup->index, 0))
		return -EPIPE;
	return reply(transfer, &usb->alt[setup->index], 1);
}

static int set_interface(struct usb_device *usb, const struct usb_setup *setup)
{
	if (!setup->index)
		usb->function->bus(usb, USB_BUS_INTERFACE);
	if (setup->length || !setting_exists(usb, setup->index, setup->value))
		return -EPIPE;
	usb_select(usb, (uint8_t)setup->index, (uint8_t)setup->value);
	return 0;
}

static int get_interface_descriptor(struct usb_device *usb, const struct usb_transfer *transfer)
{
	struct usb_bytes descriptor;

	if (!setting_exists(usb, transfer->setup.index, 0) ||
	    !usb->function->descriptor(usb, &transfer->setup, &descriptor))
		return -EPIPE;
	return reply(transfer, descriptor.data, descriptor.len);
}

/* SYNCH_FRAME is for isochronous endpoints, SET_DESCRIPTOR for devices that can be rewritten. */
static int standard_in(struct usb_device *usb, const struct usb_transfer *transfer)
{
	switch (transfer->setup.request << 8 | (transfer->setup.type & USB_RECIPIENT_MASK)) {
	case USB_GET_STATUS << 8 | USB_RECIPIENT_DEVICE:
	case USB_GET_STATUS << 8 | USB_RECIPIENT_INTERFACE:
	case USB_GET_STATUS << 8 | USB_RECIPIENT_ENDPOINT:
		return get_status(usb, transfer);
	case USB_GET_DESCRIPTOR << 8 | USB_RECIPIENT_DEVICE:
		return get_descriptor(usb, transfer);
	case USB_GET_DESCRIPTOR << 8 | USB_RECIPIENT_INTERFACE:
		return get_interface_descriptor(usb, transfer);
	case USB_GET_CONFIGURATION << 8 | USB_RECIPIENT_DEVICE:
		return get_configuration(usb, transfer);
	case USB_GET_INTERFACE << 8 | USB_RECIPIENT_INTERFACE:
		return get_interface(usb, transfer);
	}
	return -EPIPE;
}

static int standard_out(struct usb_device *usb, const struct usb_setup *setup)
{
	switch (setup->request << 8 | (setup->type & USB_RECIPIENT_MASK)) {
	case USB_CLEAR_FEATURE << 8 | USB_RECIPIENT_ENDPOINT:
		return set_feature(usb, setup, false);
	case USB_SET_FEATURE << 8 | USB_RECIPIENT_ENDPOINT:
		return set_feature(usb, setup, true);
	case USB_SET_ADDRESS << 8 | USB_RECIPIENT_DEVICE:
		return set_address(setup);
	case USB_SET_CONFIGURATION << 8 | USB_RECIPIENT_DEVICE:
		return set_configuration(usb, setup);
	case USB_SET_INTERFACE << 8 | USB_RECIPIENT_INTERFACE:
		return set_interface(usb, setup);
	}
	return -EPIPE;
}

static int control(struct usb_device *usb, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;

	/* What a USB/IP host sends for a reset of the port: meant for a hub, which we play too. */
	if (setup->type == HUB_PORT_OUT && setup->request == USB_SET_FEATURE &&
	    setup->value == HUB_PORT_RESET) {
		usb_bus(usb, USB_BUS_RESET);
		return 0;
	}
	if ((setup->type & USB_TYPE_MASK) != USB_TYPE_STANDARD)
		return usb->function->request(usb, transfer);
	if (setup->type & USB_DIR_IN)
		return standard_in(usb, transfer);
	return standard_out(usb, setup);
}

int usb_control(struct usb_device *usb, const struct usb_transfer *transfer)
{
	int r = control(usb, transfer);

	if (usb->function->seen)
		usb->function->seen(usb, &transfer->setup, r);
	return r;
}
