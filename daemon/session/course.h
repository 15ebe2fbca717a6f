/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a client's next session comes too early. Pure; days since 1970-01-01, UTC. */
#ifndef MNPEN_COURSE_H
#define MNPEN_COURSE_H

#include <stdint.h>

enum course_verdict {
	COURSE_DUE,	 /* the first one, or late enough */
	COURSE_TOO_SOON, /* less than the interval has passed */
	COURSE_CLOCK,	 /* the clock stands before the last session: nobody can tell */
};

/**
 * course_judge() - by whole days: what was done in the evening may be gone on with in the morning
 * @last_days: of the last session; 0 = there was none
 * @min_interval_days: 0 = none
 * @ret_earliest_days: the first day on which it is due; untouched when it is COURSE_DUE
 */
enum course_verdict course_judge(uint32_t today_days, uint32_t last_days,
				 uint32_t min_interval_days, uint32_t *ret_earliest_days);

#endif
