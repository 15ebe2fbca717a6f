// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual pens' USB/IP server against hostile clients: whole PDUs that make sense, bytes that
 * do not, and answers that nobody reads. The oracle: every request is answered at most once and
 * with no more than was asked for, memory stays bounded, and the motor runs only for a hand on the
 * trigger, enabled, with a target and a lease.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "driver/proto/records.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/loop.h"
#include "tests/gadget/conn.h"
#include "tests/gadget/gadget.h"

#define CLIENTS 3
#define PENS 2
#define KNOWN 512
#define OPERATIONS_MAX 300
#define TOKEN 0x0102030405060708ULL

struct client {
	int fd;
	bool imported; /* OP_REP_IMPORT has come: from now on answers to URBs */
	bool confused; /* it sent nonsense: what comes back is not counted */
	uint32_t seqnum, devid;
	uint32_t lengths[KNOWN];		/* asked for, by number */
	uint8_t submits[KNOWN], unlinks[KNOWN]; /* sent and not answered yet */
};

struct world {
	sd_event *event;
	struct gadget gadget;
	struct client clients[CLIENTS];
	struct client *client; /* whose turn it is */
	uint32_t cmd, counter, crc;
};

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void hang_up(struct client *client)
{
	client->fd = close_fd(client->fd);
	*client = (struct client){.fd = -EBADF};
}

static void connect_client(struct world *w, struct client *client)
{
	int pair[2];

	hang_up(client);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	      "no sockets");
	client->fd = pair[0];
	CHECK(!server_add(w->gadget.server, pair[1]), "a connection was refused");
}

/* All of it or nothing: a client whose PDU is cut short by a full socket would be confused. */
static void send_bytes(struct client *client, const uint8_t *p, size_t len)
{
	ssize_t r = client->fd < 0 ? -1 : send(client->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (r >= 0 && (size_t)r < len)
		client->confused = true;
}

static void import_pen(struct world *w, struct client *client, uint8_t pen)
{
	uint8_t buf[40] = {0x01, 0x11, 0x80, 0x03, [8] = '1', '-', '1'};
	uint8_t reply[320];

	buf[10] = (uint8_t)('1' + pen % 3);
	send_bytes(client, buf, sizeof(buf));
	loop_settle(w->event);
	if (client->fd < 0 || recv(client->fd, reply, sizeof(reply), MSG_DONTWAIT) != sizeof(reply))
		return; /* busy, or there is none */
	client->imported = true;
	client->devid = get32(reply + 296) << 16 | get32(reply + 300);
}

/* Beyond what the tables hold, answers are not counted any more. */
static uint32_t next_seqnum(struct client *client)
{
	client->confused = client->confused || client->seqnum + 1 >= KNOWN;
	return ++client->seqnum;
}

static void send_submit(struct client *client, uint8_t endpoint, const uint8_t setup[8],
			const uint8_t *data, uint32_t len)
{
	uint8_t buf[48 + 256] = {0};
	bool in = setup[0] & 0x80 || endpoint;
	uint32_t seqnum = next_seqnum(client);
	size_t out = !in && data ? MIN(len, (size_t)256) : 0;

	put32(buf, 1);
	put32(buf + 4, seqnum);
	put32(buf + 8, client->devid);
	put32(buf + 12, in);
	put32(buf + 16, endpoint);
	put32(buf + 24, len);
	memcpy(buf + 40, setup, 8);
	if (out)
		memcpy(buf + 48, data, out);
	client->submits[seqnum % KNOWN] = 1;
	client->lengths[seqnum % KNOWN] = len;
	send_bytes(client, buf, 48 + out);
}

static void send_unlink(struct client *client, uint32_t victim)
{
	uint8_t buf[48] = {0};
	uint32_t seqnum = next_seqnum(client);

	put32(buf, 2);
	put32(buf + 4, seqnum);
	put32(buf + 8, client->devid);
	put32(buf + 20, victim);
	client->unlinks[seqnum % KNOWN] = 1;
	send_bytes(client, buf, sizeof(buf));
}

static void class_out(struct client *client, uint8_t request, const uint8_t *data, uint16_t len)
{
	const uint8_t setup[8] = {0x21, request, 0, 0, 0, 0, (uint8_t)len, (uint8_t)(len >> 8)};

	send_submit(client, 0, setup, data, len);
}

/* What a host does to get the pen to run, one step a call. */
static void good_request(struct world *w, uint8_t which)
{
	static const uint8_t configure[8] = {0x00, 9, 1}, work[8] = {0x01, 11, 1};
	static const uint8_t info[8] = {0xa1, 1, 0, 0, 0, 0, 64},
			     status[8] = {0xa1, 2, 0, 0, 0, 0, 48};
	static const uint8_t none[8] = {0};
	struct client *client = w->client;
	uint8_t buf[MNPEN_RECORD_MAX];

	switch (which % 12) {
	case 0:
		send_submit(client, 0, configure, NULL, 0);
		break;
	case 1:
		send_submit(client, 0, work, NULL, 0);
		break;
	case 2:
		mnpen_stream_encode(buf, 1000);
		class_out(client, MNPEN_REQ_SET_STREAM, buf, MNPEN_STREAM_SIZE);
		break;
	case 3:
		mnpen_claim_encode(buf, &(struct mnpen_claim){TOKEN, ++w->cmd, 20000});
		class_out(client, MNPEN_REQ_CLAIM_CARTRIDGE, buf, MNPEN_CLAIM_SIZE);
		break;
	case 4:
		mnpen_arm_encode(buf, &(struct mnpen_arm){.token = TOKEN,
							  .cmd = ++w->cmd,
							  .depth_limit_um = 1000,
							  .speed_min_rpm = 2400,
							  .speed_max_rpm = 6000,
							  .lease_ms = 300,
							  .run_limit_ms = 1000});
		w->crc = mnpen_crc32(buf, MNPEN_ARM_CRC_OFFSET);
		w->counter = 0;
		class_out(client, MNPEN_REQ_ARM, buf, MNPEN_ARM_SIZE);
		break;
	case 5:
		mnpen_target_encode(buf, &(struct mnpen_target){TOKEN, ++w->cmd, 500, 3000});
		class_out(client, MNPEN_REQ_SET_TARGET, buf, MNPEN_TARGET_SIZE);
		break;
	case 6:
		mnpen_lease_encode(buf,
				   &(struct mnpen_lease){TOKEN, ++w->counter, w->crc, which < 128});
		class_out(client, MNPEN_REQ_LEASE, buf, MNPEN_LEASE_SIZE);
		break;
	case 7:
		class_out(client, MNPEN_REQ_STOP, NULL, 0);
		break;
	case 8:
		send_submit(client, 1, none, NULL, 64);
		break;
	case 9:
		send_submit(client, 2, none, NULL, 8);
		break;
	case 10:
		send_submit(client, 0, info, NULL, 64);
		break;
	case 11:
		send_submit(client, 0, status, NULL, 48);
		break;
	}
}

/* ---- what comes back ---- */

/* Return: bytes of one answer that is all there, 0 when it is not. */
static size_t take_answer(struct client *client, const uint8_t *p, size_t len)
{
	uint32_t seqnum, actual;

	if (!client->imported)
		return len; /* refused, or a list: the connection ends with it */
	if (len < 48)
		return 0;
	seqnum = get32(p + 4);
	actual = get32(p + 24);
	if (get32(p) == 4) {
		CHECK(client->unlinks[seqnum % KNOWN]--, "cancellation %u answered twice", seqnum);
		return 48;
	}
	CHECK(get32(p) == 3, "answer %u", get32(p));
	CHECK(client->submits[seqnum % KNOWN]--, "request %u answered twice", seqnum);
	CHECK(actual <= client->lengths[seqnum % KNOWN], "%u bytes, %u were asked for", actual,
	      client->lengths[seqnum % KNOWN]);
	CHECK((int32_t)get32(p + 20) <= 0, "status %d", (int32_t)get32(p + 20));
	/* An OUT request has no data in its answer; those asked for here have none to send. */
	return 48;
}

static void parse_first(struct client *client)
{
	uint8_t buf[8192];
	size_t len = 0, at = 0, used;
	ssize_t r;

	if (client->fd < 0)
		return;
	r = recv(client->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (r == 0)
		hang_up(client);
	if (r <= 0 || client->confused)
		return;
	len = (size_t)r;
	while (at < len && (used = take_answer(client, buf + at, len - at)) > 0) {
		at += used;
		if (used == 48 && get32(buf + at - 48) == 3) {
			uint32_t seqnum = get32(buf + at - 44);
			bool in = client->lengths[seqnum % KNOWN];

			/* Data follow IN answers only, and those of OUT say how much was taken. */
			if (in)
				client->confused = true;
		}
		if (client->confused)
			return;
	}
	client->confused = client->confused || at < len;
}

/* ---- a run ---- */

static void look(const struct world *w)
{
	for (unsigned int i = 0; i < w->gadget.server->n_ports; i++) {
		const struct port *port = &w->gadget.server->ports[i];
		const struct model *m = &port->pen->model;

		if (m->state == MNPEN_STATE_RUNNING) {
			CHECK(m->trigger, "runs, and no hand is on the trigger");
			CHECK(m->enable && m->has_target, "runs without an order");
			CHECK(m->now_us <= m->lease_deadline_us, "runs without a lease");
			CHECK(port->conn, "runs without a host");
		}
		CHECK(m->target_depth_um <= m->info.depth_max_um, "target %u um",
		      m->target_depth_um);
	}
	for (const struct conn *conn = w->gadget.server->conns; conn; conn = conn->next)
		CHECK(conn->in.size + conn->out.size <= CONN_MEMORY_MAX, "%zu bytes of memory",
		      conn->in.size + conn->out.size);
}

static void send_raw(struct client *client, struct fuzz_input *input)
{
	uint8_t buf[256];
	size_t len = fuzz_bytes(input, buf, fuzz_u8(input));

	client->confused = true;
	send_bytes(client, buf, len);
}

static void send_odd(struct client *client, struct fuzz_input *input)
{
	uint8_t setup[8], endpoint = fuzz_u8(input), data[256];
	uint32_t len = fuzz_u16(input) % 300;

	fuzz_bytes(input, setup, sizeof(setup));
	fuzz_bytes(input, data, fuzz_u8(input));
	if (endpoint & 0x80)
		len <<= 12; /* megabytes, of which nothing comes */
	if (!(setup[0] & 0x80) && len > 256)
		client->confused = true;
	send_submit(client, endpoint & 0x0f, setup, data, len);
}

static void operate(struct world *w, struct fuzz_input *input)
{
	uint8_t op = fuzz_u8(input), value;
	struct client *client = w->client;

	switch (op % 12) {
	case 0:
	case 1:
		good_request(w, op / 12);
		break;
	case 2:
		connect_client(w, client);
		import_pen(w, client, op / 12);
		break;
	case 3:
		loop_pass(w->event, fuzz_u8(input) * 1000ULL);
		break;
	case 4:
		pen_trigger(w->gadget.server->ports[0].pen, op & 16);
		server_touch(&w->gadget.server->ports[0]);
		break;
	case 5:
		send_unlink(client, client->seqnum + 4u - op / 12);
		break;
	case 6:
		send_raw(client, input);
		break;
	case 7:
		send_odd(client, input);
		break;
	case 8:
		parse_first(client);
		break;
	case 9:
		w->client = &w->clients[op / 12 % CLIENTS];
		break;
	case 10: /* and nobody reads */
		value = fuzz_u8(input);
		for (unsigned int i = 0; i < op; i++)
			good_request(w, value);
		break;
	case 11:
		if (op & 16)
			connect_client(w, client);
		else
			hang_up(client);
		break;
	}
	loop_settle(w->event);
	look(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	const struct device_options options = {.speed = USB_SPEED_FULL, .today_days = 20000};
	struct fuzz_input input = {data, size};

	memset(&w, 0, sizeof(w));
	for (unsigned int i = 0; i < CLIENTS; i++)
		w.clients[i].fd = -EBADF;
	w.client = w.clients;
	w.event = loop_new();
	CHECK(!gadget_init(&w.gadget, w.event, &options, "FUZZ", PENS), "no pens");
	loop_pass(w.event, 2000000); /* the self-test */
	connect_client(&w, w.client);
	import_pen(&w, w.client, 0);
	CHECK(w.client->imported, "an honest host gets no pen");
	for (unsigned int n = 0; input.left && n < OPERATIONS_MAX; n++)
		operate(&w, &input);
	for (unsigned int i = 0; i < CLIENTS; i++)
		hang_up(&w.clients[i]);
	loop_pass(w.event, 20000000);
	CHECK(w.gadget.server->n_conns == 0, "%u connections without a client",
	      w.gadget.server->n_conns);
	gadget_done(&w.gadget);
	loop_free(w.event);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_EMERG);
	return 0;
}
