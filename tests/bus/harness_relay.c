// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "tests/bus/harness_host.h"

#define PAIRS_MAX 8
#define CHUNK_MAX 32768
#define PCAP_MAGIC_NSEC 0xa1b23c4du
#define PCAP_RAW_IP 101
#define FIRST_CLIENT_PORT 40000
#define IP_HEADER 20
#define TCP_HEADER 20
#define SEQNUMS 65536
#define OP_REQ_DEVLIST 0x01118005
#define OP_REP_DEVLIST 0x01110005
#define OP_REQ_IMPORT 0x01118003
#define OP_REP_IMPORT 0x01110003
#define DAMAGE_AFTER 20 /* replies that are left as they are */

enum tcp_flag {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
};

/* Of a pair the host's side is 0 and the pen's side 1. */
struct pair {
	int fd[2];	 /* -EBADF = free */
	uint32_t seq[2]; /* of the next byte from that side */
	uint16_t client_port;
	bool in[SEQNUMS]; /* whether the reply to a request brings data */
};

struct relay {
	pthread_t thread;
	int listen_fd, stop_fd;
	uint16_t port;
	char *target;
	FILE *capture;
	unsigned int connections, replies;
	bool damage;
	struct pair pairs[PAIRS_MAX];
};

/* ---- the capture ---- */

static void put16(uint8_t *p, unsigned int value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static void write_all(struct relay *relay, const void *data, size_t len)
{
	/* A capture that is cut short is found by who reads it. */
	if (fwrite(data, 1, len, relay->capture) != len)
		perror("relay: capture");
}

static void record(struct relay *relay, struct pair *pair, unsigned int from, unsigned int flags,
		   const uint8_t *data, size_t len)
{
	uint8_t packet[IP_HEADER + TCP_HEADER] = {0x45};
	uint8_t *tcp = packet + IP_HEADER;
	uint32_t size = (uint32_t)(sizeof(packet) + len);
	struct timespec now;
	uint32_t head[4];

	clock_gettime(CLOCK_REALTIME, &now);
	head[0] = (uint32_t)now.tv_sec;
	head[1] = (uint32_t)now.tv_nsec;
	head[2] = head[3] = size;
	write_all(relay, head, sizeof(head));
	put16(packet + 2, size);
	packet[8] = 64;
	packet[9] = IPPROTO_TCP;
	host_put32(packet + 12, INADDR_LOOPBACK + from);
	host_put32(packet + 16, INADDR_LOOPBACK + 1 - from);
	put16(tcp, from == 0 ? pair->client_port : RELAY_PORT);
	put16(tcp + 2, from == 0 ? RELAY_PORT : pair->client_port);
	host_put32(tcp + 4, pair->seq[from]);
	host_put32(tcp + 8, flags & TCP_ACK ? pair->seq[1 - from] : 0);
	tcp[12] = TCP_HEADER / 4 << 4;
	tcp[13] = (uint8_t)flags;
	put16(tcp + 14, 0xffff);
	write_all(relay, packet, sizeof(packet));
	write_all(relay, data, len);
	pair->seq[from] += (uint32_t)len + (flags & (TCP_SYN | TCP_FIN) ? 1 : 0);
}

static const uint8_t none[1];

/* ---- messages, by hand from the kernel's document ---- */

static size_t request_size(struct pair *pair, const uint8_t *data)
{
	bool in;

	if (host_get32(data) == OP_REQ_IMPORT)
		return 40;
	if (host_get32(data) == OP_REQ_DEVLIST)
		return HOST_OP;
	if (host_get32(data) != HOST_SUBMIT)
		return HOST_HEADER;
	in = host_get32(data + 12) == 1;
	pair->in[host_get32(data + 4) % SEQNUMS] = in;
	return HOST_HEADER + (in ? 0 : host_get32(data + 24));
}

static size_t reply_size(const struct pair *pair, const uint8_t *data, size_t len)
{
	if (host_get32(data) == OP_REP_IMPORT)
		return host_get32(data + 4) ? HOST_OP : HOST_OP + HOST_DEVICE;
	if (host_get32(data) == OP_REP_DEVLIST)
		return len; /* nothing follows it */
	if (host_get32(data) != HOST_RET_SUBMIT)
		return HOST_HEADER;
	return HOST_HEADER + (pair->in[host_get32(data + 4) % SEQNUMS] ? host_get32(data + 24) : 0);
}

static void record_data(struct relay *relay, struct pair *pair, unsigned int from, uint8_t *data,
			size_t len)
{
	while (len > 0) {
		bool whole = len >= HOST_HEADER || (from == 0 && len >= HOST_OP);
		size_t size = len;

		if (whole)
			size = from == 0 ? request_size(pair, data) : reply_size(pair, data, len);
		size = MIN(size, len);
		if (relay->damage && from == 1 && whole && host_get32(data) == HOST_RET_SUBMIT &&
		    ++relay->replies == DAMAGE_AFTER)
			host_put32(data, HOST_RET_UNLINK + 5);
		record(relay, pair, from, TCP_PSH | TCP_ACK, data, size);
		data += size;
		len -= size;
	}
}

/* ---- passing on ---- */

static int connect_to(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static void take_connection(struct relay *relay)
{
	struct sockaddr_in peer;
	socklen_t peer_len = sizeof(peer);
	_cleanup_close_ int fd =
		accept4(relay->listen_fd, (struct sockaddr *)&peer, &peer_len, SOCK_CLOEXEC);
	struct pair *pair = relay->pairs;
	int pen;

	while (pair < relay->pairs + PAIRS_MAX && pair->fd[0] >= 0)
		pair++;
	if (fd < 0 || pair == relay->pairs + PAIRS_MAX)
		return;
	pen = connect_to(relay->target);
	if (pen < 0)
		return;
	pair->fd[0] = TAKE_FD(fd);
	pair->fd[1] = pen;
	pair->seq[0] = 1000;
	pair->seq[1] = 2000;
	pair->client_port = (uint16_t)(FIRST_CLIENT_PORT + relay->connections++);
	record(relay, pair, 0, TCP_SYN, none, 0);
	record(relay, pair, 1, TCP_SYN | TCP_ACK, none, 0);
	record(relay, pair, 0, TCP_ACK, none, 0);
}

static void end_pair(struct relay *relay, struct pair *pair, unsigned int from)
{
	record(relay, pair, from, TCP_FIN | TCP_ACK, none, 0);
	record(relay, pair, 1 - from, TCP_FIN | TCP_ACK, none, 0);
	record(relay, pair, from, TCP_ACK, none, 0);
	pair->fd[0] = close_fd(pair->fd[0]);
	pair->fd[1] = close_fd(pair->fd[1]);
}

static void pass_on(struct relay *relay, struct pair *pair, unsigned int from)
{
	uint8_t data[CHUNK_MAX];
	ssize_t len = recv(pair->fd[from], data, sizeof(data), 0);

	/* Both sides read all the time, so that nothing waits here for long. */
	if (len <= 0 || send(pair->fd[1 - from], data, (size_t)len, MSG_NOSIGNAL) != len)
		end_pair(relay, pair, from);
	else
		record_data(relay, pair, from, data, (size_t)len);
}

static void *run(void *userdata)
{
	struct relay *relay = userdata;

	for (;;) {
		struct pollfd fds[2 + 2 * PAIRS_MAX] = {
			{.fd = relay->stop_fd, .events = POLLIN},
			{.fd = relay->listen_fd, .events = POLLIN},
		};

		for (size_t i = 0; i < 2 * PAIRS_MAX; i++)
			fds[2 + i] = (struct pollfd){.fd = relay->pairs[i / 2].fd[i % 2],
						     .events = POLLIN};
		if (poll(fds, ELEMENTSOF(fds), -1) < 0)
			continue;
		for (size_t i = 0; i < 2 * PAIRS_MAX; i++)
			if (fds[2 + i].revents && relay->pairs[i / 2].fd[i % 2] >= 0)
				pass_on(relay, &relay->pairs[i / 2], i % 2);
		if (fds[1].revents)
			take_connection(relay);
		if (fds[0].revents)
			return NULL;
	}
}

struct relay *relay_new(const char *port, const char *capture, bool damage)
{
	static const uint32_t head[] = {PCAP_MAGIC_NSEC, 2 | 4 << 16, 0, 0, 65535, PCAP_RAW_IP};
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	struct relay *relay = calloc(1, sizeof(*relay));

	assert_non_null(relay);
	relay->damage = damage;
	relay->target = strdup(port);
	relay->capture = fopen(capture, "we");
	assert_non_null(relay->capture);
	write_all(relay, head, sizeof(head));
	for (size_t i = 0; i < PAIRS_MAX; i++)
		relay->pairs[i].fd[0] = relay->pairs[i].fd[1] = -EBADF;
	relay->stop_fd = eventfd(0, EFD_CLOEXEC);
	relay->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(relay->stop_fd >= 0 && relay->listen_fd >= 0);
	assert_int_equal(bind(relay->listen_fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(relay->listen_fd, PAIRS_MAX), 0);
	assert_int_equal(getsockname(relay->listen_fd, (struct sockaddr *)&address, &len), 0);
	relay->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&relay->thread, NULL, run, relay), 0);
	return relay;
}

uint16_t relay_port(const struct relay *relay)
{
	return relay->port;
}

struct relay *relay_free(struct relay *relay)
{
	if (!relay)
		return NULL;
	assert_int_equal(eventfd_write(relay->stop_fd, 1), 0);
	assert_int_equal(pthread_join(relay->thread, NULL), 0);
	for (size_t i = 0; i < PAIRS_MAX; i++)
		if (relay->pairs[i].fd[0] >= 0)
			end_pair(relay, &relay->pairs[i], 0);
	close_fd(relay->listen_fd);
	close_fd(relay->stop_fd);
	fclose(relay->capture);
	free(relay->target);
	free(relay);
	return NULL;
}
