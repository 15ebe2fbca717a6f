// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/erase.h"
#include "daemon/store/login.h"
#include "driver/base/cleanup.h"

#define IN_SESSIONS " IN (SELECT value FROM json_each(?1))"

/* Entries whose rows go: what binds a cartridge and what signs an end outlive the rest. */
#define CHAIN_OF_SESSIONS "session" IN_SESSIONS " AND kind NOT IN ('cartridge', 'signature')"

/* In this order, each with the JSON array of the sessions' n. Overwritten first what is in tables
 * too large to be written anew. */
static const char *const erase_sql[] = {
	"UPDATE chain SET salt = zeroblob(16) WHERE " CHAIN_OF_SESSIONS,
	"UPDATE block SET data = zeroblob(length(data)) WHERE session" IN_SESSIONS,
};

static const char *const delete_sql[] = {
	"DELETE FROM block WHERE session" IN_SESSIONS,
	"DELETE FROM trend WHERE session" IN_SESSIONS,
	"DELETE FROM gap WHERE session" IN_SESSIONS,
	"DELETE FROM event WHERE session" IN_SESSIONS,
	"DELETE FROM screening WHERE session" IN_SESSIONS,
	"DELETE FROM segment WHERE session" IN_SESSIONS,
	"DELETE FROM session WHERE n" IN_SESSIONS,
};

/* With words of people in them, or made of such in an index. */
static const char *const rebuilt[] = {"session",   "event",   "gap",
				      "screening", "segment", "legal_hold"};

int tombstone_add(struct rows *rows, const struct tombstone *t)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(rows->db, &statement,
			   "INSERT INTO tombstone (kind, sessions, holds, rows, reason, uid,"
			   " operator, wall_usec) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	if (r >= 0)
		r = DB_RUN(statement, DB_T(t->kind), DB_T(t->sessions), DB_T(t->holds),
			   DB_I(t->rows), DB_T(t->reason), t->operator_name ? DB_I(t->uid) : DB_N,
			   DB_T(t->operator_name), DB_I(t->wall_usec));
	if (r >= 0)
		r = chain_append(&rows->chain, CHAIN_TOMBSTONE, sqlite3_last_insert_rowid(rows->db),
				 0);
	return r < 0 ? r : chain_sign(&rows->chain, t->kind, 0);
}

/* Rows that @sql, with one parameter, changed; added to *@count when that is not NULL. */
static int run_counted(sqlite3 *db, const char *sql, const char *parameter, uint64_t *count)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(db, &statement, sql);

	if (r >= 0)
		r = DB_RUN(statement, DB_T(parameter));
	if (r >= 0 && count)
		*count += (uint64_t)sqlite3_changes64(db);
	return r;
}

/* The one text that @sql gives, with the client as its parameter; for free(). */
static int text_of(sqlite3 *db, const char *sql, const char *client, char **ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *text;
	int r = db_prepare(db, &statement, sql);

	if (r >= 0)
		r = DB_BIND(statement, DB_T(client));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0)
		return r ? r : -EIO;
	text = db_column_text(statement, 0);
	*ret = text ? strdup(text) : NULL;
	return *ret ? 0 : -ENOMEM;
}

/* Return: 0; -EPERM held, and *@ret says by whose word. */
static int check_hold(sqlite3 *db, const char *client, struct store_erased *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *reason;
	int r = db_prepare(db, &statement,
			   "SELECT held, reason, uid, wall_usec FROM legal_hold WHERE client = ?"
			   " ORDER BY n DESC LIMIT 1");

	if (r >= 0)
		r = DB_BIND(statement, DB_T(client));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0 || !sqlite3_column_int64(statement, 0))
		return r < 0 ? r : 0;
	reason = db_column_text(statement, 1);
	snprintf(ret->hold_reason, sizeof(ret->hold_reason), "%s", reason ? reason : "");
	ret->hold_uid = (uint32_t)sqlite3_column_int64(statement, 2);
	ret->hold_wall_usec = (uint64_t)sqlite3_column_int64(statement, 3);
	return -EPERM;
}

static int check_open(sqlite3 *db)
{
	int64_t open;
	int r = db_integer(db, "SELECT count(*) FROM session WHERE ended_usec IS NULL", &open);

	if (r < 0)
		return r;
	return open ? -ETXTBSY : 0;
}

/* Every page that it had is zeroed when it is given back, and the rows that stay are written in
 * order, which moves none. */
static int rebuild(sqlite3 *db, const char *table)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "CREATE TABLE rebuilt AS SELECT * FROM %s;"
		 "DELETE FROM %s;"
		 "INSERT INTO %s SELECT * FROM rebuilt ORDER BY n;"
		 "DROP TABLE rebuilt;",
		 table, table, table);
	return db_exec(db, sql);
}

static int erase_rows(sqlite3 *db, const char *sessions, const char *holds, uint64_t *count)
{
	int r = 0;

	for (size_t i = 0; i < ELEMENTSOF(erase_sql) && r >= 0; i++)
		r = run_counted(db, erase_sql[i], sessions, NULL);
	if (r >= 0)
		r = run_counted(db,
				"UPDATE chain SET salt = zeroblob(16) WHERE kind = 'legal-hold'"
				" AND row" IN_SESSIONS,
				holds, NULL);
	for (size_t i = 0; i < ELEMENTSOF(delete_sql) && r >= 0; i++)
		r = run_counted(db, delete_sql[i], sessions, count);
	if (r >= 0)
		r = run_counted(db, "DELETE FROM legal_hold WHERE n" IN_SESSIONS, holds, count);
	for (size_t i = 0; i < ELEMENTSOF(rebuilt) && r >= 0; i++)
		r = rebuild(db, rebuilt[i]);
	return r;
}

static int erase_all(struct rows *rows, const struct store_erase *what, uint64_t wall_usec)
{
	_cleanup_free_ char *sessions = NULL, *holds = NULL;
	char operator_name[LOGIN_OPERATOR_MAX];
	struct tombstone tombstone = {
		.kind = "erased", .reason = what->reason, .uid = what->uid, .wall_usec = wall_usec};
	int64_t n = 0;
	int r = text_of(rows->db,
			"SELECT json_group_array(n) FROM"
			" (SELECT n FROM session WHERE client = ? ORDER BY n)",
			what->client, &sessions);

	if (r >= 0)
		r = text_of(rows->db,
			    "SELECT json_group_array(n) FROM"
			    " (SELECT n FROM legal_hold WHERE client = ? ORDER BY n)",
			    what->client, &holds);
	if (r >= 0 && strcmp(sessions, "[]") == 0 && strcmp(holds, "[]") == 0)
		return -ENOENT;
	if (r >= 0)
		r = erase_rows(rows->db, sessions, holds, &tombstone.rows);
	if (r < 0)
		return r;
	tombstone.sessions = sessions;
	tombstone.holds = holds;
	tombstone.operator_name = login_operator(what->uid, NULL, operator_name);
	for (const char *at = sessions; *at; at++)
		n += *at == ',';
	what->ret->sessions = strcmp(sessions, "[]") == 0 ? 0 : (uint64_t)n + 1;
	what->ret->rows = tombstone.rows;
	return tombstone_add(rows, &tombstone);
}

int erase_client(struct rows *rows, const struct store_erase *what, uint64_t wall_usec)
{
	/* The ledger's rows outlive the sessions that they name. No effect within a transaction. */
	int r = db_exec(rows->db, "PRAGMA foreign_keys = OFF"), back;

	if (r < 0)
		return r;
	r = rows_begin(rows);
	if (r < 0)
		goto finish;
	r = check_hold(rows->db, what->client, what->ret);
	if (r >= 0)
		r = check_open(rows->db);
	if (r >= 0)
		r = erase_all(rows, what, wall_usec);
	if (r >= 0)
		r = rows_commit(rows);
	if (r < 0)
		rows_rollback(rows);
finish:
	back = db_exec(rows->db, "PRAGMA foreign_keys = ON");
	return r < 0 ? r : back;
}

int erase_empty_log(sqlite3 *db, int wait_ms)
{
	int r;

	sqlite3_busy_timeout(db, wait_ms);
	r = db_errno(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
	sqlite3_busy_timeout(db, 0);
	return r;
}
