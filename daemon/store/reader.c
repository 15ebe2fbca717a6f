// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "daemon/store/copy.h"
#include "daemon/store/db.h"
#include "daemon/store/queue.h"
#include "daemon/store/reader.h"
#include "daemon/store/recover.h"
#include "driver/base/thread.h"

struct reader {
	struct ring jobs;     /* struct job *, main to reader */
	struct ring finished; /* struct job *, reader to main */
	size_t outstanding;   /* main: submitted and not taken back */
	int wake_fd;
	int stop_fd; /* eventfd, readable from the stop on */
	int done_fd; /* borrowed */
	bool running;
	pthread_t thread;
	char *directory;
	sqlite3 *db; /* reader thread */
};

struct job *job_new(enum job_kind kind, void *userdata)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->kind = kind;
	job->fd = job->file = -EBADF;
	job->userdata = userdata;
	return job;
}

struct job *job_free(struct job *job)
{
	if (!job)
		return NULL;
	for (size_t i = 0; i < job->n_rows; i++) {
		free(job->rows[i].pen);
		free(job->rows[i].profile);
		free(job->rows[i].area);
		free(job->rows[i].client);
		free(job->rows[i].operator_name);
		free(job->rows[i].outcome);
		free(job->rows[i].cartridge_lot);
	}
	free(job->rows);
	free(job->client);
	free(job->lot);
	free(job->pen);
	free(job->session);
	free(job->area);
	free(job->uid);
	free(job->serial);
	close_fd(job->fd);
	close_fd(job->file);
	free(job);
	return NULL;
}

static int reader_connect(struct reader *reader)
{
	_cleanup_(db_close_cleanup) sqlite3 *db = NULL;
	_cleanup_free_ char *path = NULL;
	int r;

	if (reader->db)
		return 0;
	if (asprintf(&path, "%s/" RECOVER_FILE, reader->directory) < 0)
		return -ENOMEM;
	r = db_open(&db, path, SQLITE_OPEN_READONLY);
	if (r < 0)
		return r;
	sqlite3_busy_timeout(db, READER_BUSY_MS);
	r = db_exec(db, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;"
			"PRAGMA temp_store = MEMORY");
	if (r >= 0)
		reader->db = TAKE_PTR(db);
	return r;
}

static int job_run(struct reader *reader, struct job *job)
{
	int64_t n;
	int r = reader_connect(reader);

	if (r < 0)
		return r;
	switch (job->kind) {
	case JOB_LIST:
		return list_run(reader->db, job);
	case JOB_READ:
		return export_run(reader->db, job, reader->stop_fd);
	case JOB_EXISTS:
		return export_find(reader->db, job->id, &n);
	case JOB_ASK:
		return course_run(reader->db, job);
	case JOB_COPY:
		return copy_make(reader->db, reader->directory, reader->stop_fd, &job->backup,
				 &job->file);
	case JOB_SEND:
		r = copy_send(job->file, job->fd, reader->stop_fd);
		/* Here: to give back what it takes on the disk is work. */
		job->file = close_fd(job->file);
		return r;
	}
	return -EINVAL;
}

static void job_finish(struct reader *reader, struct job *job, int result)
{
	struct job **slot = ring_reserve(&reader->finished); /* never full: see outstanding */

	job->fd = close_fd(job->fd); /* the other end sees the end before done() is called */
	job->result = result;
	*slot = job;
	ring_put(&reader->finished);
}

static struct job *job_next(struct reader *reader)
{
	uint64_t tail = ring_tail(&reader->jobs);
	struct job *job;

	if (!ring_fill(&reader->jobs))
		return NULL;
	job = *(struct job **)ring_at(&reader->jobs, tail);
	ring_release(&reader->jobs, tail + 1);
	return job;
}

static void *reader_run(void *userdata)
{
	struct reader *reader = userdata;

	for (;;) {
		struct pollfd fds[] = {
			{.fd = reader->stop_fd, .events = POLLIN},
			{.fd = reader->wake_fd, .events = POLLIN},
		};
		struct job *job;

		if (poll(fds, ELEMENTSOF(fds), -1) < 0)
			continue;
		if (fds[0].revents)
			return NULL;
		queue_awake(reader->wake_fd);
		job = job_next(reader);
		if (!job)
			continue;
		queue_wake(reader->wake_fd); /* there may be more; the stop is looked at first */
		job_finish(reader, job, job_run(reader, job));
		queue_wake(reader->done_fd);
	}
}

int reader_submit(struct reader *reader, struct job *job)
{
	struct job **slot = ring_reserve(&reader->jobs);

	if (!slot || reader->outstanding == READER_JOBS_MAX)
		return -EAGAIN;
	*slot = job;
	ring_put(&reader->jobs);
	reader->outstanding++;
	queue_wake(reader->wake_fd);
	return 0;
}

struct job *reader_take(struct reader *reader)
{
	uint64_t tail = ring_tail(&reader->finished);
	struct job *job;

	if (!ring_fill(&reader->finished))
		return NULL;
	job = *(struct job **)ring_at(&reader->finished, tail);
	ring_release(&reader->finished, tail + 1);
	reader->outstanding--;
	return job;
}

void reader_stop(struct reader *reader)
{
	struct job *job;

	if (!reader->running)
		return;
	queue_wake(reader->stop_fd);
	pthread_join(reader->thread, NULL);
	reader->running = false;
	for (job = job_next(reader); job; job = job_next(reader))
		job_finish(reader, job, -ESHUTDOWN);
}

struct reader *reader_free(struct reader *reader)
{
	struct job *job;

	if (!reader)
		return NULL;
	reader_stop(reader);
	for (job = reader_take(reader); job; job = reader_take(reader))
		job_free(job);
	db_close(reader->db);
	ring_close(&reader->jobs);
	ring_close(&reader->finished);
	close_fd(reader->wake_fd);
	close_fd(reader->stop_fd);
	free(reader->directory);
	free(reader);
	return NULL;
}

DEFINE_CLEANUP(struct reader *, reader_free)

int reader_new(struct reader **ret, const char *name, const char *directory, int done_fd)
{
	_cleanup_(reader_free_cleanup) struct reader *reader = calloc(1, sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	reader->done_fd = done_fd;
	reader->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reader->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (reader->wake_fd < 0 || reader->stop_fd < 0)
		return -errno;
	reader->directory = strdup(directory);
	if (!reader->directory)
		return -ENOMEM;
	r = ring_open(&reader->jobs, sizeof(struct job *), READER_WAITING_MAX);
	if (r >= 0)
		r = ring_open(&reader->finished, sizeof(struct job *), READER_JOBS_MAX);
	if (r >= 0)
		r = thread_start(&reader->thread, name, reader_run, reader);
	if (r < 0)
		return r;
	reader->running = true;
	*ret = TAKE_PTR(reader);
	return 0;
}
