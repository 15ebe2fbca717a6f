// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * CRC-32/ISO-HDLC, bit by bit: it runs over 28 bytes once an ARM, so that a table would cost
 * firmware more flash than it saves time.
 */
#include "driver/proto/records.h"

#define CRC32_POLYNOMIAL_REFLECTED 0xedb88320u /* 0x04c11db7, lowest bit first */

uint32_t mnpen_crc32(const uint8_t *buf, size_t len)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len; i++) {
		crc ^= buf[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ CRC32_POLYNOMIAL_REFLECTED : crc >> 1;
	}
	return ~crc;
}
