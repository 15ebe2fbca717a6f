// SPDX-License-Identifier: GPL-2.0-only
/* Profiles that come and go while the daemon runs. */
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
	rig_reload(rig);
	assert_string_equal(title_of(rig, fine_lines), "Administrator");
	assert_refused(rig, manager_call(rig, "AddProfile", "ss", "fine-lines", PROFILE("Other")),
		       "Interlock");
	assert_says(rig, "administrator");
	rig_write(rig, "profiles.d/fine-lines.conf", "");
	rig_reload(rig);
	assert_false(profile_there(rig, fine_lines));
	/* With an error it masks as well: half of a limit is none. */
	rig_write(rig, "profiles.d/fine-lines.conf", "[Profile]\n");
	rig_reload(rig);
	assert_false(profile_there(rig, fine_lines));
	assert_int_equal(unlink(rig_path(rig, "profiles.d/fine-lines.conf")), 0);
	rig_reload(rig);
	assert_string_equal(title_of(rig, fine_lines), "Ours");
	assert_done(rig, manager_call(rig, "RemoveProfile", "s", "fine-lines"));
	assert_string_equal(title_of(rig, fine_lines), "Fine lines");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_add_remove), RIG_TEST(test_who_may), RIG_TEST(test_names),
		RIG_TEST(test_in_use),	   RIG_TEST(test_masks),   RIG_TEST(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
