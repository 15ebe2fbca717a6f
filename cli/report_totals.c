// SPDX-License-Identifier: GPL-2.0-only
/* The head of a report and its table of totals. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/report_model.h"
#include "cli/text.h"
#include "cli/values.h"
#include "cli/when.h"
#include "driver/base/clock.h"

#define NONE "\342\200\223" /* a dash: not known */

static void pair(struct report *report, bool wide, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static void pair(struct report *report, bool wide, const char *label, const char *format, ...)
{
	struct report_pair *slot = report_add(report, head);
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&text, format, ap);
	va_end(ap);
	if (r < 0) {
		text = NULL;
		report->failed = true;
	}
	if (!slot)
		return;
	slot->label = label;
	slot->value = text && *text ? report_text(report, "%s", text) : NONE;
	slot->wide = wide;
}

/* With the day and the zone, since this is read years later. */
static const char *moment(struct report_input *input, const char *key, char buf[64])
{
	const char *text = json_string(input->summary, key);
	uint64_t usec = 0;
	time_t seconds;
	struct tm tm;

	buf[0] = '\0';
	if (when_read(text, &usec) < 0)
		return buf;
	seconds = (time_t)(usec / USEC_PER_SEC);
	if (!localtime_r(&seconds, &tm) || strftime(buf, 64, "%a %Y-%m-%d %H:%M:%S %Z", &tm) == 0)
		buf[0] = '\0';
	return buf;
}

static void head_left(struct report_input *input)
{
	struct report *report = &input->report;
	json_object *summary = input->summary;
	char text[64];
	bool ended = json_get(summary, "ended") != NULL;

	pair(report, false, "Client", "%s", json_string(summary, "client"));
	pair(report, false, "Operator", "%s", json_string(summary, "operator"));
	pair(report, false, "Started", "%s", moment(input, "started", text));
	pair(report, false, "Ended", "%s%s%s%s",
	     ended ? moment(input, "ended", text) : "not yet: the session is open",
	     ended ? " (" : "", ended ? report_offset(input, json_u64(summary, "ended_usec")) : "",
	     ended ? " min)" : "");
	pair(report, false, "Clock", "%s",
	     json_flag(summary, "clock_synchronized") ? "synchronized when the session began"
						      : "not synchronized: dates are not certain");
	pair(report, false, "Outcome", "%s", json_string(summary, "outcome"));
	pair(report, false, "Consent", "%s", json_string(summary, "consent"));
}

/* What the ledger bound; a record of before there was one has what the pen read, or was typed in.
 */
static void cartridge(struct report_input *input)
{
	json_object *bound = json_get(input->summary, "cartridges");
	json_object *last = json_object_is_type(bound, json_type_array)
				    ? json_object_array_get_idx(
					      bound, MAX(json_object_array_length(bound), 1u) - 1)
				    : NULL;
	json_object *from = last ? last : input->summary;
	const char *typed = json_string(input->summary, "cartridge");
	struct report *report = &input->report;

	if (!last && *typed)
		pair(report, false, "Cartridge", "%s (typed in)", typed);
	else
		pair(report, false, "Cartridge", "lot %s, expires %s",
		     json_string(from, last ? "lot" : "cartridge_lot"),
		     json_string(from, last ? "expires" : "cartridge_expires"));
	if (*json_string(last, "serial"))
		pair(report, false, "Its serial", "%s (typed in)", json_string(last, "serial"));
	else
		pair(report, false, "Its uid", "%s",
		     json_string(from, last ? "uid" : "cartridge_uid"));
}

/* All of them, when it took several. */
static void more_cartridges(struct report_input *input)
{
	json_object *bound = json_get(input->summary, "cartridges");
	size_t n =
		json_object_is_type(bound, json_type_array) ? json_object_array_length(bound) : 0;

	for (size_t i = 0; n > 1 && i < n; i++) {
		json_object *one = json_object_array_get_idx(bound, i);
		const char *serial = json_string(one, "serial");

		pair(&input->report, true, "Cartridge", "%zu of %zu: lot %s, %s %s, expires %s",
		     i + 1, n, json_string(one, "lot"), *serial ? "serial" : "uid",
		     *serial ? serial : json_string(one, "uid"), json_string(one, "expires"));
	}
}

static void head_right(struct report_input *input)
{
	struct report *report = &input->report;
	json_object *summary = input->summary;
	char run[VALUE_SIZE];

	pair(report, false, "Pen", "%s (%s)", json_string(summary, "pen"),
	     json_string(summary, "transport"));
	pair(report, false, "Model", "%s, firmware %s", json_string(summary, "model"),
	     json_string(summary, "firmware"));
	pair(report, false, "Calibration", "%s%s",
	     *json_string(summary, "calibration_due") ? "due " : "",
	     json_string(summary, "calibration_due"));
	cartridge(input);
	pair(report, false, "Motor time", "%s, %" PRIu64 " strokes",
	     value_time(json_u64(summary, "run_ms"), run), json_u64(summary, "strokes"));
	pair(report, false, "Samples", "%" PRIu64 " on record, %" PRIu64 " missing",
	     json_u64(summary, "samples"), json_u64(summary, "gaps"));
}

void report_head(struct report_input *input)
{
	json_object *summary = input->summary;

	head_left(input);
	head_right(input);
	pair(&input->report, true, "Profile", "%s, BLAKE2b-256 %s", json_string(summary, "profile"),
	     json_string(summary, "profile_digest"));
	more_cartridges(input);
	if (*json_string(summary, "sign_off"))
		pair(&input->report, true, "Signed off", "%s", json_string(summary, "sign_off"));
}

/* ---- totals ---- */

enum column {
	COLUMN_LETTER,
	COLUMN_AREA,
	COLUMN_BEGAN,
	COLUMN_RUN,
	COLUMN_STROKES,
	COLUMN_DEPTH_LIMIT,
	COLUMN_DEPTH_MEAN,
	COLUMN_DEPTH_P95,
	COLUMN_DEPTH_MAX,
	COLUMN_SPEED_MEAN,
	COLUMN_SPEED_P95,
	COLUMN_SPEED_MAX,
	COLUMN_DENSITY,
	COLUMN_COUNT,
};

static const char *run_text(struct report *report, uint64_t ms)
{
	return report_text(report, "%" PRIu64 ":%02u.%u", ms / 60000,
			   (unsigned int)(ms / 1000 % 60), (unsigned int)(ms / 100 % 10));
}

static const char *depth_text(struct report *report, json_object *object, const char *key)
{
	return json_get(object, key)
		       ? report_text(report, "%.2f", (double)json_u64(object, key) / 1000)
		       : NONE;
}

static const char *number_text(struct report *report, json_object *object, const char *key)
{
	return json_get(object, key) ? report_text(report, "%" PRIu64, json_u64(object, key))
				     : NONE;
}

/* The segment of the record that band @i is. */
static json_object *segment_of(struct report_input *input, size_t i)
{
	json_object *segments = json_get(input->summary, "segments");

	if (!json_object_is_type(segments, json_type_array) ||
	    i >= json_object_array_length(segments))
		return NULL;
	return json_object_array_get_idx(segments, i);
}

static void row_of_segment(struct report *report, const char **cells, json_object *segment)
{
	cells[COLUMN_RUN] = run_text(report, json_u64(segment, "run_ms"));
	cells[COLUMN_STROKES] = number_text(report, segment, "strokes");
	cells[COLUMN_DEPTH_LIMIT] = depth_text(report, segment, "depth_limit_um");
	cells[COLUMN_DEPTH_MEAN] = depth_text(report, segment, "depth_mean_um");
	cells[COLUMN_DEPTH_P95] = depth_text(report, segment, "depth_p95_um");
	cells[COLUMN_DEPTH_MAX] = depth_text(report, segment, "depth_max_um");
	cells[COLUMN_SPEED_MEAN] = number_text(report, segment, "speed_mean_rpm");
	cells[COLUMN_SPEED_P95] = number_text(report, segment, "speed_p95_rpm");
	cells[COLUMN_SPEED_MAX] = number_text(report, segment, "speed_max_rpm");
	cells[COLUMN_DENSITY] = number_text(report, segment, "punctures_per_cm2");
}

static const char *limit_text(struct report *report, const struct report_band *band)
{
	uint16_t limit = 0;

	for (size_t i = 0; i < report->n_limits; i++)
		if (report->limits[i].from_usec >= band->from_usec &&
		    report->limits[i].from_usec < band->to_usec)
			limit = report->limits[i].depth_limit_um;
	return limit ? report_text(report, "%.2f", limit / 1000.0) : NONE;
}

static void row_of_measured(struct report *report, const char **cells, size_t i,
			    const struct measured *m, bool from_trend)
{
	for (size_t c = COLUMN_RUN; c < COLUMN_COUNT; c++)
		cells[c] = NONE;
	cells[COLUMN_DEPTH_LIMIT] = limit_text(report, &report->bands[i]);
	cells[COLUMN_DEPTH_MAX] = report_text(report, "%.2f", m->depth_max_um / 1000.0);
	cells[COLUMN_SPEED_MAX] = report_text(report, "%u", m->speed_max_rpm);
	if (from_trend)
		return;
	cells[COLUMN_RUN] = run_text(report, m->run_ms);
	cells[COLUMN_STROKES] = report_text(report, "%" PRIu64, m->strokes);
	if (!m->n)
		return;
	cells[COLUMN_DEPTH_MEAN] =
		report_text(report, "%.2f", (double)m->depth_sum_um / (double)m->n / 1000);
	cells[COLUMN_SPEED_MEAN] =
		report_text(report, "%.0f", (double)m->speed_sum_rpm / (double)m->n);
}

static void session_row(struct report_input *input)
{
	struct report *report = &input->report;
	struct report_row *row = report_add(report, rows);

	if (!row)
		return;
	row->cells[COLUMN_AREA] = "all of it";
	row->cells[COLUMN_RUN] = run_text(report, json_u64(input->summary, "run_ms"));
	row->cells[COLUMN_STROKES] = number_text(report, input->summary, "strokes");
	row->cells[COLUMN_DEPTH_MAX] = depth_text(report, input->summary, "depth_max_um");
	row->cells[COLUMN_SPEED_MAX] = number_text(report, input->summary, "speed_max_rpm");
}

static void headings(struct report *report)
{
	static const char *const names[COLUMN_COUNT] = {
		"",    "Area", "Began", "Run", "Strokes", "limit",	    "mean",
		"p95", "max",  "mean",	"p95", "max",	  "per cm\302\262",
	};
	static const struct report_group groups[] = {
		{"min:s", COLUMN_BEGAN, COLUMN_RUN},
		{"Depth of the needles, mm", COLUMN_DEPTH_LIMIT, COLUMN_DEPTH_MAX},
		{"Speed, rpm", COLUMN_SPEED_MEAN, COLUMN_SPEED_MAX},
		{"Density", COLUMN_DENSITY, COLUMN_DENSITY},
	};

	report->n_columns = COLUMN_COUNT;
	memcpy(report->columns, names, sizeof(names));
	for (size_t i = 0; i < ELEMENTSOF(groups); i++) {
		struct report_group *group = report_add(report, groups);

		if (group)
			*group = groups[i];
	}
}

void report_totals(struct report_input *input)
{
	struct report *report = &input->report;

	headings(report);
	for (size_t i = 0; i < report->n_bands; i++) {
		json_object *segment = segment_of(input, i);
		struct report_row *row = report_add(report, rows);

		if (!row)
			return;
		row->cells[COLUMN_LETTER] = report->bands[i].letter;
		row->cells[COLUMN_AREA] = report->bands[i].name;
		row->cells[COLUMN_BEGAN] = report_offset(input, report->bands[i].from_usec);
		if (segment)
			row_of_segment(report, row->cells, segment);
		else if (i < REPORT_BANDS_MAX)
			row_of_measured(report, row->cells, i, &input->measured[i],
					input->from_trend);
	}
	session_row(input);
}
