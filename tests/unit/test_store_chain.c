// SPDX-License-Identifier: GPL-2.0-only
/* Whatever is changed, taken out, put in or moved in the record is found, and named. */
#include <errno.h>

#include "daemon/store/chain.h"
#include "driver/base/cleanup.h"
#include "tests/unit/chain_fixture.h"

#define COLUMNS_MAX 64

/** struct column - of a table, as SQLite has it */
struct column {
	char name[48];
	bool blob, text;
};

static size_t columns_of(const struct fixture *f, const char *table,
			 struct column columns[COLUMNS_MAX])
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	size_t n = 0;

	assert_int_equal(sqlite3_open_v2(f->db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT name, type FROM pragma_table_info(?)", -1,
					    &statement, NULL),
			 SQLITE_OK);
	sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		const char *type = (const char *)sqlite3_column_text(statement, 1);

		assert_true(n < COLUMNS_MAX);
		snprintf(columns[n].name, sizeof(columns[n].name), "%s",
			 (const char *)sqlite3_column_text(statement, 0));
		columns[n].blob = strcmp(type, "BLOB") == 0;
		columns[n].text = strcmp(type, "TEXT") == 0;
		n++;
	}
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return n;
}

/* For free(); no memory ends the test. */
__attribute__((format(printf, 1, 2))) static char *text_of(const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	assert_true(vasprintf(&text, format, args) >= 0);
	va_end(args);
	return text;
}

/* Every table has every column hashed: one that a later version adds is not forgotten. */
static void every_column_is_covered(void **state)
{
	struct column columns[COLUMNS_MAX];
	struct fixture f;

	fixture_new(&f);
	for (enum chain_kind kind = 0; kind < CHAIN_KINDS; kind++) {
		const struct chain_form *form = &chain_forms[kind];
		size_t n = form->table ? columns_of(&f, form->table, columns) : 0;

		if (kind == CHAIN_SESSION_BEGUN)
			continue;
		_cleanup_free_ char *list = text_of(" %s,", form->columns);

		for (size_t i = 0; i < n; i++) {
			_cleanup_free_ char *word = text_of(" %s,", columns[i].name);

			if (!strstr(list, word))
				fail_msg("%s.%s is not hashed", form->table, columns[i].name);
		}
	}
	/* And every table is one of them, but for SQLite's and the chain itself. */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM sqlite_schema WHERE type ="
					    " 'table' AND name NOT LIKE 'sqlite%'"),
			 1 + CHAIN_KINDS - 3);
	fixture_free(&f);
}

/* Another value of the same type: another character @at, or 1 more; n and session far away. */
static char *mutation(const struct column *column, unsigned int at)
{
	const char *c = column->name;

	if (column->text)
		return text_of("CASE WHEN coalesce(%s, '') = '' THEN 'x' ELSE substr(%s, 1, %u %% "
			       "length(%s)) || char(unicode(substr(%s, 1 + %u %% length(%s), 1)) + "
			       "1) || substr(%s, 2 + %u %% length(%s)) END",
			       c, c, at, c, c, at, c, c, at, c);
	return text_of("coalesce(%s, 0) + %s", c,
		       strcmp(c, "n") == 0 || strcmp(c, "session") == 0 ? "1000" : "1");
}

/* Flip the bit 0 of byte @at of a blob, which SQL cannot. */
static void flip_blob(const struct fixture *f, const char *table, const char *column, int64_t n,
		      unsigned int at)
{
	sqlite3_blob *blob = NULL;
	sqlite3 *db = NULL;
	uint8_t byte;
	int size;

	assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_blob_open(db, "main", table, column, n, 1, &blob), SQLITE_OK);
	size = sqlite3_blob_bytes(blob);
	assert_int_equal(sqlite3_blob_read(blob, &byte, 1, (int)at % size), SQLITE_OK);
	byte ^= 1;
	assert_int_equal(sqlite3_blob_write(blob, &byte, 1, (int)at % size), SQLITE_OK);
	assert_int_equal(sqlite3_blob_close(blob), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One column of one row is another: found, named, and forgotten when it is put back. */
static void flip(struct fixture *f, const char *table, int64_t n, const struct column *column,
		 unsigned int at)
{
	/* A salt that does not fit may be the row's fault as well: the row is named then. */
	_cleanup_free_ char *name = strcmp(column->name, "salt") == 0
					    ? strdup("was changed")
					    : text_of("\"table\":\"%s\",\"row\":%lld,", table,
						      (long long)n),
			    *value = mutation(column, at), *change = NULL, *back = NULL;

	if (column->blob) {
		flip_blob(f, table, column->name, n, at);
		chain_finds(f, "", name);
		flip_blob(f, table, column->name, n, at);
		return;
	}
	change = text_of("CREATE TABLE saved AS SELECT n AS saved_n, %s AS saved FROM %s WHERE n ="
			 " %lld; UPDATE %s SET %s = %s WHERE n = %lld;",
			 column->name, table, (long long)n, table, column->name, value,
			 (long long)n);
	back = text_of("UPDATE %s SET %s = (SELECT saved FROM saved) WHERE n IN"
		       " (SELECT saved_n + %s FROM saved); DROP TABLE saved;",
		       table, column->name, strcmp(column->name, "n") == 0 ? "1000" : "0");
	fixture_sql(f, change);
	chain_finds(f, "", name);
	fixture_sql(f, back);
}

static void flip_table(struct fixture *f, const char *table)
{
	struct column columns[COLUMNS_MAX];
	size_t n_columns = columns_of(f, table, columns);
	_cleanup_free_ char *count = text_of("SELECT count(*) FROM %s", table),
			    *least = text_of("SELECT min(n) FROM %s", table);
	int64_t rows = fixture_number(f, count), first = fixture_number(f, least);

	assert_true(rows > 0);
	for (size_t i = 0; i < n_columns; i++)
		for (unsigned int k = 0; k < 3; k++) {
			if (k >= rows)
				continue;
			/* the chain's counter is no row of its own */
			if (strcmp(columns[i].name, "n") == 0 && strcmp(table, "chain") == 0)
				continue;
			flip(f, table, first + (int64_t)(k * 7) % rows, &columns[i],
			     k * 13 + (unsigned int)i);
		}
}

static void every_byte_counts(void **state)
{
	static const char *const tables[] = {"session",	   "event",	"gap",	     "block",
					     "trend",	   "screening", "cartridge", "segment",
					     "legal_hold", "signature", "chain",     "station_key"};
	struct fixture f;

	chain_new(&f);
	for (size_t i = 0; i < ELEMENTSOF(tables); i++)
		flip_table(&f, tables[i]);
	chain_is_intact(&f, "");
	fixture_free(&f);
}

/* Each byte of a block: of the blob's own as well as of its numbers above. */
static void every_byte_of_a_block(void **state)
{
	struct fixture f;
	int64_t size;

	chain_new(&f);
	size = fixture_number(&f, "SELECT length(data) FROM block WHERE n = 1");
	for (unsigned int at = 0; at < size; at += 7) {
		flip_blob(&f, "block", "data", 1, at);
		chain_finds(&f, FIXTURE_ID, "\"table\":\"block\",\"row\":1,");
		flip_blob(&f, "block", "data", 1, at);
	}
	chain_is_intact(&f, FIXTURE_ID);
	fixture_free(&f);
}

/* What one session's own verification sees, and that another's is not disturbed. */
static void of_one_session(void **state)
{
	struct fixture f;

	chain_new(&f);
	fixture_sql(&f, "UPDATE event SET details = '{}' WHERE session = 1 AND kind = 'note'");
	chain_finds(&f, FIXTURE_ID, "\"session\":\"" FIXTURE_ID "\"");
	chain_is_intact(&f, CHAIN_OTHER);
	chain_finds(&f, "", "\"kind\":\"changed\",\"table\":\"event\"");
	assert_int_equal(store_verify(f.store, "nobody", chain_verified, NULL), 0);
	f.answers = 0;
	while (chain_answer.result != -ENOENT)
		assert_true(sd_event_run(f.event, 100 * USEC_PER_MSEC) >= 0);
	fixture_free(&f);
}

/** struct tampering - what somebody does, and what is said of it */
struct tampering {
	const char *sql;
	const char *said;  /* of everything */
	const char *of_it; /* of the session alone; NULL: not asked */
};

static const struct tampering tamperings[] = {
	/* removed */
	{"DELETE FROM event WHERE n = 3",
	 "\"removed\",\"table\":\"event\",\"row\":3,\"last_row\":3,\"session\":\"" FIXTURE_ID "\"",
	 "\"removed\",\"table\":\"event\",\"row\":3"},
	{"DELETE FROM block WHERE session = 1", "\"removed\",\"table\":\"block\",\"row\":1",
	 "\"removed\",\"table\":\"block\",\"row\":1"},
	{"DELETE FROM session WHERE n = 2", "\"removed\",\"table\":\"session\",\"row\":2", NULL},
	{"DELETE FROM cartridge WHERE n = 1", "\"removed\",\"table\":\"cartridge\",\"row\":1",
	 "\"removed\",\"table\":\"cartridge\",\"row\":1"},
	{"DELETE FROM legal_hold", "\"removed\",\"table\":\"legal_hold\",\"row\":1", NULL},
	/* with its salt, as an erasure does, and without a tombstone */
	{"DELETE FROM event WHERE n = 3; UPDATE chain SET salt = zeroblob(16) WHERE kind = 'event'"
	 " AND row = 3",
	 "\"removed\",\"table\":\"event\",\"row\":3", "\"removed\",\"table\":\"event\",\"row\":3"},
	/* and with a tombstone of one's own */
	{"DELETE FROM event WHERE n = 3; INSERT INTO tombstone (kind, sessions, holds, rows,"
	 " reason, wall_usec) VALUES ('erased', '[1]', '[]', 1, 'x', 1)",
	 "\"added\",\"table\":\"tombstone\",\"row\":1",
	 "\"removed\",\"table\":\"event\",\"row\":3"},
	/* likewise, where no entry would be missed */
	{"DELETE FROM event WHERE n = 3; INSERT INTO tombstone (n, kind, sessions, holds, rows,"
	 " reason, wall_usec) VALUES (-1, 'erased', '[1]', '[]', 1, 'x', 1)",
	 "\"removed\",\"table\":\"event\",\"row\":3", "\"removed\",\"table\":\"event\",\"row\":3"},
	{"INSERT INTO tombstone (n, kind, sessions, holds, rows, reason, wall_usec)"
	 " VALUES (-1, 'erased', '[7]', '[]', 1, 'x', 1)",
	 "\"added\",\"table\":\"tombstone\",\"row\":-1", NULL},
	/* with its entry */
	{"DELETE FROM event WHERE n = 3; DELETE FROM chain WHERE kind = 'event' AND row = 3",
	 "of the chain are gone", "of the chain are gone"},
	/* with its entry, and the ones behind moved up */
	{"DELETE FROM event WHERE n = 3; CREATE TABLE x AS SELECT n FROM chain WHERE kind ="
	 " 'event' AND row = 3; DELETE FROM chain WHERE n IN (SELECT n FROM x);"
	 " UPDATE chain SET n = -n; UPDATE chain SET n = -n - (-n > (SELECT n FROM x));"
	 " DROP TABLE x",
	 "\"kind\":\"chain\"", "\"kind\":\"chain\""},
	/* added */
	{"INSERT INTO event SELECT -1, session, pen, kind, usec, wall_usec, details FROM event"
	 " WHERE n = 3",
	 "\"added\",\"table\":\"event\",\"row\":-1", "\"added\",\"table\":\"event\",\"row\":-1"},
	{"INSERT INTO chain SELECT -1, kind, row, session, salt, digest, head FROM chain WHERE n = "
	 "3",
	 "stand before its first", NULL},
	{"CREATE TRIGGER x AFTER INSERT ON trend BEGIN DELETE FROM gap; END",
	 "\"added\",\"table\":\"sqlite_schema\"", "\"added\",\"table\":\"sqlite_schema\""},
	{"INSERT INTO event (session, kind, usec, wall_usec, details) VALUES (1, 'note', 1, 1,"
	 " '{}')",
	 "\"added\",\"table\":\"event\"", "\"added\",\"table\":\"event\""},
	{"INSERT INTO block SELECT NULL, session, first_seq, last_seq, count, first_host_usec,"
	 " last_host_usec, data FROM block WHERE n = 1",
	 "\"added\",\"table\":\"block\"", "\"added\",\"table\":\"block\""},
	{"INSERT INTO session (id, token, started_usec, started_wall_usec, clock_synchronized)"
	 " VALUES ('x', '', 1, 1, 1)",
	 "\"added\",\"table\":\"session\",\"row\":3", NULL},
	/* moved: two rows' contents, two rows' places, to another session, entries */
	{"UPDATE trend SET depth_max_um = (SELECT depth_max_um FROM trend WHERE n = 2) WHERE n ="
	 " 1; UPDATE trend SET usec = 1 - usec WHERE n = 2",
	 "\"changed\",\"table\":\"trend\",\"row\":2", NULL},
	{"UPDATE trend SET n = -1 WHERE n = 1; UPDATE trend SET n = 1 WHERE n = 2; UPDATE trend"
	 " SET n = 2 WHERE n = -1",
	 "\"changed\",\"table\":\"trend\",\"row\":1", "\"changed\",\"table\":\"trend\",\"row\":2"},
	{"UPDATE block SET session = 2 WHERE n = 1", "\"changed\",\"table\":\"block\",\"row\":1",
	 "\"changed\",\"table\":\"block\",\"row\":1"},
	{"UPDATE chain SET n = -1 WHERE n = 9; UPDATE chain SET n = 9 WHERE n = 10; UPDATE chain"
	 " SET n = 10 WHERE n = -1",
	 "\"kind\":\"chain\"", "\"kind\":\"chain\""},
	/* taken out and put in again, with another number */
	{"CREATE TABLE x AS SELECT * FROM event WHERE n = 3; DELETE FROM event WHERE n = 3;"
	 " UPDATE x SET n = NULL; INSERT INTO event SELECT * FROM x; DROP TABLE x",
	 "\"removed\",\"table\":\"event\",\"row\":3", "\"added\",\"table\":\"event\""},
	/* the end */
	{"DELETE FROM event WHERE n = (SELECT max(n) FROM event)",
	 "\"removed\",\"table\":\"event\"", NULL},
	{"DELETE FROM chain WHERE n > (SELECT max(n) - 3 FROM chain)", "\"kind\":\"end\"", NULL},
	{"DELETE FROM signature WHERE session = 1", "\"removed\",\"table\":\"signature\"",
	 "\"removed\",\"table\":\"signature\""},
	{"UPDATE session SET ended_usec = NULL WHERE n = 1",
	 "\"changed\",\"table\":\"session\",\"row\":1", "is not open, and its end is not there"},
	{"UPDATE sqlite_sequence SET seq = 1 WHERE name = 'event'",
	 "\"kind\":\"end\",\"table\":\"event\"", NULL},
	{"DELETE FROM sqlite_sequence", "\"kind\":\"end\",\"table\":\"chain\"", NULL},
};

static void tampering_is_found(void **state)
{
	struct fixture f;
	char sound[128];

	chain_new(&f);
	f.store = store_free(f.store);
	snprintf(sound, sizeof(sound), "%s.sound", f.db);
	copy_file(f.db, sound);
	for (size_t i = 0; i < ELEMENTSOF(tamperings); i++) {
		copy_file(sound, f.db);
		assert_int_equal(fixture_open(&f, 0, 0), 0);
		fixture_sql(&f, tamperings[i].sql);
		chain_finds(&f, "", tamperings[i].said);
		if (tamperings[i].of_it)
			chain_finds(&f, FIXTURE_ID, tamperings[i].of_it);
		f.store = store_free(f.store);
	}
	fixture_free(&f);
}

/* A daemon that goes on behind a tail that was cut off does not mend it. */
static void a_cut_tail_stays_cut(void **state)
{
	struct fixture f;

	chain_new(&f);
	f.store = store_free(f.store);
	fixture_sql(&f,
		    "DELETE FROM session WHERE n = 2; DELETE FROM event WHERE session = 2;"
		    "DELETE FROM gap WHERE session = 2; DELETE FROM block WHERE session = 2;"
		    "DELETE FROM trend WHERE session = 2; DELETE FROM segment WHERE session = 2;"
		    "DELETE FROM screening WHERE session = 2; DELETE FROM cartridge WHERE"
		    " session = 2; DELETE FROM signature WHERE session = 2; DELETE FROM chain"
		    " WHERE n >= (SELECT min(n) FROM chain WHERE session = 2)");
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	chain_finds(&f, "", "cut off");
	chain_session(&f, "later", "C-20", "2122232425262728", "later note", 10);
	chain_is_intact(&f, "later");
	chain_finds(&f, "", "of the chain are gone");
	fixture_free(&f);
}

/* Who can write the database and has not the key: everything fits, but what was signed. */
static void forged_without_the_key(void **state)
{
	struct fixture f, forger;

	chain_new(&f);
	f.store = store_free(f.store);
	fixture_new(&forger); /* with a key of its own, and the station's record taken over */
	forger.store = store_free(forger.store);
	copy_file(f.db, forger.db);
	assert_int_equal(fixture_open(&forger, 0, 0), 0);
	chain_finds(&forger, "", "by a key that is not this station's");
	chain_session(&forger, "forged", "C-1", "3132333435363738", "x", 10);
	forger.store = store_free(forger.store);
	copy_file(forger.db, f.db);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	chain_is_intact(&f, FIXTURE_ID);
	chain_finds(&f, "forged", "by a key that is not this station's");
	fixture_free(&forger);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_column_is_covered), cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(every_byte_of_a_block),   cmocka_unit_test(of_one_session),
		cmocka_unit_test(tampering_is_found),	   cmocka_unit_test(a_cut_tail_stays_cut),
		cmocka_unit_test(forged_without_the_key),
	};

	return cmocka_run_group_tests_name("store_chain", tests, NULL, NULL);
}
