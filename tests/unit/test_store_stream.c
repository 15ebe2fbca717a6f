// SPDX-License-Identifier: GPL-2.0-only
/* A reader that is slow, leaves, or stays while the store ends. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "daemon/store/reader.h"
#include "daemon/store/stream.h"
#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

/** struct ends - a stream into a pipe, and its stop */
struct ends {
	int read_fd, write_fd, stop_fd;
	struct stream stream;
};

static void ends_open(struct ends *ends, bool socket)
{
	sigset_t pipe_signal;
	int fds[2];

	/* As in the threads of the store: writing to nobody is an errno. */
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	assert_int_equal(sigprocmask(SIG_BLOCK, &pipe_signal, NULL), 0);
	if (socket)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	else
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	ends->read_fd = fds[0];
	ends->write_fd = fds[1];
	ends->stop_fd = eventfd(0, EFD_CLOEXEC);
	assert_int_equal(stream_open(&ends->stream, fds[1], ends->stop_fd, 50), 0);
}

static void ends_close(struct ends *ends)
{
	close_fd(ends->read_fd);
	close(ends->write_fd);
	close(ends->stop_fd);
}

static void bytes_arrive_in_order(void **state)
{
	uint8_t data[40000], got[40000];
	struct ends ends;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 >> 3);
	ends_open(&ends, false);
	/* In pieces that do not divide the buffer; a pipe holds 64 KiB. */
	for (size_t piece = 1; at < sizeof(data); at += piece, piece = piece * 3 % 5003) {
		piece = MIN(piece, sizeof(data) - at);
		assert_int_equal(stream_write(&ends.stream, data + at, piece), 0);
	}
	assert_int_equal(stream_flush(&ends.stream), 0);
	at = 0;
	while (at < sizeof(got)) {
		ssize_t n = read(ends.read_fd, got + at, sizeof(got) - at);

		assert_true(n > 0);
		at += (size_t)n;
	}
	assert_memory_equal(data, got, sizeof(data));
	ends_close(&ends);
}

/* Fills what the other end can hold. Return: the first refusal. */
static int write_on(struct ends *ends)
{
	static const uint8_t data[4096];
	int r = 0;

	for (int i = 0; i < 10000 && r >= 0; i++)
		r = stream_write(&ends->stream, data, sizeof(data));
	return r;
}

static void nobody_reads(void **state)
{
	static const uint8_t part[8192];

	for (int socket = 0; socket < 2; socket++) {
		struct ends ends;

		ends_open(&ends, socket);
		/* So that there is room at last, but not for a whole buffer. */
		assert_int_equal(write(ends.write_fd, part, sizeof(part)), sizeof(part));
		alarm(60); /* a write that blocks would do so for ever */
		assert_int_equal(write_on(&ends), -ETIMEDOUT);
		alarm(0);
		ends_close(&ends);
	}
}

static void the_reader_leaves(void **state)
{
	for (int socket = 0; socket < 2; socket++) {
		struct ends ends;

		ends_open(&ends, socket);
		ends.read_fd = close_fd(ends.read_fd);
		assert_int_equal(write_on(&ends), -EPIPE);
		ends_close(&ends);
	}
}

static void stopped(void **state)
{
	uint64_t one = 1;
	struct ends ends;

	ends_open(&ends, false);
	assert_int_equal(write(ends.stop_fd, &one, sizeof(one)), sizeof(one));
	assert_int_equal(write_on(&ends), -ESHUTDOWN);
	ends_close(&ends);
}

/* More samples than a pipe takes. */
static void fill(struct fixture *f)
{
	fixture_new(f);
	fixture_begin(f, FIXTURE_ID);
	for (uint32_t seq = 1; seq <= 3000; seq++)
		assert_int_equal(fixture_put(f, FIXTURE_ID, seq), 0);
	fixture_end(f, FIXTURE_ID);
}

/* Through the store, in its thread, where a signal would be the end of the daemon. */
static void leaving_is_an_answer(void **state)
{
	struct fixture f;
	int pipes[2];

	fill(&f);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	close(pipes[0]);
	assert_int_equal(store_read(f.store, FIXTURE_ID, STORE_SAMPLES, pipes[1], fixture_done, &f),
			 0);
	assert_int_equal(fixture_wait(&f, 3), -EPIPE);
	assert_int_equal(fcntl(pipes[1], F_GETFD), -1); /* the store has closed it */
	/* Also when it refuses. */
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(store_read(f.store, "an id that is much longer than any id can be",
				    STORE_SAMPLES, pipes[1], fixture_done, &f),
			 -ENOENT);
	assert_int_equal(fcntl(pipes[1], F_GETFD), -1);
	close(pipes[0]);
	fixture_free(&f);
}

/* One that does not read holds up other questions, a limited number of them, and no record. */
static void one_at_a_time(void **state)
{
	const struct store_filter filter = {0};
	unsigned int accepted = 0;
	struct fixture f;
	int pipes[2], r;

	fill(&f);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_int_equal(store_read(f.store, FIXTURE_ID, STORE_SAMPLES, pipes[1], fixture_done, &f),
			 0);
	/* It is at work, and no longer waiting. */
	assert_int_equal(poll(&(struct pollfd){.fd = pipes[0], .events = POLLIN}, 1, 20000), 1);
	do {
		r = store_exists(f.store, FIXTURE_ID, fixture_done, &f);
		accepted += r == 0;
	} while (r == 0 && accepted < 100);
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(accepted, READER_WAITING_MAX);
	assert_int_equal(store_list(f.store, &filter, "", 1, NULL, NULL), -EAGAIN);
	fixture_begin(&f, "meanwhile");
	assert_int_equal(f.answers, 3);
	/* The end of the store is not held up, and everybody is told. */
	f.store = store_free(f.store);
	assert_int_equal(f.answers, 3 + 1 + accepted);
	assert_int_equal(f.result, -ESHUTDOWN);
	close(pipes[0]);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* These first: the others block SIGPIPE, which must not matter to the store. */
		cmocka_unit_test(leaving_is_an_answer),	 cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(bytes_arrive_in_order), cmocka_unit_test(nobody_reads),
		cmocka_unit_test(the_reader_leaves),	 cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
