// SPDX-License-Identifier: GPL-2.0-only
/* What the oracle saw: neither an ARM nor a power-cycle wipes it, and no slip is taken for a STOP.
 */
#include <errno.h>

#include "driver/base/clock.h"
#include "tests/gadget/usb/pen.h"
#include "tests/unit/gadget_fixture.h"

#define BASE_NS 5000000000ULL

static struct pen device;
static uint64_t now_ns;

/* The pen of the fixture, with its plug. */
static void to_device(void)
{
	const struct device_options options = {.speed = USB_SPEED_FULL, .today_days = TODAY};

	pen_init(&device, &options, 1, "VPEN0001", BASE_NS);
	device.model = pen;
	now_ns = BASE_NS + pen.now_us * NSEC_PER_USEC;
}

static void device_pass(uint64_t us)
{
	now_ns += us * NSEC_PER_USEC;
	pen_advance(&device, now_ns);
}

static int request(uint8_t type, uint8_t code, uint16_t index, const uint8_t *data, uint16_t length)
{
	uint8_t in[64];
	struct usb_transfer transfer = {
		.setup = {.type = type, .request = code, .index = index, .length = length},
		.out = data,
		.out_len = type & USB_DIR_IN ? 0 : length,
		.in = in,
	};

	return usb_control(&device.usb, &transfer);
}

static void run_again(void)
{
	struct mnpen_arm arm;

	assert_int_equal(send(MNPEN_REQ_STOP, NULL, 0), MNPEN_ERR_NONE);
	model_set_trigger(&pen, false);
	pass(500 * MS); /* until the needles are back */
	arm = fixture_arm();
	to_armed_with(&arm);
	assert_int_equal(send_target(500, 6000), MNPEN_ERR_NONE);
	assert_int_equal(send_lease(1), MNPEN_ERR_NONE);
	model_set_trigger(&pen, true);
	assert_int_equal(pen.state, MNPEN_STATE_RUNNING);
}

/* The first stroke too deep of the last ARM that had one. */
static void depth_over_outlasts_the_arm(void **state)
{
	uint64_t first_us;

	to_running();
	model_set_ignore(&pen, MODEL_IGNORE_LIMITS, true);
	pass_leased(300 * MS);
	assert_int_equal(pen.oracle.depth_over_us, 0);
	model_set_drift_depth(&pen, 1000);
	pass_leased(300 * MS);
	first_us = pen.oracle.depth_over_us;
	assert_in_range(first_us, pen.oracle.motor_on_us + 300 * MS, pen.now_us - 200 * MS);

	model_set_drift_depth(&pen, 0);
	run_again();
	pass_leased(300 * MS);
	assert_int_equal(pen.oracle.depth_over_us, first_us);
	assert_true(first_us < pen.oracle.motor_on_us); /* how a reader sees that it is no more */

	model_set_drift_depth(&pen, 1000);
	pass_leased(300 * MS);
	assert_true(pen.oracle.depth_over_us > pen.oracle.motor_on_us);
	first_us = pen.oracle.depth_over_us;
	pass_leased(300 * MS);
	assert_int_equal(pen.oracle.depth_over_us, first_us);
}

/* Times of CLOCK_MONOTONIC before and after; the pen's own clock begins anew. */
static void power_cycle_wipes_nothing(void **state)
{
	static const uint8_t period[4] = {0xe8, 0x03, 0, 0};
	uint64_t on_ns, lease_ns, off_ns, deep_ns;

	to_running();
	model_set_ignore(&pen, MODEL_IGNORE_LIMITS | MODEL_IGNORE_RESET, true);
	model_set_drift_depth(&pen, 1000);
	pass_leased(300 * MS);
	to_device();
	assert_int_equal(request(0xa1, MNPEN_REQ_GET_STATUS, 0, NULL, 48), 48);
	assert_int_equal(request(0x21, MNPEN_REQ_STOP, 1, NULL, 0), -EPIPE);
	assert_int_equal(request(0x21, MNPEN_REQ_CLEAR_FAULT, 0, NULL, 0), -EPIPE);
	on_ns = pen_ns(&device, device.model.oracle.motor_on_us);
	lease_ns = pen_ns(&device, device.model.oracle.lease_us);
	deep_ns = pen_ns(&device, device.model.oracle.depth_over_us);
	assert_true(on_ns && lease_ns && deep_ns);
	assert_int_equal(device.model.oracle.bus_us, 0);
	device_pass(20 * MS);

	off_ns = now_ns + 10 * MS * NSEC_PER_USEC; /* nobody looks in between */
	pen_power_cycle(&device, off_ns);
	now_ns = off_ns;
	assert_int_equal(device.model.state, MNPEN_STATE_BOOT);
	assert_int_equal(device.model.now_us, 0);
	assert_int_equal(device.model.last_cmd, 0);
	assert_false(device.model.motor.drive);
	assert_int_equal(device.power_on_ns, off_ns);
	assert_int_equal(pen_ns(&device, device.model.oracle.motor_on_us), on_ns);
	assert_int_equal(pen_ns(&device, device.model.oracle.lease_us), lease_ns);
	assert_int_equal(pen_ns(&device, device.model.oracle.depth_over_us), deep_ns);
	assert_int_equal(pen_ns(&device, device.model.oracle.motor_off_us), off_ns);
	assert_int_equal(pen_ns(&device, device.model.oracle.bus_us), off_ns);
	assert_int_equal(device.logged, 2);
	assert_string_equal(device.log[1].name, "clear-fault");
	assert_string_equal(device.last_command, "clear-fault");
	assert_int_equal(pen_ns(&device, device.last_command_us), off_ns - 30 * MS * NSEC_PER_USEC);

	/* A drive that was off is not switched off; the bus is lost each time. */
	device_pass(100 * MS);
	pen_power_cycle(&device, now_ns);
	assert_int_equal(pen_ns(&device, device.model.oracle.motor_off_us), off_ns);
	assert_int_equal(pen_ns(&device, device.model.oracle.bus_us), now_ns);

	/* What happens now has its time, as it had before. */
	device_pass(100 * MS);
	assert_int_equal(device.model.state, MNPEN_STATE_IDLE);
	device.usb.configuration = 1;
	device.usb.alt[MNPEN_IF_CONTROL] = MNPEN_ALT_WORK;
	assert_int_equal(request(0x21, MNPEN_REQ_SET_STREAM, 0, period, 4), 0);
	assert_int_equal(pen_ns(&device, device.last_command_us), now_ns);
	assert_int_equal(pen_ns(&device, device.log[device.logged - 1].time_us), now_ns);
	assert_int_equal(usb_in_ready_ns(&device.usb, MNPEN_EP_SAMPLE), now_ns + 1000000);
}

/* The run that a loss of power ends counts for the motor's hours. */
static void power_cycle_ends_the_run(void **state)
{
	to_running();
	model_set_ignore(&pen, MODEL_IGNORE_RESET, true);
	pass_leased(2500 * MS);
	model_power_cycle(&pen);
	assert_int_equal(pen.total_run_us, 2500 * MS);
	assert_int_equal(pen.info.motor_total_s, 2);
	assert_int_equal(model_run_us(&pen), 0);
}

static void stop_is_one_that_was_carried_out(void **state)
{
	static const uint8_t byte = 0;
	static const struct {
		uint8_t type;
		uint16_t index, length;
		bool stalled;
		bool counts;
	} cases[] = {
		{0x21, 0, 0, false, true},  /* as it should be */
		{0x21, 0, 1, false, false}, /* too long */
		{0xa1, 0, 0, false, false}, /* the other way */
		{0x21, 1, 0, false, false}, /* to the buttons */
		{0x21, 2, 0, false, false}, /* to nobody */
		{0x41, 0, 0, false, false}, /* of a vendor */
		{0x21, 0, 0, true, false},  /* refused unheard */
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		uint64_t then_us;

		to_armed();
		to_device();
		assert_int_equal(request(0x21, MNPEN_REQ_STOP, 0, NULL, 0), 0);
		then_us = device.last_stop_us;
		assert_int_equal(then_us, device.model.now_us);
		device_pass(10 * MS);
		device.misbehave.stalled = cases[i].stalled ? 1u << MNPEN_REQ_STOP : 0;
		assert_int_equal(request(cases[i].type, MNPEN_REQ_STOP, cases[i].index, &byte,
					 cases[i].length),
				 cases[i].counts ? 0 : -EPIPE);
		assert_int_equal(device.last_stop_us,
				 cases[i].counts ? device.model.now_us : then_us);
	}
	/* One that a rogue pen says yes to and does not obey has been taken. */
	to_armed();
	to_device();
	model_set_ignore(&device.model, MODEL_IGNORE_STOP, true);
	assert_int_equal(request(0x21, MNPEN_REQ_STOP, 0, NULL, 0), 0);
	assert_int_equal(device.model.state, MNPEN_STATE_ARMED);
	assert_int_equal(device.last_stop_us, device.model.now_us);
}

/* Every command that came is the last command, whatever became of it. */
static void last_command_is_one_that_came(void **state)
{
	to_armed();
	to_device();
	assert_string_equal(device.last_command, "none");
	device_pass(10 * MS);
	assert_int_equal(request(0x21, MNPEN_REQ_STOP, 0, (const uint8_t *)"", 1), -EPIPE);
	assert_string_equal(device.last_command, "stop");
	assert_int_equal(device.last_command_us, device.model.now_us);
	assert_int_equal(device.last_stop_us, 0);
}

/* The pen streams, and a copy of a sample is yet to come. */
static void to_copy(void)
{
	static const uint8_t period[4] = {0xe8, 0x03, 0, 0};
	uint8_t packet[MNPEN_EP_SAMPLE_SIZE];

	to_idle();
	to_device();
	device.usb.configuration = 1;
	device.usb.alt[MNPEN_IF_CONTROL] = MNPEN_ALT_WORK;
	device.misbehave.duplicate = 1;
	assert_int_equal(request(0x21, MNPEN_REQ_SET_STREAM, 0, period, 4), 0);
	device_pass(1 * MS);
	assert_int_equal(usb_in(&device.usb, MNPEN_EP_SAMPLE, packet, sizeof(packet)), 48);
	assert_int_equal(usb_in_ready_ns(&device.usb, MNPEN_EP_SAMPLE), 0);
}

/* A copy belongs to its stream: what ends that, ends the copy. */
static void copy_ends_with_its_stream(void **state)
{
	static const enum usb_bus_event events[] = {USB_BUS_RESET, USB_BUS_SUSPEND, USB_BUS_UNPLUG};
	static const uint8_t period[4] = {0xe8, 0x03, 0, 0};

	for (size_t i = 0; i < ELEMENTSOF(events); i++) {
		to_copy();
		usb_bus(&device.usb, events[i]);
		assert_false(misbehave_packets(&device.misbehave, &device.model));
	}
	to_copy();
	assert_int_equal(request(0x21, MNPEN_REQ_SET_STREAM, 0, period, 4), 0);
	assert_false(misbehave_packets(&device.misbehave, &device.model));
	to_copy();
	pen_power_cycle(&device, now_ns);
	assert_false(misbehave_packets(&device.misbehave, &device.model));
	/* A pen that ignores the reset goes on with its stream, and with the copy. */
	to_copy();
	model_set_ignore(&device.model, MODEL_IGNORE_RESET, true);
	usb_bus(&device.usb, USB_BUS_RESET);
	assert_true(misbehave_packets(&device.misbehave, &device.model));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depth_over_outlasts_the_arm),
		cmocka_unit_test(power_cycle_wipes_nothing),
		cmocka_unit_test(power_cycle_ends_the_run),
		cmocka_unit_test(stop_is_one_that_was_carried_out),
		cmocka_unit_test(last_command_is_one_that_came),
		cmocka_unit_test(copy_ends_with_its_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
