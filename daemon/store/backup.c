// SPDX-License-Identifier: GPL-2.0-only
/* Main thread: a backup is asked for, made, and handed over. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/core.h"
#include "driver/base/cleanup.h"

DEFINE_CLEANUP(struct job *, job_free)

int store_backup(struct store *store, store_backup_done done, void *userdata)
{
	_cleanup_(job_free_cleanup) struct job *job = NULL;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	/* One: each takes as much room on the disk as the database. */
	if (store->copying)
		return -EBUSY;
	job = job_new(JOB_COPY, userdata);
	if (!job)
		return -ENOMEM;
	job->backup_done = done;
	r = reader_submit(store->copier, job);
	if (r < 0)
		return r;
	TAKE_PTR(job);
	store->copying = true;
	return 0;
}

/*
 * The copy goes on its way; *@ret_fd is where it comes out. A job without a pipe ends at once, and
 * closes the file where that may take its time.
 */
static int send_copy(struct store *store, struct job *copy, int *ret_fd)
{
	_cleanup_(job_free_cleanup) struct job *job = NULL;
	_cleanup_close_ int read_end = -EBADF;
	int fds[2], r = 0;

	if (!store->open)
		return -ESHUTDOWN;
	job = job_new(JOB_SEND, NULL);
	if (!job)
		return -ENOMEM;
	job->backup = copy->backup;
	job->file = TAKE_FD(copy->file);
	if (pipe2(fds, O_CLOEXEC) < 0) {
		r = -errno;
	} else {
		read_end = fds[0];
		job->fd = fds[1];
	}
	if (reader_submit(store->copier, job) < 0)
		return -EAGAIN; /* not while there is one backup at a time */
	TAKE_PTR(job);
	store->copying = true;
	if (r >= 0)
		*ret_fd = TAKE_FD(read_end);
	return r;
}

void backup_copied(struct store *store, struct job *job)
{
	struct store_backup backup = job->backup;
	int r = job->result;

	backup.fd = -EBADF;
	store->copying = false;
	if (r >= 0)
		r = send_copy(store, job, &backup.fd);
	job->backup_done(job->userdata, r, &backup);
	close_fd(backup.fd);
}

static const char *why_not_sent(int error)
{
	if (error == -EPIPE)
		return "whoever asked for it has left";
	if (error == -ETIMEDOUT)
		return "whoever asked for it did not read";
	return error == -ESHUTDOWN ? "mnpend is ending" : strerrordesc_np(-error);
}

void backup_sent(struct store *store, const struct job *job)
{
	store->copying = false;
	if (!log_allowed(&store->log_limit))
		return;
	if (job->result >= 0)
		log_notice("a backup of %" PRIu64 " bytes was taken whole", job->backup.bytes);
	else
		log_warning("a backup of %" PRIu64 " bytes was not taken whole: %s",
			    job->backup.bytes, why_not_sent(job->result));
}
