// SPDX-License-Identifier: GPL-2.0-only
/* A line to words, words to a row of a table, its result to a line of JSON. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/gadget/control/command.h"
#include "tests/gadget/usb/oracle.h"
#include "tests/gadget/replay/replay_usb.h"

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

int command_fail_name(struct command_context *context, const char *text, const char *what,
		      const char *(*name)(unsigned int), unsigned int first, unsigned int last)
{
	char names[256] = "";
	size_t used = 0;

	for (unsigned int i = first; i <= last && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 i > first ? ", " : "", name(i));
	return command_fail(context, "\"%.40s\" is no %s (%s)", text, what, names);
}

int command_number(struct command_context *context, const char *text, int64_t min, int64_t max,
		   int64_t *ret)
{
	const char *digits = text + (text[0] == '-');
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || !isdigit((unsigned char)*digits) || *end || value < min || value > max)
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
	struct port *port = command_port(context);

	context->reply =
		port->pen ? oracle_state(port->pen) : replay_state(replay_from_usb(port->usb));
	return 0;
}

static int run_log(struct command_context *context, int argc, char **argv)
{
	int64_t count = DEFAULT_LOG;

	if (argc && command_number(context, argv[0], 1, PEN_LOG, &count) < 0)
		return -EINVAL;
	context->reply = oracle_log(command_port(context)->pen, (unsigned int)count);
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

static int run_help(struct command_context *context, int argc, char **argv)
{
	context->reply = command_list(!command_port(context)->pen);
	return 0;
}

static int run_quit(struct command_context *context, int argc, char **argv)
{
	return sd_event_exit(context->gadget->event, 0);
}

static const struct command commands_general[] = {
	{"state", 0, 0, "", "the true state, whatever the pen says on USB", run_state, true},
	{"log", 0, 1, "[N]", "the last N requests, 10 without a number", run_log, false},
	{"pen", 1, 1, "N", "which pen this connection means from now on", run_pen, true},
	{"help", 0, 0, "", "this list", run_help, true},
	{"quit", 0, 0, "", "ends the process with exit code 0", run_quit, true},
	{0},
};

const struct command *const command_tables[COMMAND_TABLES] = {
	commands_general,
	commands_hand,
	commands_rogue,
	commands_cable,
};

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

/* What is wrong stands in the error already; add how it is right. */
static int add_usage(struct command_context *context, const struct command *command)
{
	size_t used = strlen(context->error);

	snprintf(context->error + used, sizeof(context->error) - used, "; usage: %s%s%s",
		 command->name, *command->usage ? " " : "", command->usage);
	return -EINVAL;
}

static int fail_unknown(struct command_context *context, const char *name)
{
	const char *near = command_nearest(name);

	if (near)
		return command_fail(context, "unknown command \"%.40s\"; did you mean \"%s\"?",
				    name, near);
	return command_fail(context, "unknown command \"%.40s\"; \"help\" lists them", name);
}

static int fail_count(struct command_context *context, const struct command *command, int n)
{
	if (command->min_args == command->max_args)
		command_fail(context, "%s takes %d argument%s, not %d", command->name,
			     command->min_args, command->min_args == 1 ? "" : "s", n);
	else
		command_fail(context, "%s takes %d to %d arguments, not %d", command->name,
			     command->min_args, command->max_args, n);
	return add_usage(context, command);
}

static int dispatch(struct command_context *context, const char *line)
{
	char copy[COMMAND_LINE_MAX];
	char *words[COMMAND_WORDS_MAX];
	const struct command *command;
	int n, r;

	if (strlen(line) >= sizeof(copy))
		return command_fail(context, "the line is longer than %zu characters",
				    sizeof(copy) - 1);
	memcpy(copy, line, strlen(line) + 1);
	n = split(copy, words);
	if (n == 0)
		return command_fail(context, "no command in this line; \"help\" lists them");
	if (n < 0)
		return command_fail(context, "more than %d words", COMMAND_WORDS_MAX);
	command = command_find(words[0]);
	if (!command)
		return fail_unknown(context, words[0]);
	if (!command_port(context)->pen && !command->any_device)
		return command_fail(context,
				    "\"%s\" commands a virtual pen, and this is a "
				    "recording of one",
				    command->name);
	if (n - 1 < command->min_args || n - 1 > command->max_args)
		return fail_count(context, command, n - 1);
	r = command->run(context, n - 1, words + 1);
	return r == -EINVAL ? add_usage(context, command) : r;
}

/* @pen: NULL for a recording, which was brought to @now_ns */
static struct json_object *reply_ok(const struct pen *pen, uint64_t now_ns)
{
	struct json_object *reply = json_object_new_object();

	if (pen)
		now_ns = oracle_now_ns(pen);
	json_object_object_add(reply, "ok", json_object_new_boolean(true));
	json_object_object_add(reply, "now_ns", json_object_new_uint64(now_ns));
	return reply;
}

struct json_object *command_run(struct command_context *context, const char *line)
{
	struct port *port = command_port(context);
	uint64_t now_ns = now_monotonic_ns();
	struct json_object *reply;
	int r;

	context->reply = NULL;
	context->error[0] = 0;
	usb_advance(port->usb, now_ns);
	r = dispatch(context, line);
	if (r < 0) {
		reply = json_object_new_object();
		json_object_object_add(reply, "error",
				       json_object_new_string(context->error[0] ? context->error
										: strerror(-r)));
	} else {
		/* What it did took effect at the moment to which the pen was brought. */
		reply = context->reply ? context->reply : reply_ok(port->pen, now_ns);
	}
	server_touch(port);
	return reply;
}
