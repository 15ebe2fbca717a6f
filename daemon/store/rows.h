/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rows that the store writes, one function a table. The caller holds the transaction.
 *
 * All return 0 or an errno of db.h. Numbers of sessions are session.n.
 */
#ifndef MNPEN_STORE_ROWS_H
#define MNPEN_STORE_ROWS_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store/block.h"
#include "daemon/store/segment.h"
#include "daemon/store/store.h"
#include "daemon/store/trend.h"

enum rows_statement {
	ROWS_BEGIN,
	ROWS_COMMIT,
	ROWS_ROLLBACK,
	ROWS_PAGES,
	ROWS_SESSION,
	ROWS_FIND,
	ROWS_END,
	ROWS_TOTALS,
	ROWS_EVENT,
	ROWS_GAP,
	ROWS_BLOCK,
	ROWS_TREND,
	ROWS_HOLD,
	ROWS_ANSWER,
	ROWS_BOUND,
	ROWS_CARTRIDGE,
	ROWS_SEGMENT,
	ROWS_STATEMENTS,
};

/** struct rows - prepared statements on one connection; zero-initialise */
struct rows {
	sqlite3 *db; /* borrowed */
	int64_t page_size;
	sqlite3_stmt *statements[ROWS_STATEMENTS];
};

int rows_open(struct rows *rows, sqlite3 *db);
void rows_close(struct rows *rows);

int rows_begin(struct rows *rows);
int rows_commit(struct rows *rows);
/** rows_rollback() - also after SQLite has rolled back by itself */
void rows_rollback(struct rows *rows);

/** rows_bytes() - size of the database, as the quota counts it */
int rows_bytes(struct rows *rows, uint64_t *ret_bytes);

/** rows_session() - -EEXIST when there is a session of that id already */
int rows_session(struct rows *rows, const struct store_session *session, int64_t *ret_n);

/** rows_find() - -ENOENT when there is no session of that id */
int rows_find(struct rows *rows, const char *id, int64_t *ret_n);

int rows_end(struct rows *rows, int64_t session, uint64_t usec, uint64_t wall_usec,
	     const char *outcome);
int rows_totals(struct rows *rows, int64_t session, const struct totals *totals);

/** struct row_event - @session 0 = none; @details a JSON object */
struct row_event {
	int64_t session;
	const char *pen;
	const char *kind;
	const char *details;
	uint64_t usec;
	uint64_t wall_usec;
};
int rows_event(struct rows *rows, const struct row_event *event);

#define ROW_UNKNOWN (-1) /* a number in a gap that nobody knows */

struct row_gap {
	int64_t session;
	int64_t after_seq;
	int64_t before_seq;
	int64_t missing;
	const char *reason;
	uint64_t usec;
	uint64_t wall_usec;
};
int rows_gap(struct rows *rows, const struct row_gap *gap);

/** rows_block() - @data: @samples, encoded */
int rows_block(struct rows *rows, int64_t session, const struct block_sample *samples, size_t count,
	       const uint8_t *data, size_t size);

/** rows_trend() - @wall_usec: of the window's start */
int rows_trend(struct rows *rows, int64_t session, const struct trend *trend, uint64_t wall_usec);

int rows_hold(struct rows *rows, const struct store_hold *hold, uint64_t wall_usec);

/** rows_answer() - a question of the checklist, as it was put and answered */
int rows_answer(struct rows *rows, int64_t session, const struct store_answer *answer,
		uint64_t wall_usec);

/** rows_cartridge() - bind it to @session for ever
 * Return: 1; 0 it was bound to this session before; -EADDRINUSE it is another's; errno of db.h */
int rows_cartridge(struct rows *rows, int64_t session, const char *pen,
		   const struct store_cartridge *cartridge, uint64_t usec, uint64_t wall_usec);

/** rows_cartridge_free() - whether it is bound to no session but @session (0 = to none at all)
 * Return: 1 to none; 0 to @session; -EADDRINUSE to another; errno of db.h */
int rows_cartridge_free(struct rows *rows, int64_t session,
			const struct store_cartridge *cartridge);

/** struct row_segment - @what: borrowed */
struct row_segment {
	int64_t session;
	const struct store_segment *what;
	const struct segment_totals *totals;
	uint64_t started_usec;
	uint64_t started_wall_usec;
	uint64_t ended_usec;
	uint64_t ended_wall_usec;
};
int rows_segment(struct rows *rows, const struct row_segment *segment);

#endif
