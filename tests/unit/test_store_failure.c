// SPDX-License-Identifier: GPL-2.0-only
/* A disk that is full or locked: said in the health, nothing lost while there is room, no waiting.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

/* What the steps of statements that contain @fail_sql answer, @fail_times or, if negative, until
 * told. */
static _Atomic int fail_result;
static _Atomic int fail_times;
static _Atomic(const char *) fail_sql;

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
	int result = atomic_load(&fail_result);

	if (result && strstr(sqlite3_sql(statement), atomic_load(&fail_sql))) {
		if (atomic_fetch_sub(&fail_times, 1) == 1)
			atomic_store(&fail_result, 0);
		return result;
	}
	return __real_sqlite3_step(statement);
}

static void fail_steps(const char *sql, int result, int times)
{
	atomic_store(&fail_sql, sql);
	atomic_store(&fail_times, times);
	atomic_store(&fail_result, result); /* last: the writer looks at it first */
}

static void fail_no_more(void)
{
	atomic_store(&fail_result, 0);
}

static void put_many(struct fixture *f, uint32_t first, uint32_t last)
{
	for (uint32_t seq = first; seq <= last; seq++)
		assert_int_equal(fixture_put(f, FIXTURE_ID, seq), 0);
}

/* All samples 1..@last, once, in order; the totals as if nothing had happened. */
static void assert_complete(struct fixture *f, uint32_t last)
{
	int64_t expected = last;

	assert_int_equal(fixture_number(f, "SELECT sum(count) FROM block"), expected);
	assert_int_equal(fixture_number(f, "SELECT samples FROM session"), expected);
	assert_int_equal(fixture_number(f, "SELECT sum(samples) FROM trend"), expected);
	assert_int_equal(fixture_number(f, "SELECT strokes FROM session"), expected / 10);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM block AS a JOIN block AS b ON"
					   " b.n = a.n + 1 WHERE b.first_seq <> a.last_seq + 1"),
			 0);
	assert_int_equal(fixture_number(f, "SELECT max(last_seq) FROM block"), expected);
}

static void every_statement_fails(void **state)
{
	static const char *const statements[] = {"BEGIN",	  "INTO block", "INTO trend",
						 "SET samples",	  "COMMIT",	"INTO event",
						 "SET ended_usec"};
	static const int results[] = {SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_NOMEM};

	for (size_t i = 0; i < ELEMENTSOF(statements); i++) {
		struct store_counters counters;
		struct fixture f;

		fixture_new(&f);
		fixture_begin(&f, FIXTURE_ID);
		fail_steps(statements[i], results[i % ELEMENTSOF(results)], -1);
		put_many(&f, 1, 700);
		assert_int_equal(store_session_end(f.store, FIXTURE_ID, "done", fixture_usec(700),
						   fixture_done, &f),
				 0);
		fixture_health(&f, STORE_WRITE_ERROR, fixture_usec(700));
		assert_int_equal(f.answers, 1); /* not answered, because it is not on disk */
		fail_no_more();
		assert_int_equal(fixture_wait(&f, 2), 0);
		fixture_health(&f, STORE_HEALTHY, fixture_usec(700));
		assert_complete(&f, 700);
		assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event"), 2);
		store_counters(f.store, &counters);
		assert_true(counters.write_errors > 0);
		assert_int_equal(counters.samples_written, 700);
		assert_int_equal(counters.samples_lost, 0);
		assert_int_equal(fixture_number(&f, "SELECT sum(length(data)) FROM block"),
				 (int64_t)counters.bytes_written);
		fixture_free(&f);
	}
}

/* The kernel's own way of saying it: files may not grow. */
static void file_size_limit(void **state)
{
	struct rlimit before, none;
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	fflush(NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	put_many(&f, 1, 2000);
	for (int i = 0; i < 500 && store_health(f.store, 0) != STORE_WRITE_ERROR; i++)
		usleep(10000);
	enum store_health health = store_health(f.store, 0);

	usleep(250000); /* a few more tries */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_string_equal(store_health_name(health), "write-error");
	fixture_health(&f, STORE_HEALTHY, 0);
	fixture_end(&f, FIXTURE_ID);
	assert_complete(&f, 2000);
	fixture_free(&f);
}

/* Another program holds the database for longer than the store may lag. */
static void locked(void **state)
{
	struct store_session session = fixture_session("second");
	sqlite3 *other = NULL;
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	assert_int_equal(sqlite3_open(f.db, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	put_many(&f, 1, 1000);
	/* Every call returns while the lock is held, because it is released only below. */
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), 0);
	assert_int_equal(store_event(f.store, NULL, NULL, "x", fixture_usec(1000), NULL, 0,
				     fixture_done, &f),
			 0);
	fixture_health(&f, STORE_WRITE_ERROR, fixture_usec(1000));
	sleep(2); /* longer than STORE_LAG_MAX_USEC, with the tries before */
	put_many(&f, 1001, 2000);
	assert_string_equal(store_health_name(store_health(f.store, fixture_usec(4000))),
			    "write-error");
	assert_int_equal(f.answers, 1);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(fixture_wait(&f, 3), 0);
	fixture_end(&f, FIXTURE_ID);
	fixture_health(&f, STORE_HEALTHY, fixture_usec(4000));
	assert_int_equal(fixture_number(&f, "SELECT samples FROM session WHERE n = 1"), 2000);
	assert_int_equal(fixture_number(&f, "SELECT sum(count) FROM block"), 2000);
	fixture_free(&f);
}

/* A lock that is over before a sample is late is nobody's business. */
static void locked_for_a_moment(void **state)
{
	struct store_counters counters;
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	fail_steps("BEGIN IMMEDIATE", SQLITE_BUSY, 2); /* over at the third try, after 200 ms */
	put_many(&f, 1, 10);
	assert_int_equal(
		store_event(f.store, NULL, NULL, "x", 1000000000, NULL, 0, fixture_done, &f), 0);
	while (f.answers < 2 && now_usec() < until) {
		assert_int_equal(store_health(f.store, fixture_usec(10)), STORE_HEALTHY);
		assert_true(sd_event_run(f.event, 10000) >= 0);
	}
	assert_int_equal(f.answers, 2);
	store_counters(f.store, &counters);
	assert_int_equal(counters.write_errors, 2);
	fixture_free(&f);
}

/* Damage that shows at work: the log stays, and makes the next start check the whole file. */
static void damage_at_work(void **state)
{
	struct fixture f;
	char wal[128];

	fixture_new(&f);
	snprintf(wal, sizeof(wal), "%s-wal", f.db);
	fixture_begin(&f, FIXTURE_ID);
	fail_steps("COMMIT", SQLITE_CORRUPT_INDEX, -1);
	put_many(&f, 1, 10);
	fixture_health(&f, STORE_WRITE_ERROR, fixture_usec(10));
	fail_no_more();
	f.store = store_free(f.store);
	assert_int_equal(access(wal, F_OK), 0);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_false(f.quarantined); /* it was found sound */
	f.store = store_free(f.store);
	assert_int_equal(access(wal, F_OK), -1); /* in order: no check next time */
	fixture_free(&f);
}

static void lagging(void **state)
{
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	fail_steps("BEGIN IMMEDIATE", SQLITE_BUSY, -1);
	put_many(&f, 1000, 1001);
	/* The oldest one counts, to the microsecond; the clock is the caller's. */
	assert_int_equal(store_health(f.store, fixture_usec(1000) + STORE_LAG_MAX_USEC - 1),
			 STORE_HEALTHY);
	assert_int_equal(store_health(f.store, fixture_usec(1000) + STORE_LAG_MAX_USEC),
			 STORE_LAGGING);
	assert_int_equal(store_event(f.store, NULL, NULL, "x", 1, NULL, 0, NULL, NULL), 0);
	assert_int_equal(store_health(f.store, 1 + STORE_LAG_MAX_USEC), STORE_LAGGING);
	fail_no_more();
	fixture_health(&f, STORE_HEALTHY, fixture_usec(900000));
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_statement_fails),
		cmocka_unit_test(file_size_limit),
		cmocka_unit_test(locked),
		cmocka_unit_test(locked_for_a_moment),
		cmocka_unit_test(damage_at_work),
		cmocka_unit_test(lagging),
	};

	/* As the daemon does; the store's threads would not need it. */
	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
