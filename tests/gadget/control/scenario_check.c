// SPDX-License-Identifier: GPL-2.0-only
/* Rehearsal of a scenario. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/usb/oracle.h"
#include "tests/gadget/control/scenario_check.h"

#define BOOT_MS (MODEL_BOOT_US / 1000)

struct scenario_check {
	struct gadget gadget; /* on a loop of its own, which never runs */
	struct command_context context;
	bool waited; /* "at" counts from a "wait" */
	uint32_t at_ms;
	bool boot;	   /* the pens may still be in BOOT */
	uint32_t power_ms; /* when they were switched on, as "at" counts */
	char error[640];
};

static int wrong(struct scenario_check *check, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(struct scenario_check *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(check->error, sizeof(check->error), format, args);
	va_end(args);
	return -EINVAL;
}

static int check_time(struct scenario_check *check, const struct step *step)
{
	if (!step->timed)
		return 0;
	if (step->at_ms < check->at_ms)
		return wrong(check,
			     "at %u goes back behind at %u; \"at\" counts from the %s: order the "
			     "lines by their time",
			     step->at_ms, check->at_ms, check->waited ? "last wait" : "start");
	check->at_ms = step->at_ms;
	if (step->at_ms - check->power_ms >= BOOT_MS)
		check->boot = false;
	return 0;
}

static int check_command(struct scenario_check *check, const struct step *step)
{
	struct json_object *reply = command_run(&check->context, step->text);

	if (!reply)
		return -ENOMEM;
	json_object_put(reply);
	if (!strncmp(check->context.error, "unknown", 7))
		return wrong(check, "%s; a scenario also has \"at\", \"wait\" and \"expect\"",
			     check->context.error);
	if (*check->context.error)
		return wrong(check, "%s", check->context.error);
	if (!strcmp(step->text, "power-cycle")) {
		check->boot = true;
		check->power_ms = check->at_ms;
	}
	return 0;
}

static int check_wait(struct scenario_check *check, const struct step *step)
{
	/* It would wait for ever. */
	if (step->state == MNPEN_STATE_BOOT && !check->boot)
		return wrong(
			check,
			"a pen is in boot only for %d ms after its power-on; put the wait right "
			"behind \"power-cycle\"",
			(int)BOOT_MS);
	if (step->state != MNPEN_STATE_BOOT)
		check->boot = false;
	check->waited = true;
	check->at_ms = 0;
	check->power_ms = 0;
	return 0;
}

static int check_expect(struct scenario_check *check, const struct step *step)
{
	const char *takes;

	if (oracle_takes(step->text, step->value, &takes))
		return 0;
	if (!takes)
		return wrong(check, "\"%s\" is no key of \"state\"", step->text);
	return wrong(check, "%s is never \"%s\"; it is %s", step->text, step->value, takes);
}

static int check_step(struct scenario_check *check, const struct step *step)
{
	switch (step->kind) {
	case STEP_COMMAND:
		return check_command(check, step);
	case STEP_WAIT:
		return check_wait(check, step);
	case STEP_EXPECT:
		return check_expect(check, step);
	}
	return -EINVAL;
}

int scenario_check_step(struct scenario_check *check, const struct step *step,
			const char **ret_error)
{
	int r = check_time(check, step);

	if (r >= 0)
		r = check_step(check, step);
	if (r == -EINVAL)
		*ret_error = check->error;
	return r;
}

int scenario_check_new(struct scenario_check **ret, unsigned int n_pens, bool cabled)
{
	const struct device_options options = {.speed = USB_SPEED_FULL};
	struct scenario_check *check = calloc(1, sizeof(*check));
	sd_event *event = NULL;
	int r;

	if (!check)
		return -ENOMEM;
	check->context.gadget = &check->gadget;
	check->boot = true;
	r = sd_event_new(&event);
	if (r >= 0)
		r = gadget_init(&check->gadget, event, &options, "CHECK", n_pens);
	if (r < 0) {
		sd_event_unref(event);
		free(check);
		return r;
	}
	check->gadget.cabled = cabled;
	*ret = check;
	return 0;
}

struct scenario_check *scenario_check_free(struct scenario_check *check)
{
	sd_event *event;

	if (!check)
		return NULL;
	event = check->gadget.event;
	gadget_done(&check->gadget);
	sd_event_unref(event);
	free(check);
	return NULL;
}
