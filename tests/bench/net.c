// SPDX-License-Identifier: GPL-2.0-only
/* TCP on loopback, blocking. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"

static int new_socket(void)
{
	return bench_check_errno(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
}

static void no_delay(int fd)
{
	int on = 1;

	bench_check_errno(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
}

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

int bench_listen(uint16_t *ret_port)
{
	struct sockaddr_in address = loopback(0);
	socklen_t len = sizeof(address);
	int fd = new_socket();

	bench_check_errno(bind(fd, (struct sockaddr *)&address, len), "bind");
	bench_check_errno(listen(fd, 1), "listen");
	bench_check_errno(getsockname(fd, (struct sockaddr *)&address, &len), "getsockname");
	*ret_port = ntohs(address.sin_port);
	return fd;
}

int bench_accept(int listener)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	int fd = accept4(listener, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);

	no_delay(bench_check_errno(fd, "accept"));
	return fd;
}

int bench_connect(uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	int fd = new_socket();

	bench_check_errno(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
	no_delay(fd);
	return fd;
}

void bench_send_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0)
			bench_die("send", -errno);
		at += n;
		len -= (size_t)n;
	}
}

void bench_recv_all(int fd, void *data, size_t len)
{
	char *at = data;

	while (len) {
		ssize_t n = recv(fd, at, len, 0);

		if (n <= 0)
			bench_die("recv", n < 0 ? -errno : -ECONNRESET);
		at += n;
		len -= (size_t)n;
	}
}
