// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/units.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define BEFORE 0xdeadbeefULL

struct parse_case {
	enum unit_kind kind;
	const char *text;
	int r;
	uint64_t base; /* when r is 0 */
};

static const struct parse_case good[] = {
	{UNIT_DEPTH, "0.25mm", 0, 250},
	{UNIT_DEPTH, "0.5mm", 0, 500},
	{UNIT_DEPTH, "1mm", 0, 1000},
	{UNIT_DEPTH, "1.000mm", 0, 1000},
	{UNIT_DEPTH, "0.001mm", 0, 1},
	{UNIT_DEPTH, "0.0010000000000000000000000000mm", 0, 1},
	{UNIT_DEPTH, "250um", 0, 250},
	{UNIT_DEPTH, "250.0um", 0, 250},
	{UNIT_DEPTH, "250\xc2\xb5m", 0, 250},
	{UNIT_DEPTH, "250\xce\xbcm", 0, 250},
	{UNIT_DEPTH, "0mm", 0, 0},
	{UNIT_DEPTH, "007mm", 0, 7000},
	{UNIT_DEPTH, " \t0.5 \tmm\t ", 0, 500},
	{UNIT_SPEED, "6000rpm", 0, 6000},
	{UNIT_SPEED, "100Hz", 0, 6000},
	{UNIT_SPEED, "1.5 Hz", 0, 90},
	{UNIT_SPEED, "0.05Hz", 0, 3},
	{UNIT_TIME, "300ms", 0, 300},
	{UNIT_TIME, "1.5s", 0, 1500},
	{UNIT_TIME, "90s", 0, 90000},
	{UNIT_TIME, "15min", 0, 900000},
	{UNIT_TIME, "0.5 h", 0, 1800000},
	{UNIT_TIME, "30d", 0, 2592000000},
	{UNIT_SIZE, "7B", 0, 7},
	{UNIT_SIZE, "1.5KiB", 0, 1536},
	{UNIT_SIZE, "20MiB", 0, 20971520},
	{UNIT_SIZE, "0.5GiB", 0, 536870912},
	{UNIT_SIZE, "18446744073709551615B", 0, UINT64_MAX},
	{UNIT_SIZE, "17179869183.999999999068677425384521484375GiB", 0, UINT64_MAX},
};

static const struct parse_case bad[] = {
	/* not one number with one unit */
	{UNIT_DEPTH, "", -EINVAL, 0},
	{UNIT_DEPTH, "  ", -EINVAL, 0},
	{UNIT_DEPTH, "mm", -EINVAL, 0},
	{UNIT_DEPTH, "-", -EINVAL, 0},
	{UNIT_DEPTH, "-mm", -EINVAL, 0},
	{UNIT_DEPTH, "+1mm", -EINVAL, 0},
	{UNIT_DEPTH, "- 1mm", -EINVAL, 0},
	{UNIT_DEPTH, "--1mm", -EINVAL, 0},
	{UNIT_DEPTH, ".5mm", -EINVAL, 0},
	{UNIT_DEPTH, "5.mm", -EINVAL, 0},
	{UNIT_DEPTH, "1.2.3mm", -EINVAL, 0},
	{UNIT_DEPTH, "1e3um", -EINVAL, 0},
	{UNIT_DEPTH, "0x10um", -EINVAL, 0},
	{UNIT_DEPTH, "1 , 5mm", -EINVAL, 0},
	{UNIT_DEPTH, "1,5mm", -EINVAL, 0},
	{UNIT_DEPTH, "1 500um", -EINVAL, 0},
	{UNIT_DEPTH, "0.5mm 1", -EINVAL, 0},
	{UNIT_DEPTH, "0.5mm mm", -EINVAL, 0},
	{UNIT_DEPTH, "0.5mm;", -EINVAL, 0},
	{UNIT_DEPTH, "0.5\nmm", -EINVAL, 0},
	{UNIT_TIME, "1min 30s", -EINVAL, 0},
	{UNIT_DEPTH, "nanmm", -EINVAL, 0},
	/* no unit */
	{UNIT_DEPTH, "5", -ENODATA, 0},
	{UNIT_DEPTH, "5 ", -ENODATA, 0},
	{UNIT_DEPTH, "0.5", -ENODATA, 0},
	{UNIT_DEPTH, "-5", -ENODATA, 0},
	/* another unit */
	{UNIT_DEPTH, "5kg", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5m", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5A", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5Z", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5a", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5z", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5\x80", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5mmm", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5MM", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5s", -ENOTUNIQ, 0},
	{UNIT_DEPTH, "5\xc2m", -ENOTUNIQ, 0},
	{UNIT_SPEED, "5hz", -ENOTUNIQ, 0},
	{UNIT_SPEED, "5HZ", -ENOTUNIQ, 0},
	{UNIT_SPEED, "5RPM", -ENOTUNIQ, 0},
	{UNIT_SPEED, "5mm", -ENOTUNIQ, 0},
	{UNIT_TIME, "5m", -ENOTUNIQ, 0},
	{UNIT_TIME, "5M", -ENOTUNIQ, 0},
	{UNIT_SIZE, "5KB", -ENOTUNIQ, 0},
	{UNIT_SIZE, "5b", -ENOTUNIQ, 0},
	/* negative, inexact or too large */
	{UNIT_DEPTH, "-1mm", -ERANGE, 0},
	{UNIT_DEPTH, "-0mm", -ERANGE, 0},
	{UNIT_DEPTH, "0.0005mm", -ERANGE, 0},
	{UNIT_DEPTH, "0.50001mm", -ERANGE, 0},
	{UNIT_DEPTH, "0.5um", -ERANGE, 0},
	{UNIT_DEPTH, "0.9999999999999999999999999mm", -ERANGE, 0},
	{UNIT_SPEED, "0.01Hz", -ERANGE, 0},
	{UNIT_SPEED, "1.51Hz", -ERANGE, 0},
	{UNIT_TIME, "0.0001s", -ERANGE, 0},
	{UNIT_SIZE, "0.3KiB", -ERANGE, 0},
	{UNIT_SIZE, "18446744073709551616B", -ERANGE, 0},
	{UNIT_SIZE, "99999999999999999999999999999999B", -ERANGE, 0},
	{UNIT_SIZE, "17179869184GiB", -ERANGE, 0},
	{UNIT_DEPTH, "18446744073709551.616mm", -ERANGE, 0},
};

static void parse(const struct parse_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t base = BEFORE;
		int r = unit_parse(cases[i].kind, cases[i].text, &base);

		if (r != cases[i].r || base != (r ? BEFORE : cases[i].base))
			fail_msg("\"%s\": %d, %llu", cases[i].text, r, (unsigned long long)base);
	}
}

static void parse_good(void **state)
{
	parse(good, COUNT(good));
}

static void parse_bad(void **state)
{
	parse(bad, COUNT(bad));
}

static void format(void **state)
{
	static const struct {
		enum unit_kind kind;
		uint64_t base;
		const char *text;
	} cases[] = {
		{UNIT_DEPTH, 0, "0.00 mm"},
		{UNIT_DEPTH, 500, "0.50 mm"},
		{UNIT_DEPTH, 50, "0.05 mm"},
		{UNIT_DEPTH, 1000, "1.00 mm"},
		{UNIT_DEPTH, 5, "0.005 mm"},
		{UNIT_DEPTH, 1255, "1.255 mm"},
		{UNIT_DEPTH, UINT64_MAX, "18446744073709551.615 mm"},
		{UNIT_SPEED, 6000, "6000 rpm (100.0 Hz)"},
		{UNIT_SPEED, 5987, "5987 rpm (99.8 Hz)"},
		{UNIT_SPEED, 3, "3 rpm (0.1 Hz)"},
		{UNIT_SPEED, 2, "2 rpm (0.0 Hz)"},
		{UNIT_TIME, 0, "0 ms"},
		{UNIT_TIME, 999, "999 ms"},
		{UNIT_TIME, 1000, "1 s"},
		{UNIT_TIME, 1500, "1.5 s"},
		{UNIT_TIME, 1050, "1.05 s"},
		{UNIT_TIME, 1005, "1.005 s"},
		{UNIT_TIME, 60000, "1 min"},
		{UNIT_TIME, 90000, "1 min 30 s"},
		{UNIT_TIME, 60250, "1 min 0.25 s"},
		{UNIT_TIME, 5400000, "1 h 30 min"},
		{UNIT_TIME, 3601000, "1 h 1 s"},
		{UNIT_TIME, 2592000000, "30 d"},
		{UNIT_TIME, UINT64_MAX, "213503982334 d 14 h 25 min 51.615 s"},
		{UNIT_SIZE, 0, "0 B"},
		{UNIT_SIZE, 1023, "1023 B"},
		{UNIT_SIZE, 1536, "1.5 KiB"},
		{UNIT_SIZE, 20971520, "20 MiB"},
		{UNIT_SIZE, UINT64_MAX, "17179869183.9 GiB"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		char buf[48];

		assert_ptr_equal(unit_format(cases[i].kind, cases[i].base, buf, sizeof(buf)), buf);
		assert_string_equal(buf, cases[i].text);
	}
}

/* Nothing is written beyond the buffer, and what is there is terminated. */
static void format_small(void **state)
{
	for (enum unit_kind kind = UNIT_DEPTH; kind <= UNIT_SIZE; kind++) {
		char buf[8] = "1234567";

		unit_format(kind, UINT64_MAX, buf, 4);
		assert_int_equal(strlen(buf), 3);
		assert_int_equal(buf[4], '5');
	}
}

static void phrases(void **state)
{
	assert_string_equal(unit_allowed(UNIT_DEPTH), "mm or um");
	assert_string_equal(unit_allowed(UNIT_SPEED), "rpm or Hz");
	assert_string_equal(unit_allowed(UNIT_TIME), "ms, s, min, h or d");
	assert_string_equal(unit_allowed(UNIT_SIZE), "B, KiB, MiB or GiB");
	assert_string_equal(unit_strerror(-ENODATA), "the unit is missing");
	assert_non_null(strstr(unit_strerror(-EINVAL), "number"));
	assert_non_null(strstr(unit_strerror(-ENOTUNIQ), "allowed"));
	assert_non_null(strstr(unit_strerror(-ERANGE), "too large"));
	assert_string_equal(unit_strerror(-EIO), "it cannot be read");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_good), cmocka_unit_test(parse_bad),
		cmocka_unit_test(format),     cmocka_unit_test(format_small),
		cmocka_unit_test(phrases),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
