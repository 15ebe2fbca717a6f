// SPDX-License-Identifier: GPL-2.0-only
/* HID 1.11: input reports and the class requests that a device without output reports needs. */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/usb/hid.h"

#define HID_GET_REPORT 0x01
#define HID_GET_IDLE 0x02
#define HID_SET_IDLE 0x0a
#define HID_INPUT_REPORT 1

static struct hid_report buttons_report(const struct hid *hid, int8_t dial)
{
	return (struct hid_report){.len = 3,
				   .data = {HID_REPORT_BUTTONS, hid->buttons, (uint8_t)dial}};
}

static struct hid_report battery_report(const struct hid *hid)
{
	return (struct hid_report){.len = 2, .data = {HID_REPORT_BATTERY, hid->battery_pct}};
}

static void push(struct hid *hid, struct hid_report report)
{
	if (hid->count < HID_QUEUE)
		hid->count++;
	hid->queue[(hid->head + hid->count - 1) % HID_QUEUE] = report;
}

void hid_reset(struct hid *hid, uint8_t battery_pct)
{
	hid->head = 0;
	hid->count = 0;
	hid->battery_pct = battery_pct;
	push(hid, battery_report(hid));
}

void hid_button(struct hid *hid, uint8_t mask, bool pressed)
{
	uint8_t buttons = (uint8_t)(pressed ? hid->buttons | mask : hid->buttons & ~mask);

	if (buttons == hid->buttons)
		return;
	hid->buttons = buttons;
	push(hid, buttons_report(hid, 0));
}

void hid_dial(struct hid *hid, int8_t steps)
{
	if (steps)
		push(hid, buttons_report(hid, steps));
}

void hid_battery(struct hid *hid, uint8_t percent)
{
	if (percent == hid->battery_pct)
		return;
	hid->battery_pct = percent;
	push(hid, battery_report(hid));
}

int hid_pop(struct hid *hid, uint8_t *buf, size_t size)
{
	struct hid_report report;

	if (!hid->count)
		return -EAGAIN;
	report = hid->queue[hid->head];
	hid->head = (hid->head + 1) % HID_QUEUE;
	hid->count--;
	if (report.len > size)
		return -EOVERFLOW;
	memcpy(buf, report.data, report.len);
	return report.len;
}

static int get_report(const struct hid *hid, const struct usb_transfer *transfer)
{
	struct hid_report report;
	size_t n;

	switch (transfer->setup.value) {
	case HID_INPUT_REPORT << 8 | HID_REPORT_BUTTONS:
		report = buttons_report(hid, 0);
		break;
	case HID_INPUT_REPORT << 8 | HID_REPORT_BATTERY:
		report = battery_report(hid);
		break;
	default:
		return -EPIPE;
	}
	n = MIN((size_t)report.len, transfer->setup.length);
	if (n)
		memcpy(transfer->in, report.data, n);
	return (int)n;
}

/* wValue: the duration, and the report that is meant; 0 = all. Reports come on change only: "never
 * repeat" (0) is what we do, a repeat rate is refused. */
static bool never_repeats(const struct usb_setup *setup)
{
	return setup->value <= HID_REPORT_BATTERY;
}

/*
 * There is no boot protocol to get or set, and no output or feature report to send (HID 1.11, 7.2:
 * optional for a device that is neither keyboard nor mouse).
 */
int hid_request(struct hid *hid, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;

	if (setup->type & USB_DIR_IN) {
		if (setup->request == HID_GET_REPORT)
			return get_report(hid, transfer);
		if (setup->request == HID_GET_IDLE && setup->length && never_repeats(setup)) {
			transfer->in[0] = 0;
			return 1;
		}
		return -EPIPE;
	}
	if (setup->request == HID_SET_IDLE && never_repeats(setup) && !setup->length)
		return 0;
	return -EPIPE;
}
