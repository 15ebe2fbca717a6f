/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording that is played to a host: what the recorded pen said, when it said it, as far as the
 * host does what the recorded host did.
 *
 * The recorded host's commands SET_INTERFACE, SET_STREAM, CLAIM, ARM, SET_TARGET, CLEAR_FAULT
 * and a LEASE that enables or disables are the points at which the two go on together. While the
 * live host has not sent the next one of them and the recorded drive is off, the play waits there
 * and repeats the last sample, with its number and time moved on. What follows keeps its times from
 * there. A host that is ahead makes the play jump. Between two such points the samples come at
 * their recorded times, whatever the host does, with two exceptions: a STOP (or SET_INTERFACE, or
 * the loss of the host) to an armed pen makes the play jump to the recorded one; and if there is
 * none, the recorded run is left out, and the pen rests until the next recorded ARM. Likewise for a
 * LEASE that disables, but that the pen stays armed.
 *
 * docs/capture.md tells the same to readers. Pure: no I/O, no clock; times are CLOCK_MONOTONIC.
 */
#ifndef MNPEN_GADGET_REPLAY_H
#define MNPEN_GADGET_REPLAY_H

#include "tests/gadget/replay/recording.h"

#define REPLAY_PAIRS 64
#define REPLAY_PACKET_MAX 1024

/** struct replay_pair - a command number or token of the recording, and the live host's for it */
struct replay_pair {
	uint64_t recorded;
	uint64_t live;
};

struct replay_pairs {
	struct replay_pair pairs[REPLAY_PAIRS]; /* a ring: the newest counts */
	unsigned int n;
};

struct replay_packet {
	size_t len;
	uint8_t data[REPLAY_PACKET_MAX];
};

/** struct replay_lease - the live host's lease, and what explains the recorded samples */
struct replay_lease {
	uint64_t token; /* of the live ARM; 0 = there was none */
	uint32_t limits_crc;
	uint16_t lease_ms;
	uint32_t counter; /* of the last LEASE that was accepted */
	uint64_t end_us;  /* by the clock of the samples */
	bool enabled;
	unsigned int recorded; /* leases that no sample has shown yet */
	uint64_t recorded_end_us;
	bool odd; /* the recorded pen's lease had a life of its own */
};

/** struct replay_oracle - when things were played; 0 = never */
struct replay_oracle {
	uint64_t motor_on_us;
	uint64_t motor_off_us;
	uint64_t stop_us;
	uint64_t lease_us;
	uint64_t command_us;
	uint64_t bus_us;
	const char *command; /* the last OUT request */
};

/** struct replay - all fields are for reading */
struct replay {
	const struct recording *recording;
	bool *met;	 /* by entry: the live host has sent this one */
	size_t at;	 /* the next entry */
	size_t window;	 /* behind the last ARM that was met */
	size_t next_arm; /* the first ARM in there: behind it lies another run; n = none */
	bool started;	 /* the host has asked for samples */
	bool waiting;	 /* entry @at is a command that the host has not sent */
	bool left_out;	 /* the host has disabled a run that the recorded one did not */
	bool ended;
	uint64_t now_us;
	uint64_t start_us; /* power-on of the play */
	uint64_t shift_us; /* live time = recorded time + shift, modulo 2^64 */

	/* Of samples, from the recorded to the live: added modulo their size. */
	uint64_t time_offset;
	uint32_t seq_offset;
	bool have_recorded; /* a sample of the recording was played ... */
	uint64_t recorded_time_us;
	uint32_t recorded_cmd;	  /* last_cmd of the last one */
	struct mnpen_sample last; /* as the host has it, or would */
	uint64_t last_us;	  /* when */
	uint64_t repeat_us;	  /* when it is repeated next, while waiting */

	uint32_t period_us; /* of the host's stream; 0 = off */
	struct replay_packet queue[MNPEN_QUEUE_SAMPLES];
	unsigned int head;
	unsigned int count;

	struct replay_lease lease;
	struct replay_pairs cmds;
	struct replay_pairs tokens;
	uint64_t claimed; /* the live token of the last CLAIM; 0 = none */
	struct mnpen_error_record error;
	struct replay_oracle oracle;
};

/** replay_init() - @recording and @replay->met stay the caller's. Return: 0 or -ENOMEM */
int replay_init(struct replay *replay, const struct recording *recording, uint64_t now_us);
void replay_done(struct replay *replay);

/** replay_advance() - play up to @now_us */
void replay_advance(struct replay *replay, uint64_t now_us);

/** replay_next_us() - when the next sample is due; UINT64_MAX = nobody knows */
uint64_t replay_next_us(const struct replay *replay);

/** replay_pop() - the oldest packet of the stream. Return: its length; -EAGAIN; -EOVERFLOW, and it
 * is lost, as on a bus */
int replay_pop(struct replay *replay, uint8_t *buf, size_t size);

/**
 * replay_request() - a request to the pen's interface, now
 * @data: with an OUT request, @len bytes
 * @reply: for an IN request, setup->length bytes
 * Return: bytes of @reply, or -EPIPE
 */
int replay_request(struct replay *replay, const struct usb_setup *setup, const uint8_t *data,
		   size_t len, uint8_t *reply);

/** replay_unanswered() - whether the recorded pen did not answer what @setup is about to ask */
bool replay_unanswered(const struct replay *replay, const struct usb_setup *setup);

/** replay_set_interface() - SET_INTERFACE on interface 0, or with @lost the loss of the host */
void replay_set_interface(struct replay *replay, bool lost);

/** replay_waits_for() - the name of the command that the play waits for, or NULL */
const char *replay_waits_for(const struct replay *replay);

#endif
