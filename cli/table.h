/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What people read: tables with a heading, and sheets of "name  value" lines, both by
 * libsmartcols, which also keeps control characters from the terminal.
 *
 * A table that runs out of memory prints what it has and table_print() says -ENOMEM.
 */
#ifndef MNPEN_CLI_TABLE_H
#define MNPEN_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "driver/base/cleanup.h"

struct table;

/** table_new() - @headings: NULL-terminated; one that begins with '>' is aligned to the right
 * Return: NULL when out of memory; every other function takes that NULL. */
struct table *table_new(const char *const *headings);

/** table_sheet() - two columns without headings */
struct table *table_sheet(void);

/** table_row() - one text for each column, in order; NULL and "" are an empty cell */
void table_row(struct table *table, ...);

/** table_pair() - a line of a sheet; the value as printf makes it */
void table_pair(struct table *table, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** table_print() - to stdout; a last column too wide for the terminal is folded between words
 * Return: 0 or -ENOMEM. */
int table_print(struct table *table);

void table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free)
#define _cleanup_table_ _cleanup_(table_free_cleanup)

#endif
