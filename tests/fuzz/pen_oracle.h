/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a pen's daemon may and must do, from docs/safety.md and docs/protocol.md and not from
 * daemon/policy: told of every order that goes out and of every sample that comes in, it ends the
 * process when needles could run that must not. Where it has to guess it guesses in the daemon's
 * favour.
 */
#ifndef MNPEN_FUZZ_PEN_ORACLE_H
#define MNPEN_FUZZ_PEN_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/pen/pen.h"
#include "driver/host/host.h"

#define ORACLE_SLICE_USEC 10000ULL /* time passes in steps of at most that between two looks */
#define ORACLE_TENTHS 29	   /* of a second: less than the 3 s that the daemon keeps */

/** struct oracle_span - since when a condition holds, on the pen's clock */
struct oracle_span {
	bool on;
	uint64_t from_us;
};

struct oracle {
	const struct pen *pen;
	/* the present ARM, and what the pen has shown of it */
	struct pen_arm arm;
	uint32_t arm_cmd;
	uint32_t crc;
	bool has_tag;
	bool confirmed;
	bool released; /* the trigger was seen released since then */
	uint32_t lease_counter;
	bool enabled_lease; /* one with enable = 1 went out */
	bool sample_since_lease;
	uint32_t newest_cmd;
	bool target_sent, target_accepted, target_in_force;
	uint16_t target_um, target_rpm; /* sent last */
	uint16_t force_um, force_rpm;
	/* samples */
	bool has_last;
	struct mnpen_sample last;
	uint64_t arrived_usec;
	struct oracle_span fast, drive, slow, stalled, outside, ignored;
	uint64_t driven_us;		/* since ARM */
	int64_t offsets[ORACLE_TENTHS]; /* smallest arrival - time_us */
	uint64_t tenths[ORACLE_TENTHS]; /* of which tenth of a second; 0 = none */
	/* what went out; counts of all time */
	unsigned int stops, alts, resets, alarms;
	/* state seen at the last look */
	enum fsm_state state;
	uint64_t entered_usec;
	uint64_t ran_usec;	 /* last seen RUNNING, or ARMED for the first time */
	unsigned int stops_seen; /* at the last look */
	unsigned int stops_before, alts_before, resets_before, alarms_before;
	bool late_evidence;
	uint64_t late_usec;
	uint64_t epoch;
};

/* What the transport was asked for. */
void oracle_control(struct oracle *o, const struct host_control *control);
void oracle_stop(struct oracle *o);
void oracle_alt_rest(struct oracle *o);
void oracle_reset(struct oracle *o);

/** oracle_answered() - the pen took (or refused) @request */
void oracle_answered(struct oracle *o, enum mnpen_request request, bool accepted);

/** oracle_armed() - pen_arm() returned 0 */
void oracle_armed(struct oracle *o, const struct pen_arm *arm);

/** oracle_stream_restarted() - what came before says nothing of what comes */
void oracle_stream_restarted(struct oracle *o);

/** oracle_live() - whether needles may run in @state, or soon */
bool oracle_live(enum fsm_state state);

/** struct oracle_demand - what must be true when the daemon has taken a packet */
struct oracle_demand {
	bool was_live;
	const char *must_disarm; /* why armed needles may not go on; NULL = they may */
	const char *must_stop;	 /* why a STOP has to go out, armed or not */
	bool shows_rest;
	enum fsm_state before;
	unsigned int stops_before;
};

/** oracle_before() - a packet is about to arrive; @sample: NULL = it decodes to none */
struct oracle_demand oracle_before(struct oracle *o, const struct mnpen_sample *sample);
/** oracle_after() - packet() has returned, drained() not been called yet */
void oracle_after(struct oracle *o, const struct oracle_demand *demand);

/**
 * oracle_look() - after anything that happened
 * @proof: a sample that shows rest, or the loss of the pen, was part of it
 */
void oracle_look(struct oracle *o, bool proof);

/** oracle_settled() - the same, when all that had arrived is handed out, drained() was called and
 * no timer is due: now what hangs on time holds too. At least every ORACLE_SLICE_USEC. */
void oracle_settled(struct oracle *o, bool proof);

/** oracle_hang() - the daemon got no processor for @usec: its timers cannot be blamed for that */
void oracle_hang(struct oracle *o, uint64_t usec);

#endif
