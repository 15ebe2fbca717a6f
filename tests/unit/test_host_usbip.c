// SPDX-License-Identifier: GPL-2.0-only
/* The life of a USB/IP connection: getting online, being refused, being lied to, being lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "tests/unit/fake_usbip.h"

static const struct host_control get_status = {
	.request = MNPEN_REQ_GET_STATUS, .in = true, .len = MNPEN_SAMPLE_SIZE, .timeout_ms = 1000};

static void test_online(void **state)
{
	struct fake f;

	fake_open(&f);
	assert_string_equal(host_transport_name(f.host), "usbip");
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), -ENOTCONN);
	assert_int_equal(host_set_alt(f.host, 1, 0, fake_done, &f), -ENOTCONN);
	assert_int_equal(host_stream(f.host, true), -ENOTCONN);
	assert_int_equal(host_stop(f.host, 1, fake_done, &f), -ENOTCONN);
	assert_int_equal(host_reset(f.host), -ENOTCONN);
	assert_int_equal(accept(f.listen_fd, NULL, NULL), -1); /* only the loop connects */
	fake_online(&f);
	fake_expect_silence(&f);
	fake_close(&f);
	assert_null(host_free(NULL));
}

/* Everything arrives byte by byte. */
static void test_online_dribbling(void **state)
{
	uint8_t reply[USBIP_REP_IMPORT_SIZE];
	struct fake f;

	fake_open(&f);
	fake_accept(&f);
	fake_read_import(&f);
	fake_import_reply(reply);
	for (size_t i = 0; i < sizeof(reply); i++) {
		fake_write(&f, reply + i, 1);
		assert_return_code(sd_event_run(f.event, 1000), 0);
	}
	while (fake_enumerate_one(&f))
		;
	fake_expect(&f, HEARD_ONLINE, 0);
	fake_close(&f);
}

static void refuse_import(struct fake *f, uint8_t status)
{
	uint8_t head[8] = {0x01, 0x11, 0x00, 0x03, 0, 0, 0, status};

	fake_accept(f);
	fake_read_import(f);
	fake_write(f, head, sizeof(head));
}

static void test_refusals_reported_once_for_each_cause(void **state)
{
	struct fake f;

	fake_open(&f);
	refuse_import(&f, 2);
	fake_expect(&f, HEARD_OFFLINE, -EBUSY);
	refuse_import(&f, 2);
	fake_run(&f, 20);
	fake_expect_silence(&f);
	refuse_import(&f, 4);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	fake_online(&f);
	fake_hang_up(&f);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV); /* a loss is always told */
	fake_close(&f);
}

static void test_nobody_listens(void **state)
{
	struct fake f;

	fake_open(&f);
	close_fd(f.listen_fd);
	f.listen_fd = -EBADF;
	fake_expect(&f, HEARD_OFFLINE, -ECONNREFUSED);
	fake_run(&f, 150);
	fake_expect_silence(&f);
	fake_close(&f);
}

/* 100, 200, 400 ms between the attempts; back to 100 ms after a connection that came online. */
static void test_backoff(void **state)
{
	static const uint64_t pauses_ms[] = {100, 200, 400};
	struct fake f;
	uint64_t before, took;

	fake_open(&f);
	refuse_import(&f, 2);
	fake_expect(&f, HEARD_OFFLINE, -EBUSY);
	for (size_t i = 0; i < ELEMENTSOF(pauses_ms); i++) {
		before = now_usec();
		refuse_import(&f, 2);
		fake_run(&f, 0);
		took = (now_usec() - before) / USEC_PER_MSEC;
		assert_in_range(took, pauses_ms[i] - 10, pauses_ms[i] + 1000);
	}
	fake_online(&f);
	fake_hang_up(&f);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	before = now_usec();
	fake_accept(&f);
	assert_in_range((now_usec() - before) / USEC_PER_MSEC, 90, 700); /* 800 would be next */
	fake_close(&f);
}

static void test_import_unanswered(void **state)
{
	struct fake f;
	uint64_t before;

	fake_open(&f);
	fake_accept(&f);
	before = now_usec();
	fake_expect(&f, HEARD_OFFLINE, -ETIMEDOUT);
	assert_in_range((now_usec() - before) / USEC_PER_MSEC, 900, 1500);
	fake_close(&f);
}

static void test_enumeration_refused(void **state)
{
	/* STALL; a step unanswered; a device of other ids */
	static const int errors[] = {-EPROTO, -ETIMEDOUT, -EPROTO};
	uint8_t foreign[sizeof(fake_device)];

	memcpy(foreign, fake_device, sizeof(foreign));
	foreign[10] = 2;
	for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
		uint8_t pdu[USBIP_HEADER_SIZE];
		struct fake f;

		fake_open(&f);
		fake_import(&f);
		if (i < 2)
			fake_enumerate_one(&f);
		fake_read(&f, pdu, sizeof(pdu));
		if (i == 0)
			fake_ret_submit(&f, fake_seqnum(pdu), -EPIPE, NULL, 0);
		if (i == 2)
			fake_ret_submit(&f, fake_seqnum(pdu), 0, foreign, sizeof(foreign));
		fake_expect(&f, HEARD_OFFLINE, errors[i]);
		fake_online(&f); /* and it tries again */
		fake_close(&f);
	}
}

/* Online, streaming, with a control transfer in flight: its seqnum, and one of the stream's. */
static void get_busy(struct fake *f, uint32_t *ret_control, uint32_t *ret_interrupt)
{
	uint8_t pdus[9 * USBIP_HEADER_SIZE];

	fake_open(f);
	fake_online(f);
	assert_int_equal(host_stream(f->host, true), 0);
	assert_int_equal(host_control(f->host, &get_status, fake_done, f), 0);
	fake_read(f, pdus, sizeof(pdus));
	*ret_interrupt = fake_seqnum(pdus);
	*ret_control = fake_seqnum(pdus + 8 * USBIP_HEADER_SIZE);
}

enum lie {
	LIE_COMMAND,
	LIE_REQUEST,
	LIE_UNKNOWN_SEQNUM,
	LIE_UNKNOWN_UNLINK,
	LIE_UNLINK_OF_FLYING,
	LIE_TOO_LONG_CONTROL,
	LIE_TOO_LONG_INTERRUPT,
	LIE_HUGE,
	LIE_POSITIVE_STATUS,
	LIE_PACKETS,
	LIE_TWICE,
	LIE_COUNT,
};

static void tell(struct fake *f, enum lie lie, uint32_t control, uint32_t interrupt)
{
	uint8_t data[256] = {0};
	uint8_t buf[512];
	size_t len = fake_reply(buf, 3, control, 0, data, 48);

	switch (lie) {
	case LIE_COMMAND:
		buf[3] = 9;
		break;
	case LIE_REQUEST:
		buf[3] = 1;
		break;
	case LIE_UNKNOWN_SEQNUM:
		fake_put32(buf + 4, control + 1000);
		break;
	case LIE_UNKNOWN_UNLINK:
		len = fake_reply(buf, 4, control + 1000, -ECONNRESET, NULL, 0);
		break;
	case LIE_UNLINK_OF_FLYING:
		len = fake_reply(buf, 4, control, -ECONNRESET, NULL, 0);
		break;
	case LIE_TOO_LONG_CONTROL:
		len = fake_reply(buf, 3, control, 0, data, 49);
		break;
	case LIE_TOO_LONG_INTERRUPT:
		len = fake_reply(buf, 3, interrupt, 0, data, 65);
		break;
	case LIE_HUGE:
		fake_put32(buf + 24, UINT32_MAX);
		break;
	case LIE_POSITIVE_STATUS:
		fake_put32(buf + 20, 1);
		break;
	case LIE_PACKETS:
		fake_put32(buf + 32, 1);
		break;
	case LIE_TWICE:
		fake_write(f, buf, len);
		break;
	case LIE_COUNT:
		break;
	}
	fake_write(f, buf, len);
}

static void test_lies_end_the_connection(void **state)
{
	for (enum lie lie = 0; lie < LIE_COUNT; lie++) {
		uint32_t control, interrupt;
		struct fake f;

		get_busy(&f, &control, &interrupt);
		tell(&f, lie, control, interrupt);
		/* The owner of a transfer hears first, and once. */
		fake_expect(&f, HEARD_DONE, lie == LIE_TWICE ? 0 : -ENODEV);
		fake_expect(&f, HEARD_OFFLINE, -EPROTO);
		assert_int_equal(host_stop(f.host, 1, fake_done, &f), -ENOTCONN);
		fake_online(&f);
		fake_expect_silence(&f);
		fake_close(&f);
	}
}

static void test_loss(void **state)
{
	for (int abort = 0; abort <= 1; abort++) {
		const struct linger linger = {.l_onoff = abort};
		uint32_t control, interrupt;
		struct fake f;

		get_busy(&f, &control, &interrupt);
		/* The last packet before the loss is judged before the loss is told. */
		fake_ret_submit(&f, interrupt, 0, "\x42", 1);
		fake_expect(&f, HEARD_PACKET, 0x42);
		fake_expect(&f, HEARD_DRAINED, 0);
		assert_return_code(setsockopt(f.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
				   errno);
		/* Unread bytes would turn the FIN into an RST. */
		if (!abort)
			assert_int_equal(shutdown(f.fd, SHUT_WR), 0);
		else
			fake_hang_up(&f);
		fake_expect(&f, HEARD_DONE, -ENODEV);
		fake_expect(&f, HEARD_OFFLINE, abort ? -ECONNRESET : -ENODEV);
		fake_online(&f);
		fake_close(&f);
	}
}

static void test_packet_and_loss_in_one_wakeup(void **state)
{
	uint32_t control, interrupt;
	uint8_t buf[256];
	struct fake f;
	size_t len;

	get_busy(&f, &control, &interrupt);
	len = fake_reply(buf, 3, interrupt, 0, "\x42", 1);
	len += fake_reply(buf + len, 3, interrupt + 1000, 0, NULL, 0);
	fake_write(&f, buf, len);
	fake_expect(&f, HEARD_PACKET, 0x42);
	fake_expect(&f, HEARD_DRAINED, 0);
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -EPROTO);
	fake_close(&f);
}

static void test_reset(void **state)
{
	uint8_t buf[4096];
	uint32_t control, interrupt;
	struct fake f;

	get_busy(&f, &control, &interrupt);
	assert_int_equal(host_reset(f.host), 0);
	fake_expect_silence(&f); /* nothing from inside the call */
	assert_int_equal(recv(f.fd, buf, sizeof(buf), MSG_DONTWAIT), 0); /* but closed at once */
	assert_int_equal(host_reset(f.host), -ENOTCONN);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_OFFLINE, -ECONNRESET);
	fake_online(&f);
	fake_close(&f);
}

static void reset_from_packet(struct fake *f)
{
	assert_int_equal(host_reset(f->host), 0);
}

/* The owner gives up on the first of three packets: the others are not handed out. */
static void test_reset_inside_packet(void **state)
{
	uint32_t control, interrupt;
	uint8_t buf[256];
	struct fake f;
	size_t len = 0;

	get_busy(&f, &control, &interrupt);
	f.on_packet = reset_from_packet;
	for (uint32_t i = 0; i < 3; i++)
		len += fake_reply(buf + len, 3, interrupt + i, 0, "\x42", 1);
	fake_write(&f, buf, len);
	fake_expect(&f, HEARD_PACKET, 0x42);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_OFFLINE, -ECONNRESET);
	fake_online(&f);
	fake_expect_silence(&f);
	fake_close(&f);
}

static void test_free_is_silent_and_closes(void **state)
{
	uint8_t buf[64];
	uint32_t control, interrupt;
	struct fake f;

	get_busy(&f, &control, &interrupt);
	f.host = host_free(f.host);
	fake_expect_silence(&f);
	assert_int_equal(recv(f.fd, buf, sizeof(buf), MSG_DONTWAIT), 0);
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_online),
		cmocka_unit_test(test_online_dribbling),
		cmocka_unit_test(test_refusals_reported_once_for_each_cause),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_import_unanswered),
		cmocka_unit_test(test_enumeration_refused),
		cmocka_unit_test(test_lies_end_the_connection),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_packet_and_loss_in_one_wakeup),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_reset_inside_packet),
		cmocka_unit_test(test_free_is_silent_and_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
