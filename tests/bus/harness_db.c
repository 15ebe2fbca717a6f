// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_db.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/bus/harness_process.h"

#define BUSY_MS 5000

struct db_lock {
	sqlite3 *db;
};

static sqlite3 *open_db(const char *path, int flags)
{
	sqlite3 *db = NULL;
	int r = sqlite3_open_v2(path, &db, flags, NULL);

	if (r != SQLITE_OK)
		fail_msg("%s: %s", path, sqlite3_errstr(r));
	sqlite3_busy_timeout(db, BUSY_MS * time_scale());
	return db;
}

static sqlite3_stmt *first_row(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int r = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (r == SQLITE_OK)
		r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		fail_msg("%s: %s", sql, r == SQLITE_DONE ? "no row" : sqlite3_errmsg(db));
	return statement;
}

int64_t db_number(const char *path, const char *sql)
{
	sqlite3 *db = open_db(path, SQLITE_OPEN_READONLY);
	sqlite3_stmt *statement = first_row(db, sql);
	int64_t number = sqlite3_column_int64(statement, 0);

	sqlite3_finalize(statement);
	sqlite3_close(db);
	return number;
}

void db_exec(const char *path, const char *sql)
{
	sqlite3 *db = open_db(path, SQLITE_OPEN_READWRITE);
	int r = sqlite3_exec(db, sql, NULL, NULL, NULL);

	if (r != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

char *db_word(const char *path, const char *sql, char *buf, size_t size)
{
	sqlite3 *db = open_db(path, SQLITE_OPEN_READONLY);
	sqlite3_stmt *statement = first_row(db, sql);
	const unsigned char *text = sqlite3_column_text(statement, 0);

	snprintf(buf, size, "%s", text ? (const char *)text : "");
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return buf;
}

struct db_lock *db_lock_exclusive(const char *path)
{
	struct db_lock *lock = malloc(sizeof(*lock));
	char *error = NULL;

	assert_non_null(lock);
	lock->db = open_db(path, SQLITE_OPEN_READWRITE);
	if (sqlite3_exec(lock->db, "BEGIN EXCLUSIVE", NULL, NULL, &error) != SQLITE_OK)
		fail_msg("cannot lock %s: %s", path, error);
	return lock;
}

void db_unlock(struct db_lock *lock)
{
	assert_int_equal(sqlite3_exec(lock->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(lock->db);
	free(lock);
}
