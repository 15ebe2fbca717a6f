// SPDX-License-Identifier: GPL-2.0-only
/* A recording as a USB device: whatever its descriptors are, no host's question is too much. */
#include "driver/base/cleanup.h"
#include "tests/gadget/server/conn.h"
#include "tests/gadget/replay/replay_usb.h"
#include "tests/gadget/usb/usb_parts.h"
#include "tests/unit/recording_fixture.h"

#define SECOND_NS 1000000000ULL
#define LIST_HEAD 12 /* of OP_REP_DEVLIST */
#define LIST_DEVICE 312
#define LIST_INTERFACE 4

static const struct mnpen_sample idle = {.seq = 1, .time_us = 1000, .state = MNPEN_STATE_IDLE};
static const struct mnpen_cartridge none = {0};

/* NULL when it is refused. */
static struct recording *record(const uint8_t *config, size_t len, const char *serial)
{
	uint8_t buf[MNPEN_INFO_SIZE];
	char error[256];

	tape_new(false, 6);
	mnpen_info_encode(buf, &tape_info);
	tape_control(0xa1, 1, 0, buf, sizeof(buf), 0);
	tape_control(0x80, 6, 0x100, tape_device, sizeof(tape_device), 0);
	tape_string(7, serial);
	tape_control(0x80, 6, 0x200, config, len, 0);
	return tape_parse(tape.len, error, sizeof(error));
}

static struct usb_device *plug(const struct recording *rec)
{
	const struct device_options options = {.speed = USB_SPEED_HIGH, .recording = rec};
	struct usb_device *usb = NULL;

	assert_int_equal(identity_replay.make(&usb, &options, 1, rec->strings[3], SECOND_NS), 0);
	return usb;
}

/* Returns the bytes of a host's list of devices. */
static size_t list(struct usb_device *usb)
{
	static const uint8_t request[8] = {0x01, 0x11, 0x80, 0x05};
	struct port port = {.usb = usb, .plugged = true, .busid = "1-1"};
	struct server server = {.ports = &port, .n_ports = 1};
	struct conn conn = {.server = &server};
	size_t len;

	assert_int_equal(op_feed(&conn, request, sizeof(request)), sizeof(request));
	len = buffer_len(&conn.out);
	buffer_free(&conn.out);
	return len;
}

static int control(struct usb_device *usb, uint8_t type, uint8_t request, uint16_t value,
		   uint8_t *in, uint16_t len)
{
	const struct usb_transfer transfer = {
		.setup = {.type = type, .request = request, .value = value, .length = len},
		.in = in};

	return usb_control(usb, &transfer);
}

/* Every endpoint that there may be, in each setting of interface 0. */
static void try_endpoints(struct usb_device *usb)
{
	uint8_t buf[64];

	for (uint16_t alt = 0; alt < 3; alt++) {
		(void)control(usb, 0x01, 11, alt, NULL, 0);
		for (uint8_t number = 1; number < 16; number++) {
			uint8_t endpoint = number | USB_DIR_IN;

			(void)usb_find_endpoint(usb, endpoint);
			(void)usb_interval_us(usb, endpoint);
			(void)usb_in_ready_ns(usb, endpoint);
			(void)usb_in(usb, endpoint, buf, sizeof(buf));
			assert_true(usb_out(usb, number, buf, sizeof(buf)) < 0);
		}
	}
}

/* Every single byte of a configuration, with every value: nothing malformed gets through. */
static void test_configurations(void **state)
{
	unsigned int good = 0;

	for (size_t at = 0; at < sizeof(tape_config); at++) {
		for (unsigned int value = 0; value < 256; value++) {
			uint8_t config[sizeof(tape_config)];
			struct recording *rec;
			struct usb_device *usb;

			memcpy(config, tape_config, sizeof(config));
			config[at] = (uint8_t)value;
			rec = record(config, sizeof(config), TAPE_SERIAL);
			if (!rec)
				continue;
			usb = plug(rec);
			assert_int_equal(list(usb), LIST_HEAD + LIST_DEVICE + LIST_INTERFACE);
			try_endpoints(usb);
			usb_free(usb);
			recording_free(rec);
			good++;
		}
	}
	assert_in_range(good, 1000, sizeof(tape_config) * 256);
}

/* It counts an interface that it does not describe. */
static void test_missing_interface(void **state)
{
	uint8_t config[sizeof(tape_config)];

	memcpy(config, tape_config, sizeof(config));
	for (uint8_t count = 0; count < 6; count++) {
		struct recording *rec;

		config[4] = count;
		rec = record(config, sizeof(config), TAPE_SERIAL);
		assert_int_equal(!!rec, count == 1);
		recording_free(rec);
	}
}

/* A recorded OUT endpoint takes nothing: nobody knows what the pen would have done. */
static void test_out_endpoint(void **state)
{
	uint8_t config[sizeof(tape_config) + 7];
	struct recording *rec;
	struct usb_device *usb;

	memcpy(config, tape_config, sizeof(tape_config));
	memcpy(config + sizeof(tape_config), (uint8_t[]){7, 5, 0x01, 3, 64, 0, 4}, 7);
	config[2] = sizeof(config);
	config[22] = 2;
	rec = record(config, sizeof(config), TAPE_SERIAL);
	assert_non_null(rec);
	usb = plug(rec);
	assert_int_equal(usb_out(usb, 1, config, 8), -EPROTO);
	assert_int_equal(control(usb, 0x01, 11, 1, NULL, 0), 0);
	assert_int_equal(usb_out(usb, 1, config, 8), -EPIPE);
	usb_free(usb);
	recording_free(rec);
}

/* Each device has the descriptors of its own recording. */
static void test_two_recordings(void **state)
{
	uint8_t config[sizeof(tape_config)], in[64];
	struct recording *first, *second;
	struct usb_device *a, *b;

	memcpy(config, tape_config, sizeof(config));
	config[8] = 77;
	first = record(tape_config, sizeof(tape_config), "FIRST");
	second = record(config, sizeof(config), "SECOND");
	assert_non_null(first);
	assert_non_null(second);
	a = plug(first);
	b = plug(second);
	assert_int_equal(control(a, 0x80, 6, 0x200, in, sizeof(in)), sizeof(tape_config));
	assert_int_equal(in[8], 50);
	assert_int_equal(control(b, 0x80, 6, 0x200, in, sizeof(in)), sizeof(tape_config));
	assert_int_equal(in[8], 77);
	assert_int_equal(control(a, 0x80, 6, 0x600, in, sizeof(in)), 10);
	assert_memory_equal(in, ((uint8_t[]){10, 6, 0, 2, 0, 0, 0, 64, 1, 0}), 10);
	usb_free(a);
	recording_free(first);
	assert_int_equal(control(b, 0x80, 6, 0x303, in, sizeof(in)), 2 + 2 * 6);
	usb_free(b);
	recording_free(second);
}

/* The keys of a pen's state are a replay's as well, with what is known of it. */
static void test_state(void **state)
{
	struct recording *rec;
	struct usb_device *usb;
	struct json_object *object, *member;

	tape_new(false, 6);
	tape_pen(&idle, &none);
	tape_sample(&idle);
	rec = tape_recording();
	usb = plug(rec);
	usb_advance(usb, 2 * SECOND_NS);
	object = replay_state(replay_from_usb(usb));
	json_object_object_foreach(object, key, value)
	{
		assert_non_null(value);
		assert_non_null(key);
	}
	assert_int_equal(json_object_object_length(object), 22);
	assert_true(json_object_object_get_ex(object, "state", &member));
	assert_string_equal(json_object_get_string(member), "idle");
	assert_true(json_object_object_get_ex(object, "token", &member));
	assert_string_equal(json_object_get_string(member), "0000000000000000");
	assert_true(json_object_object_get_ex(object, "now_ns", &member));
	assert_int_equal(json_object_get_uint64(member), 2 * SECOND_NS);
	assert_true(json_object_object_get_ex(object, "replay", &member));
	json_object_put(object);
	usb_free(usb);
	recording_free(rec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configurations), cmocka_unit_test(test_missing_interface),
		cmocka_unit_test(test_out_endpoint),   cmocka_unit_test(test_two_recordings),
		cmocka_unit_test(test_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
