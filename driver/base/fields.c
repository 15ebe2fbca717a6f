// SPDX-License-Identifier: GPL-2.0-only
/* Event details as JSON. Strings come from devices and people: nothing in them is trusted. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/fields.h"

#define REPLACEMENT "\uFFFD"

/** struct out - the JSON text so far; once something did not fit, nothing more is taken */
struct out {
	char *buf;
	size_t size;
	size_t used;
	bool full;
};

static void out_add(struct out *out, const char *text, size_t len)
{
	if (out->full || len >= out->size - out->used) { /* one byte stays for the NUL */
		out->full = true;
		return;
	}
	memcpy(out->buf + out->used, text, len);
	out->used += len;
	out->buf[out->used] = '\0';
}

static void out_text(struct out *out, const char *text)
{
	out_add(out, text, strlen(text));
}

static bool continuation(const unsigned char *at)
{
	return (*at & 0xc0) == 0x80;
}

/* Length of the UTF-8 character at @at, 0 when it is none (overlong and surrogates included). */
static size_t utf8_length(const unsigned char *at)
{
	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4 || !continuation(at + 1))
		return 0;
	if (at[0] < 0xe0)
		return 2;
	if (!continuation(at + 2))
		return 0;
	if (at[0] < 0xf0) {
		bool overlong = at[0] == 0xe0 && at[1] < 0xa0;
		bool surrogate = at[0] == 0xed && at[1] >= 0xa0;

		return overlong || surrogate ? 0 : 3;
	}
	if (!continuation(at + 3))
		return 0;
	return (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90) ? 0 : 4;
}

static void out_string(struct out *out, const char *string)
{
	out_text(out, "\"");
	while (*string && !out->full) {
		size_t len = utf8_length((const unsigned char *)string);
		unsigned char c = (unsigned char)*string;
		char escaped[8];

		if (!len) {
			out_text(out, REPLACEMENT);
			len = 1;
		} else if (c == '"' || c == '\\') {
			snprintf(escaped, sizeof(escaped), "\\%c", c);
			out_text(out, escaped);
		} else if (c < 0x20) {
			snprintf(escaped, sizeof(escaped), "\\u%04x", c);
			out_text(out, escaped);
		} else {
			out_add(out, string, len);
		}
		string += len;
	}
	out_text(out, "\"");
}

static void out_value(struct out *out, const struct field *field)
{
	char number[24];

	switch (field->type) {
	case FIELD_STRING:
		if (field->string)
			out_string(out, field->string);
		else
			out_text(out, "null");
		break;
	case FIELD_UINT:
		snprintf(number, sizeof(number), "%" PRIu64, field->uint);
		out_text(out, number);
		break;
	case FIELD_INT:
		snprintf(number, sizeof(number), "%" PRId64, field->integer);
		out_text(out, number);
		break;
	case FIELD_BOOL:
		out_text(out, field->boolean ? "true" : "false");
		break;
	}
}

int fields_json(char *buf, size_t size, const struct field *fields, size_t n_fields)
{
	struct out out = {.buf = buf, .size = size};

	out_text(&out, "{");
	for (size_t i = 0; i < n_fields; i++) {
		if (i)
			out_text(&out, ",");
		out_string(&out, fields[i].key);
		out_text(&out, ":");
		out_value(&out, &fields[i]);
	}
	out_text(&out, "}");
	if (out.full) {
		if (size >= sizeof("{}"))
			memcpy(buf, "{}", sizeof("{}"));
		return -ENOSPC;
	}
	return (int)out.used;
}
