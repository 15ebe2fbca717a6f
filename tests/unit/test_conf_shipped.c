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
#include "daemon/policy/limits.h"
#include "driver/base/cleanup.h"
#include "tests/gadget/model/model.h"

#define CONFIG "daemon/data/mnpend.conf"
#define DEEPEST_UM 1500	      /* deeper no pen's labelling has been evaluated */
#define SLOWEST_RPM (40 * 60) /* slower drags needles by more than their diameter */

static const struct conf_paths paths = {
	.config = CONFIG, .config_required = true, .data_dir = "daemon/data"};

static struct conf *conf;

static int setup(void **state)
{
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
	if (!source || !strstr(source, "Needs a clinician's approval"))
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

	for (size_t n = 0; (p = conf_profile_at(conf, n)); n++) {
		check_source(p, p->source);
		assert_non_null(p->indication);
		assert_true(p->max_run_ms >= 15 * 60000 && p->max_run_ms <= 30 * 60000);
		assert_true(p->max_session_ms >= 30 * 60000 && p->max_session_ms <= 60 * 60000);
		assert_true(p->min_interval_days >= 28);
		assert_true(p->n_areas > 0);
		for (size_t i = 0; i < p->n_areas; i++)
			check_area(p, &p->areas[i]);
	}
}

/* Defaults and ceilings by the sources, which a slip in a file or in its document must not raise.
 */
static const struct {
	const char *area;
	uint16_t default_um, ceiling_um;
} ceilings[] = {
	{"periorbital", 250, 500}, {"forehead", 500, 750},  {"glabella", 500, 750},
	{"nose", 250, 500},	   {"cheek", 1000, 1500},   {"cheekbone", 500, 1000},
	{"chin-jaw", 1000, 1500},  {"upper-lip", 250, 500}, {"neck", 500, 1000},
	{"scalp", 500, 1500},
};

/* The index of an area that has a ceiling; fails the test for another one. */
static size_t ceiling_of(const char *area)
{
	for (size_t i = 0; i < ELEMENTSOF(ceilings); i++)
		if (!strcmp(ceilings[i].area, area))
			return i;
	fail_msg("'%s' is an area without a ceiling", area);
	return 0;
}

static void test_ceilings(void **state)
{
	bool seen[ELEMENTSOF(ceilings)] = {false};
	const struct conf_profile *p;
	size_t n = 0;

	for (; conf_area_known(n); n++)
		ceiling_of(conf_area_known(n));
	assert_int_equal(n, ELEMENTSOF(ceilings));
	for (n = 0; (p = conf_profile_at(conf, n)); n++) {
		for (size_t i = 0; i < p->n_areas; i++) {
			const struct conf_area *area = &p->areas[i];
			size_t c = ceiling_of(area->name);

			seen[c] = true;
			if (area->max_depth_um > ceilings[c].ceiling_um ||
			    area->depth_um > ceilings[c].default_um)
				fail_msg("%s: %s is too deep", p->path, area->name);
		}
	}
	for (size_t i = 0; i < ELEMENTSOF(ceilings); i++)
		if (!seen[i])
			fail_msg("no profile has the area '%s'", ceilings[i].area);
}

/* What has no sound source is not enabled, and its file says what it takes. */
static void test_enabled(void **state)
{
	static const struct {
		const char *name;
		bool enabled;
	} all[] = {
		{"acne-scars", true},	     {"fine-lines", true}, {"hyperpigmentation", true},
		{"melasma", false},	     {"pores", true},	   {"surgical-scars", false},
		{"texture-and-tone", false},
	};

	for (size_t i = 0; i < ELEMENTSOF(all); i++) {
		const struct conf_profile *p = conf_profile_at(conf, i);
		_cleanup_free_ char *text = NULL;
		char copy[128];
		size_t len;

		assert_non_null(p);
		assert_string_equal(p->name, all[i].name);
		assert_int_equal(p->enabled, all[i].enabled);
		assert_int_equal(conf_file_read(p->path, &text, &len), 0);
		text[len] = '\0';
		snprintf(copy, sizeof(copy), "/etc/mnpen/profiles.d/%s.conf", p->name);
		assert_non_null(strstr(text, copy));
		assert_non_null(strstr(text, p->enabled ? "\n# PROPOSAL: " : "\n# NOT ENABLED: "));
	}
	assert_null(conf_profile_at(conf, ELEMENTSOF(all)));
}

/* Delivery of products is no use that anybody has cleared. */
static void test_no_delivery(void **state)
{
	static const char *const words[] = {"deliver", "serum",	  "product", "absor",
					    "plasma",  "vitamin", "PRP",     "drug"};
	const struct conf_profile *p;

	for (size_t n = 0; (p = conf_profile_at(conf, n)); n++)
		for (size_t i = 0; i < ELEMENTSOF(words); i++)
			if (strcasestr(p->title, words[i]) || strcasestr(p->indication, words[i]))
				fail_msg("%s offers '%s'", p->path, words[i]);
}

/* Every profile can be chosen with the virtual pen on a station as it is shipped, and every area
 * begun with what it proposes. */
static void check_fit(const struct model *model, const struct conf_profile *p,
		      const struct conf_area *area)
{
	const struct conf_station *station = conf_station(conf);
	struct limit_input in[LIMIT_SOURCES] = {
		[LIMIT_SOURCE_PEN] = {.depth_um = model->info.depth_max_um,
				      .tolerance_um = model->info.depth_tolerance_um,
				      .speed_min_rpm = model->info.speed_min_rpm,
				      .speed_max_rpm = model->info.speed_max_rpm},
		[LIMIT_SOURCE_STATION] = {.depth_um = station->max_depth_um,
					  .tolerance_um = station->max_tolerance_um,
					  .speed_max_rpm = station->max_speed_rpm,
					  .run_ms = station->max_run_ms,
					  .session_ms = station->max_session_ms},
		[LIMIT_SOURCE_PROFILE] = {.run_ms = p->max_run_ms, .session_ms = p->max_session_ms},
		[LIMIT_SOURCE_AREA] = {.depth_um = area->max_depth_um,
				       .speed_min_rpm = area->min_speed_rpm,
				       .speed_max_rpm = area->max_speed_rpm},
	};
	struct limits_refusal why = {0};
	struct limits limits = {0};

	if (limits_combine(&limits, in, model->info.depth_min_um, &why) != LIMITS_OK)
		fail_msg("%s: %s: %u is too much for the %s (%u)", p->path, area->name, why.value,
			 limit_source_name(why.source), why.limit);
	assert_int_equal(limits.depth_um, area->max_depth_um);
	assert_int_equal(limits.speed_max_rpm, area->max_speed_rpm);
	assert_int_equal(limits.run_ms, p->max_run_ms);
	if (target_check(&limits, model->info.depth_min_um, model->info.depth_step_um,
			 area->depth_um, area->speed_rpm, &why) != TARGET_OK)
		fail_msg("%s: %s cannot begin as proposed", p->path, area->name);
}

static void test_fit(void **state)
{
	static struct model model;
	const struct conf_profile *p;

	model_init(&model, 1, 20000);
	for (size_t n = 0; (p = conf_profile_at(conf, n)); n++)
		for (size_t i = 0; i < p->n_areas; i++)
			check_fit(&model, p, &p->areas[i]);
}

/* The same bytes have the same digest, others another one. */
static void test_digests(void **state)
{
	const struct conf_profile *p;
	struct conf *again = NULL;

	assert_int_equal(conf_load(&again, &paths, &(struct conf_report){0}), 0);
	for (size_t n = 0; (p = conf_profile_at(conf, n)); n++) {
		assert_memory_equal(p->digest, conf_profile(again, p->name)->digest,
				    CONF_DIGEST_SIZE);
		for (size_t k = 0; k < n; k++)
			assert_memory_not_equal(p->digest, conf_profile_at(conf, k)->digest,
						CONF_DIGEST_SIZE);
	}
	conf_unref(again);
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
		cmocka_unit_test(test_ceilings),
		cmocka_unit_test(test_enabled),
		cmocka_unit_test(test_no_delivery),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_station_example),
	};

	return cmocka_run_group_tests_name("conf_shipped", tests, setup, teardown);
}
