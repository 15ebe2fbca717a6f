// SPDX-License-Identifier: GPL-2.0-only
/* Accepting, and waiting a while when that fails. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/gadget/server/acceptor.h"

#define RETRY_MS 100

static void listen_now(struct acceptor *acceptor, bool on)
{
	int r = sd_event_source_set_enabled(acceptor->io, on ? SD_EVENT_ON : SD_EVENT_OFF);

	if (r < 0)
		log_error("cannot %s the listening socket: %s", on ? "resume" : "silence",
			  strerror(-r));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct acceptor *acceptor = userdata;

	if (!acceptor->silent)
		listen_now(acceptor, true);
	return 0;
}

/* Most often it is out of file descriptors; the socket stays readable, so it must not be asked. */
static void pause_after(struct acceptor *acceptor, int error)
{
	static struct log_limit limit;
	int r = sd_event_source_set_time(acceptor->retry, now_monotonic_ns() / NSEC_PER_USEC +
								  RETRY_MS * USEC_PER_MSEC);

	if (log_allowed(&limit))
		log_warning("cannot accept a connection: %s; trying again every %d ms",
			    strerror(error), RETRY_MS);
	if (r >= 0)
		r = sd_event_source_set_enabled(acceptor->retry, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("cannot set the timer of a listening socket: %s", strerror(-r));
	else
		listen_now(acceptor, false);
}

static int on_listen(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct acceptor *acceptor = userdata;
	/* cppcheck-suppress nullPointer; nobody asks for the address */
	int taken = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (taken >= 0)
		acceptor->take(acceptor->userdata, taken);
	else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
		pause_after(acceptor, errno);
	return 0;
}

int acceptor_start(struct acceptor *acceptor, sd_event *event, int fd,
		   void (*take)(void *userdata, int fd), void *userdata)
{
	int r;

	*acceptor = (struct acceptor){.fd = fd, .take = take, .userdata = userdata};
	r = sd_event_add_io(event, &acceptor->io, fd, EPOLLIN, on_listen, acceptor);
	if (r < 0) {
		close_fd(fd);
		return r;
	}
	r = sd_event_add_time(event, &acceptor->retry, CLOCK_MONOTONIC, 0, USEC_PER_MSEC, on_retry,
			      acceptor);
	if (r >= 0)
		r = sd_event_source_set_enabled(acceptor->retry, SD_EVENT_OFF);
	if (r < 0)
		acceptor_stop(acceptor);
	return r;
}

void acceptor_silence(struct acceptor *acceptor, bool on)
{
	if (!acceptor->io)
		return;
	acceptor->silent = on;
	listen_now(acceptor, !on);
}

void acceptor_stop(struct acceptor *acceptor)
{
	if (!acceptor->io)
		return;
	acceptor->retry = sd_event_source_disable_unref(acceptor->retry);
	acceptor->io = sd_event_source_disable_unref(acceptor->io);
	acceptor->fd = close_fd(acceptor->fd);
}
