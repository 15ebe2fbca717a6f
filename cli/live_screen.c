// SPDX-License-Identifier: GPL-2.0-only
/* Rows to escape sequences. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/live_screen.h"
#include "cli/term.h"
#include "driver/base/cleanup.h"

#define BAND "\033[1;7m"
#define ALERT "\033[1;97;41m"
#define STRONG "\033[1m"
#define NORMAL "\033[0m"
#define CLEAR_LINE "\033[K"
#define CLEAR_SCREEN "\033[H\033[2J"

static struct live_panel now, before;
static unsigned int now_rows, before_rows; /* of the terminal */
static bool known;			   /* @before is what stands there */

static char frame[TERM_WRITE_MAX];
static size_t used;

void live_screen_forget(void)
{
	known = false;
}

/* A frame of the largest panel fits: 64 rows of 1 KiB and their sequences. */
static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void put(const char *format, ...)
{
	size_t left = sizeof(frame) - used;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(frame + used, left, format, ap);
	va_end(ap);
	used += n < 0 ? 0 : MIN((size_t)n, left - 1);
}

static const char *sequence(enum live_style style)
{
	switch (style) {
	case LIVE_PLAIN:
		return "";
	case LIVE_STRONG:
		return STRONG;
	case LIVE_BAND:
		return BAND;
	case LIVE_ALERT:
		return ALERT;
	}
	return "";
}

/* Cleared before it is written: behind a row that is full, the clearing would take its last cell.
 */
static void put_row(unsigned int i, const struct live_row *row)
{
	bool band = row->style == LIVE_BAND || row->style == LIVE_ALERT;
	unsigned int columns = columns_of(row->text);
	unsigned int fill = band && columns < now.width ? now.width - columns : 0;

	put("\033[%u;1H" CLEAR_LINE "%s%s%*s%s", i + 1, sequence(row->style), row->text, (int)fill,
	    "", *sequence(row->style) ? NORMAL : "");
}

static bool same(const struct live_row *a, const struct live_row *b)
{
	return a->style == b->style && strcmp(a->text, b->text) == 0;
}

static void compose(void)
{
	used = 0;
	if (!known)
		put(CLEAR_SCREEN);
	for (unsigned int i = 0; i < now.n_rows; i++)
		if (!known || i >= before.n_rows || !same(&now.rows[i], &before.rows[i]))
			put_row(i, &now.rows[i]);
	for (unsigned int i = now.n_rows; known && i < before.n_rows; i++)
		put("\033[%u;1H" CLEAR_LINE, i + 1);
}

int live_screen_draw(const struct live_view *view)
{
	unsigned int width;
	int r;

	term_size(&width, &now_rows);
	live_panel_fill(&now, view, width, now_rows, term_has_blocks());
	if (now.width != before.width || now_rows != before_rows)
		known = false;
	compose();
	r = term_write(frame, used);
	if (r == -EAGAIN)
		return 0; /* @before still is what will stand there */
	if (r < 0)
		return r;
	before = now;
	before_rows = now_rows;
	known = true;
	return 0;
}
