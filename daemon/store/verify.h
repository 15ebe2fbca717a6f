/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether the record is what was written: the chain, entry by entry, beside the rows it is of, in
 * one pass over both and in constant memory (but for two bits a session). Reader thread only.
 */
#ifndef MNPEN_STORE_VERIFY_H
#define MNPEN_STORE_VERIFY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/chain.h"
#include "daemon/store/key.h"
#include "daemon/store/store.h"

#define VERIFY_FINDINGS_MAX 100	   /* told one by one; all are counted */
#define VERIFY_SLICE_ENTRIES 20000 /* of one snapshot: the log is not kept from being emptied */

/** enum finding_kind - what is wrong */
enum finding_kind {
	FINDING_CHANGED,   /* a row is not what was written */
	FINDING_REMOVED,   /* a row is gone, and no tombstone says why */
	FINDING_ADDED,	   /* a row that the chain does not know */
	FINDING_ORDER,	   /* an entry stands where it was not written */
	FINDING_CHAIN,	   /* an entry of the chain was changed, removed or put in */
	FINDING_END,	   /* the end of the chain or of a session was cut off */
	FINDING_SIGNATURE, /* the station's key did not sign this chain */
};

const char *finding_kind_name(enum finding_kind kind);

/** struct finding - one of them */
struct finding {
	enum finding_kind kind;
	const char *table; /* static */
	int64_t row;	   /* n in it */
	int64_t last_row;  /* the last one of several in a row */
	int64_t session;   /* n; 0 = none */
	char text[256];
};

/** struct verify_report - what was looked at and found */
struct verify_report {
	int64_t session; /* n of the only one looked at; 0 = the whole station */
	uint64_t entries;
	uint64_t rows;
	uint64_t erased; /* entries whose rows were erased, as a tombstone says */
	uint64_t pruned; /* likewise sample blocks, whose time was over */
	uint64_t signatures;
	uint64_t unsigned_entries; /* behind the last signature */
	int64_t n;		   /* of the last entry */
	uint8_t head[CHAIN_HASH_SIZE];
	uint64_t n_findings; /* all; the first VERIFY_FINDINGS_MAX are here */
	struct finding findings[VERIFY_FINDINGS_MAX];
};

/** struct verify_scope - what to look at */
struct verify_scope {
	int64_t session; /* n; 0 = the whole station */
	/* Sessions that are open now, by id: others have an end. Of those begun before that. */
	char (*open)[STORE_ID_MAX];
	size_t n_open;
	uint64_t asked_usec;
};

/**
 * verify_run() - @stop_fd: gives up when it becomes readable
 * Return: 0, and *@report tells; -ESHUTDOWN; an errno of db.h: nothing is said.
 */
int verify_run(sqlite3 *db, const struct key *key, const struct verify_scope *scope, int stop_fd,
	       struct verify_report *report);

/** verify_json() - the report as a JSON object, for free(). NULL: no memory. */
char *verify_json(sqlite3 *db, const struct key *key, const struct verify_report *report);

#endif
