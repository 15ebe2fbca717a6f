// SPDX-License-Identifier: GPL-2.0-only
/* The plot as a whole: what its panels share, the time below them, and the legend. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/report/plot.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define NUMBERS_ROOM 36.0 /* left of the panels */
#define STRIP 12.0	  /* the names of the areas */
#define DEPTH_HEIGHT 165.0
#define SPEED_HEIGHT 105.0
#define COLUMNS_MAX 2048
#define COLUMN_PT 0.5
#define HATCH 4.0 /* between two of its lines */
#define TIME_NUMBER_ROOM 44.0

double plot_x(const struct plot *plot, uint64_t usec)
{
	double at = usec > plot->from_usec ? (double)(usec - plot->from_usec) : 0;
	double part = at / (double)(plot->to_usec - plot->from_usec);

	return plot->left + MIN(part, 1.0) * (plot->right - plot->left);
}

void plot_set_style(cairo_t *cr, enum plot_style style)
{
	static const double dots[] = {0.1, 2.4}, dashes[] = {6, 3}, dash_dots[] = {9, 2, 1.5, 2};

	cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_BEVEL);
	switch (style) {
	case PLOT_MEASURED:
		cairo_set_source_rgb(cr, 0.15, 0.15, 0.2);
		cairo_set_line_width(cr, 0.6);
		cairo_set_dash(cr, NULL, 0, 0);
		break;
	case PLOT_TARGET:
		cairo_set_source_rgb(cr, 0, 0.25, 0.75);
		cairo_set_line_width(cr, 1.4);
		cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
		cairo_set_dash(cr, dots, ELEMENTSOF(dots), 0);
		break;
	case PLOT_LIMIT:
		cairo_set_source_rgb(cr, 0.6, 0.3, 0);
		cairo_set_line_width(cr, 1);
		cairo_set_dash(cr, dashes, ELEMENTSOF(dashes), 0);
		break;
	case PLOT_TRIP:
		cairo_set_source_rgb(cr, 0.75, 0, 0);
		cairo_set_line_width(cr, 1.5);
		cairo_set_dash(cr, dash_dots, ELEMENTSOF(dash_dots), 0);
		break;
	}
}

void plot_hatch(cairo_t *cr, double x, double y, double width, double height)
{
	cairo_save(cr);
	cairo_rectangle(cr, x, y, width, height);
	cairo_clip(cr);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_set_source_rgb(cr, 0.35, 0.35, 0.35);
	cairo_set_line_width(cr, 0.5);
	cairo_set_dash(cr, NULL, 0, 0);
	/* Lines of one grid, wherever the rectangle lies. */
	for (int i = (int)floor((x - height) / HATCH); i * HATCH < x + width; i++) {
		cairo_move_to(cr, i * HATCH, y + height);
		cairo_rel_line_to(cr, height, -height);
	}
	cairo_stroke(cr);
	cairo_rectangle(cr, x, y, width, height);
	cairo_stroke(cr);
	cairo_restore(cr);
}

/* ---- areas ---- */

static void band_name(struct plot *plot, const struct report_band *band, double top, double left,
		      double right)
{
	const double pad = 2;
	char text[160];

	snprintf(text, sizeof(text), "%s  %s", band->letter, band->name);
	/* A name of which three letters are left tells nothing; the letter stands in the table. */
	if (page_measure(plot->page, &page_small, text) > right - left - 2 * pad &&
	    right - left < 36)
		snprintf(text, sizeof(text), "%s", band->letter);
	if (page_measure(plot->page, &page_small, band->letter) <= right - left - 2 * pad)
		page_text(plot->page, &page_small, PAGE_LEFT, left + pad, top + 1.2,
			  right - left - 2 * pad, text);
}

static void strip(struct plot *plot, double top)
{
	const struct report *report = plot->report;
	cairo_t *cr = plot->page->cr;

	for (size_t i = 0; i < report->n_bands; i++) {
		double left = plot_x(plot, report->bands[i].from_usec);
		double right = plot_x(plot, report->bands[i].to_usec);
		double grey = i % 2 == 0 ? 0.85 : 1;

		cairo_rectangle(cr, left, top, right - left, STRIP);
		cairo_set_source_rgb(cr, grey, grey, grey);
		cairo_fill_preserve(cr);
		cairo_set_source_rgb(cr, 0, 0, 0);
		cairo_set_line_width(cr, 0.5);
		cairo_stroke(cr);
		band_name(plot, &report->bands[i], top, left, right);
	}
}

/* ---- time ---- */

static void time_axis(struct plot *plot, double top)
{
	cairo_t *cr = plot->page->cr;
	char text[96];

	for (unsigned int i = 0; i * plot->time.step <= plot->time.end * 1.0001; i++) {
		double at = i * plot->time.step, x = plot_x(plot, plot->from_usec + (uint64_t)at);
		char number[AXIS_LABEL_SIZE];

		cairo_set_dash(cr, NULL, 0, 0);
		cairo_set_source_rgb(cr, 0, 0, 0);
		cairo_set_line_width(cr, 0.6);
		cairo_move_to(cr, x, top);
		cairo_rel_line_to(cr, 0, 3);
		cairo_stroke(cr);
		page_text(plot->page, &page_small, PAGE_CENTER, x, top + 5.5, TIME_NUMBER_ROOM - 4,
			  axis_time_label(at, plot->time.step, number));
	}
	snprintf(text, sizeof(text), "Time since the session began, %s",
		 axis_time_unit(plot->time.step));
	page_text(plot->page, &page_bold, PAGE_CENTER, (plot->left + plot->right) / 2,
		  top + 5.5 + page_line_height(&page_small), plot->right - plot->left, text);
}

/* ---- the legend ---- */

enum legend_kind {
	LEGEND_LINE,
	LEGEND_GAP,
	LEGEND_MARK,
};

static const struct {
	enum legend_kind kind;
	int which;
	const char *text;
} legend[] = {
	{LEGEND_LINE, PLOT_MEASURED, "measured, smallest to largest"},
	{LEGEND_LINE, PLOT_TARGET, "target"},
	{LEGEND_LINE, PLOT_LIMIT, "limit"},
	{LEGEND_LINE, PLOT_TRIP, "trip: limit + tolerance"},
	{LEGEND_GAP, 0, "samples missing"},
	{LEGEND_MARK, REPORT_STOP, "stop"},
	{LEGEND_MARK, REPORT_FAULT, "fault"},
	{LEGEND_MARK, REPORT_ALARM, "alarm"},
};

static void legend_sample(cairo_t *cr, size_t i, double x, double y)
{
	switch (legend[i].kind) {
	case LEGEND_LINE:
		plot_set_style(cr, (enum plot_style)legend[i].which);
		cairo_move_to(cr, x, y);
		cairo_rel_line_to(cr, 22, 0);
		cairo_stroke(cr);
		break;
	case LEGEND_GAP:
		plot_hatch(cr, x + 4, y - 4, 14, 8);
		break;
	case LEGEND_MARK:
		plot_symbol(cr, (enum report_mark_kind)legend[i].which, x + 17, y);
		break;
	}
}

static void draw_legend(struct plot *plot)
{
	struct page *page = plot->page;
	double x = plot->left, line = page_line_height(&page_small);

	for (size_t i = 0; i < ELEMENTSOF(legend); i++) {
		double width = 26 + page_measure(page, &page_small, legend[i].text);

		if (x > plot->left && x + width > plot->right + PLOT_LABELS_ROOM) {
			x = plot->left;
			page->y += line + 2;
		}
		legend_sample(page->cr, i, x, page->y + line / 2);
		cairo_set_dash(page->cr, NULL, 0, 0);
		cairo_set_source_rgb(page->cr, 0, 0, 0);
		page_text(page, &page_small, PAGE_LEFT, x + 26, page->y, width, legend[i].text);
		x += width + 12;
	}
	page->y += line + 8;
}

/* ---- all of it ---- */

/* Above what was measured and what was allowed. */
static double largest(const struct plot *plot, bool is_depth)
{
	const struct report *report = plot->report;
	double most = 0;

	for (size_t i = 0; i < plot->n_columns; i++)
		if (plot->columns[i].n)
			most = MAX(most, is_depth ? plot->columns[i].depth_um.max
						  : plot->columns[i].speed_rpm.max);
	for (size_t i = 0; i < report->n_limits; i++) {
		const struct report_limits *limits = &report->limits[i];
		double top = is_depth ? MAX(limits->depth_trip_um, limits->depth_limit_um)
				      : limits->speed_max_rpm;

		most = MAX(most, top);
	}
	return most > 0 ? most * 1.03 : is_depth ? 1000 : 10000;
}

static void draw_panels(struct plot *plot)
{
	struct page *page = plot->page;
	double title = page_line_height(&page_bold);
	struct panel depth = {
		.plot = plot,
		.title = "Measured depth of the needles, mm",
		.is_depth = true,
		.top = page->y + title + PLOT_MARKS_HEIGHT + STRIP + 2,
		.axis = axis_values(largest(plot, true), 7),
	};
	struct panel speed = {
		.plot = plot,
		.title = "Measured speed, strokes a minute (rpm)",
		.axis = axis_values(largest(plot, false), 5),
	};

	depth.bottom = depth.top + DEPTH_HEIGHT;
	speed.top = depth.bottom + title + 6;
	speed.bottom = speed.top + SPEED_HEIGHT;
	plot_panel(&depth);
	plot_panel(&speed);
	strip(plot, depth.top - STRIP);
	plot_marks(plot, page->y + title, (const struct panel *const[]){&depth, &speed});
	time_axis(plot, speed.bottom);
	page->y = speed.bottom + 5.5 + page_line_height(&page_small) + title + 6;
	draw_legend(plot);
}

void plot_draw(struct page *page)
{
	static const double around = 100; /* titles, numbers, legend */
	const struct report *report = page->report;
	uint64_t length_usec = MAX(report->end_usec - report->start_usec, USEC_PER_SEC / 10);
	struct plot plot = {
		.page = page,
		.report = report,
		.left = page_left(page) + NUMBERS_ROOM,
		.right = page_left(page) + page_width(page) - PLOT_LABELS_ROOM,
		.from_usec = report->start_usec,
		.to_usec = report->start_usec + length_usec,
	};
	_cleanup_free_ struct series_bucket *columns = NULL;
	double width = plot.right - plot.left;

	plot.n_columns = (size_t)MIN(MAX(width / COLUMN_PT, 1.0), (double)COLUMNS_MAX);
	columns = calloc(plot.n_columns, sizeof(*columns));
	if (!columns) {
		page->failed = true;
		return;
	}
	series_columns(report->series, plot.from_usec, plot.to_usec, columns, plot.n_columns);
	plot.columns = columns;
	plot.time = axis_time(length_usec, (unsigned int)MAX(width / TIME_NUMBER_ROOM, 1.0));
	page_room(page, DEPTH_HEIGHT + SPEED_HEIGHT + around);
	draw_panels(&plot);
}
