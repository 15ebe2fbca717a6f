// SPDX-License-Identifier: GPL-2.0-only
/* Profiles added, removed and read again while a loop runs: whole or not at all, or it says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/conf/keeper.h"
#include "driver/base/cleanup.h"

#define WAIT_USEC 10000000

static const char text_a[] = "[Profile]\nTitle = A\n[Area a]\nMaxDepth = 1mm\nMaxSpeed = 9000rpm\n";
static const char text_b[] = "[Profile]\nTitle = B\n[Area b]\nMaxDepth = 1mm\nMaxSpeed = 9000rpm\n";

/* ---- a disk that fails at one call ---- */

static const char *failing; /* "fsync", ...; NULL = none */
static int failing_errno;

static bool fails(const char *call)
{
	if (!failing || strcmp(failing, call) != 0)
		return false;
	errno = failing_errno;
	return true;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	return fails("fsync") ? -1 : __real_fsync(fd);
}

int __real_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to);
int __wrap_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return fails("renameat") ? -1 : __real_renameat(from_dir, from, to_dir, to);
}

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	return fails("mkdir") ? -1 : __real_mkdir(path, mode);
}

/* ---- fixture ---- */

struct fixture {
	char dir[64];
	char config[96];
	char state_dir[96];
	sd_event *event;
	struct conf_keeper *keeper;
	struct conf *conf; /* of the last outcome that brought one */
	int result;	   /* of the last outcome; 1 = none yet */
	size_t n_errors;
	unsigned int outcomes;
};

static const char *path_of(const struct fixture *f, const char *name)
{
	static char path[160];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

static void put(const struct fixture *f, const char *name, const char *text)
{
	FILE *file = fopen(path_of(f, name), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static bool there(const struct fixture *f, const char *name)
{
	return access(path_of(f, name), F_OK) == 0;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct conf_paths paths;

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "/tmp/mnpen-keeper-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->config, sizeof(f->config), "%s/etc/mnpend.conf", f->dir);
	snprintf(f->state_dir, sizeof(f->state_dir), "%s/state", f->dir);
	assert_int_equal(mkdir(path_of(f, "etc"), 0700), 0);
	assert_int_equal(mkdir(path_of(f, "etc/profiles.d"), 0700), 0);
	assert_int_equal(mkdir(f->state_dir, 0700), 0);
	assert_true(sd_event_new(&f->event) >= 0);
	paths = (struct conf_paths){.config = f->config, .state_dir = f->state_dir};
	assert_int_equal(conf_keeper_new(&f->keeper, f->event, &paths), 0);
	failing = NULL;
	*state = f;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	failing = NULL;
	assert_null(conf_keeper_free(f->keeper));
	conf_unref(f->conf);
	sd_event_unref(f->event);
	(void)nftw(f->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static void on_done(void *userdata, const struct conf_outcome *outcome)
{
	struct fixture *f = userdata;

	f->outcomes++;
	f->result = outcome->result;
	f->n_errors = outcome->report->n_lines;
	assert_true((outcome->result == 0) == (outcome->conf != NULL));
	if (outcome->conf) {
		conf_unref(f->conf);
		f->conf = outcome->conf;
	}
}

static int finish(struct fixture *f, int started)
{
	unsigned int before = f->outcomes;

	assert_int_equal(started, 0);
	assert_true(conf_keeper_busy(f->keeper));
	f->result = 1;
	while (f->outcomes == before)
		assert_true(sd_event_run(f->event, WAIT_USEC) > 0);
	assert_false(conf_keeper_busy(f->keeper));
	return f->result;
}

static int add(struct fixture *f, const char *name, const char *text)
{
	return finish(f, conf_keeper_add(f->keeper, name, text, on_done, f));
}

static int take_away(struct fixture *f, const char *name)
{
	return finish(f, conf_keeper_remove(f->keeper, name, on_done, f));
}

static int reload(struct fixture *f)
{
	return finish(f, conf_keeper_reload(f->keeper, on_done, f));
}

/* The title of a profile in the newest snapshot, "" when it is not there. */
static const char *title(const struct fixture *f, const char *name)
{
	const struct conf_profile *profile = conf_profile(f->conf, name);

	return profile ? profile->title : "";
}

/* ---- tests ---- */

static void adds_replaces_removes(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(add(f, "one", text_a), 0);
	assert_string_equal(title(f, "one"), "A");
	assert_int_equal(stat(path_of(f, "state/profiles.d/one.conf"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(path_of(f, "state/profiles.d"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(add(f, "one", text_b), 0);
	assert_string_equal(title(f, "one"), "B");
	assert_false(there(f, "state/profiles.d/.new-profile"));
	assert_int_equal(take_away(f, "one"), 0);
	assert_string_equal(title(f, "one"), "");
	assert_false(there(f, "state/profiles.d/one.conf"));
	assert_int_equal(take_away(f, "one"), -ENOENT);
}

static void none_was_ever_added(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(take_away(f, "one"), -ENOENT);
	assert_false(there(f, "state/profiles.d"));
}

/* What the administrator put there counts, also when it is there to say "none". */
static void administrator_masks(void **state)
{
	struct fixture *f = *state;

	put(f, "etc/profiles.d/one.conf", text_a);
	assert_int_equal(add(f, "one", text_b), -EEXIST);
	put(f, "etc/profiles.d/one.conf", "");
	assert_int_equal(add(f, "one", text_b), -EEXIST);
	assert_false(there(f, "state/profiles.d/one.conf"));
	assert_int_equal(unlink(path_of(f, "etc/profiles.d/one.conf")), 0);
	/* Nor is a link that leads nowhere nothing: a reload would find the name taken. */
	assert_int_equal(symlink("nowhere", path_of(f, "etc/profiles.d/one.conf")), 0);
	assert_int_equal(add(f, "one", text_b), -EEXIST);
	assert_false(there(f, "state/profiles.d/one.conf"));
	assert_int_equal(unlink(path_of(f, "etc/profiles.d/one.conf")), 0);
	assert_int_equal(add(f, "one", text_b), 0);
	assert_string_equal(title(f, "one"), "B");
	put(f, "etc/profiles.d/one.conf", text_a);
	assert_int_equal(reload(f), 0);
	assert_string_equal(title(f, "one"), "A");
	/* A mask does not keep what lies below from being taken away. */
	assert_int_equal(take_away(f, "one"), 0);
	assert_string_equal(title(f, "one"), "A");
}

static void fails_at(struct fixture *f, const char *call, int error)
{
	int r;

	failing = call;
	failing_errno = error;
	r = add(f, "one", text_b);
	failing = NULL;
	assert_int_equal(r, -error);
	assert_false(there(f, "state/profiles.d/.new-profile"));
	assert_int_equal(reload(f), 0);
	assert_string_equal(title(f, "one"), "A");
}

static void old_one_survives_a_failing_disk(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, "one", text_a), 0);
	fails_at(f, "fsync", ENOSPC);
	fails_at(f, "fsync", EIO);
	fails_at(f, "renameat", EROFS);
	fails_at(f, "mkdir", EROFS);
	fails_at(f, "fsync", EDQUOT); /* the disk's, and no word of how many there may be */
}

/* A daemon that was killed while it wrote: the beginning of a file, which nobody reads. */
static void leftover_is_no_obstacle(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add(f, "one", text_a), 0);
	put(f, "state/profiles.d/.new-profile", "[Prof");
	assert_int_equal(reload(f), 0);
	assert_int_equal(f->n_errors, 0);
	assert_int_equal(add(f, "two", text_b), 0);
	assert_string_equal(title(f, "one"), "A");
	assert_string_equal(title(f, "two"), "B");
	assert_false(there(f, "state/profiles.d/.new-profile"));
}

static void links_are_not_followed(void **state)
{
	struct fixture *f = *state;
	char target[96];

	snprintf(target, sizeof(target), "%s/elsewhere", f->dir);
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(symlink(target, path_of(f, "state/profiles.d")), 0);
	assert_true(add(f, "one", text_a) < 0);
	assert_false(there(f, "elsewhere/one.conf"));
	assert_int_equal(unlink(path_of(f, "state/profiles.d")), 0);

	/* In place of the new file: the link goes, what it names stays. */
	put(f, "elsewhere/precious", "precious");
	snprintf(target, sizeof(target), "%s/elsewhere/precious", f->dir);
	assert_int_equal(mkdir(path_of(f, "state/profiles.d"), 0700), 0);
	assert_int_equal(symlink(target, path_of(f, "state/profiles.d/.new-profile")), 0);
	assert_int_equal(add(f, "one", text_a), 0);
	assert_string_equal(title(f, "one"), "A");
	assert_int_equal(access(target, F_OK), 0);
}

static void room_ends(void **state)
{
	struct fixture *f = *state;
	char name[64];

	assert_int_equal(mkdir(path_of(f, "state/profiles.d"), 0700), 0);
	for (int i = 0; i < CONF_ADDED_MAX; i++) {
		snprintf(name, sizeof(name), "state/profiles.d/p%d.conf", i);
		put(f, name, text_a);
	}
	assert_int_equal(add(f, "one-more", text_b), -E2BIG);
	assert_false(there(f, "state/profiles.d/one-more.conf"));
	assert_int_equal(add(f, "p7", text_b), 0); /* in the place of one */
	assert_string_equal(title(f, "p7"), "B");
	assert_int_equal(take_away(f, "p8"), 0);
	assert_int_equal(add(f, "one-more", text_b), 0);
}

static void reads_the_station_again(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(reload(f), 0);
	assert_int_equal(conf_station(f->conf)->max_depth_um, CONF_DEFAULT_MAX_DEPTH_UM);
	put(f, "etc/mnpend.conf", "[Station]\nMaxDepth = 0.8mm\n");
	assert_int_equal(reload(f), 0);
	assert_int_equal(conf_station(f->conf)->max_depth_um, 800);
	assert_true(conf_station_valid(f->conf));
	put(f, "etc/mnpend.conf", "[Station]\nMaxDepth = 0.8\n");
	assert_int_equal(reload(f), 0);
	assert_int_equal(f->n_errors, 1);
	assert_false(conf_station_valid(f->conf));
}

static void one_job_at_a_time(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(conf_keeper_reload(f->keeper, on_done, f), 0);
	assert_int_equal(conf_keeper_reload(f->keeper, on_done, f), -EBUSY);
	assert_int_equal(conf_keeper_add(f->keeper, "one", text_a, on_done, f), -EBUSY);
	assert_int_equal(conf_keeper_remove(f->keeper, "one", on_done, f), -EBUSY);
	while (f->outcomes == 0)
		assert_true(sd_event_run(f->event, WAIT_USEC) > 0);
	assert_int_equal(f->outcomes, 1);
	/* One is under way when the keeper goes: it is waited for, and nobody is told. */
	assert_int_equal(conf_keeper_add(f->keeper, "one", text_a, on_done, f), 0);
	f->keeper = conf_keeper_free(f->keeper);
	assert_int_equal(f->outcomes, 1);
	assert_true(there(f, "state/profiles.d/one.conf"));
}

static void nowhere_to_add(void **state)
{
	struct fixture *f = *state;
	struct conf_keeper *keeper;
	struct conf_paths paths = {.config = f->config};

	assert_int_equal(conf_keeper_new(&keeper, f->event, &paths), 0);
	assert_int_equal(conf_keeper_add(keeper, "one", text_a, on_done, f), -ENOTDIR);
	assert_int_equal(conf_keeper_remove(keeper, "one", on_done, f), -ENOTDIR);
	conf_keeper_free(keeper);
}

#define KEEPER_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		KEEPER_TEST(adds_replaces_removes),
		KEEPER_TEST(none_was_ever_added),
		KEEPER_TEST(administrator_masks),
		KEEPER_TEST(old_one_survives_a_failing_disk),
		KEEPER_TEST(leftover_is_no_obstacle),
		KEEPER_TEST(links_are_not_followed),
		KEEPER_TEST(room_ends),
		KEEPER_TEST(reads_the_station_again),
		KEEPER_TEST(one_job_at_a_time),
		KEEPER_TEST(nowhere_to_add),
	};

	return cmocka_run_group_tests_name("conf_keeper", tests, NULL, NULL);
}
