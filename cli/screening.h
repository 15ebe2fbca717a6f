/* SPDX-License-Identifier: GPL-2.0-only */
/* The checklist of a profile, asked on the terminal. */
#ifndef MNPEN_CLI_SCREENING_H
#define MNPEN_CLI_SCREENING_H

#include <stdio.h>

#include "cli/pens.h"

/**
 * screening_ask() - put the questions of the profile, and make the answers' text
 * @profile: NULL or "" = that which is set for pen @serial
 * @in: the answers, a line each; what is asked goes to stdout if that is a terminal, else to stderr
 * @ret: the text as BeginSession takes it; NULL when there is nothing to ask
 *
 * No answer is taken for granted: an empty line asks again. An end of @in begins nothing, and so
 * does an answer that refuses the session.
 */
enum cli_exit screening_ask(struct cli *cli, const char *profile, const char *serial, FILE *in,
			    char **ret);

#endif
