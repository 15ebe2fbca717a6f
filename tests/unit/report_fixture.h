/* SPDX-License-Identifier: GPL-2.0-only */
/* Reports of sessions that nobody had. */
#ifndef MNPEN_TEST_REPORT_FIXTURE_H
#define MNPEN_TEST_REPORT_FIXTURE_H

#include "cli/report/report.h"

#define FIXTURE_START_USEC 5000000000ULL
#define FIXTURE_SPIKE_UM 1437 /* the one sample of its kind */

enum report_case {
	CASE_NORMAL, /* two minutes, one area */
	CASE_SHORT,  /* two seconds, stopped for depth */
	CASE_AREAS,  /* twenty minutes, three areas */
	CASE_LONG,   /* an hour: 3.6 million samples, one spike */
	CASE_EMPTY,  /* nothing at all */
	CASE_GAPS,   /* gaps, and not one sample */
	CASE_LONG_NAMES,
	CASE_MARKS, /* far more than there is room for */
	CASE_COUNT,
};

extern const char *const report_case_names[CASE_COUNT];

/** report_case() - the caller frees both: report_free(), free() of its series */
void report_case(struct report *report, enum report_case which);

#endif
