// SPDX-License-Identifier: GPL-2.0-only
/* Along the chain: entry by entry, in slices of one snapshot each. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/verify_parts.h"
#include "driver/base/cleanup.h"

#define SQL_MAX 1200
#define SESSIONS_MAX (INT64_C(1) << 27) /* more than there can be; bounds the memory */

static const char entries_sql[] = "SELECT n, kind, row, session, salt, digest, head FROM chain"
				  " WHERE n > ?1 AND n <= ?2 ORDER BY n LIMIT ?3";

/* A tombstone that was tampered with is found as a row; here it must break nothing. */
#define LISTED(column)                                                                             \
	"SELECT t.n FROM tombstone AS t, json_each(CASE WHEN json_valid(t." column                 \
	") THEN t." column " ELSE '[]' END) AS j WHERE t.kind = 'erased' AND j.value = ?1"

void verify_bit_set(struct verify_bits *bits, int64_t n)
{
	size_t byte = (size_t)n / 8, size = bits->size;
	uint8_t *larger;

	if (n < 0 || n >= SESSIONS_MAX)
		return;
	if (byte >= size) {
		size = 2 * byte + 64;
		larger = realloc(bits->bytes, size);
		if (!larger)
			return; /* a finding too much, never one too few */
		memset(larger + bits->size, 0, size - bits->size);
		bits->bytes = larger;
		bits->size = size;
	}
	bits->bytes[byte] |= (uint8_t)(1 << (n % 8));
}

bool verify_bit(const struct verify_bits *bits, int64_t n)
{
	return n >= 0 && (size_t)n / 8 < bits->size && bits->bytes[n / 8] >> (n % 8) & 1;
}

static void verify_close(struct verify *v)
{
	sqlite3_finalize(v->entries);
	sqlite3_finalize(v->session);
	sqlite3_finalize(v->signature);
	sqlite3_finalize(v->erased);
	sqlite3_finalize(v->erased_hold);
	sqlite3_finalize(v->pruned);
	for (size_t i = 0; i < CHAIN_KINDS; i++) {
		sqlite3_finalize(v->cursors[i].statement);
		sqlite3_finalize(v->exists[i]);
	}
	free(v->ended.bytes);
	free(v->signed_ends.bytes);
	free(v->vouched.bytes);
}

/* In the order in which entries are: but for whole sessions, that of their end. */
static int prepare_cursor(struct verify *v, enum chain_kind kind)
{
	const struct chain_form *form = &chain_forms[kind];
	bool of_sessions = strcmp(form->session, "NULL") != 0;
	char sql[SQL_MAX];
	int r;

	if (kind == CHAIN_SESSION ||
	    (v->scope->session && (!of_sessions || kind == CHAIN_SIGNATURE)))
		return 0;
	snprintf(sql, sizeof(sql), "SELECT %s, %s FROM %s WHERE n >= ?1%s%s ORDER BY n",
		 form->session, form->columns, form->table, v->scope->session ? " AND ?2 = " : "",
		 v->scope->session ? form->session : "");
	r = db_prepare(v->db, &v->cursors[kind].statement, sql);
	if (r < 0)
		return r;
	v->cursors[kind].from = INT64_MIN; /* ours begin with 1 */
	snprintf(sql, sizeof(sql), "SELECT 1 FROM %s WHERE n = ?", form->table);
	return db_prepare(v->db, &v->exists[kind], sql);
}

int verify_prepare_row(struct verify *v, enum chain_kind kind, sqlite3_stmt **ret)
{
	const struct chain_form *form = &chain_forms[kind];
	char sql[SQL_MAX];

	snprintf(sql, sizeof(sql), "SELECT %s, %s FROM %s WHERE n = ?", form->session,
		 form->columns, form->table);
	return db_prepare(v->db, ret, sql);
}

static int verify_prepare(struct verify *v)
{
	int r = db_prepare(v->db, &v->entries, entries_sql);

	if (r >= 0)
		r = verify_prepare_row(v, CHAIN_SESSION, &v->session);
	if (r >= 0)
		r = verify_prepare_row(v, CHAIN_SIGNATURE, &v->signature);
	if (r >= 0)
		r = db_prepare(v->db, &v->erased, LISTED("sessions"));
	if (r >= 0)
		r = db_prepare(v->db, &v->erased_hold, LISTED("holds"));
	if (r >= 0)
		r = db_prepare(v->db, &v->pruned,
			       "SELECT n FROM tombstone WHERE kind = 'pruned' AND"
			       " sessions = '[' || ?1 || ']'");
	for (enum chain_kind kind = 0; kind < CHAIN_KINDS && r >= 0; kind++)
		if (chain_forms[kind].table)
			r = prepare_cursor(v, kind);
	return r;
}

/* From the session's first entry to the first signature that covers its last one. */
static int range_of_session(struct verify *v)
{
	_cleanup_statement_ sqlite3_stmt *range = NULL, *before = NULL;
	int r = db_prepare(v->db, &range,
			   "SELECT min(n), max(max(n), coalesce((SELECT min(s.chain_n) + 1 FROM"
			   " signature AS s WHERE s.chain_n >="
			   " (SELECT max(n) FROM chain WHERE session = ?1)), 0))"
			   " FROM chain WHERE session = ?1");

	if (r >= 0)
		r = DB_BIND(range, DB_I(v->scope->session));
	if (r >= 0)
		r = db_step(range);
	if (r <= 0)
		return r;
	if (sqlite3_column_type(range, 0) == SQLITE_NULL) {
		v->until = 0;
		return 0;
	}
	v->after = sqlite3_column_int64(range, 0) - 1;
	v->until = sqlite3_column_int64(range, 1);
	r = db_prepare(v->db, &before,
		       "SELECT head FROM chain WHERE n <= ? ORDER BY n DESC LIMIT 1");
	if (r >= 0)
		r = DB_BIND(before, DB_I(v->after));
	if (r >= 0)
		r = db_step(before);
	if (r > 0 && sqlite3_column_bytes(before, 0) == CHAIN_HASH_SIZE)
		memcpy(v->head, sqlite3_column_blob(before, 0), CHAIN_HASH_SIZE);
	return r < 0 ? r : 0;
}

/* Rows that were there before the chain have no signature of their own, but the migration's. */
static int find_migration(struct verify *v)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(v->db, &statement,
			   "SELECT min(chain_n) FROM signature WHERE purpose = 'migration' AND"
			   " (SELECT kind FROM chain WHERE n = 1) = 'migration'");

	if (r >= 0)
		r = db_step(statement);
	if (r > 0)
		v->migrated_n = sqlite3_column_int64(statement, 0);
	return r < 0 ? r : 0;
}

static int start_cursors(struct verify *v)
{
	int r = 0;

	for (size_t i = 0; i < CHAIN_KINDS && r >= 0; i++) {
		struct verify_cursor *cursor = &v->cursors[i];

		if (!cursor->statement)
			continue;
		r = v->scope->session ? DB_BIND(cursor->statement, DB_I(cursor->from),
						DB_I(v->scope->session))
				      : DB_BIND(cursor->statement, DB_I(cursor->from));
		if (r >= 0)
			r = db_step(cursor->statement);
		cursor->on_row = r > 0;
	}
	return r < 0 ? r : 0;
}

static void stop_cursors(struct verify *v)
{
	for (size_t i = 0; i < CHAIN_KINDS; i++) {
		if (v->cursors[i].statement)
			sqlite3_reset(v->cursors[i].statement);
		v->cursors[i].on_row = false;
	}
	sqlite3_reset(v->entries);
}

/* Column @column of the entry, if it has the size that it must have. */
static bool take_bytes(sqlite3_stmt *row, int column, void *ret, size_t size)
{
	const void *bytes = sqlite3_column_blob(row, column);

	if (!bytes || (size_t)sqlite3_column_bytes(row, column) != size)
		return false;
	memcpy(ret, bytes, size);
	return true;
}

static void check_link(struct verify *v, const struct chain_entry *entry,
		       const uint8_t head[CHAIN_HASH_SIZE])
{
	uint8_t expected[CHAIN_HASH_SIZE];

	if (entry->n != v->after + 1) {
		finding_add(v, FINDING_CHAIN, "chain", v->after + 1, entry->session,
			    "entries %lld to %lld of the chain are gone", (long long)v->after + 1,
			    (long long)entry->n - 1);
		return;
	}
	chain_head(v->head, entry, expected);
	if (memcmp(expected, head, sizeof(expected)) != 0)
		finding_add(v, FINDING_CHAIN, "chain", entry->n, entry->session,
			    "entry %lld of the chain was changed, or the one before it",
			    (long long)entry->n);
}

/* One entry: its place, then its row. */
static int verify_entry(struct verify *v)
{
	sqlite3_stmt *row = v->entries;
	struct chain_entry entry = {
		.n = sqlite3_column_int64(row, 0),
		.kind = db_column_text(row, 1),
		.row = sqlite3_column_int64(row, 2),
		.session = sqlite3_column_int64(row, 3),
	};
	uint8_t salt[CHAIN_SALT_SIZE], head[CHAIN_HASH_SIZE];
	enum chain_kind kind;
	int r = 0;

	if (!entry.kind)
		return -ENOMEM;
	kind = chain_kind(entry.kind);
	if (kind == CHAIN_KINDS || !take_bytes(row, 4, salt, sizeof(salt)) ||
	    !take_bytes(row, 5, entry.digest, sizeof(entry.digest)) ||
	    !take_bytes(row, 6, head, sizeof(head))) {
		finding_add(v, FINDING_CHAIN, "chain", entry.n, entry.session,
			    "entry %lld of the chain is none", (long long)entry.n);
		v->after = entry.n;
		return 0;
	}
	check_link(v, &entry, head);
	v->report->entries++;
	v->report->unsigned_entries++;
	if (!v->scope->session || entry.session == v->scope->session || kind == CHAIN_SIGNATURE)
		r = verify_row(v, kind, &entry, salt);
	v->after = entry.n;
	memcpy(v->head, head, sizeof(head));
	return r;
}

/* Return: 1 there is more; 0 the end was reached, and what stands behind it is looked at. */
static int verify_slice(struct verify *v)
{
	int64_t count = 0;
	int r = start_cursors(v);

	if (r >= 0)
		r = DB_BIND(v->entries, DB_I(v->after), DB_I(v->until), DB_I(VERIFY_SLICE_ENTRIES));
	while (r >= 0 && (r = db_step(v->entries)) > 0) {
		count++;
		r = verify_entry(v);
	}
	if (r >= 0 && count < VERIFY_SLICE_ENTRIES)
		r = verify_rest(v);
	else if (r >= 0)
		r = 1;
	stop_cursors(v);
	return r;
}

static bool is_stopped(int stop_fd)
{
	struct pollfd fd = {.fd = stop_fd, .events = POLLIN};

	return poll(&fd, 1, 0) > 0;
}

/* In a transaction, so that chain and rows are of one moment. */
static int verify_step(struct verify *v, bool first)
{
	int r = db_exec(v->db, "BEGIN"), end;

	if (r < 0)
		return r;
	if (first)
		r = find_migration(v);
	if (r >= 0 && first && v->scope->session)
		r = range_of_session(v);
	if (r >= 0)
		r = verify_slice(v);
	end = db_exec(v->db, "ROLLBACK"); /* nothing was written */
	return r >= 0 && end < 0 ? end : r;
}

int verify_run(sqlite3 *db, const struct key *key, const struct verify_scope *scope, int stop_fd,
	       struct verify_report *report)
{
	struct verify v = {
		.db = db, .key = key, .scope = scope, .report = report, .until = INT64_MAX};
	bool first = true;
	int r;

	memset(report, 0, sizeof(*report));
	report->session = scope->session;
	r = verify_prepare(&v);
	do {
		if (r >= 0)
			r = is_stopped(stop_fd) ? -ESHUTDOWN : verify_step(&v, first);
		first = false;
	} while (r > 0);
	report->n = v.after;
	memcpy(report->head, v.head, sizeof(report->head));
	verify_close(&v);
	return r;
}
