// SPDX-License-Identifier: GPL-2.0-only
/* The manager's methods that read what is on disk: all of them wait for the store's reader. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/bus/parts.h"

static int refuse_store(struct refusal *refusal, const char *id, int error)
{
	if (error == -ENOENT)
		return refuse(refusal, REFUSAL_NO_SUCH_SESSION,
			      "no session '%.64s'; 'mnpenctl session list' shows those there are",
			      id);
	if (error == -EAGAIN)
		return refuse(refusal, REFUSAL_BUSY,
			      "too many readers are waiting for records; ask again later");
	return refuse(refusal, REFUSAL_STORE, "the records cannot be read: %s",
		      strerrordesc_np(-error));
}

/* ---- ListSessions ---- */

static int append_row(sd_bus_message *reply, const struct store_row *row)
{
	const struct {
		const char *key, *value;
	} texts[] = {
		{"id", row->id},	   {"pen", row->pen},
		{"profile", row->profile}, {"area", row->area},
		{"client", row->client},   {"operator", row->operator_name},
		{"outcome", row->outcome}, {"cartridge_lot", row->cartridge_lot},
	};
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{"started_usec", row->started_wall_usec},
		{"ended_usec", row->ended_wall_usec},
		{"samples", row->samples},
		{"gaps", row->gaps},
		{"strokes", row->strokes},
		{"run_ms", row->run_ms},
	};
	int r = sd_bus_message_open_container(reply, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++)
		r = dict_s(reply, texts[i].key, texts[i].value);
	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(numbers); i++)
		r = dict_t(reply, numbers[i].key, numbers[i].value);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void on_listed(void *userdata, int result, const struct store_row *rows, size_t n_rows,
		      const char *cursor)
{
	struct request *request = userdata;
	sd_bus_message *reply = NULL;
	struct refusal refusal;
	int r;

	if (result < 0) {
		refuse_store(&refusal, "", result);
		request_refuse(request, &refusal);
		return;
	}
	r = sd_bus_message_new_method_return(request->message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "a{sv}");
	for (size_t i = 0; r >= 0 && i < n_rows; i++)
		r = append_row(reply, &rows[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = append_text(reply, cursor);
	request_reply(request, reply, r);
}

static int run_list(struct request *request, struct refusal *refusal)
{
	struct store_filter filter = {0};
	int open_only = 0;
	const struct dict_key keys[] = {
		{"client", 's', &filter.client}, {"lot", 's', &filter.lot},
		{"pen", 's', &filter.pen},	 {"since_usec", 't', &filter.since_wall_usec},
		{"open", 'b', &open_only},
	};
	const char *cursor;
	uint32_t count;
	int r = dict_read(request->message, keys, ELEMENTSOF(keys), refusal);

	if (r >= 0)
		r = sd_bus_message_read(request->message, "su", &cursor, &count);
	if (r < 0)
		return r;
	filter.open_only = open_only;
	if (count < 1 || count > STORE_LIST_MAX)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "a list of %u sessions; allowed: 1 to %d at a time", count,
			      STORE_LIST_MAX);
	if (filter.client && !client_id_valid(filter.client))
		return refuse_client_id(refusal);
	r = store_list(station_store(request->bus->station), &filter, cursor, count, on_listed,
		       request);
	if (r == -EINVAL)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "'%.64s' is no cursor of a list; use \"\" or what the last call "
			      "returned",
			      cursor);
	return r < 0 ? refuse_store(refusal, "", r) : 0;
}

int on_list_sessions(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_READ_RECORDS, NULL, run_list);
}

/* ---- OpenRecord ---- */

static int what_parse(const char *name, enum store_what *ret)
{
	static const struct {
		const char *name;
		enum store_what what;
	} all[] = {
		{"samples", STORE_SAMPLES},
		{"events", STORE_EVENTS},
		{"summary", STORE_SUMMARY},
	};

	for (size_t i = 0; i < ELEMENTSOF(all); i++) {
		if (strcmp(all[i].name, name) != 0)
			continue;
		*ret = all[i].what;
		return 0;
	}
	return -EINVAL;
}

static int read_arguments(struct request *request, const char **ret_id, enum store_what *ret_what,
			  struct refusal *refusal)
{
	const char *what;
	int r = sd_bus_message_rewind(request->message, true);

	if (r >= 0)
		r = sd_bus_message_read(request->message, "ss", ret_id, &what);
	if (r < 0)
		return r;
	if (what_parse(what, ret_what) < 0)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "there is no record '%.64s'; allowed: samples, events, summary",
			      what);
	return dict_read(request->message, NULL, 0, refusal);
}

/* The reader writes into one end of a pipe; the other end is the answer. */
static int open_stream(struct request *request, int *ret_fd, struct refusal *refusal)
{
	_cleanup_close_ int read_end = -EBADF;
	enum store_what what = STORE_SAMPLES;
	const char *id = "";
	int fds[2], r;

	r = read_arguments(request, &id, &what, refusal);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return refuse_store(refusal, id, -errno);
	read_end = fds[0];
	r = store_read(station_store(request->bus->station), id, what, fds[1], NULL, NULL);
	if (r < 0)
		return refuse_store(refusal, id, r);
	*ret_fd = TAKE_FD(read_end);
	return 0;
}

static void on_found(void *userdata, int result)
{
	struct request *request = userdata;
	_cleanup_close_ int fd = -EBADF;
	sd_bus_message *reply = NULL;
	struct refusal refusal;
	const char *id = "";
	int r;

	if (result == -ENOENT && sd_bus_message_rewind(request->message, true) >= 0)
		(void)sd_bus_message_read(request->message, "s", &id);
	r = result < 0 ? refuse_store(&refusal, id, result) : open_stream(request, &fd, &refusal);
	if (r < 0) {
		request_refuse(request, &refusal);
		return;
	}
	r = sd_bus_message_new_method_return(request->message, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "h", fd);
	request_reply(request, reply, r);
}

static int run_open_record(struct request *request, struct refusal *refusal)
{
	enum store_what what;
	const char *id;
	int r = read_arguments(request, &id, &what, refusal);

	if (r < 0)
		return r;
	r = store_exists(station_store(request->bus->station), id, on_found, request);
	return r < 0 ? refuse_store(refusal, id, r) : 0;
}

int on_open_record(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_READ_RECORDS, NULL, run_open_record);
}

/* ---- VerifyRecord ---- */

static void on_verified(void *userdata, int result, bool intact, const char *report)
{
	struct request *request = userdata;
	sd_bus_message *reply = NULL;
	struct refusal refusal;
	const char *id = "";
	int r;

	if (result < 0) {
		if (sd_bus_message_rewind(request->message, true) >= 0)
			(void)sd_bus_message_read(request->message, "s", &id);
		refuse_store(&refusal, id, result);
		request_refuse(request, &refusal);
		return;
	}
	if (!intact)
		log_error("the record is not what was written: 'mnpenctl session verify' shows "
			  "where");
	r = sd_bus_message_new_method_return(request->message, &reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "b", (int)intact);
	if (r >= 0)
		r = append_text(reply, report);
	request_reply(request, reply, r);
}

static int run_verify(struct request *request, struct refusal *refusal)
{
	const char *id;
	int r = sd_bus_message_read(request->message, "s", &id);

	if (r < 0)
		return r;
	r = store_verify(station_store(request->bus->station), id, on_verified, request);
	return r < 0 ? refuse_store(refusal, id, r) : 0;
}

int on_verify_record(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	return request_start(userdata, m, API_ACTION_READ_RECORDS, NULL, run_verify);
}
