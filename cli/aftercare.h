/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The card that a client takes home: the clinic's words, mnpen.aftercare(5), with the dates that
 * follow from the session's end. Pure but for aftercare_file(), which reads the words.
 */
#ifndef MNPEN_CLI_AFTERCARE_H
#define MNPEN_CLI_AFTERCARE_H

#include "cli/cli.h"
#include "cli/report/report.h"

#define AFTERCARE_DATE_SIZE 96
#define AFTERCARE_NEXT_DAYS_MAX 3660 /* what a profile may demand */

/** struct aftercare - what the dates follow from */
struct aftercare {
	const char *session;
	uint64_t ended_usec; /* since 1970, UTC */
	/* Until the next session; both 0 = the profile does not say. */
	uint32_t next_min_days;
	uint32_t next_max_days;
};

/** aftercare_file() - the words: $MNPEN_AFTERCARE, or the clinic's file, or the shipped one
 * @ret_path: where they stand, for messages; static or the environment's. @ret_text: to be freed */
enum cli_exit aftercare_file(struct cli *cli, const char **ret_path, char **ret_text);

/** struct aftercare_flaw - where a text is wrong */
struct aftercare_flaw {
	unsigned int line;
	char what[160];
};

/**
 * aftercare_fill() - the lines of the card onto report->card
 * Return: 0; -EINVAL with @ret_flaw; report->failed tells of memory.
 */
int aftercare_fill(struct report *report, const char *text, const struct aftercare *care,
		   struct aftercare_flaw *ret_flaw);

/** aftercare_print() - the lines as plain text, broken at 76 columns */
void aftercare_print(const struct report *report, FILE *stream);

/** aftercare_after_hours() - "Monday 30 November 2026, 23:58": so many hours of waiting later,
 * whatever the clocks are set to meanwhile; never early: seconds count as a minute, but for 0
 * hours.
 * @buf: returned */
char *aftercare_after_hours(uint64_t usec, uint32_t hours, char buf[AFTERCARE_DATE_SIZE]);
/** aftercare_after_days() - "Monday 30 November 2026": so many days of the calendar later */
char *aftercare_after_days(uint64_t usec, uint32_t days, char buf[AFTERCARE_DATE_SIZE]);
/** aftercare_iso_after_days() - the same as "2026-11-30" */
char *aftercare_iso_after_days(uint64_t usec, uint32_t days, char buf[AFTERCARE_DATE_SIZE]);

#endif
