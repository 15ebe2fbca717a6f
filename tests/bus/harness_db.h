/* SPDX-License-Identifier: GPL-2.0-only */
/* The database as another program sees it: read-only, beside the daemon or after it. */
#ifndef MNPEN_HARNESS_DB_H
#define MNPEN_HARNESS_DB_H

#include <stddef.h>
#include <stdint.h>

/** db_number() - the one number that @sql gives; NULL counts as 0; no row or an error fails the
 * test */
int64_t db_number(const char *path, const char *sql);

/** db_word() - the same for a text, into @buf, "" for NULL; returns @buf */
char *db_word(const char *path, const char *sql, char *buf, size_t size);

/** db_exec() - what a program that writes to it does; an error fails the test */
void db_exec(const char *path, const char *sql);

/** struct db_lock - a lock on the database that another program holds */
struct db_lock;

/** db_lock_exclusive() - nobody else can write until db_unlock() */
struct db_lock *db_lock_exclusive(const char *path);
void db_unlock(struct db_lock *lock);

#endif
