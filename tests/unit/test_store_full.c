// SPDX-License-Identifier: GPL-2.0-only
/* Queues that are full, and the quota: counted, recorded when there is room again, no crash. */
#include <errno.h>
#include <stdatomic.h>
#include <sys/random.h>

#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

static _Atomic bool disk_full;

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
	if (atomic_load(&disk_full) && strstr(sqlite3_sql(statement), "BEGIN"))
		return SQLITE_FULL;
	return __real_sqlite3_step(statement);
}

static void open_small(struct fixture *f)
{
	fixture_dir(f);
	assert_int_equal(fixture_open(f, 0, 100), 0);
	fixture_begin(f, FIXTURE_ID);
	atomic_store(&disk_full, true);
}

static void samples_lost(void **state)
{
	struct store_counters counters;
	struct fixture f;

	open_small(&f);
	for (uint32_t seq = 1; seq <= 130; seq++)
		assert_int_equal(fixture_put(&f, FIXTURE_ID, seq), seq <= 100 ? 0 : -EAGAIN);
	fixture_health(&f, STORE_WRITE_ERROR, 0);
	atomic_store(&disk_full, false);
	fixture_health(&f, STORE_HEALTHY, 0); /* drained */
	for (uint32_t seq = 131; seq <= 140; seq++)
		assert_int_equal(fixture_put(&f, FIXTURE_ID, seq), 0);
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(fixture_number(&f, "SELECT sum(count) FROM block"), 110);
	assert_int_equal(fixture_number(&f, "SELECT gaps FROM session"), 30);
	assert_string_equal(fixture_text(&f, "SELECT after_seq||','||before_seq||','||missing||','"
					     "||reason||','||usec FROM gap"),
			    "100,131,30,queue-full,1000131000");
	store_counters(f.store, &counters);
	assert_int_equal(counters.samples_lost, 30);
	assert_int_equal(counters.samples_written, 110);
	fixture_free(&f);
}

/* Nothing comes after the lost ones: the end of the session tells of them. */
static void last_samples_lost(void **state)
{
	struct fixture f;

	open_small(&f);
	for (uint32_t seq = 1; seq <= 120; seq++)
		fixture_put(&f, FIXTURE_ID, seq);
	assert_int_equal(store_session_end(f.store, FIXTURE_ID, "done", fixture_usec(120),
					   fixture_done, &f),
			 0);
	atomic_store(&disk_full, false);
	assert_int_equal(fixture_wait(&f, 2), 0);
	assert_string_equal(fixture_text(&f, "SELECT after_seq||','||ifnull(before_seq,'-')||','||"
					     "missing FROM gap"),
			    "100,-,20");
	assert_int_equal(fixture_number(&f, "SELECT gaps FROM session"), 20);
	fixture_free(&f);
}

/* Full and not broken: that is its own state, until three quarters are free again. */
static void queue_full(void **state)
{
	struct fixture f;
	unsigned int full = 0;

	fixture_dir(&f);
	assert_int_equal(fixture_open(&f, 0, 100), 0);
	fixture_begin(&f, FIXTURE_ID);
	for (uint32_t seq = 1; seq <= 100000 && !full; seq++)
		full += fixture_put(&f, FIXTURE_ID, seq) == -EAGAIN;
	assert_int_equal(full, 1);
	assert_int_equal(store_health(f.store, 0), STORE_QUEUE_FULL);
	fixture_health(&f, STORE_HEALTHY, 0);
	fixture_free(&f);
}

static void events_lost(void **state)
{
	struct store_counters counters;
	unsigned int accepted = 0, lost = 0;
	struct fixture f;

	open_small(&f);
	for (int i = 0; i < 80; i++) {
		int r = store_event(f.store, NULL, NULL, "stop", 7, NULL, 0, fixture_done, &f);

		assert_true(r == 0 || r == -EAGAIN);
		accepted += r == 0;
		lost += r == -EAGAIN;
	}
	assert_int_equal(accepted, 64);
	assert_int_equal(store_session_end(f.store, FIXTURE_ID, "done", 7, NULL, NULL), -EAGAIN);
	assert_int_equal(store_gap(f.store, FIXTURE_ID, 1, 3, 1, "x", 7), -EAGAIN);
	lost++;
	fixture_health(&f, STORE_WRITE_ERROR, 0);
	atomic_store(&disk_full, false);
	assert_int_equal(fixture_wait(&f, 1 + accepted), 0);
	fixture_health(&f, STORE_HEALTHY, 8);
	fixture_begin(&f, "later");
	fixture_end(&f, FIXTURE_ID); /* still open: it ends now */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event WHERE kind = 'stop'"),
			 accepted);
	assert_string_equal(fixture_text(&f, "SELECT details FROM event WHERE kind ="
					     " 'events-lost'"),
			    "{\"events\":17}");
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event WHERE kind ="
					    " 'events-lost'"),
			 1);
	store_counters(f.store, &counters);
	assert_int_equal(counters.events_lost, lost);
	fixture_free(&f);
}

/* More answers than the loop has fetched: refused, instead of lost. */
static void answers_wait_for_the_loop(void **state)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;
	struct fixture f;

	fixture_dir(&f);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	for (int i = 1; i <= 256; i++) {
		assert_int_equal(
			store_event(f.store, NULL, NULL, "x", 7, NULL, 0, fixture_done, &f), 0);
		while (i % 32 == 0 && now_usec() < until &&
		       fixture_number(&f, "SELECT count(*) FROM event") < i)
			usleep(1000);
	}
	assert_int_equal(store_event(f.store, NULL, NULL, "x", 7, NULL, 0, NULL, NULL), -EAGAIN);
	assert_int_equal(store_health(f.store, 8), STORE_QUEUE_FULL);
	assert_int_equal(fixture_wait(&f, 256), 0);
	assert_int_equal(store_health(f.store, 8), STORE_HEALTHY);
	fixture_free(&f);
}

/* The end waits 2 s for the disk, not longer; what was not written is answered all the same. */
static void end_with_a_full_disk(void **state)
{
	struct fixture f;
	uint64_t start;

	open_small(&f);
	assert_int_equal(store_event(f.store, NULL, NULL, "x", 7, NULL, 0, fixture_done, &f), 0);
	start = now_usec();
	f.store = store_free(f.store);
	assert_true(now_usec() - start >= 1900 * USEC_PER_MSEC);
	assert_int_equal(f.answers, 2);
	assert_int_equal(f.result, -ESHUTDOWN);
	atomic_store(&disk_full, false);
	fixture_free(&f);
}

static void quota(void **state)
{
	struct fixture f;
	uint64_t bytes;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	assert_int_equal(store_health(f.store, 0), STORE_HEALTHY);
	f.store = store_free(f.store);
	bytes = (uint64_t)fixture_number(&f, "SELECT page_count * page_size FROM"
					     " pragma_page_count, pragma_page_size");
	/* Reached at the start; one page below, it is reached by what is written. */
	assert_int_equal(fixture_open(&f, bytes, 0), 0);
	assert_int_equal(store_health(f.store, 0), STORE_QUOTA);
	f.store = store_free(f.store);
	bytes = (uint64_t)fixture_number(&f, "SELECT page_count * page_size FROM"
					     " pragma_page_count, pragma_page_size");
	assert_int_equal(fixture_open(&f, bytes + 1, 0), 0);
	assert_int_equal(store_health(f.store, 0), STORE_HEALTHY);
	fixture_begin(&f, "more");
	for (uint32_t seq = 1; seq <= 1000; seq++) {
		uint8_t noise[MNPEN_SAMPLE_SIZE]; /* that cannot be compressed */

		assert_int_equal(getrandom(noise, sizeof(noise), 0), sizeof(noise));
		assert_int_equal(store_sample(f.store, "more", seq, 0, 0, noise), 0);
	}
	fixture_health(&f, STORE_QUOTA, 0);
	fixture_end(&f, "more"); /* recording goes on */
	assert_int_equal(fixture_number(&f, "SELECT sum(count) FROM block"), 1000);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_lost),
		cmocka_unit_test(last_samples_lost),
		cmocka_unit_test(queue_full),
		cmocka_unit_test(events_lost),
		cmocka_unit_test(answers_wait_for_the_loop),
		cmocka_unit_test(end_with_a_full_disk),
		cmocka_unit_test(quota),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
