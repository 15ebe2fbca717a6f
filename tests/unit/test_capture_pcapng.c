// SPDX-License-Identifier: GPL-2.0-only
/* Blocks of a capture, byte by byte. Written by hand from the pcapng draft and usbmon's header. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/host/pcapng.h"

#define TIME 0x0006040302010007ULL /* 1693260825 s and 296903 us */

static void check(const uint8_t *buf, size_t len, const uint8_t *golden, size_t golden_len)
{
	for (size_t i = 0; i < len && i < golden_len; i++)
		if (buf[i] != golden[i])
			fail_msg("byte %zu is %#x and not %#x", i, buf[i], golden[i]);
	assert_int_equal(len, golden_len);
}

static void test_section(void **state)
{
	/* the comment "abcde", padded; the program's name; the end of the options */
	static const uint8_t head[] = {
		0x0a, 0x0d, 0x0d, 0x0a, 60,   0,    0,	  0,	0x4d, 0x3c, 0x2b, 0x1a,
		1,    0,    0,	  0,	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		1,    0,    5,	  0,	'a',  'b',  'c',  'd',	'e',  0,    0,	  0,
		4,    0,    12,	  0,	'm',  'n',  'p',  'e',	'n',  'd',  ' ',
	};
	uint8_t buf[MNPEN_CAPTURE_BLOCK_MAX] = {0};
	size_t len = pcapng_section(buf, "abcde");

	/* "mnpend 0.1.0" has 12 characters; another version may have more */
	assert_int_equal(len % 4, 0);
	assert_int_equal(buf[4], len);
	assert_int_equal(buf[len - 4], len);
	assert_memory_equal(buf, head, 4);
	assert_memory_equal(buf + 8, head + 8, 30);
	assert_memory_equal(buf + 40, head + 40, 7);
	assert_memory_equal(buf + len - 8, "\0\0\0\0", 4);
}

static void test_long_comment(void **state)
{
	uint8_t buf[MNPEN_CAPTURE_BLOCK_MAX] = {0};
	char comment[400];

	memset(comment, 'x', sizeof(comment) - 1);
	comment[sizeof(comment) - 1] = '\0';
	assert_in_range(pcapng_section(buf, comment), 256, 320);
	assert_int_equal(buf[26] | buf[27] << 8, 256);
}

static void test_interface(void **state)
{
	/* 480 Mbit/s = 0x1c9c3800 */
	static const uint8_t high[] = {
		1,    0,    0, 0, 44, 0, 0, 0, 220, 0, 0, 0, 0, 0, 0, 0, 8, 0, 8,  0, 0, 0x38,
		0x9c, 0x1c, 0, 0, 0,  0, 9, 0, 1,   0, 6, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0,
	};
	static const uint8_t unknown[] = {
		1, 0, 0, 0, 32, 0, 0, 0, 220, 0, 0, 0, 0,  0, 0, 0,
		9, 0, 1, 0, 6,	0, 0, 0, 0,   0, 0, 0, 32, 0, 0, 0,
	};
	uint8_t buf[MNPEN_CAPTURE_BLOCK_MAX] = {0};

	check(buf, pcapng_interface(buf, 480), high, sizeof(high));
	check(buf, pcapng_interface(buf, 0), unknown, sizeof(unknown));
}

/* LEASE's beginning, three bytes of it, so that there is padding. */
static void test_control_out(void **state)
{
	static const uint8_t setup[8] = {0x21, 5, 0, 0, 0, 0, 3, 0}, data[3] = {0xd1, 0xd2, 0xd3};
	static const uint8_t golden[] =
		{
			6,    0,    0,	  0,	100,  0,    0,	  0,	0,
			0,    0,    0, /* interface 0 */
			0x03, 0x04, 0x06, 0x00, 0x07, 0x00, 0x01, 0x02, 67,
			0,    0,    0,	  67,	0,    0,    0,	  0x08, 0x07,
			0x06, 0x05, 0x04, 0x03, 0x02, 0x01,	     /* id */
			'S',  2,    0x00, 2,	1,    0,    0,	  0, /* control, endpoint 0, device
									2 of bus 1 */
			0x19, 0x1c, 0xed, 0x64, 0,    0,    0,	  0,	0xc7,
			0x87, 0x04, 0x00, 0x8d, 0xff, 0xff, 0xff,    /* -115 */
			3,    0,    0,	  0,	3,    0,    0,	  0, /* length, captured */
			0x21, 5,    0,	  0,	0,    0,    3,	  0, /* setup */
			0,    0,    0,	  0,	0,    0,    0,	  0, /* interval, frame */
			0,    0,    0,	  0,	0,    0,    0,	  0, /* flags, isochronous frames */
			0xd1, 0xd2, 0xd3, 0,	100,  0,    0,	  0,
		};
	const struct host_transfer transfer = {
		.id = 0x0102030405060708ULL,
		.control = true,
		.setup = setup,
		.len = 3,
		.data = data,
		.data_len = 3,
	};
	const struct pcapng_event event = {.transfer = &transfer, .type = 'S', .wall_usec = TIME};
	uint8_t buf[MNPEN_CAPTURE_BLOCK_MAX] = {0};

	check(buf, pcapng_packet(buf, &event), golden, sizeof(golden));
}

/* A sample's end; before it 258 blocks were lost. */
static void test_interrupt_in(void **state)
{
	static const uint8_t data[4] = {1, 2, 3, 4};
	static const uint8_t golden[] =
		{
			6,    0,    0,	  0,	116,  0,    0,	  0,   0,    0,	   0,	 0,    0x03,
			0x04, 0x06, 0x00, 0x07, 0x00, 0x01, 0x02, 68,  0,    0,	   0,	 68,   0,
			0,    0,    9,	  0,	0,    0,    0,	  0,   0,    0,	   'C',	 1,    0x81,
			2,    1,    0,	  '-',	0, /* interrupt, no setup, data */
			0x19, 0x1c, 0xed, 0x64, 0,    0,    0,	  0,   0xc7, 0x87, 0x04, 0x00, 0,
			0,    0,    0,	  4,	0,    0,    0,	  4,   0,    0,	   0,	 0,    0,
			0,    0,    0,	  0,	0,    0,    0,	  0,   0,    0,	   0,	 0,    0,
			0,    0x00, 0x02, 0,	0,    0,    0,	  0,   0, /* IN */
			1,    2,    3,	  4,	4,    0,    8,	  0,   0x02, 0x01, 0,	 0,    0,
			0,    0,    0,	  0,	0,    0,    0,	  116, 0,    0,	   0,
		};
	const struct host_transfer transfer = {
		.id = 9, .endpoint = 0x81, .len = 4, .data = data, .data_len = 4};
	const struct pcapng_event event = {
		.transfer = &transfer, .type = 'C', .wall_usec = TIME, .lost = 258};
	uint8_t buf[MNPEN_CAPTURE_BLOCK_MAX] = {0};

	check(buf, pcapng_packet(buf, &event), golden, sizeof(golden));
}

/* What usbmon says of data that is not here, and of how it ended. */
static void test_flags(void **state)
{
	static const uint8_t setup[8] = {0xa1, 2, 0, 0, 0, 0, 48, 0}, data[1] = {0};
	static const struct {
		uint8_t endpoint;
		char type;
		size_t data_len;
		int status;
		char data_flag;
		uint8_t status_byte;
	} cases[] = {
		{0x80, 'S', 0, 0, '<', 0x8d},
		{0x80, 'C', 0, -EPIPE, 0, 0xe0},
		{0x80, 'C', 1, 0, 0, 0},
		{0x00, 'S', 0, 0, 0, 0x8d},
		{0x00, 'C', 0, 0, '>', 0},
		{0x00, 'C', 0, -ENOENT, '>', 0xfe},
		{0x80, 'C', 0, -ESHUTDOWN, 0, 0x94},
	};
	uint8_t buf[MNPEN_CAPTURE_BLOCK_MAX] = {0};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		const struct host_transfer transfer = {
			.control = true,
			.endpoint = cases[i].endpoint,
			.setup = setup,
			.status = cases[i].status,
			.data = data,
			.data_len = cases[i].data_len,
		};
		const struct pcapng_event event = {.transfer = &transfer, .type = cases[i].type};

		(void)pcapng_packet(buf, &event);
		assert_int_equal(buf[28 + 14], cases[i].type == 'S' ? 0 : '-');
		assert_int_equal(buf[28 + 15], cases[i].data_flag);
		assert_int_equal(buf[28 + 28], cases[i].status_byte);
		assert_int_equal(buf[28 + 29], cases[i].status_byte ? 0xff : 0);
		assert_int_equal(buf[28 + 40], cases[i].type == 'S' ? 0xa1 : 0);
	}
}

static void test_too_long(void **state)
{
	static const uint8_t data[5000];
	static const uint8_t setup[8];
	const struct host_transfer transfer = {.control = true,
					       .endpoint = 0x80,
					       .setup = setup,
					       .len = 5000,
					       .data = data,
					       .data_len = sizeof(data)};
	const struct pcapng_event event = {.transfer = &transfer, .type = 'C', .lost = 1};
	uint8_t buf[MNPEN_CAPTURE_BLOCK_MAX + 1] = {0};
	size_t len;

	buf[MNPEN_CAPTURE_BLOCK_MAX] = 0x5a;
	len = pcapng_packet(buf, &event);
	assert_in_range(len, 4096 + 64 + 32, MNPEN_CAPTURE_BLOCK_MAX);
	assert_int_equal(buf[MNPEN_CAPTURE_BLOCK_MAX], 0x5a);
	assert_int_equal(buf[20] | buf[21] << 8, 64 + 4096); /* captured ... */
	assert_int_equal(buf[24] | buf[25] << 8, 64 + 5000); /* ... of */
	assert_int_equal(buf[28 + 32] | buf[28 + 33] << 8, 5000);
	assert_int_equal(buf[28 + 36] | buf[28 + 37] << 8, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_section),	     cmocka_unit_test(test_long_comment),
		cmocka_unit_test(test_interface),    cmocka_unit_test(test_control_out),
		cmocka_unit_test(test_interrupt_in), cmocka_unit_test(test_flags),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
