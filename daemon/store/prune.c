// SPDX-License-Identifier: GPL-2.0-only
/* KeepSamples: the full rate for some days, trends and digests for good. */
#include <errno.h>
#include <stdio.h>

#include "daemon/store/db.h"
#include "daemon/store/erase.h"
#include "daemon/store/schema.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

/*
 * The oldest one whose time is over. A clock that nobody keeps may have jumped: then no session is
 * older than another one began after it in the record itself.
 */
static const char due_sql[] =
	"SELECT n, id, (SELECT count(*) FROM block WHERE session = session.n),"
	" EXISTS (SELECT 1 FROM tombstone WHERE kind = 'pruned'"
	"  AND sessions = '[' || session.n || ']')"
	" FROM session WHERE ended_wall_usec < CASE ?3 WHEN 1 THEN ?1"
	"  ELSE min(?1, (SELECT s.started_wall_usec FROM session AS s ORDER BY s.n DESC LIMIT 1)"
	"   - ?2) END"
	" AND EXISTS (SELECT 1 FROM block WHERE session = session.n) AND NOT " SCHEMA_HELD
	" ORDER BY n LIMIT 1";

static int delete_some(struct rows *rows, int64_t session)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(rows->db, &statement,
			   "DELETE FROM block WHERE n IN"
			   " (SELECT n FROM block WHERE session = ?1 ORDER BY n LIMIT ?2)");

	return r < 0 ? r : DB_RUN(statement, DB_I(session), DB_I(PRUNE_STEP_BLOCKS));
}

static int begin_session(struct rows *rows, int64_t session, int64_t blocks, uint64_t keep_usec)
{
	char sessions[32], reason[64];
	const struct tombstone tombstone = {
		.kind = "pruned",
		.sessions = sessions,
		.holds = "[]",
		.rows = (uint64_t)blocks,
		.reason = reason,
		.wall_usec = wall_usec(),
	};

	snprintf(sessions, sizeof(sessions), "[%lld]", (long long)session);
	snprintf(reason, sizeof(reason), "KeepSamples=%llud", keep_usec / (86400 * USEC_PER_SEC));
	return tombstone_add(rows, &tombstone);
}

static int prune(struct rows *rows, uint64_t keep_usec)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	uint64_t now = wall_usec();
	int64_t session;
	int r = db_prepare(rows->db, &statement, due_sql);

	if (r >= 0)
		r = DB_BIND(statement, DB_I(now > keep_usec ? now - keep_usec : 0), DB_I(keep_usec),
			    DB_I(wall_synchronized()));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0)
		return r;
	session = sqlite3_column_int64(statement, 0);
	r = 0;
	if (!sqlite3_column_int64(statement, 3)) {
		log_line(LOG_INFO,
			 &(struct log_context){.session = db_column_text(statement, 1),
					       .message_id = LOG_ID_STORE},
			 "KeepSamples is over: deleting the full-rate samples, their trend stays");
		r = begin_session(rows, session, sqlite3_column_int64(statement, 2), keep_usec);
	}
	sqlite3_reset(statement);
	if (r >= 0)
		r = delete_some(rows, session);
	return r < 0 ? r : 1;
}

int prune_step(struct rows *rows, uint64_t keep_usec)
{
	int r = rows_begin(rows), committed;

	if (r < 0)
		return r;
	r = prune(rows, keep_usec);
	committed = r > 0 ? rows_commit(rows) : 0;
	if (committed < 0)
		r = committed;
	if (r <= 0)
		rows_rollback(rows);
	return r;
}
