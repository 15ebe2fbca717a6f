/* SPDX-License-Identifier: GPL-2.0-only */
/* A pen of the daemon, its owner, the far end and the oracle, in virtual time: for fuzz_pen.c. */
#ifndef MNPEN_FUZZ_PEN_WORLD_H
#define MNPEN_FUZZ_PEN_WORLD_H

#include "tests/fuzz/loop.h"
#include "tests/fuzz/pen_link.h"

#define SAMPLES_MAX 2500 /* in one run */
#define QUEUE 64	 /* the pen keeps as many for a host that is late */
#define PERIOD_US 1000

struct world {
	sd_event *event;
	struct pen *pen;
	struct link link;
	struct oracle oracle;
	enum policy_reason may_run;
	unsigned int samples;
	unsigned int commands, outcomes;
	uint8_t queue[QUEUE][MNPEN_SAMPLE_SIZE];
	unsigned int queued;
};

/** world_begin() - an honest pen has arrived and streams. @kind: what it is like */
void world_begin(struct world *w, uint8_t kind);
/** world_settle() - requests are answered and due timers fire. @proof: as oracle_look() */
void world_settle(struct world *w, bool proof);
bool world_connected(const struct world *w);
/** world_deliver() - one packet, without drained() */
void world_deliver(struct world *w, const uint8_t *buf, size_t len);
/** world_drain() - all that waits reaches the daemon at once */
void world_drain(struct world *w);
/** world_run() - @n samples, each in its time */
void world_run(struct world *w, unsigned int n);
/** world_quiet() - the network is quiet; samples are kept by the pen, or lost */
void world_quiet(struct world *w, unsigned int ms, bool keep);
/** world_hang() - the daemon gets no processor; then all comes at once */
void world_hang(struct world *w, unsigned int ms);
/** world_done() - the pen_done of every command: each has exactly one outcome */
void world_done(struct pen *pen, void *userdata, const struct pen_result *result);

#endif
