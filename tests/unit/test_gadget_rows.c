// SPDX-License-Identifier: GPL-2.0-only
/*
 * What hosts of USB/IP stumble over, a test each: the versions and states of an import, answers
 * that are too long or come after the cancelling, answers in pieces, and the memory that a host can
 * make the server hold.
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "tests/gadget/control/command.h"
#include "tests/gadget/server/conn.h"
#include "tests/gadget/server/importer_parts.h"
#include "tests/gadget/usb/usbtest.h"
#include "tests/unit/gadget_host.h"

static const uint8_t get_device[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};

static void version_is_exactly_0x0111(void **state)
{
	static const uint16_t others[] = {0,	  0x0011, 0x0100, 0x0110,
					  0x0112, 0x0106, 0x1101, 0xffff};
	uint8_t reply[512];
	int fd;

	for (size_t i = 0; i < ELEMENTSOF(others); i++) {
		fd = connect_host();
		put_op(fd, others[i], 0x8003, "1-1");
		assert_int_equal(get(fd, reply, sizeof(reply)), 8);
		assert_memory_equal(reply, ((uint8_t[]){1, 0x11, 0, 3, 0, 0, 0, 1}), 8);
		expect_end(fd);
		fd = connect_host();
		put_op(fd, others[i], 0x8005, NULL);
		assert_int_equal(get(fd, reply, sizeof(reply)), 8);
		assert_memory_equal(reply, ((uint8_t[]){1, 0x11, 0, 5, 0, 0, 0, 1}), 8);
		expect_end(fd);
	}
	assert_null(port->conn);
}

/* Asks for @busid; returns the status, and the length of the reply in *@ret_len. */
static uint32_t ask_import(const char *busid, ssize_t *ret_len)
{
	uint8_t reply[512];
	int fd = connect_host();

	put_op(fd, 0x0111, 0x8003, busid);
	*ret_len = get(fd, reply, sizeof(reply));
	assert_memory_equal(reply, ((uint8_t[]){1, 0x11, 0, 3}), 4);
	if (*ret_len == 320) {
		assert_string_equal((char *)reply + 8 + 256, busid);
		/* busnum, devnum, speed; ids, release; class bytes; configuration, their number,
		 * interfaces: where the kernel has them, not where its document says */
		assert_memory_equal(reply + 8 + 288,
				    ((uint8_t[]){0,    0,    0, 1, 0, 0, 0, 2, 0, 0, 0, 2,
						 0x12, 0x09, 0, 1, 1, 0, 0, 0, 0, 1, 1, 2}),
				    24);
		close(fd);
	} else {
		expect_end(fd);
	}
	serve(0);
	return from_be32(reply + 4);
}

static void import_has_five_answers(void **state)
{
	static const struct {
		const char *command;
		uint32_t status;
	} cases[] = {
		{"refuse error", 1},	 {"refuse busy", 2}, {"refuse device-error", 3},
		{"refuse not-found", 4}, {"refuse off", 0},
	};
	struct command_context context = {.gadget = &gadget};
	ssize_t len;
	int fd;

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		json_object_put(command_run(&context, cases[i].command));
		assert_int_equal(ask_import("1-1", &len), cases[i].status);
		assert_int_equal(len, cases[i].status ? 8 : 320);
	}
	assert_int_equal(ask_import("1-2", &len), 4);
	fd = import_pen();
	assert_int_equal(ask_import("1-1", &len), 2);
	close(fd);
}

static void host_may_come_back_at_once(void **state)
{
	static const uint8_t stop[8] = {0x21, 6, 0, 0, 0, 0, 0, 0};
	uint8_t buf[HEADER], reply[320];
	const uint8_t op[40] = {1, 0x11, 0x80, 3, 0, 0, 0, 0, '1', '-', '1'};
	int first = import_pen(), second = connect_host();

	port->pen->model.state = MNPEN_STATE_ARMED;
	port->pen->model.lease_deadline_us = MODEL_NEVER;
	make_submit(buf, 1, 0, 0, 0, stop);
	assert_int_equal(send(first, buf, sizeof(buf), 0), sizeof(buf));
	close(first);
	/* The new connection is looked at first, whatever the loop would have chosen. */
	assert_int_equal(op_feed(gadget.server->conns, op, sizeof(op)), sizeof(op));
	assert_int_equal(port->pen->model.stop_reason, MNPEN_STOP_HOST); /* its last words */
	serve(0);
	assert_ptr_equal(port->conn, gadget.server->conns);
	/* Answered by the next run, as ever. */
	server_touch(port);
	assert_int_equal(get(second, reply, sizeof(reply)), 320);
	assert_int_equal(from_be32(reply + 4), 0);
	close(second);
}

/* As many bytes as were asked for at most, whatever wLength says. */
static void reply_is_never_longer_than_asked(void **state)
{
	uint8_t data[64], setup[8];
	int fd = import_pen();

	memcpy(setup, get_device, 8);
	for (uint32_t room = 0; room <= 20; room++) {
		for (uint8_t length = 0; length <= 20; length++) {
			uint32_t n = MIN(MIN(room, (uint32_t)length), 18u);

			setup[6] = length;
			submit(fd, 1, 1, 0, room, setup);
			expect_ret(fd, RET_SUBMIT, 1, 0, n);
			assert_int_equal(n ? get(fd, data, n) : 0, n);
		}
	}
	expect_nothing(fd);
	close(fd);
}

static void nothing_comes_after_the_unlink(void **state)
{
	uint8_t data[64];
	int fd = import_pen();

	start_stream(fd);
	port->pen->misbehave.delay_ms[MNPEN_REQ_GET_STATUS] = 20;
	submit(fd, 10, 1, 0, 48, get_status);
	unlink_urb(fd, 11, 10);
	expect_ret(fd, RET_UNLINK, 11, -ECONNRESET, 0);
	port->pen->misbehave.delay_ms[MNPEN_REQ_GET_STATUS] = 0;
	port->pen->misbehave.frozen = true;
	for (uint32_t i = 20; i < 30; i++)
		submit(fd, i, 1, 1, 64, NO_SETUP);
	for (uint32_t i = 20; i < 30; i += 2) {
		unlink_urb(fd, 100 + i, i);
		expect_ret(fd, RET_UNLINK, 100 + i, -ECONNRESET, 0);
	}
	port->pen->misbehave.frozen = false;
	server_touch(port);
	serve(25);
	for (uint32_t i = 21; i < 30; i += 2)
		expect_data(fd, i, data, 48);
	expect_nothing(fd);
	close(fd);
}

static void answers_of_a_wake_up_go_out_in_one(void **state)
{
	uint8_t buf[16 * HEADER], reply[16 * (HEADER + 48) + 1];
	const uint8_t op[40] = {1, 0x11, 0x80, 3, 0, 0, 0, 0, '1', '-', '1'};
	int fds[2];

	/* On this kind of socket each send is a message, and each message one recv. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	assert_int_equal(server_add(gadget.server, fds[0]), 0);
	put(fds[1], op, sizeof(op));
	assert_int_equal(get(fds[1], reply, sizeof(reply)), 320);
	for (uint32_t i = 0; i < 16; i++)
		make_submit(buf + i * HEADER, i + 1, 1, 0, 48, get_status);
	put(fds[1], buf, sizeof(buf));
	assert_int_equal(get(fds[1], reply, sizeof(reply)), 16 * (HEADER + 48));
	/* Header and data of what had to wait, too. */
	make_submit(buf, 20, 0, 0, 0, set_alt_1);
	for (uint32_t i = 1; i < 16; i++)
		make_submit(buf + i * HEADER, 20 + i, 1, 2, 8, NO_SETUP);
	put(fds[1], buf, sizeof(buf));
	/* SET_INTERFACE, and the first battery report */
	assert_int_equal(get(fds[1], reply, sizeof(reply)), HEADER + HEADER + 2);
	serve(100);
	for (int i = 0; i < 5; i++)
		hid_dial(&port->pen->hid, 1);
	server_touch(port);
	assert_int_equal(get(fds[1], reply, sizeof(reply)), 5 * (HEADER + 3));
	close(fds[1]);
}

static void tcp_does_not_wait_for_more(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int value = 0;
	socklen_t len = sizeof(value);
	char text[64];

	assert_int_equal(server_listen(gadget.server, "127.0.0.1:0", text, sizeof(text)), 0);
	address.sin_port = htons((uint16_t)strtoul(strchr(text, ':') + 1, NULL, 10));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	serve(5);
	assert_non_null(gadget.server->conns);
	assert_int_equal(
		getsockopt(gadget.server->conns->fd, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
	assert_int_equal(value, 1);
	assert_int_equal(
		getsockopt(gadget.server->conns->fd, SOL_SOCKET, SO_KEEPALIVE, &value, &len), 0);
	assert_int_equal(value, 1);
	close(fd);
}

/* Whoever has not said by then what he wants goes, answered or not; a host with a pen stays. */
static void request_has_its_time(void **state)
{
	uint64_t now_s = now_monotonic_ns() / 1000000000;
	int host = import_pen(), idle = connect_host();
	sd_event_source *deadline = gadget.server->conns->deadline;
	uint64_t usec;

	assert_null(port->conn->deadline);
	put(idle, (uint8_t[]){1, 0x11}, 2);
	assert_non_null(deadline);
	assert_true(sd_event_source_get_time(deadline, &usec) >= 0);
	assert_in_range(usec / 1000000, now_s + SERVER_REQUEST_MS / 1000,
			now_s + SERVER_REQUEST_MS / 1000 + 5);
	assert_true(sd_event_source_set_time_relative(deadline, 0) >= 0);
	serve(1);
	expect_end(idle);
	expect_nothing(host);
	close(host);
}

/* Bytes that the allocator has given out; 0 where it does not tell (sanitizers). */
static size_t allocated(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static size_t conn_memory(const struct conn *conn)
{
	return sizeof(*conn) + conn->in.size + conn->out.size +
	       (conn->importer ? sizeof(*conn->importer) + conn->importer->kept : 0);
}

/* Sends as much of it as the server takes. */
static size_t push(int fd, const uint8_t *data, size_t len)
{
	size_t sent = 0;

	for (int idle = 0; sent < len && idle < 3;) {
		ssize_t n = send(fd, data + sent, len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		sent += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		serve(0);
	}
	return sent;
}

static void memory_of_a_host_is_bounded(void **state)
{
	static uint8_t big[HEADER + IMPORTER_DATA_MAX], buf[4096 * HEADER];
	const uint8_t long_out[8] = {0x21, 3, 0, 0, 0, 0, 0xff, 0xff};
	size_t before = allocated(), most = 0;
	int fd = import_pen();
	struct conn *conn = port->conn;

	/* A frozen pen, and control requests with all the data they can have. */
	port->pen->misbehave.frozen = true;
	make_submit(big, 1, 0, 0, 65535, long_out);
	for (int i = 0; i < 40; i++)
		assert_int_equal(push(fd, big, HEADER + 65535), HEADER + 65535);
	assert_in_range(conn->importer->kept, IMPORTER_KEPT_MAX - 65536, IMPORTER_KEPT_MAX);
	/* A command of the greatest length, all but its last byte. */
	make_submit(big, 2, 0, 0, IMPORTER_DATA_MAX, long_out);
	assert_int_equal(push(fd, big, sizeof(big) - 1), sizeof(big) - 1);
	most = MAX(most, conn_memory(conn));
	assert_int_equal(push(fd, big, 1), 1);
	/* More URBs than there can be, and answers that nobody reads. */
	for (uint32_t i = 0; i < 4096; i++)
		make_submit(buf + i * HEADER, 10 + i, 1, 2, 64, NO_SETUP);
	for (int i = 0; i < 20; i++)
		if (push(fd, buf, sizeof(buf)) < sizeof(buf))
			break;
	assert_true(buffer_len(&conn->out) > IMPORTER_ANSWERS_MAX);
	most = MAX(most, conn_memory(conn));
	assert_in_range(most, CONN_MEMORY_MAX / 2, CONN_MEMORY_MAX);
	if (before)
		assert_in_range(allocated() - before, CONN_MEMORY_MAX / 2, CONN_MEMORY_MAX);
	close(fd);
	serve(0);
	assert_null(gadget.server->conns);
	if (before)
		assert_in_range(allocated(), 0, before + 4096);
}

/* Its transfers are longer than any of a pen; it has nothing that would hold requests back. */
static void memory_of_usbtest_is_bounded(void **state)
{
	const struct device_options options = {.identity = &identity_usbtest,
					       .speed = USB_SPEED_HIGH};
	static const uint8_t configure[8] = {0x00, 9, 1, 0, 0, 0, 0, 0};
	static uint8_t big[HEADER + IMPORTER_DATA_MAX];
	struct conn *conn;
	size_t got = 0;
	int fd;

	gadget_done(&gadget);
	assert_int_equal(gadget_init(&gadget, event, &options, "VPEN0001", 1), 0);
	port = &gadget.server->ports[0];
	fd = import_pen();
	conn = port->conn;
	submit(fd, 1, 0, 0, 0, configure);
	expect_ret(fd, RET_SUBMIT, 1, 0, 0);
	/* Two long answers; 1 KiB/ms: the second one comes a second after the first. */
	submit(fd, 2, 1, 2, USBTEST_TRANSFER_MAX, NO_SETUP);
	submit(fd, 3, 1, 2, USBTEST_TRANSFER_MAX, NO_SETUP);
	while (got < HEADER + USBTEST_TRANSFER_MAX) {
		ssize_t n = get(fd, big, sizeof(big));

		assert_true(n > 0 || n == -EAGAIN);
		got += n > 0 ? (size_t)n : 0;
	}
	/* Meanwhile a command of the greatest length, all but its last byte. */
	make_submit(big, 4, 0, 1, IMPORTER_DATA_MAX, NO_SETUP);
	assert_int_equal(push(fd, big, sizeof(big) - 1), sizeof(big) - 1);
	for (int i = 0; buffer_len(&conn->out) <= IMPORTER_ANSWERS_MAX && i < 100; i++)
		serve(50);
	assert_in_range(conn_memory(conn), CONN_MEMORY_MAX, CONN_MEMORY_USBTEST);
	close(fd);
	serve(0);
	assert_null(gadget.server->conns);
}

static void memory_before_the_import_is_bounded(void **state)
{
	const struct device_options options = {.speed = USB_SPEED_FULL};
	static uint8_t noise[1048576];
	int fd;

	gadget_done(&gadget);
	assert_int_equal(gadget_init(&gadget, event, &options, "VPEN0001", SERVER_PENS_MAX), 0);
	port = &gadget.server->ports[0];
	fd = connect_host();
	/* The longest list, and then what is not read any more. */
	memcpy(noise, (uint8_t[]){1, 0x11, 0x80, 5}, 4);
	assert_int_equal(setsockopt(gadget.server->conns->fd, SOL_SOCKET, SO_SNDBUF, &(int){4608},
				    sizeof(int)),
			 0);
	assert_true(push(fd, noise, sizeof(noise)) < sizeof(noise));
	assert_non_null(gadget.server->conns);
	assert_in_range(conn_memory(gadget.server->conns), 65536, CONN_MEMORY_WAITING);
	close(fd);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_gadget, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(version_is_exactly_0x0111),	   TEST(import_has_five_answers),
		TEST(host_may_come_back_at_once),	   TEST(reply_is_never_longer_than_asked),
		TEST(nothing_comes_after_the_unlink),	   TEST(answers_of_a_wake_up_go_out_in_one),
		TEST(tcp_does_not_wait_for_more),	   TEST(request_has_its_time),
		TEST(memory_of_a_host_is_bounded),	   TEST(memory_of_usbtest_is_bounded),
		TEST(memory_before_the_import_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
