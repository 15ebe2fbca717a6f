/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bound on what a pen can make the station write down and tell, however broken or hostile it is.
 * Nothing vanishes: what is held back is counted by kind and told as one event "suppressed", and
 * holes in the stream are added up into one row.
 *
 * Samples are not bounded here: they are recorded at full rate. Pure; time is an argument.
 */
#ifndef MNPEN_SESSION_FLOOD_H
#define MNPEN_SESSION_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/base/fields.h"

#define FLOOD_BURST 50		     /* events of one pen at once */
#define FLOOD_PERIOD_USEC 100000ULL  /* then one each 100 ms */
#define FLOOD_RESERVE 10	     /* of the burst: not for chatter */
#define FLOOD_REPORT_USEC 1000000ULL /* what is held back is told once a second at most */
#define FLOOD_KINDS_MAX 8	     /* told one by one; what comes after them is "other" */
#define FLOOD_FIELDS (FLOOD_KINDS_MAX + 2)

/** struct bucket - of tokens, one each FLOOD_PERIOD_USEC, FLOOD_BURST at most; zero is a full one
 */
struct bucket {
	uint64_t full_usec; /* when it is full again, if nothing is taken */
};

/** bucket_take() - one token, unless fewer than @reserve would stay. Return: whether there was one
 */
bool bucket_take(struct bucket *bucket, unsigned int reserve, uint64_t now_usec);

/** bucket_charge() - one token, there or not: what must be told slows down what need not be */
void bucket_charge(struct bucket *bucket, uint64_t now_usec);

/** bucket_next_usec() - when bucket_take(0) gives the next one */
uint64_t bucket_next_usec(const struct bucket *bucket);

/** struct flood_gap - holes in the stream, added up */
struct flood_gap {
	uint32_t after_seq;  /* before the first of them */
	uint32_t before_seq; /* after the last of them */
	uint64_t missing;
	uint64_t holes; /* 0 = none */
};

/** struct flood - of one pen; zero-initialise */
struct flood {
	struct bucket bucket;
	struct {
		const char *kind; /* static text */
		uint64_t count;
	} held[FLOOD_KINDS_MAX];
	uint64_t n_held;
	uint64_t n_other;
	uint64_t told_usec;
	uint16_t faults_told; /* bits, since the bucket was full */
	struct flood_gap gap;
};

/**
 * flood_admit() - whether this event is to be told, or is counted instead
 * @kind: static text
 * @faults: of the newest sample
 *
 * Always told: what a client's request leads to, so that clients bound it ("armed", "disarmed",
 * "target"), and a fault that is new since the pen was last quiet. "stopped", "fault",
 * "escalation", "refused", "stream-lost" and "alarm-again" may use up the whole bucket, all others
 * leave FLOOD_RESERVE to them.
 */
bool flood_admit(struct flood *flood, const char *kind, uint16_t faults, uint64_t now_usec);

/** flood_report() - whether what was held back is to be told now; it is counted anew then
 * @force: a session begins or ends, or the pen left: its events are told before that
 * @fields: "events" in all, then each kind; as an event's */
bool flood_report(struct flood *flood, bool force, uint64_t now_usec,
		  struct field fields[FLOOD_FIELDS], size_t *ret_n_fields);

/** flood_hole() - add a hole to those that wait */
void flood_hole(struct flood *flood, uint32_t after_seq, uint32_t before_seq);

/** flood_take_gap() - those that wait, as one. Return: false when there are none or, without
 * @force, no room for a row now */
bool flood_take_gap(struct flood *flood, bool force, uint64_t now_usec, struct flood_gap *ret);

#endif
