/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Scope-bound ownership: a variable marked _cleanup_(f) is released by f(&variable) on every way
 * out of its scope; TAKE_* moves the ownership on.
 */
#ifndef MNPEN_CLEANUP_H
#define MNPEN_CLEANUP_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _cleanup_free_ _cleanup_(free_cleanup)
#define _cleanup_close_ _cleanup_(close_cleanup)
#define _cleanup_fclose_ _cleanup_(fclose_cleanup)

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define TAKE_PTR(pointer)                                                                          \
	({                                                                                         \
		__typeof__(pointer) *_take = &(pointer);                                           \
		__typeof__(pointer) _value = *_take;                                               \
		*_take = NULL;                                                                     \
		_value;                                                                            \
	})

#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int *_take = &(fd);                                                                \
		int _value = *_take;                                                               \
		*_take = -EBADF;                                                                   \
		_value;                                                                            \
	})

/* DEFINE_CLEANUP(struct store *, store_free) makes store_free_cleanup for _cleanup_(). */
#define DEFINE_CLEANUP(type, function)                                                             \
	static inline void function##_cleanup(type *pointer)                                       \
	{                                                                                          \
		if (*pointer)                                                                      \
			function(*pointer);                                                        \
	}

static inline void free_cleanup(void *pointer)
{
	free(*(void **)pointer);
}

/* Closes @fd when it is one; errno survives; returns -EBADF so that "fd = close_fd(fd)" clears. */
static inline int close_fd(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -EBADF;
}

static inline void close_cleanup(const int *fd)
{
	close_fd(*fd);
}

static inline void fclose_cleanup(FILE **file)
{
	if (*file)
		fclose(*file);
}

#endif
