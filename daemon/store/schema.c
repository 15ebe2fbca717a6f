// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>

#include "daemon/store/db.h"
#include "daemon/store/schema.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

/*
 * Rules: a table is named by its noun; its key is n, and n only grows; rows are written once and
 * never changed, so that they can be chained, but for a session's, which changes until the session
 * ends. *_usec is CLOCK_BOOTTIME, *_wall_usec microseconds since 1970
 * UTC. Constraints on what comes from a pen are left out: a record that cannot be stored is lost.
 */
static const char version_1_sql[] =
	/* One row a session; it is open while ended_usec is NULL. */
	"CREATE TABLE session ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" id TEXT NOT NULL UNIQUE,"
	" token TEXT NOT NULL," /* that the pen was claimed and armed with; 16 hex digits */
	" pen TEXT,"		/* serial */
	" model TEXT,"
	" firmware INTEGER," /* BCD: 256 = 1.00 */
	" calibration_due_days INTEGER,"
	" transport TEXT,"
	" profile TEXT,"
	" profile_digest TEXT," /* BLAKE2b-256 of the profile's file */
	" area TEXT,"
	" client TEXT," /* pseudonym; stands nowhere else */
	" operator TEXT,"
	" operator_uid INTEGER,"
	" screening TEXT,"
	" consent TEXT,"
	" sign_off TEXT,"
	" cartridge TEXT," /* typed in: LOT/SERIAL */
	" cartridge_uid TEXT,"
	" cartridge_lot TEXT," /* of its tag */
	" cartridge_expires_days INTEGER,"
	" area_size_cm2 INTEGER,"
	" started_usec INTEGER NOT NULL,"
	" started_wall_usec INTEGER NOT NULL,"
	" clock_synchronized INTEGER NOT NULL,"
	" ended_usec INTEGER,"
	" ended_wall_usec INTEGER,"
	" outcome TEXT,"
	/* Totals of what is stored, in the same transaction as the samples. */
	" samples INTEGER NOT NULL DEFAULT 0,"
	" gaps INTEGER NOT NULL DEFAULT 0," /* samples known to be missing */
	" strokes INTEGER NOT NULL DEFAULT 0,"
	" run_ms INTEGER NOT NULL DEFAULT 0,"
	" depth_max_um INTEGER NOT NULL DEFAULT 0,"
	" speed_max_rpm INTEGER NOT NULL DEFAULT 0"
	") STRICT;"
	"CREATE INDEX session_client ON session (client);"
	"CREATE INDEX session_open ON session (n) WHERE ended_usec IS NULL;"

	/* What happened: details is a JSON object. session or pen are NULL where there is none. */
	"CREATE TABLE event ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER REFERENCES session (n),"
	" pen TEXT,"
	" kind TEXT NOT NULL,"
	" usec INTEGER NOT NULL,"
	" wall_usec INTEGER NOT NULL,"
	" details TEXT NOT NULL"
	") STRICT;"
	"CREATE INDEX event_session ON event (session);"

	/* Samples that are not there, between two that are. NULL: no neighbour, or not known. */
	"CREATE TABLE gap ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" after_seq INTEGER,"
	" before_seq INTEGER,"
	" missing INTEGER,"
	" reason TEXT NOT NULL,"
	" usec INTEGER NOT NULL,"
	" wall_usec INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX gap_session ON gap (session);"

	/* Samples, compressed: block.h has the format. seq as in the first and last of them. */
	"CREATE TABLE block ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" first_seq INTEGER NOT NULL,"
	" last_seq INTEGER NOT NULL,"
	" count INTEGER NOT NULL,"
	" first_host_usec INTEGER NOT NULL,"
	" last_host_usec INTEGER NOT NULL,"
	" data BLOB NOT NULL"
	") STRICT;"
	"CREATE INDEX block_session ON block (session);"

	/* 100 ms of samples in plain numbers; stays when the blocks are deleted. */
	"CREATE TABLE trend ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" usec INTEGER NOT NULL," /* start of the window */
	" wall_usec INTEGER NOT NULL,"
	" samples INTEGER NOT NULL,"
	" depth_min_um INTEGER NOT NULL,"
	" depth_mean_um INTEGER NOT NULL,"
	" depth_max_um INTEGER NOT NULL,"
	" speed_min_rpm INTEGER NOT NULL,"
	" speed_mean_rpm INTEGER NOT NULL,"
	" speed_max_rpm INTEGER NOT NULL,"
	" motor_min_ma INTEGER NOT NULL,"
	" motor_mean_ma INTEGER NOT NULL,"
	" motor_max_ma INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX trend_session ON trend (session);"

	"PRAGMA application_id = " TEXT(SCHEMA_APPLICATION_ID) ";";

/* The few events that say which alarms stand, found among millions at start: alarms.c. */
static const char version_2_sql[] = "CREATE INDEX event_alarm ON event (kind)"
				    " WHERE kind IN (" SCHEMA_ALARM_KINDS ");";

/* Whose records must be kept, whoever wants them erased: the latest row of a client counts. */
static const char version_3_sql[] = "CREATE TABLE legal_hold ("
				    " n INTEGER PRIMARY KEY AUTOINCREMENT,"
				    " client TEXT NOT NULL,"
				    " held INTEGER NOT NULL,"
				    " reason TEXT NOT NULL,"
				    " uid INTEGER NOT NULL," /* login of who said so */
				    " wall_usec INTEGER NOT NULL"
				    ") STRICT;"
				    "CREATE INDEX legal_hold_client ON legal_hold (client);";

/*
 * The clinic's part: what was asked before a session, which needles were bound to it for ever, and
 * what was done to each area.
 */
static const char version_4_sql[] =
	/* A question of the checklist, as it was put, and its answer. */
	"CREATE TABLE screening ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" question TEXT NOT NULL," /* its name in the checklist */
	" text TEXT NOT NULL,"
	" kind TEXT NOT NULL," /* block, sign-off, note */
	" answer TEXT NOT NULL,"
	" wall_usec INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX screening_session ON screening (session);"

	/*
	 * The ledger: one row binds a cartridge to a session, and no second one is possible. By the
	 * uid of its tag; serial is what was typed in for one without a tag. No client stands here:
	 * that a cartridge was used outlives the memory of whose session it was.
	 */
	"CREATE TABLE cartridge ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" pen TEXT,"
	" uid TEXT,"
	" serial TEXT,"
	" lot TEXT NOT NULL,"
	" expires_days INTEGER,"
	" needles INTEGER,"
	" length_um INTEGER,"
	" usec INTEGER NOT NULL,"
	" wall_usec INTEGER NOT NULL"
	") STRICT;"
	"CREATE INDEX cartridge_session ON cartridge (session);"
	"CREATE INDEX cartridge_lot ON cartridge (lot);"
	"CREATE UNIQUE INDEX cartridge_uid ON cartridge (uid) WHERE uid IS NOT NULL;"
	"CREATE UNIQUE INDEX cartridge_serial ON cartridge (lot, serial)"
	" WHERE serial IS NOT NULL;"

	/* An area while it was worked on, written at its end; an area may have several. */
	"CREATE TABLE segment ("
	" n INTEGER PRIMARY KEY AUTOINCREMENT,"
	" session INTEGER NOT NULL REFERENCES session (n),"
	" profile TEXT,"
	" area TEXT NOT NULL,"
	" area_size_cm2 INTEGER," /* NULL: not given */
	" started_usec INTEGER NOT NULL,"
	" started_wall_usec INTEGER NOT NULL,"
	" ended_usec INTEGER NOT NULL,"
	" ended_wall_usec INTEGER NOT NULL,"
	/* What held for it; NULL: not known. */
	" depth_limit_um INTEGER,"
	" speed_limit_min_rpm INTEGER,"
	" speed_limit_max_rpm INTEGER,"
	" density_warning_per_cm2 INTEGER,"
	/* What was asked for last; NULL: the needles never ran. */
	" target_depth_um INTEGER,"
	" target_speed_rpm INTEGER,"
	" run_ms INTEGER NOT NULL,"
	" strokes INTEGER NOT NULL,"
	/* Measured with the needles running; NULL: they never ran. */
	" depth_mean_um INTEGER,"
	" depth_p95_um INTEGER,"
	" depth_max_um INTEGER,"
	" speed_mean_rpm INTEGER,"
	" speed_p95_rpm INTEGER,"
	" speed_max_rpm INTEGER,"
	" needles INTEGER,"	     /* of the last cartridge; NULL: not known */
	" punctures_per_cm2 INTEGER" /* NULL: size or needles are not known */
	") STRICT;"
	"CREATE INDEX segment_session ON segment (session);";

/*
 * From each version to the next. What was released is never edited: a new table or index is a new
 * step, and the files of all earlier programs take the same way as an empty one.
 */
static const char *const steps_sql[SCHEMA_VERSION] = {version_1_sql, version_2_sql, version_3_sql,
						      version_4_sql};

static int upgrade_steps(sqlite3 *db, int64_t version)
{
	char version_sql[64];
	int r = 0;

	for (int64_t at = version; at < SCHEMA_VERSION && r >= 0; at++)
		r = db_exec(db, steps_sql[at]);
	snprintf(version_sql, sizeof(version_sql), "PRAGMA user_version = %d", SCHEMA_VERSION);
	return r < 0 ? r : db_exec(db, version_sql);
}

int schema_upgrade(sqlite3 *db, int64_t version)
{
	int r = db_exec(db, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	r = upgrade_steps(db, version);
	if (r >= 0)
		r = db_exec(db, "COMMIT");
	if (r < 0 && !sqlite3_get_autocommit(db))
		db_exec(db, "ROLLBACK"); /* the first error is the one that counts */
	return r;
}

int schema_judge(sqlite3 *db, enum schema_state *ret_state, int64_t *ret_version)
{
	int64_t version, application, tables;
	int r;

	r = db_integer(db, "PRAGMA user_version", &version);
	if (r < 0)
		return r;
	r = db_integer(db, "PRAGMA application_id", &application);
	if (r < 0)
		return r;
	r = db_integer(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r < 0)
		return r;
	*ret_version = version;
	if (!tables && !version && !application)
		*ret_state = SCHEMA_OLDER;
	else if (application != SCHEMA_APPLICATION_ID || version < 1)
		*ret_state = SCHEMA_FOREIGN;
	else if (version == SCHEMA_VERSION)
		*ret_state = SCHEMA_CURRENT;
	else
		*ret_state = version > SCHEMA_VERSION ? SCHEMA_NEWER : SCHEMA_OLDER;
	return 0;
}
