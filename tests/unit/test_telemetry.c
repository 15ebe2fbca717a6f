// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/host/telemetry.h"

static struct mnpen_telemetry record(uint64_t usec)
{
	struct mnpen_telemetry r = {
		.host_usec = usec,
		.verdict = 3,
		.flags = MNPEN_TELEMETRY_ARMED,
		.reserved = 0xffff, /* not the caller's to set */
		.lost = 99,
	};

	memset(r.sample, 0x5a, sizeof(r.sample));
	return r;
}

static void push(struct telemetry *telemetry, uint64_t usec)
{
	struct mnpen_telemetry r = record(usec);

	telemetry_push(telemetry, &r);
}

/* Reads one record without waiting. Returns whether there was one. */
static bool take(int fd, struct mnpen_telemetry *ret)
{
	uint8_t buf[2 * MNPEN_TELEMETRY_SIZE];
	ssize_t r = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (r <= 0)
		return false;
	assert_int_equal(r, MNPEN_TELEMETRY_SIZE);
	memcpy(ret, buf, sizeof(*ret));
	return true;
}

static void test_record_bytes(void **state)
{
	static const uint8_t head[16] = {8, 7, 6, 5, 4, 3, 2, 1, 3, 2, 0, 0, 0, 0, 0, 0};
	struct telemetry telemetry = {0};
	uint8_t buf[128];
	int fd = telemetry_open(&telemetry);

	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	push(&telemetry, 0x0102030405060708);
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 64);
	assert_memory_equal(buf, head, sizeof(head));
	for (size_t i = 16; i < 64; i++)
		assert_int_equal(buf[i], 0x5a);
	/* One way only. */
	assert_int_equal(send(fd, buf, 1, MSG_NOSIGNAL | MSG_DONTWAIT), -1);
	telemetry_close(&telemetry);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), 0);
	close(fd);
}

static void test_slow_reader_loses_counted(void **state)
{
	struct telemetry telemetry = {0};
	int slow = telemetry_open(&telemetry);
	int quick = telemetry_open(&telemetry);
	struct mnpen_telemetry r;
	uint64_t pushed = 0, next = 1;

	assert_true(slow >= 0 && quick >= 0);
	for (; pushed < 5000; pushed++) {
		push(&telemetry, pushed + 1);
		assert_true(take(quick, &r)); /* the slow one is nobody else's harm */
		assert_int_equal(r.host_usec, pushed + 1);
		assert_int_equal(r.lost, 0);
	}
	/* What fitted comes in order, without loss. */
	while (take(slow, &r)) {
		assert_int_equal(r.host_usec, next++);
		assert_int_equal(r.lost, 0);
	}
	assert_in_range(next, 10, 4999);
	/* The next one tells how many are missing, the one behind it that none is. */
	push(&telemetry, 7000);
	assert_true(take(slow, &r));
	assert_int_equal(r.host_usec, 7000);
	assert_int_equal(r.lost, pushed - (next - 1));
	push(&telemetry, 7001);
	assert_true(take(slow, &r));
	assert_int_equal(r.lost, 0);
	telemetry_close(&telemetry);
	close(slow);
	close(quick);
}

static void test_hang_up(void **state)
{
	struct telemetry telemetry = {0};
	int fds[3];
	struct mnpen_telemetry r;

	for (size_t i = 0; i < ELEMENTSOF(fds); i++)
		fds[i] = telemetry_open(&telemetry);
	close(fds[0]);
	push(&telemetry, 1);
	assert_int_equal(telemetry.readers.n, 2);
	for (size_t i = 1; i < ELEMENTSOF(fds); i++) {
		assert_true(take(fds[i], &r));
		assert_int_equal(r.host_usec, 1);
		assert_false(take(fds[i], &r)); /* once each */
		close(fds[i]);
	}
	push(&telemetry, 2);
	assert_int_equal(telemetry.readers.n, 0);
	telemetry_close(&telemetry);
}

static void test_limit(void **state)
{
	struct telemetry telemetry = {0};
	int fds[TELEMETRY_READERS_MAX];

	for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
		fds[i] = telemetry_open(&telemetry);
		assert_true(fds[i] >= 0);
	}
	assert_int_equal(telemetry_open(&telemetry), -EUSERS);
	/* A reader that hung up frees its place even when no sample ever came. */
	close(fds[5]);
	fds[5] = telemetry_open(&telemetry);
	assert_true(fds[5] >= 0);
	assert_int_equal(telemetry_open(&telemetry), -EUSERS);
	telemetry_close(&telemetry);
	assert_int_equal(telemetry.readers.n, 0);
	for (size_t i = 0; i < ELEMENTSOF(fds); i++)
		close(fds[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record_bytes),
		cmocka_unit_test(test_slow_reader_loses_counted),
		cmocka_unit_test(test_hang_up),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
