// SPDX-License-Identifier: GPL-2.0-only
/* Tables and sheets. */
#include <errno.h>
#include <libsmartcols.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/pager.h"
#include "cli/table.h"

#define FOLD_MIN 20 /* columns below which folded text is harder to read than wrapped text */

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

/* ---- folding: the last column of a table that is wider than the screen goes on below ---- */

static unsigned int heading_width(struct table *table, size_t column)
{
	struct libscols_column *cl = scols_table_get_column(table->scols, column);
	const char *text = cl ? scols_cell_get_data(scols_column_get_header(cl)) : NULL;

	return scols_table_is_noheadings(table->scols) || !text ? 0 : columns_of(text);
}

static const char *cell(struct table *table, size_t line, size_t column)
{
	struct libscols_line *at = scols_table_get_line(table->scols, line);
	const char *text = at ? scols_cell_get_data(scols_line_get_cell(at, column)) : NULL;

	return text ? text : "";
}

/* Columns of the screen that the last column may have; 0 = as many as it likes. */
static unsigned int last_room(struct table *table)
{
	unsigned int all = pager_columns(), used = 0;

	for (size_t i = 0; i + 1 < table->n_columns; i++) {
		unsigned int width = heading_width(table, i);

		for (size_t k = 0; k < scols_table_get_nlines(table->scols); k++) {
			unsigned int w = columns_of(cell(table, k, i));

			width = w > width ? w : width;
		}
		used += width + 1;
	}
	return all >= used + FOLD_MIN ? all - used : 0;
}

/* The blank where @text goes on in the next line; NULL = it fits. A long word stays whole. */
static char *fold_at(char *text, unsigned int room)
{
	char *last = NULL;

	if (columns_of(text) <= room)
		return NULL;
	for (char *c = strchr(text, ' '); c; c = strchr(c + 1, ' ')) {
		bool fits;

		*c = '\0';
		fits = columns_of(text) <= room;
		*c = ' ';
		if (!fits && last)
			break;
		last = c;
		if (!fits)
			break;
	}
	return last;
}

/* Line @i of @from, and below it what its last cell does not hold. */
static void fold_line(struct table *to, struct table *from, size_t i, unsigned int room)
{
	size_t last = from->n_columns - 1;
	_cleanup_free_ char *text = strdup(cell(from, i, last));
	struct libscols_line *line = scols_table_new_line(to->scols, NULL);
	char *rest = text, *cut;

	to->failed |= !text;
	for (size_t k = 0; k < last; k++)
		set_cell(to, line, k, cell(from, i, k));
	while (rest && (cut = fold_at(rest, room))) {
		*cut = '\0';
		set_cell(to, line, last, rest);
		rest = cut + 1;
		line = scols_table_new_line(to->scols, NULL);
	}
	set_cell(to, line, last, rest);
}

static void fold(struct table *table, unsigned int room)
{
	struct libscols_table *lines = scols_copy_table(table->scols);
	struct table from = {.scols = lines, .n_columns = table->n_columns};

	if (!lines)
		return; /* nothing but the folding is lost */
	scols_table_remove_lines(table->scols);
	for (size_t i = 0; i < scols_table_get_nlines(lines); i++)
		fold_line(table, &from, i, room);
	scols_unref_table(lines);
}

int table_print(struct table *table)
{
	unsigned int room;

	if (!table)
		return -ENOMEM;
	room = last_room(table);
	if (room)
		fold(table, room);
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
