/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stand-in for mnpend, for tests of the command line: it sits at the other end of a socket pair,
 * writes down every call and answers as it is told. A test that uses it wraps sd_bus_open_system.
 */
#ifndef MNPEN_TEST_CLI_FAKE_H
#define MNPEN_TEST_CLI_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#define FAKE_OUTPUT 65536

/** enum fake_after_arm - what befalls a pen a moment after it was armed */
enum fake_after_arm {
	FAKE_STAYS,
	FAKE_TRIPS,
	FAKE_UNPLUGGED,
	FAKE_DATA_ENDS,
	FAKE_DIES,	/* the other end of the connection is gone */
	FAKE_NO_ANSWER, /* Arm waits for a person */
};

/** struct fake - what the stand-in shows and how it fails; set before a command runs */
struct fake {
	unsigned int n_pens;	 /* PEN-1, PEN-2, ... */
	unsigned int n_sessions; /* S-1, S-2, ... */
	bool has_target;	 /* 500 um, 6000 rpm */
	bool fresh;		 /* the newest sample is a moment old, not seconds */
	unsigned int n_pages;	 /* of ListSessions, two rows each */
	unsigned int promised;	 /* samples in the summary */
	unsigned int streamed;	 /* samples in the stream */
	unsigned int tail;	 /* stray bytes behind them */
	bool half_summary;
	unsigned int backup_pages;    /* of 512 bytes: what the head of the backup says */
	unsigned int backup_bytes;    /* that come; 0 = as many as the head says */
	bool backup_scrambled;	      /* no database */
	const char *backup_meanwhile; /* a file that appears while it is made */
	const char *bad_profile;      /* CheckProfile's finding */
	enum fake_after_arm after_arm;
	bool dead;		 /* it has died */
	const char *fail_member; /* this method answers with: */
	const char *fail_name;
	const char *fail_message;
	char calls[4096]; /* "Member(arg,arg) " each; Get* and Explain left out */
	char reads[1024]; /* those */
};

/** struct run - how a command ended */
struct run {
	int code;
	char out[FAKE_OUTPUT];
	char err[FAKE_OUTPUT];
};

extern struct fake fake;

/** fake_reset() - one pen with a fresh sample, one session, nothing failing */
void fake_reset(void);

/** fake_run() - mnpenctl with the words of @line (blanks separate, no quotes), @input on stdin */
void fake_run(struct run *run, const char *line, const char *input);

/* cli_fake_answers.c, for cli_fake.c; in the stand-in's thread */
int fake_answer(sd_bus_message *call, sd_bus_message *reply);
int fake_befall(sd_bus *bus); /* after Arm was answered */
void fake_hang_up(void);      /* end the telemetry */

#endif
