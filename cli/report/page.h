/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages, and text on them. A page goes on below what stands there already: page_room() begins the
 * next one when there is no room left. Whatever is written is kept as a box, too.
 */
#ifndef MNPEN_REPORT_PAGE_H
#define MNPEN_REPORT_PAGE_H

#include <cairo.h>
#include <pango/pangocairo.h>
#include <stdbool.h>

#include "cli/report/report.h"

/* GLib's, which nobody asked for; ours come from driver/base/cleanup.h. */
#undef MIN
#undef MAX
#include "driver/base/cleanup.h"

#define PAGE_MARGIN 36.0 /* half an inch */
#define PAGE_FOOT 30.0	 /* height of what stands at the bottom of each page */

enum page_align {
	PAGE_LEFT,
	PAGE_CENTER,
	PAGE_RIGHT,
};

/** struct page_font - of a text; the family is the system's "sans" */
struct page_font {
	double size;
	bool bold;
};

extern const struct page_font page_title, page_heading, page_body, page_bold, page_small;
/* What the client takes home is larger. */
extern const struct page_font page_card, page_card_heading;

/** struct page - the page at work */
struct page {
	cairo_t *cr;
	PangoLayout *layout;
	const struct report *report;
	struct report_paper paper;
	bool stacked;	       /* pages lie below each other on one surface */
	unsigned int number;   /* from 0 on */
	unsigned int of_pages; /* 0 = not known yet */
	double y;	       /* where the next thing goes */
	struct report_boxes boxes;
	bool failed; /* out of memory */
};

/** page_open() - the first page on @surface; page_close() lets go of it, boxes included */
void page_open(struct page *page, const struct report *report, const struct report_paper *paper,
	       cairo_surface_t *surface, bool stacked, unsigned int of_pages);
void page_close(struct page *page);

double page_left(const struct page *page);
double page_width(const struct page *page); /* between the margins */

/** page_room() - begin a page if this one has not @height left. Return: whether it did. */
bool page_room(struct page *page, double height);
/** page_next() - begin a page, unless nothing is on this one */
void page_next(struct page *page);
/** page_end() - the foot of the last page; call it once, at the end */
void page_end(struct page *page);

/** page_text() - one line; @y is its top, @x what it is aligned at; cut to @width by "…"
 * Return: how wide it is. */
double page_text(struct page *page, const struct page_font *font, enum page_align align, double x,
		 double y, double width, const char *text);
/** page_measure() - how wide it would be, whole */
double page_measure(struct page *page, const struct page_font *font, const char *text);
/** page_line_height() - of a line of @font */
double page_line_height(const struct page_font *font);
/** page_paragraph() - as many lines as it takes, on the page and below it; @indent from the left */
void page_paragraph(struct page *page, const struct page_font *font, double indent,
		    const char *text);

/** page_rule() - a thin line across, and a little room below */
void page_rule(struct page *page);

#endif
