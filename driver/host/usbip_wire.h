/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * USB/IP 1.1.1 on the wire, the client's half: what we send is encoded, what comes is decoded.
 * Big-endian throughout, except the eight setup bytes, which lie as on the USB cable. Pure.
 */
#ifndef MNPEN_HOST_USBIP_WIRE_H
#define MNPEN_HOST_USBIP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USBIP_VERSION 0x0111
#define USBIP_OP_REQ_IMPORT 0x8003
#define USBIP_OP_REP_IMPORT 0x0003
#define USBIP_BUSID_SIZE 32
#define USBIP_REQ_IMPORT_SIZE 40
#define USBIP_REP_HEAD_SIZE 8 /* all of the reply when its status is not 0 */
#define USBIP_REP_IMPORT_SIZE 320

#define USBIP_HEADER_SIZE 48
#define USBIP_SETUP_SIZE 8
#define USBIP_FLAG_DIR_IN 0x0200u

enum usbip_command {
	USBIP_CMD_SUBMIT = 1,
	USBIP_CMD_UNLINK = 2,
	USBIP_RET_SUBMIT = 3,
	USBIP_RET_UNLINK = 4,
};

enum usbip_speed {
	USBIP_SPEED_FULL = 2,
	USBIP_SPEED_HIGH = 3,
};

/** struct usb_setup - the setup packet of a control transfer */
struct usb_setup {
	uint8_t request_type;
	uint8_t request;
	uint16_t value;
	uint16_t index;
	uint16_t length;
};

/** struct usbip_import - what an import reply says that we need */
struct usbip_import {
	uint32_t devid;
	enum usbip_speed speed;
};

/** struct usbip_submit - CMD_SUBMIT, without its OUT data */
struct usbip_submit {
	uint32_t seqnum;
	uint32_t devid;
	uint8_t endpoint; /* number, without the direction bit */
	bool in;
	uint32_t len;		/* of the data, either way */
	uint32_t interval;	/* frames or microframes; 0 for control */
	struct usb_setup setup; /* all zero for interrupt */
};

/** struct usbip_reply - RET_SUBMIT or RET_UNLINK, without the IN data that may follow */
struct usbip_reply {
	enum usbip_command command;
	uint32_t seqnum;
	int32_t status;	     /* negative errno as Linux numbers them, or 0 */
	uint32_t actual_len; /* RET_SUBMIT only */
};

void usbip_import_encode(uint8_t buf[USBIP_REQ_IMPORT_SIZE], const char *busid);

/**
 * usbip_import_decode() - the answer to an import of @busid
 * @len: bytes that have come so far
 *
 * Return: bytes consumed (USBIP_REP_IMPORT_SIZE); -EAGAIN more bytes are needed; -EBUSY, -ENODEV,
 * -EIO as the server says; -EPROTO no such answer exists; -EOPNOTSUPP neither full nor high speed.
 */
int usbip_import_decode(struct usbip_import *ret, const uint8_t *buf, size_t len,
			const char *busid);

void usbip_submit_encode(uint8_t buf[USBIP_HEADER_SIZE], const struct usbip_submit *submit);

/** usbip_unlink_encode() - @seqnum: its own; @victim: of the CMD_SUBMIT to cancel */
void usbip_unlink_encode(uint8_t buf[USBIP_HEADER_SIZE], uint32_t seqnum, uint32_t devid,
			 uint32_t victim);

/** usbip_reply_decode() - 0, or -EPROTO: not a reply (a positive status counts as none) */
int usbip_reply_decode(struct usbip_reply *ret, const uint8_t buf[USBIP_HEADER_SIZE]);

#endif
