// SPDX-License-Identifier: GPL-2.0-only
/* The head of a report, its tables and its texts. */
#include <stdio.h>

#include "cli/report/parts.h"
#include "cli/report/plot.h"
#include "driver/base/cleanup.h"

#define LABEL_WIDTH 72.0 /* of the head's labels */
#define GUTTER 14.0	 /* between its two columns */
#define CELL_GAP 5.0
#define NAME_SHARE 0.2 /* of the table's width, for the name of an area */

static void heading(struct page *page, const struct page_font *font, double below, const char *text)
{
	page_room(page, page_line_height(font) + 4 + below);
	page_text(page, font, PAGE_LEFT, page_left(page), page->y, page_width(page), text);
	page->y += page_line_height(font) + 4;
}

static void pair(struct page *page, const struct report_pair *pair, double x, double y,
		 double width)
{
	page_text(page, &page_bold, PAGE_LEFT, x, y, LABEL_WIDTH - CELL_GAP, pair->label);
	page_text(page, &page_body, PAGE_LEFT, x + LABEL_WIDTH, y, width - LABEL_WIDTH,
		  pair->value);
}

/* In two columns, down the left one first, so that what belongs together stands together. */
void part_head(struct page *page)
{
	const struct report *report = page->report;
	double width = (page_width(page) - GUTTER) / 2, line = page_line_height(&page_body) + 1;
	size_t narrow = 0, half;
	double id;

	while (narrow < report->n_head && !report->head[narrow].wide)
		narrow++;
	half = (narrow + 1) / 2;
	id = page_text(page, &page_bold, PAGE_RIGHT, page_left(page) + page_width(page),
		       page->y + 5, page_width(page) / 2, report->id);
	page_text(page, &page_title, PAGE_LEFT, page_left(page), page->y,
		  page_width(page) - id - GUTTER, report->title);
	page->y += page_line_height(&page_title) + 4;
	page_rule(page);
	for (size_t i = 0; i < narrow; i++)
		pair(page, &report->head[i], page_left(page) + (i < half ? 0 : width + GUTTER),
		     page->y + (double)(i % half) * line, width);
	page->y += (double)half * line;
	for (size_t i = narrow; i < report->n_head; i++) {
		pair(page, &report->head[i], page_left(page), page->y, page_width(page));
		page->y += line;
	}
	page->y += 8;
}

/* ---- tables ---- */

/** struct column - of a table */
struct column {
	double x, width;
	enum page_align align;
};

static void cell(struct page *page, const struct page_font *font, const struct column *column,
		 const char *text)
{
	double x = column->x + (column->align == PAGE_RIGHT    ? column->width
				: column->align == PAGE_CENTER ? column->width / 2
							       : 0);

	if (text)
		page_text(page, font, column->align, x, page->y, column->width, text);
}

static void thin_line(struct page *page)
{
	cairo_set_source_rgb(page->cr, 0.6, 0.6, 0.6);
	cairo_set_line_width(page->cr, 0.4);
	cairo_move_to(page->cr, page_left(page), page->y);
	cairo_rel_line_to(page->cr, page_width(page), 0);
	cairo_stroke(page->cr);
	cairo_set_source_rgb(page->cr, 0, 0, 0);
	page->y += 2;
}

static void table_row(struct page *page, const struct page_font *font, const struct column *columns,
		      size_t n, const char *const *cells)
{
	for (size_t i = 0; i < n; i++)
		cell(page, font, &columns[i], cells[i]);
	page->y += page_line_height(font) + 1;
}

/* Letter, name, and numbers of equal width. */
static void totals_columns(const struct page *page, struct column *columns, size_t n)
{
	double left = page_left(page), width = page_width(page), letter = 16;
	double name = width * NAME_SHARE - letter;
	double each = n > 2 ? width * (1 - NAME_SHARE) / (double)(n - 2) : 0;

	columns[0] = (struct column){left, letter - 2, PAGE_LEFT};
	columns[1] = (struct column){left + letter, name - CELL_GAP, PAGE_LEFT};
	for (size_t i = 2; i < n; i++)
		columns[i] = (struct column){left + width * NAME_SHARE + (double)(i - 2) * each,
					     each - CELL_GAP, PAGE_RIGHT};
}

static void totals_head(struct page *page, const struct column *columns)
{
	const struct report *report = page->report;

	for (size_t i = 0; i < report->n_groups; i++) {
		const struct report_group *group = &report->groups[i];
		const struct column over = {
			.x = columns[group->first].x,
			.width = columns[group->last].x + columns[group->last].width -
				 columns[group->first].x,
			.align = PAGE_CENTER,
		};

		cell(page, &page_small, &over, group->text);
	}
	page->y += report->n_groups ? page_line_height(&page_small) : 0;
	table_row(page, &page_small, columns, report->n_columns, report->columns);
	thin_line(page);
}

void part_totals(struct page *page)
{
	const struct report *report = page->report;
	struct column columns[REPORT_COLUMNS];
	double line = page_line_height(&page_small) + 1;

	if (!report->n_rows)
		return;
	totals_columns(page, columns, report->n_columns);
	heading(page, &page_heading, 4 * line, "Totals");
	totals_head(page, columns);
	for (size_t i = 0; i < report->n_rows; i++) {
		if (page_room(page, line))
			totals_head(page, columns);
		table_row(page, &page_small, columns, report->n_columns, report->rows[i].cells);
	}
	page->y += 8;
}

void part_marks(struct page *page)
{
	static const char *const kinds[] = {"stop", "fault", "alarm"};
	const struct report *report = page->report;
	double left = page_left(page), line = page_line_height(&page_small) + 1;
	const struct column columns[] = {
		{left, 20, PAGE_RIGHT},
		{left + 40, 66, PAGE_LEFT},
		{left + 110, 26, PAGE_LEFT},
		{left + 140, page_width(page) - 140, PAGE_LEFT},
	};

	heading(page, &page_heading, line, "Stops, faults and alarms");
	if (!report->n_marks)
		page_paragraph(page, &page_small, 0, "None.");
	for (size_t i = 0; i < MIN(report->n_marks, (size_t)REPORT_MARKS_MAX); i++) {
		const struct report_mark *mark = &report->marks[i];
		char number[24];
		const char *const cells[] = {number, mark->time, kinds[mark->kind], mark->text};

		snprintf(number, sizeof(number), "%zu", i + 1);
		page_room(page, line);
		plot_symbol(page->cr, mark->kind, left + 30, page->y + line / 2);
		table_row(page, &page_small, columns, ELEMENTSOF(columns), cells);
	}
	if (report->n_marks > REPORT_MARKS_MAX) {
		char more[96];

		snprintf(more, sizeof(more), "and %zu more: mnpenctl session show %s",
			 report->n_marks - REPORT_MARKS_MAX, report->id);
		page_paragraph(page, &page_small, 0, more);
	}
	page->y += 8;
}

/* ---- texts ---- */

static void line(struct page *page, const struct report_line *line, const struct page_font *font,
		 const struct page_font *headings)
{
	const double indent = font->size * 1.2;

	switch (line->kind) {
	case REPORT_HEADING:
		page->y += page->y > PAGE_MARGIN ? page_line_height(font) / 2 : 0;
		heading(page, headings, 2 * page_line_height(font), line->text);
		break;
	case REPORT_ITEM:
		page_room(page, page_line_height(font));
		page_text(page, font, PAGE_LEFT, page_left(page), page->y, indent, "\342\200\242");
		page_paragraph(page, font, indent, line->text);
		page->y += 2;
		break;
	case REPORT_PARAGRAPH:
		page_paragraph(page, font, 0, line->text);
		page->y += 2;
		break;
	case REPORT_BLANK:
		page->y += page_line_height(font) / 3;
		break;
	}
}

void part_notes(struct page *page)
{
	for (size_t i = 0; i < page->report->n_notes; i++)
		line(page, &page->report->notes[i], &page_body, &page_heading);
}

void part_card(struct page *page)
{
	for (size_t i = 0; i < page->report->n_card; i++)
		line(page, &page->report->card[i], &page_card, &page_card_heading);
}
