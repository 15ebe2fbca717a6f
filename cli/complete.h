/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Completion: what can stand at a place of the command line, from the same tables as the parser and
 * the help. It asks nobody for a password, starts no daemon, says nothing on standard error and is
 * done within a second, whatever it finds.
 */
#ifndef MNPEN_CLI_COMPLETE_H
#define MNPEN_CLI_COMPLETE_H

#include "cli/args.h"
#include "cli/commands.h"

/** enum word_kind - what stands for an operand or for the value of an option */
enum word_kind {
	WORD_UNKNOWN, /* nobody said; a test fails on it */
	WORD_FREE,    /* a text of the user's own: there is nothing to propose */
	WORD_PEN,
	WORD_PROFILE,
	WORD_AREA,
	WORD_OPEN_SESSION,
	WORD_SESSION, /* a recorded one */
	WORD_ALARM,
	WORD_FILE,
	WORD_CHOICE, /* "csv|json": one of these */
};

/** struct completion - the command line up to the cursor, as far as it is understood */
struct completion {
	struct cli *cli;
	const char *current; /* what stands at the cursor */
	char prefix[64];     /* "--format=" where the shell leaves an option and its value in one */
	const char *value[OPT_COUNT];
	const char *group;
	const struct command *command;
	int n_operands;
	bool lost; /* no such command: there is nothing to propose */
};

/** complete_main() - "__complete CWORD WORDS...": candidates, one a line; ":file" = a file name */
int complete_main(struct cli *cli, int argc, char **argv);

/** complete_operand_kind() - of @word, one of command->operands without its brackets */
enum word_kind complete_operand_kind(const struct command *command, const char *word);
enum word_kind complete_option_kind(enum cli_option option);

/** complete_candidate() - print @word if it goes on from what stands at the cursor */
void complete_candidate(const struct completion *c, const char *word);

/** complete_values() - print what a word of @kind can be; @word: its text in the table */
void complete_values(const struct completion *c, enum word_kind kind, const char *word);

#endif
