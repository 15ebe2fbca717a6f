// SPDX-License-Identifier: GPL-2.0-only
/* A configuration that is read again while pens are armed under the one before. */
#include "tests/bus/harness.h"

#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"

#define STEP_MS 5000
#define AREA "[Area face]\nMaxDepth = 1.0mm\nMinSpeed = 40Hz\nMaxSpeed = 8000rpm\n"

/* ---- helpers ---- */

static void station(struct rig *rig, const char *lines)
{
	char text[512];

	snprintf(text, sizeof(text), "[Station]\nMaxSampleAge = 200ms\n%s", lines);
	rig_write(rig, "mnpend.conf", text);
}

static void assert_explained(struct rig *rig, const char *code, bool expected)
{
	sd_bus_message *reply = NULL;
	const char *reason, *text;
	bool found = false;

	assert_string_equal(client_call(rig->client, &reply, API_ROOT, API_MANAGER, "Explain", "o",
					rig->pen),
			    "");
	assert_true(sd_bus_message_enter_container(reply, 'a', "(ss)") > 0);
	while (sd_bus_message_read(reply, "(ss)", &reason, &text) > 0)
		found |= strcmp(reason, code) == 0;
	sd_bus_message_unref(reply);
	if (found != expected)
		fail_msg("Explain: %s is %s", code, found ? "there" : "missing");
}

/* ---- tests ---- */

/* Reading the same again disturbs nobody; a limit that changed stops whoever works under it. */
static void test_reload_running(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	rig_reload(rig);
	sleep_ms(100);
	assert_true(rig_truth(rig).motor);
	assert_string_equal(pen_word(rig, "DisarmReason"), "none");

	station(rig, "MaxRunTime = 10min\n");
	rig_reload(rig);
	rig_await_motor(rig, false, STEP_MS);
	rig_await_word(rig, "DisarmReason", "settings", STEP_MS);
	assert_string_equal(rig_truth(rig).stop_reason, "host");
	assert_string_equal(client_entry(rig->client, rig->pen, API_PEN, "Limits", "run_ms"),
			    "600000");
	/* Only the depth may have become more dangerous: the target is still the one. */
	assert_int_equal(pen_value(rig, "TargetDepthUm"), RIG_DEPTH_UM);
	gadget_do(rig->control_fd, "trigger release");
	rig_arm(rig);
	rig_stop(rig);
}

/* A profile that was rewritten by hand under a session: stopped, recorded, and asked for anew. */
static void test_profile_rewritten(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	rig_write(rig, "profiles.d/" RIG_PROFILE ".conf",
		  "[Profile]\nTitle = Lower\n[Area face]\nMaxDepth = 0.4mm\nMaxSpeed = 8000rpm\n");
	rig_reload(rig);
	rig_await_motor(rig, false, STEP_MS);
	assert_int_equal(pen_value(rig, "TargetDepthUm"), 0);
	assert_explained(rig, "target", true);
	assert_refused(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM), "Limit");
	rig_await_number(rig,
			 "SELECT count(DISTINCT details ->> 'profile_digest') FROM event"
			 " WHERE kind = 'profile' AND session IS NOT NULL",
			 1, STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	assert_done(rig, pen_call(rig, "SetTarget", "uu", 300, RIG_SPEED_RPM));
	rig_arm(rig);

	/* Without the area that was chosen: another one has to be. */
	rig_write(rig, "profiles.d/" RIG_PROFILE ".conf",
		  "[Profile]\nTitle = Other\n[Area hand]\nMaxDepth = 1mm\nMaxSpeed = 8000rpm\n");
	rig_reload(rig);
	rig_await_value(rig, "Armed", 0, STEP_MS);
	assert_string_equal(pen_word(rig, "Area"), "");
	assert_explained(rig, "area", true);

	/* Gone altogether, and switched off: no arm without another one. */
	rig_write(rig, "profiles.d/" RIG_PROFILE ".conf", "");
	rig_reload(rig);
	rig_await_value(rig, "Armed", 0, STEP_MS);
	assert_explained(rig, "profile", true);
	rig_write(rig, "profiles.d/" RIG_PROFILE ".conf",
		  "[Profile]\nTitle = Off\nEnabled = no\n" AREA);
	rig_reload(rig);
	assert_explained(rig, "profile", true);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, "Enabled=no");
	rig_stop(rig);
}

/* An error in mnpend.conf may hide a limit: nothing runs until it is mended. */
static void test_station_broken(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	station(rig, "MaxDepth = 1\n");
	rig_reload(rig);
	rig_await_motor(rig, false, STEP_MS);
	assert_explained(rig, "config", true);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, "--check-config");
	gadget_do(rig->control_fd, "trigger release");
	station(rig, "MaxDepth = 1.2mm\n");
	rig_reload(rig);
	assert_explained(rig, "config", false);
	rig_rearm(rig);

	/* The list of pens that may work here. */
	station(rig, "AllowSerials = OTHER-1\n");
	rig_reload(rig);
	rig_await_motor(rig, false, STEP_MS);
	assert_explained(rig, "serial", true);
	rig_stop(rig);
}

/* What an ARM takes with it besides the limits: each of them stops whoever works under the old. */
static void test_station_terms(void **state)
{
	static const char *const terms[] = {"MaxSampleAge = 150ms", "ArmTimeout = 90s",
					    "Lease = 290ms", "Pedal = required"};
	struct rig *rig = rig_start(state, NULL);
	char text[128];

	rig_begin(rig);
	for (size_t i = 0; i < ELEMENTSOF(terms); i++) {
		station(rig, "");
		rig_reload(rig);
		rig_arm(rig);
		snprintf(text, sizeof(text), "[Station]\n%s%s\n",
			 i > 0 ? "MaxSampleAge = 200ms\n" : "", terms[i]);
		rig_write(rig, "mnpend.conf", text);
		rig_reload(rig);
		assert_explained(rig, "config", false);
		rig_await_value(rig, "Armed", 0, STEP_MS);
		rig_await_word(rig, "DisarmReason", "settings", STEP_MS);
	}
	assert_explained(rig, "pedal", true);
	rig_stop(rig);
}

static int on_pedal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const char *interface, *name, *contents;
	char *told = userdata;

	assert_true(sd_bus_message_read(m, "s", &interface) > 0);
	assert_true(sd_bus_message_enter_container(m, 'a', "{sv}") > 0);
	while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
		assert_true(sd_bus_message_read(m, "s", &name) > 0);
		assert_true(sd_bus_message_peek_type(m, NULL, &contents) > 0);
		if (strcmp(name, "Pedal") == 0) {
			assert_true(sd_bus_message_read(m, "v", "s", &name) > 0);
			snprintf(told, 16, "%s", name);
		} else {
			assert_true(sd_bus_message_skip(m, "v") > 0);
		}
		assert_true(sd_bus_message_exit_container(m) > 0);
	}
	return 0;
}

/* Whoever keeps a pen's properties hears of all that a reload changes in them. */
static void test_pedal_told(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	sd_bus_slot *slot = NULL;
	char told[16] = "";

	assert_true(sd_bus_match_signal(rig->client->bus, &slot, NULL, rig->pen,
					"org.freedesktop.DBus.Properties", "PropertiesChanged",
					on_pedal, told) >= 0);
	assert_string_equal(pen_word(rig, "Pedal"), "none");
	station(rig, "Pedal = off\n");
	rig_reload(rig);
	assert_string_equal(pen_word(rig, "Pedal"), "off");
	for (int i = 0; i < STEP_MS / 5 && !*told; i++)
		client_pump(rig->client, 5);
	assert_string_equal(told, "off");
	sd_bus_slot_unref(slot);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_reload_running), RIG_TEST(test_profile_rewritten),
		RIG_TEST(test_station_broken), RIG_TEST(test_station_terms),
		RIG_TEST(test_pedal_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
