// SPDX-License-Identifier: GPL-2.0-only
/* A client's records are erased, and nothing of them is left but what proves that they were. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "daemon/store/db.h"
#include "daemon/store/erase.h"
#include "driver/base/cleanup.h"
#include "tests/unit/chain_fixture.h"

#define SECRET "CLIENT-SECRET-7"
#define SECRET_NOTE "nobody-shall-read-this"

/* Whether @bytes lie in any file of the state directory. */
static bool on_disk(const struct fixture *f, const void *bytes, size_t size)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	bool found = false;

	for (size_t i = 0; i < ELEMENTSOF(suffixes) && !found; i++) {
		_cleanup_free_ char *path = NULL, *text = NULL;
		_cleanup_fclose_ FILE *file = NULL;
		long length;

		assert_true(asprintf(&path, "%s%s", f->db, suffixes[i]) >= 0);
		file = fopen(path, "re");
		if (!file)
			continue;
		assert_int_equal(fseek(file, 0, SEEK_END), 0);
		length = ftell(file);
		text = malloc((size_t)length + 1);
		rewind(file);
		assert_int_equal(fread(text, 1, (size_t)length, file), length);
		found = memmem(text, (size_t)length, bytes, size) != NULL;
	}
	return found;
}

static bool text_on_disk(const struct fixture *f, const char *text)
{
	return on_disk(f, text, strlen(text));
}

static struct store_erased erased;

static int erase(struct fixture *f, const char *client)
{
	const struct store_erase what = {
		.client = client, .reason = "asked for in writing", .uid = 0, .ret = &erased};
	int r = store_erase(f->store, &what, 7, fixture_done, f);

	return r < 0 ? r : fixture_wait(f, f->answers + 1);
}

/* A blob of the database, for looking it up in the file. */
static size_t blob_of(const struct fixture *f, const char *sql, uint8_t buf[4096])
{
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	size_t size;

	assert_int_equal(sqlite3_open_v2(f->db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	size = (size_t)sqlite3_column_bytes(statement, 0);
	assert_in_range(size, 1, 4096);
	memcpy(buf, sqlite3_column_blob(statement, 0), size);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return size;
}

static void all_of_a_client(void **state)
{
	uint8_t block[4096], salt[4096];
	size_t block_size, salt_size;
	struct fixture f;
	int64_t entries;

	chain_new(&f);
	chain_session(&f, "secret-1", SECRET, "4142434445464748", SECRET_NOTE, 700);
	chain_hold(&f, SECRET, true);
	chain_hold(&f, SECRET, false);
	chain_session(&f, "between", "C-19", "5152535455565758", "x", 10);
	chain_session(&f, "secret-2", SECRET, "6162636465666768", SECRET_NOTE, 3000);
	block_size = blob_of(&f,
			     "SELECT substr(data, 40, 60) FROM block WHERE session = 5"
			     " ORDER BY n DESC LIMIT 1",
			     block);
	salt_size =
		blob_of(&f, "SELECT salt FROM chain WHERE session = 3 AND kind = 'session'", salt);
	assert_true(text_on_disk(&f, SECRET) && text_on_disk(&f, SECRET_NOTE));
	assert_true(on_disk(&f, block, block_size) && on_disk(&f, salt, salt_size));
	entries = fixture_number(&f, "SELECT count(*) FROM chain");

	assert_int_equal(erase(&f, SECRET), 0);
	assert_int_equal(erased.sessions, 2);
	assert_false(text_on_disk(&f, SECRET));
	assert_false(text_on_disk(&f, SECRET_NOTE));
	assert_false(on_disk(&f, block, block_size));
	assert_false(on_disk(&f, salt, salt_size));
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session"), 3);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event WHERE session IN (3, 5)"),
			 0);
	/* The chain is as long as it was, and goes on; what is left fits. */
	chain_is_intact(&f, "");
	assert_non_null(strstr(chain_answer.report, "\"erased\":"));
	assert_null(strstr(chain_answer.report, "\"erased\":0,"));
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM chain"), entries + 2);
	assert_string_equal(fixture_text(&f, "SELECT kind||sessions||holds||reason||uid||operator"
					     " FROM tombstone"),
			    "erased[3,5][2,3]asked for in writing0root");
	assert_int_equal(fixture_number(&f, "SELECT rows FROM tombstone"), (int64_t)erased.rows);
	/* Its needles stay used, and nobody knows by whom. */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM cartridge"), 5);
	chain_session(&f, "later", "C-20", "7172737475767778", "x", 10);
	f.store = store_free(f.store);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	chain_is_intact(&f, "");
	assert_false(text_on_disk(&f, SECRET));
	/* A second time there is nothing. */
	assert_int_equal(erase(&f, SECRET), -ENOENT);
	fixture_free(&f);
}

/* What stays is still held against the chain, the tombstone too. */
static void what_stays_is_watched(void **state)
{
	static const char *const tampering[][2] = {
		{"UPDATE tombstone SET reason = 'x'",
		 "\"changed\",\"table\":\"tombstone\",\"row\":1"},
		{"UPDATE tombstone SET sessions = '[1,2]'", "\"table\":\"tombstone\",\"row\":1"},
		{"UPDATE tombstone SET sessions = '['", "\"table\":\"tombstone\",\"row\":1"},
		{"DELETE FROM tombstone", "\"removed\",\"table\":\"tombstone\",\"row\":1"},
		{"UPDATE cartridge SET uid = NULL WHERE session = 1",
		 "\"changed\",\"table\":\"cartridge\",\"row\":1"},
		{"DELETE FROM event WHERE session = 2", "\"removed\",\"table\":\"event\""},
	};
	struct fixture f;
	char sound[128];

	chain_new(&f);
	snprintf(sound, sizeof(sound), "%s.sound", f.db);
	assert_int_equal(erase(&f, "C-17"), 0);
	chain_is_intact(&f, "");
	f.store = store_free(f.store);
	for (size_t i = 0; i < ELEMENTSOF(tampering); i++) {
		copy_file(f.db, sound);
		assert_int_equal(fixture_open(&f, 0, 0), 0);
		fixture_sql(&f, tampering[i][0]);
		chain_finds(&f, "", tampering[i][1]);
		f.store = store_free(f.store);
		copy_file(sound, f.db);
	}
	fixture_free(&f);
}

/* Pages are split and merged all the time, and keep in their unused middle what lay there. Years of
 * a clinic, in which each client is erased once. */
static void nothing_stays_between_the_rows(void **state)
{
	struct fixture f;
	unsigned int seed = 20261120;
	char sql[1024], client[32];

	fixture_new(&f);
	for (int i = 0; i < 400; i++) {
		snprintf(
			sql, sizeof(sql),
			"INSERT INTO session (id, token, client, operator, screening, started_usec,"
			" started_wall_usec, clock_synchronized, ended_usec) VALUES ('s%d', '',"
			" 'PATIENT-%03d', '%.*s', '%.*s', 1, 1, 1, 2);"
			"UPDATE session SET samples = %d, strokes = %d WHERE n = abs(random() %% "
			"%d) + 1;"
			"INSERT INTO event (session, kind, usec, wall_usec, details) VALUES (%d,"
			" 'note', 1, 1, 'PATIENT-%03d %.*s')",
			i, rand_r(&seed) % 40, rand_r(&seed) % 60,
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
			rand_r(&seed) % 40, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy",
			rand_r(&seed) % 100000, rand_r(&seed), i + 1, i + 1, rand_r(&seed) % 40,
			rand_r(&seed) % 30, "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
		fixture_sql(&f, sql);
	}
	for (int i = 0; i < 30; i++) {
		snprintf(client, sizeof(client), "PATIENT-%03d", i);
		snprintf(sql, sizeof(sql),
			 "UPDATE event SET details = '-' WHERE details LIKE '%s%%' AND session NOT"
			 " IN (SELECT n FROM session WHERE client = '%s')",
			 client, client);
		fixture_sql(&f, sql);
		assert_int_equal(erase(&f, client), 0);
		if (text_on_disk(&f, client))
			fail_msg("%s is still in the file", client);
	}
	fixture_free(&f);
}

static void refused(void **state)
{
	char longest[STORE_TEXT_MAX + 2];
	struct store_erase what = {.client = "C", .reason = longest, .ret = &erased};
	struct fixture f;

	chain_new(&f);
	assert_int_equal(erase(&f, "C-1"), -ENOENT); /* no part of an id */
	assert_int_equal(erase(&f, ""), -EINVAL);
	memset(longest, 'x', sizeof(longest) - 1);
	longest[STORE_TEXT_MAX + 1] = '\0';
	assert_int_equal(store_erase(f.store, &what, 7, fixture_done, &f), -E2BIG);

	chain_hold(&f, "C-17", true);
	assert_int_equal(erase(&f, "C-17"), -EPERM);
	assert_string_equal(erased.hold_reason, "a letter");
	assert_true(erased.hold_wall_usec > 1600000000000000);
	chain_hold(&f, "C-17", false);

	chain_begin(&f, "open", "C-30", "4142434445464748", "x", 10);
	assert_int_equal(erase(&f, "C-17"), -ETXTBSY);
	assert_int_equal(erase(&f, "C-30"), -ETXTBSY);
	fixture_end(&f, "open");
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM tombstone"), 0);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session"), 3);
	chain_is_intact(&f, "");
	assert_int_equal(store_health(f.store, 0), STORE_HEALTHY);
	assert_int_equal(erase(&f, "C-17"), 0);
	/* References to sessions are watched as before. */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM pragma_foreign_key_check"
					    " WHERE \"table\" <> 'cartridge'"),
			 0);
	fixture_free(&f);
}

/* Somebody reads an earlier state: what was erased stays in the log until they end, and that is
 * said; then it goes. */
static void while_somebody_reads(void **state)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;
	struct fixture f;
	sqlite3 *db = NULL;

	chain_new(&f);
	chain_session(&f, "secret", SECRET, "4142434445464748", SECRET_NOTE, 100);
	assert_int_equal(sqlite3_open_v2(f.db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM event", NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(erase(&f, SECRET), -EAGAIN);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session WHERE id = 'secret'"), 0);
	assert_true(text_on_disk(&f, SECRET));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	while (text_on_disk(&f, SECRET) && now_usec() < until)
		usleep(100000);
	assert_false(text_on_disk(&f, SECRET));
	chain_is_intact(&f, "");
	fixture_free(&f);
}

/* ---- KeepSamples ---- */

#define DAY_USEC (86400 * USEC_PER_SEC)

static void await_number(struct fixture *f, const char *sql, int64_t number)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;

	while (fixture_number(f, sql) != number && now_usec() < until)
		usleep(10000);
	assert_int_equal(fixture_number(f, sql), number);
}

static void samples_are_kept_for_a_time(void **state)
{
	struct fixture f;

	chain_new(&f); /* sessions of 2026-11-20 */
	chain_session(&f, "held", "C-99", "4142434445464748", "x", 700);
	store_set_keep(f.store, 36500 * DAY_USEC);
	usleep(200000);
	assert_int_equal(fixture_number(&f, "SELECT count(DISTINCT session) FROM block"), 3);
	fixture_sql(&f, "CREATE TABLE kept AS SELECT * FROM session");
	/* One that began years later: also a clock that nobody keeps has come that far. */
	fixture_sql(&f, "UPDATE session SET started_wall_usec = 1895207501123456,"
			" ended_wall_usec = 1995207501123456 WHERE id = 'held'");
	fixture_sql(&f, "UPDATE session SET ended_wall_usec = 1695207561123456 WHERE n = 1");
	store_set_keep(f.store, 30 * DAY_USEC);
	await_number(&f, "SELECT count(*) FROM block WHERE session = 1", 0);
	usleep(200000);
	assert_int_equal(fixture_number(&f, "SELECT count(DISTINCT session) FROM block"), 2);
	assert_true(fixture_number(&f, "SELECT count(*) FROM trend WHERE session = 1") > 0);
	assert_string_equal(fixture_text(&f, "SELECT kind||sessions||reason||ifnull(uid,'-') FROM"
					     " tombstone"),
			    "pruned[1]KeepSamples=30d-");
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM chain WHERE session = 1 AND kind"
					    " = 'block' AND salt = zeroblob(16)"),
			 0);
	/* Undo what this test did to the rows: then all fits. */
	fixture_sql(&f, "UPDATE session SET (started_wall_usec, ended_wall_usec) = (SELECT"
			" started_wall_usec, ended_wall_usec FROM kept WHERE kept.n = session.n);"
			" DROP TABLE kept");
	chain_is_intact(&f, FIXTURE_ID);
	assert_null(strstr(chain_answer.report, "\"pruned\":0,"));
	chain_is_intact(&f, "");
	/* But a block that goes without a tombstone is missed. */
	fixture_sql(&f, "DELETE FROM block WHERE session = 2");
	chain_finds(&f, CHAIN_OTHER, "\"removed\",\"table\":\"block\"");
	fixture_free(&f);
}

static void held_samples_stay(void **state)
{
	struct fixture f;

	chain_new(&f);
	chain_hold(&f, "C-17", true);
	fixture_sql(&f, "UPDATE session SET ended_wall_usec = 1, started_wall_usec = 1 WHERE n = 1;"
			"UPDATE session SET ended_wall_usec = 1 WHERE n = 2");
	store_set_keep(f.store, DAY_USEC);
	await_number(&f, "SELECT count(*) FROM block WHERE session = 2", 0);
	usleep(200000);
	assert_true(fixture_number(&f, "SELECT count(*) FROM block WHERE session = 1") > 0);
	fixture_free(&f);
}

/* A daemon that died between an erasure and the log's end does not leave the log to chance. */
static void a_log_that_was_left_is_emptied(void **state)
{
	_cleanup_free_ char *log_path = NULL;
	sqlite3 *other = NULL;
	struct stat st;
	struct fixture f;

	chain_new(&f);
	assert_true(asprintf(&log_path, "%s-wal", f.db) >= 0);
	assert_int_equal(db_open(&other, f.db, SQLITE_OPEN_READWRITE), 0);
	db_keep_wal(other); /* so that it outlives the store */
	assert_int_equal(db_exec(other, "SELECT count(*) FROM session"), 0);
	f.store = store_free(f.store);
	other = db_close(other);
	assert_int_equal(stat(log_path, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_int_equal(stat(log_path, &st), 0);
	assert_int_equal(st.st_size, 0);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_that_was_left_is_emptied),
		cmocka_unit_test(all_of_a_client),
		cmocka_unit_test(what_stays_is_watched),
		cmocka_unit_test(nothing_stays_between_the_rows),
		cmocka_unit_test(refused),
		cmocka_unit_test(while_somebody_reads),
		cmocka_unit_test(samples_are_kept_for_a_time),
		cmocka_unit_test(held_samples_stay),
	};

	return cmocka_run_group_tests_name("store_erase", tests, NULL, NULL);
}
