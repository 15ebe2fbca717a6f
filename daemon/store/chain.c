// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "daemon/store/chain.h"
#include "daemon/store/db.h"
#include "driver/base/clock.h"

#define SQL_MAX 1024

/* Where it goes on. The counter remembers entries that somebody took off the end: the number that
 * is missing then stays missing. */
static const char tail_sql[] =
	"SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'chain'), 0),"
	" coalesce((SELECT max(n) FROM chain), 0)),"
	" (SELECT head FROM chain ORDER BY n DESC LIMIT 1)";

static int prepare_row(struct chain *chain, enum chain_kind kind)
{
	const struct chain_form *form = &chain_forms[kind];
	char sql[SQL_MAX];

	if (!form->table)
		return 0;
	snprintf(sql, sizeof(sql), "SELECT %s, %s FROM %s WHERE n = ?", form->session,
		 form->columns, form->table);
	return db_prepare(chain->db, &chain->rows[kind], sql);
}

static int read_tail(struct chain *chain)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	int r = db_prepare(chain->db, &statement, tail_sql);

	if (r >= 0)
		r = db_step(statement);
	if (r <= 0)
		return r ? r : -EIO;
	chain->n = sqlite3_column_int64(statement, 0);
	if (sqlite3_column_bytes(statement, 1) == CHAIN_HASH_SIZE)
		memcpy(chain->head, sqlite3_column_blob(statement, 1), CHAIN_HASH_SIZE);
	return 0;
}

void chain_close(struct chain *chain)
{
	sqlite3_finalize(chain->insert);
	sqlite3_finalize(chain->insert_signature);
	for (size_t i = 0; i < CHAIN_KINDS; i++)
		sqlite3_finalize(chain->rows[i]);
	*chain = (struct chain){0};
}

int chain_open(struct chain *chain, sqlite3 *db, const struct key *key)
{
	int r;

	*chain = (struct chain){.db = db, .key = key};
	r = db_prepare(db, &chain->insert,
		       "INSERT INTO chain (n, kind, row, session, salt, digest, head)"
		       " VALUES (?, ?, ?, ?, ?, ?, ?)");
	if (r >= 0)
		r = db_prepare(db, &chain->insert_signature,
			       "INSERT INTO signature (session, purpose, chain_n, head, wall_usec,"
			       " public_key, signature) VALUES (?, ?, ?, ?, ?, ?, ?)");
	for (enum chain_kind kind = 0; kind < CHAIN_KINDS && r >= 0; kind++)
		r = prepare_row(chain, kind);
	if (r >= 0)
		r = read_tail(chain);
	if (r < 0)
		chain_close(chain);
	return r;
}

void chain_mark(struct chain *chain)
{
	chain->marked_n = chain->n;
	memcpy(chain->marked_head, chain->head, sizeof(chain->head));
}

void chain_back(struct chain *chain)
{
	chain->n = chain->marked_n;
	memcpy(chain->head, chain->marked_head, sizeof(chain->head));
}

static struct db_value session_value(int64_t session)
{
	return session ? DB_I(session) : DB_N;
}

/* What is hashed is what lies in the table, not what was meant to be put there. */
static int digest_of(struct chain *chain, enum chain_kind kind, int64_t row,
		     const uint8_t salt[CHAIN_SALT_SIZE], uint8_t digest[CHAIN_HASH_SIZE])
{
	sqlite3_stmt *statement = chain->rows[kind];
	int r;

	if (!statement) {
		chain_digest(kind, row, NULL, salt, digest);
		return 0;
	}
	r = DB_BIND(statement, DB_I(row));
	if (r >= 0)
		r = db_step(statement);
	if (r > 0)
		chain_digest(kind, row, statement, salt, digest);
	sqlite3_reset(statement);
	if (r == 0)
		return -EUCLEAN; /* the row that was just written */
	return r < 0 ? r : 0;
}

int chain_append(struct chain *chain, enum chain_kind kind, int64_t row, int64_t session)
{
	struct chain_entry entry = {
		.n = chain->n + 1,
		.kind = chain_forms[kind].name,
		.row = row,
		.session = session,
	};
	uint8_t salt[CHAIN_SALT_SIZE], head[CHAIN_HASH_SIZE];
	int r;

	randombytes_buf(salt, sizeof(salt));
	r = digest_of(chain, kind, row, salt, entry.digest);
	if (r < 0)
		return r;
	chain_head(chain->head, &entry, head);
	r = DB_RUN(chain->insert, DB_I(entry.n), DB_T(entry.kind), DB_I(row),
		   session_value(session), DB_B(salt, sizeof(salt)),
		   DB_B(entry.digest, sizeof(entry.digest)), DB_B(head, sizeof(head)));
	if (r < 0)
		return r;
	chain->n = entry.n;
	memcpy(chain->head, head, sizeof(head));
	return 0;
}

int chain_sign(struct chain *chain, const char *purpose, int64_t session)
{
	struct chain_signed what = {
		.purpose = purpose, .session = session, .n = chain->n, .wall_usec = wall_usec()};
	uint8_t message[CHAIN_SIGNED_MAX], signature[KEY_SIGNATURE_SIZE];
	int r;

	memcpy(what.head, chain->head, sizeof(what.head));
	key_sign(chain->key, message, chain_signed_message(&what, message), signature);
	r = DB_RUN(chain->insert_signature, session_value(session), DB_T(purpose), DB_I(what.n),
		   DB_B(what.head, sizeof(what.head)), DB_I(what.wall_usec),
		   DB_B(chain->key->public_half, KEY_PUBLIC_SIZE),
		   DB_B(signature, sizeof(signature)));
	return r < 0 ? r
		     : chain_append(chain, CHAIN_SIGNATURE, sqlite3_last_insert_rowid(chain->db),
				    session);
}

int chain_key(struct chain *chain)
{
	_cleanup_statement_ sqlite3_stmt *last = NULL, *insert = NULL;
	const struct key *key = chain->key;
	bool replaced;
	int r = db_prepare(chain->db, &last,
			   "SELECT public_key FROM station_key ORDER BY n DESC LIMIT 1");

	if (r >= 0)
		r = db_step(last);
	if (r < 0)
		return r;
	replaced = r > 0;
	if (replaced && sqlite3_column_bytes(last, 0) == KEY_PUBLIC_SIZE &&
	    memcmp(sqlite3_column_blob(last, 0), key->public_half, KEY_PUBLIC_SIZE) == 0)
		return 0;
	r = db_prepare(chain->db, &insert,
		       "INSERT INTO station_key (public_key, cause, wall_usec) VALUES (?, ?, ?)");
	if (r >= 0)
		r = DB_RUN(insert, DB_B(key->public_half, KEY_PUBLIC_SIZE),
			   DB_T(key_state_name(replaced && key->state == KEY_MADE ? KEY_LOST
										  : key->state)),
			   DB_I(wall_usec()));
	return r < 0 ? r
		     : chain_append(chain, CHAIN_STATION_KEY, sqlite3_last_insert_rowid(chain->db),
				    0);
}

/* An entry for each row of @kind that there is. */
static int start_kind(struct chain *chain, enum chain_kind kind)
{
	const struct chain_form *form = &chain_forms[kind];
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	char sql[SQL_MAX];
	int r;

	snprintf(sql, sizeof(sql), "SELECT n, %s FROM %s%s ORDER BY n", form->session, form->table,
		 kind == CHAIN_SESSION ? " WHERE ended_usec IS NOT NULL" : "");
	r = db_prepare(chain->db, &statement, sql);
	while (r >= 0 && (r = db_step(statement)) > 0)
		r = chain_append(chain, kind, sqlite3_column_int64(statement, 0),
				 sqlite3_column_int64(statement, 1));
	return r;
}

int chain_start(struct chain *chain, int64_t version)
{
	int r = chain_append(chain, version ? CHAIN_MIGRATION : CHAIN_BEGUN, version, 0);

	for (enum chain_kind kind = CHAIN_SESSION_BEGUN; kind < CHAIN_SIGNATURE && r >= 0; kind++)
		r = start_kind(chain, kind);
	if (r >= 0)
		r = chain_key(chain);
	return r < 0 ? r : chain_sign(chain, version ? "migration" : "begun", 0);
}
