/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The judge of a random run: what a pen must do when, by cause, whatever else went wrong before. It
 * is told of every action, every request that the pen got and the pen's true state, all at the
 * pen's own clock, and keeps the first rule that was broken. Pure but for the delays of the
 * machine, for which it asks.
 */
#ifndef MNPEN_RANDOM_ORACLE_H
#define MNPEN_RANDOM_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bus/harness_gadget.h"

#define ORACLE_DUTIES_MAX 32
#define ORACLE_CALLS_MAX 64

/* What is odd about pen, cable or daemon at the moment. */
enum odd {
	ODD_SILENT,
	ODD_FROZEN,
	ODD_HUNG,
	ODD_UNPLUGGED,
	ODD_SKIP,
	ODD_IGNORE_STOP,
	ODD_IGNORE_LIMITS,
	ODD_IGNORE_LEASE,
	ODD_IGNORE_ENABLE,
	ODD_IGNORE_TRIGGER,
	ODD_IGNORE_ALT,
	ODD_IGNORE_RESET,
	ODD_STALL_STOP,
	ODD_STALL_LEASE,
	ODD_STALL,
	ODD_DELAY_LEASE,
	ODD_DELAY,
	ODD_LIE_REST,
	ODD_LIE_ARMED,
	ODD_LIE_RUNNING,
	ODD_LIE_DEPTH,
	ODD_LIE_DEEP,
	ODD_LIE_SPEED,
	ODD_LIE_FAST,
	ODD_LIE_SLOW,
	ODD_LIE_DISABLED,
	ODD_LIE_LEASE,
	ODD_LIE_TARGET,
	ODD_LIE_COMMAND,
	ODD_OFF_TARGET,
	ODD_FORCED_FAULT,
	ODD_COUNT,
};

/** struct duty - after @cause_ns the needles have @within_ms to rest */
struct duty {
	const char *rule;
	uint64_t cause_ns;
	uint32_t within_ms;
	bool by_pen;	/* the pen's own, exact to the step of its clock */
	bool motor;	/* its drive is to be off; else it is not to be armed either */
	bool motor_was; /* on at the cause */
};

struct oracle_call {
	uint64_t sent_ns;
	uint64_t answered_ns; /* 0 = not yet */
	uint64_t dead_ns;     /* its caller left the bus; 0 = no */
};

/** struct oracle - begin with oracle_init() */
struct oracle {
	/* how long the programs were kept from running between two times */
	uint64_t (*late_ns)(void *userdata, uint64_t from_ns, uint64_t to_ns);
	void *userdata;
	uint32_t scale; /* of every time that a host has */

	struct truth truth;
	uint32_t odd; /* bits by enum odd */
	uint64_t on_ns[ODD_COUNT], off_ns[ODD_COUNT];
	uint64_t cable_ns; /* the newest event on the bus that was not the host's doing */
	uint64_t odd_ns;   /* the newest line to the pen that was not the hand's */
	uint64_t pressed_ns, released_ns, target_ns;
	uint64_t armed_ns, stopped_ns;
	uint64_t interface_ns; /* the newest SET_INTERFACE */
	bool press_is_new;     /* an edge that has not started the motor yet */
	bool stopped;	       /* told to stop since the last ARM */
	uint64_t fast_ns, slow_ns, disabled_ns;
	struct duty duties[ORACLE_DUTIES_MAX];
	size_t n_duties;

	struct oracle_call arms[ORACLE_CALLS_MAX], stops[ORACLE_CALLS_MAX];
	size_t n_arms, n_stops;
	uint64_t alarm_ns; /* an alarm stands since then at the latest, and nobody took it away */
	uint64_t fault_ns; /* daemon and pen agree on a fault since then */
	uint64_t alarm_due_ns; /* by then one has to stand ... */
	uint64_t alarm_of_ns;  /* ... for the stop of this time */

	unsigned int runs, armed, duties_met; /* for the closing line */
	char rule[48];			      /* the first that was broken; "" = none */
	char why[400];
};

void oracle_init(struct oracle *oracle);

/** oracle_action() - @text took effect at @ns, and @truth is true right after it; the truth right
 * before it was told by oracle_truth() */
void oracle_action(struct oracle *oracle, const char *text, uint64_t ns, const struct truth *truth);

/** oracle_hung() - the daemon was stopped or continued at @ns */
void oracle_hung(struct oracle *oracle, bool hung, uint64_t ns);

/** oracle_request() - the pen got @request at @ns; in order of arrival, before the truth behind it
 */
void oracle_request(struct oracle *oracle, const char *request, const char *result, uint64_t value,
		    uint64_t ns);

void oracle_truth(struct oracle *oracle, const struct truth *truth);

/** oracle_arm_sent(), oracle_stop_sent() - a call left; returns its number for ..._answered() */
size_t oracle_arm_sent(struct oracle *oracle, uint64_t ns);
size_t oracle_stop_sent(struct oracle *oracle, uint64_t ns);
void oracle_arm_answered(struct oracle *oracle, size_t number, uint64_t ns);
void oracle_stop_answered(struct oracle *oracle, size_t number, uint64_t ns);
/** oracle_rest_promised() - a call was done, at @done_ns, that leaves no pen armed behind */
void oracle_rest_promised(struct oracle *oracle, const char *rule, uint64_t sent_ns,
			  uint64_t done_ns);
void oracle_client_gone(struct oracle *oracle, uint64_t ns);
/** oracle_disarmed() - the daemon says that it stopped the pen, and why */
void oracle_disarmed(struct oracle *oracle, const char *reason, uint64_t ns);

/** oracle_view() - what the daemon shows: alarms that stand, and whether it says "fault" */
void oracle_view(struct oracle *oracle, unsigned int alarms, bool fault, uint64_t ns);
/** oracle_acknowledging(), oracle_clearing() - alarms, or a fault, are being taken away */
void oracle_acknowledging(struct oracle *oracle);
void oracle_clearing(struct oracle *oracle);

/** oracle_odd_since() - bits of what was odd at any time since @ns */
uint32_t oracle_odd_since(const struct oracle *oracle, uint64_t ns);
/** oracle_broken() - notes that @rule does not hold, unless one was broken before */
void oracle_broken(struct oracle *oracle, const char *rule, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** oracle_words() - its state as text for people, into @buf */
void oracle_words(const struct oracle *oracle, char *buf, size_t size);

#endif
