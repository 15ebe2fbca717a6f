// SPDX-License-Identifier: GPL-2.0-only
/* Arming right behind a session's begin: the pen's stream is still the slow one of a pen at rest.
 */
#include <errno.h>

#include "tests/unit/session_fixture.h"

/* SET_STREAM got lost: the next sample brings the next one. */
static void begin_without_stream(struct fixture *f)
{
	begin_until_stream(f);
	next(f);
	set_target(f, 500);
	fake_host_answer(f->host, -ETIMEDOUT, NULL, 0);
}

static void ask_to_arm(struct fixture *f)
{
	assert_int_equal(station_arm(f->pen, pen_epoch(f->pen->pen), on_answer, f, &f->refusal), 0);
	answer_refresh(f);
	fake_host_clear(f->host);
}

static void await_log(struct fixture *f, const char *log)
{
	uint64_t until = now_usec() + WAIT_USEC;

	while (strcmp(f->host->log, log) != 0 && now_usec() < until)
		assert_true(sd_event_run(f->event, 100 * USEC_PER_MSEC) >= 0);
	assert_string_equal(f->host->log, log);
}

/* A stream that is too slow would miss strokes. */
static void arm_waits_for_the_stream(void **state)
{
	struct fixture *f = fixture_new("", "");

	begin_without_stream(f);
	ask_to_arm(f);
	next(f);
	assert_string_equal(f->host->log, "set-stream ");
	fake_host_answer(f->host, 0, NULL, 0);
	next(f);
	await_log(f, "set-stream arm ");
	fixture_free(f);
}

/* What the arm ends with when SET_STREAM is lost again and again. */
static enum refusal_code arm_in_vain(struct fixture *f)
{
	uint64_t until = now_usec() + WAIT_USEC;

	ask_to_arm(f);
	while (f->answers == 0 && now_usec() < until) {
		next(f);
		if (f->host->pending)
			fake_host_answer(f->host, -ETIMEDOUT, NULL, 0);
		assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
	}
	return wait_answer(f);
}

static void not_for_ever(void **state)
{
	struct fixture *f = fixture_new("MaxSampleAge=200ms\n", "");
	enum refusal_code code;

	begin_without_stream(f);
	/* on a machine that stands still for so long, the sample may have grown old first */
	for (int i = 0; i < 5; i++) {
		code = arm_in_vain(f);
		if (code != REFUSAL_INTERLOCK || !strstr(f->refusal.message, "MaxSampleAge"))
			break;
	}
	assert_int_equal(code, REFUSAL_BUSY);
	assert_null(strstr(f->host->log, "arm"));
	fixture_free(f);
}

static void a_stop_ends_the_wait(void **state)
{
	struct fixture *f = fixture_new("", "");

	begin_without_stream(f);
	ask_to_arm(f);
	assert_int_equal(station_stop(f->pen, REASON_REQUEST), 0);
	for (int i = 0; i < 3; i++) {
		next(f);
		if (f->host->pending)
			fake_host_answer(f->host, 0, NULL, 0);
	}
	assert_int_equal(wait_answer(f), REFUSAL_INTERLOCK);
	assert_null(strstr(f->host->log, "arm"));
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arm_waits_for_the_stream),
		cmocka_unit_test(not_for_ever),
		cmocka_unit_test(a_stop_ends_the_wait),
	};

	return cmocka_run_group_tests_name("session arm", tests, NULL, NULL);
}
