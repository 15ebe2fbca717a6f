// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_host.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/harness_process.h"

#define ANSWER_S 10

void host_put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
}

uint32_t host_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int host_connect(const char *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval patience = {.tv_sec = ANSWER_S * time_scale()};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int one = 1;

	assert_true(fd >= 0);
	address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		fail_msg("connect to port %s: %s", port, strerror(errno));
	return fd;
}

void host_send(int fd, const void *data, size_t len)
{
	ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

	if (n != (ssize_t)len)
		fail_msg("sent %zd of %zu bytes: %s", n, len, strerror(errno));
}

void host_read(int fd, void *data, size_t len)
{
	ssize_t n =
		len ? recv(fd, data, len, MSG_WAITALL) : 0; /* the kernel waits even for nothing */

	if (n != (ssize_t)len)
		fail_msg("got %zd of %zu bytes: %s", n, len, n < 0 ? strerror(errno) : "the end");
}

void host_await_end(int fd)
{
	char sink[4096];
	ssize_t n;

	do {
		n = recv(fd, sink, sizeof(sink), 0);
	} while (n > 0);
	if (n < 0 && errno != ECONNRESET)
		fail_msg("the server has not closed: %s", strerror(errno));
}

void host_drop(int fd)
{
	const struct linger at_once = {.l_onoff = 1};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	close(fd);
}

void host_ask_import(int fd, unsigned int number)
{
	uint8_t op[40] = {0x01, 0x11, 0x80, 0x03};

	snprintf((char *)op + 8, 32, "1-%u", number);
	host_send(fd, op, sizeof(op));
}

uint32_t host_import(const char *port, unsigned int number, int *ret_fd)
{
	uint8_t reply[HOST_OP + HOST_DEVICE];
	int fd = host_connect(port);
	uint32_t status;

	host_ask_import(fd, number);
	host_read(fd, reply, HOST_OP);
	assert_memory_equal(reply, ((uint8_t[]){0x01, 0x11, 0x00, 0x03}), 4);
	status = host_get32(reply + 4);
	if (status) {
		host_drop(fd);
		return status;
	}
	host_read(fd, reply + HOST_OP, HOST_DEVICE);
	*ret_fd = fd;
	return 0;
}

void host_make_submit(uint8_t buf[HOST_HEADER], unsigned int number, uint32_t seqnum, bool in,
		      uint32_t endpoint, uint32_t length, const uint8_t *setup)
{
	memset(buf, 0, HOST_HEADER);
	host_put32(buf, HOST_SUBMIT);
	host_put32(buf + 4, seqnum);
	host_put32(buf + 8, 1u << 16 | (number + 1));
	host_put32(buf + 12, in);
	host_put32(buf + 16, endpoint);
	host_put32(buf + 24, length);
	if (setup)
		memcpy(buf + 40, setup, 8);
}

static int read_ret(int fd, uint32_t seqnum, uint32_t *ret_actual)
{
	uint8_t buf[HOST_HEADER];

	host_read(fd, buf, sizeof(buf));
	assert_int_equal(host_get32(buf), HOST_RET_SUBMIT);
	assert_int_equal(host_get32(buf + 4), seqnum);
	*ret_actual = host_get32(buf + 24);
	return (int)host_get32(buf + 20);
}

int host_control_in(int fd, unsigned int number, uint32_t seqnum, const uint8_t setup[8],
		    uint8_t *data, size_t len)
{
	uint8_t buf[HOST_HEADER];
	uint32_t actual;
	int status;

	host_make_submit(buf, number, seqnum, true, 0, (uint32_t)len, setup);
	host_send(fd, buf, sizeof(buf));
	status = read_ret(fd, seqnum, &actual);
	assert_true(actual <= len);
	host_read(fd, data, actual);
	return status ? status : (int)actual;
}

int host_control_out(int fd, unsigned int number, uint32_t seqnum, const uint8_t setup[8])
{
	uint8_t buf[HOST_HEADER];
	uint32_t actual;

	host_make_submit(buf, number, seqnum, false, 0, 0, setup);
	host_send(fd, buf, sizeof(buf));
	return read_ret(fd, seqnum, &actual);
}

unsigned int host_count_fds(int pid)
{
	unsigned int count = 0;
	char path[32];
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

unsigned long host_rss_kb(int pid)
{
	unsigned long size, resident;
	char path[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &size, &resident), 2);
	fclose(file);
	return resident * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

int host_attach(const char *port, unsigned int number)
{
	int fd = -EBADF;

	assert_int_equal(host_import(port, number, &fd), 0);
	return fd;
}

void host_ask_status(int fd, unsigned int number, uint32_t seqnum, uint8_t sample[48])
{
	static const uint8_t get_status[8] = {0xa1, 0x02, 0, 0, 0, 0, 48, 0};

	assert_int_equal(host_control_in(fd, number, seqnum, get_status, sample, 48), 48);
}

void host_await_fds(int pid, unsigned int count)
{
	uint64_t end = usec_after_ms(ANSWER_S * 1000);

	while (host_count_fds(pid) > count) {
		if (now_usec() > end)
			fail_msg("%u descriptors instead of %u", host_count_fds(pid), count);
		sleep_ms(5);
	}
}
