// SPDX-License-Identifier: GPL-2.0-only
/* Listening sockets of the virtual pen that cannot accept for a while: neither deaf nor busy. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>

#include "tests/gadget/control/control.h"
#include "tests/unit/gadget_host.h"

static int refusal; /* errno of accept4(); 0: the real one */
static unsigned int refusals;

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __real_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
	if (!refusal)
		return __real_accept4(fd, address, len, flags);
	refusals++;
	errno = refusal;
	return -1;
}

static void begin_refusing(int error)
{
	refusal = error;
	refusals = 0;
}

/* Serves until something can be read from @fd; false when that takes too long. */
static bool answered(int fd)
{
	uint8_t byte;

	for (int i = 0; i < 300; i++) {
		if (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) > 0)
			return true;
		serve(10);
	}
	return false;
}

static int connect_usbip(const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

static int connect_control(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(un.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

/* Nobody is connected, so that no close of a connection can be what opens the door again. */
static const int errors[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, ENETDOWN};

static void hosts_are_accepted_again(void **state)
{
	static const uint8_t list[8] = {0x01, 0x11, 0x80, 0x05};
	char address[64];

	assert_int_equal(server_listen(gadget.server, "127.0.0.1:0", address, sizeof(address)), 0);
	for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
		int fd = connect_usbip(address);

		begin_refusing(errors[i]);
		serve(30);
		assert_in_range(refusals, 1, 5); /* and not as often as the loop turns */
		serve(250);
		assert_in_range(refusals, 2, 10);
		refusal = 0;
		put(fd, list, sizeof(list));
		if (!answered(fd))
			fail_msg("deaf after %s", strerror(errors[i]));
		close(fd);
		serve(0);
	}
}

static void clients_are_accepted_again(void **state)
{
	char dir[] = "/tmp/mnpen-acceptor-XXXXXX", path[64];
	struct control *control = NULL;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/control", dir);
	assert_int_equal(control_new(&control, &gadget, path), 0);
	for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
		int fd = connect_control(path);

		begin_refusing(errors[i]);
		serve(30);
		assert_in_range(refusals, 1, 5);
		refusal = 0;
		put(fd, (const uint8_t *)"help\n", 5);
		if (!answered(fd))
			fail_msg("deaf after %s", strerror(errors[i]));
		close(fd);
		serve(0);
	}
	control_free(control);
	assert_int_equal(rmdir(dir), 0);
}

/* The timer is no way out of "silence". */
static void silence_outlasts_the_pause(void **state)
{
	static const uint8_t list[8] = {0x01, 0x11, 0x80, 0x05};
	char address[64];
	int fd;

	assert_int_equal(server_listen(gadget.server, "127.0.0.1:0", address, sizeof(address)), 0);
	fd = connect_usbip(address);
	begin_refusing(EMFILE);
	serve(30);
	server_silence(gadget.server, true);
	refusal = 0;
	put(fd, list, sizeof(list));
	serve(250);
	assert_int_equal(recv(fd, &(char){0}, 1, MSG_DONTWAIT), -1);
	server_silence(gadget.server, false);
	assert_true(answered(fd));
	close(fd);
	serve(0);
}

/* A host that went while it waited is nobody's trouble. */
static void passing_errors_are_passed_over(void **state)
{
	static const int passing[] = {EAGAIN, ECONNABORTED, EINTR};
	static const uint8_t list[8] = {0x01, 0x11, 0x80, 0x05};
	char address[64];

	assert_int_equal(server_listen(gadget.server, "127.0.0.1:0", address, sizeof(address)), 0);
	for (size_t i = 0; i < ELEMENTSOF(passing); i++) {
		int fd = connect_usbip(address);

		begin_refusing(passing[i]);
		assert_true(sd_event_run(event, 0) >= 0);
		refusal = 0;
		put(fd, list, sizeof(list));
		serve(20); /* much less than the pause */
		assert_true(recv(fd, &(char){0}, 1, MSG_DONTWAIT) > 0);
		close(fd);
		serve(0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_gadget, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hosts_are_accepted_again),
		TEST(clients_are_accepted_again),
		TEST(silence_outlasts_the_pause),
		TEST(passing_errors_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
