// SPDX-License-Identifier: GPL-2.0-only
/* What the command line makes of values: text, dates, samples, the live view. No daemon, no bus. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/live_view.h"
#include "cli/text.h"
#include "cli/values.h"
#include "cli/when.h"

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{"plain", true},
		{"\xc2\xb5m", true},
		{"\xe2\x82\xac", true},
		{"\xf0\x9f\x98\x80", true},
		{"\xff", false},
		{"\xc0\x80", false},
		{"\xe0\x80\x80", false},
		{"\xed\xa0\x80", false},
		{"\xf4\x90\x80\x80", false},
		{"\xc2", false},
		{"a\x80", false},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		assert_int_equal(text_valid(cases[i].text, strlen(cases[i].text)), cases[i].valid);
	assert_false(text_valid("a\0b", 3));
}

static void test_terminal_gets_no_controls(void **state)
{
	char text[] = "a\033[31m\xc2\x9b"
		      "b\n\xc2\xb5\xff\x7f";

	assert_string_equal(text_clean(text), "a?[31m??b\n\xc2\xb5??");
}

static void test_nearest(void **state)
{
	static const char *const words[] = {"status", "stop", "session", "arm"};

	assert_string_equal(text_nearest("statsu", words, 4), "status");
	assert_string_equal(text_nearest("sesion", words, 4), "session");
	assert_string_equal(text_nearest("amr", words, 4), "arm");
	assert_null(text_nearest("frobnicate", words, 4));
	assert_null(text_nearest("xyz", words, 4));
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t usec;
	} cases[] = {
		{"2026-01-31", 0, 1769817600000000},
		{"2026-01-31T09:00", 0, 1769850000000000},
		{"2026-01-31 09:00:30", 0, 1769850030000000},
		{"2026-01-31T09:00:00Z", 0, 1769850000000000},
		{"2026-01-31T10:00:00+01:00", 0, 1769850000000000},
		{"2026-01-31T08:00-0100", 0, 1769850000000000},
		{"2026-02-30", -EINVAL, 0},
		{"2026-13-01", -EINVAL, 0},
		{"2026-01-31x", -EINVAL, 0},
		{"2026-01-31T10:00+99:00", -EINVAL, 0},
		{"yesterday", -EINVAL, 0},
		{"", -EINVAL, 0},
	};
	uint64_t usec;
	char buf[WHEN_SIZE];

	setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		usec = 7;
		assert_int_equal(when_parse(cases[i].text, &usec), cases[i].result);
		assert_true(usec == (cases[i].result ? 7 : cases[i].usec));
	}
	assert_string_equal(when_utc(1769850030000001, buf), "2026-01-31T09:00:30.000001Z");
	assert_string_equal(when_local(1769850030000001, buf), "2026-01-31 09:00:30");
	assert_string_equal(when_local(0, buf), "-");
}

static void test_values_carry_their_unit(void **state)
{
	static const struct {
		const char *key;
		int64_t value;
		const char *label, *text;
	} cases[] = {
		{"depth_um", 500, "depth", "0.50 mm"},
		{"speed_min_rpm", 6000, "speed min", "6000 rpm (100.0 Hz)"},
		{"run_ms", 90000, "run", "1 min 30 s"},
		{"supply_mv", 3905, "supply", "3.905 V"},
		{"battery_percent", 87, "battery", "87 %"},
		{"density_warning_per_cm2", 300, "density warning", "300 / cm2"},
		{"area_size_cm2", 20, "area size", "20 cm2"},
		{"strokes", 12, "strokes", "12"},
	};
	char buf[VALUE_SIZE];

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		json_object *value = json_object_new_int64(cases[i].value);

		assert_string_equal(value_text(cases[i].key, value, buf, sizeof(buf)),
				    cases[i].text);
		assert_string_equal(value_label(cases[i].key, buf, sizeof(buf)), cases[i].label);
		json_object_put(value);
	}
}

static const char header[] =
	"seq,host_usec,time_us,state,stop_reason,faults,trigger,contact,enabled,cartridge,sleeve,"
	"drive,depth_um,speed_rpm,target_depth_um,target_speed_rpm,motor_ma,temperature_dc,supply_"
	"mv,"
	"battery_percent,strokes,run_ms,lease_left_ms,last_cmd,verdict,missing_before\n";

static void make_row(struct sample_row *row, struct mnpen_sample *sample)
{
	struct mnpen_telemetry record = {.host_usec = 1000, .verdict = 10, .lost = 4};
	uint8_t bytes[MNPEN_TELEMETRY_SIZE];

	*sample = (struct mnpen_sample){.seq = 9,
					.last_cmd = 3,
					.time_us = 8000,
					.state = MNPEN_STATE_FAULT,
					.flags = MNPEN_FLAG_TRIGGER | MNPEN_FLAG_SLEEVE,
					.faults = MNPEN_FAULT_OVERDEPTH | MNPEN_FAULT_OVERTEMP,
					.depth_um = 480,
					.speed_rpm = 6010,
					.target_depth_um = 500,
					.target_speed_rpm = 6000,
					.motor_ma = 300,
					.motor_temp_dc = -12,
					.supply_mv = 3900,
					.battery_pct = 87,
					.stop_reason = MNPEN_STOP_FAULT,
					.strokes = 70,
					.run_ms = 700,
					.lease_left_ms = 250};
	mnpen_sample_encode(record.sample, sample);
	memcpy(bytes, &record, sizeof(bytes));
	samples_decode(row, bytes);
}

static void test_samples_as_csv_and_json(void **state)
{
	struct mnpen_sample sample;
	struct sample_row row;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	make_row(&row, &sample);
	assert_true(row.readable);
	samples_csv_header(stream);
	samples_csv_row(stream, &row);
	row.readable = false;
	samples_csv_row(stream, &row);
	row.readable = true;
	samples_json_members(stream, &row);
	fclose(stream);
	assert_memory_equal(text, header, strlen(header));
	assert_string_equal(
		text + strlen(header),
		"9,1000,8000,fault,fault,overdepth|overtemp,1,0,0,0,1,0,480,6010,500,6000,300,-12,"
		"3900,87,70,700,250,3,10,4\n"
		",1000,,,,,,,,,,,,,,,,,,,,,,,10,4\n"
		"\"seq\":9,\"host_usec\":1000,\"time_us\":8000,\"state\":\"fault\","
		"\"stop_reason\":\"fault\",\"faults\":[\"overdepth\",\"overtemp\"],\"trigger\":"
		"true,"
		"\"contact\":false,\"enabled\":false,\"cartridge\":false,\"sleeve\":true,"
		"\"drive\":false,\"depth_um\":480,\"speed_rpm\":6010,\"target_depth_um\":500,"
		"\"target_speed_rpm\":6000,\"motor_ma\":300,\"temperature_dc\":-12,"
		"\"supply_mv\":3900,\"battery_percent\":87,\"strokes\":70,\"run_ms\":700,"
		"\"lease_left_ms\":250,\"last_cmd\":3,\"verdict\":10,\"missing_before\":4");
	free(text);
}

static void test_undecodable_sample_is_no_sample(void **state)
{
	uint8_t bytes[MNPEN_TELEMETRY_SIZE];
	struct sample_row row;

	memset(bytes, 0xff, sizeof(bytes));
	samples_decode(&row, bytes);
	assert_false(row.readable);
	assert_int_equal(row.sample.depth_um, 0);
	assert_int_equal(row.verdict, 0xff);
}

static struct live_view running_view(void)
{
	struct live_view view = {.serial = "PEN-1",
				 .have_row = true,
				 .fresh = true,
				 .depth_limit_um = 1000,
				 .speed_min_rpm = 3000,
				 .speed_max_rpm = 7000,
				 .have_run = true,
				 .run_used_ms = 61000,
				 .run_left_ms = 839000};

	view.row.readable = true;
	view.row.sample = (struct mnpen_sample){.state = MNPEN_STATE_RUNNING,
						.flags = MNPEN_FLAG_TRIGGER,
						.depth_um = 500,
						.speed_rpm = 6010,
						.strokes = 120,
						.motor_temp_dc = 312,
						.battery_pct = 87};
	return view;
}

static void test_live_line(void **state)
{
	struct live_view view = running_view();
	char line[LIVE_LINE_SIZE];

	assert_string_equal(live_view_line(&view, 0, line),
			    "running  trigger pressed  depth 0.50 of 1.00 mm  speed 6010 rpm"
			    "  run 1:01 of 15:00  120 strokes  31.2 C  battery 87 %");
	assert_string_equal(live_view_line(&view, 200, line),
			    "running  trigger pressed  depth 0.50 of 1.00 mm  [#####.....]"
			    "  speed 6010 rpm  [......#...]  run 1:01 of 15:00  120 strokes  31.2 C"
			    "  battery 87 %");
	assert_string_equal(live_view_line(&view, 79, line),
			    "running trig 0.50/1.00 mm [###...] 6010 rpm [...#..] 1:01/15:00 120 st"
			    " 87 %");
	for (unsigned int width = 1; width < 200; width++)
		assert_true(strlen(live_view_line(&view, width, line)) <= width);
	view.row.sample.depth_um = 1200;
	view.row.sample.speed_rpm = 8000;
	assert_non_null(strstr(live_view_line(&view, 200, line), "[##########!"));
	assert_non_null(strstr(line, "[..........!"));
}

static void test_live_line_shows_no_stale_value(void **state)
{
	struct live_view view = running_view();
	char line[LIVE_LINE_SIZE];

	view.fresh = false;
	view.age_ms = 1234;
	live_view_line(&view, 200, line);
	assert_non_null(strstr(line, "STALE: the last sample is 1234 ms old"));
	assert_null(strstr(line, "depth"));
	view.fresh = true;
	view.row.readable = false;
	live_view_line(&view, 200, line);
	assert_non_null(strstr(line, "UNREADABLE"));
	assert_null(strstr(line, "depth"));
}

static void test_live_json(void **state)
{
	struct live_view view = running_view();
	json_object *events = json_object_new_array(), *parsed;
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	view.age_ms = 3;
	live_view_json(stream, &view, events);
	fclose(stream);
	parsed = json_tokener_parse(text);
	assert_int_equal(json_u64(parsed, "schema"), 1);
	assert_string_equal(json_string(parsed, "pen"), "PEN-1");
	assert_int_equal(json_u64(parsed, "depth_um"), 500);
	assert_int_equal(json_u64(parsed, "age_ms"), 3);
	assert_true(json_flag(parsed, "fresh"));
	json_object_put(parsed);
	json_object_put(events);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_terminal_gets_no_controls),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_values_carry_their_unit),
		cmocka_unit_test(test_samples_as_csv_and_json),
		cmocka_unit_test(test_undecodable_sample_is_no_sample),
		cmocka_unit_test(test_live_line),
		cmocka_unit_test(test_live_line_shows_no_stale_value),
		cmocka_unit_test(test_live_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
