// SPDX-License-Identifier: GPL-2.0-only
/* UTF-8, typing errors, and numbers that only people read. */
#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "driver/base/cleanup.h"

#define WORD_MAX 64

/* Length of the UTF-8 sequence at @s with @left bytes, 0 = not one that the standard allows. */
static size_t sequence_length(const uint8_t *s, size_t left)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (len == 0 || len > left || s[0] > 0xf4 || s[0] == 0)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, UTF-16 surrogates, beyond U+10FFFF */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

bool text_valid(const char *text, size_t len)
{
	const uint8_t *s = (const uint8_t *)text;

	for (size_t i = 0; i < len;) {
		size_t step = sequence_length(s + i, len - i);

		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

char *text_clean(char *text)
{
	size_t left = strlen(text);

	for (uint8_t *s = (uint8_t *)text; left > 0;) {
		size_t step = sequence_length(s, left);
		bool control = step == 1 && (s[0] < 0x20 || s[0] == 0x7f) && s[0] != '\n';
		bool c1 = step == 2 && s[0] == 0xc2 && s[1] < 0xa0; /* 8-bit control characters */

		if (step == 0)
			step = 1;
		else if (!control && !c1)
			goto next;
		memset(s, '?', step);
	next:
		s += step;
		left -= step;
	}
	return text;
}

/* Levenshtein distance; words longer than WORD_MAX are never near anything. */
static size_t distance(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b);
	size_t row[WORD_MAX + 1];

	if (len_a > WORD_MAX || len_b > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t replace = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = MIN(replace, MIN(row[j], row[j - 1]) + 1);
		}
	}
	return row[len_b];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t n)
{
	const char *best = NULL;
	size_t best_distance = MAX(strlen(word) / 3, 2u) + 1;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, candidates[i]);

		/* nothing in common but the length is no likeness */
		if (d < best_distance && d < strlen(candidates[i])) {
			best = candidates[i];
			best_distance = d;
		}
	}
	return best;
}

char *text_temperature(int32_t temp_dc, char *buf, size_t size)
{
	const char *degree = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "°" : "";

	snprintf(buf, size, "%s%d.%d %sC", temp_dc < 0 ? "-" : "", abs(temp_dc) / 10,
		 abs(temp_dc) % 10, degree);
	return buf;
}

char *text_clock(uint64_t ms, char *buf, size_t size)
{
	snprintf(buf, size, "%" PRIu64 ":%02u", ms / 60000, (unsigned int)(ms / 1000 % 60));
	return buf;
}
