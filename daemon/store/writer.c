// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/batch.h"
#include "daemon/store/db.h"
#include "daemon/store/erase.h"
#include "daemon/store/writer.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "driver/base/thread.h"

struct writer {
	struct queue *queue;
	sqlite3 *db;
	pthread_t thread;
	struct batch batch;
	uint64_t next_flush_usec;
	uint64_t next_try_usec;
	uint64_t failing_since_usec; /* 0 = the last transaction was committed */
	uint64_t deadline_usec;	     /* 0 = not ending */
	uint64_t next_prune_usec;
	uint64_t next_empty_usec;
	uint64_t keep_usec; /* as it was looked at last */
	struct log_limit log_limit;
};

static const struct log_context log_store = {.message_id = LOG_ID_STORE};

static void writer_failed(struct writer *writer, uint64_t now, int error)
{
	atomic_fetch_add(&writer->queue->write_errors, 1);
	if (!writer->failing_since_usec)
		writer->failing_since_usec = now;
	writer->next_try_usec = now_usec() + WRITER_RETRY_USEC;
	/* Somebody's short look at the file is no error; missing the 500 ms for samples is. */
	if (error == -EBUSY && now - writer->failing_since_usec < WRITER_BUSY_GRACE_USEC)
		return;
	if (!atomic_exchange(&writer->queue->write_error, true) && log_allowed(&writer->log_limit))
		log_line(LOG_ERR, &log_store,
			 "the database cannot be written: %s; trying again every %llu ms",
			 strerrordesc_np(-error), WRITER_RETRY_USEC / USEC_PER_MSEC);
	if (error == -EUCLEAN)
		db_keep_wal(writer->db); /* so that the next start checks the file */
}

static void writer_attempt(struct writer *writer, uint64_t now, bool all_samples)
{
	int r = batch_write(&writer->batch, all_samples);

	if (r < 0) {
		writer_failed(writer, now, r);
		return;
	}
	if (atomic_exchange(&writer->queue->write_error, false) && log_allowed(&writer->log_limit))
		log_line(LOG_NOTICE, &log_store, "the database is written again, after %llu ms",
			 (unsigned long long)(now - writer->failing_since_usec) / USEC_PER_MSEC);
	writer->failing_since_usec = 0;
	if (all_samples)
		writer->next_flush_usec = now + WRITER_FLUSH_USEC;
}

static bool samples_due(struct writer *writer, uint64_t now)
{
	struct ring *samples = &writer->queue->samples;
	uint64_t fill = ring_fill(samples);

	return fill && (writer->deadline_usec || now >= writer->next_flush_usec ||
			fill >= samples->capacity / 2);
}

/* What has time. A failure of the disk is told where something has to be written. */
static void writer_chores(struct writer *writer, uint64_t now)
{
	uint64_t keep_usec = atomic_load(&writer->queue->keep_usec);
	int r;

	if (writer->failing_since_usec || writer->deadline_usec)
		return;
	if (writer->batch.log_due && now >= writer->next_empty_usec) {
		writer->next_empty_usec = now + USEC_PER_SEC;
		if (batch_empty_log(&writer->batch) >= 0)
			log_line(LOG_NOTICE, &log_store,
				 "the write-ahead log is empty: what was erased is gone from it");
	}
	if (now < writer->next_prune_usec && keep_usec == writer->keep_usec)
		return;
	writer->keep_usec = keep_usec;
	r = batch_prune(&writer->batch);
	if (r < 0 && log_allowed(&writer->log_limit))
		log_line(LOG_WARNING, &log_store, "old samples cannot be deleted now: %s",
			 strerrordesc_np(-r));
	writer->next_prune_usec = now + (r > 0 ? PRUNE_PAUSE_USEC : PRUNE_PERIOD_USEC);
}

static uint64_t chores_usec(const struct writer *writer)
{
	return writer->batch.log_due ? MIN(writer->next_empty_usec, writer->next_prune_usec)
				     : writer->next_prune_usec;
}

static void writer_wait(struct writer *writer, uint64_t now)
{
	struct pollfd fd = {.fd = writer->queue->wake_fd, .events = POLLIN};
	uint64_t until = 0;
	int timeout_ms = -1;

	if (writer->failing_since_usec) {
		until = writer->next_try_usec;
	} else if (ring_fill(&writer->queue->samples) || batch_has_sessions(&writer->batch)) {
		/* An empty ring starts a new period: its first sample waits for one at most. One
		 * that is not empty became due while commands were written, and waits no longer. */
		if (now >= writer->next_flush_usec && !ring_fill(&writer->queue->samples))
			writer->next_flush_usec = now + WRITER_FLUSH_USEC;
		until = writer->next_flush_usec;
	}
	if (!writer->failing_since_usec && !writer->deadline_usec &&
	    (!until || chores_usec(writer) < until))
		until = chores_usec(writer);
	if (until)
		timeout_ms =
			until > now ? (int)((until - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC) : 0;
	if (poll(&fd, 1, timeout_ms) > 0)
		queue_awake(fd.fd);
}

static bool writer_empty(struct writer *writer)
{
	return !ring_fill(&writer->queue->samples) && !ring_fill(&writer->queue->commands);
}

static void *writer_run(void *userdata)
{
	struct writer *writer = userdata;

	for (;;) {
		uint64_t now = now_usec();
		bool all_samples;

		if (!writer->deadline_usec && atomic_load(&writer->queue->stop))
			writer->deadline_usec = now + WRITER_FREE_USEC;
		all_samples = samples_due(writer, now);
		if (now >= writer->next_try_usec &&
		    (all_samples || ring_fill(&writer->queue->commands)))
			writer_attempt(writer, now, all_samples);
		writer_chores(writer, now);
		if (writer->deadline_usec && (writer_empty(writer) || now >= writer->deadline_usec))
			return NULL;
		writer_wait(writer, now_usec());
	}
}

int writer_new(struct writer **ret, struct queue *queue, sqlite3 *db, const struct key *key)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	int r;

	if (!writer) {
		db_close(db);
		return -ENOMEM;
	}
	writer->queue = queue;
	writer->db = db;
	r = batch_open(&writer->batch, queue, db, key);
	if (r >= 0)
		r = thread_start(&writer->thread, "mnpen-writer", writer_run, writer);
	if (r < 0) {
		batch_close(&writer->batch);
		db_close(db);
		free(writer);
		return r;
	}
	*ret = writer;
	return 0;
}

struct writer *writer_free(struct writer *writer)
{
	if (!writer)
		return NULL;
	atomic_store(&writer->queue->stop, true);
	queue_wake(writer->queue->wake_fd);
	pthread_join(writer->thread, NULL);
	batch_close(&writer->batch);
	db_close(writer->db);
	free(writer);
	return NULL;
}
