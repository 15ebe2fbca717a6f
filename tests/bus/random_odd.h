/* SPDX-License-Identifier: GPL-2.0-only */
/* What a line to the virtual pen makes odd: words to bits of enum odd, and back. */
#ifndef MNPEN_RANDOM_ODD_H
#define MNPEN_RANDOM_ODD_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bus/random_oracle.h"

#define ODD(name) (1u << ODD_##name)

/** odd_apply() - which bits end with @line, and which begin */
void odd_apply(const char *line, uint32_t *ret_off, uint32_t *ret_on);

/** odd_words() - the names of @bits into @buf; returns @buf */
const char *odd_words(uint32_t bits, char *buf, size_t size);

#endif
