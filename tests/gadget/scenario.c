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
#include "tests/gadget/command.h"
#include "tests/gadget/oracle.h"
#include "tests/gadget/scenario.h"
#include "tests/gadget/scenario_step.h"

#define POLL_NS 1000000ULL
#define NS_PER_MS 1000000ULL

struct scenario {
	struct command_context context;
	sd_event_source *timer;
	char *path;
	struct step *steps;
	size_t n_steps;
	size_t next;
	uint64_t base_ns;  /* what "at" counts from; 0 until the loop runs */
	uint64_t begin_ns; /* of an "expect" under way, else 0 */
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

static int step_wait(struct scenario *scenario, const struct step *step, uint64_t now_ns)
{
	struct port *port = command_port(&scenario->context);

	server_touch(port);
	if (port->pen.model.state != step->state)
		return -EAGAIN;
	scenario->base_ns = now_ns;
	return 0;
}

static int step_expect(struct scenario *scenario, const struct step *step, uint64_t now_ns)
{
	struct port *port = command_port(&scenario->context);
	uint64_t deadline_ns;
	struct json_object *state;
	_cleanup_free_ char *actual = NULL;
	bool met;

	if (!scenario->begin_ns)
		scenario->begin_ns = now_ns;
	deadline_ns = scenario->begin_ns + step->within_ms * NS_PER_MS;
	/* Not a microsecond further than the deadline, however late this is called. */
	pen_advance(&port->pen, MIN(now_ns, deadline_ns));
	state = oracle_state(&port->pen);
	if (!state)
		return -ENOMEM;
	met = oracle_matches(state, step->text, step->value, &actual);
	json_object_put(state);
	server_touch(port);
	if (!met && actual && now_ns < deadline_ns)
		return -EAGAIN;
	scenario->begin_ns = 0;
	if (met)
		return 0;
	if (!actual)
		return fail(scenario, step, "the state has no \"%s\"", step->text);
	return fail(scenario, step, "expected %s=%s within %u ms, but it is %s", step->text,
		    step->value, step->within_ms, actual);
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

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct scenario *scenario = userdata;
	sd_event *event = scenario->context.gadget->event;

	if (!scenario->base_ns)
		scenario->base_ns = now_monotonic_ns();
	while (scenario->next < scenario->n_steps && !exit_requested(event)) {
		const struct step *step = &scenario->steps[scenario->next];
		uint64_t due_ns = scenario->base_ns + step->at_ms * NS_PER_MS;
		uint64_t now_ns = now_monotonic_ns();
		int r;

		if (now_ns < due_ns && !scenario->begin_ns)
			return wake_at(scenario, due_ns);
		r = run_step(scenario, step, now_ns);
		if (r == -EAGAIN)
			return wake_at(scenario, now_ns + POLL_NS);
		if (r < 0)
			return r;
		scenario->next++;
	}
	return 0;
}

static int start(struct scenario *scenario, const char *path)
{
	int r;

	scenario->path = strdup(path);
	if (!scenario->path)
		return -ENOMEM;
	r = scenario_parse(path, &scenario->steps, &scenario->n_steps);
	if (r < 0)
		return r;
	return sd_event_add_time(scenario->context.gadget->event, &scenario->timer, CLOCK_MONOTONIC,
				 0, 1, on_timer, scenario);
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
