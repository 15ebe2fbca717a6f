// SPDX-License-Identifier: GPL-2.0-only
/* A tombstone excuses rows that are gone. So its word counts only with the station's signature,
 * which mnpend writes right behind it. */
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/verify_parts.h"

/* Signatures of that kind, each with what it signs: a tombstone's entry, and the head before it. */
static const char signed_sql[] =
	"SELECT s.n, s.purpose, s.chain_n, s.wall_usec, s.head, s.public_key, s.signature,"
	" c.row, c.salt, c.digest, p.head"
	" FROM signature AS s JOIN chain AS c ON c.n = s.chain_n JOIN chain AS p ON p.n = c.n - 1"
	" WHERE s.n > ? AND s.purpose IN ('erased', 'pruned') AND c.kind = 'tombstone'"
	" ORDER BY s.n";

enum {
	COLUMN_HEAD = 4,
	COLUMN_PUBLIC_KEY,
	COLUMN_SIGNATURE,
	COLUMN_ROW,
	COLUMN_SALT,
	COLUMN_DIGEST,
	COLUMN_HEAD_BEFORE,
};

static const void *bytes_at(sqlite3_stmt *row, int column, int size)
{
	return sqlite3_column_bytes(row, column) == size ? sqlite3_column_blob(row, column) : NULL;
}

/* The tombstone itself is what its entry has the digest of. @tombstone stands on it. */
static bool is_as_written(sqlite3_stmt *row, sqlite3_stmt *tombstone)
{
	const uint8_t *salt = bytes_at(row, COLUMN_SALT, CHAIN_SALT_SIZE),
		      *digest = bytes_at(row, COLUMN_DIGEST, CHAIN_HASH_SIZE);
	const char *kind = db_column_text(tombstone, 2), *purpose = db_column_text(row, 1);
	uint8_t expected[CHAIN_HASH_SIZE];

	if (!salt || !digest || !kind || !purpose || strcmp(kind, purpose) != 0)
		return false;
	chain_digest(CHAIN_TOMBSTONE, sqlite3_column_int64(row, COLUMN_ROW), tombstone, salt,
		     expected);
	return memcmp(digest, expected, sizeof(expected)) == 0;
}

/* The head that is signed comes of that entry, and the station's key signed it. */
static bool is_signed(struct verify *v, sqlite3_stmt *row)
{
	const uint8_t *head = bytes_at(row, COLUMN_HEAD, CHAIN_HASH_SIZE),
		      *public_half = bytes_at(row, COLUMN_PUBLIC_KEY, KEY_PUBLIC_SIZE),
		      *signature = bytes_at(row, COLUMN_SIGNATURE, KEY_SIGNATURE_SIZE),
		      *digest = bytes_at(row, COLUMN_DIGEST, CHAIN_HASH_SIZE),
		      *before = bytes_at(row, COLUMN_HEAD_BEFORE, CHAIN_HASH_SIZE);
	struct chain_entry entry = {
		.n = sqlite3_column_int64(row, 2),
		.kind = chain_forms[CHAIN_TOMBSTONE].name,
		.row = sqlite3_column_int64(row, COLUMN_ROW),
	};
	struct chain_signed what = {
		.purpose = db_column_text(row, 1),
		.n = entry.n,
		.wall_usec = (uint64_t)sqlite3_column_int64(row, 3),
	};
	uint8_t message[CHAIN_SIGNED_MAX];

	if (!head || !public_half || !signature || !digest || !before || !what.purpose)
		return false;
	memcpy(entry.digest, digest, sizeof(entry.digest));
	chain_head(before, &entry, what.head);
	return memcmp(what.head, head, sizeof(what.head)) == 0 && key_knows(v->key, public_half) &&
	       key_check(public_half, message, chain_signed_message(&what, message), signature);
}

static int look_at(struct verify *v, sqlite3_stmt *row, sqlite3_stmt *tombstone)
{
	int64_t n = sqlite3_column_int64(row, COLUMN_ROW);
	int r = DB_BIND(tombstone, DB_I(n));

	if (r >= 0)
		r = db_step(tombstone);
	if (r > 0 && is_as_written(row, tombstone) && is_signed(v, row))
		verify_bit_set(&v->vouched, n);
	sqlite3_reset(tombstone);
	return r < 0 ? r : 0;
}

/* Those that were signed since the last time. */
static int learn(struct verify *v)
{
	_cleanup_statement_ sqlite3_stmt *row = NULL, *tombstone = NULL;
	int r = db_prepare(v->db, &row, signed_sql);

	if (r >= 0)
		r = verify_prepare_row(v, CHAIN_TOMBSTONE, &tombstone);
	if (r >= 0)
		r = DB_BIND(row, DB_I(v->vouched_signature_n));
	while (r >= 0 && (r = db_step(row)) > 0) {
		v->vouched_signature_n = sqlite3_column_int64(row, 0);
		r = look_at(v, row, tombstone);
	}
	return r;
}

int verify_tombstone(struct verify *v, sqlite3_stmt *listed, int64_t number, bool *ret)
{
	bool is_vouched = false;
	int r = DB_BIND(listed, DB_I(number));

	while (r >= 0 && !is_vouched && (r = db_step(listed)) > 0) {
		int64_t n = sqlite3_column_int64(listed, 0);

		if (!verify_bit(&v->vouched, n))
			r = learn(v);
		is_vouched = verify_bit(&v->vouched, n);
	}
	sqlite3_reset(listed);
	if (r >= 0)
		*ret = is_vouched;
	return r < 0 ? r : 0;
}
