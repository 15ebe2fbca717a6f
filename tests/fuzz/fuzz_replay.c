// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording and the host that it is played to. Input: a byte of flags, the number of bytes of
 * operations, these, and then the recording: a file as it is, or the events of one (tape.h). The
 * oracle: a file is taken or refused with a reason, and what is taken can be listed, imported and
 * played to any host; client.c CHECKs the answers.
 */
#include <string.h>
#include <sys/socket.h>

#include "driver/base/cleanup.h"
#include "driver/base/log.h"
#include "tests/fuzz/client.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/loop.h"
#include "tests/fuzz/tape.h"
#include "tests/gadget/server/conn.h"
#include "tests/gadget/control/gadget.h"
#include "tests/gadget/replay/recording.h"
#include "tests/gadget/replay/replay_usb.h"

#define FLAG_FILE 1
#define FLAG_HIGH_SPEED 2
#define CABLE_OPS 4

struct world {
	sd_event *event;
	struct gadget gadget;
	struct recording *recording;
	struct client client;
	size_t at; /* of the recording: what an honest host sends next */
};

static struct recording *take_recording(struct fuzz_input *input, bool file)
{
	struct recording *recording = NULL;
	char error[256] = "";
	uint8_t *bytes;
	size_t len;
	int r;

	if (file) {
		len = input->left;
		bytes = malloc(len + 1);
		CHECK(bytes, "no memory");
		fuzz_bytes(input, bytes, len);
	} else {
		len = tape_make(&bytes, input);
	}
	r = recording_parse(&recording, bytes, len, error, sizeof(error));
	CHECK((r == 0) == !!recording, "%d", r);
	CHECK(r == 0 || *error, "refused without a word");
	CHECK(!recording || memchr(recording->cut, 0, sizeof(recording->cut)),
	      "cut without an end");
	return recording;
}

static void connect_client(struct world *w)
{
	int pair[2];

	CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
	      "no sockets");
	client_connect(&w->client, pair[0]);
	CHECK(!server_add(w->gadget.server, pair[1]), "a connection was refused");
}

static void import(struct world *w)
{
	connect_client(w);
	client_import(&w->client, w->event, 1);
	CHECK(w->client.imported == w->gadget.server->ports[0].plugged, "imported: %d",
	      w->client.imported);
}

/* What the recorded host sent next. */
static void follow(struct world *w)
{
	const struct recording *rec = w->recording;

	while (w->at < rec->n) {
		const struct recorded *entry = &rec->entries[w->at++];
		const struct usb_setup *s = &entry->setup;
		struct client_urb urb = {.in = s->type & USB_DIR_IN, .len = s->length};
		const uint8_t setup[8] = {s->type,
					  s->request,
					  (uint8_t)s->value,
					  (uint8_t)(s->value >> 8),
					  (uint8_t)s->index,
					  (uint8_t)(s->index >> 8),
					  (uint8_t)s->length,
					  (uint8_t)(s->length >> 8)};

		if (!entry->request || s->type & USB_DIR_IN)
			continue;
		memcpy(urb.setup, setup, sizeof(urb.setup));
		urb.data = entry->len >= MIN(s->length, CLIENT_OUT_MAX) ? entry->data : NULL;
		client_submit(&w->client, &urb);
		return;
	}
}

static void submit_packets(struct world *w, unsigned int n)
{
	const struct client_urb urb = {
		.endpoint = w->recording->endpoint & 0x0f,
		.in = true,
		.len = n & 16 ? 16 : 64,
	};

	while (n--)
		client_submit(&w->client, &urb);
}

static void submit_odd(struct world *w, bool control, struct fuzz_input *input)
{
	struct client_urb urb = {0};
	uint8_t first = fuzz_u8(input), data[UINT8_MAX] = {0};

	urb.in = first & 0x80;
	urb.endpoint = control ? 0 : first & 0x0f;
	if (control) {
		fuzz_bytes(input, urb.setup, sizeof(urb.setup));
		urb.in = urb.setup[0] & USB_DIR_IN;
	}
	urb.len = fuzz_u8(input);
	if (!urb.in)
		fuzz_bytes(input, data, urb.len);
	urb.data = data;
	client_submit(&w->client, &urb);
}

static void cable(struct world *w, unsigned int what)
{
	struct port *port = &w->gadget.server->ports[0];

	switch (what % CABLE_OPS) {
	case 0:
		import(w);
		break;
	case 1:
		connect_client(w);
		client_devlist(&w->client, w->event, port->plugged);
		import(w);
		break;
	case 2:
		client_hang_up(&w->client);
		break;
	case 3:
		/* Its end comes to a host that did nothing wrong. */
		client_hang_up(&w->client);
		if (port->plugged)
			server_unplug(port);
		else
			server_replug(port);
		break;
	}
}

static void operate(struct world *w, struct fuzz_input *input)
{
	uint8_t op = fuzz_u8(input), times = op / 8;

	switch (op % 8) {
	case 0:
		for (unsigned int i = 0; i <= times; i++)
			follow(w);
		break;
	case 1:
		loop_pass(w->event, fuzz_u8(input) * 200ULL << times % 8);
		break;
	case 2:
		submit_packets(w, times + 1u);
		break;
	case 3:
		submit_odd(w, true, input);
		break;
	case 4:
		submit_odd(w, false, input);
		break;
	case 5:
		client_unlink(&w->client, w->client.seqnum + 4u - times);
		break;
	case 6:
		client_read(&w->client);
		break;
	case 7:
		cable(w, times);
		break;
	}
	loop_settle(w->event);
}

static void look(const struct world *w)
{
	const struct server *server = w->gadget.server;
	const struct replay *replay = replay_from_usb(server->ports[0].usb);

	CHECK(replay && replay->at <= w->recording->n, "the play is beyond its end");
	for (const struct conn *conn = server->conns; conn; conn = conn->next)
		CHECK(conn->in.size + conn->out.size <= CONN_MEMORY_MAX, "%zu bytes of memory",
		      conn->in.size + conn->out.size);
}

static void play(struct world *w, struct fuzz_input *ops, enum usb_speed speed)
{
	const struct device_options options = {
		.identity = &identity_replay,
		.speed = speed,
		.today_days = 20000,
		.recording = w->recording,
	};

	w->event = loop_new();
	w->client.fd = -EBADF;
	CHECK(!gadget_init(&w->gadget, w->event, &options, w->recording->strings[3], 1),
	      "a recording that was taken makes no device");
	connect_client(w);
	client_devlist(&w->client, w->event, 1);
	import(w);
	while (ops->left) {
		operate(w, ops);
		look(w);
	}
	client_finish(&w->client, w->event, false); /* a recorded silence is a silence */
	client_hang_up(&w->client);
	loop_pass(w->event, 20000000);
	CHECK(w->gadget.server->n_conns == 0, "%u connections without a client",
	      w->gadget.server->n_conns);
	gadget_done(&w->gadget);
	loop_free(w->event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct fuzz_input input = {data, size}, ops = {0};
	uint8_t flags = fuzz_u8(&input);
	uint8_t bytes[UINT8_MAX];

	memset(&w, 0, sizeof(w));
	ops.data = bytes;
	ops.left = fuzz_bytes(&input, bytes, fuzz_u8(&input));
	w.recording = take_recording(&input, flags & FLAG_FILE);
	if (w.recording)
		play(&w, &ops, flags & FLAG_HIGH_SPEED ? USB_SPEED_HIGH : USB_SPEED_FULL);
	recording_free(w.recording);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_EMERG);
	return 0;
}
