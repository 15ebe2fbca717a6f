// SPDX-License-Identifier: GPL-2.0-only
/* What proves a session: the head of the chain at its end, signed. For reports. */
#include <string.h>

#include "daemon/store/chain.h"
#include "daemon/store/db.h"
#include "daemon/store/export.h"
#include "driver/base/cleanup.h"
#include "driver/base/fields.h"

#define CHAIN_TEXT_MAX 768

static int send_pruned(struct sender *sender)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	char stamp[EXPORT_TIME_MAX], text[EXPORT_TIME_MAX + 32] = "\"samples_pruned\":null,";
	int r = db_prepare(sender->db, &statement,
			   "SELECT wall_usec FROM tombstone WHERE kind = 'pruned'"
			   " AND sessions = '[' || ? || ']' LIMIT 1");

	if (r >= 0)
		r = DB_BIND(statement, DB_I(sender->session));
	if (r >= 0)
		r = db_step(statement);
	if (r > 0)
		snprintf(text, sizeof(text), "\"samples_pruned\":\"%s\",",
			 export_time(stamp, (uint64_t)sqlite3_column_int64(statement, 0)));
	sqlite3_reset(statement);
	return r < 0 ? r : stream_text(&sender->stream, text);
}

static int chain_take(struct sender *sender, char *buf, size_t size)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	char stamp[EXPORT_TIME_MAX];
	int r = db_prepare(sender->db, &statement,
			   "SELECT chain_n, lower(hex(head)), wall_usec, lower(hex(signature)),"
			   " lower(hex(public_key)) FROM signature WHERE session = ? AND purpose ="
			   " '" CHAIN_PURPOSE_END "' ORDER BY n DESC LIMIT 1");

	if (r >= 0)
		r = DB_BIND(statement, DB_I(sender->session));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0) {
		snprintf(buf, size, "null");
		return r;
	}
	const struct field fields[] = {
		FIELD_I("n", sqlite3_column_int64(statement, 0)),
		FIELD_S("head", db_column_text(statement, 1)),
		FIELD_S("signed", export_time(stamp, (uint64_t)sqlite3_column_int64(statement, 2))),
		FIELD_I("signed_wall_usec", sqlite3_column_int64(statement, 2)),
		FIELD_I("session_n", sender->session),
		FIELD_S("signature", db_column_text(statement, 3)),
		FIELD_S("public_key", db_column_text(statement, 4)),
	};
	return fields_json(buf, size, fields, ELEMENTSOF(fields));
}

/* No statement stays open while the reader is waited for. */
int export_chain(struct sender *sender)
{
	char text[CHAIN_TEXT_MAX];
	int r = send_pruned(sender);

	if (r >= 0)
		r = stream_text(&sender->stream, "\"chain\":");
	if (r >= 0)
		r = chain_take(sender, text, sizeof(text));
	return r < 0 ? r : stream_text(&sender->stream, text);
}
