// SPDX-License-Identifier: GPL-2.0-only
/* What the rows of the live view's panel say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/columns.h"
#include "driver/base/cleanup.h"
#include "tests/unit/live_fixture.h"

static void test_marks(void **state)
{
	static const struct {
		uint32_t depth_um, speed_rpm;
		const char *depth, *speed; /* beside the limit */
		enum live_style depth_style, speed_style;
	} cases[] = {
		{1000, 7000, "|] limit 1.00 +0.10 mm", "|#####] 3000", LIVE_STRONG, LIVE_STRONG},
		{1001, 7001, "|! limit 1.00 +0.10 mm", "|#####! 3000", LIVE_STRONG, LIVE_STRONG},
		{1100, 7350, "|! limit 1.00", "|#####! 3000", LIVE_STRONG, LIVE_STRONG},
		{1101, 7351, "|! OVER limit 1.00", "|#####! OVER 3000", LIVE_ALERT, LIVE_ALERT},
		{0, 3000, "|] limit 1.00", "] 3000", LIVE_STRONG, LIVE_STRONG},
		{0, 2999, "|] limit 1.00", "] LOW 3000", LIVE_STRONG, LIVE_STRONG},
	};
	struct live_view view = running();

	view.target_depth_um = 1000; /* at the limit, as it often is */
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct live_row depth = {0}, speed = {0};

		view.row.sample.depth_um = (uint16_t)cases[i].depth_um;
		view.row.sample.speed_rpm = (uint16_t)cases[i].speed_rpm;
		live_row_depth(&view, 90, false, &depth);
		live_row_speed(&view, 90, false, &speed);
		assert_shows(depth.text, cases[i].depth);
		assert_shows(speed.text, cases[i].speed);
		assert_int_equal(depth.style, cases[i].depth_style);
		assert_int_equal(speed.style, cases[i].speed_style);
	}
}

/* Of a hundred strokes a second ten are drawn. */
static void test_the_deepest_stroke_is_shown(void **state)
{
	struct live_view view = running();

	view.peak_um = 1150;
	assert_shows(show(&view, 80, 24, false), "1.15 mm");
	assert_shows(show(&view, 80, 24, false), "OVER");
	view.row.sample.state = MNPEN_STATE_ARMED;
	view.row.sample.depth_um = 0;
	assert_shows(show(&view, 80, 24, false), "0.00 mm");
	assert_not_shows(show(&view, 80, 24, false), "OVER");
}

/* A press from before arming does nothing until it is released: the hand has to be told. */
static void test_a_trigger_pressed_too_early(void **state)
{
	struct live_view view = running();

	assert_not_shows(show(&view, 80, 24, false), "PRESSED:");
	view.row.sample.state = MNPEN_STATE_ARMED;
	assert_shows(show(&view, 80, 24, false), "trigger PRESSED: release it first");
	assert_shows(show(&view, LIVE_MEDIUM, 12, false), "trigger PRESSED: let go\n");
	view.row.sample.flags = (uint8_t)(view.row.sample.flags & ~MNPEN_FLAG_TRIGGER);
	assert_shows(show(&view, 80, 24, false), "trigger released");
}

static void test_state_words(void **state)
{
	static const struct {
		unsigned int state;
		bool armed;
		const char *says;
	} cases[] = {
		{MNPEN_STATE_IDLE, false, " IDLE, not armed "},
		{MNPEN_STATE_IDLE, true, " IDLE, ARMED "},
		{MNPEN_STATE_ARMED, true, " ARMED   "},
		{MNPEN_STATE_ARMED, false, " ARMED, but not by mnpend "},
		{MNPEN_STATE_RUNNING, true, " RUNNING   "},
		{MNPEN_STATE_FAULT, false, " FAULT, not armed "},
	};
	struct live_view view = running();

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		view.row.sample.state = (uint8_t)cases[i].state;
		view.armed = cases[i].armed;
		assert_shows(show(&view, 80, 24, false), cases[i].says);
	}
}

static void test_hints(void **state)
{
	struct live_view view = running();

	assert_shows(show(&view, 80, 24, false), "q: disarm and leave");
	view.ours = false;
	assert_shows(show(&view, 80, 24, false), "q: leave, and the pen as it is");
	view.keys = false;
	assert_shows(show(&view, 80, 24, false), "Ctrl-C: leave");
	assert_not_shows(show(&view, 80, 24, false), "SPACE");
}

/* The worst first; one that does not fit is counted. */
static void test_warnings(void **state)
{
	struct live_view view = running();

	view.store_failing = true;
	view.n_alarms = 1;
	snprintf(view.alarm, sizeof(view.alarm), "remove the pen from the skin");
	assert_shows(show(&view, 80, 24, false), " ALARM: remove the pen from the skin\n"
						 " THE RECORD CANNOT BE KEPT: no pen runs\n");
	assert_shows(show(&view, 40, 5, false), " (+1) ALARM: remove");
	snprintf(view.urgent, sizeof(view.urgent), "STOP NOT CONFIRMED");
	assert_shows(show(&view, 40, 5, false), " (+2) STOP NOT CONFIRMED\n");
}

static void test_cut(void **state)
{
	static const struct {
		const char *text;
		unsigned int width;
		const char *cut;
	} cases[] = {
		{"abc", 3, "abc"},
		{"abcd", 3, "ab~"},
		{"abcd", 1, "~"},
		{"abcd", 0, ""},
		{"", 0, ""},
		{"a\033[1m", 9, "a?[1m"},
		{"\xe8\x84\xb8x", 3, "\xe8\x84\xb8x"}, /* two columns */
		{"\xe8\x84\xb8xy", 3, "\xe8\x84\xb8~"},
		{"\xe8\x84\xb8\xe8\x84\xb8", 3, "\xe8\x84\xb8~"},
		{"\xe8\x84\xb8", 1, "~"},
		{"\xff\xe8\x84", 9, "???"},
		{"e\xcc\x81x", 2, "e\xcc\x81x"}, /* an accent of its own */
	};

	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		char text[32];

		snprintf(text, sizeof(text), "%s", cases[i].text);
		assert_string_equal(columns_cut(text, cases[i].width), cases[i].cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PANEL_TEST(test_marks),
		PANEL_TEST(test_the_deepest_stroke_is_shown),
		PANEL_TEST(test_a_trigger_pressed_too_early),
		PANEL_TEST(test_state_words),
		PANEL_TEST(test_hints),
		PANEL_TEST(test_warnings),
		PANEL_TEST(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
