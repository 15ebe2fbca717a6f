// SPDX-License-Identifier: GPL-2.0-only
/* session list, show. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/pager.h"
#include "cli/record.h"
#include "cli/table.h"
#include "cli/values.h"
#include "cli/when.h"
#include "daemon/api/names.h"

#define PAGE 200 /* sessions a call */

/** struct filter - what "session list" was asked for; NULL and 0 = all */
struct filter {
	const char *client;
	const char *lot;
	const char *pen;
	uint64_t since_usec;
};

static int append_filter(sd_bus_message *call, const struct filter *filter)
{
	const struct {
		const char *key, *value;
	} texts[] = {{"client", filter->client}, {"lot", filter->lot}, {"pen", filter->pen}};
	int r = sd_bus_message_open_container(call, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++)
		if (texts[i].value)
			r = sd_bus_message_append(call, "{sv}", texts[i].key, "s", texts[i].value);
	if (r >= 0 && filter->since_usec)
		r = sd_bus_message_append(call, "{sv}", "since_usec", "t", filter->since_usec);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

/* One page: its rows onto @rows, the next cursor into @cursor ("" = that was the last). */
static enum cli_exit fetch_page(struct cli *cli, const struct filter *filter, char **cursor,
				json_object *rows)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	_cleanup_json_ json_object *page = NULL;
	enum cli_exit code = bus_prepare(cli, API_ROOT, API_MANAGER, "ListSessions", &call);
	const char *next;
	int r;

	if (code != CLI_DONE)
		return code;
	r = append_filter(call, filter);
	if (r >= 0)
		r = sd_bus_message_append(call, "su", *cursor, (uint32_t)PAGE);
	if (r < 0)
		return cli_no_memory(cli);
	code = bus_send(cli, call, BUS_TIMEOUT_ASK_USEC, &reply);
	if (code != CLI_DONE)
		return code;
	r = json_from_bus(reply, &page);
	if (r < 0 || sd_bus_message_read(reply, "s", &next) < 0)
		return cli_fail(cli, CLI_FAILED, "Failed", NULL, "cannot read mnpend's list");
	for (size_t i = 0; i < json_object_array_length(page); i++)
		json_object_array_add(rows, json_object_get(json_object_array_get_idx(page, i)));
	/* the same cursor again would never end */
	if (*next && strcmp(next, *cursor) == 0)
		return cli_fail(cli, CLI_FAILED, "Failed", NULL, "mnpend's list does not advance");
	free(*cursor);
	*cursor = strdup(next);
	return *cursor ? CLI_DONE : cli_no_memory(cli);
}

static void add_time(json_object *session, const char *key, json_object *row, const char *usec_key)
{
	uint64_t usec = json_u64(row, usec_key);
	char text[WHEN_SIZE];

	json_add_string(session, key, usec ? when_utc(usec, text) : NULL);
}

static void print_list_json(json_object *rows)
{
	static const char *const same[] = {"id",      "pen",	  "profile",	   "area",
					   "client",  "operator", "cartridge_lot", "outcome",
					   "samples", "gaps",	  "strokes",	   "run_ms"};
	_cleanup_json_ json_object *document = json_document();
	json_object *sessions = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i);
		json_object *session = json_object_new_object();
		json_object *given = json_given(row, false);

		for (size_t k = 0; k < ELEMENTSOF(same); k++)
			json_add_shared(session, same[k], json_get(given, same[k]), NULL);
		json_object_put(given);
		add_time(session, "started", row, "started_usec");
		add_time(session, "ended", row, "ended_usec");
		json_object_array_add(sessions, session);
	}
	json_object_object_add(document, "sessions", sessions);
	json_print(document);
}

static enum cli_exit print_list(struct cli *cli, json_object *rows)
{
	static const char *const headings[] = {"ID",	 "STARTED",  "PEN", "PROFILE", "AREA",
					       "CLIENT", "OPERATOR", "LOT", ">RUN",    ">STROKES",
					       ">GAPS",	 "OUTCOME",  NULL};
	_cleanup_table_ struct table *table = NULL;

	if (json_object_array_length(rows) == 0) {
		cli_say(cli, "no session is recorded that fits");
		return CLI_DONE;
	}
	pager_open(cli);
	table = table_new(headings);
	for (size_t i = 0; i < json_object_array_length(rows); i++) {
		json_object *row = json_object_array_get_idx(rows, i);
		char started[WHEN_SIZE], run[VALUE_SIZE], strokes[24], gaps[24];

		snprintf(strokes, sizeof(strokes), "%" PRIu64, json_u64(row, "strokes"));
		snprintf(gaps, sizeof(gaps), "%" PRIu64, json_u64(row, "gaps"));
		table_row(table, json_string(row, "id"),
			  when_local(json_u64(row, "started_usec"), started),
			  json_string(row, "pen"), json_string(row, "profile"),
			  json_string(row, "area"), json_string(row, "client"),
			  json_string(row, "operator"), json_string(row, "cartridge_lot"),
			  value_time(json_u64(row, "run_ms"), run), strokes, gaps,
			  json_u64(row, "ended_usec") ? json_string(row, "outcome") : "open");
	}
	return table_print(table) < 0 ? cli_no_memory(cli) : CLI_DONE;
}

static enum cli_exit list(struct cli *cli, const struct filter *filter)
{
	_cleanup_json_ json_object *rows = json_object_new_array();
	_cleanup_free_ char *cursor = strdup("");
	enum cli_exit code;

	if (!rows || !cursor)
		return cli_no_memory(cli);
	do {
		code = fetch_page(cli, filter, &cursor, rows);
		if (code != CLI_DONE)
			return code;
	} while (*cursor);
	if (!cli->json)
		return print_list(cli, rows);
	print_list_json(rows);
	return CLI_DONE;
}

enum cli_exit cmd_session_list(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *client = NULL;
	struct filter filter = {.lot = args->value[OPT_LOT], .pen = args->value[OPT_SERIAL]};
	const char *since = args->value[OPT_SINCE];
	enum cli_exit code;

	if (since && when_parse(since, &filter.since_usec) < 0)
		return cli_usage(cli, "like 2026-01-31, 2026-01-31T09:00 or 2026-01-31T08:00:00Z",
				 "--since \"%s\" is not a date", since);
	if (args->value[OPT_CLIENT]) {
		code = file_read_secret(cli, "--client", args->value[OPT_CLIENT], &client);
		if (code != CLI_DONE)
			return code;
		filter.client = client;
	}
	return list(cli, &filter);
}

/* The events of a summary, one line each: time, kind, what else the event says. */
static int print_events(json_object *events)
{
	static const char *const headings[] = {"TIME", "EVENT", "DETAILS", NULL};
	_cleanup_table_ struct table *table = table_new(headings);
	size_t n =
		json_object_is_type(events, json_type_array) ? json_object_array_length(events) : 0;

	for (size_t i = 0; i < n; i++) {
		json_object *event = json_object_array_get_idx(events, i);
		json_object *time = json_get(event, "time");
		char details[512];

		table_row(table, time ? json_object_get_string(time) : "",
			  json_string(event, "kind"),
			  values_line(json_get(event, "details"), details, sizeof(details)));
	}
	puts("");
	return table_print(table);
}

/* What only programs can use is left to --json: the boot clock, lists. */
static bool for_people(const char *key, json_object *value)
{
	return !strstr(key, "_usec") && !json_object_is_type(value, json_type_array);
}

static const char *measured(json_object *segment, const char *key, char *buf)
{
	json_object *value = json_get(segment, key);

	return value ? value_text(key, value, buf, VALUE_SIZE) : "-";
}

static int print_segments(json_object *segments)
{
	static const char *const headings[] = {"AREA",	   ">SIZE",  ">LIMIT", ">RUN",
					       ">STROKES", ">DEPTH", ">P95",   ">MAX",
					       ">SPEED",   ">A CM2", NULL};
	_cleanup_table_ struct table *table = table_new(headings);

	if (!json_object_is_type(segments, json_type_array) ||
	    json_object_array_length(segments) == 0)
		return 0;
	puts("");
	for (size_t i = 0; i < json_object_array_length(segments); i++) {
		json_object *segment = json_object_array_get_idx(segments, i);
		char size[VALUE_SIZE], limit[VALUE_SIZE], run[VALUE_SIZE], strokes[24],
			mean[VALUE_SIZE], p95[VALUE_SIZE], max[VALUE_SIZE], speed[VALUE_SIZE],
			density[24] = "-";

		snprintf(strokes, sizeof(strokes), "%" PRIu64, json_u64(segment, "strokes"));
		snprintf(speed, sizeof(speed), "%" PRIu64 " rpm",
			 json_u64(segment, "speed_mean_rpm"));
		if (json_get(segment, "punctures_per_cm2"))
			snprintf(density, sizeof(density), "%" PRIu64,
				 json_u64(segment, "punctures_per_cm2"));
		table_row(table, json_string(segment, "area"),
			  measured(segment, "area_size_cm2", size),
			  measured(segment, "depth_limit_um", limit),
			  value_time(json_u64(segment, "run_ms"), run), strokes,
			  measured(segment, "depth_mean_um", mean),
			  measured(segment, "depth_p95_um", p95),
			  measured(segment, "depth_max_um", max), speed, density);
	}
	return table_print(table);
}

static int print_answers(json_object *answers)
{
	static const char *const headings[] = {"QUESTION", "ASKED AS", "ANSWER", "TEXT", NULL};
	_cleanup_table_ struct table *table = table_new(headings);

	if (!json_object_is_type(answers, json_type_array) ||
	    json_object_array_length(answers) == 0)
		return 0;
	puts("");
	for (size_t i = 0; i < json_object_array_length(answers); i++) {
		json_object *answer = json_object_array_get_idx(answers, i);

		table_row(table, json_string(answer, "question"), json_string(answer, "kind"),
			  json_string(answer, "answer"), json_string(answer, "text"));
	}
	return table_print(table);
}

static enum cli_exit print_session(struct cli *cli, json_object *session)
{
	_cleanup_table_ struct table *sheet = table_sheet();

	pager_open(cli);
	json_object_object_foreach(session, key, value)
	{
		char label[64], text[512];

		if (!for_people(key, value))
			continue;
		if (json_object_is_type(value, json_type_object))
			values_line(value, text, sizeof(text));
		else
			value_text(key, value, text, sizeof(text));
		table_pair(sheet, value_label(key, label, sizeof(label)), "%s", text);
	}
	if (table_print(sheet) < 0 || print_segments(json_get(session, "segments")) < 0 ||
	    print_answers(json_get(session, "screening_answers")) < 0 ||
	    print_events(json_get(session, "events")) < 0)
		return cli_no_memory(cli);
	return CLI_DONE;
}

enum cli_exit cmd_session_show(struct cli *cli, const struct args *args)
{
	_cleanup_json_ json_object *session = NULL, *document = NULL;
	enum cli_exit code = record_summary(cli, args->operands[0], &session);

	if (code != CLI_DONE)
		return code;
	if (!cli->json)
		return print_session(cli, session);
	document = json_document();
	json_object_object_add(document, "session", TAKE_PTR(session));
	json_print(document);
	return CLI_DONE;
}
