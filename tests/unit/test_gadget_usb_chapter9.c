// SPDX-License-Identifier: GPL-2.0-only
/* Every standard and HID request in every state of the device: one row each. */
#include <errno.h>

#include "tests/gadget/usb/pen.h"
#include "tests/unit/gadget_fixture.h"

#define STALL (-EPIPE)

/* The columns of the table. */
enum state {
	HIGH_ADDRESS, /* configuration 0 */
	HIGH_REST,    /* configuration 1, interface 0 in alt 0 */
	HIGH_WORK,    /* interface 0 in alt 1 */
	FULL_WORK,
	STATES,
};

static const char *const state_names[STATES] = {"high, address", "high, rest", "high, work",
						"full, work"};

struct row {
	const char *what;
	uint8_t type;
	uint8_t request;
	uint16_t value;
	uint16_t index;
	uint16_t length;
	int results[STATES];
};

#define ALL(n)                                                                                     \
	{                                                                                          \
		n, n, n, n                                                                         \
	}
#define CONFIGURED(n)                                                                              \
	{                                                                                          \
		STALL, n, n, n                                                                     \
	}
#define WORK(n)                                                                                    \
	{                                                                                          \
		STALL, STALL, n, n                                                                 \
	}
#define HIGH(n)                                                                                    \
	{                                                                                          \
		n, n, n, STALL                                                                     \
	}

static const struct row rows[] = {
	{"status of the device", 0x80, 0, 0, 0, 2, ALL(2)},
	{"... one byte of it", 0x80, 0, 0, 0, 1, ALL(1)},
	{"... more room than needed", 0x80, 0, 0, 0, 64, ALL(2)},
	{"... nothing of it", 0x80, 0, 0, 0, 0, ALL(0)},
	{"... wValue", 0x80, 0, 1, 0, 2, ALL(STALL)},
	{"... wIndex", 0x80, 0, 0, 1, 2, ALL(STALL)},
	{"... written", 0x00, 0, 0, 0, 0, ALL(STALL)},
	{"status of an interface", 0x81, 0, 0, 1, 2, CONFIGURED(2)},
	{"... that is not there", 0x81, 0, 0, 2, 2, ALL(STALL)},
	{"... beyond 255", 0x81, 0, 0, 0x100, 2, ALL(STALL)},
	{"... wValue", 0x81, 0, 1, 0, 2, ALL(STALL)},
	{"status of EP0", 0x82, 0, 0, 0, 2, ALL(2)},
	{"... as an IN endpoint", 0x82, 0, 0, 0x80, 2, ALL(2)},
	{"status of the HID endpoint", 0x82, 0, 0, 0x82, 2, CONFIGURED(2)},
	{"status of the sample endpoint", 0x82, 0, 0, 0x81, 2, WORK(2)},
	{"status of an OUT endpoint", 0x82, 0, 0, 0x01, 2, ALL(STALL)},
	{"status of an endpoint 16", 0x82, 0, 0, 0x90, 2, ALL(STALL)},
	{"... beyond 255", 0x82, 0, 0, 0x182, 2, ALL(STALL)},
	{"status of something else", 0x83, 0, 0, 0, 2, ALL(STALL)},
	{"status of a recipient 31", 0x9f, 0, 0, 0, 2, ALL(STALL)},

	{"halt the HID endpoint", 0x02, 3, 0, 0x82, 0, CONFIGURED(0)},
	{"... with data", 0x02, 3, 0, 0x82, 1, ALL(STALL)},
	{"halt the sample endpoint", 0x02, 3, 0, 0x81, 0, WORK(0)},
	{"halt EP0", 0x02, 3, 0, 0, 0, ALL(STALL)},
	{"halt no endpoint", 0x02, 3, 0, 0x83, 0, ALL(STALL)},
	{"halt an interface", 0x01, 3, 0, 0, 0, ALL(STALL)},
	{"halt the device", 0x00, 3, 0, 0, 0, ALL(STALL)},
	{"remote wakeup on", 0x00, 3, 1, 0, 0, ALL(STALL)},
	{"remote wakeup off", 0x00, 1, 1, 0, 0, ALL(STALL)},
	{"remote wakeup of an endpoint", 0x02, 3, 1, 0x82, 0, ALL(STALL)},
	{"test mode J", 0x00, 3, 2, 0x0100, 0, ALL(STALL)},
	{"test mode packet", 0x00, 3, 2, 0x0400, 0, ALL(STALL)},
	{"test mode off", 0x00, 1, 2, 0, 0, ALL(STALL)},
	{"feature 3 of an interface", 0x01, 3, 3, 0, 0, ALL(STALL)},
	{"clear the HID endpoint", 0x02, 1, 0, 0x82, 0, CONFIGURED(0)},
	{"clear the sample endpoint", 0x02, 1, 0, 0x81, 0, WORK(0)},
	{"clear EP0", 0x02, 1, 0, 0, 0, ALL(0)},
	{"clear no endpoint", 0x02, 1, 0, 0x01, 0, ALL(STALL)},
	{"clear an interface", 0x01, 1, 0, 0, 0, ALL(STALL)},
	{"read a feature", 0x82, 3, 0, 0x82, 2, ALL(STALL)},

	{"address 5", 0x00, 5, 5, 0, 0, ALL(0)},
	{"address 127", 0x00, 5, 127, 0, 0, ALL(0)},
	{"address 128", 0x00, 5, 128, 0, 0, ALL(STALL)},
	{"address, wIndex", 0x00, 5, 5, 1, 0, ALL(STALL)},
	{"address, data", 0x00, 5, 5, 0, 1, ALL(STALL)},
	{"address of an interface", 0x01, 5, 5, 0, 0, ALL(STALL)},

	{"device descriptor", 0x80, 6, 0x0100, 0, 64, ALL(18)},
	{"... the first 8", 0x80, 6, 0x0100, 0, 8, ALL(8)},
	{"... nothing", 0x80, 6, 0x0100, 0, 0, ALL(0)},
	{"... a second one", 0x80, 6, 0x0101, 0, 18, ALL(STALL)},
	{"... in a language", 0x80, 6, 0x0100, 0x0409, 18, ALL(STALL)},
	{"configuration descriptor", 0x80, 6, 0x0200, 0, 255, ALL(59)},
	{"... the first 9", 0x80, 6, 0x0200, 0, 9, ALL(9)},
	{"... all but one", 0x80, 6, 0x0200, 0, 58, ALL(58)},
	{"... 65535", 0x80, 6, 0x0200, 0, 65535, ALL(59)},
	{"... a second one", 0x80, 6, 0x0201, 0, 255, ALL(STALL)},
	{"languages", 0x80, 6, 0x0300, 0, 255, ALL(4)},
	{"... their length", 0x80, 6, 0x0300, 0, 2, ALL(2)},
	{"manufacturer", 0x80, 6, 0x0301, 0x0409, 255, ALL(12)},
	{"serial number", 0x80, 6, 0x0303, 0x0409, 255, ALL(18)},
	{"... in no language", 0x80, 6, 0x0303, 0, 255, ALL(18)},
	{"... in German", 0x80, 6, 0x0303, 0x0407, 255, ALL(STALL)},
	{"string 4", 0x80, 6, 0x0304, 0x0409, 255, ALL(STALL)},
	{"string 255", 0x80, 6, 0x03ff, 0x0409, 255, ALL(STALL)},
	{"an interface's descriptor", 0x80, 6, 0x0400, 0, 9, ALL(STALL)},
	{"an endpoint's descriptor", 0x80, 6, 0x0500, 0, 7, ALL(STALL)},
	{"device qualifier", 0x80, 6, 0x0600, 0, 10, HIGH(10)},
	{"... a second one", 0x80, 6, 0x0601, 0, 10, ALL(STALL)},
	{"other speed's configuration", 0x80, 6, 0x0700, 0, 255, HIGH(59)},
	{"... its type only", 0x80, 6, 0x0700, 0, 2, HIGH(2)},
	{"... less than its type", 0x80, 6, 0x0700, 0, 1, HIGH(1)},
	{"... nothing", 0x80, 6, 0x0700, 0, 0, HIGH(0)},
	{"... a second one", 0x80, 6, 0x0701, 0, 255, ALL(STALL)},
	{"interface power", 0x80, 6, 0x0800, 0, 255, ALL(STALL)},
	{"OTG", 0x80, 6, 0x0900, 0, 5, ALL(STALL)},
	{"debug", 0x80, 6, 0x0a00, 0, 4, ALL(STALL)},
	{"BOS", 0x80, 6, 0x0f00, 0, 5, ALL(STALL)},
	{"type 0", 0x80, 6, 0x0000, 0, 5, ALL(STALL)},
	{"type 255", 0x80, 6, 0xff00, 0, 5, ALL(STALL)},
	{"an endpoint's, asked of it", 0x82, 6, 0x0500, 0x82, 7, ALL(STALL)},
	{"rewrite the device descriptor", 0x00, 7, 0x0100, 0, 18, ALL(STALL)},

	{"configuration", 0x80, 8, 0, 0, 1, ALL(1)},
	{"... wValue", 0x80, 8, 1, 0, 1, ALL(STALL)},
	{"... wIndex", 0x80, 8, 0, 1, 1, ALL(STALL)},
	{"... of an interface", 0x81, 8, 0, 0, 1, ALL(STALL)},
	{"configure 1", 0x00, 9, 1, 0, 0, ALL(0)},
	{"configure 0", 0x00, 9, 0, 0, 0, ALL(0)},
	{"configure 2", 0x00, 9, 2, 0, 0, ALL(STALL)},
	{"configure 257", 0x00, 9, 257, 0, 0, ALL(STALL)},
	{"configure, wIndex", 0x00, 9, 1, 1, 0, ALL(STALL)},
	{"configure, data", 0x00, 9, 1, 0, 1, ALL(STALL)},
	{"configure an interface", 0x01, 9, 1, 0, 0, ALL(STALL)},

	{"setting of interface 0", 0x81, 10, 0, 0, 1, CONFIGURED(1)},
	{"setting of interface 1", 0x81, 10, 0, 1, 1, CONFIGURED(1)},
	{"setting of interface 2", 0x81, 10, 0, 2, 1, ALL(STALL)},
	{"setting of interface 256", 0x81, 10, 0, 256, 1, ALL(STALL)},
	{"setting, wValue", 0x81, 10, 1, 0, 1, ALL(STALL)},
	{"setting of the device", 0x80, 10, 0, 0, 1, ALL(STALL)},
	{"interface 0 to alt 1", 0x01, 11, 1, 0, 0, CONFIGURED(0)},
	{"interface 0 to alt 0", 0x01, 11, 0, 0, 0, CONFIGURED(0)},
	{"interface 0 to alt 2", 0x01, 11, 2, 0, 0, ALL(STALL)},
	{"interface 0 to alt 256", 0x01, 11, 256, 0, 0, ALL(STALL)},
	{"interface 1 to alt 0", 0x01, 11, 0, 1, 0, CONFIGURED(0)},
	{"interface 1 to alt 1", 0x01, 11, 1, 1, 0, ALL(STALL)},
	{"interface 4 to alt 0", 0x01, 11, 0, 4, 0, ALL(STALL)},
	{"interface, data", 0x01, 11, 0, 0, 1, ALL(STALL)},
	{"interface of the device", 0x00, 11, 0, 0, 0, ALL(STALL)},

	{"synch frame", 0x82, 12, 0, 0x82, 2, ALL(STALL)},
	{"request 2", 0x80, 2, 0, 0, 2, ALL(STALL)},
	{"request 255", 0x80, 255, 0, 0, 2, ALL(STALL)},
	{"type 3", 0xe0, 0, 0, 0, 2, ALL(STALL)},
	{"vendor, device", 0xc0, 0x5c, 0, 0, 8, ALL(STALL)},

	{"HID descriptor", 0x81, 6, 0x2100, 1, 9, CONFIGURED(9)},
	{"... of interface 0", 0x81, 6, 0x2100, 0, 9, ALL(STALL)},
	{"... of the device", 0x80, 6, 0x2100, 0, 9, ALL(STALL)},
	{"... a second one", 0x81, 6, 0x2101, 1, 9, ALL(STALL)},
	{"report descriptor", 0x81, 6, 0x2200, 1, 255, CONFIGURED(61)},
	{"... the first 10", 0x81, 6, 0x2200, 1, 10, CONFIGURED(10)},
	{"physical descriptor", 0x81, 6, 0x2300, 1, 255, ALL(STALL)},
	{"rewrite the report descriptor", 0x01, 7, 0x2200, 1, 4, ALL(STALL)},
	{"buttons report", 0xa1, 1, 0x0101, 1, 8, CONFIGURED(3)},
	{"... the first byte", 0xa1, 1, 0x0101, 1, 1, CONFIGURED(1)},
	{"battery report", 0xa1, 1, 0x0102, 1, 8, CONFIGURED(2)},
	{"report without an id", 0xa1, 1, 0x0100, 1, 8, ALL(STALL)},
	{"report 3", 0xa1, 1, 0x0103, 1, 8, ALL(STALL)},
	{"output report", 0xa1, 1, 0x0201, 1, 8, ALL(STALL)},
	{"feature report", 0xa1, 1, 0x0301, 1, 8, ALL(STALL)},
	{"report of an endpoint", 0xa2, 1, 0x0101, 1, 8, ALL(STALL)},
	{"idle rate", 0xa1, 2, 0, 1, 1, CONFIGURED(1)},
	{"idle rate of report 2", 0xa1, 2, 2, 1, 1, CONFIGURED(1)},
	{"idle rate of report 3", 0xa1, 2, 3, 1, 1, ALL(STALL)},
	{"protocol", 0xa1, 3, 0, 1, 1, ALL(STALL)},
	{"send a report", 0x21, 9, 0x0201, 1, 0, ALL(STALL)},
	{"never repeat", 0x21, 10, 0, 1, 0, CONFIGURED(0)},
	{"never repeat report 1", 0x21, 10, 1, 1, 0, CONFIGURED(0)},
	{"never repeat report 3", 0x21, 10, 3, 1, 0, ALL(STALL)},
	{"repeat every 16 ms", 0x21, 10, 0x0400, 1, 0, ALL(STALL)},
	{"idle rate, data", 0x21, 10, 0, 1, 1, ALL(STALL)},
	{"boot protocol", 0x21, 11, 0, 1, 0, ALL(STALL)},
};

static struct pen device;

static int request(uint8_t type, uint8_t code, uint16_t value, uint16_t index, uint16_t length,
		   uint8_t *in)
{
	const struct usb_transfer transfer = {.setup = {type, code, value, index, length},
					      .in = in,
					      .out = in,
					      .out_len = length};

	return usb_control(&device.usb, &transfer);
}

static void enter(enum state state)
{
	const struct device_options options = {
		.speed = state == FULL_WORK ? USB_SPEED_FULL : USB_SPEED_HIGH, .today_days = TODAY};

	pen_init(&device, &options, 1, "VPEN0001", 1000);
	if (state == HIGH_ADDRESS)
		assert_int_equal(request(0x00, 9, 0, 0, 0, NULL), 0);
	else if (state != HIGH_REST)
		assert_int_equal(request(0x01, 11, 1, 0, 0, NULL), 0);
}

/* What a request may change. */
static bool same(const struct usb_device *a, const struct usb_device *b)
{
	return a->configuration == b->configuration && a->halted == b->halted &&
	       !memcmp(a->alt, b->alt, sizeof(a->alt));
}

static void every_request_in_every_state(void **state)
{
	static uint8_t in[UINT16_MAX + 1];

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		const struct row *row = &rows[i];

		for (enum state s = 0; s < STATES; s++) {
			struct usb_device before;
			int r;

			enter(s);
			before = device.usb;
			memset(in, 0xee, sizeof(in));
			r = request(row->type, row->request, row->value, row->index, row->length,
				    in);
			if (r != row->results[s])
				fail_msg("%s; %s: %d, not %d", row->what, state_names[s], r,
					 row->results[s]);
			/* A refusal writes and changes nothing, an answer only its own bytes. */
			for (size_t k = r > 0 ? (size_t)r : 0; k < sizeof(in); k++)
				if (in[k] != 0xee)
					fail_msg("%s; %s: byte %zu", row->what, state_names[s], k);
			if ((r < 0 || row->type & 0x80) && !same(&before, &device.usb))
				fail_msg("%s; %s: a change", row->what, state_names[s]);
		}
	}
}

/* Nothing a host can send may do more than be answered: all types and codes, odd values. */
static void any_request_is_answered(void **state)
{
	static const uint16_t values[] = {0, 1, 2, 0x81, 0x82, 0x100, 0x200, 0x301, 0x2200, 0xffff};
	static uint8_t in[UINT16_MAX + 1];

	for (unsigned int type = 0; type <= UINT8_MAX; type++) {
		for (unsigned int code = 0; code <= UINT8_MAX; code++) {
			enter((type + code) % STATES);
			for (size_t i = 0; i < ELEMENTSOF(values) * ELEMENTSOF(values); i++) {
				uint16_t value = values[i % ELEMENTSOF(values)];
				uint16_t index = values[i / ELEMENTSOF(values)];
				uint16_t length = (uint16_t)(i % 3 ? i % 67 : 0);
				int r = request((uint8_t)type, (uint8_t)code, value, index, length,
						in);

				assert_true(r == -EPIPE || (r >= 0 && r <= length));
			}
		}
	}
	assert_int_equal(in[UINT16_MAX], 0);
}

static int status(uint16_t endpoint)
{
	uint8_t in[2];

	assert_int_equal(request(0x82, 0, 0, endpoint, 2, in), 2);
	return in[0] | in[1] << 8;
}

static void what_ends_a_halt(void **state)
{
	static const struct {
		const char *what;
		uint8_t type, request;
		uint16_t value, index;
		bool ends;
	} cases[] = {
		{"clear", 0x02, 1, 0, 0x82, true},
		{"clear another", 0x02, 1, 0, 0x81, false},
		{"clear EP0", 0x02, 1, 0, 0, false},
		{"its interface", 0x01, 11, 0, 1, true},
		{"another interface", 0x01, 11, 1, 0, false},
		{"a refused interface", 0x01, 11, 1, 1, false},
		{"the configuration", 0x00, 9, 1, 0, true},
		{"a refused configuration", 0x00, 9, 2, 0, false},
		{"a bus reset", 0x23, 3, 4, 1, true},
	};
	uint8_t in[8];

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		enter(HIGH_WORK);
		assert_int_equal(request(0x02, 3, 0, 0x82, 0, NULL), 0);
		assert_int_equal(status(0x82), 1);
		assert_int_equal(usb_in(&device.usb, 0x82, in, 8), -EPIPE);
		request(cases[i].type, cases[i].request, cases[i].value, cases[i].index, 0, NULL);
		if (status(0x82) != !cases[i].ends)
			fail_msg("%s: %d", cases[i].what, status(0x82));
		assert_int_equal(usb_in(&device.usb, 0x82, in, 8), cases[i].ends ? 2 : -EPIPE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_request_in_every_state),
		cmocka_unit_test(any_request_is_answered),
		cmocka_unit_test(what_ends_a_halt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
