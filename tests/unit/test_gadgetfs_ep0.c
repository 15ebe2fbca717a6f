// SPDX-License-Identifier: GPL-2.0-only
/* Events and requests that come from GadgetFS, and what a pen does with them. */
#include "tests/unit/gadgetfs_fixture.h"

static void enumeration(void **state)
{
	work();
	/* strings, the HID's report descriptor, the present setting */
	asks(0x80, 6, 0x0303, 0x0409, 255);
	asks(0x81, 6, 0x2200, 1, 61);
	asks(0x81, 10, 0, 0, 1);
	expect_did("reply 18;reply 61;reply 1;");
	/* what there is not */
	asks(0x80, 6, 0x0305, 0x0409, 255);
	asks(0x01, 11, 2, 0, 0);
	expect_did("stall-in;stall-out;");
	/* the endpoint is new, or gone */
	asks(0x01, 11, 1, 0, 0);
	expect_did("close 0;open d/ep5in-int as 85;ack;");
	asks(0x01, 11, 0, 0, 0);
	expect_did("close 0;ack;");
	/* SET_CONFIGURATION cannot be refused any more: the kernel has taken it */
	asks(0x00, 9, 1, 1, 0);
	expect_did("ack;");
	asks(0x00, 9, 0, 0, 0);
	expect_did("close 1;ack;");
}

static void endpoint_addresses_are_the_hosts(void **state)
{
	work();
	/* Not every controller answers these itself. */
	asks(0x82, 0, 0, 0x85, 2);
	asks(0x82, 0, 0, 0x81, 2);
	asks(0x82, 0, 0, 0x185, 2);
	expect_did("reply 2;stall-in;stall-in;");
}

static void a_record_comes_with_its_request(void **state)
{
	work();
	asks(0x21, MNPEN_REQ_SET_STREAM, 0, 0, 4);
	expect_did("");
	memcpy(out, (uint8_t[]){0xe8, 3, 0, 0}, 4);
	out_len = 4;
	expect_did("");
	assert_int_not_equal(device.model.stream_next_us, MODEL_NEVER);
	/* Its refusal is not heard, but kept. */
	asks(0x21, MNPEN_REQ_SET_STREAM, 0, 0, 4);
	out[0] = 1;
	out[1] = 0;
	expect_did("");
	asks(0xa1, MNPEN_REQ_GET_ERROR, 0, 0, 8);
	expect_did("reply 8;");
	assert_int_equal(fs.ep0.in[1], MNPEN_ERR_LIMIT);
	/* The packets follow. */
	now_ns += 5 * MS_NS;
	pen_advance(&device, now_ns);
	pipes_run(&fs);
	assert_non_null(strstr(did, "put 48;"));
}

static void data_that_does_not_come(void **state)
{
	work();
	asks(0x21, MNPEN_REQ_SET_STREAM, 0, 0, 4);
	out_len = -ECANCELED;
	expect_did("");
	asks(0xa1, MNPEN_REQ_GET_STATUS, 0, 0, 48);
	expect_did("reply 48;");
	asks(0x21, MNPEN_REQ_SET_STREAM, 0, 0, 4);
	out_len = -EIDRM;
	reset = true;
	expect_did("");
	/* replaced by a STOP, which has to be acknowledged before it can be read */
	asks(0x21, MNPEN_REQ_SET_STREAM, 0, 0, 4);
	reset = false;
	orphan = (struct ep0_orphan){.kind = EP0_ORPHAN_ACKED};
	asks(0x21, MNPEN_REQ_STOP, 1, 0, 0);
	expect_did("skip;leave-out;");
	assert_string_equal(device.log[(device.logged - 1) % PEN_LOG].name, "stop");
}

static void an_answer_held_back(void **state)
{
	work();
	device.misbehave.delay_ms[MNPEN_REQ_STOP] = 20;
	asks(0x21, MNPEN_REQ_STOP, 1, 0, 0);
	expect_did("");
	/* It was carried out on arrival. */
	assert_string_equal(device.log[(device.logged - 1) % PEN_LOG].name, "stop");
	assert_int_equal(ep0_next_ns(&fs), now_ns + 20 * MS_NS);
	/* Nothing behind it is read. */
	asks(0xa1, MNPEN_REQ_GET_STATUS, 0, 0, 48);
	now_ns += 19 * MS_NS;
	expect_did("");
	now_ns += MS_NS;
	expect_did("ack;reply 48;");
	assert_int_equal(ep0_next_ns(&fs), USB_NEVER);
}

static void a_host_that_gives_up(void **state)
{
	work();
	device.misbehave.delay_ms[MNPEN_REQ_GET_INFO] = 20;
	/* and sends a STOP */
	asks(0xa1, MNPEN_REQ_GET_INFO, 0, 0, 64);
	expect_did("");
	gone = EP0_REPLACED;
	orphan = (struct ep0_orphan){.kind = EP0_ORPHAN_ACKED};
	asks(0x21, MNPEN_REQ_STOP, 1, 0, 0);
	expect_did("skip;leave-out;");
	assert_string_equal(device.log[(device.logged - 1) % PEN_LOG].name, "stop");
	/* or asks something: it is told to ask again */
	gone = EP0_WAITS;
	asks(0xa1, MNPEN_REQ_GET_INFO, 0, 0, 64);
	expect_did("");
	gone = EP0_REPLACED;
	orphan.kind = EP0_ORPHAN_STALLED;
	asks(0xa1, MNPEN_REQ_GET_STATUS, 0, 0, 48);
	expect_did("skip;leave-in;");
	asks(0xa1, MNPEN_REQ_GET_STATUS, 0, 0, 48);
	expect_did("reply 48;");
	/* or sends a record */
	gone = EP0_WAITS;
	asks(0xa1, MNPEN_REQ_GET_INFO, 0, 0, 64);
	expect_did("");
	gone = EP0_REPLACED;
	orphan = (struct ep0_orphan){.kind = EP0_ORPHAN_DATA, .data = {0xe8, 3}, .len = 4};
	asks(0x21, MNPEN_REQ_SET_STREAM, 0, 0, 4);
	expect_did("skip;leave-out;");
	assert_int_not_equal(device.model.stream_next_us, MODEL_NEVER);
	/* or nothing: the bus was reset */
	gone = EP0_WAITS;
	asks(0xa1, MNPEN_REQ_GET_INFO, 0, 0, 64);
	expect_did("");
	gone = EP0_GONE;
	happens(EP0_EVENT_DISCONNECT);
	expect_did("close 0;close 1;");
	assert_int_equal(device.model.stream_next_us, MODEL_NEVER);
}

static void an_answer_that_comes_too_late(void **state)
{
	work();
	given_up = true;
	orphan = (struct ep0_orphan){.kind = EP0_ORPHAN_ACKED};
	asks(0xa1, MNPEN_REQ_GET_STATUS, 0, 0, 48);
	asks(0x21, MNPEN_REQ_STOP, 1, 0, 0);
	expect_did("too late;skip;leave-out;");
	/* A reset takes with it what was to come. */
	given_up = true;
	asks(0xa1, MNPEN_REQ_GET_STATUS, 0, 0, 48);
	happens(EP0_EVENT_DISCONNECT);
	happens(EP0_EVENT_CONNECT);
	asks(0xa1, MNPEN_REQ_GET_STATUS, 0, 0, 48);
	expect_did("too late;skip;close 0;close 1;reply 48;");
}

static void frozen(void **state)
{
	work();
	device.misbehave.frozen = true;
	asks(0x21, MNPEN_REQ_STOP, 1, 0, 0);
	expect_did("");
	assert_int_equal(n_events, 1);
	pipes_run(&fs);
	assert_string_equal(did, "");
	assert_int_equal(pipes_next_ns(&fs, now_ns), USB_NEVER);
	device.misbehave.frozen = false;
	expect_did("ack;");
}

/* An armed pen that the bus lets go of stops, whatever the bus calls it. */
static void the_bus_ends_an_arm(void **state)
{
	static const struct {
		enum ep0_event_kind kinds[2];
		const char *closes;
	} cases[] = {
		{{EP0_EVENT_DISCONNECT}, "close 0;close 1;"},
		{{EP0_EVENT_SUSPEND}, ""},
		/* A connect that the reset before has been forgotten for. */
		{{EP0_EVENT_CONNECT}, "close 0;close 1;"},
		{{EP0_EVENT_DISCONNECT, EP0_EVENT_CONNECT}, "close 0;close 1;"},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		start(NULL);
		work();
		device.model.state = MNPEN_STATE_ARMED;
		device.model.lease_deadline_us = MODEL_NEVER;
		for (size_t k = 0; k < 2; k++)
			if (cases[i].kinds[k] != EP0_EVENT_NONE)
				happens(cases[i].kinds[k]);
		expect_did(cases[i].closes);
		assert_int_equal(device.model.state, MNPEN_STATE_IDLE);
		assert_int_equal(device.model.stop_reason, MNPEN_STOP_BUS);
	}
}

static void a_full_speed_bus(void **state)
{
	events[n_events++] = (struct ep0_event){.kind = EP0_EVENT_CONNECT, .speed = 2};
	expect_did("");
	assert_int_equal(device.usb.speed, USB_SPEED_FULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(enumeration, start),
		cmocka_unit_test_setup(endpoint_addresses_are_the_hosts, start),
		cmocka_unit_test_setup(a_record_comes_with_its_request, start),
		cmocka_unit_test_setup(data_that_does_not_come, start),
		cmocka_unit_test_setup(an_answer_held_back, start),
		cmocka_unit_test_setup(a_host_that_gives_up, start),
		cmocka_unit_test_setup(an_answer_that_comes_too_late, start),
		cmocka_unit_test_setup(frozen, start),
		cmocka_unit_test_setup(the_bus_ends_an_arm, start),
		cmocka_unit_test_setup(a_full_speed_bus, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
