// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which alarms stand is not kept anywhere: it follows from the events. One stands that was raised
 * (an "alarm" with an id) and not acknowledged (an "alarm-acknowledged" with the same id).
 */
#include <stdio.h>
#include <string.h>

#include "daemon/store/db.h"
#include "daemon/store/recover.h"
#include "daemon/store/schema.h"

/*
 * A row that somebody wrote by hand and that is no JSON shall not keep the daemon from starting. An
 * alarm stands once, whoever copied its row. Those acknowledged are listed once and then looked up
 * (NOT IN): a correlated question would read all of them again for each alarm.
 */
static const char standing_sql[] =
	"WITH said AS (SELECT n, kind, pen, usec, wall_usec,"
	" CASE WHEN json_valid(details) THEN details ELSE '{}' END AS d"
	" FROM event WHERE kind IN (" SCHEMA_ALARM_KINDS ")),"
	" raised AS (SELECT *, d ->> 'id' AS id FROM said"
	" WHERE kind = 'alarm' AND d ->> 'id' IS NOT NULL)"
	" SELECT id, pen, d ->> 'alarm', d ->> 'text', usec,"
	" coalesce(d ->> 'raised_wall_usec', wall_usec), min(n) AS first FROM raised"
	" WHERE id NOT IN (SELECT d ->> 'id' FROM said"
	" WHERE kind = 'alarm-acknowledged' AND d ->> 'id' IS NOT NULL)"
	" GROUP BY id ORDER BY first LIMIT ?";

enum standing_column {
	STANDING_ID,
	STANDING_PEN,
	STANDING_KIND,
	STANDING_TEXT,
	STANDING_USEC,
	STANDING_WALL_USEC,
};

static void take_text(sqlite3_stmt *statement, enum standing_column column, char *buf, size_t size)
{
	const char *text = db_column_text(statement, (int)column);

	snprintf(buf, size, "%s", text ? text : "");
}

static void take_alarm(sqlite3_stmt *statement, struct store_alarm *ret)
{
	take_text(statement, STANDING_ID, ret->id, sizeof(ret->id));
	take_text(statement, STANDING_PEN, ret->pen, sizeof(ret->pen));
	take_text(statement, STANDING_KIND, ret->kind, sizeof(ret->kind));
	take_text(statement, STANDING_TEXT, ret->text, sizeof(ret->text));
	ret->usec = (uint64_t)sqlite3_column_int64(statement, STANDING_USEC);
	ret->wall_usec = (uint64_t)sqlite3_column_int64(statement, STANDING_WALL_USEC);
}

int recover_alarms(sqlite3 *db, struct recover_alarms *ret)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	size_t n = 0;
	int r = db_prepare(db, &statement, standing_sql);

	if (r >= 0)
		r = DB_BIND(statement, DB_I(STORE_ALARMS_MAX));
	while (r >= 0 && n < STORE_ALARMS_MAX) {
		r = db_step(statement);
		if (r <= 0)
			break;
		take_alarm(statement, &ret->alarms[n++]);
	}
	if (r >= 0)
		ret->n = n;
	return r < 0 ? r : 0;
}
