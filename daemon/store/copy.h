/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A copy of the whole database, made while it is written, and its way out.
 *
 * It is made first and sent then: the snapshot that it is taken from is held for as long as the
 * disk needs, never for as long as a client does, since the write-ahead log grows meanwhile. The
 * file has no name, so that whatever ends the daemon removes it.
 */
#ifndef MNPEN_STORE_COPY_H
#define MNPEN_STORE_COPY_H

#include <sqlite3.h>

#include "daemon/store/store.h"

#define COPY_FILE "backup.tmp" /* the name that it has for a moment, until it is open */
#define COPY_SPARE_BYTES (64ULL * 1024 * 1024) /* what the copy leaves free for the record */
#define COPY_SEND_TIMEOUT_MS 30000	       /* a client's disk may sleep */

/** copy_sweep() - remove what a daemon left that died in that moment. At start, blocking. */
void copy_sweep(const char *directory);

/**
 * copy_make() - all that is committed now, into a file without a name in @directory
 * @db: without a transaction
 * @stop_fd: gives up when it becomes readable
 * @ret: its bytes; of -ENOSPC the other numbers too
 * @ret_file: on success, for the caller to close; not on the main thread, it may be large
 * Return: 0; -ENOSPC; -ESHUTDOWN @stop_fd; another errno of db.h or open(2).
 */
int copy_make(sqlite3 *db, const char *directory, int stop_fd, struct store_backup *ret,
	      int *ret_file);

/** copy_send() - all of @file into @fd. Return: as stream_write() */
int copy_send(int file, int fd, int stop_fd);

#endif
