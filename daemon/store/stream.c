// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "daemon/store/stream.h"
#include "driver/base/cleanup.h"

int stream_open(struct stream *stream, int fd, int stop_fd, int timeout_ms)
{
	int flags = fcntl(fd, F_GETFL);

	/* A blocking write would wait for room for all of it, for ever and deaf to the stop. */
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	stream->fd = fd;
	stream->stop_fd = stop_fd;
	stream->timeout_ms = timeout_ms;
	stream->used = 0;
	return 0;
}

/* Return: 0 when there is room, or the other end is gone and write() will say so. */
static int stream_wait(struct stream *stream)
{
	struct pollfd fds[] = {
		{.fd = stream->fd, .events = POLLOUT},
		{.fd = stream->stop_fd, .events = POLLIN},
	};
	int r = poll(fds, ELEMENTSOF(fds), stream->timeout_ms);

	if (r < 0)
		return -errno;
	if (fds[1].revents)
		return -ESHUTDOWN;
	return r ? 0 : -ETIMEDOUT;
}

int stream_flush(struct stream *stream)
{
	size_t done = 0;

	while (done < stream->used) {
		ssize_t n;
		int r = stream_wait(stream);

		if (r < 0)
			return r;
		n = write(stream->fd, stream->buf + done, stream->used - done);
		if (n >= 0)
			done += (size_t)n;
		else if (errno == ECONNRESET)
			return -EPIPE;
		else if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	stream->used = 0;
	return 0;
}

int stream_write(struct stream *stream, const void *data, size_t size)
{
	const uint8_t *from = data;

	while (size) {
		size_t part = MIN(size, sizeof(stream->buf) - stream->used);

		memcpy(stream->buf + stream->used, from, part);
		stream->used += part;
		from += part;
		size -= part;
		if (stream->used == sizeof(stream->buf)) {
			int r = stream_flush(stream);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int stream_text(struct stream *stream, const char *text)
{
	return stream_write(stream, text, strlen(text));
}
