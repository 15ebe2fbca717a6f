// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "cli/capture.h"
#include "driver/base/clock.h"
#include "driver/proto/wire.h"
#include "driver/uapi/capture.h"

#define BLOCK_MIN 12  /* type and length, and length again */
#define OPTION_HEAD 4 /* code and length */
#define USBMON MNPEN_CAPTURE_HEADER

/* The options stand between the padded data and the length at the end. */
static uint64_t drop_count(const uint8_t *block, size_t len)
{
	size_t captured = wire_get32(block + MNPEN_CAPTURE_CAPTURED);
	size_t at = MNPEN_CAPTURE_HEADER + (captured + 3) / 4 * 4;

	while (captured < len && at + OPTION_HEAD + 4 <= len) {
		unsigned int code = wire_get16(block + at);
		size_t value_len = wire_get16(block + at + 2);

		if (code == MNPEN_CAPTURE_OPTION_DROPCOUNT && value_len == 8 &&
		    at + OPTION_HEAD + 8 + 4 <= len)
			return wire_get64(block + at + OPTION_HEAD);
		at += OPTION_HEAD + (value_len + 3) / 4 * 4;
	}
	return 0;
}

int capture_count(struct capture_counts *counts, const uint8_t *block, size_t len)
{
	const uint8_t *usbmon = block + MNPEN_CAPTURE_HEADER;
	uint32_t type;

	if (len < BLOCK_MIN || wire_get32(block + 4) != len)
		return -EBADMSG;
	type = wire_get32(block);
	if (type != MNPEN_CAPTURE_PACKET)
		return type == MNPEN_CAPTURE_SECTION || type == MNPEN_CAPTURE_INTERFACE ? 0
											: -EBADMSG;
	if (len < USBMON + MNPEN_CAPTURE_HEADER_SIZE + 4)
		return -EBADMSG;
	counts->last_usec = (uint64_t)wire_get32(block + MNPEN_CAPTURE_TIME_HIGH) << 32 |
			    wire_get32(block + MNPEN_CAPTURE_TIME_LOW);
	if (!counts->first_usec)
		counts->first_usec = counts->last_usec;
	counts->lost += drop_count(block, len);
	if (usbmon[MNPEN_USBMON_EVENT] != 'C')
		return 0;
	counts->transfers++;
	counts->samples += usbmon[MNPEN_USBMON_TYPE] == MNPEN_USBMON_INTERRUPT &&
			   wire_get32(usbmon + MNPEN_USBMON_STATUS) == 0;
	return 0;
}

uint64_t capture_msec(const struct capture_counts *counts)
{
	return (counts->last_usec - counts->first_usec) / USEC_PER_MSEC;
}
