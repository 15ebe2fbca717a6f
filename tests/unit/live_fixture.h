/* SPDX-License-Identifier: GPL-2.0-only */
/* A pen that runs, as the live view knows it, and its panel as text. */
#ifndef MNPEN_TEST_LIVE_FIXTURE_H
#define MNPEN_TEST_LIVE_FIXTURE_H

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/live_panel.h"
#include "cli/live_rows.h"

#define ALL_SIZE (LIVE_PANEL_ROWS * LIVE_ROW_SIZE)

static struct live_panel panel;

static inline struct live_view running(void)
{
	struct live_view view = {.serial = "PEN-1",
				 .have_row = true,
				 .fresh = true,
				 .armed = true,
				 .ours = true,
				 .keys = true,
				 .depth_limit_um = 1000,
				 .tolerance_um = 100,
				 .speed_min_rpm = 3000,
				 .speed_max_rpm = 7000,
				 .target_depth_um = 500,
				 .target_speed_rpm = 6000,
				 .have_run = true,
				 .run_used_ms = 61000,
				 .run_left_ms = 839000,
				 .have_session = true,
				 .session_used_ms = 754000,
				 .session_left_ms = 2846000,
				 .profile = "fine-lines",
				 .area = "cheek",
				 .session = "S-1",
				 .pedal = "none"};

	view.row.readable = true;
	view.row.sample = (struct mnpen_sample){.state = MNPEN_STATE_RUNNING,
						.flags = MNPEN_FLAG_TRIGGER,
						.depth_um = 500,
						.speed_rpm = 6010,
						.strokes = 120,
						.motor_temp_dc = 312,
						.battery_pct = 87};
	live_view_add(&view, "12:31:07", "armed: limit 1.00 mm");
	live_view_add(&view, "12:31:09", "running: target depth 0.50 mm");
	return view;
}

/* The rows, one below the other. */
static inline const char *show(const struct live_view *view, unsigned int width,
			       unsigned int height, bool blocks)
{
	static char all[ALL_SIZE];
	size_t used = 0;

	live_panel_fill(&panel, view, width, height, blocks);
	all[0] = '\0';
	for (unsigned int i = 0; i < panel.n_rows; i++)
		used += (size_t)snprintf(all + used, sizeof(all) - used, "%s\n",
					 panel.rows[i].text);
	return all;
}

static inline void assert_shows(const char *all, const char *part)
{
	if (!strstr(all, part))
		fail_msg("\"%s\" is not in\n%s", part, all);
}

static inline void assert_not_shows(const char *all, const char *part)
{
	if (strstr(all, part))
		fail_msg("\"%s\" is in\n%s", part, all);
}

static inline int plain_locale(void **state)
{
	return setlocale(LC_CTYPE, "C") ? 0 : -1;
}

#define PANEL_TEST(function) cmocka_unit_test_setup(function, plain_locale)

#endif
