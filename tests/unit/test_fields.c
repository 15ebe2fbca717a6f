// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "driver/base/fields.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void types(void **state)
{
	const struct field fields[] = {
		FIELD_S("reason", "over-depth"), FIELD_S("area", NULL),
		FIELD_U("depth_um", UINT64_MAX), FIELD_I("temp_dc", INT64_MIN),
		FIELD_B("armed", true),		 FIELD_B("running", false),
	};
	const char *expected = "{\"reason\":\"over-depth\",\"area\":null,"
			       "\"depth_um\":18446744073709551615,"
			       "\"temp_dc\":-9223372036854775808,\"armed\":true,\"running\":false}";
	char buf[256];

	assert_int_equal(fields_json(buf, sizeof(buf), fields, COUNT(fields)), strlen(expected));
	assert_string_equal(buf, expected);
	assert_int_equal(fields_json(buf, sizeof(buf), NULL, 0), 2);
	assert_string_equal(buf, "{}");
}

static void escaping(void **state)
{
	static const struct {
		const char *value, *json;
	} cases[] = {
		{"", "\"\""},
		{"a\"b\\c", "\"a\\\"b\\\\c\""},
		{"\n\t\x01\x1f", "\"\\u000a\\u0009\\u0001\\u001f\""},
		{"\x7f", "\"\x7f\""},
		{"\xc2\xb5m \xe2\x82\xac \xf0\x9f\x98\x80",
		 "\"\xc2\xb5m \xe2\x82\xac \xf0\x9f\x98\x80\""},
		{"\xdf\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf",
		 "\"\xdf\xbf\xef\xbf\xbf\xf4\x8f\xbf\xbf\""},
		/* no UTF-8: stray, cut, overlong, surrogate, beyond U+10FFFF */
		{"a\x80z", "\"a\xef\xbf\xbdz\""},
		{"\xc2", "\"\xef\xbf\xbd\""},
		{"\xc2z", "\"\xef\xbf\xbdz\""},
		{"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xe0\x9f\xbf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xf0\x8f\xbf\xbf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xf0\x9f\x98", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		{"\xff", "\"\xef\xbf\xbd\""},
		{"\xf5\x80\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
		/* the smallest character of each length */
		{"\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80",
		 "\"\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80\""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct field field = FIELD_S("k", cases[i].value);
		char buf[128], expected[128];

		snprintf(expected, sizeof(expected), "{\"k\":%s}", cases[i].json);
		assert_int_equal(fields_json(buf, sizeof(buf), &field, 1), strlen(expected));
		assert_string_equal(buf, expected);
	}
}

/* Every size that is too small gives a valid, empty object and touches nothing beyond. */
static void too_small(void **state)
{
	const struct field fields[] = {FIELD_S("a", "x\ny"), FIELD_U("b", 12)};
	const char *expected = "{\"a\":\"x\\u000ay\",\"b\":12}";
	char buf[64];

	for (size_t size = 0; size <= strlen(expected); size++) {
		memset(buf, '#', sizeof(buf));
		assert_int_equal(fields_json(buf, size, fields, COUNT(fields)), -ENOSPC);
		if (size >= 3)
			assert_string_equal(buf, "{}");
		for (size_t i = size; i < sizeof(buf); i++)
			assert_int_equal(buf[i], '#');
	}
	assert_int_equal(fields_json(buf, strlen(expected) + 1, fields, COUNT(fields)),
			 strlen(expected));
	assert_string_equal(buf, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types),
		cmocka_unit_test(escaping),
		cmocka_unit_test(too_small),
	};

	return cmocka_run_group_tests_name("fields", tests, NULL, NULL);
}
