// SPDX-License-Identifier: GPL-2.0-only
/* Bytes in the order of the wire; the comments give the field where the value does not say it. */
#include "driver/proto/proto.h"
#include "tests/gadget/usb/descriptors.h"
#include "tests/gadget/usb/hid.h"

#define LE16(value) (uint8_t)((value)&0xff), (uint8_t)((value) >> 8)
#define BYTES(array) ((struct usb_bytes){(array), sizeof(array)})

#define USB_2_0 0x0200
#define RELEASE_BCD 0x0100
#define EP0_SIZE 64
#define CONFIG_SIZE 59
#define INTERFACES 2
#define SELF_POWERED 0xc0 /* bit 7 is always set */
#define MAX_POWER_2MA 50
#define TRANSFER_INTERRUPT 3
#define HID_1_11 0x0111

/* 1 ms and 8 ms: frames at full speed, 2^(n-1) microframes of 125 us at high speed. */
#define FULL_INTERVAL_SAMPLE 1
#define FULL_INTERVAL_HID 8
#define HIGH_INTERVAL_SAMPLE 4
#define HIGH_INTERVAL_HID 7

static const uint8_t device[] = {
	18,
	USB_DT_DEVICE,
	LE16(USB_2_0),
	0, /* class, subclass, protocol: each interface has its own */
	0,
	0,
	EP0_SIZE,
	LE16(MNPEN_USB_VENDOR_ID),
	LE16(MNPEN_USB_PRODUCT_ID),
	LE16(RELEASE_BCD),
	STRING_MANUFACTURER,
	STRING_PRODUCT,
	STRING_SERIAL,
	1, /* configurations */
};

static const uint8_t qualifier[] = {
	10, USB_DT_QUALIFIER, LE16(USB_2_0), 0, 0, 0, EP0_SIZE, 1, /* configurations */
	0,
};

/*
 * Report 1: buttons and dial, report 2: battery. A Consumer Control is no mouse, joystick or
 * keyboard to a desktop, so pressing the trigger clicks nowhere.
 */
static const uint8_t hid_report[] = {
	0x05, 0x0c,		  /* usage page: consumer */
	0x09, 0x01,		  /* usage: consumer control */
	0xa1, 0x01,		  /* collection: application */
	0x85, HID_REPORT_BUTTONS, /* report id */
	0x05, 0x09,		  /*   usage page: button */
	0x19, 0x01,		  /*   usage minimum: 1 */
	0x29, 0x03,		  /*   usage maximum: 3 */
	0x15, 0x00,		  /*   logical minimum: 0 */
	0x25, 0x01,		  /*   logical maximum: 1 */
	0x75, 0x01,		  /*   report size: 1 bit */
	0x95, 0x03,		  /*   report count: 3 */
	0x81, 0x02,		  /*   input: data, variable, absolute */
	0x75, 0x05,		  /*   report size: 5 bits */
	0x95, 0x01,		  /*   report count: 1 */
	0x81, 0x01,		  /*   input: constant */
	0x05, 0x01,		  /*   usage page: generic desktop */
	0x09, 0x37,		  /*   usage: dial */
	0x15, 0x81,		  /*   logical minimum: -127 */
	0x25, 0x7f,		  /*   logical maximum: 127 */
	0x75, 0x08,		  /*   report size: 8 bits */
	0x95, 0x01,		  /*   report count: 1 */
	0x81, 0x06,		  /*   input: data, variable, relative */
	0x85, HID_REPORT_BATTERY, /* report id */
	0x05, 0x06,		  /*   usage page: generic device controls */
	0x09, 0x20,		  /*   usage: battery strength */
	0x15, 0x00,		  /*   logical minimum: 0 */
	0x25, 0x64,		  /*   logical maximum: 100 */
	0x75, 0x08,		  /*   report size: 8 bits */
	0x95, 0x01,		  /*   report count: 1 */
	0x81, 0x02,		  /*   input: data, variable, absolute */
	0xc0,			  /* end collection */
};

/* clang-format off */
#define INTERFACE(number, alt, endpoints, class, subclass, protocol) \
	9, USB_DT_INTERFACE, (number), (alt), (endpoints), (class), (subclass), (protocol), 0
#define INTERRUPT_IN(address, size, interval) \
	7, USB_DT_ENDPOINT, (address), TRANSFER_INTERRUPT, LE16(size), (interval)
#define HID_DESCRIPTOR \
	9, HID_DT_HID, LE16(HID_1_11), 0 /* country */, 1 /* descriptors */, HID_DT_REPORT, \
	LE16(sizeof(hid_report))
#define CONFIG(interval_sample, interval_hid) { \
	9, USB_DT_CONFIG, LE16(CONFIG_SIZE), INTERFACES, 1 /* value */, 0, SELF_POWERED, \
	MAX_POWER_2MA, \
	INTERFACE(MNPEN_IF_CONTROL, MNPEN_ALT_REST, 0, MNPEN_IF_CLASS, MNPEN_IF_SUBCLASS, \
		  MNPEN_IF_PROTOCOL), \
	INTERFACE(MNPEN_IF_CONTROL, MNPEN_ALT_WORK, 1, MNPEN_IF_CLASS, MNPEN_IF_SUBCLASS, \
		  MNPEN_IF_PROTOCOL), \
	INTERRUPT_IN(MNPEN_EP_SAMPLE, MNPEN_EP_SAMPLE_SIZE, interval_sample), \
	INTERFACE(MNPEN_IF_HID, 0, 1, HID_CLASS, 0, 0), \
	HID_DESCRIPTOR, \
	INTERRUPT_IN(MNPEN_EP_HID, MNPEN_EP_HID_SIZE, interval_hid), \
}
/* clang-format on */

static const uint8_t config_full[] = CONFIG(FULL_INTERVAL_SAMPLE, FULL_INTERVAL_HID);
static const uint8_t config_high[] = CONFIG(HIGH_INTERVAL_SAMPLE, HIGH_INTERVAL_HID);
static const uint8_t hid[] = {HID_DESCRIPTOR};

_Static_assert(sizeof(config_full) == CONFIG_SIZE, "wTotalLength");

struct usb_bytes descriptor_device(const struct usb_device *usb)
{
	return BYTES(device);
}

struct usb_bytes descriptor_qualifier(const struct usb_device *usb)
{
	return BYTES(qualifier);
}

struct usb_bytes descriptor_config(const struct usb_device *usb, enum usb_speed speed)
{
	return speed == USB_SPEED_HIGH ? BYTES(config_high) : BYTES(config_full);
}

struct usb_bytes descriptor_hid(void)
{
	return BYTES(hid);
}

struct usb_bytes descriptor_hid_report(void)
{
	return BYTES(hid_report);
}
