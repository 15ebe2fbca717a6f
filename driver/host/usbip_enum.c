// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/usbip_enum.h"

#include <stddef.h>

#include "driver/host/ids.h"
#include "driver/proto/records.h"

#define REQTYPE_DEVICE_IN 0x80
#define REQTYPE_DEVICE_OUT 0x00
#define GET_DESCRIPTOR 6
#define SET_CONFIGURATION 9
#define STRING_SIZE_MAX 255
#define HIGH_SPEED_INTERVAL_MAX 16

void usbip_enum_begin(struct usbip_enum *e, enum usbip_speed speed)
{
	*e = (struct usbip_enum){.step = USBIP_ENUM_DEVICE, .speed = speed};
}

static void get_descriptor(struct usb_setup *ret, enum usb_descriptor_type type, uint8_t index,
			   uint16_t langid, uint16_t length)
{
	*ret = (struct usb_setup){
		.request_type = REQTYPE_DEVICE_IN,
		.request = GET_DESCRIPTOR,
		.value = (uint16_t)(type << 8 | index),
		.index = langid,
		.length = length,
	};
}

static void get_string(const struct usbip_enum *e, struct usb_setup *ret, uint8_t index)
{
	get_descriptor(ret, USB_DT_STRING, index, e->langid, STRING_SIZE_MAX);
}

void usbip_enum_request(const struct usbip_enum *e, struct usb_setup *ret)
{
	switch (e->step) {
	case USBIP_ENUM_DEVICE:
		get_descriptor(ret, USB_DT_DEVICE, 0, 0, USB_DEVICE_SIZE);
		return;
	case USBIP_ENUM_CONFIG_HEAD:
		get_descriptor(ret, USB_DT_CONFIG, 0, 0, USB_CONFIG_SIZE);
		return;
	case USBIP_ENUM_CONFIG:
		get_descriptor(ret, USB_DT_CONFIG, 0, 0, e->config_total);
		return;
	case USBIP_ENUM_LANGID:
		get_string(e, ret, 0);
		return;
	case USBIP_ENUM_MANUFACTURER:
		get_string(e, ret, e->device.i_manufacturer);
		return;
	case USBIP_ENUM_PRODUCT:
		get_string(e, ret, e->device.i_product);
		return;
	case USBIP_ENUM_SERIAL:
		get_string(e, ret, e->device.i_serial);
		return;
	case USBIP_ENUM_SET_CONFIG:
		*ret = (struct usb_setup){
			.request_type = REQTYPE_DEVICE_OUT,
			.request = SET_CONFIGURATION,
			.value = e->pen.configuration,
		};
		return;
	}
}

static enum usbip_enum_verdict refuse(struct usbip_enum *e, const char *why)
{
	e->why = why;
	return USBIP_ENUM_REFUSED;
}

static enum usbip_enum_verdict go_on(struct usbip_enum *e, enum usbip_enum_step step)
{
	e->step = step;
	return USBIP_ENUM_MORE;
}

static enum usbip_enum_verdict take_device(struct usbip_enum *e, const uint8_t *data, size_t len)
{
	if (usb_device_parse(&e->device, data, len) < 0)
		return refuse(e, "its device descriptor is malformed");
	e->identity.vendor_id = e->device.vendor_id;
	e->identity.product_id = e->device.product_id;
	if (!host_ids_match(e->device.vendor_id, e->device.product_id))
		return refuse(e, "its USB ids are not in the table of pens");
	if (!e->device.i_manufacturer || !e->device.i_product || !e->device.i_serial)
		return refuse(e, "manufacturer, product and serial strings are mandatory");
	return go_on(e, USBIP_ENUM_CONFIG_HEAD);
}

/* Full speed counts frames of 1 ms, high speed microframes of 125 us in powers of two. */
static bool set_interval(struct usbip_enum *e)
{
	uint8_t interval = e->pen.interval;

	if (e->speed == USBIP_SPEED_FULL) {
		e->interval = interval;
		e->packets_per_s = (1000u + interval - 1) / interval;
		return true;
	}
	if (interval > HIGH_SPEED_INTERVAL_MAX)
		return false;
	e->interval = 1u << (interval - 1);
	e->packets_per_s = (8000u + e->interval - 1) / e->interval;
	return true;
}

static enum usbip_enum_verdict take_config(struct usbip_enum *e, const uint8_t *data, size_t len)
{
	if (len != e->config_total || usb_config_find_pen(&e->pen, data, len) < 0)
		return refuse(e, "its configuration has no pen's interface FF/4D/01 with a sample "
				 "endpoint in alternate setting 1");
	if (!set_interval(e))
		return refuse(e, "its sample endpoint's bInterval is above 16 at high speed");
	return go_on(e, USBIP_ENUM_LANGID);
}

static enum usbip_enum_verdict take_serial(struct usbip_enum *e, const uint8_t *data, size_t len)
{
	char *serial = e->identity.serial;

	if (usb_string_ascii(serial, sizeof(e->identity.serial), data, len, true) < 0 ||
	    !mnpen_serial_valid(serial))
		return refuse(e, "its serial is not 4 to 32 characters of A-Z, a-z, 0-9 and '-'");
	return go_on(e, USBIP_ENUM_SET_CONFIG);
}

enum usbip_enum_verdict usbip_enum_answer(struct usbip_enum *e, const uint8_t *data, size_t len)
{
	struct host_identity *identity = &e->identity;

	switch (e->step) {
	case USBIP_ENUM_DEVICE:
		return take_device(e, data, len);
	case USBIP_ENUM_CONFIG_HEAD:
		if (usb_config_total(&e->config_total, data, len) < 0)
			return refuse(e, "its configuration descriptor is malformed");
		return go_on(e, USBIP_ENUM_CONFIG);
	case USBIP_ENUM_CONFIG:
		return take_config(e, data, len);
	case USBIP_ENUM_LANGID:
		if (usb_string_langid(&e->langid, data, len) < 0)
			return refuse(e, "its list of string languages is malformed");
		return go_on(e, USBIP_ENUM_MANUFACTURER);
	case USBIP_ENUM_MANUFACTURER:
		if (usb_string_ascii(identity->manufacturer, sizeof(identity->manufacturer), data,
				     len, false) < 0)
			return refuse(e, "its manufacturer string is malformed");
		return go_on(e, USBIP_ENUM_PRODUCT);
	case USBIP_ENUM_PRODUCT:
		if (usb_string_ascii(identity->product, sizeof(identity->product), data, len,
				     false) < 0)
			return refuse(e, "its product string is malformed");
		return go_on(e, USBIP_ENUM_SERIAL);
	case USBIP_ENUM_SERIAL:
		return take_serial(e, data, len);
	case USBIP_ENUM_SET_CONFIG:
		return USBIP_ENUM_DONE;
	}
	return refuse(e, "it answered a request that was never made");
}

const char *usbip_enum_step_name(enum usbip_enum_step step)
{
	switch (step) {
	case USBIP_ENUM_DEVICE:
		return "the device descriptor";
	case USBIP_ENUM_CONFIG_HEAD:
	case USBIP_ENUM_CONFIG:
		return "the configuration descriptor";
	case USBIP_ENUM_LANGID:
		return "the list of string languages";
	case USBIP_ENUM_MANUFACTURER:
		return "the manufacturer string";
	case USBIP_ENUM_PRODUCT:
		return "the product string";
	case USBIP_ENUM_SERIAL:
		return "the serial string";
	case USBIP_ENUM_SET_CONFIG:
		return "SET_CONFIGURATION";
	}
	return "?";
}
