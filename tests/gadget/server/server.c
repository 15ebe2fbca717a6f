// SPDX-License-Identifier: GPL-2.0-only
/* Ports and their timers, the listening socket, and everything that concerns all connections. */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/gadget/server/conn.h"

#define BACKLOG 128
#define TIMER_ACCURACY_USEC 1

struct port *server_port(struct server *server, const char *busid)
{
	for (unsigned int i = 0; i < server->n_ports; i++)
		if (server->ports[i].plugged && !strcmp(server->ports[i].busid, busid))
			return &server->ports[i];
	return NULL;
}

void server_schedule(struct port *port, uint64_t now_ns)
{
	uint64_t due_ns = usb_next_ns(port->usb, now_ns);
	int r;

	if (!port->timer)
		return;
	if (port->conn && !port->server->silent)
		due_ns = MIN(due_ns, importer_next_ns(port->conn->importer));
	if (port->cable)
		due_ns = MIN(due_ns, port->cable->ops->next_ns(port->cable, now_ns));
	/* A timer that fires too early costs less than setting it anew for every request. */
	if (due_ns == USB_NEVER || (port->due_ns > now_ns && port->due_ns <= due_ns))
		return;
	port->due_ns = MAX(due_ns, now_ns);
	r = sd_event_source_set_time(port->timer,
				     (port->due_ns + NSEC_PER_USEC - 1) / NSEC_PER_USEC);
	if (r >= 0)
		r = sd_event_source_set_enabled(port->timer, SD_EVENT_ONESHOT);
	if (r < 0)
		log_error("cannot set the timer of %s: %s", port->busid, strerror(-r));
}

void server_touch(struct port *port)
{
	uint64_t now_ns = now_monotonic_ns();
	struct conn *conn = port->conn;

	usb_advance(port->usb, now_ns);
	if (conn && !port->server->silent && conn_run(conn, now_ns) < 0)
		conn_close(conn);
	if (port->cable)
		port->cable->ops->run(port->cable, now_ns);
	server_schedule(port, now_ns);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct port *port = userdata;

	port->due_ns = 0;
	server_touch(port);
	return 0;
}

void server_unplug(struct port *port)
{
	if (!port->plugged)
		return;
	port->plugged = false;
	if (port->cable)
		port->cable->ops->unplug(port->cable);
	if (port->conn)
		conn_close(port->conn);
	else
		usb_bus(port->usb, USB_BUS_UNPLUG);
}

int server_replug(struct port *port)
{
	int r = 0;

	if (port->cable && !port->plugged)
		r = port->cable->ops->plug(port->cable);
	if (r >= 0)
		port->plugged = true;
	return r;
}

void server_silence(struct server *server, bool on)
{
	if (server->silent == on)
		return;
	server->silent = on;
	for (struct conn *conn = server->conns; conn; conn = conn->next)
		conn_silence(conn, on);
	acceptor_silence(&server->acceptor, on);
	for (unsigned int i = 0; !on && i < server->n_ports; i++)
		server_touch(&server->ports[i]);
}

int server_add(struct server *server, int fd)
{
	static struct log_limit limit;

	if (server->n_conns >= SERVER_CONNECTIONS_MAX) {
		close_fd(fd);
		if (log_allowed(&limit))
			log_warning("more than %d connections; one was refused",
				    SERVER_CONNECTIONS_MAX);
		return -EBUSY;
	}
	return conn_new(server, fd);
}

static void take(void *userdata, int fd)
{
	server_add(userdata, fd);
}

/* "ADDR:PORT" or "[ADDR]:PORT", the parts in place in @text. */
static int split_address(char *text, char **ret_host, char **ret_port)
{
	char *colon = strrchr(text, ':'), *end;
	unsigned long port;

	if (!colon || !colon[1])
		return -EINVAL;
	*colon = 0;
	if (text[0] == '[') {
		if (colon[-1] != ']')
			return -EINVAL;
		colon[-1] = 0;
		text++;
	}
	/* getaddrinfo() takes any number and keeps 16 bits of it */
	port = strtoul(colon + 1, &end, 10);
	if (!isdigit((unsigned char)colon[1]) || *end || port > UINT16_MAX)
		return -EINVAL;
	*ret_host = text;
	*ret_port = colon + 1;
	return 0;
}

static int bind_to(const struct addrinfo *info)
{
	_cleanup_close_ int fd =
		socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int one = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int format_address(int fd, char *ret, size_t size)
{
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);
	char host[46], port[8];

	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -errno;
	if (getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return -EINVAL;
	if (address.ss_family == AF_INET6)
		snprintf(ret, size, "[%s]:%s", host, port);
	else
		snprintf(ret, size, "%s:%s", host, port);
	return 0;
}

int server_listen(struct server *server, const char *address, char *ret_address, size_t size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *info = NULL;
	_cleanup_free_ char *text = strdup(address);
	char *host, *port;
	int fd, r;

	if (!text)
		return -ENOMEM;
	r = split_address(text, &host, &port);
	if (r < 0)
		return r;
	if (getaddrinfo(host, port, &hints, &info))
		return -EINVAL;
	fd = bind_to(info);
	freeaddrinfo(info);
	if (fd < 0)
		return fd;
	r = format_address(fd, ret_address, size);
	if (r < 0) {
		close_fd(fd);
		return r;
	}
	return acceptor_start(&server->acceptor, server->event, fd, take, server);
}

static int add_port(struct server *server, const struct device_options *options, const char *serial,
		    uint64_t now_ns)
{
	const struct identity *identity = options->identity ? options->identity : &identity_pen;
	struct port *port = &server->ports[server->n_ports];
	unsigned int number = server->n_ports + 1;
	int r;

	port->server = server;
	r = identity->make(&port->usb, options, number, serial, now_ns);
	if (r < 0)
		return r;
	port->pen = pen_from_usb(port->usb);
	port->usb->address = number + 1; /* 1 is the bus's own hub */
	port->plugged = true;
	snprintf(port->busid, sizeof(port->busid), "%d-%u", USBIP_BUS, number);
	server->n_ports++;
	return sd_event_add_time(server->event, &port->timer, CLOCK_MONOTONIC, 0,
				 TIMER_ACCURACY_USEC, on_timer, port);
}

static int add_ports(struct server *server, const struct device_options *options,
		     const char *serial, unsigned int n_ports)
{
	uint64_t now_ns = now_monotonic_ns();
	char name[MNPEN_SERIAL_MAX + 8];
	int r = 0;

	for (unsigned int i = 1; r >= 0 && i <= n_ports; i++) {
		if (n_ports > 1)
			snprintf(name, sizeof(name), "%s-%u", serial, i);
		else
			snprintf(name, sizeof(name), "%s", serial);
		if (!mnpen_serial_valid(name))
			return -EINVAL;
		r = add_port(server, options, name, now_ns);
	}
	return r;
}

int server_new(struct server **ret, sd_event *event, const struct device_options *options,
	       const char *serial, unsigned int n_ports)
{
	struct server *server;
	int r;

	if (!n_ports || n_ports > SERVER_PENS_MAX)
		return -EINVAL;
	server = calloc(1, sizeof(*server));
	if (!server)
		return -ENOMEM;
	server->event = sd_event_ref(event);
	server->ports = calloc(n_ports, sizeof(*server->ports));
	r = server->ports ? add_ports(server, options, serial, n_ports) : -ENOMEM;
	if (r < 0) {
		server_free(server);
		return r;
	}
	*ret = server;
	return 0;
}

struct server *server_free(struct server *server)
{
	if (!server)
		return NULL;
	/* Nothing is due and nobody is let in any more; a loop that has ended takes no orders. */
	acceptor_stop(&server->acceptor);
	for (unsigned int i = 0; i < server->n_ports; i++)
		server->ports[i].timer = sd_event_source_disable_unref(server->ports[i].timer);
	while (server->conns)
		conn_close(server->conns);
	for (unsigned int i = 0; i < server->n_ports; i++)
		usb_free(server->ports[i].usb);
	sd_event_unref(server->event);
	free(server->ports);
	free(server);
	return NULL;
}
