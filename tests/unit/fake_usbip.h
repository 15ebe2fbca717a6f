/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A USB/IP server for tests of the transport: the test plays the server by hand, byte by byte, on
 * the same thread. Whenever the server waits for bytes, the transport's loop runs.
 */
#ifndef MNPEN_TESTS_FAKE_USBIP_H
#define MNPEN_TESTS_FAKE_USBIP_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "driver/host/usbip_conn.h"

#define FAKE_CONFIG_VALUE 7
#define FAKE_ENDPOINT 0x83
#define FAKE_INTERVAL_OFFSET 33
#define FAKE_DEVID 0x00030102u
#define FAKE_LOG 64

static const uint8_t fake_device[18] = {
	18, 1, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x00, 0x01, 1, 2, 3, 1,
};
static const uint8_t fake_config[34] = {
	9,    2,    34,
	0,    1,    FAKE_CONFIG_VALUE,
	0,    0x80, 50, /* configuration */
	9,    4,    0,
	0,    0,    0xff,
	0x4d, 0x01, 0, /* interface 0, alt 0 */
	9,    4,    0,
	1,    1,    0xff,
	0x4d, 0x01, 0, /* interface 0, alt 1 */
	7,    5,    FAKE_ENDPOINT,
	3,    64,   0,
	1,
};
static const uint8_t fake_langid[4] = {4, 3, 0x09, 0x04};
static const uint8_t fake_manufacturer[6] = {6, 3, 'M', 0, 'k', 0};
static const uint8_t fake_product[6] = {6, 3, 'P', 0, 'n', 0};
static const uint8_t fake_serial[14] = {14, 3, 'P', 0, 'E', 0, 'N', 0, '-', 0, '0', 0, '1', 0};

/* What the owner of the pen heard, in order. */
enum fake_heard {
	HEARD_NOTHING,
	HEARD_ONLINE,
	HEARD_OFFLINE,
	HEARD_PACKET,
	HEARD_DRAINED,
	HEARD_DONE,
};

struct fake {
	sd_event *event;
	struct host *host;
	int listen_fd;
	int fd;
	struct {
		enum fake_heard what;
		int value; /* error, result, or the packet's first byte */
		size_t len;
	} heard[FAKE_LOG];
	size_t n_heard;
	size_t n_checked;
	void (*on_packet)(struct fake *f); /* called from inside packet(); may be NULL */
	void (*on_done)(struct fake *f);   /* likewise */
};

static inline void fake_hear(struct fake *f, enum fake_heard what, int value, size_t len)
{
	/* A flood is counted, not kept. */
	if (f->n_heard < FAKE_LOG) {
		f->heard[f->n_heard].what = what;
		f->heard[f->n_heard].value = value;
		f->heard[f->n_heard].len = len;
	}
	f->n_heard++;
}

static inline void fake_on_online(struct host *host, void *userdata,
				  const struct host_identity *identity)
{
	assert_string_equal(identity->serial, "PEN-01");
	fake_hear(userdata, HEARD_ONLINE, 0, 0);
}

static inline void fake_on_offline(struct host *host, void *userdata, int error)
{
	fake_hear(userdata, HEARD_OFFLINE, error, 0);
}

static inline void fake_on_packet(struct host *host, void *userdata, const uint8_t *buf, size_t len,
				  uint64_t rx_usec)
{
	struct fake *f = userdata;

	assert_in_range(now_usec() - rx_usec, 0, USEC_PER_SEC);
	fake_hear(f, HEARD_PACKET, len ? buf[0] : -1, len);
	if (f->on_packet)
		f->on_packet(f);
}

static inline void fake_on_drained(struct host *host, void *userdata)
{
	fake_hear(userdata, HEARD_DRAINED, 0, 0);
}

/* The host_done of all tests; userdata is the fake. */
static inline void fake_done(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct fake *f = userdata;

	fake_hear(f, HEARD_DONE, result, len);
	if (f->on_done)
		f->on_done(f);
}

/* The next thing heard must be this one. */
static inline void fake_expect(struct fake *f, enum fake_heard what, int value)
{
	uint64_t end = now_usec() + 3 * USEC_PER_SEC;

	while (f->n_heard <= f->n_checked && now_usec() < end)
		assert_return_code(sd_event_run(f->event, 1000), 0);
	assert_in_range(f->n_heard, f->n_checked + 1, FAKE_LOG);
	assert_int_equal(f->heard[f->n_checked].what, what);
	assert_int_equal(f->heard[f->n_checked].value, value);
	f->n_checked++;
}

static inline void fake_run(struct fake *f, uint64_t ms)
{
	uint64_t end = now_usec() + ms * USEC_PER_MSEC;

	while (now_usec() < end)
		assert_return_code(sd_event_run(f->event, 1000), 0);
}

static inline void fake_expect_silence(struct fake *f)
{
	assert_int_equal(f->n_heard, f->n_checked);
}

static inline const struct host_callbacks *fake_callbacks(void)
{
	static const struct host_callbacks callbacks = {
		.online = fake_on_online,
		.offline = fake_on_offline,
		.packet = fake_on_packet,
		.drained = fake_on_drained,
	};

	return &callbacks;
}

static inline void fake_open(struct fake *f)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(in);
	struct usbip_url url;
	char text[64];

	*f = (struct fake){.fd = -EBADF};
	log_set_level(LOG_EMERG); /* what goes wrong here is meant to */
	f->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_return_code(bind(f->listen_fd, (struct sockaddr *)&in, len), errno);
	assert_return_code(listen(f->listen_fd, 5), errno);
	assert_return_code(getsockname(f->listen_fd, (struct sockaddr *)&in, &len), errno);
	snprintf(text, sizeof(text), "usbip://127.0.0.1:%u/1-1", ntohs(in.sin_port));
	assert_int_equal(usbip_url_parse(&url, text), 0);
	assert_return_code(sd_event_new(&f->event), 0);
	assert_return_code(host_usbip_new(&f->host, f->event, &url, fake_callbacks(), f), 0);
}

static inline void fake_hang_up(struct fake *f)
{
	f->fd = close_fd(f->fd);
}

static inline void fake_close(struct fake *f)
{
	f->host = host_free(f->host);
	fake_hang_up(f);
	close_fd(f->listen_fd);
	f->event = sd_event_unref(f->event);
}

static inline void fake_accept(struct fake *f)
{
	uint64_t end = now_usec() + 6 * USEC_PER_SEC;

	fake_hang_up(f);
	while (f->fd < 0 && now_usec() < end) {
		/* cppcheck-suppress nullPointer ; both may be NULL */
		f->fd = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		if (f->fd < 0)
			assert_return_code(sd_event_run(f->event, 1000), 0);
	}
	assert_return_code(f->fd, errno);
}

static inline void fake_read(struct fake *f, uint8_t *buf, size_t len)
{
	uint64_t end = now_usec() + 3 * USEC_PER_SEC;
	size_t got = 0;

	while (got < len) {
		ssize_t r = recv(f->fd, buf + got, len - got, MSG_DONTWAIT);

		if (r > 0) {
			got += (size_t)r;
			continue;
		}
		assert_int_not_equal(r, 0);
		assert_int_equal(errno, EAGAIN);
		assert_true(now_usec() < end);
		assert_return_code(sd_event_run(f->event, 1000), 0);
	}
}

/* Bytes that the transport has sent, without letting its loop run. */
static inline size_t fake_read_now(struct fake *f, uint8_t *buf, size_t size)
{
	ssize_t r = recv(f->fd, buf, size, MSG_DONTWAIT);

	return r > 0 ? (size_t)r : 0;
}

static inline void fake_write(struct fake *f, const void *buf, size_t len)
{
	assert_int_equal(send(f->fd, buf, len, MSG_NOSIGNAL), len);
}

static inline void fake_put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static inline uint32_t fake_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t fake_seqnum(const uint8_t *pdu)
{
	return fake_get32(pdu + 4);
}

/* RET_SUBMIT (3) or RET_UNLINK (4); returns the size in @buf, 48 + @len. */
static inline size_t fake_reply(uint8_t *buf, uint32_t command, uint32_t seqnum, int status,
				const void *data, size_t len)
{
	memset(buf, 0, USBIP_HEADER_SIZE);
	fake_put32(buf, command);
	fake_put32(buf + 4, seqnum);
	fake_put32(buf + 20, (uint32_t)status);
	if (command == 3)
		fake_put32(buf + 24, (uint32_t)len);
	if (len > 0)
		memcpy(buf + USBIP_HEADER_SIZE, data, len);
	return USBIP_HEADER_SIZE + len;
}

static inline void fake_ret_submit(struct fake *f, uint32_t seqnum, int status, const void *data,
				   size_t len)
{
	uint8_t buf[USBIP_HEADER_SIZE + 1024] = {0};

	fake_write(f, buf, fake_reply(buf, 3, seqnum, status, data, len));
}

static inline void fake_ret_unlink(struct fake *f, uint32_t seqnum, int status)
{
	uint8_t buf[USBIP_HEADER_SIZE] = {0};

	fake_write(f, buf, fake_reply(buf, 4, seqnum, status, NULL, 0));
}

static inline void fake_read_import(struct fake *f)
{
	uint8_t buf[USBIP_REQ_IMPORT_SIZE];

	fake_read(f, buf, sizeof(buf));
	assert_string_equal((char *)buf + 8, "1-1");
}

/* Bus 3, device 0x102, full speed. */
static inline void fake_import_reply(uint8_t buf[USBIP_REP_IMPORT_SIZE])
{
	static const uint8_t head[8] = {0x01, 0x11, 0x00, 0x03};

	memset(buf, 0, USBIP_REP_IMPORT_SIZE);
	memcpy(buf, head, sizeof(head));
	memcpy(buf + 264, "1-1", 3);
	fake_put32(buf + 296, 3);
	fake_put32(buf + 300, 0x102);
	fake_put32(buf + 304, 2);
}

static inline void fake_import(struct fake *f)
{
	uint8_t buf[USBIP_REP_IMPORT_SIZE];

	fake_accept(f);
	fake_read_import(f);
	fake_import_reply(buf);
	fake_write(f, buf, sizeof(buf));
}

/* Answers one request of the enumeration; returns false for SET_CONFIGURATION. */
static inline bool fake_enumerate_one(struct fake *f)
{
	static const struct {
		const uint8_t *data;
		size_t len;
	} strings[] = {{fake_langid, sizeof(fake_langid)},
		       {fake_manufacturer, sizeof(fake_manufacturer)},
		       {fake_product, sizeof(fake_product)},
		       {fake_serial, sizeof(fake_serial)}};
	uint8_t pdu[USBIP_HEADER_SIZE];
	const uint8_t *setup = pdu + 40;
	size_t asked;

	fake_read(f, pdu, sizeof(pdu));
	assert_int_equal(fake_get32(pdu), 1);
	assert_int_equal(fake_get32(pdu + 8), FAKE_DEVID);
	assert_int_equal(fake_get32(pdu + 16), 0);
	asked = (size_t)(setup[6] | setup[7] << 8);
	if (setup[1] == 9) {
		assert_int_equal(setup[2], FAKE_CONFIG_VALUE);
		fake_ret_submit(f, fake_seqnum(pdu), 0, NULL, 0);
		return false;
	}
	assert_int_equal(setup[1], 6);
	if (setup[3] == 1) {
		fake_ret_submit(f, fake_seqnum(pdu), 0, fake_device, sizeof(fake_device));
	} else if (setup[3] == 2) {
		fake_ret_submit(f, fake_seqnum(pdu), 0, fake_config,
				MIN(asked, sizeof(fake_config)));
	} else {
		assert_in_range(setup[2], 0, 3);
		fake_ret_submit(f, fake_seqnum(pdu), 0, strings[setup[2]].data,
				strings[setup[2]].len);
	}
	return true;
}

static inline void fake_online(struct fake *f)
{
	fake_import(f);
	while (fake_enumerate_one(f))
		;
	fake_expect(f, HEARD_ONLINE, 0);
}

#endif
