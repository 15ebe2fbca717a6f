// SPDX-License-Identifier: GPL-2.0-only
/* Stops, faults and alarms: where they stand in the plot, under which number of the list below. */
#include <stdio.h>
#include <string.h>

#include "cli/report/plot.h"
#include "driver/base/cleanup.h"

#define NUMBER_GAP 3.0 /* between two numbers, at least */
#define SYMBOL 3.0     /* half its width */
#define LINES_MAX 4    /* marks under one number that get a line each */
#define TICK 8.0

/** struct cluster - marks that are too near to each other for a number each */
struct cluster {
	size_t first, last; /* of the report's marks */
	double x, width;    /* middle of its number */
};

void plot_symbol(cairo_t *cr, enum report_mark_kind kind, double x, double y)
{
	cairo_new_path(cr);
	switch (kind) {
	case REPORT_STOP:
		cairo_rectangle(cr, x - SYMBOL, y - SYMBOL, 2 * SYMBOL, 2 * SYMBOL);
		break;
	case REPORT_FAULT:
		cairo_move_to(cr, x - SYMBOL, y + SYMBOL);
		cairo_line_to(cr, x + SYMBOL, y + SYMBOL);
		cairo_line_to(cr, x, y - SYMBOL);
		cairo_close_path(cr);
		break;
	case REPORT_ALARM:
		cairo_move_to(cr, x, y - SYMBOL * 1.2);
		cairo_line_to(cr, x + SYMBOL * 1.2, y);
		cairo_line_to(cr, x, y + SYMBOL * 1.2);
		cairo_line_to(cr, x - SYMBOL * 1.2, y);
		cairo_close_path(cr);
		break;
	}
	cairo_set_source_rgb(cr, 0, 0, 0);
	cairo_fill(cr);
}

static void number_of(const struct cluster *cluster, char text[48])
{
	if (cluster->first == cluster->last)
		snprintf(text, 48, "%zu", cluster->first + 1);
	else
		snprintf(text, 48, "%zu\342\200\223%zu", cluster->first + 1, cluster->last + 1);
}

static void measure(struct plot *plot, struct cluster *cluster)
{
	double from = plot_x(plot, plot->report->marks[cluster->first].usec);
	double to = plot_x(plot, plot->report->marks[cluster->last].usec);
	char text[48];

	number_of(cluster, text);
	cluster->width = page_measure(plot->page, &page_small, text);
	cluster->x = MIN(MAX((from + to) / 2, plot->left + cluster->width / 2),
			 plot->right - cluster->width / 2);
}

/* One after the other from left to right; what would touch the number before joins it, and the
 * longer number may touch the one before that. Return: how many there are. */
static size_t make_clusters(struct plot *plot, struct cluster *clusters)
{
	size_t n = 0;

	for (size_t i = 0; i < plot->report->n_marks; i++) {
		clusters[n] = (struct cluster){.first = i, .last = i};
		measure(plot, &clusters[n++]);
		while (n > 1 &&
		       clusters[n - 1].x - clusters[n - 1].width / 2 <
			       clusters[n - 2].x + clusters[n - 2].width / 2 + NUMBER_GAP) {
			clusters[n - 2].last = clusters[n - 1].last;
			measure(plot, &clusters[n - 2]);
			n--;
		}
	}
	return n;
}

/* Through the panels alone: texts stand between them. Where there are many they would hide what was
 * measured, and are but ticks. */
static void lines(const struct plot *plot, const struct cluster *cluster,
		  const struct panel *const panels[2])
{
	static const double dots[] = {1, 1.5};
	bool many = cluster->last - cluster->first >= LINES_MAX;
	cairo_t *cr = plot->page->cr;

	cairo_set_source_rgb(cr, 0, 0, 0);
	cairo_set_line_width(cr, 0.6);
	cairo_set_dash(cr, dots, many ? 0 : ELEMENTSOF(dots), 0);
	for (size_t i = cluster->first; i <= cluster->last; i++) {
		double x = plot_x(plot, plot->report->marks[i].usec);

		for (size_t k = 0; k < 2; k++) {
			cairo_move_to(cr, x, panels[k]->top);
			cairo_line_to(cr, x, many ? panels[k]->top + TICK : panels[k]->bottom);
		}
	}
	cairo_stroke(cr);
	cairo_set_dash(cr, NULL, 0, 0);
}

/* One mark's symbol stands where it happened. Of several under one number each kind is shown once,
 * beside each other: the lines below tell when they were. */
static void symbols(struct plot *plot, const struct cluster *cluster, double y)
{
	const struct report_mark *marks = plot->report->marks;
	enum report_mark_kind kinds[3];
	size_t n = 0, k;

	for (size_t i = cluster->first; i <= cluster->last; i++) {
		for (k = 0; k < n && kinds[k] != marks[i].kind; k++)
			;
		if (k == n)
			kinds[n++] = marks[i].kind;
	}
	for (k = 0; k < n; k++)
		plot_symbol(plot->page->cr, kinds[k],
			    (cluster->first == cluster->last
				     ? plot_x(plot, marks[cluster->first].usec)
				     : cluster->x) +
				    ((double)k - (double)(n - 1) / 2) * (2 * SYMBOL + 2),
			    y);
}

void plot_marks(struct plot *plot, double top, const struct panel *const panels[2])
{
	const struct report *report = plot->report;
	_cleanup_free_ struct cluster *clusters = calloc(report->n_marks + 1, sizeof(*clusters));
	double middle = top + page_line_height(&page_small) + SYMBOL + 2;
	size_t n;

	if (!clusters) {
		plot->page->failed = true;
		return;
	}
	n = make_clusters(plot, clusters);
	for (size_t i = 0; i < n; i++) {
		char text[48];

		lines(plot, &clusters[i], panels);
		symbols(plot, &clusters[i], middle);
		number_of(&clusters[i], text);
		page_text(plot->page, &page_small, PAGE_CENTER, clusters[i].x, top,
			  clusters[i].width + 1, text);
	}
}
