// SPDX-License-Identifier: GPL-2.0-only
/* STOP and SET_INTERFACE over USB/IP: what goes out, in which order, when nothing else can. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#include "driver/base/cleanup.h"
#include "tests/unit/fake_usbip.h"

#define REASON 0x1234

static const struct host_control get_status = {
	.request = MNPEN_REQ_GET_STATUS, .in = true, .len = MNPEN_SAMPLE_SIZE};

static void check_stop(const uint8_t *pdu)
{
	static const uint8_t want[36] = {[28] = 0x21, 6, 0x34, 0x12, 0, 0, 0, 0};

	assert_int_equal(fake_get32(pdu), 1);
	assert_int_equal(fake_get32(pdu + 8), FAKE_DEVID);
	assert_memory_equal(pdu + 12, want, sizeof(want));
}

static void check_unlink(const uint8_t *pdu, uint32_t victim)
{
	assert_int_equal(fake_get32(pdu), 2);
	assert_int_equal(fake_get32(pdu + 20), victim);
}

static int stop(struct fake *f)
{
	return host_stop(f->host, REASON, fake_done, f);
}

static void open_online(struct fake *f)
{
	fake_open(f);
	fake_online(f);
}

static void test_stop(void **state)
{
	uint8_t pdu[USBIP_HEADER_SIZE];
	struct fake f;

	open_online(&f);
	assert_int_equal(stop(&f), 0);
	/* On the wire before the call returned: the loop has not run. */
	assert_int_equal(fake_read_now(&f, pdu, sizeof(pdu)), sizeof(pdu));
	check_stop(pdu);
	fake_expect_silence(&f);
	assert_int_equal(stop(&f), -EALREADY);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), -EBUSY);
	assert_int_equal(fake_read_now(&f, pdu + 1, 1), 0);
	fake_ret_submit(&f, fake_seqnum(pdu), 0, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(stop(&f), 0);
	fake_read(&f, pdu, sizeof(pdu));
	fake_ret_submit(&f, fake_seqnum(pdu), -EPIPE, NULL, 0);
	fake_expect(&f, HEARD_DONE, -EPIPE);
	fake_close(&f);
}

static void test_stop_while_control_in_flight(void **state)
{
	uint8_t pdus[2 * USBIP_HEADER_SIZE + 1], control[USBIP_HEADER_SIZE];
	struct fake f;

	open_online(&f);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_read(&f, control, sizeof(control));
	assert_int_equal(stop(&f), 0);
	/* Already heard, before any further run of the loop. */
	assert_int_equal(f.n_heard, f.n_checked + 1);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	assert_int_equal(fake_read_now(&f, pdus, sizeof(pdus)), 2 * USBIP_HEADER_SIZE);
	check_unlink(pdus, fake_seqnum(control));
	check_stop(pdus + USBIP_HEADER_SIZE);
	fake_ret_unlink(&f, fake_seqnum(pdus), -ECONNRESET);
	fake_ret_submit(&f, fake_seqnum(pdus + USBIP_HEADER_SIZE), 0, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);
	fake_expect_silence(&f);
	fake_close(&f);
}

static void stop_once(struct fake *f)
{
	f->on_done = NULL;
	assert_int_equal(stop(f), 0);
}

/* The owner answers a time-out with STOP: EP0 has to be free when it arrives. */
static void test_stop_from_timeout(void **state)
{
	uint8_t control[USBIP_HEADER_SIZE], pdu[USBIP_HEADER_SIZE];
	struct fake f;

	open_online(&f);
	f.on_done = stop_once;
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_read(&f, control, sizeof(control));
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	fake_read(&f, pdu, sizeof(pdu));
	check_unlink(pdu, fake_seqnum(control));
	fake_read(&f, pdu, sizeof(pdu));
	check_stop(pdu);
	fake_close(&f);
}

static void test_stop_timeout(void **state)
{
	uint8_t pdu[USBIP_HEADER_SIZE], unlink[USBIP_HEADER_SIZE];
	struct fake f;

	open_online(&f);
	assert_int_equal(stop(&f), 0);
	fake_read(&f, pdu, sizeof(pdu));
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	fake_read(&f, unlink, sizeof(unlink));
	check_unlink(unlink, fake_seqnum(pdu));
	assert_int_equal(stop(&f), 0); /* again, although the first is not settled */
	fake_read(&f, pdu, sizeof(pdu));
	check_stop(pdu);
	fake_ret_unlink(&f, fake_seqnum(unlink), -ECONNRESET);
	fake_ret_submit(&f, fake_seqnum(pdu), 0, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);
	fake_close(&f);
}

/* Fills the way out until nothing goes any more. Returns with how many bytes. */
static size_t block(struct fake *f)
{
	int fd = ((struct usbip *)f->host)->fd;
	const int small = 4096;
	uint8_t filler[4096] = {0};
	size_t total = 0;

	/* Sizes that are set do not grow any more. */
	assert_return_code(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), errno);
	assert_return_code(setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), errno);
	/* What the kernel still moves from this end to that makes room again for a while. */
	for (int quiet = 0; quiet < 3; quiet++) {
		ssize_t r;

		while ((r = send(fd, filler, sizeof(filler), MSG_DONTWAIT)) > 0 ||
		       (r = send(fd, filler, 1, MSG_DONTWAIT)) > 0) {
			total += (size_t)r;
			quiet = 0;
		}
		assert_int_equal(errno, EAGAIN);
		usleep(30000);
	}
	return total;
}

static void discard(struct fake *f, size_t len)
{
	uint8_t filler[4096];

	while (len > 0) {
		size_t n = MIN(len, sizeof(filler));

		fake_read(f, filler, n);
		len -= n;
	}
}

/* Nothing can be sent: STOP still is the first to go when the peer reads again, and a control
 * transfer that never went out goes nowhere. */
static void test_stop_when_blocked(void **state)
{
	uint8_t pdus[9 * USBIP_HEADER_SIZE];
	struct fake f;
	size_t filler;

	open_online(&f);
	filler = block(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	assert_int_equal(stop(&f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT); /* nobody confirmed it in time */
	assert_int_equal(stop(&f), -EAGAIN);	 /* one waits already */
	discard(&f, filler);
	fake_read(&f, pdus, sizeof(pdus));
	check_stop(pdus);
	for (size_t i = 1; i < 9; i++)
		assert_int_equal(fake_get32(pdus + i * USBIP_HEADER_SIZE + 16), 3);
	fake_ret_submit(&f, fake_seqnum(pdus), 0, NULL, 0); /* late, ignored */
	fake_run(&f, 20);
	fake_expect_silence(&f);
	assert_int_equal(stop(&f), 0);
	fake_read(&f, pdus, USBIP_HEADER_SIZE);
	check_stop(pdus);
	fake_close(&f);
}

/* The same with a control transfer that the server has: UNLINK, STOP, then the rest. */
static void test_stop_when_blocked_behind_control(void **state)
{
	uint8_t control[USBIP_HEADER_SIZE], pdus[3 * USBIP_HEADER_SIZE];
	struct fake f;
	size_t filler;

	open_online(&f);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_read(&f, control, sizeof(control));
	filler = block(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	assert_int_equal(stop(&f), 0);
	discard(&f, filler);
	fake_read(&f, pdus, sizeof(pdus));
	check_unlink(pdus, fake_seqnum(control));
	check_stop(pdus + USBIP_HEADER_SIZE);
	assert_int_equal(fake_get32(pdus + 2 * USBIP_HEADER_SIZE + 16), 3);
	fake_close(&f);
}

/* The owner answers a time-out with STOP while nothing can be sent: the UNLINK that waits behind
 * the stream's transfers goes first, or EP0 would still be taken when STOP arrives. */
static void test_stop_from_timeout_when_blocked(void **state)
{
	uint8_t control[USBIP_HEADER_SIZE], pdus[(HOST_INTERRUPT_URBS + 2) * USBIP_HEADER_SIZE];
	struct fake f;
	size_t filler;

	open_online(&f);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_read(&f, control, sizeof(control));
	filler = block(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	f.on_done = stop_once;
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	discard(&f, filler);
	fake_read(&f, pdus, sizeof(pdus));
	check_unlink(pdus, fake_seqnum(control));
	check_stop(pdus + USBIP_HEADER_SIZE);
	for (size_t i = 2; i < HOST_INTERRUPT_URBS + 2; i++)
		assert_int_equal(fake_get32(pdus + i * USBIP_HEADER_SIZE), 1);
	fake_close(&f);
}

/* A peer that does not read for a second, with STOP waiting, is left: that stops the pen too. */
static void test_blocked_for_good(void **state)
{
	uint64_t before;
	struct fake f;

	open_online(&f);
	block(&f);
	assert_int_equal(stop(&f), 0);
	before = now_usec();
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	fake_expect(&f, HEARD_OFFLINE, -ETIMEDOUT);
	assert_in_range((now_usec() - before) / USEC_PER_MSEC, 1000, 2000);
	fake_close(&f);
}

static void stop_from_packet(struct fake *f)
{
	uint8_t pdus[3 * USBIP_HEADER_SIZE];

	if (f->n_heard != f->n_checked + 1)
		return;
	assert_int_equal(stop(f), 0);
	/* On the wire at once, before the transfer that was queued again already. */
	assert_int_equal(fake_read_now(f, pdus, sizeof(pdus)), 2 * USBIP_HEADER_SIZE);
	check_stop(pdus);
	assert_int_equal(fake_get32(pdus + USBIP_HEADER_SIZE + 16), 3);
}

/* The first of two packets in one read asks for STOP; the second is handed out all the same. */
static void test_stop_inside_packet(void **state)
{
	uint8_t pdus[HOST_INTERRUPT_URBS * USBIP_HEADER_SIZE];
	uint8_t buf[256];
	struct fake f;
	size_t len;

	open_online(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	fake_read(&f, pdus, sizeof(pdus));
	f.on_packet = stop_from_packet;
	len = fake_reply(buf, 3, fake_seqnum(pdus), 0, "\x01", 1);
	len += fake_reply(buf + len, 3, fake_seqnum(pdus + USBIP_HEADER_SIZE), 0, "\x02", 1);
	fake_write(&f, buf, len);
	fake_expect(&f, HEARD_PACKET, 1);
	fake_expect(&f, HEARD_PACKET, 2);
	fake_expect(&f, HEARD_DRAINED, 0);
	fake_read(&f, pdus, USBIP_HEADER_SIZE);
	assert_int_equal(fake_get32(pdus + 16), 3);
	fake_close(&f);
}

/* A server that guesses the number of a request that is still here. */
static void test_answer_to_the_unsent(void **state)
{
	uint8_t control[USBIP_HEADER_SIZE];
	const uint8_t data[48] = {0};
	struct fake f;

	open_online(&f);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_read(&f, control, sizeof(control));
	fake_ret_submit(&f, fake_seqnum(control), 0, data, sizeof(data));
	fake_expect(&f, HEARD_DONE, 0);
	block(&f);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_ret_submit(&f, fake_seqnum(control) + 1, 0, data, sizeof(data));
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -EPROTO);
	fake_close(&f);
}

static void check_set_alt(const uint8_t *pdu, uint8_t alt)
{
	const uint8_t want[36] = {[28] = 0x01, 11, alt};

	assert_int_equal(fake_get32(pdu), 1);
	assert_memory_equal(pdu + 12, want, sizeof(want));
}

static void test_set_alt(void **state)
{
	uint8_t pdus[10 * USBIP_HEADER_SIZE], control[USBIP_HEADER_SIZE];
	struct fake f;

	open_online(&f);
	assert_int_equal(host_set_alt(f.host, 1, HOST_SETUP_TIMEOUT_MS, fake_done, &f), 0);
	fake_read(&f, pdus, USBIP_HEADER_SIZE);
	check_set_alt(pdus, 1);
	fake_ret_submit(&f, fake_seqnum(pdus), 0, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);

	assert_int_equal(host_stream(f.host, true), 0);
	fake_read(&f, pdus, 8 * USBIP_HEADER_SIZE);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	fake_read(&f, control, sizeof(control));
	assert_int_equal(host_set_alt(f.host, 0, 0, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_read(&f, pdus, sizeof(pdus));
	check_unlink(pdus, fake_seqnum(control));
	for (size_t i = 1; i < 9; i++)
		assert_int_equal(fake_get32(pdus + i * USBIP_HEADER_SIZE), 2);
	check_set_alt(pdus + 9 * USBIP_HEADER_SIZE, 0);
	/* The stream went with the setting: nothing is submitted in its place. */
	for (size_t i = 0; i < 9; i++)
		fake_ret_unlink(&f, fake_seqnum(pdus + i * USBIP_HEADER_SIZE), -ECONNRESET);
	fake_ret_submit(&f, fake_seqnum(pdus + 9 * USBIP_HEADER_SIZE), 0, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(fake_read_now(&f, pdus, 1), 0);
	fake_expect_silence(&f);
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_while_control_in_flight),
		cmocka_unit_test(test_stop_from_timeout),
		cmocka_unit_test(test_stop_timeout),
		cmocka_unit_test(test_stop_when_blocked),
		cmocka_unit_test(test_stop_when_blocked_behind_control),
		cmocka_unit_test(test_stop_from_timeout_when_blocked),
		cmocka_unit_test(test_blocked_for_good),
		cmocka_unit_test(test_stop_inside_packet),
		cmocka_unit_test(test_answer_to_the_unsent),
		cmocka_unit_test(test_set_alt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
