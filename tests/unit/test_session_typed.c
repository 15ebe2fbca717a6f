// SPDX-License-Identifier: GPL-2.0-only
/* A pen that reads no tag: its cartridge is what stands on the pack, and is bound like any other.
 */
#include "driver/base/cleanup.h"
#include "tests/unit/session_fixture.h"

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789/1"

/* The answer, whether it came at once or from the record. */
static enum refusal_code begin_with(struct fixture *f, const char *client, const char *cartridge)
{
	const struct begin_options options = {.area = "brow", .cartridge = cartridge};

	fake_host_clear(f->host);
	if (station_begin(f->pen, pen_epoch(f->pen->pen), "thin", client, &options, on_answer, f,
			  &f->refusal) < 0)
		return f->refusal.code;
	answer_refresh(f);
	return wait_answer(f);
}

static void end(struct fixture *f)
{
	fake_host_answer(f->host, 0, NULL, 0); /* the session's SET_STREAM */
	next(f);
	assert_int_equal(station_end(f->pen, "done", on_answer, f, &f->refusal), 0);
	assert_int_equal(wait_answer(f), REFUSAL_NONE);
	fake_host_answer_stop(f->host, 0);
	/* until the pen is at rest, with its slow stream */
	for (int i = 0; i < 5; i++) {
		next(f);
		if (f->host->pending)
			fake_host_answer(f->host, 0, NULL, 0);
	}
}

static void has_to_be_given(void **state)
{
	/* the last one is longer than what stands on any pack */
	static const char *const wrong[] = {"",	       "/",	 "L7",	   "L7/",     "/55",
					    "L7/55/1", "L7/55 ", "L 7/55", "L7/\t55", LONG};
	struct fixture *f = fixture_new("", "");

	assert_int_equal(begin_with(f, "C-17", NULL), REFUSAL_INTERLOCK);
	assert_non_null(strstr(f->refusal.message, "--cartridge LOT/SERIAL"));
	for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
		assert_int_equal(begin_with(f, "C-17", wrong[i]), REFUSAL_INVALID_ARGUMENT);
		assert_non_null(strstr(f->refusal.message, "is not LOT/SERIAL"));
		assert_null(f->pen->session);
	}
	assert_string_equal(f->host->log, ""); /* the pen was not asked for anything */
	fixture_free(f);
}

static void is_bound_for_ever(void **state)
{
	struct fixture *f = fixture_new("", "");

	assert_int_equal(begin_with(f, "C-17", "L7/55"), REFUSAL_NONE);
	end(f);
	assert_int_equal(begin_with(f, "C-18", "L7/55"), REFUSAL_CARTRIDGE_USED);
	assert_null(f->pen->session);
	assert_int_equal(begin_with(f, "C-17", "L7/55"), REFUSAL_CARTRIDGE_USED);
	assert_non_null(strstr(f->refusal.message, "L7/55"));
	assert_int_equal(begin_with(f, "C-17", "l7/55"), REFUSAL_CARTRIDGE_USED);
	/* the same number of another lot is another one */
	assert_int_equal(begin_with(f, "C-18", "L8/55"), REFUSAL_NONE);
	end(f);
	assert_int_equal(begin_with(f, "C-18", "L7/56"), REFUSAL_NONE);
	fixture_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_to_be_given),
		cmocka_unit_test(is_bound_for_ever),
	};

	return cmocka_run_group_tests_name("session_typed", tests, NULL, NULL);
}
