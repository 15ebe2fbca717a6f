// SPDX-License-Identifier: GPL-2.0-only
/*
 * The segment that a dead daemon had not closed: what held is told by the event that opened it,
 * what was measured by the samples since.
 */
#include <errno.h>
#include <stdlib.h>

#include "daemon/store/db.h"
#include "daemon/store/recover.h"
#include "daemon/store/schema.h"

static uint32_t number(sqlite3_stmt *statement, int column)
{
	return (uint32_t)sqlite3_column_int64(statement, column);
}

/* Return: 0, also when nothing was open; negative errno. */
static int reopen(struct rows *rows, struct batch_session *session)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	struct store_segment what;
	int r = db_prepare(
		rows->db, &statement,
		"SELECT usec, " SCHEMA_LATEST(
			"profile",
			"profile") ", details ->> 'area', details ->> 'area_size_cm2',"
				   " details ->> 'density_warning_per_cm2', details ->> "
				   "'depth_limit_um',"
				   " details ->> 'speed_limit_min_rpm', details ->> "
				   "'speed_limit_max_rpm'"
				   " FROM event JOIN session ON session.n = event.session"
				   " WHERE event.session = ? AND kind IN ('begin', 'area', "
				   "'profile')"
				   " ORDER BY event.n DESC LIMIT 1");

	if (r >= 0)
		r = DB_BIND(statement, DB_I(session->n));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0)
		return r;
	what = (struct store_segment){
		.profile = db_column_text(statement, 1),
		.area = db_column_text(statement, 2),
		.area_size_cm2 = number(statement, 3),
		.density_warning_per_cm2 = number(statement, 4),
		.depth_limit_um = (uint16_t)number(statement, 5),
		.speed_limit_min_rpm = (uint16_t)number(statement, 6),
		.speed_limit_max_rpm = (uint16_t)number(statement, 7),
	};
	batch_segment_open(session, &what, (uint64_t)sqlite3_column_int64(statement, 0));
	return 0;
}

/* That of the time: one may have been put in the place of another. Return: 0; negative errno. */
static int needles_at(sqlite3_stmt *statement, struct batch_session *session, uint64_t usec)
{
	int r = DB_BIND(statement, DB_I(session->n), DB_I(usec));

	if (r >= 0)
		r = db_step(statement);
	session->needles = r > 0 ? (uint16_t)number(statement, 0) : 0;
	sqlite3_reset(statement);
	return r < 0 ? r : 0;
}

/* Samples before the segment only say what the pen had counted then. */
static void count(struct batch_session *session, const struct block_sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct totals before = session->totals;
		struct mnpen_sample decoded;

		if (mnpen_sample_decode(&decoded, samples[i].sample, sizeof(samples[i].sample)) < 0)
			continue;
		totals_add(&session->totals, &decoded);
		if (samples[i].host_usec >= session->segment.started_usec)
			segment_add(&session->segment.totals, &decoded,
				    session->totals.strokes - before.strokes,
				    session->totals.run_ms - before.run_ms, session->needles);
	}
}

static int measure(struct rows *rows, struct batch_session *session, struct block_codec *codec,
		   struct block_sample samples[BLOCK_SAMPLES_MAX])
{
	_cleanup_statement_ sqlite3_stmt *blocks = NULL, *needles = NULL;
	size_t n;
	int r = db_prepare(rows->db, &blocks,
			   "SELECT last_host_usec, data FROM block WHERE session = ?1 AND n >="
			   " coalesce((SELECT max(n) FROM block WHERE session = ?1"
			   " AND last_host_usec < ?2), 0) ORDER BY n");

	if (r >= 0)
		r = db_prepare(rows->db, &needles,
			       "SELECT needles FROM cartridge WHERE session = ? AND usec <= ?"
			       " ORDER BY n DESC LIMIT 1");
	if (r >= 0)
		r = DB_BIND(blocks, DB_I(session->n), DB_I(session->segment.started_usec));
	while (r >= 0 && (r = db_step(blocks)) > 0) {
		r = needles_at(needles, session, (uint64_t)sqlite3_column_int64(blocks, 0));
		/* One that cannot be read was told of with the trend. */
		if (r >= 0 &&
		    block_decode(codec, sqlite3_column_blob(blocks, 1),
				 (size_t)sqlite3_column_bytes(blocks, 1), samples, &n) >= 0)
			count(session, samples, n);
	}
	return r;
}

int recover_segment(struct rows *rows, struct batch_session *session, uint64_t last_usec)
{
	_cleanup_free_ struct block_sample *samples = calloc(BLOCK_SAMPLES_MAX, sizeof(*samples));
	struct block_codec *codec;
	int r;

	if (!samples)
		return -ENOMEM;
	r = reopen(rows, session);
	if (r < 0 || !session->segment.open)
		return r;
	codec = block_codec_new();
	if (!codec)
		return -ENOMEM;
	r = measure(rows, session, codec, samples);
	block_codec_free(codec);
	/* It may have been opened after the last sample. */
	return r < 0 ? r
		     : batch_segment_close(rows, session,
					   MAX(last_usec, session->segment.started_usec));
}
