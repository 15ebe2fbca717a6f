// SPDX-License-Identifier: GPL-2.0-only
/* Help, made from the table of commands. */
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "driver/base/cleanup.h"

static bool in_group(const struct command *command, const char *group)
{
	size_t len = strlen(group);

	return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

bool help_is_group(const char *group)
{
	for (size_t i = 0; i < n_commands; i++)
		if (in_group(&commands[i], group))
			return true;
	return false;
}

char *help_words(const char *group)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	bool first = true;

	if (!stream)
		return NULL;
	for (size_t i = 0; i < n_commands; i++) {
		if (!in_group(&commands[i], group))
			continue;
		fprintf(stream, "%s%s", first ? "" : ", ", commands[i].name + strlen(group) + 1);
		first = false;
	}
	fclose(stream);
	return text;
}

static void print_usage_option(FILE *stream, enum cli_option option, bool required)
{
	const struct option_text *text = option_text(option);

	fprintf(stream, required ? " " : " [");
	if (text->letter)
		fprintf(stream, "-%c", text->letter);
	else
		fprintf(stream, "--%s", text->name);
	fprintf(stream, "%s%s%s", text->value ? " " : "", text->value ? text->value : "",
		required ? "" : "]");
}

char *help_usage(const struct command *command)
{
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return NULL;
	fprintf(stream, "usage: " CLI_NAME " %s%s%s", command->name,
		command->operands[0] ? " " : "", command->operands);
	for (int required = 1; required >= 0; required--)
		for (int i = 0; i < OPT_COUNT; i++)
			if ((command->options & OPT_BIT(i)) &&
			    !(command->required & OPT_BIT(i)) == !required)
				print_usage_option(stream, (enum cli_option)i, required);
	fclose(stream);
	return text;
}

static void print_option(enum cli_option option)
{
	const struct option_text *text = option_text(option);
	char form[64], letter[8] = "    ";

	if (text->letter)
		snprintf(letter, sizeof(letter), "-%c, ", text->letter);
	snprintf(form, sizeof(form), "%s--%s%s%s", letter, text->name, text->value ? " " : "",
		 text->value ? text->value : "");
	printf("  %-28s  %s\n", form, text->help);
}

static void print_options(uint64_t options)
{
	for (int i = 0; i < OPT_COUNT; i++)
		if (options & OPT_BIT(i))
			print_option((enum cli_option)i);
}

static void print_command_help(const struct command *command)
{
	_cleanup_free_ char *usage = help_usage(command);

	printf("%s\n\n%s: %s\n", usage ? usage : "", command->name, command->help);
	if (command->options) {
		puts("\nOptions:");
		print_options(command->options);
	}
	puts("\nOptions of every command:");
	print_options(OPT_GLOBAL);
	printf("\nExample:\n  " CLI_NAME " %s\n", command->example);
}

static void print_commands(const char *group)
{
	for (size_t i = 0; i < n_commands; i++) {
		char form[64];

		if (group && !in_group(&commands[i], group))
			continue;
		snprintf(form, sizeof(form), "%s %s", commands[i].name, commands[i].operands);
		printf("  %-22s  %s\n", form, commands[i].help);
	}
}

static const struct command *first_of(const char *group)
{
	size_t i = 0;

	while (!in_group(&commands[i], group))
		i++;
	return &commands[i];
}

void help_print(const char *group, const struct command *command)
{
	if (command) {
		print_command_help(command);
		return;
	}
	printf("usage: " CLI_NAME " [OPTIONS] %s%sCOMMAND ...\n\n", group ? group : "",
	       group ? " " : "");
	if (!group)
		puts("Drives microneedling pens through the daemon mnpend.\n");
	puts("Commands:");
	print_commands(group);
	puts("\nOptions:");
	print_options(OPT_GLOBAL);
	if (!group)
		puts("\nPEN is a pen's serial; it may be left out when there is exactly one.\n"
		     "Exit codes: 0 done, 1 refused or failed, 2 usage, 3 no daemon,\n"
		     "4 no such pen, profile or session, 5 not authorized.");
	printf("\nExample:\n  " CLI_NAME " %s\n",
	       group ? first_of(group)->example : "session begin --help");
}
