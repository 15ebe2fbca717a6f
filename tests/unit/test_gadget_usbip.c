// SPDX-License-Identifier: GPL-2.0-only
/* The USB/IP server: list, import, URBs, and what may not disturb anybody else. */
#include "tests/unit/gadget_host.h"

static void list_while_imported(void **state)
{
	uint8_t reply[512];
	int host = import_pen();
	int other = connect_host();

	put_op(other, 0x0111, 0x8005, NULL);
	/* header 8, count 4, device 312, two interfaces of 4 */
	assert_int_equal(get(other, reply, sizeof(reply)), 8 + 4 + 312 + 8);
	assert_memory_equal(reply, ((uint8_t[]){1, 0x11, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1}), 12);
	assert_string_equal((char *)reply + 12 + 256, "1-1");
	assert_int_equal(from_be32(reply + 12 + 288), 1);
	assert_int_equal(from_be32(reply + 12 + 292), 2);
	assert_int_equal(from_be32(reply + 12 + 296), 2); /* full speed */
	assert_memory_equal(reply + 12 + 300,
			    ((uint8_t[]){0x12, 0x09, 0, 1, 1, 0, 0, 0, 0, 1, 1, 2}), 12);
	assert_memory_equal(reply + 12 + 312, ((uint8_t[]){0xff, 0x4d, 1, 0, 3, 0, 0, 0}), 8);
	expect_end(other);
	expect_nothing(host);
	close(host);
}

static void import_is_exclusive(void **state)
{
	uint8_t reply[320];
	int first = import_pen();
	int second = connect_host();

	put_op(second, 0x0111, 0x8003, "1-1");
	assert_int_equal(get(second, reply, sizeof(reply)), 8);
	assert_int_equal(from_be32(reply + 4), 2);
	expect_end(second);
	close(first);
	serve(0);
	close(import_pen());
}

static void import_answers_with_its_reason(void **state)
{
	static const struct {
		uint16_t version;
		const char *busid;
		uint32_t status;
	} cases[] = {{0x0111, "1-2", 4}, {0x0111, "", 4}, {0x0110, "1-1", 1}, {0x0106, "1-1", 1}};
	uint8_t reply[320];

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		int fd = connect_host();

		put_op(fd, cases[i].version, 0x8003, cases[i].busid);
		assert_int_equal(get(fd, reply, sizeof(reply)), 8);
		assert_memory_equal(reply, ((uint8_t[]){1, 0x11, 0, 3}), 4);
		assert_int_equal(from_be32(reply + 4), cases[i].status);
		expect_end(fd);
	}
}

static void import_echoes_the_busid(void **state)
{
	uint8_t reply[320];
	int fd = connect_host();

	put_op(fd, 0x0111, 0x8003, "1-1");
	assert_int_equal(get(fd, reply, sizeof(reply)), 320);
	assert_memory_equal(reply, ((uint8_t[]){1, 0x11, 0, 3, 0, 0, 0, 0}), 8);
	assert_string_equal((char *)reply + 8 + 256, "1-1");
	close(fd);
}

static void request_may_come_in_pieces(void **state)
{
	uint8_t reply[320], urb[HEADER];
	const uint8_t op[40] = {1, 0x11, 0x80, 3, 0, 0, 0, 0, '1', '-', '1'};
	int fd = connect_host();

	for (size_t i = 0; i < sizeof(op); i++) {
		expect_nothing(fd);
		put(fd, op + i, 1);
	}
	assert_int_equal(get(fd, reply, sizeof(reply)), 320);
	make_submit(urb, 1, 1, 0, 48, get_status);
	for (size_t i = 0; i < sizeof(urb); i++) {
		expect_nothing(fd);
		put(fd, urb + i, 1);
	}
	expect_data(fd, 1, reply, 48);
	close(fd);
}

static void control_requests(void **state)
{
	static const uint8_t get_device[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
	static const uint8_t arm[8] = {0x21, 3, 0, 0, 0, 0, 32, 0};
	uint8_t data[64], buf[HEADER + 32] = {0};
	int fd = import_pen();

	submit(fd, 1, 1, 0, 18, get_device);
	expect_data(fd, 1, data, 18);
	assert_memory_equal(data + 8, ((uint8_t[]){0x09, 0x12, 0x01, 0x00}), 4);
	submit(fd, 2, 1, 0, 8, get_device); /* room for less than wLength */
	expect_data(fd, 2, data, 8);
	make_submit(buf, 3, 0, 0, 32, arm); /* refused: a STALL */
	put(fd, buf, sizeof(buf));
	expect_ret(fd, RET_SUBMIT, 3, -EPIPE, 0);
	submit(fd, 4, 0, 1, 0, NO_SETUP); /* there is no OUT endpoint */
	expect_ret(fd, RET_SUBMIT, 4, -EPROTO, 0);
	submit(fd, 5, 1, 1, 64, NO_SETUP); /* nor 0x81 in alt 0 */
	expect_ret(fd, RET_SUBMIT, 5, -EPROTO, 0);
	expect_nothing(fd);
	close(fd);
}

static void batch_is_answered_in_order(void **state)
{
	uint8_t buf[16 * HEADER], data[64];
	int fd = import_pen();

	for (uint32_t i = 0; i < 16; i++)
		make_submit(buf + i * HEADER, 100 + i, 1, 0, 48, get_status);
	put(fd, buf, sizeof(buf));
	for (uint32_t i = 0; i < 16; i++)
		expect_data(fd, 100 + i, data, 48);
	expect_nothing(fd);
	close(fd);
}

static void idle_endpoint_is_silent_and_a_sample_ends_it(void **state)
{
	uint8_t data[64];
	int fd = import_pen();

	submit(fd, 1, 0, 0, 0, set_alt_1);
	expect_ret(fd, RET_SUBMIT, 1, 0, 0);
	submit(fd, 10, 1, 1, 64, NO_SETUP);
	submit(fd, 11, 1, 1, 64, NO_SETUP);
	serve(20);
	expect_nothing(fd);
	start_stream(fd);
	serve(3);
	expect_data(fd, 10, data, 48);
	assert_int_equal(data[0], 1); /* seq */
	expect_data(fd, 11, data, 48);
	assert_int_equal(data[0], 2);
	serve(5);
	expect_nothing(fd); /* no URB, no sample */
	submit(fd, 12, 1, 1, 16, NO_SETUP);
	expect_ret(fd, RET_SUBMIT, 12, -EOVERFLOW, 0);
	close(fd);
}

static void stream_keeps_its_pace(void **state)
{
	uint8_t buf[60 * HEADER];
	struct mnpen_sample sample;
	unsigned int count = 0;
	uint64_t begin_ns;
	int fd = import_pen();

	start_stream(fd);
	for (uint32_t i = 0; i < 60; i++)
		make_submit(buf + i * HEADER, 10 + i, 1, 1, 64, NO_SETUP);
	put(fd, buf, sizeof(buf));
	begin_ns = now_monotonic_ns();
	while (count < 60) {
		uint8_t ret[HEADER + 48];

		if (get(fd, ret, sizeof(ret)) != sizeof(ret))
			continue;
		assert_int_equal(mnpen_sample_decode(&sample, ret + HEADER, 48), 0);
		assert_int_equal(sample.seq, ++count);
	}
	assert_true(now_monotonic_ns() - begin_ns > 55000000);
	close(fd);
}

static void close_is_an_unplug(void **state)
{
	int fd = import_pen();

	port->pen->model.state = MNPEN_STATE_ARMED;
	port->pen->model.lease_deadline_us = MODEL_NEVER;
	close(fd);
	serve(0);
	assert_int_equal(port->pen->model.state, MNPEN_STATE_IDLE);
	assert_int_equal(port->pen->model.stop_reason, MNPEN_STOP_BUS);
	assert_null(port->conn);
	assert_int_equal(port->pen->usb.alt[0], 0);
}

static void last_words_count(void **state)
{
	static const uint8_t stop[8] = {0x21, 6, 0, 0, 0, 0, 0, 0};
	uint8_t buf[HEADER];
	int fd = import_pen();

	port->pen->model.state = MNPEN_STATE_ARMED;
	port->pen->model.lease_deadline_us = MODEL_NEVER;
	make_submit(buf, 1, 0, 0, 0, stop);
	assert_int_equal(send(fd, buf, sizeof(buf), 0), sizeof(buf));
	close(fd);
	serve(0);
	assert_int_equal(port->pen->model.stop_reason, MNPEN_STOP_HOST);
	assert_null(port->conn);
}

static void unplugged_pen_is_gone(void **state)
{
	uint8_t reply[512];
	int host = import_pen();
	int other;

	server_unplug(port);
	expect_end(host);
	other = connect_host();
	put_op(other, 0x0111, 0x8005, NULL);
	assert_int_equal(get(other, reply, sizeof(reply)), 12);
	close(other);
	other = connect_host();
	put_op(other, 0x0111, 0x8003, "1-1");
	assert_int_equal(get(other, reply, sizeof(reply)), 8);
	assert_int_equal(from_be32(reply + 4), 4);
	close(other);
	server_replug(port);
	close(import_pen());
}

static void silence_is_no_end(void **state)
{
	uint8_t data[48];
	int fd = import_pen();

	server_silence(gadget.server, true);
	submit(fd, 1, 1, 0, 48, get_status);
	serve(10);
	expect_nothing(fd);
	server_silence(gadget.server, false);
	expect_data(fd, 1, data, 48);
	server_silence(gadget.server, true);
	close(fd);
	serve(5);
	assert_non_null(port->conn); /* not noticed */
	server_silence(gadget.server, false);
	serve(0);
	assert_null(port->conn);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_gadget, teardown_gadget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_while_imported),
		TEST(import_is_exclusive),
		TEST(import_answers_with_its_reason),
		TEST(import_echoes_the_busid),
		TEST(request_may_come_in_pieces),
		TEST(control_requests),
		TEST(batch_is_answered_in_order),
		TEST(idle_endpoint_is_silent_and_a_sample_ends_it),
		TEST(stream_keeps_its_pace),
		TEST(close_is_an_unplug),
		TEST(last_words_count),
		TEST(unplugged_pen_is_gone),
		TEST(silence_is_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
