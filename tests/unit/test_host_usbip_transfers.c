// SPDX-License-Identifier: GPL-2.0-only
/* Transfers over USB/IP: the stream, control, cancellations that cross answers on the wire. */
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
	.request = MNPEN_REQ_GET_STATUS, .in = true, .len = MNPEN_SAMPLE_SIZE};

/* CMD_SUBMIT of one interrupt transfer, as the fake's descriptors demand. */
static uint32_t check_interrupt(const uint8_t *pdu)
{
	static const uint8_t want[36] = {
		0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 2, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	};

	assert_int_equal(fake_get32(pdu), 1);
	assert_int_equal(fake_get32(pdu + 8), FAKE_DEVID);
	assert_memory_equal(pdu + 12, want, sizeof(want));
	return fake_seqnum(pdu);
}

static void check_unlink(const uint8_t *pdu, uint32_t victim)
{
	assert_int_equal(fake_get32(pdu), 2);
	assert_int_equal(fake_get32(pdu + 8), FAKE_DEVID);
	assert_int_equal(fake_get32(pdu + 20), victim);
}

static void start_stream(struct fake *f, uint32_t seqnums[HOST_INTERRUPT_URBS])
{
	uint8_t pdus[HOST_INTERRUPT_URBS * USBIP_HEADER_SIZE];

	assert_int_equal(host_stream(f->host, true), 0);
	fake_read(f, pdus, sizeof(pdus));
	for (size_t i = 0; i < HOST_INTERRUPT_URBS; i++) {
		seqnums[i] = check_interrupt(pdus + i * USBIP_HEADER_SIZE);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(seqnums[i], seqnums[j]);
	}
	assert_int_equal(host_stream(f->host, true), 0); /* already there: nothing more goes out */
	assert_int_equal(fake_read_now(f, pdus, sizeof(pdus)), 0);
}

static void test_stream(void **state)
{
	uint8_t buf[3 * (USBIP_HEADER_SIZE + 64)];
	const uint8_t sample[48] = {0x10};
	const uint8_t longest[64] = {0x11};
	uint32_t seqnums[HOST_INTERRUPT_URBS];
	struct fake f;
	size_t len;

	fake_open(&f);
	fake_online(&f);
	start_stream(&f, seqnums);
	len = fake_reply(buf, 3, seqnums[0], 0, sample, sizeof(sample));
	len += fake_reply(buf + len, 3, seqnums[1], 0, longest, sizeof(longest));
	len += fake_reply(buf + len, 3, seqnums[2], 0, NULL, 0);
	fake_write(&f, buf, len);
	fake_expect(&f, HEARD_PACKET, 0x10);
	fake_expect(&f, HEARD_PACKET, 0x11);
	fake_expect(&f, HEARD_PACKET, -1);
	fake_expect(&f, HEARD_DRAINED, 0);
	assert_int_equal(f.heard[f.n_checked - 4].len, 48);
	assert_int_equal(f.heard[f.n_checked - 3].len, 64);
	/* Submitted again at once, in one send, and no more than came. */
	assert_int_equal(fake_read_now(&f, buf, sizeof(buf)), 3 * USBIP_HEADER_SIZE);
	for (size_t i = 0; i < 3; i++)
		assert_true(check_interrupt(buf + i * USBIP_HEADER_SIZE) > seqnums[7]);
	fake_run(&f, 20);
	fake_expect_silence(&f);
	fake_close(&f);
}

/* Answers that cross the cancellation, in all three orders; nobody hears of them. */
static void test_stream_off(void **state)
{
	uint8_t pdus[HOST_INTERRUPT_URBS * USBIP_HEADER_SIZE];
	uint32_t seqnums[HOST_INTERRUPT_URBS], unlinks[HOST_INTERRUPT_URBS];
	struct fake f;

	fake_open(&f);
	fake_online(&f);
	start_stream(&f, seqnums);
	assert_int_equal(host_stream(f.host, false), 0);
	fake_read(&f, pdus, sizeof(pdus));
	for (size_t i = 0; i < HOST_INTERRUPT_URBS; i++) {
		check_unlink(pdus + i * USBIP_HEADER_SIZE, seqnums[i]);
		unlinks[i] = fake_seqnum(pdus + i * USBIP_HEADER_SIZE);
	}
	fake_ret_submit(&f, seqnums[0], 0, "data", 4);
	fake_ret_unlink(&f, unlinks[0], 0);
	fake_ret_unlink(&f, unlinks[1], 0);
	fake_ret_submit(&f, seqnums[1], 0, "data", 4);
	fake_ret_unlink(&f, unlinks[2], 0); /* and no answer ever: the place is freed in time */
	for (size_t i = 3; i < HOST_INTERRUPT_URBS; i++)
		fake_ret_unlink(&f, unlinks[i], -ECONNRESET);
	fake_run(&f, HOST_SETUP_TIMEOUT_MS + 200);
	fake_expect_silence(&f);
	start_stream(&f, seqnums);
	fake_ret_submit(&f, seqnums[0], 0, "\x33", 1);
	fake_expect(&f, HEARD_PACKET, 0x33);
	fake_close(&f);
}

/* On and off without the server answering: no place is lost, no packet is made up. */
static void test_stream_toggled(void **state)
{
	struct fake f;

	fake_open(&f);
	fake_online(&f);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(host_stream(f.host, true), 0);
		assert_int_equal(host_stream(f.host, false), 0);
	}
	assert_int_equal(host_stop(f.host, 1, fake_done, &f), 0); /* STOP has places of its own */
	fake_close(&f);
}

/* Every place is taken by a cancellation without answer: the stream starts as answers come. */
static void test_stream_without_places(void **state)
{
	uint8_t pdus[HOST_INTERRUPT_URBS * USBIP_HEADER_SIZE];
	struct fake f;

	fake_open(&f);
	fake_online(&f);
	for (int i = 0; i < (USBIP_URBS - USBIP_URBS_FOR_STOP) / HOST_INTERRUPT_URBS; i++) {
		assert_int_equal(host_stream(f.host, true), 0);
		fake_read(&f, pdus, sizeof(pdus));
		assert_int_equal(host_stream(f.host, false), 0);
		fake_read(&f, pdus, sizeof(pdus));
	}
	assert_int_equal(host_stream(f.host, true), 0);
	assert_int_equal(fake_read_now(&f, pdus + 1, 1), 0);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), -EBUSY);
	fake_ret_unlink(&f, fake_seqnum(pdus), -ECONNRESET);
	fake_read(&f, pdus, USBIP_HEADER_SIZE);
	check_interrupt(pdus);
	fake_close(&f);
}

static void test_sample_endpoint_fails(void **state)
{
	static const struct {
		int status;
		int error;
	} failures[] = {{-EPIPE, -EIO}, {-ESHUTDOWN, -ENODEV}, {-EOVERFLOW, -EIO}};

	for (size_t i = 0; i < ELEMENTSOF(failures); i++) {
		uint32_t seqnums[HOST_INTERRUPT_URBS];
		struct fake f;

		fake_open(&f);
		fake_online(&f);
		start_stream(&f, seqnums);
		fake_ret_submit(&f, seqnums[0], failures[i].status, NULL, 0);
		fake_expect(&f, HEARD_OFFLINE, failures[i].error);
		fake_close(&f);
	}
}

/* A server that answers at once whatever the interval says would keep the loop from all else. */
static void test_flood(void **state)
{
	uint32_t seqnums[HOST_INTERRUPT_URBS];
	uint8_t pdu[USBIP_HEADER_SIZE];
	struct fake f;
	uint32_t seqnum;
	uint64_t answered = 0;

	fake_open(&f);
	fake_online(&f);
	start_stream(&f, seqnums);
	seqnum = seqnums[0];
	fake_ret_submit(&f, seqnum, 0, NULL, 0);
	while (answered++ < 100000) {
		while (fake_read_now(&f, pdu, sizeof(pdu)) != sizeof(pdu))
			if (sd_event_run(f.event, 1000) < 0 ||
			    ((struct usbip *)f.host)->state != USBIP_ONLINE)
				goto out;
		fake_ret_submit(&f, check_interrupt(pdu), 0, NULL, 0);
	}
out:
	/* Far above the 1000 of this endpoint, and far below what the loop could carry. */
	assert_in_range(answered, 2000, 10000);
	fake_close(&f);
}

static void test_control_bytes(void **state)
{
	static const uint8_t want[USBIP_HEADER_SIZE - 12 + 16] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0,    0,	 0,  0,	 0,  16, 0,  0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  0x21, 4,	 0,  0,	 0,  0,	 16, 0,
		1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,   12, 13, 14, 15, 16,
	};
	struct host_control control = {.request = MNPEN_REQ_SET_TARGET, .len = 16};
	uint8_t pdu[USBIP_HEADER_SIZE + 16];
	struct fake f;

	for (uint8_t i = 0; i < 16; i++)
		control.data[i] = (uint8_t)(i + 1);
	fake_open(&f);
	fake_online(&f);
	assert_int_equal(host_control(f.host, &control, fake_done, &f), 0);
	fake_expect_silence(&f);
	memset(control.data, 0, sizeof(control.data)); /* copied */
	assert_int_equal(host_control(f.host, &control, fake_done, &f), -EBUSY);
	fake_read(&f, pdu, sizeof(pdu));
	assert_memory_equal(pdu + 12, want, sizeof(want));
	fake_ret_submit(&f, fake_seqnum(pdu), 0, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);

	control.len = MNPEN_RECORD_MAX + 1;
	assert_int_equal(host_control(f.host, &control, fake_done, &f), -EINVAL);
	control.len = 0;
	control.in = true;
	assert_int_equal(host_control(f.host, &control, fake_done, &f), -EINVAL);
	fake_close(&f);
}

static void test_control_results(void **state)
{
	static const struct {
		int status;
		size_t len;
		int result;
	} answers[] = {
		{0, 48, 0},
		{0, 47, -EPROTO},
		{0, 0, -EPROTO},
		{-EPIPE, 0, -EPIPE},
		{-ENODEV, 0, -ENODEV},
		{-ESHUTDOWN, 0, -ENODEV},
		{-EPIPE, 5, -EPIPE},
		{-ETIMEDOUT, 0, -ETIMEDOUT},
		{-EOVERFLOW, 48, -EPROTO},
		{INT32_MIN, 0, -EPROTO},
	};
	const uint8_t data[48] = {0};
	struct fake f;

	fake_open(&f);
	fake_online(&f);
	for (size_t i = 0; i < ELEMENTSOF(answers); i++) {
		uint8_t pdu[USBIP_HEADER_SIZE];

		assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
		fake_read(&f, pdu, sizeof(pdu));
		fake_ret_submit(&f, fake_seqnum(pdu), answers[i].status, data, answers[i].len);
		fake_expect(&f, HEARD_DONE, answers[i].result);
		assert_int_equal(f.heard[f.n_checked - 1].len, answers[i].result ? 0 : 48);
	}
	fake_close(&f);
}

static void test_control_timeout(void **state)
{
	uint8_t pdu[USBIP_HEADER_SIZE], unlink[USBIP_HEADER_SIZE];
	const uint8_t data[48] = {0};
	uint64_t before;
	struct fake f;

	fake_open(&f);
	fake_online(&f);
	for (int late = 0; late <= 1; late++) {
		assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
		before = now_usec();
		fake_read(&f, pdu, sizeof(pdu));
		fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
		assert_in_range((now_usec() - before) / USEC_PER_MSEC, HOST_CONTROL_TIMEOUT_MS - 1,
				HOST_CONTROL_TIMEOUT_MS + 500);
		fake_read(&f, unlink, sizeof(unlink));
		check_unlink(unlink, fake_seqnum(pdu));
		if (late)
			fake_ret_submit(&f, fake_seqnum(pdu), 0, data, sizeof(data));
		fake_ret_unlink(&f, fake_seqnum(unlink), late ? 0 : -ECONNRESET);
	}
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_read(&f, pdu, sizeof(pdu));
	fake_ret_submit(&f, fake_seqnum(pdu), 0, data, sizeof(data));
	fake_expect(&f, HEARD_DONE, 0);
	fake_expect_silence(&f);
	fake_close(&f);
}

static void test_cancelled_answered_twice(void **state)
{
	uint8_t pdus[2 * USBIP_HEADER_SIZE];
	struct fake f;

	fake_open(&f);
	fake_online(&f);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	fake_read(&f, pdus, sizeof(pdus));
	fake_ret_submit(&f, fake_seqnum(pdus), 0, NULL, 0);
	fake_ret_submit(&f, fake_seqnum(pdus), 0, NULL, 0);
	fake_expect(&f, HEARD_OFFLINE, -EPROTO);
	fake_close(&f);
}

static void test_frozen_server(void **state)
{
	uint8_t pdus[2 * USBIP_HEADER_SIZE];
	uint64_t before;
	struct fake f;

	fake_open(&f);
	fake_online(&f);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	before = now_usec();
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	fake_read(&f, pdus, sizeof(pdus));
	fake_expect(&f, HEARD_OFFLINE, -ETIMEDOUT);
	assert_in_range((now_usec() - before) / USEC_PER_MSEC, 1000, 2000);
	fake_online(&f);
	fake_close(&f);
}

static void control_from_done(struct fake *f)
{
	if (f->n_heard < 20)
		assert_int_equal(host_control(f->host, &get_status, fake_done, f), 0);
}

/* done() starts the next transfer, ten times in a row. */
static void test_control_inside_done(void **state)
{
	const uint8_t data[48] = {0};
	struct fake f;

	fake_open(&f);
	fake_online(&f);
	f.on_done = control_from_done;
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	for (int i = 0; i < 10; i++) {
		uint8_t pdu[USBIP_HEADER_SIZE];

		fake_read(&f, pdu, sizeof(pdu));
		fake_ret_submit(&f, fake_seqnum(pdu), 0, data, sizeof(data));
		fake_expect(&f, HEARD_DONE, 0);
	}
	f.on_done = NULL;
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stream_off),
		cmocka_unit_test(test_stream_toggled),
		cmocka_unit_test(test_stream_without_places),
		cmocka_unit_test(test_sample_endpoint_fails),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_control_bytes),
		cmocka_unit_test(test_control_results),
		cmocka_unit_test(test_control_timeout),
		cmocka_unit_test(test_cancelled_answered_twice),
		cmocka_unit_test(test_frozen_server),
		cmocka_unit_test(test_control_inside_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
