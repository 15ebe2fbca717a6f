/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SQLite with errno: the few calls that the store makes, and what their failures mean.
 *
 * A connection and its statements belong to one thread at a time (SQLITE_OPEN_NOMUTEX).
 */
#ifndef MNPEN_STORE_DB_H
#define MNPEN_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/base/cleanup.h"

enum db_type {
	DB_NULL,
	DB_INTEGER,
	DB_TEXT,
	DB_BLOB,
};

/** struct db_value - one parameter of a statement; borrowed until the call returns */
struct db_value {
	enum db_type type;
	int64_t integer;
	const void *data;
	size_t size;
};

#define DB_I(v) ((struct db_value){.type = DB_INTEGER, .integer = (int64_t)(v)})
#define DB_T(v) db_text(v)
#define DB_B(v, n) ((struct db_value){.type = DB_BLOB, .data = (v), .size = (n)})
#define DB_N ((struct db_value){.type = DB_NULL})

/** db_text() - @text as a value, NULL as SQL NULL */
struct db_value db_text(const char *text);

/**
 * db_errno() - what an SQLite result code means, 0 for OK
 * -EBUSY another process locks the database; -ENOSPC disk or file size limit; -EUCLEAN damaged, or
 * no database; -EEXIST a constraint; -E2BIG; -ENOMEM; -EIO anything else.
 */
int db_errno(int result);

/** db_open() - @flags: SQLITE_OPEN_*; *@ret is for the caller to close, with db_close() */
int db_open(sqlite3 **ret, const char *path, int flags);
sqlite3 *db_close(sqlite3 *db);

/** db_keep_wal() - leave the write-ahead log in place on close: the file stays as it was found, and
 * the next start sees that a check is due */
void db_keep_wal(sqlite3 *db);

/** db_exec() - statements without parameters or results */
int db_exec(sqlite3 *db, const char *sql);

/** db_prepare() - *@ret is NULL on failure, so that sqlite3_finalize() is always right */
int db_prepare(sqlite3 *db, sqlite3_stmt **ret, const char *sql);

/** db_bind() - parameters 1..n. Call sqlite3_reset() before the values go away. */
int db_bind(sqlite3_stmt *statement, const struct db_value *values, size_t n_values);

#define DB_BIND(statement, ...)                                                                    \
	db_bind(statement, (const struct db_value[]){__VA_ARGS__},                                 \
		ELEMENTSOF(((const struct db_value[]){__VA_ARGS__})))

/** db_step() - Return: 1 there is a row; 0 there are no more; negative errno. */
int db_step(sqlite3_stmt *statement);

/** db_run() - bind, step to the end, reset; for statements without rows */
int db_run(sqlite3_stmt *statement, const struct db_value *values, size_t n_values);
#define DB_RUN(statement, ...)                                                                     \
	db_run(statement, (const struct db_value[]){__VA_ARGS__},                                  \
	       ELEMENTSOF(((const struct db_value[]){__VA_ARGS__})))

/** db_integer() - the first column of the first row of @sql; -ENODATA when there is none */
int db_integer(sqlite3 *db, const char *sql, int64_t *ret);

/** db_column_text() - borrowed until the next step; NULL for SQL NULL */
const char *db_column_text(sqlite3_stmt *statement, int column);

static inline void db_close_cleanup(sqlite3 **db)
{
	db_close(*db);
}

static inline void statement_cleanup(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

#define _cleanup_statement_ _cleanup_(statement_cleanup)

#endif
