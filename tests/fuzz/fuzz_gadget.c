// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual pens' USB/IP server against hostile clients: whole PDUs that make sense, bytes that
 * do not, and answers that nobody reads; with pens, and with the source and sink, which has OUT
 * endpoints and long transfers. The oracle: what client.c CHECKs of the answers, memory stays
 * bounded, and the motor runs only for a hand on the trigger, enabled, with a target and a lease.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "driver/proto/records.h"
#include "tests/fuzz/client.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/loop.h"
#include "tests/gadget/server/conn.h"
#include "tests/gadget/control/gadget.h"
#include "tests/gadget/usb/usbtest.h"

#define CLIENTS 3
#define DEVICES 2
#define OPERATIONS_MAX 300
#define LONG_MAX 8 /* transfers of megabytes in one run */
#define TOKEN 0x0102030405060708ULL

struct world {
	sd_event *event;
	struct gadget gadget;
	bool pen; /* the devices are pens */
	struct client clients[CLIENTS];
	struct client *client; /* whose turn it is */
	uint32_t cmd, counter, crc;
	unsigned int n_long;
};

static void connect_client(struct world *w, struct client *client)
{
	int pair[2];

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	      "no sockets");
	client_connect(client, pair[0]);
	CHECK(!server_add(w->gadget.server, pair[1]), "a connection was refused");
}

static void control(struct client *client, const uint8_t setup[8], const uint8_t *data)
{
	struct client_urb urb = {.in = setup[0] & USB_DIR_IN, .data = data};

	memcpy(urb.setup, setup, sizeof(urb.setup));
	urb.len = (uint32_t)(setup[6] | setup[7] << 8);
	client_submit(client, &urb);
}

static void read_from(struct client *client, uint8_t endpoint, uint32_t len)
{
	client_submit(client, &(struct client_urb){.endpoint = endpoint, .in = true, .len = len});
}

static void class_out(struct client *client, uint8_t request, const uint8_t *data, uint16_t len)
{
	const uint8_t setup[8] = {0x21, request, 0, 0, 0, 0, (uint8_t)len, (uint8_t)(len >> 8)};

	control(client, setup, data);
}

/* What a host does to get the pen to run, one step a call. */
static void pen_request(struct world *w, uint8_t which)
{
	static const uint8_t configure[8] = {0x00, 9, 1}, work[8] = {0x01, 11, 1};
	static const uint8_t info[8] = {0xa1, 1, 0, 0, 0, 0, 64},
			     status[8] = {0xa1, 2, 0, 0, 0, 0, 48};
	struct client *client = w->client;
	uint8_t buf[MNPEN_RECORD_MAX];

	switch (which % 12) {
	case 0:
		control(client, configure, NULL);
		break;
	case 1:
		control(client, work, NULL);
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
		read_from(client, 1, 64);
		break;
	case 9:
		read_from(client, 2, 8);
		break;
	case 10:
		control(client, info, NULL);
		break;
	case 11:
		control(client, status, NULL);
		break;
	}
}

/* What the kernel's usbtest driver does, with data that are the pattern or not. */
static void sink_request(struct world *w, uint8_t which)
{
	static const uint8_t configure[8] = {0x00, 9, 1},
			     write[8] = {0x40, USBTEST_REQ_WRITE, 0, 0, 0, 0, 0, 2},
			     read[8] = {0xc0, USBTEST_REQ_READ, 0, 0, 0, 0, 0, 4};
	const uint8_t unhalt[8] = {0x02, 1, 0, 0, which & 16 ? 0x02 : 0x01};
	static const uint8_t ones[CLIENT_OUT_MAX] = {1};
	struct client *client = w->client;

	switch (which % 8) {
	case 0:
		control(client, configure, NULL);
		break;
	case 1:
	case 2:
		read_from(client, which % 8, 512u << which / 32);
		break;
	case 3:
	case 4:
		client_submit(client, &(struct client_urb){.endpoint = which % 8 - 2,
							   .data = which & 64 ? ones : NULL,
							   .len = which & 32 ? 512 : 64});
		break;
	case 5:
		control(client, write, ones);
		break;
	case 6:
		control(client, read, NULL);
		break;
	case 7:
		control(client, unhalt, NULL);
		break;
	}
}

static void good_request(struct world *w, uint8_t which)
{
	if (w->pen)
		pen_request(w, which);
	else
		sink_request(w, which);
}

/* ---- a run ---- */

static void look_at_pen(const struct port *port)
{
	const struct model *m = &port->pen->model;

	if (m->state == MNPEN_STATE_RUNNING) {
		CHECK(m->trigger, "runs, and no hand is on the trigger");
		CHECK(m->enable && m->has_target, "runs without an order");
		CHECK(m->now_us <= m->lease_deadline_us, "runs without a lease");
		CHECK(port->conn, "runs without a host");
	}
	CHECK(m->target_depth_um <= m->info.depth_max_um, "target %u um", m->target_depth_um);
}

static void look(const struct world *w)
{
	for (unsigned int i = 0; w->pen && i < w->gadget.server->n_ports; i++)
		look_at_pen(&w->gadget.server->ports[i]);
	for (const struct conn *conn = w->gadget.server->conns; conn; conn = conn->next)
		CHECK(conn->in.size + conn->out.size <= CONN_MEMORY_MAX, "%zu bytes of memory",
		      conn->in.size + conn->out.size);
}

/* Any endpoint and setup, in the direction that it has or in the other one. */
static struct client_urb odd_urb(struct world *w, struct fuzz_input *input)
{
	static uint8_t data[CLIENT_OUT_MAX];
	uint8_t endpoint = fuzz_u8(input);
	struct client_urb urb = {.endpoint = endpoint & 0x0f, .data = data};

	urb.len = fuzz_u16(input) % 300;
	fuzz_bytes(input, urb.setup, sizeof(urb.setup));
	memset(data, 0, sizeof(data));
	fuzz_bytes(input, data, fuzz_u8(input));
	urb.in = urb.endpoint ? !(endpoint & 0x10)
			      : !(urb.setup[0] & USB_DIR_IN) == !!(endpoint & 0x10);
	if (urb.in && endpoint & 0x80 && w->n_long++ < LONG_MAX)
		urb.len <<= 12; /* megabytes */
	return urb;
}

static void send_odd(struct world *w, struct fuzz_input *input)
{
	struct client_urb urb = odd_urb(w, input);

	client_submit(w->client, &urb);
}

static void send_raw(struct world *w, uint8_t how, struct fuzz_input *input)
{
	uint8_t buf[256];
	size_t len;

	if (how & 1) {
		struct client_urb urb = odd_urb(w, input);

		len = fuzz_u8(input);
		client_patched(w->client, &urb, (uint8_t)len, fuzz_u8(input));
	} else {
		len = fuzz_bytes(input, buf, fuzz_u8(input));
		client_raw(w->client, buf, len);
	}
}

static void trigger(struct world *w, bool pressed)
{
	if (!w->pen)
		return;
	pen_trigger(w->gadget.server->ports[0].pen, pressed);
	server_touch(&w->gadget.server->ports[0]);
}

static void reconnect(struct world *w, uint8_t how)
{
	struct client *client = w->client;

	if (!(how & 4)) {
		client_hang_up(client);
		return;
	}
	connect_client(w, client);
	if (how & 1)
		client_devlist(client, w->event, DEVICES);
}

static void operate(struct world *w, struct fuzz_input *input)
{
	uint8_t op = fuzz_u8(input), value;
	struct client *client = w->client;

	switch (op % 12) {
	case 0:
	case 1:
		good_request(w, op % 12 ? fuzz_u8(input) : op / 12);
		break;
	case 2:
		connect_client(w, client);
		client_import(client, w->event, (uint8_t)(1 + op / 12 % (DEVICES + 1)));
		break;
	case 3:
		loop_pass(w->event, fuzz_u8(input) * 1000ULL);
		break;
	case 4:
		trigger(w, op & 16);
		break;
	case 5:
		client_unlink(client, client->seqnum + 4u - op / 12);
		break;
	case 6:
		send_raw(w, op / 12, input);
		break;
	case 7:
		send_odd(w, input);
		break;
	case 8:
		client_read(client);
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
		reconnect(w, op / 12);
		break;
	}
	loop_settle(w->event);
	look(w);
}

static void begin(struct world *w, uint8_t kind)
{
	const struct identity *sink = kind & 2 ? &identity_usbtest_mod63 : &identity_usbtest;
	const struct device_options options = {
		.identity = kind & 1 ? sink : &identity_pen,
		.speed = kind & 4 ? USB_SPEED_HIGH : USB_SPEED_FULL,
		.today_days = 20000,
	};

	memset(w, 0, sizeof(*w));
	for (unsigned int i = 0; i < CLIENTS; i++)
		w->clients[i].fd = -EBADF;
	w->client = w->clients;
	w->event = loop_new();
	w->pen = !(kind & 1);
	CHECK(!gadget_init(&w->gadget, w->event, &options, "FUZZ", DEVICES), "no devices");
	loop_pass(w->event, 2000000); /* the pens' self-test */
	connect_client(w, w->client);
	client_import(w->client, w->event, 1);
	CHECK(w->client->imported, "an honest host gets no device");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct fuzz_input input = {data, size};

	begin(&w, fuzz_u8(&input));
	for (unsigned int n = 0; input.left && n < OPERATIONS_MAX; n++)
		operate(&w, &input);
	for (unsigned int i = 0; i < CLIENTS; i++)
		client_finish(&w.clients[i], w.event, true);
	look(&w);
	for (unsigned int i = 0; i < CLIENTS; i++)
		client_hang_up(&w.clients[i]);
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
