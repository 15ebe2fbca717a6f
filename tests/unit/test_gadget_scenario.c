// SPDX-License-Identifier: GPL-2.0-only
/* Commands, the oracle's contract, and scenarios as tests. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include "tests/gadget/command.h"
#include "tests/gadget/control.h"
#include "tests/gadget/oracle.h"
#include "tests/gadget/scenario.h"
#include "tests/gadget/scenario_step.h"
#include "tests/unit/gadget_host.h"

static struct command_context context;

static int setup_context(void **state)
{
	setup_gadget(state);
	context = (struct command_context){.gadget = &gadget};
	return 0;
}

static bool command_ok(const char *line)
{
	struct json_object *reply = command_run(&context, line);
	struct json_object *member;
	bool ok = !json_object_object_get_ex(reply, "error", &member);

	assert_non_null(reply);
	if (ok && !json_object_object_get_ex(reply, "now_ns", &member))
		fail_msg("%s: no now_ns", line);
	json_object_put(reply);
	return ok;
}

static void every_command_of_the_interface(void **state)
{
	static const char *const good[] = {
		"state",
		"log 5",
		"log",
		"pen 1",
		" trigger  press ",
		"trigger release",
		"button depth+",
		"button depth-",
		"dial -3",
		"contact on",
		"contact off",
		"cartridge remove",
		"cartridge insert",
		"cartridge insert 0102030405060708",
		"cartridge insert CART-1 lot=L1 length=1500 expires=19000",
		"cartridge insert unreadable",
		"sleeve off",
		"calibration due 20100",
		"battery 55",
		"heat 350",
		"load 1.5",
		"drift depth -50",
		"drift speed 200",
		"fault overcurrent",
		"clear overcurrent",
		"ignore stop on",
		"ignore limits on",
		"ignore lease on",
		"ignore enable on",
		"ignore trigger on",
		"ignore alt on",
		"ignore reset off",
		"stall arm",
		"stall off",
		"delay lease 50",
		"delay off",
		"freeze on",
		"freeze off",
		"garbage 1",
		"short 1",
		"duplicate 1",
		"skip 1",
		"lie state idle",
		"lie state 9",
		"lie depth 400",
		"lie speed off",
		"unplug",
		"replug",
		"suspend",
		"reset",
		"power-cycle",
		"silence on",
		"silence off"};
	static const char *const bad[] = {"",
					  "   ",
					  "nonsense",
					  "pen 2",
					  "pen 0",
					  "pen",
					  "trigger",
					  "trigger maybe",
					  "button depth",
					  "dial 128",
					  "dial x",
					  "contact",
					  "cartridge eject",
					  "cartridge insert 012 lot=A extra=1",
					  "cartridge insert TOO-LONG-A-UID",
					  "cartridge insert length=70000",
					  "cartridge insert lot=1234567890123",
					  "battery 101",
					  "heat 99999",
					  "load -1",
					  "load x",
					  "drift up 3",
					  "fault nothing",
					  "ignore everything on",
					  "ignore stop maybe",
					  "stall nothing",
					  "delay arm",
					  "delay arm -1",
					  "freeze",
					  "garbage -1",
					  "lie mood 3",
					  "lie depth 70000",
					  "silence",
					  "state now",
					  "a b c d e f g h i j k l m n"};

	for (size_t i = 0; i < ELEMENTSOF(good); i++)
		if (!command_ok(good[i]))
			fail_msg("%s: %s", good[i], context.error);
	for (size_t i = 0; i < ELEMENTSOF(bad); i++)
		if (command_ok(bad[i]))
			fail_msg("%s was accepted", bad[i]);
}

static void state_has_exactly_the_agreed_keys(void **state)
{
	static const char *const keys[] = {"state",	      "motor",	       "depth_um",
					   "speed_rpm",	      "trigger",       "contact",
					   "token",	      "enable",	       "stop_reason",
					   "faults",	      "strokes",       "run_ms",
					   "motor_on_ns",     "motor_off_ns",  "last_command",
					   "last_command_ns", "last_stop_ns",  "last_lease_ns",
					   "bus_ns",	      "depth_over_ns", "now_ns"};
	struct json_object *reply = command_run(&context, "state");
	struct json_object *member;

	assert_int_equal(json_object_object_length(reply), ELEMENTSOF(keys));
	for (size_t i = 0; i < ELEMENTSOF(keys); i++)
		if (!json_object_object_get_ex(reply, keys[i], &member))
			fail_msg("no %s", keys[i]);
	json_object_object_get_ex(reply, "token", &member);
	assert_string_equal(json_object_get_string(member), "0000000000000000");
	json_object_put(reply);
}

static void cartridge_keeps_its_claim_in_the_drawer(void **state)
{
	struct mnpen_cartridge *in = &port->pen.model.cartridge;

	assert_true(command_ok("cartridge insert 0102030405060708 lot=A"));
	assert_memory_equal(in->uid, ((uint8_t[]){1, 2, 3, 4, 5, 6, 7, 8}), 8);
	in->claimed_token = 77;
	in->strokes = 5;
	assert_true(command_ok("cartridge insert"));
	assert_int_equal(in->claimed_token, 0);
	assert_true(command_ok("cartridge insert 0102030405060708"));
	assert_int_equal(in->claimed_token, 77);
	assert_int_equal(in->strokes, 5);
	assert_string_equal(in->lot, "A");
	in->strokes = 9; /* put away a second time */
	assert_true(command_ok("cartridge insert"));
	assert_true(command_ok("cartridge insert 0102030405060708"));
	assert_int_equal(in->strokes, 9);
	assert_true(command_ok("cartridge remove"));
	assert_int_equal(in->flags, 0);
	assert_true(command_ok("cartridge insert AB expires=5"));
	assert_int_equal(in->uid[0], 0xab);
	assert_int_equal(in->expires_days, 5);
}

static void cable_commands_reach_the_pen(void **state)
{
	int fd = import_pen();

	port->pen.model.state = MNPEN_STATE_ARMED;
	port->pen.model.lease_deadline_us = MODEL_NEVER;
	assert_true(command_ok("suspend"));
	assert_int_equal(port->pen.model.stop_reason, MNPEN_STOP_BUS);
	expect_nothing(fd); /* still connected */
	assert_true(command_ok("unplug"));
	expect_end(fd);
	assert_true(command_ok("power-cycle"));
	assert_int_equal(port->pen.model.state, MNPEN_STATE_BOOT);
	assert_true(port->pen.plugged);
}

static void lines_of_a_scenario(void **state)
{
	static const struct {
		const char *line;
		int result;
		enum step_kind kind;
		uint32_t at_ms;
		uint32_t within_ms;
	} cases[] = {
		{"", 0, 0, 0, 0},
		{"  # only a remark", 0, 0, 0, 0},
		{"trigger press # now", 1, STEP_COMMAND, 0, 0},
		{"at 500 trigger press", 1, STEP_COMMAND, 500, 0},
		{"  at 0 quit  ", 1, STEP_COMMAND, 0, 0},
		{"wait running", 1, STEP_WAIT, 0, 0},
		{"at 10 wait idle", 1, STEP_WAIT, 10, 0},
		{"expect motor=false within 50", 1, STEP_EXPECT, 0, 50},
		{"at 100 expect state motor=false within 50", 1, STEP_EXPECT, 100, 50},
		{"expect state=armed", 1, STEP_EXPECT, 0, 0},
		{"expect faults=", 1, STEP_EXPECT, 0, 0},
		{"at soon quit", -EINVAL, 0, 0, 0},
		{"at 5", -EINVAL, 0, 0, 0},
		{"at -5 quit", -EINVAL, 0, 0, 0},
		{"wait asleep", -EINVAL, 0, 0, 0},
		{"wait", -EINVAL, 0, 0, 0},
		{"expect motor", -EINVAL, 0, 0, 0},
		{"expect =1", -EINVAL, 0, 0, 0},
		{"expect motor=false within", -EINVAL, 0, 0, 0},
		{"expect motor=false within 5 s", -EINVAL, 0, 0, 0},
		{"expect motor=false soon", -EINVAL, 0, 0, 0},
		{"frobnicate", -EINVAL, 0, 0, 0},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct step step = {0};
		const char *error;
		int r = step_parse(&step, cases[i].line, &error);

		if (r != cases[i].result)
			fail_msg("\"%s\": %d", cases[i].line, r);
		if (r <= 0)
			continue;
		assert_int_equal(step.kind, cases[i].kind);
		assert_int_equal(step.at_ms, cases[i].at_ms);
		assert_int_equal(step.within_ms, cases[i].within_ms);
	}
}

/* Returns the exit code of the loop, or the error of loading. */
static int run_scenario(const char *text, uint64_t *ret_ms)
{
	char path[] = "/tmp/mnpen-scenario-XXXXXX";
	int fd = mkstemp(path);
	struct scenario *scenario = NULL;
	uint64_t begin_ns = now_monotonic_ns();
	int r;

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	r = scenario_load(&scenario, &gadget, path);
	unlink(path);
	if (r >= 0)
		r = sd_event_loop(event);
	if (ret_ms)
		*ret_ms = (now_monotonic_ns() - begin_ns) / 1000000;
	scenario_free(scenario);
	return r;
}

static void scenario_that_holds(void **state)
{
	uint64_t ms;

	assert_int_equal(run_scenario("wait idle\n"
				      "at 20 fault undervolt\n"
				      "expect faults=undervolt within 150\n"
				      "expect state=fault\n"
				      "at 0 clear undervolt\n"
				      "expect stop_reason=fault\n"
				      "at 300 quit\n"
				      "expect state=armed\n", /* not reached */
				      &ms),
			 0);
	assert_in_range(ms, 300, 2000);
}

static void scenario_that_fails(void **state)
{
	assert_int_equal(run_scenario("expect state=running within 30\nquit\n", NULL), 1);
}

static void expectation_in_time_only(void **state)
{
	/* 100 ms until the fault: 90 are not enough, 110 are. */
	assert_int_equal(run_scenario("wait idle\nfault undervolt\n"
				      "expect state=fault within 90\nquit\n",
				      NULL),
			 1);
}

static int be_slow(sd_event_source *source, uint64_t usec, void *userdata)
{
	usleep(150000);
	return 0;
}

static void late_look_is_not_a_late_deadline(void **state)
{
	sd_event_source *slow = NULL;

	/* The machine has no time from 70 to 220 ms; the fault comes at about 150, not by 140. */
	assert_true(sd_event_add_time_relative(event, &slow, CLOCK_MONOTONIC, 70000, 1, be_slow,
					       NULL) >= 0);
	assert_int_equal(run_scenario("wait idle\nfault undervolt\n"
				      "expect state=fault within 90\nquit\n",
				      NULL),
			 1);
	sd_event_source_unref(slow);
}

static void unknown_key_fails(void **state)
{
	assert_int_equal(run_scenario("expect nonsense=1 within 1000\nquit\n", NULL), 1);
}

static void failing_command_fails_the_scenario(void **state)
{
	assert_int_equal(run_scenario("battery 500\nquit\n", NULL), 1);
}

static void scenario_is_checked_before_it_runs(void **state)
{
	assert_int_equal(run_scenario("trigger press\nfrobnicate\n", NULL), -EINVAL);
	assert_false(port->pen.model.trigger);
}

static void control_socket(void **state)
{
	char path[] = "/tmp/mnpen-control-XXXXXX";
	struct control *control = NULL, *second = NULL;
	char reply[4096];
	ssize_t n;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = mkstemp(path);

	close(fd);
	unlink(path);
	assert_int_equal(control_new(&control, &gadget, path), 0);
	assert_int_equal(control_new(&second, &gadget, path), -EADDRINUSE);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	put(fd, (const uint8_t *)"trigger press\nfoo\nsta", 21);
	put(fd, (const uint8_t *)"te\n", 3);
	n = get(fd, (uint8_t *)reply, sizeof(reply) - 1);
	assert_true(n > 0);
	reply[n] = 0;
	assert_true(strncmp(reply, "{\"ok\":true,\"now_ns\":", 20) == 0);
	assert_non_null(
		strstr(reply, "\n{\"error\":\"unknown command \\\"foo\\\"\"}\n{\"state\":"));
	assert_non_null(strstr(reply, "\"trigger\":true"));
	assert_int_equal(reply[n - 1], '\n');
	memset(reply, 'x', 1000);
	put(fd, (const uint8_t *)reply, 1000);
	n = get(fd, (uint8_t *)reply, sizeof(reply) - 1);
	assert_true(n > 0);
	assert_int_equal(strncmp(reply, "{\"error\":", 9), 0);
	expect_end(fd);
	control_free(control);
	assert_int_equal(access(path, F_OK), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_context, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_command_of_the_interface),
		TEST(state_has_exactly_the_agreed_keys),
		TEST(cartridge_keeps_its_claim_in_the_drawer),
		TEST(cable_commands_reach_the_pen),
		TEST(lines_of_a_scenario),
		TEST(scenario_that_holds),
		TEST(scenario_that_fails),
		TEST(expectation_in_time_only),
		TEST(late_look_is_not_a_late_deadline),
		TEST(unknown_key_fails),
		TEST(failing_command_fails_the_scenario),
		TEST(scenario_is_checked_before_it_runs),
		TEST(control_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
