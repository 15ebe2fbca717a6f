// SPDX-License-Identifier: GPL-2.0-only
/* The measurements of a session, read once and in constant memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cli/record.h"
#include "cli/report_model.h"
#include "cli/samples.h"

#define BATCH 4096 /* records a read */
#define PIPE_BYTES (1024 * 1024)
#define SAMPLE_USEC 1000 /* at 1 kHz: how long a gap was of which only the count is known */

/** struct reading - what one sample leaves behind for the next one */
struct reading {
	struct report_input *input;
	size_t band; /* where the last sample was */
	uint64_t last_usec;
	bool counting; /* the two below are valid */
	uint32_t last_strokes;
	uint32_t last_run_ms;
};

static struct measured *measured_at(struct reading *reading, uint64_t usec)
{
	const struct report *report = &reading->input->report;

	while (reading->band < report->n_bands && report->bands[reading->band].to_usec &&
	       usec >= report->bands[reading->band].to_usec)
		reading->band++;
	if (reading->band >= report->n_bands || reading->band >= REPORT_BANDS_MAX ||
	    usec < report->bands[reading->band].from_usec)
		return NULL;
	return &reading->input->measured[reading->band];
}

/* Strokes and run time begin anew with each arm; what the first sample shows is of before. */
static uint32_t gained(bool counting, uint32_t last, uint32_t now)
{
	return !counting ? 0 : now >= last ? now - last : now;
}

static void measure(struct reading *reading, uint64_t usec, const struct mnpen_sample *sample)
{
	struct measured *m = measured_at(reading, usec);

	if (m) {
		m->strokes += gained(reading->counting, reading->last_strokes, sample->strokes);
		m->run_ms += gained(reading->counting, reading->last_run_ms, sample->run_ms);
		m->depth_max_um = MAX(m->depth_max_um, sample->depth_um);
		m->speed_max_rpm = MAX(m->speed_max_rpm, sample->speed_rpm);
		if (sample->state == MNPEN_STATE_RUNNING) {
			m->n++;
			m->depth_sum_um += sample->depth_um;
			m->speed_sum_rpm += sample->speed_rpm;
		}
	}
	reading->last_strokes = sample->strokes;
	reading->last_run_ms = sample->run_ms;
	reading->counting = true;
}

static void take_sample(struct reading *reading, const uint8_t *record)
{
	struct series *series = &reading->input->series;
	struct sample_row row;

	samples_decode(&row, record);
	if (row.missing_before && reading->last_usec)
		series_gap(series, reading->last_usec, row.host_usec);
	reading->last_usec = row.host_usec;
	if (!row.readable)
		return;
	series_add(series, row.host_usec, row.sample.depth_um, row.sample.speed_rpm);
	measure(reading, row.host_usec, &row.sample);
}

static int64_t take_samples(int fd, struct report_input *input)
{
	_cleanup_free_ uint8_t *batch = malloc(BATCH * MNPEN_TELEMETRY_SIZE);
	struct reading reading = {.input = input};
	int64_t count = 0;
	long n;

	if (!batch)
		return -ENOMEM;
	(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES); /* fewer wake-ups, where it is allowed */
	while ((n = record_read_full(fd, batch, BATCH * MNPEN_TELEMETRY_SIZE)) > 0) {
		for (long at = 0; at + MNPEN_TELEMETRY_SIZE <= n; at += MNPEN_TELEMETRY_SIZE) {
			take_sample(&reading, batch + at);
			count++;
		}
		if (n % MNPEN_TELEMETRY_SIZE != 0)
			return -EBADMSG;
	}
	return n < 0 ? n : count;
}

/* ---- trend ---- */

static struct series_value span_of(json_object *row, const char *minimum, const char *mean,
				   const char *maximum)
{
	uint16_t middle = (uint16_t)json_u64(row, mean);

	return (struct series_value){(uint16_t)json_u64(row, minimum),
				     (uint16_t)json_u64(row, maximum), middle, middle};
}

static void take_row(struct reading *reading, json_object *row)
{
	const uint64_t window_usec = 100000;
	uint64_t usec = json_u64(row, "usec");
	const struct series_span span = {
		.from_usec = usec,
		.to_usec = usec + window_usec,
		.depth_um = span_of(row, "depth_min_um", "depth_mean_um", "depth_max_um"),
		.speed_rpm = span_of(row, "speed_min_rpm", "speed_mean_rpm", "speed_max_rpm"),
	};
	struct measured *m = measured_at(reading, usec);

	series_add_span(&reading->input->series, &span);
	if (!m)
		return;
	m->depth_max_um = MAX(m->depth_max_um, span.depth_um.max);
	m->speed_max_rpm = MAX(m->speed_max_rpm, span.speed_rpm.max);
}

/* Return: 0; -EBADMSG it is not whole. The last line counts the rows. */
static int take_trend(int fd, struct report_input *input)
{
	_cleanup_fclose_ FILE *stream = fdopen(dup(fd), "r");
	struct reading reading = {.input = input};
	_cleanup_free_ char *line = NULL;
	uint64_t rows = 0;
	size_t size = 0;

	if (!stream)
		return -errno;
	while (getline(&line, &size, stream) > 0) {
		_cleanup_json_ json_object *row = json_tokener_parse(line);

		if (!row)
			return -EBADMSG;
		if (json_get(row, "rows"))
			return json_u64(row, "rows") == rows ? 0 : -EBADMSG;
		take_row(&reading, row);
		rows++;
	}
	return -EBADMSG;
}

/* ---- gaps that no sample tells of ---- */

static bool known(json_object *gap, const char *key)
{
	return json_object_is_type(json_get(gap, key), json_type_int);
}

static void take_gaps(struct report_input *input)
{
	json_object *gaps = json_get(input->summary, "gap_records");
	size_t n = json_object_is_type(gaps, json_type_array) ? json_object_array_length(gaps) : 0;

	for (size_t i = 0; i < n; i++) {
		json_object *gap = json_object_array_get_idx(gaps, i);
		uint64_t usec = json_u64(gap, "usec");
		uint64_t length = json_u64(gap, "missing") * SAMPLE_USEC;

		/* Between two samples, the samples themselves say from when to when. */
		if (!input->from_trend && input->series.n && known(gap, "after_seq") &&
		    known(gap, "before_seq"))
			continue;
		if (usec >= input->report.start_usec)
			series_gap(&input->series,
				   usec - MIN(length, usec - input->report.start_usec), usec);
	}
}

enum cli_exit report_read(struct cli *cli, const char *id, struct report_input *input)
{
	uint64_t kept = record_kept(input->summary);
	_cleanup_close_ int fd = -EBADF;
	enum cli_exit code;
	int r;

	input->from_trend = kept < json_u64(input->summary, "samples");
	code = record_open(cli, id, input->from_trend ? "trend" : "samples", &fd);
	if (code != CLI_DONE)
		return code;
	if (input->from_trend) {
		r = take_trend(fd, input);
		if (r < 0)
			return cli_fail(cli, CLI_FAILED, "Store",
					"run it again, and see journalctl -u mnpend",
					"the record broke off: %s",
					r == -EBADMSG ? "it is not whole" : strerror(-r));
	} else {
		code = record_check_count(cli, take_samples(fd, input), kept);
	}
	if (code == CLI_DONE)
		take_gaps(input);
	return code;
}
