// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "daemon/store/batch.h"
#include "daemon/store/erase.h"
#include "driver/base/cleanup.h"

/* What is over the quota keeps needles from running, and nothing from being written. */
static void judge_quota(struct queue *queue, uint64_t bytes)
{
	uint64_t quota_bytes = atomic_load(&queue->quota_bytes);

	atomic_store(&queue->over_quota, quota_bytes && bytes >= quota_bytes);
}

int batch_open(struct batch *batch, struct queue *queue, sqlite3 *db, const struct key *key)
{
	uint64_t bytes;
	int r = rows_open(&batch->rows, db, key);

	if (r < 0)
		return r;
	batch->codec = block_codec_new();
	if (!batch->codec)
		r = -ENOMEM;
	if (r >= 0)
		r = rows_bytes(&batch->rows, &bytes);
	if (r < 0) {
		batch_close(batch);
		return r;
	}
	batch->queue = queue;
	judge_quota(queue, bytes);
	return 0;
}

void batch_close(struct batch *batch)
{
	rows_close(&batch->rows);
	batch->codec = block_codec_free(batch->codec);
}

bool batch_has_sessions(const struct batch *batch)
{
	for (size_t i = 0; i < STORE_SESSIONS_MAX; i++)
		if (batch->sessions[i].open)
			return true;
	return false;
}

static struct batch_session *session_of(struct batch *batch, uint16_t tag)
{
	struct batch_session *session = &batch->sessions[QUEUE_TAG_SLOT(tag)];

	return session->open && session->tag == tag ? session : NULL;
}

static int write_event(struct batch *batch, const struct command *command, int64_t session,
		       const char *kind)
{
	struct row_event event = {
		.session = session,
		.pen = command->pen,
		.kind = kind,
		.details = command->details,
		.usec = command->usec,
		.wall_usec = command->wall_usec,
	};

	return rows_event(&batch->rows, &event);
}

static int write_answers(struct batch *batch, const struct command *command, int64_t session)
{
	const struct store_session *s = &command->session;
	int r = 0;

	for (size_t i = 0; i < s->n_answers && r >= 0; i++)
		r = rows_answer(&batch->rows, session, &s->answers[i], command->wall_usec);
	return r;
}

static int write_begin(struct batch *batch, const struct command *command)
{
	struct batch_session *session = &batch->sessions[QUEUE_TAG_SLOT(command->tag)];
	int64_t n;
	int r = rows_session(&batch->rows, &command->session, &n);

	if (r >= 0)
		r = write_event(batch, command, n, "begin");
	if (r >= 0)
		r = write_answers(batch, command, n);
	if (r < 0)
		return r;
	*session = (struct batch_session){
		.open = true,
		.tag = command->tag,
		.n = n,
		.last_seq = ROW_UNKNOWN,
		.started_usec = command->session.started_usec,
		.started_wall_usec = command->session.started_wall_usec,
	};
	batch_segment_open(session, &command->session.segment, command->session.started_usec);
	return 0;
}

static int write_segment(struct batch *batch, const struct command *command)
{
	struct batch_session *session = session_of(batch, command->tag);
	int r;

	if (!session)
		return -ENOENT;
	r = batch_write_samples(batch, command->barrier);
	if (r >= 0)
		r = batch_segment_close(&batch->rows, session, command->usec);
	if (r >= 0)
		r = write_event(batch, command, session->n, command->name);
	if (r >= 0)
		batch_segment_open(session, &command->segment, command->usec);
	return r;
}

static int write_cartridge(struct batch *batch, const struct command *command)
{
	struct batch_session *session = session_of(batch, command->tag);
	int r;

	if (!session)
		return -ENOENT;
	r = batch_write_samples(batch, command->barrier); /* they are of the one before */
	if (r >= 0)
		r = rows_cartridge(&batch->rows, session->n, command->pen, &command->cartridge,
				   command->usec, command->wall_usec);
	if (r > 0)
		r = write_event(batch, command, session->n, "cartridge");
	if (r >= 0)
		session->needles = command->cartridge.needles;
	return r;
}

static int write_end(struct batch *batch, const struct command *command)
{
	struct batch_session *session = session_of(batch, command->tag);
	int r;

	if (!session)
		return -ENOENT;
	r = batch_write_samples(batch, command->barrier);
	if (r >= 0 && command->lost)
		r = batch_write_lost(batch, session, command->lost, ROW_UNKNOWN, command->usec);
	if (r >= 0)
		r = batch_segment_close(&batch->rows, session, command->usec);
	if (r >= 0 && session->trend.count)
		r = batch_write_trend(batch, session, &session->trend);
	if (r >= 0)
		r = rows_totals(&batch->rows, session->n, &session->totals);
	if (r >= 0)
		r = write_event(batch, command, session->n, "end");
	if (r >= 0)
		r = rows_end(&batch->rows, session->n, command->usec, command->wall_usec,
			     command->name);
	session->open = false;
	if (r >= 0 && batch->n_ended < ELEMENTSOF(batch->ended))
		batch->ended[batch->n_ended++] = session->n;
	return r;
}

static int write_record(struct batch *batch, const struct command *command)
{
	int64_t session = 0;
	int r = 0;

	if (command->id)
		r = rows_find(&batch->rows, command->id, &session);
	return r < 0 ? r : write_event(batch, command, session, command->name);
}

static int write_gap(struct batch *batch, const struct command *command)
{
	struct batch_session *session = session_of(batch, command->tag);
	struct row_gap gap = {
		.after_seq = command->after_seq,
		.before_seq = command->before_seq,
		.missing = ROW_UNKNOWN,
		.reason = command->name,
		.usec = command->usec,
		.wall_usec = command->wall_usec,
	};

	if (!session)
		return -ENOENT;
	gap.session = session->n;
	if (command->missing) {
		gap.missing = (int64_t)command->missing;
		session->totals.gaps += command->missing;
		session->changed = true;
	}
	return rows_gap(&batch->rows, &gap);
}

static int write_command(struct batch *batch, const struct command *command)
{
	switch (command->kind) {
	case COMMAND_BEGIN:
		return write_begin(batch, command);
	case COMMAND_END:
		return write_end(batch, command);
	case COMMAND_EVENT:
		return write_record(batch, command);
	case COMMAND_SEGMENT:
		return write_segment(batch, command);
	case COMMAND_CARTRIDGE:
		return write_cartridge(batch, command);
	case COMMAND_GAP:
		return write_gap(batch, command);
	case COMMAND_HOLD:
		return rows_hold(&batch->rows, &command->hold, command->wall_usec);
	case COMMAND_ERASE:
		break; /* batch_write() */
	}
	return -EINVAL;
}

/* The record itself is refused; trying again would not help, and the others shall not wait. */
static bool is_final(int error)
{
	return error == -EEXIST || error == -ENOENT || error == -E2BIG || error == -EINVAL ||
	       error == -EADDRINUSE;
}

static const struct command *next_command(struct batch *batch)
{
	struct ring *commands = &batch->queue->commands;
	uint64_t next = ring_tail(commands) + batch->n_results;

	return next < ring_head(commands) ? ring_at(commands, next) : NULL;
}

static int write_commands(struct batch *batch)
{
	const struct command *command;

	while ((command = next_command(batch)) && command->kind != COMMAND_ERASE) {
		int r = write_command(batch, command);

		if (r < 0 && !is_final(r))
			return r;
		batch->results[batch->n_results++] = r;
	}
	return 0;
}

static int write_totals(struct batch *batch)
{
	int r = 0;

	for (size_t i = 0; i < STORE_SESSIONS_MAX && r >= 0; i++) {
		struct batch_session *session = &batch->sessions[i];

		if (session->open && session->changed) {
			r = rows_totals(&batch->rows, session->n, &session->totals);
			session->changed = false;
		}
	}
	return r;
}

/* It is on disk: the rings get their room back, and the main thread its answers. */
static void publish(struct batch *batch, uint64_t samples_before)
{
	struct queue *queue = batch->queue;
	uint64_t command = ring_tail(&queue->commands), bytes;
	bool answers = false;

	for (size_t i = 0; i < batch->n_results; i++) {
		const struct command *done = ring_at(&queue->commands, command + i);
		/* Never full: the main thread counts what it may have to take. */
		struct completion *completion = ring_reserve(&queue->completions);

		*completion = (struct completion){
			.kind = done->kind,
			.tag = done->tag,
			.result = batch->results[i],
			.done = done->done,
			.userdata = done->userdata,
		};
		ring_put(&queue->completions);
		answers = true;
	}
	ring_release(&queue->commands, command + batch->n_results);
	ring_release(&queue->samples, batch->position);
	atomic_fetch_add(&queue->samples_written, batch->samples_matched);
	atomic_fetch_add(&queue->samples_orphaned,
			 batch->position - samples_before - batch->samples_matched);
	atomic_fetch_add(&queue->bytes_written, batch->bytes);
	/* A failure here is one of the next transaction, and is reported there. */
	if (rows_bytes(&batch->rows, &bytes) >= 0)
		judge_quota(queue, bytes);
	if (answers)
		queue_wake(queue->done_fd);
	for (size_t i = 0; i < batch->n_ended; i++)
		chain_log_end(batch->rows.db, batch->ended[i]);
}

/* Whatever comes of it is the answer: tried again, it would be done when nobody expects it. */
static void write_erasure(struct batch *batch, const struct command *command)
{
	int r = erase_client(&batch->rows, &command->erase, command->wall_usec);

	if (r >= 0 && erase_empty_log(batch->rows.db, ERASE_LOG_WAIT_MS) < 0) {
		batch->log_due = true;
		r = -EAGAIN;
	}
	batch->results[batch->n_results++] = r;
}

int batch_empty_log(struct batch *batch)
{
	int r = erase_empty_log(batch->rows.db, 0);

	if (r >= 0)
		batch->log_due = false;
	return r;
}

int batch_prune(struct batch *batch)
{
	uint64_t keep_usec = atomic_load(&batch->queue->keep_usec), bytes;
	int r = keep_usec ? prune_step(&batch->rows, keep_usec) : 0;

	if (r > 0 && rows_bytes(&batch->rows, &bytes) >= 0)
		judge_quota(batch->queue, bytes);
	return r;
}

int batch_write(struct batch *batch, bool all_samples)
{
	struct queue *queue = batch->queue;
	uint64_t tail = ring_tail(&queue->samples);
	/*
	 * Taken before the commands are looked at: a session is begun before its first sample is
	 * queued, so that each sample before this position finds its session open.
	 */
	uint64_t head = ring_head(&queue->samples);
	const struct command *command;
	int r;

	batch->position = tail;
	batch->samples_matched = 0;
	batch->bytes = 0;
	batch->n_results = 0;
	batch->n_ended = 0;
	command = next_command(batch);
	if (command && command->kind == COMMAND_ERASE) {
		write_erasure(batch, command);
		publish(batch, tail);
		return 0;
	}
	memcpy(batch->saved, batch->sessions, sizeof(batch->saved));
	r = rows_begin(&batch->rows);
	if (r >= 0)
		r = write_commands(batch);
	if (r >= 0 && all_samples)
		r = batch_write_samples(batch, head);
	if (r >= 0)
		r = write_totals(batch);
	if (r >= 0)
		r = rows_commit(&batch->rows);
	if (r < 0) {
		rows_rollback(&batch->rows);
		memcpy(batch->sessions, batch->saved, sizeof(batch->sessions));
		return r;
	}
	publish(batch, tail);
	return 0;
}
