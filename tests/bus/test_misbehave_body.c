// SPDX-License-Identifier: GPL-2.0-only
/* Hands, body, battery, heat and needles. */
#include "driver/base/cleanup.h"
#include "tests/bus/misbehave.h"

#define SECTION "Hand, body and needles"

static const struct mis_row rows[] = {
	{"trigger press", .cell = {{.end = MIS_STAYS, .arm = ""},
				   {.end = MIS_RUNS, .also = "running"},
				   {.end = MIS_STAYS}}},
	{"trigger release", .cell = {{.end = MIS_STAYS, .arm = ""},
				     {.end = MIS_STAYS},
				     {.end = MIS_PAUSED, .ms = 5, .also = "paused"}}},
	{"button depth+",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"button depth-",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"dial 3", .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"contact on", .heal = "contact off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"sleeve off", .heal = "sleeve on",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"calibration due 1", .heal = "calibration due 65535",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"battery 20", .heal = "battery 100",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"heat 500", .heal = "heat 250",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"load 2", .heal = "load 1",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"battery 0", .heal = "battery 100",
	 .cell = {{.end = MIS_FAULT, .pen = "undervolt"},
		  {.end = MIS_FAULT, .pen = "undervolt"},
		  {.end = MIS_FAULT, .pen = "undervolt", .ms = 100}}},
	{"heat 610", .heal = "heat 250",
	 .cell = {{.end = MIS_FAULT, .pen = "overtemp", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overtemp", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "overtemp", .ms = 5, .arm = "Fault"}}},
	{"cartridge remove", .heal = "cartridge insert",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "pen", .pen = "cartridge", .arm = "Interlock"},
		  {.end = MIS_FAULT, .pen = "cartridge-lost", .ms = 5}}},
	{"cartridge insert",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_DISARMED, .why = "pen", .pen = "cartridge", .arm = ""},
		  {.end = MIS_FAULT, .pen = "cartridge-lost", .ms = 5}}},
	{"cartridge insert unreadable", .heal = "cartridge insert",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "pen", .pen = "cartridge", .arm = "Interlock"},
		  {.end = MIS_FAULT, .pen = "cartridge-lost", .ms = 5}}},
	{"cartridge insert expires=1", .heal = "cartridge insert",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "pen", .pen = "cartridge", .arm = "Interlock"},
		  {.end = MIS_FAULT, .pen = "cartridge-lost", .ms = 5}}},
	{"cartridge insert length=700", .heal = "cartridge insert",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "pen", .pen = "cartridge", .arm = "Interlock"},
		  {.end = MIS_FAULT, .pen = "cartridge-lost", .ms = 5}}},
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
