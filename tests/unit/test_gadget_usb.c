// SPDX-License-Identifier: GPL-2.0-only
/* The pen as a USB device: descriptors byte by byte, standard requests, HID. */
#include <errno.h>

#include "tests/gadget/usb/pen.h"
#include "tests/unit/gadget_fixture.h"

#define SECOND_NS 1000000000ULL

static struct pen device;
static uint8_t in[1024];

static void plug(enum usb_speed speed)
{
	const struct device_options options = {.speed = speed, .today_days = TODAY};

	pen_init(&device, &options, 1, "VPEN0001", SECOND_NS);
	model_insert_cartridge(&device.model, &fixture_cartridge);
	pen_advance(&device, 2 * SECOND_NS);
}

static int setup(uint8_t type, uint8_t request, uint16_t value, uint16_t index, uint16_t length)
{
	const struct usb_transfer transfer = {.setup = {type, request, value, index, length},
					      .in = in};

	memset(in, 0xee, sizeof(in));
	return usb_control(&device.usb, &transfer);
}

static int descriptor(uint8_t type, uint8_t index, uint16_t length)
{
	return setup(0x80, 6, (uint16_t)(type << 8 | index), 0, length);
}

/* Written from protocol.md and USB 2.0 chapter 9 by hand. */
static const uint8_t device_bytes[] = {0x12, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x40, 0x09,
				       0x12, 0x01, 0x00, 0x00, 0x01, 0x01, 0x02, 0x03, 0x01};
static const uint8_t config_bytes[] = {
	0x09, 0x02, 0x3b, 0x00, 0x02, 0x01, 0x00, 0xc0, 0x32, /* configuration */
	0x09, 0x04, 0x00, 0x00, 0x00, 0xff, 0x4d, 0x01, 0x00, /* interface 0 alt 0 */
	0x09, 0x04, 0x00, 0x01, 0x01, 0xff, 0x4d, 0x01, 0x00, /* interface 0 alt 1 */
	0x07, 0x05, 0x81, 0x03, 0x40, 0x00, 0x01,	      /* samples: 64 bytes, 1 ms */
	0x09, 0x04, 0x01, 0x00, 0x01, 0x03, 0x00, 0x00, 0x00, /* interface 1 */
	0x09, 0x21, 0x11, 0x01, 0x00, 0x01, 0x22, 0x3d, 0x00, /* HID 1.11 */
	0x07, 0x05, 0x82, 0x03, 0x08, 0x00, 0x08,	      /* 8 bytes, 8 ms */
};
static const uint8_t qualifier_bytes[] = {0x0a, 0x06, 0x00, 0x02, 0x00,
					  0x00, 0x00, 0x40, 0x01, 0x00};
static const uint8_t report_bytes[] = {0x05, 0x0c, 0x09, 0x01, 0xa1, 0x01, 0x85, 0x01, 0x05,
				       0x09, 0x19, 0x01, 0x29, 0x03, 0x15, 0x00, 0x25, 0x01,
				       0x75, 0x01, 0x95, 0x03, 0x81, 0x02, 0x75, 0x05, 0x95,
				       0x01, 0x81, 0x01, 0x05, 0x01, 0x09, 0x37, 0x15, 0x81,
				       0x25, 0x7f, 0x75, 0x08, 0x95, 0x01, 0x81, 0x06, 0x85,
				       0x02, 0x05, 0x06, 0x09, 0x20, 0x15, 0x00, 0x25, 0x64,
				       0x75, 0x08, 0x95, 0x01, 0x81, 0x02, 0xc0};

static void expect_bytes(int r, const uint8_t *bytes, size_t len)
{
	assert_int_equal(r, len);
	assert_memory_equal(in, bytes, len);
	assert_int_equal(in[len], 0xee); /* and not a byte more */
}

static void descriptors_at_full_speed(void **state)
{
	plug(USB_SPEED_FULL);
	expect_bytes(descriptor(1, 0, 64), device_bytes, sizeof(device_bytes));
	expect_bytes(descriptor(1, 0, 8), device_bytes, 8);
	expect_bytes(descriptor(2, 0, 255), config_bytes, sizeof(config_bytes));
	expect_bytes(descriptor(2, 0, 9), config_bytes, 9);
	assert_int_equal(descriptor(2, 1, 255), -EPIPE);
	assert_int_equal(descriptor(6, 0, 10), -EPIPE);
	assert_int_equal(descriptor(7, 0, 255), -EPIPE);
	assert_int_equal(descriptor(9, 0, 255), -EPIPE);
}

static void descriptors_at_high_speed(void **state)
{
	uint8_t high[sizeof(config_bytes)];

	memcpy(high, config_bytes, sizeof(high));
	high[33] = 4; /* 2^3 microframes = 1 ms */
	high[58] = 7; /* 2^6 = 8 ms */
	plug(USB_SPEED_HIGH);
	expect_bytes(descriptor(2, 0, 255), high, sizeof(high));
	expect_bytes(descriptor(6, 0, 10), qualifier_bytes, sizeof(qualifier_bytes));
	memcpy(high, config_bytes, sizeof(high));
	high[1] = 7; /* other speed */
	expect_bytes(descriptor(7, 0, 255), high, sizeof(high));
	assert_int_equal(usb_interval_us(&device.usb, 0x82), 8000);
	setup(0x01, 11, 1, 0, 0);
	assert_int_equal(usb_interval_us(&device.usb, 0x81), 1000);
}

static void hid_descriptors(void **state)
{
	plug(USB_SPEED_FULL);
	expect_bytes(setup(0x81, 6, 0x2200, 1, 255), report_bytes, sizeof(report_bytes));
	expect_bytes(setup(0x81, 6, 0x2100, 1, 255), config_bytes + 43, 9);
	assert_int_equal(setup(0x81, 6, 0x2200, 0, 255), -EPIPE);
	assert_int_equal(setup(0x81, 6, 0x2300, 1, 255), -EPIPE);
}

static void expect_text(uint8_t index, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(descriptor(3, index, 255), 2 + 2 * len);
	assert_int_equal(in[0], 2 + 2 * len);
	assert_int_equal(in[1], 3);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(in[2 + 2 * i], text[i]);
		assert_int_equal(in[3 + 2 * i], 0);
	}
}

static void strings(void **state)
{
	static const uint8_t languages[] = {4, 3, 0x09, 0x04};

	plug(USB_SPEED_FULL);
	expect_bytes(descriptor(3, 0, 255), languages, sizeof(languages));
	expect_text(1, "mnpen");
	expect_text(2, "mnpen virtual pen");
	expect_text(3, "VPEN0001");
	assert_int_equal(setup(0x80, 6, 0x0303, 0x0409, 255), 18);
	assert_int_equal(setup(0x80, 6, 0x0303, 0x0407, 255), -EPIPE);
	assert_int_equal(descriptor(3, 4, 255), -EPIPE);
	assert_int_equal(descriptor(3, 3, 4), 4);
}

static int byte_of(int r)
{
	assert_int_equal(r, 1);
	return in[0];
}

static void configuration(void **state)
{
	plug(USB_SPEED_FULL);
	assert_int_equal(byte_of(setup(0x80, 8, 0, 0, 1)), 1);
	assert_int_equal(setup(0x00, 9, 0, 0, 0), 0);
	assert_int_equal(byte_of(setup(0x80, 8, 0, 0, 1)), 0);
	assert_int_equal(setup(0x81, 10, 0, 0, 1), -EPIPE); /* not configured */
	assert_int_equal(setup(0x01, 11, 1, 0, 0), -EPIPE);
	assert_int_equal(usb_in(&device.usb, 0x82, in, 8), -EPROTO);
	assert_int_equal(setup(0x00, 9, 2, 0, 0), -EPIPE);
	assert_int_equal(setup(0x00, 9, 1, 0, 0), 0);
	assert_int_equal(byte_of(setup(0x80, 8, 0, 0, 1)), 1);
	assert_int_equal(setup(0x00, 5, 7, 0, 0), 0);	       /* SET_ADDRESS */
	assert_int_equal(setup(0x82, 12, 0, 0x81, 2), -EPIPE); /* SYNCH_FRAME */
}

static void alternate_settings(void **state)
{
	plug(USB_SPEED_FULL);
	assert_int_equal(byte_of(setup(0x81, 10, 0, 0, 1)), 0);
	assert_int_equal(usb_in(&device.usb, 0x81, in, 64), -EPROTO);
	assert_int_equal(setup(0x01, 11, 1, 0, 0), 0);
	assert_int_equal(byte_of(setup(0x81, 10, 0, 0, 1)), 1);
	assert_int_equal(usb_in(&device.usb, 0x81, in, 64), -EAGAIN);
	assert_int_equal(setup(0x01, 11, 2, 0, 0), -EPIPE);
	assert_int_equal(setup(0x01, 11, 1, 1, 0), -EPIPE);
	assert_int_equal(setup(0x01, 11, 0, 1, 0), 0);
	assert_int_equal(setup(0x01, 11, 0, 2, 0), -EPIPE);
	assert_int_equal(byte_of(setup(0x81, 10, 0, 0, 1)), 1); /* of interface 1, not 0 */
	assert_int_equal(setup(0x00, 9, 1, 0, 0), 0);
	assert_int_equal(byte_of(setup(0x81, 10, 0, 0, 1)), 0);
}

static int status_of(int r)
{
	assert_int_equal(r, 2);
	return in[0] | in[1] << 8;
}

static void status_and_halt(void **state)
{
	plug(USB_SPEED_FULL);
	assert_int_equal(status_of(setup(0x80, 0, 0, 0, 2)), 1); /* self-powered */
	assert_int_equal(status_of(setup(0x81, 0, 0, 1, 2)), 0);
	assert_int_equal(setup(0x81, 0, 0, 2, 2), -EPIPE);
	assert_int_equal(status_of(setup(0x82, 0, 0, 0, 2)), 0);
	assert_int_equal(setup(0x82, 0, 0, 0x81, 2), -EPIPE); /* alt 0 has none */
	assert_int_equal(setup(0x01, 11, 1, 0, 0), 0);
	assert_int_equal(setup(0x02, 3, 0, 0x81, 0), 0);
	assert_int_equal(status_of(setup(0x82, 0, 0, 0x81, 2)), 1);
	assert_int_equal(usb_in(&device.usb, 0x81, in, 64), -EPIPE);
	assert_int_equal(usb_in_ready_ns(&device.usb, 0x81), 0);
	assert_int_equal(setup(0x02, 1, 0, 0x81, 0), 0);
	assert_int_equal(status_of(setup(0x82, 0, 0, 0x81, 2)), 0);
	assert_int_equal(setup(0x02, 3, 0, 0x81, 0), 0);
	assert_int_equal(setup(0x02, 3, 0, 0x82, 0), 0);
	assert_int_equal(setup(0x01, 11, 1, 0, 0), 0); /* clears its own endpoints only */
	assert_int_equal(status_of(setup(0x82, 0, 0, 0x81, 2)), 0);
	assert_int_equal(status_of(setup(0x82, 0, 0, 0x82, 2)), 1);
	assert_int_equal(setup(0x02, 3, 0, 0x83, 0), -EPIPE);
	assert_int_equal(setup(0x02, 3, 1, 0x81, 0), -EPIPE);
	assert_int_equal(setup(0x00, 3, 1, 0, 0), -EPIPE);	/* no remote wakeup */
	assert_int_equal(setup(0x00, 3, 2, 0x0400, 0), -EPIPE); /* no test modes */
}

static void bus_events_reach_the_pen(void **state)
{
	static const struct {
		uint8_t type, request;
		uint16_t value, index;
		int result;
		bool stops;
	} cases[] = {
		{0x01, 11, 0, 0, 0, true},	{0x01, 11, 1, 0, 0, true},
		{0x01, 11, 7, 0, -EPIPE, true}, {0x01, 11, 0, 1, 0, false},
		{0x00, 9, 0, 0, 0, true},	{0x00, 9, 1, 0, 0, true},
		{0x00, 9, 5, 0, -EPIPE, true},	{0x23, 3, 4, 1, 0, true},
		{0x41, 6, 0, 0, -EPIPE, false}, {0x02, 3, 0, 0x82, 0, false},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		plug(USB_SPEED_FULL);
		device.model.state = MNPEN_STATE_ARMED;
		device.model.lease_deadline_us = MODEL_NEVER;
		assert_int_equal(setup(cases[i].type, cases[i].request, cases[i].value,
				       cases[i].index, 0),
				 cases[i].result);
		assert_int_equal(device.model.state == MNPEN_STATE_IDLE, cases[i].stops);
		if (cases[i].stops)
			assert_int_equal(device.model.stop_reason, MNPEN_STOP_BUS);
	}
}

static void pen_requests_are_class_requests_to_interface_0(void **state)
{
	plug(USB_SPEED_FULL);
	assert_int_equal(setup(0xa1, 1, 0, 0, 64), 64);
	assert_int_equal(in[0] | in[1] << 8, 0x0100);
	assert_memory_equal(in + 32, "mnpen-vpen", 11);
	assert_int_equal(setup(0xa1, 1, 0, 0, 63), -EPIPE);
	assert_int_equal(setup(0xc1, 1, 0, 0, 64), -EPIPE); /* vendor */
	assert_int_equal(setup(0xa0, 1, 0, 0, 64), -EPIPE); /* device */
	assert_int_equal(setup(0xa1, 1, 0, 2, 64), -EPIPE);
	assert_int_equal(setup(0xa1, 0x0b, 0, 0, 8), 8);
	assert_int_equal(in[0], 1);
	assert_int_equal(in[1], MNPEN_ERR_UNSUPPORTED);
	/* SET_STREAM in alt 0, then in alt 1 with no data behind the setup packet. */
	assert_int_equal(setup(0x21, 8, 0, 0, 4), -EPIPE);
	assert_int_equal(setup(0x01, 11, 1, 0, 0), 0);
	assert_int_equal(setup(0x21, 8, 0, 0, 4), -EPIPE);
	assert_int_equal(setup(0xa1, 0x0b, 0, 0, 8), 8);
	assert_int_equal(in[1], MNPEN_ERR_BAD_LENGTH);
	assert_string_equal(device.log[3].name, "get-info");
	assert_string_equal(device.log[3].result, "unsupported");
	assert_string_equal(device.last_command, "set-stream");
}

static void identity_of_the_virtual_pen(void **state)
{
	struct mnpen_cartridge cartridge;
	struct mnpen_info info;

	plug(USB_SPEED_FULL);
	assert_int_equal(setup(0xa1, 1, 0, 0, 64), 64);
	assert_int_equal(mnpen_info_decode(&info, in, 64), 0);
	assert_int_equal(info.depth_min_um, 100);
	assert_int_equal(info.depth_max_um, 2500);
	assert_int_equal(info.depth_step_um, 50);
	assert_int_equal(info.depth_tolerance_um, 100);
	assert_int_equal(info.speed_min_rpm, 1800);
	assert_int_equal(info.speed_max_rpm, 9000);
	assert_int_equal(info.lease_min_ms, 100);
	assert_int_equal(info.lease_max_ms, 1000);
	assert_int_equal(info.features, 0x1f);
	assert_int_equal(info.stream_min_us, 1000);
	assert_true(info.calibrated_on_days <= TODAY && info.calibration_due_days > TODAY);
	assert_int_equal(setup(0xa1, 9, 0, 0, 48), 48);
	assert_int_equal(mnpen_cartridge_decode(&cartridge, in, 48), 0);
	assert_memory_equal(cartridge.uid, fixture_cartridge.uid, 8);
	assert_int_equal(cartridge.flags, MNPEN_CARTRIDGE_PRESENT | MNPEN_CARTRIDGE_SLEEVE);
	model_set_sleeve(&device.model, false);
	model_remove_cartridge(&device.model);
	assert_int_equal(setup(0xa1, 9, 0, 0, 48), 48);
	for (int i = 0; i < 48; i++)
		assert_int_equal(in[i], 0);
}

static void expect_report(const uint8_t *bytes, size_t len)
{
	memset(in, 0xee, sizeof(in));
	expect_bytes(usb_in(&device.usb, 0x82, in, 8), bytes, len);
}

static void hid_reports(void **state)
{
	plug(USB_SPEED_FULL);
	expect_report((uint8_t[]){2, 100}, 2); /* the battery, once */
	assert_int_equal(usb_in(&device.usb, 0x82, in, 8), -EAGAIN);
	pen_trigger(&device, true);
	pen_trigger(&device, true);
	hid_button(&device.hid, HID_BUTTON_DEPTH_UP, true);
	hid_dial(&device.hid, -3);
	pen_trigger(&device, false);
	expect_report((uint8_t[]){1, 1, 0}, 3);
	expect_report((uint8_t[]){1, 5, 0}, 3);
	expect_report((uint8_t[]){1, 5, 0xfd}, 3);
	expect_report((uint8_t[]){1, 4, 0}, 3);
	model_set_battery(&device.model, 42);
	pen_advance(&device, 3 * SECOND_NS);
	expect_report((uint8_t[]){2, 42}, 2);
	assert_int_equal(usb_in(&device.usb, 0x82, in, 8), -EAGAIN);
	for (int i = 0; i < 101; i++)
		hid_button(&device.hid, HID_BUTTON_TRIGGER, i % 2 == 0);
	for (int i = 0; i < HID_QUEUE; i++)
		assert_int_equal(usb_in(&device.usb, 0x82, in, 8), 3);
	assert_int_equal(in[1], 5); /* the last one is what is pressed now */
	hid_dial(&device.hid, 1);
	assert_int_equal(usb_in(&device.usb, 0x82, in, 2), -EOVERFLOW);
}

static void hid_class_requests(void **state)
{
	plug(USB_SPEED_FULL);
	pen_trigger(&device, true);
	expect_bytes(setup(0xa1, 1, 0x0101, 1, 64), (uint8_t[]){1, 1, 0}, 3);
	expect_bytes(setup(0xa1, 1, 0x0102, 1, 64), (uint8_t[]){2, 100}, 2);
	assert_int_equal(setup(0xa1, 1, 0x0103, 1, 64), -EPIPE);
	assert_int_equal(setup(0xa1, 1, 0x0301, 1, 64), -EPIPE); /* no feature reports */
	assert_int_equal(setup(0x21, 10, 0, 1, 0), 0);
	assert_int_equal(setup(0x21, 10, 0x0400, 1, 0), -EPIPE);
	expect_bytes(setup(0xa1, 2, 0, 1, 1), (uint8_t[]){0}, 1);
	assert_int_equal(setup(0x21, 9, 0x0201, 1, 0), -EPIPE); /* no output reports */
	assert_int_equal(setup(0xa1, 3, 0, 1, 1), -EPIPE);	/* no boot protocol */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_at_full_speed),
		cmocka_unit_test(descriptors_at_high_speed),
		cmocka_unit_test(hid_descriptors),
		cmocka_unit_test(strings),
		cmocka_unit_test(configuration),
		cmocka_unit_test(alternate_settings),
		cmocka_unit_test(status_and_halt),
		cmocka_unit_test(bus_events_reach_the_pen),
		cmocka_unit_test(pen_requests_are_class_requests_to_interface_0),
		cmocka_unit_test(identity_of_the_virtual_pen),
		cmocka_unit_test(hid_reports),
		cmocka_unit_test(hid_class_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
