// SPDX-License-Identifier: GPL-2.0-only
/* The lists of a report. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/report.h"

const struct report_paper report_a4 = {.width_pt = 595.28, .height_pt = 841.89};

void *report_grow(struct report *report, void *list, size_t *n, size_t size)
{
	void *old, *grown;

	memcpy(&old, list, sizeof(old)); /* whatever it points to */
	grown = reallocarray(old, *n + 1, size);
	if (!grown) {
		report->failed = true;
		return NULL;
	}
	memset((char *)grown + *n * size, 0, size);
	memcpy(list, &grown, sizeof(grown));
	return (char *)grown + (*n)++ * size;
}

const char *report_text(struct report *report, const char *format, ...)
{
	char **slot = report_add(report, texts);
	va_list ap;
	int r;

	if (!slot)
		return "";
	va_start(ap, format);
	r = vasprintf(slot, format, ap);
	va_end(ap);
	if (r < 0) {
		*slot = NULL;
		report->failed = true;
		return "";
	}
	return *slot;
}

void report_free(struct report *report)
{
	for (size_t i = 0; i < report->n_texts; i++)
		free(report->texts[i]);
	free(report->texts);
	free(report->head);
	free(report->bands);
	free(report->limits);
	free(report->marks);
	free(report->groups);
	free(report->rows);
	free(report->notes);
	free(report->card);
	*report = (struct report){0};
}

void report_boxes_free(struct report_boxes *boxes)
{
	for (size_t i = 0; i < boxes->n; i++)
		free(boxes->box[i].text);
	free(boxes->box);
	*boxes = (struct report_boxes){0};
}
