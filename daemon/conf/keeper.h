/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps the snapshot up to date while the daemon runs: reads everything again, and adds or removes
 * a profile of the state directory. Files are touched by a thread of its own that lives as long as
 * the job, because the main thread never waits for a disk; one job at a time.
 *
 * Main thread only.
 */
#ifndef MNPEN_CONF_KEEPER_H
#define MNPEN_CONF_KEEPER_H

#include <systemd/sd-event.h>

#include "daemon/conf/conf.h"

#define CONF_ADDED_MAX 256 /* profiles in the state directory */

enum conf_job_kind {
	CONF_JOB_RELOAD,
	CONF_JOB_ADD,
	CONF_JOB_REMOVE,
};

/** struct conf_outcome - how a job ended; lives during the call */
struct conf_outcome {
	enum conf_job_kind kind;
	const char *name; /* of the profile; "" for a reload */
	/* 0; -EEXIST the administrator's file of that name masks it (ADD); -E2BIG CONF_ADDED_MAX
	 * are there (ADD); -ENOENT it is none that was added (REMOVE); else an errno of writing or
	 * removing. Nothing has changed then; but after -ENOMEM what was written may be read yet.
	 */
	int result;
	struct conf *conf; /* what holds from now on, the receiver's reference; NULL on failure */
	const struct conf_report *report; /* errors in what was read; the files are left out */
};

/** conf_job_done - called once for each job that was taken, never from inside it */
typedef void (*conf_job_done)(void *userdata, const struct conf_outcome *outcome);

struct conf_keeper;

/** conf_keeper_new() - @paths: their strings must outlive the keeper. Return: 0; -ENOMEM, errno */
int conf_keeper_new(struct conf_keeper **ret, sd_event *event, const struct conf_paths *paths);

/** conf_keeper_free() - waits for the job under way, whose done() is not called. Returns NULL. */
struct conf_keeper *conf_keeper_free(struct conf_keeper *keeper);

/** enum conf_origin - where a profile that holds comes from */
enum conf_origin {
	CONF_SHIPPED,
	CONF_ADDED,
	CONF_ADMINISTRATORS,
};

enum conf_origin conf_keeper_origin(const struct conf_keeper *keeper,
				    const struct conf_profile *profile);

bool conf_keeper_busy(const struct conf_keeper *keeper);

/** conf_keeper_reload() - read everything again. Return: 0; -EBUSY; -ENOMEM, errno */
int conf_keeper_reload(struct conf_keeper *keeper, conf_job_done done, void *userdata);

/** conf_keeper_add() - write a profile, then read everything again
 * @name: conf_name_valid()
 * @text: has passed conf_check_profile()
 * Return: as above; -ENOTDIR without a state directory */
int conf_keeper_add(struct conf_keeper *keeper, const char *name, const char *text,
		    conf_job_done done, void *userdata);

/** conf_keeper_remove() - the same for taking one away */
int conf_keeper_remove(struct conf_keeper *keeper, const char *name, conf_job_done done,
		       void *userdata);

#endif
