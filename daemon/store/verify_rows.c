// SPDX-License-Identifier: GPL-2.0-only
/* Rows against their entries, and what stands behind the last one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/verify_parts.h"

static int next_row(struct verify_cursor *cursor)
{
	int r;

	cursor->from = sqlite3_column_int64(cursor->statement, 1);
	if (cursor->from < INT64_MAX)
		cursor->from++;
	r = db_step(cursor->statement);
	cursor->on_row = r > 0;
	return r;
}

/* The row that @cursor stands on has no entry. */
static void tell_added(struct verify *v, enum chain_kind kind)
{
	sqlite3_stmt *row = v->cursors[kind].statement;

	finding_add(v, FINDING_ADDED, chain_forms[kind].table, sqlite3_column_int64(row, 1),
		    sqlite3_column_int64(row, 0), "was not written by mnpend: it has no entry");
}

static int ask(sqlite3_stmt *statement, int64_t number, bool *ret)
{
	int r = DB_BIND(statement, DB_I(number));

	if (r >= 0)
		r = db_step(statement);
	sqlite3_reset(statement);
	if (r >= 0)
		*ret = r > 0;
	return r < 0 ? r : 0;
}

/* What the tombstones say of the entry's session; the same is asked of many entries. */
static int ask_tombstones(struct verify *v, int64_t session)
{
	int r = 0;

	if (v->asked_session == session)
		return 0;
	r = verify_tombstone(v, v->erased, session, &v->asked_erased);
	if (r >= 0)
		r = verify_tombstone(v, v->pruned, session, &v->asked_pruned);
	if (r >= 0)
		v->asked_session = session;
	return r;
}

/* Return: 1 the row is rightly gone, and counted; 0 it is not; errno of db.h. */
static int rightly_gone(struct verify *v, enum chain_kind kind, const struct chain_entry *entry)
{
	bool erased = false;
	int r = 0;

	if (kind == CHAIN_LEGAL_HOLD) {
		r = verify_tombstone(v, v->erased_hold, entry->row, &erased);
	} else if (entry->session) {
		r = ask_tombstones(v, entry->session);
		/* What binds a cartridge and what signs an end outlive the rest. */
		erased = v->asked_erased && kind != CHAIN_CARTRIDGE && kind != CHAIN_SIGNATURE;
	}
	if (r < 0)
		return r;
	if (erased)
		v->report->erased++;
	else if (kind == CHAIN_BLOCK && entry->session && v->asked_pruned)
		v->report->pruned++;
	else
		return 0;
	return 1;
}

static int row_is_gone(struct verify *v, enum chain_kind kind, const struct chain_entry *entry)
{
	const char *table = chain_forms[kind].table;
	bool elsewhere = false;
	int r = rightly_gone(v, kind, entry);

	if (r != 0)
		return r < 0 ? r : 0;
	/* Of one session's rows: it may have been given to another. */
	if (v->exists[kind])
		r = ask(v->exists[kind], entry->row, &elsewhere);
	if (r < 0)
		return r;
	if (elsewhere)
		finding_add(v, FINDING_CHANGED, table, entry->row, entry->session, "was changed");
	else
		finding_add(v, FINDING_REMOVED, table, entry->row, entry->session,
			    "was removed, and no tombstone says why");
	return 0;
}

/* Column @column as bytes of exactly @size; NULL otherwise. */
static const uint8_t *bytes_of(sqlite3_stmt *row, int column, size_t size)
{
	return (size_t)sqlite3_column_bytes(row, column) == size ? sqlite3_column_blob(row, column)
								 : NULL;
}

/* @row: a signature, as it was written. It signs the entry before its own. */
static void check_signature(struct verify *v, const struct chain_entry *entry, sqlite3_stmt *row)
{
	const uint8_t *head = bytes_of(row, 5, CHAIN_HASH_SIZE),
		      *public_half = bytes_of(row, 7, KEY_PUBLIC_SIZE),
		      *signature = bytes_of(row, 8, KEY_SIGNATURE_SIZE);
	struct chain_signed what = {
		.purpose = db_column_text(row, 3),
		.session = sqlite3_column_int64(row, 2),
		.n = sqlite3_column_int64(row, 4),
		.wall_usec = (uint64_t)sqlite3_column_int64(row, 6),
	};
	uint8_t message[CHAIN_SIGNED_MAX];
	const char *wrong = NULL;

	if (!what.purpose || !head || !public_half || !signature) {
		wrong = "is no signature";
	} else if (!key_knows(v->key, public_half)) {
		wrong = "is by a key that is not this station's";
	} else if (!v->scope->session &&
		   memcmp(public_half, v->station_key, KEY_PUBLIC_SIZE) != 0) {
		wrong = "is by a key that was not the station's then";
	} else {
		memcpy(what.head, head, sizeof(what.head));
		if (!key_check(public_half, message, chain_signed_message(&what, message),
			       signature))
			wrong = "is not by the station's key";
		else if (what.n != entry->n - 1 || memcmp(head, v->head, CHAIN_HASH_SIZE) != 0)
			wrong = "signs another chain than this one";
	}
	if (wrong) {
		finding_add(v, FINDING_SIGNATURE, "signature", entry->row, what.session, "%s",
			    wrong);
		return;
	}
	v->report->signatures++;
	v->report->unsigned_entries = 0;
	if (what.session && strcmp(what.purpose, CHAIN_PURPOSE_END) == 0)
		verify_bit_set(&v->signed_ends, what.session);
}

static void check_digest(struct verify *v, enum chain_kind kind, const struct chain_entry *entry,
			 sqlite3_stmt *row, const uint8_t salt[CHAIN_SALT_SIZE])
{
	const struct chain_form *form = &chain_forms[kind];
	uint8_t digest[CHAIN_HASH_SIZE];

	v->report->rows += row != NULL;
	chain_digest(kind, entry->row, row, salt, digest);
	if (memcmp(digest, entry->digest, sizeof(digest)) != 0)
		finding_add(v, row ? FINDING_CHANGED : FINDING_CHAIN, row ? form->table : "chain",
			    row ? entry->row : entry->n, entry->session, "was changed");
	else if (kind == CHAIN_SIGNATURE)
		check_signature(v, entry, row);
	else if (kind == CHAIN_STATION_KEY && bytes_of(row, 2, KEY_PUBLIC_SIZE))
		memcpy(v->station_key, bytes_of(row, 2, KEY_PUBLIC_SIZE), KEY_PUBLIC_SIZE);
}

static int verify_session(struct verify *v, const struct chain_entry *entry,
			  const uint8_t salt[CHAIN_SALT_SIZE])
{
	int r = DB_BIND(v->session, DB_I(entry->row));

	verify_bit_set(&v->ended, entry->row);
	if (entry->n <= v->migrated_n) /* it was there before the chain, which signed for all */
		verify_bit_set(&v->signed_ends, entry->row);
	if (r >= 0)
		r = db_step(v->session);
	if (r > 0)
		check_digest(v, CHAIN_SESSION, entry, v->session, salt);
	sqlite3_reset(v->session);
	return r == 0 ? row_is_gone(v, CHAIN_SESSION, entry) : r;
}

/* Of one session, signatures of others are looked at too: they sign for what stands before. */
static int verify_signature(struct verify *v, const struct chain_entry *entry,
			    const uint8_t salt[CHAIN_SALT_SIZE])
{
	int r = DB_BIND(v->signature, DB_I(entry->row));

	if (r >= 0)
		r = db_step(v->signature);
	if (r > 0)
		check_digest(v, CHAIN_SIGNATURE, entry, v->signature, salt);
	sqlite3_reset(v->signature);
	return r == 0 ? row_is_gone(v, CHAIN_SIGNATURE, entry) : r;
}

int verify_row(struct verify *v, enum chain_kind kind, const struct chain_entry *entry,
	       const uint8_t salt[CHAIN_SALT_SIZE])
{
	struct verify_cursor *cursor = &v->cursors[kind];
	int r = 0;

	if (!chain_forms[kind].table)
		check_digest(v, kind, entry, NULL, salt);
	if (kind == CHAIN_SESSION)
		return verify_session(v, entry, salt);
	if (kind == CHAIN_SIGNATURE && v->scope->session)
		return verify_signature(v, entry, salt);
	if (!cursor->statement)
		return 0;
	if (entry->row <= cursor->last_entry) {
		finding_add(v, FINDING_ORDER, "chain", entry->n, entry->session,
			    "entry %lld of the chain is for row %lld of %s, behind row %lld",
			    (long long)entry->n, (long long)entry->row, chain_forms[kind].table,
			    (long long)cursor->last_entry);
		return 0;
	}
	cursor->last_entry = entry->row;
	while (r >= 0 && cursor->on_row &&
	       sqlite3_column_int64(cursor->statement, 1) < entry->row) {
		tell_added(v, kind);
		r = next_row(cursor);
	}
	if (r < 0)
		return r;
	if (!cursor->on_row || sqlite3_column_int64(cursor->statement, 1) != entry->row)
		return row_is_gone(v, kind, entry);
	check_digest(v, kind, entry, cursor->statement, salt);
	return next_row(cursor);
}

/* ---- behind the last entry ---- */

/* What a table's counter has counted is what the chain has entries for: a tail that was cut off
 * leaves it behind. */
static int check_counter(struct verify *v, const char *table, int64_t last)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int64_t counted = 0;
	int r = db_prepare(v->db, &statement, "SELECT seq FROM sqlite_sequence WHERE name = ?");

	if (r >= 0)
		r = DB_BIND(statement, DB_T(table));
	if (r >= 0)
		r = db_step(statement);
	if (r > 0)
		counted = sqlite3_column_int64(statement, 0);
	if (r >= 0 && counted != last)
		finding_add(v, FINDING_END, table, last, 0,
			    "%lld rows were counted, and the chain ends with row %lld: its end was "
			    "cut off",
			    (long long)counted, (long long)last);
	return r < 0 ? r : 0;
}

static int check_counters(struct verify *v)
{
	int64_t last = v->after;
	int r = 0;

	if (v->scope->session) {
		r = db_integer(v->db, "SELECT max(n) FROM chain", &last);
		return r < 0 ? r : check_counter(v, "chain", last);
	}
	r = check_counter(v, "chain", last);
	for (size_t i = 0; i < CHAIN_KINDS && r >= 0; i++)
		if (v->cursors[i].statement)
			r = check_counter(v, chain_forms[i].table, v->cursors[i].last_entry);
	return r;
}

static bool is_open(const struct verify *v, const char *id)
{
	for (size_t i = 0; i < v->scope->n_open; i++)
		if (strcmp(v->scope->open[i], id) == 0)
			return true;
	return false;
}

/* @row: n, id, started_usec, whether it ended */
static void check_end(struct verify *v, sqlite3_stmt *row)
{
	int64_t n = sqlite3_column_int64(row, 0);
	const char *id = db_column_text(row, 1);

	if (!sqlite3_column_int64(row, 3)) {
		if (id && !is_open(v, id) &&
		    (uint64_t)sqlite3_column_int64(row, 2) < v->scope->asked_usec)
			finding_add(v, FINDING_END, "session", n, n,
				    "is not open, and its end is not there: it was cut off");
	} else if (!verify_bit(&v->ended, n)) {
		finding_add(v, FINDING_END, "session", n, n, "its end has no entry");
	} else if (!verify_bit(&v->signed_ends, n)) {
		finding_add(v, FINDING_END, "session", n, n, "its end is not signed");
	}
}

static int check_ends(struct verify *v)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(v->db, &statement,
			   "SELECT n, id, started_usec, ended_usec IS NOT NULL FROM session"
			   " WHERE ?1 = 0 OR n = ?1 ORDER BY n");

	if (r >= 0)
		r = DB_BIND(statement, DB_I(v->scope->session));
	while (r >= 0 && (r = db_step(statement)) > 0)
		check_end(v, statement);
	return r;
}

/* What is neither a row of ours nor beside one. */
static int check_strangers(struct verify *v)
{
	int64_t entries = 0, programs = 0;
	int r = db_integer(v->db, "SELECT count(*) FROM chain WHERE n < 1", &entries);

	if (r >= 0)
		r = db_integer(
			v->db,
			"SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')",
			&programs);
	if (r >= 0 && entries)
		finding_add(v, FINDING_CHAIN, "chain", 0, 0,
			    "%lld entries of the chain stand before its first", (long long)entries);
	if (r >= 0 && programs)
		finding_add(v, FINDING_ADDED, "sqlite_schema", 0, 0,
			    "%lld triggers or views are in the database, which mnpend has none of",
			    (long long)programs);
	return r;
}

int verify_rest(struct verify *v)
{
	int r = 0;

	for (enum chain_kind kind = 0; kind < CHAIN_KINDS && r >= 0; kind++)
		while (r >= 0 && v->cursors[kind].on_row) {
			tell_added(v, kind);
			r = next_row(&v->cursors[kind]);
		}
	if (r >= 0)
		r = check_counters(v);
	if (r >= 0)
		r = check_strangers(v);
	if (r >= 0 && !v->scope->session &&
	    memcmp(v->station_key, v->key->public_half, KEY_PUBLIC_SIZE) != 0)
		finding_add(v, FINDING_END, "station_key", 0, 0,
			    "the station's key is not the last one on record");
	return r < 0 ? r : check_ends(v);
}
