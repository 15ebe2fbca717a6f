/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables that are longer than the screen go through a pager, on a terminal only. */
#ifndef MNPEN_CLI_PAGER_H
#define MNPEN_CLI_PAGER_H

#include "cli/cli.h"

/**
 * pager_open() - standard output goes to $PAGER, or less, from now on
 *
 * Not with --json or --no-pager, not when a program reads the output, and not when PAGER is empty
 * or TERM is "dumb". For commands that print what they know and end: never where a pen waits for
 * it, nor for its state, since what is typed next has to reach the shell. What goes wrong costs the
 * pager and not the output.
 */
void pager_open(const struct cli *cli);

/** pager_close() - hand over what was printed, and wait until it was read. May be called always. */
void pager_close(void);

/** pager_opened() - whether the output went there: then it is no error that it was not read whole
 */
bool pager_opened(void);

/** pager_columns() - columns of the terminal that the output is read on; 0 = a program reads it */
unsigned int pager_columns(void);

#endif
