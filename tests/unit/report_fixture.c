// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/report_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define MINUTE (60 * USEC_PER_SEC)
#define LONG_WORDS                                                                                 \
	"Donaudampfschifffahrtsgesellschaftskapit\303\244n W\303\274stenr\303\266te & <Partner>, " \
	"Zentrum f\303\274r \303\244sthetische Behandlungen"

#define PROFILE                                                                                    \
	"fine-lines, BLAKE2b-256 38eb693631aa1f89dfbfe387e20f85745bf193435c14997c6547dba76c4f673d"

const char *const report_case_names[CASE_COUNT] = {
	"normal", "short", "areas", "long", "empty", "gaps", "long-names", "marks",
};

static void pair(struct report *report, const char *label, const char *value)
{
	*report_add(report, head) = (struct report_pair){label, value, false};
}

static void head(struct report *report, bool is_long)
{
	static const char *const labels[] = {
		"Client",  "Operator", "Started", "Ended",     "Clock",	   "Outcome",
		"Consent", "Pen",      "Model",	  "Cartridge", "Run time", "Samples",
	};
	static const char *const values[] = {
		"client-77",
		"root (anna)",
		"Sun 2026-11-29 23:55:38 CET",
		"Sun 2026-11-29 23:57:38 CET (after 2:00)",
		"synchronized when the session began",
		"completed",
		"C-118",
		"VPEN0001 (usbip)",
		"mnpen-vpen, firmware 1.00, calibration due 2027-05-01",
		"lot VLOT2601, uid 5643000000000001, expires 2028-11-28",
		"1 min 47 s, 9813 strokes",
		"119 998 on record, 0 missing",
	};

	for (size_t i = 0; i < ELEMENTSOF(labels); i++)
		pair(report, labels[i], is_long ? LONG_WORDS LONG_WORDS : values[i]);
	pair(report, "Profile", is_long ? LONG_WORDS LONG_WORDS : PROFILE);
	report->head[report->n_head - 1].wide = true;
}

/* Pressed for 12 s of 20; depth that wanders about @depth_um. */
static void play(struct report *report, uint64_t from_usec, uint64_t to_usec, uint16_t depth_um,
		 uint16_t speed_rpm)
{
	uint32_t noise = 12345;

	for (uint64_t usec = from_usec; usec < to_usec; usec += 1000) {
		uint64_t phase = (usec - from_usec) % (20 * USEC_PER_SEC);
		bool runs = phase > 2 * USEC_PER_SEC && phase < 14 * USEC_PER_SEC;
		uint64_t since = phase - 2 * USEC_PER_SEC;
		uint64_t rise = since < 200000 ? since / 200 : 1000;

		noise = noise * 1664525 + 1013904223;
		series_add(report->series, usec,
			   (uint16_t)(runs ? depth_um + (noise >> 28) - 8 : 0),
			   (uint16_t)(runs ? speed_rpm * rise / 1000 + (noise >> 26) % 64 : 0));
	}
}

static void hold(struct report *report, uint64_t from_usec, uint64_t to_usec, uint16_t limit_um,
		 uint16_t target_um)
{
	*report_add(report, limits) = (struct report_limits){
		.from_usec = from_usec,
		.to_usec = to_usec,
		.depth_target_um = target_um,
		.depth_limit_um = limit_um,
		.depth_trip_um = (uint16_t)(limit_um + 100),
		.speed_target_rpm = 6000,
		.speed_min_rpm = 2400,
		.speed_max_rpm = 9000,
	};
}

static void band(struct report *report, uint64_t from_usec, uint64_t to_usec, const char *name)
{
	const char *letter = report_text(report, "%c", 'A' + (char)report->n_bands);

	*report_add(report, bands) = (struct report_band){from_usec, to_usec, letter, name};
	*report_add(report, rows) =
		(struct report_row){{letter, name, "0:00", "1:47.2", "9813", "1.00", "0.50", "0.51",
				     "0.51", "5990", "6003", "6012", "1180"}};
}

static void mark(struct report *report, uint64_t usec, enum report_mark_kind kind, const char *text)
{
	*report_add(report, marks) =
		(struct report_mark){.usec = usec,
				     .kind = kind,
				     .time = report_text(report, "0:%02d, 23:55:%02d", 1, 39),
				     .text = text};
}

static void card(struct report *report)
{
	static const struct report_line lines[] = {
		{REPORT_HEADING, "After your treatment on Sunday 29 November 2026, 23:57"},
		{REPORT_PARAGRAPH, "Your skin has been opened by many small punctures. It closes "
				   "within a day and settles within a week."},
		{REPORT_ITEM, "Make-up: none until Monday 30 November 2026, 23:58."},
		{REPORT_ITEM, "Sun: stay in the shade until Monday 30 November 2026, 23:58; no "
			      "direct sun until Wednesday 2 December 2026, 23:58; take care until "
			      "Sunday 27 December 2026. Use a sunscreen of at least SPF 30 from "
			      "Monday 30 November 2026 to Sunday 13 December 2026."},
		{REPORT_BLANK, ""},
		{REPORT_HEADING, "Call us if"},
		{REPORT_ITEM, "redness lasts longer than Sunday 6 December 2026"},
	};

	for (size_t i = 0; i < ELEMENTSOF(lines); i++)
		*report_add(report, card) = lines[i];
}

static void common(struct report *report, bool is_long)
{
	static const char *const columns[] = {"",      "Area", "Began",		"Run", "Strokes",
					      "limit", "mean", "p95",		"max", "mean",
					      "p95",   "max",  "per cm\302\262"};

	report->title = is_long ? LONG_WORDS : "Session report";
	report->id = "20261129-235538-05b5f1";
	report->start_usec = report->end_usec = FIXTURE_START_USEC;
	report->series = malloc(sizeof(*report->series));
	assert_non_null(report->series);
	series_init(report->series, FIXTURE_START_USEC);
	report->n_columns = ELEMENTSOF(columns);
	memcpy(report->columns, columns, sizeof(columns));
	*report_add(report, groups) = (struct report_group){"Depth of the needles, mm", 5, 8};
	*report_add(report, groups) = (struct report_group){"Speed, rpm", 9, 11};
	report->foot =
		"record head 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef,"
		" signed";
	head(report, is_long);
	card(report);
}

static void one_area(struct report *report, uint64_t length_usec, const char *name)
{
	uint64_t end = FIXTURE_START_USEC + length_usec;

	band(report, FIXTURE_START_USEC, end, name);
	hold(report, FIXTURE_START_USEC + USEC_PER_SEC / 10, end, 1000, 500);
	play(report, FIXTURE_START_USEC, end, 500, 6000);
	report->end_usec = end;
}

static void areas(struct report *report, bool is_long)
{
	static const char *const names[] = {"forehead", "periorbital", "cheek"};
	static const uint16_t limits_um[] = {750, 500, 1000};
	uint64_t at = FIXTURE_START_USEC;

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		uint64_t end = at + (i == 1 ? 2 : 9) * MINUTE;

		band(report, at, end, is_long ? LONG_WORDS : names[i]);
		hold(report, at + 2 * USEC_PER_SEC, end, limits_um[i],
		     (uint16_t)(limits_um[i] / 2));
		play(report, at, end, (uint16_t)(limits_um[i] / 2), 6000);
		at = end;
	}
	series_gap(report->series, at - 3 * MINUTE, at - 3 * MINUTE + 9 * USEC_PER_SEC);
	mark(report, at - 4 * MINUTE, REPORT_ALARM,
	     is_long ? LONG_WORDS LONG_WORDS LONG_WORDS : "pen VPEN0001 did not stop when told to");
	mark(report, at - 3 * MINUTE - 1, REPORT_FAULT, "overtemp");
	report->end_usec = at;
}

static void overdepth(struct report *report)
{
	uint64_t end = FIXTURE_START_USEC + 2400000;

	band(report, FIXTURE_START_USEC, end, "cheek");
	hold(report, FIXTURE_START_USEC + 300000, end, 1000, 800);
	for (uint64_t at = 0; at < 2100000; at += 1000)
		series_add(report->series, FIXTURE_START_USEC + at,
			   at < 500000 || at > 1750000 ? 0 : (uint16_t)(800 + (at - 500000) / 4000),
			   at < 400000 ? 0 : (uint16_t)MIN((at - 400000) / 30, 6000u));
	mark(report, FIXTURE_START_USEC + 1750000, REPORT_STOP,
	     "depth-limit: 1.11 mm, limit 1.00 mm + 0.10 mm");
	report->end_usec = end;
}

void report_case(struct report *report, enum report_case which)
{
	*report = (struct report){0};
	common(report, which == CASE_LONG_NAMES);
	switch (which) {
	case CASE_NORMAL:
		one_area(report, 2 * MINUTE, "cheek");
		break;
	case CASE_SHORT:
		overdepth(report);
		break;
	case CASE_LONG:
		one_area(report, 60 * MINUTE, "cheek");
		series_add(report->series, FIXTURE_START_USEC + 37 * MINUTE, FIXTURE_SPIKE_UM,
			   6000);
		break;
	case CASE_AREAS:
	case CASE_LONG_NAMES:
		areas(report, which == CASE_LONG_NAMES);
		break;
	case CASE_GAPS:
		report->end_usec += 10 * MINUTE;
		series_gap(report->series, FIXTURE_START_USEC + MINUTE,
			   FIXTURE_START_USEC + 4 * MINUTE);
		series_gap(report->series, FIXTURE_START_USEC + 8 * MINUTE,
			   FIXTURE_START_USEC + 8 * MINUTE);
		break;
	case CASE_MARKS:
		one_area(report, 10 * MINUTE, "neck");
		for (unsigned int i = 0; i < 90; i++)
			mark(report, FIXTURE_START_USEC + i * i * 70 * 1000ULL,
			     (enum report_mark_kind)(i % 3), "request");
		break;
	case CASE_EMPTY:
		break;
	case CASE_COUNT:
		fail_msg("%d is no case", which);
	}
	assert_false(report->failed); /* nothing was left out */
	assert_true(report->end_usec > report->start_usec || which == CASE_EMPTY);
}
