// SPDX-License-Identifier: GPL-2.0-only
/* The source and sink for the kernel's usbtest: what it gives and takes, alone and over USB/IP. */
#include "tests/gadget/server/conn.h"
#include "tests/gadget/usb/usbtest.h"
#include "tests/unit/gadget_host.h"

#define MEBIBYTE 1048576u

static struct usb_device *usb;
static uint8_t in[MEBIBYTE + 2];
static uint8_t out[UINT16_MAX];

static void start(const char *name, enum usb_speed speed)
{
	const struct device_options options = {
		.identity = identity_find(name), .speed = speed, .seed = 1, .today_days = 20000};

	assert_non_null(options.identity);
	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(gadget_init(&gadget, event, &options, "VPEN0001", 1), 0);
	port = &gadget.server->ports[0];
	usb = port->usb;
	assert_null(port->pen);
	serve(0);
}

static int request(uint8_t type, uint8_t code, uint16_t value, uint16_t index, uint16_t length)
{
	const struct usb_transfer transfer = {
		.setup = {type, code, value, index, length},
		.in = in,
		.out = type & 0x80 ? NULL : out,
		.out_len = type & 0x80 ? 0 : length,
	};

	memset(in, 0xee, sizeof(in));
	return usb_control(usb, &transfer);
}

/* Written from USB 2.0 chapter 9 by hand. */
static const uint8_t device_bytes[] = {0x12, 0x01, 0x00, 0x02, 0xff, 0x00, 0x00, 0x40, 0x25,
				       0x05, 0xa0, 0xa4, 0x00, 0x01, 0x01, 0x02, 0x03, 0x01};
static const uint8_t qualifier_bytes[] = {0x0a, 0x06, 0x00, 0x02, 0xff,
					  0x00, 0x00, 0x40, 0x01, 0x00};
static const uint8_t high_bytes[] = {
	0x09, 0x02, 0x2e, 0x00, 0x01, 0x01, 0x00, 0xc0, 0x01, /* configuration */
	0x09, 0x04, 0x00, 0x00, 0x04, 0xff, 0x00, 0x00, 0x00, /* interface 0 alt 0 */
	0x07, 0x05, 0x81, 0x02, 0x00, 0x02, 0x00,	      /* bulk IN, 512 bytes */
	0x07, 0x05, 0x01, 0x02, 0x00, 0x02, 0x00,	      /* bulk OUT */
	0x07, 0x05, 0x82, 0x03, 0x00, 0x04, 0x04,	      /* interrupt IN, 1024 bytes, 1 ms */
	0x07, 0x05, 0x02, 0x03, 0x00, 0x04, 0x04,	      /* interrupt OUT */
};

static void expect_descriptor(uint8_t type, const uint8_t *bytes, size_t len)
{
	assert_int_equal(request(0x80, 6, (uint16_t)(type << 8), 0, 255), len);
	assert_memory_equal(in, bytes, len);
}

static void descriptors(void **state)
{
	uint8_t full[sizeof(high_bytes)];

	memcpy(full, high_bytes, sizeof(full));
	for (size_t endpoint = 18; endpoint < sizeof(full); endpoint += 7) {
		full[endpoint + 4] = 64;
		full[endpoint + 5] = 0;
	}
	full[18 + 2 * 7 + 6] = 1; /* one frame */
	full[18 + 3 * 7 + 6] = 1;
	start("usbtest", USB_SPEED_FULL);
	expect_descriptor(1, device_bytes, sizeof(device_bytes));
	expect_descriptor(2, full, sizeof(full));
	teardown_gadget(NULL);
	start("usbtest", USB_SPEED_HIGH);
	expect_descriptor(1, device_bytes, sizeof(device_bytes));
	expect_descriptor(2, high_bytes, sizeof(high_bytes));
	expect_descriptor(6, qualifier_bytes, sizeof(qualifier_bytes));
	full[1] = 7; /* other speed */
	expect_descriptor(7, full, sizeof(full));
	/* One setting to get and set, and requests that are nobody's. */
	assert_int_equal(request(0x01, 11, 0, 0, 0), 0);
	assert_int_equal(request(0x01, 11, 1, 0, 0), -EPIPE);
	assert_int_equal(request(0x81, 6, 0x2200, 0, 255), -EPIPE);
	assert_int_equal(request(0xa1, 1, 0, 0, 64), -EPIPE);
}

static void names_of_identities(void **state)
{
	start("usbtest", USB_SPEED_HIGH);
	assert_string_equal(identity_find("pen")->name, "pen");
	assert_null(identity_find("usbtes"));
	assert_null(identity_find(""));
}

/* Each pattern on each endpoint, at both speeds. */
static const struct flow {
	const char *name;
	enum usb_speed speed;
	uint8_t endpoint; /* of the IN; the OUT has the same number */
	unsigned int packet;
	bool mod63;
} flows[] = {
	{"usbtest", USB_SPEED_HIGH, 0x81, 512, false},
	{"usbtest", USB_SPEED_FULL, 0x82, 64, false},
	{"usbtest-mod63", USB_SPEED_HIGH, 0x81, 512, true},
	{"usbtest-mod63", USB_SPEED_HIGH, 0x82, 1024, true},
	{"usbtest-mod63", USB_SPEED_FULL, 0x81, 64, true},
	{"usbtest-mod63", USB_SPEED_FULL, 0x82, 64, true},
};

static const uint16_t lengths[] = {0, 1, 63, 64, 65, 512, 513, 1024, 4097, 65535};

static void pattern_of_the_source(void **state)
{
	for (size_t f = 0; f < ELEMENTSOF(flows); f++) {
		start(flows[f].name, flows[f].speed);
		for (size_t l = 0; l < ELEMENTSOF(lengths); l++) {
			memset(in, 0xee, sizeof(in));
			assert_int_equal(usb_in_ready_ns(usb, flows[f].endpoint), 0);
			assert_int_equal(usb_in(usb, flows[f].endpoint, in, lengths[l]),
					 lengths[l]);
			for (unsigned int i = 0; i < lengths[l]; i++)
				assert_int_equal(in[i],
						 flows[f].mod63 ? i % flows[f].packet % 63 : 0);
			assert_int_equal(in[lengths[l]], 0xee);
		}
		teardown_gadget(NULL);
	}
	start("usbtest", USB_SPEED_HIGH);
}

static int sink(const struct flow *flow, uint16_t len)
{
	return usb_out(usb, flow->endpoint & 0x0f, out, len);
}

static void pattern_of_the_sink(void **state)
{
	for (size_t f = 0; f < ELEMENTSOF(flows); f++) {
		start(flows[f].name, flows[f].speed);
		for (unsigned int i = 0; i < sizeof(out); i++)
			out[i] = (uint8_t)(flows[f].mod63 ? i % flows[f].packet % 63 : 0);
		for (size_t l = 0; l < ELEMENTSOF(lengths); l++)
			assert_int_equal(sink(&flows[f], lengths[l]), 0);
		/* The last byte is wrong: halted, until it is cleared. */
		out[1023]++;
		assert_int_equal(sink(&flows[f], 1024), -EPIPE);
		assert_int_equal(sink(&flows[f], 1023), -EPIPE);
		assert_int_equal(request(0x82, 0, 0, flows[f].endpoint & 0x0f, 2), 2);
		assert_int_equal(in[0], 1);
		assert_int_equal(usb_in(usb, flows[f].endpoint, in, 8), 8); /* the IN is not */
		out[1023]--;
		assert_int_equal(request(0x02, 1, 0, flows[f].endpoint & 0x0f, 0), 0);
		assert_int_equal(sink(&flows[f], 1024), 0);
		teardown_gadget(NULL);
	}
	start("usbtest", USB_SPEED_HIGH);
}

static void control_buffer(void **state)
{
	start("usbtest", USB_SPEED_HIGH);
	for (unsigned int i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + 1);
	assert_int_equal(request(0xc0, 0x5c, 0, 0, 64), 0);
	for (size_t l = 0; l < ELEMENTSOF(lengths); l++) {
		assert_int_equal(request(0x40, 0x5b, 0, 0, lengths[l]), 0);
		assert_int_equal(request(0xc0, 0x5c, 0, 0, UINT16_MAX), lengths[l]);
		assert_memory_equal(in, out, lengths[l]);
		assert_int_equal(in[lengths[l]], 0xee);
	}
	assert_int_equal(request(0xc0, 0x5c, 0, 0, 100), 100);
	assert_int_equal(request(0x40, 0x5b, 1, 0, 8), -EPIPE);
	assert_int_equal(request(0x40, 0x5b, 0, 1, 8), -EPIPE);
	assert_int_equal(request(0x41, 0x5b, 0, 0, 8), -EPIPE);
	assert_int_equal(request(0x40, 0x5c, 0, 0, 8), -EPIPE);
	assert_int_equal(request(0xc0, 0x5b, 0, 0, 8), -EPIPE);
	assert_int_equal(request(0xc0, 0x5d, 0, 0, 8), -EPIPE);
	/* Refusals have left it alone; a new host finds nothing. */
	assert_int_equal(request(0xc0, 0x5c, 0, 0, UINT16_MAX), 65535);
	close(import_pen());
	assert_int_equal(request(0xc0, 0x5c, 0, 0, UINT16_MAX), 0);
}

static void put_out(int fd, uint32_t seqnum, uint32_t endpoint, uint32_t length)
{
	static uint8_t buf[HEADER + 16384];

	make_submit(buf, seqnum, 0, endpoint, length, NO_SETUP);
	memset(buf + HEADER, 0, length);
	put(fd, buf, HEADER + length);
}

static void out_endpoints_over_usbip(void **state)
{
	static const uint8_t halt[8] = {0x02, 3, 0, 0, 0x01, 0, 0, 0};
	static const uint8_t clear[8] = {0x02, 1, 0, 0, 0x01, 0, 0, 0};
	static const uint8_t configure_0[8] = {0x00, 9, 0, 0, 0, 0, 0, 0};
	int fd;

	start("usbtest", USB_SPEED_HIGH);
	fd = import_pen();
	put_out(fd, 1, 1, 16384);
	expect_ret(fd, RET_SUBMIT, 1, 0, 16384);
	put_out(fd, 2, 2, 1024);
	expect_ret(fd, RET_SUBMIT, 2, 0, 1024);
	put_out(fd, 3, 1, 0);
	expect_ret(fd, RET_SUBMIT, 3, 0, 0);
	put_out(fd, 4, 3, 512); /* there is no such endpoint */
	expect_ret(fd, RET_SUBMIT, 4, -EPROTO, 0);
	submit(fd, 5, 0, 0, 0, halt);
	expect_ret(fd, RET_SUBMIT, 5, 0, 0);
	put_out(fd, 6, 1, 512);
	expect_ret(fd, RET_SUBMIT, 6, -EPIPE, 0);
	put_out(fd, 7, 2, 512);
	expect_ret(fd, RET_SUBMIT, 7, 0, 512);
	submit(fd, 8, 0, 0, 0, clear);
	expect_ret(fd, RET_SUBMIT, 8, 0, 0);
	put_out(fd, 9, 1, 512);
	expect_ret(fd, RET_SUBMIT, 9, 0, 512);
	unlink_urb(fd, 10, 9); /* too late */
	expect_ret(fd, RET_UNLINK, 10, 0, 0);
	submit(fd, 11, 0, 0, 0, configure_0);
	expect_ret(fd, RET_SUBMIT, 11, 0, 0);
	put_out(fd, 12, 1, 512);
	expect_ret(fd, RET_SUBMIT, 12, -EPROTO, 0);
	expect_nothing(fd);
	close(fd);
}

static void early_unlink_of_a_write(void **state)
{
	int fd;

	start("usbtest", USB_SPEED_HIGH);
	fd = import_pen();
	unlink_urb(fd, 2, 1);
	expect_nothing(fd);
	put_out(fd, 1, 1, 1024);
	expect_ret(fd, RET_UNLINK, 2, -ECONNRESET, 0);
	put_out(fd, 3, 1, 1024); /* what was swallowed has taken its data along */
	expect_ret(fd, RET_SUBMIT, 3, 0, 1024);
	close(fd);
}

static void fetch(int fd, uint32_t seqnum, uint32_t len)
{
	size_t got = 0;

	expect_ret(fd, RET_SUBMIT, seqnum, 0, len);
	while (got < len) {
		ssize_t n = get(fd, in + got, len - got);

		assert_true(n > 0 || n == -EAGAIN);
		got += n > 0 ? (size_t)n : 0;
	}
}

static void long_reads_over_usbip(void **state)
{
	int fd;

	start("usbtest", USB_SPEED_HIGH);
	fd = import_pen();
	submit(fd, 1, 1, 1, 0, NO_SETUP);
	fetch(fd, 1, 0);
	submit(fd, 2, 1, 1, 100000, NO_SETUP);
	fetch(fd, 2, 100000);
	submit(fd, 3, 1, 1, INT32_MAX, NO_SETUP); /* it ends where the device ends it */
	fetch(fd, 3, MEBIBYTE);
	expect_nothing(fd);
	close(fd);
}

static void unread_answers_are_bounded(void **state)
{
	uint8_t buf[50 * HEADER];
	int fd;

	start("usbtest", USB_SPEED_HIGH);
	fd = import_pen();
	for (uint32_t i = 1; i <= 50; i++)
		make_submit(buf + (i - 1) * HEADER, i, 1, 1, MEBIBYTE, NO_SETUP);
	put(fd, buf, sizeof(buf)); /* all of them known to the server at once */
	assert_true(buffer_len(&port->conn->out) <= IMPORTER_ANSWERS_MAX + HEADER + MEBIBYTE);
	for (uint32_t i = 1; i <= 50; i++)
		fetch(fd, i, MEBIBYTE);
	expect_nothing(fd);
	close(fd);
}

static void interrupt_transfers_take_their_polls(void **state)
{
	start("usbtest", USB_SPEED_FULL);
	assert_int_equal(usb_duration_us(usb, 0x82, 0), 1000);
	assert_int_equal(usb_duration_us(usb, 0x82, 64), 1000);
	assert_int_equal(usb_duration_us(usb, 0x82, 65), 2000);
	assert_int_equal(usb_duration_us(usb, 0x82, 1024), 16000);
	assert_int_equal(usb_duration_us(usb, 0x81, 1024), 0); /* bulk */
	assert_int_equal(usb_duration_us(usb, 0x83, 1024), 0); /* none */
	teardown_gadget(NULL);
	start("usbtest", USB_SPEED_HIGH);
	assert_int_equal(usb_duration_us(usb, 0x82, 1024), 1000);
	assert_int_equal(usb_duration_us(usb, 0x82, 1025), 2000);
}

static void several_of_them(void **state)
{
	const struct device_options options = {.identity = &identity_usbtest,
					       .speed = USB_SPEED_HIGH};

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(gadget_init(&gadget, event, &options, "VPEN0001", 3), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(gadget.server->ports[i].usb->address, i + 2);
	assert_string_equal(gadget.server->ports[2].busid, "1-3");
	usb = gadget.server->ports[2].usb;
	assert_int_equal(request(0x80, 6, 0x0303, 0x0409, 255), 2 + 2 * 10);
	assert_int_equal(in[2 + 2 * 9], '3'); /* VPEN0001-3 */
}

#define TEST(f) cmocka_unit_test_teardown(f, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(descriptors),
		TEST(names_of_identities),
		TEST(pattern_of_the_source),
		TEST(pattern_of_the_sink),
		TEST(control_buffer),
		TEST(out_endpoints_over_usbip),
		TEST(early_unlink_of_a_write),
		TEST(long_reads_over_usbip),
		TEST(unread_answers_are_bounded),
		TEST(interrupt_transfers_take_their_polls),
		TEST(several_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
