// SPDX-License-Identifier: GPL-2.0-only
/* What the daemon says, into the live view. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/live.h"

/* A monitor of PEN-1 that knows something already. */
static struct live begin(void)
{
	struct live live = {.serial = "PEN-1",
			    .session_path = strdup("/org/mnpen1/sessions/S_2d1"),
			    .view = {.area = "cheek", .armed = true, .session = "S-1"}};

	assert_non_null(live.session_path);
	return live;
}

static json_object *parse(const char *text)
{
	json_object *object = json_tokener_parse(text);

	assert_non_null(object);
	return object;
}

static void test_pen(void **state)
{
	struct live live = begin();
	json_object *p = parse("{\"Profile\":\"bad\\u001b[2J\",\"Pedal\":\"held\","
			       "\"TargetDepthUm\":500,\"DisarmReason\":\"depth-limit\","
			       "\"Limits\":{\"depth_um\":1000,\"tolerance_um\":100,"
			       "\"speed_min_rpm\":2400,\"speed_max_rpm\":8000,"
			       "\"session_ms\":60000}}");

	live.view.target_speed_rpm = 6000;
	live_take_properties(&live, p);
	assert_string_equal(live.view.profile, "bad?[2J");
	assert_string_equal(live.view.pedal, "held");
	assert_string_equal(live.disarm_reason, "depth-limit");
	assert_int_equal(live.view.target_depth_um, 500);
	assert_int_equal(live.view.depth_limit_um, 1000);
	assert_int_equal(live.view.tolerance_um, 100);
	assert_int_equal(live.view.speed_min_rpm, 2400);
	assert_int_equal(live.view.speed_max_rpm, 8000);
	assert_int_equal(live.session_limit_ms, 60000);
	/* what is not said stays */
	assert_true(live.view.armed);
	assert_string_equal(live.view.area, "cheek");
	assert_string_equal(live.view.session, "S-1");
	assert_int_equal(live.view.target_speed_rpm, 6000);
	json_object_put(p);

	p = parse("{\"Armed\":false,\"Session\":\"/\",\"TargetDepthUm\":0}");
	live.view.have_run = live.view.have_session = true;
	live_take_properties(&live, p);
	assert_false(live.view.armed);
	assert_int_equal(live.view.target_depth_um, 0);
	assert_string_equal(live.view.session, "");
	assert_false(live.view.have_run || live.view.have_session);
	json_object_put(p);

	p = parse("{\"Session\":\"/org/mnpen1/sessions/S_2d2\"}");
	live_take_properties(&live, p);
	assert_string_equal(live.view.session, "S-2");
	json_object_put(p);
	free(live.session_path);
}

static void test_session_times(void **state)
{
	struct live live = begin();
	json_object *p = parse("{\"RunMs\":1000,\"RunLeftMs\":9000,\"SessionLeftMs\":59000}");

	live_take_session(&live, p);
	assert_true(live.view.have_run);
	assert_int_equal(live.view.run_used_ms, 1000);
	assert_int_equal(live.view.run_left_ms, 9000);
	assert_false(live.view.have_session); /* of what, is not known */
	live.session_limit_ms = 60000;
	live_take_session(&live, p);
	assert_true(live.view.have_session);
	assert_int_equal(live.view.session_used_ms, 1000);
	assert_int_equal(live.view.session_left_ms, 59000);
	/* the limit has just become a smaller one */
	live.session_limit_ms = 30000;
	live_take_session(&live, p);
	assert_int_equal(live.view.session_used_ms, 0);
	assert_int_equal(live.view.session_left_ms, 30000);
	json_object_put(p);
	free(live.session_path);
}

static void test_alarms_of_this_pen_and_of_none(void **state)
{
	struct live live = begin();
	json_object *p = parse("{\"StoreHealthy\":false,\"Alarms\":["
			       "{\"pen\":\"PEN-2\",\"text\":\"another\"},"
			       "{\"pen\":\"PEN-1\",\"text\":\"take it\\noff\\u001b\"},"
			       "{\"pen\":\"\",\"text\":\"the record\"}]}");

	live_take_manager(&live, p);
	assert_true(live.view.store_failing);
	assert_int_equal(live.view.n_alarms, 2);
	assert_string_equal(live.view.alarm, "take it\noff?");
	json_object_put(p);

	p = parse("{\"StoreHealthy\":true,\"Alarms\":[]}");
	live_take_manager(&live, p);
	assert_false(live.view.store_failing);
	assert_int_equal(live.view.n_alarms, 0);
	json_object_put(p);
	free(live.session_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pen),
		cmocka_unit_test(test_session_times),
		cmocka_unit_test(test_alarms_of_this_pen_and_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
