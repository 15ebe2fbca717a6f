/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * USB descriptors as a device sends them: bytes that nobody has vouched for. Every function takes
 * any bytes of any length; 0 or -EPROTO (not what it should be), *ret untouched then. Pure.
 */
#ifndef MNPEN_HOST_USB_DESCRIPTOR_H
#define MNPEN_HOST_USB_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USB_DEVICE_SIZE 18
#define USB_CONFIG_SIZE 9
#define USB_CONFIG_TOTAL_MAX 4096 /* a pen's is below 100 bytes */
#define USB_PACKET_MAX 1024	  /* the most that an interrupt endpoint can be */

enum usb_descriptor_type {
	USB_DT_DEVICE = 1,
	USB_DT_CONFIG = 2,
	USB_DT_STRING = 3,
	USB_DT_INTERFACE = 4,
	USB_DT_ENDPOINT = 5,
};

/** struct usb_device_info - the device descriptor; i_* are string indexes, 0 = has none */
struct usb_device_info {
	uint16_t vendor_id;
	uint16_t product_id;
	uint8_t i_manufacturer;
	uint8_t i_product;
	uint8_t i_serial;
};

/** struct usb_pen_interface - where in a configuration the pen's interface is */
struct usb_pen_interface {
	uint8_t configuration; /* bConfigurationValue, never 0 */
	uint8_t endpoint;      /* address of the sample endpoint, direction bit included */
	uint8_t interval;      /* bInterval as in the descriptor, never 0 */
	uint16_t packet_max;   /* MNPEN_SAMPLE_SIZE..USB_PACKET_MAX */
};

int usb_device_parse(struct usb_device_info *ret, const uint8_t *buf, size_t len);

/** usb_config_total() - wTotalLength of a configuration's head, USB_CONFIG_SIZE..TOTAL_MAX */
int usb_config_total(uint16_t *ret, const uint8_t *buf, size_t len);

/**
 * usb_config_find_pen() - looks for interface 0 with the pen's triple in alt 0 and alt 1, and for
 * an interrupt IN endpoint of alt 1 that holds a sample
 * @len: must be the configuration's wTotalLength
 */
int usb_config_find_pen(struct usb_pen_interface *ret, const uint8_t *buf, size_t len);

/** usb_string_langid() - the first language of string descriptor 0 */
int usb_string_langid(uint16_t *ret, const uint8_t *buf, size_t len);

/**
 * usb_string_ascii() - UTF-16 to printable ASCII, terminated
 * @strict: what is not printable ASCII or does not fit is -EPROTO; else '?', and cut off
 */
int usb_string_ascii(char *ret, size_t size, const uint8_t *buf, size_t len, bool strict);

#endif
