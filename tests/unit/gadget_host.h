/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A USB/IP host over a socketpair, for the tests of the virtual pen's server. It writes and reads
 * raw bytes at offsets taken from the kernel's document, not through the server's own codec.
 */
#ifndef MNPEN_TEST_GADGET_HOST_H
#define MNPEN_TEST_GADGET_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/gadget/control/gadget.h"

#define HEADER 48
#define DEVID 0x10002u
#define SUBMIT 1u
#define UNLINK 2u
#define RET_SUBMIT 3u
#define RET_UNLINK 4u
#define NO_SETUP ((const uint8_t[8]){0})

static sd_event *event;
static struct gadget gadget;
static struct port *port;

static inline void be32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

static inline uint32_t from_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Lets the server do what it has to, for @ms. */
static inline void serve(unsigned int ms)
{
	uint64_t end_ns = now_monotonic_ns() + ms * 1000000ULL;

	do {
		assert_true(sd_event_run(event, 0) >= 0);
	} while (now_monotonic_ns() < end_ns);
	while (sd_event_run(event, 0) > 0)
		;
}

static inline int setup_gadget(void **state)
{
	const struct device_options options = {
		.speed = USB_SPEED_FULL, .seed = 0, .today_days = 20000};

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(gadget_init(&gadget, event, &options, "VPEN0001", 1), 0);
	port = &gadget.server->ports[0];
	serve(0);
	return 0;
}

static inline int teardown_gadget(void **state)
{
	gadget_done(&gadget);
	event = sd_event_unref(event);
	return 0;
}

static inline int connect_host(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	assert_int_equal(server_add(gadget.server, fds[0]), 0);
	return fds[1];
}

static inline void put(int fd, const uint8_t *data, size_t len)
{
	assert_int_equal(send(fd, data, len, MSG_NOSIGNAL), len);
	serve(0);
}

/* Bytes that have come, at most @size; 0 at the end of the stream; -EAGAIN when there are none. */
static inline ssize_t get(int fd, uint8_t *data, size_t size)
{
	ssize_t n;

	serve(0);
	n = recv(fd, data, size, MSG_DONTWAIT);
	return n < 0 ? -errno : n;
}

static inline void put_op(int fd, uint16_t version, uint16_t code, const char *busid)
{
	uint8_t op[40] = {(uint8_t)(version >> 8), (uint8_t)version, (uint8_t)(code >> 8),
			  (uint8_t)code};

	if (busid)
		memcpy(op + 8, busid, strlen(busid));
	put(fd, op, busid ? 40 : 8);
}

static inline int import_pen(void)
{
	uint8_t reply[320];
	int fd = connect_host();

	put_op(fd, 0x0111, 0x8003, "1-1");
	assert_int_equal(get(fd, reply, sizeof(reply)), 320);
	assert_int_equal(from_be32(reply + 4), 0);
	return fd;
}

static inline void make_submit(uint8_t buf[HEADER], uint32_t seqnum, uint32_t in, uint32_t endpoint,
			       uint32_t length, const uint8_t setup[8])
{
	memset(buf, 0, HEADER);
	be32(buf, SUBMIT);
	be32(buf + 4, seqnum);
	be32(buf + 8, DEVID);
	be32(buf + 12, in);
	be32(buf + 16, endpoint);
	be32(buf + 24, length);
	memcpy(buf + 40, setup, 8);
}

static inline void submit(int fd, uint32_t seqnum, uint32_t in, uint32_t endpoint, uint32_t length,
			  const uint8_t setup[8])
{
	uint8_t buf[HEADER];

	make_submit(buf, seqnum, in, endpoint, length, setup);
	put(fd, buf, sizeof(buf));
}

static inline void unlink_urb(int fd, uint32_t seqnum, uint32_t target)
{
	uint8_t buf[HEADER] = {0};

	be32(buf, UNLINK);
	be32(buf + 4, seqnum);
	be32(buf + 8, DEVID);
	be32(buf + 20, target);
	put(fd, buf, sizeof(buf));
}

/* The next answer that has come; its data, if any, is still to be read. */
static inline void expect_ret(int fd, uint32_t command, uint32_t seqnum, int status,
			      uint32_t actual)
{
	uint8_t buf[HEADER];

	assert_int_equal(get(fd, buf, HEADER), HEADER);
	assert_int_equal(from_be32(buf), command);
	assert_int_equal(from_be32(buf + 4), seqnum);
	assert_int_equal((int)from_be32(buf + 20), status);
	assert_int_equal(from_be32(buf + 24), actual);
	assert_int_equal(from_be32(buf + 32), 0); /* number_of_packets */
}

/* The next answer is a success with so much data. */
static inline void expect_data(int fd, uint32_t seqnum, uint8_t *data, uint32_t len)
{
	expect_ret(fd, RET_SUBMIT, seqnum, 0, len);
	assert_int_equal(get(fd, data, len), len);
}

static inline void expect_nothing(int fd)
{
	uint8_t byte;

	assert_int_equal(get(fd, &byte, 1), -EAGAIN);
}

static inline void expect_end(int fd)
{
	uint8_t byte;

	assert_int_equal(get(fd, &byte, 1), 0);
	close(fd);
}

static const uint8_t set_alt_1[8] = {0x01, 0x0b, 0x01, 0, 0, 0, 0, 0};
static const uint8_t get_status[8] = {0xa1, 0x02, 0, 0, 0, 0, 48, 0};
static const uint8_t set_stream[8] = {0x21, 0x08, 0, 0, 0, 0, 4, 0};

/* Alt 1 and a stream of 1 kHz; uses the seqnums 1 and 2. */
static inline void start_stream(int fd)
{
	uint8_t buf[HEADER + 4];

	submit(fd, 1, 0, 0, 0, set_alt_1);
	expect_ret(fd, RET_SUBMIT, 1, 0, 0);
	make_submit(buf, 2, 0, 0, 4, set_stream);
	memcpy(buf + HEADER, (uint8_t[]){0xe8, 0x03, 0, 0}, 4);
	put(fd, buf, sizeof(buf));
	expect_ret(fd, RET_SUBMIT, 2, 0, 4);
}

#endif
