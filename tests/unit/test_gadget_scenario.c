// SPDX-License-Identifier: GPL-2.0-only
/* Scenario files: their form, what is checked before the run, and expectations in exact time. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/gadget/control/command.h"
#include "tests/gadget/usb/oracle.h"
#include "tests/gadget/control/scenario.h"
#include "tests/gadget/control/scenario_check.h"
#include "tests/unit/gadget_host.h"

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
		{"expect motor=false within 86400001", -EINVAL, 0, 0, 0},
		{"at 86400001 quit", -EINVAL, 0, 0, 0},
		{"at", -EINVAL, 0, 0, 0},
		{"expect", -EINVAL, 0, 0, 0},
		{"expect state", -EINVAL, 0, 0, 0},
		{"wait running            soon", -EINVAL, 0, 0, 0},
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
				      "clear undervolt\n"
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
	usleep(*(const unsigned int *)userdata);
	return 0;
}

/* The machine has no time for @for_us, from @from_us after now. */
static sd_event_source *slow_machine(uint64_t from_us, unsigned int for_us)
{
	static unsigned int duration_us;
	sd_event_source *slow = NULL;

	duration_us = for_us;
	assert_true(sd_event_add_time_relative(event, &slow, CLOCK_MONOTONIC, from_us, 1, be_slow,
					       &duration_us) >= 0);
	return slow;
}

static void late_look_is_not_a_late_deadline(void **state)
{
	/* The fault comes at about 150, not by 140. */
	sd_event_source *slow = slow_machine(70000, 150000);

	assert_int_equal(run_scenario("wait idle\nfault undervolt\n"
				      "expect state=fault within 90\nquit\n",
				      NULL),
			 1);
	sd_event_source_unref(slow);
}

/* Nor does a late start make the time longer that "at" and "within" give. */
static void late_start_is_not_a_late_deadline(void **state)
{
	/* IDLE at 50 and the fault at about 150; it is expected from 110 to 140. */
	sd_event_source *slow = slow_machine(70000, 150000);

	assert_int_equal(run_scenario("wait idle\nfault undervolt\n"
				      "at 60 expect state=fault within 30\nquit\n",
				      NULL),
			 1);
	sd_event_source_unref(slow);
}

/* What was true for a millisecond only, while the machine had no time, was true. */
static void late_look_misses_nothing(void **state)
{
	struct model *model = &port->pen->model;
	sd_event_source *slow;

	serve(60); /* past BOOT */
	slow = slow_machine(10000, 150000);
	model->state = MNPEN_STATE_ARMED;
	model->lease_deadline_us = MODEL_NEVER;
	model->enable = true;
	model->has_target = true;
	model->target_speed_rpm = 6000;
	assert_int_equal(run_scenario("ignore limits on\ntrigger press\n"
				      "expect run_ms=50 within 1000\nquit\n",
				      NULL),
			 0);
	sd_event_source_unref(slow);
}

/* "at" counts from when the state came, not from when somebody found the time to look. */
static void wait_ends_when_the_state_came(void **state)
{
	sd_event_source *slow = slow_machine(10000, 500000);

	/* IDLE 50 ms after the power-on, so the reset is 600 ms after it, not more than 1050. */
	assert_int_equal(run_scenario("power-cycle\nwait idle\nat 550 reset\nquit\n", NULL), 0);
	assert_in_range(port->pen->model.oracle.bus_us - port->pen->model.before_us, 600000,
			950000);
	sd_event_source_unref(slow);
}

static void lists_and_words_can_be_expected(void **state)
{
	assert_int_equal(run_scenario("wait idle\nfault ingress\nfault internal\n"
				      "expect faults=ingress,internal\n"
				      "expect stop_reason=fault\nexpect last_command=none\n"
				      "expect token=0000000000000000\nexpect strokes=0\n"
				      "pen 2\nexpect faults= within 100\nquit\n",
				      NULL),
			 -EINVAL); /* there is one pen */
	assert_int_equal(run_scenario("wait idle\nfault ingress\nfault internal\n"
				      "expect faults=ingress,internal\n"
				      "expect stop_reason=fault\nexpect last_command=none\n"
				      "expect token=0000000000000000\nexpect strokes=0\nquit\n",
				      NULL),
			 0);
}

/* What is wrong with the line @second behind @first; NULL when nothing is. */
static const char *complaint(const char *first, const char *second)
{
	struct scenario_check *check = NULL;
	static char text[1024];
	const char *error = NULL;
	struct step step;
	bool bad = false;

	assert_int_equal(scenario_check_new(&check, 2, false), 0);
	if (step_parse(&step, first, &error) > 0)
		assert_int_equal(scenario_check_step(check, &step, &error), 0);
	if (step_parse(&step, second, &error) < 0 || scenario_check_step(check, &step, &error) < 0)
		bad = true;
	snprintf(text, sizeof(text), "%s", bad ? error : "");
	scenario_check_free(check);
	return bad ? text : NULL;
}

static void every_line_is_checked_before_the_run(void **state)
{
	static const struct {
		const char *first, *second;
		const char *says; /* NULL = nothing wrong */
	} cases[] = {
		{"", "frobnicate", "unknown command \"frobnicate\""},
		{"", "wiat running", "a scenario also has \"at\", \"wait\" and \"expect\""},
		{"", "triger press", "did you mean \"trigger\"?"},
		{"", "trigger maybe", "usage: trigger press|release"},
		{"", "battery 500", "\"500\" is not a number from 0 to 100"},
		{"", "pen 3", "from 1 to 2"},
		{"", "pen 2", NULL},
		{"", "cartridge insert length=no", "from 0 to 65535"},
		{"cartridge insert A1", "cartridge insert A1", NULL},
		{"", "quit now", "quit takes 0 arguments, not 1"},
		{"at 20 contact on", "at 19 contact off", "at 19 goes back behind at 20"},
		{"at 20 contact on", "at 20 contact off", NULL},
		{"at 20 contact on", "contact off", NULL},
		{"at 20 wait idle", "at 0 contact off", NULL},
		{"at 20 expect motor=false", "at 10 expect motor=false", "goes back"},
		{"", "wait boot", NULL},
		{"power-cycle", "wait boot", NULL},
		{"wait idle", "wait boot", "power-cycle"},
		{"at 50 power-cycle", "wait boot", NULL},
		{"at 50 contact on", "wait boot", "power-cycle"},
		{"at 3000 power-cycle", "at 3000 wait boot", NULL},
		{"at 3000 power-cycle", "at 3049 wait boot", NULL},
		{"at 3000 power-cycle", "at 3050 wait boot", "power-cycle"},
		{"", "wait asleep", "boot, idle, armed, running or fault"},
		{"", "expect nonsense=1", "\"nonsense\" is no key"},
		{"", "expect motor=off", "true or false"},
		{"", "expect motor=true", NULL},
		{"", "expect state=stopped", "boot, idle, armed, running or fault"},
		{"", "expect stop_reason=runlimit", "run-limit"},
		{"", "expect stop_reason=run-limit", NULL},
		{"", "expect depth_um=deep", "a whole number"},
		{"", "expect depth_um=-1", "a whole number"},
		{"", "expect depth_um=0500", "a whole number"},
		{"", "expect depth_um=0", NULL},
		{"", "expect depth_um=", "a whole number"},
		{"", "expect faults=wrong", "names of faults"},
		{"", "expect faults=overdepth,overspeed", NULL},
		{"", "expect faults=overspeed,overdepth", "names of faults"},
		{"", "expect faults=overdepth,overdepth", "names of faults"},
		{"", "expect faults=overdepth,", "names of faults"},
		{"", "expect faults=", NULL},
		{"", "expect last_command=set-target", NULL},
		{"", "expect last_command=settarget", "the name of a request"},
		{"", "expect token=00", "16 hex digits"},
		{"", "expect token=00112233445566AA", "16 hex digits"},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		const char *said = complaint(cases[i].first, cases[i].second);

		if (!said != !cases[i].says || (said && !strstr(said, cases[i].says)))
			fail_msg("%s; %s: %s", cases[i].first, cases[i].second,
				 said ? said : "nothing wrong");
	}
}

static void every_key_of_the_state_can_be_expected(void **state)
{
	struct json_object *object = oracle_state(port->pen);
	const char *takes;

	json_object_object_foreach(object, key, value)
	{
		char *actual;

		/* What it is now is among what it can be. */
		(void)value;
		oracle_matches(object, key, "", &actual);
		if (!oracle_takes(key, actual, &takes))
			fail_msg("%s=%s", key, actual);
		free(actual);
	}
	json_object_put(object);
}

static void wrong_file_does_not_run_at_all(void **state)
{
	static const char *const wrong[] = {"trigger press\nfrobnicate\n",
					    "trigger press\nat 10 quit\nat 5 quit\n",
					    "trigger press\nexpect nonsense=1 within 1000\nquit\n",
					    "trigger press\nbattery 500\nquit\n"};
	char remark[2000];

	for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
		assert_int_equal(run_scenario(wrong[i], NULL), -EINVAL);
		assert_false(port->pen->model.trigger);
	}
	/* A long remark is one line, whatever it says. */
	memset(remark, 'x', sizeof(remark));
	remark[0] = '#';
	strcpy(remark + sizeof(remark) - 7, "\nquit\n");
	assert_int_equal(run_scenario(remark, NULL), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_gadget, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lines_of_a_scenario),
		TEST(scenario_that_holds),
		TEST(scenario_that_fails),
		TEST(expectation_in_time_only),
		TEST(late_look_is_not_a_late_deadline),
		TEST(late_start_is_not_a_late_deadline),
		TEST(late_look_misses_nothing),
		TEST(wait_ends_when_the_state_came),
		TEST(lists_and_words_can_be_expected),
		TEST(every_line_is_checked_before_the_run),
		TEST(every_key_of_the_state_can_be_expected),
		TEST(wrong_file_does_not_run_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
