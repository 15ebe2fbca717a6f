// SPDX-License-Identifier: GPL-2.0-only
/* Pens that do not obey, and drives that run away; escalation to its end. */
#include "driver/base/cleanup.h"
#include "tests/bus/misbehave.h"

#define SECTION "Pens that do not obey"

static const struct mis_row rows[] = {
	{"ignore stop on", .then = "@Stop", .then_pen = "bus", .then_ms = 200,
	 .heal = "ignore stop off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS, .also = "escalation"},
		  {.end = MIS_STAYS, .also = "escalation"}}},
	{"stall stop", .then = "@Stop", .then_pen = "bus", .then_ms = 200, .heal = "stall off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS, .also = "escalation"},
		  {.end = MIS_STAYS, .also = "escalation"}}},
	{"ignore stop on;stall get-status;@Stop", .heal = "ignore stop off;stall off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_GONE, .why = "request", .pen = "bus", .also = "escalation"},
		  {.end = MIS_GONE,
		   .why = "request",
		   .pen = "bus",
		   .ms = 200,
		   .also = "escalation",
		   .alarm = true}}},
	{"ignore stop on;ignore alt on;@Stop", .heal = "ignore stop off;ignore alt off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_GONE, .why = "request", .pen = "bus", .also = "escalation"},
		  {.end = MIS_GONE,
		   .why = "request",
		   .pen = "bus",
		   .ms = 300,
		   .also = "escalation",
		   .alarm = true}}},
	{"ignore stop on;ignore alt on;ignore lease on;@Stop",
	 .heal = "ignore stop off;ignore alt off;ignore lease off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_GONE, .why = "request", .pen = "bus", .also = "escalation"},
		  {.end = MIS_GONE,
		   .why = "request",
		   .pen = "bus",
		   .ms = 300,
		   .also = "escalation",
		   .alarm = true}}},
	{"ignore stop on;ignore alt on;ignore reset on;@Stop",
	 .heal = "ignore stop off;ignore alt off;ignore reset off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_GONE, .why = "request", .pen = "lease", .also = "escalation"},
		  {.end = MIS_GONE,
		   .why = "request",
		   .pen = "lease",
		   .ms = 800,
		   .also = "escalation",
		   .alarm = true}}},
	{"ignore stop on;ignore alt on;ignore reset on;ignore lease on;ignore trigger "
	 "on;@Stop;@sleep 1500;ignore stop off",
	 .heal = "ignore alt off;ignore reset off;ignore lease off;ignore trigger off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_GONE, .why = "request", .pen = "host", .also = "escalation"},
		  {.end = MIS_GONE,
		   .why = "request",
		   .pen = "host",
		   .ms = 3000,
		   .also = "escalation",
		   .alarm = true}}},
	{"ignore reset on;unplug", .heal = "replug;ignore reset off",
	 .cell = {{.end = MIS_GONE},
		  {.end = MIS_GONE, .pen = "lease"},
		  {.end = MIS_GONE, .pen = "lease", .ms = 800}}},
	{"ignore limits on", .then = "@Stop", .heal = "ignore limits off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"ignore lease on", .then = "@Stop", .heal = "ignore lease off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"ignore enable on", .then = "@Disarm", .heal = "ignore enable off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"ignore trigger on", .then = "@Stop", .heal = "ignore trigger off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"ignore alt on", .then = "@Disarm", .heal = "ignore alt off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"ignore reset on", .then = "@Stop", .heal = "ignore reset off",
	 .cell = {{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS}, {.end = MIS_STAYS}}},
	{"ignore trigger on;trigger release", .heal = "ignore trigger off",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "trigger-ignored", .ms = 100}}},
	{"ignore limits on;drift depth 650", .heal = "ignore limits off;drift depth 0",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "depth-limit", .ms = 50}}},
	{"ignore limits on;drift depth 250", .heal = "ignore limits off;drift depth 0",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "depth-target", .ms = 50, .first = "@sleep 550"}}},
	{"ignore limits on;drift depth -250", .heal = "ignore limits off;drift depth 0",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "depth-target", .ms = 50, .first = "@sleep 550"}}},
	{"ignore limits on;drift speed 3000", .heal = "ignore limits off;drift speed 0",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "overspeed", .ms = 400, .first = "@sleep 550"}}},
	{"ignore limits on;drift speed -4500", .heal = "ignore limits off;drift speed 0",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "underspeed", .ms = 600, .first = "@sleep 550"}}},
	{"drift depth 650", .heal = "drift depth 0",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_FAULT, .why = "depth-limit|fault", .pen = "overdepth", .ms = 50}}},
	{"drift depth 250", .heal = "drift depth 0",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_DISARMED, .why = "depth-target", .ms = 50, .first = "@sleep 550"}}},
	{"load 1000", .heal = "load 1",
	 .cell = {{.end = MIS_STAYS, .arm = ""},
		  {.end = MIS_STAYS},
		  {.end = MIS_FAULT,
		   .why = "stalled|underspeed|fault|pen",
		   .pen = "stalled|underspeed",
		   .ms = 600}}},
};

static void test_document(void **state)
{
	mis_check_document(SECTION, rows, ELEMENTSOF(rows));
}

static void test_rows(void **state)
{
	/* Longer than escalation, so that it is not the lease that ends what escalation has to. */
	mis_run(state, rows, ELEMENTSOF(rows), &(struct rig_options){.station = "Lease = 800ms\n"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_document),
		RIG_TEST(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
