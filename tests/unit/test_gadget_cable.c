// SPDX-License-Identifier: GPL-2.0-only
/* A port whose host comes by a cable in place of USB/IP. */
#include <stdio.h>

#include "tests/gadget/control/command.h"
#include "tests/gadget/control/scenario_check.h"
#include "tests/unit/gadget_host.h"

static struct cable cable;
static unsigned int plugs, unplugs, runs;
static int plug_result;
static uint64_t next_ns;

static int plug(struct cable *which)
{
	assert_ptr_equal(which, &cable);
	plugs++;
	return plug_result;
}

static void unplug(struct cable *which)
{
	assert_ptr_equal(which, &cable);
	/* The device is told after the host is gone. */
	assert_int_equal(port->pen->model.state, MNPEN_STATE_ARMED);
	unplugs++;
}

static void run(struct cable *which, uint64_t now_ns)
{
	runs++;
	next_ns = USB_NEVER;
}

static uint64_t next(const struct cable *which, uint64_t now_ns)
{
	return next_ns;
}

static int setup(void **state)
{
	static const struct cable_ops ops = {plug, unplug, run, next};

	setup_gadget(state);
	cable.ops = &ops;
	port->cable = &cable;
	gadget.cabled = true;
	plugs = unplugs = runs = 0;
	plug_result = 0;
	next_ns = USB_NEVER;
	/* Out of BOOT; then it is its lease that keeps the loop awake, and no stream. */
	serve(1100);
	return 0;
}

static void command(const char *line, const char *wrong)
{
	struct command_context context = {.gadget = &gadget};

	json_object_put(command_run(&context, line));
	if (wrong ? !strstr(context.error, wrong) : *context.error)
		fail_msg("%s: \"%s\"", line, context.error);
}

static void it_is_run_when_something_is_due(void **state)
{
	runs = 0;
	command("trigger press", NULL);
	assert_int_equal(runs, 1);
	next_ns = now_monotonic_ns() + 3000000;
	server_schedule(port, now_monotonic_ns());
	serve(20);
	assert_in_range(runs, 2, 4);
}

static void it_is_pulled_and_put_back(void **state)
{
	port->pen->model.state = MNPEN_STATE_ARMED;
	port->pen->model.lease_deadline_us = MODEL_NEVER;
	command("unplug", NULL);
	assert_int_equal(unplugs, 1);
	assert_int_equal(port->pen->model.state, MNPEN_STATE_IDLE);
	assert_int_equal(port->pen->model.stop_reason, MNPEN_STOP_BUS);
	command("unplug", NULL);
	assert_int_equal(unplugs, 1);
	plug_result = -EBUSY;
	command("replug", NULL);
	assert_false(port->plugged);
	plug_result = 0;
	command("replug", NULL);
	assert_true(port->plugged);
	assert_int_equal(plugs, 2);
	command("replug", NULL);
	assert_int_equal(plugs, 2);
}

/* A refused command says so: the cable is still out. */
static void a_failed_replug_is_told(void **state)
{
	struct command_context context = {.gadget = &gadget};
	struct json_object *reply;

	port->plugged = false;
	plug_result = -EBUSY;
	reply = command_run(&context, "replug");
	assert_non_null(strstr(json_object_to_json_string(reply), "error"));
	json_object_put(reply);
}

static void there_is_no_network(void **state)
{
	struct scenario_check *check = NULL;
	struct step step;
	const char *error;

	command("silence on", "no network");
	command("refuse busy", "no network");
	assert_int_equal(scenario_check_new(&check, 1, true), 0);
	assert_int_equal(step_parse(&step, "silence on", &error), 1);
	assert_int_equal(scenario_check_step(check, &step, &error), -EINVAL);
	assert_non_null(strstr(error, "no network"));
	assert_int_equal(step_parse(&step, "unplug", &error), 1);
	assert_int_equal(scenario_check_step(check, &step, &error), 0);
	scenario_check_free(check);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_is_run_when_something_is_due, setup,
						teardown_gadget),
		cmocka_unit_test_setup_teardown(it_is_pulled_and_put_back, setup, teardown_gadget),
		cmocka_unit_test_setup_teardown(a_failed_replug_is_told, setup, teardown_gadget),
		cmocka_unit_test_setup_teardown(there_is_no_network, setup, teardown_gadget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
