// SPDX-License-Identifier: GPL-2.0-only
/*
 * session export: every sample, in constant memory.
 *
 * A pipe whose writer died ends like one that is complete. So the summary is read first: the
 * stream must hold at least the samples that it promises.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/record.h"
#include "cli/samples.h"

#define BATCH 1024 /* records a read */

enum export_format {
	EXPORT_CSV,
	EXPORT_JSON,
};

static enum cli_exit parse_format(struct cli *cli, const char *text, enum export_format *ret)
{
	if (strcmp(text, "csv") == 0)
		*ret = EXPORT_CSV;
	else if (strcmp(text, "json") == 0)
		*ret = EXPORT_JSON;
	else
		return cli_usage(cli, "--format csv or --format json", "there is no format \"%s\"",
				 text);
	return CLI_DONE;
}

static void write_row(FILE *stream, enum export_format format, const struct sample_row *row,
		      bool first)
{
	switch (format) {
	case EXPORT_CSV:
		samples_csv_row(stream, row);
		break;
	case EXPORT_JSON:
		fputs(first ? "\n{" : ",\n{", stream);
		samples_json_members(stream, row);
		fputc('}', stream);
		break;
	}
}

/* Return: records written, or negative errno of the stream; -EBADMSG: it ends within a record */
static int64_t copy_rows(int fd, FILE *stream, enum export_format format)
{
	_cleanup_free_ uint8_t *batch = malloc(BATCH * MNPEN_TELEMETRY_SIZE);
	struct sample_row row;
	int64_t count = 0;
	long n;

	if (!batch)
		return -ENOMEM;
	while ((n = record_read_full(fd, batch, BATCH * MNPEN_TELEMETRY_SIZE)) > 0) {
		for (long at = 0; at + MNPEN_TELEMETRY_SIZE <= n; at += MNPEN_TELEMETRY_SIZE) {
			samples_decode(&row, batch + at);
			write_row(stream, format, &row, count == 0);
			count++;
		}
		if (n % MNPEN_TELEMETRY_SIZE != 0)
			return -EBADMSG;
		if (ferror(stream))
			break; /* output_commit() tells */
	}
	return n < 0 ? n : count;
}

/* An export of nothing, or of what a deletion has not come to yet, would look like a session in
 * which no more was done. */
static enum cli_exit check_kept(struct cli *cli, json_object *summary)
{
	json_object *pruned = json_get(summary, "samples_pruned");

	if (!pruned && (json_u64(summary, "samples") == 0 || record_kept(summary) > 0))
		return CLI_DONE;
	return cli_fail(cli, CLI_FAILED, "Store",
			"session report draws what is kept, a row for each 100 ms; a backup from "
			"before may hold the samples",
			"the %" PRIu64
			" samples of this session were deleted%s%s, when KeepSamples "
			"was over",
			json_u64(summary, "samples"), pruned ? ", from " : "",
			pruned ? json_object_get_string(pruned) : "");
}

static enum cli_exit write_all(struct cli *cli, FILE *stream, enum export_format format,
			       const char *id)
{
	_cleanup_json_ json_object *summary = NULL;
	_cleanup_close_ int fd = -EBADF;
	enum cli_exit code = record_summary(cli, id, &summary);
	struct cli begun = *cli;
	int64_t count;

	if (code == CLI_DONE)
		code = check_kept(cli, summary);
	if (code == CLI_DONE)
		code = record_open(cli, id, "samples", &fd);
	if (code != CLI_DONE)
		return code;
	if (format == EXPORT_CSV)
		samples_csv_header(stream);
	else
		fprintf(stream, "{\"schema\":1,\"session\":%s,\"rows\":[",
			json_object_to_json_string_ext(
				summary, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	count = copy_rows(fd, stream, format);
	if (ferror(stream))
		return CLI_DONE; /* output_commit() tells; what was left unread is no news */
	/* half a document lies on stdout: an error document behind it would mend nothing */
	begun.json = cli->json && stream != stdout;
	code = record_check_count(&begun, count, record_kept(summary));
	if (code == CLI_DONE && format == EXPORT_JSON)
		fputs("\n]}\n", stream);
	return code;
}

enum cli_exit cmd_session_export(struct cli *cli, const struct args *args)
{
	const char *path = args->value[OPT_OUTPUT];
	bool to_stdout = !path || strcmp(path, "-") == 0;
	enum export_format format = EXPORT_CSV;
	struct output output;
	enum cli_exit code = parse_format(cli, args->value[OPT_FORMAT], &format);

	if (code != CLI_DONE)
		return code;
	if (cli->json && format == EXPORT_CSV && to_stdout)
		return cli_usage(cli, "use --format json, or -o FILE",
				 "with --json there is no CSV on standard output");
	code = output_open(cli, &output, path);
	if (code != CLI_DONE)
		return code;
	code = write_all(cli, output.stream, format, args->operands[0]);
	if (code != CLI_DONE) {
		output_abort(&output);
		return code;
	}
	code = output_commit(cli, &output);
	if (code == CLI_DONE && !to_stdout)
		cli_done_with(cli, "file", path, "%s is written", path);
	return code;
}
