// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports as they are drawn: no text over another one or beyond the paper, whatever the names and
 * however wide the paper; every format whole. With REPORT_PICTURES=DIR the pictures stay there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "tests/unit/report_fixture.h"

#define TOUCH_PT 0.8 /* of their lines' heights: letters do not touch by then */

static const char *const suffixes[] = {"pdf", "svg", "png"};

static void draw(const struct report *report, enum report_format format,
		 const struct report_paper *paper, struct report_boxes *ret_boxes, char **ret_data,
		 size_t *ret_len)
{
	FILE *stream = open_memstream(ret_data, ret_len);

	assert_non_null(stream);
	assert_int_equal(report_draw(report, format, paper, stream, ret_boxes), 0);
	assert_int_equal(fclose(stream), 0);
}

static void end(struct report *report)
{
	free(report->series);
	report_free(report);
}

static bool overlap(const struct report_box *a, const struct report_box *b)
{
	return a->page == b->page && a->x + TOUCH_PT < b->x + b->width &&
	       b->x + TOUCH_PT < a->x + a->width && a->y + TOUCH_PT < b->y + b->height &&
	       b->y + TOUCH_PT < a->y + a->height;
}

static void assert_clear(const struct report_boxes *boxes, const struct report_paper *paper,
			 const char *name)
{
	assert_true(boxes->n > 20);
	for (size_t i = 0; i < boxes->n; i++) {
		const struct report_box *box = &boxes->box[i];

		if (box->x < 10 || box->x + box->width > paper->width_pt - 10 || box->y < 10 ||
		    box->y + box->height > paper->height_pt - 10)
			fail_msg("%s, %g pt wide: \"%s\" leaves the paper", name, paper->width_pt,
				 box->text);
		for (size_t k = 0; k < i; k++)
			if (overlap(box, &boxes->box[k]))
				fail_msg("%s, %g pt wide, page %u: \"%s\" over \"%s\"", name,
					 paper->width_pt, box->page, box->text, boxes->box[k].text);
	}
}

static void nothing_overlaps(void **state)
{
	for (enum report_case which = 0; which < CASE_COUNT; which++) {
		struct report report;

		report_case(&report, which);
		for (int width = 330; width < 1300; width += 67) {
			const struct report_paper paper = {width, 842};
			struct report_boxes boxes = {0};
			_cleanup_free_ char *data = NULL;
			size_t len;

			draw(&report, REPORT_PDF, &paper, &boxes, &data, &len);
			assert_clear(&boxes, &paper, report_case_names[which]);
			report_boxes_free(&boxes);
		}
		end(&report);
	}
}

static void keep(const char *name, const char *suffix, const char *data, size_t len)
{
	const char *directory = getenv("REPORT_PICTURES");
	_cleanup_free_ char *path = NULL;
	FILE *file;

	if (!directory)
		return;
	assert_true(asprintf(&path, "%s/%s.%s", directory, name, suffix) > 0);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void assert_whole(enum report_format format, const char *data, size_t len)
{
	static const char *const heads[] = {"%PDF-1.", "<?xml", "\211PNG\r\n"};
	static const char *const ends[] = {"%%EOF\n", "</svg>\n", "IEND\256B`\202"};
	size_t n = strlen(ends[format]);

	assert_true(len > 1000);
	assert_memory_equal(data, heads[format], strlen(heads[format]));
	assert_memory_equal(data + len - n, ends[format], n);
}

static void every_format_is_whole(void **state)
{
	for (enum report_case which = 0; which < CASE_COUNT; which++) {
		struct report report;

		report_case(&report, which);
		for (enum report_format format = REPORT_PDF; format <= REPORT_PNG; format++) {
			_cleanup_free_ char *data = NULL;
			size_t len;

			draw(&report, format, &report_a4, NULL, &data, &len);
			assert_whole(format, data, len);
			keep(report_case_names[which], suffixes[format], data, len);
		}
		end(&report);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_overlaps),
		cmocka_unit_test(every_format_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
