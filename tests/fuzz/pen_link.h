/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The far end of a pen for fuzz_pen.c: a transport without a wire, and behind it an honest pen
 * (tests/shared/policy_pen.h) over whose words lies can be laid. Requests are answered when the
 * harness serves them, by plan: taken, refused, lost, late.
 */
#ifndef MNPEN_FUZZ_PEN_LINK_H
#define MNPEN_FUZZ_PEN_LINK_H

#include "tests/fuzz/pen_oracle.h"
#include "tests/shared/policy_pen.h"

#define LINK_LIES 4

enum link_plan {
	PLAN_TAKE,
	PLAN_REFUSE,
	PLAN_TIMEOUT,	    /* and the pen never got it */
	PLAN_TIMEOUT_TAKEN, /* it got it, the answer was lost */
	PLAN_BROKEN,	    /* -EPROTO */
	PLAN_IGNORE,	    /* says yes, does nothing */
	PLAN_HOLD,	    /* no answer until its time limit */
	PLANS,
};

/** struct link_lie - for @left samples, bytes of the record are others */
struct link_lie {
	uint8_t offset;
	uint8_t size; /* 1, 2 or 4 */
	bool add;
	uint32_t value;
	uint8_t left;
};

struct link {
	struct host host; /* first */
	struct oracle *oracle;
	sd_event_source *defer; /* a reset ends from the loop */
	struct policy_pen pen;
	bool deaf; /* firmware that does not obey */
	bool online, streaming, reset_due;
	bool stop_blocked; /* host_stop() says -EAGAIN */
	uint8_t alt;
	uint32_t features;

	bool pending;
	bool pending_is_alt;
	uint8_t pending_alt;
	struct host_control control;
	host_done done;
	void *userdata;
	uint64_t deadline_usec;
	host_done stop_done;
	void *stop_userdata;

	enum link_plan plan;
	uint8_t plan_left;
	struct link_lie lies[LINK_LIES];
	unsigned int next_lie;
};

/** link_next - what the wrapped host_usbip_new() makes of itself; set it first */
extern struct link *link_next;

/** link_online(), link_offline() - the pen comes and goes */
void link_online(struct link *link);
void link_offline(struct link *link, int error);

/** link_serve() - answer what waits, until nothing does. Return: whether a GET_STATUS, which
 * may show rest, was among the answers */
bool link_serve(struct link *link);

/** link_say() - the sample of now into @buf, lies included */
void link_say(struct link *link, uint8_t buf[MNPEN_SAMPLE_SIZE]);

#endif
