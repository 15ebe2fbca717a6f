// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/host_owner.h"

#include <errno.h>
#include <string.h>

#include "driver/base/clock.h"
#include "driver/proto/records.h"
#include "tests/fuzz/fuzz.h"

/* ---- what the owner hears ---- */

static void from_callback(struct world *w)
{
	uint8_t op = w->callback_op;

	CHECK(!w->freed, "a callback after host_free()");
	w->callback_op = 0;
	if (op)
		owner_op(w, op, op);
}

static void on_online(struct host *host, void *userdata, const struct host_identity *identity)
{
	struct world *w = userdata;

	CHECK(!w->online, "online twice");
	CHECK(mnpen_serial_valid(identity->serial), "serial \"%s\"", identity->serial);
	CHECK(identity->vendor_id == 0x1209 && identity->product_id == 1, "another device");
	w->online = true;
	w->streaming = false;
	from_callback(w);
}

static void on_offline(struct host *host, void *userdata, int error)
{
	struct world *w = userdata;

	CHECK(error < 0, "offline for %d", error);
	for (unsigned int i = 0; i < w->n_requests; i++)
		CHECK(w->requests[i].done || &w->requests[i] == w->calling,
		      "offline before the end of request %u", i);
	CHECK(!w->resetting || error == -ECONNRESET, "reset, and offline for %d", error);
	w->online = w->streaming = w->resetting = false;
	from_callback(w);
}

static void on_packet(struct host *host, void *userdata, const uint8_t *buf, size_t len,
		      uint64_t rx_usec)
{
	struct world *w = userdata;
	uint8_t sum = 0;

	CHECK(w->online && !w->resetting, "a packet of a pen that is not there");
	CHECK(w->streaming, "a packet of a stream that is off");
	CHECK(len <= USB_PACKET_MAX, "a packet of %zu bytes", len);
	CHECK(rx_usec == now_usec(), "a packet of another time");
	for (size_t i = 0; i < len; i++) /* every byte must be readable */
		sum = (uint8_t)(sum + buf[i]);
	w->heard++;
	if (sum != 1 || w->callback_op)
		from_callback(w);
}

static void on_drained(struct host *host, void *userdata)
{
	struct world *w = userdata;

	CHECK(w->heard, "drained of nothing");
	w->heard = 0;
	from_callback(w);
}

const struct host_callbacks owner_callbacks = {
	.online = on_online,
	.offline = on_offline,
	.packet = on_packet,
	.drained = on_drained,
};

static void on_done(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct request *request = userdata;
	struct world *w = request->world;

	CHECK(request != w->calling, "done from inside the call");
	CHECK(++request->done == 1, "done a second time");
	CHECK(result == 0 || result == -EPIPE || result == -ETIMEDOUT || result == -ECANCELED ||
		      result == -ENODEV || result == -EPROTO,
	      "result %d", result);
	if (request->control && request->in && result == 0) {
		CHECK(data && len == request->len, "%zu bytes, %u were asked for", len,
		      request->len);
		CHECK(memchr(data, data[len - 1], len), "unreadable");
	}
	if (result == 0)
		CHECK(w->online || w->resetting, "success without a pen");
	from_callback(w);
}

/* ---- what the owner does ---- */

static struct request *begin(struct world *w, unsigned int ms)
{
	struct request *request;

	if (w->n_requests == REQUESTS || w->calling)
		return NULL;
	request = &w->requests[w->n_requests++];
	*request = (struct request){.world = w, .deadline_usec = now_usec() + ms * USEC_PER_MSEC};
	w->calling = request;
	return request;
}

static void end(struct world *w, struct request *request, int r)
{
	w->calling = NULL;
	/* The other way round it may: the connection broke, and offline() is to come. */
	CHECK(r == -ENOTCONN || (w->online && !w->resetting), "%d of a pen that is not there", r);
	if (r < 0)
		request->done = 1; /* refused: nothing more is heard of it */
}

static bool open_control(const struct world *w)
{
	for (unsigned int i = 0; i < w->n_requests; i++)
		if (!w->requests[i].done && &w->requests[i] != w->calling)
			return true;
	return false;
}

static void do_control(struct world *w, uint8_t value)
{
	struct host_control control = {
		.request = (enum mnpen_request)(value % 12),
		.in = value & 16,
		.len = (uint16_t)(1 + value % 64),
		.timeout_ms = value & 32 ? HOST_SETUP_TIMEOUT_MS : 0,
	};
	struct request *request =
		begin(w, control.timeout_ms ? control.timeout_ms : HOST_CONTROL_TIMEOUT_MS);
	bool busy = open_control(w);
	int r;

	if (!request)
		return;
	request->control = true;
	request->in = control.in;
	request->len = control.len;
	r = host_control(w->host, &control, on_done, request);
	end(w, request, r);
	CHECK(r < 0 || !busy, "two requests on EP0");
}

static void do_stop(struct world *w, uint8_t value)
{
	struct request *request = begin(w, HOST_CONTROL_TIMEOUT_MS);
	unsigned int before;
	int r;

	if (!request)
		return;
	server_read(&w->server);
	before = w->server.stops;
	r = host_stop(w->host, value, on_done, request);
	end(w, request, r);
	if (r < 0 || w->server.deaf || w->server.fd < 0)
		return;
	server_read(&w->server);
	CHECK(w->server.stops > before || w->server.fd < 0, "STOP did not go out at once");
}

static void do_alt(struct world *w, uint8_t value)
{
	struct request *request =
		begin(w, value & 4 ? HOST_SETUP_TIMEOUT_MS : HOST_CONTROL_TIMEOUT_MS);
	int r;

	if (!request)
		return;
	r = host_set_alt(w->host, value & 1, value & 4 ? HOST_SETUP_TIMEOUT_MS : 0, on_done,
			 request);
	end(w, request, r);
	if (r == 0)
		w->streaming = false;
}

void owner_op(struct world *w, uint8_t op, uint8_t value)
{
	int r;

	switch (op % 6) {
	case 1:
		do_control(w, value);
		break;
	case 2:
		do_stop(w, value);
		break;
	case 3:
		do_alt(w, value);
		break;
	case 4:
		r = host_stream(w->host, value & 1);
		CHECK(r == -ENOTCONN || (w->online && !w->resetting), "host_stream: %d", r);
		if (r == 0)
			w->streaming = value & 1;
		break;
	case 5:
		if (value % 4)
			do_control(w, value);
		else if (host_reset(w->host) == 0)
			w->resetting = true;
		break;
	}
}
