/* SPDX-License-Identifier: GPL-2.0-only */
/* The rules of a random run, by cause. */
#ifndef MNPEN_RANDOM_RULES_H
#define MNPEN_RANDOM_RULES_H

#include "tests/bus/random_odd.h"
#include "tests/bus/random_oracle.h"

/* The bounds of docs/safety.md for every run, with as much again for a machine that others use; a
 * stop by the lease alone (300 ms) is outside all of them. */
#define RULES_HOST_MS 100 /* an odd sample -> rest; 50 in tests/bus/test_bounds.c */
#define RULES_CALL_MS 150 /* a D-Bus call or the loss of its caller -> rest */

/* Nothing gets through: the lease it is. */
#define RULES_QUIET (ODD(SILENT) | ODD(FROZEN) | ODD(HUNG) | ODD(UNPLUGGED) | ODD(SKIP))

enum rules_who {
	RULES_PEN,	 /* the pen by itself, at once: not armed any more */
	RULES_PEN_MOTOR, /* likewise, its motor is off */
	RULES_HOST,	 /* the daemon has to see to it that the pen is not armed */
};

/** rules_duty() - a cause to rest, if the pen is armed or (RULES_PEN_MOTOR) runs */
void rules_duty(struct oracle *oracle, const char *rule, uint64_t cause_ns, uint32_t within_ms,
		enum rules_who who);

/** rules_rested() - the pen rested at @ns, for only then it takes an ARM */
void rules_rested(struct oracle *oracle, uint64_t ns);

#endif
