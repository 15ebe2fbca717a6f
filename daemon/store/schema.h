/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of sessions.db. docs/database.md explains them to people who read the file with
 * other tools.
 */
#ifndef MNPEN_STORE_SCHEMA_H
#define MNPEN_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stdint.h>

#include "daemon/store/key.h"

#define SCHEMA_VERSION 5		 /* PRAGMA user_version */
#define SCHEMA_VERSION_CHAIN 5		 /* the first one with a chain */
#define SCHEMA_APPLICATION_ID 0x6d6e706e /* "mnpn", PRAGMA application_id */

/** enum schema_state - what a file turns out to be */
enum schema_state {
	SCHEMA_CURRENT,
	SCHEMA_OLDER,	/* of an earlier program, or empty (version 0): schema_upgrade() */
	SCHEMA_NEWER,	/* of a later program: to be left alone */
	SCHEMA_FOREIGN, /* a database of something else: to be left alone */
};

/**
 * schema_judge() - look at the database, change nothing
 * @ret_version: its version
 * Return: 0; negative errno of db.h, with *@ret_state untouched.
 */
int schema_judge(sqlite3 *db, enum schema_state *ret_state, int64_t *ret_version);

/** schema_upgrade() - from @version to the present one, in one transaction
 * @key: signs for the rows that are there
 * Return: 0; negative errno of db.h, and the file is as it was. */
int schema_upgrade(sqlite3 *db, int64_t version, const struct key *key);

/** The column of a session's row that says whether its client's records are held. */
#define SCHEMA_HELD                                                                                \
	"coalesce((SELECT h.held FROM legal_hold h WHERE h.client = session.client"                \
	" ORDER BY h.n DESC LIMIT 1), 0)"

/** The events by which alarms stand. Words of version 2's index: never changed, and a query says
 * "kind IN (...)" with them to be answered by it. */
#define SCHEMA_ALARM_KINDS "'alarm', 'alarm-acknowledged'"

/*
 * A session's row says what it began with and stays as it was written; what was changed later is an
 * event. SCHEMA_LATEST is the column as the session ended, or as it stands.
 */
#define SCHEMA_LATEST(kind, column)                                                                \
	"coalesce((SELECT json_extract(e.details, '$." column "') FROM event e"                    \
	" WHERE e.session = session.n AND e.kind = '" kind "' ORDER BY e.n DESC LIMIT 1), " column \
	")"

/*
 * The ledger's row of a cartridge: by the uid of its tag, or by what was typed in. That is the same
 * pack, whether in capitals or not.
 */
#define SCHEMA_SAME_CARTRIDGE(uid, lot, serial)                                                    \
	"(cartridge.uid = " uid " OR (cartridge.lot = " lot " COLLATE NOCASE"                      \
	" AND cartridge.serial = " serial " COLLATE NOCASE))"

#endif
