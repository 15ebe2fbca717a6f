// SPDX-License-Identifier: GPL-2.0-only
/* Profiles that "profile check" and "profile add" are given as files, against a stand-in for
 * mnpend: what never reaches the bus, and how the rest is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"
#include "driver/base/cleanup.h"
#include "tests/shared/cli_fake.h"

#define NAME_RULE                                                                                  \
	"the file's name cannot be used; allowed: a letter or digit, then up to 63 letters, "      \
	"digits, '.', '_', '-', then .conf"
#define STR32 "0123456789abcdefghijklmnopqrstuv"

static struct run run;

/* Each test works in a folder of its own. */
static int setup(void **state)
{
	char folder[] = "/tmp/mnpen-cli-XXXXXX";

	fake_reset();
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	*state = strdup(folder);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	int r = chdir("/") < 0 ? -1 : rmdir(*state); /* fails when something was left behind */

	free(*state);
	return r;
}

static void put(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void test_findings(void **state)
{
	put("a.conf", "x", 1);
	fake_run(&run, "profile check ./a.conf", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_string_equal(run.out, "./a.conf: no errors\n");
	assert_string_equal(fake.calls, "CheckProfile(x) ");
	fake_run(&run, "profile check a.conf --json", NULL);
	assert_string_equal(run.out,
			    "{\"schema\":1,\"file\":\"a.conf\",\"valid\":true,\"errors\":[]}\n");

	fake.bad_profile = "profile:3: MaxDepth has no unit";
	fake_run(&run, "profile check a.conf", NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_string_equal(run.out, "a.conf:3: MaxDepth has no unit\n");
	assert_string_equal(run.err, "");
	fake_run(&run, "profile check a.conf --json", NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_string_equal(run.out, "{\"schema\":1,\"file\":\"a.conf\",\"valid\":false,"
				     "\"errors\":[\"a.conf:3: MaxDepth has no unit\"]}\n");
	assert_int_equal(unlink("a.conf"), 0);
}

static void test_names(void **state)
{
	static const struct {
		const char *file, *name; /* NULL: refused */
	} cases[] = {
		{"a.conf", "a"},
		{"A.b_c-9.conf", "A.b_c-9"},
		{"9.conf.conf", "9.conf"},
		{STR32 STR32 ".conf", STR32 STR32},
		{STR32 STR32 "x.conf", NULL},
		{".conf", NULL},
		{"..conf", NULL},
		{".hidden.conf", NULL},
		{"_a.conf", NULL},
		{"a+b.conf", NULL},
		{"a:b.conf", NULL},
		{"\xc3\xa4.conf", NULL},
		{"a.txt", NULL},
		{"a.CONF", NULL},
		{"aconf", NULL},
		{"a.conf~", NULL},
	};
	char line[256], expected[256];

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		const char *name = cases[i].name;

		put(cases[i].file, "x", 1);
		snprintf(line, sizeof(line), "profile add ./%s", cases[i].file);
		fake_run(&run, line, NULL);
		assert_int_equal(run.code, name ? CLI_DONE : CLI_FAILED);
		snprintf(expected, sizeof(expected), "AddProfile(%s,x) ", name ? name : "");
		assert_string_equal(fake.calls, name ? expected : "");
		snprintf(expected, sizeof(expected), "mnpenctl: ./%s:1: " NAME_RULE "\n",
			 cases[i].file);
		assert_string_equal(run.err, name ? "" : expected);

		snprintf(line, sizeof(line), "profile check ./%s", cases[i].file);
		fake_run(&run, line, NULL);
		assert_int_equal(run.code, name ? CLI_DONE : CLI_FAILED);
		snprintf(expected, sizeof(expected), "./%s%s\n", cases[i].file,
			 name ? ": no errors" : ":1: " NAME_RULE);
		assert_string_equal(run.out, expected);
		assert_string_equal(fake.calls, "CheckProfile(x) ");
		assert_int_equal(unlink(cases[i].file), 0);
	}
}

/* "--" lets an operand begin with a hyphen; a profile's name cannot. */
static void test_like_an_option(void **state)
{
	put("-x.conf", "x", 1);
	fake_run(&run, "profile add -x.conf", NULL);
	assert_int_equal(run.code, CLI_USAGE);
	fake_run(&run, "profile add -- -x.conf", NULL);
	assert_int_equal(run.code, CLI_FAILED);
	assert_string_equal(run.err, "mnpenctl: -x.conf:1: " NAME_RULE "\n");
	assert_string_equal(fake.calls, "");
	assert_int_equal(unlink("-x.conf"), 0);
}

/* What D-Bus cannot carry is found here, at its line. */
static void test_bytes(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *says;
	} cases[] = {
		{"\0", 1, "1: the line holds a NUL byte (0x00); allowed: printable text and tabs"},
		{"a\nb\0", 4,
		 "2: the line holds a NUL byte (0x00); allowed: printable text and tabs"},
		{"a\n\n\xff\0\n", 6, "3: the line is not UTF-8 text; allowed: text saved as UTF-8"},
		{"a\n\0\xff", 4, "2: the line holds a NUL byte (0x00); allowed: printable text"},
		{"\xc3\n\xa4", 3, "1: the line is not UTF-8 text; allowed: text saved as UTF-8"},
		{"a\n\xe2\x82", 4, "2: the line is not UTF-8 text; allowed: text saved as UTF-8"},
	};
	char expected[128];

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		put("a.conf", cases[i].bytes, cases[i].len);
		snprintf(expected, sizeof(expected), "a.conf:%s", cases[i].says);
		fake_run(&run, "profile check a.conf", NULL);
		assert_int_equal(run.code, CLI_FAILED);
		assert_contains(run.out, expected);
		assert_string_equal(fake.calls, "");
		fake_run(&run, "profile check a.conf --json", NULL);
		snprintf(expected, sizeof(expected), "\"errors\":[\"a.conf:%s", cases[i].says);
		assert_contains(run.out, expected);
		fake_run(&run, "profile add a.conf", NULL);
		assert_int_equal(run.code, CLI_FAILED);
		snprintf(expected, sizeof(expected), "mnpenctl: a.conf:%s", cases[i].says);
		assert_contains(run.err, expected);
		assert_string_equal(fake.calls, "");
	}
	put("a.conf", "", 0);
	fake_run(&run, "profile check a.conf", NULL);
	assert_string_equal(fake.calls, "CheckProfile() ");
	assert_int_equal(unlink("a.conf"), 0);
}

static void test_size(void **state)
{
	static const struct {
		off_t size;
		const char *says; /* NULL: read, and its NUL bytes found */
	} cases[] = {
		{65536, "a.conf:1: the line holds a NUL byte"},
		{65537, "a.conf:1: 65537 bytes of text; allowed: at most 65536"},
		{1 << 20, "a.conf:1: 1048576 bytes of text; allowed: at most 65536"},
		/* nobody reads that to its end */
		{(off_t)1 << 40, "a.conf:1: 1099511627776 bytes of text; allowed: at most 65536"},
	};

	put("a.conf", "", 0);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		assert_int_equal(truncate("a.conf", cases[i].size), 0);
		fake_run(&run, "profile check a.conf", NULL);
		assert_int_equal(run.code, CLI_FAILED);
		assert_contains(run.out, cases[i].says);
		fake_run(&run, "profile add a.conf", NULL);
		assert_int_equal(run.code, CLI_FAILED);
		assert_contains(run.err, cases[i].says);
		assert_string_equal(fake.calls, "");
	}
	assert_int_equal(unlink("a.conf"), 0);
}

/* A text of the largest size goes over whole. */
static void test_largest(void **state)
{
	static char text[65536];

	memset(text, '#', sizeof(text));
	put("a.conf", text, sizeof(text));
	fake_run(&run, "profile check a.conf", NULL);
	assert_int_equal(run.code, CLI_DONE);
	assert_int_equal(unlink("a.conf"), 0);
}

static void test_no_files(void **state)
{
	static const struct {
		const char *file, *says;
		int code;
	} cases[] = {
		{"fifo.conf", "fifo.conf is a pipe; allowed: a regular file", CLI_FAILED},
		{"dir.conf", "dir.conf is a directory; allowed: a regular file", CLI_FAILED},
		{"/dev/zero", "/dev/zero is a device; allowed: a regular file", CLI_FAILED},
		{"none.conf", "cannot read none.conf: No such file or directory", CLI_FAILED},
		{"-", "a profile is not read from standard input\n  write it to NAME.conf",
		 CLI_USAGE},
	};
	char line[64];

	assert_int_equal(mkfifo("fifo.conf", 0600), 0);
	assert_int_equal(mkdir("dir.conf", 0700), 0);
	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		snprintf(line, sizeof(line), "profile check %s", cases[i].file);
		fake_run(&run, line, "[Profile]\n");
		assert_int_equal(run.code, cases[i].code);
		assert_contains(run.err, cases[i].says);
		assert_string_equal(run.out, "");
		assert_string_equal(fake.calls, "");
	}
	assert_int_equal(rmdir("dir.conf"), 0);
	assert_int_equal(unlink("fifo.conf"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_findings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_names, setup, teardown),
		cmocka_unit_test_setup_teardown(test_like_an_option, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_size, setup, teardown),
		cmocka_unit_test_setup_teardown(test_largest, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
