// SPDX-License-Identifier: GPL-2.0-only
/* docs/profiles.md tells of the shipped profiles: its tables and the files say the same, number by
 * number, and neither has more than the other. Runs in the top folder. */
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

#define DOCUMENT "docs/profiles.md"
#define SLOWEST_RPM 2400 /* "everywhere" */

static struct conf *conf;
static size_t n_profiles, n_pairs, n_areas; /* rows of the three tables */

static const struct conf_profile *profile_of(const char *name)
{
	const struct conf_profile *p = conf_profile(conf, name);

	if (!p)
		fail_msg(DOCUMENT ": there is no profile %s", name);
	return p;
}

static void check_profile(const char *name, const char *enabled, unsigned int run_min,
			  unsigned int session_min, const char *sessions, unsigned int from_days,
			  unsigned int to_days)
{
	const struct conf_profile *p = profile_of(name);
	char count[32];

	n_profiles++;
	snprintf(count, sizeof(count), p->sessions_min == p->sessions_max ? "%u" : "%u-%u",
		 p->sessions_min, p->sessions_max);
	assert_string_equal(count, sessions);
	assert_string_equal(enabled, p->enabled ? "yes" : "no");
	assert_int_equal(run_min * 60000, p->max_run_ms);
	assert_int_equal(session_min * 60000, p->max_session_ms);
	assert_int_equal(from_days, p->min_interval_days);
	assert_int_equal(to_days, p->max_interval_days);
}

static void check_pair(const char *name, const char *area_name, unsigned int depth_um,
		       unsigned int max_depth_um, unsigned int speed_rpm,
		       unsigned int max_speed_rpm)
{
	const struct conf_area *area = conf_profile_area(profile_of(name), area_name);

	n_pairs++;
	if (!area)
		fail_msg(DOCUMENT ": profile %s has no area %s", name, area_name);
	if (area->depth_um != depth_um || area->max_depth_um != max_depth_um ||
	    area->speed_rpm != speed_rpm || area->max_speed_rpm != max_speed_rpm ||
	    area->min_speed_rpm != SLOWEST_RPM || area->density_warning_per_cm2)
		fail_msg(DOCUMENT ": profile %s has other numbers for %s", name, area_name);
}

/* What the document has for an area is what its deepest profile has. */
static void check_area(const char *name, unsigned int default_um, unsigned int ceiling_um)
{
	unsigned int depth_um = 0, max_depth_um = 0;
	const struct conf_profile *p;

	/* in the order in which the daemon knows them, so that each is there once */
	assert_non_null(conf_area_known(n_areas));
	assert_string_equal(name, conf_area_known(n_areas));
	n_areas++;
	for (size_t n = 0; (p = conf_profile_at(conf, n)); n++) {
		const struct conf_area *area = conf_profile_area(p, name);

		depth_um = MAX(depth_um, area ? area->depth_um : 0u);
		max_depth_um = MAX(max_depth_um, area ? area->max_depth_um : 0u);
	}
	if (depth_um != default_um || max_depth_um != ceiling_um)
		fail_msg(DOCUMENT ": the profiles have %u and %u um for %s", depth_um, max_depth_um,
			 name);
}

/* A row of one of the tables; what is none of them has no name in backquotes first. */
static void check_line(const char *line)
{
	char name[65], second[65], enabled[4], sessions[16];
	unsigned int mm[2], hundredths[2], a, b, c, d;

	if (strncmp(line, "| `", 3))
		return;
	if (sscanf(line, "| `%64[^`]` | `%64[^`]` | %u.%2u | %u.%2u | %u | %u |", name, second,
		   &mm[0], &hundredths[0], &mm[1], &hundredths[1], &a, &b) == 8)
		check_pair(name, second, mm[0] * 1000 + hundredths[0] * 10,
			   mm[1] * 1000 + hundredths[1] * 10, a, b);
	else if (sscanf(line, "| `%64[^`]` | %u.%2u | %u.%2u |", name, &mm[0], &hundredths[0],
			&mm[1], &hundredths[1]) == 5)
		check_area(name, mm[0] * 1000 + hundredths[0] * 10,
			   mm[1] * 1000 + hundredths[1] * 10);
	else if (sscanf(line, "| `%64[^`]` | %3[a-z] | %u min | %u min | %15[0-9-] | %u | %u |",
			name, enabled, &a, &b, sessions, &c, &d) == 7)
		check_profile(name, enabled, a, b, sessions, c, d);
	else
		fail_msg(DOCUMENT ": not a row of its tables: %s", line);
}

static void test_tables(void **state)
{
	const struct conf_paths paths = {.config = "daemon/data/mnpend.conf",
					 .data_dir = "daemon/data"};
	_cleanup_fclose_ FILE *file = fopen(DOCUMENT, "re");
	struct conf_report report = {0};
	const struct conf_profile *p;
	_cleanup_free_ char *line = NULL;
	size_t size = 0, wanted = 0, n = 0;

	assert_non_null(file);
	assert_int_equal(conf_load(&conf, &paths, &report), 0);
	assert_int_equal(report.n_lines, 0);
	while (getline(&line, &size, file) > 0)
		check_line(line);
	for (; (p = conf_profile_at(conf, n)); n++)
		wanted += p->n_areas;
	assert_int_equal(n_profiles, n);
	assert_int_equal(n_pairs, wanted);
	assert_null(conf_area_known(n_areas));
	conf = conf_unref(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests_name("conf_document", tests, NULL, NULL);
}
