/* SPDX-License-Identifier: GPL-2.0-only */
/* A store worth a backup, and troubles for the thread that makes it. */
#ifndef MNPEN_TEST_BACKUP_FIXTURE_H
#define MNPEN_TEST_BACKUP_FIXTURE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "daemon/store/copy.h"
#include "daemon/store/stream.h"
#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

#define BLOCKS 3000 /* of 4000 bytes that nothing compresses: a dozen slices */

int __real_sqlite3_backup_step(sqlite3_backup *backup, int pages);
int __wrap_sqlite3_backup_step(sqlite3_backup *backup, int pages);
int __real_fstatvfs(int fd, struct statvfs *ret);
int __wrap_fstatvfs(int fd, struct statvfs *ret);
int __real_stream_open(struct stream *stream, int fd, int stop_fd, int timeout_ms);
int __wrap_stream_open(struct stream *stream, int fd, int stop_fd, int timeout_ms);

/** struct trouble - for the thread that copies */
static struct {
	_Atomic int slice_ms;	   /* each takes so long */
	_Atomic int full_at_slice; /* the disk is full at this one; 0 = never */
	_Atomic int slices;	   /* made so far */
	_Atomic int free_mib;	   /* what the disk says it has; 0 = the truth */
	_Atomic int timeout_ms;	   /* patience with the client; 0 = as it is */
} trouble;

int __wrap_sqlite3_backup_step(sqlite3_backup *backup, int pages)
{
	int slice = atomic_fetch_add(&trouble.slices, 1) + 1;

	usleep((unsigned int)atomic_load(&trouble.slice_ms) * 1000);
	if (slice == atomic_load(&trouble.full_at_slice))
		return SQLITE_FULL;
	return __real_sqlite3_backup_step(backup, pages);
}

int __wrap_fstatvfs(int fd, struct statvfs *ret)
{
	int r = __real_fstatvfs(fd, ret), free_mib = atomic_load(&trouble.free_mib);

	if (free_mib) {
		ret->f_frsize = 4096;
		ret->f_bavail = (fsblkcnt_t)free_mib * 256;
	}
	return r;
}

int __wrap_stream_open(struct stream *stream, int fd, int stop_fd, int timeout_ms)
{
	int own_ms = atomic_load(&trouble.timeout_ms);

	assert_int_equal(timeout_ms, COPY_SEND_TIMEOUT_MS);
	return __real_stream_open(stream, fd, stop_fd, own_ms ? own_ms : timeout_ms);
}

/** struct got - what store_backup_done was told */
struct got {
	struct fixture *f;
	struct store_backup backup;
};

static inline void copied(void *userdata, int result, struct store_backup *backup)
{
	struct got *got = userdata;

	got->backup = *backup;
	backup->fd = -EBADF;
	fixture_done(got->f, result);
}

/* A store with some megabytes in it, and a session that is open. */
static inline void open_large(struct fixture *f)
{
	char sql[512];

	memset(&trouble, 0, sizeof(trouble));
	fixture_new(f);
	fixture_begin(f, "20250101-000000-aaaaaa");
	fixture_end(f, "20250101-000000-aaaaaa");
	f->store = store_free(f->store);
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d)"
		 " INSERT INTO block (session, first_seq, last_seq, count, first_host_usec,"
		 " last_host_usec, data) SELECT 1, n, n, 1, n, n, randomblob(4000) FROM i;",
		 BLOCKS);
	fixture_sql(f, sql);
	assert_int_equal(fixture_open(f, 0, 0), 0);
	assert_null(f->note);
	fixture_begin(f, FIXTURE_ID);
}

static inline unsigned int count_files(const struct fixture *f, const char *name)
{
	DIR *dir = opendir(f->dir);
	unsigned int n = 0;
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += strstr(entry->d_name, name) != NULL;
	closedir(dir);
	return n;
}

static inline void begin_backup(struct fixture *f, struct got *got)
{
	f->answers = 0;
	got->f = f;
	assert_int_equal(store_backup(f->store, copied, got), 0);
	assert_int_equal(fixture_wait(f, 1), 0);
}

/* Until a backup is possible again; it is made, and dropped. */
static inline void await_another(struct fixture *f)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;
	struct got got = {.f = f};
	int r;

	while ((r = store_backup(f->store, copied, &got)) == -EBUSY && now_usec() < until)
		assert_true(sd_event_run(f->event, 10 * USEC_PER_MSEC) >= 0);
	assert_int_equal(r, 0);
	f->answers = 0;
	assert_int_equal(fixture_wait(f, 1), 0);
	close_fd(got.backup.fd);
}

#endif
