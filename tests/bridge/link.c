// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bridge/link.h"

#include <errno.h>
#include <glib-unix.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bridge/fd.h"

#define CONTROL_TIMEOUT_MS 5000 /* USB_CTRL_GET_TIMEOUT */
#define RX_CHUNK 65536
#define USB_DIR_IN 0x80

static gboolean on_io(int fd, GIOCondition condition, void *userdata);

static void finish(struct link *link, GList *place, int status, uint32_t actual)
{
	struct link_transfer *transfer = place->data;

	g_queue_delete_link(&link->flying, place);
	transfer->flying = false;
	transfer->status = status;
	transfer->actual = actual;
	transfer->done(transfer);
}

/* Closes it, and ends what flies in the order in which it took off. */
static void shut(struct link *link)
{
	if (link->source) {
		g_source_destroy(link->source);
		g_source_unref(link->source);
		link->source = NULL;
	}
	link->fd = fd_close(link->fd);
	link->lost = true;
	while (!g_queue_is_empty(&link->flying))
		finish(link, link->flying.head, -ESHUTDOWN, 0);
}

static void lose(struct link *link, const char *why)
{
	if (link->lost)
		return;
	if (why)
		fprintf(stderr, "bridge: %s: %s\n", link->url.text, why);
	shut(link);
	if (link->on_lost)
		link->on_lost(link->userdata);
}

void link_close(struct link *link)
{
	shut(link);
	g_clear_pointer(&link->tx, g_byte_array_unref);
	g_clear_pointer(&link->rx, g_byte_array_unref);
	g_clear_pointer(&link->unlinks, g_array_unref);
}

static int send_all(int fd, const uint8_t *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int import(struct link *link, int fd)
{
	uint8_t request[USBIP_REQ_IMPORT_SIZE], reply[USBIP_REP_IMPORT_SIZE];
	size_t len = 0;
	int r;

	usbip_import_encode(request, link->url.busid);
	r = send_all(fd, request, sizeof(request));
	if (r < 0)
		return r;
	do {
		ssize_t n = recv(fd, reply + len, sizeof(reply) - len, 0);

		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		len += (size_t)n;
		r = usbip_import_decode(&link->import, reply, len, link->url.busid);
	} while (r == -EAGAIN);
	return r < 0 ? r : 0;
}

int link_open(struct link *link)
{
	const struct timeval patience = {.tv_sec = CONTROL_TIMEOUT_MS / 1000};
	_cleanup_fd_ int fd = -EBADF;
	const int one = 1;
	int r;

	fd = socket(link->url.address.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    connect(fd, &link->url.address.sa, link->url.address_len) < 0)
		return -errno;
	r = import(link, fd);
	if (r < 0)
		return r;
	link_close(link);
	link->fd = fd_take(&fd);
	link->lost = false;
	link->tx = g_byte_array_new();
	link->rx = g_byte_array_new();
	link->unlinks = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	return 0;
}

/* ---- sending ---- */

static void watch(struct link *link, bool out)
{
	if (link->source) {
		g_source_destroy(link->source);
		g_source_unref(link->source);
	}
	link->watches_out = out;
	link->source = g_unix_fd_source_new(link->fd, out ? G_IO_IN | G_IO_OUT : G_IO_IN);
	/* What the device says goes before what programs ask. */
	g_source_set_priority(link->source, G_PRIORITY_HIGH);
	g_source_set_callback(link->source, G_SOURCE_FUNC(on_io), link, NULL);
	g_source_attach(link->source, NULL);
}

void link_watch(struct link *link)
{
	if (!link->lost)
		watch(link, link->tx->len > 0);
}

static void flush(struct link *link)
{
	ssize_t n;

	if (link->lost || link->tx->len == 0)
		return;
	n = send(link->fd, link->tx->data, link->tx->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	/* Whether the connection is gone is for the receiving side to find. */
	if (n > 0)
		g_byte_array_remove_range(link->tx, 0, (guint)n);
	if (link->source && link->watches_out != (link->tx->len > 0))
		watch(link, link->tx->len > 0);
}

static gboolean fail_later(void *userdata)
{
	struct link_transfer *transfer = userdata;

	transfer->status = -ESHUTDOWN;
	transfer->done(transfer);
	return G_SOURCE_REMOVE;
}

void link_submit(struct link *link, struct link_transfer *transfer)
{
	uint8_t header[USBIP_HEADER_SIZE];
	const struct usbip_submit submit = {
		.seqnum = ++link->seqnum,
		.devid = link->import.devid,
		.endpoint = transfer->endpoint,
		.in = transfer->in,
		.len = transfer->len,
		.interval = transfer->interval,
		.setup = transfer->setup,
	};

	transfer->seqnum = submit.seqnum;
	transfer->unlink_seqnum = 0;
	transfer->status = -EINPROGRESS;
	transfer->actual = 0;
	if (link->lost) {
		g_idle_add(fail_later, transfer);
		return;
	}
	usbip_submit_encode(header, &submit);
	g_byte_array_append(link->tx, header, sizeof(header));
	if (!transfer->in && transfer->len > 0)
		g_byte_array_append(link->tx, transfer->data, transfer->len);
	transfer->flying = true;
	g_queue_push_tail(&link->flying, transfer);
	flush(link);
}

void link_cancel(struct link *link, struct link_transfer *transfer)
{
	uint8_t header[USBIP_HEADER_SIZE];

	if (link->lost || !transfer->flying || transfer->unlink_seqnum != 0)
		return;
	transfer->unlink_seqnum = ++link->seqnum;
	g_array_append_val(link->unlinks, transfer->unlink_seqnum);
	usbip_unlink_encode(header, transfer->unlink_seqnum, link->import.devid, transfer->seqnum);
	g_byte_array_append(link->tx, header, sizeof(header));
	flush(link);
}

/* ---- receiving ---- */

static GList *find_flying(struct link *link, uint32_t seqnum, bool unlink)
{
	for (GList *l = link->flying.head; l; l = l->next) {
		const struct link_transfer *transfer = l->data;

		if ((unlink ? transfer->unlink_seqnum : transfer->seqnum) == seqnum)
			return l;
	}
	return NULL;
}

/* Bytes consumed, 0 for "more is needed", or a complaint in *@ret_why. */
static size_t take_submit(struct link *link, const struct usbip_reply *reply, const char **ret_why)
{
	GList *place = find_flying(link, reply->seqnum, false);
	struct link_transfer *transfer;
	size_t size = USBIP_HEADER_SIZE;

	if (!place) {
		*ret_why = "RET_SUBMIT of a transfer that is not in flight";
		return 0;
	}
	transfer = place->data;
	if (reply->actual_len > transfer->len) {
		*ret_why = "RET_SUBMIT with more bytes than were asked for";
		return 0;
	}
	if (transfer->in) {
		size += reply->actual_len;
		if (link->rx->len < size)
			return 0;
		if (reply->actual_len > 0)
			memcpy(transfer->data, link->rx->data + USBIP_HEADER_SIZE,
			       reply->actual_len);
	}
	/* Before done(), which may send and lose the connection. */
	g_byte_array_remove_range(link->rx, 0, (guint)size);
	finish(link, place, reply->status, reply->actual_len);
	return size;
}

static size_t take_unlink(struct link *link, const struct usbip_reply *reply, const char **ret_why)
{
	GList *place = find_flying(link, reply->seqnum, true);

	for (guint i = 0; i < link->unlinks->len; i++) {
		if (g_array_index(link->unlinks, uint32_t, i) != reply->seqnum)
			continue;
		g_array_remove_index_fast(link->unlinks, i);
		g_byte_array_remove_range(link->rx, 0, USBIP_HEADER_SIZE);
		if (!place)
			return USBIP_HEADER_SIZE;
		if (reply->status == 0) {
			*ret_why = "RET_UNLINK says that a transfer was done which had no answer";
			return 0;
		}
		finish(link, place, -ENOENT, 0);
		return USBIP_HEADER_SIZE;
	}
	*ret_why = "RET_UNLINK without a CMD_UNLINK";
	return 0;
}

static void take_replies(struct link *link)
{
	const char *why = NULL;
	size_t taken;

	do {
		struct usbip_reply reply;

		if (link->lost || link->rx->len < USBIP_HEADER_SIZE)
			return;
		if (usbip_reply_decode(&reply, link->rx->data) < 0) {
			lose(link, "a reply that is none");
			return;
		}
		taken = reply.command == USBIP_RET_SUBMIT ? take_submit(link, &reply, &why)
							  : take_unlink(link, &reply, &why);
	} while (taken > 0);
	if (why)
		lose(link, why);
}

static void receive(struct link *link)
{
	uint8_t buf[RX_CHUNK];
	ssize_t n = recv(link->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n > 0) {
		g_byte_array_append(link->rx, buf, (guint)n);
		take_replies(link);
	} else if (n == 0) {
		lose(link, NULL);
	} else if (errno != EAGAIN && errno != EINTR) {
		lose(link, strerror(errno));
	}
}

static gboolean on_io(int fd, GIOCondition condition, void *userdata)
{
	struct link *link = userdata;

	if (condition & G_IO_OUT)
		flush(link);
	if (!link->lost && condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
		receive(link);
	return G_SOURCE_CONTINUE;
}

void link_wait(struct link *link, struct link_transfer *transfer, int timeout_ms)
{
	int64_t end = g_get_monotonic_time() + timeout_ms * 1000LL;

	while (transfer->flying) {
		short events = link->tx->len > 0 ? POLLIN | POLLOUT : POLLIN;
		struct pollfd poller = {.fd = link->fd, .events = events};
		int64_t left = end - g_get_monotonic_time();

		if (left <= 0) {
			lose(link, "no answer to a control request");
			return;
		}
		if (poll(&poller, 1, (int)(left / 1000) + 1) <= 0)
			continue;
		if (poller.revents & POLLOUT)
			flush(link);
		if (poller.revents & (POLLIN | POLLHUP | POLLERR))
			receive(link);
	}
}

static void nothing(struct link_transfer *transfer)
{
}

int link_control(struct link *link, const struct usb_setup *setup, uint8_t *data)
{
	struct link_transfer transfer = {
		.in = setup->request_type & USB_DIR_IN,
		.setup = *setup,
		.data = data,
		.len = setup->length,
		.done = nothing,
	};

	if (link->lost)
		return -ENODEV;
	link_submit(link, &transfer);
	link_wait(link, &transfer, CONTROL_TIMEOUT_MS);
	return transfer.status < 0 ? transfer.status : (int)transfer.actual;
}
