// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Text on the wire: the char[] fields of records, and the serial number. */
#include <string.h>

#include "driver/proto/records.h"
#include "driver/proto/wire.h"

bool wire_text_valid(const uint8_t *buf, size_t len)
{
	size_t used = 0;

	while (used < len && buf[used]) {
		if (buf[used] < 0x20 || buf[used] > 0x7e)
			return false;
		used++;
	}
	return wire_is_zero(buf + used, len - used);
}

void wire_text_get(char *ret, const uint8_t *buf, size_t len)
{
	memcpy(ret, buf, len);
	ret[len] = '\0';
}

void wire_text_put(uint8_t *buf, const char *text, size_t len)
{
	size_t used = strnlen(text, len);

	memcpy(buf, text, used);
	memset(buf + used, 0, len - used);
}

/* Not isalnum(): its answer depends on the locale. */
static bool serial_char_valid(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-';
}

bool mnpen_serial_valid(const char *serial)
{
	size_t len = 0;

	if (!serial)
		return false;
	for (; serial[len]; len++)
		if (len == MNPEN_SERIAL_MAX || !serial_char_valid(serial[len]))
			return false;
	return len >= MNPEN_SERIAL_MIN;
}
