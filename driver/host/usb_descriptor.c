// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/usb_descriptor.h"

#include <errno.h>

#include "driver/proto/proto.h"

#define USB_INTERFACE_SIZE 9
#define USB_ENDPOINT_SIZE 7
#define USB_ENDPOINT_IN 0x80
#define USB_ENDPOINT_TYPE_MASK 0x03
#define USB_ENDPOINT_INTERRUPT 0x03
#define USB_PACKET_SIZE_MASK 0x07ff

static uint16_t get16_le(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

int usb_device_parse(struct usb_device_info *ret, const uint8_t *buf, size_t len)
{
	if (len != USB_DEVICE_SIZE || buf[0] != USB_DEVICE_SIZE || buf[1] != USB_DT_DEVICE)
		return -EPROTO;
	*ret = (struct usb_device_info){
		.vendor_id = get16_le(buf + 8),
		.product_id = get16_le(buf + 10),
		.i_manufacturer = buf[14],
		.i_product = buf[15],
		.i_serial = buf[16],
	};
	return 0;
}

int usb_config_total(uint16_t *ret, const uint8_t *buf, size_t len)
{
	uint16_t total;

	if (len < USB_CONFIG_SIZE || buf[0] != USB_CONFIG_SIZE || buf[1] != USB_DT_CONFIG)
		return -EPROTO;
	total = get16_le(buf + 2);
	if (total < USB_CONFIG_SIZE || total > USB_CONFIG_TOTAL_MAX)
		return -EPROTO;
	*ret = total;
	return 0;
}

/* What the walk over a configuration has seen so far. */
struct walk {
	struct usb_pen_interface pen;
	bool in_work_alt; /* the descriptors at hand belong to interface 0, alt 1 */
	bool rest_found;
	bool work_found;
	bool endpoint_found;
};

static int walk_interface(struct walk *walk, const uint8_t *d, uint8_t len)
{
	walk->in_work_alt = false;
	if (len < USB_INTERFACE_SIZE)
		return -EPROTO;
	if (d[2] != MNPEN_IF_CONTROL)
		return 0;
	if (d[5] != MNPEN_IF_CLASS || d[6] != MNPEN_IF_SUBCLASS || d[7] != MNPEN_IF_PROTOCOL)
		return -EPROTO;
	if (d[3] == MNPEN_ALT_REST)
		walk->rest_found = true;
	if (d[3] == MNPEN_ALT_WORK)
		walk->work_found = walk->in_work_alt = true;
	return 0;
}

static int walk_endpoint(struct walk *walk, const uint8_t *d, uint8_t len)
{
	uint16_t packet_max;

	if (len < USB_ENDPOINT_SIZE)
		return -EPROTO;
	if (!walk->in_work_alt || walk->endpoint_found || !(d[2] & USB_ENDPOINT_IN) ||
	    (d[3] & USB_ENDPOINT_TYPE_MASK) != USB_ENDPOINT_INTERRUPT)
		return 0;
	packet_max = get16_le(d + 4) & USB_PACKET_SIZE_MASK;
	if (packet_max < MNPEN_SAMPLE_SIZE)
		return 0;
	/* Endpoint 0 is control only, and an endpoint that is never due gives no samples. */
	if ((d[2] & 0x0f) == 0 || packet_max > USB_PACKET_MAX || d[6] == 0)
		return -EPROTO;
	walk->pen.endpoint = d[2];
	walk->pen.packet_max = packet_max;
	walk->pen.interval = d[6];
	walk->endpoint_found = true;
	return 0;
}

int usb_config_find_pen(struct usb_pen_interface *ret, const uint8_t *buf, size_t len)
{
	struct walk walk = {0};
	uint16_t total;

	if (usb_config_total(&total, buf, len) < 0 || total != len || buf[5] == 0)
		return -EPROTO;
	walk.pen.configuration = buf[5];
	for (size_t at = USB_CONFIG_SIZE; at < len;) {
		const uint8_t *d = buf + at;
		uint8_t size = d[0];
		int r = 0;

		if (size < 2 || size > len - at)
			return -EPROTO;
		if (d[1] == USB_DT_INTERFACE)
			r = walk_interface(&walk, d, size);
		else if (d[1] == USB_DT_ENDPOINT)
			r = walk_endpoint(&walk, d, size);
		if (r < 0)
			return r;
		at += size;
	}
	if (!walk.rest_found || !walk.work_found || !walk.endpoint_found)
		return -EPROTO;
	*ret = walk.pen;
	return 0;
}

/* How many UTF-16 units there are, or -EPROTO. */
static int string_units(const uint8_t *buf, size_t len)
{
	if (len < 2 || buf[0] < 2 || buf[0] > len || buf[0] % 2 != 0 || buf[1] != USB_DT_STRING)
		return -EPROTO;
	return (buf[0] - 2) / 2;
}

int usb_string_langid(uint16_t *ret, const uint8_t *buf, size_t len)
{
	int units = string_units(buf, len);

	if (units < 1)
		return -EPROTO;
	*ret = get16_le(buf + 2);
	return 0;
}

int usb_string_ascii(char *ret, size_t size, const uint8_t *buf, size_t len, bool strict)
{
	int r = string_units(buf, len);
	char text[128]; /* at most 126 units fit the one-byte length */
	size_t units;

	if (r < 0 || size == 0)
		return -EPROTO;
	units = (size_t)r;
	if (units >= size) {
		if (strict)
			return -EPROTO;
		units = size - 1;
	}
	for (size_t i = 0; i < units; i++) {
		uint16_t unit = get16_le(buf + 2 + 2 * i);
		bool printable = unit >= 0x20 && unit <= 0x7e;

		if (!printable && strict)
			return -EPROTO;
		text[i] = printable ? (char)unit : '?';
	}
	for (size_t i = 0; i < units; i++)
		ret[i] = text[i];
	ret[units] = '\0';
	return 0;
}
