// SPDX-License-Identifier: GPL-2.0-only
/* record: a pen's raw traffic into a file, for "mnpen-gadget --replay" and for Wireshark. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/pens.h"
#include "cli/recording.h"
#include "cli/term.h"
#include "daemon/api/names.h"
#include "driver/base/cleanup.h"

#define SECONDS_MAX 86400
#define PING_USEC 2000000ULL

struct record {
	struct cli *cli;
	const char *file; /* "-" = standard output */
	bool scrub;
	char *path; /* of the pen */
	char *serial;
	struct recording recording;
};

static bool to_stdout(const struct record *r)
{
	return strcmp(r->file, "-") == 0;
}

/* What people read goes beside the data. */
static FILE *words(const struct record *r)
{
	return to_stdout(r) ? stderr : stdout;
}

/* ---- from where and whereto ---- */

static enum cli_exit open_file(struct record *r)
{
	int error;

	if (to_stdout(r) && r->cli->json)
		return cli_usage(r->cli, "name a file",
				 "with --json there is no recording on standard output");
	if (to_stdout(r) && isatty(STDOUT_FILENO))
		return cli_usage(r->cli, "name a file, or send it on: record - | tshark -r -",
				 "a recording is no text for a terminal");
	error = to_stdout(r) ? capture_file_use(&r->recording.file, STDOUT_FILENO)
			     : capture_file_create(&r->recording.file, r->file);
	if (error == -EEXIST)
		return cli_fail(r->cli, CLI_FAILED, "File",
				"take another name, or remove it if nobody needs it",
				"%s is there already, and no recording is written over", r->file);
	if (error < 0)
		return cli_fail(r->cli, CLI_FAILED, "File", NULL, "cannot write %s: %s", r->file,
				strerror(-error));
	return CLI_DONE;
}

static enum cli_exit open_capture(struct record *r)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	enum cli_exit code =
		bus_call(r->cli, &reply, r->path, API_PEN, "OpenCapture", "b", (int)r->scrub);
	int fd, error;

	if (code != CLI_DONE)
		return code;
	error = sd_bus_message_read(reply, "h", &fd);
	if (error >= 0) {
		r->recording.capture_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		error = r->recording.capture_fd < 0 ? -errno : 0;
	}
	if (error < 0)
		return cli_fail(r->cli, CLI_FAILED, "Failed", NULL, "mnpend gave no capture: %s",
				strerror(-error));
	return CLI_DONE;
}

/* ---- what is told ---- */

static void tell_begin(const struct record *r)
{
	if (r->cli->json)
		return;
	fprintf(words(r), "recording %s%s%s; q or Ctrl-C ends it\n%s\n", r->serial,
		to_stdout(r) ? "" : " into ", to_stdout(r) ? "" : r->file,
		r->scrub ? "serial, cartridge and tokens are replaced by pseudonyms"
			 : "NOT SCRUBBED: serial, cartridge and tokens stand in it as they are");
	fflush(words(r));
}

static void tell_counts(const struct record *r)
{
	const struct capture_counts *c = &r->recording.counts;
	_cleanup_json_ json_object *document = NULL;

	if (!r->cli->json) {
		fprintf(words(r),
			"%s: %" PRIu64 ".%" PRIu64 " s, %" PRIu64 " transfers, %" PRIu64
			" samples, %" PRIu64 " events lost\n",
			r->file, capture_msec(c) / 1000, capture_msec(c) / 100 % 10, c->transfers,
			c->samples, c->lost);
		return;
	}
	document = json_document();
	json_add_bool(document, "done", true);
	json_add_string(document, "pen", r->serial);
	json_add_string(document, "file", r->file);
	json_add_bool(document, "scrubbed", r->scrub);
	json_add_u64(document, "transfers", c->transfers);
	json_add_u64(document, "samples", c->samples);
	json_add_u64(document, "duration_ms", capture_msec(c));
	json_add_u64(document, "lost", c->lost);
	json_print(document);
}

/* It hung up: on the pen's end, or on its own. Only one of them answers. */
static bool daemon_answers(struct cli *cli)
{
	_cleanup_message_ sd_bus_message *call = NULL;

	return sd_bus_message_new_method_call(cli->bus, &call, API_BUS_NAME, API_ROOT,
					      "org.freedesktop.DBus.Peer", "Ping") >= 0 &&
	       sd_bus_call(cli->bus, call, PING_USEC, NULL, NULL) >= 0;
}

static enum cli_exit tell_unwritten(const struct record *r)
{
	const char *hint = "what was written until then can be replayed";

	if (r->recording.cut_error == -ENOTSUP)
		hint = "its last event may be there in part: a replay says so, and plays the "
		       "others";
	else if (r->recording.cut_error < 0)
		hint = "its last event is there in part, and could not be cut off: a replay says "
		       "so, and plays the others";
	return cli_fail(r->cli, CLI_FAILED, "File", hint, "cannot write %s: %s", r->file,
			strerror(-r->recording.error));
}

static enum cli_exit tell_end(struct record *r)
{
	struct cli *cli = r->cli;

	/* With --json the error is the one document. And what was not written does not count. */
	if (r->recording.end == RECORD_QUIT || (!cli->json && r->recording.end != RECORD_UNWRITTEN))
		tell_counts(r);
	switch (r->recording.end) {
	case RECORD_RUNS:
	case RECORD_QUIT:
		return CLI_DONE;
	case RECORD_ENDED:
		if (daemon_answers(cli))
			return cli_fail(cli, CLI_FAILED, "Disconnected",
					"what was recorded until then is in the file", "%s is gone",
					r->serial);
		return cli_fail(cli, CLI_FAILED, "NoDaemon",
				"what was recorded until then is in the file",
				"mnpend has left the bus");
	case RECORD_UNWRITTEN:
		return tell_unwritten(r);
	case RECORD_BROKEN:
		return cli_fail(cli, CLI_FAILED, "Failed", NULL, "the recording broke off: %s",
				r->recording.error == -EBADMSG ? "what mnpend sends is no capture"
							       : strerror(-r->recording.error));
	}
	return CLI_FAILED;
}

/* ---- all of it ---- */

static enum cli_exit run(struct record *r, uint64_t seconds)
{
	int error = recording_prepare(&r->recording, seconds);

	if (error >= 0) {
		tell_begin(r);
		recording_run(&r->recording);
	}
	term_keys_off();
	if (error < 0)
		return cli_fail(r->cli, CLI_FAILED, "Failed", NULL, "cannot record: %s",
				strerror(-error));
	return tell_end(r);
}

static enum cli_exit parse_seconds(struct cli *cli, const char *text, uint64_t *ret)
{
	unsigned long long value;
	char *end;

	if (!text)
		return CLI_DONE;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || value < 1 || value > SECONDS_MAX)
		return cli_usage(cli, "leave it out and end with q or Ctrl-C",
				 "--seconds \"%s\" is not a number from 1 to %d", text,
				 SECONDS_MAX);
	*ret = value;
	return CLI_DONE;
}

static enum cli_exit record(struct record *r, const struct args *args)
{
	uint64_t seconds = 0;
	enum cli_exit code = parse_seconds(r->cli, args->value[OPT_SECONDS], &seconds);

	if (code == CLI_DONE)
		code = bus_needs_fd(r->cli);
	if (code == CLI_DONE)
		code = pens_path(r->cli, args->n_operands > 1 ? args->operands[0] : NULL, &r->path,
				 &r->serial);
	if (code == CLI_DONE)
		code = open_file(r);
	if (code != CLI_DONE)
		return code;
	code = open_capture(r);
	if (code != CLI_DONE && !to_stdout(r))
		(void)unlink(r->file); /* ours, and empty */
	return code == CLI_DONE ? run(r, seconds) : code;
}

enum cli_exit cmd_record(struct cli *cli, const struct args *args)
{
	struct record r = {
		.cli = cli,
		.file = args->operands[args->n_operands - 1],
		.scrub = !args->value[OPT_NO_SCRUB],
		.recording = {.capture_fd = -EBADF},
	};
	enum cli_exit code = record(&r, args);

	recording_free(&r.recording);
	free(r.path);
	free(r.serial);
	return code;
}
