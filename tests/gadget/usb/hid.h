/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pen's HID interface: report 1 = buttons and dial, report 2 = battery strength.
 *
 * Reports wait in a short queue until the host fetches them, so that a press and release between
 * two polls are both seen. When it is full, the newest report takes the last place: the final
 * state of the buttons is never lost.
 */
#ifndef MNPEN_GADGET_HID_H
#define MNPEN_GADGET_HID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/gadget/usb/usb.h"

#define HID_CLASS 3
#define HID_DT_HID 0x21
#define HID_DT_REPORT 0x22
#define HID_REPORT_BUTTONS 1
#define HID_REPORT_BATTERY 2
#define HID_REPORT_MAX 3
#define HID_QUEUE 32

#define HID_BUTTON_TRIGGER (1u << 0)
#define HID_BUTTON_DEPTH_DOWN (1u << 1)
#define HID_BUTTON_DEPTH_UP (1u << 2)

struct hid_report {
	uint8_t len;
	uint8_t data[HID_REPORT_MAX];
};

struct hid {
	uint8_t buttons;
	uint8_t battery_pct;
	struct hid_report queue[HID_QUEUE];
	unsigned int head;
	unsigned int count;
};

/** hid_reset() - nothing waits; the first battery report is due */
void hid_reset(struct hid *hid, uint8_t battery_pct);

/** hid_button() - press or release HID_BUTTON_* @mask; no change, no report */
void hid_button(struct hid *hid, uint8_t mask, bool pressed);

/** hid_dial() - @steps, -127..127 */
void hid_dial(struct hid *hid, int8_t steps);

/** hid_battery() - reports a change */
void hid_battery(struct hid *hid, uint8_t percent);

/** hid_pop() - next report. Returns its length, -EAGAIN when none waits, -EOVERFLOW when it is
 * longer than @size (it is lost then, as on a real bus) */
int hid_pop(struct hid *hid, uint8_t *buf, size_t size);

/** hid_request() - class requests of the interface. Returns bytes of IN data, or -EPIPE */
int hid_request(struct hid *hid, const struct usb_transfer *transfer);

#endif
