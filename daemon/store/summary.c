// SPDX-License-Identifier: GPL-2.0-only
/* The summary of a session: its row as a JSON object, with its events and gaps. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/export.h"
#include "daemon/store/schema.h"
#include "daemon/store/store.h"
#include "driver/base/clock.h"

/* 16 texts of nothing but control characters, six bytes each in JSON, and the numbers. */
#define SUMMARY_HEAD_MAX (6 * 16 * STORE_TEXT_MAX + 4096)

enum summary_type {
	SUMMARY_TEXT,
	SUMMARY_NUMBER,
	SUMMARY_BOOL,
	SUMMARY_TIME,
	SUMMARY_DATE,
	SUMMARY_BCD,
};

/** struct summary_key - a key of the object and the column it comes from */
struct summary_key {
	const char *key;
	const char *column;
	enum summary_type type;
};

#define SAMPLES_KEPT "(SELECT coalesce(sum(b.count), 0) FROM block b WHERE b.session = session.n)"

static const struct summary_key summary_keys[] = {
	{"id", "id", SUMMARY_TEXT},
	{"pen", "pen", SUMMARY_TEXT},
	{"model", "model", SUMMARY_TEXT},
	{"firmware", "firmware", SUMMARY_BCD},
	{"calibration_due_days", "calibration_due_days", SUMMARY_NUMBER},
	{"transport", "transport", SUMMARY_TEXT},
	{"profile", SCHEMA_LATEST("profile", "profile"), SUMMARY_TEXT},
	{"profile_digest", SCHEMA_LATEST("profile", "profile_digest"), SUMMARY_TEXT},
	{"area", SCHEMA_LATEST("area", "area"), SUMMARY_TEXT},
	{"area_size_cm2", "area_size_cm2", SUMMARY_NUMBER},
	{"client", "client", SUMMARY_TEXT},
	{"legal_hold", SCHEMA_HELD, SUMMARY_BOOL},
	{"operator", "operator", SUMMARY_TEXT},
	{"screening", "screening", SUMMARY_TEXT},
	{"consent", "consent", SUMMARY_TEXT},
	{"sign_off", "sign_off", SUMMARY_TEXT},
	{"cartridge", "cartridge", SUMMARY_TEXT},
	{"cartridge_uid", "cartridge_uid", SUMMARY_TEXT},
	{"cartridge_lot", "cartridge_lot", SUMMARY_TEXT},
	{"cartridge_expires_days", "cartridge_expires_days", SUMMARY_NUMBER},
	{"started", "started_wall_usec", SUMMARY_TIME},
	{"started_usec", "started_usec", SUMMARY_NUMBER},
	{"ended", "ended_wall_usec", SUMMARY_TIME},
	{"ended_usec", "ended_usec", SUMMARY_NUMBER},
	{"outcome", "outcome", SUMMARY_TEXT},
	{"clock_synchronized", "clock_synchronized", SUMMARY_BOOL},
	{"samples", "samples", SUMMARY_NUMBER},
	/* less than samples when the full rate is not kept any more */
	{"samples_kept", SAMPLES_KEPT, SUMMARY_NUMBER},
	{"gaps", "gaps", SUMMARY_NUMBER},
	{"run_ms", "run_ms", SUMMARY_NUMBER},
	{"strokes", "strokes", SUMMARY_NUMBER},
	{"depth_max_um", "depth_max_um", SUMMARY_NUMBER},
	{"speed_max_rpm", "speed_max_rpm", SUMMARY_NUMBER},
};

#define SUMMARY_KEYS ELEMENTSOF(summary_keys)

static const struct summary_key answer_keys[] = {
	{"question", "question", SUMMARY_TEXT}, {"text", "text", SUMMARY_TEXT},
	{"kind", "kind", SUMMARY_TEXT},		{"answer", "answer", SUMMARY_TEXT},
	{"time", "wall_usec", SUMMARY_TIME},
};

static const struct summary_key cartridge_keys[] = {
	{"uid", "uid", SUMMARY_TEXT},		{"serial", "serial", SUMMARY_TEXT},
	{"lot", "lot", SUMMARY_TEXT},		{"expires", "expires_days", SUMMARY_DATE},
	{"needles", "needles", SUMMARY_NUMBER}, {"length_um", "length_um", SUMMARY_NUMBER},
	{"time", "wall_usec", SUMMARY_TIME},
};

static const struct summary_key segment_keys[] = {
	{"profile", "profile", SUMMARY_TEXT},
	{"area", "area", SUMMARY_TEXT},
	{"area_size_cm2", "area_size_cm2", SUMMARY_NUMBER},
	{"started", "started_wall_usec", SUMMARY_TIME},
	{"started_usec", "started_usec", SUMMARY_NUMBER},
	{"ended", "ended_wall_usec", SUMMARY_TIME},
	{"ended_usec", "ended_usec", SUMMARY_NUMBER},
	{"depth_limit_um", "depth_limit_um", SUMMARY_NUMBER},
	{"speed_limit_min_rpm", "speed_limit_min_rpm", SUMMARY_NUMBER},
	{"speed_limit_max_rpm", "speed_limit_max_rpm", SUMMARY_NUMBER},
	{"density_warning_per_cm2", "density_warning_per_cm2", SUMMARY_NUMBER},
	{"target_depth_um", "target_depth_um", SUMMARY_NUMBER},
	{"target_speed_rpm", "target_speed_rpm", SUMMARY_NUMBER},
	{"run_ms", "run_ms", SUMMARY_NUMBER},
	{"strokes", "strokes", SUMMARY_NUMBER},
	{"depth_mean_um", "depth_mean_um", SUMMARY_NUMBER},
	{"depth_p95_um", "depth_p95_um", SUMMARY_NUMBER},
	{"depth_max_um", "depth_max_um", SUMMARY_NUMBER},
	{"speed_mean_rpm", "speed_mean_rpm", SUMMARY_NUMBER},
	{"speed_p95_rpm", "speed_p95_rpm", SUMMARY_NUMBER},
	{"speed_max_rpm", "speed_max_rpm", SUMMARY_NUMBER},
	{"needles", "needles", SUMMARY_NUMBER},
	{"punctures_per_cm2", "punctures_per_cm2", SUMMARY_NUMBER},
};

static const char gaps_sql[] = "SELECT n, after_seq, before_seq, missing, reason, wall_usec, usec"
			       " FROM gap WHERE session = ? AND n > ? ORDER BY n LIMIT 1";

/* They stand beside the sessions: of the pen or the station, raised while this session ran. */
static const char alarms_sql[] =
	"SELECT e.n, e.wall_usec, e.usec, e.kind, e.details FROM event e, session s"
	" WHERE s.n = ?1 AND e.n > ?2 AND e.kind = 'alarm' AND (e.pen = s.pen OR e.pen IS NULL)"
	" AND e.wall_usec >= s.started_wall_usec"
	" AND e.wall_usec <= coalesce(s.ended_wall_usec, e.wall_usec) ORDER BY e.n LIMIT 1";

/** struct scratch - texts made for fields, which borrow them */
struct scratch {
	char texts[SUMMARY_KEYS][EXPORT_TIME_MAX];
};

static struct field field_of(sqlite3_stmt *statement, int column, const struct summary_key *key,
			     char scratch[EXPORT_TIME_MAX])
{
	int64_t number = sqlite3_column_int64(statement, column);

	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return FIELD_S(key->key, NULL);
	switch (key->type) {
	case SUMMARY_TEXT:
		return FIELD_S(key->key, db_column_text(statement, column));
	case SUMMARY_NUMBER:
		return FIELD_I(key->key, number);
	case SUMMARY_BOOL:
		return FIELD_B(key->key, number != 0);
	case SUMMARY_TIME:
		return FIELD_S(key->key, export_time(scratch, (uint64_t)number));
	case SUMMARY_DATE:
		wall_date((uint32_t)number, scratch);
		return FIELD_S(key->key, scratch);
	case SUMMARY_BCD:
		snprintf(scratch, EXPORT_TIME_MAX, "%x.%02x", (unsigned int)(number >> 8),
			 (unsigned int)(number & 0xff));
		return FIELD_S(key->key, scratch);
	}
	return FIELD_S(key->key, NULL);
}

/* "SELECT a, b, ..." and @rest, from one of the tables above */
static int keys_prepare(struct sender *sender, const struct summary_key *keys, size_t n_keys,
			const char *rest, sqlite3_stmt **ret)
{
	char sql[4096];
	size_t used = 0;

	for (size_t i = 0; i < n_keys; i++)
		used += (size_t)snprintf(sql + used, sizeof(sql) - used, "%s %s",
					 i ? "," : "SELECT", keys[i].column);
	snprintf(sql + used, sizeof(sql) - used, " %s", rest);
	return db_prepare(sender->db, ret, sql);
}

/* The object, still open: without its closing brace. */
static int head_make(struct sender *sender, char *buf, size_t size)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct field fields[SUMMARY_KEYS];
	struct scratch scratch;
	int r = keys_prepare(sender, summary_keys, SUMMARY_KEYS, "FROM session WHERE n = ?",
			     &statement);

	if (r >= 0)
		r = DB_BIND(statement, DB_I(sender->session));
	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r ? r : -ENOENT;
	for (size_t i = 0; i < SUMMARY_KEYS; i++)
		fields[i] = field_of(statement, (int)i, &summary_keys[i], scratch.texts[i]);
	r = fields_json(buf, size, fields, SUMMARY_KEYS);
	if (r < 0)
		return r;
	buf[r - 1] = '\0';
	return 0;
}

static int element_send(struct sender *sender, bool first)
{
	int r = first ? 0 : stream_text(&sender->stream, ",");

	return r < 0 ? r : stream_text(&sender->stream, sender->text);
}

static struct field known(const char *key, sqlite3_stmt *statement, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return FIELD_S(key, NULL);
	return FIELD_I(key, sqlite3_column_int64(statement, column));
}

static int gap_take(struct sender *sender, sqlite3_stmt *statement)
{
	char stamp[EXPORT_TIME_MAX];
	const struct field fields[] = {
		known("after_seq", statement, 1),
		known("before_seq", statement, 2),
		known("missing", statement, 3),
		FIELD_S("reason", db_column_text(statement, 4)),
		FIELD_S("time", export_time(stamp, (uint64_t)sqlite3_column_int64(statement, 5))),
		FIELD_I("usec", sqlite3_column_int64(statement, 6)),
	};
	const size_t size = 8 * STORE_TEXT_MAX;
	int r;

	free(sender->text);
	sender->text = malloc(size);
	if (!sender->text)
		return -ENOMEM;
	r = fields_json(sender->text, size, fields, ELEMENTSOF(fields));
	return r < 0 ? r : 0;
}

/** struct summary_list - rows of another table that belong to the session */
struct summary_list {
	const char *key;
	const char *table;
	const struct summary_key *keys;
	size_t n_keys;
};

static const struct summary_list summary_lists[] = {
	{"screening_answers", "screening", answer_keys, ELEMENTSOF(answer_keys)},
	{"cartridges", "cartridge", cartridge_keys, ELEMENTSOF(cartridge_keys)},
	{"segments", "segment", segment_keys, ELEMENTSOF(segment_keys)},
};

/* The row after @*after of the list, as an object. Return: 1; 0 there is none; negative errno. */
static int list_take(struct sender *sender, const struct summary_list *list, int64_t *after)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct field fields[SUMMARY_KEYS];
	struct scratch scratch = {0};
	char rest[128];
	int r;

	snprintf(rest, sizeof(rest), ", n FROM %s WHERE session = ? AND n > ? ORDER BY n LIMIT 1",
		 list->table);
	r = keys_prepare(sender, list->keys, list->n_keys, rest, &statement);
	if (r >= 0)
		r = DB_BIND(statement, DB_I(sender->session), DB_I(*after));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0)
		return r;
	for (size_t i = 0; i < list->n_keys; i++)
		fields[i] = field_of(statement, (int)i, &list->keys[i], scratch.texts[i]);
	*after = sqlite3_column_int64(statement, (int)list->n_keys);
	free(sender->text);
	sender->text = malloc(SUMMARY_HEAD_MAX);
	if (!sender->text)
		return -ENOMEM;
	r = fields_json(sender->text, SUMMARY_HEAD_MAX, fields, list->n_keys);
	return r < 0 ? r : 1;
}

/* No statement stays open while the reader is waited for. */
static int list_send(struct sender *sender, const struct summary_list *list)
{
	char head[40];
	int64_t after = 0;
	bool first = true;
	int r;

	snprintf(head, sizeof(head), "],\"%s\":[", list->key);
	r = stream_text(&sender->stream, head);
	while (r >= 0) {
		r = list_take(sender, list, &after);
		if (r <= 0)
			break;
		r = element_send(sender, first);
		first = false;
	}
	return r;
}

int export_summary(struct sender *sender)
{
	_cleanup_free_ char *head = malloc(SUMMARY_HEAD_MAX);
	int r;

	if (!head)
		return -ENOMEM;
	r = head_make(sender, head, SUMMARY_HEAD_MAX);
	if (r >= 0)
		r = stream_text(&sender->stream, head);
	if (r >= 0)
		r = stream_text(&sender->stream, ",\"events\":[");
	if (r >= 0)
		r = export_rows(sender, export_event_sql, export_event_take, element_send);
	if (r >= 0)
		r = stream_text(&sender->stream, "],\"gap_records\":[");
	if (r >= 0)
		r = export_rows(sender, gaps_sql, gap_take, element_send);
	if (r >= 0)
		r = stream_text(&sender->stream, "],\"alarms\":[");
	if (r >= 0)
		r = export_rows(sender, alarms_sql, export_event_take, element_send);
	for (size_t i = 0; i < ELEMENTSOF(summary_lists) && r >= 0; i++)
		r = list_send(sender, &summary_lists[i]);
	if (r >= 0)
		r = stream_text(&sender->stream, "],");
	if (r >= 0)
		r = export_chain(sender);
	return r < 0 ? r : stream_text(&sender->stream, "}\n");
}
