// SPDX-License-Identifier: GPL-2.0-only
/* Numbers stand in records for good, names in events and journal: neither may change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/policy/reason.h"

static const struct {
	unsigned int number;
	const char *name;
} reasons[] = {
	{0, "none"},
	{1, "request"},
	{2, "stop-all"},
	{3, "disarm"},
	{4, "settings"},
	{5, "session-end"},
	{6, "client-gone"},
	{7, "shutdown"},
	{8, "sleep"},
	{10, "depth-limit"},
	{11, "depth-target"},
	{12, "overspeed"},
	{13, "underspeed"},
	{14, "stalled"},
	{15, "stroke-count"},
	{16, "drive-on"},
	{17, "trigger-ignored"},
	{18, "trigger-held"},
	{19, "unexpected-arm"},
	{20, "run-limit"},
	{21, "order"},
	{22, "undecodable"},
	{23, "missing"},
	{24, "cartridge"},
	{25, "not-enabled"},
	{26, "lease-clock"},
	{27, "target-changed"},
	{28, "command-unknown"},
	{30, "stale"},
	{31, "arm-timeout"},
	{32, "session-limit"},
	{40, "unconfirmed"},
	{41, "refused"},
	{42, "transfer"},
	{43, "store"},
	{44, "pedal"},
	{50, "pen"},
	{51, "fault"},
	{52, "gone"},
};

static void every_number(void **state)
{
	const size_t n = sizeof(reasons) / sizeof(reasons[0]);
	size_t next = 0;

	for (unsigned int number = 0; number < 300; number++) {
		const char *expected = "unknown";

		if (next < n && reasons[next].number == number)
			expected = reasons[next++].name;
		assert_string_equal(policy_reason_name((enum policy_reason)number), expected);
	}
	assert_int_equal(next, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
