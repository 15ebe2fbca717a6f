// SPDX-License-Identifier: GPL-2.0-only
/* USB/IP headers to and from bytes. */
#include <stdio.h>
#include <string.h>

#include "tests/gadget/server/usbip.h"

enum device_offset {
	DEVICE_PATH = 0,
	DEVICE_BUSID = 256,
	DEVICE_BUSNUM = 288,
	DEVICE_DEVNUM = 292,
	DEVICE_SPEED = 296,
	DEVICE_VENDOR = 300,
	DEVICE_PRODUCT = 302,
	DEVICE_RELEASE = 304,
	DEVICE_CLASS = 306,
	DEVICE_SUBCLASS = 307,
	DEVICE_PROTOCOL = 308,
	DEVICE_CONFIGURATION = 309,
	DEVICE_CONFIGURATIONS = 310,
	DEVICE_INTERFACES = 311,
};

enum command_offset {
	COMMAND_CODE = 0,
	COMMAND_SEQNUM = 4,
	COMMAND_DEVID = 8,
	COMMAND_DIRECTION = 12,
	COMMAND_ENDPOINT = 16,
	COMMAND_UNLINK_SEQNUM = 20,
	COMMAND_LENGTH = 24,
	COMMAND_PACKETS = 32,
	COMMAND_SETUP = 40,
	RETURN_STATUS = 20,
	RETURN_ACTUAL = 24,
};

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint16_t get16_usb(const uint8_t *p)
{
	return (uint16_t)(p[1] << 8 | p[0]);
}

static void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
	put16(p, value >> 16);
	put16(p + 2, value);
}

void usbip_op_unpack(struct usbip_op *ret, const uint8_t buf[USBIP_OP_SIZE])
{
	*ret = (struct usbip_op){
		.version = get16(buf),
		.code = get16(buf + 2),
		.status = get32(buf + 4),
	};
}

void usbip_op_pack(uint8_t buf[USBIP_OP_SIZE], enum usbip_op_code code, enum usbip_op_status status)
{
	put16(buf, USBIP_VERSION);
	put16(buf + 2, (uint32_t)code);
	put32(buf + 4, (uint32_t)status);
}

void usbip_device_pack(uint8_t buf[USBIP_DEVICE_SIZE], const struct usbip_device *device)
{
	const uint8_t *d = device->usb->function->device(device->usb).data;

	memset(buf, 0, USBIP_DEVICE_SIZE);
	snprintf((char *)buf + DEVICE_PATH, DEVICE_BUSID - DEVICE_PATH,
		 "/sys/devices/platform/mnpen-gadget/usb%d/%s", USBIP_BUS, device->busid);
	snprintf((char *)buf + DEVICE_BUSID, USBIP_BUSID_SIZE, "%s", device->busid);
	put32(buf + DEVICE_BUSNUM, USBIP_BUS);
	put32(buf + DEVICE_DEVNUM, device->usb->address);
	put32(buf + DEVICE_SPEED, (uint32_t)device->usb->speed);
	put16(buf + DEVICE_VENDOR, get16_usb(d + 8));
	put16(buf + DEVICE_PRODUCT, get16_usb(d + 10));
	put16(buf + DEVICE_RELEASE, get16_usb(d + 12));
	buf[DEVICE_CLASS] = d[4];
	buf[DEVICE_SUBCLASS] = d[5];
	buf[DEVICE_PROTOCOL] = d[6];
	buf[DEVICE_CONFIGURATION] = device->usb->configuration;
	buf[DEVICE_CONFIGURATIONS] = d[17];
	buf[DEVICE_INTERFACES] = usb_config(device->usb).data[4];
}

void usbip_command_unpack(struct usbip_command *ret, const uint8_t buf[USBIP_HEADER_SIZE])
{
	const uint8_t *setup = buf + COMMAND_SETUP;

	*ret = (struct usbip_command){
		.command = get32(buf + COMMAND_CODE),
		.seqnum = get32(buf + COMMAND_SEQNUM),
		.devid = get32(buf + COMMAND_DEVID),
		.direction = get32(buf + COMMAND_DIRECTION),
		.endpoint = get32(buf + COMMAND_ENDPOINT),
		.unlink_seqnum = get32(buf + COMMAND_UNLINK_SEQNUM),
		.length = get32(buf + COMMAND_LENGTH),
		.packets = get32(buf + COMMAND_PACKETS),
		.setup =
			{
				.type = setup[0],
				.request = setup[1],
				.value = get16_usb(setup + 2),
				.index = get16_usb(setup + 4),
				.length = get16_usb(setup + 6),
			},
	};
}

static void ret_pack(uint8_t *buf, enum usbip_command_code code, uint32_t seqnum, int status)
{
	/* devid, direction and endpoint are 0 in answers; number_of_packets is 0 as the kernel's
	 * own server has it, whatever its document says. */
	memset(buf, 0, USBIP_HEADER_SIZE);
	put32(buf + COMMAND_CODE, (uint32_t)code);
	put32(buf + COMMAND_SEQNUM, seqnum);
	put32(buf + RETURN_STATUS, (uint32_t)status);
}

void usbip_ret_submit_pack(uint8_t buf[USBIP_HEADER_SIZE], uint32_t seqnum, int status,
			   uint32_t actual)
{
	ret_pack(buf, USBIP_RET_SUBMIT, seqnum, status);
	put32(buf + RETURN_ACTUAL, actual);
}

void usbip_ret_unlink_pack(uint8_t buf[USBIP_HEADER_SIZE], uint32_t seqnum, int status)
{
	ret_pack(buf, USBIP_RET_UNLINK, seqnum, status);
}
