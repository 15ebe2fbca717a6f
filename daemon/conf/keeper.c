// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/conf/keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/thread.h"

/* What the thread is given and gives back; between start and join it is the thread's alone. */
struct job {
	enum conf_job_kind kind;
	char name[CONF_NAME_MAX + 1];
	char *text;
	int result;
	struct conf *conf;
	struct conf_report report;
};

struct conf_keeper {
	struct conf_paths paths;
	char *added_dir; /* NULL without a state directory */
	char *admin_dir;
	sd_event_source *ended;
	int ended_fd; /* the thread adds 1 when it is through */
	bool busy;
	pthread_t thread;
	struct job job;
	conf_job_done done;
	void *userdata;
};

/* ---- the thread ---- */

/* Also an empty file masks, and a link that leads nowhere. One that cannot be looked at counts as
 * there. */
static bool masked(const struct conf_keeper *keeper, const char *name)
{
	_cleanup_free_ char *path = NULL;
	struct stat st;

	if (asprintf(&path, "%s/%s.conf", keeper->admin_dir, name) < 0) {
		path = NULL;
		return true;
	}
	return lstat(path, &st) == 0 || errno != ENOENT;
}

static int change_files(const struct conf_keeper *keeper, const struct job *job)
{
	switch (job->kind) {
	case CONF_JOB_RELOAD:
		return 0;
	case CONF_JOB_ADD:
		if (masked(keeper, job->name))
			return -EEXIST;
		return conf_added_write(keeper->added_dir, job->name, job->text, strlen(job->text));
	case CONF_JOB_REMOVE:
		return conf_added_remove(keeper->added_dir, job->name);
	}
	return -EINVAL;
}

static void *run(void *userdata)
{
	struct conf_keeper *keeper = userdata;
	struct job *job = &keeper->job;
	const uint64_t one = 1;

	job->result = change_files(keeper, job);
	if (job->result >= 0)
		job->result = conf_load(&job->conf, &keeper->paths, &job->report);
	while (write(keeper->ended_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	return NULL;
}

/* ---- the main thread ---- */

static void job_clear(struct job *job)
{
	free(job->text);
	conf_unref(job->conf);
	conf_report_free(&job->report);
	*job = (struct job){0};
}

static int on_ended(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct conf_keeper *keeper = userdata;
	struct conf_outcome outcome;
	struct job job;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	(void)pthread_join(keeper->thread, NULL); /* it has nothing left to do */
	job = keeper->job;
	keeper->job = (struct job){0};
	keeper->busy = false; /* first: the answer may bring the next job */
	outcome = (struct conf_outcome){.kind = job.kind,
					.name = job.name,
					.result = job.result,
					.conf = job.conf,
					.report = &job.report};
	job.conf = NULL; /* the receiver's */
	keeper->done(keeper->userdata, &outcome);
	job_clear(&job);
	return 0;
}

static int start(struct conf_keeper *keeper, enum conf_job_kind kind, const char *name,
		 const char *text, conf_job_done done, void *userdata)
{
	int r;

	if (keeper->busy)
		return -EBUSY;
	if (kind != CONF_JOB_RELOAD && !keeper->added_dir)
		return -ENOTDIR;
	keeper->job = (struct job){.kind = kind, .text = text ? strdup(text) : NULL};
	if (text && !keeper->job.text)
		return -ENOMEM;
	snprintf(keeper->job.name, sizeof(keeper->job.name), "%s", name);
	keeper->done = done;
	keeper->userdata = userdata;
	r = thread_start(&keeper->thread, "mnpen-conf", run, keeper);
	if (r < 0)
		job_clear(&keeper->job);
	else
		keeper->busy = true;
	return r;
}

int conf_keeper_reload(struct conf_keeper *keeper, conf_job_done done, void *userdata)
{
	return start(keeper, CONF_JOB_RELOAD, "", NULL, done, userdata);
}

int conf_keeper_add(struct conf_keeper *keeper, const char *name, const char *text,
		    conf_job_done done, void *userdata)
{
	return start(keeper, CONF_JOB_ADD, name, text, done, userdata);
}

int conf_keeper_remove(struct conf_keeper *keeper, const char *name, conf_job_done done,
		       void *userdata)
{
	return start(keeper, CONF_JOB_REMOVE, name, NULL, done, userdata);
}

static bool lies_in(const char *path, const char *dir)
{
	size_t len = dir ? strlen(dir) : 0;

	return len && strncmp(path, dir, len) == 0 && path[len] == '/';
}

enum conf_origin conf_keeper_origin(const struct conf_keeper *keeper,
				    const struct conf_profile *profile)
{
	if (lies_in(profile->path, keeper->added_dir))
		return CONF_ADDED;
	return lies_in(profile->path, keeper->admin_dir) ? CONF_ADMINISTRATORS : CONF_SHIPPED;
}

bool conf_keeper_busy(const struct conf_keeper *keeper)
{
	return keeper->busy;
}

struct conf_keeper *conf_keeper_free(struct conf_keeper *keeper)
{
	if (!keeper)
		return NULL;
	if (keeper->busy)
		(void)pthread_join(keeper->thread, NULL);
	job_clear(&keeper->job);
	sd_event_source_disable_unref(keeper->ended);
	close_fd(keeper->ended_fd);
	free(keeper->added_dir);
	free(keeper->admin_dir);
	free(keeper);
	return NULL;
}

int conf_keeper_new(struct conf_keeper **ret, sd_event *event, const struct conf_paths *paths)
{
	struct conf_keeper *keeper = calloc(1, sizeof(*keeper));
	int r;

	if (!keeper)
		return -ENOMEM;
	keeper->paths = *paths;
	keeper->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = keeper->ended_fd < 0 ? -errno
				 : conf_profile_dirs(paths, &keeper->added_dir, &keeper->admin_dir);
	if (r >= 0)
		r = sd_event_add_io(event, &keeper->ended, keeper->ended_fd, EPOLLIN, on_ended,
				    keeper);
	if (r < 0) {
		conf_keeper_free(keeper);
		return r;
	}
	*ret = keeper;
	return 0;
}
