// SPDX-License-Identifier: GPL-2.0-only
/* What becomes of blocks when the disk is slow or full, or whoever reads a pipe takes his time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/capture_file.h"
#include "driver/base/cleanup.h"
#include "driver/proto/wire.h"

#define BLOCK_LEN 100
#define OLD "what was there before"
#define LIMIT 1024 /* of a file: in the middle of a block */
#define WAIT_MS 20000

static char directory[] = "/tmp/test_cli_capture_file.XXXXXX";
static char path[sizeof(directory) + 8];
static struct capture_file file;

static int make_directory(void **state)
{
	if (!mkdtemp(directory))
		return -1;
	strcpy(path, directory);
	strcat(path, "/file");
	return 0;
}

static int remove_directory(void **state)
{
	return rmdir(directory);
}

static int remove_file(void **state)
{
	return unlink(path) < 0 && errno != ENOENT ? -1 : 0;
}

static void put(uint32_t number)
{
	uint8_t block[BLOCK_LEN] = {0};

	wire_put32(block, number);
	wire_put32(block + 4, BLOCK_LEN);
	capture_file_put(&file, block, BLOCK_LEN);
}

static void await_wake(void)
{
	struct pollfd p = {.fd = file.wake_fd, .events = POLLIN};

	assert_int_equal(poll(&p, 1, WAIT_MS), 1);
	capture_file_woken(&file);
}

static off_t size_of(void)
{
	struct stat st;

	assert_return_code(stat(path, &st), errno);
	return st.st_size;
}

/* Nothing waits for the end. */
static void test_written_at_once(void **state)
{
	int cut_error = 1;
	struct stat st;

	assert_int_equal(capture_file_create(&file, path), 0);
	for (uint32_t i = 1; i <= 20; i++) {
		put(i);
		assert_int_equal(capture_file_flush(&file), 0);
		for (int ms = 0; ms < WAIT_MS && size_of() < i * BLOCK_LEN; ms++)
			usleep(1000);
		assert_int_equal(size_of(), i * BLOCK_LEN);
	}
	put(21);
	assert_int_equal(capture_file_close(&file, &cut_error), 0);
	assert_int_equal(cut_error, 0);
	assert_int_equal(capture_file_close(&file, &cut_error), 0); /* closed already */
	assert_return_code(stat(path, &st), errno);
	assert_int_equal(st.st_size, 21 * BLOCK_LEN);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(capture_file_create(&file, path), -EEXIST);
}

static void read_all(int fd, uint32_t count)
{
	uint8_t block[BLOCK_LEN];

	for (uint32_t i = 0; i < count; i++) {
		size_t got = 0;

		while (got < sizeof(block)) {
			struct pollfd p = {.fd = fd, .events = POLLIN};
			ssize_t n;

			assert_int_equal(poll(&p, 1, WAIT_MS), 1);
			n = read(fd, block + got, sizeof(block) - got);
			assert_return_code(n, errno);
			assert_int_not_equal(n, 0);
			got += (size_t)n;
		}
		assert_int_equal(wire_get32(block), i);
	}
}

/* Nobody reads: megabytes are taken all the same, then there is no room, and nothing is lost. */
static void test_slow(void **state)
{
	uint32_t count = 0;
	int fds[2], cut_error;

	assert_return_code(pipe2(fds, O_CLOEXEC), errno);
	assert_int_equal(capture_file_use(&file, fds[1]), 0);
	/* The first of it is under way: what comes now finds an empty buffer. */
	put(count++);
	assert_int_equal(capture_file_flush(&file), 0);
	await_wake();
	while (count <= 1000)
		put(count++);
	assert_int_equal(capture_file_flush(&file), 0);
	await_wake(); /* these are being written, and do not fit into the pipe */
	while (capture_file_has_room(&file)) {
		put(count++);
		assert_int_equal(capture_file_flush(&file), 0);
	}
	assert_in_range(count * BLOCK_LEN, CAPTURE_FILE_BUFFER - MNPEN_CAPTURE_BLOCK_MAX,
			2 * CAPTURE_FILE_BUFFER);
	/* Room again, and a word of it, as soon as the reader goes on. */
	read_all(fds[0], 1001);
	while (!capture_file_has_room(&file))
		await_wake();
	assert_true(capture_file_has_room(&file));
	/* What the pipe does not hold is on its way while it is closed. */
	assert_return_code(fcntl(fds[1], F_GETFD), errno);
	close(fds[0]);
	assert_int_equal(capture_file_close(&file, &cut_error), -EPIPE);
	assert_int_equal(cut_error == 0 || cut_error == -ENOTSUP, 1);
	assert_return_code(fcntl(fds[1], F_GETFD), errno); /* stays the caller's */
	close(fds[1]);
}

static void limit_size(rlim_t bytes)
{
	struct rlimit limit;

	assert_return_code(getrlimit(RLIMIT_FSIZE, &limit), errno);
	limit.rlim_cur = bytes;
	assert_return_code(setrlimit(RLIMIT_FSIZE, &limit), errno);
}

/* As much as goes is written: up to the middle of a block. */
static int fill(int *ret_cut_error)
{
	int error;

	limit_size(LIMIT);
	for (uint32_t i = 0; i < 30; i++)
		put(i);
	while ((error = capture_file_flush(&file)) == 0)
		await_wake();
	assert_int_equal(capture_file_close(&file, ret_cut_error), error);
	limit_size(RLIM_INFINITY);
	return error;
}

static void test_full_file_of_ours(void **state)
{
	int cut_error = 1;

	assert_int_equal(capture_file_create(&file, path), 0);
	assert_int_equal(fill(&cut_error), -EFBIG);
	assert_int_equal(cut_error, 0);
	assert_int_equal(size_of(), LIMIT / BLOCK_LEN * BLOCK_LEN);
}

/* What the shell has opened for ">>" may hold what we have never seen. */
static void test_full_file_of_others(void **state)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	char old[sizeof(OLD)] = "";
	int cut_error = 1;

	assert_int_equal(write(fd, OLD, sizeof(OLD)), sizeof(OLD));
	assert_return_code(lseek(fd, 0, SEEK_SET), errno);
	assert_int_equal(capture_file_use(&file, fd), 0);
	assert_int_equal(fill(&cut_error), -EFBIG);
	assert_int_equal(cut_error, -ENOTSUP);
	assert_int_equal(size_of(), LIMIT);
	assert_int_equal(pread(fd, old, sizeof(old), 0), sizeof(old));
	assert_string_equal(old, OLD);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_written_at_once, remove_file),
		cmocka_unit_test_teardown(test_slow, remove_file),
		cmocka_unit_test_teardown(test_full_file_of_ours, remove_file),
		cmocka_unit_test_teardown(test_full_file_of_others, remove_file),
	};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
