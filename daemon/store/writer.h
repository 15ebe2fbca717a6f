/* SPDX-License-Identifier: GPL-2.0-only */
/* The writer thread: it owns the read-write connection and empties the rings. */
#ifndef MNPEN_STORE_WRITER_H
#define MNPEN_STORE_WRITER_H

#include <sqlite3.h>
#include <stdint.h>

#include "daemon/store/queue.h"

#define WRITER_FLUSH_USEC 250000ULL	 /* samples wait for at most so long for their block */
#define WRITER_RETRY_USEC 100000ULL	 /* after a failed transaction */
#define WRITER_BUSY_GRACE_USEC 250000ULL /* locked by others: an error from then on */
#define WRITER_FREE_USEC 2000000ULL	 /* time for what is queued at the end */

struct key;
struct writer;

/** writer_new() - start the thread. @db becomes the writer's, also on failure. @queue and @key
 * outlive it. Return: 0; an errno of db.h; -EAGAIN no thread to be had. */
int writer_new(struct writer **ret, struct queue *queue, sqlite3 *db, const struct key *key);

/** writer_free() - write what is queued, for at most WRITER_FREE_USEC, and end. Returns NULL. */
struct writer *writer_free(struct writer *writer);

#endif
