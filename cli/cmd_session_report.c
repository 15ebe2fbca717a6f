// SPDX-License-Identifier: GPL-2.0-only
/* session report: the record of a session as a document. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "cli/commands.h"
#include "cli/files.h"
#include "cli/record.h"
#include "cli/report_load.h"
#include "cli/report_model.h"

static void input_free(struct report_input **input)
{
	if (*input)
		report_free(&(*input)->report);
	free(*input);
}

static enum cli_exit parse_suffix(struct cli *cli, const char *path, enum report_format *ret)
{
	static const char *const suffixes[] = {
		[REPORT_PDF] = ".pdf", [REPORT_SVG] = ".svg", [REPORT_PNG] = ".png"};
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash + 1 : path, '.');

	for (size_t i = 0; dot && i < ELEMENTSOF(suffixes); i++) {
		if (strcasecmp(dot, suffixes[i]) != 0)
			continue;
		*ret = (enum report_format)i;
		return CLI_DONE;
	}
	return cli_usage(cli, "the name of the file says what it becomes: .pdf, .svg or .png",
			 "a report cannot be \"%s\"", path);
}

enum cli_exit report_draw_error(struct cli *cli, int error, FILE *stream)
{
	if (error == -ENOMEM)
		return cli_no_memory(cli);
	if (error < 0 && !ferror(stream))
		return cli_fail(cli, CLI_FAILED, "Failed", "is there a font? fc-list tells",
				"the document cannot be drawn");
	return CLI_DONE;
}

/* A report is there also where the card cannot be: it says why not. */
static void add_card(struct cli *cli, struct report_input *input)
{
	struct cli silent = *cli;
	struct report_line *line;
	struct aftercare care;

	if (!json_get(input->summary, "ended"))
		return;
	silent.unattended = true;
	if (report_card(&silent, &input->report, input->summary, &care) == CLI_DONE)
		return;
	input->report.n_card = 0;
	line = report_add(&input->report, notes);
	if (line)
		*line = (struct report_line){
			REPORT_PARAGRAPH,
			"There is no aftercare card: \"mnpenctl session aftercare\" tells why.",
		};
}

static enum cli_exit fill(struct cli *cli, const char *id, struct report_input *input)
{
	enum cli_exit code;

	report_model_times(input);
	code = report_read(cli, id, input);
	if (code != CLI_DONE)
		return code;
	report_model_texts(input);
	add_card(cli, input);
	return input->report.failed ? cli_no_memory(cli) : CLI_DONE;
}

static enum cli_exit save(struct cli *cli, const struct report *report, enum report_format format,
			  const char *path)
{
	struct report_drawing drawing;
	struct output output;
	enum cli_exit code = report_load(cli, &drawing);
	int r;

	if (code == CLI_DONE)
		code = output_create(cli, &output, path);
	if (code != CLI_DONE)
		return code;
	r = drawing.draw(report, format, &report_a4, output.stream, NULL);
	code = report_draw_error(cli, r, output.stream);
	if (code != CLI_DONE) {
		output_abort(&output);
		return code;
	}
	code = output_commit(cli, &output);
	if (code == CLI_DONE)
		cli_done_with(cli, "file", path, "%s is written", path);
	return code;
}

enum cli_exit cmd_session_report(struct cli *cli, const struct args *args)
{
	_cleanup_(input_free) struct report_input *input = calloc(1, sizeof(*input));
	_cleanup_json_ json_object *summary = NULL;
	const char *path = args->value[OPT_OUTPUT];
	enum report_format format = REPORT_PDF;
	enum cli_exit code = parse_suffix(cli, path, &format);

	if (code == CLI_DONE && !input)
		return cli_no_memory(cli);
	if (code == CLI_DONE)
		code = file_is_new(cli, path);
	if (code == CLI_DONE)
		code = record_summary(cli, args->operands[0], &summary);
	if (code != CLI_DONE)
		return code;
	input->summary = summary;
	code = fill(cli, args->operands[0], input);
	return code == CLI_DONE ? save(cli, &input->report, format, path) : code;
}
