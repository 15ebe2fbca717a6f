// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"

void fuzz_failed(const char *file, int line, const char *condition, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: does not hold: %s\n  ", file, line, condition);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

size_t fuzz_bytes(struct fuzz_input *input, void *buf, size_t size)
{
	size_t n = MIN(size, input->left);

	memset(buf, 0, size);
	if (n)
		memcpy(buf, input->data, n);
	input->data += n;
	input->left -= n;
	return n;
}

uint8_t fuzz_u8(struct fuzz_input *input)
{
	uint8_t value;

	fuzz_bytes(input, &value, sizeof(value));
	return value;
}

uint16_t fuzz_u16(struct fuzz_input *input)
{
	uint8_t low = fuzz_u8(input);

	return (uint16_t)(low | fuzz_u8(input) << 8);
}

uint32_t fuzz_u32(struct fuzz_input *input)
{
	uint32_t low = fuzz_u16(input);

	return low | (uint32_t)fuzz_u16(input) << 16;
}

uint64_t fuzz_u64(struct fuzz_input *input)
{
	uint64_t low = fuzz_u32(input);

	return low | (uint64_t)fuzz_u32(input) << 32;
}

char *fuzz_text(const struct fuzz_input *input)
{
	char *text = malloc(input->left + 1);

	if (!text)
		abort();
	if (input->left)
		memcpy(text, input->data, input->left);
	text[input->left] = '\0';
	return text;
}
