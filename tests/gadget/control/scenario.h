/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scenario files: commands with their times, one a line; '#' begins a comment.
 *
 *	[at MS] COMMAND				as on the control socket
 *	[at MS] wait STATE			go on when the pen is in that state
 *	[at MS] expect [state] KEY=VALUE [within MS]	of the command "state"; else the run fails
 *
 * "at" counts from the start of the run or from the end of the last "wait"; a line without it
 * follows at once. After the last line the virtual pen goes on serving: end with "quit" to end it.
 */
#ifndef MNPEN_GADGET_SCENARIO_H
#define MNPEN_GADGET_SCENARIO_H

#include "tests/gadget/control/gadget.h"

struct scenario;

/**
 * scenario_load() - read and check @path; it starts when the loop runs
 *
 * A command that fails and an expectation that is not met end the loop with exit code 1.
 * Return: 0; -ENOMEM; another negative errno: the file cannot be read or is wrong, and every error
 * has been logged with its line.
 */
int scenario_load(struct scenario **ret, struct gadget *gadget, const char *path);

/** scenario_free() - NULL is fine; returns NULL */
struct scenario *scenario_free(struct scenario *scenario);

#endif
