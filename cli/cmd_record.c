// SPDX-License-Identifier: GPL-2.0-only
/*
 * record: a pen's raw traffic into a file, for "mnpen-gadget --replay" and for Wireshark.
 *
 * Straight into the file and in whole blocks, so that a recording that was cut off, however that
 * happened, is a recording up to there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "cli/bus.h"
#include "cli/capture.h"
#include "cli/commands.h"
#include "cli/pens.h"
#include "cli/term.h"
#include "daemon/api/names.h"
#include "driver/base/clock.h"
#include "driver/uapi/capture.h"

#define BUFFER_SIZE 262144
#define SECONDS_MAX 86400
#define PING_USEC 2000000ULL

enum record_end {
	RECORD_RUNS,
	RECORD_QUIT,	  /* q, a signal, or the time is over */
	RECORD_ENDED,	  /* the daemon hung up: the pen is gone, or the daemon is */
	RECORD_UNWRITTEN, /* @error of the file */
	RECORD_BROKEN,	  /* @error of anything else */
};

struct recording {
	struct cli *cli;
	const char *file; /* "-" = standard output */
	char *path;	  /* of the pen */
	char *serial;
	int file_fd;
	int capture_fd;
	sd_event *event;
	struct capture_counts counts;
	enum record_end end;
	int error;
	size_t used;
	uint8_t buffer[BUFFER_SIZE];
};

static bool to_stdout(const struct recording *r)
{
	return strcmp(r->file, "-") == 0;
}

/* What people read goes beside the data. */
static FILE *words(const struct recording *r)
{
	return to_stdout(r) ? stderr : stdout;
}

static void stop(struct recording *r, enum record_end end, int error)
{
	if (r->end != RECORD_RUNS)
		return;
	r->end = end;
	r->error = error;
}

/* ---- the data ---- */

static int write_all(int fd, const uint8_t *data, size_t len)
{
	off_t begin = lseek(fd, 0, SEEK_CUR);

	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = errno;

			/* no half of a block at the end */
			if (begin >= 0 && ftruncate(fd, begin) < 0)
				return -error;
			return -error;
		}
		done += (size_t)n;
	}
	return 0;
}

static void flush(struct recording *r)
{
	int error = write_all(r->file_fd, r->buffer, r->used);

	r->used = 0;
	if (error < 0)
		stop(r, RECORD_UNWRITTEN, error);
}

/* Return: whether there may be more. */
static bool take_block(struct recording *r)
{
	ssize_t n;

	if (sizeof(r->buffer) - r->used < MNPEN_CAPTURE_BLOCK_MAX)
		flush(r);
	n = recv(r->capture_fd, r->buffer + r->used, sizeof(r->buffer) - r->used, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n < 0)
		stop(r, RECORD_BROKEN, -errno);
	else if (n == 0)
		stop(r, RECORD_ENDED, 0);
	else if (capture_count(&r->counts, r->buffer + r->used, (size_t)n) < 0)
		stop(r, RECORD_BROKEN, -EBADMSG);
	else
		r->used += (size_t)n;
	return r->end == RECORD_RUNS;
}

static int on_capture(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct recording *r = userdata;

	while (take_block(r))
		;
	flush(r);
	return 0;
}

/* ---- what ends it ---- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	stop(userdata, RECORD_QUIT, 0);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
	stop(userdata, RECORD_QUIT, 0);
	return 0;
}

static int on_key(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	char keys[64];
	ssize_t n = read(fd, keys, sizeof(keys));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0 || memchr(keys, 'q', (size_t)n) || memchr(keys, 'Q', (size_t)n))
		stop(userdata, RECORD_QUIT, 0);
	return 0;
}

static int watch(struct recording *r, uint64_t seconds)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
	sigset_t set;
	int error;

	signal(SIGPIPE, SIG_IGN); /* a write says EPIPE */
	sigemptyset(&set);
	for (size_t i = 0; i < ELEMENTSOF(signals); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	error = sd_event_new(&r->event);
	for (size_t i = 0; error >= 0 && i < ELEMENTSOF(signals); i++)
		error = sd_event_add_signal(r->event, NULL, signals[i], on_signal, r);
	if (error >= 0)
		error = sd_event_add_io(r->event, NULL, r->capture_fd, EPOLLIN, on_capture, r);
	if (error >= 0 && seconds)
		error = sd_event_add_time_relative(r->event, NULL, CLOCK_BOOTTIME,
						   seconds * USEC_PER_SEC, 1000, on_time, r);
	if (error >= 0 && term_keys_on())
		error = sd_event_add_io(r->event, NULL, STDIN_FILENO, EPOLLIN, on_key, r);
	return error;
}

/* ---- the file ---- */

static enum cli_exit open_file(struct recording *r)
{
	if (to_stdout(r) && r->cli->json)
		return cli_usage(r->cli, "name a file",
				 "with --json there is no recording on "
				 "standard output");
	if (to_stdout(r) && isatty(STDOUT_FILENO))
		return cli_usage(r->cli, "name a file, or send it on: record - | tshark -r -",
				 "a recording is no text for a terminal");
	if (to_stdout(r)) {
		r->file_fd = STDOUT_FILENO;
		return CLI_DONE;
	}
	r->file_fd = open(r->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (r->file_fd >= 0)
		return CLI_DONE;
	if (errno == EEXIST)
		return cli_fail(r->cli, CLI_FAILED, "File",
				"take another name, or remove it if nobody needs it",
				"%s is there already, and no recording is written over", r->file);
	return cli_fail(r->cli, CLI_FAILED, "File", NULL, "cannot write %s: %s", r->file,
			strerror(errno));
}

static enum cli_exit open_capture(struct recording *r, bool scrub)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	enum cli_exit code =
		bus_call(r->cli, &reply, r->path, API_PEN, "OpenCapture", "b", (int)scrub);
	int fd, error;

	if (code != CLI_DONE)
		return code;
	error = sd_bus_message_read(reply, "h", &fd);
	if (error >= 0) {
		r->capture_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		error = r->capture_fd < 0 ? -errno : 0;
	}
	if (error < 0)
		return cli_fail(r->cli, CLI_FAILED, "Failed", NULL, "mnpend gave no capture: %s",
				strerror(-error));
	return CLI_DONE;
}

/* ---- what is told ---- */

static void tell_begin(const struct recording *r, bool scrub)
{
	if (r->cli->json)
		return;
	fprintf(words(r), "recording %s%s%s; q or Ctrl-C ends it\n%s\n", r->serial,
		to_stdout(r) ? "" : " into ", to_stdout(r) ? "" : r->file,
		scrub ? "serial, cartridge and tokens are replaced by pseudonyms"
		      : "NOT SCRUBBED: serial, cartridge and tokens stand in it as they are");
	fflush(words(r));
}

static void tell_counts(const struct recording *r, bool scrub)
{
	const struct capture_counts *c = &r->counts;
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
	json_add_bool(document, "scrubbed", scrub);
	json_add_u64(document, "transfers", c->transfers);
	json_add_u64(document, "samples", c->samples);
	json_add_u64(document, "msec", capture_msec(c));
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

static enum cli_exit tell_end(struct recording *r, bool scrub)
{
	struct cli *cli = r->cli;

	/* With --json the error is the one document. */
	if (r->end == RECORD_QUIT || !cli->json)
		tell_counts(r, scrub);
	switch (r->end) {
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
		return cli_fail(cli, CLI_FAILED, "File",
				"what was written until then can be replayed",
				"cannot write %s: %s", r->file, strerror(-r->error));
	case RECORD_BROKEN:
		return cli_fail(cli, CLI_FAILED, "Failed", NULL, "the recording broke off: %s",
				r->error == -EBADMSG ? "what mnpend sends is no capture"
						     : strerror(-r->error));
	}
	return CLI_FAILED;
}

/* ---- all of it ---- */

static enum cli_exit run(struct recording *r, bool scrub, uint64_t seconds)
{
	int error = watch(r, seconds);

	if (error >= 0) {
		tell_begin(r, scrub);
		while (error >= 0 && r->end == RECORD_RUNS)
			error = sd_event_run(r->event, UINT64_MAX);
	}
	/* what had come when it was ended belongs to it */
	if (r->end == RECORD_QUIT) {
		r->end = RECORD_RUNS;
		(void)on_capture(NULL, r->capture_fd, 0, r);
		stop(r, RECORD_QUIT, 0);
	}
	if (error < 0)
		stop(r, RECORD_BROKEN, error);
	term_keys_off();
	return tell_end(r, scrub);
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

static enum cli_exit record(struct recording *r, const struct args *args)
{
	bool scrub = !args->value[OPT_NO_SCRUB];
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
	code = open_capture(r, scrub);
	if (code != CLI_DONE && !to_stdout(r))
		(void)unlink(r->file); /* ours, and empty */
	return code == CLI_DONE ? run(r, scrub, seconds) : code;
}

enum cli_exit cmd_record(struct cli *cli, const struct args *args)
{
	struct recording *r = calloc(1, sizeof(*r));
	enum cli_exit code;

	if (!r)
		return cli_no_memory(cli);
	r->cli = cli;
	r->file = args->operands[args->n_operands - 1];
	r->file_fd = r->capture_fd = -EBADF;
	code = record(r, args);
	sd_event_unref(r->event);
	close_fd(r->capture_fd);
	if (!to_stdout(r))
		close_fd(r->file_fd);
	free(r->path);
	free(r->serial);
	free(r);
	return code;
}
