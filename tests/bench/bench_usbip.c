// SPDX-License-Identifier: GPL-2.0-only
/*
 * USB/IP round trips a second: GET_STATUS (48 bytes in) at depth 1, 4 and 16 against mnpen-gadget,
 * and the same client against a bare server that sends as many bytes for as many.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/usbip_wire.h"
#include "driver/proto/proto.h"
#include "tests/bench/bench.h"
#include "tests/bus/harness_process.h"

#define BUSID "1-1"
#define ROUNDS 5
#define ROUND_NS 200000000ULL
#define WARM_UP_NS 50000000ULL
#define DEPTH_MAX 16
#define REPLY_SIZE (USBIP_HEADER_SIZE + MNPEN_SAMPLE_SIZE)
#define BUFFER_SIZE 16384

#define START_MS 5000
#define REQUEST_SET_CONFIGURATION 9

struct client {
	int fd;
	uint32_t devid;
	uint32_t seqnum;
	size_t fill;
	uint8_t in[BUFFER_SIZE];
};

/* ---- the client ---- */

static void submit(struct client *client, size_t count)
{
	uint8_t out[DEPTH_MAX][USBIP_HEADER_SIZE];
	struct usbip_submit control = {
		.devid = client->devid,
		.in = true,
		.len = MNPEN_SAMPLE_SIZE,
		.setup = {.request_type = MNPEN_REQTYPE_IN,
			  .request = MNPEN_REQ_GET_STATUS,
			  .length = MNPEN_SAMPLE_SIZE},
	};

	for (size_t i = 0; i < count; i++) {
		control.seqnum = ++client->seqnum;
		usbip_submit_encode(out[i], &control);
	}
	bench_send_all(client->fd, out, count * USBIP_HEADER_SIZE);
}

/* Waits for whatever comes. Return: whole replies. */
static size_t collect(struct client *client)
{
	ssize_t n = recv(client->fd, client->in + client->fill, BUFFER_SIZE - client->fill, 0);
	size_t count, rest;

	if (n <= 0)
		bench_die("the server left", n < 0 ? -errno : -ECONNRESET);
	client->fill += (size_t)n;
	count = client->fill / REPLY_SIZE;
	for (size_t i = 0; i < count; i++) {
		struct usbip_reply reply;

		if (usbip_reply_decode(&reply, client->in + i * REPLY_SIZE) < 0 ||
		    reply.command != USBIP_RET_SUBMIT || reply.status != 0 ||
		    reply.actual_len != MNPEN_SAMPLE_SIZE)
			bench_die("the server refused GET_STATUS", -EPROTO);
	}
	rest = client->fill - count * REPLY_SIZE;
	memmove(client->in, client->in + count * REPLY_SIZE, rest);
	client->fill = rest;
	return count;
}

static double round_trips(struct client *client, size_t depth, uint64_t duration_ns)
{
	uint64_t start = now_monotonic_ns(), end = start + duration_ns, now = start;
	size_t done = 0, waiting = depth;

	submit(client, depth);
	while (now < end) {
		size_t count = collect(client);

		submit(client, count);
		done += count;
		now = now_monotonic_ns();
	}
	while (waiting)
		waiting -= collect(client);
	return (double)done * 1e9 / (double)(now - start);
}

/* ---- the bare server: bytes for bytes ---- */

static _Noreturn void serve(void *userdata)
{
	static const struct usbip_reply reply = {
		.command = USBIP_RET_SUBMIT,
		.actual_len = MNPEN_SAMPLE_SIZE,
	};
	static uint8_t in[BUFFER_SIZE], out[BUFFER_SIZE / USBIP_HEADER_SIZE * REPLY_SIZE];
	int fd = bench_accept(*(int *)userdata);
	size_t fill = 0;

	for (size_t i = 0; i < sizeof(out); i += REPLY_SIZE) {
		out[i + 3] = (uint8_t)reply.command;
		out[i + 27] = (uint8_t)reply.actual_len;
	}
	for (;;) {
		ssize_t n = recv(fd, in + fill, sizeof(in) - fill, 0);
		size_t count;

		if (n <= 0)
			_exit(EXIT_SUCCESS);
		fill += (size_t)n;
		count = fill / USBIP_HEADER_SIZE;
		bench_send_all(fd, out, count * REPLY_SIZE);
		fill -= count * USBIP_HEADER_SIZE;
		memmove(in, in + count * USBIP_HEADER_SIZE, fill);
	}
}

/* ---- the pen ---- */

static uint16_t start_gadget(struct process *gadget)
{
	const char *argv[] = {program("mnpen-gadget"), "--listen", "127.0.0.1:0", NULL};
	_cleanup_free_ char *port = NULL;

	process_start(gadget, bench_dir(), "gadget", argv, NULL);
	port = process_await_log(gadget, "listening on 127.0.0.1:", START_MS);
	if (port)
		return (uint16_t)strtoul(port, NULL, 10);
	bench_die("mnpen-gadget did not come up", 0);
}

static void import(struct client *client)
{
	uint8_t request[USBIP_REQ_IMPORT_SIZE], reply[USBIP_REP_IMPORT_SIZE];
	struct usbip_import import;

	usbip_import_encode(request, BUSID);
	bench_send_all(client->fd, request, sizeof(request));
	bench_recv_all(client->fd, reply, sizeof(reply));
	bench_check(usbip_import_decode(&import, reply, sizeof(reply), BUSID), "import");
	client->devid = import.devid;
}

/* A pen that nobody configured refuses whatever goes to an interface. */
static void configure(struct client *client)
{
	uint8_t buf[USBIP_HEADER_SIZE];
	struct usbip_reply reply;

	usbip_submit_encode(buf,
			    &(struct usbip_submit){
				    .seqnum = ++client->seqnum,
				    .devid = client->devid,
				    .setup = {.request = REQUEST_SET_CONFIGURATION, .value = 1},
			    });
	bench_send_all(client->fd, buf, sizeof(buf));
	bench_recv_all(client->fd, buf, sizeof(buf));
	if (usbip_reply_decode(&reply, buf) < 0 || reply.status != 0)
		bench_die("SET_CONFIGURATION was refused", -EPROTO);
}

static void compare(struct client *ours, struct client *bare, size_t depth)
{
	struct bench_series a = {.n = 0}, b = {.n = 0};
	char what[32];

	round_trips(ours, depth, WARM_UP_NS);
	round_trips(bare, depth, WARM_UP_NS);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		bench_add(&a, round_trips(ours, depth, ROUND_NS));
		bench_add(&b, round_trips(bare, depth, ROUND_NS));
	}
	snprintf(what, sizeof(what), "depth %zu", depth);
	bench_row(what, "/s", &a, &b);
}

int main(void)
{
	static const size_t depths[] = {1, 4, DEPTH_MAX};
	static struct client ours, bare;
	struct process gadget = {0};
	uint16_t port;
	int listener;
	pid_t server;

	bench_one_processor();
	listener = bench_listen(&port);
	server = bench_fork(serve, &listener);
	bare.fd = bench_connect(port);
	ours.fd = bench_connect(start_gadget(&gadget));
	import(&ours);
	configure(&ours);

	bench_title("USB/IP round trips: GET_STATUS, 48 bytes in",
		    "mnpen-gadget : a server that answers 96 bytes for 48 and knows nothing; "
		    "higher is better");
	for (size_t i = 0; i < ELEMENTSOF(depths); i++)
		compare(&ours, &bare, depths[i]);

	close(ours.fd);
	close(bare.fd);
	close(listener);
	bench_end(server);
	process_kill(&gadget, SIGTERM);
	if (process_wait(&gadget, START_MS) != 0)
		bench_die("mnpen-gadget did not end well", 0);
	return EXIT_SUCCESS;
}
