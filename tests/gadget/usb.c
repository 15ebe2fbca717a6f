// SPDX-License-Identifier: GPL-2.0-only
/* Chapter 9: standard requests, answered out of the descriptors and the device's present setting.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/usb.h"

#define LANGUAGE_ENGLISH 0x0409
#define FEATURE_ENDPOINT_HALT 0
#define HUB_PORT_OUT 0x23
#define HUB_PORT_RESET 4
#define CONFIG_VALUE 1
#define CONFIG_ATTRIBUTES_OFFSET 7
#define CONFIG_SELF_POWERED 0x40
#define ENDPOINT_ATTRIBUTES_OFFSET 3
#define ENDPOINT_INTERVAL_OFFSET 6
#define TRANSFER_INTERRUPT 3
#define ENDPOINT_NUMBER_MASK 0x8f

struct usb_bytes usb_config(const struct usb_device *usb)
{
	return usb->function->config(usb->speed);
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

/* The descriptor of @endpoint if it is there in the present alt settings. */
static const uint8_t *find_endpoint(const struct usb_device *usb, uint8_t endpoint)
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

static bool is_ep0(uint8_t endpoint)
{
	return !(endpoint & ~USB_DIR_IN);
}

static bool endpoint_exists(const struct usb_device *usb, uint8_t endpoint)
{
	return is_ep0(endpoint) || find_endpoint(usb, endpoint);
}

static uint32_t halt_bit(uint8_t endpoint)
{
	return 1u << ((endpoint & 0x0f) + (endpoint & USB_DIR_IN ? 16 : 0));
}

static void clear_settings(struct usb_device *usb)
{
	memset(usb->alt, 0, sizeof(usb->alt));
	usb->halted = 0;
}

void usb_reset(struct usb_device *usb)
{
	usb->configuration = CONFIG_VALUE;
	clear_settings(usb);
}

void usb_bus(struct usb_device *usb, enum usb_bus_event event)
{
	usb->function->bus(usb, event);
	if (event == USB_BUS_RESET || event == USB_BUS_UNPLUG)
		usb_reset(usb);
}

static int reply(const struct usb_transfer *transfer, const void *data, size_t len)
{
	size_t n = MIN(len, transfer->setup.length);

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
	struct usb_bytes config = usb->function->config(other);
	int n = reply(transfer, config.data, config.len);

	if (n > 1)
		transfer->in[1] = USB_DT_OTHER_SPEED;
	return n;
}

static int get_descriptor(struct usb_device *usb, const struct usb_transfer *transfer)
{
	const struct usb_function *function = usb->function;
	uint8_t index = (uint8_t)transfer->setup.value;
	bool high = usb->speed == USB_SPEED_HIGH;
	struct usb_bytes bytes;

	switch (transfer->setup.value >> 8) {
	case USB_DT_DEVICE:
		bytes = function->device();
		break;
	case USB_DT_CONFIG:
		if (index)
			return -EPIPE;
		bytes = usb_config(usb);
		break;
	case USB_DT_STRING:
		return reply_string(usb, transfer);
	/* A full-speed pen knows one speed only and has nothing to qualify. */
	case USB_DT_QUALIFIER:
		if (!high)
			return -EPIPE;
		bytes = function->qualifier();
		break;
	case USB_DT_OTHER_SPEED:
		if (!high || index)
			return -EPIPE;
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
		if (!usb->configuration || setup->index > UINT8_MAX ||
		    !usb_find_interface(usb_config(usb), (uint8_t)setup->index, 0))
			return -EPIPE;
		break;
	case USB_RECIPIENT_ENDPOINT:
		if (setup->index & ~ENDPOINT_NUMBER_MASK ||
		    !endpoint_exists(usb, (uint8_t)setup->index))
			return -EPIPE;
		status[0] = !!(usb->halted & halt_bit((uint8_t)setup->index));
		break;
	default:
		return -EPIPE;
	}
	return reply(transfer, status, sizeof(status));
}

/* Endpoint halt is the only feature there is; no remote wakeup, no test modes. */
static int set_feature(struct usb_device *usb, const struct usb_setup *setup, bool set)
{
	uint8_t endpoint = (uint8_t)setup->index;

	if ((setup->type & USB_RECIPIENT_MASK) != USB_RECIPIENT_ENDPOINT || setup->length ||
	    setup->value != FEATURE_ENDPOINT_HALT || setup->index & ~ENDPOINT_NUMBER_MASK ||
	    !endpoint_exists(usb, endpoint))
		return -EPIPE;
	/* EP0 recovers from a STALL by itself. */
	if (is_ep0(endpoint))
		return 0;
	if (set)
		usb->halted |= halt_bit(endpoint);
	else
		usb->halted &= ~halt_bit(endpoint);
	return 0;
}

static int set_configuration(struct usb_device *usb, const struct usb_setup *setup)
{
	/* Before any check: the pen stops whatever the value. */
	usb->function->bus(usb, USB_BUS_CONFIGURATION);
	if (setup->value > CONFIG_VALUE || setup->index || setup->length)
		return -EPIPE;
	usb->configuration = (uint8_t)setup->value;
	clear_settings(usb);
	return 0;
}

static int get_interface(struct usb_device *usb, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;

	if (!usb->configuration || setup->value || setup->index >= USB_INTERFACES_MAX ||
	    !usb_find_interface(usb_config(usb), (uint8_t)setup->index, 0))
		return -EPIPE;
	return reply(transfer, &usb->alt[setup->index], 1);
}

/* A new setting starts with its endpoints as new. */
static void clear_halts(struct usb_device *usb, uint8_t interface)
{
	struct usb_bytes config = usb_config(usb);
	uint8_t owner = 0;

	for (size_t i = 0; i < config.len; i += config.data[i]) {
		const uint8_t *d = config.data + i;

		if (d[1] == USB_DT_INTERFACE)
			owner = d[2];
		else if (d[1] == USB_DT_ENDPOINT && owner == interface)
			usb->halted &= ~halt_bit(d[2]);
	}
}

static int set_interface(struct usb_device *usb, const struct usb_setup *setup)
{
	if (!setup->index)
		usb->function->bus(usb, USB_BUS_INTERFACE);
	if (!usb->configuration || setup->index >= USB_INTERFACES_MAX || setup->value > UINT8_MAX ||
	    setup->length ||
	    !usb_find_interface(usb_config(usb), (uint8_t)setup->index, (uint8_t)setup->value))
		return -EPIPE;
	usb->alt[setup->index] = (uint8_t)setup->value;
	clear_halts(usb, (uint8_t)setup->index);
	return 0;
}

static int standard_in(struct usb_device *usb, const struct usb_transfer *transfer)
{
	uint8_t recipient = transfer->setup.type & USB_RECIPIENT_MASK;
	struct usb_bytes descriptor;

	switch (transfer->setup.request) {
	case USB_GET_STATUS:
		return get_status(usb, transfer);
	case USB_GET_DESCRIPTOR:
		if (recipient == USB_RECIPIENT_DEVICE)
			return get_descriptor(usb, transfer);
		if (recipient == USB_RECIPIENT_INTERFACE &&
		    usb->function->descriptor(usb, &transfer->setup, &descriptor))
			return reply(transfer, descriptor.data, descriptor.len);
		return -EPIPE;
	case USB_GET_CONFIGURATION:
		if (recipient != USB_RECIPIENT_DEVICE)
			return -EPIPE;
		return reply(transfer, &usb->configuration, 1);
	case USB_GET_INTERFACE:
		if (recipient != USB_RECIPIENT_INTERFACE)
			return -EPIPE;
		return get_interface(usb, transfer);
	}
	return -EPIPE;
}

static int standard_out(struct usb_device *usb, const struct usb_setup *setup)
{
	uint8_t recipient = setup->type & USB_RECIPIENT_MASK;

	switch (setup->request) {
	case USB_CLEAR_FEATURE:
		return set_feature(usb, setup, false);
	case USB_SET_FEATURE:
		return set_feature(usb, setup, true);
	case USB_SET_ADDRESS: /* no USB/IP host sends it; there is nothing to do for it */
		return recipient == USB_RECIPIENT_DEVICE ? 0 : -EPIPE;
	case USB_SET_CONFIGURATION:
		return recipient == USB_RECIPIENT_DEVICE ? set_configuration(usb, setup) : -EPIPE;
	case USB_SET_INTERFACE:
		return recipient == USB_RECIPIENT_INTERFACE ? set_interface(usb, setup) : -EPIPE;
	}
	return -EPIPE;
}

int usb_control(struct usb_device *usb, const struct usb_transfer *transfer)
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

int usb_in(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size)
{
	if (!find_endpoint(usb, endpoint))
		return -EPROTO;
	if (usb->halted & halt_bit(endpoint))
		return -EPIPE;
	return usb->function->in(usb, endpoint, buf, size);
}

bool usb_in_ready(struct usb_device *usb, uint8_t endpoint)
{
	return !find_endpoint(usb, endpoint) || usb->halted & halt_bit(endpoint) ||
	       usb->function->ready(usb, endpoint);
}

uint32_t usb_interval_us(const struct usb_device *usb, uint8_t endpoint)
{
	const uint8_t *d = find_endpoint(usb, endpoint);

	if (!d || d[ENDPOINT_ATTRIBUTES_OFFSET] != TRANSFER_INTERRUPT)
		return 0;
	if (usb->speed == USB_SPEED_HIGH)
		return 125u << (d[ENDPOINT_INTERVAL_OFFSET] - 1);
	return d[ENDPOINT_INTERVAL_OFFSET] * 1000u;
}
