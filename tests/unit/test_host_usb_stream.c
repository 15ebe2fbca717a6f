// SPDX-License-Identifier: GPL-2.0-only
/* Samples over USB, and what a tap hears of all. */
#include "tests/unit/fake_libusb.h"

static const struct host_control get_status = {
	.request = MNPEN_REQ_GET_STATUS, .in = true, .len = MNPEN_SAMPLE_SIZE};
static const uint8_t sample[MNPEN_SAMPLE_SIZE] = {0x42};

/* ---- samples ---- */

static void test_stream(void **state)
{
	struct fake f;

	fake_usb_online(&f);
	assert_int_equal(host_stream(f.host, true), 0);
	assert_int_equal(fake_usb_flying(FAKE_ENDPOINT), HOST_INTERRUPT_URBS);
	for (int i = 0; i < 3; i++)
		fake_usb_end(FAKE_ENDPOINT, LIBUSB_TRANSFER_COMPLETED, sample, 48);
	fake_usb_end(FAKE_ENDPOINT, LIBUSB_TRANSFER_COMPLETED, NULL, 0);
	for (int i = 0; i < 3; i++)
		fake_expect(&f, HEARD_PACKET, 0x42);
	fake_expect(&f, HEARD_PACKET, -1); /* of wrong length: for the judge */
	fake_expect(&f, HEARD_DRAINED, 0);
	assert_int_equal(fake_usb_flying(FAKE_ENDPOINT), HOST_INTERRUPT_URBS);
	assert_int_equal(host_stream(f.host, false), 0);
	assert_int_equal(host_stream(f.host, true), 0); /* again, before all are back */
	fake_run(&f, 20);
	assert_int_equal(fake_usb_flying(FAKE_ENDPOINT), HOST_INTERRUPT_URBS);
	assert_int_equal(host_stream(f.host, false), 0);
	fake_run(&f, 10);
	assert_int_equal(fake_usb.n_flying, 0);
	fake_expect_silence(&f);
	fake_usb_close(&f);
}

/* ---- the tap: each transfer begins once and ends once, whatever becomes of it ---- */

struct ear {
	struct host_tap tap;
	uint64_t ids[64];
	size_t n, ended;
	int status; /* of the last one */
};

static void on_submitted(struct host_tap *tap, const struct host_transfer *t)
{
	struct ear *ear = (struct ear *)tap;

	assert_true(ear->n < ELEMENTSOF(ear->ids));
	ear->ids[ear->n++] = t->id;
}

static void on_completed(struct host_tap *tap, const struct host_transfer *t)
{
	struct ear *ear = (struct ear *)tap;

	for (size_t i = 0; i < ear->n; i++)
		if (ear->ids[i] == t->id) {
			ear->ids[i] = UINT64_MAX;
			ear->ended++;
			ear->status = t->status;
			return;
		}
	fail_msg("transfer %llu ends that has not begun", (unsigned long long)t->id);
}

static void test_tap(void **state)
{
	struct ear ear = {.tap = {on_submitted, on_completed}};
	const uint8_t *setup, *data;
	size_t at = 0, len, n = 0;
	struct fake f;

	fake_usb_online(&f);
	while (host_next_descriptor(f.host, &at, &setup, &data, &len))
		n++;
	assert_int_equal(n, 7); /* device, configuration twice, languages, three strings */
	assert_int_equal(f.host->speed_mbit, 12);
	host_set_tap(f.host, &ear.tap);
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(ear.ended, 1);
	assert_int_equal(host_stream(f.host, true), 0);
	fake_usb_end(FAKE_ENDPOINT, LIBUSB_TRANSFER_COMPLETED, sample, 48);
	fake_expect(&f, HEARD_PACKET, 0x42);
	fake_expect(&f, HEARD_DRAINED, 0);
	assert_int_equal(host_control(f.host, &get_status, fake_done, &f), 0);
	assert_int_equal(host_stop(f.host, 1, fake_done, &f), 0);
	assert_int_equal(ear.status, -ENOENT);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	assert_int_equal(ear.n, 1 + HOST_INTERRUPT_URBS + 1 + 2);
	assert_int_equal(ear.ended, 1 + 1 + 1);
	fake_usb_gone();
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	assert_int_equal(ear.ended, ear.n);
	assert_int_equal(ear.status, -ESHUTDOWN);
	fake_usb_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_tap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
