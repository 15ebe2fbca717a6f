/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Bytes of a record: little-endian integers, reserved ranges and padded text; the integers also for
 * whoever else writes or reads little-endian bytes. The caller has checked the length already. Byte
 * by byte, because a record in a receive buffer need not be aligned and the machine need not be
 * little-endian.
 */
#ifndef MNPEN_WIRE_H
#define MNPEN_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t wire_get16(const uint8_t *buf)
{
	return (uint16_t)(buf[0] | buf[1] << 8);
}

static inline uint32_t wire_get32(const uint8_t *buf)
{
	return (uint32_t)wire_get16(buf) | (uint32_t)wire_get16(buf + 2) << 16;
}

static inline uint64_t wire_get64(const uint8_t *buf)
{
	return (uint64_t)wire_get32(buf) | (uint64_t)wire_get32(buf + 4) << 32;
}

static inline void wire_put16(uint8_t *buf, uint16_t value)
{
	buf[0] = (uint8_t)value;
	buf[1] = (uint8_t)(value >> 8);
}

static inline void wire_put32(uint8_t *buf, uint32_t value)
{
	wire_put16(buf, (uint16_t)value);
	wire_put16(buf + 2, (uint16_t)(value >> 16));
}

static inline void wire_put64(uint8_t *buf, uint64_t value)
{
	wire_put32(buf, (uint32_t)value);
	wire_put32(buf + 4, (uint32_t)(value >> 32));
}

/* Reserved bytes have to be zero. */
static inline bool wire_is_zero(const uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (buf[i])
			return false;
	return true;
}

/* True for printable ASCII followed by nothing but NUL; no text at all is well-formed too. */
bool wire_text_valid(const uint8_t *buf, size_t len);

/* Copies @len bytes of text and terminates them: @ret holds @len + 1. */
void wire_text_get(char *ret, const uint8_t *buf, size_t len);

/* Fills @len bytes from @text up to its NUL, the rest with NUL. */
void wire_text_put(uint8_t *buf, const char *text, size_t len);

#endif
