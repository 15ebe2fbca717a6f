/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A buffered way out into a pipe or socket whose other end may be slow, or gone. Memory is the
 * buffer here, whatever is sent. Reader thread only.
 */
#ifndef MNPEN_STORE_STREAM_H
#define MNPEN_STORE_STREAM_H

#include <stddef.h>
#include <stdint.h>

/** struct stream - stream_open(), stream_write()..., stream_flush() */
struct stream {
	int fd;	     /* borrowed */
	int stop_fd; /* borrowed; readable = give up */
	int timeout_ms;
	size_t used;
	uint8_t buf[16384];
};

/** stream_open() - makes @fd non-blocking. Return: 0 or negative errno. */
int stream_open(struct stream *stream, int fd, int stop_fd, int timeout_ms);

/** stream_write(), stream_text(), stream_flush()
 * Return: 0; -EPIPE nobody reads; -ETIMEDOUT nothing was taken for the time limit; -ESHUTDOWN
 * @stop_fd; another negative errno. */
int stream_write(struct stream *stream, const void *data, size_t size);
int stream_text(struct stream *stream, const char *text);
int stream_flush(struct stream *stream);

#endif
