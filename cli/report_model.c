// SPDX-License-Identifier: GPL-2.0-only
/* When what happened and held: areas, limits, stops, faults, alarms. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/report_model.h"
#include "cli/text.h"
#include "cli/values.h"
#include "cli/when.h"
#include "driver/base/clock.h"

static size_t count(json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static bool is_kind(json_object *event, const char *kind)
{
	return strcmp(json_string(event, "kind"), kind) == 0;
}

const char *report_offset(struct report_input *input, uint64_t usec)
{
	uint64_t start = input->report.start_usec;
	char text[24];

	text_clock(usec > start ? (usec - start) / USEC_PER_MSEC : 0, text, sizeof(text));
	return report_text(&input->report, "%s", text);
}

/* ---- areas ---- */

static void add_band(struct report_input *input, const char *area, uint64_t from_usec)
{
	struct report *report = &input->report;
	size_t at = report->n_bands;
	struct report_band *band;

	if (at > 0 && report->bands[at - 1].to_usec == 0)
		report->bands[at - 1].to_usec = from_usec;
	if (!*area)
		return;
	band = report_add(report, bands);
	if (!band)
		return;
	band->from_usec = from_usec;
	band->letter = at < 26 ? report_text(report, "%c", 'A' + (char)at)
			       : report_text(report, "%zu", at + 1);
	band->name = report_text(report, "%s", area);
}

/* A record of before there were segments says which area by its events. */
static void bands_of_events(struct report_input *input, json_object *events)
{
	for (size_t i = 0; i < count(events); i++) {
		json_object *event = json_object_array_get_idx(events, i);
		json_object *details = json_get(event, "details");

		if (is_kind(event, "begin") || is_kind(event, "area"))
			add_band(input, json_string(details, "area"), json_u64(event, "usec"));
	}
}

static void bands_of_segments(struct report_input *input, json_object *segments)
{
	struct report *report = &input->report;

	for (size_t i = 0; i < count(segments); i++) {
		json_object *segment = json_object_array_get_idx(segments, i);

		add_band(input, json_string(segment, "area"), json_u64(segment, "started_usec"));
		if (report->n_bands > 0)
			report->bands[report->n_bands - 1].to_usec =
				json_u64(segment, "ended_usec");
	}
	/* The one that is worked on now is no segment yet. */
	if (report->n_bands > 0 && !json_get(input->summary, "ended"))
		add_band(input, json_string(input->summary, "area"),
			 report->bands[report->n_bands - 1].to_usec);
}

/* ---- limits ---- */

static uint16_t u16(json_object *object, const char *key)
{
	uint64_t value = json_u64(object, key);

	return (uint16_t)MIN(value, UINT16_MAX);
}

static struct report_limits *last_limits(struct report *report)
{
	return report->n_limits ? &report->limits[report->n_limits - 1] : NULL;
}

static void end_limits(struct report *report, uint64_t usec)
{
	struct report_limits *last = last_limits(report);

	if (last && !last->to_usec)
		last->to_usec = usec;
}

static void set_depth_limit(struct report_limits *limits, json_object *details)
{
	uint16_t limit = u16(details, "depth_limit_um");

	if (!limit)
		return;
	limits->depth_limit_um = limit;
	limits->depth_trip_um =
		(uint16_t)MIN(limit + json_u64(details, "tolerance_um"), (uint64_t)UINT16_MAX);
}

static void take_limits(struct report *report, json_object *event, bool arms)
{
	json_object *details = json_get(event, "details");
	struct report_limits *last = last_limits(report), *next;
	struct report_limits now = {0};

	if (!arms && last)
		now = *last; /* another target within the same limits */
	now.from_usec = json_u64(event, "usec");
	now.to_usec = 0;
	now.depth_target_um = u16(details, "depth_um");
	now.speed_target_rpm = u16(details, "speed_rpm");
	if (arms) {
		set_depth_limit(&now, details);
		now.speed_min_rpm = u16(details, "speed_min_rpm");
		now.speed_max_rpm = u16(details, "speed_max_rpm");
	}
	end_limits(report, now.from_usec);
	next = report_add(report, limits);
	if (next)
		*next = now;
}

/* What an arm was made with is drawn until it may be something else: at the next arm, or when the
 * area or the profile changes. */
static void limits_of_events(struct report_input *input, json_object *events)
{
	struct report *report = &input->report;

	for (size_t i = 0; i < count(events); i++) {
		json_object *event = json_object_array_get_idx(events, i);
		struct report_limits *last = last_limits(report);

		if (is_kind(event, "armed") || is_kind(event, "target"))
			take_limits(report, event, is_kind(event, "armed"));
		else if (is_kind(event, "area") || is_kind(event, "profile"))
			end_limits(report, json_u64(event, "usec"));
		else if (is_kind(event, "disarmed") && last && !last->depth_limit_um)
			/* "armed" of an older version says no limit. */
			set_depth_limit(last, json_get(event, "details"));
	}
}

/* ---- marks ---- */

/* The orderly ends of an arm; everything else is a stop that somebody will ask about. */
static bool orderly(const char *reason)
{
	static const char *const reasons[] = {"disarm", "settings", "session-end"};

	for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
		if (strcmp(reason, reasons[i]) == 0)
			return true;
	return false;
}

static void add_mark(struct report_input *input, enum report_mark_kind kind, json_object *event,
		     const char *text)
{
	struct report *report = &input->report;
	uint64_t usec = json_u64(event, "usec"), wall_usec = 0;
	char when[WHEN_SIZE] = "";
	struct report_mark *mark;

	if (when_read(json_string(event, "time"), &wall_usec) == 0)
		when_local(wall_usec, when);
	mark = report_add(report, marks);
	if (!mark)
		return;
	mark->usec = usec;
	mark->kind = kind;
	mark->text = text;
	mark->time = report_text(report, "%s (%s)", report_offset(input, usec),
				 strlen(when) > 11 ? when + 11 : when);
}

static void stop_mark(struct report_input *input, json_object *event)
{
	json_object *details = json_get(event, "details");
	const char *reason = json_string(details, "reason");
	char depth[VALUE_SIZE], limit[VALUE_SIZE], tolerance[VALUE_SIZE];

	if (orderly(reason))
		return;
	add_mark(input, REPORT_STOP, event,
		 report_text(&input->report,
			     "%s; last sample %s at %" PRIu64 " rpm, limit %s + %s; pen: %s",
			     reason, value_depth(json_u64(details, "depth_um"), depth),
			     json_u64(details, "speed_rpm"),
			     value_depth(json_u64(details, "depth_limit_um"), limit),
			     value_depth(json_u64(details, "tolerance_um"), tolerance),
			     json_string(details, "pen_stop_reason")));
}

static void event_mark(struct report_input *input, json_object *event)
{
	json_object *details = json_get(event, "details");
	struct report *report = &input->report;

	if (is_kind(event, "disarmed"))
		stop_mark(input, event);
	else if (is_kind(event, "fault"))
		add_mark(input, REPORT_FAULT, event,
			 report_text(report, "%s", json_string(details, "faults")));
	else if (is_kind(event, "escalation"))
		add_mark(input, REPORT_STOP, event,
			 report_text(report, "the pen did not stop when told to; next step: %s",
				     json_string(details, "step")));
	else if (is_kind(event, "interrupted"))
		add_mark(input, REPORT_STOP, event,
			 report_text(report, "interrupted: the record of this session broke off"));
}

/* Events that repeat an alarm stand once, by its id. */
static void alarm_marks(struct report_input *input, json_object *alarms)
{
	for (size_t i = 0; i < count(alarms); i++) {
		json_object *event = json_object_array_get_idx(alarms, i);
		json_object *details = json_get(event, "details");
		bool told = false;

		for (size_t k = 0; k < i && !told; k++)
			told = strcmp(json_string(json_get(json_object_array_get_idx(alarms, k),
							   "details"),
						  "id"),
				      json_string(details, "id")) == 0;
		if (!told)
			add_mark(input, REPORT_ALARM, event,
				 report_text(&input->report, "%s: %s",
					     json_string(details, "alarm"),
					     json_string(details, "text")));
	}
}

static int earlier(const void *a, const void *b)
{
	const struct report_mark *x = a, *y = b;

	return (x->usec > y->usec) - (x->usec < y->usec);
}

static void marks(struct report_input *input, json_object *events)
{
	struct report *report = &input->report;

	for (size_t i = 0; i < count(events); i++)
		event_mark(input, json_object_array_get_idx(events, i));
	alarm_marks(input, json_get(input->summary, "alarms"));
	if (report->n_marks)
		qsort(report->marks, report->n_marks, sizeof(*report->marks), earlier);
}

/* ---- times ---- */

static uint64_t last_event(json_object *events)
{
	size_t n = count(events);

	return n ? json_u64(json_object_array_get_idx(events, n - 1), "usec") : 0;
}

void report_model_times(struct report_input *input)
{
	json_object *summary = input->summary, *events = json_get(summary, "events");
	json_object *segments = json_get(summary, "segments");
	struct report *report = &input->report;

	report->start_usec = json_u64(summary, "started_usec");
	report->end_usec = MAX(json_u64(summary, "ended_usec"), last_event(events));
	report->end_usec = MAX(report->end_usec, report->start_usec);
	if (when_read(json_string(summary, "started"), &input->started_wall_usec) < 0)
		input->started_wall_usec = 0;
	series_init(&input->series, report->start_usec);
	report->series = &input->series;
	if (count(segments))
		bands_of_segments(input, segments);
	else
		bands_of_events(input, events);
	limits_of_events(input, events);
	marks(input, events);
}

/* Where the session still runs, or a clock ran on, the end is what came last. */
static void close_times(struct report *report)
{
	report->end_usec = MAX(report->end_usec, report->series->end_usec);
	end_limits(report, report->end_usec);
	if (report->n_bands && !report->bands[report->n_bands - 1].to_usec)
		report->bands[report->n_bands - 1].to_usec = report->end_usec;
}

void report_model_texts(struct report_input *input)
{
	struct report *report = &input->report;

	close_times(report);
	report->title = "Session report";
	report->id = report_text(report, "%s", json_string(input->summary, "id"));
	report_head(input);
	report_totals(input);
	report_notes(input);
}
