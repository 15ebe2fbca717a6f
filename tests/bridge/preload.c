// SPDX-License-Identifier: GPL-2.0-only
/*
 * What umockdev leaves out, as a library that is preloaded before its own: the node of a device,
 * a pseudo terminal in truth, can be wound back to its beginning, as libusb does before it reads
 * the descriptors of a node that it was given open; and udev seems to run, since its word comes.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

off64_t lseek64(int fd, off64_t offset, int whence)
{
	off64_t (*next)(int, off64_t, int) =
		(off64_t(*)(int, off64_t, int))dlsym(RTLD_NEXT, "lseek64");
	off64_t r = next(fd, offset, whence);

	/* Nobody has read from it yet: whoever gives libusb a node has just opened it. */
	if (r < 0 && errno == ESPIPE && offset == 0 && whence == SEEK_SET && isatty(fd))
		return 0;
	return r;
}

off_t lseek(int fd, off_t offset, int whence)
{
	return lseek64(fd, offset, whence);
}

int access(const char *path, int mode)
{
	int (*next)(const char *, int) = (int (*)(const char *, int))dlsym(RTLD_NEXT, "access");

	return strcmp(path, "/run/udev/control") == 0 ? 0 : next(path, mode);
}
