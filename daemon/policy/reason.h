/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why the daemon stopped a pen. The numbers are those of the telemetry record's verdict and of the
 * STOP request's wValue, the names those of DisarmReason, events and journal: never renumber.
 */
#ifndef MNPEN_POLICY_REASON_H
#define MNPEN_POLICY_REASON_H

enum policy_reason {
	REASON_NONE = 0,
	/* somebody asked */
	REASON_REQUEST = 1, /* Stop() */
	REASON_STOP_ALL = 2,
	REASON_DISARM = 3,
	REASON_SETTINGS = 4, /* SetArea, SetProfile */
	REASON_SESSION_END = 5,
	REASON_CLIENT_GONE = 6, /* who armed the pen left the bus */
	REASON_SHUTDOWN = 7,
	REASON_SLEEP = 8, /* the machine is about to sleep or to shut down */
	/* a sample said so */
	REASON_DEPTH_LIMIT = 10,     /* one stroke beyond limit + tolerance */
	REASON_DEPTH_TARGET = 11,    /* three strokes off the target by more than the tolerance */
	REASON_OVERSPEED = 12,	     /* above the maximum + 5 % for 100 ms */
	REASON_UNDERSPEED = 13,	     /* below the minimum for 200 ms */
	REASON_STALLED = 14,	     /* driven, and below 300 rpm for 200 ms */
	REASON_STROKE_COUNT = 15,    /* strokes disagree with the speed */
	REASON_DRIVE_ON = 16,	     /* drive, current or strokes outside RUNNING */
	REASON_TRIGGER_IGNORED = 17, /* running with the trigger released */
	REASON_TRIGGER_HELD = 18,    /* started by a trigger that was down when armed */
	REASON_UNEXPECTED_ARM = 19,  /* armed or running, and not by us */
	REASON_RUN_LIMIT = 20,	     /* the session's run allowance is used up */
	REASON_ORDER = 21,	     /* time_us or seq did not increase */
	REASON_UNDECODABLE = 22,
	REASON_MISSING = 23,   /* a hole longer than MaxSampleAge */
	REASON_CARTRIDGE = 24, /* armed or running without the cartridge */
	/* what it says of our own orders cannot be */
	REASON_NOT_ENABLED = 25,     /* running, or enabled, without a lease that enables */
	REASON_LEASE_CLOCK = 26,     /* its lease grows by itself, or is longer than armed */
	REASON_TARGET_CHANGED = 27,  /* the target is not the one that was confirmed */
	REASON_COMMAND_UNKNOWN = 28, /* last_cmd is none of ours, or went back */
	/* the lack of one */
	REASON_STALE = 30,
	REASON_ARM_TIMEOUT = 31,   /* armed, and nobody pressed the trigger */
	REASON_SESSION_LIMIT = 32, /* MaxSessionTime */
	/* the way to the pen, or to the disk */
	REASON_UNCONFIRMED = 40, /* ARM or SET_TARGET without the pen's word for 200 ms */
	REASON_REFUSED = 41,	 /* the pen refused a lease, or the target of an arm */
	REASON_TRANSFER = 42,	 /* a request did not get through */
	REASON_STORE = 43,
	REASON_PEDAL = 44,
	/* the pen by itself */
	REASON_PEN = 50,   /* its stop_reason says why */
	REASON_FAULT = 51, /* its faults say why */
	REASON_GONE = 52,  /* unplugged, or the connection is lost */
};

/** policy_reason_name() - "depth-limit", ...; "unknown" for a number that is none */
const char *policy_reason_name(enum policy_reason reason);

#endif
