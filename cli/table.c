// SPDX-License-Identifier: GPL-2.0-only
/* Tables and sheets. */
#include <errno.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/table.h"

struct table {
	struct libscols_table *scols;
	size_t n_columns;
	bool failed;
};

static struct table *make(bool headings)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->scols = scols_new_table();
	if (!table->scols) {
		free(table);
		return NULL;
	}
	scols_table_enable_noheadings(table->scols, !headings);
	return table;
}

static void add_column(struct table *table, const char *heading)
{
	int flags = *heading == '>' ? SCOLS_FL_RIGHT : 0;

	if (scols_table_new_column(table->scols, heading + (flags ? 1 : 0), 0, flags))
		table->n_columns++;
	else
		table->failed = true;
}

struct table *table_new(const char *const *headings)
{
	struct table *table = make(true);

	for (; table && *headings; headings++)
		add_column(table, *headings);
	return table;
}

struct table *table_sheet(void)
{
	struct table *table = make(false);

	if (table) {
		add_column(table, "NAME");
		add_column(table, "VALUE");
	}
	return table;
}

static void set_cell(struct table *table, struct libscols_line *line, size_t column,
		     const char *text)
{
	if (!line || scols_line_set_data(line, column, text ? text : "") < 0)
		table->failed = true;
}

void table_row(struct table *table, ...)
{
	struct libscols_line *line;
	va_list ap;

	if (!table)
		return;
	line = scols_table_new_line(table->scols, NULL);
	va_start(ap, table);
	for (size_t i = 0; i < table->n_columns; i++)
		set_cell(table, line, i, va_arg(ap, const char *));
	va_end(ap);
}

void table_pair(struct table *table, const char *name, const char *format, ...)
{
	_cleanup_free_ char *value = NULL;
	va_list ap;
	int r;

	if (!table)
		return;
	va_start(ap, format);
	r = vasprintf(&value, format, ap);
	va_end(ap);
	if (r < 0) {
		value = NULL;
		table->failed = true;
		return;
	}
	table_row(table, name, value);
}

int table_print(struct table *table)
{
	if (!table)
		return -ENOMEM;
	fflush(stdout);
	if (scols_print_table(table->scols) < 0)
		return -ENOMEM;
	return table->failed ? -ENOMEM : 0;
}

void table_free(struct table *table)
{
	scols_unref_table(table->scols);
	free(table);
}
