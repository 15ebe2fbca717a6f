/* SPDX-License-Identifier: GPL-2.0-only */
/* A pen at rest: what is brought about before it may be armed, and what is told when. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/clock.h"
#include "tests/unit/pen_fixture.h"

static int setup_quiet(void **state)
{
	int r = setup(state);

	fake_host_clear(((struct fixture *)*state)->host);
	return r;
}

static int try_arm(struct fixture *f)
{
	const struct pen_arm arm = {
		.token = 1,
		.epoch = pen_epoch(f->pen),
		.limits = {.depth_um = 1000, .speed_max_rpm = 8000},
		.run_left_ms = 1000,
		.lease_ms = 300,
		.max_age_usec = 50000,
		.arm_timeout_usec = 120000000,
		.target_depth_um = 500,
		.target_speed_rpm = 6000,
	};

	return pen_arm(f->pen, &arm, fake_host_done, &f->owner);
}

/* Of a request whose answer is lost nobody knows: it is asked for again, and nothing arms before.
 */
static void arms_with_the_stream_it_needs(void **state)
{
	struct fixture *f = *state;

	pen_set_stream_period(f->pen, 1000);
	assert_string_equal(f->host->log, "set-stream ");
	assert_int_equal(try_arm(f), -EAGAIN);
	fake_host_answer(f->host, -ETIMEDOUT, NULL, 0);
	assert_int_equal(try_arm(f), -EAGAIN);
	next(f);
	assert_string_equal(f->host->log, "set-stream set-stream ");
	fake_host_answer(f->host, 0, NULL, 0);
	assert_int_equal(try_arm(f), 0);
	assert_string_equal(f->host->log, "set-stream set-stream arm ");
}

static void refused_stream_is_not_asked_for_again(void **state)
{
	struct fixture *f = *state;

	pen_set_stream_period(f->pen, 1000);
	fake_host_answer(f->host, -EPIPE, NULL, 0);
	fake_host_answer(f->host, -ETIMEDOUT, NULL, 0); /* GET_ERROR */
	next(f);
	next(f);
	assert_string_equal(f->host->log, "set-stream get-error ");
	assert_int_equal(try_arm(f), -EAGAIN);
}

static void stop_overtakes_what_waits(void **state)
{
	struct fixture *f = *state;

	pen_set_stream_period(f->pen, 1000);
	assert_int_equal(pen_refresh(f->pen, fake_host_noted, &f->owner), 0);
	assert_int_equal(pen_stop(f->pen, REASON_REQUEST), 0);
	assert_string_equal(f->host->log, "set-stream stop:1 done ");
	assert_int_equal(f->owner.result.outcome, PEN_STOPPED);
	fake_host_answer_stop(f->host, 0);
	next(f);
	assert_string_equal(f->host->log, "set-stream stop:1 done set-stream ");
}

static void unreadable_cartridge_is_not_the_old_one(void **state)
{
	const struct mnpen_cartridge cartridge = {.flags = MNPEN_CARTRIDGE_PRESENT,
						  .length_um = 1500};
	uint8_t buf[MNPEN_CARTRIDGE_SIZE], info[MNPEN_INFO_SIZE];
	struct fixture *f = *state;

	mnpen_cartridge_encode(buf, &cartridge);
	assert_int_equal(pen_refresh(f->pen, fake_host_done, &f->owner), 0);
	fake_host_answer(f->host, 0, buf, sizeof(buf));
	mnpen_info_encode(info, pen_info(f->pen));
	fake_host_answer(f->host, 0, info, sizeof(info));
	assert_int_equal(f->owner.result.outcome, PEN_CONFIRMED);
	assert_int_equal(pen_cartridge(f->pen)->length_um, 1500);

	buf[MNPEN_CARTRIDGE_SIZE - 1] = 1; /* reserved */
	assert_int_equal(pen_refresh(f->pen, fake_host_done, &f->owner), 0);
	fake_host_answer(f->host, 0, buf, sizeof(buf));
	assert_int_equal(f->owner.result.outcome, PEN_UNCONFIRMED);
	assert_int_equal(pen_cartridge(f->pen)->flags, 0);
	assert_int_equal(pen_cartridge(f->pen)->length_um, 0);
}

static void answer_info(struct fixture *f, const struct mnpen_info *info)
{
	uint8_t buf[MNPEN_INFO_SIZE];

	mnpen_info_encode(buf, info);
	fake_host_answer(f->host, 0, buf, sizeof(buf));
}

static enum pen_outcome refresh_with(struct fixture *f, const struct mnpen_info *info)
{
	const struct mnpen_cartridge cartridge = {0};
	uint8_t buf[MNPEN_CARTRIDGE_SIZE];

	mnpen_cartridge_encode(buf, &cartridge);
	assert_int_equal(pen_refresh(f->pen, fake_host_done, &f->owner), 0);
	fake_host_answer(f->host, 0, buf, sizeof(buf));
	answer_info(f, info);
	return f->owner.result.outcome;
}

/* A pen that has no sensors and other limits all of a sudden is not the one that was taken in. */
static void only_the_calibration_changes(void **state)
{
	struct fixture *f = *state;
	const struct mnpen_info before = *pen_info(f->pen);
	struct mnpen_info now = before;

	now.calibrated_on_days++;
	now.calibration_due_days++;
	now.motor_total_s++;
	assert_int_equal(refresh_with(f, &now), PEN_CONFIRMED);
	assert_int_equal(pen_info(f->pen)->calibration_due_days, before.calibration_due_days + 1);

	now.features ^= MNPEN_FEATURE_SLEEVE;
	assert_int_equal(refresh_with(f, &now), PEN_UNCONFIRMED);
	assert_int_equal(pen_info(f->pen)->features, before.features);
	now = before;
	now.depth_max_um -= 100;
	assert_int_equal(refresh_with(f, &now), PEN_UNCONFIRMED);
	assert_int_equal(pen_info(f->pen)->depth_max_um, before.depth_max_um);
	strcpy(now.model, "other");
	assert_int_equal(refresh_with(f, &now), PEN_UNCONFIRMED);
	assert_string_equal(pen_info(f->pen)->model, "fake");
	assert_int_equal(refresh_with(f, &before), PEN_CONFIRMED);
}

static void on_looked(void *userdata)
{
	++*(unsigned int *)userdata;
}

/* Who looks hears of it once, whatever comes between; the next one may look again. */
static void looks_once(void **state)
{
	struct fixture *f = *state;
	struct mnpen_info info = *pen_info(f->pen);
	unsigned int looked = 0;

	info.calibration_due_days++;
	assert_int_equal(pen_look(f->pen, on_looked, &looked), 0);
	assert_int_equal(pen_look(f->pen, on_looked, &looked), -EBUSY);
	assert_int_equal(looked, 0);
	answer_info(f, &info);
	assert_int_equal(looked, 1);
	assert_int_equal(pen_info(f->pen)->calibration_due_days, info.calibration_due_days);

	/* A command goes behind it, a STOP past it. */
	assert_int_equal(pen_look(f->pen, on_looked, &looked), 0);
	assert_int_equal(pen_refresh(f->pen, fake_host_noted, &f->owner), 0);
	assert_int_equal(pen_look(f->pen, on_looked, &looked), -EBUSY);
	fake_host_clear(f->host);
	assert_int_equal(pen_stop(f->pen, REASON_REQUEST), 0);
	assert_string_equal(f->host->log, "stop:1 done ");
	assert_int_equal(looked, 2);
	fake_host_answer_stop(f->host, 0);

	/* Unplugged meanwhile. */
	assert_int_equal(pen_look(f->pen, on_looked, &looked), 0);
	fake_host_answer(f->host, -ENODEV, NULL, 0);
	f->host->host.callbacks->offline(&f->host->host, f->pen, -ENODEV);
	assert_int_equal(looked, 3);
	assert_int_equal(pen_look(f->pen, on_looked, &looked), -ENODEV);
	fake_bring_up(f->host, &f->sample);
	assert_int_equal(pen_look(f->pen, on_looked, &looked), 0);
	answer_info(f, pen_info(f->pen));
	assert_int_equal(looked, 4);
}

/* On the way back from alternate setting 0 no command comes between the steps. */
static void comes_back_undisturbed(void **state)
{
	struct fixture *f = *state;
	uint64_t until = now_usec() + 600 * USEC_PER_MSEC;
	uint8_t buf[MNPEN_SAMPLE_SIZE];

	f->sample.state = MNPEN_STATE_RUNNING; /* nobody armed it */
	f->sample.flags = MNPEN_FLAG_DRIVE;
	while (!strstr(f->host->log, "alt0") && now_usec() < until) {
		next(f);
		if (f->host->stop_done)
			fake_host_answer_stop(f->host, 0);
		assert_true(sd_event_run(f->event, 1000) >= 0);
	}
	fake_host_answer(f->host, 0, NULL, 0);
	f->sample.state = MNPEN_STATE_IDLE;
	f->sample.flags = 0;
	mnpen_sample_encode(buf, &f->sample);
	fake_host_clear(f->host);
	fake_host_answer(f->host, 0, buf, sizeof(buf)); /* GET_STATUS */
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
	assert_int_equal(pen_refresh(f->pen, fake_host_done, &f->owner), -EBUSY);
	assert_int_equal(try_arm(f), -EAGAIN);
	fake_host_answer(f->host, 0, NULL, 0);
	assert_int_equal(try_arm(f), -EAGAIN);
	fake_host_answer(f->host, 0, NULL, 0);
	next(f);
	assert_string_equal(f->host->log, "alt1 set-stream stream+ ");
	assert_int_equal(try_arm(f), 0);
}

/* Nothing was sent: the pen is as it was, and may be armed with less. */
static void a_ceiling_refuses(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(try_arm(f), 0);
	fake_host_answer(f->host, -ERANGE, NULL, 0);
	assert_int_equal(f->owner.results, 1);
	assert_int_equal(f->owner.result.outcome, PEN_CEILING);
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
	assert_string_equal(f->host->log, "arm ");
	next(f);
	assert_int_equal(try_arm(f), 0);
	assert_string_equal(f->host->log, "arm arm ");
}

/* Lowered while the pen was there: known with the next GET_INFO. */
static void ceilings_are_looked_at_anew(void **state)
{
	struct fixture *f = *state;
	uint16_t depth_um = 1, speed_rpm = 1;
	uint8_t buf[MNPEN_INFO_SIZE];
	unsigned int looked = 0;

	pen_ceilings(f->pen, &depth_um, &speed_rpm);
	assert_int_equal(depth_um, 0);
	assert_int_equal(speed_rpm, 0);
	f->host->host.ceilings = (struct host_ceilings){.depth_um = 600, .speed_rpm = 7000};
	assert_int_equal(pen_look(f->pen, on_looked, &looked), 0);
	mnpen_info_encode(buf, pen_info(f->pen));
	fake_host_answer(f->host, 0, buf, sizeof(buf));
	pen_ceilings(f->pen, &depth_um, &speed_rpm);
	assert_int_equal(depth_um, 600);
	assert_int_equal(speed_rpm, 7000);
}

#define QUIET_TEST(f) cmocka_unit_test_setup_teardown(f, setup_quiet, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		QUIET_TEST(arms_with_the_stream_it_needs),
		QUIET_TEST(refused_stream_is_not_asked_for_again),
		QUIET_TEST(stop_overtakes_what_waits),
		QUIET_TEST(unreadable_cartridge_is_not_the_old_one),
		QUIET_TEST(only_the_calibration_changes),
		QUIET_TEST(looks_once),
		QUIET_TEST(comes_back_undisturbed),
		QUIET_TEST(a_ceiling_refuses),
		QUIET_TEST(ceilings_are_looked_at_anew),
	};

	return cmocka_run_group_tests_name("pen_rest", tests, NULL, NULL);
}
