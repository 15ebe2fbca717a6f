// SPDX-License-Identifier: GPL-2.0-only
/* Every fault that a pen latches: it stops alone, and nothing arms it until it was cleared. */
#include "driver/base/cleanup.h"
#include "tests/bus/misbehave.h"

#define SECTION "The pen's own faults"

static const struct mis_row rows[] = {
	{"fault overdepth", .heal = "clear overdepth",
	 .cell = {{.end = MIS_FAULT, .pen = "overdepth", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overdepth", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overdepth", .ms = 5, .arm = "Fault"}}},
	{"fault overspeed", .heal = "clear overspeed",
	 .cell = {{.end = MIS_FAULT, .pen = "overspeed", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overspeed", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overspeed", .ms = 100, .arm = "Fault"}}},
	{"fault underspeed", .heal = "clear underspeed",
	 .cell = {{.end = MIS_FAULT, .pen = "underspeed", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "underspeed", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "underspeed", .ms = 200, .arm = "Fault"}}},
	{"fault stalled", .heal = "clear stalled",
	 .cell = {{.end = MIS_FAULT, .pen = "stalled", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "stalled", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "stalled", .ms = 200, .arm = "Fault"}}},
	{"fault overcurrent", .heal = "clear overcurrent",
	 .cell = {{.end = MIS_FAULT, .pen = "overcurrent", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overcurrent", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overcurrent", .ms = 20, .arm = "Fault"}}},
	{"fault overtemp", .heal = "clear overtemp",
	 .cell = {{.end = MIS_FAULT, .pen = "overtemp", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overtemp", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overtemp", .ms = 5, .arm = "Fault"}}},
	{"fault undervolt", .heal = "clear undervolt",
	 .cell = {{.end = MIS_FAULT, .pen = "undervolt", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "undervolt", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "undervolt", .ms = 100, .arm = "Fault"}}},
	{"fault cartridge-lost", .heal = "clear cartridge-lost",
	 .cell = {{.end = MIS_FAULT, .pen = "cartridge-lost", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "cartridge-lost", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "cartridge-lost", .ms = 5, .arm = "Fault"}}},
	{"fault ingress", .heal = "clear ingress",
	 .cell = {{.end = MIS_FAULT, .pen = "ingress", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "ingress", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "ingress", .ms = 5, .arm = "Fault"}}},
	{"fault position-sensor", .heal = "clear position-sensor",
	 .cell = {{.end = MIS_FAULT, .pen = "position-sensor", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "position-sensor", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "position-sensor", .ms = 5, .arm = "Fault"}}},
	{"fault internal", .heal = "clear internal",
	 .cell = {{.end = MIS_FAULT, .pen = "internal", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "internal", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "internal", .ms = 5, .arm = "Fault"}}},
	{"fault selftest", .heal = "clear selftest;power-cycle",
	 .cell = {{.end = MIS_FAULT, .pen = "selftest", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "selftest", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "selftest", .ms = 5, .arm = "Fault"}}},
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
