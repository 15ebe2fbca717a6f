/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a report says, and the one call that draws it. The drawing decides where things stand and
 * how much of a text there is room for; it knows nothing of where they come from.
 *
 * Times are of the computer's boot clock, microseconds, unless they are texts. A report owns its
 * texts: make them by report_text().
 */
#ifndef MNPEN_REPORT_H
#define MNPEN_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/report/series.h"

#define REPORT_COLUMNS 13    /* of the table of totals, at most */
#define REPORT_MARKS_MAX 300 /* that are listed; more are only counted */

enum report_format {
	REPORT_PDF,
	REPORT_SVG,
	REPORT_PNG,
};

/** struct report_pair - of the head */
struct report_pair {
	const char *label;
	const char *value;
	bool wide; /* too long for half a line; stands behind those that are not */
};

/** struct report_group - a heading above several columns of the totals */
struct report_group {
	const char *text;
	size_t first, last;
};

/** struct report_band - an area while it was worked on */
struct report_band {
	uint64_t from_usec;
	uint64_t to_usec;
	const char *letter;
	const char *name;
};

/** struct report_limits - what held from @from_usec to @to_usec; 0 = not known, not drawn */
struct report_limits {
	uint64_t from_usec;
	uint64_t to_usec;
	uint16_t depth_target_um;
	uint16_t depth_limit_um;
	uint16_t depth_trip_um; /* limit + tolerance */
	uint16_t speed_target_rpm;
	uint16_t speed_min_rpm;
	uint16_t speed_max_rpm;
};

enum report_mark_kind {
	REPORT_STOP,
	REPORT_FAULT,
	REPORT_ALARM,
};

/** struct report_mark - a moment; they are numbered from 1 on in their order */
struct report_mark {
	uint64_t usec;
	enum report_mark_kind kind;
	const char *time;
	const char *text;
};

/** struct report_row - of the table of totals */
struct report_row {
	const char *cells[REPORT_COLUMNS];
};

enum report_line_kind {
	REPORT_HEADING,
	REPORT_ITEM,
	REPORT_PARAGRAPH,
	REPORT_BLANK,
};

/** struct report_line - of the card for the client, and of the remarks */
struct report_line {
	enum report_line_kind kind;
	const char *text;
};

#define REPORT_LIST(type, name)                                                                    \
	type *name;                                                                                \
	size_t n_##name

/** struct report - zero-initialise; report_free() */
struct report {
	const char *title;
	const char *id;
	REPORT_LIST(struct report_pair, head);
	struct series *series; /* the caller's */
	uint64_t start_usec;
	uint64_t end_usec;
	REPORT_LIST(struct report_band, bands);
	REPORT_LIST(struct report_limits, limits);
	REPORT_LIST(struct report_mark, marks);
	size_t n_columns;
	const char *columns[REPORT_COLUMNS]; /* the first two left, all others right */
	REPORT_LIST(struct report_group, groups);
	REPORT_LIST(struct report_row, rows);
	REPORT_LIST(struct report_line, notes);
	REPORT_LIST(struct report_line, card);
	const char *foot; /* the head of the chain, on each page; NULL = none */
	REPORT_LIST(char *, texts);
	bool failed; /* out of memory: what was to be added is not there */
};

/** report_text() - a text that lives as long as the report; never NULL */
const char *report_text(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** report_grow() - room for one more of a list; NULL and ->failed without memory */
void *report_grow(struct report *report, void *list, size_t *n, size_t size);
#define report_add(report, name)                                                                   \
	((__typeof__((report)->name))report_grow(report, &(report)->name, &(report)->n_##name,     \
						 sizeof(*(report)->name)))

void report_free(struct report *report);

/** struct report_paper - 1/72 inch */
struct report_paper {
	double width_pt;
	double height_pt;
};
extern const struct report_paper report_a4;

/** struct report_box - a text as it stands on a page */
struct report_box {
	unsigned int page; /* from 0 on */
	double x, y, width, height;
	double baseline; /* from y on */
	double size;
	bool bold, cut; /* cut: there was no room for all of it */
	char *text;
};

/** struct report_boxes - zero-initialise; report_boxes_free() */
struct report_boxes {
	struct report_box *box;
	size_t n;
	unsigned int pages;
};

void report_boxes_free(struct report_boxes *boxes);

/**
 * report_draw() - @report onto @stream
 * @ret_boxes: what is written where, for tests; NULL = nobody wants to know
 *
 * SVG and PNG have all pages below each other. The letters of an SVG are outlines; what they say
 * is in it as text that cannot be seen, so that it can be searched, copied and read aloud.
 * Return: 0; -ENOMEM; -EIO the stream is broken, look at ferror().
 */
int report_draw(const struct report *report, enum report_format format,
		const struct report_paper *paper, FILE *stream, struct report_boxes *ret_boxes);

/** report_version - of the program that this drawing belongs to */
extern const char report_version[];

/** report_draw_card() - the card alone, as PDF. Return: as report_draw(). */
int report_draw_card(const struct report *report, const struct report_paper *paper, FILE *stream,
		     struct report_boxes *ret_boxes);

#endif
