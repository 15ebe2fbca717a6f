/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way to a usable database, whatever lies in the state directory. Blocking; at start only.
 */
#ifndef MNPEN_STORE_RECOVER_H
#define MNPEN_STORE_RECOVER_H

#include <sqlite3.h>
#include <stdbool.h>

#include "daemon/store/batch.h"
#include "daemon/store/store.h"

#define RECOVER_FILE "sessions.db"

/** struct recover_alarms - those that stand, oldest first */
struct recover_alarms {
	struct store_alarm alarms[STORE_ALARMS_MAX];
	size_t n;
};

/**
 * recover_lock() - make @directory if it is missing, and own it
 * @ret_fd: holds the lock until closed
 * Return: 0; -EBUSY another daemon owns it; another errno of mkdir(2) or open(2).
 */
int recover_lock(const char *directory, int *ret_fd);

/**
 * recover_open() - open or create the database, quarantine a damaged one, close the sessions that
 * a daemon left open when it died, read the alarms that stand
 * @ret_db: read-write, for the caller to close; NULL when the database is not to be used
 * @ret_note: what was quarantined, or why there is no database; NULL; to be freed
 *
 * A file that was not closed in order (its write-ahead log is there) is checked whole, which takes
 * seconds a gigabyte; otherwise damage shows when the file is opened or, later, when it is written.
 * Return: 0, also without a database; -ENOMEM.
 */
int recover_open(const char *directory, sqlite3 **ret_db, struct recover_alarms *alarms,
		 char **ret_note, bool *ret_quarantined);

/** recover_interrupted() - end the sessions that are open at the time of their last sample.
 * Return: 0 or an errno of db.h; then nothing was changed. */
int recover_interrupted(sqlite3 *db);

/** recover_segment() - the row of the segment that @session had open when its daemon died, if one
 * was; @session is no longer of use then. In a transaction of the caller's.
 * @last_usec: of the session's last sample. Return: 0 or an errno of db.h. */
int recover_segment(struct rows *rows, struct batch_session *session, uint64_t last_usec);

/** recover_alarms() - the first STORE_ALARMS_MAX alarms that were raised and not acknowledged
 * Return: 0 or an errno of db.h; then *@ret is as it was. */
int recover_alarms(sqlite3 *db, struct recover_alarms *ret);

#endif
