/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line: options, once for all commands, and what is left of it. */
#ifndef MNPEN_CLI_ARGS_H
#define MNPEN_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** enum cli_option - every option of every command; the same name means the same everywhere */
enum cli_option {
	OPT_PEN,
	OPT_PROFILE,
	OPT_CLIENT,
	OPT_AREA,
	OPT_AREA_SIZE,
	OPT_OPERATOR,
	OPT_SCREENING,
	OPT_CONSENT,
	OPT_SIGN_OFF,
	OPT_CARTRIDGE,
	OPT_SESSION,
	OPT_OUTCOME,
	OPT_LOT,
	OPT_SERIAL,
	OPT_SINCE,
	OPT_FORMAT,
	OPT_OUTPUT,
	OPT_DEPTH,
	OPT_SPEED,
	OPT_NO_SCRUB,
	OPT_SECONDS,
	OPT_REASON,
	OPT_JSON,
	OPT_NO_PAGER,
	OPT_HOST,
	OPT_HELP,
	OPT_VERSION,
	OPT_COUNT,
};

#define OPT_BIT(option) (UINT64_C(1) << (option))
/* Options that are allowed everywhere. */
#define OPT_GLOBAL                                                                                 \
	(OPT_BIT(OPT_JSON) | OPT_BIT(OPT_NO_PAGER) | OPT_BIT(OPT_HOST) | OPT_BIT(OPT_HELP) |       \
	 OPT_BIT(OPT_VERSION))

/** struct option_text - how an option is written and explained */
struct option_text {
	const char *name; /* without the dashes */
	char letter;	  /* 0 = none */
	const char *value;
	const char *help;
};

const struct option_text *option_text(enum cli_option option);

/** struct args - what was given; strings are argv's */
struct args {
	const char *value[OPT_COUNT]; /* NULL = not given; "" for an option without a value */
	char **operands;
	int n_operands;
	char problem[256]; /* after a failure: what is wrong, as a clause */
	const char *near;  /* after an unknown option: what may have been meant, or NULL */
	const struct option_text *lacking; /* after a failure: the option without its value */
	uint64_t elsewhere; /* after an unknown option: OPT_BIT() of one of other commands, or 0 */
};

/**
 * args_parse() - take the options out of @argv (argv[0] is skipped)
 * @args: adds to what earlier calls found; zero-initialise
 * @allowed: OPT_BIT()s
 * @stop_at_operand: end at the first operand, whatever stands behind it
 *
 * A value must be UTF-8 without control characters, since all of it goes to D-Bus.
 * Return: 0, operands in @args; -EINVAL with @args->problem.
 */
int args_parse(struct args *args, uint64_t allowed, bool stop_at_operand, int argc, char **argv);

#endif
