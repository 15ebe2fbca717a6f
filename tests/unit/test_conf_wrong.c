// SPDX-License-Identifier: GPL-2.0-only
/* Wrong profiles, as a text and as a file: each told at its line with the way out, and none of them
 * changes anything else. On a tree of its own below /tmp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/conf/conf.h"
#include "daemon/conf/parts.h"
#include "driver/base/cleanup.h"
#include "tests/shared/wrong_profiles.h"

#define GOOD "[Profile]\nTitle=good\n[Area hand]\nMaxDepth=1mm\nMaxSpeed=9000rpm\n"

static const struct conf_paths paths = {.config = "etc/mnpend.conf", .data_dir = "data"};

static int setup(void **state)
{
	static const char *const dirs[] = {"etc", "etc/profiles.d", "data", "data/profiles.d"};
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

	free(*state);
	return r;
}

static void put(const char *path, const char *bytes, size_t len)
{
	_cleanup_fclose_ FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
}

/* Each line of the report has its place and a way out; one of them is the one that was wanted. */
static void expect(const struct wrong_profile *row, const struct conf_report *report,
		   const char *folder)
{
	const char *file = row->shown ? row->shown : row->file;
	_cleanup_free_ char *place = NULL;
	size_t stem, found = 0;

	assert_true(asprintf(&place, "%s%s:%u: ", folder, file, row->line) > 0);
	stem = strlen(folder) + strlen(file) + 1;
	for (size_t i = 0; i < report->n_lines; i++) {
		const char *line = report->lines[i];

		if (strncmp(line, place, stem) || line[stem] < '1' || line[stem] > '9' ||
		    !strstr(line, "allowed: "))
			fail_msg("%s: no place or no way out: %s", row->what, line);
		found += !strncmp(line, place, strlen(place)) && strstr(line, row->wrong) &&
			 strstr(line, row->allowed);
	}
	if (found == 1)
		return;
	for (size_t i = 0; i < report->n_lines; i++)
		print_error("got: %s\n", report->lines[i]);
	fail_msg("%s: wanted once: %s ... %s ... %s", row->what, place, row->wrong, row->allowed);
}

static void test_as_text(void **state)
{
	size_t judged = 0;

	for (size_t i = 0; i < n_wrong_profiles; i++) {
		const struct wrong_profile *row = &wrong_profiles[i];
		struct conf_report report = {0};
		size_t len = 0;
		_cleanup_free_ char *bytes = wrong_profile_bytes(row, &len);
		int n;

		assert_non_null(bytes);
		n = conf_check_profile(row->file, bytes, len, &report);
		assert_int_equal(n, report.n_lines);
		if (row->good_text) {
			assert_int_equal(n, 0);
			continue;
		}
		judged++;
		expect(row, &report, "");
		conf_report_free(&report);
	}
	assert_true(judged >= 40);
}

/* What must be there whatever lies beside it. */
static void expect_others(const struct conf *conf, const uint8_t digest[CONF_DIGEST_SIZE])
{
	const struct conf_profile *good = conf_profile(conf, "good");

	assert_non_null(good);
	assert_memory_equal(good->digest, digest, CONF_DIGEST_SIZE);
	assert_true(conf_station_valid(conf));
}

/* A profile of the same name is shipped: the wrong one does not let it through. */
static void test_as_file(void **state)
{
	uint8_t digest[CONF_DIGEST_SIZE];
	struct conf_report report = {0};
	struct conf *conf = NULL;

	put("data/profiles.d/good.conf", GOOD, strlen(GOOD));
	put("data/profiles.d/wrong.conf", GOOD, strlen(GOOD));
	assert_int_equal(conf_load(&conf, &paths, &report), 0);
	memcpy(digest, conf_profile(conf, "good")->digest, sizeof(digest));
	assert_non_null(conf_profile(conf, "wrong"));
	conf_unref(conf);
	for (size_t i = 0; i < n_wrong_profiles; i++) {
		const struct wrong_profile *row = &wrong_profiles[i];
		size_t len = 0;
		_cleanup_free_ char *path = NULL, *bytes = wrong_profile_bytes(row, &len);
		bool masked = !strcmp(row->file, "wrong.conf");

		assert_non_null(bytes);
		assert_true(asprintf(&path, "etc/profiles.d/%s", row->file) > 0);
		put(path, bytes, len);
		assert_int_equal(conf_load(&conf, &paths, &report), 0);
		if (row->passed_over)
			assert_int_equal(report.n_lines, 0);
		else
			expect(row, &report, "etc/profiles.d/");
		expect_others(conf, digest);
		if (masked != !conf_profile(conf, "wrong") ||
		    !conf_profile_at(conf, masked ? 0 : 1) || conf_profile_at(conf, masked ? 1 : 2))
			fail_msg("%s: the profiles are other ones", row->what);
		conf_report_free(&report);
		conf_unref(conf);
		assert_int_equal(unlink(path), 0);
	}
}

static void test_area_names(void **state)
{
	static const struct {
		const char *name, *meant;
	} cases[] = {
		/* a letter wrong, missing, too many, swapped; other case, other separator */
		{"forehaed", "forehead"},
		{"forehead-", "forehead"}, /* would be one more name to confuse */
		{"Forehead", "forehead"},
		{"NOSE", "nose"},
		{"cheeks", "cheek"},
		{"chek", "cheek"},
		{"cheekbne", "cheekbone"},
		{"chinjaw", "chin-jaw"},
		{"chin_jaw", "chin-jaw"},
		{"upperlip", "upper-lip"},
		{"peri-orbital", "periorbital"},
		{"perorbitol", "periorbital"},
		{"n-o-s-e", "nose"},
		/* other places, and parts of the known ones */
		{"chest", NULL},
		{"hand", NULL},
		{"back", NULL},
		{"knee", NULL},
		{"abdomen", NULL},
		{"upper-leg", NULL},
		{"lower-lip", NULL},
		{"chin", NULL},
		{"jaw", NULL},
		{"cheek-left", NULL},
		{"cheek-l", NULL},
		{"nose2", NULL},
		{"decolletage", NULL},
		{"a", NULL},
		{"0123456789012345678901234567890123456789012345678901234567890123", NULL},
	};
	const char *known;
	size_t n = 0;

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		const char *meant = conf_area_meant(cases[i].name);

		if (cases[i].meant ? !meant || strcmp(meant, cases[i].meant) : meant != NULL)
			fail_msg("%s is taken for %s", cases[i].name, meant ? meant : "itself");
	}
	for (; (known = conf_area_known(n)); n++)
		assert_null(conf_area_meant(known));
	assert_int_equal(n, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_text),
		cmocka_unit_test_setup_teardown(test_as_file, setup, teardown),
		cmocka_unit_test(test_area_names),
	};

	return cmocka_run_group_tests_name("conf_wrong", tests, NULL, NULL);
}
