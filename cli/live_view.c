// SPDX-License-Identifier: GPL-2.0-only
/* The live view as text and JSON. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cli/live_view.h"
#include "cli/text.h"
#include "driver/base/cleanup.h"
#include "driver/proto/names.h"

#define BAR 10 /* cells */
#define BAR_COMPACT 6

/* In the order on screen. */
enum segment {
	SEGMENT_STATE,
	SEGMENT_TRIGGER,
	SEGMENT_DEPTH,
	SEGMENT_DEPTH_BAR,
	SEGMENT_SPEED,
	SEGMENT_SPEED_BAR,
	SEGMENT_RUN,
	SEGMENT_STROKES,
	SEGMENT_TEMPERATURE,
	SEGMENT_BATTERY,
	SEGMENT_LOST,
	SEGMENT_COUNT,
};

/* The order in which they give way when the line is too narrow. */
static const enum segment gives_way[] = {SEGMENT_LOST,	    SEGMENT_TEMPERATURE, SEGMENT_BATTERY,
					 SEGMENT_STROKES,   SEGMENT_TRIGGER,	 SEGMENT_RUN,
					 SEGMENT_SPEED_BAR, SEGMENT_SPEED,	 SEGMENT_DEPTH_BAR,
					 SEGMENT_DEPTH};

/** struct line - what is shown; on a narrow screen without labels, bars and gaps smaller */
struct line {
	bool compact;
	char text[SEGMENT_COUNT][64]; /* "" = not shown */
};

static void put(struct line *line, enum segment segment, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put(struct line *line, enum segment segment, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(line->text[segment], sizeof(line->text[segment]), format, ap);
	va_end(ap);
}

static size_t bar_cells(const struct line *line)
{
	return line->compact ? BAR_COMPACT : BAR;
}

uint32_t live_depth_um(const struct live_view *view)
{
	const struct mnpen_sample *s = &view->row.sample;

	return s->state == MNPEN_STATE_RUNNING ? MAX(s->depth_um, view->peak_um) : s->depth_um;
}

/* "[#####.....]": how much of the limit is used; a full bar and '!' beyond it */
static void put_depth(struct line *line, const struct live_view *view)
{
	uint32_t depth_um = live_depth_um(view), limit_um = view->depth_limit_um;
	const char *label = line->compact ? "" : "depth ";
	size_t cells = bar_cells(line);
	char bar[BAR + 1];

	if (limit_um == 0) {
		put(line, SEGMENT_DEPTH, "%s%u.%02u mm", label, depth_um / 1000,
		    depth_um % 1000 / 10);
		return;
	}
	put(line, SEGMENT_DEPTH, "%s%u.%02u%s%u.%02u mm", label, depth_um / 1000,
	    depth_um % 1000 / 10, line->compact ? "/" : " of ", limit_um / 1000,
	    limit_um % 1000 / 10);
	memset(bar, '.', cells);
	memset(bar, '#', MIN(cells, depth_um * cells / limit_um));
	bar[cells] = '\0';
	put(line, SEGMENT_DEPTH_BAR, "[%s%c", bar, depth_um > limit_um ? '!' : ']');
}

/* "[....#.....]": where between the lowest and the highest speed; '!' outside */
static void put_speed(struct line *line, const struct live_view *view)
{
	uint32_t rpm = view->row.sample.speed_rpm;
	uint32_t min = view->speed_min_rpm, max = view->speed_max_rpm;
	size_t cells = bar_cells(line);
	char bar[BAR + 1];

	put(line, SEGMENT_SPEED, "%s%u rpm", line->compact ? "" : "speed ", rpm);
	if (max <= min)
		return;
	memset(bar, '.', cells);
	bar[cells] = '\0';
	if (rpm >= min && rpm <= max)
		bar[(rpm - min) * (cells - 1) / (max - min)] = '#';
	put(line, SEGMENT_SPEED_BAR, "%c%s%c", rpm > 0 && rpm < min ? '!' : '[', bar,
	    rpm > max ? '!' : ']');
}

static void put_sample(struct line *line, const struct live_view *view)
{
	const struct mnpen_sample *s = &view->row.sample;
	bool pressed = s->flags & MNPEN_FLAG_TRIGGER;
	char temperature[32];

	put(line, SEGMENT_STATE, "%s", mnpen_state_name(s->state));
	if (!line->compact)
		put(line, SEGMENT_TRIGGER, "trigger %s",
		    !pressed			    ? "released"
		    : s->state == MNPEN_STATE_ARMED ? "pressed, release it first"
						    : "pressed");
	else if (pressed)
		put(line, SEGMENT_TRIGGER, "trig");
	put_depth(line, view);
	put_speed(line, view);
	put(line, SEGMENT_STROKES, "%" PRIu32 " %s", s->strokes, line->compact ? "st" : "strokes");
	put(line, SEGMENT_TEMPERATURE, "%s",
	    text_temperature(s->motor_temp_dc, temperature, sizeof(temperature)));
	put(line, SEGMENT_BATTERY, "%s%u %%", line->compact ? "" : "battery ", s->battery_pct);
}

static void put_run(struct line *line, const struct live_view *view)
{
	char used[16], all[16];

	text_clock(view->run_used_ms, used, sizeof(used));
	text_clock(view->run_used_ms + view->run_left_ms, all, sizeof(all));
	put(line, SEGMENT_RUN, "%s%s%s%s", line->compact ? "" : "run ", used,
	    line->compact ? "/" : " of ", all);
}

static void fill(struct line *line, const struct live_view *view, bool compact)
{
	*line = (struct line){.compact = compact};
	if (!view->have_row)
		put(line, SEGMENT_STATE, "no sample yet");
	else if (!view->fresh)
		put(line, SEGMENT_STATE, "STALE: the last sample is %" PRIu64 " ms old",
		    view->age_ms);
	else if (!view->row.readable)
		put(line, SEGMENT_STATE, "UNREADABLE sample");
	else
		put_sample(line, view);
	if (view->have_run)
		put_run(line, view);
	if (view->lost)
		put(line, SEGMENT_LOST, "%" PRIu64 " not shown", view->lost);
}

static unsigned int columns(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static unsigned int line_columns(const struct line *line)
{
	unsigned int n = 0, gap = line->compact ? 1 : 2;

	for (size_t i = 0; i < SEGMENT_COUNT; i++)
		if (line->text[i][0])
			n += columns(line->text[i]) + gap;
	return n ? n - gap : 0;
}

char *live_view_line(const struct live_view *view, unsigned int width, char *buf)
{
	struct line line;
	size_t used = 0;

	fill(&line, view, false);
	if (width && line_columns(&line) > width)
		fill(&line, view, true);
	if (width == 0) {
		line.text[SEGMENT_DEPTH_BAR][0] = '\0';
		line.text[SEGMENT_SPEED_BAR][0] = '\0';
	}
	for (size_t i = 0; width && i < ELEMENTSOF(gives_way) && line_columns(&line) > width; i++)
		line.text[gives_way[i]][0] = '\0';
	if (width && line_columns(&line) > width)
		line.text[SEGMENT_STATE][width] = '\0'; /* ASCII, and longer than that */
	buf[0] = '\0';
	for (size_t i = 0; i < SEGMENT_COUNT && used < LIVE_LINE_SIZE; i++)
		if (line.text[i][0])
			used += (size_t)snprintf(buf + used, LIVE_LINE_SIZE - used, "%s%s",
						 used == 0	? ""
						 : line.compact ? " "
								: "  ",
						 line.text[i]);
	return buf;
}

void live_view_add(struct live_view *view, const char *clock, const char *text)
{
	struct live_event *event = &view->events[0];

	memmove(event + 1, event, (LIVE_EVENTS_KEPT - 1) * sizeof(*event));
	snprintf(event->clock, sizeof(event->clock), "%s", clock);
	snprintf(event->text, sizeof(event->text), "%s", text);
	view->n_events = MIN(view->n_events + 1, (unsigned int)LIVE_EVENTS_KEPT);
}

void live_view_json(FILE *stream, const struct live_view *view, json_object *events)
{
	const char *list = json_object_to_json_string_ext(
		events, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	fprintf(stream, "{\"schema\":1,\"pen\":\"%s\",", view->serial);
	samples_json_members(stream, &view->row);
	fprintf(stream, ",\"age_ms\":%" PRIu64 ",\"fresh\":%s,\"events\":%s}\n", view->age_ms,
		view->fresh ? "true" : "false", list);
}
