/* SPDX-License-Identifier: GPL-2.0-only */
/* Text by the columns that it takes on a terminal, which are neither bytes nor characters. */
#ifndef MNPEN_CLI_COLUMNS_H
#define MNPEN_CLI_COLUMNS_H

/** columns_of() - columns of @text in this locale; what it cannot show counts as '?' */
unsigned int columns_of(const char *text);

/**
 * columns_cut() - shorten @text to @width columns, in place
 *
 * '~' stands at the end of what was cut. What could steer a terminal, and what the locale cannot
 * show, becomes '?'.
 */
char *columns_cut(char *text, unsigned int width);

#endif
