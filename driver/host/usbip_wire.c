// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/usbip_wire.h"

#include <errno.h>
#include <string.h>

/* Offsets of the import reply; the kernel's document is off by one behind bDeviceClass, so these
 * follow the struct that its tools use. */
enum {
	REP_BUSID = 264,
	REP_BUSNUM = 296,
	REP_DEVNUM = 300,
	REP_SPEED = 304,
};

/* Offsets of the 48-byte header. */
enum {
	HDR_COMMAND = 0,
	HDR_SEQNUM = 4,
	HDR_DEVID = 8,
	HDR_DIRECTION = 12,
	HDR_ENDPOINT = 16,
	SUBMIT_FLAGS = 20,
	SUBMIT_LENGTH = 24,
	SUBMIT_INTERVAL = 36,
	SUBMIT_SETUP = 40,
	UNLINK_VICTIM = 20,
	RET_STATUS = 20,
	RET_ACTUAL = 24,
	RET_PACKETS = 32,
};

/* Status of an import reply. */
enum {
	IMPORT_OK = 0,
	IMPORT_ERROR = 1,
	IMPORT_BUSY = 2,
	IMPORT_DEVICE_ERROR = 3,
	IMPORT_NO_DEVICE = 4,
	IMPORT_OTHER_ERROR = 5, /* undocumented, but the kernel's tools know it */
};

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)(v >> 16));
	put16(p + 2, (uint16_t)v);
}

static void put16_le(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

void usbip_import_encode(uint8_t buf[USBIP_REQ_IMPORT_SIZE], const char *busid)
{
	memset(buf, 0, USBIP_REQ_IMPORT_SIZE);
	put16(buf, USBIP_VERSION);
	put16(buf + 2, USBIP_OP_REQ_IMPORT);
	memcpy(buf + 8, busid, strnlen(busid, USBIP_BUSID_SIZE - 1));
}

static int import_status(uint32_t status)
{
	switch (status) {
	case IMPORT_OK:
		return 0;
	case IMPORT_BUSY:
		return -EBUSY;
	case IMPORT_NO_DEVICE:
		return -ENODEV;
	case IMPORT_ERROR:
	case IMPORT_DEVICE_ERROR:
	case IMPORT_OTHER_ERROR:
		return -EIO;
	}
	return -EPROTO;
}

int usbip_import_decode(struct usbip_import *ret, const uint8_t *buf, size_t len, const char *busid)
{
	uint32_t busnum, devnum, speed;
	int r;

	if (len < USBIP_REP_HEAD_SIZE)
		return -EAGAIN;
	if (get16(buf) != USBIP_VERSION || get16(buf + 2) != USBIP_OP_REP_IMPORT)
		return -EPROTO;
	r = import_status(get32(buf + 4));
	if (r < 0)
		return r;
	if (len < USBIP_REP_IMPORT_SIZE)
		return -EAGAIN;

	if (strncmp((const char *)buf + REP_BUSID, busid, USBIP_BUSID_SIZE) != 0)
		return -EPROTO;
	busnum = get32(buf + REP_BUSNUM);
	devnum = get32(buf + REP_DEVNUM);
	speed = get32(buf + REP_SPEED);
	if (busnum > UINT16_MAX || devnum > UINT16_MAX)
		return -EPROTO;
	if (speed != USBIP_SPEED_FULL && speed != USBIP_SPEED_HIGH)
		return -EOPNOTSUPP;
	ret->devid = busnum << 16 | devnum;
	ret->speed = speed == USBIP_SPEED_HIGH ? USBIP_SPEED_HIGH : USBIP_SPEED_FULL;
	return USBIP_REP_IMPORT_SIZE;
}

static void put_header(uint8_t *buf, enum usbip_command command, uint32_t seqnum, uint32_t devid)
{
	memset(buf, 0, USBIP_HEADER_SIZE);
	put32(buf + HDR_COMMAND, command);
	put32(buf + HDR_SEQNUM, seqnum);
	put32(buf + HDR_DEVID, devid);
}

/* start_frame and number_of_packets stay 0, as the kernel sends them for all but isochronous. */
void usbip_submit_encode(uint8_t buf[USBIP_HEADER_SIZE], const struct usbip_submit *submit)
{
	const struct usb_setup *setup = &submit->setup;
	uint8_t *p = buf + SUBMIT_SETUP;

	put_header(buf, USBIP_CMD_SUBMIT, submit->seqnum, submit->devid);
	put32(buf + HDR_DIRECTION, submit->in);
	put32(buf + HDR_ENDPOINT, submit->endpoint);
	put32(buf + SUBMIT_FLAGS, submit->in ? USBIP_FLAG_DIR_IN : 0);
	put32(buf + SUBMIT_LENGTH, submit->len);
	put32(buf + SUBMIT_INTERVAL, submit->interval);
	p[0] = setup->request_type;
	p[1] = setup->request;
	put16_le(p + 2, setup->value);
	put16_le(p + 4, setup->index);
	put16_le(p + 6, setup->length);
}

void usbip_unlink_encode(uint8_t buf[USBIP_HEADER_SIZE], uint32_t seqnum, uint32_t devid,
			 uint32_t victim)
{
	put_header(buf, USBIP_CMD_UNLINK, seqnum, devid);
	put32(buf + UNLINK_VICTIM, victim);
}

int usbip_reply_decode(struct usbip_reply *ret, const uint8_t buf[USBIP_HEADER_SIZE])
{
	struct usbip_reply reply = {
		.seqnum = get32(buf + HDR_SEQNUM),
		.status = (int32_t)get32(buf + RET_STATUS),
	};
	uint32_t packets = get32(buf + RET_PACKETS);

	switch (get32(buf + HDR_COMMAND)) {
	case USBIP_RET_SUBMIT:
		reply.command = USBIP_RET_SUBMIT;
		reply.actual_len = get32(buf + RET_ACTUAL);
		/* The document says all ones for non-isochronous, the kernel sends 0. */
		if (packets != 0 && packets != UINT32_MAX)
			return -EPROTO;
		break;
	case USBIP_RET_UNLINK:
		reply.command = USBIP_RET_UNLINK;
		break;
	default:
		return -EPROTO;
	}
	if (reply.status > 0)
		return -EPROTO;
	*ret = reply;
	return 0;
}
