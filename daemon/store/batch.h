/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One transaction: from the rings into the tables. Writer thread only.
 *
 * It is all or nothing: what could not be committed lies in the rings as before, and the state
 * kept here about sessions is put back, so that batch_write() can simply be called again.
 */
#ifndef MNPEN_STORE_BATCH_H
#define MNPEN_STORE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/block.h"
#include "daemon/store/queue.h"
#include "daemon/store/rows.h"
#include "daemon/store/trend.h"

/** struct batch_session - what the writer knows of an open session */
struct batch_session {
	bool open;
	bool changed; /* totals, since they were written */
	uint16_t tag;
	int64_t n;
	int64_t last_seq; /* of the last sample that decoded; ROW_UNKNOWN before it */
	uint64_t started_usec;
	uint64_t started_wall_usec;
	struct totals totals;
	struct trend trend;
};

/** struct batch - zero-initialise */
struct batch {
	struct queue *queue;
	struct rows rows;
	struct block_codec *codec;
	struct batch_session sessions[STORE_SESSIONS_MAX];
	struct batch_session saved[STORE_SESSIONS_MAX];
	/* Of the transaction at work: */
	uint64_t position; /* samples before it are dealt with */
	uint64_t samples_matched;
	uint64_t bytes;
	int results[QUEUE_COMMAND_SLOTS];
	size_t n_results;
	struct block_sample samples[BLOCK_SAMPLES_MAX];
	uint8_t block[BLOCK_SIZE_MAX];
};

/** batch_open() - @db is borrowed. Return: 0 or an errno of db.h. */
int batch_open(struct batch *batch, struct queue *queue, sqlite3 *db);
void batch_close(struct batch *batch);

/**
 * batch_write() - all commands that wait, and the samples that they need; all samples if
 *	@all_samples
 * Return: 0 when it is on disk; an errno of db.h when nothing of it is.
 */
int batch_write(struct batch *batch, bool all_samples);

/** batch_has_sessions() - whether samples may come without a command */
bool batch_has_sessions(const struct batch *batch);

#endif
