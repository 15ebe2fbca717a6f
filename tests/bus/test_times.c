// SPDX-License-Identifier: GPL-2.0-only
/* Time that runs out, and settings that change under a running pen. */
#include "tests/bus/harness.h"

#include <string.h>

#include "driver/base/clock.h"

#define STEP_MS 5000

static const char shallow[] = "[Profile]\nTitle = Shallow\nSource = tests\n"
			      "[Area face]\nMaxDepth = 0.5mm\nMaxSpeed = 8000rpm\n";

static void test_arm_timeout(void **state)
{
	struct rig *rig =
		rig_start(state, &(struct rig_options){.station = "ArmTimeout = 500ms\n"});
	uint64_t armed_usec;

	rig_begin(rig);
	armed_usec = now_usec();
	rig_arm(rig);
	rig_await_value(rig, "Armed", 0, STEP_MS);
	assert_true(now_usec() - armed_usec >= 450 * USEC_PER_MSEC);
	assert_string_equal(rig_truth(rig).stop_reason, "host");
	rig_await_word(rig, "DisarmReason", "arm-timeout", STEP_MS);

	/* Work sets it back: armed and released again and again it stays armed. */
	rig_arm(rig);
	for (int i = 0; i < 3; i++) {
		rig_run(rig);
		gadget_do(rig->control_fd, "trigger release");
		sleep_ms(200);
		assert_string_equal(rig_truth(rig).state, "armed");
	}
	rig_stop(rig);
}

/* The allowance is the session's: what the first ARM used the second does not get. */
static void test_run_allowance(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.station = "MaxRunTime = 2s\n"});
	struct truth first, second;

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	sleep_ms(1000);
	assert_done(rig, pen_call(rig, "Stop", ""));
	first = rig_truth(rig);
	rig_rearm(rig);
	second = rig_await_motor(rig, false, STEP_MS);
	assert_in_range(first.run_ms + second.run_ms, 1950, 2050);
	rig_await_word(rig, "State", "idle", STEP_MS);
	if (strcmp(second.stop_reason, "run-limit") != 0) {
		assert_string_equal(second.stop_reason, "host");
		assert_string_equal(pen_word(rig, "DisarmReason"), "run-limit");
	}
	gadget_do(rig->control_fd, "trigger release");
	sleep_ms(300);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Limit");
	assert_says(rig, "run time");
	assert_in_range(client_number(rig->client, rig->session, API_SESSION, "RunMs"), 1950, 2050);
	assert_int_equal(client_number(rig->client, rig->session, API_SESSION, "RunLeftMs") > 50,
			 0);
	rig_stop(rig);
}

/* A pen that forgets its own run limit is stopped by the daemon's count. */
static void test_run_limit_ignored(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.station = "MaxRunTime = 1s\n"});
	struct truth truth;

	gadget_do(rig->control_fd, "ignore limits on");
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	truth = rig_await_motor(rig, false, STEP_MS);
	assert_string_equal(truth.stop_reason, "host");
	assert_in_range(truth.run_ms, 1000, 1200);
	rig_await_word(rig, "DisarmReason", "run-limit", STEP_MS);
	rig_stop(rig);
}

static void test_session_time(void **state)
{
	struct rig *rig =
		rig_start(state, &(struct rig_options){.station = "MaxSessionTime = 2s\n"});
	struct truth truth;
	uint64_t begun_usec;

	rig_begin(rig);
	begun_usec = now_usec();
	rig_arm(rig);
	rig_run(rig);
	truth = rig_await_motor(rig, false, STEP_MS);
	assert_in_range(now_usec() - begun_usec, 1900 * USEC_PER_MSEC,
			2300 * USEC_PER_MSEC * (unsigned int)time_scale());
	assert_string_equal(truth.stop_reason, "host");
	rig_await_word(rig, "DisarmReason", "session-limit", STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	sleep_ms(300);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Limit");
	assert_says(rig, "session");
	assert_done(rig, session_call(rig, "End", "s", ""));
	rig_stop(rig);
}

static void assert_stopped_by_settings(struct rig *rig)
{
	struct truth truth = rig_await_motor(rig, false, STEP_MS);

	assert_string_equal(truth.state, "idle");
	assert_string_equal(truth.stop_reason, "host");
	rig_await_word(rig, "DisarmReason", "settings", STEP_MS);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	assert_int_equal(pen_value(rig, "TargetDepthUm"), 0);
	gadget_do(rig->control_fd, "trigger release");
	sleep_ms(300);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, "target");
}

static void test_set_area(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	assert_refused(rig, session_call(rig, "SetArea", "sa{sv}", "nose", 0), "InvalidArgument");
	assert_true(rig_truth(rig).motor);
	assert_done(rig, session_call(rig, "SetArea", "sa{sv}", "thin", 0));
	assert_stopped_by_settings(rig);
	assert_string_equal(pen_word(rig, "Area"), "thin");
	assert_string_equal(client_entry(rig->client, rig->pen, API_PEN, "Limits", "depth_um"),
			    "500");
	assert_refused(rig, pen_call(rig, "SetTarget", "uu", 550, RIG_SPEED_RPM), "Limit");
	assert_done(rig, pen_call(rig, "SetTarget", "uu", 500, RIG_SPEED_RPM));
	/* Back to thicker skin the target stays what it is. */
	assert_done(rig, session_call(rig, "SetArea", "sa{sv}", RIG_AREA, 0));
	assert_int_equal(pen_value(rig, "TargetDepthUm"), 500);
	rig_arm(rig);
	rig_stop(rig);
}

static void test_set_profile(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.profile = shallow});

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	assert_refused(rig, pen_call(rig, "SetProfile", "s", "nope"), "NoSuchProfile");
	assert_true(rig_truth(rig).motor);
	assert_done(rig, pen_call(rig, "SetProfile", "s", "extra"));
	assert_stopped_by_settings(rig);
	assert_string_equal(pen_word(rig, "Profile"), "extra");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'profile'"),
			 1);
	rig_stop(rig);
}

/* A target that changes while it runs is confirmed by the pen and kept to. */
static void test_set_target(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	assert_done(rig, pen_call(rig, "SetTarget", "uu", 800, 5000));
	assert_int_equal(pen_value(rig, "TargetDepthUm"), 800);
	sleep_ms(700);
	assert_true(rig_truth(rig).motor);
	assert_in_range(rig_truth(rig).depth_um, 780, 820);
	assert_in_range(rig_truth(rig).speed_rpm, 4900, 5100);
	assert_refused(rig, pen_call(rig, "SetTarget", "uu", RIG_LIMIT_UM + 50, 5000), "Limit");
	assert_true(rig_truth(rig).motor);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_arm_timeout),	  RIG_TEST(test_run_allowance),
		RIG_TEST(test_run_limit_ignored), RIG_TEST(test_session_time),
		RIG_TEST(test_set_area),	  RIG_TEST(test_set_profile),
		RIG_TEST(test_set_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
