// SPDX-License-Identifier: GPL-2.0-only
/* The life of a place on USB: opened, refused, lost, closed in order, opened again, unplugged. */
#include "tests/unit/fake_libusb.h"

#include <dirent.h>

#define EP0 0

static const struct host_control get_status = {
	.request = MNPEN_REQ_GET_STATUS, .in = true, .len = MNPEN_SAMPLE_SIZE, .timeout_ms = 1000};

static int ask(struct fake *f)
{
	return host_control(f->host, &get_status, fake_done, f);
}

static void await_empty(struct fake *f)
{
	uint64_t end = now_usec() + 3 * USEC_PER_SEC;

	while (!host_usb_empty(f->host) && now_usec() < end)
		assert_return_code(sd_event_run(f->event, 1000), 0);
	assert_true(host_usb_empty(f->host));
}

static void test_online(void **state)
{
	struct fake f;

	fake_usb_open(&f);
	assert_string_equal(host_transport_name(f.host), "usb");
	assert_int_equal(ask(&f), -ENOTCONN);
	assert_int_equal(host_set_alt(f.host, 1, 0, fake_done, &f), -ENOTCONN);
	assert_int_equal(host_stream(f.host, true), -ENOTCONN);
	assert_int_equal(host_stop(f.host, 1, fake_done, &f), -ENOTCONN);
	assert_int_equal(host_reset(f.host), -ENOTCONN);
	assert_int_equal(fake_usb.log[0], '\0'); /* only the loop opens */
	fake_expect(&f, HEARD_ONLINE, 0);
	fake_expect_silence(&f);
	assert_string_equal(fake_usb.log, "open claim0 "); /* and no other interface */
	fake_usb_close(&f);
	assert_string_equal(fake_usb.log, "open claim0 close exit ");
}

/* Opening waits for a dead device: the loop does not, whatever becomes of it meanwhile. */
static void test_opening_waits(void **state)
{
	static const enum fake_call calls[] = {CALL_INIT, CALL_WRAP, CALL_DESCRIPTOR,
					       CALL_CONFIGURATION, CALL_CLAIM};

	for (size_t i = 0; i < ELEMENTSOF(calls); i++) {
		struct fake f;

		fake_usb_open(&f);
		fake_usb.blocked[calls[i]] = true;
		fake_usb_await_block(&f);
		fake_run(&f, 10);
		if (i % 2)
			host_usb_unplug(f.host);
		fake_usb_unblock(calls[i]);
		if (i % 2)
			await_empty(&f); /* nobody has heard of it */
		else
			fake_expect(&f, HEARD_ONLINE, 0);
		fake_expect_silence(&f);
		fake_usb_close(&f);
	}
}

static void test_errors_of_each_call(void **state)
{
	static const struct {
		enum fake_call call;
		int error, expected;
	} rows[] = {
		{CALL_INIT, LIBUSB_ERROR_NO_MEM, -ENOMEM},
		{CALL_WRAP, LIBUSB_ERROR_IO, -EIO},
		{CALL_WRAP, LIBUSB_ERROR_NO_DEVICE, -ENODEV},
		{CALL_DESCRIPTOR, LIBUSB_ERROR_TIMEOUT, -ETIMEDOUT},
		{CALL_DESCRIPTOR, LIBUSB_ERROR_PIPE, -EPIPE},
		{CALL_CLAIM, LIBUSB_ERROR_BUSY, -EBUSY},
		{CALL_CLAIM, LIBUSB_ERROR_ACCESS, -EACCES},
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		struct fake f;

		fake_usb_open(&f);
		fake_usb.errors[rows[i].call] = rows[i].error;
		fake_expect(&f, HEARD_OFFLINE, rows[i].expected);
		fake_run(&f, 250); /* told once, tried again */
		fake_expect_silence(&f);
		assert_int_equal(fake_usb.opened, 0);
		fake_usb.errors[rows[i].call] = 0;
		fake_expect(&f, HEARD_ONLINE, 0);
		fake_usb_close(&f);
	}
}

static void test_not_permitted(void **state)
{
	struct fake f;

	fake_usb_open(&f);
	host_usb_unplug(f.host);
	assert_true(host_usb_empty(f.host));
	host_usb_plug(f.host, "/nonexistent");
	fake_expect(&f, HEARD_OFFLINE, -ENOENT);
	fake_usb_close(&f);
}

/* What is no pen is left alone: it does not become one. */
static void test_no_pen(void **state)
{
	struct fake f;

	fake_usb_open(&f);
	fake_usb.foreign = true;
	fake_expect(&f, HEARD_OFFLINE, -EPROTO);
	fake_usb_await_log(&f, "open close exit");
	fake_run(&f, 250);
	assert_string_equal(fake_usb.log, "open close exit ");
	assert_false(host_usb_empty(f.host));
	host_usb_unplug(f.host);
	assert_true(host_usb_empty(f.host));
	fake_expect_silence(&f);
	fake_usb.foreign = false;
	host_usb_plug(f.host, "/dev/null");
	fake_expect(&f, HEARD_ONLINE, 0);
	fake_usb_close(&f);
}

static void get_busy(struct fake *f)
{
	fake_usb_online(f);
	assert_int_equal(host_stream(f->host, true), 0);
	assert_int_equal(ask(f), 0);
}

/* The owner of a transfer hears first, and once; closed when the last transfer has come back. */
static void test_unplugged(void **state)
{
	struct fake f;

	get_busy(&f);
	fake_usb_end(FAKE_ENDPOINT, LIBUSB_TRANSFER_COMPLETED, "\x42", 1);
	fake_usb_gone();
	fake_expect(&f, HEARD_PACKET, 0x42); /* what came before is judged */
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_DRAINED, 0);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	host_usb_unplug(f.host);
	await_empty(&f);
	fake_expect_silence(&f);
	assert_non_null(strstr(fake_usb.log, "close exit"));
	fake_usb_close(&f);
}

static void test_unplugged_by_udev_first(void **state)
{
	struct fake f;

	get_busy(&f);
	fake_usb.holds = true;
	host_usb_unplug(f.host);
	fake_expect_silence(&f); /* not from inside the call */
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	fake_run(&f, 50);
	assert_null(strstr(fake_usb.log, "close"));
	assert_false(host_usb_empty(f.host));
	fake_usb_gone();
	await_empty(&f);
	fake_expect_silence(&f);
	fake_usb_close(&f);
}

/* Closing waits for a dead device too: 5 s of the kernel's SET_INTERFACE 0. */
static void test_closing_waits(void **state)
{
	struct fake f;

	get_busy(&f);
	fake_usb.blocked[CALL_CLOSE] = true;
	host_usb_unplug(f.host);
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	fake_usb_await_block(&f);
	fake_run(&f, 20);
	assert_false(host_usb_empty(f.host)); /* nothing else is put there meanwhile */
	fake_usb_unblock(CALL_CLOSE);
	await_empty(&f);
	fake_usb_close(&f);
}

/* Left to a kernel driver: whoever waits hears that it is gone, and nobody opens it again. */
static void test_handed_over(void **state)
{
	struct fake f;

	fake_usb_open(&f);
	get_busy(&f);
	host_usb_hand_over(f.host);
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	fake_usb_give_back();
	await_empty(&f);
	assert_non_null(strstr(fake_usb.log, "release0 attach0 close exit "));
	host_usb_plug(f.host, "/dev/null"); /* nobody wanted it */
	fake_expect(&f, HEARD_ONLINE, 0);
	host_usb_unplug(f.host);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	await_empty(&f);
	assert_non_null(strstr(fake_usb.log, "close exit open claim0 close exit "));
	host_usb_plug(f.host, "/dev/null");
	host_usb_hand_over(f.host); /* not opened yet */
	assert_true(host_usb_empty(f.host));
	fake_usb_close(&f);
}

static void test_sample_endpoint_fails(void **state)
{
	static const enum libusb_transfer_status statuses[] = {LIBUSB_TRANSFER_STALL,
							       LIBUSB_TRANSFER_ERROR,
							       LIBUSB_TRANSFER_OVERFLOW,
							       LIBUSB_TRANSFER_CANCELLED};

	for (size_t i = 0; i < ELEMENTSOF(statuses); i++) {
		struct fake f;

		get_busy(&f);
		fake_usb_end(FAKE_ENDPOINT, statuses[i], NULL, 0);
		fake_expect(&f, HEARD_DONE, -ENODEV);
		fake_expect(&f, HEARD_OFFLINE, -EIO);
		fake_expect(&f, HEARD_ONLINE, 0); /* closed, and opened again */
		assert_non_null(strstr(fake_usb.log, "close exit open claim0"));
		fake_usb_close(&f);
	}
}

static void test_events_fail(void **state)
{
	struct fake f;

	get_busy(&f);
	fake_usb.errors[CALL_EVENTS] = LIBUSB_ERROR_IO;
	fake_usb_end(FAKE_ENDPOINT, LIBUSB_TRANSFER_COMPLETED, "\x42", 1);
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -EIO);
	fake_usb.errors[CALL_EVENTS] = 0;
	fake_expect(&f, HEARD_ONLINE, 0);
	fake_usb_close(&f);
}

static void test_reset(void **state)
{
	struct fake f;

	get_busy(&f);
	assert_int_equal(host_reset(f.host), 0);
	fake_expect_silence(&f); /* nothing from inside the call */
	assert_int_equal(host_reset(f.host), -ENOTCONN);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_OFFLINE, -ECONNRESET);
	fake_expect(&f, HEARD_ONLINE, 0);
	assert_non_null(strstr(fake_usb.log, "reset close exit open claim0"));
	fake_usb_close(&f);
}

static void reset_from_packet(struct fake *f)
{
	assert_int_equal(host_reset(f->host), 0);
}

/* The owner gives up on the first of three packets: the others are not handed out. */
static void test_reset_inside_packet(void **state)
{
	struct fake f;

	get_busy(&f);
	f.on_packet = reset_from_packet;
	for (int i = 0; i < 3; i++)
		fake_usb_end(FAKE_ENDPOINT, LIBUSB_TRANSFER_COMPLETED, "\x42", 1);
	fake_expect(&f, HEARD_PACKET, 0x42);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_OFFLINE, -ECONNRESET);
	f.on_packet = NULL;
	fake_expect(&f, HEARD_ONLINE, 0);
	fake_usb_close(&f);
}

static void test_reset_fails(void **state)
{
	struct fake f;

	get_busy(&f);
	fake_usb.errors[CALL_RESET] = LIBUSB_ERROR_NOT_FOUND; /* it enumerates anew */
	assert_int_equal(host_reset(f.host), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_OFFLINE, -ECONNRESET);
	fake_expect(&f, HEARD_ONLINE, 0);
	fake_usb_close(&f);
}

static void test_free_is_silent(void **state)
{
	struct fake f;

	get_busy(&f);
	fake_usb_close(&f);
	fake_expect_silence(&f);
	assert_non_null(strstr(fake_usb.log, "close exit"));
}

static unsigned int count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

/* Nothing is left of a thousand of them; what malloc had is the sanitizer's to find. */
static void test_cycles(void **state)
{
	unsigned int fds = 0;
	struct fake f;

	fake_usb_open(&f);
	host_usb_unplug(f.host);
	for (int i = 0; i < 1000; i++) {
		fake_usb.log[0] = '\0';
		f.n_heard = f.n_checked = 0;
		host_usb_plug(f.host, "/dev/null");
		fake_expect(&f, HEARD_ONLINE, 0);
		assert_int_equal(host_stream(f.host, true), 0);
		assert_int_equal(ask(&f), 0);
		if (i % 2)
			fake_usb_gone();
		host_usb_unplug(f.host);
		fake_expect(&f, HEARD_DONE, -ENODEV);
		fake_expect(&f, HEARD_OFFLINE, -ENODEV);
		await_empty(&f);
		assert_int_equal(fake_usb.allocated, 0);
		assert_int_equal(fake_usb.opened, 0);
		if (i == 0)
			fds = count_fds();
	}
	assert_int_equal(count_fds(), fds);
	fake_usb_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_online),
		cmocka_unit_test(test_opening_waits),
		cmocka_unit_test(test_errors_of_each_call),
		cmocka_unit_test(test_not_permitted),
		cmocka_unit_test(test_no_pen),
		cmocka_unit_test(test_unplugged),
		cmocka_unit_test(test_unplugged_by_udev_first),
		cmocka_unit_test(test_closing_waits),
		cmocka_unit_test(test_handed_over),
		cmocka_unit_test(test_sample_endpoint_fails),
		cmocka_unit_test(test_events_fail),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_reset_inside_packet),
		cmocka_unit_test(test_reset_fails),
		cmocka_unit_test(test_free_is_silent),
		cmocka_unit_test(test_cycles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
