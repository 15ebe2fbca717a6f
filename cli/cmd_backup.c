// SPDX-License-Identifier: GPL-2.0-only
/*
 * backup: the whole database into a file.
 *
 * A pipe whose writer died ends like one that is complete. But the head of an SQLite file says how
 * large the file is, and that is what must have arrived.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/record.h"
#include "daemon/api/names.h"

#define CHUNK (256 * 1024)
/* A large database on a slow disk; a daemon that dies ends the wait at once. */
#define COPY_TIMEOUT_USEC (3600 * 1000000ULL)

/* https://www.sqlite.org/fileformat.html; numbers are big-endian */
#define HEAD_MAGIC "SQLite format 3"
#define HEAD_PAGE_SIZE 16 /* u16, 1 = 65536 */
#define HEAD_PAGES 28	  /* u32 */
#define HEAD_SIZE 100

/* How large the file is by its own word; 0: it is none. */
static uint64_t promised_size(const uint8_t *head, size_t len)
{
	uint64_t page_size, pages;

	if (len < HEAD_SIZE || memcmp(head, HEAD_MAGIC, sizeof(HEAD_MAGIC)) != 0)
		return 0;
	page_size = (uint64_t)head[HEAD_PAGE_SIZE] << 8 | head[HEAD_PAGE_SIZE + 1];
	pages = (uint64_t)head[HEAD_PAGES] << 24 | (uint64_t)head[HEAD_PAGES + 1] << 16 |
		(uint64_t)head[HEAD_PAGES + 2] << 8 | head[HEAD_PAGES + 3];
	return pages * (page_size == 1 ? 65536 : page_size);
}

static enum cli_exit broken(struct cli *cli, uint64_t bytes, uint64_t promised)
{
	const char *hint = "ask again; journalctl -u mnpend tells more";

	if (!promised)
		return cli_fail(cli, CLI_FAILED, "Store", hint,
				"the backup did not arrive whole: %" PRIu64
				" bytes that are no database",
				bytes);
	return cli_fail(cli, CLI_FAILED, "Store", hint,
			"the backup did not arrive whole: %" PRIu64 " of %" PRIu64 " bytes", bytes,
			promised);
}

static enum cli_exit copy(struct cli *cli, int fd, FILE *stream, uint64_t *ret_bytes)
{
	_cleanup_free_ uint8_t *chunk = malloc(CHUNK);
	uint64_t bytes = 0, promised = 0;
	long n;

	if (!chunk)
		return cli_no_memory(cli);
	while ((n = record_read_full(fd, chunk, CHUNK)) > 0) {
		if (bytes == 0)
			promised = promised_size(chunk, (size_t)n);
		if (fwrite(chunk, 1, (size_t)n, stream) < (size_t)n)
			return CLI_DONE; /* output_commit() tells */
		bytes += (uint64_t)n;
	}
	if (n < 0)
		return cli_fail(cli, CLI_FAILED, "Store", NULL, "the backup broke off: %s",
				strerror((int)-n));
	*ret_bytes = bytes;
	return promised && bytes == promised ? CLI_DONE : broken(cli, bytes, promised);
}

static enum cli_exit open_backup(struct cli *cli, int *ret_fd)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	enum cli_exit code = bus_prepare(cli, API_ROOT, API_MANAGER, "Backup", &call);
	int fd;

	if (code == CLI_DONE)
		code = bus_send(cli, call, COPY_TIMEOUT_USEC, &reply);
	if (code != CLI_DONE)
		return code;
	if (sd_bus_message_read(reply, "h", &fd) < 0)
		return cli_fail(cli, CLI_FAILED, "Failed", NULL, "mnpend gave no stream");
	fd = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* the message keeps its own */
	if (fd < 0)
		return cli_fail(cli, CLI_FAILED, "Failed", NULL, "cannot keep the stream: %s",
				strerror(errno));
	*ret_fd = fd;
	return CLI_DONE;
}

static enum cli_exit check_target(struct cli *cli, bool to_stdout)
{
	enum cli_exit code = bus_needs_fd(cli);

	if (code != CLI_DONE || !to_stdout)
		return code;
	if (cli->json)
		return cli_usage(cli, "name a file",
				 "with --json there is no backup on standard output");
	if (isatty(STDOUT_FILENO))
		return cli_usage(cli, "name a file, or send it on: backup - | gpg -e -r KEY > FILE",
				 "a backup is no text for a terminal");
	return CLI_DONE;
}

static void tell(struct cli *cli, const char *file, uint64_t bytes)
{
	_cleanup_json_ json_object *document = NULL;

	cli_say(cli, "%s is written, %" PRIu64 " bytes", file, bytes);
	if (!cli->json)
		return;
	document = json_document();
	json_add_bool(document, "done", true);
	json_add_string(document, "file", file);
	json_add_u64(document, "bytes", bytes);
	json_print(document);
}

enum cli_exit cmd_backup(struct cli *cli, const struct args *args)
{
	const char *file = args->operands[0];
	bool to_stdout = strcmp(file, "-") == 0;
	_cleanup_close_ int fd = -EBADF;
	struct output output;
	uint64_t bytes = 0;
	enum cli_exit code = check_target(cli, to_stdout);

	if (code == CLI_DONE)
		code = output_create(cli, &output, file);
	if (code != CLI_DONE)
		return code;
	code = open_backup(cli, &fd);
	if (code == CLI_DONE)
		code = copy(cli, fd, output.stream, &bytes);
	if (code != CLI_DONE) {
		output_abort(&output);
		return code;
	}
	code = output_commit(cli, &output);
	if (code == CLI_DONE && !to_stdout)
		tell(cli, file, bytes);
	return code;
}
