// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/store/db.h"
#include "daemon/store/export.h"
#include "daemon/store/reader.h"
#include "driver/base/clock.h"
#include "driver/proto/records.h"
#include "driver/uapi/telemetry.h"

#define EVENT_HEAD_MAX (8 * STORE_TEXT_MAX) /* a kind of nothing but control characters fits */

static const char blocks_sql[] = "SELECT n, data FROM block WHERE session = ? AND n > ?"
				 " ORDER BY n LIMIT 1";
const char export_event_sql[] = "SELECT n, wall_usec, usec, kind, details FROM event"
				" WHERE session = ? AND n > ? ORDER BY n LIMIT 1";

int export_find(sqlite3 *db, const char *id, int64_t *ret_n)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement, "SELECT n FROM session WHERE id = ?");

	if (r >= 0)
		r = DB_BIND(statement, DB_T(id));
	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r ? r : -ENOENT;
	*ret_n = sqlite3_column_int64(statement, 0);
	return 0;
}

const char *export_time(char buf[EXPORT_TIME_MAX], uint64_t wall_usec)
{
	time_t seconds = (time_t)(wall_usec / USEC_PER_SEC);
	char date[24];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm))
		date[0] = '\0'; /* a year of more than four digits: this file was tampered with */
	snprintf(buf, EXPORT_TIME_MAX, "%s.%06lluZ", date, wall_usec % USEC_PER_SEC);
	return buf;
}

int export_rows(struct sender *sender, const char *sql, export_take take, export_send send)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int64_t after = 0;
	bool first = true;
	int r = db_prepare(sender->db, &statement, sql);

	while (r >= 0) {
		r = DB_BIND(statement, DB_I(sender->session), DB_I(after));
		if (r >= 0)
			r = db_step(statement);
		if (r <= 0)
			break;
		after = sqlite3_column_int64(statement, 0);
		r = take(sender, statement);
		sqlite3_reset(statement);
		if (r >= 0)
			r = send(sender, first);
		first = false;
	}
	return r;
}

int export_event_take(struct sender *sender, sqlite3_stmt *statement)
{
	const char *kind = db_column_text(statement, 3), *details = db_column_text(statement, 4);
	char head[EVENT_HEAD_MAX], stamp[EXPORT_TIME_MAX];
	int r;

	if (!kind || !details)
		return -ENOMEM;
	export_time(stamp, (uint64_t)sqlite3_column_int64(statement, 1));
	const struct field fields[] = {
		FIELD_I("n", sqlite3_column_int64(statement, 0)),
		FIELD_S("time", stamp),
		FIELD_I("usec", sqlite3_column_int64(statement, 2)),
		FIELD_S("kind", kind),
	};
	r = fields_json(head, sizeof(head), fields, ELEMENTSOF(fields));
	if (r < 0)
		return r;
	free(TAKE_PTR(sender->text));
	if (asprintf(&sender->text, "%.*s,\"details\":%s}", r - 1, head, details) < 0) {
		sender->text = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int event_send(struct sender *sender, bool first)
{
	int r = stream_text(&sender->stream, sender->text);

	return r < 0 ? r : stream_text(&sender->stream, "\n");
}

static int block_take(struct sender *sender, sqlite3_stmt *statement)
{
	const void *data = sqlite3_column_blob(statement, 1);
	int r = block_decode(sender->codec, data, (size_t)sqlite3_column_bytes(statement, 1),
			     sender->samples, &sender->n_samples);

	if (r < 0) {
		sender->damaged = true;
		sender->n_samples = 0;
	}
	return 0;
}

/* What is missing before @record, by the seq of the samples that decode. */
static void mark_gap(struct sender *sender, struct mnpen_telemetry *record)
{
	struct mnpen_sample sample;

	if (mnpen_sample_decode(&sample, record->sample, sizeof(record->sample)) < 0)
		return;
	if (sender->has_seq && sample.seq != sender->last_seq + 1) {
		record->flags |= MNPEN_TELEMETRY_GAP;
		if (sample.seq > sender->last_seq)
			record->lost = sample.seq - sender->last_seq - 1;
	}
	sender->has_seq = true;
	sender->last_seq = sample.seq;
}

static int block_send(struct sender *sender, bool first)
{
	int r = 0;

	for (size_t i = 0; i < sender->n_samples && r >= 0; i++) {
		const struct block_sample *sample = &sender->samples[i];
		struct mnpen_telemetry record = {
			.host_usec = sample->host_usec,
			.verdict = sample->verdict,
			.flags = sample->flags,
		};

		memcpy(record.sample, sample->sample, sizeof(record.sample));
		mark_gap(sender, &record);
		r = stream_write(&sender->stream, &record, sizeof(record));
	}
	return r;
}

static int export_what(struct sender *sender, enum store_what what)
{
	switch (what) {
	case STORE_SAMPLES:
		return export_rows(sender, blocks_sql, block_take, block_send);
	case STORE_EVENTS:
		return export_rows(sender, export_event_sql, export_event_take, event_send);
	case STORE_SUMMARY:
		return export_summary(sender);
	case STORE_TREND:
		return export_trend(sender);
	}
	return -EINVAL;
}

static struct sender *export_free(struct sender *sender)
{
	block_codec_free(sender->codec);
	free(sender->text);
	free(sender);
	return NULL;
}

DEFINE_CLEANUP(struct sender *, export_free)

int export_run(sqlite3 *db, const struct job *job, int stop_fd)
{
	_cleanup_(export_free_cleanup) struct sender *sender = calloc(1, sizeof(*sender));
	int r;

	if (!sender)
		return -ENOMEM;
	sender->db = db;
	sender->codec = block_codec_new();
	if (!sender->codec)
		return -ENOMEM;
	r = export_find(db, job->id, &sender->session);
	if (r >= 0)
		r = stream_open(&sender->stream, job->fd, stop_fd, READER_TIMEOUT_MS);
	if (r >= 0)
		r = export_what(sender, job->what);
	if (r >= 0)
		r = stream_flush(&sender->stream);
	return r >= 0 && sender->damaged ? -EBADMSG : r;
}
