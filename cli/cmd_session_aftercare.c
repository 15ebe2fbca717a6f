// SPDX-License-Identifier: GPL-2.0-only
/* session aftercare: the card that the client takes home. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/pens.h"
#include "cli/record.h"
#include "cli/report_load.h"
#include "cli/report_model.h"
#include "cli/when.h"

enum card_format {
	CARD_TEXT,
	CARD_PDF,
};

static enum cli_exit parse_suffix(struct cli *cli, const char *path, enum card_format *ret)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash + 1 : path, '.');

	if (strcmp(path, "-") == 0 || (dot && strcasecmp(dot, ".txt") == 0))
		*ret = CARD_TEXT;
	else if (dot && strcasecmp(dot, ".pdf") == 0)
		*ret = CARD_PDF;
	else
		return cli_usage(cli, "the name of the file says what it becomes: .pdf or .txt",
				 "a card cannot be \"%s\"", path);
	return CLI_DONE;
}

/* By the profile as it is now: that is what the next session will be begun by. One that is gone
 * says nothing. */
static enum cli_exit next_window(struct cli *cli, const char *name, struct aftercare *care)
{
	_cleanup_objects_ struct objects objects = {0};
	enum cli_exit code = objects_fetch(cli, &objects);

	for (size_t i = 0; code == CLI_DONE && i < objects.n_profiles; i++) {
		json_object *properties = objects.profiles[i].properties;

		if (strcmp(objects.profiles[i].name, name) != 0)
			continue;
		care->next_min_days =
			MIN(json_u32(properties, "MinIntervalDays"), AFTERCARE_NEXT_DAYS_MAX);
		care->next_max_days =
			MIN(json_u32(properties, "MaxIntervalDays"), AFTERCARE_NEXT_DAYS_MAX);
	}
	return code;
}

enum cli_exit report_card(struct cli *cli, struct report *report, json_object *summary,
			  struct aftercare *ret_care)
{
	_cleanup_free_ char *text = NULL;
	struct aftercare_flaw flaw;
	const char *path;
	enum cli_exit code;

	*ret_care = (struct aftercare){.session = json_string(summary, "id")};
	if (when_read(json_string(summary, "ended"), &ret_care->ended_usec) < 0)
		return cli_fail(cli, CLI_FAILED, "Interlock", "end it first: mnpenctl session end",
				"session %s has not ended: the card's dates count from its end",
				ret_care->session);
	code = aftercare_file(cli, &path, &text);
	if (code == CLI_DONE)
		code = next_window(cli, json_string(summary, "profile"), ret_care);
	if (code != CLI_DONE)
		return code;
	if (aftercare_fill(report, text, ret_care, &flaw) < 0)
		return cli_fail(cli, CLI_FAILED, "File", NULL, "%s:%u: %s", path, flaw.line,
				flaw.what);
	return report->failed ? cli_no_memory(cli) : CLI_DONE;
}

static void add_date(json_object *object, const char *key, const struct aftercare *care,
		     uint32_t days)
{
	char date[AFTERCARE_DATE_SIZE];

	json_add_string(object, key,
			days ? aftercare_iso_after_days(care->ended_usec, days, date) : NULL);
}

static enum cli_exit print_json(struct cli *cli, const struct report *report, json_object *summary,
				const struct aftercare *care)
{
	_cleanup_json_ json_object *document = json_document();
	json_object *card = json_object_new_object();
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	json_object_object_add(document, "aftercare", card);
	if (!stream)
		return cli_no_memory(cli);
	aftercare_print(report, stream);
	if (fclose(stream) != 0)
		return cli_no_memory(cli);
	json_add_string(card, "session", care->session);
	json_add_shared(card, "ended", json_get(summary, "ended"), NULL);
	add_date(card, "next_from", care, care->next_min_days);
	add_date(card, "next_until", care, care->next_max_days);
	json_add_string(card, "text", text);
	json_print(document);
	return CLI_DONE;
}

static enum cli_exit save(struct cli *cli, const struct report *report, enum card_format format,
			  const char *path)
{
	struct report_drawing drawing;
	struct output output;
	enum cli_exit code = format == CARD_PDF ? report_load(cli, &drawing) : CLI_DONE;

	if (code == CLI_DONE)
		code = output_create(cli, &output, path);
	if (code != CLI_DONE)
		return code;
	if (format == CARD_TEXT)
		aftercare_print(report, output.stream);
	else
		code = report_draw_error(cli,
					 drawing.draw_card(report, &report_a4, output.stream, NULL),
					 output.stream);
	if (code != CLI_DONE) {
		output_abort(&output);
		return code;
	}
	code = output_commit(cli, &output);
	if (code == CLI_DONE)
		cli_done_with(cli, "file", path, "%s is written", path);
	return code;
}

static enum cli_exit give(struct cli *cli, const struct report *report, json_object *summary,
			  const struct aftercare *care, enum card_format format, const char *path)
{
	if (path && strcmp(path, "-") != 0)
		return save(cli, report, format, path);
	if (cli->json)
		return print_json(cli, report, summary, care);
	aftercare_print(report, stdout);
	return CLI_DONE;
}

enum cli_exit cmd_session_aftercare(struct cli *cli, const struct args *args)
{
	_cleanup_(report_free) struct report report = {.title = "Aftercare"};
	_cleanup_json_ json_object *summary = NULL;
	const char *path = args->value[OPT_OUTPUT];
	enum card_format format = CARD_TEXT;
	struct aftercare care;
	enum cli_exit code = path ? parse_suffix(cli, path, &format) : CLI_DONE;

	if (code == CLI_DONE && path)
		code = file_is_new(cli, path);
	if (code == CLI_DONE)
		code = record_summary(cli, args->operands[0], &summary);
	if (code == CLI_DONE)
		code = report_card(cli, &report, summary, &care);
	if (code != CLI_DONE)
		return code;
	report.id = care.session;
	return give(cli, &report, summary, &care, format, path);
}
