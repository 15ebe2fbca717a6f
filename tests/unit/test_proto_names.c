// SPDX-License-Identifier: GPL-2.0-only
/* Names of the protocol's numbers, and what makes a serial number. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "driver/proto/names.h"
#include "driver/proto/records.h"

struct name_case {
	const char *(*name_of)(unsigned int number);
	int (*parse)(const char *name, unsigned int *ret); /* NULL: no parser */
	const char *names[13];				   /* by number, NULL-terminated */
};

static const struct name_case cases[] = {
	{mnpen_state_name, mnpen_state_parse, {"boot", "idle", "armed", "running", "fault"}},
	{mnpen_stop_reason_name,
	 mnpen_stop_reason_parse,
	 {"none", "host", "trigger", "lease", "disabled", "run-limit", "fault", "bus",
	  "cartridge"}},
	{mnpen_error_name,
	 NULL,
	 {"none", "bad-length", "bad-state", "bad-token", "bad-value", "limit", "stale", "crc",
	  "cartridge", "fault", "unsupported"}},
	{mnpen_request_name,
	 mnpen_request_parse,
	 {"none", "get-info", "get-status", "arm", "set-target", "lease", "stop", "clear-fault",
	  "set-stream", "get-cartridge", "claim-cartridge", "get-error"}},
	{mnpen_fault_name,
	 NULL,
	 {"selftest", "overdepth", "overspeed", "underspeed", "stalled", "overcurrent", "overtemp",
	  "undervolt", "cartridge-lost", "ingress", "position-sensor", "internal"}},
};

static void both_ways(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct name_case *c = &cases[i];
		unsigned int number = 0, parsed;

		for (; c->names[number]; number++) {
			assert_string_equal(c->name_of(number), c->names[number]);
			if (!c->parse)
				continue;
			parsed = 999;
			assert_int_equal(c->parse(c->names[number], &parsed), 0);
			assert_int_equal(parsed, number);
		}
		assert_string_equal(c->name_of(number), "unknown");
		assert_string_equal(c->name_of(UINT32_MAX), "unknown");
	}
}

static void not_names(void **state)
{
	static const char *const wrong[] = {"",	    "unknown",	"Running", "run_limit", " arm",
					    "arm ", "run-limi", "stopp",   "get-",	"3"};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!cases[i].parse)
			continue;
		for (size_t j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++) {
			unsigned int ret = 999;

			assert_int_equal(cases[i].parse(wrong[j], &ret), -EINVAL);
			assert_int_equal(ret, 999);
		}
	}
}

static void faults(void **state)
{
	uint16_t mask = 0x5555;

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++) {
		assert_int_equal(mnpen_fault_parse(mnpen_fault_name(bit), &mask), 0);
		assert_int_equal(mask, 1u << bit);
	}
	mask = 0x5555;
	assert_int_equal(mnpen_fault_parse("overheat", &mask), -EINVAL);
	assert_int_equal(mask, 0x5555);
	assert_int_equal(mnpen_fault_parse("overtemp", &mask), 0);
	assert_int_equal(mask, MNPEN_FAULT_OVERTEMP);
}

static void serials(void **state)
{
	static const struct {
		const char *serial;
		bool valid;
	} serial_cases[] = {
		{NULL, false},
		{"", false},
		{"ABC", false},
		{"ABCD", true},
		{"VPEN0001-2", true},
		{"azAZ09-", true},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", true},
		{"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", false},
		{"AB_D", false},
		{"AB/D", false},
		{"AB D", false},
		{"ABCD\n", false},
		{"AB:D", false},
		{"AB@D", false},
		{"AB[D", false},
		{"AB`D", false},
		{"AB{D", false},
		{"\xc3\x84"
		 "BCD",
		 false},
	};

	for (size_t i = 0; i < sizeof(serial_cases) / sizeof(serial_cases[0]); i++)
		assert_int_equal(mnpen_serial_valid(serial_cases[i].serial), serial_cases[i].valid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(not_names),
		cmocka_unit_test(faults),
		cmocka_unit_test(serials),
	};

	return cmocka_run_group_tests_name("proto_names", tests, NULL, NULL);
}
