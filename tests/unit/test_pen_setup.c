// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coming to work, and back to it: a pen that is not by the protocol is refused, in words by which
 * its maker can mend it; one whose stream ended at rest is set up anew.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/pen/parts.h"
#include "driver/base/log.h"
#include "tests/unit/pen_fixture.h"

static char logged[512];

void __wrap_log_line(int level, const struct log_context *context, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void __wrap_log_line(int level, const struct log_context *context, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(logged, sizeof(logged), format, args);
	va_end(args);
}

/* As far as GET_INFO, which is answered with @info. */
static void come_back_with(struct fixture *f, const uint8_t *info, size_t len)
{
	const struct host_identity identity = {.serial = "FAKE0001", .vendor_id = 0x1209};
	struct host *host = &f->host->host;

	host->callbacks->offline(host, f->pen, -ENODEV);
	f->owner.arrived = 0;
	logged[0] = '\0';
	host->callbacks->online(host, f->pen, &identity);
	fake_host_answer_stop(f->host, 0);
	fake_host_answer(f->host, 0, info, len);
}

static void names_the_field(void **state)
{
	struct fixture *f = *state;
	struct mnpen_info info = *pen_info(f->pen);
	uint8_t buf[MNPEN_INFO_SIZE];

	info.depth_step_um = 0;
	mnpen_info_encode(buf, &info);
	come_back_with(f, buf, sizeof(buf));
	assert_int_equal(f->owner.arrived, 0);
	assert_string_equal(logged, "pen cannot be used: GET_INFO is not by protocol 1.x: "
				    "depth_step_um is 0, allowed 1..65535: Protocol error; "
				    "trying again in 5 s");
	come_back_with(f, buf, sizeof(buf) - 1);
	assert_non_null(strstr(logged, "length is 63, allowed 64..64"));
}

/* ---- SET_STREAM that is acknowledged and lost ---- */

/* The pen comes again, does all that it is asked, and sends nothing. */
static void come_back_silent(struct fixture *f)
{
	f->host->host.callbacks->offline(&f->host->host, f->pen, -ENODEV);
	f->owner.arrived = 0;
	fake_set_up(f->host, &f->sample);
	fake_host_clear(f->host);
	logged[0] = '\0';
}

static void lost_stream_is_repeated(void **state)
{
	struct fixture *f = *state;

	come_back_silent(f);
	run_for(f, PEN_SETUP_SAMPLE_USEC + 100000);
	assert_string_equal(f->host->log, "set-stream ");
	fake_host_answer(f->host, 0, NULL, 0);
	next(f);
	assert_int_equal(f->owner.arrived, 1);
	assert_string_equal(logged, "");
}

static void repeated_once(void **state)
{
	struct fixture *f = *state;

	come_back_silent(f);
	run_for(f, PEN_SETUP_SAMPLE_USEC + 100000);
	fake_host_answer(f->host, 0, NULL, 0);
	fake_host_clear(f->host);
	run_for(f, PEN_SETUP_SAMPLE_USEC + 100000);
	assert_string_equal(f->host->log, "stream- ");
	assert_string_equal(logged, "pen cannot be used: no samples come: Connection timed out; "
				    "trying again in 5 s");
	assert_int_equal(f->owner.arrived, 0);
	come_back_silent(f); /* a new attempt has its own */
	run_for(f, PEN_SETUP_SAMPLE_USEC + 100000);
	assert_string_equal(f->host->log, "set-stream ");
}

/* ---- a stream that ended at rest ---- */

#define SILENCE_USEC (PEN_REST_SILENCE_USEC + 200000)

static void stream_restarts(void **state)
{
	struct fixture *f = *state;

	next(f);
	fake_host_clear(f->host);
	run_for(f, SILENCE_USEC - 400000);
	assert_string_equal(f->host->log, "");
	run_for(f, 400000);
	assert_string_equal(f->host->log, "alt1 ");
	fake_host_answer(f->host, 0, NULL, 0);
	fake_host_answer(f->host, 0, NULL, 0);
	assert_string_equal(f->host->log, "alt1 set-stream stream+ ");
	next(f);
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
	assert_int_equal(f->owner.left, 0);
}

/* A pen that babbles is told of elsewhere; its stream goes on, and setting it up anew mends
 * nothing. */
static void babble_is_no_silence(void **state)
{
	struct fixture *f = *state;
	const uint8_t bytes[MNPEN_SAMPLE_SIZE] = {0xff, [16] = 0xff};

	next(f);
	fake_host_clear(f->host);
	for (int i = 0; i < 3; i++) {
		run_for(f, SILENCE_USEC / 2);
		fake_host_packet(f->host, bytes, sizeof(bytes));
	}
	assert_string_equal(f->host->log, "told told told "); /* and nothing sent */
}

/* A Stop cancels what is under way; that is no reason to lose the pen, and its session with it. */
static void stop_during_restart(void **state)
{
	struct fixture *f = *state;

	next(f);
	fake_host_clear(f->host);
	run_for(f, SILENCE_USEC);
	assert_string_equal(f->host->log, "alt1 ");
	pen_stop(f->pen, REASON_REQUEST);
	assert_string_equal(f->host->log, "alt1 stop:1 ");
	fake_host_answer_stop(f->host, 0);
	run_for(f, PEN_SETUP_AGAIN_USEC + 50000);
	assert_string_equal(f->host->log, "alt1 stop:1 alt1 ");
	fake_host_answer(f->host, 0, NULL, 0);
	pen_stop(f->pen, REASON_REQUEST); /* now on SET_STREAM */
	fake_host_answer_stop(f->host, 0);
	run_for(f, PEN_SETUP_AGAIN_USEC + 50000);
	fake_host_answer(f->host, 0, NULL, 0);
	fake_host_answer(f->host, 0, NULL, 0);
	assert_string_equal(f->host->log, "alt1 stop:1 alt1 set-stream stop:1 alt1 set-stream "
					  "stream+ ");
	next(f);
	assert_int_equal(pen_state(f->pen), FSM_IDLE);
	assert_int_equal(f->owner.left, 0);
}

/* Not even that works: it comes anew. */
static void restart_fails(void **state)
{
	struct fixture *f = *state;

	next(f);
	fake_host_clear(f->host);
	run_for(f, SILENCE_USEC);
	fake_host_answer(f->host, -ETIMEDOUT, NULL, 0);
	assert_string_equal(f->host->log, "alt1 reset ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PEN_TEST(names_the_field),	PEN_TEST(stream_restarts),
		PEN_TEST(babble_is_no_silence), PEN_TEST(stop_during_restart),
		PEN_TEST(restart_fails),	PEN_TEST(lost_stream_is_repeated),
		PEN_TEST(repeated_once),
	};

	return cmocka_run_group_tests_name("pen_setup", tests, NULL, NULL);
}
