// SPDX-License-Identifier: GPL-2.0-only
/* The cable, the bus and the network. */
#include "driver/base/cleanup.h"
#include "tests/bus/misbehave.h"

#define SECTION "Cable and network"

static const struct mis_row rows[] = {
	{"unplug", .heal = "replug",
	 .cell = {{.end = MIS_GONE}, {.end = MIS_GONE}, {.end = MIS_GONE, .ms = 5}}},
	{"unplug;replug",
	 .cell = {{.end = MIS_GONE}, {.end = MIS_GONE}, {.end = MIS_GONE, .ms = 5}}},
	{"refuse busy;unplug;replug", .heal = "refuse off",
	 .cell = {{.end = MIS_GONE}, {.end = MIS_GONE}, {.end = MIS_GONE, .ms = 5}}},
	{"power-cycle", .cell = {{.end = MIS_GONE},
				 {.end = MIS_GONE, .pen = ""},
				 {.end = MIS_GONE, .pen = "", .ms = -1}}},
	{"reset", .cell = {{.end = MIS_GONE}, {.end = MIS_GONE}, {.end = MIS_GONE, .ms = 5}}},
	{"suspend",
	 .cell = {{.end = MIS_STAYS, .also = "stream-lost", .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "stale|pen", .pen = "bus", .also = "escalation"},
		  {.end = MIS_DISARMED,
		   .why = "stale|pen",
		   .pen = "bus",
		   .ms = 5,
		   .also = "escalation"}}},
	{"silence on", .heal = "silence off",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_GONE, .why = "stale", .pen = "lease", .also = "escalation"},
		  {.end = MIS_GONE,
		   .why = "stale",
		   .pen = "lease",
		   .ms = 300,
		   .also = "escalation"}}},
	{"silence on;@Stop", .heal = "silence off",
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
