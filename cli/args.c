// SPDX-License-Identifier: GPL-2.0-only
/* Options, by getopt_long. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/text.h"
#include "driver/base/cleanup.h"

#define LETTERLESS 256 /* getopt value of option N without a letter: LETTERLESS + N */

static const struct option_text texts[OPT_COUNT] = {
	[OPT_PEN] = {"pen", 0, "PEN", "serial of the pen; not needed when there is one"},
	[OPT_PROFILE] = {"profile", 0, "NAME", "profile; otherwise the pen's set profile"},
	[OPT_CLIENT] = {"client", 0, "ID",
			"the clinic's id of the client; - reads it from standard input"},
	[OPT_AREA] = {"area", 0, "AREA", "area of the profile"},
	[OPT_AREA_SIZE] = {"area-size-cm2", 0, "N", "size of the area in square centimetres"},
	[OPT_OPERATOR] = {"operator", 0, "NAME", "who works, added to the login's name"},
	[OPT_SCREENING] = {"screening", 0, "FILE", "file with the answers to the screening"},
	[OPT_CONSENT] = {"consent", 0, "REF", "reference of the signed consent"},
	[OPT_SIGN_OFF] = {"sign-off", 0, "TEXT", "who approved an exception, and why"},
	[OPT_CARTRIDGE] = {"cartridge", 0, "LOT/SERIAL", "cartridge, for pens that cannot read it"},
	[OPT_SESSION] = {"session", 0, "ID", "session; not needed when one is open"},
	[OPT_OUTCOME] = {"outcome", 0, "TEXT", "how the session ended (\"completed\")"},
	[OPT_LOT] = {"lot", 0, "LOT", "only sessions with this cartridge lot"},
	[OPT_SERIAL] = {"serial", 0, "S",
			"only sessions of this pen, or with this cartridge as typed in"},
	[OPT_SINCE] = {"since", 0, "DATE", "only sessions since 2026-01-31 or 2026-01-31T09:00"},
	[OPT_FORMAT] = {"format", 0, "csv|json", "form of the export"},
	[OPT_OUTPUT] = {"output", 'o', "FILE", "write to FILE, all of it or nothing"},
	[OPT_DEPTH] = {"depth", 0, "DEPTH", "depth with its unit: 0.5mm or 500um"},
	[OPT_SPEED] = {"speed", 0, "SPEED", "speed with its unit: 6000rpm or 100Hz"},
	[OPT_NO_SCRUB] = {"no-scrub", 0, NULL, "leave serial, cartridge and tokens as they are"},
	[OPT_SECONDS] = {"seconds", 0, "N", "end after so many seconds"},
	[OPT_REASON] = {"reason", 0, "TEXT", "why, and who asked for it; kept in the record"},
	[OPT_JSON] = {"json", 0, NULL, "one JSON document on stdout and nothing else"},
	[OPT_NO_PAGER] = {"no-pager", 0, NULL, "never start a pager"},
	[OPT_HOST] = {"host", 'H', "[USER@]HOST", "the daemon of another machine, by ssh"},
	[OPT_HELP] = {"help", 'h', NULL, "this text; after a command: its own"},
	[OPT_VERSION] = {"version", 0, NULL, "the program's version"},
};

const struct option_text *option_text(enum cli_option option)
{
	return &texts[option];
}

static int problem(struct args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int problem(struct args *args, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(args->problem, sizeof(args->problem), format, ap);
	va_end(ap);
	return -EINVAL;
}

static bool harmless(const char *text)
{
	if (!text_valid(text, strlen(text)))
		return false;
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

/* Whether @word is "--NAME", "--NAME=VALUE" or "-L" of option @i. */
static bool is_option(const char *word, size_t i)
{
	size_t len = strcspn(word, "=");

	if (word[1] != '-')
		return texts[i].letter && word[1] == texts[i].letter;
	return len == strlen(texts[i].name) + 2 && strncmp(word + 2, texts[i].name, len - 2) == 0;
}

static int unknown_option(struct args *args, uint64_t allowed, const char *word)
{
	const char *names[OPT_COUNT];
	size_t n = 0;

	for (size_t i = 0; i < OPT_COUNT; i++) {
		if (allowed & OPT_BIT(i))
			names[n++] = texts[i].name;
		else if (is_option(word, i))
			args->elsewhere = OPT_BIT(i);
	}
	args->near = strncmp(word, "--", 2) == 0 ? text_nearest(word + 2, names, n) : NULL;
	return problem(args, "there is no option %.64s here", word);
}

static int take(struct args *args, int which, const char *value)
{
	if (value && !harmless(value))
		return problem(args, "the value of --%s is not UTF-8, or holds a control character",
			       texts[which].name);
	if (value && args->value[which])
		return problem(args, "--%s stands there twice", texts[which].name);
	args->value[which] = value ? value : "";
	return 0;
}

/* getopt's tables from ours: long names and, in @letters, "o:" for an option with a value. */
static void build_tables(uint64_t allowed, bool stop_at_operand, struct option *longs,
			 char *letters)
{
	size_t n = 0;

	if (stop_at_operand)
		*letters++ = '+';
	*letters++ = ':';
	for (int i = 0; i < OPT_COUNT; i++) {
		if (!(allowed & OPT_BIT(i)))
			continue;
		longs[n++] = (struct option){
			.name = texts[i].name,
			.has_arg = texts[i].value ? required_argument : no_argument,
			.val = LETTERLESS + i,
		};
		if (!texts[i].letter)
			continue;
		*letters++ = texts[i].letter;
		if (texts[i].value)
			*letters++ = ':';
	}
	longs[n] = (struct option){0};
	*letters = '\0';
}

static int by_letter(int letter)
{
	for (int i = 0; i < OPT_COUNT; i++)
		if (texts[i].letter == letter)
			return i;
	return OPT_COUNT;
}

static int lacks_value(struct args *args, int option, const char *word)
{
	int which = option >= LETTERLESS ? option - LETTERLESS : by_letter(option);

	if (which < OPT_COUNT)
		args->lacking = &texts[which];
	return problem(args, "%.64s needs a value", word);
}

int args_parse(struct args *args, uint64_t allowed, bool stop_at_operand, int argc, char **argv)
{
	struct option longs[OPT_COUNT + 1];
	char letters[2 * OPT_COUNT + 3];
	char letter[3] = "-?";
	int c, r;

	build_tables(allowed, stop_at_operand, longs, letters);
	optind = 0; /* glibc: start anew */
	opterr = 0;
	for (;;) {
		c = getopt_long(argc, argv, letters, longs, NULL);
		if (c == -1)
			break;
		if (c == ':')
			return lacks_value(args, optopt, argv[optind - 1]);
		if (c == '?') {
			letter[1] = (char)optopt;
			return unknown_option(args, allowed,
					      optopt > 0 && optopt < LETTERLESS ? letter
										: argv[optind - 1]);
		}
		r = take(args, c >= LETTERLESS ? c - LETTERLESS : by_letter(c), optarg);
		if (r < 0)
			return r;
	}
	args->operands = argv + optind;
	args->n_operands = argc - optind;
	for (int i = 0; i < args->n_operands; i++)
		if (!stop_at_operand && !harmless(args->operands[i]))
			return problem(args,
				       "argument %d is not UTF-8, or holds a control character",
				       i + 1);
	return 0;
}
