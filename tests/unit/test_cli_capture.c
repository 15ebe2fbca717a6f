// SPDX-License-Identifier: GPL-2.0-only
/* Counting the blocks of a capture, also of one that tells nonsense. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/capture.h"

#define HEAD 28
#define USBMON (HEAD + 8)

/* A packet block of 4 bytes of data; with @dropped, its option, and another one before it. */
static size_t packet(uint8_t block[140], char event, uint8_t type, uint8_t status, uint32_t usec,
		     uint8_t dropped)
{
	static const uint8_t options[] = {1, 0, 3, 0, 'a', 'b', 'c', 0, 4, 0, 8, 0,
					  0, 0, 0, 0, 0,   0,	0,   0, 0, 0, 0, 0};
	size_t len = 100 + (dropped ? sizeof(options) : 0);

	memset(block, 0, 140);
	block[0] = 6;
	block[4] = (uint8_t)len;
	block[12] = 1; /* the upper half of the time */
	memcpy(block + 16, &usec, 4);
	block[20] = block[24] = 68;
	block[USBMON] = (uint8_t)event;
	block[USBMON + 1] = type;
	block[HEAD + 28] = status;
	if (dropped) {
		memcpy(block + 96, options, sizeof(options));
		block[108] = dropped;
	}
	block[len - 4] = (uint8_t)len;
	return len;
}

static void test_counts(void **state)
{
	static const uint8_t section[28] = {0x0a, 0x0d, 0x0d, 0x0a, 28},
			     interface[20] = {1, 0, 0, 0, 20};
	struct capture_counts counts = {0};
	uint8_t block[140];

	assert_int_equal(capture_count(&counts, section, sizeof(section)), 0);
	assert_int_equal(capture_count(&counts, interface, sizeof(interface)), 0);
	assert_int_equal(counts.transfers, 0);
	assert_int_equal(capture_msec(&counts), 0);
	assert_int_equal(capture_count(&counts, block, packet(block, 'S', 2, 0, 1000, 0)), 0);
	assert_int_equal(counts.transfers, 0);
	assert_int_equal(capture_count(&counts, block, packet(block, 'C', 2, 0, 2000, 0)), 0);
	assert_int_equal(capture_count(&counts, block, packet(block, 'C', 1, 0, 3000, 0)), 0);
	assert_int_equal(capture_count(&counts, block, packet(block, 'C', 1, 7, 8999, 0)), 0);
	assert_int_equal(counts.transfers, 3);
	assert_int_equal(counts.samples, 1); /* one failed */
	assert_int_equal(counts.lost, 0);
	assert_int_equal(capture_msec(&counts), 7);
	assert_int_equal(capture_count(&counts, block, packet(block, 'S', 1, 0, 9000, 200)), 0);
	assert_int_equal(capture_count(&counts, block, packet(block, 'C', 1, 0, 9000, 3)), 0);
	assert_int_equal(counts.lost, 203);
	assert_int_equal(counts.samples, 2);
}

static void test_nonsense(void **state)
{
	struct capture_counts counts = {0};
	uint8_t block[140];
	size_t len = packet(block, 'C', 1, 0, 1, 3);

	for (size_t n = 0; n < len; n++)
		assert_int_equal(capture_count(&counts, block, n), -EBADMSG);
	block[0] = 5;
	assert_int_equal(capture_count(&counts, block, len), -EBADMSG);
	assert_int_equal(counts.transfers, 0);
	/* lengths that lie: nothing is read beyond the block */
	for (size_t at = 20; at < len; at++) {
		(void)packet(block, 'C', 1, 0, 1, 3);
		block[at] = 0xff;
		(void)capture_count(&counts, block, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
