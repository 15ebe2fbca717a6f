// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/gadgetfs/directory.h"

#define GADGETFS_MAGIC 0xaee71ee7u
#define CONTROLLERS "/sys/class/udc"
#define FILESYSTEMS "/proc/filesystems"

static void closedir_cleanup(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

int directory_read(struct directory *ret, const char *path)
{
	_cleanup_(closedir_cleanup) DIR *dir = opendir(path);
	struct directory directory = {0};
	struct dirent *entry;

	if (!dir)
		return -errno;
	while ((errno = 0, entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (directory.count == DIRECTORY_FILES_MAX ||
		    strlen(entry->d_name) >= ENDPOINT_NAME_MAX)
			return -E2BIG;
		snprintf(directory.names[directory.count++], ENDPOINT_NAME_MAX, "%s",
			 entry->d_name);
	}
	if (errno)
		return -errno;
	qsort(directory.names, directory.count, ENDPOINT_NAME_MAX, compare);
	*ret = directory;
	return 0;
}

const char *directory_control(const struct directory *directory)
{
	for (size_t i = 0; i < directory->count; i++)
		if (strncmp(directory->names[i], "ep", 2) != 0)
			return directory->names[i];
	return NULL;
}

/* Whether the kernel has the module; it tells its file systems one a line, after a tab. */
static bool has_gadgetfs(void)
{
	_cleanup_fclose_ FILE *file = fopen(FILESYSTEMS, "re");
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, "\tgadgetfs\n"))
			return true;
	return false;
}

static bool has_controller(void)
{
	struct directory controllers;
	int r = directory_read(&controllers, CONTROLLERS);

	return r == -E2BIG || (r >= 0 && controllers.count);
}

/* All that is missing, so that one line mends all of it. */
static int explain(const char *path, bool folder, char *error, size_t size)
{
	bool gadgetfs = has_gadgetfs(), controller = has_controller();
	char make[PATH_MAX + 16] = "";

	if (!folder)
		snprintf(make, sizeof(make), "mkdir -p %s && ", path);
	snprintf(error, size, "%s%s%s: %s%s%smount -t gadgetfs gadgetfs %s",
		 folder ? "GadgetFS is not mounted there" : "there is no such folder",
		 gadgetfs ? "" : "; the kernel has no gadgetfs",
		 controller ? ""
			    : "; there is no USB device controller (a board with a device port "
			      "has one, dummy_hcd is one without a port)",
		 controller ? "" : "modprobe dummy_hcd && ",
		 gadgetfs ? "" : "modprobe gadgetfs && ", make, path);
	return -ENOENT;
}

int directory_check(const char *path, char *error, size_t size)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0) {
		int r = -errno;

		if (r == -ENOENT)
			return explain(path, false, error, size);
		snprintf(error, size, "%s", strerror(-r));
		return r;
	}
	if ((unsigned int)fs.f_type != GADGETFS_MAGIC)
		return explain(path, true, error, size);
	return 0;
}
