// SPDX-License-Identifier: GPL-2.0-only
/* What went before a session: of the same client and area, and with the same cartridge. */
#include <errno.h>

#include "daemon/store/db.h"
#include "daemon/store/reader.h"
#include "daemon/store/schema.h"

/*
 * Sessions with strokes in that area, by their segments. A segment is written at its end, and files
 * of before version 4 have none: then it is the area that the session has now, or had at its end.
 * What is still open has come as far as its last trend.
 */
static const char course_sql[] =
	"WITH who AS (SELECT n, id, coalesce(ended_wall_usec,"
	" (SELECT max(wall_usec) FROM trend AS t WHERE t.session = session.n), started_wall_usec)"
	" AS at, ended_wall_usec, strokes, " SCHEMA_LATEST(
		"area",
		"area") " AS latest"
			" FROM session WHERE client = coalesce(?1, (SELECT client FROM session "
			"WHERE id = ?2))"
			" AND id IS NOT ?2)"
			" SELECT count(*), max(at) FROM ("
			" SELECT who.n, max(g.ended_wall_usec) AS at FROM who JOIN segment AS g"
			" ON g.session = who.n WHERE g.area = ?3 AND g.strokes > 0 GROUP BY who.n"
			" UNION ALL SELECT n, at FROM who WHERE latest = ?3 AND strokes > 0"
			" AND NOT EXISTS (SELECT 1 FROM segment AS g WHERE g.session = who.n AND "
			"g.area = ?3"
			" AND g.strokes > 0)"
			" AND (ended_wall_usec IS NULL"
			" OR NOT EXISTS (SELECT 1 FROM segment AS g WHERE g.session = who.n)))";

static const char bound_sql[] =
	"SELECT count(*) FROM cartridge LEFT JOIN session AS s ON s.n = cartridge.session"
	" WHERE " SCHEMA_SAME_CARTRIDGE("?1", "?2", "?3") " AND (?4 IS NULL OR s.id IS NOT ?4)";

static int course_of(sqlite3 *db, struct job *job)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement, course_sql);

	if (r >= 0)
		r = DB_BIND(statement, DB_T(job->client), DB_T(job->session), DB_T(job->area));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0)
		return r ? r : -EIO;
	job->course.sessions = (uint32_t)sqlite3_column_int64(statement, 0);
	job->course.last_wall_usec = (uint64_t)sqlite3_column_int64(statement, 1);
	return 0;
}

static int cartridge_of(sqlite3 *db, struct job *job)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement, bound_sql);

	if (r >= 0)
		r = DB_BIND(statement, DB_T(job->uid), DB_T(job->lot), DB_T(job->serial),
			    DB_T(job->session));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0)
		return r ? r : -EIO;
	job->course.cartridge_bound = sqlite3_column_int64(statement, 0) != 0;
	return 0;
}

int course_run(sqlite3 *db, struct job *job)
{
	int r = job->area ? course_of(db, job) : 0;

	if (r >= 0 && job->lot)
		r = cartridge_of(db, job);
	return r;
}
