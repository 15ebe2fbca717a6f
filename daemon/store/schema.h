/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tables of sessions.db. docs/database.md explains them to people who read the file with
 * other tools.
 */
#ifndef MNPEN_STORE_SCHEMA_H
#define MNPEN_STORE_SCHEMA_H

#include <sqlite3.h>
#include <stdint.h>

#define SCHEMA_VERSION 1		 /* PRAGMA user_version */
#define SCHEMA_APPLICATION_ID 0x6d6e706e /* "mnpn", PRAGMA application_id */

/** enum schema_state - what a file turns out to be */
enum schema_state {
	SCHEMA_CURRENT, /* ready; an empty file was given its tables */
	SCHEMA_NEWER,	/* of a later program: to be left alone */
	SCHEMA_FOREIGN, /* a database of something else: to be left alone */
};

/**
 * schema_open() - judge the database, and make the tables of an empty one
 * @ret_version: its version
 * Return: 0; negative errno of db.h, with *@ret_state untouched.
 */
int schema_open(sqlite3 *db, enum schema_state *ret_state, int64_t *ret_version);

/*
 * A session's row says what it began with and stays as it was written; what was changed later is an
 * event. SCHEMA_LATEST is the column as the session ended, or as it stands.
 */
#define SCHEMA_LATEST(kind, column)                                                                \
	"coalesce((SELECT json_extract(e.details, '$." column "') FROM event e"                    \
	" WHERE e.session = session.n AND e.kind = '" kind "' ORDER BY e.n DESC LIMIT 1), " column \
	")"

#endif
