/* SPDX-License-Identifier: GPL-2.0-only */
/* The owner of a transport for fuzz_host.c: it asks for things at any time, from inside callbacks
 * too, and CHECKs that it hears what driver/host/host.h promises. */
#ifndef MNPEN_FUZZ_HOST_OWNER_H
#define MNPEN_FUZZ_HOST_OWNER_H

#include "driver/host/host.h"
#include "tests/fuzz/server.h"

#define REQUESTS 1024

/* One request of the owner, from host_control() and its like to its done(). */
struct request {
	struct world *world;
	bool control; /* not a STOP or SET_INTERFACE */
	bool in;
	uint16_t len;
	uint64_t deadline_usec;
	unsigned int done;
};

struct world {
	sd_event *event;
	struct host *host;
	struct server server;
	struct request requests[REQUESTS];
	unsigned int n_requests;
	struct request *calling; /* inside the call that makes it */
	bool calling_accepted;
	bool online, streaming, resetting, freed;
	unsigned int heard;  /* packets since drained() */
	uint8_t callback_op; /* what a callback does besides */
};

extern const struct host_callbacks owner_callbacks; /* with a struct world */

/** owner_op() - a request, STOP, SET_INTERFACE, stream on or off, reset, by @op and @value */
void owner_op(struct world *w, uint8_t op, uint8_t value);

#endif
