/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel guard with one pen, for tests of the transport over it: it writes down what it was
 * asked, answers what the test wants, and lets a thread wait in a call as long as the test likes.
 * Samples come through a pipe. Tests that use it wrap what is in tests/unit/test_host_chardev.wrap.
 */
#ifndef MNPEN_TESTS_FAKE_CHARDEV_H
#define MNPEN_TESTS_FAKE_CHARDEV_H

#include "tests/unit/fake_usbip.h"

#include "driver/host/chardev_place.h"

/** struct fake_guard - under its lock, but for what is set before a call is made */
struct fake_guard {
	char log[1024]; /* "open 02 stop:1234 wait alt1 reset close" */
	int open_error;
	int errors[256];   /* of each ioctl, by its number; 0 = none */
	bool blocked[256]; /* the caller waits until fake_guard_unblock() or a STOP */
	bool waiting;	   /* somebody does */
	bool stop_held;	   /* the pen does not answer STOP: WAIT waits for fake_guard_unblock() */
	bool stop_flying;  /* since SUBMIT */
	uint32_t epoch;	   /* each STOP raises it */
	bool cancelled;	   /* what waits has to come back */
	struct chardev_call last; /* as it came */
	struct host_ceilings ceilings;
	int write_fd; /* where samples go in; -EBADF = gone */
};

extern struct fake_guard fake_guard;

void fake_guard_open(struct fake *f);	/* an empty place, and a pen plugged into it */
void fake_guard_online(struct fake *f); /* until online() was called */
void fake_guard_close(struct fake *f);
/** fake_guard_await_log() - until the log ends so, the loop runs */
void fake_guard_await_log(struct fake *f, const char *text);
void fake_guard_await_block(struct fake *f);
void fake_guard_unblock(uint8_t number);
void fake_guard_sample(uint8_t first, uint16_t length, uint16_t flags);
void fake_guard_gone(void); /* all that waits comes back with -ENODEV, and reading ends */

#endif
