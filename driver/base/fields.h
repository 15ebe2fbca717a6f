/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The details of an event: a few named values that become a{sv} on D-Bus, JSON in the database
 * and on the command line. Keys are snake_case with their unit ("depth_um").
 *
 * A list lives on the stack of whoever reports the event; strings are borrowed, so that reporting
 * allocates nothing.
 */
#ifndef MNPEN_FIELDS_H
#define MNPEN_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_type {
	FIELD_STRING,
	FIELD_UINT, /* 32 bit on D-Bus when it fits, else 64 */
	FIELD_INT,
	FIELD_BOOL,
};

struct field {
	const char *key;
	enum field_type type;
	union {
		const char *string;
		uint64_t uint;
		int64_t integer;
		bool boolean;
	};
};

#define FIELD_S(k, v) ((struct field){.key = (k), .type = FIELD_STRING, .string = (v)})
#define FIELD_U(k, v) ((struct field){.key = (k), .type = FIELD_UINT, .uint = (v)})
#define FIELD_I(k, v) ((struct field){.key = (k), .type = FIELD_INT, .integer = (v)})
#define FIELD_B(k, v) ((struct field){.key = (k), .type = FIELD_BOOL, .boolean = (v)})

/**
 * fields_json() - write @fields as one JSON object
 *
 * Strings are escaped (control characters, quote, backslash; bytes that are no UTF-8 become
 * U+FFFD); a NULL string is null.
 * Return: length without the NUL; -ENOSPC when @size is too small (@buf then holds "{}" if it
 * fits).
 */
int fields_json(char *buf, size_t size, const struct field *fields, size_t n_fields);

#endif
