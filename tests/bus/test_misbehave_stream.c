// SPDX-License-Identifier: GPL-2.0-only
/* Samples that are none, that do not come, or come late. MaxSampleAge is 200 ms here. */
#include "driver/base/cleanup.h"
#include "tests/bus/misbehave.h"

#define SECTION "Samples that are none, are missing or late"

static const struct mis_row rows[] = {
	{"garbage 1", .cell = {{.end = MIS_STAYS, .also = "undecodable", .arm = ""},
			       {.end = MIS_DISARMED, .why = "undecodable"},
			       {.end = MIS_DISARMED, .why = "undecodable", .ms = 50}}},
	{"garbage 3", .cell = {{.end = MIS_STAYS, .also = "undecodable", .arm = ""},
			       {.end = MIS_DISARMED, .why = "undecodable"},
			       {.end = MIS_DISARMED, .why = "undecodable", .ms = 50}}},
	{"short 1", .cell = {{.end = MIS_STAYS, .also = "undecodable", .arm = ""},
			     {.end = MIS_DISARMED, .why = "undecodable"},
			     {.end = MIS_DISARMED, .why = "undecodable", .ms = 50}}},
	{"duplicate 1", .cell = {{.end = MIS_STAYS, .arm = ""},
				 {.end = MIS_DISARMED, .why = "order"},
				 {.end = MIS_DISARMED, .why = "order", .ms = 50}}},
	{"skip 1", .cell = {{.end = MIS_STAYS, .also = "gap", .arm = ""},
			    {.end = MIS_STAYS, .also = "gap"},
			    {.end = MIS_STAYS, .also = "gap"}}},
	{"skip 20", .cell = {{.end = MIS_STAYS, .also = "gap", .arm = ""},
			     {.end = MIS_STAYS, .also = "gap"},
			     {.end = MIS_STAYS, .also = "gap"}}},
	{"skip 100", .cell = {{.end = MIS_STAYS, .also = "gap", .arm = ""},
			      {.end = MIS_STAYS, .also = "gap"},
			      {.end = MIS_STAYS, .also = "gap"}}},
	{"skip 300", .cell = {{.end = MIS_STAYS, .also = "gap", .arm = ""},
			      {.end = MIS_DISARMED, .why = "stale|missing"},
			      {.end = MIS_DISARMED, .why = "stale|missing", .ms = 200}}},
	{"silence on;@sleep 20;silence off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"silence on;@sleep 60;silence off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"silence on;@sleep 260;silence off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_DISARMED, .why = "stale", .pen = "host|lease"},
		  {.end = MIS_DISARMED, .why = "stale", .pen = "host|lease", .ms = 300}}},
	{"@pause 30",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"@pause 100",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"@pause 260",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_DISARMED, .why = "stale", .pen = "host|lease"},
		  {.end = MIS_DISARMED, .why = "stale", .pen = "host|lease", .ms = 300}}},
	/* Last: so many events are told as one, and the next rows would miss theirs. */
	{"garbage 1000", .heal = "garbage 0",
	 .cell = {{.end = MIS_STAYS, .arm = "Interlock"},
		  {.end = MIS_DISARMED, .why = "undecodable"},
		  {.end = MIS_DISARMED, .why = "undecodable", .ms = 50}}},
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
