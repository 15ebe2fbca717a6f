/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The safety state machine of one pen: step(state, event, now) -> state + effects.
 *
 *            ATTACH        ARM           pen confirms      trigger
 *   ABSENT ---------> IDLE -----> ARMING -----------> ARMED -------> RUNNING
 *                      ^ ^                              |  <-------     |
 *                      | |  a sample shows drive off    | released      |
 *                      | +---------------- STOPPING <---+---------------+  any reason to stop
 *                      +-- ClearFault -- FAULT <--- the pen latched a fault
 *
 * A dead-man (the foot pedal) is no state of its own: ARMED and RUNNING know whether this ARM is
 * guarded by one, and whether it is held. Only then a lease may enable. A release takes that back
 * at once; the pen goes to ARMED by itself, and stays armed.
 *
 * DETACH leads to ABSENT from everywhere. Whatever is not in the picture stops. Every way out of
 * ARMING, ARMED and RUNNING, and every Stop, raises the stop epoch: an Arm that was waiting for
 * something carries the epoch of its arrival and is refused when it changed. (An ARM that the pen
 * refused is no stop: back to IDLE, neither epoch nor FSM_DISARMED.)
 *
 * Pure: no clock, no I/O; the effects are carried out by daemon/pen. Times are _usec of
 * CLOCK_BOOTTIME.
 */
#ifndef MNPEN_POLICY_FSM_H
#define MNPEN_POLICY_FSM_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/policy/reason.h"
#include "driver/proto/records.h"

#define FSM_CONFIRM_USEC 200000ULL  /* ARM and SET_TARGET unconfirmed for so long: stop */
#define FSM_ESCALATE_USEC 100000ULL /* drive not shown off for so long: next stage */
#define FSM_RELEASE_USEC 80000ULL   /* pedal up, and the pen runs on for so long: stop */
#define FSM_QUIET_USEC 90000ULL	    /* no evidence for so long, when the pen's word is in doubt */

enum fsm_state {
	FSM_ABSENT,
	FSM_IDLE,
	FSM_ARMING,
	FSM_ARMED,
	FSM_RUNNING,
	FSM_STOPPING,
	FSM_FAULT,
};
#define FSM_STATES (FSM_FAULT + 1)

enum fsm_event {
	FSM_EV_ATTACH, /* online, set up, streaming; @sample is its first state */
	FSM_EV_DETACH,
	FSM_EV_ARM,	/* ARM was given to the transport; @cmd */
	FSM_EV_REFUSED, /* the pen refused ARM */
	FSM_EV_SAMPLE,	/* @sample, and @judged what the judge says of it */
	FSM_EV_STOP,	/* somebody or something wants it stopped: @reason */
	FSM_EV_PRESS,	/* the pedal went down at @made_usec */
	FSM_EV_RELEASE, /* the pedal is not held, and from now on this ARM needs it; @made_usec */
	FSM_EV_TICK,	/* time passed */
};
#define FSM_EVENTS (FSM_EV_TICK + 1)

/* Stages of STOPPING, FSM_ESCALATE_USEC apart. */
enum fsm_stage {
	FSM_STAGE_STOP,
	FSM_STAGE_STOP_AGAIN,
	FSM_STAGE_ALT0,
	FSM_STAGE_RESET,
};

/* Effects, a bit set. */
#define FSM_SEND_STOP (1u << 0)	  /* STOP with fsm.reason, at once */
#define FSM_SEND_ALT0 (1u << 1)	  /* SET_INTERFACE 0 */
#define FSM_SEND_RESET (1u << 2)  /* device reset */
#define FSM_RAISE_ALARM (1u << 3) /* "remove the pen from the skin": once a stop */
#define FSM_DISARMED (1u << 4)	  /* ARMING, ARMED or RUNNING ended; fsm.reason says why */
#define FSM_CONFIRMED (1u << 5)	  /* ARMING -> ARMED */
#define FSM_STARTED (1u << 6)	  /* ARMED -> RUNNING */
#define FSM_PAUSED (1u << 7)	  /* RUNNING -> ARMED: trigger or pedal released */
#define FSM_STOPPED (1u << 8)	  /* STOPPING ended: a sample shows the drive off */
#define FSM_FAULTED (1u << 9)	  /* the pen latched a fault */
#define FSM_SEND_OFF (1u << 10)	  /* a lease with enable = 0, at once */
#define FSM_HELD (1u << 11)	  /* the next lease may enable */

/** struct fsm - one pen; zero is ABSENT. Written by fsm_step() alone. */
struct fsm {
	enum fsm_state state;
	uint64_t epoch;		   /* raised by every stop */
	enum policy_reason reason; /* of the last stop */
	enum fsm_stage stage;	   /* in STOPPING */
	uint32_t arm_cmd;    /* in ARMING; in STOPPING the ARM that may still arrive, 0 = none */
	uint64_t since_usec; /* entered state, or last ran (ARMED) */
	uint64_t stage_usec;
	uint64_t evidence_usec; /* newest evidence of a driven motor since the stop; 0 = none */
	bool alarmed;		/* in STOPPING */
	uint64_t arm_timeout_usec;
	uint64_t session_end_usec; /* 0 = none */
	bool guarded;		   /* by a dead-man, since this ARM or a release */
	bool held;		   /* pressed after the pen was armed, and not released */
	uint64_t press_after_usec; /* a press made by then counts for nothing */
	uint64_t released_usec;
};

struct fsm_input {
	enum fsm_event event;
	enum policy_reason reason; /* STOP; for SAMPLE the judge's finding */
	const struct mnpen_sample *sample;
	bool drive_evidence;	   /* SAMPLE: the judge's */
	uint32_t cmd;		   /* ARM */
	uint64_t arm_timeout_usec; /* ARM */
	uint64_t session_end_usec; /* ARM */
	bool guarded;		   /* ARM: needs the pedal */
	uint64_t made_usec;	   /* PRESS, RELEASE: when it happened, by the kernel */
};

/** fsm_step() - the only writer of @fsm. Return: effects, FSM_* bits. Total: defined for every
 * state and event; what does not fit changes nothing or stops. */
uint32_t fsm_step(struct fsm *fsm, const struct fsm_input *input, uint64_t now_usec);

/** fsm_deadline_usec() - when FSM_EV_TICK is due; UINT64_MAX = never */
uint64_t fsm_deadline_usec(const struct fsm *fsm);

/** fsm_lease_wanted() - whether leases go out in this state */
bool fsm_lease_wanted(const struct fsm *fsm);

/** fsm_may_enable() - whether they may enable the trigger: the dead-man, if there is one, is held
 */
bool fsm_may_enable(const struct fsm *fsm);

const char *fsm_state_name(enum fsm_state state);

#endif
