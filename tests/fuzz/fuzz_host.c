// SPDX-License-Identifier: GPL-2.0-only
/*
 * The USB/IP transport, whole, against a hostile server and a restless owner. The oracle is what
 * driver/host/host.h promises: every request ends exactly once, in its time and never inside the
 * call that made it; nothing is heard of a pen that is not online; STOP goes out at once. An input
 * is a sequence of operations, as in fuzz_pen.c.
 */
#include <errno.h>
#include <string.h>

#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "driver/host/usbip.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/host_owner.h"
#include "tests/fuzz/loop.h"

#define OPERATIONS_MAX 400

/* ---- what the server does ---- */

/* The number of a request that came, or one near it. */
static uint32_t some_seqnum(const struct world *w, uint8_t which)
{
	const struct server *server = &w->server;

	if (which < 0xc0 && server->n_urbs)
		return server->urbs[(server->n_urbs - 1 - which % server->n_urbs) % SERVER_URBS]
			.seqnum;
	if (which < 0xe0 && server->n_unlinks)
		return server->unlinks[which % server->n_unlinks % SERVER_URBS];
	return which & 15u;
}

static void hostile_ret(struct world *w, struct fuzz_input *input)
{
	static const int32_t statuses[] = {0,  -EPIPE,	    -ETIMEDOUT, -ENODEV,  -ESHUTDOWN,
					   -5, -ECONNRESET, 1,		INT32_MIN};
	uint8_t what = fuzz_u8(input), which = fuzz_u8(input);
	uint32_t seqnum = some_seqnum(w, which);
	struct server_urb *urb = server_urb(&w->server, seqnum);
	int32_t status = statuses[what / 4 % (sizeof(statuses) / sizeof(statuses[0]))];
	uint8_t data[256];
	size_t len = what & 1 ? fuzz_u8(input) : urb ? urb->len : 0;

	if (len > sizeof(data))
		len = sizeof(data);
	fuzz_bytes(input, data, len);
	if (urb)
		urb->open = false;
	server_ret(&w->server, what & 2 ? 4 : 3, seqnum, status, what & 2 ? NULL : data, len);
}

static void server_op(struct world *w, struct fuzz_input *input)
{
	uint8_t buf[64];
	size_t len;

	switch (fuzz_u8(input) % 10) {
	case 0:
	case 1:
		server_answer(&w->server);
		break;
	case 2:
		for (uint8_t n = fuzz_u8(input) % 64; n > 0 && server_answer(&w->server); n--) {
			server_flush(&w->server, SERVER_OUT);
			loop_settle(w->event);
			server_read(&w->server);
		}
		break;
	case 3:
		server_answer_unlink(&w->server);
		break;
	case 4:
		hostile_ret(w, input);
		break;
	case 5:
		len = fuzz_bytes(input, buf, fuzz_u8(input) % (sizeof(buf) + 1));
		server_queue(&w->server, buf, len);
		break;
	case 6:
		w->server.deaf = !w->server.deaf;
		w->server.was_deaf = true;
		break;
	case 7:
		server_close(&w->server);
		break;
	case 8:
		w->server.patch_type = fuzz_u8(input) % 4;
		w->server.patch_at = fuzz_u8(input) % 40;
		w->server.patch_value = fuzz_u8(input);
		break;
	case 9: /* only some of the bytes arrive */
		server_flush(&w->server, fuzz_u8(input));
		loop_settle(w->event);
		return;
	}
	server_flush(&w->server, SERVER_OUT);
}

/* ---- a run ---- */

static void look(const struct world *w)
{
	for (unsigned int i = 0; i < w->n_requests; i++)
		CHECK(w->requests[i].done || now_usec() <= w->requests[i].deadline_usec + 1000,
		      "request %u is still open %lu us after its time", i,
		      (unsigned long)(now_usec() - w->requests[i].deadline_usec));
}

static void pass(struct world *w, uint64_t ms)
{
	loop_pass(w->event, ms * USEC_PER_MSEC);
	server_read(&w->server);
	loop_settle(w->event);
	look(w);
}

/* As far as an honest server brings it, so that not every input has to find its way. */
static void come_online(struct world *w, uint8_t busid_end, uint8_t status)
{
	if (w->server.fd < 0)
		pass(w, 5001);
	server_read(&w->server);
	server_import_reply(&w->server, busid_end, status);
	do {
		server_flush(&w->server, SERVER_OUT);
		loop_settle(w->event);
		server_read(&w->server);
	} while (!w->online && server_answer(&w->server));
}

static void operate(struct world *w, struct fuzz_input *input)
{
	uint8_t op = fuzz_u8(input);

	switch (op % 8) {
	case 0:
	case 1:
	case 2:
		owner_op(w, op / 8, fuzz_u8(input));
		break;
	case 3:
	case 4:
		server_op(w, input);
		break;
	case 5:
		pass(w, op / 8 * 4ULL);
		break;
	case 6:
		w->callback_op = op / 8;
		break;
	case 7:
		if (op & 8)
			pass(w, 1000 + op * 16ULL);
		else if (!w->online)
			come_online(w, op & 16 ? fuzz_u8(input) : 0, op & 32 ? fuzz_u8(input) : 0);
		break;
	}
	server_read(&w->server);
	loop_settle(w->event);
	look(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct fuzz_input input = {data, size};
	struct usbip_url url;
	uint8_t kind;

	memset(&w, 0, sizeof(w));
	w.server.fd = -EBADF;
	server_now = &w.server;
	w.event = loop_new();
	CHECK(!usbip_url_parse(&url, "usbip://127.0.0.1:1/1-1"), "url");
	CHECK(!host_usbip_new(&w.host, w.event, &url, &owner_callbacks, &w), "no host");
	loop_settle(w.event);
	kind = fuzz_u8(&input);
	if (kind & 1) {
		come_online(&w, 0, 0);
		CHECK(w.online, "an honest pen does not come online");
	}
	for (unsigned int n = 0; input.left && n < OPERATIONS_MAX; n++)
		operate(&w, &input);
	w.host = host_free(w.host);
	w.freed = true;
	loop_free(w.event);
	server_close(&w.server);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	log_set_level(LOG_EMERG);
	return 0;
}
