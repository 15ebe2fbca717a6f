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

#include "driver/base/bucket.h"
#include "driver/base/fields.h"

#define FLOOD_BURST 50		     /* events of one pen at once */
#define FLOOD_PERIOD_USEC 100000ULL  /* then one each 100 ms */
#define FLOOD_RESERVE 10	     /* of the burst: not for chatter */
#define FLOOD_REPORT_USEC 1000000ULL /* what is held back is told once a second at most */
#define FLOOD_KINDS_MAX 8	     /* told one by one; what comes after them is "other" */
#define FLOOD_FIELDS (FLOOD_KINDS_MAX + 2)

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
 * "escalation", "refused", "stream-lost", "alarm-again" and "guard-stop" may use up the whole
 * bucket, all others leave FLOOD_RESERVE to them.
 */
bool flood_admit(struct flood *flood, const char *kind, uint16_t faults, uint64_t now_usec);

/** flood_report_due() - whether what was held back is to be told now
 * @force: a session begins or ends, or the pen left: its events are told before that
 * @fields: "events" in all, then each kind; as an event's
 *
 * It is held until flood_report_told(): where it was to be told there may be no room. */
bool flood_report_due(struct flood *flood, bool force, uint64_t now_usec,
		      struct field fields[FLOOD_FIELDS], size_t *ret_n_fields);

/** flood_report_told() - count anew */
void flood_report_told(struct flood *flood, uint64_t now_usec);

/** flood_hole() - add a hole to those that wait */
void flood_hole(struct flood *flood, uint32_t after_seq, uint32_t before_seq);

/** flood_gap_due() - whether those that wait (@flood->gap) are to be told now, as one. They wait
 * until flood_gap_told().
 * Return: false when there are none or, without @force, no room for a row now */
bool flood_gap_due(struct flood *flood, bool force, uint64_t now_usec);

/** flood_gap_told() - add up anew */
void flood_gap_told(struct flood *flood);

#endif
