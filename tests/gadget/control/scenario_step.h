/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of a scenario file, parsed. */
#ifndef MNPEN_GADGET_SCENARIO_STEP_H
#define MNPEN_GADGET_SCENARIO_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/proto/proto.h"
#include "tests/gadget/control/command.h"

enum step_kind {
	STEP_COMMAND,
	STEP_WAIT,
	STEP_EXPECT,
};

struct step {
	enum step_kind kind;
	unsigned int line;
	bool timed;	/* has an "at" */
	uint32_t at_ms; /* 0 = at once */
	uint32_t within_ms;
	enum mnpen_state state;	     /* STEP_WAIT */
	char text[COMMAND_LINE_MAX]; /* the command, or the key of STEP_EXPECT */
	char value[64];
};

/**
 * scenario_parse() - read @path and check all of it
 * @gadget: whose pens it is for
 * @ret_steps: freed by the caller
 * Return: 0, negative errno (-EINVAL: a line is wrong); errors have been logged, each with its
 * line.
 */
int scenario_parse(const char *path, const struct gadget *gadget, struct step **ret_steps,
		   size_t *ret_n_steps);

/** step_parse() - the form of one line without its newline. Return: 1 a step, 0 nothing on it,
 * -EINVAL with *@ret_error set (static) */
int step_parse(struct step *ret, const char *line, const char **ret_error);

#endif
