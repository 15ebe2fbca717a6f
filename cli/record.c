// SPDX-License-Identifier: GPL-2.0-only
/* Reading a session's record. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "cli/bus.h"
#include "cli/record.h"
#include "cli/when.h"
#include "daemon/api/names.h"

#define SUMMARY_MAX (64 * 1024 * 1024) /* a day of events is far below */

DEFINE_CLEANUP(struct json_tokener *, json_tokener_free)

enum cli_exit record_open(struct cli *cli, const char *id, const char *what, int *ret_fd)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	enum cli_exit code = bus_needs_fd(cli);
	int fd;

	if (code == CLI_DONE)
		code = bus_call(cli, &reply, API_ROOT, API_MANAGER, "OpenRecord", "ssa{sv}", id,
				what, 0);
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

long record_read_full(int fd, void *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, (char *)buf + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (long)used;
}

static enum cli_exit broken(struct cli *cli, const char *why)
{
	return cli_fail(cli, CLI_FAILED, "Store", "journalctl -u mnpend tells more",
			"the session's summary did not arrive whole: %s", why);
}

/* One JSON object and nothing behind it; half of one, from a daemon that died, is an error. */
static enum cli_exit read_object(struct cli *cli, int fd, json_object **ret)
{
	_cleanup_(json_tokener_free_cleanup) struct json_tokener *tokener = json_tokener_new();
	_cleanup_free_ char *chunk = malloc(64 * 1024);
	_cleanup_json_ json_object *object = NULL;
	enum json_tokener_error state = json_tokener_continue;
	size_t total = 0;
	long n;

	if (!tokener || !chunk)
		return cli_no_memory(cli);
	while (state == json_tokener_continue &&
	       (n = record_read_full(fd, chunk, 64 * 1024)) != 0) {
		if (n < 0)
			return broken(cli, strerror((int)-n));
		total += (size_t)n;
		if (total > SUMMARY_MAX)
			return broken(cli, "it is larger than 64 MiB");
		object = json_tokener_parse_ex(tokener, chunk, (int)n);
		state = json_tokener_get_error(tokener);
	}
	if (state != json_tokener_success)
		return broken(cli, state == json_tokener_continue ? "the stream ended early"
								  : json_tokener_error_desc(state));
	if (!json_object_is_type(object, json_type_object))
		return broken(cli, "it is not an object");
	*ret = TAKE_PTR(object);
	return CLI_DONE;
}

/* A date is a date, as in the pen's "cartridge", and no number of days since 1970. */
static json_object *with_dates(json_object *summary)
{
	json_object *copy = json_object_new_object();

	json_object_object_foreach(summary, key, value)
	{
		uint64_t days = json_u64(summary, key);
		char date[WHEN_SIZE];

		if (strcmp(key, "cartridge_expires_days") == 0)
			json_add_string(copy, "cartridge_expires",
					days ? when_date(days, date) : NULL);
		else if (strcmp(key, "calibration_due_days") == 0)
			json_add_string(copy, "calibration_due",
					days ? when_date(days, date) : NULL);
		else
			json_add_shared(copy, key, value, NULL);
	}
	return copy;
}

enum cli_exit record_summary(struct cli *cli, const char *id, json_object **ret)
{
	_cleanup_json_ json_object *summary = NULL;
	_cleanup_close_ int fd = -EBADF;
	enum cli_exit code = record_open(cli, id, "summary", &fd);

	if (code == CLI_DONE)
		code = read_object(cli, fd, &summary);
	if (code == CLI_DONE)
		*ret = with_dates(summary);
	return code;
}

enum cli_exit record_check_count(const struct cli *cli, int64_t count, uint64_t promised)
{
	const char *hint = "what came is not complete; run it again, and see journalctl -u mnpend";

	if (count < 0)
		return cli_fail(cli, CLI_FAILED, "Store", hint, "the record broke off: %s",
				count == -EBADMSG ? "it ends within a sample"
						  : strerror((int)-count));
	if ((uint64_t)count < promised)
		return cli_fail(cli, CLI_FAILED, "Store", hint,
				"the record broke off after %" PRIi64 " of %" PRIu64 " samples",
				count, promised);
	return CLI_DONE;
}

uint64_t record_kept(json_object *summary)
{
	/* A daemon that does not say deletes none. */
	return json_u64(summary, json_get(summary, "samples_kept") ? "samples_kept" : "samples");
}
