// SPDX-License-Identifier: GPL-2.0-only
/* Completion: where the cursor stands, and which kind of word belongs there. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bus.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "driver/base/cleanup.h"

#define PATIENCE_S 1 /* nobody waits longer for a list of words */

static const enum word_kind option_kinds[OPT_COUNT] = {
	[OPT_PEN] = WORD_PEN,	     [OPT_PROFILE] = WORD_PROFILE,
	[OPT_CLIENT] = WORD_FREE, /* ids of clients are for nobody's screen */
	[OPT_AREA] = WORD_AREA,	     [OPT_AREA_SIZE] = WORD_FREE,
	[OPT_OPERATOR] = WORD_FREE,  [OPT_SCREENING] = WORD_FILE,
	[OPT_CONSENT] = WORD_FREE,   [OPT_SIGN_OFF] = WORD_FREE,
	[OPT_CARTRIDGE] = WORD_FREE, [OPT_SESSION] = WORD_OPEN_SESSION,
	[OPT_OUTCOME] = WORD_FREE,   [OPT_LOT] = WORD_FREE,
	[OPT_SERIAL] = WORD_PEN,     [OPT_SINCE] = WORD_FREE,
	[OPT_FORMAT] = WORD_CHOICE,  [OPT_OUTPUT] = WORD_FILE,
	[OPT_DEPTH] = WORD_FREE,     [OPT_SPEED] = WORD_FREE,
	[OPT_SECONDS] = WORD_FREE,   [OPT_REASON] = WORD_FREE,
	[OPT_HOST] = WORD_FREE,
};

/* The words that stand in struct command's operands. "" = in every command, "session" = in those of
 * the group; the first line that fits counts. */
static const struct {
	const char *command;
	const char *word;
	enum word_kind kind;
} operand_kinds[] = {
	{"", "PEN", WORD_PEN},
	{"", "FILE", WORD_FILE},
	{"", "AREA", WORD_AREA},
	{"", "TEXT", WORD_FREE},
	{"session note", "KIND", WORD_FREE},
	{"profile", "NAME", WORD_PROFILE},
	{"session", "ID", WORD_SESSION},
	{"alarm", "ID", WORD_ALARM},
	{"client", "ID", WORD_FREE},
};

enum word_kind complete_option_kind(enum cli_option option)
{
	return option_kinds[option];
}

enum word_kind complete_operand_kind(const struct command *command, const char *word)
{
	if (strchr(word, '|'))
		return WORD_CHOICE;
	for (size_t i = 0; i < ELEMENTSOF(operand_kinds); i++)
		if (strncmp(command->name, operand_kinds[i].command,
			    strlen(operand_kinds[i].command)) == 0 &&
		    strcmp(word, operand_kinds[i].word) == 0)
			return operand_kinds[i].kind;
	return WORD_UNKNOWN;
}

void complete_candidate(const struct completion *c, const char *word)
{
	if (strncmp(word, c->current, strlen(c->current)) == 0)
		printf("%s%s\n", c->prefix, word);
}

/* ---- what stands before the cursor ---- */

static uint64_t allowed_options(const struct completion *c)
{
	return OPT_GLOBAL | (c->command ? c->command->options : 0);
}

/* The option that @word is, up to an "="; OPT_COUNT = none that is allowed here. */
static int find_option(const struct completion *c, const char *word)
{
	size_t len = strcspn(word, "=");

	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_text *text = option_text((enum cli_option)i);
		bool is_long = strncmp(word, "--", 2) == 0 && len == strlen(text->name) + 2 &&
			       strncmp(word + 2, text->name, len - 2) == 0;
		bool is_short = text->letter && word[0] == '-' && word[1] == text->letter &&
				word[2] == '\0';

		if ((is_long || is_short) && (allowed_options(c) & OPT_BIT(i)))
			return i;
	}
	return OPT_COUNT;
}

static void take_operand(struct completion *c, const char *word)
{
	if (c->command) {
		c->n_operands++;
		return;
	}
	c->command = commands_find(c->group, word);
	if (!c->command && !c->group && help_is_group(word))
		c->group = word;
	else if (!c->command)
		c->lost = true;
}

/* Take in all words before the cursor. Return: the option whose value the cursor is in. */
static int take_words(struct completion *c, char **words, int n)
{
	int option = OPT_COUNT;

	for (int i = 0; i < n; i++) {
		const char *word = words[i], *equals = strchr(word, '=');

		if (strcmp(word, "=") == 0)
			continue; /* the shell's way to cut "--format=csv" */
		if (option < OPT_COUNT) {
			c->value[option] = word;
			option = OPT_COUNT;
		} else if (word[0] != '-' || word[1] == '\0') {
			take_operand(c, word);
		} else {
			option = find_option(c, word);
			if (option < OPT_COUNT)
				c->value[option] = equals ? equals + 1 : "";
			if (equals || option == OPT_COUNT ||
			    !option_text((enum cli_option)option)->value)
				option = OPT_COUNT;
		}
	}
	return option;
}

/* ---- what can stand at the cursor ---- */

static void print_words(const struct completion *c)
{
	for (size_t i = 0; i < n_commands; i++) {
		const char *name = commands[i].name;
		size_t len = strcspn(name, " ");
		char word[64];

		if (c->group) {
			len = strlen(c->group);
			if (strncmp(name, c->group, len) == 0 && name[len] == ' ')
				complete_candidate(c, name + len + 1);
			continue;
		}
		/* a group's commands stand together: its name only once */
		if (i > 0 && strncmp(name, commands[i - 1].name, len + 1) == 0)
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)len, name);
		complete_candidate(c, word);
	}
}

static void print_options(const struct completion *c)
{
	for (int i = 0; i < OPT_COUNT; i++) {
		char word[64];

		if (!(allowed_options(c) & OPT_BIT(i)) || c->value[i])
			continue;
		snprintf(word, sizeof(word), "--%s", option_text((enum cli_option)i)->name);
		complete_candidate(c, word);
	}
}

/* The next operand; also the one behind it while this one may be left out. */
static void print_operands(const struct completion *c)
{
	_cleanup_free_ char *words = strdup(c->command->operands);
	char *state = NULL;
	int at = 0;

	for (char *word = words ? strtok_r(words, " ", &state) : NULL; word;
	     word = strtok_r(NULL, " ", &state), at++) {
		bool optional = word[0] == '[';

		if (at < c->n_operands)
			continue;
		word += optional;
		word[strcspn(word, "]")] = '\0';
		complete_values(c, complete_operand_kind(c->command, word), word);
		if (!optional)
			return;
	}
}

static void print_option_value(const struct completion *c, int option)
{
	complete_values(c, option_kinds[option], option_text((enum cli_option)option)->value);
}

static void print_candidates(struct completion *c, int option)
{
	const char *equals = strchr(c->current, '=');
	int joined = equals ? find_option(c, c->current) : OPT_COUNT;

	if (c->lost)
		return;
	if (option < OPT_COUNT) {
		print_option_value(c, option);
	} else if (joined < OPT_COUNT && option_text((enum cli_option)joined)->value) {
		snprintf(c->prefix, sizeof(c->prefix), "%.*s", (int)(equals + 1 - c->current),
			 c->current);
		c->current = equals + 1;
		print_option_value(c, joined);
	} else if (c->current[0] == '-') {
		print_options(c);
	} else if (c->command) {
		print_operands(c);
	} else {
		print_words(c);
	}
}

static void give_up(int signal_number)
{
	_exit(0);
}

int complete_main(struct cli *cli, int argc, char **argv)
{
	struct completion c = {.cli = cli, .current = ""};
	char *end = NULL;
	long cword = argc > 0 ? strtol(argv[0], &end, 10) : -1;
	int option;

	if (cword < 1 || *end || cword > argc - 1)
		return 0; /* not a shell that speaks with us */
	cli->unattended = true;
	signal(SIGALRM, give_up); /* a bus that hangs: no words is an answer, too */
	alarm(PATIENCE_S);
	option = take_words(&c, argv + 2, (int)cword - 1);
	if (cword < argc - 1)
		c.current = argv[cword + 1];
	if (strcmp(c.current, "=") == 0)
		c.current = "";
	cli->host = c.value[OPT_HOST];
	print_candidates(&c, option);
	return 0;
}
