// SPDX-License-Identifier: GPL-2.0-only
/*
 * USB/IP bytes, written by hand from the kernel's Documentation/usb/usbip_protocol.rst, and the
 * queue of what waits to be sent.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "driver/host/usbip_tx.h"
#include "driver/host/usbip_wire.h"

static void test_import_request(void **state)
{
	static const uint8_t want[USBIP_REQ_IMPORT_SIZE] = {
		0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, '3', '-', '2', '.', '4',
	};
	uint8_t buf[USBIP_REQ_IMPORT_SIZE];

	memset(buf, 0xff, sizeof(buf));
	usbip_import_encode(buf, "3-2.4");
	assert_memory_equal(buf, want, sizeof(want));
}

/* Bus 3, device 0x102, full speed, "1-1". */
static void make_import_reply(uint8_t buf[USBIP_REP_IMPORT_SIZE])
{
	static const uint8_t head[8] = {0x01, 0x11, 0x00, 0x03, 0, 0, 0, 0};
	static const uint8_t numbers[12] = {0, 0, 0, 3, 0, 0, 1, 2, 0, 0, 0, 2};

	memset(buf, 0, USBIP_REP_IMPORT_SIZE);
	memcpy(buf, head, sizeof(head));
	memcpy(buf + 8, "/sys/devices/pen", 16);
	memcpy(buf + 8 + 256, "1-1", 3);
	memcpy(buf + 8 + 256 + 32, numbers, sizeof(numbers));
}

static void test_import_reply(void **state)
{
	uint8_t buf[USBIP_REP_IMPORT_SIZE];
	struct usbip_import import = {0};

	make_import_reply(buf);
	for (size_t len = 0; len < sizeof(buf); len++)
		assert_int_equal(usbip_import_decode(&import, buf, len, "1-1"), -EAGAIN);
	assert_int_equal(import.devid, 0);
	assert_int_equal(usbip_import_decode(&import, buf, sizeof(buf), "1-1"), sizeof(buf));
	assert_int_equal(import.devid, 0x00030102);
	assert_int_equal(import.speed, USBIP_SPEED_FULL);
	buf[307] = 3;
	assert_int_equal(usbip_import_decode(&import, buf, sizeof(buf), "1-1"), sizeof(buf));
	assert_int_equal(import.speed, USBIP_SPEED_HIGH);
}

static const struct {
	size_t offset;
	uint8_t value;
	int error;
} bad_replies[] = {
	{1, 0x10, -EPROTO},	  /* version 1.1.0 */
	{0, 0x02, -EPROTO},	  /* version */
	{2, 0x80, -EPROTO},	  /* a request */
	{3, 0x05, -EPROTO},	  /* the answer to a list request */
	{7, 1, -EIO},		  /* error */
	{7, 2, -EBUSY},		  /* busy */
	{7, 3, -EIO},		  /* device error */
	{7, 4, -ENODEV},	  /* not found */
	{7, 5, -EIO},		  /* error */
	{7, 6, -EPROTO},	  /* no such status */
	{4, 0x80, -EPROTO},	  /* no such status */
	{266, '2', -EPROTO},	  /* bus id of another device */
	{267, '0', -EPROTO},	  /* a longer bus id */
	{297, 1, -EPROTO},	  /* bus number above 16 bits */
	{301, 1, -EPROTO},	  /* device number above 16 bits */
	{307, 1, -EOPNOTSUPP},	  /* low speed */
	{307, 5, -EOPNOTSUPP},	  /* super speed */
	{304, 0x80, -EOPNOTSUPP}, /* no speed at all */
};

static void test_import_reply_refused(void **state)
{
	for (size_t i = 0; i < ELEMENTSOF(bad_replies); i++) {
		uint8_t buf[USBIP_REP_IMPORT_SIZE];
		struct usbip_import import = {.devid = 77};

		make_import_reply(buf);
		buf[bad_replies[i].offset] = bad_replies[i].value;
		assert_int_equal(usbip_import_decode(&import, buf, sizeof(buf), "1-1"),
				 bad_replies[i].error);
		assert_int_equal(import.devid, 77);
		/* A refusal by the server is eight bytes and no more. */
		if (bad_replies[i].offset < 8)
			assert_int_equal(usbip_import_decode(&import, buf, 8, "1-1"),
					 bad_replies[i].error);
	}
}

static void test_submit_control(void **state)
{
	static const uint8_t want[USBIP_HEADER_SIZE] = {
		0,    0, 0,    1,			     /* CMD_SUBMIT */
		0,    0, 0x0d, 0x05,			     /* seqnum */
		0,    3, 1,    2,			     /* devid */
		0,    0, 0,    1,			     /* direction: in */
		0,    0, 0,    0,			     /* endpoint */
		0,    0, 2,    0,			     /* transfer_flags: URB_DIR_IN */
		0,    0, 1,    0x2c,			     /* transfer_buffer_length: 300 */
		0,    0, 0,    0,			     /* start_frame */
		0,    0, 0,    0,			     /* number_of_packets */
		0,    0, 0,    0,			     /* interval */
		0xa1, 2, 0x34, 0x12, 0x78, 0x56, 0x2c, 0x01, /* setup, as on the cable */
	};
	const struct usbip_submit submit = {
		.seqnum = 0x0d05,
		.devid = 0x00030102,
		.in = true,
		.len = 300,
		.setup = {0xa1, 2, 0x1234, 0x5678, 300},
	};
	uint8_t buf[USBIP_HEADER_SIZE];

	memset(buf, 0xff, sizeof(buf));
	usbip_submit_encode(buf, &submit);
	assert_memory_equal(buf, want, sizeof(want));
}

static void test_submit_out_and_interrupt(void **state)
{
	static const uint8_t want_out[20] = {
		0, 0, 0, 0, 0, 0, 0, 0,	 /* direction: out; endpoint */
		0, 0, 0, 0, 0, 0, 0, 24, /* flags; length */
	};
	static const uint8_t want_interrupt[36] = {
		0, 0, 0, 1, 0, 0, 0, 3,	 /* direction: in; endpoint */
		0, 0, 2, 0, 0, 0, 0, 64, /* flags; length */
		0, 0, 0, 0, 0, 0, 0, 0,	 /* start_frame, number_of_packets */
		0, 0, 0, 8,		 /* interval; setup is zero */
	};
	struct usbip_submit submit = {.seqnum = 1, .len = 24, .setup = {0x21, 5, 0, 0, 24}};
	uint8_t buf[USBIP_HEADER_SIZE];

	usbip_submit_encode(buf, &submit);
	assert_memory_equal(buf + 12, want_out, 16);
	submit = (struct usbip_submit){
		.seqnum = 2, .endpoint = 3, .in = true, .len = 64, .interval = 8};
	usbip_submit_encode(buf, &submit);
	assert_memory_equal(buf + 12, want_interrupt, sizeof(want_interrupt));
}

static void test_unlink(void **state)
{
	static const uint8_t want[USBIP_HEADER_SIZE] = {
		0, 0, 0, 2, 0x01, 0x02, 0x03, 0x04, 0,	  3,	1,    2,
		0, 0, 0, 0, 0,	  0,	0,    0,    0x0a, 0x0b, 0x0c, 0x0d,
	};
	uint8_t buf[USBIP_HEADER_SIZE];

	memset(buf, 0xff, sizeof(buf));
	usbip_unlink_encode(buf, 0x01020304, 0x00030102, 0x0a0b0c0d);
	assert_memory_equal(buf, want, sizeof(want));
}

static void test_replies(void **state)
{
	uint8_t submit[USBIP_HEADER_SIZE] = {
		0, 0, 0, 3,  0, 0, 0x0d, 0x05, 0,    0,	   0,	 0,
		0, 0, 0, 0,  0, 0, 0,	 0,    0xff, 0xff, 0xff, 0xe0, /* status: -32 */
		0, 0, 0, 48,					       /* actual_length */
	};
	uint8_t unlink[USBIP_HEADER_SIZE] = {
		0, 0, 0, 4, 0, 0, 0x0d, 0x06, 0,    0,	  0,	0,
		0, 0, 0, 0, 0, 0, 0,	0,    0xff, 0xff, 0xff, 0x98, /* status: -104 */
	};
	struct usbip_reply reply;

	assert_int_equal(usbip_reply_decode(&reply, submit), 0);
	assert_int_equal(reply.command, USBIP_RET_SUBMIT);
	assert_int_equal(reply.seqnum, 0x0d05);
	assert_int_equal(reply.status, -EPIPE);
	assert_int_equal(reply.actual_len, 48);
	memset(submit + 32, 0xff, 4); /* number_of_packets as the document has it */
	assert_int_equal(usbip_reply_decode(&reply, submit), 0);

	assert_int_equal(usbip_reply_decode(&reply, unlink), 0);
	assert_int_equal(reply.command, USBIP_RET_UNLINK);
	assert_int_equal(reply.seqnum, 0x0d06);
	assert_int_equal(reply.status, -ECONNRESET);
	assert_int_equal(reply.actual_len, 0);

	submit[35] = 1; /* neither 0 nor all ones */
	assert_int_equal(usbip_reply_decode(&reply, submit), -EPROTO);
	memset(unlink + 20, 0, 4);
	unlink[23] = 1; /* positive status */
	assert_int_equal(usbip_reply_decode(&reply, unlink), -EPROTO);
}

static void test_other_commands_refused(void **state)
{
	static const uint32_t commands[] = {0, 1, 2, 5, 0x03000000, UINT32_MAX};

	for (size_t i = 0; i < ELEMENTSOF(commands); i++) {
		uint8_t buf[USBIP_HEADER_SIZE] = {(uint8_t)(commands[i] >> 24),
						  (uint8_t)(commands[i] >> 16),
						  (uint8_t)(commands[i] >> 8),
						  (uint8_t)commands[i]};
		struct usbip_reply reply;

		assert_int_equal(usbip_reply_decode(&reply, buf), -EPROTO);
	}
}

static struct usbip_pdu pdu(uint32_t seqnum, uint32_t len)
{
	struct usbip_pdu p = {.seqnum = seqnum, .len = len};

	memset(p.bytes, (int)seqnum, len);
	return p;
}

static int put(struct usbip_tx *tx, uint32_t seqnum)
{
	struct usbip_pdu p = pdu(seqnum, 48);

	return usbip_tx_put(tx, &p);
}

static int put_first(struct usbip_tx *tx, uint32_t seqnum)
{
	struct usbip_pdu p = pdu(seqnum, 48);

	return usbip_tx_put_first(tx, &p);
}

static void test_tx_first(void **state)
{
	static const uint32_t want_fresh[] = {9, 8, 1, 2};
	static const uint32_t want_partly[] = {1, 9, 8, 2};

	for (int partly = 0; partly <= 1; partly++) {
		struct usbip_tx tx = {0};

		assert_int_equal(put(&tx, 1), 0);
		assert_int_equal(put(&tx, 2), 0);
		tx.sent = partly ? 1 : 0;
		assert_int_equal(put_first(&tx, 8), 0);
		assert_int_equal(put_first(&tx, 9), 0);
		for (size_t i = 0; i < 4; i++)
			assert_int_equal(tx.pdus[i].seqnum,
					 partly ? want_partly[i] : want_fresh[i]);
		assert_int_equal(usbip_tx_drop(&tx, 1), !partly);
		assert_int_equal(usbip_tx_holds(&tx, 1), partly);
		assert_true(usbip_tx_drop(&tx, 2));
		assert_false(usbip_tx_holds(&tx, 2));
		assert_false(usbip_tx_drop(&tx, 2));
		assert_true(usbip_tx_holds(&tx, 8));
	}
}

/* What waits somewhere goes to the front, and nothing is lost or doubled. */
static void test_tx_advance(void **state)
{
	static const uint32_t want_fresh[] = {3, 1, 2};
	static const uint32_t want_partly[] = {1, 3, 2};

	for (int partly = 0; partly <= 1; partly++) {
		struct usbip_tx tx = {0};

		for (uint32_t i = 1; i <= 3; i++)
			assert_int_equal(put(&tx, i), 0);
		tx.sent = partly ? 1 : 0;
		usbip_tx_advance(&tx, 3);
		usbip_tx_advance(&tx, 4); /* not there */
		if (partly)
			usbip_tx_advance(&tx, 1); /* on its way */
		assert_int_equal(tx.n, 3);
		for (size_t i = 0; i < 3; i++)
			assert_int_equal(tx.pdus[i].seqnum,
					 partly ? want_partly[i] : want_fresh[i]);
	}
}

static void test_tx_reserve(void **state)
{
	struct usbip_tx tx = {0};

	for (uint32_t i = 0; i < USBIP_TX_PDUS - USBIP_TX_RESERVED; i++)
		assert_int_equal(put(&tx, i + 1), 0);
	assert_int_equal(put(&tx, 1000), -ENOBUFS);
	for (uint32_t i = 0; i < USBIP_TX_RESERVED; i++)
		assert_int_equal(put_first(&tx, 1001 + i), 0);
	assert_int_equal(put_first(&tx, 1100), -ENOBUFS);
}

/* A peer that reads in small bites gets every byte once and in order. */
static void test_tx_partial_sends(void **state)
{
	const int small = 1;
	struct usbip_tx tx = {0};
	uint8_t buf[64];
	size_t got = 0;
	int fd[2];

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), errno);
	assert_return_code(setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), errno);
	for (uint32_t i = 0; i < USBIP_TX_PDUS - USBIP_TX_RESERVED; i++)
		assert_int_equal(put(&tx, i + 1), 0);
	while (got < 48 * (USBIP_TX_PDUS - USBIP_TX_RESERVED)) {
		ssize_t r;

		assert_int_equal(usbip_tx_flush(&tx, fd[0]), 0);
		r = recv(fd[1], buf, 7, MSG_DONTWAIT);
		assert_true(r > 0);
		for (ssize_t i = 0; i < r; i++, got++)
			assert_int_equal(buf[i], (uint8_t)(got / 48 + 1));
	}
	assert_int_equal(tx.n, 0);
	assert_int_equal(tx.sent, 0);
	assert_int_equal(put(&tx, 1), 0);
	close(fd[1]);
	assert_int_equal(usbip_tx_flush(&tx, fd[0]), -EPIPE);
	close(fd[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_import_request),
		cmocka_unit_test(test_import_reply),
		cmocka_unit_test(test_import_reply_refused),
		cmocka_unit_test(test_submit_control),
		cmocka_unit_test(test_submit_out_and_interrupt),
		cmocka_unit_test(test_unlink),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_other_commands_refused),
		cmocka_unit_test(test_tx_first),
		cmocka_unit_test(test_tx_advance),
		cmocka_unit_test(test_tx_reserve),
		cmocka_unit_test(test_tx_partial_sends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
