// SPDX-License-Identifier: GPL-2.0-only
/* Main thread: the store's life, its health, and the answers of its threads. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "daemon/store/copy.h"
#include "daemon/store/core.h"
#include "daemon/store/db.h"
#include "driver/base/cleanup.h"

static void command_answered(struct store *store, const struct completion *completion)
{
	bool failed = completion->result < 0;

	switch (completion->kind) {
	case COMMAND_BEGIN:
		if (failed)
			record_release(store, completion->tag);
		break;
	case COMMAND_END:
		record_release(store, completion->tag);
		break;
	case COMMAND_EVENT:
	case COMMAND_GAP:
	case COMMAND_SEGMENT:
		store->events_lost += failed;
		break;
	case COMMAND_CARTRIDGE:
	case COMMAND_HOLD:
		break;
	}
	store->outstanding--;
	if (completion->done)
		completion->done(completion->userdata, completion->result);
}

static void take_completions(struct store *store)
{
	struct ring *completions = &store->queue.completions;

	while (ring_fill(completions)) {
		uint64_t tail = ring_tail(completions);
		struct completion completion =
			*(const struct completion *)ring_at(completions, tail);

		/* First of all: done() may record more. */
		ring_release(completions, tail + 1);
		command_answered(store, &completion);
	}
}

static void job_answered(struct store *store, struct job *job)
{
	switch (job->kind) {
	case JOB_LIST:
		job->list_done(job->userdata, job->result, job->result < 0 ? NULL : job->rows,
			       job->result < 0 ? 0 : job->n_rows, job->cursor);
		break;
	case JOB_READ:
	case JOB_EXISTS:
		if (job->done)
			job->done(job->userdata, job->result);
		break;
	case JOB_ASK:
		job->course_done(job->userdata, job->result, job->result < 0 ? NULL : &job->course);
		break;
	case JOB_COPY:
		backup_copied(store, job);
		break;
	case JOB_SEND:
		backup_sent(store, job);
		break;
	}
}

static void take_jobs(struct store *store, struct reader *reader)
{
	struct job *job;

	for (job = reader_take(reader); job; job = reader_take(reader)) {
		job_answered(store, job);
		job_free(job);
	}
}

static int on_done(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct store *store = userdata;

	queue_awake(fd);
	take_completions(store);
	take_jobs(store, store->reader);
	take_jobs(store, store->copier);
	take_jobs(store, store->asker);
	return 0;
}

/* What the writer could not write in time is answered all the same: each done() is called once. */
static void cancel_commands(struct store *store)
{
	struct ring *commands = &store->queue.commands;

	while (ring_fill(commands)) {
		uint64_t tail = ring_tail(commands);
		const struct command *command = ring_at(commands, tail);
		struct completion completion = {
			.kind = command->kind,
			.tag = command->tag,
			.result = -ESHUTDOWN,
			.done = command->done,
			.userdata = command->userdata,
		};

		ring_release(commands, tail + 1);
		command_answered(store, &completion);
	}
}

static struct reader *end_reader(struct store *store, struct reader *reader)
{
	if (!reader)
		return NULL;
	reader_stop(reader);
	take_jobs(store, reader);
	return reader_free(reader);
}

struct store *store_free(struct store *store)
{
	if (!store)
		return NULL;
	store->open = false; /* done() can record no more */
	store->source = sd_event_source_disable_unref(store->source);
	/* Before the writer: the last connection to close empties the log. */
	store->reader = end_reader(store, store->reader);
	store->copier = end_reader(store, store->copier);
	store->asker = end_reader(store, store->asker);
	if (store->writer) {
		store->writer = writer_free(store->writer);
		take_completions(store);
		cancel_commands(store);
	}
	ring_close(&store->queue.samples);
	ring_close(&store->queue.commands);
	ring_close(&store->queue.completions);
	close_fd(store->queue.wake_fd);
	close_fd(store->queue.done_fd);
	close_fd(store->lock_fd);
	free(store);
	return NULL;
}

DEFINE_CLEANUP(struct store *, store_free)

static int queue_open(struct queue *queue, uint32_t sample_slots)
{
	int r;

	queue->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	queue->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->wake_fd < 0 || queue->done_fd < 0)
		return -errno;
	r = ring_open(&queue->samples, sizeof(struct sample_slot),
		      sample_slots ? sample_slots : QUEUE_SAMPLE_SLOTS);
	if (r >= 0)
		r = ring_open(&queue->commands, sizeof(struct command), QUEUE_COMMAND_SLOTS);
	if (r >= 0)
		r = ring_open(&queue->completions, sizeof(struct completion),
			      QUEUE_COMPLETION_SLOTS);
	return r;
}

static int store_start(struct store *store, sd_event *event, const struct store_options *options,
		       sqlite3 *db)
{
	int r = queue_open(&store->queue, options->sample_slots);

	if (r < 0) {
		db_close(db);
		return r;
	}
	atomic_store(&store->queue.quota_bytes, options->quota_bytes);
	r = writer_new(&store->writer, &store->queue, db);
	if (r >= 0)
		r = reader_new(&store->reader, "mnpen-reader", options->directory,
			       store->queue.done_fd);
	if (r >= 0)
		r = reader_new(&store->copier, "mnpen-backup", options->directory,
			       store->queue.done_fd);
	if (r >= 0)
		r = reader_new(&store->asker, "mnpen-asker", options->directory,
			       store->queue.done_fd);
	if (r >= 0)
		r = sd_event_add_io(event, &store->source, store->queue.done_fd, EPOLLIN, on_done,
				    store);
	if (r >= 0)
		store->open = true;
	return r;
}

int store_new(struct store **ret, sd_event *event, const struct store_options *options,
	      char **ret_note, bool *ret_quarantined)
{
	_cleanup_(store_free_cleanup) struct store *store = calloc(1, sizeof(*store));
	_cleanup_free_ char *note = NULL;
	bool quarantined = false;
	sqlite3 *db = NULL;
	int r;

	if (!store)
		return -ENOMEM;
	store->lock_fd = store->queue.wake_fd = store->queue.done_fd = -EBADF;
	for (size_t i = 0; i < STORE_SESSIONS_MAX; i++)
		store->sessions[i].tag = (uint16_t)i;
	r = recover_lock(options->directory, &store->lock_fd);
	if (r == -EBUSY || r == -ENOMEM)
		return r;
	if (r >= 0)
		copy_sweep(options->directory);
	if (r >= 0)
		r = recover_open(options->directory, &db, &store->alarms, &note, &quarantined);
	else if (asprintf(&note,
			  "The state directory %s cannot be used: %s; no pen can be armed until "
			  "that is mended and the daemon restarted.",
			  options->directory, strerror(-r)) >= 0)
		r = 0;
	else
		r = -ENOMEM;
	if (r >= 0 && db)
		r = store_start(store, event, options, db);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(store);
	*ret_note = TAKE_PTR(note);
	*ret_quarantined = quarantined;
	return 0;
}

const struct store_alarm *store_alarms(const struct store *store, size_t *ret_n)
{
	*ret_n = store->alarms.n;
	return store->alarms.alarms;
}

/* The main thread put these slots there itself and alone: it may read them. 0 = nothing waits. */
static uint64_t oldest_usec(struct store *store)
{
	struct ring *samples = &store->queue.samples, *commands = &store->queue.commands;
	uint64_t sample = ring_tail(samples), command = ring_tail(commands);
	uint64_t oldest = UINT64_MAX;

	if (sample != ring_head(samples))
		oldest = ((const struct sample_slot *)ring_at(samples, sample))->host_usec;
	if (command != ring_head(commands))
		oldest = MIN(oldest, ((const struct command *)ring_at(commands, command))->usec);
	return oldest == UINT64_MAX ? 0 : oldest;
}

static bool is_drained(struct ring *ring)
{
	return ring_fill(ring) <= ring->capacity / 4;
}

void store_set_quota(struct store *store, uint64_t quota_bytes)
{
	atomic_store(&store->queue.quota_bytes, quota_bytes);
}

enum store_health store_health(struct store *store, uint64_t now_usec)
{
	struct queue *queue = &store->queue;
	uint64_t oldest;

	if (!store->open)
		return STORE_CLOSED;
	if (atomic_load(&queue->write_error))
		return STORE_WRITE_ERROR;
	if (store->queue_full && is_drained(&queue->samples) && is_drained(&queue->commands) &&
	    store->outstanding < QUEUE_COMPLETION_SLOTS)
		store->queue_full = false;
	if (store->queue_full)
		return STORE_QUEUE_FULL;
	oldest = oldest_usec(store);
	if (oldest && now_usec > oldest && now_usec - oldest >= STORE_LAG_MAX_USEC)
		return STORE_LAGGING;
	return atomic_load(&queue->over_quota) ? STORE_QUOTA : STORE_HEALTHY;
}

const char *store_health_name(enum store_health health)
{
	switch (health) {
	case STORE_HEALTHY:
		return "healthy";
	case STORE_WRITE_ERROR:
		return "write-error";
	case STORE_QUEUE_FULL:
		return "queue-full";
	case STORE_LAGGING:
		return "lagging";
	case STORE_QUOTA:
		return "quota";
	case STORE_CLOSED:
		return "closed";
	}
	return "unknown";
}

void store_counters(struct store *store, struct store_counters *ret)
{
	struct queue *queue = &store->queue;

	*ret = (struct store_counters){
		.samples_written = atomic_load(&queue->samples_written),
		.samples_lost = store->samples_lost + atomic_load(&queue->samples_orphaned),
		.events_lost = store->events_lost,
		.bytes_written = atomic_load(&queue->bytes_written),
		.write_errors = atomic_load(&queue->write_errors),
	};
}
