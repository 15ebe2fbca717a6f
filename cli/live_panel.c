// SPDX-License-Identifier: GPL-2.0-only
/* Which rows the panel has room for, and in what order. */
#include <stdarg.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/live_panel.h"
#include "cli/live_rows.h"
#include "driver/base/cleanup.h"

#define EVENTS_WANTED 3	 /* before there are gaps between the rows */
#define EVENTS_PLENTY 12 /* more of them than anybody reads */

/** struct plan - how many rows of each kind there are, in the order on screen */
struct plan {
	unsigned int title, title_gap;
	unsigned int pad; /* above and below the state, which makes it a broad band */
	unsigned int warnings, warnings_gap;
	unsigned int speed_gap;
	unsigned int run, run_gap;
	unsigned int session;
	unsigned int info, info_gap;
	unsigned int header, header_gap;
	unsigned int events;
	unsigned int hint_gap, hint;
};

static unsigned int take(unsigned int *left, unsigned int wanted)
{
	unsigned int n = MIN(wanted, *left);

	*left -= n;
	return n;
}

/* What comes first gives way last. State, depth and speed have their rows already. */
static void make_plan(struct plan *p, unsigned int left, unsigned int warnings, unsigned int info)
{
	*p = (struct plan){0};
	p->hint = take(&left, 1);
	p->warnings = take(&left, MIN(warnings, 1));
	p->run = take(&left, 1);
	p->title = take(&left, 1);
	p->events = take(&left, 1);
	p->session = take(&left, 1);
	p->info = take(&left, info);
	p->warnings += take(&left, warnings - MIN(warnings, p->warnings));
	p->events += take(&left, EVENTS_WANTED - 1);
	/* a first warning takes the place of the gap, so that nothing moves */
	p->warnings_gap = take(&left, p->warnings == 0);
	p->hint_gap = take(&left, 1);
	p->run_gap = take(&left, 1);
	p->header = take(&left, 1);
	p->info_gap = take(&left, 1);
	p->pad = left >= 2;
	left -= 2 * p->pad;
	p->title_gap = take(&left, 1);
	p->header_gap = take(&left, 1);
	p->speed_gap = take(&left, left > EVENTS_PLENTY);
	p->events += left;
}

static struct live_row *add(struct live_panel *panel)
{
	struct live_row *row = &panel->rows[MIN(panel->n_rows, LIVE_PANEL_ROWS - 1)];

	panel->n_rows++;
	*row = (struct live_row){0};
	return row;
}

static void add_empty(struct live_panel *panel, unsigned int n, enum live_style style)
{
	while (n-- > 0)
		add(panel)->style = style;
}

static void add_events(struct live_panel *panel, const struct live_view *view, unsigned int n)
{
	bool clock = panel->width >= LIVE_MEDIUM;

	for (unsigned int i = 0; i < n; i++) {
		struct live_row *row = add(panel);
		const struct live_event *event = &view->events[MIN(i, LIVE_EVENTS_KEPT - 1)];

		if (i >= view->n_events)
			continue;
		snprintf(row->text, sizeof(row->text), "%s%s%s%s", clock ? " " : "",
			 clock ? event->clock : "", clock ? "  " : "", event->text);
		columns_cut(row->text, panel->width);
	}
}

static void add_header(struct live_panel *panel)
{
	struct live_row *row = add(panel);

	snprintf(row->text, sizeof(row->text), "%sLast events",
		 panel->width >= LIVE_MEDIUM ? " " : "");
	columns_cut(row->text, panel->width);
}

/* Nothing but the line, and below it what a person has to know. */
static void fill_line(struct live_panel *panel, const struct live_view *view, unsigned int height)
{
	struct live_row *row = add(panel);
	char line[LIVE_LINE_SIZE];

	snprintf(row->text, sizeof(row->text), "%s", live_view_line(view, panel->width, line));
	row->style = view->have_row && !view->fresh ? LIVE_ALERT : LIVE_STRONG;
	if (height < 2)
		return;
	if (live_rows_warnings(view) > 0)
		live_row_warning(view, 0, 1, panel->width, add(panel));
	else
		live_row_hint(view, panel->width, add(panel));
}

static void fill_rows(struct live_panel *panel, const struct live_view *view, const struct plan *p,
		      bool blocks)
{
	unsigned int width = panel->width;

	if (p->title)
		live_row_title(view, width, add(panel));
	add_empty(panel, p->title_gap, LIVE_PLAIN);
	add_empty(panel, p->pad, live_state_style(view));
	live_row_state(view, width, add(panel));
	add_empty(panel, p->pad, live_state_style(view));
	for (unsigned int i = 0; i < p->warnings; i++)
		live_row_warning(view, i, p->warnings, width, add(panel));
	add_empty(panel, p->warnings_gap, LIVE_PLAIN);
	live_row_depth(view, width, blocks, add(panel));
	add_empty(panel, p->speed_gap, LIVE_PLAIN);
	live_row_speed(view, width, blocks, add(panel));
	add_empty(panel, p->run_gap, LIVE_PLAIN);
	if (p->run)
		live_row_run(view, width, blocks, add(panel));
	if (p->session)
		live_row_session(view, width, blocks, add(panel));
	add_empty(panel, p->info_gap, LIVE_PLAIN);
	for (unsigned int i = 0; i < p->info; i++)
		(void)live_rows_info(view, width, i, add(panel));
	add_empty(panel, p->header_gap, LIVE_PLAIN);
	if (p->header)
		add_header(panel);
	add_events(panel, view, p->events);
	add_empty(panel, p->hint_gap, LIVE_PLAIN);
	if (p->hint)
		live_row_hint(view, width, add(panel));
}

void live_panel_fill(struct live_panel *ret, const struct live_view *view, unsigned int width,
		     unsigned int height, bool blocks)
{
	unsigned int info;
	struct plan plan;

	ret->width = MIN(width, LIVE_PANEL_WIDTH);
	ret->n_rows = 0;
	height = MIN(height, LIVE_PANEL_ROWS);
	if (height < 4) {
		fill_line(ret, view, height);
		return;
	}
	info = live_rows_info(view, ret->width, 0, NULL);
	make_plan(&plan, height - 3, live_rows_warnings(view), info);
	fill_rows(ret, view, &plan, blocks);
}
