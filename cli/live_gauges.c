// SPDX-License-Identifier: GPL-2.0-only
/* The panel's rows of numbers. */
#include <inttypes.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/live_rows.h"
#include "cli/text.h"
#include "driver/base/cleanup.h"

#define INFO_MAX 5
#define INFO_GAP 3

static void put_meter(const struct live_meter *meter, enum live_style style, unsigned int width,
		      bool blocks, struct live_row *ret)
{
	live_meter_row(meter, width, blocks, ret->text, sizeof(ret->text));
	ret->style = style;
}

static void put_mm(char *buf, size_t size, const char *before, uint32_t depth_um, const char *after)
{
	snprintf(buf, size, "%s%u.%02u%s", before, depth_um / 1000, depth_um % 1000 / 10, after);
}

/* Rounded up: what is shown as the limit's own number is not beyond it, and what is beyond is. */
static uint32_t shown_um(uint32_t depth_um, uint32_t limit_um)
{
	return depth_um > limit_um ? (depth_um + 9) / 10 * 10 : depth_um;
}

/*
 * A pen that works at its limit is measured beyond it now and then: that is a '!' at the end of the
 * bar. What is beyond the tolerance too is cried out, and stops the pen.
 */
void live_row_depth(const struct live_view *view, unsigned int width, bool blocks,
		    struct live_row *ret)
{
	uint32_t depth_um = live_depth_um(view), limit_um = view->depth_limit_um;
	struct live_meter m = {.label = "Depth",
			       .brief = "",
			       .value = "--",
			       .unit = "mm",
			       .full = limit_um,
			       .target = view->target_depth_um};

	if (live_have_sample(view)) {
		m.filled = depth_um;
		put_mm(m.value, sizeof(m.value), "", shown_um(depth_um, limit_um), "");
	}
	if (limit_um) {
		put_mm(m.limit, sizeof(m.limit), "limit ", limit_um,
		       view->tolerance_um ? "" : " mm");
		if (view->tolerance_um)
			put_mm(m.limit + strlen(m.limit), sizeof(m.limit) - strlen(m.limit), " +",
			       view->tolerance_um, " mm");
		put_mm(m.brief_limit, sizeof(m.brief_limit), "", limit_um, "");
		m.mark = m.filled > (uint64_t)limit_um + view->tolerance_um ? "OVER" : NULL;
	}
	put_meter(&m, m.mark ? LIVE_ALERT : LIVE_STRONG, width, blocks, ret);
}

/* As with the depth. Below the minimum is no danger, and every start passes through it: said, and
 * not cried out. */
void live_row_speed(const struct live_view *view, unsigned int width, bool blocks,
		    struct live_row *ret)
{
	const struct mnpen_sample *s = &view->row.sample;
	struct live_meter m = {.label = "Speed",
			       .brief = "",
			       .value = "--",
			       .unit = "rpm",
			       .full = view->speed_max_rpm,
			       .floor = view->speed_min_rpm,
			       .target = view->target_speed_rpm};

	if (live_have_sample(view)) {
		m.filled = s->speed_rpm;
		snprintf(m.value, sizeof(m.value), "%u", s->speed_rpm);
	}
	if (view->speed_max_rpm) {
		snprintf(m.limit, sizeof(m.limit), "%u to %u rpm", view->speed_min_rpm,
			 view->speed_max_rpm);
		snprintf(m.brief_limit, sizeof(m.brief_limit), "%u-%u", view->speed_min_rpm,
			 view->speed_max_rpm);
		if (m.filled * 100 > view->speed_max_rpm * (100ULL + MNPEN_OVERSPEED_PERCENT))
			m.mark = "OVER";
		else if (live_have_sample(view) && s->state == MNPEN_STATE_RUNNING &&
			 m.filled < view->speed_min_rpm)
			m.mark = "LOW";
	}
	put_meter(&m, m.mark && m.filled > view->speed_max_rpm ? LIVE_ALERT : LIVE_STRONG, width,
		  blocks, ret);
}

static void put_time(const char *label, const char *brief, bool known, uint64_t used_ms,
		     uint64_t left_ms, unsigned int width, bool blocks, struct live_row *ret)
{
	struct live_meter m = {.label = label, .brief = brief, .value = "--", .unit = ""};
	char all[16], left[16];

	if (known) {
		text_clock(used_ms, m.value, sizeof(m.value));
		text_clock(used_ms + left_ms, all, sizeof(all));
		text_clock(left_ms, left, sizeof(left));
		snprintf(m.limit, sizeof(m.limit), "of %s, %s left", all, left);
		snprintf(m.brief_limit, sizeof(m.brief_limit), "%s", all);
		m.filled = used_ms;
		m.full = used_ms + left_ms;
		m.mark = left_ms == 0 ? "USED UP" : NULL;
		if (m.mark)
			snprintf(m.limit, sizeof(m.limit), "of %s", all);
	}
	put_meter(&m, LIVE_PLAIN, width, blocks, ret);
}

void live_row_run(const struct live_view *view, unsigned int width, bool blocks,
		  struct live_row *ret)
{
	put_time("Run", "run", view->have_run, view->run_used_ms, view->run_left_ms, width, blocks,
		 ret);
}

void live_row_session(const struct live_view *view, unsigned int width, bool blocks,
		      struct live_row *ret)
{
	put_time("Session", "ses", view->have_session, view->session_used_ms, view->session_left_ms,
		 width, blocks, ret);
}

/* ---- strokes, temperature, battery, target ---- */

static unsigned int collect(const struct live_view *view, char list[INFO_MAX][64])
{
	const struct mnpen_sample *s = &view->row.sample;
	unsigned int n = 0;
	char text[32];

	if (view->target_depth_um || view->target_speed_rpm) {
		put_mm(list[n], 64, "Target ", view->target_depth_um, " mm, ");
		snprintf(list[n] + strlen(list[n]), 64 - strlen(list[n]), "%u rpm",
			 view->target_speed_rpm);
		n++;
	}
	if (live_have_sample(view)) {
		snprintf(list[n++], 64, "Strokes %" PRIu32, s->strokes);
		snprintf(list[n++], 64, "Motor %s",
			 text_temperature(s->motor_temp_dc, text, sizeof(text)));
		snprintf(list[n++], 64, "Battery %u %%", s->battery_pct);
	}
	if (view->lost)
		snprintf(list[n++], 64, "%" PRIu64 " samples not shown", view->lost);
	return n;
}

/* As many beside each other as fit. */
unsigned int live_rows_info(const struct live_view *view, unsigned int width, unsigned int i,
			    struct live_row *ret)
{
	unsigned int margin = width >= LIVE_MEDIUM, gap = margin ? INFO_GAP : 1, row = 0, used = 0;
	char list[INFO_MAX][64];
	unsigned int n = collect(view, list);

	for (unsigned int item = 0; item < n; item++) {
		unsigned int columns = columns_of(list[item]);
		unsigned int before = used ? gap : margin;

		if (used && used + before + columns > width) {
			row++;
			used = 0;
			before = margin;
		}
		used += before + columns;
		if (!ret || row != i)
			continue;
		snprintf(ret->text + strlen(ret->text), sizeof(ret->text) - strlen(ret->text),
			 "%*s%s", (int)before, "", list[item]);
		columns_cut(ret->text, width);
	}
	return n ? row + 1 : 0;
}
