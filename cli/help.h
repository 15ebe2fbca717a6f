/* SPDX-License-Identifier: GPL-2.0-only */
/* Help, made from the table of commands. */
#ifndef MNPEN_CLI_HELP_H
#define MNPEN_CLI_HELP_H

#include <stdbool.h>

#include "cli/commands.h"

/** help_usage() - "usage: mnpenctl session end [--session ID] ..."; to be freed; NULL = no memory
 */
char *help_usage(const struct command *command);

/** help_print() - the program's help, a group's ("session"), or a command's, on stdout */
void help_print(const char *group, const struct command *command);

/** help_is_group() - whether commands begin with the word @group */
bool help_is_group(const char *group);

/** help_words() - "begin, area, note, ..." of a group; to be freed; NULL = no memory */
char *help_words(const char *group);

#endif
