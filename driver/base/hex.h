/* SPDX-License-Identifier: GPL-2.0-only */
/* Bytes as lower-case hex digits: digests, cartridge uids. */
#ifndef MNPEN_HEX_H
#define MNPEN_HEX_H

#include <stddef.h>
#include <stdint.h>

/** hex_encode() - @n bytes into @buf, which holds 2 * @n + 1. Returns @buf. */
static inline char *hex_encode(const uint8_t *bytes, size_t n, char *buf)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		buf[2 * i] = digits[bytes[i] >> 4];
		buf[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	buf[2 * n] = '\0';
	return buf;
}

#endif
