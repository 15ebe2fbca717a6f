// SPDX-License-Identifier: GPL-2.0-only
/* A ceiling of the kernel guard's is a limit like others, and its source is named. */
#include <errno.h>

#include "tests/unit/session_fixture.h"

static int set_up(void **state)
{
	*state = fixture_new("", "");
	return 0;
}

static int tear_down(void **state)
{
	fixture_free(*state);
	return 0;
}

static void on_looked(void *userdata)
{
}

static void give_ceilings(struct fixture *f, uint16_t depth_um, uint16_t speed_rpm)
{
	uint8_t buf[MNPEN_INFO_SIZE];

	f->host->host.ceilings = (struct host_ceilings){depth_um, speed_rpm};
	assert_int_equal(pen_look(f->pen->pen, on_looked, NULL), 0);
	mnpen_info_encode(buf, pen_info(f->pen->pen));
	fake_host_answer(f->host, 0, buf, sizeof(buf));
}

static void binds(void **state)
{
	struct fixture *f = *state;
	struct refusal refusal;
	struct limits limits;

	assert_int_equal(station_limits(f->pen, &limits, &refusal), 0);
	assert_int_not_equal(limits.depth_source, LIMIT_SOURCE_GUARD);
	give_ceilings(f, 600, 7000);
	assert_int_equal(station_limits(f->pen, &limits, &refusal), 0);
	assert_int_equal(limits.depth_um, 600);
	assert_int_equal(limits.depth_source, LIMIT_SOURCE_GUARD);
	assert_int_equal(limits.speed_max_rpm, 7000);
	assert_int_equal(limits.speed_max_source, LIMIT_SOURCE_GUARD);
}

/* The profile's area may go 0.7 mm deep and 6000 rpm fast. */
static void refuses_a_profile(void **state)
{
	static const struct {
		uint16_t depth_um, speed_rpm;
		const char *message;
	} rows[] = {
		{700, 6000, NULL},
		{699, 6000, "depth of 0.70 mm, above the limit of 0.699 mm set by the guard"},
		{700, 5999, "above the limit of 5999 rpm (100.0 Hz) set by the guard"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct conf_profile *profile = conf_profile(f->conf, "thin");
		struct refusal refusal = {0};

		give_ceilings(f, rows[i].depth_um, rows[i].speed_rpm);
		if (!rows[i].message) {
			assert_int_equal(profile_fits(f->pen, profile, &refusal), 0);
			continue;
		}
		assert_int_equal(profile_fits(f->pen, profile, &refusal), -EACCES);
		assert_int_equal(refusal.code, REFUSAL_LIMIT);
		if (!strstr(refusal.message, rows[i].message) ||
		    !strstr(refusal.message, "plug the pen in again"))
			fail_msg("%s", refusal.message);
	}
}

/* Lowered between the look at it and the ARM: the guard itself says no. */
static void refused_by_the_guard(void **state)
{
	const struct pen_result result = {.outcome = PEN_CEILING};
	struct refusal refusal;

	refuse_result(&refusal, "arm", &result);
	assert_int_equal(refusal.code, REFUSAL_LIMIT);
	assert_non_null(strstr(refusal.message, "depth_ceiling_um"));
	assert_non_null(strstr(refusal.message, "speed_ceiling_rpm in /sys/class/mnpen"));
}

#define SESSION_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(binds),
		SESSION_TEST(refuses_a_profile),
		cmocka_unit_test(refused_by_the_guard),
	};

	return cmocka_run_group_tests_name("session_ceiling", tests, NULL, NULL);
}
