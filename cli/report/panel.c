// SPDX-License-Identifier: GPL-2.0-only
/* One panel of the plot: its axis, what was measured, and what was allowed. */
#include <math.h>
#include <stdio.h>

#include "cli/report/plot.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define JOIN_USEC (250 * USEC_PER_MSEC) /* values that are farther apart are not joined */
#define HATCH_MIN 1.6			/* a gap that nobody sees is none */

static double y_of(const struct panel *panel, double value)
{
	return panel->bottom - value / panel->axis.end * (panel->bottom - panel->top);
}

/* ---- what was measured ---- */

static const struct series_value *value_of(const struct panel *panel,
					   const struct series_bucket *column)
{
	return panel->is_depth ? &column->depth_um : &column->speed_rpm;
}

static void measured(const struct panel *panel)
{
	const struct plot *plot = panel->plot;
	double step = (plot->right - plot->left) / (double)plot->n_columns;
	double usec = (double)(plot->to_usec - plot->from_usec) / (double)plot->n_columns;
	size_t reach = (size_t)MAX((double)JOIN_USEC / usec, 2.0), last = SIZE_MAX;
	cairo_t *cr = plot->page->cr;

	plot_set_style(cr, PLOT_MEASURED);
	for (size_t i = 0; i < plot->n_columns; i++) {
		const struct series_value *value = value_of(panel, &plot->columns[i]);
		double x = plot->left + ((double)i + 0.5) * step;

		if (plot->columns[i].gap)
			last = SIZE_MAX;
		if (!plot->columns[i].n)
			continue;
		if (last == SIZE_MAX || i - last > reach)
			cairo_move_to(cr, x, y_of(panel, value->first));
		else
			cairo_line_to(cr, x, y_of(panel, value->first));
		cairo_line_to(cr, x, y_of(panel, value->min));
		cairo_line_to(cr, x, y_of(panel, value->max));
		cairo_line_to(cr, x, y_of(panel, value->last));
		last = plot->columns[i].gap ? SIZE_MAX : i;
	}
	cairo_stroke(cr);
}

static void gaps(const struct panel *panel)
{
	const struct plot *plot = panel->plot;
	double step = (plot->right - plot->left) / (double)plot->n_columns;

	for (size_t i = 0, end; i < plot->n_columns; i = end + 1) {
		double x, width;

		for (end = i; end < plot->n_columns && plot->columns[end].gap; end++)
			;
		if (end == i)
			continue;
		width = MAX((double)(end - i) * step, HATCH_MIN);
		x = MIN(plot->left + (double)i * step, plot->right - width);
		plot_hatch(plot->page->cr, x, panel->top, width, panel->bottom - panel->top);
	}
}

/* ---- what was allowed ---- */

static uint16_t allowed(const struct panel *panel, const struct report_limits *limits, size_t which)
{
	const uint16_t depth[] = {limits->depth_target_um, limits->depth_limit_um,
				  limits->depth_trip_um};
	const uint16_t speed[] = {limits->speed_target_rpm, limits->speed_max_rpm,
				  limits->speed_min_rpm};

	return panel->is_depth ? depth[which] : speed[which];
}

static void steps(const struct panel *panel, size_t which, enum plot_style style)
{
	const struct report *report = panel->plot->report;
	cairo_t *cr = panel->plot->page->cr;
	double last_x = -1, last_y = -1;

	plot_set_style(cr, style);
	for (size_t i = 0; i < report->n_limits; i++) {
		const struct report_limits *limits = &report->limits[i];
		double y = y_of(panel, allowed(panel, limits, which));
		double x = plot_x(panel->plot, limits->from_usec);

		if (!allowed(panel, limits, which))
			continue;
		/* One line where nothing changed: dashes would begin anew at each arm. */
		if (fabs(x - last_x) > 0.1 || fabs(y - last_y) > 0.01)
			cairo_move_to(cr, x, y);
		last_x = plot_x(panel->plot, limits->to_usec);
		last_y = y;
		cairo_line_to(cr, last_x, y);
	}
	cairo_stroke(cr);
}

/** struct label - right of the panel, at the height of a line's end */
struct label {
	char text[48];
	double y;
};

/* From top to bottom, none over another one. */
static void place_labels(const struct panel *panel, struct label *labels, size_t n)
{
	double height = page_line_height(&page_small), least = panel->top - height / 2;
	double most = panel->bottom - height / 2;

	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && labels[k].y < labels[k - 1].y; k--) {
			struct label swap = labels[k];

			labels[k] = labels[k - 1];
			labels[k - 1] = swap;
		}
	for (size_t i = 0; i < n; i++) {
		labels[i].y = MAX(labels[i].y - height / 2, least);
		least = labels[i].y + height;
	}
	for (size_t i = n; i-- > 0;) {
		labels[i].y = MIN(labels[i].y, most);
		most = labels[i].y - height;
	}
	for (size_t i = 0; i < n; i++)
		page_text(panel->plot->page, &page_small, PAGE_LEFT, panel->plot->right + 4,
			  labels[i].y, PLOT_LABELS_ROOM - 4, labels[i].text);
}

static void limit_labels(const struct panel *panel)
{
	static const char *const depth_words[] = {"target", "limit", "trip"};
	static const char *const speed_words[] = {"target", "max", "min"};
	const struct report *report = panel->plot->report;
	const struct report_limits *last =
		report->n_limits ? &report->limits[report->n_limits - 1] : NULL;
	struct label labels[3] = {0};
	size_t n = 0;

	for (size_t which = 0; last && which < 3; which++) {
		uint16_t value = allowed(panel, last, which);
		char number[AXIS_LABEL_SIZE];

		if (!value)
			continue;
		snprintf(labels[n].text, sizeof(labels[n].text), "%s %s",
			 panel->is_depth ? depth_words[which] : speed_words[which],
			 panel->is_depth ? axis_depth_label(value, 10, number)
					 : axis_speed_label(value, number));
		labels[n++].y = y_of(panel, value);
	}
	place_labels(panel, labels, n);
}

/* ---- the frame ---- */

static void bands(const struct panel *panel)
{
	const struct report *report = panel->plot->report;
	cairo_t *cr = panel->plot->page->cr;

	for (size_t i = 0; i < report->n_bands; i++) {
		double left = plot_x(panel->plot, report->bands[i].from_usec);
		double right = plot_x(panel->plot, report->bands[i].to_usec);

		if (i % 2 == 0) {
			cairo_set_source_rgb(cr, 0.945, 0.945, 0.945);
			cairo_rectangle(cr, left, panel->top, right - left,
					panel->bottom - panel->top);
			cairo_fill(cr);
		}
		cairo_set_source_rgb(cr, 0.35, 0.35, 0.35);
		cairo_set_line_width(cr, 0.5);
		cairo_set_dash(cr, NULL, 0, 0);
		if (i > 0) {
			cairo_move_to(cr, left, panel->top);
			cairo_line_to(cr, left, panel->bottom);
		}
		cairo_stroke(cr);
	}
}

static void value_axis(const struct panel *panel)
{
	const struct plot *plot = panel->plot;
	cairo_t *cr = plot->page->cr;
	double half = page_line_height(&page_small) / 2;

	cairo_set_dash(cr, NULL, 0, 0);
	for (unsigned int i = 0; i * panel->axis.step <= panel->axis.end * 1.0001; i++) {
		double value = i * panel->axis.step, y = y_of(panel, value);
		char number[AXIS_LABEL_SIZE];

		cairo_set_source_rgb(cr, 0.8, 0.8, 0.8);
		cairo_set_line_width(cr, 0.3);
		cairo_move_to(cr, plot->left, y);
		cairo_line_to(cr, plot->right, y);
		cairo_stroke(cr);
		cairo_set_source_rgb(cr, 0, 0, 0);
		page_text(plot->page, &page_small, PAGE_RIGHT, plot->left - 4, y - half, 40,
			  panel->is_depth ? axis_depth_label(value, panel->axis.step, number)
					  : axis_speed_label(value, number));
	}
}

static void frame(const struct panel *panel)
{
	const struct plot *plot = panel->plot;
	cairo_t *cr = plot->page->cr;

	cairo_set_dash(cr, NULL, 0, 0);
	cairo_set_source_rgb(cr, 0, 0, 0);
	cairo_set_line_width(cr, 0.7);
	cairo_rectangle(cr, plot->left, panel->top, plot->right - plot->left,
			panel->bottom - panel->top);
	cairo_stroke(cr);
}

static void say_nothing_here(const struct panel *panel)
{
	const struct plot *plot = panel->plot;

	cairo_t *cr = plot->page->cr;
	double middle = (plot->left + plot->right) / 2, top = (panel->top + panel->bottom) / 2;

	if (plot->report->series->n)
		return;
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_rectangle(cr, middle - 62, top - 10, 124, 18);
	cairo_fill(cr);
	cairo_set_source_rgb(cr, 0, 0, 0);
	page_text(plot->page, &page_body, PAGE_CENTER, middle, top - 7,
		  plot->right - plot->left - 8, "no samples are on record");
}

void plot_panel(struct panel *panel)
{
	const struct plot *plot = panel->plot;
	cairo_t *cr = plot->page->cr;

	page_text(plot->page, &page_bold, PAGE_LEFT, plot->left,
		  panel->top - page_line_height(&page_bold) - (panel->is_depth ? 34 : 1),
		  plot->right - plot->left, panel->title);
	bands(panel);
	value_axis(panel);
	cairo_save(cr);
	cairo_rectangle(cr, plot->left, panel->top, plot->right - plot->left,
			panel->bottom - panel->top);
	cairo_clip(cr);
	gaps(panel);
	measured(panel);
	steps(panel, 0, PLOT_TARGET);
	steps(panel, 1, PLOT_LIMIT);
	steps(panel, 2, panel->is_depth ? PLOT_TRIP : PLOT_LIMIT);
	cairo_restore(cr);
	frame(panel);
	cairo_set_source_rgb(cr, 0, 0, 0);
	limit_labels(panel);
	say_nothing_here(panel);
}
