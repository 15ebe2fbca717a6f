// SPDX-License-Identifier: GPL-2.0-only
/* From a report to a file: all parts in their order, onto one of three kinds of surface. */
#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/parts.h"
#include "cli/report/plot.h"
#include "driver/base/cleanup.h"

#define PNG_SCALE (150.0 / 72) /* dots an inch over points */
#define PNG_SIDE_MAX 32000.0   /* cairo takes no more */

const char report_version[] = MNPEN_VERSION;

typedef void (*draw_parts)(struct page *page);

static void report_parts(struct page *page)
{
	const struct report *report = page->report;

	part_head(page);
	plot_draw(page);
	part_totals(page);
	part_marks(page);
	part_notes(page);
	if (!report->n_card)
		return;
	/* The client takes it along. */
	page_next(page);
	part_card(page);
}

static int draw_pages(const struct report *report, draw_parts parts,
		      const struct report_paper *paper, cairo_surface_t *surface, bool stacked,
		      unsigned int of_pages, struct report_boxes *ret_boxes)
{
	struct page page;
	cairo_status_t status;
	bool failed;

	page_open(&page, report, paper, surface, stacked, of_pages);
	cairo_set_source_rgb(page.cr, 0, 0, 0);
	parts(&page);
	page_end(&page);
	status = cairo_status(page.cr);
	failed = page.failed;
	*ret_boxes = page.boxes;
	page.boxes = (struct report_boxes){0};
	page_close(&page);
	if (status == CAIRO_STATUS_NO_MEMORY || failed)
		return -ENOMEM;
	return status == CAIRO_STATUS_SUCCESS ? 0 : -EIO;
}

/* How many pages it takes: drawn onto a dot. */
static int count_pages(const struct report *report, draw_parts parts,
		       const struct report_paper *paper, unsigned int *ret_pages)
{
	cairo_surface_t *dot = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
	struct report_boxes boxes = {0};
	int r = draw_pages(report, parts, paper, dot, true, 0, &boxes);

	*ret_pages = boxes.pages;
	report_boxes_free(&boxes);
	cairo_surface_destroy(dot);
	return r;
}

/* ---- surfaces ---- */

static cairo_status_t write_bytes(void *closure, const unsigned char *data, unsigned int length)
{
	return fwrite(data, 1, length, closure) == length ? CAIRO_STATUS_SUCCESS
							  : CAIRO_STATUS_WRITE_ERROR;
}

/* Return: 0 or negative errno; @surface is gone in any case. */
static int finish(cairo_surface_t *surface, int r)
{
	cairo_status_t status;

	cairo_surface_finish(surface);
	status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (r < 0 || status == CAIRO_STATUS_SUCCESS)
		return r;
	return status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

static int draw_pdf(const struct report *report, draw_parts parts, const struct report_paper *paper,
		    unsigned int pages, FILE *stream, struct report_boxes *boxes)
{
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
		write_bytes, stream, paper->width_pt, paper->height_pt);

	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, report->title);
	return finish(surface, draw_pages(report, parts, paper, surface, false, pages, boxes));
}

static int draw_png(const struct report *report, draw_parts parts, const struct report_paper *paper,
		    unsigned int pages, FILE *stream, struct report_boxes *boxes)
{
	double height = paper->height_pt * pages;
	double scale = MIN(PNG_SCALE, PNG_SIDE_MAX / MAX(height, paper->width_pt));
	cairo_surface_t *surface = cairo_image_surface_create(
		CAIRO_FORMAT_RGB24, (int)(paper->width_pt * scale), (int)(height * scale));
	cairo_t *cr = cairo_create(surface);
	int r;

	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_destroy(cr);
	cairo_surface_set_device_scale(surface, scale, scale);
	r = draw_pages(report, parts, paper, surface, true, pages, boxes);
	if (r >= 0 &&
	    cairo_surface_write_to_png_stream(surface, write_bytes, stream) != CAIRO_STATUS_SUCCESS)
		r = -EIO;
	return finish(surface, r);
}

static void put_escaped(FILE *stream, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", stream);
		else if (*text == '<')
			fputs("&lt;", stream);
		else
			fputc(*text, stream);
	}
}

static void put_texts(FILE *stream, const struct report_boxes *boxes, double page_height)
{
	fputs("<g fill=\"none\" stroke=\"none\" font-family=\"sans-serif\">\n", stream);
	for (size_t i = 0; i < boxes->n; i++) {
		const struct report_box *box = &boxes->box[i];

		fprintf(stream, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%g\" textLength=\"%.2f\">",
			box->x, box->page * page_height + box->y + box->baseline, box->size,
			box->width);
		put_escaped(stream, box->text);
		fputs("</text>\n", stream);
	}
	fputs("</g>\n", stream);
}

/* cairo ends the document; what is ours belongs before that end. */
static int put_svg(FILE *stream, const char *svg, size_t len, const struct report_boxes *boxes,
		   double page_height)
{
	static const char end[] = "</svg>";
	const char *at = NULL;

	for (const char *found = memmem(svg, len, end, sizeof(end) - 1); found;
	     found = memmem(found + 1, len - (size_t)(found + 1 - svg), end, sizeof(end) - 1))
		at = found;
	if (!at)
		return -EIO;
	fwrite(svg, 1, (size_t)(at - svg), stream);
	put_texts(stream, boxes, page_height);
	fputs("</svg>\n", stream);
	return ferror(stream) ? -EIO : 0;
}

static int draw_svg(const struct report *report, draw_parts parts, const struct report_paper *paper,
		    unsigned int pages, FILE *stream, struct report_boxes *boxes)
{
	_cleanup_free_ char *svg = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&svg, &len);
	cairo_surface_t *surface;
	int r;

	if (!memory)
		return -ENOMEM;
	surface = cairo_svg_surface_create_for_stream(write_bytes, memory, paper->width_pt,
						      paper->height_pt * pages);
	r = finish(surface, draw_pages(report, parts, paper, surface, true, pages, boxes));
	if (fclose(memory) != 0 && r >= 0)
		r = -ENOMEM;
	return r < 0 ? r : put_svg(stream, svg, len, boxes, paper->height_pt);
}

static int draw_format(const struct report *report, draw_parts parts, enum report_format format,
		       const struct report_paper *paper, FILE *stream,
		       struct report_boxes *ret_boxes)
{
	struct report_boxes boxes = {0};
	unsigned int pages;
	int r = count_pages(report, parts, paper, &pages);

	if (r < 0)
		return r;
	switch (format) {
	case REPORT_PDF:
		r = draw_pdf(report, parts, paper, pages, stream, &boxes);
		break;
	case REPORT_SVG:
		r = draw_svg(report, parts, paper, pages, stream, &boxes);
		break;
	case REPORT_PNG:
		r = draw_png(report, parts, paper, pages, stream, &boxes);
		break;
	}
	if (r >= 0 && ret_boxes)
		*ret_boxes = boxes;
	else
		report_boxes_free(&boxes);
	return r;
}

int report_draw(const struct report *report, enum report_format format,
		const struct report_paper *paper, FILE *stream, struct report_boxes *ret_boxes)
{
	return draw_format(report, report_parts, format, paper, stream, ret_boxes);
}

int report_draw_card(const struct report *report, const struct report_paper *paper, FILE *stream,
		     struct report_boxes *ret_boxes)
{
	return draw_format(report, part_card, REPORT_PDF, paper, stream, ret_boxes);
}
