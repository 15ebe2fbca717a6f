// SPDX-License-Identifier: GPL-2.0-only
/* The live view's panel at every size of a terminal. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/columns.h"
#include "cli/text.h"
#include "driver/base/cleanup.h"
#include "tests/unit/live_fixture.h"

/* A day on which everything goes wrong, with the longest words. */
static struct live_view troubled(void)
{
	struct live_view view = running();

	view.row.sample.state = MNPEN_STATE_FAULT;
	view.row.sample.faults = 0xffff;
	view.row.sample.depth_um = UINT16_MAX;
	view.row.sample.speed_rpm = UINT16_MAX;
	view.row.sample.strokes = UINT32_MAX;
	view.row.sample.motor_temp_dc = -400;
	view.speed_max_rpm = 12000;
	view.run_left_ms = 0;
	view.run_used_ms = 360000000;
	view.store_failing = true;
	view.lost = 123456789;
	view.n_alarms = 12;
	view.serial = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
	memset(view.profile, 'p', sizeof(view.profile) - 1);
	memset(view.area, 'a', sizeof(view.area) - 1);
	memset(view.alarm, 'x', sizeof(view.alarm) - 1);
	snprintf(view.urgent, sizeof(view.urgent), "STOP NOT CONFIRMED: %s", "take it off");
	for (unsigned int i = 0; i < 2 * LIVE_EVENTS_KEPT; i++)
		live_view_add(
			&view, "23:59:59",
			"disarmed: reason depth-limit, depth 1.20 mm, \xe8\x84\xb8 \xff\033[2J, "
			"and much more that nobody can read in a tenth of a second");
	return view;
}

static struct live_view stale(void)
{
	struct live_view view = running();

	view.fresh = false;
	view.age_ms = 1234;
	return view;
}

static struct live_view unreadable(void)
{
	struct live_view view = running();

	view.row.readable = false;
	return view;
}

static struct live_view nothing(void)
{
	return (struct live_view){.serial = "PEN-1"};
}

static struct live_view beyond(void)
{
	struct live_view view = running();

	view.row.sample.depth_um = 1101;
	view.row.sample.speed_rpm = 7351;
	return view;
}

static struct live_view (*const views[])(void) = {running,    troubled, stale,
						  unreadable, nothing,	beyond};

static void check_row(const struct live_row *row, unsigned int width)
{
	if (columns_of(row->text) > width)
		fail_msg("wider than %u columns: %s", width, row->text);
	if (!text_valid(row->text, strlen(row->text)))
		fail_msg("half a character: %s", row->text);
	for (const char *c = row->text; *c; c++)
		assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void check_sizes(bool blocks)
{
	for (size_t v = 0; v < ELEMENTSOF(views); v++) {
		struct live_view view = views[v]();

		for (unsigned int width = 1; width <= 250; width++) {
			for (unsigned int height = 1; height <= 60; height++) {
				live_panel_fill(&panel, &view, width, height, blocks);
				assert_true(panel.n_rows <= height);
				for (unsigned int i = 0; i < panel.n_rows; i++)
					check_row(&panel.rows[i], width);
			}
		}
	}
}

static void test_no_row_too_wide_none_too_many(void **state)
{
	check_sizes(false);
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	check_sizes(true);
}

/* Larger than a terminal ever is: rows and columns have an end. */
static void test_huge(void **state)
{
	struct live_view view = running();

	live_panel_fill(&panel, &view, 60000, 60000, false);
	assert_true(panel.n_rows <= LIVE_PANEL_ROWS);
	assert_int_equal(panel.width, LIVE_PANEL_WIDTH);
}

/* What is promised in live_panel.h. */
static void test_from_20_by_5_on_nothing_is_missing_that_matters(void **state)
{
	struct live_view over = beyond(), ill = troubled(), old = stale(), well = running();

	for (unsigned int width = 20; width <= 250; width++) {
		for (unsigned int height = 5; height <= 60; height++) {
			const char *all = show(&well, width, height, false);

			assert_shows(all, "RUNNING");
			assert_shows(all, "0.50");
			assert_shows(all, "1.00");
			assert_shows(all, "6010");
			assert_shows(all, "7000");
			assert_shows(all, "[#");
			assert_shows(all, "1:01");
			assert_shows(all, "15:00");
			assert_shows(all, "STOP");
			assert_shows(all, "leave");
			assert_shows(all, width < LIVE_MEDIUM ? "trigger ON" : "trigger PRESSED");
			all = show(&over, width, height, false);
			assert_shows(all, "OVER");
			assert_shows(all, "1.11"); /* never rounded down to what is allowed */
			assert_shows(strstr(all, "OVER") + 1, "OVER");
			all = show(&ill, width, height, false);
			assert_shows(all, "FAULT");
			assert_shows(all, "STOP NOT CON");
			assert_shows(all, "SPACE");
			all = show(&old, width, height, false);
			assert_shows(all, "STALE");
			assert_shows(all, "1.2 s");
			assert_shows(all, "ARMED");
		}
	}
}

static void test_from_40_by_12_on(void **state)
{
	struct live_view view = running();

	for (unsigned int width = 40; width <= 250; width++) {
		for (unsigned int height = 12; height <= 60; height++) {
			const char *all = show(&view, width, height, false);

			assert_shows(all, "PEN-1");
			assert_shows(all, "fine-lines / cheek");
			assert_shows(all, "3000");
			assert_shows(all, " Session ");
			assert_shows(all, "12:34");
			assert_shows(all, "60:00");
			assert_shows(all, "Strokes 120");
			assert_shows(all, "31.2 C");
			assert_shows(all, "Battery 87 %");
			assert_shows(all, "Target 0.50 mm, 6000 rpm");
			assert_shows(all, "12:31:09  running: target depth");
			assert_shows(all, "12:31:07  armed");
		}
	}
}

static void test_screens(void **state)
{
	struct live_view view = running();

	assert_string_equal(show(&view, 20, 5, false), "RUNNING trigger ON\n"
						       "0.50/1.00mm [###|..]\n"
						       "6010/3000-7000rpm\n"
						       "run 1:01/15:00\n"
						       "SPACE:STOP q:leave\n");
	assert_string_equal(show(&view, 40, 12, false), " PEN-1  fine-lines / cheek  S-1\n"
							" RUNNING  trigger PRESSED\n"
							" Depth    0.50 mm  [####|...] 1.00\n"
							" Speed    6010 rpm [######|.] 3000-7000\n"
							" Run      1:01     [........] 15:00\n"
							" Session 12:34     [#.......] 60:00\n"
							" Target 0.50 mm, 6000 rpm   Strokes 120\n"
							" Motor 31.2 C   Battery 87 %\n"
							" 12:31:09  running: target depth 0.50 mm\n"
							" 12:31:07  armed: limit 1.00 mm\n"
							"\n"
							" SPACE/ENTER: STOP   q: leave\n");
}

static void test_blocks_only_where_there_are_some(void **state)
{
	struct live_view view = running();

	for (const char *c = show(&view, 80, 24, false); *c; c++)
		assert_true((unsigned char)*c < 0x80);
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	assert_shows(show(&view, 80, 24, true), "[███████████████│············");
}

/* Old numbers look like new ones. */
static void test_no_stale_value(void **state)
{
	struct live_view (*const blind[])(void) = {stale, unreadable, nothing};

	for (size_t i = 0; i < ELEMENTSOF(blind); i++) {
		struct live_view view = blind[i]();

		for (unsigned int width = 1; width <= 250; width++) {
			for (unsigned int height = 1; height <= 60; height++) {
				const char *all = show(&view, width, height, false);

				assert_not_shows(all, "6010");
				assert_not_shows(all, "0.50/");
				assert_not_shows(all, "0.50 mm  [");
				assert_not_shows(all, "RUNNING");
				assert_not_shows(all, "PRESSED");
				assert_not_shows(all, "Battery");
			}
		}
	}
}

/* Nothing moves when the first event or warning comes. */
static void test_rows_stay_where_they_are(void **state)
{
	struct live_view view = running(), quiet = running();
	struct live_panel one;

	quiet.n_events = 0;
	view.store_failing = true;
	live_panel_fill(&one, &view, 80, 24, false);
	live_panel_fill(&panel, &quiet, 80, 24, false);
	assert_int_equal(one.n_rows, panel.n_rows);
	for (unsigned int i = 0; i < one.n_rows; i++)
		if (strncmp(one.rows[i].text, " Depth", 6) == 0 ||
		    strncmp(one.rows[i].text, " SPACE", 6) == 0)
			assert_string_equal(one.rows[i].text, panel.rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PANEL_TEST(test_no_row_too_wide_none_too_many),
		PANEL_TEST(test_huge),
		PANEL_TEST(test_from_20_by_5_on_nothing_is_missing_that_matters),
		PANEL_TEST(test_from_40_by_12_on),
		PANEL_TEST(test_screens),
		PANEL_TEST(test_blocks_only_where_there_are_some),
		PANEL_TEST(test_no_stale_value),
		PANEL_TEST(test_rows_stay_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
