/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz harnesses share: an input read from its front, and a check that ends the process
 * when it does not hold, which is how libFuzzer learns of it.
 */
#ifndef MNPEN_FUZZ_H
#define MNPEN_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The two functions that libFuzzer calls. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** CHECK() - a property that no input may break; the text behind it is for printf() */
#define CHECK(condition, ...)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_failed(__FILE__, __LINE__, #condition, __VA_ARGS__);                  \
	} while (0)

void fuzz_failed(const char *file, int line, const char *condition, const char *format, ...)
	__attribute__((noreturn, format(printf, 4, 5)));

/** struct fuzz_input - what is left of an input; beyond its end everything is 0 */
struct fuzz_input {
	const uint8_t *data;
	size_t left;
};

uint8_t fuzz_u8(struct fuzz_input *input);
uint16_t fuzz_u16(struct fuzz_input *input);
uint32_t fuzz_u32(struct fuzz_input *input);
uint64_t fuzz_u64(struct fuzz_input *input);
/** fuzz_bytes() - up to @size bytes into @buf. Return: how many there were; the rest is 0 */
size_t fuzz_bytes(struct fuzz_input *input, void *buf, size_t size);
/** fuzz_text() - a terminated copy of all that is left; the caller frees it */
char *fuzz_text(const struct fuzz_input *input);

#endif
