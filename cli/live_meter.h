/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One row of the live view's panel: a value against its limit, as numbers and as a bar. What a bar
 * shows stands in the numbers as well.
 */
#ifndef MNPEN_CLI_LIVE_METER_H
#define MNPEN_CLI_LIVE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From these widths on there is room for words, and for a label at least. */
#define LIVE_WIDE 70
#define LIVE_MEDIUM 36

/** struct live_meter - what to show; texts "" and NULL = not shown */
struct live_meter {
	const char *label; /* "Depth" */
	const char *brief; /* in the place of the label on a narrow screen */
	char value[24];
	const char *unit;
	char limit[48];	      /* "limit 1.00 mm" */
	char brief_limit[24]; /* "1.00" */
	const char *mark;     /* what is wrong with the value: "OVER" */
	uint64_t filled;
	uint64_t full; /* the bar's right end: the limit; 0 = no bar */
	uint64_t floor;
	uint64_t target;
};

/**
 * live_meter_row() - @meter in at most @width columns
 * @blocks: the locale has block characters
 *
 * "[###|...]": '#' as far as the value reaches, '|' at the target, '.' up to the limit, nothing
 * below the floor; '!' for ']' when the value is beyond the limit.
 */
char *live_meter_row(const struct live_meter *meter, unsigned int width, bool blocks, char *buf,
		     size_t size);

#endif
