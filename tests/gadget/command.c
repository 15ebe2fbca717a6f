// SPDX-License-Identifier: GPL-2.0-only
/* A line to words, words to a row of a table, its result to a line of JSON. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/gadget/command.h"
#include "tests/gadget/oracle.h"

#define BLANKS " \t\r\n"
#define DEFAULT_LOG 10

struct port *command_port(const struct command_context *context)
{
	return &context->gadget->server->ports[context->pen];
}

int command_fail(struct command_context *context, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(context->error, sizeof(context->error), format, args);
	va_end(args);
	return -EINVAL;
}

int command_number(struct command_context *context, const char *text, int64_t min, int64_t max,
		   int64_t *ret)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || end == text || *end || value < min || value > max)
		return command_fail(context, "\"%.40s\" is not a number from %lld to %lld", text,
				    (long long)min, (long long)max);
	*ret = value;
	return 0;
}

int command_switch(struct command_context *context, const char *text, bool *ret_on)
{
	bool on = !strcmp(text, "on");

	if (!on && strcmp(text, "off") != 0)
		return command_fail(context, "\"%.40s\" is neither on nor off", text);
	*ret_on = on;
	return 0;
}

static int run_state(struct command_context *context, int argc, char **argv)
{
	context->reply = oracle_state(&command_port(context)->pen);
	return 0;
}

static int run_log(struct command_context *context, int argc, char **argv)
{
	int64_t count = DEFAULT_LOG;

	if (argc && command_number(context, argv[0], 1, PEN_LOG, &count) < 0)
		return -EINVAL;
	context->reply = oracle_log(&command_port(context)->pen, (unsigned int)count);
	return 0;
}

static int run_pen(struct command_context *context, int argc, char **argv)
{
	int64_t number = 1;

	if (command_number(context, argv[0], 1, context->gadget->server->n_ports, &number) < 0)
		return -EINVAL;
	context->pen = (unsigned int)number - 1;
	return 0;
}

static int run_quit(struct command_context *context, int argc, char **argv)
{
	return sd_event_exit(context->gadget->event, 0);
}

static const struct command commands_general[] = {
	{"state", 0, 0, "", run_state},
	{"log", 0, 1, "[N]", run_log},
	{"pen", 1, 1, "N", run_pen},
	{"quit", 0, 0, "", run_quit},
	{0},
};

static const struct command *const tables[] = {
	commands_general,
	commands_hand,
	commands_rogue,
	commands_cable,
};

static const struct command *find(const char *name, size_t len)
{
	for (size_t i = 0; i < ELEMENTSOF(tables); i++)
		for (const struct command *command = tables[i]; command->name; command++)
			if (strlen(command->name) == len && !strncmp(command->name, name, len))
				return command;
	return NULL;
}

bool command_known(const char *line)
{
	line += strspn(line, BLANKS);
	return find(line, strcspn(line, BLANKS));
}

static int split(char *line, char *words[COMMAND_WORDS_MAX])
{
	char *state = NULL;
	int count = 0;

	for (char *word = strtok_r(line, BLANKS, &state); word;
	     word = strtok_r(NULL, BLANKS, &state)) {
		if (count == COMMAND_WORDS_MAX)
			return -E2BIG;
		words[count++] = word;
	}
	return count;
}

static int dispatch(struct command_context *context, const char *line)
{
	char copy[COMMAND_LINE_MAX];
	char *words[COMMAND_WORDS_MAX];
	const struct command *command;
	int n;

	if (strlen(line) >= sizeof(copy))
		return command_fail(context, "the line is longer than %zu characters",
				    sizeof(copy) - 1);
	memcpy(copy, line, strlen(line) + 1);
	n = split(copy, words);
	if (n == 0)
		return command_fail(context, "no command");
	if (n < 0)
		return command_fail(context, "more than %d words", COMMAND_WORDS_MAX);
	command = find(words[0], strlen(words[0]));
	if (!command)
		return command_fail(context, "unknown command \"%.40s\"", words[0]);
	if (n - 1 < command->min_args || n - 1 > command->max_args)
		return command_fail(context, "usage: %s %s", command->name, command->usage);
	return command->run(context, n - 1, words + 1);
}

static struct json_object *reply_ok(const struct pen *pen)
{
	struct json_object *reply = json_object_new_object();

	json_object_object_add(reply, "ok", json_object_new_boolean(true));
	json_object_object_add(reply, "now_ns",
			       json_object_new_uint64(pen_ns(pen, pen->model.now_us)));
	return reply;
}

struct json_object *command_run(struct command_context *context, const char *line)
{
	struct port *port = command_port(context);
	struct json_object *reply;
	int r;

	context->reply = NULL;
	context->error[0] = 0;
	pen_advance(&port->pen, now_monotonic_ns());
	r = dispatch(context, line);
	if (r < 0) {
		reply = json_object_new_object();
		json_object_object_add(reply, "error",
				       json_object_new_string(context->error[0] ? context->error
										: strerror(-r)));
	} else {
		/* What it did took effect at the moment to which the pen was brought. */
		reply = context->reply ? context->reply : reply_ok(&port->pen);
	}
	server_touch(port);
	return reply;
}
