// SPDX-License-Identifier: GPL-2.0-only
/* Values against their limits. */
#include <stdio.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/live_meter.h"
#include "driver/base/cleanup.h"

#define BAR_MAX 100 /* cells; a longer one is no easier to read */
#define BAR_MIN 4
#define BAR_SIZE (3 * BAR_MAX + 3)
#define NARROW_BAR_MAX 20

#define WIDE_LEFT 22 /* columns before the bar */
#define WIDE_RIGHT 24
#define MEDIUM_LEFT 19
#define MEDIUM_RIGHT 10

static const char *cell(const struct live_meter *m, unsigned int i, unsigned int cells, bool blocks)
{
	uint64_t target = MIN(m->target * cells / m->full, (uint64_t)cells - 1);

	if (m->target > 0 && i == target)
		return blocks ? "│" : "|";
	if (i < m->filled * cells / m->full)
		return blocks ? "█" : "#";
	if (i < m->floor * cells / m->full)
		return " ";
	return blocks ? "·" : ".";
}

/* With its brackets; "" when there is nothing to measure against or too little room. */
static char *bar(const struct live_meter *m, unsigned int cells, bool blocks, char buf[BAR_SIZE])
{
	size_t used = 1;

	buf[0] = '\0';
	if (m->full == 0 || cells < BAR_MIN)
		return buf;
	cells = MIN(cells, BAR_MAX);
	buf[0] = '[';
	for (unsigned int i = 0; i < cells; i++)
		used += (size_t)snprintf(buf + used, BAR_SIZE - used, "%s",
					 cell(m, i, cells, blocks));
	snprintf(buf + used, BAR_SIZE - used, "%c", m->filled > m->full ? '!' : ']');
	return buf;
}

/* The mark stands before the limit, so that it is not what is cut. */
static void put_row(const struct live_meter *m, unsigned int width, bool blocks, char *buf,
		    size_t size)
{
	bool wide = width >= LIVE_WIDE;
	unsigned int left = wide ? WIDE_LEFT : MEDIUM_LEFT;
	unsigned int right = wide ? WIDE_RIGHT : MEDIUM_RIGHT;
	char text[BAR_SIZE], limit[80];

	snprintf(limit, sizeof(limit), "%s%s%s", m->mark ? m->mark : "", m->mark ? " " : "",
		 wide ? m->limit : m->brief_limit);
	right = MAX(right, columns_of(limit)) + 3; /* brackets and a blank */
	bar(m, width > left + right ? width - left - right : 0, blocks, text);
	snprintf(buf, size, wide ? " %-8s %7s %-3s %s%s%s" : " %-7s %5s %-3s %s%s%s", m->label,
		 m->value, m->unit, text, *text ? " " : "", limit);
}

/* "run 1:01/15:00 [#.....]"; no bar and no unit beside a mark */
static void put_narrow(const struct live_meter *m, unsigned int width, bool blocks, char *buf,
		       size_t size)
{
	const char *before = m->mark ? m->mark : m->brief;
	char text[BAR_SIZE];
	unsigned int used;

	snprintf(buf, size, "%s%s%s%s%s%s", before, *before ? " " : "", m->value,
		 *m->brief_limit ? "/" : "", m->brief_limit, m->mark ? "" : m->unit);
	used = columns_of(buf);
	if (m->mark || used + 3 + BAR_MIN > width)
		return;
	bar(m, MIN(width - used - 3, NARROW_BAR_MAX), blocks, text);
	snprintf(buf + strlen(buf), size - strlen(buf), " %s", text);
}

char *live_meter_row(const struct live_meter *meter, unsigned int width, bool blocks, char *buf,
		     size_t size)
{
	if (width >= LIVE_MEDIUM)
		put_row(meter, width, blocks, buf, size);
	else
		put_narrow(meter, width, blocks, buf, size);
	return columns_cut(buf, width);
}
