/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the blocks of a capture go: a thread writes them, so that whoever takes them from mnpend
 * never waits for a disk, and a buffer holds what the disk is behind.
 *
 * They are written as soon as the disk takes them and in whole blocks, so that a recording that was
 * cut off, however that happened, is a recording up to there. One thread calls these functions.
 */
#ifndef MNPEN_CLI_CAPTURE_FILE_H
#define MNPEN_CLI_CAPTURE_FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/uapi/capture.h"

/* A pen at 1000 samples a second makes 250 KiB a second: half a minute. */
#define CAPTURE_FILE_BUFFER 8388608

struct capture_file {
	int fd;
	bool ours;   /* made by capture_file_create(): may be cut to its last whole block */
	int wake_fd; /* an eventfd: there is room again, or writing failed */
	pthread_t thread;
	bool runs; /* the thread */

	pthread_mutex_t lock; /* for all that follows */
	pthread_cond_t more;
	uint8_t *filling; /* CAPTURE_FILE_BUFFER each */
	uint8_t *writing; /* the thread's */
	size_t used;	  /* of what is filled */
	bool ends;
	int error;     /* of writing; nothing is written any more */
	int cut_error; /* why the half of a block that was written is still there; 0 = there is none
			*/
};

/**
 * capture_file_create() - a new file, 0600
 * Return: 0; -EEXIST when there is one; negative errno.
 */
int capture_file_create(struct capture_file *file, const char *path);

/** capture_file_use() - a file, pipe or whatever of somebody else: it is only written to
 * Return: 0; negative errno; the fd stays the caller's. */
int capture_file_use(struct capture_file *file, int fd);

/** capture_file_has_room() - for one more block; else there is after some wake-up */
bool capture_file_has_room(struct capture_file *file);

/** capture_file_put() - one block; there has to be room */
void capture_file_put(struct capture_file *file, const uint8_t *block, size_t len);

/** capture_file_flush() - what was put may be written
 * Return: 0; negative errno of writing, of now or earlier */
int capture_file_flush(struct capture_file *file);

/** capture_file_woken() - the wake-up was heard */
void capture_file_woken(struct capture_file *file);

/**
 * capture_file_close() - waits until all is written
 * @ret_cut_error: 0; or why the file may end with half of a block: -ENOTSUP as it is not ours to
 * cut, or negative errno of cutting it
 * Return: 0; negative errno of writing. Nothing to do for one that is closed.
 */
int capture_file_close(struct capture_file *file, int *ret_cut_error);

#endif
