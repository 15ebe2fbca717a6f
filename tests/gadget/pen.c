// SPDX-License-Identifier: GPL-2.0-only
/* The pen as a USB function: which request goes where, and the log of what came. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"
#include "tests/gadget/descriptors.h"
#include "tests/gadget/pen.h"

#define NOT_A_RECORD UINT16_MAX

static struct pen *pen_of(struct usb_device *usb)
{
	return (struct pen *)(void *)((char *)usb - offsetof(struct pen, usb));
}

static void log_request(struct pen *pen, const char *name, const struct usb_setup *setup,
			const char *result)
{
	pen->log[pen->logged++ % PEN_LOG] = (struct pen_log_entry){
		.name = name,
		.result = result,
		.value = setup->value,
		.length = setup->length,
		.time_us = pen->model.now_us,
	};
}

static bool is_pen_request(const struct usb_setup *setup)
{
	return (setup->type & ~USB_DIR_IN) == MNPEN_REQTYPE_OUT && setup->index == MNPEN_IF_CONTROL;
}

static bool is_hid_request(const struct usb_setup *setup)
{
	return (setup->type & ~USB_DIR_IN) == MNPEN_REQTYPE_OUT && setup->index == MNPEN_IF_HID;
}

static void note_arrival(struct pen *pen, const struct usb_setup *setup)
{
	if (setup->type != MNPEN_REQTYPE_OUT || !is_pen_request(setup))
		return;
	pen->last_command = mnpen_request_name(setup->request);
	pen->last_command_us = pen->model.now_us;
	if (setup->request == MNPEN_REQ_STOP)
		pen->last_stop_us = pen->model.now_us;
}

static int request_pen(struct pen *pen, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;
	const char *name = mnpen_request_name(setup->request);
	struct model_request request = {
		.code = setup->request,
		.in = setup->type & USB_DIR_IN,
		.foreign = !is_pen_request(setup),
		.alt_work =
			pen->usb.configuration && pen->usb.alt[MNPEN_IF_CONTROL] == MNPEN_ALT_WORK,
		.value = setup->value,
		.length = setup->length,
		.data = transfer->out,
	};
	uint8_t reply[MNPEN_RECORD_MAX];
	enum mnpen_error error;
	size_t len;

	/* A host that sends more or less than it announced has sent no record. */
	if (!request.in && transfer->out_len != setup->length)
		request.length = NOT_A_RECORD;
	note_arrival(pen, setup);
	if (is_pen_request(setup) && misbehave_stalls(&pen->misbehave, setup->request)) {
		log_request(pen, name, setup, "stalled");
		return -EPIPE;
	}
	error = model_request(&pen->model, &request, reply, &len);
	log_request(pen, name, setup, error == MNPEN_ERR_NONE ? "ok" : mnpen_error_name(error));
	if (error != MNPEN_ERR_NONE)
		return -EPIPE;
	if (len)
		memcpy(transfer->in, reply, len);
	return (int)len;
}

static int function_request(struct usb_device *usb, const struct usb_transfer *transfer)
{
	struct pen *pen = pen_of(usb);

	if (is_hid_request(&transfer->setup))
		return hid_request(&pen->hid, transfer);
	return request_pen(pen, transfer);
}

static int function_in(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size)
{
	struct pen *pen = pen_of(usb);

	if (endpoint == MNPEN_EP_SAMPLE)
		return misbehave_packet(&pen->misbehave, &pen->model, buf, size);
	return hid_pop(&pen->hid, buf, size);
}

static bool function_ready(struct usb_device *usb, uint8_t endpoint)
{
	struct pen *pen = pen_of(usb);

	if (endpoint == MNPEN_EP_SAMPLE)
		return misbehave_packets(&pen->misbehave, &pen->model);
	return pen->hid.count;
}

static void function_bus(struct usb_device *usb, enum usb_bus_event event)
{
	static const enum model_bus_event model_events[] = {
		[USB_BUS_RESET] = MODEL_BUS_RESET,
		[USB_BUS_SUSPEND] = MODEL_BUS_SUSPEND,
		[USB_BUS_CONFIGURATION] = MODEL_BUS_CONFIGURATION,
		[USB_BUS_INTERFACE] = MODEL_BUS_INTERFACE,
		[USB_BUS_UNPLUG] = MODEL_BUS_UNPLUG,
	};
	struct pen *pen = pen_of(usb);

	model_bus(&pen->model, model_events[event]);
	if (event == USB_BUS_RESET || event == USB_BUS_UNPLUG)
		hid_reset(&pen->hid, motor_battery_pct(&pen->model.motor));
}

static bool function_descriptor(struct usb_device *usb, const struct usb_setup *setup,
				struct usb_bytes *ret)
{
	if (setup->index != MNPEN_IF_HID)
		return false;
	if (setup->value == HID_DT_HID << 8)
		*ret = descriptor_hid();
	else if (setup->value == HID_DT_REPORT << 8)
		*ret = descriptor_hid_report();
	else
		return false;
	return true;
}

static const struct usb_function pen_function = {
	.device = descriptor_device,
	.qualifier = descriptor_qualifier,
	.config = descriptor_config,
	.request = function_request,
	.in = function_in,
	.ready = function_ready,
	.bus = function_bus,
	.descriptor = function_descriptor,
};

void pen_init(struct pen *pen, const struct pen_options *options, unsigned int number,
	      const char *serial, uint64_t now_ns)
{
	memset(pen, 0, sizeof(*pen));
	pen->number = number;
	pen->plugged = true;
	pen->power_on_ns = now_ns;
	pen->last_command = "none";
	snprintf(pen->serial, sizeof(pen->serial), "%s", serial);
	snprintf(pen->busid, sizeof(pen->busid), "1-%u", number);
	/* Seed 0 stays silent; otherwise each pen has a noise of its own. */
	model_init(&pen->model, options->seed ? options->seed + number - 1 : 0,
		   options->today_days);
	pen->misbehave.noise = noise_seed(options->seed + number);
	pen->usb.function = &pen_function;
	pen->usb.speed = options->speed;
	pen->usb.strings[STRING_MANUFACTURER] = "mnpen";
	pen->usb.strings[STRING_PRODUCT] = "mnpen virtual pen";
	pen->usb.strings[STRING_SERIAL] = pen->serial;
	usb_reset(&pen->usb);
	hid_reset(&pen->hid, motor_battery_pct(&pen->model.motor));
}

void pen_power_cycle(struct pen *pen, uint64_t now_ns)
{
	model_power_on(&pen->model);
	pen->power_on_ns = now_ns;
	pen->last_command = "none";
	pen->last_command_us = 0;
	pen->last_stop_us = 0;
	pen->logged = 0;
	usb_reset(&pen->usb);
	hid_reset(&pen->hid, motor_battery_pct(&pen->model.motor));
}

void pen_advance(struct pen *pen, uint64_t now_ns)
{
	if (now_ns > pen->power_on_ns)
		model_advance(&pen->model, (now_ns - pen->power_on_ns) / NSEC_PER_USEC);
	hid_battery(&pen->hid, motor_battery_pct(&pen->model.motor));
}

uint64_t pen_ns(const struct pen *pen, uint64_t time_us)
{
	return time_us ? pen->power_on_ns + time_us * NSEC_PER_USEC : 0;
}

int pen_control(struct pen *pen, const struct usb_transfer *transfer)
{
	const struct usb_setup *setup = &transfer->setup;
	bool standard_out = (setup->type & (USB_DIR_IN | USB_TYPE_MASK)) == USB_TYPE_STANDARD;
	int r = usb_control(&pen->usb, transfer);
	const char *result = r < 0 ? "stalled" : "ok";

	if (standard_out && setup->request == USB_SET_INTERFACE)
		log_request(pen, "set-interface", setup, result);
	else if (standard_out && setup->request == USB_SET_CONFIGURATION)
		log_request(pen, "set-configuration", setup, result);
	return r;
}

uint32_t pen_delay_ms(const struct pen *pen, const struct usb_setup *setup)
{
	if (!is_pen_request(setup) || setup->request >= MISBEHAVE_REQUESTS)
		return 0;
	return pen->misbehave.delay_ms[setup->request];
}

void pen_trigger(struct pen *pen, bool pressed)
{
	model_set_trigger(&pen->model, pressed);
	hid_button(&pen->hid, HID_BUTTON_TRIGGER, pressed);
}
