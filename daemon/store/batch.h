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

/** struct batch_segment - the area that is worked on */
struct batch_segment {
	bool open;
	char profile[STORE_NAME_MAX];
	char area[STORE_NAME_MAX];
	struct store_segment what; /* its texts are the two above, set when it is written */
	uint64_t started_usec;
	struct segment_totals totals;
};

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
	uint16_t needles; /* of the cartridge in use; 0 = not known */
	struct batch_segment segment;
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
	int64_t ended[STORE_SESSIONS_MAX]; /* n of the sessions that this transaction ends */
	size_t n_ended;
	bool log_due; /* the write-ahead log still holds rows that were erased */
	struct block_sample samples[BLOCK_SAMPLES_MAX];
	uint8_t block[BLOCK_SIZE_MAX];
};

/** batch_open() - @db and @key are borrowed. Return: 0 or an errno of db.h. */
int batch_open(struct batch *batch, struct queue *queue, sqlite3 *db, const struct key *key);
void batch_close(struct batch *batch);

/**
 * batch_write() - all commands that wait, and the samples that they need; all samples if
 *	@all_samples
 * Return: 0 when it is on disk; an errno of db.h when nothing of it is.
 */
int batch_write(struct batch *batch, bool all_samples);

/** batch_empty_log() - try again what log_due says. Return: 0, -EBUSY, an errno of db.h. */
int batch_empty_log(struct batch *batch);

/** batch_prune() - a step of prune_step(), if the station keeps samples for a time. Return: as
 * that, 0 as well when there is nothing to do. */
int batch_prune(struct batch *batch);

/** batch_has_sessions() - whether samples may come without a command */
bool batch_has_sessions(const struct batch *batch);

/** batch_wall_usec() - what a clock on the wall shows at @usec, by the session's start */
uint64_t batch_wall_usec(const struct batch_session *session, uint64_t usec);

/** batch_write_samples() - all samples before position @end, session by session: mostly there is
 * one. Return: 0 or an errno of db.h, as the next two. */
int batch_write_samples(struct batch *batch, uint64_t end);
/** batch_write_lost() - samples that found the ring full, before the one with @before_seq */
int batch_write_lost(struct batch *batch, struct batch_session *session, uint32_t lost,
		     int64_t before_seq, uint64_t usec);
int batch_write_trend(struct batch *batch, const struct batch_session *session,
		      const struct trend *trend);

/** batch_segment_open() - @what is worked on from here on; without an area nothing is */
void batch_segment_open(struct batch_session *session, const struct store_segment *what,
			uint64_t usec);

/** batch_segment_close() - its row, if one is open. Return: 0 or an errno of db.h. */
int batch_segment_close(struct rows *rows, struct batch_session *session, uint64_t usec);

#endif
