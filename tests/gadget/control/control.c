// SPDX-License-Identifier: GPL-2.0-only
/* Clients of the control socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/server/buffer.h"
#include "tests/gadget/control/command.h"
#include "tests/gadget/control/control.h"

#define READ_SIZE 4096
#define REPLIES_MAX 262144 /* unread ones; no more commands are taken until they are read */
#define BACKLOG 16
#define TEXT_OF_(number) #number
#define TEXT_OF(number) TEXT_OF_(number)

static const char too_many[] = "{\"error\":\"there are " TEXT_OF(
	CONTROL_CLIENTS_MAX) " clients already; close one of them\"}\n";

struct client {
	struct control *control;
	struct client *next;
	int fd;
	sd_event_source *io;
	struct command_context context;
	struct buffer in;
	struct buffer out;
	bool last; /* close when everything has been sent */
};

struct control {
	struct gadget *gadget;
	struct client *clients;
	unsigned int n_clients;
	struct acceptor acceptor;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

static void client_close(struct client *client)
{
	struct client **link = &client->control->clients;

	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	client->control->n_clients--;
	sd_event_source_disable_unref(client->io);
	close_fd(client->fd);
	buffer_free(&client->in);
	buffer_free(&client->out);
	free(client);
}

static int append(struct buffer *buffer, const char *text, size_t len)
{
	uint8_t *p = buffer_reserve(buffer, len);

	if (!p)
		return -ENOMEM;
	memcpy(p, text, len);
	buffer_commit(buffer, len);
	return 0;
}

static int reply(struct client *client, struct json_object *json)
{
	const char *text;
	int r;

	if (!json)
		return -ENOMEM;
	text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	r = text ? append(&client->out, text, strlen(text)) : -ENOMEM;
	if (r >= 0)
		r = append(&client->out, "\n", 1);
	json_object_put(json);
	return r;
}

static int reply_error(struct client *client, const char *text)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "error", json_object_new_string(text));
	return reply(client, json);
}

/* What cannot be the end of a command ends the connection, once that has been said. */
static int refuse(struct client *client, const char *text)
{
	buffer_consume(&client->in, buffer_len(&client->in));
	client->last = true;
	return reply_error(client, text);
}

static bool choked(const struct client *client)
{
	return buffer_len(&client->out) > REPLIES_MAX;
}

/* Carries out every whole line, as long as its client reads the replies. */
static int parse(struct client *client)
{
	char line[COMMAND_LINE_MAX];
	int r = 0;

	while (r >= 0 && buffer_len(&client->in) && !choked(client)) {
		const uint8_t *data = buffer_data(&client->in);
		const uint8_t *end = memchr(data, '\n', buffer_len(&client->in));
		size_t len = end ? (size_t)(end - data) : buffer_len(&client->in);

		if (len >= sizeof(line))
			return refuse(client,
				      "the line is too long: it must be shorter than " TEXT_OF(
					      COMMAND_LINE_MAX) " characters");
		if (!end && client->last)
			return refuse(client, "the last line has no end; it was not carried out");
		if (!end)
			return 0;
		memcpy(line, data, len);
		line[len] = 0;
		buffer_consume(&client->in, len + 1);
		r = reply(client, command_run(&client->context, line));
	}
	return r;
}

static int flush(struct client *client)
{
	while (buffer_len(&client->out)) {
		ssize_t n = send(client->fd, buffer_data(&client->out), buffer_len(&client->out),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN ? 0 : -errno;
		}
		buffer_consume(&client->out, (size_t)n);
	}
	return 0;
}

static int watch(struct client *client)
{
	uint32_t events = 0;

	if (!client->last && !choked(client))
		events |= EPOLLIN;
	if (buffer_len(&client->out))
		events |= EPOLLOUT;
	return sd_event_source_set_io_events(client->io, events);
}

/* Returns 1 at the end of the stream. */
static int fill(struct client *client)
{
	uint8_t *p = buffer_reserve(&client->in, READ_SIZE);
	ssize_t n;

	if (!p)
		return -ENOMEM;
	n = recv(client->fd, p, READ_SIZE, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	buffer_commit(&client->in, (size_t)n);
	return n == 0;
}

/* Carry out and answer what is there. Whatever ends it, it gets the replies to what was done. */
static int serve(struct client *client)
{
	bool was_choked;
	int r;

	do {
		was_choked = choked(client);
		r = parse(client);
		if (r >= 0)
			r = flush(client);
	} while (r >= 0 && was_choked && !choked(client));
	if (r >= 0 && client->last && !buffer_len(&client->in) && !buffer_len(&client->out))
		return -ESHUTDOWN;
	return r < 0 ? r : watch(client);
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct client *client = userdata;
	int r = 0;

	if (events & EPOLLIN)
		r = fill(client);
	else if (events & (EPOLLHUP | EPOLLERR))
		r = -EPIPE;
	if (r > 0)
		client->last = true;
	if (r < 0 || serve(client) < 0)
		client_close(client);
	return 0;
}

static int client_new(struct control *control, int fd)
{
	struct client *client = calloc(1, sizeof(*client));
	int r;

	if (!client) {
		close_fd(fd);
		return -ENOMEM;
	}
	client->control = control;
	client->fd = fd;
	client->context.gadget = control->gadget;
	client->next = control->clients;
	control->clients = client;
	control->n_clients++;
	r = sd_event_add_io(control->gadget->event, &client->io, fd, EPOLLIN, on_client, client);
	if (r < 0)
		client_close(client);
	return r;
}

static void take(void *userdata, int fd)
{
	struct control *control = userdata;

	if (control->n_clients < CONTROL_CLIENTS_MAX) {
		client_new(control, fd);
		return;
	}
	/* It has an empty socket before it: the line fits, or the client is gone. */
	(void)send(fd, too_many, sizeof(too_many) - 1, MSG_NOSIGNAL);
	close_fd(fd);
}

/* Whether nobody listens on the socket file of @address any more. */
static bool is_left_behind(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 &&
	       errno == ECONNREFUSED;
}

static int bind_to(int fd, const struct sockaddr_un *address)
{
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return 0;
	if (errno != EADDRINUSE || !is_left_behind(address))
		return -errno;
	if (unlink(address->sun_path) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	return 0;
}

static int start(struct control *control, const char *path)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int r;

	if (fd < 0)
		return -errno;
	if (!*path || strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	r = bind_to(fd, &address);
	if (r < 0)
		return r;
	/* Ours from here on, to be removed at the end. */
	memcpy(control->path, path, strlen(path) + 1);
	if (listen(fd, BACKLOG) < 0)
		return -errno;
	return acceptor_start(&control->acceptor, control->gadget->event, TAKE_FD(fd), take,
			      control);
}

int control_new(struct control **ret, struct gadget *gadget, const char *path)
{
	struct control *control = calloc(1, sizeof(*control));
	int r;

	if (!control)
		return -ENOMEM;
	control->gadget = gadget;
	r = start(control, path);
	if (r < 0) {
		control_free(control);
		return r;
	}
	*ret = control;
	return 0;
}

struct control *control_free(struct control *control)
{
	if (!control)
		return NULL;
	while (control->clients)
		client_close(control->clients);
	acceptor_stop(&control->acceptor);
	if (control->path[0])
		unlink(control->path);
	free(control);
	return NULL;
}
