// SPDX-License-Identifier: GPL-2.0-only
/* The one way to fail, and the one way to confirm. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/pager.h"
#include "cli/text.h"
#include "driver/base/cleanup.h"

static void fail_json(const char *name, const char *message, const char *hint)
{
	_cleanup_json_ json_object *document = json_document();
	json_object *error = json_object_new_object();

	json_add_string(error, "name", name);
	json_add_string(error, "message", message);
	json_add_string(error, "hint", hint ? hint : "");
	json_object_object_add(document, "error", error);
	json_print(document);
}

enum cli_exit cli_fail(const struct cli *cli, enum cli_exit code, const char *name,
		       const char *hint, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&message, format, ap);
	va_end(ap);
	if (r < 0)
		message = NULL;

	if (cli->unattended)
		return code;
	if (cli->json) {
		fail_json(name, message ? message : "out of memory", hint);
		return code;
	}
	fflush(stdout);
	pager_close(); /* what it shows comes first */
	if (message)
		text_clean(message);
	fprintf(stderr, CLI_NAME ": %s\n", message ? message : "out of memory");
	/* A message that names the way out itself needs no second one. */
	if (hint && !(message && strstr(message, CLI_NAME " ")))
		fprintf(stderr, "  %s\n", hint);
	return code;
}

enum cli_exit cli_no_memory(const struct cli *cli)
{
	return cli_fail(cli, CLI_FAILED, "NoMemory", NULL, "out of memory");
}

static void say(const char *format, va_list ap) __attribute__((format(printf, 1, 0)));

static void say(const char *format, va_list ap)
{
	char *line;

	if (vasprintf(&line, format, ap) < 0)
		return; /* nothing but this line is lost */
	puts(text_clean(line));
	free(line);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
	va_list ap;

	if (cli->json)
		return;
	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}

static void print_done(const char *key, const char *value)
{
	_cleanup_json_ json_object *document = json_document();

	json_add_bool(document, "done", true);
	if (key)
		json_add_string(document, key, value);
	json_print(document);
}

void cli_done_with(const struct cli *cli, const char *key, const char *value, const char *format,
		   ...)
{
	va_list ap;

	if (cli->json) {
		print_done(key, value);
		return;
	}
	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}

void cli_done(const struct cli *cli, const char *format, ...)
{
	va_list ap;

	if (cli->json) {
		print_done(NULL, NULL);
		return;
	}
	va_start(ap, format);
	say(format, ap);
	va_end(ap);
}
