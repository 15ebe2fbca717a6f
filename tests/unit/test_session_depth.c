/* SPDX-License-Identifier: GPL-2.0-only */
/* The pen's own buttons and dial: what becomes of the target, and what is told of it. */
#include <errno.h>

#include "tests/unit/session_fixture.h"

static int setup(void **state)
{
	*state = fixture_new("", "");
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

/* Ready for steps: the limit is 700 um, a step 50 um. */
static void with_target(struct fixture *f, uint32_t depth_um)
{
	begin(f);
	set_target(f, depth_um);
	f->told[0] = '\0';
}

static void kept_for_the_next_arm(void **state)
{
	struct fixture *f = *state;

	with_target(f, 500);
	station_step_depth(f->pen, "button", 1);
	run_until(f, "button");
	expect_told(f, "button:kept:deeper:1:550 ");
	assert_int_equal(f->pen->target_depth_um, 550);
	assert_int_equal(f->pen->target_speed_rpm, 6000);
	station_step_depth(f->pen, "dial", -3);
	run_until(f, "dial");
	expect_told(f, "dial:kept:shallower:3:400 ");
	assert_int_equal(f->pen->target_depth_um, 400);
}

static void needs_session_and_target(void **state)
{
	struct fixture *f = *state;

	station_step_depth(f->pen, "button", 1);
	expect_told(f, "button:refused:deeper:1:0 ");
	begin(f);
	f->told[0] = '\0';
	station_step_depth(f->pen, "button", 1);
	expect_told(f, "button:refused:deeper:1:0 ");
	assert_int_equal(f->pen->target_depth_um, 0);
}

/* At the limit it is refused; before it as many steps are taken as fit, the others refused. */
static void limit(void **state)
{
	struct fixture *f = *state;

	with_target(f, 600);
	station_step_depth(f->pen, "dial", 3);
	expect_told(f, "dial:refused:deeper:1:600 ");
	run_until(f, "kept");
	expect_told(f, "dial:kept:deeper:2:700 ");
	station_step_depth(f->pen, "button", 1);
	expect_told(f, "button:refused:deeper:1:700 ");
	assert_int_equal(f->pen->target_depth_um, 700);
	assert_null(f->pen->request);
}

static void least_depth(void **state)
{
	struct fixture *f = *state;

	with_target(f, 150); /* the pen's least is 100 um */
	station_step_depth(f->pen, "dial", -8);
	expect_told(f, "dial:refused:shallower:7:150 ");
	run_until(f, "kept");
	expect_told(f, "dial:kept:shallower:1:100 ");
	station_step_depth(f->pen, "button", -1);
	expect_told(f, "button:refused:shallower:1:100 ");
}

/* Live it is a SET_TARGET, and nothing is done before the pen has said so. */
static void live_with_confirmation(void **state)
{
	struct fixture *f = *state;

	with_target(f, 500);
	arm(f, 500);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.flags = MNPEN_FLAG_ENABLED;
	next(f);
	assert_int_equal(wait_answer(f), REFUSAL_NONE);
	fake_host_clear(f->host);
	f->told[0] = '\0';
	station_step_depth(f->pen, "dial", 1);
	assert_string_equal(f->host->log, "set-target ");
	expect_told(f, "");
	assert_int_equal(f->pen->target_depth_um, 500);
	/* Those that come meanwhile wait, and go together; back is back. */
	station_step_depth(f->pen, "dial", 1);
	station_step_depth(f->pen, "dial", 2);
	station_step_depth(f->pen, "dial", -1);
	assert_string_equal(f->host->log, "set-target ");
	confirm_target(f, 550);
	assert_string_equal(f->host->log, "set-target set-target ");
	expect_told(f, "target:550:6000 dial:confirmed:deeper:1:550 ");
	confirm_target(f, 650);
	expect_told(f, "target:650:6000 dial:confirmed:deeper:2:650 ");
	assert_int_equal(f->pen->target_depth_um, 650);
}

/* Unconfirmed is a stop, as with SetTarget; what waited behind it does not come after. */
static void nothing_waits_across_a_stop(void **state)
{
	struct fixture *f = *state;

	with_target(f, 500);
	arm(f, 500);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.flags = MNPEN_FLAG_ENABLED;
	next(f);
	assert_int_equal(wait_answer(f), REFUSAL_NONE);
	fake_host_clear(f->host);
	station_step_depth(f->pen, "dial", 1);
	station_step_depth(f->pen, "dial", 1);
	f->told[0] = '\0';
	station_stop(f->pen, REASON_REQUEST);
	assert_string_equal(f->host->log, "set-target stop:1 ");
	assert_non_null(strstr(f->told, "dial:refused:deeper:1:500 dial:refused:deeper:1:500 "));
	assert_int_equal(f->pen->target_depth_um, 500);
	assert_int_equal(f->pen->wish.steps, 0);
	f->told[0] = '\0';
	fake_host_answer_stop(f->host, 0);
	f->sample.state = MNPEN_STATE_IDLE;
	f->sample.flags = 0;
	next(f);
	station_step_depth(f->pen, "dial", 1); /* a new one is new */
	run_until(f, "kept");
	assert_int_equal(f->pen->target_depth_um, 550);
}

/* Of another's request nobody knows how long it takes: for a while they wait. */
static void behind_another_request(void **state)
{
	struct fixture *f = *state;
	struct session_request *other;

	with_target(f, 500);
	assert_int_equal(
		request_new(&other, f->pen, pen_epoch(f->pen->pen), on_answer, f, &f->refusal), 0);
	station_step_depth(f->pen, "button", 1);
	station_step_depth(f->pen, "button", 1);
	expect_told(f, "");
	request_drop(other);
	run_until(f, "button");
	expect_told(f, "button:kept:deeper:2:600 ");

	assert_int_equal(
		request_new(&other, f->pen, pen_epoch(f->pen->pen), on_answer, f, &f->refusal), 0);
	station_step_depth(f->pen, "button", 1);
	run_until(f, "button");
	expect_told(f, "button:refused:deeper:1:600 ");
	request_drop(other);
	assert_int_equal(f->pen->target_depth_um, 600);
}

static void no_more_than_a_few(void **state)
{
	struct fixture *f = *state;
	struct session_request *other;

	with_target(f, 200);
	station_step_depth(f->pen, "dial", DEPTH_STEPS_MAX + 1);
	expect_told(f, "dial:refused:deeper:9:200 ");
	station_step_depth(f->pen, "dial", INT32_MIN);
	expect_told(f, "dial:refused:shallower:2147483648:200 ");
	assert_int_equal(f->pen->target_depth_um, 200);
	f->told[0] = '\0';
	assert_int_equal(
		request_new(&other, f->pen, pen_epoch(f->pen->pen), on_answer, f, &f->refusal), 0);
	station_step_depth(f->pen, "dial", DEPTH_STEPS_MAX);
	station_step_depth(f->pen, "dial", 1);
	expect_told(f, "dial:refused:deeper:1:200 ");
	request_drop(other);
	run_until(f, "kept");
	assert_int_equal(f->pen->target_depth_um, 600);
}

static void not_while_a_fault_stands(void **state)
{
	struct fixture *f = *state;

	with_target(f, 500);
	f->sample.state = MNPEN_STATE_FAULT;
	f->sample.faults = MNPEN_FAULT_OVERTEMP;
	next(f);
	f->told[0] = '\0';
	station_step_depth(f->pen, "button", -1);
	expect_told(f, "button:refused:shallower:1:500 ");
	assert_int_equal(f->pen->target_depth_um, 500);
}

static void a_pen_that_leaves_answers_nothing(void **state)
{
	struct fixture *f = *state;
	struct session_request *other;

	with_target(f, 500);
	assert_int_equal(
		request_new(&other, f->pen, pen_epoch(f->pen->pen), on_answer, f, &f->refusal), 0);
	station_step_depth(f->pen, "button", 1);
	f->host->host.callbacks->offline(&f->host->host, f->pen->pen, -ENODEV);
	request_drop(other);
	assert_int_equal(f->pen->wish.steps, 0);
	assert_null(f->pen->wish.timer);
	station_step_depth(f->pen, "button", 1);
	assert_null(strstr(f->told, "button"));
}

#define DEPTH_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DEPTH_TEST(kept_for_the_next_arm),
		DEPTH_TEST(needs_session_and_target),
		DEPTH_TEST(limit),
		DEPTH_TEST(least_depth),
		DEPTH_TEST(live_with_confirmation),
		DEPTH_TEST(nothing_waits_across_a_stop),
		DEPTH_TEST(behind_another_request),
		DEPTH_TEST(no_more_than_a_few),
		DEPTH_TEST(not_while_a_fault_stands),
		DEPTH_TEST(a_pen_that_leaves_answers_nothing),
	};

	return cmocka_run_group_tests_name("session_depth", tests, NULL, NULL);
}
