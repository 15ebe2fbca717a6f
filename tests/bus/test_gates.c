// SPDX-License-Identifier: GPL-2.0-only
/* What must be right before needles may run, each thing by itself and all of them at once. */
#include "tests/bus/harness.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define STEP_MS 5000
#define REASONS_MAX 1024

/* The codes of Explain, each with a comma behind it. */
static const char *explain(struct rig *rig)
{
	static char codes[REASONS_MAX];
	sd_bus_message *reply = NULL;
	const char *code, *text;
	size_t used = 0;

	codes[0] = '\0';
	assert_string_equal(client_call(rig->client, &reply, API_ROOT, API_MANAGER, "Explain", "o",
					rig->pen),
			    "");
	assert_true(sd_bus_message_enter_container(reply, 'a', "(ss)") > 0);
	while (sd_bus_message_read(reply, "(ss)", &code, &text) > 0) {
		used += (size_t)snprintf(codes + used, sizeof(codes) - used, "%s,", code);
		assert_true(strlen(text) > 20); /* a sentence with the way out */
	}
	sd_bus_message_unref(reply);
	return codes;
}

/* The virtual pen's flags come with its samples. */
static void await_reasons(struct rig *rig, const char *codes)
{
	for (int i = 0; i < 100 && strcmp(explain(rig), codes) != 0; i++)
		sleep_ms(10);
	assert_string_equal(explain(rig), codes);
}

static void ready(struct rig *rig)
{
	rig_begin(rig);
	await_reasons(rig, "");
}

/* What keeps the pen from being armed, its word, what the refusal says, and what mends it. */
struct gate_case {
	const char *spoil;
	const char *code;
	const char *says;
	const char *mend;
};

static void check_gate(struct rig *rig, const struct gate_case *c)
{
	char codes[32];

	gadget_do(rig->control_fd, "%s", c->spoil);
	snprintf(codes, sizeof(codes), "%s,", c->code);
	await_reasons(rig, codes);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, c->says);
	assert_string_equal(rig_truth(rig).state, "idle");
	gadget_do(rig->control_fd, "%s", c->mend);
	await_reasons(rig, "");
	assert_done(rig, pen_call(rig, "Arm", ""));
	assert_done(rig, pen_call(rig, "Disarm", ""));
}

static void test_each(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	char yesterday[32], today[32], date[WALL_DATE_SIZE];
	struct gate_case cases[] = {
		{yesterday, "calibration", date, today},
		{"calibration due 0", "calibration", "1970-01-01", today},
		{"sleeve off", "sleeve", "sleeve", "sleeve on"},
		{"battery 34", "battery", "34 %", "battery 35"},
		{"battery 0", "battery", "35 %", "battery 100"},
	};

	snprintf(yesterday, sizeof(yesterday), "calibration due %u", wall_days() - 1);
	snprintf(today, sizeof(today), "calibration due %u", wall_days());
	wall_date(wall_days() - 1, date);
	ready(rig); /* 10 % in reserve, and 30 min of the 2 h that a full battery runs */
	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		check_gate(rig, &cases[i]);
	rig_stop(rig);
}

/* A pen that was found wanting is looked at again when somebody asks, not when it is plugged in. */
static void test_asked_anew(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	ready(rig);
	gadget_do(rig->control_fd, "calibration due %u", wall_days() - 1);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	gadget_do(rig->control_fd, "calibration due %u", wall_days() + 1);
	assert_done(rig, pen_call(rig, "Arm", ""));
	/* Armed, it is not asked: only leases, targets and stops go to it. */
	gadget_do(rig->control_fd, "calibration due %u", wall_days() - 1);
	assert_string_equal(explain(rig), "state,");
	rig_stop(rig);
}

static void test_all_at_once(void **state)
{
	struct rig *rig = rig_start(
		state, &(struct rig_options){.station = "MaxSampleAge = 200ms\n"
							"AllowSerials = OTHER-1 OTHER-2\n"});

	gadget_do(rig->control_fd, "calibration due 100");
	gadget_do(rig->control_fd, "sleeve off");
	gadget_do(rig->control_fd, "battery 3");
	gadget_do(rig->control_fd, "cartridge remove");
	await_reasons(rig, "session,serial,target,calibration,sleeve,battery,cartridge,");
	rig_stop(rig);
}

/* An alarm that nobody has looked at. */
static void test_alarm(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	ready(rig);
	rig_arm(rig);
	rig_run(rig);
	gadget_do(rig->control_fd, "ignore stop on");
	gadget_do(rig->control_fd, "ignore alt on");
	(void)pen_call(rig, "Stop", "");
	rig_await_event(rig, "escalation", STEP_MS);
	gadget_do(rig->control_fd, "ignore stop off");
	gadget_do(rig->control_fd, "ignore alt off");
	gadget_do(rig->control_fd, "trigger release");
	rig_await_pens(rig);
	await_reasons(rig, "alarm,session,target,cartridge,"); /* its session is over */
	rig_stop(rig);
}

/* Nobody works under another's name: the login leads, what was typed stands behind it. */
static void test_operator(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct passwd entry, *user = NULL;
	char expected[128], texts[4096];

	assert_int_equal(getpwuid_r(geteuid(), &entry, texts, sizeof(texts), &user), 0);
	assert_non_null(user);
	rig_begin(rig);
	assert_string_equal(session_word(rig, "operator"), user->pw_name);
	assert_int_equal(session_number(rig, "operator_uid"), geteuid());
	assert_done(rig, session_call(rig, "End", "s", ""));

	rig_fresh_cartridge(rig);
	assert_done(rig, client_call(rig->client, NULL, API_ROOT, API_MANAGER, "BeginSession",
				     "ossa{sv}", rig->pen, RIG_PROFILE, "client-2", 1, "operator",
				     "s", "anna"));
	snprintf(
		expected, sizeof(expected),
		"SELECT count(*) FROM session WHERE operator = '%s (anna)' AND client = 'client-2'",
		user->pw_name);
	rig_await_number(rig, expected, 1, STEP_MS);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_each),  RIG_TEST(test_asked_anew), RIG_TEST(test_all_at_once),
		RIG_TEST(test_alarm), RIG_TEST(test_operator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
