// SPDX-License-Identifier: GPL-2.0-only
/* From a record to a report: areas, limits, marks, head and totals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/report_model.h"
#include "driver/base/cleanup.h"

#define HEAD                                                                                       \
	"{\"id\":\"20261129-235538-05b5f1\",\"pen\":\"VPEN0001\",\"model\":\"mnpen-vpen\","        \
	"\"firmware\":\"1.00\",\"calibration_due\":\"2027-05-01\",\"transport\":\"usbip\","        \
	"\"profile\":\"fine-lines\",\"profile_digest\":\"38eb\",\"area\":\"cheek\","               \
	"\"client\":\"client-77\",\"operator\":\"root (anna)\",\"consent\":null,"                  \
	"\"sign_off\":null,\"cartridge\":null,\"cartridge_lot\":\"L1\","                           \
	"\"cartridge_expires\":\"2028-11-28\",\"started\":\"2026-11-29T23:55:38.033914Z\","        \
	"\"started_usec\":1000000,\"clock_synchronized\":false,\"samples\":5,\"gaps\":2,"          \
	"\"run_ms\":61200,\"strokes\":98,\"depth_max_um\":510,\"speed_max_rpm\":6005,"
#define ENDED                                                                                      \
	"\"ended\":\"2026-11-29T23:57:40.278149Z\",\"ended_usec\":123000000,"                      \
	"\"outcome\":\"completed\","
#define OPEN "\"ended\":null,\"ended_usec\":null,\"outcome\":null,"
#define EVENT(usec, kind, details)                                                                 \
	"{\"n\":1,\"time\":\"2026-11-29T23:55:40.167073Z\",\"usec\":" #usec ",\"kind\":\"" kind    \
	"\",\"details\":{" details "}}"
#define ARMED(usec, limit)                                                                         \
	EVENT(usec, "armed",                                                                       \
	      "\"depth_um\":500,\"speed_rpm\":6000,\"depth_limit_um\":" #limit                     \
	      ",\"tolerance_um\":100,\"speed_min_rpm\":2400,\"speed_max_rpm\":9000")
#define DISARMED(usec, reason)                                                                     \
	EVENT(usec, "disarmed",                                                                    \
	      "\"reason\":\"" reason "\",\"pen_stop_reason\":\"host\",\"depth_um\":1110,"          \
	      "\"speed_rpm\":5900,\"depth_limit_um\":1000,\"tolerance_um\":100")
#define BEGIN EVENT(1000000, "begin", "\"profile\":\"fine-lines\",\"area\":\"cheek\"")

static struct report_input *made(const char *text)
{
	struct report_input *input = calloc(1, sizeof(*input));

	setenv("TZ", "UTC0", 1);
	tzset();
	assert_non_null(input);
	input->summary = json_tokener_parse(text);
	assert_non_null(input->summary);
	report_model_times(input);
	report_model_texts(input);
	assert_false(input->report.failed);
	return input;
}

static void end(struct report_input *input)
{
	json_object_put(input->summary);
	report_free(&input->report);
	free(input);
}

static const char *head_of(const struct report_input *input, const char *label)
{
	for (size_t i = 0; i < input->report.n_head; i++)
		if (strcmp(input->report.head[i].label, label) == 0)
			return input->report.head[i].value;
	fail_msg("the head has no %s", label);
	return "";
}

static void the_head_names_everything(void **state)
{
	static const char *const expected[][2] = {
		{"Client", "client-77"},
		{"Operator", "root (anna)"},
		{"Started", "Sun 2026-11-29 23:55:38 UTC"},
		{"Ended", "Sun 2026-11-29 23:57:40 UTC (2:02 min)"},
		{"Clock", "not synchronized: dates are not certain"},
		{"Outcome", "completed"},
		{"Consent", "\342\200\223"},
		{"Pen", "VPEN0001 (usbip)"},
		{"Model", "mnpen-vpen, firmware 1.00"},
		{"Calibration", "due 2027-05-01"},
		{"Cartridge", "lot L1, expires 2028-11-28"},
		{"Samples", "5 on record, 2 missing"},
		{"Profile", "fine-lines, BLAKE2b-256 38eb"},
	};
	struct report_input *input = made(HEAD ENDED "\"events\":[" BEGIN "]}");

	for (size_t i = 0; i < ELEMENTSOF(expected); i++)
		assert_string_equal(head_of(input, expected[i][0]), expected[i][1]);
	assert_null(input->report.foot);
	assert_int_equal(input->report.start_usec, 1000000);
	assert_int_equal(input->report.end_usec, 123000000);
	end(input);
}

static void areas_by_events(void **state)
{
	struct report_input *input = made(HEAD ENDED "\"events\":[" BEGIN "," EVENT(
		31000000, "area", "\"area\":\"neck\"") "," EVENT(91000000, "end", "") "]}");
	const struct report *report = &input->report;

	assert_int_equal(report->n_bands, 2);
	assert_string_equal(report->bands[0].name, "cheek");
	assert_string_equal(report->bands[0].letter, "A");
	assert_int_equal(report->bands[0].from_usec, 1000000);
	assert_int_equal(report->bands[0].to_usec, 31000000);
	assert_string_equal(report->bands[1].name, "neck");
	assert_int_equal(report->bands[1].to_usec, 123000000);
	assert_int_equal(report->n_rows, 3);
	assert_string_equal(report->rows[1].cells[2], "0:30");
	assert_string_equal(report->rows[2].cells[3], "1:01.2");
	end(input);
}

#define SEGMENT(area, from, to)                                                                    \
	"{\"area\":\"" area "\",\"started_usec\":" #from ",\"ended_usec\":" #to                    \
	",\"depth_limit_um\":750,\"run_ms\":10000,\"strokes\":1000,\"depth_mean_um\":501,"         \
	"\"depth_p95_um\":510,\"depth_max_um\":520,\"speed_mean_rpm\":6001,"                       \
	"\"speed_p95_rpm\":6010,\"speed_max_rpm\":6020,\"punctures_per_cm2\":null}"

static void areas_by_segments(void **state)
{
	static const char *const expected[] = {"A",    "brow", "0:01",	      "0:10.0", "1000",
					       "0.75", "0.50", "0.51",	      "0.52",	"6001",
					       "6010", "6020", "\342\200\223"};
	struct report_input *input = made(HEAD OPEN "\"events\":[" BEGIN "],\"segments\":[" SEGMENT(
		"brow", 2000000, 3000000) "," SEGMENT("nose", 3000000, 9000000) "]}");
	const struct report *report = &input->report;

	assert_int_equal(report->n_bands, 3); /* the last one is still worked on */
	for (size_t i = 0; i < ELEMENTSOF(expected); i++)
		assert_string_equal(report->rows[0].cells[i], expected[i]);
	assert_string_equal(report->bands[2].name, "cheek");
	assert_int_equal(report->bands[2].from_usec, 9000000);
	assert_string_equal(head_of(input, "Ended"), "not yet: the session is open");
	end(input);
}

static void limits_hold_until_they_may_be_others(void **state)
{
	struct report_input *input = made(
		HEAD ENDED
		"\"events\":[" BEGIN
		"," ARMED(2000000, 1000) "," EVENT(3000000, "target", "\"depth_um\":600,\"speed_rpm\":7000") "," DISARMED(
			4000000,
			"disarm") "," ARMED(5000000,
					    1000) "," EVENT(6000000, "area",
							    "\"area\":\"nose\"") "," ARMED(8000000,
											   500) "]"
												"}");
	const struct report_limits *limits = input->report.limits;

	assert_int_equal(input->report.n_limits, 4);
	assert_int_equal(limits[0].from_usec, 2000000);
	assert_int_equal(limits[0].to_usec, 3000000);
	assert_int_equal(limits[0].depth_limit_um, 1000);
	assert_int_equal(limits[0].depth_trip_um, 1100);
	assert_int_equal(limits[0].speed_max_rpm, 9000);
	/* another target, the same limits, also through a pause between two arms */
	assert_int_equal(limits[1].depth_target_um, 600);
	assert_int_equal(limits[1].speed_target_rpm, 7000);
	assert_int_equal(limits[1].depth_limit_um, 1000);
	assert_int_equal(limits[1].to_usec, 5000000);
	assert_int_equal(limits[2].to_usec, 6000000);
	assert_int_equal(limits[3].from_usec, 8000000);
	assert_int_equal(limits[3].depth_trip_um, 600);
	assert_int_equal(limits[3].to_usec, 123000000);
	assert_int_equal(input->report.n_marks, 0); /* disarmed in order */
	end(input);
}

static void limits_of_an_older_record(void **state)
{
	struct report_input *input = made(HEAD ENDED "\"events\":[" BEGIN "," EVENT(
		2000000, "armed",
		"\"depth_um\":500,\"speed_rpm\":6000") "," DISARMED(4000000, "disarm") "]}");

	assert_int_equal(input->report.n_limits, 1);
	assert_int_equal(input->report.limits[0].depth_limit_um, 1000);
	assert_int_equal(input->report.limits[0].depth_trip_um, 1100);
	assert_int_equal(input->report.limits[0].speed_max_rpm, 0);
	end(input);
}

static void marks_stand_in_their_order(void **state)
{
	struct report_input *input = made(HEAD ENDED "\"events\":[" BEGIN "," DISARMED(
		9000000,
		"de"
		"pt"
		"h-"
		"li"
		"mi"
		"t") "," EVENT(9000001, "fault",
			       "\"faults\":\"overdepth stalled\"") "," EVENT(9500000, "note",
									     "\"kind\":"
									     "\"reaction\","
									     "\"text\":"
									     "\"red\"") "],"
											"\"alarms\""
											":[" EVENT(
												5000000,
												"al"
												"ar"
												"m",
												"\""
												"id"
												"\""
												":"
												"\""
												"a"
												"\""
												","
												"\""
												"al"
												"ar"
												"m"
												"\""
												":"
												"\""
												"dr"
												"iv"
												"e-"
												"on"
												"\""
												","
												"\""
												"te"
												"xt"
												"\""
												":"
												"\""
												"un"
												"pl"
												"ug"
												" "
												"it"
												"\"") "," EVENT(5000001,
														"alarm",
														"\"id\":\"a\",\"alarm\":\"drive-on\",\"text\":\"\"") "],"
																				     "\"chain\":{\"head\":\"abc\",\"signature\":\"def\"}}");
	const struct report *report = &input->report;

	assert_int_equal(report->n_marks, 3); /* the alarm once */
	assert_int_equal(report->marks[0].kind, REPORT_ALARM);
	assert_string_equal(report->marks[0].text, "drive-on: unplug it");
	assert_int_equal(report->marks[1].kind, REPORT_STOP);
	assert_string_equal(report->marks[1].time, "0:08 (23:55:40)");
	assert_string_equal(report->marks[1].text, "depth-limit; last sample 1.11 mm at 5900 rpm, "
						   "limit 1.00 mm + 0.10 mm; pen: host");
	assert_int_equal(report->marks[2].kind, REPORT_FAULT);
	assert_string_equal(report->marks[2].text, "overdepth stalled");
	assert_int_equal(report->n_notes, 2);
	assert_string_equal(report->notes[1].text, "0:08  reaction: red");
	assert_string_equal(report->foot, "record head abc, signature def");
	end(input);
}

/* Whatever a daemon leaves out, or a record lost. */
static void nothing_is_needed(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"events\":null,\"alarms\":3,\"segments\":{},\"gap_records\":[]}",
		"{\"started_usec\":5,\"events\":[{},{\"kind\":\"armed\"},{\"kind\":\"disarmed\"},"
		"{\"kind\":\"area\"},{\"kind\":\"note\"},{\"kind\":\"fault\"}],"
		"\"alarms\":[{}],\"segments\":[{}]}",
	};

	for (size_t i = 0; i < ELEMENTSOF(texts); i++)
		end(made(texts[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_head_names_everything),
		cmocka_unit_test(areas_by_events),
		cmocka_unit_test(areas_by_segments),
		cmocka_unit_test(limits_hold_until_they_may_be_others),
		cmocka_unit_test(limits_of_an_older_record),
		cmocka_unit_test(marks_stand_in_their_order),
		cmocka_unit_test(nothing_is_needed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
