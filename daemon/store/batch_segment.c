// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "daemon/store/batch.h"

uint64_t batch_wall_usec(const struct batch_session *session, uint64_t usec)
{
	return session->started_wall_usec + (usec - session->started_usec);
}

void batch_segment_open(struct batch_session *session, const struct store_segment *what,
			uint64_t usec)
{
	struct batch_segment *segment = &session->segment;

	*segment = (struct batch_segment){.open = what->area, .what = *what, .started_usec = usec};
	if (what->profile)
		strncpy(segment->profile, what->profile, sizeof(segment->profile) - 1);
	if (what->area)
		strncpy(segment->area, what->area, sizeof(segment->area) - 1);
}

int batch_segment_close(struct rows *rows, struct batch_session *session, uint64_t usec)
{
	struct batch_segment *segment = &session->segment;
	const struct row_segment row = {
		.session = session->n,
		.what = &segment->what,
		.totals = &segment->totals,
		.started_usec = segment->started_usec,
		.started_wall_usec = batch_wall_usec(session, segment->started_usec),
		.ended_usec = usec,
		.ended_wall_usec = batch_wall_usec(session, usec),
	};

	if (!segment->open)
		return 0;
	segment->open = false;
	segment->what.profile = segment->profile;
	segment->what.area = segment->area;
	return rows_segment(rows, &row);
}
