// SPDX-License-Identifier: GPL-2.0-only
/* Finding and reading *.conf files, with masking of one directory by a later one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/conf/parts.h"
#include "daemon/conf/parse.h"
#include "driver/base/cleanup.h"

DEFINE_CLEANUP(DIR *, closedir)

void conf_files_free(struct conf_files *files)
{
	for (size_t i = 0; i < files->n_files; i++)
		free(files->files[i].path);
	free(files->files);
	memset(files, 0, sizeof(*files));
}

/* Sets @ret_name to the part before ".conf"; false for other files. */
static bool name_of(const char *file, char **ret_name)
{
	size_t len = strlen(file);

	if (len < 5 || strcmp(file + len - 5, ".conf"))
		return false;
	*ret_name = strndup(file, len - 5);
	return true;
}

/* The odd bytes of a name must not reach a terminal. */
static int complain_name(struct conf_report *report, const char *dir, const char *file)
{
	_cleanup_free_ char *shown = strdup(file);

	if (!shown)
		return -ENOMEM;
	for (char *c = shown; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	return conf_report_line(
		report,
		"%s/%s:1: the file's name cannot be used; allowed: a letter or digit, "
		"then up to %d letters, digits, '.', '_', '-', then .conf",
		dir, shown, CONF_NAME_MAX - 1);
}

/* Adds a file, or lets it take the place of one of the same name. */
static int add_file(struct conf_files *files, const char *dir, const char *name)
{
	_cleanup_free_ char *path = NULL;
	struct conf_file *larger;

	if (asprintf(&path, "%s/%s.conf", dir, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	for (size_t i = 0; i < files->n_files; i++) {
		if (strcmp(files->files[i].name, name))
			continue;
		free(files->files[i].path);
		files->files[i].path = TAKE_PTR(path);
		return 0;
	}
	if (files->n_files == CONF_FILES_MAX)
		return -E2BIG;
	larger = reallocarray(files->files, files->n_files + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	files->files = larger;
	larger += files->n_files++;
	snprintf(larger->name, sizeof(larger->name), "%s", name);
	larger->path = TAKE_PTR(path);
	return 0;
}

static int take_entry(struct conf_files *files, const char *dir, const char *file,
		      struct conf_report *report)
{
	_cleanup_free_ char *name = NULL;

	if (!name_of(file, &name))
		return 0;
	if (!name)
		return -ENOMEM;
	if (!conf_name_valid(name))
		return complain_name(report, dir, file);
	return add_file(files, dir, name);
}

static int scan(struct conf_files *files, const char *path, struct conf_report *report)
{
	_cleanup_(closedir_cleanup) DIR *dir = opendir(path);
	const struct dirent *entry;
	int r;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		r = take_entry(files, path, entry->d_name, report);
		if (r < 0)
			return r;
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct conf_file *)a)->name, ((const struct conf_file *)b)->name);
}

int conf_files_find(struct conf_files *ret, const char *const *dirs, size_t n_dirs,
		    struct conf_report *report)
{
	int r;

	ret->complete = true;
	for (size_t i = 0; i < n_dirs; i++) {
		r = dirs[i] ? scan(ret, dirs[i], report) : 0;
		if (r == -ENOMEM)
			return r;
		if (!r)
			continue;
		ret->complete = false;
		if (r == -E2BIG)
			r = conf_report_line(report, "%s: too many files; allowed: at most %d",
					     dirs[i], CONF_FILES_MAX);
		else
			r = conf_report_line(report,
					     "%s: cannot be read: %s; allowed: a directory that "
					     "the daemon may read, or none",
					     dirs[i], strerrordesc_np(-r));
		if (r < 0)
			return r;
	}
	if (ret->n_files)
		qsort(ret->files, ret->n_files, sizeof(*ret->files), by_name);
	return 0;
}

int conf_file_read(const char *path, char **ret_text, size_t *ret_len)
{
	/* Without O_NONBLOCK, opening a FIFO would wait for its writer. */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t len = 0;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADF;
	text = malloc(CONF_FILE_MAX + 1);
	if (!text)
		return -ENOMEM;
	do {
		n = read(fd, text + len, CONF_FILE_MAX + 1 - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	} while (n && len <= CONF_FILE_MAX);
	if (len > CONF_FILE_MAX)
		return -EFBIG;
	*ret_text = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}

int conf_file_complain(struct conf_report *report, const char *path, int error)
{
	if (error == -EFBIG)
		return conf_report_line(report, "%s:1: the file is too large; allowed: %d bytes",
					path, CONF_FILE_MAX);
	if (error == -EBADF)
		return conf_report_line(report,
					"%s: not a regular file; allowed: a regular file, empty "
					"to mask another",
					path);
	return conf_report_line(report,
				"%s: cannot be read: %s; allowed: a file that the daemon may read",
				path, strerrordesc_np(-error));
}
