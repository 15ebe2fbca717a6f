// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/telemetry.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"

static void drop(struct telemetry *telemetry, unsigned int index)
{
	close_fd(telemetry->readers[index].fd);
	telemetry->readers[index] = telemetry->readers[--telemetry->n_readers];
}

/* Without samples nobody notices who hung up: their places must not count for ever. */
static void drop_hung_up(struct telemetry *telemetry)
{
	for (unsigned int i = telemetry->n_readers; i-- > 0;) {
		struct pollfd p = {.fd = telemetry->readers[i].fd};

		if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)))
			drop(telemetry, i);
	}
}

int telemetry_open(struct telemetry *telemetry)
{
	_cleanup_close_ int ours = -EBADF;
	_cleanup_close_ int theirs = -EBADF;
	int pair[2];

	drop_hung_up(telemetry);
	if (telemetry->n_readers == TELEMETRY_READERS_MAX)
		return -EUSERS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	/* One way only: what a reader wrote would lie in our queue unread. */
	if (shutdown(theirs, SHUT_WR) < 0)
		return -errno;
	telemetry->readers[telemetry->n_readers++] = (struct telemetry_reader){.fd = TAKE_FD(ours)};
	return TAKE_FD(theirs);
}

/* Returns false when the reader is gone. */
static bool push_one(struct telemetry_reader *reader, struct mnpen_telemetry *record)
{
	record->lost = htole32(reader->lost);
	if (send(reader->fd, record, sizeof(*record), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		reader->lost = 0;
		return true;
	}
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return false;
	/* Full, or the kernel is short of memory: either way this record is lost to this reader. */
	if (reader->lost < UINT32_MAX)
		reader->lost++;
	return true;
}

void telemetry_push(struct telemetry *telemetry, const struct mnpen_telemetry *record)
{
	struct mnpen_telemetry out = *record;

	out.host_usec = htole64(record->host_usec);
	out.reserved = 0;
	/* Downwards: drop() puts a reader that was served already in the free place. */
	for (unsigned int i = telemetry->n_readers; i-- > 0;)
		if (!push_one(&telemetry->readers[i], &out))
			drop(telemetry, i);
}

void telemetry_close(struct telemetry *telemetry)
{
	while (telemetry->n_readers > 0)
		drop(telemetry, telemetry->n_readers - 1);
}
