// SPDX-License-Identifier: GPL-2.0-only
/* A stream that does not say the truth: state, motion, and what the pen was told. */
#include "driver/base/cleanup.h"
#include "tests/bus/misbehave.h"

#define SECTION "Lies"

static const struct mis_row rows[] = {
	{"lie state boot", .heal = "lie state off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "pen"},
		  {.end = MIS_DISARMED, .why = "pen", .ms = 50}}},
	{"lie state idle", .heal = "lie state off",
	 .cell = {{.end = MIS_STAYS, .arm = "~pen"},
		  {.end = MIS_DISARMED, .why = "pen"},
		  {.end = MIS_DISARMED, .why = "pen", .ms = 50}}},
	{"lie state armed", .heal = "lie state off",
	 .cell = {{.end = MIS_TOLD,
		   .why = "unexpected-arm",
		   .also = "escalation",
		   .arm = "Interlock|Busy"},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "drive-on", .ms = 100}}},
	{"lie state running", .heal = "lie state off",
	 .cell = {{.end = MIS_TOLD,
		   .why = "unexpected-arm",
		   .also = "escalation",
		   .arm = "Interlock|Busy"},
		  {.end = MIS_DISARMED, .why = "trigger-ignored"},
		  {.end = MIS_STAYS}}},
	{"lie state fault", .heal = "lie state off",
	 .cell = {{.end = MIS_STAYS, .arm = "Fault"},
		  {.end = MIS_DISARMED, .why = "fault"},
		  {.end = MIS_DISARMED, .why = "fault", .ms = 50}}},
	{"lie state 9", .heal = "lie state off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "undecodable"},
		  {.end = MIS_DISARMED, .why = "undecodable", .ms = 50}}},
	{"lie depth 1101", .heal = "lie depth off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "depth-limit"},
		  {.end = MIS_DISARMED, .why = "depth-limit", .ms = 50}}},
	{"lie depth 1100", .heal = "lie depth off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "depth-target", .ms = 50, .first = "@sleep 550"}}},
	{"lie depth 601", .heal = "lie depth off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "depth-target", .ms = 50, .first = "@sleep 550"}}},
	{"lie depth 600", .heal = "lie depth off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_STAYS, .first = "@sleep 550"}}},
	{"lie depth 400", .heal = "lie depth off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_STAYS, .first = "@sleep 550"}}},
	{"lie depth 399", .heal = "lie depth off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "depth-target", .ms = 50, .first = "@sleep 550"}}},
	{"lie speed 0", .heal = "lie speed off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "stalled|stroke-count", .ms = 600}}},
	{"lie speed 2399", .heal = "lie speed off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "underspeed|stroke-count", .ms = 700}}},
	{"lie speed 3000", .heal = "lie speed off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "stroke-count", .ms = 1000}}},
	{"lie speed 6300", .heal = "lie speed off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"lie speed 8400", .heal = "lie speed off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "stroke-count", .ms = 1000}}},
	{"lie speed 8401", .heal = "lie speed off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "overspeed", .ms = 100}}},
	{"lie enabled 0", .heal = "lie enabled off",
	 .cell = {{.end = MIS_STAYS, .arm = "Unconfirmed"},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "not-enabled", .ms = 50}}},
	{"lie enabled 1", .heal = "lie enabled off",
	 .cell = {{.end = MIS_STAYS, .arm = "~not-enabled"},
		  {.end = MIS_STAYS},
		  {.end = MIS_STAYS}}},
	{"lie lease 0", .heal = "lie lease off",
	 .cell = {{.end = MIS_STAYS, .arm = "~lease-clock"},
		  {.end = MIS_DISARMED, .why = "lease-clock"},
		  {.end = MIS_DISARMED, .why = "lease-clock", .ms = 200}}},
	{"lie lease 300", .heal = "lie lease off",
	 .cell = {{.end = MIS_STAYS, .arm = "~lease-clock"},
		  {.end = MIS_DISARMED, .why = "lease-clock"},
		  {.end = MIS_DISARMED, .why = "lease-clock", .ms = 200}}},
	{"lie lease 321", .heal = "lie lease off",
	 .cell = {{.end = MIS_STAYS, .arm = "~lease-clock"},
		  {.end = MIS_DISARMED, .why = "lease-clock"},
		  {.end = MIS_DISARMED, .why = "lease-clock", .ms = 50}}},
	{"lie target 500", .heal = "lie target off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"lie target 499", .heal = "lie target off",
	 .cell = {{.end = MIS_STAYS, .arm = "Unconfirmed"},
		  {.end = MIS_DISARMED, .why = "target-changed"},
		  {.end = MIS_DISARMED, .why = "target-changed", .ms = 50}}},
	{"lie command 0", .heal = "lie command off",
	 .cell = {{.end = MIS_STAYS, .arm = "~unexpected-arm"},
		  {.end = MIS_DISARMED, .why = "command-unknown"},
		  {.end = MIS_DISARMED, .why = "command-unknown", .ms = 50}}},
	{"lie command 4294967295", .heal = "lie command off",
	 .cell = {{.end = MIS_STAYS, .arm = "~unexpected-arm"},
		  {.end = MIS_DISARMED, .why = "command-unknown"},
		  {.end = MIS_DISARMED, .why = "command-unknown", .ms = 50}}},
};

static void test_document(void **state)
{
	mis_check_document(SECTION, rows, ELEMENTSOF(rows));
}

static void test_rows(void **state)
{
	mis_run(state, rows, ELEMENTSOF(rows), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		RIG_TEST(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
