/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Deleting, and what is left to tell of it: a tombstone, which is chained and signed like any row.
 * Digests and heads stay, so that the chain still verifies. Writer thread only.
 */
#ifndef MNPEN_STORE_ERASE_H
#define MNPEN_STORE_ERASE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/rows.h"
#include "daemon/store/store.h"

#define ERASE_LOG_WAIT_MS 2000	  /* for others to end reading, before the log is emptied */
#define PRUNE_STEP_BLOCKS 64	  /* a transaction: some 200 KiB, a few ms */
#define PRUNE_PAUSE_USEC 20000ULL /* between them: samples of other sessions go first */
#define PRUNE_PERIOD_USEC 3600000000ULL

/**
 * erase_client() - all that there is of a client, in a transaction of its own
 *
 * What was deleted is overwritten in the file: secure_delete does that to the places that rows have
 * when they are deleted, but a page that was split or merged before keeps copies of rows in its
 * unused middle. So tables with words of people in them are written anew.
 * Return: 0; -ENOENT there is nothing; -EPERM its records are held, see @what->ret; -ETXTBSY a
 * session is open; an errno of db.h: nothing was changed.
 */
int erase_client(struct rows *rows, const struct store_erase *what, uint64_t wall_usec);

/** erase_empty_log() - what was deleted is still in the write-ahead log until that is cut to 0.
 * Return: 0; -EBUSY somebody reads an earlier state; an errno of db.h. */
int erase_empty_log(sqlite3 *db, int wait_ms);

/**
 * prune_step() - delete some sample blocks of an ended session that is older than @keep_usec and
 *	not held; its tombstone comes with the first ones
 * Return: 1 there may be more; 0 there are none; an errno of db.h.
 */
int prune_step(struct rows *rows, uint64_t keep_usec);

/** struct tombstone - texts are borrowed */
struct tombstone {
	const char *kind;     /* "erased", "pruned": chain_sign()'s purpose as well */
	const char *sessions; /* JSON array of n */
	const char *holds;
	uint64_t rows;
	const char *reason;
	const char *operator_name; /* NULL = mnpend by itself; with @uid */
	uint32_t uid;
	uint64_t wall_usec;
};

/** tombstone_add() - in the caller's transaction: its row, its entry, a signature */
int tombstone_add(struct rows *rows, const struct tombstone *tombstone);

#endif
