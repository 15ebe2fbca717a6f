/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the lines of a scenario make sense, before any of them runs: each command is carried out
 * on pens that nobody sees, so that exactly what would fail later fails now.
 */
#ifndef MNPEN_GADGET_SCENARIO_CHECK_H
#define MNPEN_GADGET_SCENARIO_CHECK_H

#include "tests/gadget/control/scenario_step.h"

struct scenario_check;

/** scenario_check_new() - for a run with @n_pens pens, @cabled as in struct gadget. Return: 0 or
 * negative errno */
int scenario_check_new(struct scenario_check **ret, unsigned int n_pens, bool cabled);

/** scenario_check_free() - NULL is fine; returns NULL */
struct scenario_check *scenario_check_free(struct scenario_check *check);

/**
 * scenario_check_step() - the next step of the file
 * @ret_error: what is wrong with it; valid until the next call
 * Return: 0, -EINVAL, -ENOMEM.
 */
int scenario_check_step(struct scenario_check *check, const struct step *step,
			const char **ret_error);

#endif
