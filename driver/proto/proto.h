/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The pen's USB protocol, version 1.0: every number on the wire, once.
 *
 * The text version of this file is docs/protocol.md; "§" below names its sections. Nothing in
 * driver/proto does I/O, reads a clock, allocates or keeps state, so that firmware can take the
 * folder as it is.
 */
#ifndef MNPEN_PROTO_H
#define MNPEN_PROTO_H

#include <stdint.h>

/* §Identity. VID:PID is a public test id; a maker adds theirs to the id table. */
#define MNPEN_USB_VENDOR_ID 0x1209
#define MNPEN_USB_PRODUCT_ID 0x0001
#define MNPEN_PROTOCOL_VERSION 0x0100
#define MNPEN_SERIAL_MIN 4
#define MNPEN_SERIAL_MAX 32 /* characters, without the terminating NUL */

#define MNPEN_IF_CONTROL 0 /* vendor class, the interface that is claimed */
#define MNPEN_IF_HID 1	   /* buttons, dial, battery */
#define MNPEN_IF_CLASS 0xff
#define MNPEN_IF_SUBCLASS 0x4d
#define MNPEN_IF_PROTOCOL 0x01
#define MNPEN_ALT_REST 0 /* no endpoints: only GET_*, STOP, CLEAR_FAULT */
#define MNPEN_ALT_WORK 1 /* the sample endpoint: everything */
#define MNPEN_EP_SAMPLE 0x81
#define MNPEN_EP_SAMPLE_SIZE 64 /* wMaxPacketSize; a packet carries one 48-byte sample */
#define MNPEN_EP_HID 0x82
#define MNPEN_EP_HID_SIZE 8

/* §Requests. Class type, recipient interface, wIndex = MNPEN_IF_CONTROL. */
#define MNPEN_REQTYPE_OUT 0x21
#define MNPEN_REQTYPE_IN 0xa1

enum mnpen_request {
	MNPEN_REQ_NONE = 0x00,
	MNPEN_REQ_GET_INFO = 0x01,
	MNPEN_REQ_GET_STATUS = 0x02,
	MNPEN_REQ_ARM = 0x03,
	MNPEN_REQ_SET_TARGET = 0x04,
	MNPEN_REQ_LEASE = 0x05,
	MNPEN_REQ_STOP = 0x06,
	MNPEN_REQ_CLEAR_FAULT = 0x07,
	MNPEN_REQ_SET_STREAM = 0x08,
	MNPEN_REQ_GET_CARTRIDGE = 0x09,
	MNPEN_REQ_CLAIM_CARTRIDGE = 0x0a,
	MNPEN_REQ_GET_ERROR = 0x0b,
};

/* §Records: sizes on the wire, in bytes. */
#define MNPEN_INFO_SIZE 64
#define MNPEN_ARM_SIZE 32
#define MNPEN_TARGET_SIZE 16
#define MNPEN_LEASE_SIZE 24
#define MNPEN_CLAIM_SIZE 16
#define MNPEN_CARTRIDGE_SIZE 48
#define MNPEN_ERROR_SIZE 8
#define MNPEN_SAMPLE_SIZE 48
#define MNPEN_STREAM_SIZE 4 /* SET_STREAM: u32 period_us, 0 = off */
#define MNPEN_RECORD_MAX 64

#define MNPEN_TOKEN_SIZE 8 /* first in ARM, SET_TARGET, LEASE and CLAIM_CARTRIDGE */
#define MNPEN_ARM_CRC_OFFSET 28
#define MNPEN_LEASE_CRC_OFFSET 12    /* ARM's again */
#define MNPEN_CARTRIDGE_LOT_OFFSET 8 /* behind the uid */
#define MNPEN_CARTRIDGE_TOKEN_OFFSET 32
#define MNPEN_MODEL_SIZE 16
#define MNPEN_LOT_SIZE 12
#define MNPEN_UID_SIZE 8

/* §Records, error: why the pen refused. */
enum mnpen_error {
	MNPEN_ERR_NONE = 0,
	MNPEN_ERR_BAD_LENGTH = 1,
	MNPEN_ERR_BAD_STATE = 2,
	MNPEN_ERR_BAD_TOKEN = 3,
	MNPEN_ERR_BAD_VALUE = 4,
	MNPEN_ERR_LIMIT = 5,
	MNPEN_ERR_STALE = 6,
	MNPEN_ERR_CRC = 7,
	MNPEN_ERR_CARTRIDGE = 8,
	MNPEN_ERR_FAULT = 9,
	MNPEN_ERR_UNSUPPORTED = 10,
};
#define MNPEN_ERR_MAX MNPEN_ERR_UNSUPPORTED

/* §Records, sample. */
enum mnpen_state {
	MNPEN_STATE_BOOT = 0,
	MNPEN_STATE_IDLE = 1,
	MNPEN_STATE_ARMED = 2,
	MNPEN_STATE_RUNNING = 3,
	MNPEN_STATE_FAULT = 4,
};
#define MNPEN_STATE_MAX MNPEN_STATE_FAULT

enum mnpen_stop_reason {
	MNPEN_STOP_NONE = 0,
	MNPEN_STOP_HOST = 1,
	MNPEN_STOP_TRIGGER = 2,
	MNPEN_STOP_LEASE = 3,
	MNPEN_STOP_DISABLED = 4,
	MNPEN_STOP_RUN_LIMIT = 5,
	MNPEN_STOP_FAULT = 6,
	MNPEN_STOP_BUS = 7,
	MNPEN_STOP_CARTRIDGE = 8,
};
#define MNPEN_STOP_MAX MNPEN_STOP_CARTRIDGE

/* sample.flags; all eight bits are defined. */
#define MNPEN_FLAG_TRIGGER (1u << 0)
#define MNPEN_FLAG_CONTACT (1u << 1)
#define MNPEN_FLAG_ENABLED (1u << 2)
#define MNPEN_FLAG_CARTRIDGE (1u << 3)
#define MNPEN_FLAG_SLEEVE (1u << 4)
#define MNPEN_FLAG_CHARGING (1u << 5)
#define MNPEN_FLAG_CALIBRATION (1u << 6) /* data intact; the due date is the host's to judge */
#define MNPEN_FLAG_DRIVE (1u << 7)	 /* the motor is driven */

/* sample.faults; bits above MNPEN_FAULTS_ALL are reserved. */
#define MNPEN_FAULT_SELFTEST (1u << 0)
#define MNPEN_FAULT_OVERDEPTH (1u << 1)
#define MNPEN_FAULT_OVERSPEED (1u << 2)
#define MNPEN_FAULT_UNDERSPEED (1u << 3)
#define MNPEN_FAULT_STALLED (1u << 4)
#define MNPEN_FAULT_OVERCURRENT (1u << 5)
#define MNPEN_FAULT_OVERTEMP (1u << 6)
#define MNPEN_FAULT_UNDERVOLT (1u << 7)
#define MNPEN_FAULT_CARTRIDGE_LOST (1u << 8)
#define MNPEN_FAULT_INGRESS (1u << 9)
#define MNPEN_FAULT_POSITION_SENSOR (1u << 10)
#define MNPEN_FAULT_INTERNAL (1u << 11)
#define MNPEN_FAULT_COUNT 12
#define MNPEN_FAULTS_ALL 0x0fffu

/* info.features */
#define MNPEN_FEATURE_BATTERY (1u << 0)
#define MNPEN_FEATURE_CONTACT (1u << 1)
#define MNPEN_FEATURE_CARTRIDGE_TAG (1u << 2)
#define MNPEN_FEATURE_INGRESS (1u << 3)
#define MNPEN_FEATURE_SLEEVE (1u << 4)

/* cartridge.flags */
#define MNPEN_CARTRIDGE_PRESENT (1u << 0)
#define MNPEN_CARTRIDGE_SLEEVE (1u << 1)
#define MNPEN_CARTRIDGE_UNREADABLE (1u << 2)
#define MNPEN_CARTRIDGE_FLAGS_ALL 0x07u

/* arm.trigger_mode: 1.0 knows hold-to-run only */
#define MNPEN_TRIGGER_HOLD 0

/*
 * §States, fault causes: what the pen trips on, and what the host judges a stream by as well.
 * Times are in milliseconds of the pen's own clock, speeds in strokes per minute.
 */
#define MNPEN_OVERSPEED_PERCENT 5
#define MNPEN_OVERSPEED_MS 100
#define MNPEN_UNDERSPEED_MS 200
#define MNPEN_UNDERSPEED_GRACE_MS 500 /* from the start of the drive */
#define MNPEN_STALL_RPM 300
#define MNPEN_STALL_MS 200
#define MNPEN_STALL_GRACE_MS 400 /* from the start of the drive */
#define MNPEN_OVERCURRENT_MA 1500
#define MNPEN_OVERCURRENT_MS 20
#define MNPEN_OVERTEMP_DC 600
#define MNPEN_UNDERVOLT_MV 3300
#define MNPEN_UNDERVOLT_MS 100
#define MNPEN_POSITION_SENSOR_MS 250
#define MNPEN_FAULT_CLEAR_MS 500 /* every cause gone for so long before CLEAR_FAULT works */
#define MNPEN_RETRACT_MS 25
#define MNPEN_DRIVE_CUT_MS 5
#define MNPEN_SPEED_ZERO_MS 500
#define MNPEN_QUEUE_SAMPLES 64 /* the pen keeps at least the newest so many for a late host */

#endif
