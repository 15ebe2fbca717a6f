/* SPDX-License-Identifier: GPL-2.0-only */
/* The pedal on its way to the pen: which leases go out, and what goes out at once. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/pen_fixture.h"

static struct mnpen_lease newest_lease(struct fixture *f)
{
	struct mnpen_lease lease;

	assert_int_equal(mnpen_lease_decode(&lease, f->host->control.data, f->host->control.len),
			 0);
	return lease;
}

static void arm(struct fixture *f, bool guarded)
{
	const struct pen_arm arm = {
		.token = 0x1122334455667788,
		.epoch = pen_epoch(f->pen),
		.limits = {.depth_um = 1000,
			   .tolerance_um = 100,
			   .speed_min_rpm = 2400,
			   .speed_max_rpm = 8000},
		.run_left_ms = 60000,
		.lease_ms = 300,
		.max_age_usec = 50000,
		.arm_timeout_usec = 120000000,
		.target_depth_um = 500,
		.target_speed_rpm = 6000,
		.guarded = guarded,
	};

	fake_host_clear(f->host);
	assert_int_equal(pen_arm(f->pen, &arm, fake_host_done, &f->owner), 0);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.last_cmd = 1;
	f->sample.state = MNPEN_STATE_ARMED;
	next(f);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.last_cmd = 2;
	f->sample.target_depth_um = 500;
	f->sample.target_speed_rpm = 6000;
	next(f);
	assert_string_equal(f->host->log, "arm set-target lease ");
}

static void guarded_arm(struct fixture *f)
{
	arm(f, true);
	assert_int_equal(newest_lease(f).enable, 0);
	fake_host_answer(f->host, 0, NULL, 0);
	assert_int_equal(f->owner.results, 1); /* done: the pedal is what comes next */
	assert_int_equal(f->owner.result.outcome, PEN_CONFIRMED);
	fake_host_clear(f->host);
}

static void press(struct fixture *f)
{
	usleep(10); /* later than what was before, on a clock of microseconds */
	pen_pedal(f->pen, true, now_usec());
	assert_true(pen_is_held(f->pen));
	assert_string_equal(f->host->log, ""); /* with a sample, not before */
	next(f);
	assert_string_equal(f->host->log, "lease ");
	assert_int_equal(newest_lease(f).enable, 1);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.flags = MNPEN_FLAG_ENABLED;
	next(f);
	fake_host_clear(f->host);
}

static void run(struct fixture *f)
{
	f->sample.state = MNPEN_STATE_RUNNING;
	f->sample.flags = MNPEN_FLAG_TRIGGER | MNPEN_FLAG_DRIVE | MNPEN_FLAG_ENABLED;
	f->sample.speed_rpm = 6000;
	next(f);
	assert_int_equal(pen_state(f->pen), FSM_RUNNING);
	assert_string_equal(f->host->log, "");
}

static void arm_and_run(struct fixture *f)
{
	guarded_arm(f);
	press(f);
	run(f);
}

/* Samples until the next lease goes out, after a quarter of it. */
static void renew(struct fixture *f)
{
	uint64_t until = now_usec() + 300000;

	fake_host_clear(f->host);
	for (unsigned int i = 0; !f->host->log[0] && now_usec() < until; i++) {
		usleep(1000);
		if (f->sample.state == MNPEN_STATE_RUNNING) {
			f->sample.strokes += i % 10 == 0;
			f->sample.depth_um = 500;
		}
		next(f);
	}
	assert_string_equal(f->host->log, "lease ");
}

static void nothing_enables_before_the_pedal(void **state)
{
	struct fixture *f = *state;

	guarded_arm(f);
	assert_true(pen_is_guarded(f->pen));
	for (int i = 0; i < 100; i++) {
		usleep(1000);
		next(f);
		if (!f->host->pending)
			continue;
		assert_int_equal(newest_lease(f).enable, 0);
		fake_host_answer(f->host, 0, NULL, 0);
	}
	assert_string_equal(f->host->log, "lease ");
	assert_int_equal(f->owner.pedal_asked, 0);
	fake_host_clear(f->host);
	press(f);
}

static void a_release_goes_out_at_once(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	pen_pedal(f->pen, false, now_usec());
	assert_string_equal(f->host->log, "lease ");
	assert_int_equal(newest_lease(f).enable, 0);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.state = MNPEN_STATE_ARMED;
	f->sample.flags = MNPEN_FLAG_TRIGGER;
	f->sample.speed_rpm = 0;
	f->sample.stop_reason = MNPEN_STOP_DISABLED;
	next(f);
	assert_int_equal(pen_state(f->pen), FSM_ARMED); /* the arm survives */
	assert_int_equal(f->owner.disarmed, 0);
	pen_pedal(f->pen, false, now_usec()); /* once is enough */
	assert_string_equal(f->host->log, "lease ");
	f->sample.flags = 0;
	next(f);
	fake_host_clear(f->host);
	press(f);
	run(f);
}

/* A request in flight is not cut off; behind it nothing goes before this. */
static void a_release_waits_for_one_request(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	assert_int_equal(pen_set_target(f->pen, 600, 6000, fake_host_done, &f->owner), 0);
	pen_pedal(f->pen, false, now_usec());
	assert_string_equal(f->host->log, "set-target ");
	fake_host_answer(f->host, 0, NULL, 0);
	assert_string_equal(f->host->log, "set-target lease ");
	assert_int_equal(newest_lease(f).enable, 0);
}

/* Lease in flight, target behind it: the first free place is its own, and a press that comes in the
 * meantime does not overtake it. */
static void a_release_waits_for_two(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	renew(f);
	assert_int_equal(pen_set_target(f->pen, 600, 6000, fake_host_done, &f->owner), 0);
	pen_pedal(f->pen, false, now_usec() - 1);
	pen_pedal(f->pen, true, now_usec());
	next(f);
	assert_string_equal(f->host->log, "lease ");
	fake_host_answer(f->host, 0, NULL, 0);
	assert_string_equal(f->host->log, "lease set-target ");
	next(f);
	fake_host_answer(f->host, 0, NULL, 0);
	assert_string_equal(f->host->log, "lease set-target lease ");
	assert_int_equal(newest_lease(f).enable, 0);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.state = MNPEN_STATE_ARMED;
	f->sample.flags = 0;
	f->sample.speed_rpm = 0;
	f->sample.last_cmd = 3;
	f->sample.target_depth_um = 600;
	renew(f);
	assert_int_equal(newest_lease(f).enable, 1);
}

static void the_level_is_read_before_a_renewal(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	f->owner.pedal_asked = 0;
	renew(f);
	assert_int_equal(f->owner.pedal_asked, 1);
	assert_int_equal(newest_lease(f).enable, 1);
	fake_host_answer(f->host, 0, NULL, 0);
	f->owner.pedal_up = true; /* and no event said so */
	renew(f);
	assert_int_equal(newest_lease(f).enable, 0);
	assert_false(pen_is_held(f->pen));
}

static void running_on_is_stopped(void **state)
{
	struct fixture *f = *state;
	uint64_t until = now_usec() + 1000000;

	arm_and_run(f);
	pen_pedal(f->pen, false, now_usec());
	fake_host_answer(f->host, 0, NULL, 0);
	while (!strstr(f->host->log, "stop") && now_usec() < until) {
		next(f);
		run_for(f, 1000);
	}
	assert_non_null(strstr(f->host->log, "stop:44 "));
	assert_int_equal(f->owner.disarm_reason, REASON_PEDAL);
}

/* A pedal that comes while the pen runs without one: from now on it is the dead-man. */
static void a_pedal_that_comes_guards(void **state)
{
	struct fixture *f = *state;

	arm(f, false);
	assert_int_equal(newest_lease(f).enable, 1);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.flags = MNPEN_FLAG_ENABLED;
	next(f);
	assert_int_equal(f->owner.results, 1);
	fake_host_clear(f->host);
	assert_false(pen_is_guarded(f->pen));
	pen_pedal(f->pen, true, now_usec()); /* none of its business */
	assert_false(pen_is_held(f->pen));
	run(f);
	pen_pedal(f->pen, false, now_usec());
	assert_true(pen_is_guarded(f->pen));
	assert_string_equal(f->host->log, "lease ");
	assert_int_equal(newest_lease(f).enable, 0);
}

static void a_stop_takes_the_hold(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	pen_stop(f->pen, REASON_REQUEST);
	assert_false(pen_is_held(f->pen));
	assert_false(pen_is_guarded(f->pen));
	fake_host_answer_stop(f->host, 0);
	fake_host_clear(f->host);
	pen_pedal(f->pen, false, now_usec());
	pen_pedal(f->pen, true, now_usec());
	assert_string_equal(f->host->log, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PEN_TEST(nothing_enables_before_the_pedal),   PEN_TEST(a_release_goes_out_at_once),
		PEN_TEST(a_release_waits_for_one_request),    PEN_TEST(a_release_waits_for_two),
		PEN_TEST(the_level_is_read_before_a_renewal), PEN_TEST(running_on_is_stopped),
		PEN_TEST(a_pedal_that_comes_guards),	      PEN_TEST(a_stop_takes_the_hold),
	};

	return cmocka_run_group_tests_name("pen_pedal", tests, NULL, NULL);
}
