/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands of the control socket and of scenario files: one line each, parsed here, carried
 * out by a table. docs: tests/gadget/README.md.
 */
#ifndef MNPEN_GADGET_COMMAND_H
#define MNPEN_GADGET_COMMAND_H

#include <json-c/json.h>

#include "tests/gadget/control/gadget.h"

#define COMMAND_LINE_MAX 256
#define COMMAND_WORDS_MAX 12

/** struct command_context - a client of the control socket, or a scenario */
struct command_context {
	struct gadget *gadget;
	unsigned int pen;	   /* chosen by "pen N", from 0 */
	struct json_object *reply; /* what the command answers instead of "ok", or NULL */
	char error[512];
};

/** struct command - a row of a table; the tables end with an empty row */
struct command {
	const char *name;
	int min_args;
	int max_args;
	const char *usage; /* of the arguments */
	const char *what;  /* it does, for "help" */
	/* 0, or -EINVAL with @context->error saying what is wrong with which value; how it is
	 * written is added to that. The pen has been advanced to now. */
	int (*run)(struct command_context *context, int argc, char **argv);
	bool any_device; /* also for one that is no pen: it needs no hand, no body and no will */
};

#define COMMAND_TABLES 4
extern const struct command *const command_tables[COMMAND_TABLES];
extern const struct command commands_hand[];
extern const struct command commands_rogue[];
extern const struct command commands_cable[];

/** command_run() - carry @line out. Returns the reply (new reference), NULL when memory is out */
struct json_object *command_run(struct command_context *context, const char *line);

/** command_find() - the row of that name, or NULL */
const struct command *command_find(const char *name);

/** command_nearest() - the name most like @word, or NULL when none is like it */
const char *command_nearest(const char *word);

/** command_list() - what "help" answers: every row that @any_device takes, or a pen (new reference)
 */
struct json_object *command_list(bool any_device);

/** command_port() - the pen that the context has chosen */
struct port *command_port(const struct command_context *context);

/** command_fail() - set the error text; returns -EINVAL */
int command_fail(struct command_context *context, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** command_fail_name() - @text is no @what; tells the names of the numbers @first to @last */
int command_fail_name(struct command_context *context, const char *text, const char *what,
		      const char *(*name)(unsigned int), unsigned int first, unsigned int last);

/* Arguments: 0, or -EINVAL with the error text set. command_number(): a decimal number. */
int command_number(struct command_context *context, const char *text, int64_t min, int64_t max,
		   int64_t *ret);
int command_switch(struct command_context *context, const char *text, bool *ret_on);

#endif
