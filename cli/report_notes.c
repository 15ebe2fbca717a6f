// SPDX-License-Identifier: GPL-2.0-only
/* What a report says in words: screening, notes, what it was drawn from, and its foot. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/report_model.h"

static size_t count(json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static void add_line(struct report *report, enum report_line_kind kind, const char *text)
{
	struct report_line *line = report_add(report, notes);

	if (line)
		*line = (struct report_line){kind, text};
}

/* By the names of the questions: their texts stand in "session show". */
static void screening(struct report_input *input)
{
	json_object *answers = json_get(input->summary, "screening_answers");
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *stream;

	if (!count(answers))
		return;
	stream = open_memstream(&text, &len);
	for (size_t i = 0; stream && i < count(answers); i++) {
		json_object *answer = json_object_array_get_idx(answers, i);

		fprintf(stream, "%s%s: %s", i ? "; " : "", json_string(answer, "question"),
			json_string(answer, "answer"));
	}
	if (!stream || fclose(stream) != 0) {
		input->report.failed = true;
		return;
	}
	add_line(&input->report, REPORT_HEADING, "Screening");
	add_line(&input->report, REPORT_PARAGRAPH, report_text(&input->report, "%s", text));
}

static void notes(struct report_input *input)
{
	json_object *events = json_get(input->summary, "events");
	struct report *report = &input->report;
	bool first = true;

	for (size_t i = 0; i < count(events); i++) {
		json_object *event = json_object_array_get_idx(events, i);
		json_object *details = json_get(event, "details");

		if (strcmp(json_string(event, "kind"), "note") != 0)
			continue;
		if (first)
			add_line(report, REPORT_HEADING, "Notes");
		first = false;
		add_line(report, REPORT_ITEM,
			 report_text(report, "%s  %s: %s",
				     report_offset(input, json_u64(event, "usec")),
				     json_string(details, "kind"), json_string(details, "text")));
	}
}

static void source(struct report_input *input)
{
	if (input->from_trend)
		add_line(&input->report, REPORT_PARAGRAPH,
			 report_text(&input->report,
				     "Drawn from the smallest and largest value of each 100 ms: of "
				     "%" PRIu64 " samples %" PRIu64 " are still kept one by one.",
				     json_u64(input->summary, "samples"),
				     json_u64(input->summary, "samples_kept")));
}

/* The head of the chain on paper shows a tail that is cut off later. */
static void foot(struct report_input *input)
{
	json_object *chain = json_get(input->summary, "chain");
	const char *head = json_string(chain, "head"), *signature = json_string(chain, "signature");

	if (*head)
		input->report.foot = report_text(&input->report, "record head %s%s%s", head,
						 *signature ? ", signature " : "", signature);
}

void report_notes(struct report_input *input)
{
	source(input);
	screening(input);
	notes(input);
	foot(input);
}
