/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a host does with a device it has just found, as a state machine without I/O: one standard
 * request at a time, each judged before the next. Strings are asked of pens only.
 */
#ifndef MNPEN_HOST_USBIP_ENUM_H
#define MNPEN_HOST_USBIP_ENUM_H

#include "driver/host/host.h"
#include "driver/host/usb_descriptor.h"
#include "driver/host/usbip_wire.h"

enum usbip_enum_step {
	USBIP_ENUM_DEVICE,
	USBIP_ENUM_CONFIG_HEAD,
	USBIP_ENUM_CONFIG,
	USBIP_ENUM_LANGID,
	USBIP_ENUM_MANUFACTURER,
	USBIP_ENUM_PRODUCT,
	USBIP_ENUM_SERIAL,
	USBIP_ENUM_SET_CONFIG,
};

enum usbip_enum_verdict {
	USBIP_ENUM_MORE,    /* send usbip_enum_request() next */
	USBIP_ENUM_DONE,    /* configured, alt 0; the results below are valid */
	USBIP_ENUM_REFUSED, /* not a pen; see why */
};

struct usbip_enum {
	enum usbip_enum_step step;
	enum usbip_speed speed;
	struct usb_device_info device;
	uint16_t config_total;
	uint16_t langid;
	const char *why; /* a clause for the log when refused */

	/* results */
	struct host_identity identity;
	struct usb_pen_interface pen;
	uint32_t interval;	/* of the sample endpoint, in (micro)frames */
	uint32_t packets_per_s; /* how often the endpoint can be due */
};

void usbip_enum_begin(struct usbip_enum *e, enum usbip_speed speed);

/** usbip_enum_request() - the request of this step; all are IN but SET_CONFIGURATION */
void usbip_enum_request(const struct usbip_enum *e, struct usb_setup *ret);

/** usbip_enum_answer() - judges the answer to usbip_enum_request() and takes the next step */
enum usbip_enum_verdict usbip_enum_answer(struct usbip_enum *e, const uint8_t *data, size_t len);

/** usbip_enum_step_name() - what was asked, for messages: "the device descriptor" */
const char *usbip_enum_step_name(enum usbip_enum_step step);

#endif
