// SPDX-License-Identifier: GPL-2.0-only
/* Backup thread, but for copy_sweep(). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "daemon/store/copy.h"
#include "daemon/store/db.h"
#include "daemon/store/stream.h"
#include "driver/base/log.h"

#define SLICE_BYTES (1024 * 1024)

/* The head of an SQLite file: https://www.sqlite.org/fileformat.html, numbers are big-endian. */
#define HEAD_MAGIC "SQLite format 3"
#define HEAD_PAGE_SIZE 16 /* u16, 1 = 65536 */
#define HEAD_VERSIONS 18  /* u8 to write, u8 to read: 1 = rollback journal, 2 = WAL */
#define HEAD_PAGES 28	  /* u32 */
#define HEAD_SIZE 100

/** struct copy - one that is being made */
struct copy {
	sqlite3 *from; /* borrowed */
	sqlite3 *to;
	int file;
	int stop_fd; /* borrowed */
	int64_t page_size;
	uint64_t written; /* bytes of the file that are on the disk */
	uint64_t started; /* and those on their way to it */
	struct store_backup *result;
};

static char *copy_path(const char *directory)
{
	char *path;

	return asprintf(&path, "%s/" COPY_FILE, directory) < 0 ? NULL : path;
}

void copy_sweep(const char *directory)
{
	_cleanup_free_ char *path = copy_path(directory);

	if (path && unlink(path) < 0 && errno != ENOENT)
		log_warning("%s, left by a backup, cannot be removed: %s", path,
			    strerrordesc_np(errno));
}

/* An empty file, opened by us and by SQLite, and without a name from then on. It is thrown away
 * whatever happens: no journal, no waiting for the disk. */
static int open_target(struct copy *copy, const char *directory)
{
	_cleanup_free_ char *path = copy_path(directory);
	int r;

	if (!path)
		return -ENOMEM;
	copy->file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (copy->file < 0)
		return -errno;
	r = db_open(&copy->to, path, SQLITE_OPEN_READWRITE);
	if (unlink(path) < 0 && r >= 0)
		r = -errno;
	return r < 0 ? r : db_exec(copy->to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
}

/* From here until the end of the transaction the copy is one of this moment. */
static int begin_snapshot(struct copy *copy)
{
	int64_t pages;
	int r = db_exec(copy->from, "BEGIN");

	if (r >= 0)
		r = db_integer(copy->from, "PRAGMA page_size", &copy->page_size);
	if (r >= 0)
		r = db_integer(copy->from, "PRAGMA page_count", &pages);
	if (r >= 0)
		copy->result->bytes = (uint64_t)(pages * copy->page_size);
	return r;
}

/* Whether @bytes more leave enough for the record, whose writer must never meet a disk that the
 * copy filled. */
static int check_room(struct copy *copy, uint64_t bytes)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (fstatvfs(copy->file, &fs) < 0)
		return -errno;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	copy->result->free_bytes = free_bytes;
	copy->result->spare_bytes = COPY_SPARE_BYTES;
	return free_bytes < bytes + COPY_SPARE_BYTES ? -ENOSPC : 0;
}

/* What waits in memory for the disk is kept to two slices: with more, the fsync() of the writer
 * would wait behind gigabytes of the copy, and a record that lags stops the needles. */
static int drain(struct copy *copy)
{
	struct stat st;
	uint64_t size;

	if (fstat(copy->file, &st) < 0)
		return -errno;
	size = (uint64_t)st.st_size;
	if (size < copy->started + SLICE_BYTES)
		return 0;
	if (copy->started > copy->written &&
	    sync_file_range(copy->file, (off_t)copy->written,
			    (off_t)(copy->started - copy->written),
			    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
				    SYNC_FILE_RANGE_WAIT_AFTER) < 0)
		return -errno;
	copy->written = copy->started;
	if (sync_file_range(copy->file, (off_t)copy->started, (off_t)(size - copy->started),
			    SYNC_FILE_RANGE_WRITE) < 0)
		return -errno;
	copy->started = size;
	return 0;
}

static bool told_to_stop(const struct copy *copy)
{
	struct pollfd fd = {.fd = copy->stop_fd, .events = POLLIN};

	return poll(&fd, 1, 0) != 0;
}

static int copy_slices(struct copy *copy, sqlite3_backup *backup)
{
	int pages = (int)(SLICE_BYTES / copy->page_size), r = 0;

	while (r >= 0) {
		int step = sqlite3_backup_step(backup, pages);

		if (step == SQLITE_DONE)
			return 0;
		r = db_errno(step);
		if (r >= 0 && told_to_stop(copy))
			r = -ESHUTDOWN;
		if (r >= 0)
			r = check_room(copy, 0);
		if (r >= 0)
			r = drain(copy);
	}
	return r;
}

static int copy_pages(struct copy *copy)
{
	sqlite3_backup *backup = sqlite3_backup_init(copy->to, "main", copy->from, "main");
	int r, finish;

	if (!backup)
		return db_errno(sqlite3_errcode(copy->to));
	r = copy_slices(copy, backup);
	finish = db_errno(sqlite3_backup_finish(backup));
	return r < 0 ? r : finish;
}

/*
 * The head still says that there is a write-ahead log: what opens the copy would make one, and
 * could not in a folder that is read-only. What "PRAGMA journal_mode = DELETE" does is this.
 */
static int finish_file(const struct copy *copy)
{
	uint8_t head[HEAD_SIZE];
	struct stat st;
	uint64_t page_size, pages;

	if (fstat(copy->file, &st) < 0)
		return -errno;
	if (pread(copy->file, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return -EUCLEAN;
	page_size = (uint64_t)head[HEAD_PAGE_SIZE] << 8 | head[HEAD_PAGE_SIZE + 1];
	if (page_size == 1)
		page_size = 65536;
	pages = (uint64_t)head[HEAD_PAGES] << 24 | (uint64_t)head[HEAD_PAGES + 1] << 16 |
		(uint64_t)head[HEAD_PAGES + 2] << 8 | head[HEAD_PAGES + 3];
	/* By these numbers whoever takes it knows whether it is complete. */
	if (memcmp(head, HEAD_MAGIC, sizeof(HEAD_MAGIC)) != 0 ||
	    pages * page_size != copy->result->bytes || (uint64_t)st.st_size != pages * page_size)
		return -EUCLEAN;
	if (pwrite(copy->file, "\1\1", 2, HEAD_VERSIONS) != 2)
		return errno == ENOSPC ? -ENOSPC : -EIO;
	return 0;
}

static int fill(struct copy *copy)
{
	int r = begin_snapshot(copy);

	if (r >= 0)
		r = check_room(copy, copy->result->bytes);
	if (r >= 0)
		r = copy_pages(copy);
	/* Its failure says nothing new: the transaction only read. */
	if (!sqlite3_get_autocommit(copy->from))
		db_exec(copy->from, "ROLLBACK");
	return r;
}

int copy_make(sqlite3 *db, const char *directory, int stop_fd, struct store_backup *ret,
	      int *ret_file)
{
	struct copy copy = {.from = db, .file = -EBADF, .stop_fd = stop_fd, .result = ret};
	int r = open_target(&copy, directory);

	if (r >= 0)
		r = fill(&copy);
	copy.to = db_close(copy.to);
	if (r >= 0)
		r = finish_file(&copy);
	if (r < 0) {
		close_fd(copy.file);
		return r;
	}
	*ret_file = copy.file;
	return 0;
}

int copy_send(int file, int fd, int stop_fd)
{
	_cleanup_free_ struct stream *stream = malloc(sizeof(*stream));
	_cleanup_free_ char *buf = malloc(SLICE_BYTES);
	off_t at = 0;
	ssize_t n;
	int r;

	if (!stream || !buf)
		return -ENOMEM;
	r = stream_open(stream, fd, stop_fd, COPY_SEND_TIMEOUT_MS);
	while (r >= 0 && (n = pread(file, buf, SLICE_BYTES, at)) != 0) {
		if (n < 0)
			return -errno;
		r = stream_write(stream, buf, (size_t)n);
		at += n;
	}
	return r < 0 ? r : stream_flush(stream);
}
