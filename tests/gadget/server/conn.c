// SPDX-License-Identifier: GPL-2.0-only
/*
 * A connection's socket: read what is there, answer all of it, send the answers in one go.
 *
 * Memory per connection is bounded: a command with its data on the way in, and answers that the
 * host does not read stop its commands from being read.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/gadget/server/conn.h"

#define READ_SIZE 65536
#define KEEP_IDLE_S 10
#define IN_MAX (USBIP_HEADER_SIZE + IMPORTER_DATA_MAX + READ_SIZE)

static bool choked(const struct conn *conn)
{
	return buffer_len(&conn->out) > IMPORTER_ANSWERS_MAX;
}

/* Feeds whole requests until bytes or the host's patience run out. */
static int parse(struct conn *conn, uint64_t now_ns)
{
	while (buffer_len(&conn->in) && !choked(conn) && !conn->last) {
		const uint8_t *data = buffer_data(&conn->in);
		size_t len = buffer_len(&conn->in);
		int n = conn->importer ? importer_feed(conn->importer, data, len, now_ns)
				       : op_feed(conn, data, len);

		if (n <= 0)
			return n;
		buffer_consume(&conn->in, (size_t)n);
	}
	return 0;
}

static int flush(struct conn *conn)
{
	while (buffer_len(&conn->out)) {
		ssize_t n = send(conn->fd, buffer_data(&conn->out), buffer_len(&conn->out),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN ? 0 : -errno;
		}
		buffer_consume(&conn->out, (size_t)n);
	}
	return conn->last ? -ESHUTDOWN : 0;
}

/* The end of the stream is noticed even while nothing is read. */
static int watch(struct conn *conn)
{
	uint32_t events = EPOLLRDHUP;
	int r;

	if (!choked(conn) && !conn->last)
		events |= EPOLLIN;
	if (buffer_len(&conn->out))
		events |= EPOLLOUT;
	if (events == conn->watched)
		return 0;
	r = sd_event_source_set_io_events(conn->io, events);
	if (r >= 0)
		conn->watched = events;
	return r;
}

int conn_run(struct conn *conn, uint64_t now_ns)
{
	bool was_choked;
	int r;

	/* Sending may make room for commands that have been read already. */
	do {
		was_choked = choked(conn);
		r = parse(conn, now_ns);
		if (r >= 0 && conn->importer)
			r = importer_run(conn->importer, now_ns);
		if (r >= 0)
			r = flush(conn);
	} while (r >= 0 && was_choked && !choked(conn));
	return r < 0 ? r : watch(conn);
}

/* Returns 1 at the end of the stream. */
static int fill(struct conn *conn)
{
	uint8_t *p;
	ssize_t n;

	if (buffer_len(&conn->in) > IN_MAX - READ_SIZE)
		return -EBADMSG;
	p = buffer_reserve(&conn->in, READ_SIZE);
	if (!p)
		return -ENOMEM;
	n = recv(conn->fd, p, READ_SIZE, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	buffer_commit(&conn->in, (size_t)n);
	return n == 0;
}

static void report(const struct conn *conn, int error)
{
	static struct log_limit limit;
	const char *who = conn->port ? conn->port->busid : "no pen";

	if ((error != -EBADMSG && error != -ENOMEM) || !log_allowed(&limit))
		return;
	log_warning("closed the connection of a host (it had %s): %s", who,
		    error == -ENOMEM ? "out of memory" : "it sent what is no USB/IP command");
}

/* Take in what has come and answer it. Returns 0, or an error: close it then. */
static int serve(struct conn *conn, uint32_t events)
{
	uint64_t now_ns = now_monotonic_ns();
	bool end = events & (EPOLLERR | EPOLLHUP);
	int r = 0;

	if (conn->port)
		usb_advance(conn->port->usb, now_ns);
	/* The last words of a host that has gone still count: one of them may be a STOP. */
	if (events & EPOLLIN)
		r = fill(conn);
	else if (events & EPOLLRDHUP)
		end = true;
	if (r > 0)
		end = true;
	if (r >= 0)
		r = conn_run(conn, now_ns);
	if (r >= 0 && conn->port)
		server_schedule(conn->port, now_ns);
	return r >= 0 && end ? -ECONNRESET : r;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct conn *conn = userdata;
	int r = serve(conn, events);

	if (r < 0) {
		report(conn, r);
		conn_close(conn);
	}
	return 0;
}

bool conn_gone(struct conn *conn)
{
	struct pollfd poller = {.fd = conn->fd, .events = POLLRDHUP};

	if (TEMP_FAILURE_RETRY(poll(&poller, 1, 0)) <= 0)
		return false;
	/* Ends: each turn takes more of what is there, up to the end of the stream. */
	while (serve(conn, EPOLLIN) >= 0)
		;
	conn_close(conn);
	return true;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	conn_close(userdata);
	return 0;
}

static int start(struct conn *conn)
{
	sd_event *event = conn->server->event;
	const int one = 1, keep_idle_s = KEEP_IDLE_S;
	int r;

	/* Answers go out as they are made; not every socket is TCP. A machine that has vanished
	 * does not keep a pen for ever. */
	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPIDLE, &keep_idle_s, sizeof(keep_idle_s));
	(void)setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	conn->watched = EPOLLIN | EPOLLRDHUP;
	r = sd_event_add_io(event, &conn->io, conn->fd, conn->watched, on_io, conn);
	if (r < 0)
		return r;
	return sd_event_add_time_relative(event, &conn->deadline, CLOCK_MONOTONIC,
					  SERVER_REQUEST_MS * USEC_PER_MSEC, 0, on_deadline, conn);
}

int conn_new(struct server *server, int fd)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	int r;

	if (!conn) {
		close_fd(fd);
		return -ENOMEM;
	}
	conn->server = server;
	conn->fd = fd;
	conn->next = server->conns;
	if (conn->next)
		conn->next->previous = conn;
	server->conns = conn;
	server->n_conns++;
	r = start(conn);
	if (r < 0)
		conn_close(conn);
	return r;
}

void conn_close(struct conn *conn)
{
	struct server *server = conn->server;
	struct port *port = conn->port;
	uint64_t now_ns = now_monotonic_ns();

	if (port) {
		/* To the pen, its host is a cable that has been pulled. */
		usb_advance(port->usb, now_ns);
		usb_bus(port->usb, USB_BUS_UNPLUG);
		port->conn = NULL;
		server_schedule(port, now_ns);
	}
	if (conn->previous)
		conn->previous->next = conn->next;
	else
		server->conns = conn->next;
	if (conn->next)
		conn->next->previous = conn->previous;
	server->n_conns--;
	conn->importer = importer_free(conn->importer);
	sd_event_source_disable_unref(conn->io);
	sd_event_source_disable_unref(conn->deadline);
	close_fd(conn->fd);
	buffer_free(&conn->in);
	buffer_free(&conn->out);
	free(conn);
}

void conn_silence(struct conn *conn, bool on)
{
	/* Cannot fail for a source that is in the loop, but for ENOMEM; then the host is cut off.
	 */
	if (sd_event_source_set_enabled(conn->io, on ? SD_EVENT_OFF : SD_EVENT_ON) < 0)
		log_error("cannot %s a connection", on ? "silence" : "resume");
	if (conn->deadline)
		sd_event_source_set_enabled(conn->deadline, on ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}
