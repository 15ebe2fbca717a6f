// SPDX-License-Identifier: GPL-2.0-only
/* Profiles that come and go, and a configuration that is read again, while the daemon runs. */
#include "tests/bus/harness.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf/keeper.h"
#include "driver/base/cleanup.h"

#define STEP_MS 5000
#define AREA "[Area face]\nMaxDepth = 1.0mm\nMinSpeed = 40Hz\nMaxSpeed = 8000rpm\n"
#define PROFILE(title) "[Profile]\nTitle = " title "\nSource = tests\n" AREA
#define ADDED API_PROFILES "/added"

/* ---- helpers ---- */

static bool profile_there(struct rig *rig, const char *path)
{
	return !*client_call(rig->client, NULL, path, "org.freedesktop.DBus.Properties", "GetAll",
			     "s", API_PROFILE);
}

static const char *title_of(struct rig *rig, const char *path)
{
	return client_string(rig->client, path, API_PROFILE, "Title");
}

/* Files of the state directory's profiles.d; -1: there is no such directory. */
static int added_files(const struct rig *rig)
{
	DIR *dir = opendir(rig_path(rig, "state/profiles.d"));
	const struct dirent *entry;
	int n = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return n;
}

/* SIGHUP, and until the daemon says that it has read everything again. */
static void reload(struct rig *rig)
{
	static const char line[] = "configuration read again";
	_cleanup_free_ char *before = process_log(&rig->daemon);
	int seen = 0, now = 0;

	for (const char *at = before; (at = strstr(at, line)); at++)
		seen++;
	process_kill(&rig->daemon, SIGHUP);
	for (int i = 0; i < STEP_MS / 5 && now <= seen; i++) {
		_cleanup_free_ char *log = process_log(&rig->daemon);

		now = 0;
		for (const char *at = log; (at = strstr(at, line)); at++)
			now++;
		client_pump(rig->client, 5);
	}
	assert_int_equal(now, seen + 1);
}

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

static void test_add_remove(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	assert_false(profile_there(rig, ADDED));
	assert_done(rig, manager_call(rig, "AddProfile", "ss", "added", PROFILE("One")));
	assert_string_equal(title_of(rig, ADDED), "One");
	assert_true(client_number(rig->client, ADDED, API_PROFILE, "Enabled"));
	assert_done(rig, pen_call(rig, "SetProfile", "s", "added"));
	assert_done(rig, manager_call(rig, "AddProfile", "ss", "added", PROFILE("Two")));
	assert_string_equal(title_of(rig, ADDED), "Two");
	assert_int_equal(added_files(rig), 1);

	/* A restart reads what was added. */
	process_kill(&rig->daemon, SIGTERM);
	assert_int_equal(process_wait(&rig->daemon, STEP_MS), 0);
	rig_start_daemon(rig);
	assert_string_equal(title_of(rig, ADDED), "Two");

	rig->client->n_removed = 0;
	assert_done(rig, manager_call(rig, "RemoveProfile", "s", "added"));
	client_pump(rig->client, 50);
	assert_int_equal(rig->client->n_removed, 1);
	assert_string_equal(rig->client->removed, ADDED);
	assert_false(profile_there(rig, ADDED));
	assert_refused(rig, manager_call(rig, "RemoveProfile", "s", "added"), "NoSuchProfile");
	assert_int_equal(added_files(rig), 0);
	rig_await_number(rig,
			 "SELECT count(*) FROM event WHERE kind IN ('profile-added',"
			 " 'profile-removed') AND details ->> 'profile' = 'added'"
			 " AND details ->> 'uid' IS NOT NULL",
			 3, STEP_MS);
	rig_stop(rig);
}

static void test_who_may(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	unsigned int asked = polkit_asked(rig->polkit, API_ACTION_MANAGE_PROFILES);

	polkit_say(rig->polkit, false, 0);
	assert_refused(rig, manager_call(rig, "AddProfile", "ss", "added", PROFILE("One")),
		       "NotAuthorized");
	assert_refused(rig, manager_call(rig, "RemoveProfile", "s", RIG_PROFILE), "NotAuthorized");
	assert_int_equal(polkit_asked(rig->polkit, API_ACTION_MANAGE_PROFILES), asked + 2);
	assert_int_equal(added_files(rig), -1);
	/* Judging a text is anybody's. */
	assert_done(rig, manager_call(rig, "CheckProfile", "s", PROFILE("One")));
	rig_stop(rig);
}

/* Names are file names and path elements: what could be more than that is refused. */
static void test_names(void **state)
{
	static const char *const names[] = {
		"",
		".",
		"..",
		"../added",
		"a/b",
		"/etc/passwd",
		"a b",
		".a",
		"-a",
		"_a",
		"a\tb",
		"a\nb",
		"a%2fb",
		"\xc3\xa4",
		"a\\b",
		"a;b",
		"a$(x)",
		"~",
		"a\x01",
		"a:b",
		"a*",
		"added.conf/",
		"0123456789012345678901234567890123456789012345678901234567890123x",
	};
	struct rig *rig = rig_start(state, NULL);

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		assert_refused(rig, manager_call(rig, "AddProfile", "ss", names[i], PROFILE("One")),
			       "InvalidArgument");
		assert_says(rig, "allowed: a letter or digit");
		assert_refused(rig, manager_call(rig, "RemoveProfile", "s", names[i]),
			       "InvalidArgument");
	}
	assert_int_equal(added_files(rig), -1);
	assert_done(rig, manager_call(rig, "AddProfile", "ss", "A.b_c-9", PROFILE("One")));
	assert_done(rig,
		    manager_call(rig, "AddProfile", "ss",
				 "0123456789012345678901234567890123456789012345678901234567890"
				 "123",
				 PROFILE("One")));
	assert_int_equal(added_files(rig), 2);
	rig_stop(rig);
}

static void test_in_use(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	assert_done(rig, manager_call(rig, "AddProfile", "ss", "added", PROFILE("One")));
	assert_done(rig, rig_begin_as(rig, "added", "client-1", "face"));
	assert_refused(rig, manager_call(rig, "RemoveProfile", "s", "added"), "Busy");
	assert_says(rig, rig->id);
	assert_says(rig, "session end");
	assert_refused(rig, manager_call(rig, "AddProfile", "ss", "added", PROFILE("Two")), "Busy");
	assert_string_equal(title_of(rig, ADDED), "One");
	assert_done(rig, session_call(rig, "End", "s", ""));
	assert_done(rig, manager_call(rig, "AddProfile", "ss", "added", PROFILE("Two")));
	/* What a pen is set to would silently be another, or none. */
	assert_done(rig, pen_call(rig, "SetProfile", "s", "added"));
	assert_refused(rig, manager_call(rig, "RemoveProfile", "s", "added"), "Busy");
	assert_says(rig, RIG_SERIAL);
	assert_done(rig, pen_call(rig, "SetProfile", "s", RIG_PROFILE));
	assert_done(rig, manager_call(rig, "RemoveProfile", "s", "added"));
	rig_stop(rig);
}

/* Shipped, then added, then the administrator's: name by name, and an empty file says "none". */
static void test_masks(void **state)
{
	static const char fine_lines[] = API_PROFILES "/fine_2dlines";
	struct rig *rig = rig_start(state, NULL);

	assert_string_equal(title_of(rig, fine_lines), "Fine lines");
	assert_refused(rig, manager_call(rig, "RemoveProfile", "s", "fine-lines"), "Interlock");
	assert_says(rig, "was not added");
	assert_done(rig, manager_call(rig, "AddProfile", "ss", "fine-lines", PROFILE("Ours")));
	assert_string_equal(title_of(rig, fine_lines), "Ours");
	rig_write(rig, "profiles.d/fine-lines.conf", PROFILE("Administrator"));
	assert_string_equal(title_of(rig, fine_lines), "Ours");
	reload(rig);
	assert_string_equal(title_of(rig, fine_lines), "Administrator");
	assert_refused(rig, manager_call(rig, "AddProfile", "ss", "fine-lines", PROFILE("Other")),
		       "Interlock");
	assert_says(rig, "administrator");
	rig_write(rig, "profiles.d/fine-lines.conf", "");
	reload(rig);
	assert_false(profile_there(rig, fine_lines));
	/* With an error it masks as well: half of a limit is none. */
	rig_write(rig, "profiles.d/fine-lines.conf", "[Profile]\n");
	reload(rig);
	assert_false(profile_there(rig, fine_lines));
	assert_int_equal(unlink(rig_path(rig, "profiles.d/fine-lines.conf")), 0);
	reload(rig);
	assert_string_equal(title_of(rig, fine_lines), "Ours");
	assert_done(rig, manager_call(rig, "RemoveProfile", "s", "fine-lines"));
	assert_string_equal(title_of(rig, fine_lines), "Fine lines");
	rig_stop(rig);
}

/* Reading the same again disturbs nobody; a limit that changed stops whoever works under it. */
static void test_reload_running(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	reload(rig);
	sleep_ms(100);
	assert_true(rig_truth(rig).motor);
	assert_string_equal(pen_word(rig, "DisarmReason"), "none");

	station(rig, "MaxRunTime = 10min\n");
	reload(rig);
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
	reload(rig);
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

	/* Gone altogether, and switched off: no arm without another one. */
	rig_write(rig, "profiles.d/" RIG_PROFILE ".conf", "");
	reload(rig);
	rig_await_value(rig, "Armed", 0, STEP_MS);
	assert_explained(rig, "profile", true);
	rig_write(rig, "profiles.d/" RIG_PROFILE ".conf",
		  "[Profile]\nTitle = Off\nEnabled = no\n" AREA);
	reload(rig);
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
	reload(rig);
	rig_await_motor(rig, false, STEP_MS);
	assert_explained(rig, "config", true);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Interlock");
	assert_says(rig, "--check-config");
	gadget_do(rig->control_fd, "trigger release");
	station(rig, "MaxDepth = 1.2mm\n");
	reload(rig);
	assert_explained(rig, "config", false);
	rig_rearm(rig);

	/* The list of pens that may work here. */
	station(rig, "AllowSerials = OTHER-1\n");
	reload(rig);
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
		reload(rig);
		rig_arm(rig);
		snprintf(text, sizeof(text), "[Station]\n%s%s\n",
			 i > 0 ? "MaxSampleAge = 200ms\n" : "", terms[i]);
		rig_write(rig, "mnpend.conf", text);
		reload(rig);
		assert_explained(rig, "config", false);
		rig_await_value(rig, "Armed", 0, STEP_MS);
		rig_await_word(rig, "DisarmReason", "settings", STEP_MS);
	}
	assert_explained(rig, "pedal", true);
	rig_stop(rig);
}

/* More than may be added are told as that: the value, the limit and the way out. */
static void test_room(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	char name[64];

	assert_done(rig, manager_call(rig, "AddProfile", "ss", "added", PROFILE("One")));
	for (int i = 1; i < CONF_ADDED_MAX; i++) {
		snprintf(name, sizeof(name), "state/profiles.d/p%d.conf", i);
		rig_write(rig, name, PROFILE("Many"));
	}
	assert_refused(rig, manager_call(rig, "AddProfile", "ss", "more", PROFILE("One")), "Limit");
	assert_says(rig, "256 profiles are added already");
	assert_says(rig, "profile remove");
	assert_done(rig, manager_call(rig, "RemoveProfile", "s", "p1"));
	assert_done(rig, manager_call(rig, "AddProfile", "ss", "more", PROFILE("One")));
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
	reload(rig);
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
		RIG_TEST(test_add_remove),
		RIG_TEST(test_who_may),
		RIG_TEST(test_names),
		RIG_TEST(test_in_use),
		RIG_TEST(test_masks),
		RIG_TEST(test_reload_running),
		RIG_TEST(test_profile_rewritten),
		RIG_TEST(test_station_broken),
		RIG_TEST(test_station_terms),
		RIG_TEST(test_pedal_told),
		RIG_TEST(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
