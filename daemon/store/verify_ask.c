// SPDX-License-Identifier: GPL-2.0-only
/* Main thread: a verification is asked for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/core.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

DEFINE_CLEANUP(struct job *, job_free)

/* Those of now: a session that is not among them has an end. */
static int copy_open(const struct store *store, struct job *job)
{
	job->open = calloc(STORE_SESSIONS_MAX, sizeof(*job->open));
	if (!job->open)
		return -ENOMEM;
	for (size_t i = 0; i < STORE_SESSIONS_MAX; i++)
		if (store->sessions[i].used)
			memcpy(job->open[job->n_open++], store->sessions[i].id, STORE_ID_MAX);
	return 0;
}

int store_verify(struct store *store, const char *id, store_verify_done done, void *userdata)
{
	_cleanup_(job_free_cleanup) struct job *job = NULL;
	size_t len = strnlen(id, STORE_ID_MAX);
	int r;

	if (!store->open)
		return -ESHUTDOWN;
	if (len == STORE_ID_MAX)
		return -ENOENT; /* too long to be one */
	job = job_new(JOB_VERIFY, userdata);
	if (!job || copy_open(store, job) < 0)
		return -ENOMEM;
	memcpy(job->id, id, len + 1);
	job->key = &store->key;
	job->asked_usec = now_usec();
	job->verify_done = done;
	r = reader_submit(store->verifier, job);
	if (r >= 0)
		TAKE_PTR(job);
	return r;
}
