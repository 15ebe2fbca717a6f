/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual pen with its plug: model, HID, misbehaviour and request log behind the USB device.
 *
 * No I/O. Time comes in as CLOCK_MONOTONIC nanoseconds; the model counts microseconds from its
 * power-on.
 */
#ifndef MNPEN_GADGET_PEN_H
#define MNPEN_GADGET_PEN_H

#include "driver/proto/proto.h"
#include "tests/gadget/hid.h"
#include "tests/gadget/input.h"
#include "tests/gadget/misbehave.h"
#include "tests/gadget/model.h"
#include "tests/gadget/usb.h"

#define PEN_LOG 1024

/** struct pen_log_entry - one request as it reached the pen */
struct pen_log_entry {
	const char *name;   /* as on the outside: "arm", "set-interface" */
	const char *result; /* "ok", the refusal's name, or "stalled" by order */
	uint16_t value;
	uint16_t length;
	uint64_t time_us;
};

struct pen {
	struct usb_device usb;
	struct model model;
	struct hid hid;
	struct misbehave misbehave;
	uint64_t power_on_ns;
	bool plugged;
	unsigned int number; /* from 1 */
	char serial[MNPEN_SERIAL_MAX + 1];
	char busid[32];

	struct pen_log_entry log[PEN_LOG];
	uint64_t logged;
	const char *last_command; /* last OUT request, "none" before */
	uint64_t last_command_us;
	uint64_t last_stop_us;
};

/** struct pen_options - what is the same for all pens of a run */
struct pen_options {
	enum usb_speed speed;
	uint64_t seed;
	uint32_t today_days;
};

/**
 * pen_init() - a pen out of the box, plugged in and powered on at @now_ns
 * @number: from 1; bus id "1-@number"
 */
void pen_init(struct pen *pen, const struct pen_options *options, unsigned int number,
	      const char *serial, uint64_t now_ns);

/** pen_power_cycle() - off and on again, plugged in */
void pen_power_cycle(struct pen *pen, uint64_t now_ns);

/** pen_advance() - bring the pen to @now_ns; before anything else is done with it */
void pen_advance(struct pen *pen, uint64_t now_ns);

/** pen_ns() - a moment of the pen as CLOCK_MONOTONIC; 0 (never) stays 0 */
uint64_t pen_ns(const struct pen *pen, uint64_t time_us);

/** pen_control() - a control request reaches the pen now. As usb_control() */
int pen_control(struct pen *pen, const struct usb_transfer *transfer);

/** pen_delay_ms() - how long the answer to @setup is to be held back */
uint32_t pen_delay_ms(const struct pen *pen, const struct usb_setup *setup);

/** pen_trigger() and pen_button() - the hand: model and HID report */
void pen_trigger(struct pen *pen, bool pressed);

#endif
