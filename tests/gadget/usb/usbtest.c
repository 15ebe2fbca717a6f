// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors, pattern and control buffer of the source and sink. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/usb/usbtest.h"

#define LE16(value) (uint8_t)((value)&0xff), (uint8_t)((value) >> 8)
#define BYTES(array) ((struct usb_bytes){(array), sizeof(array)})

#define USB_2_0 0x0200
#define RELEASE_BCD 0x0100
#define CLASS_VENDOR 0xff
#define EP0_SIZE 64
#define CONFIG_SIZE 46
#define SELF_POWERED 0xc0 /* bit 7 is always set */
#define MAX_POWER_2MA 1
#define TRANSFER_BULK 2
#define TRANSFER_INTERRUPT 3
#define FULL_SIZE 64
#define HIGH_SIZE_BULK 512
#define HIGH_SIZE_INTERRUPT 1024
#define FULL_INTERVAL 1 /* 1 ms, as frames and as 2^3 microframes */
#define HIGH_INTERVAL 4
#define PATTERN_MODULUS 63

enum string_index {
	STRING_MANUFACTURER = 1,
	STRING_PRODUCT = 2,
	STRING_SERIAL = 3,
};

struct usbtest {
	struct usb_device usb;
	bool mod63;
	char serial[64];
	uint16_t buffer_len;
	uint8_t buffer[USBTEST_BUFFER_MAX];
};

static const uint8_t device_bytes[] = {
	18,
	USB_DT_DEVICE,
	LE16(USB_2_0),
	CLASS_VENDOR,
	0, /* subclass, protocol */
	0,
	EP0_SIZE,
	LE16(USBTEST_VENDOR_ID),
	LE16(USBTEST_PRODUCT_ID),
	LE16(RELEASE_BCD),
	STRING_MANUFACTURER,
	STRING_PRODUCT,
	STRING_SERIAL,
	1, /* configurations */
};

static const uint8_t qualifier_bytes[] = {
	10, USB_DT_QUALIFIER, LE16(USB_2_0), CLASS_VENDOR, 0, 0, EP0_SIZE, 1, /* configurations */
	0,
};

/* clang-format off */
#define ENDPOINT(address, type, size, interval) \
	7, USB_DT_ENDPOINT, (address), (type), LE16(size), (interval)
#define CONFIG(size_bulk, size_interrupt, interval) { \
	9, USB_DT_CONFIG, LE16(CONFIG_SIZE), 1 /* interfaces */, 1 /* value */, 0, SELF_POWERED, \
	MAX_POWER_2MA, \
	9, USB_DT_INTERFACE, 0, 0, 4 /* endpoints */, CLASS_VENDOR, 0, 0, 0, \
	ENDPOINT(USBTEST_EP_BULK_IN, TRANSFER_BULK, size_bulk, 0), \
	ENDPOINT(USBTEST_EP_BULK_OUT, TRANSFER_BULK, size_bulk, 0), \
	ENDPOINT(USBTEST_EP_INTERRUPT_IN, TRANSFER_INTERRUPT, size_interrupt, interval), \
	ENDPOINT(USBTEST_EP_INTERRUPT_OUT, TRANSFER_INTERRUPT, size_interrupt, interval), \
}
/* clang-format on */

static const uint8_t config_full[] = CONFIG(FULL_SIZE, FULL_SIZE, FULL_INTERVAL);
static const uint8_t config_high[] = CONFIG(HIGH_SIZE_BULK, HIGH_SIZE_INTERRUPT, HIGH_INTERVAL);

_Static_assert(sizeof(config_full) == CONFIG_SIZE, "wTotalLength");

static struct usb_bytes device(const struct usb_device *usb)
{
	return BYTES(device_bytes);
}

static struct usb_bytes qualifier(const struct usb_device *usb)
{
	return BYTES(qualifier_bytes);
}

static struct usb_bytes config(const struct usb_device *usb, enum usb_speed speed)
{
	return speed == USB_SPEED_HIGH ? BYTES(config_high) : BYTES(config_full);
}

static struct usbtest *to_usbtest(struct usb_device *usb)
{
	return (struct usbtest *)(void *)((char *)usb - offsetof(struct usbtest, usb));
}

static int write_buffer(struct usbtest *test, const struct usb_transfer *transfer)
{
	/* A data stage that is not what the setup stage announced. */
	if (transfer->out_len != transfer->setup.length)
		return -EPIPE;
	test->buffer_len = transfer->setup.length;
	if (test->buffer_len)
		memcpy(test->buffer, transfer->out, test->buffer_len);
	return 0;
}

static int read_buffer(const struct usbtest *test, const struct usb_transfer *transfer)
{
	size_t n = MIN(test->buffer_len, transfer->setup.length);

	memcpy(transfer->in, test->buffer, n);
	return (int)n;
}

static int request(struct usb_device *usb, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;

	if (setup->value || setup->index)
		return -EPIPE;
	if (setup->type == USB_TYPE_VENDOR && setup->request == USBTEST_REQ_WRITE)
		return write_buffer(to_usbtest(usb), transfer);
	if (setup->type == (USB_DIR_IN | USB_TYPE_VENDOR) && setup->request == USBTEST_REQ_READ)
		return read_buffer(to_usbtest(usb), transfer);
	return -EPIPE;
}

/* Byte @i of a transfer. */
static uint8_t pattern(const struct usbtest *test, size_t packet_size, size_t i)
{
	return test->mod63 ? (uint8_t)(i % packet_size % PATTERN_MODULUS) : 0;
}

static int in(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size)
{
	size_t packet_size = usb_packet_size(usb, endpoint);

	for (size_t i = 0; i < size; i++)
		buf[i] = pattern(to_usbtest(usb), packet_size, i);
	return (int)size;
}

static uint64_t ready_ns(struct usb_device *usb, uint8_t endpoint)
{
	return 0;
}

/* Data that is not the pattern halts the endpoint, so that the host sees what it did. */
static int out(struct usb_device *usb, uint8_t endpoint, const uint8_t *data, size_t len)
{
	size_t packet_size = usb_packet_size(usb, endpoint);

	for (size_t i = 0; i < len; i++) {
		if (data[i] == pattern(to_usbtest(usb), packet_size, i))
			continue;
		usb_halt(usb, endpoint);
		return -EPIPE;
	}
	return 0;
}

static void bus(struct usb_device *usb, enum usb_bus_event event)
{
	/* A new host finds nothing of the one before. */
	if (event == USB_BUS_ATTACH)
		to_usbtest(usb)->buffer_len = 0;
}

static bool descriptor(struct usb_device *usb, const struct usb_setup *setup, struct usb_bytes *ret)
{
	return false;
}

static void free_usbtest(struct usb_device *usb)
{
	free(to_usbtest(usb));
}

static const struct usb_function function = {
	.device = device,
	.qualifier = qualifier,
	.config = config,
	.in_max = USBTEST_TRANSFER_MAX,
	.request = request,
	.in = in,
	.out = out,
	.ready_ns = ready_ns,
	.bus = bus,
	.descriptor = descriptor,
	.free = free_usbtest,
};

static int make(struct usb_device **ret, const struct device_options *options, unsigned int number,
		const char *serial, uint64_t now_ns)
{
	struct usbtest *test = calloc(1, sizeof(*test));

	if (!test)
		return -ENOMEM;
	test->mod63 = options->identity == &identity_usbtest_mod63;
	snprintf(test->serial, sizeof(test->serial), "%s", serial);
	test->usb.function = &function;
	test->usb.speed = options->speed;
	test->usb.strings[STRING_MANUFACTURER] = "mnpen";
	test->usb.strings[STRING_PRODUCT] = "mnpen source and sink";
	test->usb.strings[STRING_SERIAL] = test->serial;
	usb_reset(&test->usb);
	*ret = &test->usb;
	return 0;
}

const struct identity identity_usbtest = {"usbtest", make};
const struct identity identity_usbtest_mod63 = {"usbtest-mod63", make};
