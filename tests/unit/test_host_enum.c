// SPDX-License-Identifier: GPL-2.0-only
/* The enumeration, step by step: what it asks, and what it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "tests/unit/fake_usbip.h"

static const struct {
	uint8_t setup[8];
	const uint8_t *answer;
	size_t len;
} script[] = {
	{{0x80, 6, 0, 1, 0, 0, 18, 0}, fake_device, sizeof(fake_device)},
	{{0x80, 6, 0, 2, 0, 0, 9, 0}, fake_config, 9},
	{{0x80, 6, 0, 2, 0, 0, sizeof(fake_config), 0}, fake_config, sizeof(fake_config)},
	{{0x80, 6, 0, 3, 0, 0, 255, 0}, fake_langid, sizeof(fake_langid)},
	{{0x80, 6, 1, 3, 0x09, 0x04, 255, 0}, fake_manufacturer, sizeof(fake_manufacturer)},
	{{0x80, 6, 2, 3, 0x09, 0x04, 255, 0}, fake_product, sizeof(fake_product)},
	{{0x80, 6, 3, 3, 0x09, 0x04, 255, 0}, fake_serial, sizeof(fake_serial)},
	{{0x00, 9, FAKE_CONFIG_VALUE, 0, 0, 0, 0, 0}, NULL, 0},
};

static void expect_request(const struct usbip_enum *e, const uint8_t setup[8])
{
	struct usb_setup ask;

	usbip_enum_request(e, &ask);
	assert_int_equal(ask.request_type, setup[0]);
	assert_int_equal(ask.request, setup[1]);
	assert_int_equal(ask.value, setup[2] | setup[3] << 8);
	assert_int_equal(ask.index, setup[4] | setup[5] << 8);
	assert_int_equal(ask.length, setup[6] | setup[7] << 8);
}

/* Up to, not including, @step. */
static void walk(struct usbip_enum *e, enum usbip_speed speed, size_t step)
{
	usbip_enum_begin(e, speed);
	for (size_t i = 0; i < step; i++) {
		expect_request(e, script[i].setup);
		assert_int_equal(usbip_enum_answer(e, script[i].answer, script[i].len),
				 i + 1 < ELEMENTSOF(script) ? USBIP_ENUM_MORE : USBIP_ENUM_DONE);
	}
}

static void test_whole(void **state)
{
	struct usbip_enum e;

	walk(&e, USBIP_SPEED_FULL, ELEMENTSOF(script));
	assert_string_equal(e.identity.serial, "PEN-01");
	assert_string_equal(e.identity.manufacturer, "Mk");
	assert_string_equal(e.identity.product, "Pn");
	assert_int_equal(e.identity.vendor_id, 0x1209);
	assert_int_equal(e.identity.product_id, 0x0001);
	assert_int_equal(e.pen.endpoint, FAKE_ENDPOINT);
	assert_int_equal(e.interval, 1);
	assert_int_equal(e.packets_per_s, 1000);
}

static void test_cut_answers_refused(void **state)
{
	/* Every answer one byte short, and empty; SET_CONFIGURATION has none to cut. */
	for (size_t step = 0; step + 1 < ELEMENTSOF(script); step++) {
		for (int empty = 0; empty <= 1; empty++) {
			size_t len = empty ? 0 : script[step].len - 1;
			struct usbip_enum e;

			walk(&e, USBIP_SPEED_HIGH, step);
			assert_int_equal(usbip_enum_answer(&e, script[step].answer, len),
					 USBIP_ENUM_REFUSED);
			assert_non_null(e.why);
			assert_true(strlen(usbip_enum_step_name(e.step)) > 1);
		}
	}
}

static enum usbip_enum_verdict answer_device(size_t offset, uint8_t value)
{
	uint8_t device[sizeof(fake_device)];
	struct usbip_enum e;

	memcpy(device, fake_device, sizeof(device));
	device[offset] = value;
	walk(&e, USBIP_SPEED_FULL, 0);
	return usbip_enum_answer(&e, device, sizeof(device));
}

static void test_foreign_device_refused(void **state)
{
	assert_int_equal(answer_device(0, 18), USBIP_ENUM_MORE);
	assert_int_equal(answer_device(8, 0x08), USBIP_ENUM_REFUSED);  /* vendor */
	assert_int_equal(answer_device(10, 0x02), USBIP_ENUM_REFUSED); /* product */
	for (size_t string = 14; string <= 16; string++)
		assert_int_equal(answer_device(string, 0), USBIP_ENUM_REFUSED);
}

static enum usbip_enum_verdict answer_serial(const char *text)
{
	uint8_t buf[2 + 2 * 40] = {(uint8_t)(2 + 2 * strlen(text)), 3};
	struct usbip_enum e;

	for (size_t i = 0; i < strlen(text); i++)
		buf[2 + 2 * i] = (uint8_t)text[i];
	walk(&e, USBIP_SPEED_FULL, 6);
	return usbip_enum_answer(&e, buf, buf[0]);
}

static void test_serial(void **state)
{
	assert_int_equal(answer_serial("abc"), USBIP_ENUM_REFUSED);
	assert_int_equal(answer_serial("ab-1"), USBIP_ENUM_MORE);
	assert_int_equal(answer_serial("abcdefghijklmnopqrstuvwxyz012345"), USBIP_ENUM_MORE);
	assert_int_equal(answer_serial("abcdefghijklmnopqrstuvwxyz0123456"), USBIP_ENUM_REFUSED);
	assert_int_equal(answer_serial("abc/../d"), USBIP_ENUM_REFUSED);
	assert_int_equal(answer_serial("abc\xe4"), USBIP_ENUM_REFUSED);
}

static const struct {
	enum usbip_speed speed;
	uint8_t b_interval;
	enum usbip_enum_verdict verdict;
	uint32_t interval;
	uint32_t packets_per_s;
} intervals[] = {
	{USBIP_SPEED_FULL, 1, USBIP_ENUM_MORE, 1, 1000},
	{USBIP_SPEED_FULL, 255, USBIP_ENUM_MORE, 255, 4},
	{USBIP_SPEED_HIGH, 1, USBIP_ENUM_MORE, 1, 8000},
	{USBIP_SPEED_HIGH, 4, USBIP_ENUM_MORE, 8, 1000},
	{USBIP_SPEED_HIGH, 16, USBIP_ENUM_MORE, 32768, 1},
	{USBIP_SPEED_HIGH, 17, USBIP_ENUM_REFUSED, 0, 0},
	{USBIP_SPEED_FULL, 0, USBIP_ENUM_REFUSED, 0, 0},
};

static void test_intervals(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(intervals); i++) {
		uint8_t config[sizeof(fake_config)];
		struct usbip_enum e;

		memcpy(config, fake_config, sizeof(config));
		config[FAKE_INTERVAL_OFFSET] = intervals[i].b_interval;
		walk(&e, intervals[i].speed, 2);
		assert_int_equal(usbip_enum_answer(&e, config, sizeof(config)),
				 intervals[i].verdict);
		assert_int_equal(e.interval, intervals[i].interval);
		assert_int_equal(e.packets_per_s, intervals[i].packets_per_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut_answers_refused),
		cmocka_unit_test(test_foreign_device_refused),
		cmocka_unit_test(test_serial),
		cmocka_unit_test(test_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
