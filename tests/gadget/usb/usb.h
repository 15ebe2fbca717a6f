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
#define USB_TYPE_VENDOR 0x40
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
	USB_BUS_ATTACH, /* a host has imported the device; the device itself notices nothing */
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

#define USB_NEVER UINT64_MAX

/**
 * struct usb_function - what a device is, beyond chapter 9
 * @device, @qualifier, @config: the descriptors, well-formed: each interface that the configuration
 *	counts has an alternate setting 0
 * @in_max: the longest transfer that @in ever makes
 * @request: class and vendor requests. Returns bytes put into transfer->in, or -EPIPE to STALL
 * @in: a transfer of an IN endpoint that exists in the present alt setting. Returns bytes put into
 *	@buf (at most @size); -EAGAIN has nothing to say (NAK); -EOVERFLOW it would not fit
 * @out: a transfer to an OUT endpoint that exists. Returns 0 or -EPIPE. NULL: it STALLs them all
 * @ready_ns: when @in has something to say: 0 now; USB_NEVER nobody knows yet
 * @bus: a bus event
 * @descriptor: interface descriptors (HID report and the like); false when there is none
 * @free: the device and all that it has
 *
 * Those that may be NULL:
 * @advance: bring the device to @now_ns
 * @next_ns: when @advance wants to be called, at @now_ns, though no host asks; USB_NEVER
 * @seen: a request on EP0 has been carried out, with usb_control()'s @result
 * @delay_ms: how long the answer to @setup is to be held back
 * @frozen: nothing at all is answered (the host may cancel)
 *
 * Times are CLOCK_MONOTONIC.
 */
struct usb_function {
	size_t in_max;
	struct usb_bytes (*device)(const struct usb_device *usb);
	struct usb_bytes (*qualifier)(const struct usb_device *usb);
	struct usb_bytes (*config)(const struct usb_device *usb, enum usb_speed speed);
	int (*request)(struct usb_device *usb, const struct usb_transfer *transfer);
	int (*in)(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size);
	int (*out)(struct usb_device *usb, uint8_t endpoint, const uint8_t *data, size_t len);
	uint64_t (*ready_ns)(struct usb_device *usb, uint8_t endpoint);
	void (*bus)(struct usb_device *usb, enum usb_bus_event event);
	bool (*descriptor)(struct usb_device *usb, const struct usb_setup *setup,
			   struct usb_bytes *ret);
	void (*free)(struct usb_device *usb);

	void (*advance)(struct usb_device *usb, uint64_t now_ns);
	uint64_t (*next_ns)(struct usb_device *usb, uint64_t now_ns);
	void (*seen)(struct usb_device *usb, const struct usb_setup *setup, int result);
	uint32_t (*delay_ms)(struct usb_device *usb, const struct usb_setup *setup);
	bool (*frozen)(struct usb_device *usb);
};

struct usb_device {
	const struct usb_function *function;
	enum usb_speed speed;
	unsigned int address;	/* on the bus, from 1; set by whoever plugs the device in */
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

/** usb_halt() - @endpoint answers STALL until the host clears that */
void usb_halt(struct usb_device *usb, uint8_t endpoint);

/** usb_in() - a transfer from an IN endpoint: as usb_function.in, or -EPIPE when it is halted, or
 * -EPROTO (nobody answers) when it does not exist in the present alt setting */
int usb_in(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size);

/** usb_out() - a transfer to an OUT endpoint: 0, -EPIPE or -EPROTO as above */
int usb_out(struct usb_device *usb, uint8_t endpoint, const uint8_t *data, size_t len);

/** usb_in_ready_ns() - when usb_in() would answer, with data or an error: 0 now, or USB_NEVER */
uint64_t usb_in_ready_ns(struct usb_device *usb, uint8_t endpoint);

/** usb_packet_size() - the longest packet of an endpoint; 0 when it does not exist */
size_t usb_packet_size(const struct usb_device *usb, uint8_t endpoint);

/** usb_interval_us() - how often the host polls an interrupt endpoint; 0 for other endpoints */
uint32_t usb_interval_us(const struct usb_device *usb, uint8_t endpoint);

/** usb_duration_us() - how long the host's polls take to fetch @len bytes, at least one packet */
uint64_t usb_duration_us(const struct usb_device *usb, uint8_t endpoint, size_t len);

/** usb_bus() - reset, suspend, unplug or attach, from outside EP0 */
void usb_bus(struct usb_device *usb, enum usb_bus_event event);

/* usb_function's members of these names, and what holds without them */
void usb_advance(struct usb_device *usb, uint64_t now_ns);
uint64_t usb_next_ns(struct usb_device *usb, uint64_t now_ns);
uint32_t usb_delay_ms(struct usb_device *usb, const struct usb_setup *setup);
bool usb_frozen(struct usb_device *usb);

/** usb_free() - NULL is fine; returns NULL */
struct usb_device *usb_free(struct usb_device *usb);

/** usb_config() - the configuration descriptor at the present speed */
struct usb_bytes usb_config(const struct usb_device *usb);

/** usb_find_interface() - descriptor of (@interface, @alt); NULL when there is none */
const uint8_t *usb_find_interface(struct usb_bytes config, uint8_t interface, uint8_t alt);

#endif
