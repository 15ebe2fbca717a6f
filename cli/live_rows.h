/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of the live view's panel, one function each; live_panel.c's. No I/O, no clock. */
#ifndef MNPEN_CLI_LIVE_ROWS_H
#define MNPEN_CLI_LIVE_ROWS_H

#include "cli/live_meter.h"
#include "cli/live_panel.h"

void live_row_title(const struct live_view *view, unsigned int width, struct live_row *ret);
void live_row_state(const struct live_view *view, unsigned int width, struct live_row *ret);
enum live_style live_state_style(const struct live_view *view);
void live_row_hint(const struct live_view *view, unsigned int width, struct live_row *ret);

/** live_rows_warnings() - how many warnings there are, the worst first */
unsigned int live_rows_warnings(const struct live_view *view);
/** live_row_warning() - number @i of which @shown are shown; the last one tells of the others */
void live_row_warning(const struct live_view *view, unsigned int i, unsigned int shown,
		      unsigned int width, struct live_row *ret);

/* live_gauges.c */
void live_row_depth(const struct live_view *view, unsigned int width, bool blocks,
		    struct live_row *ret);
void live_row_speed(const struct live_view *view, unsigned int width, bool blocks,
		    struct live_row *ret);
void live_row_run(const struct live_view *view, unsigned int width, bool blocks,
		  struct live_row *ret);
void live_row_session(const struct live_view *view, unsigned int width, bool blocks,
		      struct live_row *ret);

/** live_rows_info() - row @i of strokes, temperature, battery, target; @ret may be NULL
 * Return: how many such rows there are at this width. */
unsigned int live_rows_info(const struct live_view *view, unsigned int width, unsigned int i,
			    struct live_row *ret);

/** live_have_sample() - whether there is a sample whose values hold now */
static inline bool live_have_sample(const struct live_view *view)
{
	return view->have_row && view->fresh && view->row.readable;
}

#endif
