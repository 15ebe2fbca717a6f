// SPDX-License-Identifier: GPL-2.0-only
/* The table, and from words to a command. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/pager.h"
#include "cli/text.h"
#include "driver/base/cleanup.h"

#define B OPT_BIT
#define SESSION_BEGIN_OPTIONS                                                                      \
	(B(OPT_PEN) | B(OPT_PROFILE) | B(OPT_CLIENT) | B(OPT_AREA) | B(OPT_AREA_SIZE) |            \
	 B(OPT_OPERATOR) | B(OPT_SCREENING) | B(OPT_CONSENT) | B(OPT_SIGN_OFF) | B(OPT_CARTRIDGE))

/* clang-format off: a table */
const struct command commands[] = {
	{"status", "[PEN]", 0, 1, 0, 0, "pens, sessions, limits and who set them (the default)",
	 "status", cmd_status},
	{"pens", "", 0, 0, 0, 0, "the pens that are plugged in", "pens", cmd_pens},
	{"profile list", "", 0, 0, 0, 0, "all profiles", "profile list", cmd_profile_list},
	{"profile show", "NAME", 1, 1, 0, 0, "one profile: its areas and limits",
	 "profile show fine-lines", cmd_profile_show},
	{"profile set", "[PEN] NAME", 1, 2, 0, 0,
	 "choose the pen's profile; in a session it stops first", "profile set VPEN0001 fine-lines",
	 cmd_profile_set},
	{"profile add", "FILE", 1, 1, 0, 0, "add a profile; the file's name is its name",
	 "profile add acne-scars.conf", cmd_profile_add},
	{"profile remove", "NAME", 1, 1, 0, 0, "remove a profile that was added",
	 "profile remove acne-scars", cmd_profile_remove},
	{"profile check", "FILE", 1, 1, 0, 0, "find the errors of a profile, without adding it",
	 "profile check acne-scars.conf", cmd_profile_check},
	{"session begin", "", 0, 0, SESSION_BEGIN_OPTIONS, B(OPT_CLIENT),
	 "begin a session; prints its id",
	 "session begin --profile fine-lines --area cheek --screening answers --client - < "
	 "client-id",
	 cmd_session_begin},
	{"session area", "AREA", 1, 1, B(OPT_SESSION) | B(OPT_AREA_SIZE) | B(OPT_SIGN_OFF), 0,
	 "go on with another area; stops and disarms first", "session area forehead",
	 cmd_session_area},
	{"session note", "KIND TEXT", 2, 2, B(OPT_SESSION), 0,
	 "put a note into the open session's record",
	 "session note endpoint 'pinpoint bleeding after two passes'", cmd_session_note},
	{"session end", "", 0, 0, B(OPT_SESSION) | B(OPT_OUTCOME), 0, "end the open session",
	 "session end --outcome completed", cmd_session_end},
	{"session list", "", 0, 0, B(OPT_CLIENT) | B(OPT_LOT) | B(OPT_SERIAL) | B(OPT_SINCE), 0,
	 "recorded sessions, newest first", "session list --lot A1234 --since 2026-01-31",
	 cmd_session_list},
	{"session show", "ID", 1, 1, 0, 0, "one session: totals and events",
	 "session show 20260131-090030-7f3a9c", cmd_session_show},
	{"session export", "ID", 1, 1, B(OPT_FORMAT) | B(OPT_OUTPUT), B(OPT_FORMAT),
	 "every recorded sample of a session",
	 "session export 20260131-090030-7f3a9c --format csv -o session.csv", cmd_session_export},
	{"session verify", "[ID]", 0, 1, 0, 0,
	 "whether a session's record, or the whole one, is as it was written",
	 "session verify 20260131-090030-7f3a9c", cmd_session_verify},
	{"arm", "[PEN]", 0, 1, 0, 0, "arm, with the live view; disarmed however that ends", "arm",
	 cmd_arm},
	{"disarm", "[PEN]", 0, 1, 0, 0, "disarm", "disarm", cmd_disarm},
	{"stop", "[PEN]", 0, 1, 0, 0, "stop and disarm; all pens when none is named", "stop",
	 cmd_stop},
	{"target", "[PEN]", 0, 1, B(OPT_DEPTH) | B(OPT_SPEED), 0, "the depth and speed to run with",
	 "target --depth 0.5mm --speed 6000rpm", cmd_target},
	{"clear-fault", "[PEN]", 0, 1, 0, 0, "clear a latched fault whose cause is gone",
	 "clear-fault", cmd_clear_fault},
	{"monitor", "[PEN]", 0, 1, 0, 0, "live view; space or enter stops, q leaves", "monitor",
	 cmd_monitor},
	{"record", "[PEN] FILE", 1, 2, B(OPT_NO_SCRUB) | B(OPT_SECONDS), 0,
	 "the pen's raw USB traffic into a file, names replaced", "record bug.pcapng", cmd_record},
	{"alarm list", "", 0, 0, 0, 0, "standing alarms", "alarm list", cmd_alarm_list},
	{"alarm ack", "ID", 1, 1, 0, 0, "acknowledge an alarm after seeing to its cause",
	 "alarm ack 20260131-090030-7f3a9c", cmd_alarm_ack},
	{"client hold", "ID on|off", 2, 2, B(OPT_REASON), B(OPT_REASON),
	 "set or lift a legal hold on a client's records",
	 "client hold - on --reason 'letter of the insurer, 2026-01-30' < client-id",
	 cmd_client_hold},
	{"client erase", "ID", 1, 1, B(OPT_REASON), B(OPT_REASON),
	 "delete all records of a client, for good",
	 "client erase - --reason 'asked for in writing, 2026-01-30' < client-id",
	 cmd_client_erase},
	{"backup", "FILE", 1, 1, 0, 0, "all records into a new FILE; pens may be at work",
	 "backup records-2026-01-31.db", cmd_backup},
};
/* clang-format on */
const size_t n_commands = ELEMENTSOF(commands);

const struct command *commands_find(const char *group, const char *word)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", group ? group : "", group ? " " : "", word);
	for (size_t i = 0; i < n_commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* "begin" without its group: "did you mean session begin?", or which of several. */
static bool name_groups(const char *word, char *hint, size_t size)
{
	size_t used = (size_t)snprintf(hint, size, "did you mean ");
	size_t found = 0;

	for (size_t i = 0; i < n_commands && used < size; i++) {
		const char *second = strchr(commands[i].name, ' ');

		if (!second || strcmp(second + 1, word) != 0)
			continue;
		used += (size_t)snprintf(hint + used, size - used, "%s\"%s\"",
					 found++ ? " or " : "", commands[i].name);
	}
	if (used < size)
		snprintf(hint + used, size - used, "?");
	if (!found)
		snprintf(hint, size, CLI_NAME " --help lists the commands");
	return found > 0;
}

/* The words that can stand where @word stands: first words, or second ones of @group. */
static enum cli_exit unknown_command(struct cli *cli, const char *group, const char *word)
{
	_cleanup_free_ const char **words = calloc(n_commands, sizeof(*words));
	_cleanup_free_ char *firsts = calloc(n_commands, 64);
	char hint[128] = CLI_NAME " --help lists the commands";
	const char *near = NULL;
	size_t n = 0;

	if (!group && name_groups(word, hint, sizeof(hint)))
		return cli_usage(cli, hint, "there is no command \"%.64s\"", word);
	for (size_t i = 0; words && firsts && i < n_commands; i++) {
		const char *name = commands[i].name;
		size_t len = group ? strlen(group) : 0;

		if (group && strncmp(name, group, len) == 0 && name[len] == ' ') {
			words[n++] = name + len + 1;
		} else if (!group) {
			snprintf(firsts + 64 * n, 64, "%.*s", (int)strcspn(name, " "), name);
			words[n] = firsts + 64 * n;
			n++;
		}
	}
	near = text_nearest(word, words, n);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean \"%s%s%s\"?", group ? group : "",
			 group ? " " : "", near);
	return cli_usage(cli, hint, "there is no command \"%s%s%.64s\"", group ? group : "",
			 group ? " " : "", word);
}

static const char *option_name(uint64_t bit)
{
	int i = 0;

	while (OPT_BIT(i) != bit)
		i++;
	return option_text((enum cli_option)i)->name;
}

/* The first command that has the option @bit; NULL = none, or 0. */
static const struct command *command_with(uint64_t bit)
{
	for (size_t i = 0; i < n_commands; i++)
		if (commands[i].options & bit)
			return &commands[i];
	return NULL;
}

static enum cli_exit bad_option(struct cli *cli, const struct args *args,
				const struct command *command)
{
	_cleanup_free_ char *usage = NULL;
	char hint[256];

	if (!command)
		command = command_with(args->elsewhere);
	else if (args->elsewhere)
		return cli_usage(cli, usage = help_usage(command), "%s", args->problem);
	if (args->lacking)
		snprintf(hint, sizeof(hint), "--%s %s: %s", args->lacking->name,
			 args->lacking->value, args->lacking->help);
	else if (args->near)
		snprintf(hint, sizeof(hint), "did you mean --%s?", args->near);
	else if (args->elsewhere && command)
		snprintf(hint, sizeof(hint),
			 "an option of a command stands behind the command: " CLI_NAME " %s --%s",
			 command->name, option_name(args->elsewhere));
	else
		snprintf(hint, sizeof(hint), "%s%s%s --help shows what it takes", CLI_NAME,
			 command ? " " : "", command ? command->name : "");
	return cli_usage(cli, hint, "%s", args->problem);
}

static enum cli_exit check_needs(struct cli *cli, const struct command *command,
				 const struct args *args)
{
	_cleanup_free_ char *usage = help_usage(command);

	if (args->n_operands < command->min_operands)
		return cli_usage(cli, usage, "%s needs %s", command->name, command->operands);
	if (args->n_operands > command->max_operands)
		return cli_usage(cli, usage, "%s: \"%s\" is one argument too many", command->name,
				 args->operands[command->max_operands]);
	for (int i = 0; i < OPT_COUNT; i++)
		if ((command->required & OPT_BIT(i)) && !args->value[i])
			return cli_usage(cli, usage, "%s needs --%s %s", command->name,
					 option_text((enum cli_option)i)->name,
					 option_text((enum cli_option)i)->value);
	return CLI_DONE;
}

/* Whether help or the version was asked for, and is now given. */
static bool gave_text(const struct args *args, const char *group, const struct command *command)
{
	if (args->value[OPT_HELP])
		help_print(group, command);
	else if (args->value[OPT_VERSION])
		puts(CLI_NAME " " MNPEN_VERSION);
	else
		return false;
	return true;
}

static enum cli_exit run_command(struct cli *cli, struct args *args, const struct command *command,
				 int argc, char **argv)
{
	enum cli_exit code;

	if (args_parse(args, command->options | OPT_GLOBAL, false, argc, argv) < 0)
		return bad_option(cli, args, command);
	if (gave_text(args, NULL, command))
		return CLI_DONE;
	code = check_needs(cli, command, args);
	if (code != CLI_DONE)
		return code;
	cli->host = args->value[OPT_HOST];
	cli->no_pager = args->value[OPT_NO_PAGER];
	return command->run(cli, args);
}

/* "session" alone, "session --help", "session begin ...". argv[0] = the group's name. */
static enum cli_exit run_group(struct cli *cli, struct args *args, int argc, char **argv)
{
	const struct command *command;
	const char *group = argv[0];

	if (args_parse(args, OPT_GLOBAL, true, argc, argv) < 0)
		return bad_option(cli, args, NULL);
	if (gave_text(args, group, NULL))
		return CLI_DONE;
	if (args->n_operands == 0) {
		_cleanup_free_ char *words = help_words(group);
		char hint[64];

		snprintf(hint, sizeof(hint), CLI_NAME " %s --help tells what each does", group);
		return cli_usage(cli, hint, "%s what? %s", group, words ? words : "");
	}
	command = commands_find(group, args->operands[0]);
	if (!command)
		return unknown_command(cli, group, args->operands[0]);
	return run_command(cli, args, command, args->n_operands, args->operands);
}

static enum cli_exit dispatch(struct cli *cli, int argc, char **argv)
{
	static char default_command[] = "status";
	static char *default_argv[] = {default_command, NULL};
	struct args args = {0};
	const struct command *command;

	if (args_parse(&args, OPT_GLOBAL, true, argc, argv) < 0)
		return bad_option(cli, &args, NULL);
	if (gave_text(&args, NULL, NULL))
		return CLI_DONE;
	if (args.n_operands == 0) {
		args.operands = default_argv;
		args.n_operands = 1;
	}
	command = commands_find(NULL, args.operands[0]);
	if (command)
		return run_command(cli, &args, command, args.n_operands, args.operands);
	if (help_is_group(args.operands[0]))
		return run_group(cli, &args, args.n_operands, args.operands);
	return unknown_command(cli, NULL, args.operands[0]);
}

/* For the shell and for tests: docs/hacking.md. Return: whether it was that. */
static bool ran_hidden(struct cli *cli, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "__complete") == 0) {
		complete_main(cli, argc - 2, argv + 2);
		return true;
	}
	if (argc != 2 || strcmp(argv[1], "__commands") != 0)
		return false;
	for (size_t i = 0; i < n_commands; i++)
		printf("%s\t%s\t%s\n", commands[i].name, commands[i].operands, commands[i].example);
	return true;
}

int commands_main(int argc, char **argv)
{
	struct cli cli = {0};
	enum cli_exit code;

	/* Known before anything can fail, since a failure must be told in its form. */
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		cli.json |= strcmp(argv[i], "--json") == 0;
	code = ran_hidden(&cli, argc, argv) ? CLI_DONE : dispatch(&cli, argc, argv);
	bus_disconnect(&cli);
	pager_close();
	if (pager_opened())
		return (int)code;
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == CLI_DONE) {
		cli.json = false; /* stdout is what is broken */
		code = cli_fail(&cli, CLI_FAILED, "File", NULL, "cannot write standard output: %s",
				strerror(errno));
	}
	return (int)code;
}
