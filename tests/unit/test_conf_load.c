// SPDX-License-Identifier: GPL-2.0-only
/* Loading: masking, drop-ins, files that cannot be used; on a tree of its own below /tmp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/conf/conf.h"
#include "driver/base/cleanup.h"

#define AREA "[Area x]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n"
#define PROFILE(title) "[Profile]\nTitle=" title "\n" AREA
#define DEVICE(model) "[Device]\nModel=" model "\nMaxDepth=2mm\n"

static const struct conf_paths paths = {
	.config = "etc/mnpend.conf", .data_dir = "data", .state_dir = "state"};

/* What every test looks at, loaded by load(). */
static struct conf *conf;
static struct conf_report report;

static void put(const char *path, const char *text)
{
	_cleanup_fclose_ FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

static int setup(void **state)
{
	static const char *const dirs[] = {"etc",
					   "etc/mnpend.conf.d",
					   "etc/profiles.d",
					   "etc/devices.d",
					   "data",
					   "data/profiles.d",
					   "data/devices.d",
					   "state",
					   "state/profiles.d",
					   "state/devices.d"};
	char root[] = "/tmp/mnpen-conf-XXXXXX";

	if (!mkdtemp(root) || chdir(root) < 0)
		return -1;
	for (size_t i = 0; i < ELEMENTSOF(dirs); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return -1;
	*state = strdup(root);
	return *state ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int teardown(void **state)
{
	int r = chdir("/") < 0 ? -1 : nftw(*state, remove_entry, 8, FTW_DEPTH | FTW_PHYS);

	conf = conf_unref(conf);
	conf_report_free(&report);
	free(*state);
	return r;
}

static void load(const struct conf_paths *from)
{
	conf = conf_unref(conf);
	conf_report_free(&report);
	assert_int_equal(conf_load(&conf, from, &report), 0);
}

/* The report has exactly @n lines, one of which begins with @start and has @part in it. */
static void expect_report(size_t n, const char *start, const char *part)
{
	bool found = false;

	for (size_t i = 0; i < report.n_lines; i++)
		found |= !strncmp(report.lines[i], start, strlen(start)) &&
			 strstr(report.lines[i], part);
	if (found && report.n_lines == n)
		return;
	for (size_t i = 0; i < report.n_lines; i++)
		print_error("got: %s\n", report.lines[i]);
	fail_msg("wanted %zu lines, and in them: %s...%s", n, start, part);
}

static const char *title(const char *name)
{
	const struct conf_profile *profile = conf_profile(conf, name);

	return profile ? profile->title : "(none)";
}

static void test_nothing_there(void **state)
{
	const struct conf_paths named = {.config = "etc/mnpend.conf", .config_required = true};
	const struct conf_paths nowhere = {.config = "mnpend.conf"};

	load(&nowhere);
	assert_int_equal(report.n_lines, 0);
	assert_true(conf_station_valid(conf));
	assert_int_equal(conf_station(conf)->max_depth_um, 1500);
	assert_int_equal(conf_station(conf)->max_speed_rpm, 9000);
	assert_int_equal(conf_station(conf)->lease_ms, 300);
	assert_false(conf_station(conf)->allow_remote_pens);
	assert_null(conf_profile_at(conf, 0));
	assert_null(conf_device(conf, "M"));
	load(&named);
	expect_report(1, "etc/mnpend.conf: ", "No such file");
	assert_false(conf_station_valid(conf));
}

static void test_dropins(void **state)
{
	put("etc/mnpend.conf", "[Station]\nLease=200ms\nMaxDepth=1mm\nAllowSerials=ABCD\n");
	put("etc/mnpend.conf.d/20-b.conf", "[Station]\nLease=400ms\n");
	put("etc/mnpend.conf.d/10-a.conf", "[Station]\nLease=300ms\nMaxSpeed=8000rpm\n");
	put("etc/mnpend.conf.d/30-c.conf", "");
	put("etc/mnpend.conf.d/40-d.conf~", "nonsense");
	put("etc/mnpend.conf.d/README", "nonsense");
	load(&paths);
	assert_int_equal(report.n_lines, 0);
	assert_true(conf_station_valid(conf));
	assert_int_equal(conf_station(conf)->lease_ms, 400);
	assert_int_equal(conf_station(conf)->max_depth_um, 1000);
	assert_int_equal(conf_station(conf)->max_speed_rpm, 8000);
	assert_string_equal(conf_station(conf)->allow_serials[0], "ABCD");
}

static void expect_defaults(void)
{
	assert_false(conf_station_valid(conf));
	assert_int_equal(conf_station(conf)->lease_ms, 300);
	assert_int_equal(conf_station(conf)->max_depth_um, 1500);
	assert_null(conf_station(conf)->allow_serials);
	assert_string_equal(title("a"), "a");
}

static void test_broken_station(void **state)
{
	put("data/profiles.d/a.conf", PROFILE("a"));
	put("etc/mnpend.conf", "[Station]\nMaxDepth=1mm\nAllowSerials=ABCD\nLease=1\n");
	load(&paths);
	expect_report(1, "etc/mnpend.conf:4: ", "value '1' of Lease");
	expect_defaults();

	put("etc/mnpend.conf", "[Station]\nMaxDepth=1mm\nAllowSerials=ABCD\n");
	put("etc/mnpend.conf.d/10-a.conf", "[Station]\nLease=1s\nMaxDepht=1mm\n");
	load(&paths);
	expect_report(1, "etc/mnpend.conf.d/10-a.conf:3: ", "unknown key 'MaxDepht'");
	expect_defaults();

	put("etc/mnpend.conf.d/10-a.conf", "[Station]\nLease=1s\n");
	put("etc/mnpend.conf.d/10 b.conf", "[Station]\nLease=1s\n");
	load(&paths);
	expect_report(1, "etc/mnpend.conf.d/10 b.conf:1: ", "the file's name cannot be used");
	expect_defaults();
}

static void test_masking(void **state)
{
	put("data/profiles.d/a.conf", PROFILE("shipped"));
	put("data/profiles.d/b.conf", PROFILE("shipped"));
	put("data/profiles.d/c.conf", PROFILE("shipped"));
	put("data/profiles.d/d.conf", PROFILE("shipped"));
	put("data/profiles.d/e.conf", PROFILE("shipped"));
	put("state/profiles.d/b.conf", PROFILE("added"));
	put("state/profiles.d/c.conf", PROFILE("added"));
	put("state/profiles.d/f.conf", PROFILE("added"));
	put("etc/profiles.d/c.conf", PROFILE("admin"));
	put("etc/profiles.d/d.conf", "");
	put("etc/profiles.d/e.conf", "[Profile]\n" AREA);
	put("etc/profiles.d/g.conf", PROFILE("admin"));
	load(&paths);
	expect_report(1, "etc/profiles.d/e.conf:1: ", "Title is missing");
	assert_string_equal(title("a"), "shipped");
	assert_string_equal(title("b"), "added");
	assert_string_equal(title("c"), "admin");
	assert_string_equal(title("d"), "(none)");
	assert_string_equal(title("e"), "(none)");
	assert_string_equal(title("f"), "added");
	assert_string_equal(title("g"), "admin");
	assert_string_equal(conf_profile(conf, "c")->path, "etc/profiles.d/c.conf");
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(conf_profile_at(conf, i)->name[0], "abcfg"[i]);
	assert_null(conf_profile_at(conf, 5));
	assert_true(conf_station_valid(conf));
}

static void test_devices(void **state)
{
	put("data/devices.d/a.conf", DEVICE("A"));
	put("data/devices.d/b.conf", DEVICE("B"));
	put("data/devices.d/c.conf", DEVICE("C"));
	put("etc/devices.d/b.conf", "[Device]\nModel=B\nMaxDepth=1mm\n");
	put("etc/devices.d/c.conf", "");
	put("state/devices.d/d.conf", DEVICE("D"));
	put("data/devices.d/t1.conf", DEVICE("Twin"));
	put("data/devices.d/t2.conf", DEVICE("Twin"));
	put("data/devices.d/z.conf", DEVICE("Z"));
	load(&paths);
	expect_report(1, "data/devices.d/t2.conf:1: ", "described in data/devices.d/t1.conf too");
	assert_int_equal(conf_device(conf, "A")->max_depth_um, 2000);
	assert_int_equal(conf_device(conf, "B")->max_depth_um, 1000);
	assert_non_null(conf_device(conf, "Z"));
	assert_null(conf_device(conf, "C"));
	assert_null(conf_device(conf, "D"));
	assert_null(conf_device(conf, "Twin"));
	assert_null(conf_device(conf, "a"));
}

static void test_odd_files(void **state)
{
	_cleanup_free_ char *large = calloc(1, CONF_FILE_MAX + 2);

	assert_non_null(large);
	memset(large, '\n', CONF_FILE_MAX + 1);
	put("data/profiles.d/good.conf", PROFILE("good"));
	put("data/profiles.d/fifo.conf", PROFILE("masked"));
	put("data/profiles.d/loop.conf", PROFILE("masked"));
	put("data/profiles.d/large.conf", PROFILE("masked"));
	put("elsewhere", PROFILE("linked"));
	assert_int_equal(symlink("../../elsewhere", "etc/profiles.d/link.conf"), 0);
	assert_int_equal(mkfifo("etc/profiles.d/fifo.conf", 0600), 0);
	assert_int_equal(mkdir("etc/profiles.d/dir.conf", 0700), 0);
	assert_int_equal(symlink("loop.conf", "etc/profiles.d/loop.conf"), 0);
	assert_int_equal(symlink("nowhere", "etc/profiles.d/dangling.conf"), 0);
	put("etc/profiles.d/large.conf", large);
	put("etc/profiles.d/-x.conf", PROFILE("x"));
	put("etc/profiles.d/.conf", PROFILE("x"));
	put("etc/profiles.d/a\nb.conf", PROFILE("x"));
	load(&paths);
	expect_report(8, "etc/profiles.d/fifo.conf: ", "not a regular file");
	expect_report(8, "etc/profiles.d/dir.conf: ", "not a regular file");
	expect_report(8, "etc/profiles.d/loop.conf: ", "symbolic links");
	expect_report(8, "etc/profiles.d/dangling.conf: ", "No such file");
	expect_report(8, "etc/profiles.d/large.conf:1: ", "too large; allowed: 65536 bytes");
	expect_report(8, "etc/profiles.d/-x.conf:1: ", "the file's name cannot be used");
	expect_report(8, "etc/profiles.d/.conf:1: ", "the file's name cannot be used");
	expect_report(8, "etc/profiles.d/a?b.conf:1: ", "the file's name cannot be used");
	assert_string_equal(title("good"), "good");
	assert_string_equal(title("link"), "linked");
	assert_null(conf_profile_at(conf, 2));
}

/* Loads as somebody whom permissions hold off: root reads everything. */
static void load_unprivileged(void)
{
	bool root = geteuid() == 0;

	if (root) {
		assert_int_equal(chmod(".", 0755), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	load(&paths);
	if (root) {
		assert_int_equal(seteuid(0), 0);
		/* Lost with the user id, and wanted by the leak check at exit. */
		assert_int_equal(prctl(PR_SET_DUMPABLE, 1), 0);
	}
}

static void test_unreadable(void **state)
{
	put("data/profiles.d/a.conf", PROFILE("a"));
	put("data/profiles.d/b.conf", PROFILE("b"));
	put("etc/profiles.d/a.conf", PROFILE("admin"));
	assert_int_equal(chmod("etc/profiles.d/a.conf", 0), 0);
	load_unprivileged();
	expect_report(1, "etc/profiles.d/a.conf: ", "Permission denied");
	assert_string_equal(title("a"), "(none)");
	assert_string_equal(title("b"), "b");

	assert_int_equal(chmod("etc/profiles.d", 0), 0);
	load_unprivileged();
	expect_report(1, "etc/profiles.d: ", "Permission denied");
	assert_null(conf_profile_at(conf, 0));
	assert_int_equal(chmod("etc/profiles.d", 0755), 0);
}

/* What such a directory masks cannot be known: nothing of its sort is used. */
static void test_unreadable_directory(void **state)
{
	put("data/profiles.d/a.conf", PROFILE("a"));
	put("data/devices.d/a.conf", DEVICE("A"));
	assert_int_equal(rmdir("etc/profiles.d"), 0);
	put("etc/profiles.d", "not a directory");
	load(&paths);
	expect_report(1, "etc/profiles.d: ", "cannot be read: Not a directory");
	assert_null(conf_profile_at(conf, 0));
	assert_non_null(conf_device(conf, "A"));
	assert_true(conf_station_valid(conf));

	assert_int_equal(rmdir("etc/mnpend.conf.d"), 0);
	put("etc/mnpend.conf.d", "not a directory");
	load(&paths);
	expect_report(2, "etc/mnpend.conf.d: ", "cannot be read: Not a directory");
	assert_false(conf_station_valid(conf));
}

/* The digest was made by "b2sum -l 256". */
static void test_digest(void **state)
{
	static const char expected[] =
		"003bedfb5f2b66ea56357958c4ac5f3c39194f93c72957b797f5741601f7c035";
	char hex[2 * CONF_DIGEST_SIZE + 1];

	put("data/profiles.d/a.conf", PROFILE("shipped"));
	load(&paths);
	for (size_t i = 0; i < CONF_DIGEST_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", conf_profile(conf, "a")->digest[i]);
	assert_string_equal(hex, expected);
}

static void test_references(void **state)
{
	struct conf *other;

	put("data/profiles.d/a.conf", PROFILE("a"));
	load(&paths);
	other = conf_ref(conf);
	assert_ptr_equal(other, conf);
	assert_null(conf_unref(other));
	assert_string_equal(title("a"), "a");
	assert_null(conf_unref(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dropins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_station, setup, teardown),
		cmocka_unit_test_setup_teardown(test_masking, setup, teardown),
		cmocka_unit_test_setup_teardown(test_devices, setup, teardown),
		cmocka_unit_test_setup_teardown(test_odd_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unreadable_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(test_digest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_references, setup, teardown),
	};

	return cmocka_run_group_tests_name("conf_load", tests, NULL, NULL);
}
