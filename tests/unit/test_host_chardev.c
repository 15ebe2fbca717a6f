// SPDX-License-Identifier: GPL-2.0-only
/* A place over the kernel guard: opened, refused, lost, closed in order, opened again; samples. */
#include "tests/unit/fake_chardev.h"

static const struct host_control get_status = {
	.request = MNPEN_REQ_GET_STATUS, .in = true, .len = MNPEN_SAMPLE_SIZE};

static int ask(struct fake *f)
{
	return host_control(f->host, &get_status, fake_done, f);
}

static void await_empty(struct fake *f)
{
	uint64_t end = now_usec() + 3 * USEC_PER_SEC;

	while (!host_chardev_empty(f->host) && now_usec() < end)
		assert_return_code(sd_event_run(f->event, 1000), 0);
	assert_true(host_chardev_empty(f->host));
}

static void test_online(void **state)
{
	struct fake f;

	fake_guard_open(&f);
	assert_string_equal(host_transport_name(f.host), "chardev");
	assert_int_equal(ask(&f), -ENOTCONN);
	assert_int_equal(host_set_alt(f.host, 1, 0, fake_done, &f), -ENOTCONN);
	assert_int_equal(host_stream(f.host, true), -ENOTCONN);
	assert_int_equal(host_stop(f.host, 1, fake_done, &f), -ENOTCONN);
	assert_int_equal(host_reset(f.host), -ENOTCONN);
	assert_string_equal(fake_guard.log, ""); /* only the loop opens */
	fake_guard.ceilings = (struct host_ceilings){.depth_um = 700, .speed_rpm = 8000};
	fake_expect(&f, HEARD_ONLINE, 0);
	assert_int_equal(f.host->ceilings.depth_um, 700);
	assert_int_equal(f.host->ceilings.speed_rpm, 8000);
	fake_expect_silence(&f);
	fake_guard_close(&f);
	assert_string_equal(fake_guard.log, "open close ");
}

/* Told once for each cause, tried again with a pause that grows. */
static void test_cannot_open(void **state)
{
	static const int errors[] = {-EBUSY, -EACCES, -ENODEV};

	for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
		struct fake f;

		fake_guard_open(&f);
		fake_guard.open_error = errors[i];
		fake_expect(&f, HEARD_OFFLINE, errors[i]);
		fake_guard_await_log(&f, "fail fail ");
		fake_expect_silence(&f);
		fake_guard.open_error = 0;
		fake_expect(&f, HEARD_ONLINE, 0);
		fake_guard_close(&f);
	}
}

static void test_no_pen(void **state)
{
	struct fake f;

	fake_guard_open(&f);
	fake_guard.open_error = -EPROTO;
	fake_expect(&f, HEARD_OFFLINE, -EPROTO);
	fake_run(&f, 250);
	assert_string_equal(fake_guard.log, "fail "); /* it does not become one */
	assert_false(host_chardev_empty(f.host));
	host_chardev_unplug(f.host);
	assert_true(host_chardev_empty(f.host));
	fake_expect_silence(&f);
	fake_guard_close(&f);
}

/* Unplugged: whoever waits hears first, each once; then the place is empty, and can be had again.
 */
static void test_unplugged(void **state)
{
	for (int by_udev = 0; by_udev < 2; by_udev++) {
		struct fake f;

		fake_guard_online(&f);
		fake_guard.stop_held = true;
		assert_int_equal(host_stop(f.host, 1, fake_done, &f), 0);
		fake_guard.blocked[MNPEN_REQ_GET_STATUS] = true;
		if (by_udev)
			host_chardev_unplug(f.host);
		fake_guard_gone();
		fake_expect(&f, HEARD_DONE, -ENODEV);
		fake_expect(&f, HEARD_OFFLINE, -ENODEV);
		host_chardev_unplug(f.host);
		await_empty(&f);
		fake_expect_silence(&f);
		fake_guard.stop_held = false;
		host_chardev_plug(f.host, "/dev/mnpen1");
		fake_expect(&f, HEARD_ONLINE, 0);
		fake_guard_close(&f);
	}
}

/* The driver was taken away, and udev has not said so yet: closed at once, so that it can go. */
static void test_gone_at_rest(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	fake_guard.open_error = -ENODEV;
	fake_guard_gone();
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	fake_guard_await_log(&f, "open close fail ");
	host_chardev_unplug(f.host);
	await_empty(&f);
	fake_guard_close(&f);
}

static void test_reset(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	fake_guard.blocked[MNPEN_REQ_GET_STATUS] = true;
	assert_int_equal(ask(&f), 0);
	fake_guard_await_block(&f);
	assert_int_equal(host_reset(f.host), 0);
	assert_int_equal(host_reset(f.host), -ENOTCONN);
	fake_expect_silence(&f); /* it follows from the loop */
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_OFFLINE, -ECONNRESET);
	fake_guard_unblock(MNPEN_REQ_GET_STATUS);
	fake_expect(&f, HEARD_ONLINE, 0);
	assert_string_equal(fake_guard.log, "open 02 stop:0000 11 close open ");
	fake_guard_close(&f);
}

static void test_free_is_silent(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	assert_int_equal(host_stop(f.host, 1, fake_done, &f), 0);
	f.host = host_free(f.host);
	fake_expect_silence(&f);
	fake_guard_close(&f);
}

/* ---- samples ---- */

static void hear_drained(struct fake *f)
{
	fake_expect(f, HEARD_DRAINED, 0);
}

static void test_samples(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	fake_guard_sample(1, 48, 0); /* before anybody wants any */
	assert_int_equal(host_stream(f.host, true), 0);
	fake_run(&f, 20);
	fake_expect_silence(&f);
	for (uint8_t i = 2; i < 5; i++)
		fake_guard_sample(i, 48, 0);
	for (int i = 2; i < 5; i++)
		fake_expect(&f, HEARD_PACKET, i);
	hear_drained(&f); /* once, behind all that was there */
	fake_expect_silence(&f);
	assert_int_equal(host_stream(f.host, true), 0); /* nothing is thrown away again */
	fake_guard_sample(9, 48, 0);
	fake_expect(&f, HEARD_PACKET, 9);
	hear_drained(&f);
	assert_int_equal(host_stream(f.host, false), 0);
	fake_guard_sample(10, 48, 0);
	fake_run(&f, 20);
	fake_expect_silence(&f);
	fake_guard_close(&f);
}

/* What is no sample stays none, whatever the guard made of it. */
static void test_odd_lengths(void **state)
{
	static const struct {
		uint16_t sent;
		size_t heard;
	} rows[] = {{0, 0}, {47, 47}, {48, 48}, {49, 49}, {64, 49}, {65535, 49}};
	struct fake f;

	fake_guard_online(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		fake_guard_sample(7, rows[i].sent, 0);
		fake_expect(&f, HEARD_PACKET, rows[i].sent ? 7 : -1);
		assert_int_equal(f.heard[f.n_checked - 1].len, rows[i].heard);
		hear_drained(&f);
	}
	fake_guard_close(&f);
}

static uint8_t guarded_reason;

static void on_guarded(struct host *host, void *userdata, uint8_t reason)
{
	guarded_reason = reason;
	fake_expect_silence(userdata); /* before its packet */
}

static void test_guarded(void **state)
{
	struct host_callbacks callbacks;
	struct fake f;

	fake_guard_online(&f);
	callbacks = *f.host->callbacks;
	callbacks.guarded = on_guarded;
	f.host->callbacks = &callbacks;
	assert_int_equal(host_stream(f.host, true), 0);
	fake_guard_sample(3, 48, MNPEN_GUARD_VIOLATION | 0x13 << MNPEN_GUARD_REASON_SHIFT);
	fake_expect(&f, HEARD_PACKET, 3);
	assert_int_equal(guarded_reason, 0x13);
	assert_string_equal(host_guard_reason(guarded_reason), "run-limit");
	assert_string_equal(host_guard_reason(0x10), "depth");
	assert_string_equal(host_guard_reason(0x16), "ceiling");
	assert_string_equal(host_guard_reason(0x17), "unknown");
	fake_guard_close(&f);
}

static void stop_streaming(struct fake *f)
{
	assert_int_equal(host_set_alt(f->host, 0, 0, fake_done, f), 0);
}

static void test_set_alt_inside_packet(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	f.on_packet = stop_streaming;
	fake_guard_sample(1, 48, 0);
	fake_guard_sample(2, 48, 0);
	fake_expect(&f, HEARD_PACKET, 1);
	fake_expect(&f, HEARD_DONE, 0); /* and not the second one */
	fake_expect_silence(&f);
	fake_guard_close(&f);
}

/* Those that were there are judged before the pen is lost. */
static void test_samples_before_the_end(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	fake_guard_sample(1, 48, 0);
	fake_guard_gone();
	fake_expect(&f, HEARD_PACKET, 1);
	hear_drained(&f);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	fake_guard_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_online),
		cmocka_unit_test(test_cannot_open),
		cmocka_unit_test(test_no_pen),
		cmocka_unit_test(test_unplugged),
		cmocka_unit_test(test_gone_at_rest),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_free_is_silent),
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_odd_lengths),
		cmocka_unit_test(test_guarded),
		cmocka_unit_test(test_set_alt_inside_packet),
		cmocka_unit_test(test_samples_before_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
