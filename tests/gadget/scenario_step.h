/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines of a scenario file, parsed. */
#ifndef MNPEN_GADGET_SCENARIO_STEP_H
#define MNPEN_GADGET_SCENARIO_STEP_H

#include <stddef.h>
#include <stdint.h>

#include "driver/proto/proto.h"
#include "tests/gadget/command.h"

enum step_kind {
	STEP_COMMAND,
	STEP_WAIT,
	STEP_EXPECT,
};

struct step {
	enum step_kind kind;
	unsigned int line;
	uint32_t at_ms; /* 0 = at once */
	uint32_t within_ms;
	enum mnpen_state state;	     /* STEP_WAIT */
	char text[COMMAND_LINE_MAX]; /* the command, or the key of STEP_EXPECT */
	char value[64];
};

/**
 * scenario_parse() - read @path
 * @ret_steps: freed by the caller
 * Return: 0, negative errno (-EINVAL: a line is wrong); errors have been logged.
 */
int scenario_parse(const char *path, struct step **ret_steps, size_t *ret_n_steps);

/** step_parse() - one line without its newline. Return: 1 a step, 0 nothing on it, -EINVAL with
 * *@ret_error set (static) */
int step_parse(struct step *ret, const char *line, const char **ret_error);

#endif
