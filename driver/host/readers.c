// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/readers.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"

static void drop(struct readers *readers, unsigned int place)
{
	close_fd(readers->places[place].fd);
	readers->places[place].open = false;
	readers->n--;
}

static bool hung_up(const struct reader *reader)
{
	struct pollfd p = {.fd = reader->fd};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* Without packets nobody notices who hung up: their places must not count for ever. */
static void drop_hung_up(struct readers *readers)
{
	for (unsigned int i = 0; i < READERS_MAX; i++)
		if (readers->places[i].open && hung_up(&readers->places[i]))
			drop(readers, i);
}

static unsigned int free_place(const struct readers *readers)
{
	unsigned int place = 0;

	while (readers->places[place].open)
		place++;
	return place;
}

/* What it grants decides how long a reader may be away. Less than wanted is no failure. */
static void enlarge(int fd, int bytes)
{
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int readers_open(struct readers *readers, unsigned int max, int send_bytes, unsigned int *ret_place)
{
	_cleanup_close_ int ours = -EBADF;
	_cleanup_close_ int theirs = -EBADF;
	unsigned int place;
	int pair[2];

	drop_hung_up(readers);
	if (readers->n >= MIN(max, (unsigned int)READERS_MAX))
		return -EUSERS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	/* One way only: what a reader wrote would lie in our queue unread. */
	if (shutdown(theirs, SHUT_WR) < 0)
		return -errno;
	if (send_bytes)
		enlarge(ours, send_bytes);
	place = free_place(readers);
	readers->places[place] = (struct reader){.open = true, .fd = TAKE_FD(ours)};
	readers->n++;
	*ret_place = place;
	return TAKE_FD(theirs);
}

void readers_send(struct readers *readers, unsigned int place, const void *packet, size_t len)
{
	struct reader *reader = &readers->places[place];

	if (!reader->open)
		return;
	if (send(reader->fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		reader->lost = 0;
	else if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		drop(readers, place);
	else
		reader->lost++; /* full, or the kernel is short of memory */
}

void readers_close(struct readers *readers)
{
	for (unsigned int i = 0; i < READERS_MAX; i++)
		if (readers->places[i].open)
			drop(readers, i);
}
