/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A transport that does nothing but write down what a pen asks of it, and lets the test answer.
 * Tests that use it wrap host_usbip_new (tests/unit/NAME.wrap).
 */
#ifndef MNPEN_TEST_FAKE_HOST_H
#define MNPEN_TEST_FAKE_HOST_H

#include "daemon/pen/pen.h"
#include "driver/host/host.h"
#include "driver/host/usbip.h"

#define FAKE_LOG_MAX 4096

struct fake_host {
	struct host host; /* first */
	/* What was asked, in order: "stop 1 get-info ... alt1 stream+ reset hook" */
	char log[FAKE_LOG_MAX];
	bool pending; /* a control or alt request waits for its answer */
	struct host_control control;
	host_done done;
	void *userdata;
	host_done stop_done; /* a STOP waits for its answer */
	void *stop_userdata;
};

/* What the pen's hooks heard. */
struct fake_owner {
	struct fake_host *host;
	unsigned int arrived, left, alarms, disarmed, samples, gaps;
	enum policy_reason may_run; /* the answer that the pen gets */
	enum policy_reason disarm_reason;
	bool refuse_arrival;
	bool pedal_up;		  /* by its level, whatever events said */
	unsigned int pedal_asked; /* how often */
	unsigned int results;
	struct pen_result result; /* of the last command */
};

extern struct fake_host *fake_last; /* made by the wrapped host_usbip_new() */
extern const char *fake_serial;	    /* likewise its serial; NULL = "FAKE0001" */
extern uint32_t fake_features;	    /* MNPEN_FEATURE_* of the next pen that is brought up */
extern const struct pen_hooks fake_hooks;

/* Also for the tests that wrap host_usb_new. */
int __wrap_host_usbip_new(struct host **ret, sd_event *event, const struct usbip_url *url,
			  const struct host_callbacks *callbacks, void *userdata);

/** fake_host_answer() - the request in flight ended; @data for an IN request */
void fake_host_answer(struct fake_host *fake, int result, const void *data, size_t len);
void fake_host_answer_stop(struct fake_host *fake, int result);
void fake_host_packet(struct fake_host *fake, const void *buf, size_t len);
void fake_host_sample(struct fake_host *fake, const struct mnpen_sample *sample); /* and drained */
void fake_host_clear(struct fake_host *fake);					  /* the log */
void fake_host_done(struct pen *pen, void *userdata, const struct pen_result *result);
/** fake_host_noted() - the same, and written down among what was asked */
void fake_host_noted(struct pen *pen, void *userdata, const struct pen_result *result);

/** fake_set_up() - answers all of the set-up's requests; no sample comes */
void fake_set_up(struct fake_host *fake, struct mnpen_sample *sample);
/** fake_bring_up() - answers the whole set-up; the pen has arrived when it returns */
void fake_bring_up(struct fake_host *fake, struct mnpen_sample *sample);

/** fake_next_sample() - the sample a millisecond later */
struct mnpen_sample *fake_next_sample(struct mnpen_sample *sample);

#endif
