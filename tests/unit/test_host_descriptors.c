// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors written by hand, cut off at every length, and random.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/host/usb_descriptor.h"

static const uint8_t device[18] = {
	18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 1, 2, 3, 1,
};

/* Offsets of what the tests change. */
enum {
	CONFIG_VALUE = 5,
	ALT0 = 9,
	ALT1 = 18,
	BULK = 27,
	SAMPLE = 34,
	HID = 41,
	CONFIG_TOTAL = 66,
};

static const uint8_t config[CONFIG_TOTAL] = {
	9,    2,    CONFIG_TOTAL,
	0,    2,    7,
	0,    0x80, 50, /* bConfigurationValue 7 */
	9,    4,    0,
	0,    0,    0xff,
	0x4d, 0x01, 0, /* interface 0, alt 0 */
	9,    4,    0,
	1,    2,    0xff,
	0x4d, 0x01, 0, /* interface 0, alt 1 */
	7,    5,    0x84,
	2,    64,   0,
	1, /* bulk IN: not it */
	7,    5,    0x83,
	3,    64,   0,
	4, /* interrupt IN 3, 64 bytes, bInterval 4 */
	9,    4,    1,
	0,    1,    3,
	0,    0,    0, /* HID */
	9,    0x21, 0x11,
	1,    0,    1,
	0x22, 40,   0,
	7,    5,    0x82,
	3,    8,    0,
	8,
};

static void test_device(void **state)
{
	struct usb_device_info info;
	uint8_t bad[18];

	assert_int_equal(usb_device_parse(&info, device, sizeof(device)), 0);
	assert_int_equal(info.vendor_id, 0x1209);
	assert_int_equal(info.product_id, 0x0001);
	assert_int_equal(info.i_manufacturer, 1);
	assert_int_equal(info.i_product, 2);
	assert_int_equal(info.i_serial, 3);
	for (size_t len = 0; len < sizeof(device); len++)
		assert_int_equal(usb_device_parse(&info, device, len), -EPROTO);
	memcpy(bad, device, sizeof(bad));
	bad[1] = 2;
	assert_int_equal(usb_device_parse(&info, bad, sizeof(bad)), -EPROTO);
}

static void test_config(void **state)
{
	struct usb_pen_interface pen;

	assert_int_equal(usb_config_find_pen(&pen, config, sizeof(config)), 0);
	assert_int_equal(pen.configuration, 7);
	assert_int_equal(pen.endpoint, 0x83);
	assert_int_equal(pen.interval, 4);
	assert_int_equal(pen.packet_max, 64);
}

static const struct {
	size_t offset;
	uint8_t value;
	int result;
} changes[] = {
	{0, 8, -EPROTO},
	{1, 1, -EPROTO},
	{2, CONFIG_TOTAL - 1, -EPROTO},
	{3, 1, -EPROTO},
	{CONFIG_VALUE, 0, -EPROTO},
	{CONFIG_VALUE, 1, 0},
	{ALT0, 8, -EPROTO},
	{ALT0, 1, -EPROTO},
	{ALT0, 0, -EPROTO},
	{ALT0 + 2, 2, -EPROTO},
	{ALT0 + 3, 2, -EPROTO},
	{ALT0 + 5, 0xfe, -EPROTO},
	{ALT0 + 6, 0x4c, -EPROTO},
	{ALT0 + 7, 2, -EPROTO},
	{ALT1 + 2, 1, -EPROTO},
	{ALT1 + 3, 2, -EPROTO},
	{ALT1 + 5, 3, -EPROTO},
	{BULK, 6, -EPROTO},
	{SAMPLE + 2, 0x03, -EPROTO},
	{SAMPLE + 2, 0x80, -EPROTO},
	{SAMPLE + 3, 2, -EPROTO},
	{SAMPLE + 4, 47, -EPROTO},
	{SAMPLE + 4, 48, 0},
	{SAMPLE + 5, 7, -EPROTO},
	{SAMPLE + 5, 0x08, 0}, /* high-bandwidth bits are no size */
	{SAMPLE + 6, 0, -EPROTO},
	{HID + 2, 0, -EPROTO},
	{HID + 5, 0xff, 0},
	{CONFIG_TOTAL - 7, 8, -EPROTO},
};

static void test_config_changes(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
		struct usb_pen_interface pen = {.endpoint = 0x5a};
		uint8_t buf[CONFIG_TOTAL];
		int r;

		memcpy(buf, config, sizeof(buf));
		buf[changes[i].offset] = changes[i].value;
		r = usb_config_find_pen(&pen, buf, sizeof(buf));
		if (r != changes[i].result)
			fail_msg("offset %zu value %u: %d", changes[i].offset, changes[i].value, r);
		if (r < 0)
			assert_int_equal(pen.endpoint, 0x5a);
	}
}

/* Copies in allocations of just that size: the sanitizer sees one byte too far. */
static void test_config_truncated(void **state)
{
	for (size_t len = 0; len < sizeof(config); len++) {
		for (int honest = 0; honest <= 1; honest++) {
			_cleanup_free_ uint8_t *buf = malloc(len + 1);
			uint8_t *at = buf + 1;
			struct usb_pen_interface pen;
			int r;

			assert_non_null(buf);
			memcpy(at, config, len);
			if (honest && len > 2)
				at[2] = (uint8_t)len; /* wTotalLength tells of the cut */
			r = usb_config_find_pen(&pen, at, len);
			/* Cut between descriptors behind the sample endpoint it is a pen still. */
			if (honest && (len == 41 || len == 50 || len == 59))
				assert_int_equal(r, 0);
			else
				assert_int_equal(r, -EPROTO);
		}
	}
}

static void test_total_bounds(void **state)
{
	static const struct {
		uint16_t total;
		int result;
	} totals[] = {{0, -EPROTO}, {8, -EPROTO},    {9, 0},
		      {4096, 0},    {4097, -EPROTO}, {65535, -EPROTO}};

	for (size_t i = 0; i < ELEMENTSOF(totals); i++) {
		uint8_t head[9] = {9, 2, (uint8_t)totals[i].total, (uint8_t)(totals[i].total >> 8)};
		uint16_t total = 1;

		assert_int_equal(usb_config_total(&total, head, sizeof(head)), totals[i].result);
		assert_int_equal(total, totals[i].result ? 1 : totals[i].total);
		assert_int_equal(usb_config_total(&total, head, 8), -EPROTO);
	}
}

static void test_strings(void **state)
{
	static const uint8_t abc[] = {8, 3, 'a', 0, 'B', 0, '3', 0};
	static const uint8_t umlaut[] = {6, 3, 'a', 0, 0xe4, 0};
	static const uint8_t wide[] = {6, 3, 'a', 0, 'b', 1};
	static const uint8_t control[] = {4, 3, '\n', 0};
	static const uint8_t odd[] = {5, 3, 'a', 0, 'b'};
	static const uint8_t lying[] = {8, 3, 'a', 0};
	static const uint8_t empty[] = {2, 3};
	uint8_t longest[254] = {254, 3};
	char text[64] = "old";
	uint16_t langid = 0;

	assert_int_equal(usb_string_ascii(text, sizeof(text), abc, sizeof(abc), true), 0);
	assert_string_equal(text, "aB3");
	assert_int_equal(usb_string_ascii(text, sizeof(text), umlaut, sizeof(umlaut), true),
			 -EPROTO);
	assert_int_equal(usb_string_ascii(text, sizeof(text), wide, sizeof(wide), true), -EPROTO);
	assert_int_equal(usb_string_ascii(text, 3, abc, sizeof(abc), true), -EPROTO);
	assert_string_equal(text, "aB3"); /* untouched */
	assert_int_equal(usb_string_ascii(text, 3, abc, sizeof(abc), false), 0);
	assert_string_equal(text, "aB");
	assert_int_equal(usb_string_ascii(text, sizeof(text), umlaut, sizeof(umlaut), false), 0);
	assert_string_equal(text, "a?");
	assert_int_equal(usb_string_ascii(text, sizeof(text), control, sizeof(control), false), 0);
	assert_string_equal(text, "?");
	assert_int_equal(usb_string_ascii(text, sizeof(text), odd, sizeof(odd), false), -EPROTO);
	assert_int_equal(usb_string_ascii(text, sizeof(text), lying, sizeof(lying), false),
			 -EPROTO);
	assert_int_equal(usb_string_ascii(text, sizeof(text), abc, 1, false), -EPROTO);
	assert_int_equal(usb_string_ascii(text, sizeof(text), empty, sizeof(empty), true), 0);
	assert_string_equal(text, "");
	memset(longest + 2, 'x', sizeof(longest) - 2);
	assert_int_equal(usb_string_ascii(text, sizeof(text), longest, sizeof(longest), false), 0);
	assert_int_equal(strlen(text), sizeof(text) - 1);

	assert_int_equal(usb_string_langid(&langid, empty, sizeof(empty)), -EPROTO);
	assert_int_equal(usb_string_langid(&langid, wide, sizeof(wide)), 0);
	assert_int_equal(langid, 'a');
}

/* No bytes crash a parser. Half of the runs start from good bytes, to get deep. */
static void test_random(void **state)
{
	srandom(1209);
	for (unsigned int run = 0; run < 20000; run++) {
		size_t len = (size_t)random() % 300;
		_cleanup_free_ uint8_t *buf = malloc(len + 1);
		uint8_t *at = buf + 1;
		struct usb_pen_interface pen;
		struct usb_device_info info;
		char text[33];
		uint16_t number;

		assert_non_null(buf);
		for (size_t i = 0; i < len; i++)
			at[i] = (uint8_t)random();
		if (run % 2 && len >= sizeof(config)) {
			memcpy(at, config, sizeof(config));
			at[2] = (uint8_t)len;
			at[3] = (uint8_t)(len >> 8);
			at[9 + (size_t)random() % 57] = (uint8_t)random();
		}
		if (usb_config_find_pen(&pen, at, len) == 0) {
			assert_true(pen.endpoint & 0x80);
			assert_in_range(pen.packet_max, 48, 1024);
			assert_true(pen.interval > 0 && pen.configuration > 0);
		}
		usb_device_parse(&info, at, len);
		usb_config_total(&number, at, len);
		usb_string_langid(&number, at, len);
		usb_string_ascii(text, sizeof(text), at, len, run % 3 == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device),	       cmocka_unit_test(test_config),
		cmocka_unit_test(test_config_changes), cmocka_unit_test(test_config_truncated),
		cmocka_unit_test(test_total_bounds),   cmocka_unit_test(test_strings),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
