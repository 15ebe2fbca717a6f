// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/proto/proto.h"
#include "tests/fuzz/fuzz.h"

#define HEADER 48
#define SOCKET_BUFFER 4608 /* small, so that a server that does not read is felt */

struct server *server_now;

static const uint8_t device[18] = {
	18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 1, 2, 3, 1,
};
static const uint8_t config[34] = {
	9, 2, 34, 0, 1, 1,    0,    0x80, 50,			       /* configuration */
	9, 4, 0,  0, 0, 0xff, 0x4d, 0x01, 0,			       /* interface 0, alt 0 */
	9, 4, 0,  1, 1, 0xff, 0x4d, 0x01, 0,  7, 5, 0x81, 3, 64, 0, 1, /* alt 1 */
};
static const uint8_t langid[4] = {4, 3, 0x09, 0x04};
static const uint8_t text[14] = {14, 3, 'P', 0, 'E', 0, 'N', 0, '-', 0, '0', 0, '1', 0};

/* ---- in the place of the system's ---- */

int __wrap_socket(int domain, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len);
int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int __real_setsockopt(int fd, int level, int option, const void *value, socklen_t len);

int __wrap_socket(int domain, int type, int protocol)
{
	static const int size = SOCKET_BUFFER;
	int pair[2];

	server_close(server_now);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
		return -1;
	(void)__real_setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	server_now->fd = pair[1];
	return pair[0];
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	return 0;
}

int __wrap_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	return 0;
}

/* ---- bytes ---- */

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

void server_close(struct server *server)
{
	server->fd = close_fd(server->fd);
	server->imported = server->was_deaf = false;
	server->rx_len = server->out_len = 0;
	server->n_urbs = server->n_unlinks = server->n_unlinks_answered = 0;
}

/* ---- what the transport sends ---- */

static bool is_stop(const struct server_urb *urb)
{
	return urb->endpoint == 0 && urb->setup[0] == MNPEN_REQTYPE_OUT &&
	       urb->setup[1] == MNPEN_REQ_STOP;
}

/* A STOP does not count: one that could not go out in its time still goes. */
static bool ep0_open(const struct server *server)
{
	unsigned int n = server->n_urbs < SERVER_URBS ? server->n_urbs : SERVER_URBS;

	for (unsigned int i = 0; i < n; i++)
		if (server->urbs[i].open && server->urbs[i].endpoint == 0 &&
		    !is_stop(&server->urbs[i]))
			return true;
	return false;
}

struct server_urb *server_urb(struct server *server, uint32_t seqnum)
{
	unsigned int n = server->n_urbs < SERVER_URBS ? server->n_urbs : SERVER_URBS;

	for (unsigned int i = 0; i < n; i++)
		if (server->urbs[i].seqnum == seqnum)
			return &server->urbs[i];
	return NULL;
}

static size_t take_submit(struct server *server, const uint8_t *p, size_t avail)
{
	struct server_urb urb = {
		.open = true,
		.seqnum = get32(p + 4),
		.endpoint = get32(p + 16),
		.in = get32(p + 12),
		.len = get32(p + 24),
	};
	size_t size = HEADER + (urb.in ? 0 : urb.len);

	memcpy(urb.setup, p + 40, sizeof(urb.setup));
	CHECK(urb.len <= USB_CONFIG_TOTAL_MAX, "%u bytes asked for", urb.len);
	if (avail < size)
		return 0;
	if (urb.endpoint == 0)
		CHECK(server->was_deaf || !ep0_open(server),
		      "a second request on EP0, the first neither answered nor "
		      "cancelled");
	else
		CHECK(urb.in && urb.endpoint < 16, "endpoint %u", urb.endpoint);
	if (urb.endpoint == 0)
		CHECK(urb.len == urb.setup[6] + 256u * urb.setup[7], "wLength is not the length");
	server->stops += is_stop(&urb);
	server->urbs[server->n_urbs++ % SERVER_URBS] = urb;
	return size;
}

static size_t take_unlink(struct server *server, const uint8_t *p)
{
	struct server_urb *urb = server_urb(server, get32(p + 20));
	unsigned int i = server->n_unlinks++ % SERVER_URBS;

	server->unlinks[i] = get32(p + 4);
	server->victims[i] = get32(p + 20);
	if (urb)
		urb->open = false;
	return HEADER;
}

static size_t take_one(struct server *server, const uint8_t *p, size_t avail)
{
	uint32_t command, seqnum;

	if (!server->imported) {
		if (avail < 40)
			return 0;
		CHECK(get32(p) == 0x01118003 && !strcmp((const char *)p + 8, "1-1"), "no import");
		server->imported = true;
		return 40;
	}
	if (avail < HEADER)
		return 0;
	command = get32(p);
	seqnum = get32(p + 4);
	CHECK(seqnum != 0 && !server_urb(server, seqnum), "number %u was used before", seqnum);
	CHECK(command == 1 || command == 2, "command %u", command);
	return command == 1 ? take_submit(server, p, avail) : take_unlink(server, p);
}

void server_read(struct server *server)
{
	ssize_t r;

	if (server->fd < 0 || server->deaf)
		return;
	while ((r = TEMP_FAILURE_RETRY(recv(server->fd, server->rx + server->rx_len,
					    sizeof(server->rx) - server->rx_len, MSG_DONTWAIT))) >
	       0) {
		size_t at = 0, used;

		server->rx_len += (size_t)r;
		while ((used = take_one(server, server->rx + at, server->rx_len - at)) > 0)
			at += used;
		server->rx_len -= at;
		memmove(server->rx, server->rx + at, server->rx_len);
	}
	if (r == 0)
		server_close(server);
}

/* ---- what is sent to it ---- */

void server_flush(struct server *server, size_t max)
{
	size_t len = MIN(max, server->out_len);
	ssize_t r = server->fd < 0 ? (ssize_t)len
				   : TEMP_FAILURE_RETRY(send(server->fd, server->out, len,
							     MSG_DONTWAIT | MSG_NOSIGNAL));

	if (r <= 0)
		return;
	server->out_len -= (size_t)r;
	memmove(server->out, server->out + r, server->out_len);
}

void server_queue(struct server *server, const void *bytes, size_t len)
{
	len = MIN(len, sizeof(server->out) - server->out_len);
	if (len)
		memcpy(server->out + server->out_len, bytes, len);
	server->out_len += len;
}

void server_import_reply(struct server *server, uint8_t busid_end, uint8_t status)
{
	uint8_t buf[320] = {0x01, 0x11, 0x00, 0x03, 0, 0, 0, status};

	memcpy(buf + 264, "1-1", 3);
	buf[267] = busid_end;
	put32(buf + 296, 3);
	put32(buf + 300, 0x102);
	put32(buf + 304, 2 + (busid_end & 1u));
	server_queue(server, buf, status ? 8 : sizeof(buf));
}

void server_ret(struct server *server, uint32_t command, uint32_t seqnum, int32_t status,
		const void *data, size_t len)
{
	uint8_t buf[HEADER] = {0};

	put32(buf, command);
	put32(buf + 4, seqnum);
	put32(buf + 20, (uint32_t)status);
	if (command == 3)
		put32(buf + 24, (uint32_t)len);
	server_queue(server, buf, sizeof(buf));
	if (data)
		server_queue(server, data, len);
}

static size_t descriptor(const struct server *server, const uint8_t *setup, uint8_t *buf)
{
	const uint8_t *from = text;
	size_t size = sizeof(text);

	if (setup[3] == 1) {
		from = device;
		size = sizeof(device);
	} else if (setup[3] == 2) {
		from = config;
		size = sizeof(config);
	} else if (setup[2] == 0) {
		from = langid;
		size = sizeof(langid);
	}
	memcpy(buf, from, size);
	if (server->patch_type == setup[3] && server->patch_at < size)
		buf[server->patch_at] = server->patch_value;
	return size;
}

bool server_answer(struct server *server)
{
	unsigned int n = server->n_urbs < SERVER_URBS ? server->n_urbs : SERVER_URBS;
	struct server_urb *urb = NULL;
	uint8_t buf[USB_CONFIG_TOTAL_MAX] = {0};
	size_t len;

	for (unsigned int i = 0; i < n; i++)
		if (server->urbs[i].open && (!urb || server->urbs[i].seqnum < urb->seqnum))
			urb = &server->urbs[i];
	if (!urb)
		return false;
	urb->open = false;
	len = urb->in ? urb->len : 0;
	if (urb->endpoint == 0 && urb->setup[0] == 0x80 && urb->setup[1] == 6)
		len = MIN(len, descriptor(server, urb->setup, buf));
	else if (urb->endpoint != 0)
		len = MNPEN_SAMPLE_SIZE;
	server_ret(server, 3, urb->seqnum, 0, buf, MIN(len, (size_t)urb->len));
	return true;
}

bool server_answer_unlink(struct server *server)
{
	unsigned int i = server->n_unlinks_answered % SERVER_URBS;

	if (server->n_unlinks_answered == server->n_unlinks)
		return false;
	server->n_unlinks_answered++;
	server_ret(server, 4, server->unlinks[i], -ECONNRESET, NULL, 0);
	return true;
}
