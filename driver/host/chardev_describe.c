// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a device is, by sysfs: the kernel has asked it for its descriptors, and the guard lets
 * nobody ask again. Its answers go through the judge that judges those of every transport, as if
 * they had just come.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/host/chardev_place.h"

#define DESCRIPTORS_MAX (USB_DEVICE_SIZE + USB_CONFIG_TOTAL_MAX)
#define STRING_MAX 255 /* of a descriptor, in bytes */

/* Return: bytes; negative errno */
static ssize_t read_file(const char *folder, const char *name, void *buf, size_t size)
{
	_cleanup_close_ int fd = -EBADF;
	char path[512];
	size_t got = 0;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	while (got < size) {
		ssize_t r = read(fd, (char *)buf + got, size - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static int read_line(const char *folder, const char *name, char *buf, size_t size)
{
	ssize_t r = read_file(folder, name, buf, size - 1);

	if (r < 0)
		return (int)r;
	buf[r] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

/* The kernel's strings are UTF-8: a character of more than a byte is shown as '?' everywhere, and
 * is no part of a serial anywhere. */
static size_t string_descriptor(uint8_t buf[STRING_MAX], const char *text)
{
	size_t len = 2;

	for (const unsigned char *p = (const unsigned char *)text; *p && len + 2 <= STRING_MAX;
	     p++) {
		if ((*p & 0xc0) == 0x80)
			continue;
		buf[len++] = *p < 0x80 ? *p : 0xfd;
		buf[len++] = *p < 0x80 ? 0 : 0xff;
	}
	buf[0] = (uint8_t)len;
	buf[1] = USB_DT_STRING;
	return len;
}

static ssize_t string_answer(const char *folder, const char *name, uint8_t buf[STRING_MAX])
{
	char text[STRING_MAX];
	int r = read_line(folder, name, text, sizeof(text));

	return r < 0 ? r : (ssize_t)string_descriptor(buf, text);
}

static ssize_t part(const uint8_t *all, size_t have, size_t from, size_t want, uint8_t *buf)
{
	size_t n = from < have ? MIN(have - from, want) : 0;

	memcpy(buf, all + MIN(from, have), n);
	return (ssize_t)n;
}

/* Return: bytes of the answer to what @e wants to know next; negative errno */
static ssize_t answer(const struct usbip_enum *e, const char *folder, const uint8_t *all,
		      size_t have, uint8_t buf[USB_CONFIG_TOTAL_MAX])
{
	static const uint8_t english[] = {4, USB_DT_STRING, 0x09, 0x04};

	switch (e->step) {
	case USBIP_ENUM_DEVICE:
		return part(all, have, 0, USB_DEVICE_SIZE, buf);
	case USBIP_ENUM_CONFIG_HEAD:
		return part(all, have, USB_DEVICE_SIZE, USB_CONFIG_SIZE, buf);
	case USBIP_ENUM_CONFIG:
		return part(all, have, USB_DEVICE_SIZE, e->config_total, buf);
	case USBIP_ENUM_LANGID:
		memcpy(buf, english, sizeof(english));
		return sizeof(english);
	case USBIP_ENUM_MANUFACTURER:
		return string_answer(folder, "manufacturer", buf);
	case USBIP_ENUM_PRODUCT:
		return string_answer(folder, "product", buf);
	case USBIP_ENUM_SERIAL:
		return string_answer(folder, "serial", buf);
	case USBIP_ENUM_SET_CONFIG:
		break;
	}
	return -EINVAL;
}

static enum usbip_enum_verdict check_configuration(struct usbip_enum *e, const char *folder)
{
	char text[16] = "";

	if (read_line(folder, "bConfigurationValue", text, sizeof(text)) < 0 ||
	    strtoul(text, NULL, 10) != e->pen.configuration) {
		e->why = "its first configuration is not in force";
		return USBIP_ENUM_REFUSED;
	}
	return USBIP_ENUM_DONE;
}

static int begin(struct usbip_enum *e, struct host *host, const char *folder)
{
	char text[16];
	int r = read_line(folder, "speed", text, sizeof(text));

	if (r < 0)
		return r;
	host->speed_mbit = strcmp(text, "12") == 0 ? 12 : strcmp(text, "480") == 0 ? 480 : 0;
	usbip_enum_begin(e, host->speed_mbit == 12 ? USBIP_SPEED_FULL : USBIP_SPEED_HIGH);
	if (host->speed_mbit)
		return 0;
	e->why = "it is neither a full nor a high speed device";
	return -EPROTO;
}

static void keep(struct host *host, const struct usbip_enum *e, const uint8_t *data, size_t len)
{
	struct usb_setup setup;
	uint8_t raw[HOST_SETUP_SIZE];

	usbip_enum_request(e, &setup);
	chardev_setup_bytes(raw, setup.request_type, setup.request, setup.value, setup.length);
	raw[4] = (uint8_t)setup.index;
	raw[5] = (uint8_t)(setup.index >> 8);
	host_keep_descriptor(host, raw, data, len);
}

int chardev_describe(struct usbip_enum *e, struct host *host, const char *folder)
{
	enum usbip_enum_verdict verdict = USBIP_ENUM_MORE;
	uint8_t all[DESCRIPTORS_MAX], buf[USB_CONFIG_TOTAL_MAX];
	ssize_t have;
	int r;

	host_forget_descriptors(host);
	usbip_enum_begin(e, USBIP_SPEED_FULL);
	r = begin(e, host, folder);
	if (r < 0)
		return r;
	have = read_file(folder, "descriptors", all, sizeof(all));
	if (have < 0)
		return (int)have;
	while (verdict == USBIP_ENUM_MORE) {
		ssize_t len;

		if (e->step == USBIP_ENUM_SET_CONFIG) {
			verdict = check_configuration(e, folder);
			break;
		}
		len = answer(e, folder, all, (size_t)have, buf);
		if (len < 0)
			return (int)len;
		keep(host, e, buf, (size_t)len);
		verdict = usbip_enum_answer(e, buf, (size_t)len);
	}
	return verdict == USBIP_ENUM_DONE ? 0 : -EPROTO;
}
