/* SPDX-License-Identifier: GPL-2.0-only */
/* A session's record on its way out: row by row, in constant memory. Reader thread only. */
#ifndef MNPEN_STORE_EXPORT_H
#define MNPEN_STORE_EXPORT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/store/block.h"
#include "daemon/store/stream.h"

#define EXPORT_TIME_MAX 40

/** struct sender - one READ job at work */
struct sender {
	sqlite3 *db;
	int64_t session;
	struct block_codec *codec;
	bool damaged; /* a block could not be decoded: said at the end, the rest is still sent */
	bool has_seq;
	uint32_t last_seq;
	size_t n_samples;
	struct block_sample samples[BLOCK_SAMPLES_MAX];
	char *text;	 /* what a row became */
	uint64_t n_sent; /* rows of a trend */
	struct stream stream;
};

/** export_take - copies out of the row that @statement stands on */
typedef int (*export_take)(struct sender *sender, sqlite3_stmt *statement);
/** export_send - writes what was taken; @first: of its rows. No transaction is open meanwhile. */
typedef int (*export_send)(struct sender *sender, bool first);

/**
 * export_rows() - @take and @send each row of the session
 * @sql: its first column is the row's n; ?1 is the session, ?2 the n after which to go on; LIMIT 1
 */
int export_rows(struct sender *sender, const char *sql, export_take take, export_send send);

/** export_event_take() - an event as one JSON object; columns as in export_event_sql */
int export_event_take(struct sender *sender, sqlite3_stmt *statement);
extern const char export_event_sql[];

/** export_time() - "2026-11-20T20:45:01.123456Z". Returns @buf. */
const char *export_time(char buf[EXPORT_TIME_MAX], uint64_t wall_usec);

/** export_chain() - the summary's members "samples_pruned" and "chain" */
int export_chain(struct sender *sender);

/** export_summary() - the STORE_SUMMARY object */
int export_summary(struct sender *sender);

/** export_trend() - a STORE_TREND object a line, and a last one, {"rows":N}: a pipe whose writer
 * died ends like one that is complete */
int export_trend(struct sender *sender);

#endif
