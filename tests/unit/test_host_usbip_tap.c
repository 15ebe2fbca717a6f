// SPDX-License-Identifier: GPL-2.0-only
/* What a tap on a USB/IP connection hears: every transfer once at its beginning, once at its end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include <cmocka.h>

#include "tests/unit/fake_usbip.h"

#define HEARD_MAX 64

struct heard_tap {
	struct host_tap tap; /* first */
	int peer_fd;	     /* what is here when something is heard; -1 = nobody asks */
	int sent;
	struct {
		char event;
		bool control;
		uint8_t endpoint;
		uint8_t setup[HOST_SETUP_SIZE];
		int status;
		uint32_t len;
		size_t data_len;
		uint8_t first_byte;
		uint64_t id;
	} heard[HEARD_MAX];
	size_t n;
};

static struct heard_tap heard;

static void hear(char event, const struct host_transfer *t)
{
	assert_true(heard.n < HEARD_MAX);
	heard.heard[heard.n].event = event;
	heard.heard[heard.n].control = t->control;
	heard.heard[heard.n].endpoint = t->endpoint;
	if (t->control)
		memcpy(heard.heard[heard.n].setup, t->setup, HOST_SETUP_SIZE);
	heard.heard[heard.n].status = t->status;
	heard.heard[heard.n].len = t->len;
	heard.heard[heard.n].data_len = t->data_len;
	heard.heard[heard.n].first_byte = t->data_len ? t->data[0] : 0;
	heard.heard[heard.n].id = t->id;
	assert_in_range(now_usec() - t->usec, 0, USEC_PER_SEC);
	heard.n++;
	if (heard.peer_fd >= 0) {
		assert_return_code(ioctl(heard.peer_fd, FIONREAD, &heard.sent), errno);
		heard.peer_fd = -1;
	}
}

static void on_submitted(struct host_tap *tap, const struct host_transfer *transfer)
{
	hear('S', transfer);
}

static void on_completed(struct host_tap *tap, const struct host_transfer *transfer)
{
	hear('C', transfer);
}

static void open_tapped(struct fake *f)
{
	heard = (struct heard_tap){.tap = {on_submitted, on_completed}, .peer_fd = -1};
	fake_open(f);
	fake_online(f);
	host_set_tap(f->host, &heard.tap);
}

static void expect(size_t index, char event, int status, uint32_t len, size_t data_len)
{
	assert_true(index < heard.n);
	assert_int_equal(heard.heard[index].event, event);
	assert_int_equal(heard.heard[index].status, status);
	assert_int_equal(heard.heard[index].len, len);
	assert_int_equal(heard.heard[index].data_len, data_len);
}

static void test_control(void **state)
{
	static const uint8_t setup_in[8] = {0xa1, 2, 0, 0, 0, 0, 48, 0};
	static const uint8_t setup_out[8] = {0x21, 8, 0, 0, 0, 0, 4, 0};
	const struct host_control in = {.request = MNPEN_REQ_GET_STATUS, .in = true, .len = 48};
	const struct host_control out = {
		.request = MNPEN_REQ_SET_STREAM, .len = 4, .data = {0xd1, 2, 3, 4}};
	uint8_t pdu[USBIP_HEADER_SIZE + 4], data[48] = {0x77};
	struct fake f;

	open_tapped(&f);
	assert_int_equal(host_control(f.host, &in, fake_done, &f), 0);
	fake_read(&f, pdu, USBIP_HEADER_SIZE);
	fake_ret_submit(&f, fake_seqnum(pdu), 0, data, sizeof(data));
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(heard.n, 2);
	expect(0, 'S', 0, 48, 0);
	expect(1, 'C', 0, 48, 48);
	assert_int_equal(heard.heard[1].first_byte, 0x77);
	assert_int_equal(heard.heard[0].endpoint, 0x80);
	assert_int_equal(heard.heard[0].id, heard.heard[1].id);
	for (size_t i = 0; i < 2; i++)
		assert_memory_equal(heard.heard[i].setup, setup_in, 8);

	assert_int_equal(host_control(f.host, &out, fake_done, &f), 0);
	fake_read(&f, pdu, sizeof(pdu));
	fake_ret_submit(&f, fake_seqnum(pdu), -EPIPE, NULL, 0);
	fake_expect(&f, HEARD_DONE, -EPIPE);
	assert_int_equal(heard.n, 4);
	expect(2, 'S', 0, 4, 4);
	assert_int_equal(heard.heard[2].first_byte, 0xd1);
	assert_int_equal(heard.heard[2].endpoint, 0);
	assert_memory_equal(heard.heard[2].setup, setup_out, 8);
	expect(3, 'C', -EPIPE, 0, 0);
	assert_int_not_equal(heard.heard[2].id, heard.heard[0].id);
	fake_close(&f);
}

static void test_stream(void **state)
{
	uint8_t pdus[HOST_INTERRUPT_URBS * USBIP_HEADER_SIZE];
	const uint8_t sample[48] = {0x42};
	struct fake f;

	open_tapped(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	fake_read(&f, pdus, sizeof(pdus));
	assert_int_equal(heard.n, HOST_INTERRUPT_URBS);
	fake_ret_submit(&f, fake_seqnum(pdus), 0, sample, sizeof(sample));
	fake_expect(&f, HEARD_PACKET, 0x42);
	/* ended, and handed out again */
	assert_int_equal(heard.n, HOST_INTERRUPT_URBS + 2);
	expect(HOST_INTERRUPT_URBS, 'C', 0, 48, 48);
	assert_false(heard.heard[HOST_INTERRUPT_URBS].control);
	assert_int_equal(heard.heard[HOST_INTERRUPT_URBS].endpoint, FAKE_ENDPOINT);
	expect(HOST_INTERRUPT_URBS + 1, 'S', 0, 64, 0);
	/* the end of the stream is the end of all of them */
	assert_int_equal(host_stream(f.host, false), 0);
	assert_int_equal(heard.n, 2 * HOST_INTERRUPT_URBS + 2);
	for (size_t i = HOST_INTERRUPT_URBS + 2; i < heard.n; i++)
		expect(i, 'C', -ENOENT, 0, 0);
	fake_close(&f);
}

/* STOP takes EP0 from a request: that one has ended before. */
static void test_stop(void **state)
{
	static const uint8_t setup_stop[8] = {0x21, 6, 10, 0, 0, 0, 0, 0};
	const struct host_control in = {.request = MNPEN_REQ_GET_STATUS, .in = true, .len = 48};
	uint8_t pdu[3 * USBIP_HEADER_SIZE];
	struct fake f;

	open_tapped(&f);
	assert_int_equal(host_control(f.host, &in, fake_done, &f), 0);
	assert_int_equal(host_stop(f.host, 10, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	assert_int_equal(heard.n, 3);
	expect(1, 'C', -ENOENT, 0, 0);
	assert_int_equal(heard.heard[1].id, heard.heard[0].id);
	expect(2, 'S', 0, 0, 0);
	assert_memory_equal(heard.heard[2].setup, setup_stop, 8);
	fake_read(&f, pdu, sizeof(pdu));
	/* its answer comes all the same, and nobody hears of it again */
	fake_ret_submit(&f, fake_seqnum(pdu), 0, pdu, 48);
	fake_ret_unlink(&f, fake_seqnum(pdu + USBIP_HEADER_SIZE), 0);
	fake_ret_submit(&f, fake_seqnum(pdu + 2 * USBIP_HEADER_SIZE), 0, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(heard.n, 4);
	expect(3, 'C', 0, 0, 0);
	fake_close(&f);
}

/* All of it is with the server when the first reader hears of it, also inside our own dispatch. */
static void set_alt_from_packet(struct fake *f)
{
	f->on_packet = NULL;
	heard.peer_fd = f->fd;
	heard.n = 0;
	assert_int_equal(host_set_alt(f->host, 0, 0, fake_done, f), 0);
}

static void test_set_alt(void **state)
{
	static const uint8_t setup_alt[8] = {0x01, 11, 0, 0, 0, 0, 0, 0};
	const struct host_control in = {.request = MNPEN_REQ_GET_STATUS, .in = true, .len = 48};
	uint8_t pdus[(HOST_INTERRUPT_URBS + 1) * USBIP_HEADER_SIZE];
	struct fake f;

	open_tapped(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	assert_int_equal(host_control(f.host, &in, fake_done, &f), 0);
	fake_read(&f, pdus, sizeof(pdus));
	f.on_packet = set_alt_from_packet;
	fake_ret_submit(&f, fake_seqnum(pdus), 0, "x", 1);
	fake_expect(&f, HEARD_PACKET, 'x');
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	/* An UNLINK for the request and for each packet but the one that was not sent again yet,
	 * and SET_INTERFACE. */
	assert_int_equal(heard.sent, (HOST_INTERRUPT_URBS + 1) * USBIP_HEADER_SIZE);
	/* the request's end, that of the stream, and the new one's beginning */
	assert_int_equal(heard.n, HOST_INTERRUPT_URBS + 2);
	assert_int_equal(heard.heard[0].endpoint, 0x80);
	for (size_t i = 0; i <= HOST_INTERRUPT_URBS; i++)
		expect(i, 'C', -ENOENT, 0, 0);
	expect(HOST_INTERRUPT_URBS + 1, 'S', 0, 0, 0);
	assert_memory_equal(heard.heard[HOST_INTERRUPT_URBS + 1].setup, setup_alt, 8);
	fake_close(&f);
}

static void test_stream_off(void **state)
{
	uint8_t pdus[HOST_INTERRUPT_URBS * USBIP_HEADER_SIZE];
	struct fake f;

	open_tapped(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	fake_read(&f, pdus, sizeof(pdus));
	heard.peer_fd = f.fd;
	assert_int_equal(host_stream(f.host, false), 0);
	assert_int_equal(heard.sent, sizeof(pdus));
	fake_close(&f);
}

/* The request is no longer at the server's EP0 when anybody hears of its end. */
static void test_timeout(void **state)
{
	const struct host_control in = {.request = MNPEN_REQ_GET_STATUS, .in = true, .len = 48};
	uint8_t pdu[USBIP_HEADER_SIZE];
	struct fake f;

	open_tapped(&f);
	assert_int_equal(host_control(f.host, &in, fake_done, &f), 0);
	fake_read(&f, pdu, sizeof(pdu));
	heard.peer_fd = f.fd;
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	assert_int_equal(heard.sent, USBIP_HEADER_SIZE);
	assert_int_equal(heard.n, 2);
	expect(1, 'C', -ENOENT, 0, 0);
	fake_close(&f);
}

static void test_gone(void **state)
{
	const struct host_control in = {.request = MNPEN_REQ_GET_STATUS, .in = true, .len = 48};
	struct fake f;

	open_tapped(&f);
	assert_int_equal(host_control(f.host, &in, fake_done, &f), 0);
	fake_hang_up(&f);
	fake_expect(&f, HEARD_DONE, -ENODEV);
	assert_int_equal(heard.n, 2);
	expect(1, 'C', -ESHUTDOWN, 0, 0);
	fake_expect(&f, HEARD_OFFLINE, f.heard[f.n_checked].value);
	fake_close(&f);
}

/* What the device said of itself: one answer for each question of the enumeration. */
static void test_descriptors(void **state)
{
	static const uint8_t get_device[8] = {0x80, 6, 0, 1, 0, 0, 18, 0};
	const uint8_t *setup, *data;
	size_t at = 0, len = 0, n = 0;
	bool serial = false;
	struct fake f;

	open_tapped(&f);
	while (host_next_descriptor(f.host, &at, &setup, &data, &len)) {
		if (n++ == 0) {
			assert_memory_equal(setup, get_device, 8);
			assert_int_equal(len, 18);
			assert_memory_equal(data, fake_device, 18);
		}
		serial |= len == sizeof(fake_serial) && memcmp(data, fake_serial, len) == 0;
	}
	assert_int_equal(n, 7);
	assert_true(serial);
	assert_int_equal(f.host->speed_mbit, 12);
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control), cmocka_unit_test(test_stream),
		cmocka_unit_test(test_stop),	cmocka_unit_test(test_gone),
		cmocka_unit_test(test_set_alt), cmocka_unit_test(test_stream_off),
		cmocka_unit_test(test_timeout), cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
