/* SPDX-License-Identifier: GPL-2.0-only */
/* The foot pedal at the station: who needs it, what it does to a pen, and what is shown of it. */
#include <errno.h>

#include "tests/unit/session_fixture.h"

static bool level_down = true;
static unsigned int level_asked;

static bool on_down(void *userdata)
{
	level_asked++;
	return level_down;
}

static void on_describe(void *userdata, char *buf, size_t size)
{
	snprintf(buf, size, "%s", (const char *)userdata);
}

static char description[] = "0426:3011 Foot Pedal";
static const struct station_pedals pedals = {.down = on_down, .describe = on_describe};

static void fresh(struct fixture *f)
{
	level_down = true;
	level_asked = 0;
	station_set_pedals(f->station, &pedals, description);
}

static int setup(void **state)
{
	*state = fixture_new("Pedal = optional\n", "");
	fresh(*state);
	return 0;
}

static int setup_required(void **state)
{
	*state = fixture_new("Pedal = required\n", "");
	fresh(*state);
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static void pedal(struct fixture *f, enum station_pedal state, const char *cause)
{
	usleep(10);
	station_pedal(f->station, state, cause, now_usec());
}

static bool newest_lease_enables(struct fixture *f)
{
	struct mnpen_lease lease;

	assert_int_equal(mnpen_lease_decode(&lease, f->host->control.data, f->host->control.len),
			 0);
	return lease.enable;
}

static void armed(struct fixture *f)
{
	begin(f);
	set_target(f, 500);
	arm(f, 500);
	f->changed = 0;
	f->told[0] = '\0';
}

/* ---- who needs it ---- */

static const struct mode {
	const char *station, *profile;
	enum station_pedal pedal;
	bool guards;
	const char *name;
	const char *refused; /* NULL = the gate is open */
} modes[] = {
	{"", "", STATION_PEDAL_NONE, false, "none", NULL}, /* optional, if nobody says */
	{"", "", STATION_PEDAL_RELEASED, true, "released", NULL},
	{"", "", STATION_PEDAL_HELD, true, "held", NULL},
	{"", "", STATION_PEDAL_UNUSABLE, true, "none", "foot pedal 0426"},
	{"Pedal = required\n", "", STATION_PEDAL_NONE, true, "none", "71-mnpen-pedal.rules"},
	{"Pedal = required\n", "", STATION_PEDAL_RELEASED, true, "released", NULL},
	{"Pedal = required\n", "", STATION_PEDAL_UNUSABLE, true, "none", "foot pedal 0426"},
	{"Pedal = off\n", "", STATION_PEDAL_NONE, false, "off", NULL},
	{"Pedal = off\n", "", STATION_PEDAL_HELD, false, "off", NULL},
	{"Pedal = off\n", "", STATION_PEDAL_UNUSABLE, false, "off", NULL},
	/* the stricter of both */
	{"Pedal = off\n", "Pedal = required\n", STATION_PEDAL_NONE, true, "none", "required"},
	{"Pedal = off\n", "Pedal = optional\n", STATION_PEDAL_RELEASED, true, "released", NULL},
	{"Pedal = required\n", "Pedal = off\n", STATION_PEDAL_NONE, true, "none", "required"},
	{"Pedal = optional\n", "Pedal = off\n", STATION_PEDAL_RELEASED, true, "released", NULL},
	{"Pedal = off\n", "Pedal = off\n", STATION_PEDAL_RELEASED, false, "off", NULL},
};

static void needed_by_whom(void **state)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const struct mode *m = &modes[i];
		struct fixture *f = fixture_new(m->station, m->profile);
		struct refusal refusal;
		int r;

		fresh(f);
		begin(f);
		set_target(f, 500);
		pedal(f, m->pedal, "test");
		assert_int_equal(pedal_guards(f->pen), m->guards);
		assert_string_equal(station_pedal_name(f->pen), m->name);
		r = first_gate(f->pen, true, &refusal);
		assert_int_equal(r, m->refused ? -EACCES : 0);
		if (m->refused) {
			assert_int_equal(refusal.code, REFUSAL_INTERLOCK);
			assert_non_null(strstr(refusal.message, m->refused));
			assert_non_null(strstr(refusal.message, "0426:3011 Foot Pedal"));
		}
		fixture_free(f);
	}
}

/* Nobody reads any: nothing is known, and that is none. */
static void without_a_reader(void **state)
{
	struct fixture *f = *state;
	struct refusal refusal;

	station_set_pedals(f->station, NULL, NULL);
	assert_false(pedal_down(f->pen));
	assert_int_equal(check_pedal(f->pen, &refusal), -EACCES);
	assert_non_null(strstr(refusal.message, "udevadm trigger -s input"));
}

/* ---- what it does ---- */

static void runs_only_while_held(void **state)
{
	struct fixture *f = *state;

	pedal(f, STATION_PEDAL_RELEASED, "grabbed");
	armed(f);
	assert_false(newest_lease_enables(f));
	fake_host_answer(f->host, 0, NULL, 0);
	next(f);
	assert_int_equal(wait_answer(f), REFUSAL_NONE); /* armed, before any foot */
	f->told[0] = '\0';
	fake_host_clear(f->host);
	pedal(f, STATION_PEDAL_HELD, "down");
	expect_told(f, "pedal:held:down ");
	assert_true(f->changed & STATION_CHANGED_PEDAL);
	next(f);
	assert_string_equal(f->host->log, "lease ");
	assert_true(newest_lease_enables(f));
	assert_int_equal(level_asked, 1);
	fake_host_answer(f->host, 0, NULL, 0);
	fake_host_clear(f->host);
	pedal(f, STATION_PEDAL_RELEASED, "up");
	expect_told(f, "pedal:released:up ");
	assert_string_equal(f->host->log, "lease ");
	assert_false(newest_lease_enables(f));
	assert_int_equal(pen_state(f->pen->pen), FSM_ARMED);
}

static void held_when_armed_is_nothing(void **state)
{
	struct fixture *f = *state;

	pedal(f, STATION_PEDAL_HELD, "down");
	armed(f);
	assert_false(newest_lease_enables(f));
	assert_false(pen_is_held(f->pen->pen));
	fake_host_answer(f->host, 0, NULL, 0);
	pedal(f, STATION_PEDAL_RELEASED, "up");
	pedal(f, STATION_PEDAL_HELD, "down");
	assert_true(pen_is_held(f->pen->pen));
}

/* An arm with a pedal does not become one without, whatever is only optional. */
static void gone_while_armed(void **state)
{
	struct fixture *f = *state;

	pedal(f, STATION_PEDAL_RELEASED, "grabbed");
	armed(f);
	fake_host_answer(f->host, 0, NULL, 0);
	pedal(f, STATION_PEDAL_HELD, "down");
	next(f);
	assert_true(newest_lease_enables(f));
	fake_host_answer(f->host, 0, NULL, 0);
	fake_host_clear(f->host);
	f->told[0] = '\0';
	pedal(f, STATION_PEDAL_NONE, "gone");
	expect_told(f, "pedal:none:gone ");
	assert_string_equal(f->host->log, "lease ");
	assert_false(newest_lease_enables(f));
	assert_true(pen_is_guarded(f->pen->pen));
	assert_string_equal(station_pedal_name(f->pen), "none");
}

static void comes_while_armed(void **state)
{
	struct fixture *f = *state;

	armed(f);
	assert_true(newest_lease_enables(f));
	assert_false(pen_is_guarded(f->pen->pen));
	fake_host_answer(f->host, 0, NULL, 0);
	fake_host_clear(f->host);
	pedal(f, STATION_PEDAL_RELEASED, "grabbed");
	assert_true(pen_is_guarded(f->pen->pen));
	assert_string_equal(f->host->log, "lease ");
	assert_false(newest_lease_enables(f));
}

/* By its level it is up, and no event said so. */
static void level_contradicts(void **state)
{
	struct fixture *f = *state;

	pedal(f, STATION_PEDAL_RELEASED, "grabbed");
	armed(f);
	fake_host_answer(f->host, 0, NULL, 0);
	pedal(f, STATION_PEDAL_HELD, "down");
	level_down = false;
	next(f);
	assert_false(newest_lease_enables(f));
	assert_false(pen_is_held(f->pen->pen));
}

/* A configuration that asks for it now does not let a pen run that was armed without. */
static void needed_since(void **state)
{
	struct fixture *f = *state;

	armed(f);
	fake_host_answer(f->host, 0, NULL, 0);
	fake_host_clear(f->host);
	f->station->pedal = STATION_PEDAL_RELEASED; /* as if nobody had told the pen */
	next(f);
	assert_string_equal(f->host->log, "stop:44 ");
}

static void no_session_no_record(void **state)
{
	struct fixture *f = *state;

	pedal(f, STATION_PEDAL_RELEASED, "grabbed");
	expect_told(f, "");
	assert_true(f->changed & STATION_CHANGED_PEDAL);
}

#define PEDAL_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(needed_by_whom),
		cmocka_unit_test_setup_teardown(without_a_reader, setup_required, teardown),
		PEDAL_TEST(runs_only_while_held),
		PEDAL_TEST(held_when_armed_is_nothing),
		PEDAL_TEST(gone_while_armed),
		PEDAL_TEST(comes_while_armed),
		PEDAL_TEST(level_contradicts),
		PEDAL_TEST(needed_since),
		PEDAL_TEST(no_session_no_record),
	};

	return cmocka_run_group_tests_name("session_pedal", tests, NULL, NULL);
}
