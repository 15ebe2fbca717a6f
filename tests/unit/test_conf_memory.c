// SPDX-License-Identifier: GPL-2.0-only
/* Loading when memory runs out, at each allocation in turn: -ENOMEM, nothing half made, no leak. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "daemon/conf/conf.h"
#include "driver/base/cleanup.h"

static int left = -1; /* allocations that succeed before one fails; -1 = all */

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
void *__real_reallocarray(void *pointer, size_t n, size_t size);
int __real_vasprintf(char **ret, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
void *__wrap_reallocarray(void *pointer, size_t n, size_t size);
int __wrap_vasprintf(char **ret, const char *format, va_list ap)
	__attribute__((format(printf, 2, 0)));
int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len)
{
	return fails() ? NULL : __real_strndup(text, len);
}

void *__wrap_reallocarray(void *pointer, size_t n, size_t size)
{
	return fails() ? NULL : __real_reallocarray(pointer, n, size);
}

int __wrap_vasprintf(char **ret, const char *format, va_list ap)
{
	return fails() ? -1 : __real_vasprintf(ret, format, ap);
}

int __wrap_asprintf(char **ret, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = __wrap_vasprintf(ret, format, ap);
	va_end(ap);
	return n;
}

/* One of everything that allocates: every sort of file, key and error. */
static const struct {
	const char *path;
	const char *text;
} files[] = {
	{"mnpend.conf", "[Station]\nAllowSerials=ABCD EFGH\nStreamPeriod=1000us\n"},
	{"mnpend.conf.d/a.conf", "[Station]\nLease=1s\n"},
	{"profiles.d/a.conf", "[Profile]\nTitle=T\nSessions=3-6\n[Area x]\nMaxDepth=1mm\n"
			      "MaxSpeed=9000rpm\nSource=s\nDensityWarning=1/cm2\n"},
	{"profiles.d/b.conf", "[Profile]\nTitle=T\nSource=s\n"},
	{"profiles.d/-.conf", ""},
	{"devices.d/a.conf", "[Device]\nModel=A\nMaxDepth=2mm\nNeedleLengths=1mm 2mm\n"},
	{"devices.d/b.conf", "[Device]\nModel=A\nMaxDepth=2mm\n"},
};

static const char *const dirs[] = {"mnpend.conf.d", "profiles.d", "devices.d"};

static int setup(void **state)
{
	static char root[] = "/tmp/mnpen-conf-XXXXXX";

	if (!mkdtemp(root) || chdir(root) < 0)
		return -1;
	for (size_t i = 0; i < ELEMENTSOF(dirs); i++)
		if (mkdir(dirs[i], 0700) < 0)
			return -1;
	for (size_t i = 0; i < ELEMENTSOF(files); i++) {
		_cleanup_fclose_ FILE *file = fopen(files[i].path, "we");

		if (!file || fputs(files[i].text, file) < 0)
			return -1;
	}
	*state = root;
	return 0;
}

static int teardown(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(files); i++)
		unlink(files[i].path);
	for (size_t i = 0; i < ELEMENTSOF(dirs); i++)
		rmdir(dirs[i]);
	return chdir("/") < 0 ? -1 : rmdir(*state);
}

static void test_each_allocation(void **state)
{
	/* The data directory is the same one: its files are then masked by themselves. */
	const struct conf_paths paths = {.config = "mnpend.conf", .data_dir = "."};
	struct conf *conf = NULL;
	int n = 0, r;

	do {
		struct conf_report report = {0};

		left = n++;
		r = conf_load(&conf, &paths, &report);
		left = -1;
		if (r < 0) {
			assert_int_equal(r, -ENOMEM);
			assert_null(conf);
		} else {
			/* b.conf without area, the name "-" twice, two devices of one model */
			assert_int_equal(report.n_lines, 4);
		}
		conf_report_free(&report);
	} while (r < 0 && n < 1000);
	assert_int_equal(r, 0);
	assert_true(n > 40);
	assert_non_null(conf_profile(conf, "a"));
	assert_null(conf_device(conf, "A"));
	assert_string_equal(conf_station(conf)->allow_serials[1], "EFGH");
	conf_unref(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_each_allocation, setup, teardown),
	};

	return cmocka_run_group_tests_name("conf_memory", tests, NULL, NULL);
}
