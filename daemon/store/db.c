// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "daemon/store/db.h"

struct db_value db_text(const char *text)
{
	if (!text)
		return DB_N;
	return (struct db_value){.type = DB_TEXT, .data = text, .size = strlen(text)};
}

int db_errno(int result)
{
	switch (result & 0xff) {
	case SQLITE_OK:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

int db_open(sqlite3 **ret, const char *path, int flags)
{
	sqlite3 *db = NULL;
	int r = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (r != SQLITE_OK) {
		db_close(db);
		return db_errno(r);
	}
	sqlite3_extended_result_codes(db, 1);
	/* The record has none. One that somebody put there would change what is written. */
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	*ret = db;
	return 0;
}

sqlite3 *db_close(sqlite3 *db)
{
	sqlite3_close_v2(db);
	return NULL;
}

void db_keep_wal(sqlite3 *db)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

int db_exec(sqlite3 *db, const char *sql)
{
	return db_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int db_prepare(sqlite3 *db, sqlite3_stmt **ret, const char *sql)
{
	*ret = NULL;
	return db_errno(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL));
}

static int bind_one(sqlite3_stmt *statement, int index, const struct db_value *value)
{
	switch (value->type) {
	case DB_NULL:
		return sqlite3_bind_null(statement, index);
	case DB_INTEGER:
		return sqlite3_bind_int64(statement, index, value->integer);
	case DB_TEXT:
		return sqlite3_bind_text(statement, index, value->data, (int)value->size,
					 SQLITE_STATIC);
	case DB_BLOB:
		return sqlite3_bind_blob(statement, index, value->data, (int)value->size,
					 SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

int db_bind(sqlite3_stmt *statement, const struct db_value *values, size_t n_values)
{
	for (size_t i = 0; i < n_values; i++) {
		int r = bind_one(statement, (int)i + 1, &values[i]);

		if (r != SQLITE_OK)
			return db_errno(r);
	}
	return 0;
}

int db_step(sqlite3_stmt *statement)
{
	int step = sqlite3_step(statement);

	if (step == SQLITE_ROW || step == SQLITE_DONE)
		return step == SQLITE_ROW;
	return db_errno(step);
}

int db_run(sqlite3_stmt *statement, const struct db_value *values, size_t n_values)
{
	int r = db_bind(statement, values, n_values);

	if (r >= 0)
		r = db_step(statement);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r < 0 ? r : 0; /* a row is no news here */
}

int db_integer(sqlite3 *db, const char *sql, int64_t *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement, sql);

	if (r < 0)
		return r;
	r = db_step(statement);
	if (r <= 0)
		return r ? r : -ENODATA;
	*ret = sqlite3_column_int64(statement, 0);
	return 0;
}

const char *db_column_text(sqlite3_stmt *statement, int column)
{
	return (const char *)sqlite3_column_text(statement, column);
}
