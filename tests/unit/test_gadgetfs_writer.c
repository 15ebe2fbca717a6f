// SPDX-License-Identifier: GPL-2.0-only
/* Packets on their way out, over a named pipe: a write waits in it as it does for a host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/base/clock.h"
#include "tests/gadget/gadgetfs/writer.h"

#define WAIT_MS 5000
#define PIPE_SIZE 4096

static const uint8_t descriptors[] = {1, 0, 0, 0, 7, 5, 0x81, 3, 64, 0, 1};
static char folder[32];
static char path[64];
static int pipe_fd;
static int wake_fd;
static struct writer *writer;

static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/mnpen-writer-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ep-a", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	pipe_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	assert_true(pipe_fd >= 0);
	assert_int_equal(fcntl(pipe_fd, F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE);
	wake_fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(writer_start(&writer, path, descriptors, sizeof(descriptors), wake_fd), 0);
	return 0;
}

static int teardown(void **state)
{
	writer_stop(writer);
	close(wake_fd);
	close(pipe_fd);
	unlink(path);
	rmdir(folder);
	return 0;
}

static void expect_bytes(const void *bytes, size_t len)
{
	struct pollfd poller = {.fd = pipe_fd, .events = POLLIN};
	uint8_t got[64];

	assert_int_equal(poll(&poller, 1, WAIT_MS), 1);
	assert_int_equal(read(pipe_fd, got, len), len);
	assert_memory_equal(got, bytes, len);
}

/* A host that fetches nothing. */
static void fill_pipe(void)
{
	static const uint8_t stuff[PIPE_SIZE];

	expect_bytes(descriptors, sizeof(descriptors));
	assert_true(write(pipe_fd, stuff, sizeof(stuff)) > 0);
}

static void await_room(size_t room)
{
	for (int i = 0; i < WAIT_MS && writer_room(writer) != room; i++)
		poll(NULL, 0, 1);
	assert_int_equal(writer_room(writer), room);
}

static void packets_go_out_in_order(void **state)
{
	eventfd_t count;

	expect_bytes(descriptors, sizeof(descriptors));
	assert_int_equal(writer_room(writer), WRITER_PACKETS);
	writer_put(writer, (const uint8_t *)"one", 3);
	writer_put(writer, (const uint8_t *)"two", 3);
	expect_bytes("one", 3);
	expect_bytes("two", 3);
	assert_int_equal(eventfd_read(wake_fd, &count), 0);
	await_room(WRITER_PACKETS);
}

static void room_is_what_is_not_taken(void **state)
{
	fill_pipe();
	writer_put(writer, (const uint8_t *)"one", 3);
	assert_int_equal(writer_room(writer), WRITER_PACKETS - 1);
	writer_put(writer, (const uint8_t *)"two", 3);
	assert_int_equal(writer_room(writer), 0);
}

/* A pulled plug does not wait for the host. */
static void it_stops_in_the_middle_of_a_write(void **state)
{
	uint64_t begin_ns = now_monotonic_ns();

	fill_pipe();
	writer_put(writer, (const uint8_t *)"one", 3);
	poll(NULL, 0, 20); /* likely to be in the write, and right if it is not */
	writer = writer_stop(writer);
	assert_null(writer);
	assert_in_range(now_monotonic_ns() - begin_ns, 0, WAIT_MS * 1000000ULL);
	assert_null(writer_stop(NULL));
}

static void it_stops_at_rest(void **state)
{
	writer = writer_stop(writer);
	assert_null(writer);
}

static void no_file(void **state)
{
	struct writer *none = NULL;

	assert_int_equal(writer_start(&none, "/nowhere/ep-a", descriptors, sizeof(descriptors),
				      wake_fd),
			 -ENOENT);
	assert_null(none);

	assert_int_equal(writer_start(&none, "/dev/full", descriptors, sizeof(descriptors),
				      wake_fd),
			 -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(packets_go_out_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(room_is_what_is_not_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(it_stops_in_the_middle_of_a_write, setup, teardown),
		cmocka_unit_test_setup_teardown(it_stops_at_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(no_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
