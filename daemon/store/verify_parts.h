/* SPDX-License-Identifier: GPL-2.0-only */
/* The verifier as its files share it. */
#ifndef MNPEN_STORE_VERIFY_PARTS_H
#define MNPEN_STORE_VERIFY_PARTS_H

#include "daemon/store/verify.h"

/** struct verify_cursor - the rows of one kind, in order, beside the chain */
struct verify_cursor {
	sqlite3_stmt *statement; /* NULL = none are looked at */
	bool on_row;		 /* it stands on a row that no entry was found for yet */
	int64_t from;		 /* n of the first row that is not dealt with yet */
	int64_t last_entry;	 /* n that the last entry of the kind names */
};

/** struct verify_bits - a bit a session */
struct verify_bits {
	uint8_t *bytes;
	size_t size;
};

/** struct verify - one pass */
struct verify {
	sqlite3 *db;
	const struct key *key;
	const struct verify_scope *scope;
	struct verify_report *report;
	sqlite3_stmt *entries;
	sqlite3_stmt *session;	 /* the whole row, by n: sessions end in another order */
	sqlite3_stmt *signature; /* likewise: of one session, others are looked at too */
	sqlite3_stmt *exists[CHAIN_KINDS];
	sqlite3_stmt *erased, *erased_hold, *pruned;
	struct verify_cursor cursors[CHAIN_KINDS];
	struct verify_bits ended, signed_ends; /* sessions with such an entry */
	int64_t after;			       /* n of the last entry */
	int64_t until;			       /* n of the last one to look at */
	uint8_t head[CHAIN_HASH_SIZE];	       /* as it stands in that entry */
	uint8_t station_key[KEY_PUBLIC_SIZE];  /* the last one on record so far; zeros = none */
	int64_t migrated_n;		       /* entries before it were there before the chain */
	/* The last answer of the tombstones. */
	int64_t asked_session;
	bool asked_erased, asked_pruned;
	struct verify_bits vouched;  /* tombstones that the station's key signed */
	int64_t vouched_signature_n; /* of the last one that was looked at */
};

/** finding_add() - tell of it, or count it to one that was told of the same */
void finding_add(struct verify *v, enum finding_kind kind, const char *table, int64_t row,
		 int64_t session, const char *format, ...) __attribute__((format(printf, 6, 7)));

/** verify_prepare_row() - one row of @kind by its n, as chain_digest() wants it */
int verify_prepare_row(struct verify *v, enum chain_kind kind, sqlite3_stmt **ret);

/** verify_row() - the row of @entry. Return: 0 or an errno of db.h. */
int verify_row(struct verify *v, enum chain_kind kind, const struct chain_entry *entry,
	       const uint8_t salt[CHAIN_SALT_SIZE]);

/** verify_tombstone() - whether one of those that @listed gives the n of, for @number, is signed by
 * the station's key as it stands. Return: 0, and *@ret tells; errno of db.h */
int verify_tombstone(struct verify *v, sqlite3_stmt *listed, int64_t number, bool *ret);

/** verify_rest() - rows behind the last entry; sessions; counters: at the end of the chain */
int verify_rest(struct verify *v);

void verify_bit_set(struct verify_bits *bits, int64_t n);
bool verify_bit(const struct verify_bits *bits, int64_t n);

#endif
