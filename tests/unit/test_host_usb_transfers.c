// SPDX-License-Identifier: GPL-2.0-only
/* What goes over USB: control transfers, STOP before all, alternate settings. */
#include "tests/unit/fake_libusb.h"

#define REASON 0x1234
#define EP0 0

static const struct host_control get_status = {
	.request = MNPEN_REQ_GET_STATUS, .in = true, .len = MNPEN_SAMPLE_SIZE};
static const uint8_t sample[MNPEN_SAMPLE_SIZE] = {0x42};

static int ask(struct fake *f)
{
	return host_control(f->host, &get_status, fake_done, f);
}

static int stop(struct fake *f)
{
	return host_stop(f->host, REASON, fake_done, f);
}

static void expect_log(const char *log)
{
	assert_string_equal(fake_usb.log, log);
	fake_usb.log[0] = '\0';
}

/* ---- control transfers ---- */

static void test_control(void **state)
{
	static const uint8_t want[] = {0xa1, 2, 0, 0, 0, 0, 48, 0};
	const struct host_control lease = {
		.request = MNPEN_REQ_LEASE, .value = 0x0102, .len = 3, .data = {7, 8, 9}};
	static const uint8_t want_lease[] = {0x21, 5, 2, 1, 0, 0, 3, 0, 7, 8, 9};
	struct fake f;

	fake_usb_online(&f);
	assert_int_equal(ask(&f), 0);
	assert_memory_equal(fake_usb_newest()->buffer, want, sizeof(want));
	assert_int_equal(fake_usb_newest()->length, 8 + 48);
	assert_int_equal(ask(&f), -EBUSY);
	fake_usb_end(EP0, LIBUSB_TRANSFER_COMPLETED, sample, sizeof(sample));
	fake_expect_silence(&f); /* only the loop tells */
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(f.heard[f.n_heard - 1].len, sizeof(sample));
	assert_int_equal(host_control(f.host, &lease, fake_done, &f), 0);
	assert_memory_equal(fake_usb_newest()->buffer, want_lease, sizeof(want_lease));
	fake_usb_end(EP0, LIBUSB_TRANSFER_COMPLETED, NULL, 3);
	fake_expect(&f, HEARD_DONE, 0);
	fake_usb_close(&f);
}

static void test_control_results(void **state)
{
	static const struct {
		enum libusb_transfer_status status;
		size_t len;
		int result;
	} rows[] = {
		{LIBUSB_TRANSFER_STALL, 0, -EPIPE},	 {LIBUSB_TRANSFER_COMPLETED, 47, -EPROTO},
		{LIBUSB_TRANSFER_ERROR, 0, -EPROTO},	 {LIBUSB_TRANSFER_OVERFLOW, 48, -EPROTO},
		{LIBUSB_TRANSFER_CANCELLED, 0, -EPROTO},
	};
	struct fake f;

	fake_usb_online(&f);
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		assert_int_equal(ask(&f), 0);
		fake_usb_end(EP0, rows[i].status, NULL, rows[i].len);
		fake_expect(&f, HEARD_DONE, rows[i].result);
	}
	fake_expect_silence(&f); /* a pen that refuses is no pen that is lost */
	fake_usb_close(&f);
}

static void test_timeout(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	for (int i = 0; i < 3 * USB_EP0_TRANSFERS; i++) { /* places come back */
		uint64_t before = now_usec();

		assert_int_equal(ask(&f), 0);
		fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
		assert_in_range((now_usec() - before) / USEC_PER_MSEC, HOST_CONTROL_TIMEOUT_MS,
				HOST_CONTROL_TIMEOUT_MS + 500);
		expect_log("submit:02 cancel:02 ");
	}
	fake_usb_close(&f);
}

/* What a host controller does not give back is bounded, and STOP is not bounded by it. */
static void test_timeout_without_return(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	fake_usb.holds = true;
	for (int i = 0; i < USB_EP0_TRANSFERS; i++) {
		assert_int_equal(ask(&f), 0);
		fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	}
	assert_int_equal(ask(&f), -EBUSY);
	assert_int_equal(stop(&f), 0);
	fake_usb_end(EP0, LIBUSB_TRANSFER_COMPLETED, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);
	fake_usb.holds = false;
	fake_usb_give_back();
	fake_run(&f, 20);
	assert_int_equal(ask(&f), 0);
	fake_usb_close(&f);
}

/* ---- STOP ---- */

static void test_stop(void **state)
{
	static const uint8_t want[] = {0x21, 6, 0x34, 0x12, 0, 0, 0, 0};
	struct fake f;

	fake_usb_online(&f);
	assert_int_equal(stop(&f), 0);
	assert_memory_equal(fake_usb_newest()->buffer, want, sizeof(want));
	assert_int_equal(stop(&f), -EALREADY);
	assert_int_equal(ask(&f), -EBUSY);
	fake_usb_end(EP0, LIBUSB_TRANSFER_COMPLETED, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(stop(&f), 0);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	assert_int_equal(stop(&f), 0); /* again and again */
	fake_usb_end(EP0, LIBUSB_TRANSFER_STALL, NULL, 0);
	fake_expect(&f, HEARD_DONE, -EPIPE);
	expect_log("submit:06 submit:06 cancel:06 submit:06 ");
	fake_usb_close(&f);
}

/* With the kernel before the call returns, and before it waits for what it takes back. */
static void test_stop_overtakes(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	fake_usb.holds = true;
	assert_int_equal(ask(&f), 0);
	assert_int_equal(stop(&f), 0);
	expect_log("submit:02 submit:06 cancel:02 ");
	assert_int_equal(f.n_heard, f.n_checked + 1);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_usb_end(EP0, LIBUSB_TRANSFER_COMPLETED, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0);
	fake_usb_give_back();
	fake_run(&f, 10);
	fake_expect_silence(&f);
	fake_usb_close(&f);
}

static void stop_once(struct fake *f)
{
	f->on_done = f->on_packet = NULL;
	assert_int_equal(stop(f), 0);
}

static void test_stop_from_timeout(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	f.on_done = stop_once;
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	expect_log("submit:02 cancel:02 submit:06 ");
	fake_usb_close(&f);
}

/* A bad sample: STOP is out before the transfer that brought it flies again. */
static void test_stop_inside_packet(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	f.on_packet = stop_once;
	fake_usb_end(FAKE_ENDPOINT, LIBUSB_TRANSFER_COMPLETED, sample, sizeof(sample));
	fake_expect(&f, HEARD_PACKET, 0x42);
	assert_int_equal(fake_usb.flying[HOST_INTERRUPT_URBS - 1]->endpoint, 0);
	assert_int_equal(fake_usb.flying[HOST_INTERRUPT_URBS]->endpoint, FAKE_ENDPOINT);
	fake_usb_close(&f);
}

static void test_stop_cannot_be_submitted(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	fake_usb.errors[CALL_SUBMIT] = LIBUSB_ERROR_IO;
	assert_int_equal(stop(&f), -EAGAIN);
	fake_expect(&f, HEARD_OFFLINE, -EIO);
	fake_usb_await_log(&f, "close"); /* which is a stop as well */
	fake_usb.errors[CALL_SUBMIT] = 0;
	fake_expect(&f, HEARD_ONLINE, 0);
	fake_usb_close(&f);
}

/* ---- alternate settings ---- */

static void test_set_alt(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	fake_usb.blocked[CALL_SET_ALT] = true;
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	fake_usb_await_block(&f);
	/* The loop goes on, and keeps its hands off the device. */
	assert_int_equal(ask(&f), -EBUSY);
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), -EBUSY);
	assert_int_equal(host_set_alt(f.host, 0, 0, fake_done, &f), -EBUSY);
	fake_run(&f, 30);
	fake_expect_silence(&f);
	expect_log("alt1 ");
	fake_usb_unblock(CALL_SET_ALT);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(ask(&f), 0);
	fake_usb_end(EP0, LIBUSB_TRANSFER_COMPLETED, sample, sizeof(sample));
	fake_expect(&f, HEARD_DONE, 0);
	fake_usb_close(&f);
}

static void test_set_alt_fails(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	fake_usb.errors[CALL_SET_ALT] = LIBUSB_ERROR_PIPE;
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -EPIPE);
	fake_usb.errors[CALL_SET_ALT] = LIBUSB_ERROR_NO_DEVICE;
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	fake_usb_close(&f);
}

/* Everything in flight ends first: the kernel would kill it, and the loop wait to be told. */
static void test_set_alt_waits_for_transfers(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	assert_int_equal(ask(&f), 0);
	fake_usb.holds = true;
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_run(&f, 20);
	expect_log("submit:02 cancel:02 ");
	fake_usb_give_back();
	fake_expect(&f, HEARD_DONE, 0);
	expect_log("alt1 set ");
	fake_usb_close(&f);
}

/* STOP while the kernel makes SET_INTERFACE: that is a stop too, and STOP follows it. */
static void test_stop_during_set_alt(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	fake_usb.blocked[CALL_SET_ALT] = true;
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	fake_usb_await_block(&f);
	assert_int_equal(stop(&f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	assert_int_equal(stop(&f), -EALREADY);
	/* Asked for anew meanwhile: what the helper is at is not the answer to it. */
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	fake_usb_unblock(CALL_SET_ALT);
	fake_usb_await_log(&f, "submit:06");
	fake_expect_silence(&f);
	fake_usb_end(EP0, LIBUSB_TRANSFER_COMPLETED, NULL, 0);
	fake_expect(&f, HEARD_DONE, 0); /* of STOP */
	fake_expect(&f, HEARD_DONE, 0);
	expect_log("alt1 set submit:06 alt1 set ");
	fake_usb_close(&f);
}

static void test_dead_during_set_alt(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	fake_usb.blocked[CALL_SET_ALT] = true;
	assert_int_equal(host_set_alt(f.host, 1, 100, fake_done, &f), 0);
	fake_usb_await_block(&f);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	assert_int_equal(stop(&f), 0);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	assert_int_equal(host_reset(f.host), 0);
	fake_expect(&f, HEARD_OFFLINE, -ECONNRESET); /* told at once, done when it may be */
	fake_run(&f, 20);
	assert_null(strstr(fake_usb.log, "reset"));
	fake_usb_unblock(CALL_SET_ALT);
	fake_usb_await_log(&f, "alt1 set reset close");
	fake_usb_close(&f);
}

/* Setting 0 is a step of escalation: a transfer like another, at once, with its time limit. */
static void test_rest(void **state)
{
	static const uint8_t want[] = {0x01, 11, 0, 0, 0, 0, 0, 0};
	struct fake f;

	fake_usb_online(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	assert_int_equal(stop(&f), 0);
	fake_usb.holds = true;
	assert_int_equal(host_set_alt(f.host, 0, 0, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	assert_memory_equal(fake_usb_newest()->buffer, want, sizeof(want));
	assert_int_equal(fake_usb_flying(FAKE_ENDPOINT), 0);
	expect_log("submit:06 submit:0b cancel:06 ");
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	fake_usb.holds = false;
	fake_usb_give_back();
	fake_usb_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_control_results),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_timeout_without_return),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_overtakes),
		cmocka_unit_test(test_stop_from_timeout),
		cmocka_unit_test(test_stop_inside_packet),
		cmocka_unit_test(test_stop_cannot_be_submitted),
		cmocka_unit_test(test_set_alt),
		cmocka_unit_test(test_set_alt_fails),
		cmocka_unit_test(test_set_alt_waits_for_transfers),
		cmocka_unit_test(test_stop_during_set_alt),
		cmocka_unit_test(test_dead_during_set_alt),
		cmocka_unit_test(test_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
