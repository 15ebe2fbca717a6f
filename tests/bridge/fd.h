/* SPDX-License-Identifier: GPL-2.0-only */
/* driver/base/cleanup.h and GLib define the same names; the bridge has GLib's. */
#ifndef MNPEN_BRIDGE_FD_H
#define MNPEN_BRIDGE_FD_H

#include <errno.h>
#include <unistd.h>

/* Closes @fd when it is one; errno survives; returns -EBADF so that "fd = fd_close(fd)" clears. */
static inline int fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -EBADF;
}

static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

static inline void fd_cleanup(const int *fd)
{
	fd_close(*fd);
}

#define _cleanup_fd_ __attribute__((cleanup(fd_cleanup)))

#endif
