// SPDX-License-Identifier: GPL-2.0-only
/* Main thread: questions for the reader. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/core.h"
#include "driver/base/cleanup.h"

DEFINE_CLEANUP(struct job *, job_free)

static int submit(struct store *store, struct job **job)
{
	int r = reader_submit(store->reader, *job);

	if (r >= 0)
		*job = NULL;
	return r;
}

/* "" or the decimal number that the last page ended with */
static int cursor_parse(const char *cursor, int64_t *ret)
{
	char *end;
	long long value;

	if (!*cursor) {
		*ret = INT64_MAX;
		return 0;
	}
	if (strspn(cursor, "0123456789") != strlen(cursor))
		return -EINVAL;
	errno = 0;
	value = strtoll(cursor, &end, 10);
	if (errno || *end)
		return -EINVAL;
	*ret = value;
	return 0;
}

/* Copies what the caller only lent. */
static int filter_copy(struct job *job, const struct store_filter *filter)
{
	job->filter = *filter;
	if ((filter->client && !(job->client = strdup(filter->client))) ||
	    (filter->lot && !(job->lot = strdup(filter->lot))) ||
	    (filter->pen && !(job->pen = strdup(filter->pen))))
		return -ENOMEM;
	job->filter.client = job->client;
	job->filter.lot = job->lot;
	job->filter.pen = job->pen;
	return 0;
}

int store_list(struct store *store, const struct store_filter *filter, const char *cursor,
	       uint32_t count, store_list_done done, void *userdata)
{
	_cleanup_(job_free_cleanup) struct job *job = NULL;
	int64_t before;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	if (!count || count > STORE_LIST_MAX)
		return -EINVAL;
	r = cursor_parse(cursor, &before);
	if (r < 0)
		return r;
	job = job_new(JOB_LIST, userdata);
	if (!job)
		return -ENOMEM;
	r = filter_copy(job, filter);
	if (r < 0)
		return r;
	job->before = before;
	job->count = count;
	job->list_done = done;
	return submit(store, &job);
}

/* A job about one session. An id too long to be one is of no session. */
static int job_of(struct job **ret, enum job_kind kind, const char *id, store_done done,
		  void *userdata)
{
	size_t len = strnlen(id, STORE_ID_MAX);
	struct job *job;

	if (len == STORE_ID_MAX)
		return -ENOENT;
	job = job_new(kind, userdata);
	if (!job)
		return -ENOMEM;
	memcpy(job->id, id, len + 1);
	job->done = done;
	*ret = job;
	return 0;
}

int store_read(struct store *store, const char *id, enum store_what what, int fd, store_done done,
	       void *userdata)
{
	_cleanup_(job_free_cleanup) struct job *job = NULL;
	_cleanup_close_ int owned = fd;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	r = job_of(&job, JOB_READ, id, done, userdata);
	if (r < 0)
		return r;
	job->what = what;
	job->fd = TAKE_FD(owned);
	return submit(store, &job);
}

int store_exists(struct store *store, const char *id, store_done done, void *userdata)
{
	_cleanup_(job_free_cleanup) struct job *job = NULL;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	r = job_of(&job, JOB_EXISTS, id, done, userdata);
	return r < 0 ? r : submit(store, &job);
}

static bool is_copied(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return *ret || !text;
}

int store_ask(struct store *store, const struct store_question *question, store_course_done done,
	      void *userdata)
{
	_cleanup_(job_free_cleanup) struct job *job = NULL;
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	job = job_new(JOB_ASK, userdata);
	if (!job)
		return -ENOMEM;
	if (!is_copied(&job->client, question->client) ||
	    !is_copied(&job->session, question->session) ||
	    !is_copied(&job->area, question->area) ||
	    !is_copied(&job->uid, question->cartridge.uid) ||
	    !is_copied(&job->lot, question->cartridge.lot) ||
	    !is_copied(&job->serial, question->cartridge.serial))
		return -ENOMEM;
	job->course_done = done;
	r = reader_submit(store->asker, job);
	if (r >= 0)
		job = NULL;
	return r;
}
