/* SPDX-License-Identifier: GPL-2.0-only */
/* Depth and speed over the time of the session. */
#ifndef MNPEN_REPORT_PLOT_H
#define MNPEN_REPORT_PLOT_H

#include "cli/report/axis.h"
#include "cli/report/page.h"

/* Styles tell lines apart also where there is no colour. */
enum plot_style {
	PLOT_MEASURED,
	PLOT_TARGET,
	PLOT_LIMIT,
	PLOT_TRIP,
};

/** struct plot - where time lies on the page, and the two panels share it */
struct plot {
	struct page *page;
	const struct report *report;
	double left, right;
	uint64_t from_usec, to_usec;
	struct axis time;
	const struct series_bucket *columns;
	size_t n_columns;
};

/** struct panel - one of the two */
struct panel {
	struct plot *plot;
	const char *title;
	bool is_depth;
	double top, bottom;
	struct axis axis; /* of its values, from 0 at the bottom */
};

double plot_x(const struct plot *plot, uint64_t usec);
void plot_set_style(cairo_t *cr, enum plot_style style);

/** plot_panel() - all of a panel but for the marks */
void plot_panel(struct panel *panel);

/** plot_marks() - symbols and numbers from @top on, PLOT_MARKS_HEIGHT, and lines in the panels */
void plot_marks(struct plot *plot, double top, const struct panel *const panels[2]);
#define PLOT_MARKS_HEIGHT 20.0
#define PLOT_LABELS_ROOM 58.0 /* right of the panels, for what a line means */
/** plot_symbol() - of a mark, around @x, @y */
void plot_symbol(cairo_t *cr, enum report_mark_kind kind, double x, double y);

/** plot_draw() - the whole of it on the page, with its legend; on the next page if need be */
void plot_draw(struct page *page);

/** plot_hatch() - what stands for missing samples, in a rectangle */
void plot_hatch(cairo_t *cr, double x, double y, double width, double height);

#endif
