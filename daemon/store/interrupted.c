// SPDX-License-Identifier: GPL-2.0-only
/* Sessions that a daemon left open when it died. */
#include <errno.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/recover.h"
#include "daemon/store/rows.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

/** struct orphan - a session without a daemon */
struct orphan {
	char id[STORE_ID_MAX];
	int64_t n;
	uint64_t started_usec;
	uint64_t started_wall_usec;
	uint64_t last_usec; /* of its last sample; its start when there is none */
	int64_t last_seq;   /* ROW_UNKNOWN when there is none */
};

static uint64_t wall_of(const struct orphan *orphan, uint64_t usec)
{
	return orphan->started_wall_usec + (usec - orphan->started_usec);
}

/* Return: 0; -ENOENT no session is open. */
static int orphan_next(sqlite3 *db, struct orphan *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *id;
	int r = db_prepare(db, &statement,
			   "SELECT s.n, s.id, s.started_usec, s.started_wall_usec,"
			   " b.last_host_usec, b.last_seq FROM session AS s"
			   " LEFT JOIN block AS b ON b.n ="
			   " (SELECT max(n) FROM block WHERE session = s.n)"
			   " WHERE s.ended_usec IS NULL ORDER BY s.n LIMIT 1");

	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r ? r : -ENOENT;
	id = db_column_text(statement, 1);
	if (!id)
		return -ENOMEM;
	*ret = (struct orphan){
		.n = sqlite3_column_int64(statement, 0),
		.started_usec = (uint64_t)sqlite3_column_int64(statement, 2),
		.started_wall_usec = (uint64_t)sqlite3_column_int64(statement, 3),
		.last_seq = ROW_UNKNOWN,
	};
	strncpy(ret->id, id, sizeof(ret->id) - 1);
	ret->last_usec = ret->started_usec;
	if (sqlite3_column_type(statement, 4) != SQLITE_NULL) {
		ret->last_usec = (uint64_t)sqlite3_column_int64(statement, 4);
		ret->last_seq = sqlite3_column_int64(statement, 5);
	}
	return 0;
}

/** struct remake - the windows of trend that the dead daemon had not closed yet */
struct remake {
	struct rows *rows;
	const struct orphan *orphan;
	struct block_codec *codec;
	uint64_t from_usec; /* windows from here on are missing */
	struct trend trend;
	struct block_sample samples[BLOCK_SAMPLES_MAX];
};

static int remake_write(struct remake *remake, const struct trend *trend)
{
	return rows_trend(remake->rows, remake->orphan->n, trend,
			  wall_of(remake->orphan, trend->start_usec));
}

static int remake_block(struct remake *remake, const void *data, size_t size)
{
	size_t count;
	int r = block_decode(remake->codec, data, size, remake->samples, &count);

	if (r < 0) {
		log_warning("session %s: a block of its samples cannot be read: %s",
			    remake->orphan->id, strerror(-r));
		return 0;
	}
	for (size_t i = 0; i < count && r >= 0; i++) {
		const struct block_sample *sample = &remake->samples[i];
		struct mnpen_sample decoded;
		struct trend done;

		if (sample->host_usec < remake->from_usec ||
		    mnpen_sample_decode(&decoded, sample->sample, sizeof(sample->sample)) < 0)
			continue;
		if (trend_add(&remake->trend, remake->orphan->started_usec, sample->host_usec,
			      &decoded, &done))
			r = remake_write(remake, &done);
	}
	return r;
}

static int remake_blocks(struct remake *remake)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(remake->rows->db, &statement,
			   "SELECT data FROM block WHERE session = ? AND last_host_usec >= ?"
			   " ORDER BY n");

	if (r >= 0)
		r = DB_BIND(statement, DB_I(remake->orphan->n), DB_I(remake->from_usec));
	while (r >= 0) {
		r = db_step(statement);
		if (r <= 0)
			break;
		r = remake_block(remake, sqlite3_column_blob(statement, 0),
				 (size_t)sqlite3_column_bytes(statement, 0));
	}
	if (r >= 0 && remake->trend.count)
		r = remake_write(remake, &remake->trend);
	return r;
}

static int trend_remake(struct rows *rows, const struct orphan *orphan)
{
	_cleanup_free_ struct remake *remake = calloc(1, sizeof(*remake));
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r;

	if (!remake)
		return -ENOMEM;
	remake->rows = rows;
	remake->orphan = orphan;
	r = db_prepare(rows->db, &statement, "SELECT max(usec) FROM trend WHERE session = ?");
	if (r >= 0)
		r = DB_BIND(statement, DB_I(orphan->n));
	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r ? r : -EIO;
	if (sqlite3_column_type(statement, 0) != SQLITE_NULL)
		remake->from_usec = (uint64_t)sqlite3_column_int64(statement, 0) + TREND_USEC;
	remake->codec = block_codec_new();
	if (!remake->codec)
		return -ENOMEM;
	r = remake_blocks(remake);
	block_codec_free(remake->codec);
	return r;
}

static int orphan_end(struct rows *rows, const struct orphan *orphan)
{
	uint64_t end_wall_usec = wall_of(orphan, orphan->last_usec);
	struct row_event event = {
		.session = orphan->n,
		.kind = "interrupted",
		.details = "{}",
		.usec = orphan->last_usec,
		.wall_usec = end_wall_usec,
	};
	/* How many samples the daemon held when it died, nobody knows. */
	struct row_gap gap = {
		.session = orphan->n,
		.after_seq = orphan->last_seq,
		.before_seq = ROW_UNKNOWN,
		.missing = ROW_UNKNOWN,
		.reason = "interrupted",
		.usec = orphan->last_usec,
		.wall_usec = end_wall_usec,
	};
	struct batch_session session = {
		.n = orphan->n,
		.last_seq = orphan->last_seq,
		.started_usec = orphan->started_usec,
		.started_wall_usec = orphan->started_wall_usec,
	};
	int r = trend_remake(rows, orphan);

	if (r >= 0)
		r = recover_segment(rows, &session, orphan->last_usec);
	if (r >= 0)
		r = rows_gap(rows, &gap);
	if (r >= 0)
		r = rows_event(rows, &event);
	if (r >= 0)
		r = rows_end(rows, orphan->n, orphan->last_usec, end_wall_usec, "interrupted");
	return r;
}

/** struct ends - what is told when it is on disk */
struct ends {
	int64_t sessions[STORE_SESSIONS_MAX];
	size_t n;
};

static int orphans_end(struct rows *rows, struct ends *ends)
{
	for (;;) {
		struct orphan orphan;
		int r = orphan_next(rows->db, &orphan);

		if (r == -ENOENT)
			return 0;
		if (r >= 0)
			r = orphan_end(rows, &orphan);
		if (r < 0)
			return r;
		log_line(LOG_NOTICE,
			 &(struct log_context){.session = orphan.id, .message_id = LOG_ID_SESSION},
			 "session %s was open when the daemon ended: closing it as interrupted",
			 orphan.id);
		if (ends->n < STORE_SESSIONS_MAX)
			ends->sessions[ends->n++] = orphan.n;
	}
}

int recover_interrupted(sqlite3 *db, const struct key *key)
{
	struct rows rows = {0};
	struct ends ends = {0};
	int r = rows_open(&rows, db, key);

	if (r < 0)
		return r;
	r = rows_begin(&rows);
	if (r >= 0) {
		r = chain_key(&rows.chain); /* it signs from here on */
		if (r >= 0)
			r = orphans_end(&rows, &ends);
		if (r >= 0)
			r = rows_commit(&rows);
		if (r < 0)
			rows_rollback(&rows);
	}
	for (size_t i = 0; i < ends.n && r >= 0; i++)
		chain_log_end(db, ends.sessions[i]);
	rows_close(&rows);
	return r;
}
