// SPDX-License-Identifier: GPL-2.0-only
/* Where the chain stood at a session's end, for those who keep that elsewhere. */
#include "daemon/store/chain.h"
#include "daemon/store/db.h"
#include "driver/base/log.h"

void chain_log_end(sqlite3 *db, int64_t session)
{
	_cleanup_statement_ sqlite3_stmt *statement = NULL;
	const char *id, *n, *head;
	int r = db_prepare(db, &statement,
			   "SELECT s.id, g.chain_n, lower(hex(g.head)) FROM signature AS g JOIN"
			   " session AS s ON s.n = g.session WHERE g.session = ? AND g.purpose ="
			   " '" CHAIN_PURPOSE_END "' ORDER BY g.n DESC LIMIT 1");

	if (r >= 0)
		r = DB_BIND(statement, DB_I(session));
	if (r >= 0)
		r = db_step(statement);
	if (r <= 0)
		return; /* it is in the record all the same */
	id = db_column_text(statement, 0);
	n = db_column_text(statement, 1);
	head = db_column_text(statement, 2);
	log_line(LOG_INFO,
		 &(struct log_context){.session = id,
				       .chain_n = n,
				       .chain_head = head,
				       .message_id = LOG_ID_SESSION},
		 "the record's chain stands at entry %s, head %s", n ? n : "?", head ? head : "?");
}
