// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/client.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/loop.h"
#include "tests/gadget/server/importer.h"

#define READ_SIZE 65536
#define REPLY_MAX 8192
#define IMPORT_REPLY_SIZE (USBIP_OP_SIZE + USBIP_DEVICE_SIZE)
#define UNLINK_PATIENCE_USEC (IMPORTER_HELD_NS / 1000 + 100000)

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void client_hang_up(struct client *client)
{
	close_fd(client->fd);
	*client = (struct client){.fd = -EBADF};
}

void client_connect(struct client *client, int fd)
{
	client_hang_up(client);
	client->fd = fd;
}

/* ---- what goes out ---- */

/* All of it or nothing: half a PDU, because a socket is full, is not what is noted. */
static bool send_bytes(struct client *client, const uint8_t *p, size_t len)
{
	ssize_t r =
		client->fd < 0
			? -1
			: TEMP_FAILURE_RETRY(send(client->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL));

	if (r > 0 && (size_t)r < len)
		client->confused = true;
	return r >= 0 && (size_t)r == len;
}

static ssize_t receive(struct client *client, uint8_t *p, size_t size)
{
	return client->fd < 0 ? -1 : TEMP_FAILURE_RETRY(recv(client->fd, p, size, MSG_DONTWAIT));
}

void client_import(struct client *client, sd_event *event, uint8_t device)
{
	uint8_t buf[USBIP_OP_SIZE + USBIP_BUSID_SIZE] = {0x01, 0x11, 0x80, 0x03};
	uint8_t reply[IMPORT_REPLY_SIZE];

	memcpy(buf + USBIP_OP_SIZE, "1-", 2);
	buf[USBIP_OP_SIZE + 2] = (uint8_t)('0' + device);
	send_bytes(client, buf, sizeof(buf));
	loop_settle(event);
	if (receive(client, reply, sizeof(reply)) != sizeof(reply))
		return; /* busy, or there is none */
	client->imported = true;
	client->devid = get32(reply + 296) << 16 | get32(reply + 300);
}

void client_devlist(struct client *client, sd_event *event, uint32_t devices)
{
	const uint8_t ask[USBIP_OP_SIZE] = {0x01, 0x11, 0x80, 0x05};
	uint8_t reply[REPLY_MAX];
	size_t at = USBIP_OP_SIZE + 4;
	ssize_t len;

	send_bytes(client, ask, sizeof(ask));
	loop_settle(event);
	len = receive(client, reply, sizeof(reply));
	CHECK(len >= (ssize_t)at, "a list of %zd bytes", len);
	CHECK(get32(reply + 8) == devices, "%u devices in the list", get32(reply + 8));
	for (uint32_t i = 0; i < devices && at + USBIP_DEVICE_SIZE <= (size_t)len; i++)
		at += USBIP_DEVICE_SIZE + reply[at + USBIP_DEVICE_SIZE - 1] * (size_t)4;
	CHECK(at == (size_t)len, "a list of %zd bytes, its devices have %zu", len, at);
	client_hang_up(client);
}

static size_t pack(const struct client *client, uint8_t *buf, const struct client_urb *urb,
		   uint32_t seqnum)
{
	size_t out = urb->in ? 0 : MIN(urb->len, (uint32_t)CLIENT_OUT_MAX);

	memset(buf, 0, USBIP_HEADER_SIZE + out);
	put32(buf, USBIP_CMD_SUBMIT);
	put32(buf + 4, seqnum);
	put32(buf + 8, client->devid);
	put32(buf + 12, urb->in);
	put32(buf + 16, urb->endpoint);
	put32(buf + 24, urb->in ? urb->len : (uint32_t)out);
	memcpy(buf + 40, urb->setup, 8);
	if (out && urb->data)
		memcpy(buf + USBIP_HEADER_SIZE, urb->data, out);
	return USBIP_HEADER_SIZE + out;
}

/* NULL when the client has asked for enough. */
static struct client_request *next_request(struct client *client)
{
	if (client->seqnum + 1 >= CLIENT_REQUESTS)
		return NULL;
	return &client->requests[++client->seqnum];
}

void client_submit(struct client *client, const struct client_urb *urb)
{
	struct client_request *request = next_request(client);
	uint8_t buf[USBIP_HEADER_SIZE + CLIENT_OUT_MAX] = {0};
	bool cancelled;
	size_t len;

	if (!request)
		return;
	len = pack(client, buf, urb, client->seqnum);
	if (!send_bytes(client, buf, len))
		return;
	cancelled = request->cancelled; /* in advance: an UNLINK waited for it in vain */
	*request = (struct client_request){
		.sent = true,
		.in = urb->in,
		.open = !cancelled,
		.cancelled = cancelled,
		.endpoint = urb->endpoint,
		.length = urb->in ? urb->len : MIN(urb->len, (uint32_t)CLIENT_OUT_MAX),
	};
}

void client_unlink(struct client *client, uint32_t victim)
{
	struct client_request *request = next_request(client);
	uint8_t buf[USBIP_HEADER_SIZE] = {0};

	put32(buf, USBIP_CMD_UNLINK);
	put32(buf + 4, client->seqnum);
	put32(buf + 8, client->devid);
	put32(buf + 20, victim);
	if (!request || !send_bytes(client, buf, sizeof(buf)))
		return;
	*request = (struct client_request){
		.sent = true, .unlink = true, .open = true, .victim = victim};
	client->n_early += victim >= client->seqnum || client->requests[victim].unlink;
}

void client_raw(struct client *client, const void *bytes, size_t len)
{
	client->confused = true;
	send_bytes(client, bytes, len);
}

void client_patched(struct client *client, const struct client_urb *urb, uint8_t at, uint8_t value)
{
	uint8_t buf[USBIP_HEADER_SIZE + CLIENT_OUT_MAX];
	size_t len = pack(client, buf, urb, client->seqnum + 1);

	buf[at % USBIP_HEADER_SIZE] = value;
	client_raw(client, buf, len);
}

/* ---- what comes back ---- */

static void take_submit(struct client *client, uint32_t seqnum, int status, uint32_t actual)
{
	struct client_request *request = &client->requests[seqnum % CLIENT_REQUESTS];

	CHECK(request->sent && !request->unlink, "%u was answered, and is no request", seqnum);
	CHECK(!request->cancelled, "request %u was answered after its UNLINK", seqnum);
	CHECK(request->open, "request %u was answered twice", seqnum);
	CHECK(actual <= request->length, "%u bytes, %u were asked for", actual, request->length);
	CHECK(status <= 0 && (!status || !actual), "status %d, %u bytes", status, actual);
	request->open = false;
	client->data_left = request->in ? actual : 0;
}

static void take_unlink(struct client *client, uint32_t seqnum, int status)
{
	struct client_request *request = &client->requests[seqnum % CLIENT_REQUESTS];
	struct client_request *victim = &client->requests[request->victim % CLIENT_REQUESTS];

	CHECK(request->sent && request->unlink && request->open, "UNLINK %u was answered twice",
	      seqnum);
	CHECK(status == 0 || status == -ECONNRESET, "status %d of an UNLINK", status);
	request->open = false;
	/* Of too many that came before their SUBMIT the server forgets the oldest. */
	if (victim->unlink || request->victim >= CLIENT_REQUESTS || client->n_early > IMPORTER_HELD)
		return;
	if (status == 0) {
		CHECK(!victim->open, "no UNLINK of %u, which is pending", request->victim);
		return;
	}
	CHECK(!victim->sent || victim->open || victim->cancelled,
	      "UNLINK of %u, which was answered before", request->victim);
	victim->cancelled = true;
	victim->open = false;
}

static void take_header(struct client *client)
{
	uint32_t seqnum = get32(client->header + 4);
	int status = (int32_t)get32(client->header + 20);

	CHECK(seqnum && seqnum <= client->seqnum, "an answer to %u, which nobody asked", seqnum);
	if (get32(client->header) == USBIP_RET_UNLINK) {
		take_unlink(client, seqnum, status);
		return;
	}
	CHECK(get32(client->header) == USBIP_RET_SUBMIT, "answer %u", get32(client->header));
	take_submit(client, seqnum, status, get32(client->header + 24));
}

static void take(struct client *client, const uint8_t *p, size_t len)
{
	while (len) {
		bool data = client->data_left;
		size_t n = MIN(len, data ? client->data_left
					 : sizeof(client->header) - client->header_len);

		if (data) {
			client->data_left -= (uint32_t)n;
		} else {
			memcpy(client->header + client->header_len, p, n);
			client->header_len += n;
		}
		p += n;
		len -= n;
		if (client->header_len == sizeof(client->header)) {
			client->header_len = 0;
			take_header(client);
		}
	}
}

bool client_read(struct client *client)
{
	static uint8_t buf[READ_SIZE];
	ssize_t r = receive(client, buf, sizeof(buf));

	if (client->fd < 0 || (r < 0 && errno == EAGAIN))
		return false;
	if (r <= 0) {
		CHECK(!client->imported || client->confused, "an honest host was thrown out");
		client_hang_up(client);
		return false;
	}
	if (client->imported && !client->confused)
		take(client, buf, (size_t)r);
	return true;
}

void client_finish(struct client *client, sd_event *event, bool control)
{
	for (int i = 0; i < 2; i++) {
		do
			loop_settle(event);
		while (client_read(client));
		if (i == 0)
			loop_pass(event, UNLINK_PATIENCE_USEC);
	}
	if (client->fd < 0 || !client->imported || client->confused)
		return;
	for (uint32_t i = 1; i <= client->seqnum; i++) {
		const struct client_request *request = &client->requests[i];

		CHECK(!request->open || !request->unlink, "UNLINK %u was never answered", i);
		CHECK(!request->open || !control || (request->endpoint && request->in),
		      "request %u was never answered", i);
	}
	CHECK(!client->header_len && !client->data_left, "half an answer");
}
