// SPDX-License-Identifier: GPL-2.0-only
/* Runs the steps of a scenario on the loop. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/gadget/control/command.h"
#include "tests/gadget/usb/oracle.h"
#include "tests/gadget/control/scenario.h"
#include "tests/gadget/control/scenario_step.h"

#define LOOK_NS 1000000ULL
#define NS_PER_MS 1000000ULL

struct scenario {
	struct command_context context;
	sd_event_source *timer;
	char *path;
	struct step *steps;
	size_t n_steps;
	size_t next;
	uint64_t start_ns; /* 0 until the loop runs */
	uint64_t base_ns;  /* what "at" counts from */
	uint64_t begin_ns; /* of a "wait" or "expect" under way, else 0 */
	uint64_t look_ns;  /* up to where it has looked at the pen */
};

static int fail(struct scenario *scenario, const struct step *step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int fail(struct scenario *scenario, const struct step *step, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_error("%s:%u: %s", scenario->path, step->line, text);
	return sd_event_exit(scenario->context.gadget->event, EXIT_FAILURE);
}

/* A step returns 0 when it is done, -EAGAIN to be asked again soon. */
static int step_command(struct scenario *scenario, const struct step *step)
{
	struct json_object *reply = command_run(&scenario->context, step->text);
	struct json_object *error;
	int r = 0;

	if (!reply)
		return -ENOMEM;
	if (json_object_object_get_ex(reply, "error", &error))
		r = fail(scenario, step, "%s: %s", step->text, json_object_get_string(error));
	json_object_put(reply);
	return r;
}

/* Returns 1 when the step's condition holds, 0 when not, or negative errno. */
static int holds(struct scenario *scenario, const struct step *step, char **ret_actual)
{
	const struct pen *pen = command_port(&scenario->context)->pen;
	struct json_object *state;
	int met;

	if (step->kind == STEP_WAIT)
		return pen->model.state == step->state;
	state = oracle_state(pen);
	if (!state)
		return -ENOMEM;
	free(*ret_actual);
	met = oracle_matches(state, step->text, step->value, ret_actual);
	json_object_put(state);
	return met;
}

/*
 * Look at the pen as it was at every millisecond since the last look, and at @until_ns: however
 * late this process gets the processor, it misses nothing and sees nothing that came later.
 */
static int look(struct scenario *scenario, const struct step *step, uint64_t until_ns,
		char **ret_actual)
{
	struct port *port = command_port(&scenario->context);

	for (;;) {
		int r;

		usb_advance(port->usb, scenario->look_ns);
		r = holds(scenario, step, ret_actual);
		if (r || scenario->look_ns >= until_ns)
			return r;
		scenario->look_ns = MIN(scenario->look_ns + LOOK_NS, until_ns);
	}
}

static int step_wait(struct scenario *scenario, const struct step *step, uint64_t now_ns)
{
	_cleanup_free_ char *actual = NULL;
	int r = look(scenario, step, now_ns, &actual);

	if (r > 0)
		scenario->base_ns = scenario->look_ns;
	return r ? MIN(r, 0) : -EAGAIN;
}

static int step_expect(struct scenario *scenario, const struct step *step, uint64_t now_ns)
{
	uint64_t deadline_ns = scenario->begin_ns + step->within_ms * NS_PER_MS;
	_cleanup_free_ char *actual = NULL;
	int r = look(scenario, step, MIN(now_ns, deadline_ns), &actual);
	char within[32] = "";

	if (r)
		return MIN(r, 0);
	if (now_ns < deadline_ns)
		return -EAGAIN;
	if (step->within_ms)
		snprintf(within, sizeof(within), " within %u ms", step->within_ms);
	return fail(scenario, step,
		    "expected %s=%s%s, but %.1f ms after the start of the scenario it was %s=%s",
		    step->text, step->value, within,
		    (double)(deadline_ns - scenario->start_ns) / NS_PER_MS, step->text,
		    actual ? actual : "?");
}

static int run_step(struct scenario *scenario, const struct step *step, uint64_t now_ns)
{
	switch (step->kind) {
	case STEP_COMMAND:
		return step_command(scenario, step);
	case STEP_WAIT:
		return step_wait(scenario, step, now_ns);
	case STEP_EXPECT:
		return step_expect(scenario, step, now_ns);
	}
	return -EINVAL;
}

static int wake_at(struct scenario *scenario, uint64_t ns)
{
	int r = sd_event_source_set_time(scenario->timer, (ns + NSEC_PER_USEC - 1) / NSEC_PER_USEC);

	if (r < 0)
		return r;
	return sd_event_source_set_enabled(scenario->timer, SD_EVENT_ONESHOT);
}

static bool exit_requested(sd_event *event)
{
	int code;

	return sd_event_get_exit_code(event, &code) >= 0;
}

/* The next step, at @now_ns. Returns 0 when it is done, else when to go on: in *@ret_ns. */
static int advance(struct scenario *scenario, uint64_t now_ns, uint64_t *ret_ns)
{
	const struct step *step = &scenario->steps[scenario->next];
	const struct pen *pen = command_port(&scenario->context)->pen;
	uint64_t due_ns = scenario->base_ns + step->at_ms * NS_PER_MS;
	int r;

	if (!scenario->begin_ns) {
		*ret_ns = due_ns;
		if (now_ns < due_ns)
			return -EAGAIN;
		/* A late process gets no more time for it than the file gives. */
		scenario->begin_ns = step->timed ? due_ns : now_ns;
		scenario->look_ns = MAX(scenario->begin_ns, oracle_now_ns(pen));
	}
	r = run_step(scenario, step, now_ns);
	*ret_ns = now_ns + LOOK_NS;
	if (step->kind == STEP_EXPECT)
		*ret_ns = MIN(*ret_ns, scenario->begin_ns + step->within_ms * NS_PER_MS);
	if (r == -EAGAIN)
		return r;
	scenario->begin_ns = 0;
	scenario->next++;
	return r;
}

/* Goes on as far as it can. Returns 0 or negative errno. */
static int go_on(struct scenario *scenario)
{
	uint64_t wake_ns;

	while (scenario->next < scenario->n_steps &&
	       !exit_requested(scenario->context.gadget->event)) {
		int r = advance(scenario, now_monotonic_ns(), &wake_ns);

		if (r == -EAGAIN) {
			server_touch(command_port(&scenario->context));
			return wake_at(scenario, wake_ns);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct scenario *scenario = userdata;
	int r;

	if (!scenario->start_ns)
		scenario->start_ns = scenario->base_ns = now_monotonic_ns();
	r = go_on(scenario);
	if (r >= 0)
		return 0;
	/* Not to go on would be taken for a scenario that holds. */
	log_error("%s: cannot go on: %s", scenario->path, strerror(-r));
	return sd_event_exit(scenario->context.gadget->event, EXIT_FAILURE);
}

static int start(struct scenario *scenario, const char *path)
{
	int r;

	scenario->path = strdup(path);
	if (!scenario->path)
		return -ENOMEM;
	r = scenario_parse(path, scenario->context.gadget, &scenario->steps, &scenario->n_steps);
	if (r >= 0)
		r = sd_event_add_time(scenario->context.gadget->event, &scenario->timer,
				      CLOCK_MONOTONIC, 0, 1, on_timer, scenario);
	if (r < 0)
		return r;
	/* Before hosts, whose requests would take the pen beyond what is to be looked at. */
	return sd_event_source_set_priority(scenario->timer, SD_EVENT_PRIORITY_IMPORTANT);
}

int scenario_load(struct scenario **ret, struct gadget *gadget, const char *path)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));
	int r;

	if (!scenario)
		return -ENOMEM;
	scenario->context.gadget = gadget;
	r = start(scenario, path);
	if (r < 0) {
		scenario_free(scenario);
		return r;
	}
	*ret = scenario;
	return 0;
}

struct scenario *scenario_free(struct scenario *scenario)
{
	if (!scenario)
		return NULL;
	sd_event_source_disable_unref(scenario->timer);
	free(scenario->steps);
	free(scenario->path);
	free(scenario);
	return NULL;
}
