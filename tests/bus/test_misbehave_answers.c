// SPDX-License-Identifier: GPL-2.0-only
/* Requests that the pen refuses or does not answer; a STOP meanwhile goes out at once. */
#include "driver/base/cleanup.h"
#include "tests/bus/misbehave.h"

#define SECTION "Requests refused, or not answered"

static const struct mis_row rows[] = {
	{"stall get-info", .then = "@Stop", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock|Limit|Fault|CartridgeUsed"},
		  {.end = MIS_STAYS},
		  {.end = MIS_STAYS}}},
	{"stall get-status", .then = "@Stop", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"stall set-stream", .then = "@Stop", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"stall clear-fault", .then = "@Stop", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"stall arm", .then = "@Disarm", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock|Limit|Fault|CartridgeUsed"},
		  {.end = MIS_STAYS},
		  {.end = MIS_STAYS}}},
	{"stall set-target", .then = "@SetTarget 600;@Stop", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = "~refused"}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"stall lease", .then = "@Stop", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = "~refused"},
		  {.end = MIS_DISARMED, .why = "refused"},
		  {.end = MIS_DISARMED, .why = "refused", .ms = 75}}},
	{"stall get-cartridge", .then = "@Stop", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock|Limit|Fault|CartridgeUsed"},
		  {.end = MIS_STAYS},
		  {.end = MIS_STAYS}}},
	{"stall claim-cartridge", .then = "@Disarm", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS,
		   .first = "cartridge insert",
		   .arm = "Interlock|Limit|Fault|CartridgeUsed"},
		  {.end = MIS_STAYS},
		  {.end = MIS_STAYS}}},
	{"stall get-error", .then = "@Stop", .heal = "stall off",
	 .cell = {{.end = MIS_STAYS,
		   .first = "stall arm",
		   .arm = "Interlock|Limit|Fault|CartridgeUsed"},
		  {.end = MIS_STAYS},
		  {.end = MIS_STAYS}}},
	{"fault internal;clear internal;stall clear-fault;@sleep 550;@ClearFault",
	 .heal = "stall off",
	 .cell = {{.end = MIS_FAULT, .pen = "internal", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "internal", .arm = "Fault"},
		  {.end = MIS_FAULT, .pen = "internal", .ms = 5, .arm = "Fault"}}},
	{"freeze on", .heal = "freeze off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_GONE, .why = "stale", .pen = "lease", .also = "escalation"},
		  {.end = MIS_GONE,
		   .why = "stale",
		   .pen = "lease",
		   .ms = 300,
		   .also = "escalation"}}},
	{"freeze on;@Stop", .heal = "freeze off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_GONE, .why = "request", .pen = "lease", .also = "escalation"},
		  {.end = MIS_GONE,
		   .why = "request",
		   .pen = "lease",
		   .ms = 300,
		   .also = "escalation"}}},
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
