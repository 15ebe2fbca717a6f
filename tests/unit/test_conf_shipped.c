// SPDX-License-Identifier: GPL-2.0-only
/* What the project ships: every profile is good, sourced and careful; mnpend.conf tells the truth.
 * Runs in the top folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/conf/conf.h"
#include "daemon/conf/parts.h"
#include "driver/base/cleanup.h"

#define CONFIG "daemon/data/mnpend.conf"
#define DEEPEST_UM 1500	      /* deeper no pen's labelling has been evaluated */
#define SLOWEST_RPM (40 * 60) /* slower drags needles by more than their diameter */

static struct conf *conf;

static int setup(void **state)
{
	const struct conf_paths paths = {
		.config = CONFIG, .config_required = true, .data_dir = "daemon/data"};
	struct conf_report report = {0};
	int r = conf_load(&conf, &paths, &report);

	for (size_t i = 0; i < report.n_lines; i++)
		print_error("%s\n", report.lines[i]);
	r = r < 0 || report.n_lines ? -1 : 0;
	conf_report_free(&report);
	return r;
}

static int teardown(void **state)
{
	conf = conf_unref(conf);
	return 0;
}

static void check_source(const struct conf_profile *profile, const char *source)
{
	if (!source || !strstr(source, "eeds a clinician's approval"))
		fail_msg("%s: a Source that says whose approval is missing", profile->path);
}

static void check_area(const struct conf_profile *profile, const struct conf_area *area)
{
	check_source(profile, area->source);
	if (!area->depth_um || area->depth_um > area->max_depth_um ||
	    area->max_depth_um > DEEPEST_UM)
		fail_msg("%s: depths of %s", profile->path, area->name);
	if (area->min_speed_rpm < SLOWEST_RPM || area->speed_rpm < area->min_speed_rpm ||
	    area->speed_rpm > area->max_speed_rpm ||
	    area->max_speed_rpm > conf_station(conf)->max_speed_rpm)
		fail_msg("%s: speeds of %s", profile->path, area->name);
}

static void test_profiles(void **state)
{
	const struct conf_profile *p;
	size_t n = 0;

	for (; (p = conf_profile_at(conf, n)); n++) {
		check_source(p, p->source);
		assert_non_null(p->indication);
		assert_true(p->max_run_ms >= 15 * 60000 && p->max_run_ms <= 30 * 60000);
		assert_true(p->max_session_ms >= 30 * 60000 && p->max_session_ms <= 60 * 60000);
		assert_true(p->min_interval_days >= 28);
		assert_true(p->n_areas > 0);
		for (size_t i = 0; i < p->n_areas; i++)
			check_area(p, &p->areas[i]);
	}
	assert_true(n >= 3);
}

/* The ceilings of domain knowledge that a slip in a file must not raise. */
static void test_thin_skin(void **state)
{
	static const struct {
		const char *area;
		uint16_t ceiling_um;
	} thin[] = {{"periorbital", 500}, {"nose", 500},     {"upper-lip", 500},
		    {"forehead", 750},	  {"glabella", 750}, {"cheekbone", 1000},
		    {"neck", 1000}};
	const struct conf_profile *p;
	size_t found = 0;

	for (size_t n = 0; (p = conf_profile_at(conf, n)); n++) {
		for (size_t i = 0; i < ELEMENTSOF(thin); i++) {
			const struct conf_area *area = conf_profile_area(p, thin[i].area);

			found += area != NULL;
			if (area && area->max_depth_um > thin[i].ceiling_um)
				fail_msg("%s: %s is too deep", p->path, area->name);
		}
	}
	assert_true(found >= ELEMENTSOF(thin));
}

/* "#Key = value" → "Key = value" */
static char *uncomment(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	for (char *line = copy; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (line[0] == '#' && line[1] >= 'A' && line[1] <= 'Z')
			memmove(line, line + 1, strlen(line));
	}
	return copy;
}

/* Each key stands there, with its default: without comments the file changes nothing. */
static void test_station_example(void **state)
{
	static const char *const keys[] = {"MaxDepth",	     "MaxSpeed",       "MaxRunTime",
					   "MaxSessionTime", "MaxSampleAge",   "MaxTolerance",
					   "ArmTimeout",     "Lease",	       "StreamPeriod",
					   "Pedal",	     "KeepSamples",    "Quota",
					   "AllowSerials",   "AllowRemotePens"};
	struct conf_station station = {0};
	struct conf_station defaults;
	struct conf_report report = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_free_ char *live = NULL;
	size_t len;

	assert_int_equal(conf_file_read(CONFIG, &text, &len), 0);
	text[len] = '\0';
	live = uncomment(text);
	for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
		char start[64];

		snprintf(start, sizeof(start), "\n%s = ", keys[i]);
		if (!strstr(live, start))
			fail_msg("%s is not in %s", keys[i], CONFIG);
	}
	conf_station_defaults(&station);
	memcpy(&defaults, &station, sizeof(defaults));
	assert_int_equal(conf_station_parse(&station, CONFIG, live, strlen(live), &report), 0);
	assert_memory_equal(&station, &defaults, sizeof(station));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_thin_skin),
		cmocka_unit_test(test_station_example),
	};

	return cmocka_run_group_tests_name("conf_shipped", tests, setup, teardown);
}
