// SPDX-License-Identifier: GPL-2.0-only
/* The pen as a USB function: which request goes where, and the log of what came. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"
#include "tests/gadget/usb/descriptors.h"
#include "tests/gadget/usb/pen.h"

#define NOT_A_RECORD UINT16_MAX
/* A pen that is at work is looked after so often, so that no request finds much to catch up. */
#define HOUSEKEEPING_NS 10000000ULL

static struct pen *to_pen(struct usb_device *usb)
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
		.time_us = model_age_us(&pen->model),
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
	pen->last_command_us = model_age_us(&pen->model);
}

/* What follows from a request that was carried out. */
static void note_success(struct pen *pen, const struct usb_setup *setup)
{
	if (setup->request == MNPEN_REQ_STOP)
		pen->last_stop_us = model_age_us(&pen->model);
	/* The copy that is still to come was of the stream before. */
	if (setup->request == MNPEN_REQ_SET_STREAM)
		misbehave_stream_end(&pen->misbehave);
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
	note_success(pen, setup);
	if (len)
		memcpy(transfer->in, reply, len);
	return (int)len;
}

static int function_request(struct usb_device *usb, const struct usb_transfer *transfer)
{
	struct pen *pen = to_pen(usb);

	if (is_hid_request(&transfer->setup))
		return usb->configuration ? hid_request(&pen->hid, transfer) : -EPIPE;
	return request_pen(pen, transfer);
}

static int function_in(struct usb_device *usb, uint8_t endpoint, uint8_t *buf, size_t size)
{
	struct pen *pen = to_pen(usb);

	if (endpoint == MNPEN_EP_SAMPLE)
		return misbehave_packet(&pen->misbehave, &pen->model, buf, size);
	return hid_pop(&pen->hid, buf, size);
}

static uint64_t function_ready_ns(struct usb_device *usb, uint8_t endpoint)
{
	struct pen *pen = to_pen(usb);

	if (endpoint == MNPEN_EP_HID)
		return pen->hid.count ? 0 : USB_NEVER;
	if (misbehave_packets(&pen->misbehave, &pen->model))
		return 0;
	if (pen->model.stream_next_us == MODEL_NEVER)
		return USB_NEVER;
	return pen->power_on_ns + pen->model.stream_next_us * NSEC_PER_USEC;
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
	struct pen *pen = to_pen(usb);

	if (event != USB_BUS_ATTACH)
		model_bus(&pen->model, model_events[event]);
	/* A pen that ignores the event goes on streaming. */
	if (pen->model.stream_next_us == MODEL_NEVER)
		misbehave_stream_end(&pen->misbehave);
	/* What happened to the buttons while nobody was there is of no interest to a new host. */
	if (event == USB_BUS_RESET || event == USB_BUS_UNPLUG || event == USB_BUS_ATTACH)
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

static void function_free(struct usb_device *usb)
{
	free(to_pen(usb));
}

static void function_advance(struct usb_device *usb, uint64_t now_ns)
{
	pen_advance(to_pen(usb), now_ns);
}

static uint64_t function_next_ns(struct usb_device *usb, uint64_t now_ns)
{
	return model_active(&to_pen(usb)->model) ? now_ns + HOUSEKEEPING_NS : USB_NEVER;
}

static void function_seen(struct usb_device *usb, const struct usb_setup *setup, int result)
{
	const char *text = result < 0 ? "stalled" : "ok";

	if ((setup->type & (USB_DIR_IN | USB_TYPE_MASK)) != USB_TYPE_STANDARD)
		return;
	if (setup->request == USB_SET_INTERFACE)
		log_request(to_pen(usb), "set-interface", setup, text);
	else if (setup->request == USB_SET_CONFIGURATION)
		log_request(to_pen(usb), "set-configuration", setup, text);
}

static uint32_t function_delay_ms(struct usb_device *usb, const struct usb_setup *setup)
{
	if (!is_pen_request(setup) || setup->request >= MISBEHAVE_REQUESTS)
		return 0;
	return to_pen(usb)->misbehave.delay_ms[setup->request];
}

static bool function_frozen(struct usb_device *usb)
{
	return to_pen(usb)->misbehave.frozen;
}

static const struct usb_function pen_function = {
	.device = descriptor_device,
	.qualifier = descriptor_qualifier,
	.config = descriptor_config,
	.in_max = MNPEN_EP_SAMPLE_SIZE,
	.request = function_request,
	.in = function_in,
	.ready_ns = function_ready_ns,
	.bus = function_bus,
	.descriptor = function_descriptor,
	.free = function_free,
	.advance = function_advance,
	.next_ns = function_next_ns,
	.seen = function_seen,
	.delay_ms = function_delay_ms,
	.frozen = function_frozen,
};

struct pen *pen_from_usb(struct usb_device *usb)
{
	return usb->function == &pen_function ? to_pen(usb) : NULL;
}

void pen_init(struct pen *pen, const struct device_options *options, unsigned int number,
	      const char *serial, uint64_t now_ns)
{
	memset(pen, 0, sizeof(*pen));
	pen->first_on_ns = pen->power_on_ns = now_ns;
	pen->last_command = "none";
	snprintf(pen->serial, sizeof(pen->serial), "%s", serial);
	/* Seed 0 stays silent; otherwise each pen has a noise of its own. */
	model_init(&pen->model, options->seed ? options->seed + number - 1 : 0,
		   options->today_days);
	if (options->no_tag)
		pen->model.info.features &= ~MNPEN_FEATURE_CARTRIDGE_TAG;
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
	pen_advance(pen, now_ns);
	model_power_cycle(&pen->model);
	/* To the microsecond of the model, so that its times before and after fit together. */
	pen->power_on_ns = pen->first_on_ns + pen->model.before_us * NSEC_PER_USEC;
	misbehave_stream_end(&pen->misbehave);
	usb_reset(&pen->usb);
	hid_reset(&pen->hid, motor_battery_pct(&pen->model.motor));
}

void pen_advance(struct pen *pen, uint64_t now_ns)
{
	if (now_ns > pen->power_on_ns)
		model_advance(&pen->model, (now_ns - pen->power_on_ns) / NSEC_PER_USEC);
	hid_battery(&pen->hid, motor_battery_pct(&pen->model.motor));
}

uint64_t pen_ns(const struct pen *pen, uint64_t age_us)
{
	return age_us ? pen->first_on_ns + age_us * NSEC_PER_USEC : 0;
}

void pen_trigger(struct pen *pen, bool pressed)
{
	model_set_trigger(&pen->model, pressed);
	hid_button(&pen->hid, HID_BUTTON_TRIGGER, pressed);
}

static int make(struct usb_device **ret, const struct device_options *options, unsigned int number,
		const char *serial, uint64_t now_ns)
{
	struct pen *pen = malloc(sizeof(*pen));

	if (!pen)
		return -ENOMEM;
	pen_init(pen, options, number, serial, now_ns);
	*ret = &pen->usb;
	return 0;
}

const struct identity identity_pen = {"pen", make};
