// SPDX-License-Identifier: GPL-2.0-only
/* Requests and STOP over the kernel guard: what goes into the kernel, and what comes of it. */
#include "tests/unit/fake_chardev.h"

static const struct host_control get_status = {
	.request = MNPEN_REQ_GET_STATUS, .in = true, .len = MNPEN_SAMPLE_SIZE};
static const struct host_control get_error = {
	.request = MNPEN_REQ_GET_ERROR, .in = true, .len = MNPEN_ERROR_SIZE};

static int ask(struct fake *f)
{
	return host_control(f->host, &get_status, fake_done, f);
}

static int stop(struct fake *f)
{
	return host_stop(f->host, 0x1234, fake_done, f);
}

static void test_each_request(void **state)
{
	static const struct {
		enum mnpen_request request;
		bool in;
		uint16_t len;
	} rows[] = {
		{MNPEN_REQ_GET_INFO, true, 64},
		{MNPEN_REQ_GET_STATUS, true, 48},
		{MNPEN_REQ_ARM, false, 32},
		{MNPEN_REQ_SET_TARGET, false, 16},
		{MNPEN_REQ_LEASE, false, 24},
		{MNPEN_REQ_CLEAR_FAULT, false, 0},
		{MNPEN_REQ_SET_STREAM, false, 4},
		{MNPEN_REQ_GET_CARTRIDGE, true, 48},
		{MNPEN_REQ_CLAIM_CARTRIDGE, false, 16},
	};
	struct fake f;

	fake_guard_online(&f);
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		struct host_control control = {.request = rows[i].request,
					       .in = rows[i].in,
					       .len = rows[i].len,
					       .data = {0x88, 0x13},
					       .timeout_ms = 30};
		const struct chardev_call *last = &fake_guard.last;

		assert_int_equal(host_control(f.host, &control, fake_done, &f), 0);
		fake_expect(&f, HEARD_DONE, 0);
		assert_int_equal(f.heard[f.n_checked - 1].len, rows[i].in ? rows[i].len : 0);
		assert_int_equal(last->number & 0xff, rows[i].request);
		assert_int_equal(last->argument.head.timeout_ms, 30);
		if (control.request == MNPEN_REQ_SET_STREAM)
			assert_int_equal(last->argument.value.value, 5000);
		else if (!rows[i].in)
			assert_memory_equal(chardev_call_data(last), control.data, rows[i].len);
		control.len++; /* another length is none that the guard could send */
		assert_int_equal(host_control(f.host, &control, fake_done, &f), -EINVAL);
		control.len--;
		control.value = 1;
		assert_int_equal(host_control(f.host, &control, fake_done, &f), -EINVAL);
	}
	fake_guard_close(&f);
}

static void test_results(void **state)
{
	static const int rows[][2] = {
		{-EPIPE, -EPIPE},   {-ETIMEDOUT, -ETIMEDOUT}, {-ERANGE, -ERANGE},
		{-EPROTO, -EPROTO}, {-ECANCELED, -EPROTO},    {-EINVAL, -EPROTO},
	};
	struct fake f;

	fake_guard_online(&f);
	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		fake_guard.errors[MNPEN_REQ_GET_STATUS] = rows[i][0];
		assert_int_equal(ask(&f), 0);
		assert_int_equal(ask(&f), -EBUSY);
		fake_expect_silence(&f);
		fake_expect(&f, HEARD_DONE, rows[i][1]);
	}
	fake_guard.errors[MNPEN_REQ_GET_STATUS] = -ENODEV;
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, -ENODEV);
	fake_expect(&f, HEARD_OFFLINE, -ENODEV);
	fake_guard_close(&f);
}

static uint8_t error[MNPEN_ERROR_SIZE];

static void on_error(void *userdata, int result, const uint8_t *data, size_t len)
{
	assert_int_equal(len, sizeof(error));
	memcpy(error, data, sizeof(error));
	fake_done(userdata, result, data, len);
}

/* Why the pen refused came with the refusal; nobody is asked again. */
static void test_get_error(void **state)
{
	static const uint8_t none[MNPEN_ERROR_SIZE];
	static const uint8_t expected[] = {0x02, 2, 0x02, 0x01, 0x06, 0x05, 0x04, 0x03};
	struct fake f;

	fake_guard_online(&f);
	assert_int_equal(host_control(f.host, &get_error, on_error, &f), 0);
	assert_int_equal(ask(&f), -EBUSY);
	fake_expect_silence(&f); /* never from inside the call */
	fake_expect(&f, HEARD_DONE, 0);
	assert_memory_equal(error, none, sizeof(none));
	fake_guard.errors[MNPEN_REQ_GET_STATUS] = -EPIPE;
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, -EPIPE);
	assert_int_equal(host_control(f.host, &get_error, on_error, &f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_memory_equal(error, expected, sizeof(expected));
	assert_string_equal(fake_guard.log, "open 02 ");
	assert_int_equal(host_control(f.host, &get_error, fake_done, &f), 0);
	assert_int_equal(stop(&f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_DONE, 0);
	fake_guard_close(&f);
}

/* The kernel has it, and what was in flight has been heard of, before the call returns. */
static void test_stop(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	fake_guard.blocked[MNPEN_REQ_GET_STATUS] = true;
	fake_guard.stop_held = true;
	assert_int_equal(ask(&f), 0);
	fake_guard_await_block(&f);
	assert_int_equal(stop(&f), 0);
	assert_string_equal(fake_guard.log, "open 02 stop:1234 ");
	assert_int_equal(f.n_heard, f.n_checked + 1);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	assert_int_equal(stop(&f), -EALREADY);
	assert_int_equal(ask(&f), -EBUSY);
	fake_run(&f, 10);
	fake_expect_silence(&f);
	fake_guard_unblock(MNPEN_REQ_STOP);
	fake_expect(&f, HEARD_DONE, 0);
	fake_guard.blocked[MNPEN_REQ_GET_STATUS] = false;
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	fake_guard_close(&f);
}

/* A pen that does not answer it: told in time, and the next one is not kept waiting by it. */
static void test_stop_unanswered(void **state)
{
	uint64_t before;
	struct fake f;

	fake_guard_online(&f);
	fake_guard.stop_held = true;
	before = now_usec();
	assert_int_equal(stop(&f), 0);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	assert_true(now_usec() - before >= HOST_CONTROL_TIMEOUT_MS * USEC_PER_MSEC);
	assert_int_equal(stop(&f), 0);
	assert_string_equal(fake_guard.log, "open stop:1234 stop:1234 ");
	fake_guard_unblock(MNPEN_REQ_STOP);
	fake_expect(&f, HEARD_DONE, 0); /* once, and that of the second */
	fake_guard_await_log(&f, "wait wait ");
	fake_run(&f, 80);
	fake_expect_silence(&f);
	fake_guard_close(&f);
}

/* Each of what moves a pen belongs to an epoch, and is late in the next one: the thread may take it
 * to the kernel behind a STOP. */
static void test_epoch(void **state)
{
	static const enum mnpen_request moves[] = {MNPEN_REQ_ARM, MNPEN_REQ_SET_TARGET,
						   MNPEN_REQ_LEASE};
	static const uint16_t sizes[] = {32, 16, 24};
	struct fake f;

	fake_guard_online(&f);
	for (size_t i = 0; i < ELEMENTSOF(moves); i++) {
		const struct host_control control = {.request = moves[i], .len = sizes[i]};
		uint32_t *epoch = &fake_guard.last.argument.head.epoch;

		assert_int_equal(stop(&f), 0);
		fake_expect(&f, HEARD_DONE, 0);
		assert_int_equal(host_control(f.host, &control, fake_done, &f), 0);
		fake_expect(&f, HEARD_DONE, 0);
		assert_int_equal(*epoch, fake_guard.epoch);
		fake_guard.epoch++; /* the guard has stopped it by itself */
		assert_int_equal(host_control(f.host, &control, fake_done, &f), 0);
		fake_expect(&f, HEARD_DONE, -EPROTO);
		assert_int_equal(host_control(f.host, &control, fake_done, &f), 0);
		fake_expect(&f, HEARD_DONE, 0); /* known by then */
		assert_int_equal(ask(&f), 0);
		fake_expect(&f, HEARD_DONE, 0);
		assert_int_equal(*epoch, 0); /* looking is never late */
	}
	fake_guard_close(&f);
}

static void test_stop_not_taken(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	fake_guard.errors[MNPEN_REQ_STOP] = -EIO;
	assert_int_equal(stop(&f), -EAGAIN);
	assert_int_equal(stop(&f), -ENOTCONN);
	fake_expect(&f, HEARD_OFFLINE, -EIO); /* closed, which stops it */
	fake_guard_await_log(&f, "close ");
	fake_guard_close(&f);
}

/* A request whose time is over keeps the thread; the next one waits for it, in its own time. */
static void test_timeout(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	fake_guard.blocked[MNPEN_REQ_GET_STATUS] = true;
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, -ETIMEDOUT);
	assert_string_equal(fake_guard.log, "open 02 ");
	assert_int_equal(ask(&f), 0);
	fake_guard_unblock(MNPEN_REQ_GET_STATUS);
	fake_expect(&f, HEARD_DONE, 0);
	assert_string_equal(fake_guard.log, "open 02 02 ");
	fake_run(&f, 80);
	fake_expect_silence(&f);
	fake_guard_close(&f);
}

/* SET_INTERFACE takes the place of what is in flight, and STOP overtakes it. */
static void test_set_alt(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	fake_guard.blocked[MNPEN_REQ_GET_STATUS] = true;
	assert_int_equal(ask(&f), 0);
	fake_guard_await_block(&f);
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), -EBUSY);
	assert_int_equal(ask(&f), -EBUSY);
	fake_guard.blocked[0x10] = true;
	fake_guard_unblock(MNPEN_REQ_GET_STATUS);
	fake_guard_await_log(&f, "02 alt1 ");
	assert_int_equal(stop(&f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(host_set_alt(f.host, 1, 1000, fake_done, &f), 0);
	assert_int_equal(host_set_alt(f.host, 0, 1000, fake_done, &f), 0); /* escalation */
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_guard_unblock(0x10);
	fake_expect(&f, HEARD_DONE, 0);
	assert_non_null(strstr(fake_guard.log, "alt0"));
	fake_guard_close(&f);
}

static void stop_in_done(struct fake *f)
{
	f->on_done = NULL;
	assert_int_equal(stop(f), 0);
}

static void test_stop_inside_done(void **state)
{
	struct fake f;

	fake_guard_online(&f);
	f.on_done = stop_in_done;
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	fake_expect(&f, HEARD_DONE, 0);
	fake_guard_await_log(&f, "02 stop:1234 wait ");
	fake_guard_close(&f);
}

/* Ceilings are as they are now whenever the pen was asked what it is. */
static void test_ceilings(void **state)
{
	const struct host_control get_info = {
		.request = MNPEN_REQ_GET_INFO, .in = true, .len = MNPEN_INFO_SIZE};
	struct fake f;

	fake_guard_online(&f);
	assert_int_equal(f.host->ceilings.depth_um, 0);
	fake_guard.ceilings.depth_um = 500;
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(f.host->ceilings.depth_um, 0);
	assert_int_equal(host_control(f.host, &get_info, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(f.host->ceilings.depth_um, 500);
	fake_guard_close(&f);
}

/* ---- a capture ---- */

static char heard[512];

static void hear(char what, const struct host_transfer *t)
{
	size_t used = strlen(heard);

	snprintf(heard + used, sizeof(heard) - used, "%c%02x:%d:%zu ", what,
		 t->control ? t->setup[1] : t->endpoint, t->status, t->data_len);
}

static void on_submitted(struct host_tap *tap, const struct host_transfer *transfer)
{
	hear('+', transfer);
}

static void on_completed(struct host_tap *tap, const struct host_transfer *transfer)
{
	hear('-', transfer);
}

static void test_tap(void **state)
{
	struct host_control lease = {.request = MNPEN_REQ_LEASE, .len = MNPEN_LEASE_SIZE};
	struct host_tap tap = {on_submitted, on_completed};
	struct fake f;

	heard[0] = '\0';
	fake_guard_online(&f);
	host_set_tap(f.host, &tap);
	assert_int_equal(ask(&f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	fake_guard.errors[MNPEN_REQ_LEASE] = -EPIPE;
	assert_int_equal(host_control(f.host, &lease, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, -EPIPE);
	assert_int_equal(host_control(f.host, &get_error, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(host_set_alt(f.host, 1, 0, fake_done, &f), 0);
	fake_expect(&f, HEARD_DONE, 0);
	assert_int_equal(host_stream(f.host, true), 0);
	fake_guard_sample(1, 48, 0);
	fake_expect(&f, HEARD_PACKET, 1);
	fake_expect(&f, HEARD_DRAINED, 0);
	fake_guard.blocked[MNPEN_REQ_GET_STATUS] = true;
	assert_int_equal(ask(&f), 0);
	fake_guard_await_block(&f);
	assert_int_equal(stop(&f), 0);
	fake_expect(&f, HEARD_DONE, -ECANCELED);
	fake_expect(&f, HEARD_DONE, 0);
	assert_string_equal(heard, "+02:0:0 -02:0:48 "
				   "+05:0:24 -05:-32:0 +0b:0:0 -0b:0:8 "
				   "+0b:0:0 -0b:0:0 " /* SET_INTERFACE has that number as well */
				   "+81:0:0 -81:0:48 "
				   "+02:0:0 -02:-2:0 +06:0:0 -06:0:0 ");
	fake_guard_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_request),	cmocka_unit_test(test_results),
		cmocka_unit_test(test_get_error),	cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_unanswered), cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_stop_not_taken),	cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_set_alt),		cmocka_unit_test(test_stop_inside_done),
		cmocka_unit_test(test_ceilings),	cmocka_unit_test(test_tap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
