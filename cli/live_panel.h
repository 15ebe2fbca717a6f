/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live view as a panel: rows for the width and height that there are. No I/O, no clock.
 *
 * A row is never wider than the panel. From 20 columns and 5 rows on there are the state, depth and
 * speed against their limits, and how to stop; and either the first warning or the motor time. What
 * matters less comes with the room for it; with less room than that the one line is all there is.
 */
#ifndef MNPEN_CLI_LIVE_PANEL_H
#define MNPEN_CLI_LIVE_PANEL_H

#include <stdbool.h>

#include "cli/live_view.h"

#define LIVE_PANEL_WIDTH 250 /* columns and rows that are used at most */
#define LIVE_PANEL_ROWS 64
#define LIVE_ROW_SIZE 1024

/** enum live_style - how a row is told from the others where there is colour */
enum live_style {
	LIVE_PLAIN,
	LIVE_STRONG,
	LIVE_BAND,  /* over the whole width */
	LIVE_ALERT, /* so, and red */
};

struct live_row {
	enum live_style style;
	char text[LIVE_ROW_SIZE];
};

/** struct live_panel - @n_rows rows from the top; what is below them is empty */
struct live_panel {
	unsigned int width;
	unsigned int n_rows;
	struct live_row rows[LIVE_PANEL_ROWS];
};

/** live_panel_fill() - @view in @width columns and @height rows, at least 1 each
 * @blocks: the locale has block characters */
void live_panel_fill(struct live_panel *ret, const struct live_view *view, unsigned int width,
		     unsigned int height, bool blocks);

#endif
