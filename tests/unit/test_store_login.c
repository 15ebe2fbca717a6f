// SPDX-License-Identifier: GPL-2.0-only
/* How the record names who worked: by the login, whatever was typed beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/store/login.h"
#include "driver/base/cleanup.h"

static void names(void **state)
{
	static const struct {
		uint32_t uid;
		const char *name;
		const char *operator_name;
	} cases[] = {
		{0, NULL, "root"},
		{0, "", "root"},
		{0, "anna", "root (anna)"},
		{0, "root", "root (root)"},
		{UINT32_MAX - 7, NULL, "uid 4294967288"},
		{UINT32_MAX - 7, "root", "uid 4294967288 (root)"},
	};
	char buf[LOGIN_OPERATOR_MAX];

	for (size_t i = 0; i < ELEMENTSOF(cases); i++)
		assert_string_equal(login_operator(cases[i].uid, cases[i].name, buf),
				    cases[i].operator_name);
}

static void long_names_fit(void **state)
{
	char buf[LOGIN_OPERATOR_MAX], name[2000];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	login_operator(0, name, buf);
	assert_int_equal(strlen(buf), strlen("root ()") + 1024);
	assert_int_equal(buf[strlen(buf) - 1], ')');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(long_names_fit),
	};

	return cmocka_run_group_tests_name("store_login", tests, NULL, NULL);
}
