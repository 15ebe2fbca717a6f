/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of the engine behind misbehave.h. */
#ifndef MNPEN_MISBEHAVE_PARTS_H
#define MNPEN_MISBEHAVE_PARTS_H

#include "tests/bus/misbehave.h"
#include "tests/bus/random_canary.h"

#define MIS_RECORDS_MAX 1024
#define MIS_STEP_MS 5000

/** struct mis_record - what must stand in the database when all is over */
struct mis_record {
	uint64_t from_usec, to_usec;
	char kind[24];
	char key[16]; /* "" = the kind alone */
	char value[32];
	char cell[176];
};

struct mis {
	struct rig *rig;
	const struct mis_row *row;
	const struct mis_cell *cell;
	enum mis_state state;
	char name[176]; /* of the cell */

	uint64_t cause_ns, cause_usec;
	uint64_t called_ns; /* the last call to the daemon that was waited for */
	long log_at;	    /* of the daemon's log, when the cell began */
	struct answer answers[2];
	unsigned int n_answers;
	double ms; /* from cause to drive off; negative = it was not on */
	char reaction[160];

	struct canary *canary;
	struct measure stops; /* those that came upon a request under way */

	unsigned int problems, cells;
	unsigned int cell_problems;
	struct mis_record records[MIS_RECORDS_MAX];
	size_t n_records;
};

void mis_complain(struct mis *mis, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** mis_one_of() - whether @word is one of "a|b|c" */
bool mis_one_of(const char *words, const char *word);

/* ---- misbehave_expect.c ---- */

/** mis_expect() - wait for what the cell says, and complain of all else */
void mis_expect(struct mis *mis);

/* ---- misbehave_steps.c: towards the pen ---- */

/** mis_commands() - carry them out; *@ret_first_ns = when the first took effect, if not NULL */
void mis_commands(struct mis *mis, const char *commands, uint64_t *ret_first_ns);
/** mis_property() - of the pen, as text; false when it is not there */
bool mis_property(struct mis *mis, const char *property, char *buf, size_t size);
/** mis_recover() - from whatever the cell left to a pen that is armed */
void mis_recover(struct mis *mis);
/** mis_enter() - from armed to the state of the cell */
bool mis_enter(struct mis *mis);
/** mis_stop_ns() - arrival of the first STOP since @since_ns by the pen's log; 0 = none */
uint64_t mis_stop_ns(struct mis *mis, uint64_t since_ns);

/* ---- misbehave_record.c ---- */
void mis_record(struct mis *mis, const char *kind, const char *key, const char *value);
/** mis_log_says() - "FROM -> ...: REASON" since the cell began */
bool mis_log_says(struct mis *mis, const char *from, const char *reason);
/** mis_log_has() - @text since the cell began */
bool mis_log_has(struct mis *mis, const char *text);
/** mis_show_log() - what the daemon said since the cell began */
void mis_show_log(struct mis *mis);
/** mis_check_records() - all of them, once the store has caught up */
void mis_check_records(struct mis *mis);

#endif
