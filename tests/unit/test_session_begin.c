// SPDX-License-Identifier: GPL-2.0-only
/* Nothing begins behind a stop, whatever it waits for. */
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

static void answer_with(struct fixture *f, const struct mnpen_cartridge *cartridge)
{
	uint8_t buf[MNPEN_CARTRIDGE_SIZE], info[MNPEN_INFO_SIZE];

	mnpen_cartridge_encode(buf, cartridge);
	fake_host_answer(f->host, 0, buf, sizeof(buf));
	mnpen_info_encode(info, pen_info(f->pen->pen));
	fake_host_answer(f->host, 0, info, sizeof(info));
}

static void bring_up_with_tag(struct fixture *f)
{
	f->host->host.callbacks->offline(&f->host->host, f->pen->pen, -ENODEV);
	fake_features = MNPEN_FEATURE_CARTRIDGE_TAG;
	fake_bring_up(f->host, &f->sample);
	f->sample_usec = now_usec();
	fake_host_clear(f->host);
}

static const struct mnpen_cartridge fresh = {.flags = MNPEN_CARTRIDGE_PRESENT,
					     .uid = {0xa1},
					     .lot = "L7",
					     .needles = 14,
					     .length_um = 1500,
					     .expires_days = UINT32_MAX};

/* Also while the record's word on what went before is all that is waited for. */
static void nothing_begins_behind_a_stop(void **state)
{
	const struct begin_options options = {.area = "brow"};
	struct fixture *f = *state;

	bring_up_with_tag(f);
	assert_int_equal(station_begin(f->pen, pen_epoch(f->pen->pen), "thin", "C-17", &options,
				       on_answer, f, &f->refusal),
			 0);
	answer_with(f, &fresh);
	assert_int_equal(f->answers, 0);
	assert_int_equal(station_stop(f->pen, REASON_REQUEST), 0);
	assert_int_equal(wait_answer(f), REFUSAL_INTERLOCK);
	assert_null(f->pen->session);
	assert_null(strstr(f->host->log, "claim"));
}

/* And while the pen's word on the claim is. */
static void nothing_begins_behind_a_stop_of_the_claim(void **state)
{
	const struct begin_options options = {.area = "brow"};
	struct fixture *f = *state;
	uint64_t until = now_usec() + WAIT_USEC;

	bring_up_with_tag(f);
	assert_int_equal(station_begin(f->pen, pen_epoch(f->pen->pen), "thin", "C-17", &options,
				       on_answer, f, &f->refusal),
			 0);
	answer_with(f, &fresh);
	while (!f->host->pending && now_usec() < until)
		assert_true(sd_event_run(f->event, 100 * USEC_PER_MSEC) >= 0);
	assert_string_equal(f->host->log, "get-cartridge get-info claim-cartridge ");
	fake_host_answer(f->host, 0, NULL, 0);
	assert_int_equal(station_stop(f->pen, REASON_REQUEST), 0);
	f->sample.last_cmd = 1;
	next(f);
	assert_int_equal(wait_answer(f), REFUSAL_INTERLOCK);
	assert_null(f->pen->session);
}

#define BEGIN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BEGIN_TEST(nothing_begins_behind_a_stop),
		BEGIN_TEST(nothing_begins_behind_a_stop_of_the_claim),
	};

	return cmocka_run_group_tests_name("session_begin", tests, NULL, NULL);
}
