/* SPDX-License-Identifier: GPL-2.0-only */
/* A pen that has arrived over a transport that does what the test says. */
#ifndef MNPEN_TEST_PEN_FIXTURE_H
#define MNPEN_TEST_PEN_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "driver/base/clock.h"
#include "tests/unit/fake_host.h"

struct fixture {
	sd_event *event;
	struct pen *pen;
	struct fake_owner owner;
	struct fake_host *host;
	struct mnpen_sample sample;
	uint64_t lease_end_us; /* on the pen's clock; enough for one test without a renewal */
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_true(sd_event_new(&f->event) >= 0);
	assert_int_equal(pen_new_usbip(&f->pen, f->event, "usbip://127.0.0.1:1/1-1", false,
				       &fake_hooks, &f->owner),
			 0);
	f->host = f->owner.host = fake_last;
	fake_bring_up(f->host, &f->sample);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	pen_free(f->pen);
	sd_event_unref(f->event);
	free(f);
	return 0;
}

static inline void next(struct fixture *f)
{
	struct mnpen_sample *s = &f->sample;
	bool armed = s->state == MNPEN_STATE_ARMED || s->state == MNPEN_STATE_RUNNING;

	if (!armed || f->lease_end_us == 0)
		f->lease_end_us = s->time_us + 300000;
	s->lease_left_ms = armed ? (uint16_t)((f->lease_end_us - s->time_us) / 1000) : 0;
	fake_host_sample(f->host, fake_next_sample(&f->sample));
}

static inline void run_for(struct fixture *f, uint64_t usec)
{
	uint64_t until = now_usec() + usec;

	while (now_usec() < until)
		assert_true(sd_event_run(f->event, 1000) >= 0);
}

#define PEN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
