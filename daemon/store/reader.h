/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread that reads: a read-only connection, opened when first needed, and one job at a time. It
 * keeps no transaction open while it waits for whoever takes the data, so that a slow reader does
 * not keep the write-ahead log from being emptied.
 *
 * There are three: the reader answers lists and exports; backups, which take minutes, have a thread
 * of their own, so that nobody else waits for them; and so have the questions that a session needs
 * an answer to before it begins, so that they wait for nobody.
 */
#ifndef MNPEN_STORE_READER_H
#define MNPEN_STORE_READER_H

#include <sqlite3.h>
#include <stdint.h>

#include "daemon/store/store.h"

#define READER_WAITING_MAX 16 /* jobs not yet begun */
#define READER_JOBS_MAX 32    /* jobs whose done() was not yet called */
#define READER_BUSY_MS 2000   /* patience with another process' lock */
#define READER_TIMEOUT_MS 10000
#define READER_CURSOR_MAX 24

enum job_kind {
	JOB_LIST,
	JOB_READ,
	JOB_EXISTS,
	JOB_COPY, /* of the whole database, into a file */
	JOB_SEND, /* that file, into a pipe */
	JOB_ASK,
};

/** struct job - the main thread makes it, the reader answers it, the main thread frees it */
struct job {
	enum job_kind kind;
	int result;
	char id[STORE_ID_MAX];	    /* READ, EXISTS */
	enum store_what what;	    /* READ */
	int fd;			    /* READ, SEND: the way out; -EBADF otherwise */
	int file;		    /* COPY: what was made; SEND: what is sent; -EBADF otherwise */
	struct store_backup backup; /* COPY */
	struct store_filter filter;
	struct store_course course;
	char *client, *lot, *pen;	     /* LIST: what @filter points to */
	char *session, *area, *uid, *serial; /* ASK, @client and @lot too */
	int64_t before;			     /* LIST: session.n, from the cursor */
	uint32_t count;			     /* LIST: as many at most */
	struct store_row *rows;
	size_t n_rows;
	char cursor[READER_CURSOR_MAX];
	store_done done;
	store_list_done list_done;
	store_backup_done backup_done;
	store_course_done course_done;
	void *userdata;
};

/** job_new() - NULL when there is no memory */
struct job *job_new(enum job_kind kind, void *userdata);
struct job *job_free(struct job *job);

struct reader;

/** reader_new() - @name: of the thread, up to 15 characters; @done_fd: eventfd to add 1 to when a
 * job is finished. Return: 0 or errno. */
int reader_new(struct reader **ret, const char *name, const char *directory, int done_fd);

/** reader_submit() - @job becomes the reader's. Main thread. Return: 0; -EAGAIN: still yours. */
int reader_submit(struct reader *reader, struct job *job);

/** reader_take() - a finished job for the caller to answer and free; NULL. Main thread. */
struct job *reader_take(struct reader *reader);

/** reader_stop() - end the thread; what was not finished comes out of reader_take() with
 * -ESHUTDOWN */
void reader_stop(struct reader *reader);
struct reader *reader_free(struct reader *reader);

/** list_run() - answer a LIST job. Reader thread. */
int list_run(sqlite3 *db, struct job *job);

/** course_run() - answer an ASK job. Reader thread. */
int course_run(sqlite3 *db, struct job *job);

/** export_run() - answer a READ job; stops when @stop_fd becomes readable. Reader thread. */
int export_run(sqlite3 *db, const struct job *job, int stop_fd);

/** export_find() - *@ret_n of session @id; -ENOENT */
int export_find(sqlite3 *db, const char *id, int64_t *ret_n);

#endif
