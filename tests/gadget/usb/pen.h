/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual pen: model, HID, misbehaviour and request log behind the USB device.
 *
 * No I/O. Time comes in as CLOCK_MONOTONIC nanoseconds; the model counts microseconds from its
 * power-on.
 */
#ifndef MNPEN_GADGET_PEN_H
#define MNPEN_GADGET_PEN_H

#include "driver/proto/proto.h"
#include "tests/gadget/usb/hid.h"
#include "tests/gadget/usb/identity.h"
#include "tests/gadget/model/input.h"
#include "tests/gadget/usb/misbehave.h"
#include "tests/gadget/model/model.h"

#define PEN_LOG 1024

/** struct pen_log_entry - one request as it reached the pen */
struct pen_log_entry {
	const char *name;   /* as on the outside: "arm", "set-interface" */
	const char *result; /* "ok", the refusal's name, or "stalled" by order */
	uint16_t value;
	uint16_t length;
	uint64_t time_us; /* model_age_us(), as all times below */
};

struct pen {
	struct usb_device usb;
	struct model model;
	struct hid hid;
	struct misbehave misbehave;
	uint64_t first_on_ns; /* of its first power-on */
	uint64_t power_on_ns; /* of the last one */
	char serial[MNPEN_SERIAL_MAX + 1];

	struct pen_log_entry log[PEN_LOG];
	uint64_t logged;
	const char *last_command; /* last OUT request that came, whatever became of it */
	uint64_t last_command_us;
	uint64_t last_stop_us; /* last STOP that was accepted */
};

/** pen_from_usb() - the pen that @usb is; NULL if it is something else */
struct pen *pen_from_usb(struct usb_device *usb);

/**
 * pen_init() - a pen out of the box, powered on at @now_ns
 * @number: from 1; each has a noise of its own
 */
void pen_init(struct pen *pen, const struct device_options *options, unsigned int number,
	      const char *serial, uint64_t now_ns);

/** pen_power_cycle() - off and on again at @now_ns; what the oracle and the log saw stays */
void pen_power_cycle(struct pen *pen, uint64_t now_ns);

/** pen_advance() - bring the pen to @now_ns; before anything else is done with it */
void pen_advance(struct pen *pen, uint64_t now_ns);

/** pen_ns() - a moment of the oracle or the log as CLOCK_MONOTONIC; 0 (never) stays 0 */
uint64_t pen_ns(const struct pen *pen, uint64_t age_us);

/** pen_trigger() - the hand: model and HID report */
void pen_trigger(struct pen *pen, bool pressed);

#endif
