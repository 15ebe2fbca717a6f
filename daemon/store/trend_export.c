// SPDX-License-Identifier: GPL-2.0-only
/* The trend of a session on its way out: what is left of it when the samples are deleted. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/store/db.h"
#include "daemon/store/export.h"
#include "driver/base/fields.h"

#define TREND_LINE_MAX 512

/* The columns of the table, in its order; each is a number and never NULL. */
static const char *const trend_keys[] = {
	"usec",		"samples",	 "depth_min_um",   "depth_mean_um",
	"depth_max_um", "speed_min_rpm", "speed_mean_rpm", "speed_max_rpm",
	"motor_min_ma", "motor_mean_ma", "motor_max_ma",
};

static const char trend_sql[] =
	"SELECT n, wall_usec, usec, samples, depth_min_um, depth_mean_um, depth_max_um,"
	" speed_min_rpm, speed_mean_rpm, speed_max_rpm, motor_min_ma, motor_mean_ma, motor_max_ma"
	" FROM trend WHERE session = ? AND n > ? ORDER BY n LIMIT 1";

static int trend_take(struct sender *sender, sqlite3_stmt *statement)
{
	struct field fields[1 + ELEMENTSOF(trend_keys)];
	char stamp[EXPORT_TIME_MAX];
	int r;

	fields[0] =
		FIELD_S("time", export_time(stamp, (uint64_t)sqlite3_column_int64(statement, 1)));
	for (size_t i = 0; i < ELEMENTSOF(trend_keys); i++)
		fields[1 + i] = FIELD_I(trend_keys[i], sqlite3_column_int64(statement, (int)i + 2));
	if (!sender->text)
		sender->text = malloc(TREND_LINE_MAX);
	if (!sender->text)
		return -ENOMEM;
	r = fields_json(sender->text, TREND_LINE_MAX, fields, ELEMENTSOF(fields));
	return r < 0 ? r : 0;
}

static int trend_send(struct sender *sender, bool first)
{
	int r = stream_text(&sender->stream, sender->text);

	sender->n_sent++;
	return r < 0 ? r : stream_text(&sender->stream, "\n");
}

int export_trend(struct sender *sender)
{
	char last[48];
	int r = export_rows(sender, trend_sql, trend_take, trend_send);

	if (r < 0)
		return r;
	snprintf(last, sizeof(last), "{\"rows\":%" PRIu64 "}\n", sender->n_sent);
	return stream_text(&sender->stream, last);
}
