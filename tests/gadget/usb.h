/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A USB device on the wire's far side: chapter 9 of USB 2.0 for any set of descriptors. What the
 * device is for comes in through struct usb_function; a second identity is a second function.
 *
 * No I/O: requests and packets come in as arguments, and answers go out as bytes.
 */
#ifndef MNPEN_GADGET_USB_H
#define MNPEN_GADGET_USB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USB_INTERFACES_MAX 4
#define USB_DIR_IN 0x80
#define USB_TYPE_MASK 0x60
#define USB_TYPE_STANDARD 0x00
#define USB_TYPE_CLASS 0x20
#define USB_RECIPIENT_MASK 0x1f
#define USB_RECIPIENT_DEVICE 0
#define USB_RECIPIENT_INTERFACE 1
#define USB_RECIPIENT_ENDPOINT 2

enum usb_request {
	USB_GET_STATUS = 0,
	USB_CLEAR_FEATURE = 1,
	USB_SET_FEATURE = 3,
	USB_SET_ADDRESS = 5,
	USB_GET_DESCRIPTOR = 6,
	USB_GET_CONFIGURATION = 8,
	USB_SET_CONFIGURATION = 9,
	USB_GET_INTERFACE = 10,
	USB_SET_INTERFACE = 11,
};

enum usb_descriptor {
	USB_DT_DEVICE = 1,
	USB_DT_CONFIG = 2,
	USB_DT_STRING = 3,
	USB_DT_INTERFACE = 4,
	USB_DT_ENDPOINT = 5,
	USB_DT_QUALIFIER = 6,
	USB_DT_OTHER_SPEED = 7,
};

enum usb_speed {
	USB_SPEED_FULL = 2, /* the numbers of USB/IP */
	USB_SPEED_HIGH = 3,
};

enum usb_bus_event {
	USB_BUS_RESET,
	USB_BUS_SUSPEND,
	USB_BUS_CONFIGURATION, /* SET_CONFIGURATION, whatever its value */
	USB_BUS_INTERFACE,     /* SET_INTERFACE on interface 0, whatever its alt */
	USB_BUS_UNPLUG,
};

/** struct usb_setup - the eight bytes of a control request */
struct usb_setup {
	uint8_t type;
	uint8_t request;
	uint16_t value;
	uint16_t index;
	uint16_t length;
};

/** struct usb_transfer - a control request's data stage */
struct usb_transfer {
	struct usb_setup setup;
	const uint8_t *out; /* OUT: what came with it */
	size_t out_len;
	uint8_t *in; /* IN: room for setup.length bytes */
};

/** struct usb_bytes - a descriptor */
struct usb_bytes {
	const uint8_t *data;
	size_t len;
};

struct usb_device;

/**
 * struct usb_function - what a device is, beyond chapter 9
 * @device, @qualifier, @config: the descriptors, well-formed
 * @request: class and vendor requests. Returns bytes put into transfer->in, or -EPIPE to STALL
 * @in: a packet of an IN endpoint that exists in the present alt setting. Returns bytes put into
 *	@buf (at most @size); -EAGAIN has nothing to say (NAK); -EOVERFLOW it would not fit
 * @ready: whether @in has something to say now
 * @bus: a bus event
 * @descriptor: interface descriptors (HID report and the like); false when there is none
 */
struct usb_function {
	struct usb_bytes (*device)(void);
	struct usb_bytes (*qualifier)(void);
	struct usb_bytes (*config)(enum usb_speed speed);
	int (*request)(struct usb_device *usb, const struct usb_transfer *transfer);
	int (*in)(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size);
	bool (*ready)(struct usb_device *usb, uint8_t endpoint);
	void (*bus)(struct usb_device *usb, enum usb_bus_event event);
	bool (*descriptor)(struct usb_device *usb, const struct usb_setup *setup,
			   struct usb_bytes *ret);
};

struct usb_device {
	const struct usb_function *function;
	enum usb_speed speed;
	const char *strings[4]; /* by string index; 0 is not used */
	uint8_t configuration;
	uint8_t alt[USB_INTERFACES_MAX];
	uint32_t halted; /* bit of endpoint number, + 16 for IN */
};

/**
 * usb_reset() - back to what a host finds after a bus reset
 *
 * Configuration 1 at once: USB/IP hands over devices that their exporting host has configured, and
 * a simple client may rely on it.
 */
void usb_reset(struct usb_device *usb);

/** usb_control() - any request on EP0. Returns bytes of IN data (at most setup.length), or -EPIPE
 */
int usb_control(struct usb_device *usb, const struct usb_transfer *transfer);

/** usb_in() - a packet from an IN endpoint: as usb_function.in, or -EPIPE when it is halted, or
 * -EPROTO (nobody answers) when it does not exist in the present alt setting */
int usb_in(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size);

/** usb_in_ready() - whether usb_in() would answer now: with an error, or a waiting packet */
bool usb_in_ready(struct usb_device *usb, uint8_t endpoint);

/** usb_interval_us() - how often the host polls an interrupt endpoint; 0 for other endpoints */
uint32_t usb_interval_us(const struct usb_device *usb, uint8_t endpoint);

/** usb_bus() - reset, suspend or unplug, from outside EP0 */
void usb_bus(struct usb_device *usb, enum usb_bus_event event);

/** usb_config() - the configuration descriptor at the present speed */
struct usb_bytes usb_config(const struct usb_device *usb);

/** usb_find_interface() - descriptor of (@interface, @alt); NULL when there is none */
const uint8_t *usb_find_interface(struct usb_bytes config, uint8_t interface, uint8_t alt);

#endif
