// SPDX-License-Identifier: GPL-2.0-only
/*
 * A profile's text. Whatever passes without an error must be a profile that limits something: a
 * limit that was half read, doubled, or is out of any reason must be an error instead.
 */
#include <string.h>

#include "tests/fuzz/conf_text.h"
#include "tests/fuzz/fuzz.h"

static void check_area(const struct conf_area *area)
{
	CHECK(conf_name_valid(area->name), "area %s", area->name);
	CHECK(area->max_depth_um >= 50 && area->max_depth_um <= 3000, "%s: %u um", area->name,
	      area->max_depth_um);
	CHECK(area->depth_um <= area->max_depth_um, "%s: %u um of %u", area->name, area->depth_um,
	      area->max_depth_um);
	CHECK(area->max_speed_rpm >= 300 && area->max_speed_rpm <= 15000, "%s: %u rpm", area->name,
	      area->max_speed_rpm);
	CHECK(area->min_speed_rpm <= area->max_speed_rpm, "%s: from %u rpm", area->name,
	      area->min_speed_rpm);
	if (area->speed_rpm)
		CHECK(area->speed_rpm >= area->min_speed_rpm &&
			      area->speed_rpm <= area->max_speed_rpm,
		      "%s: %u rpm", area->name, area->speed_rpm);
	conf_text_plain(area->source);
}

static void check_profile(const struct conf_profile *profile)
{
	CHECK(profile->title && *profile->title, "a profile without a title");
	CHECK(!profile->enabled || profile->n_areas > 0, "a profile without an area");
	CHECK(profile->n_areas <= CONF_AREAS_MAX, "%zu areas", profile->n_areas);
	CHECK(profile->max_run_ms <= 4 * 3600000u, "%u ms", profile->max_run_ms);
	CHECK(profile->max_session_ms <= 12 * 3600000u, "%u ms", profile->max_session_ms);
	CHECK(profile->sessions_min <= profile->sessions_max, "%u sessions", profile->sessions_min);
	conf_text_plain(profile->title);
	conf_text_plain(profile->indication);
	conf_text_plain(profile->source);
	conf_text_plain(profile->screening);
	for (size_t i = 0; i < profile->n_areas; i++) {
		check_area(&profile->areas[i]);
		for (size_t j = 0; j < i; j++)
			CHECK(strcmp(profile->areas[i].name, profile->areas[j].name) != 0,
			      "area %s twice", profile->areas[i].name);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_report report = {0}, checked = {0};
	struct conf_profile *profile = NULL;
	const char *text = size ? (const char *)data : "";
	int r = conf_profile_parse(&profile, "fuzz", "fuzz.conf", text, size, &report);

	conf_text_check(&report, r);
	if (r == 0)
		check_profile(profile);
	/* What ValidateProfile() says is what loading it says. */
	CHECK(conf_check_profile("fuzz.conf", text, size, &checked) == r, "judged differently");
	conf_profile_free(profile);
	conf_report_free(&report);
	conf_report_free(&checked);
	return 0;
}
