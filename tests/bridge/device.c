// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bridge/device.h"

/* Its names are macros of the kernel's header, which must come after it. */
#include "driver/host/usb_descriptor.h"

#include <errno.h>
#include <linux/usb/ch9.h>
#include <string.h>

#define BUSY_RETRIES 100
#define BUSY_PAUSE_USEC 20000
#define STRING_MAX 255

/* ---- descriptors ---- */

/* The descriptor after @at, or NULL at the end or where the bytes make no sense. */
static const uint8_t *next(const uint8_t *at, const uint8_t *end)
{
	at += at[0];
	return end - at >= 2 && at[0] >= 2 && at[0] <= end - at ? at : NULL;
}

const uint8_t *device_config(const struct device *device, uint8_t value, size_t *ret_len)
{
	const uint8_t *end = device->descriptors->data + device->descriptors->len;
	const uint8_t *at = device->descriptors->data + USB_DT_DEVICE_SIZE;

	while (end - at >= USB_DT_CONFIG_SIZE) {
		size_t total = at[2] | (size_t)at[3] << 8;

		if (total < USB_DT_CONFIG_SIZE || total > (size_t)(end - at))
			return NULL;
		if (at[5] == value) {
			*ret_len = total;
			return at;
		}
		at += total;
	}
	return NULL;
}

bool device_has_setting(const struct device *device, uint8_t interface, uint8_t alt)
{
	size_t len = 0;
	const uint8_t *at = device_config(device, device->configuration, &len), *end = at + len;

	for (; at; at = next(at, end))
		if (at[1] == USB_DT_INTERFACE && at[0] >= USB_DT_INTERFACE_SIZE &&
		    at[2] == interface && at[3] == alt)
			return true;
	return false;
}

static bool in_force(const struct device *device, const struct device_endpoint *endpoint)
{
	return endpoint->interface < DEVICE_INTERFACES &&
	       device->interfaces[endpoint->interface].alt == endpoint->alt;
}

int device_find_endpoint(const struct device *device, uint8_t address, bool active,
			 struct device_endpoint *ret)
{
	size_t len = 0;
	const uint8_t *at = device_config(device, device->configuration, &len), *end = at + len;
	struct device_endpoint found = {0};

	for (; at; at = next(at, end)) {
		if (at[1] == USB_DT_INTERFACE && at[0] >= USB_DT_INTERFACE_SIZE) {
			found.interface = at[2];
			found.alt = at[3];
		}
		if (at[1] != USB_DT_ENDPOINT || at[0] < USB_DT_ENDPOINT_SIZE || at[2] != address)
			continue;
		if (active && !in_force(device, &found))
			continue;
		found.address = address;
		found.type = at[3] & USB_ENDPOINT_XFERTYPE_MASK;
		found.interval = at[6];
		*ret = found;
		return 0;
	}
	return -ENOENT;
}

uint32_t device_interval(const struct device *device, const struct device_endpoint *endpoint)
{
	if (endpoint->type != USB_ENDPOINT_XFER_INT)
		return 0;
	if (device->link.import.speed == USBIP_SPEED_FULL)
		return MAX(endpoint->interval, 1);
	return 1u << (CLAMP(endpoint->interval, 1, 16) - 1);
}

void device_configured(struct device *device, uint8_t value)
{
	size_t len = 0;
	const uint8_t *at, *end;

	device->configuration = value;
	memset(device->interfaces, 0, sizeof(device->interfaces));
	at = device_config(device, value, &len);
	for (end = at + len; at; at = next(at, end))
		if (at[1] == USB_DT_INTERFACE && at[0] >= USB_DT_INTERFACE_SIZE &&
		    at[2] < DEVICE_INTERFACES)
			device->interfaces[at[2]].there = true;
}

/* ---- what a host asks of a device that it has just found ---- */

static int get_descriptor(struct device *device, uint8_t type, uint8_t index, uint16_t language,
			  uint8_t *data, uint16_t len)
{
	const struct usb_setup setup = {
		.request_type = USB_DIR_IN,
		.request = USB_REQ_GET_DESCRIPTOR,
		.value = (uint16_t)(type << 8 | index),
		.index = language,
		.length = len,
	};

	return link_control(&device->link, &setup, data);
}

static int read_config(struct device *device, uint8_t index, GByteArray *into)
{
	uint8_t head[USB_DT_CONFIG_SIZE], all[USB_CONFIG_TOTAL_MAX];
	uint16_t total;
	int r = get_descriptor(device, USB_DT_CONFIG, index, 0, head, sizeof(head));

	if (r < 0)
		return r;
	r = usb_config_total(&total, head, (size_t)r);
	if (r < 0)
		return r;
	r = get_descriptor(device, USB_DT_CONFIG, index, 0, all, total);
	if (r != total)
		return r < 0 ? r : -EPROTO;
	g_byte_array_append(into, all, total);
	return 0;
}

static int read_descriptors(struct device *device, GByteArray **ret)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	uint8_t head[USB_DT_DEVICE_SIZE];
	int r = get_descriptor(device, USB_DT_DEVICE, 0, 0, head, sizeof(head));

	if (r != sizeof(head))
		return r < 0 ? r : -EPROTO;
	g_byte_array_append(all, head, sizeof(head));
	for (uint8_t i = 0; i < head[17]; i++) {
		r = read_config(device, i, all);
		if (r < 0)
			return r;
	}
	*ret = g_steal_pointer(&all);
	return 0;
}

/* A device may have no strings; then there are none. */
static void read_strings(struct device *device)
{
	const uint8_t *indexes = device->descriptors->data + 14;
	uint8_t raw[STRING_MAX];
	char text[STRING_MAX];
	uint16_t language;
	int r = get_descriptor(device, USB_DT_STRING, 0, 0, raw, sizeof(raw));

	if (r < 0 || usb_string_langid(&language, raw, (size_t)r) < 0)
		return;
	for (unsigned int i = 0; i < DEVICE_STRINGS; i++) {
		if (indexes[i] == 0)
			continue;
		r = get_descriptor(device, USB_DT_STRING, indexes[i], language, raw, sizeof(raw));
		if (r >= 0 && usb_string_ascii(text, sizeof(text), raw, (size_t)r, false) == 0) {
			g_free(device->strings[i]);
			device->strings[i] = g_strdup(text);
		}
	}
}

static int set_configuration(struct device *device, uint8_t value)
{
	const struct usb_setup setup = {.request = USB_REQ_SET_CONFIGURATION, .value = value};
	int r = link_control(&device->link, &setup, NULL);

	if (r < 0)
		return r;
	device_configured(device, value);
	return 0;
}

int device_attach(struct device *device)
{
	GByteArray *descriptors;
	int r = link_open(&device->link);

	if (r < 0)
		return r;
	r = read_descriptors(device, &descriptors);
	if (r < 0)
		return r;
	g_clear_pointer(&device->descriptors, g_byte_array_unref);
	device->descriptors = descriptors;
	read_strings(device);
	if (descriptors->len <= USB_DT_DEVICE_SIZE)
		return -EPROTO;
	return set_configuration(device, descriptors->data[USB_DT_DEVICE_SIZE + 5]);
}

/* The server may hear of the end of the old connection after it hears of the new one. */
static int reopen(struct device *device)
{
	int r = -EBUSY;

	for (int i = 0; i < BUSY_RETRIES && r == -EBUSY; i++) {
		if (i > 0)
			g_usleep(BUSY_PAUSE_USEC);
		r = link_open(&device->link);
	}
	return r;
}

int device_reset(struct device *device)
{
	uint8_t configuration = device->configuration;
	GByteArray *descriptors;
	bool same;
	int r;

	link_close(&device->link);
	r = reopen(device);
	if (r < 0)
		return -ENODEV;
	r = read_descriptors(device, &descriptors);
	if (r < 0)
		return -ENODEV;
	same = descriptors->len == device->descriptors->len &&
	       memcmp(descriptors->data, device->descriptors->data, descriptors->len) == 0;
	g_byte_array_unref(descriptors);
	if (!same || set_configuration(device, configuration) < 0)
		return -ENODEV;
	link_watch(&device->link);
	return 0;
}

void device_free(struct device *device)
{
	link_close(&device->link);
	g_clear_pointer(&device->descriptors, g_byte_array_unref);
	for (unsigned int i = 0; i < DEVICE_STRINGS; i++)
		g_clear_pointer(&device->strings[i], g_free);
}
