/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * USB/IP 1.1.1 on the wire (kernel Documentation/usb/usbip_protocol.rst), the server's side.
 * Big-endian throughout, except the eight setup bytes, which are raw USB.
 */
#ifndef MNPEN_GADGET_USBIP_H
#define MNPEN_GADGET_USBIP_H

#include <stdint.h>

#include "tests/gadget/usb/usb.h"

#define USBIP_VERSION 0x0111
#define USBIP_OP_SIZE 8
#define USBIP_BUSID_SIZE 32
#define USBIP_DEVICE_SIZE 312
#define USBIP_HEADER_SIZE 48
#define USBIP_BUS 1 /* all devices sit on one bus */

enum usbip_op_code {
	USBIP_REQ_IMPORT = 0x8003,
	USBIP_REP_IMPORT = 0x0003,
	USBIP_REQ_DEVLIST = 0x8005,
	USBIP_REP_DEVLIST = 0x0005,
};

enum usbip_op_status {
	USBIP_OK = 0,
	USBIP_ERROR = 1,
	USBIP_BUSY = 2,
	USBIP_DEVICE_ERROR = 3,
	USBIP_NO_DEVICE = 4,
};

enum usbip_command_code {
	USBIP_CMD_SUBMIT = 1,
	USBIP_CMD_UNLINK = 2,
	USBIP_RET_SUBMIT = 3,
	USBIP_RET_UNLINK = 4,
};

struct usbip_op {
	uint16_t version;
	uint16_t code;
	uint32_t status;
};

/** struct usbip_command - CMD_SUBMIT or CMD_UNLINK */
struct usbip_command {
	uint32_t command;
	uint32_t seqnum;
	uint32_t devid;
	uint32_t direction; /* 0 OUT, 1 IN */
	uint32_t endpoint;
	uint32_t unlink_seqnum; /* CMD_UNLINK only; the rest is CMD_SUBMIT's */
	uint32_t length;
	uint32_t packets;
	struct usb_setup setup;
};

/** struct usbip_device - how a device introduces itself in OP_REP_DEVLIST and OP_REP_IMPORT */
struct usbip_device {
	const char *busid;
	const struct usb_device *usb;
};

void usbip_op_unpack(struct usbip_op *ret, const uint8_t buf[USBIP_OP_SIZE]);
void usbip_op_pack(uint8_t buf[USBIP_OP_SIZE], enum usbip_op_code code,
		   enum usbip_op_status status);
void usbip_device_pack(uint8_t buf[USBIP_DEVICE_SIZE], const struct usbip_device *device);
void usbip_command_unpack(struct usbip_command *ret, const uint8_t buf[USBIP_HEADER_SIZE]);
void usbip_ret_submit_pack(uint8_t buf[USBIP_HEADER_SIZE], uint32_t seqnum, int status,
			   uint32_t actual);
void usbip_ret_unlink_pack(uint8_t buf[USBIP_HEADER_SIZE], uint32_t seqnum, int status);

static inline uint32_t usbip_devid(uint32_t devnum)
{
	return USBIP_BUS << 16 | devnum;
}

#endif
