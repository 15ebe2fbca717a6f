/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The daemon under misbehaviour: rows of what a pen, its user or its cable may do, and what follows
 * from it at rest, armed and running. The rows stand in test_misbehave_*.c, what people read in
 * docs/misbehaviour.md; both are held against each other. What is expected is written down from the
 * documents, by hand.
 *
 * One rig goes through all rows of a program, and the daemon is never restarted: each cell begins
 * with a pen that the healed daemon has armed again, or the cell before it has failed.
 */
#ifndef MNPEN_MISBEHAVE_H
#define MNPEN_MISBEHAVE_H

#include "tests/bus/harness.h"

enum mis_state {
	MIS_IDLE,
	MIS_ARMED,
	MIS_RUNNING,
};
#define MIS_STATES (MIS_RUNNING + 1)

enum mis_end {
	MIS_NONE,     /* the row says nothing of this state */
	MIS_STAYS,    /* as it was */
	MIS_DISARMED, /* and the pen is at rest */
	MIS_FAULT,    /* the pen latched it */
	MIS_GONE,     /* the pen left; its session was interrupted */
	MIS_TOLD,     /* STOP to a pen at rest */
	MIS_RUNS,     /* armed -> running */
	MIS_PAUSED,   /* running -> armed */
};

/**
 * struct mis_cell - what follows in one state
 * @why: reason of the stop; several as "a|b", where the documents leave open which one is first
 * @pen: the stop reason by the pen's own count, NULL = host, "" = not looked at; for MIS_FAULT the
 *	faults. "lease" only where the network is silent, EP0 wedged or the pen deaf to all else.
 * @ms: running: from the cause until the drive is off; up to 5 it is the pen's own doing, and exact
 * @first: commands of this state alone, before the cause
 * @also: kinds of events that the record must hold besides, by blanks; "gap" is a row of gaps
 * @arm: outcome of Arm while it lasts: "" = arms, "Word|Word" = refused, "~reason" = whatever the
 *	answer is, the pen is disarmed for that reason; NULL = not asked
 * @alarm: an alarm stands afterwards, and keeps the pen from being armed until acknowledged
 */
struct mis_cell {
	enum mis_end end;
	const char *why;
	const char *pen;
	int ms;
	const char *first;
	const char *also;
	const char *arm;
	bool alarm;
};

/**
 * struct mis_row - one misbehaviour
 *
 * Commands are those of the virtual pen, by ";", and some of the test: "@Stop", "@Disarm",
 * "@ClearFault", "@SetTarget UM" call the daemon, and "@&Arm" does not wait for its answer;
 * "@sleep MS"; "@pause MS": the whole pen does not get the processor; "@await STATE" is the pen's
 * own, "@seen REQUEST" that it has come to the pen.
 *
 * @cause: the time counts from the first of them
 * @then: once a live pen was seen to stay, these stop it. The time counts from the last call, and
 *	STOP must be at the pen at once, whatever is under way
 * @then_ms: until the drive is off, where STOP alone does not do it; 0 = at once
 * @heal: commands; a released trigger, ClearFault, a new session and an acknowledged alarm come by
 *	themselves where they are needed
 */
struct mis_row {
	const char *cause;
	const char *then;
	const char *then_pen; /* NULL = host */
	int then_ms;
	const char *heal;
	struct mis_cell cell[MIS_STATES];
};

/** mis_run() - all rows in all states; @section: heading of their table in docs/misbehaviour.md */
void mis_run(void **state, const struct mis_row *rows, size_t n_rows,
	     const struct rig_options *options);

/** mis_check_document() - the table under "## @section" of docs/misbehaviour.md has these rows */
void mis_check_document(const char *section, const struct mis_row *rows, size_t n_rows);

#define MIS_STATE_NAMES                                                                            \
	{                                                                                          \
		"idle", "armed", "running"                                                         \
	}
#define MIS_AT_ONCE_MS 50 /* docs/safety.md: the daemon's part of a stop, in every run */

#define MIS_ALL_STAY                                                                               \
	{                                                                                          \
		{.end = MIS_STAYS, .arm = ""}, {.end = MIS_STAYS},                                 \
		{                                                                                  \
			.end = MIS_STAYS                                                           \
		}                                                                                  \
	}

#endif
