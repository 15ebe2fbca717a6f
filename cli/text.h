/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text that comes from people, files and the daemon: checked on its way in, made harmless on its
 * way to a terminal.
 */
#ifndef MNPEN_CLI_TEXT_H
#define MNPEN_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** text_valid() - whether @len bytes are UTF-8 without NUL, as D-Bus demands of a string */
bool text_valid(const char *text, size_t len);

/** text_clean() - replace what could steer a terminal by '?', in place; '\n' stays */
char *text_clean(char *text);

/**
 * text_nearest() - the candidate that @word is probably a typing error of
 * Return: NULL when none is near enough to be worth a guess.
 */
const char *text_nearest(const char *word, const char *const *candidates, size_t n);

/** text_temperature() - tenths of a degree as "31.2 °C" ("31.2 C" where the locale has no degree)
 */
char *text_temperature(int32_t temp_dc, char *buf, size_t size);

/** text_clock() - milliseconds as "m:ss", rounded down; @buf: at least 16 bytes */
char *text_clock(uint64_t ms, char *buf, size_t size);

#endif
