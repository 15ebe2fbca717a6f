// SPDX-License-Identifier: GPL-2.0-only
/*
 * The recorded device's descriptors. usb.c walks through them without looking where they end, so
 * that nothing malformed may get there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/replay/recording_parts.h"

#define CONFIG_HEAD 9
#define CONFIG_INTERFACES_OFFSET 4
#define CONFIG_VALUE_OFFSET 5
#define INTERFACE_SIZE 9
#define ENDPOINT_SIZE 7
#define ENDPOINT_INTERVAL_OFFSET 6
#define INTERVAL_MAX 16
#define DEVICE_STRINGS_OFFSET 14 /* manufacturer, product, serial: an index each */

static int complain(char *error, size_t size, const char *what)
{
	snprintf(error, size, "%s", what);
	return -EBADMSG;
}

/* The longest answer to GET_DESCRIPTOR of this kind and index. */
static const struct recorded *find(const struct recording *rec, enum usb_descriptor type,
				   uint8_t index)
{
	const struct recorded *longest = NULL;

	for (size_t i = 0; i < rec->n; i++) {
		const struct recorded *entry = &rec->entries[i];

		if (entry->request && entry->setup.type == USB_DIR_IN &&
		    entry->setup.request == USB_GET_DESCRIPTOR &&
		    entry->setup.value == (type << 8 | index) && entry->answered &&
		    entry->status == 0 && (!longest || entry->len > longest->len))
			longest = entry;
	}
	return longest;
}

/* Every descriptor within the whole, each as long as its kind is. */
static bool lengths_valid(const uint8_t *config, size_t len)
{
	if (len < CONFIG_HEAD || config[0] != CONFIG_HEAD || config[1] != USB_DT_CONFIG ||
	    (size_t)(config[2] | config[3] << 8) != len)
		return false;
	for (size_t at = 0; at < len; at += config[at]) {
		const uint8_t *d = config + at;

		if (len - at < 2 || d[0] < 2 || d[0] > len - at)
			return false;
		if (d[1] == USB_DT_INTERFACE &&
		    (d[0] < INTERFACE_SIZE || d[2] >= USB_INTERFACES_MAX))
			return false;
		if (d[1] == USB_DT_ENDPOINT &&
		    (d[0] < ENDPOINT_SIZE || !d[ENDPOINT_INTERVAL_OFFSET] ||
		     d[ENDPOINT_INTERVAL_OFFSET] > INTERVAL_MAX))
			return false;
	}
	return true;
}

/* USB/IP's list of devices tells the class of each interface that is counted. */
static bool config_valid(const uint8_t *config, size_t len)
{
	if (!lengths_valid(config, len) || !config[CONFIG_INTERFACES_OFFSET])
		return false;
	for (uint8_t i = 0; i < config[CONFIG_INTERFACES_OFFSET]; i++)
		if (!usb_find_interface((struct usb_bytes){config, len}, i, 0))
			return false;
	return true;
}

/* The endpoint of interface 0 in the setting that works. */
static uint8_t sample_endpoint(const uint8_t *config, size_t len)
{
	bool here = false;

	for (size_t at = 0; at < len; at += config[at]) {
		const uint8_t *d = config + at;

		if (d[1] == USB_DT_INTERFACE)
			here = d[2] == MNPEN_IF_CONTROL && d[3] == MNPEN_ALT_WORK;
		else if (d[1] == USB_DT_ENDPOINT && here && d[2] & USB_DIR_IN)
			return d[2];
	}
	return 0;
}

static int take_config(struct recording *rec, char *error, size_t size)
{
	const struct recorded *entry = find(rec, USB_DT_CONFIG, 0);

	if (!entry)
		return complain(error, size, "its configuration descriptor is not in it");
	if (entry->len > sizeof(rec->config) || !config_valid(entry->data, entry->len))
		return complain(error, size,
				"its configuration descriptor is malformed, or longer "
				"than any pen's");
	memcpy(rec->config, entry->data, entry->len);
	rec->config_len = entry->len;
	rec->config[CONFIG_VALUE_OFFSET] = 1; /* the one that usb.c knows */
	rec->endpoint = sample_endpoint(rec->config, rec->config_len);
	if (!rec->endpoint)
		return complain(error, size, "its descriptors have no sample endpoint");
	return 0;
}

/* UTF-16 as usb.c wants it: ASCII. What is none becomes '?'. */
static void take_string(char ret[RECORDING_STRING_MAX], const struct recorded *entry)
{
	size_t n = 0;

	for (size_t i = 2; entry && i + 1 < entry->len && n + 1 < RECORDING_STRING_MAX; i += 2) {
		bool ascii = !entry->data[i + 1] && entry->data[i] >= 0x20 && entry->data[i] < 0x7f;

		ret[n++] = ascii ? (char)entry->data[i] : '?';
	}
	ret[n] = 0;
}

int recording_descriptors(struct recording *rec, char *error, size_t size)
{
	const struct recorded *device = find(rec, USB_DT_DEVICE, 0);

	if (!device || device->len != sizeof(rec->device) || device->data[0] != device->len)
		return complain(error, size,
				"its device descriptor is not in it; it was recorded "
				"by something else than mnpenctl record, after the "
				"pen was plugged in");
	memcpy(rec->device, device->data, sizeof(rec->device));
	for (unsigned int i = 0; i < 3; i++) {
		uint8_t *index = &rec->device[DEVICE_STRINGS_OFFSET + i];

		if (!*index)
			continue;
		take_string(rec->strings[i + 1], find(rec, USB_DT_STRING, *index));
		*index = (uint8_t)(i + 1);
	}
	if (!mnpen_serial_valid(rec->strings[3]))
		return complain(error, size, "the pen's serial is not in it");
	return take_config(rec, error, size);
}
