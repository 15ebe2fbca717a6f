// SPDX-License-Identifier: GPL-2.0-only
/* Cancelling URBs, held-back answers, malformed commands and hosts that do not read. */
#include "tests/gadget/server/conn.h"
#include "tests/unit/gadget_host.h"

static const uint8_t set_alt_0[8] = {0x01, 0x0b, 0, 0, 0, 0, 0, 0};

static void pending_urb_is_cancelled(void **state)
{
	uint8_t data[48];
	int fd = import_pen();

	submit(fd, 1, 0, 0, 0, set_alt_1);
	expect_ret(fd, RET_SUBMIT, 1, 0, 0);
	for (uint32_t i = 2; i < 5; i++)
		submit(fd, i, 1, 1, 64, NO_SETUP);
	unlink_urb(fd, 5, 3); /* from the middle */
	expect_ret(fd, RET_UNLINK, 5, -ECONNRESET, 0);
	unlink_urb(fd, 6, 4); /* the last */
	expect_ret(fd, RET_UNLINK, 6, -ECONNRESET, 0);
	submit(fd, 7, 1, 1, 64, NO_SETUP);
	unlink_urb(fd, 8, 2); /* the first */
	expect_ret(fd, RET_UNLINK, 8, -ECONNRESET, 0);
	submit(fd, 9, 1, 0, 48, get_status);
	expect_data(fd, 9, data, 48);
	unlink_urb(fd, 10, 7);
	expect_ret(fd, RET_UNLINK, 10, -ECONNRESET, 0);
	expect_nothing(fd);
	close(fd);
}

static void answered_urb_unlinks_with_0(void **state)
{
	uint8_t data[48];
	int fd = import_pen();

	submit(fd, 1, 1, 0, 48, get_status);
	unlink_urb(fd, 2, 1);
	expect_data(fd, 1, data, 48);
	expect_ret(fd, RET_UNLINK, 2, 0, 0);
	expect_nothing(fd);
	close(fd);
}

static void early_unlink_waits_for_its_submit(void **state)
{
	static const uint8_t stop[8] = {0x21, 6, 0, 0, 0, 0, 0, 0};
	int fd = import_pen();

	submit(fd, 1, 0, 0, 0, set_alt_1);
	expect_ret(fd, RET_SUBMIT, 1, 0, 0);
	unlink_urb(fd, 4, 3);
	serve(20);
	expect_nothing(fd);
	submit(fd, 2, 1, 1, 64, NO_SETUP); /* another one does not release it */
	expect_nothing(fd);
	submit(fd, 3, 0, 0, 0, stop);
	expect_ret(fd, RET_UNLINK, 4, -ECONNRESET, 0);
	expect_nothing(fd);
	assert_int_equal(port->pen->last_stop_us, 0); /* swallowed, not carried out */
	close(fd);
}

static void early_unlink_with_data(void **state)
{
	uint8_t buf[HEADER + 4];
	int fd = import_pen();

	unlink_urb(fd, 2, 1);
	make_submit(buf, 1, 0, 0, 4, set_stream);
	memset(buf + HEADER, 0xff, 4); /* must be taken as data, not as the next command */
	put(fd, buf, sizeof(buf));
	expect_ret(fd, RET_UNLINK, 2, -ECONNRESET, 0);
	submit(fd, 3, 0, 0, 0, set_alt_0);
	expect_ret(fd, RET_SUBMIT, 3, 0, 0);
	close(fd);
}

static void unlink_is_always_answered(void **state)
{
	struct buffer out = {0};
	struct importer *importer = importer_new(port->usb, &out);
	uint8_t buf[HEADER] = {0};

	be32(buf, UNLINK);
	be32(buf + 4, 8);
	be32(buf + 8, DEVID);
	be32(buf + 20, 7);
	assert_int_equal(importer_feed(importer, buf, sizeof(buf), 1000), HEADER);
	assert_int_equal(importer_next_ns(importer), 1000 + IMPORTER_HELD_NS);
	assert_int_equal(importer_run(importer, 999 + IMPORTER_HELD_NS), 0);
	assert_int_equal(buffer_len(&out), 0);
	assert_int_equal(importer_run(importer, 1000 + IMPORTER_HELD_NS), 0);
	assert_int_equal(buffer_len(&out), HEADER);
	assert_int_equal((int)from_be32(buffer_data(&out) + 20), -ECONNRESET);
	/* Its SUBMIT comes after all: there must be no second answer. */
	make_submit(buf, 7, 1, 0, 48, get_status);
	assert_int_equal(importer_feed(importer, buf, sizeof(buf), 1000 + IMPORTER_HELD_NS),
			 HEADER);
	assert_int_equal(buffer_len(&out), HEADER);
	/* More of them than there is room for: the oldest is answered. */
	for (uint32_t i = 0; i <= IMPORTER_HELD; i++) {
		memset(buf, 0, sizeof(buf));
		be32(buf, UNLINK);
		be32(buf + 4, 1000 + 2 * i);
		be32(buf + 8, DEVID);
		be32(buf + 20, 2000 + 2 * i);
		assert_int_equal(importer_feed(importer, buf, sizeof(buf), 5), HEADER);
	}
	assert_int_equal(buffer_len(&out), 2 * HEADER);
	importer_free(importer);
	buffer_free(&out);
}

static void frozen_pen_answers_nothing_but_unlinks(void **state)
{
	uint8_t data[48];
	int fd = import_pen();

	start_stream(fd);
	port->pen->misbehave.frozen = true;
	submit(fd, 3, 1, 0, 48, get_status);
	submit(fd, 4, 0, 0, 0, set_alt_0);
	submit(fd, 5, 1, 1, 64, NO_SETUP);
	serve(10);
	expect_nothing(fd);
	unlink_urb(fd, 6, 4);
	expect_ret(fd, RET_UNLINK, 6, -ECONNRESET, 0);
	port->pen->misbehave.frozen = false;
	server_touch(port);
	expect_data(fd, 3, data, 48);
	expect_data(fd, 5, data, 48);
	assert_int_equal(port->pen->usb.alt[0], 1); /* the cancelled one was not carried out */
	close(fd);
}

static void delayed_answer_holds_back_the_next(void **state)
{
	uint8_t data[48];
	uint64_t begin_ns = now_monotonic_ns();
	int fd = import_pen();

	port->pen->misbehave.delay_ms[MNPEN_REQ_GET_STATUS] = 30;
	submit(fd, 1, 1, 0, 48, get_status);
	submit(fd, 2, 0, 0, 0, set_alt_1);
	serve(10);
	expect_nothing(fd);
	while (now_monotonic_ns() - begin_ns < 31000000)
		serve(1);
	expect_data(fd, 1, data, 48);
	expect_ret(fd, RET_SUBMIT, 2, 0, 0);
	submit(fd, 3, 1, 0, 48, get_status);
	submit(fd, 4, 0, 0, 0, set_alt_0);
	unlink_urb(fd, 5, 3); /* makes way at once */
	expect_ret(fd, RET_UNLINK, 5, -ECONNRESET, 0);
	expect_ret(fd, RET_SUBMIT, 4, 0, 0);
	close(fd);
}

static void malformed_closes_only_its_connection(void **state)
{
	static const struct {
		unsigned int offset;
		uint32_t value;
	} cases[] = {
		{0, 0},	 {0, 3},   {0, 0xffffffff},  {8, 0x10003},
		{12, 2}, {16, 16}, {24, 0x80000000}, {24, IMPORTER_DATA_MAX + 1},
		{32, 1},
	};
	static const uint8_t not_usbip[40] = "GET / HTTP/1.1\r\n\r\n";
	uint8_t data[48];
	int fd;

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		uint8_t buf[HEADER];

		fd = import_pen();
		make_submit(buf, 1, 0, 0, 0, set_alt_1);
		be32(buf + cases[i].offset, cases[i].value);
		put(fd, buf, sizeof(buf));
		expect_end(fd);
	}
	fd = import_pen();
	for (int i = 0; i < 3; i++) {
		int bad = connect_host();

		put(bad, not_usbip, sizeof(not_usbip));
		expect_end(bad);
	}
	submit(fd, 1, 1, 0, 48, get_status);
	expect_data(fd, 1, data, 48);
	close(fd);
}

static void unterminated_busid(void **state)
{
	uint8_t op[40] = {1, 0x11, 0x80, 3};
	int fd = connect_host();

	memset(op + 8, '1', 32);
	put(fd, op, sizeof(op));
	expect_end(fd);
}

static void both_ways_to_say_not_isochronous(void **state)
{
	uint8_t buf[HEADER], data[48];
	int fd = import_pen();

	make_submit(buf, 1, 1, 0, 48, get_status);
	be32(buf + 32, 0xffffffff);
	put(fd, buf, sizeof(buf));
	expect_data(fd, 1, data, 48);
	close(fd);
}

static void too_many_urbs_are_refused_one_by_one(void **state)
{
	int fd = import_pen();

	submit(fd, 1, 0, 0, 0, set_alt_1);
	expect_ret(fd, RET_SUBMIT, 1, 0, 0);
	for (uint32_t i = 0; i < IMPORTER_URBS; i++)
		submit(fd, 2 + i, 1, 1, 64, NO_SETUP);
	expect_nothing(fd);
	submit(fd, 5000, 1, 1, 64, NO_SETUP);
	expect_ret(fd, RET_SUBMIT, 5000, -ENOMEM, 0);
	unlink_urb(fd, 5001, 2);
	expect_ret(fd, RET_UNLINK, 5001, -ECONNRESET, 0);
	submit(fd, 5002, 1, 1, 64, NO_SETUP);
	expect_nothing(fd);
	close(fd);
}

static void host_that_does_not_read_is_not_read(void **state)
{
	static uint8_t buf[1024 * HEADER];
	const uint32_t batch = sizeof(buf) / HEADER;
	uint32_t seqnum = 0;
	size_t sent = 0;
	int fd = import_pen();
	ssize_t n;

	/* Batches, until the server takes no more. */
	do {
		for (uint32_t i = 0; i < batch; i++)
			make_submit(buf + i * HEADER, (uint32_t)(sent / HEADER) + i + 1, 1, 0, 48,
				    get_status);
		n = send(fd, buf, sizeof(buf), MSG_NOSIGNAL | MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
		serve(0);
		assert_true(buffer_len(&port->conn->out) <= IMPORTER_ANSWERS_MAX + HEADER + 48);
		assert_true(sent < 100 * sizeof(buf)); /* or else its memory is not bounded */
	} while (n == (ssize_t)sizeof(buf));
	/* Nothing is lost: every answer comes, in order, once it reads. */
	while (seqnum < sent / HEADER) {
		uint8_t ret[HEADER + 48];

		n = get(fd, ret, sizeof(ret));
		if (n == -EAGAIN)
			continue;
		assert_int_equal(n, sizeof(ret));
		assert_int_equal(from_be32(ret + 4), ++seqnum);
	}
	close(fd);
}

static void polls_come_once_an_interval(void **state)
{
	const uint64_t second_ns = 1000000000, interval_ns = 8000000;
	struct buffer out = {0};
	struct importer *importer = importer_new(port->usb, &out);
	uint64_t now_ns = second_ns;
	uint8_t buf[HEADER];
	size_t burst;

	for (uint32_t i = 1; i <= 30; i++) {
		make_submit(buf, i, 1, 2, 8, NO_SETUP);
		assert_int_equal(importer_feed(importer, buf, sizeof(buf), now_ns), HEADER);
		hid_dial(&port->pen->hid, 1);
	}
	/* What 64 ms of polls could have fetched, and then one each 8 ms. */
	assert_int_equal(importer_run(importer, now_ns), 0);
	burst = buffer_len(&out);
	assert_in_range(burst, 8 * HEADER, 9 * (HEADER + 3));
	for (int i = 0; i < 10; i++) {
		assert_int_equal(importer_next_ns(importer), now_ns + interval_ns);
		assert_int_equal(importer_run(importer, now_ns + interval_ns - 1), 0);
		assert_int_equal(buffer_len(&out), burst);
		now_ns += interval_ns;
		assert_int_equal(importer_run(importer, now_ns), 0);
		burst += HEADER + 3;
		assert_int_equal(buffer_len(&out), burst);
	}
	importer_free(importer);
	buffer_free(&out);
}

static void connections_have_a_cap(void **state)
{
	int fds[2];

	gadget.server->n_conns += SERVER_CONNECTIONS_MAX;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
			 0);
	assert_int_equal(server_add(gadget.server, fds[0]), -EBUSY);
	expect_end(fds[1]);
	gadget.server->n_conns -= SERVER_CONNECTIONS_MAX;
	close(import_pen());
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_gadget, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pending_urb_is_cancelled),
		TEST(answered_urb_unlinks_with_0),
		TEST(early_unlink_waits_for_its_submit),
		TEST(early_unlink_with_data),
		TEST(unlink_is_always_answered),
		TEST(frozen_pen_answers_nothing_but_unlinks),
		TEST(delayed_answer_holds_back_the_next),
		TEST(malformed_closes_only_its_connection),
		TEST(unterminated_busid),
		TEST(both_ways_to_say_not_isochronous),
		TEST(too_many_urbs_are_refused_one_by_one),
		TEST(host_that_does_not_read_is_not_read),
		TEST(polls_come_once_an_interval),
		TEST(connections_have_a_cap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
