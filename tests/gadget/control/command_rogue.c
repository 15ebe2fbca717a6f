// SPDX-License-Identifier: GPL-2.0-only
/* Commands that make a pen misbehave. */
#include <errno.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/proto/names.h"
#include "tests/gadget/control/command.h"

#define DELAY_MAX_MS 60000
#define COUNT_MAX 1000000

static struct pen *pen_of(const struct command_context *context)
{
	return command_port(context)->pen;
}

static int run_ignore(struct command_context *context, int argc, char **argv)
{
	static const struct {
		const char *name;
		unsigned int mask;
	} names[] = {
		{"stop", MODEL_IGNORE_STOP},	   {"limits", MODEL_IGNORE_LIMITS},
		{"lease", MODEL_IGNORE_LEASE},	   {"enable", MODEL_IGNORE_ENABLE},
		{"trigger", MODEL_IGNORE_TRIGGER}, {"alt", MODEL_IGNORE_ALT},
		{"reset", MODEL_IGNORE_RESET},
	};
	bool on;

	for (size_t i = 0; i < ELEMENTSOF(names); i++) {
		if (strcmp(argv[0], names[i].name) != 0)
			continue;
		if (command_switch(context, argv[1], &on) < 0)
			return -EINVAL;
		model_set_ignore(&pen_of(context)->model, names[i].mask, on);
		return 0;
	}
	return command_fail(context, "\"%.40s\" is nothing that can be ignored", argv[0]);
}

static int request_code(struct command_context *context, const char *name, unsigned int *ret)
{
	unsigned int code;

	if (mnpen_request_parse(name, &code) < 0 || code == MNPEN_REQ_NONE ||
	    code >= MISBEHAVE_REQUESTS)
		return command_fail_name(context, name, "request of the pen", mnpen_request_name,
					 MNPEN_REQ_GET_INFO, MNPEN_REQ_GET_ERROR);
	*ret = code;
	return 0;
}

static int run_stall(struct command_context *context, int argc, char **argv)
{
	struct misbehave *misbehave = &pen_of(context)->misbehave;
	unsigned int code = MNPEN_REQ_NONE;

	if (!strcmp(argv[0], "off")) {
		misbehave->stalled = 0;
		return 0;
	}
	if (request_code(context, argv[0], &code) < 0)
		return -EINVAL;
	misbehave->stalled |= 1u << code;
	return 0;
}

static int run_delay(struct command_context *context, int argc, char **argv)
{
	struct misbehave *misbehave = &pen_of(context)->misbehave;
	unsigned int code = MNPEN_REQ_NONE;
	int64_t delay_ms;

	if (argc == 1) {
		if (strcmp(argv[0], "off") != 0)
			return command_fail(context, "\"%.40s\" alone says no time", argv[0]);
		memset(misbehave->delay_ms, 0, sizeof(misbehave->delay_ms));
		return 0;
	}
	if (request_code(context, argv[0], &code) < 0 ||
	    command_number(context, argv[1], 0, DELAY_MAX_MS, &delay_ms) < 0)
		return -EINVAL;
	misbehave->delay_ms[code] = (uint32_t)delay_ms;
	return 0;
}

static int run_freeze(struct command_context *context, int argc, char **argv)
{
	return command_switch(context, argv[0], &pen_of(context)->misbehave.frozen);
}

static int set_count(struct command_context *context, const char *text, uint32_t *ret)
{
	int64_t count;

	if (command_number(context, text, 0, COUNT_MAX, &count) < 0)
		return -EINVAL;
	*ret = (uint32_t)count;
	return 0;
}

static int run_garbage(struct command_context *context, int argc, char **argv)
{
	return set_count(context, argv[0], &pen_of(context)->misbehave.garbage);
}

static int run_short(struct command_context *context, int argc, char **argv)
{
	return set_count(context, argv[0], &pen_of(context)->misbehave.cut_short);
}

static int run_duplicate(struct command_context *context, int argc, char **argv)
{
	return set_count(context, argv[0], &pen_of(context)->misbehave.duplicate);
}

static int run_skip(struct command_context *context, int argc, char **argv)
{
	return set_count(context, argv[0], &pen_of(context)->misbehave.skip);
}

/* A state may also be said by its name. */
static int lie_value(struct command_context *context, const char *text, bool state, int64_t max,
		     struct lie *ret)
{
	unsigned int named = 0;
	int64_t value;

	if (!strcmp(text, "off")) {
		*ret = (struct lie){0};
		return 0;
	}
	if (state && mnpen_state_parse(text, &named) == 0)
		value = named;
	else if (command_number(context, text, 0, max, &value) < 0)
		return -EINVAL;
	*ret = (struct lie){.on = true, .value = (uint32_t)value};
	return 0;
}

static int run_lie(struct command_context *context, int argc, char **argv)
{
	struct misbehave *misbehave = &pen_of(context)->misbehave;
	const struct {
		const char *name;
		struct lie *lie;
		int64_t max;
	} lies[] = {
		{"state", &misbehave->state, UINT8_MAX},
		{"depth", &misbehave->depth, UINT16_MAX},
		{"speed", &misbehave->speed, UINT16_MAX},
		{"enabled", &misbehave->enabled, 1},
		{"lease", &misbehave->lease, UINT16_MAX},
		{"target", &misbehave->target, UINT16_MAX},
		{"command", &misbehave->command, UINT32_MAX},
	};

	for (size_t i = 0; i < ELEMENTSOF(lies); i++)
		if (!strcmp(argv[0], lies[i].name))
			return lie_value(context, argv[1], lies[i].lie == &misbehave->state,
					 lies[i].max, lies[i].lie);
	return command_fail(context, "\"%.40s\" is nothing to lie about", argv[0]);
}

const struct command commands_rogue[] = {
	{"ignore", 2, 2, "stop|limits|lease|enable|trigger|alt|reset on|off",
	 "the pen does not obey that", run_ignore, false},
	{"stall", 1, 1, "REQUEST|off", "that request is refused, unheard", run_stall, false},
	{"delay", 1, 2, "REQUEST MS | off", "that request's answer comes late", run_delay, false},
	{"freeze", 1, 1, "on|off", "no answers at all", run_freeze, false},
	{"garbage", 1, 1, "N", "the next N samples are not decodable", run_garbage, false},
	{"short", 1, 1, "N", "the next N samples are half as long", run_short, false},
	{"duplicate", 1, 1, "N", "the next N samples come twice", run_duplicate, false},
	{"skip", 1, 1, "N", "the next N samples do not come", run_skip, false},
	{"lie", 2, 2, "state|depth|speed|enabled|lease|target|command VALUE|off",
	 "the stream says that, whatever is true", run_lie, false},
	{0},
};
