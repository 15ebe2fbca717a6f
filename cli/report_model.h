/* SPDX-License-Identifier: GPL-2.0-only */
/* From a session's record to what its report says. */
#ifndef MNPEN_CLI_REPORT_MODEL_H
#define MNPEN_CLI_REPORT_MODEL_H

#include "cli/aftercare.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/report/report.h"

#define REPORT_BANDS_MAX 256 /* areas that are added up; more are drawn without totals */

/** struct measured - of one area, with the needles running; from a record without segments */
struct measured {
	uint64_t run_ms;
	uint64_t strokes;
	uint64_t n; /* samples in which they ran */
	uint64_t depth_sum_um;
	uint64_t speed_sum_rpm;
	uint16_t depth_max_um;
	uint16_t speed_max_rpm;
};

/** struct report_input - a report at work */
struct report_input {
	struct report report;
	struct series series;
	json_object *summary; /* the caller's */
	struct measured measured[REPORT_BANDS_MAX];
	uint64_t started_wall_usec;
	bool from_trend; /* the samples are not kept */
};

/** report_model_times() - where it begins, bands, limits, marks: before the samples are read */
void report_model_times(struct report_input *input);
/** report_model_texts() - head, totals, notes, foot: when they have been */
void report_model_texts(struct report_input *input);

/** report_head() - pairs of the head; report_totals() - a row for each area, and the session's */
void report_head(struct report_input *input);
void report_totals(struct report_input *input);
/** report_notes() - what is said in words below them, and the foot of each page */
void report_notes(struct report_input *input);

/** report_offset() - @usec of the boot clock as "1:05" since the session began */
const char *report_offset(struct report_input *input, uint64_t usec);

/** report_read() - the samples, or the trend where they are not kept, into input->series */
enum cli_exit report_read(struct cli *cli, const char *id, struct report_input *input);

/** report_card() - the card of a session that has ended, onto @report
 * @ret_care: what its dates follow from; borrows from @summary */
enum cli_exit report_card(struct cli *cli, struct report *report, json_object *summary,
			  struct aftercare *ret_care);

/** report_draw_error() - tell what report_draw() says, unless it is of the stream, of which
 * output_commit() tells */
enum cli_exit report_draw_error(struct cli *cli, int error, FILE *stream);

#endif
