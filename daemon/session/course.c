// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/session/course.h"

enum course_verdict course_judge(uint32_t today_days, uint32_t last_days,
				 uint32_t min_interval_days, uint32_t *ret_earliest_days)
{
	if (!last_days || !min_interval_days)
		return COURSE_DUE;
	if (today_days >= last_days && today_days - last_days >= min_interval_days)
		return COURSE_DUE;
	*ret_earliest_days = last_days + min_interval_days;
	return today_days < last_days ? COURSE_CLOCK : COURSE_TOO_SOON;
}
