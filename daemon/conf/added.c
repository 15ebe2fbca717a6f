// SPDX-License-Identifier: GPL-2.0-only
/*
 * The profiles that were added over D-Bus: files in the state directory, whole or not at all. A new
 * text is written beside its place, synced and renamed over it, so that whatever ends the daemon
 * leaves the old one or the new one.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf/parts.h"
#include "driver/base/cleanup.h"

#define FILE_NAME_SIZE (CONF_NAME_MAX + 16)
#define NEW_NAME ".new-profile" /* no *.conf: nothing reads it; one job at a time writes it */

DEFINE_CLEANUP(DIR *, closedir)

/* The directory is the daemon's own: a link in its place is not followed. */
static int open_dir(const char *path, bool make)
{
	int fd;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static char *file_name(const char *name, char buf[FILE_NAME_SIZE])
{
	snprintf(buf, FILE_NAME_SIZE, "%s.conf", name);
	return buf;
}

static bool is_conf(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

/* More files than a snapshot takes would cost all of them; so there is no room for ever more. */
static int check_room(const char *path, const char *file)
{
	_cleanup_(closedir_cleanup) DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t n = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (strcmp(entry->d_name, file) == 0)
			return 0;
		n += is_conf(entry->d_name);
	}
	return n < CONF_ADDED_MAX ? 0 : -E2BIG; /* EDQUOT is the disk's */
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		text += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

static int write_beside(int dir, const char *text, size_t len)
{
	_cleanup_close_ int fd = -EBADF;

	(void)unlinkat(dir, NEW_NAME, 0); /* what a daemon that died left */
	fd = openat(dir, NEW_NAME, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : write_all(fd, text, len);
}

int conf_added_write(const char *path, const char *name, const char *text, size_t len)
{
	char file[FILE_NAME_SIZE];
	_cleanup_close_ int dir = open_dir(path, true);
	int r;

	if (dir < 0)
		return dir;
	r = check_room(path, file_name(name, file));
	if (r < 0)
		return r;
	r = write_beside(dir, text, len);
	if (r >= 0 && renameat(dir, NEW_NAME, dir, file) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, NEW_NAME, 0);
	else if (fsync(dir) < 0)
		r = -errno;
	return r;
}

int conf_added_remove(const char *path, const char *name)
{
	char file[FILE_NAME_SIZE];
	_cleanup_close_ int dir = open_dir(path, false);

	if (dir < 0)
		return dir;
	if (unlinkat(dir, file_name(name, file), 0) < 0 || fsync(dir) < 0)
		return -errno;
	return 0;
}
