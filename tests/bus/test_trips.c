// SPDX-License-Identifier: GPL-2.0-only
/* What the pen's stream says wrong while needles run, and for which the daemon stops it. */
#include "tests/bus/harness.h"

#include <string.h>

#include "driver/base/cleanup.h"

#define STOP_MS 3000

/** struct trip - @command to the running pen is a stop by the host for @reason within @max_ms */
struct trip {
	const char *command;
	const char *after; /* that ends it */
	const char *reason;
	double max_ms;
};

static const struct trip trips[] = {
	{"garbage 1", "garbage 0", "undecodable", 50},
	{"short 1", "short 0", "undecodable", 50},
	{"duplicate 1", "duplicate 0", "order", 50},
	{"lie depth 1101", "lie depth off", "depth-limit", 50},
	/* Its motor runs, but not by what it says of its state. */
	{"lie state idle", "lie state off", NULL, 200},
	{"lie state fault", "lie state off", NULL, 200},
	{"skip 300", "skip 0", "stale", 300},
};

static void test_stream(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	for (size_t i = 0; i < ELEMENTSOF(trips); i++) {
		const struct trip *trip = &trips[i];
		uint64_t cause_ns = gadget_do(rig->control_fd, "%s", trip->command);
		struct truth truth = rig_await_motor(rig, false, STOP_MS);

		gadget_do(rig->control_fd, "%s", trip->after);
		if (strcmp(truth.stop_reason, "host") != 0 ||
		    (double)(truth.motor_off_ns - cause_ns) / 1e6 > trip->max_ms * time_scale())
			fail_msg("%s: %s after %.1f ms", trip->command, truth.stop_reason,
				 (double)(truth.motor_off_ns - cause_ns) / 1e6);
		if (trip->reason)
			rig_await_word(rig, "DisarmReason", trip->reason, STOP_MS);
		assert_int_equal(pen_value(rig, "Armed"), 0);
		sleep_ms(100); /* until the last of the wrong samples is old */
		rig_rearm(rig);
	}
	rig_stop(rig);
}

/* With the freshness as shipped, 50 ms: no samples, no lease. */
static void test_stale(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.strict_age = true});
	struct truth truth;
	uint64_t frozen_ns;

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	frozen_ns = gadget_do(rig->control_fd, "freeze on");
	truth = rig_await_motor(rig, false, STOP_MS);
	assert_in_range(truth.motor_off_ns - frozen_ns, 0, (RIG_LEASE_MS + 50) * 1000000ull);
	assert_true(truth.last_lease_ns <= frozen_ns);
	rig_await_value(rig, "Armed", 0, STOP_MS);
	rig_await_word(rig, "DisarmReason", "stale", STOP_MS);
	gadget_do(rig->control_fd, "freeze off");
	rig_await_pens(rig);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	rig_stop(rig);
}

/* The pen's own faults: it stops alone, the daemon tells why, and nothing arms it meanwhile. */
static void test_faults(void **state)
{
	static const char *const faults[] = {"overcurrent", "overtemp",	       "undervolt",
					     "ingress",	    "position-sensor", "internal"};
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	rig_arm(rig);
	for (size_t i = 0; i < ELEMENTSOF(faults); i++) {
		struct truth truth;

		rig_run(rig);
		gadget_do(rig->control_fd, "fault %s", faults[i]);
		truth = rig_await_motor(rig, false, STOP_MS);
		assert_string_equal(truth.state, "fault");
		assert_string_equal(truth.faults, faults[i]);
		rig_await_word(rig, "State", "fault", STOP_MS);
		rig_await_word(rig, "DisarmReason", "fault", STOP_MS);
		assert_refused(rig, pen_call(rig, "Arm", ""), "Fault");
		assert_refused(rig, pen_call(rig, "ClearFault", ""), "Fault");
		gadget_do(rig->control_fd, "trigger release");
		gadget_do(rig->control_fd, "clear %s", faults[i]);
		sleep_ms(600);
		assert_done(rig, pen_call(rig, "ClearFault", ""));
		rig_arm(rig);
	}
	rig_stop(rig);
}

/* A request that the pen refuses or does not answer is never taken for done. */
static void test_unconfirmed(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	rig_begin(rig);
	gadget_do(rig->control_fd, "stall arm");
	assert_string_not_equal(pen_call(rig, "Arm", ""), "");
	assert_string_equal(rig_truth(rig).state, "idle");
	gadget_do(rig->control_fd, "stall off");
	rig_arm(rig);
	assert_done(rig, pen_call(rig, "Stop", ""));

	/* The answer is late, the pen's own word is not: done is done. */
	gadget_do(rig->control_fd, "delay arm 1000");
	if (*pen_call(rig, "Arm", ""))
		rig_await_state(rig, "idle", STOP_MS);
	else
		assert_string_equal(rig_truth(rig).state, "armed");
	(void)pen_call(rig, "Stop", "");
	gadget_do(rig->control_fd, "delay off");
	rig_await_state(rig, "idle", STOP_MS);

	/* The answer is there, the pen's own word is not. */
	sleep_ms(1200);
	gadget_do(rig->control_fd, "skip 1000000");
	assert_string_not_equal(pen_call(rig, "Arm", ""), "");
	rig_await_state(rig, "idle", STOP_MS);
	assert_int_equal(pen_value(rig, "Armed"), 0);
	gadget_do(rig->control_fd, "skip 0");
	sleep_ms(300);
	rig_arm(rig);
	rig_run(rig);

	/* The lease is what it runs by: refused once, it is stopped. */
	gadget_do(rig->control_fd, "stall lease");
	assert_string_equal(rig_await_motor(rig, false, STOP_MS).stop_reason, "host");
	gadget_do(rig->control_fd, "stall off");
	rig_await_word(rig, "DisarmReason", "refused", STOP_MS);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_stream),
		RIG_TEST(test_stale),
		RIG_TEST(test_faults),
		RIG_TEST(test_unconfirmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
