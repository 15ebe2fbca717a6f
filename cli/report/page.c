// SPDX-License-Identifier: GPL-2.0-only
/* Pages, and text on them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/page.h"
#include "driver/base/cleanup.h"

#define LINE_FACTOR 1.3 /* of a line's height to the size of its letters */

const struct page_font page_title = {.size = 15, .bold = true};
const struct page_font page_heading = {.size = 10, .bold = true};
const struct page_font page_body = {.size = 8.5};
const struct page_font page_bold = {.size = 8.5, .bold = true};
const struct page_font page_small = {.size = 7};
const struct page_font page_card = {.size = 11};
const struct page_font page_card_heading = {.size = 13, .bold = true};

void page_open(struct page *page, const struct report *report, const struct report_paper *paper,
	       cairo_surface_t *surface, bool stacked, unsigned int of_pages)
{
	cairo_font_options_t *options = cairo_font_options_create();
	PangoContext *context;

	*page = (struct page){
		.cr = cairo_create(surface),
		.report = report,
		.paper = *paper,
		.stacked = stacked,
		.of_pages = of_pages,
		.y = PAGE_MARGIN,
	};
	/* The same widths whatever it is drawn onto. */
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	page->layout = pango_cairo_create_layout(page->cr);
	context = pango_layout_get_context(page->layout);
	pango_cairo_context_set_resolution(context, 72);
	pango_cairo_context_set_font_options(context, options);
	cairo_font_options_destroy(options);
	pango_layout_context_changed(page->layout);
}

void page_close(struct page *page)
{
	g_object_unref(page->layout);
	cairo_destroy(page->cr);
	report_boxes_free(&page->boxes);
}

double page_left(const struct page *page)
{
	return PAGE_MARGIN;
}

double page_width(const struct page *page)
{
	return page->paper.width_pt - 2 * PAGE_MARGIN;
}

double page_line_height(const struct page_font *font)
{
	return font->size * LINE_FACTOR;
}

/* ---- text ---- */

static void set_font(struct page *page, const struct page_font *font)
{
	PangoFontDescription *description = pango_font_description_new();

	pango_font_description_set_family_static(description, "sans");
	pango_font_description_set_size(description, (gint)(font->size * PANGO_SCALE));
	pango_font_description_set_weight(description,
					  font->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_layout_set_font_description(page->layout, description);
	pango_font_description_free(description);
}

/* Line breaks and what steers a terminal are blanks here. */
static void set_text(struct page *page, const char *text)
{
	_cleanup_free_ char *copy = strdup(text);

	for (char *at = copy; at && *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	if (!copy)
		page->failed = true;
	pango_layout_set_text(page->layout, copy ? copy : "", -1);
}

static double units(int value)
{
	return (double)value / PANGO_SCALE;
}

static void keep_box(struct page *page, const struct page_font *font, const struct report_box *at,
		     const char *text, size_t len)
{
	struct report_boxes *boxes = &page->boxes;
	struct report_box *grown = reallocarray(boxes->box, boxes->n + 1, sizeof(*grown));
	char *copy = strndup(text, len);

	if (grown)
		boxes->box = grown;
	if (!grown || !copy) {
		free(copy);
		page->failed = true;
		return;
	}
	grown[boxes->n] = *at;
	grown[boxes->n].page = page->number;
	grown[boxes->n].size = font->size;
	grown[boxes->n].bold = font->bold;
	grown[boxes->n].text = copy;
	boxes->n++;
}

double page_measure(struct page *page, const struct page_font *font, const char *text)
{
	PangoRectangle logical;

	set_font(page, font);
	set_text(page, text);
	pango_layout_set_width(page->layout, -1);
	pango_layout_get_extents(page->layout, NULL, &logical);
	return units(logical.width);
}

double page_text(struct page *page, const struct page_font *font, enum page_align align, double x,
		 double y, double width, const char *text)
{
	double whole = page_measure(page, font, text), wide = MIN(whole, width);
	double left = align == PAGE_LEFT ? x : align == PAGE_RIGHT ? x - wide : x - wide / 2;
	struct report_box box = {
		.x = left,
		.y = y,
		.width = wide,
		.height = page_line_height(font),
		.cut = whole > width,
	};
	PangoLayoutLine *line;

	if (width <= 0 || !*text)
		return 0;
	if (box.cut) {
		pango_layout_set_width(page->layout, (int)(width * PANGO_SCALE));
		pango_layout_set_ellipsize(page->layout, PANGO_ELLIPSIZE_END);
	}
	line = pango_layout_get_line_readonly(page->layout, 0);
	/* A font that stands in for missing letters may be taller: the baseline stays. */
	box.baseline = font->size * 1.02;
	cairo_move_to(page->cr, left, y + box.baseline);
	pango_cairo_show_layout_line(page->cr, line);
	cairo_new_path(page->cr);
	pango_layout_set_ellipsize(page->layout, PANGO_ELLIPSIZE_NONE);
	keep_box(page, font, &box, text, strlen(text));
	return wide;
}

static void paragraph_line(struct page *page, const struct page_font *font, double indent,
			   PangoLayoutLine *line, const char *text)
{
	PangoRectangle logical;
	struct report_box box;

	page_room(page, page_line_height(font));
	pango_layout_line_get_extents(line, NULL, &logical);
	box = (struct report_box){
		.x = page_left(page) + indent,
		.y = page->y,
		.width = units(logical.width),
		.height = page_line_height(font),
		.baseline = font->size * 1.02,
	};
	cairo_move_to(page->cr, box.x, box.y + box.baseline);
	pango_cairo_show_layout_line(page->cr, line);
	cairo_new_path(page->cr);
	keep_box(page, font, &box, text + pango_layout_line_get_start_index(line),
		 (size_t)pango_layout_line_get_length(line));
	page->y += page_line_height(font);
}

void page_paragraph(struct page *page, const struct page_font *font, double indent,
		    const char *text)
{
	/* A new page writes its foot with the layout that is at work here. */
	PangoLayout *own = pango_layout_copy(page->layout), *shared = page->layout;

	page->layout = own;
	set_font(page, font);
	set_text(page, text);
	pango_layout_set_width(own, (int)((page_width(page) - indent) * PANGO_SCALE));
	pango_layout_set_wrap(own, PANGO_WRAP_WORD_CHAR);
	page->layout = shared;
	for (int i = 0; i < pango_layout_get_line_count(own); i++)
		paragraph_line(page, font, indent, pango_layout_get_line_readonly(own, i),
			       pango_layout_get_text(own));
	g_object_unref(own);
}

/* ---- pages ---- */

static void foot(struct page *page)
{
	const struct report *report = page->report;
	double y = page->paper.height_pt - PAGE_MARGIN - PAGE_FOOT + 6, width = page_width(page);
	double left = page_left(page), of_page;
	char text[48];

	cairo_set_source_rgb(page->cr, 0, 0, 0);
	cairo_set_line_width(page->cr, 0.4);
	cairo_move_to(page->cr, left, y - 2);
	cairo_rel_line_to(page->cr, width, 0);
	cairo_stroke(page->cr);
	if (page->of_pages)
		snprintf(text, sizeof(text), "page %u of %u", page->number + 1, page->of_pages);
	else
		snprintf(text, sizeof(text), "page %u", page->number + 1);
	of_page = page_text(page, &page_small, PAGE_RIGHT, left + width, y, width / 3, text);
	page_text(page, &page_small, PAGE_LEFT, left, y, width - of_page - 12, report->id);
	if (report->foot)
		page_text(page, &page_small, PAGE_LEFT, left, y + page_line_height(&page_small),
			  width, report->foot);
}

static void begin_another(struct page *page)
{
	foot(page);
	if (page->stacked)
		cairo_translate(page->cr, 0, page->paper.height_pt);
	else
		cairo_show_page(page->cr);
	page->number++;
	page->y = PAGE_MARGIN;
}

static double bottom(const struct page *page)
{
	return page->paper.height_pt - PAGE_MARGIN - PAGE_FOOT;
}

bool page_room(struct page *page, double height)
{
	if (page->y <= PAGE_MARGIN || page->y + height <= bottom(page))
		return false;
	begin_another(page);
	return true;
}

void page_next(struct page *page)
{
	if (page->y > PAGE_MARGIN)
		begin_another(page);
}

void page_end(struct page *page)
{
	foot(page);
	page->boxes.pages = page->number + 1;
}

void page_rule(struct page *page)
{
	cairo_set_source_rgb(page->cr, 0, 0, 0);
	cairo_set_line_width(page->cr, 0.6);
	cairo_move_to(page->cr, page_left(page), page->y);
	cairo_rel_line_to(page->cr, page_width(page), 0);
	cairo_stroke(page->cr);
	page->y += 6;
}
