/* SPDX-License-Identifier: GPL-2.0-only */
/* A pen over a transport that does what the test says: set-up, outcomes, leases, stop. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver/base/clock.h"
#include "tests/unit/pen_fixture.h"

static const struct pen_arm arm = {
	.token = 0x1122334455667788,
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
};

static void send_arm(struct fixture *f)
{
	struct pen_arm a = arm;

	a.epoch = pen_epoch(f->pen);
	fake_host_clear(f->host);
	assert_int_equal(pen_arm(f->pen, &a, fake_host_done, &f->owner), 0);
	assert_string_equal(f->host->log, "arm ");
}

/* Armed and running at the target; each step is the pen's own word. */
static void arm_and_run(struct fixture *f)
{
	struct mnpen_lease lease;

	send_arm(f);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.last_cmd = 1;
	f->sample.state = MNPEN_STATE_ARMED;
	next(f);
	assert_string_equal(f->host->log, "arm set-target ");
	fake_host_answer(f->host, 0, NULL, 0);
	assert_int_equal(f->owner.results, 0); /* accepted is not confirmed */
	f->sample.last_cmd = 2;
	f->sample.target_depth_um = 500;
	f->sample.target_speed_rpm = 5999; /* taken, and misunderstood: no confirmation */
	next(f);
	assert_string_equal(f->host->log, "arm set-target lease ");
	assert_int_equal(mnpen_lease_decode(&lease, f->host->control.data, f->host->control.len),
			 0);
	assert_int_equal(lease.enable, 0);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.target_speed_rpm = 6000;
	next(f);
	assert_int_equal(f->owner.results, 0); /* a press would do nothing yet */
	assert_string_equal(f->host->log, "arm set-target lease lease ");
	assert_int_equal(mnpen_lease_decode(&lease, f->host->control.data, f->host->control.len),
			 0);
	assert_int_equal(lease.enable, 1);
	assert_int_equal(lease.counter, 2);
	assert_int_equal(lease.token, arm.token);
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.flags = MNPEN_FLAG_ENABLED;
	next(f);
	assert_int_equal(f->owner.results, 1);
	assert_int_equal(f->owner.result.outcome, PEN_CONFIRMED);
	f->sample.state = MNPEN_STATE_RUNNING;
	f->sample.flags = MNPEN_FLAG_TRIGGER | MNPEN_FLAG_DRIVE | MNPEN_FLAG_ENABLED;
	f->sample.speed_rpm = 6000;
	next(f);
	assert_int_equal(pen_state(f->pen), FSM_RUNNING);
	fake_host_clear(f->host);
}

static void set_up_in_order(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(f->host->log, "stop:19 get-info get-status get-cartridge alt1 "
					  "set-stream stream+ ");
	assert_int_equal(f->owner.arrived, 1);
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
}

static void stops_before_it_tells(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	f->sample.depth_um = 1101; /* limit 1000 + tolerance 100, and one */
	f->sample.strokes = 1;
	next(f);
	assert_string_equal(f->host->log, "stop:10 told ");
	assert_int_equal(f->owner.disarm_reason, REASON_DEPTH_LIMIT);
	assert_int_equal(pen_state(f->pen), FSM_STOPPING);
}

static void at_the_limit_it_runs(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	f->sample.depth_um = 1100;
	f->sample.strokes = 1;
	next(f);
	assert_string_equal(f->host->log, "");
	assert_int_equal(pen_state(f->pen), FSM_RUNNING);
}

static void lease_needs_a_sample(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	for (int i = 0; i < 100; i++) { /* 100 ms of samples in far less: no quarter has passed */
		f->sample.strokes += i % 10 == 0;
		f->sample.depth_um = 500;
		next(f);
	}
	assert_string_equal(f->host->log, "");
	/* No samples: no renewal, by no timer; the lack of them stops. */
	run_for(f, 120000);
	assert_string_equal(f->host->log, "stop:30 ");
	assert_int_equal(f->owner.disarm_reason, REASON_STALE);
}

/* The pen's clock goes on as ours does, however late a busy machine is, or its sample is an old
 * one. */
static void stream_for(struct fixture *f, uint64_t usec)
{
	uint64_t start = now_usec(), from_us = f->sample.time_us, now = start;

	while (now < start + usec) {
		usleep(1000);
		now = now_usec();
		f->sample.time_us = from_us + (now - start) - 1000; /* next() adds one period */
		next(f);
	}
}

static void lease_after_a_quarter(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	stream_for(f, 80000);
	assert_string_equal(f->host->log, "lease ");
}

/* What the watchdog asks: a lease that is due and does not go out is nobody guarding. */
static void guarded_while_leases_go_out(void **state)
{
	const uint64_t lease_usec = arm.lease_ms * USEC_PER_MSEC;
	struct fixture *f = *state;
	uint64_t start;

	assert_true(pen_guarded(f->pen, now_usec() + 10 * lease_usec)); /* nobody armed it */
	start = now_usec();
	arm_and_run(f);
	f->sample.state = MNPEN_STATE_ARMED; /* the trigger was released: nothing else is judged */
	f->sample.flags = MNPEN_FLAG_ENABLED;
	f->sample.speed_rpm = 0;
	assert_true(pen_guarded(f->pen, start + lease_usec));
	assert_false(pen_guarded(f->pen, now_usec() + lease_usec + 1));
	stream_for(f, 80000);
	assert_string_equal(f->host->log, "lease ");
	assert_true(pen_guarded(f->pen, now_usec() + lease_usec / 2));
	/* It is not answered: no second one can go out, though samples come and are judged. */
	stream_for(f, 150000);
	assert_string_equal(f->host->log, "lease ");
	assert_int_equal(pen_state(f->pen), FSM_ARMED);
	assert_false(pen_guarded(f->pen, now_usec() + lease_usec / 2));
	pen_stop(f->pen, REASON_REQUEST);
	assert_true(pen_guarded(f->pen, now_usec() + 10 * lease_usec)); /* escalation's now */
}

static void stop_cancels_what_is_in_flight(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	assert_int_equal(pen_set_target(f->pen, 600, 6000, fake_host_done, &f->owner), 0);
	assert_int_equal(pen_stop(f->pen, REASON_REQUEST), 1);
	assert_string_equal(f->host->log, "set-target stop:1 ");
	assert_int_equal(f->owner.results, 2);
	assert_int_equal(f->owner.result.outcome, PEN_STOPPED);
	assert_int_equal(f->owner.result.reason, REASON_REQUEST);

	fake_host_answer_stop(f->host, 0);
	f->sample.state = MNPEN_STATE_IDLE;
	f->sample.flags = 0;
	f->sample.stop_reason = MNPEN_STOP_HOST;
	next(f);
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
	assert_int_equal(pen_stop(f->pen, REASON_REQUEST), 0);
}

static void refused_with_the_pens_reason(void **state)
{
	static const uint8_t why[MNPEN_ERROR_SIZE] = {0x03, 5, 12, 0, 1, 0, 0, 0};
	struct fixture *f = *state;

	send_arm(f);
	fake_host_answer(f->host, -EPIPE, NULL, 0);
	assert_string_equal(f->host->log, "arm get-error ");
	fake_host_answer(f->host, 0, why, sizeof(why));
	assert_int_equal(f->owner.results, 1);
	assert_int_equal(f->owner.result.outcome, PEN_REFUSED);
	assert_int_equal(f->owner.result.refusal.code, MNPEN_ERR_LIMIT);
	assert_int_equal(f->owner.result.refusal.detail, 12);
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
}

static void unconfirmed_is_stopped(void **state)
{
	struct fixture *f = *state;
	uint64_t until;

	send_arm(f);
	fake_host_answer(f->host, 0, NULL, 0);
	until = now_usec() + 300000;
	while (f->owner.results == 0 && now_usec() < until) {
		assert_true(sd_event_run(f->event, 1000) >= 0);
		next(f); /* fresh, and still the old last_cmd */
	}
	assert_int_equal(f->owner.result.outcome, PEN_UNCONFIRMED);
	assert_int_equal(f->owner.disarm_reason, REASON_UNCONFIRMED);
	assert_non_null(strstr(f->host->log, "stop:40 "));
}

static void nothing_arms_behind_a_stop(void **state)
{
	struct fixture *f = *state;
	struct pen_arm a = arm;

	a.epoch = pen_epoch(f->pen);
	fake_host_clear(f->host);
	assert_int_equal(pen_stop(f->pen, REASON_STOP_ALL), 0);
	assert_string_equal(f->host->log, "stop:2 "); /* at rest, and sent all the same */
	assert_int_equal(pen_arm(f->pen, &a, fake_host_done, &f->owner), -ESTALE);
	a.epoch = pen_epoch(f->pen);
	fake_host_answer_stop(f->host, 0);
	assert_int_equal(pen_arm(f->pen, &a, fake_host_done, &f->owner), 0);
}

static void may_run_is_asked(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	f->owner.may_run = REASON_STORE;
	next(f);
	assert_string_equal(f->host->log, "stop:43 ");
}

static void escalates_by_evidence(void **state)
{
	struct fixture *f = *state;
	uint64_t until;

	arm_and_run(f);
	pen_stop(f->pen, REASON_REQUEST);
	until = now_usec() + 600000;
	while (!strstr(f->host->log, "reset") && now_usec() < until) {
		if (f->host->stop_done)
			fake_host_answer_stop(f->host, 0);
		next(f); /* running on, whatever it was told */
		assert_true(sd_event_run(f->event, 1000) >= 0);
	}
	assert_string_equal(f->host->log, "stop:1 stop:1 alt0 reset ");
	assert_int_equal(f->owner.alarms, 1);
}

/* A pen that ignores STOP and obeys SET_INTERFACE: asked for the proof, it rests, and comes back.
 */
static void alternate_setting_is_enough(void **state)
{
	struct fixture *f = *state;
	uint8_t buf[MNPEN_SAMPLE_SIZE];
	uint64_t until;

	arm_and_run(f);
	pen_stop(f->pen, REASON_REQUEST);
	until = now_usec() + 600000;
	while (!strstr(f->host->log, "alt0") && now_usec() < until) {
		if (f->host->stop_done)
			fake_host_answer_stop(f->host, 0);
		next(f);
		assert_true(sd_event_run(f->event, 1000) >= 0);
	}
	fake_host_answer(f->host, 0, NULL, 0);
	assert_string_equal(f->host->log, "stop:1 stop:1 alt0 get-status ");
	f->sample.state = MNPEN_STATE_IDLE;
	f->sample.flags = 0;
	f->sample.stop_reason = MNPEN_STOP_BUS;
	mnpen_sample_encode(buf, &f->sample);
	fake_host_clear(f->host);
	fake_host_answer(f->host, 0, buf, sizeof(buf));
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
	assert_string_equal(f->host->log, "alt1 ");
	fake_host_answer(f->host, 0, NULL, 0);
	fake_host_answer(f->host, 0, NULL, 0);
	assert_string_equal(f->host->log, "alt1 set-stream stream+ ");
	next(f);
	run_for(f, 250000); /* time for steps that must not follow */
	assert_string_equal(f->host->log, "alt1 set-stream stream+ ");
	assert_int_equal(f->owner.alarms, 0);
	assert_int_equal(f->owner.arrived, 1);
	assert_true(pen_present(f->pen));
}

static void undecodable_stops(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[MNPEN_SAMPLE_SIZE] = {0xff};

	arm_and_run(f);
	fake_host_packet(f->host, bytes, 47);
	assert_string_equal(f->host->log, "stop:22 ");
}

static void gone_ends_everything(void **state)
{
	struct fixture *f = *state;

	arm_and_run(f);
	f->host->host.callbacks->offline(&f->host->host, f->pen, -ENODEV);
	assert_int_equal(f->owner.disarm_reason, REASON_GONE);
	assert_int_equal(f->owner.left, 1);
	assert_false(pen_present(f->pen));
	assert_int_equal(pen_stop(f->pen, REASON_REQUEST), -ENODEV);
	fake_bring_up(f->host, &f->sample);
	assert_int_equal(f->owner.arrived, 2);
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PEN_TEST(set_up_in_order),
		PEN_TEST(stops_before_it_tells),
		PEN_TEST(at_the_limit_it_runs),
		PEN_TEST(lease_needs_a_sample),
		PEN_TEST(lease_after_a_quarter),
		PEN_TEST(guarded_while_leases_go_out),
		PEN_TEST(stop_cancels_what_is_in_flight),
		PEN_TEST(refused_with_the_pens_reason),
		PEN_TEST(unconfirmed_is_stopped),
		PEN_TEST(nothing_arms_behind_a_stop),
		PEN_TEST(may_run_is_asked),
		PEN_TEST(escalates_by_evidence),
		PEN_TEST(alternate_setting_is_enough),
		PEN_TEST(undecodable_stops),
		PEN_TEST(gone_ends_everything),
	};

	return cmocka_run_group_tests_name("pen", tests, NULL, NULL);
}
