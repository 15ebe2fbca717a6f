// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/reader.h"
#include "daemon/store/schema.h"

/* The lot as it is searched for: of the tag, or what stands before the slash of what was typed. */
#define TYPED_LOT                                                                                  \
	"CASE instr(cartridge, '/') WHEN 0 THEN cartridge"                                         \
	" ELSE substr(cartridge, 1, instr(cartridge, '/') - 1) END"

#define TYPED_SERIAL "substr(cartridge, nullif(instr(cartridge, '/'), 0) + 1)"
/* Of the ledger: one that was put in later is in no session's row. */
#define BOUND(what) "EXISTS (SELECT 1 FROM cartridge AS c WHERE c.session = session.n AND " what ")"
/* A recall is not missed because a lot was typed in small letters. */
#define SAME(what, with) "(" what ") = " with " COLLATE NOCASE"
#define OF_LOT                                                                                     \
	"(?3 IS NULL OR " SAME("cartridge_lot", "?3") " OR " SAME(TYPED_LOT, "?3") " OR " BOUND(   \
		SAME("c.lot", "?3")) ")"
#define OF_SERIAL                                                                                  \
	"(?4 IS NULL OR " SAME("pen", "?4") " OR " SAME(TYPED_SERIAL, "?4") " OR " BOUND(          \
		SAME("c.serial", "?4")) ")"
#define PROFILE SCHEMA_LATEST("profile", "profile")
#define AREA SCHEMA_LATEST("area", "area")
#define LOT "coalesce(cartridge_lot, " TYPED_LOT ")"

static const char list_sql[] =
	"SELECT n, id, pen, " PROFILE ", " AREA ", client, operator, outcome, " LOT ","
	" started_wall_usec, ended_wall_usec, samples, gaps, strokes, run_ms FROM session"
	" WHERE n < ?1 AND (?2 IS NULL OR client = ?2) AND " OF_LOT " AND " OF_SERIAL
	" AND started_wall_usec >= ?5 AND (?6 = 0 OR ended_usec IS NULL) ORDER BY n DESC LIMIT ?7";

enum list_column {
	LIST_N,
	LIST_ID,
	LIST_PEN,
	LIST_PROFILE,
	LIST_AREA,
	LIST_CLIENT,
	LIST_OPERATOR,
	LIST_OUTCOME,
	LIST_LOT,
	LIST_STARTED,
	LIST_ENDED,
	LIST_SAMPLES,
	LIST_GAPS,
	LIST_STROKES,
	LIST_RUN_MS,
};

/* SQL NULL becomes NULL. Return: 0, -ENOMEM. */
static int text_copy(sqlite3_stmt *statement, enum list_column column, char **ret)
{
	const char *text = db_column_text(statement, (int)column);
	char *copy;

	if (!text)
		return sqlite3_column_type(statement, (int)column) == SQLITE_NULL ? 0 : -ENOMEM;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

static uint64_t number(sqlite3_stmt *statement, enum list_column column)
{
	return (uint64_t)sqlite3_column_int64(statement, (int)column);
}

static int row_read(sqlite3_stmt *statement, struct store_row *row)
{
	const struct {
		enum list_column column;
		char **text;
	} texts[] = {
		{LIST_PEN, &row->pen},		 {LIST_PROFILE, &row->profile},
		{LIST_AREA, &row->area},	 {LIST_CLIENT, &row->client},
		{LIST_OUTCOME, &row->outcome},	 {LIST_OPERATOR, &row->operator_name},
		{LIST_LOT, &row->cartridge_lot},
	};
	const char *id = db_column_text(statement, LIST_ID);
	int r = id ? 0 : -ENOMEM;

	if (id)
		snprintf(row->id, sizeof(row->id), "%s", id);
	for (size_t i = 0; i < ELEMENTSOF(texts) && r >= 0; i++)
		r = text_copy(statement, texts[i].column, texts[i].text);
	row->started_wall_usec = number(statement, LIST_STARTED);
	row->ended_wall_usec = number(statement, LIST_ENDED);
	row->samples = number(statement, LIST_SAMPLES);
	row->gaps = number(statement, LIST_GAPS);
	row->strokes = number(statement, LIST_STROKES);
	row->run_ms = number(statement, LIST_RUN_MS);
	return r;
}

static int rows_read(sqlite3_stmt *statement, struct job *job)
{
	int64_t last = 0;

	for (;;) {
		int r = db_step(statement);

		if (r <= 0)
			return r;
		if (job->n_rows == job->count) {
			/* One more than asked for: there is a next page. */
			snprintf(job->cursor, sizeof(job->cursor), "%" PRId64, last);
			return 0;
		}
		last = sqlite3_column_int64(statement, LIST_N);
		r = row_read(statement, &job->rows[job->n_rows++]);
		if (r < 0)
			return r;
	}
}

int list_run(sqlite3 *db, struct job *job)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const struct store_filter *filter = &job->filter;
	const struct db_value values[] = {
		DB_I(job->before),    DB_T(filter->client),	     DB_T(filter->lot),
		DB_T(filter->pen),    DB_I(filter->since_wall_usec), DB_I(filter->open_only),
		DB_I(job->count + 1),
	};
	int r;

	job->rows = calloc(job->count, sizeof(*job->rows));
	if (!job->rows)
		return -ENOMEM;
	r = db_prepare(db, &statement, list_sql);
	if (r >= 0)
		r = db_bind(statement, values, ELEMENTSOF(values));
	return r < 0 ? r : rows_read(statement, job);
}
