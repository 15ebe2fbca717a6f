/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A libusb with one device, for tests of the USB transport: it writes down what it was asked, ends
 * transfers when the test says so, fails where the test wants it, and lets the helper wait in a
 * call as long as the test likes. Tests that use it wrap what is in tests/unit/test_host_usb.wrap.
 */
#ifndef MNPEN_TESTS_FAKE_LIBUSB_H
#define MNPEN_TESTS_FAKE_LIBUSB_H

#include "tests/unit/fake_usbip.h"

#include <libusb-1.0/libusb.h>

#include "driver/host/usb_place.h"

#define FAKE_TRANSFERS_MAX 64

/* What may fail, and may be waited in. */
enum fake_call {
	CALL_INIT,
	CALL_WRAP,
	CALL_CONFIGURATION,
	CALL_DESCRIPTOR, /* each of the synchronous control transfers */
	CALL_CLAIM,
	CALL_POLLFDS,
	CALL_SUBMIT,
	CALL_CANCEL,
	CALL_EVENTS,
	CALL_SET_ALT,
	CALL_RESET,
	CALL_CLOSE,
	CALL_COUNT,
};

struct fake_device {
	char log[4096];		  /* "open claim0 submit:06 cancel:02 alt1 reset close" */
	int errors[CALL_COUNT];	  /* enum libusb_error; 0 = none */
	bool blocked[CALL_COUNT]; /* the caller waits until fake_unblock() */
	bool waiting;		  /* somebody does */
	bool lent;		  /* in a call that nobody may disturb */
	bool foreign;		  /* its ids are none of a pen */
	bool holds;		  /* what is cancelled does not come back before fake_give_back() */
	unsigned int allocated;	  /* transfers */
	unsigned int opened;	  /* contexts */
	struct libusb_transfer *flying[FAKE_TRANSFERS_MAX];
	bool cancelled[FAKE_TRANSFERS_MAX];
	size_t n_flying;
	struct libusb_transfer *ended[FAKE_TRANSFERS_MAX];
	size_t n_ended;
	bool gone; /* unplugged, and not told yet */
	bool dead; /* unplugged, until it is opened anew */
	int fd;	   /* readable while something has ended */
	libusb_pollfd_removed_cb removed;
	void *removed_userdata;
};

extern struct fake_device fake_usb;

void fake_usb_open(struct fake *f);  /* an empty place, and a device plugged into it */
void fake_usb_close(struct fake *f); /* and nothing is left */

/** fake_usb_end() - ends the oldest transfer in flight of an endpoint */
void fake_usb_end(uint8_t endpoint, enum libusb_transfer_status status, const void *data,
		  size_t len);
/** fake_usb_gone() - unplugged: all end, and the descriptor is not polled any more */
void fake_usb_gone(void);
void fake_usb_give_back(void); /* what is cancelled */
void fake_usb_unblock(enum fake_call call);
/** fake_usb_await() - until the helper waits in a call, the loop runs */
void fake_usb_await_block(struct fake *f);
/** fake_usb_await_log() - until the log has @text, the loop runs */
void fake_usb_await_log(struct fake *f, const char *text);

/** fake_usb_online() - as fake_usb_open(), until online() was called */
static inline void fake_usb_online(struct fake *f)
{
	fake_usb_open(f);
	fake_expect(f, HEARD_ONLINE, 0);
	fake_usb.log[0] = '\0';
}

static inline unsigned int fake_usb_flying(uint8_t endpoint)
{
	unsigned int n = 0;

	for (size_t i = 0; i < fake_usb.n_flying; i++)
		n += fake_usb.flying[i]->endpoint == endpoint && !fake_usb.cancelled[i];
	return n;
}

/** fake_usb_newest() - the last one submitted to endpoint 0 */
static inline const struct libusb_transfer *fake_usb_newest(void)
{
	size_t i = fake_usb.n_flying;

	while (i > 0 && fake_usb.flying[i - 1]->endpoint != 0)
		i--;
	assert_true(i > 0);
	return fake_usb.flying[i - 1];
}

#endif
