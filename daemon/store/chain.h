/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The chain: one entry for each row of the record, in the transaction that writes the row.
 *
 *   digest  BLAKE2b-256 of the row, keyed with 16 random bytes: the salt. Without it nobody can
 *           find out by trying what an erased row said.
 *   head    BLAKE2b-256 of the head before, the entry's numbers and the digest
 *
 * So a row can neither be changed nor taken out, put in or moved without all heads from there on
 * being others; and the station's key signs the head at each session's end. docs/record.md has the
 * bytes. A session's row changes until the session ends: what it begins with is chained then, the
 * whole row at its end.
 */
#ifndef MNPEN_STORE_CHAIN_H
#define MNPEN_STORE_CHAIN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/key.h"

#define CHAIN_HASH_SIZE 32
#define CHAIN_SALT_SIZE 16

/** enum chain_kind - what an entry is of. Names stand in the file: never changed. */
enum chain_kind {
	CHAIN_BEGUN,	 /* no row: the database was made */
	CHAIN_MIGRATION, /* no row: what follows, up to a signature, was there before the chain;
			    row = the schema version that it was written with */
	CHAIN_STATION_KEY,
	CHAIN_SESSION_BEGUN, /* what a session's row begins with */
	CHAIN_SESSION,	     /* the whole row, at its end */
	CHAIN_EVENT,
	CHAIN_GAP,
	CHAIN_BLOCK,
	CHAIN_TREND,
	CHAIN_LEGAL_HOLD,
	CHAIN_SCREENING,
	CHAIN_CARTRIDGE,
	CHAIN_SEGMENT,
	CHAIN_SIGNATURE,
	CHAIN_TOMBSTONE,
	CHAIN_KINDS,
};

/** struct chain_form - where the rows of a kind are, and all that is hashed of them */
struct chain_form {
	const char *name;    /* in the file */
	const char *table;   /* NULL = there is no row */
	const char *session; /* SQL: the session's n, or NULL */
	const char *columns; /* SQL; the first one is n. Part of what is hashed. */
};

extern const struct chain_form chain_forms[CHAIN_KINDS];

/** chain_kind() - of that name; CHAIN_KINDS = there is none */
enum chain_kind chain_kind(const char *name);

/**
 * chain_digest() - of a row
 * @row: stands on it; column 0 is its session, from column 1 on are the form's. NULL for the kinds
 *	without one.
 */
void chain_digest(enum chain_kind kind, int64_t n, sqlite3_stmt *row,
		  const uint8_t salt[CHAIN_SALT_SIZE], uint8_t ret_digest[CHAIN_HASH_SIZE]);

/** struct chain_entry - one row of the table chain */
struct chain_entry {
	int64_t n;
	const char *kind; /* its name */
	int64_t row;
	int64_t session; /* 0 = none */
	uint8_t digest[CHAIN_HASH_SIZE];
};

/** chain_head() - what the head becomes with @entry. @ret may be @before. */
void chain_head(const uint8_t before[CHAIN_HASH_SIZE], const struct chain_entry *entry,
		uint8_t ret[CHAIN_HASH_SIZE]);

#define CHAIN_PURPOSE_END "session-end"

/** struct chain_signed - what the station's key signs; @session 0 = none */
struct chain_signed {
	const char *purpose; /* CHAIN_PURPOSE_END, "begun", "migration", "erased", "pruned" */
	int64_t session;
	int64_t n;
	uint8_t head[CHAIN_HASH_SIZE];
	uint64_t wall_usec;
};

#define CHAIN_SIGNED_MAX 160

/** chain_signed_message() - the bytes. Return: how many. */
size_t chain_signed_message(const struct chain_signed *what, uint8_t buf[CHAIN_SIGNED_MAX]);

/** struct chain - the writer's: where it stands, prepared statements. Zero-initialise. */
struct chain {
	sqlite3 *db;	       /* borrowed */
	const struct key *key; /* borrowed */
	int64_t n;
	uint8_t head[CHAIN_HASH_SIZE];
	int64_t marked_n; /* chain_mark() */
	uint8_t marked_head[CHAIN_HASH_SIZE];
	sqlite3_stmt *insert;
	sqlite3_stmt *insert_signature;
	sqlite3_stmt *rows[CHAIN_KINDS];
};

/* All return 0 or an errno of db.h. The caller holds a transaction, except for the first two. */

int chain_open(struct chain *chain, sqlite3 *db, const struct key *key);
void chain_close(struct chain *chain);

/** chain_mark() - before a transaction; chain_back() - it was rolled back */
void chain_mark(struct chain *chain);
void chain_back(struct chain *chain);

/** chain_append() - an entry for row @row of session @session (0 = none), as it stands now */
int chain_append(struct chain *chain, enum chain_kind kind, int64_t row, int64_t session);

/** chain_sign() - the head as it stands */
int chain_sign(struct chain *chain, const char *purpose, int64_t session);

/** chain_log_end() - tell the journal where the chain stood at the end of session @session: what is
 * there cannot be cut off with the end of the file */
void chain_log_end(sqlite3 *db, int64_t session);

/** chain_start() - the first entries of a database: its own one, or one for each row that was there
 * before. @version: of the schema that they were written with; 0 = it is new. */
int chain_start(struct chain *chain, int64_t version);

/** chain_key() - a row and an entry for the key, if it is not the one that signed last */
int chain_key(struct chain *chain);

#endif
