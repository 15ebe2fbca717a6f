/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of commands: what each takes, what it is for, and who does it. */
#ifndef MNPEN_CLI_COMMANDS_H
#define MNPEN_CLI_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/args.h"
#include "cli/cli.h"

/** struct command - one line of the table */
struct command {
	const char *name;     /* "session begin" */
	const char *operands; /* as the usage line shows them, "" = none */
	int min_operands;
	int max_operands;
	uint64_t options;  /* OPT_BIT()s beside the global ones */
	uint64_t required; /* those of them that must be given */
	const char *help;
	const char *example;
	enum cli_exit (*run)(struct cli *cli, const struct args *args);
};

extern const struct command commands[];
extern const size_t n_commands;

/** commands_find() - the command called "@group @word"; @group NULL: called @word. NULL = none */
const struct command *commands_find(const char *group, const char *word);

/** commands_main() - the whole program; @argv as main() has it. Return: enum cli_exit. */
int commands_main(int argc, char **argv);

/* One file a command, cmd_NAME.c */
enum cli_exit cmd_status(struct cli *cli, const struct args *args);
enum cli_exit cmd_pens(struct cli *cli, const struct args *args);
enum cli_exit cmd_profile_list(struct cli *cli, const struct args *args);
enum cli_exit cmd_profile_show(struct cli *cli, const struct args *args);
enum cli_exit cmd_profile_set(struct cli *cli, const struct args *args);
enum cli_exit cmd_profile_add(struct cli *cli, const struct args *args);
enum cli_exit cmd_profile_remove(struct cli *cli, const struct args *args);
enum cli_exit cmd_profile_check(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_begin(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_area(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_note(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_end(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_list(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_show(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_export(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_verify(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_report(struct cli *cli, const struct args *args);
enum cli_exit cmd_session_aftercare(struct cli *cli, const struct args *args);
enum cli_exit cmd_arm(struct cli *cli, const struct args *args);
enum cli_exit cmd_disarm(struct cli *cli, const struct args *args);
enum cli_exit cmd_stop(struct cli *cli, const struct args *args);
enum cli_exit cmd_target(struct cli *cli, const struct args *args);
enum cli_exit cmd_clear_fault(struct cli *cli, const struct args *args);
enum cli_exit cmd_monitor(struct cli *cli, const struct args *args);
enum cli_exit cmd_record(struct cli *cli, const struct args *args);
enum cli_exit cmd_alarm_list(struct cli *cli, const struct args *args);
enum cli_exit cmd_alarm_ack(struct cli *cli, const struct args *args);
enum cli_exit cmd_client_hold(struct cli *cli, const struct args *args);
enum cli_exit cmd_client_erase(struct cli *cli, const struct args *args);
enum cli_exit cmd_backup(struct cli *cli, const struct args *args);

#endif
