// SPDX-License-Identifier: GPL-2.0-only
/* Backups: of one moment, complete, beside a record that goes on. */
#include "tests/unit/backup_fixture.h"

/** struct recording - samples as a pen sends them, one a millisecond, whatever else goes on */
struct recording {
	struct fixture *f;
	uint64_t start_usec;
	uint32_t seq;
};

static void record_on(struct recording *recording)
{
	uint32_t due = (uint32_t)((now_usec() - recording->start_usec) / USEC_PER_MSEC);

	while (recording->seq < due)
		assert_int_equal(fixture_put(recording->f, FIXTURE_ID, ++recording->seq), 0);
	assert_int_equal(store_health(recording->f->store, 0), STORE_HEALTHY);
	assert_true(sd_event_run(recording->f->event, USEC_PER_MSEC) >= 0);
}

/* All that comes out of the pipe, into a file beside the database; a recording goes on meanwhile,
 * and the client takes a rest of @rest_ms in the middle. */
static void receive(struct recording *recording, int fd, const char *path, unsigned int rest_ms)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC, rest_until = 0;
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	static uint8_t buf[65536];
	size_t total = 0;
	ssize_t n = 1;

	assert_true(file >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (n != 0 && now_usec() < until) {
		record_on(recording);
		if (total > 4000000 && !rest_until)
			rest_until = now_usec() + rest_ms * USEC_PER_MSEC;
		if (now_usec() < rest_until)
			continue;
		n = read(fd, buf, sizeof(buf));
		assert_true(n >= 0 || errno == EAGAIN);
		if (n > 0)
			assert_int_equal(write(file, buf, (size_t)n), n);
		total += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(n, 0);
	close_fd(file);
}

static struct fixture of_file(const struct fixture *f, const char *path)
{
	struct fixture copy = *f;

	snprintf(copy.db, sizeof(copy.db), "%s", path);
	return copy;
}

static void of_one_moment_while_it_is_written(void **state)
{
	struct fixture f, copy;
	struct got got = {.f = &f};
	struct recording recording = {.f = &f};
	struct store_counters counters;
	char path[96];
	struct stat st;
	uint32_t before;

	open_large(&f);
	snprintf(path, sizeof(path), "%s/copy.db", f.dir);
	recording.start_usec = now_usec();
	atomic_store(&trouble.slice_ms, 80); /* a second in all: four commits come in between */
	while (recording.seq < 600)
		record_on(&recording);
	assert_int_equal(
		store_event(f.store, FIXTURE_ID, NULL, "before", 7, NULL, 0, fixture_done, &f), 0);
	assert_int_equal(fixture_wait(&f, f.answers + 1), 0);
	before = (uint32_t)fixture_number(&f, "SELECT sum(count) FROM block WHERE session = 2");
	f.answers = 0;
	assert_int_equal(store_backup(f.store, copied, &got), 0);
	while (!f.answers && atomic_load(&trouble.slices) < 100) /* a copy that begins anew? */
		record_on(&recording);
	assert_int_equal(f.answers, 1);
	assert_int_equal(f.result, 0);
	assert_in_range(atomic_load(&trouble.slices), 10, 30);
	assert_int_equal(store_backup(f.store, copied, &got), -EBUSY); /* it is being sent */
	receive(&recording, got.backup.fd, path, 500);
	close_fd(got.backup.fd);
	fixture_end(&f, FIXTURE_ID);
	assert_int_equal(fixture_number(&f, "SELECT samples FROM session WHERE n = 2"),
			 recording.seq);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM gap"), 0);
	store_counters(f.store, &counters);
	assert_int_equal(counters.write_errors, 0);

	assert_int_equal(stat(path, &st), 0);
	assert_true((uint64_t)st.st_size == got.backup.bytes);
	assert_int_equal(count_files(&f, "copy.db"), 1);
	copy = of_file(&f, path);
	assert_string_equal(fixture_text(&copy, "PRAGMA integrity_check"), "ok");
	assert_string_equal(fixture_text(&copy, "PRAGMA journal_mode"), "delete");
	assert_int_equal(count_files(&f, "copy.db"), 1); /* it needs no file beside it */
	assert_int_equal(fixture_number(&copy, "PRAGMA user_version"), 4);
	assert_int_equal(fixture_number(&copy, "SELECT count(*) FROM event WHERE kind = 'before'"),
			 1);
	assert_int_equal(fixture_number(&copy, "SELECT count(*) FROM block WHERE session = 1"),
			 BLOCKS);
	assert_in_range(fixture_number(&copy, "SELECT sum(count) FROM block WHERE session = 2"),
			before, before + 600);
	/* The totals stand in the same transaction: nothing of a later one is there. */
	assert_int_equal(fixture_number(&copy, "SELECT samples FROM session WHERE n = 2"),
			 fixture_number(&copy, "SELECT sum(count) FROM block WHERE session = 2"));
	assert_int_equal(fixture_number(&copy, "SELECT ended_usec FROM session WHERE n = 2"), -1);
	fixture_free(&f);
}

/* While a client sleeps over its copy, the log can be emptied to the last page. */
static void no_snapshot_for_a_slow_client(void **state)
{
	sqlite3 *db = NULL;
	struct fixture f;
	struct got got;
	int left = -1, moved = -1;

	open_large(&f);
	begin_backup(&f, &got);
	assert_int_equal(store_event(f.store, NULL, NULL, "x", 7, NULL, 0, fixture_done, &f), 0);
	assert_int_equal(fixture_wait(&f, 2), 0);
	assert_int_equal(sqlite3_open(f.db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "SELECT * FROM event", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &left,
						   &moved),
			 SQLITE_OK);
	assert_int_equal(left, 0);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	close_fd(got.backup.fd);
	fixture_free(&f);
}

/* Others are served meanwhile. */
static void lists_do_not_wait(void **state)
{
	struct fixture f;
	struct got got = {.f = &f};

	open_large(&f);
	atomic_store(&trouble.slice_ms, 200);
	f.answers = 0;
	assert_int_equal(store_backup(f.store, copied, &got), 0);
	assert_int_equal(store_exists(f.store, FIXTURE_ID, fixture_done, &f), 0);
	assert_int_equal(fixture_wait(&f, 1), 0);
	assert_int_equal(got.backup.bytes, 0); /* the answer was the other one */
	assert_int_equal(fixture_wait(&f, 2), 0);
	close_fd(got.backup.fd);
	fixture_free(&f);
}

static void what_a_dead_daemon_left(void **state)
{
	struct fixture f;
	struct got got;
	char path[96];

	open_large(&f);
	snprintf(path, sizeof(path), "%s/" COPY_FILE, f.dir);
	close_fd(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	f.store = store_free(f.store);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_int_equal(count_files(&f, "backup"), 0);
	begin_backup(&f, &got);
	close_fd(got.backup.fd);
	fixture_free(&f);
}

/* The end of the daemon waits for no copy and no client; whoever asked is told. */
static void the_end_comes_in_between(void **state)
{
	struct fixture f;
	struct got got = {.f = &f};
	uint64_t start;

	open_large(&f);
	atomic_store(&trouble.slice_ms, 200);
	f.answers = 0;
	assert_int_equal(store_backup(f.store, copied, &got), 0);
	while (!atomic_load(&trouble.slices))
		usleep(1000);
	start = now_usec();
	f.store = store_free(f.store);
	assert_true(now_usec() - start < 1500 * USEC_PER_MSEC);
	assert_int_equal(f.answers, 1);
	assert_int_equal(f.result, -ESHUTDOWN);

	assert_int_equal(fixture_open(&f, 0, 0), 0);
	atomic_store(&trouble.slice_ms, 0);
	begin_backup(&f, &got);
	start = now_usec();
	f.store = store_free(f.store);
	assert_true(now_usec() - start < 2 * USEC_PER_SEC);
	assert_int_equal(count_files(&f, "backup"), 0);
	close_fd(got.backup.fd);
	fixture_free(&f);
}

static void without_a_database(void **state)
{
	struct store_options options = {.directory = "/nonexistent/state"};
	struct fixture f;

	fixture_dir(&f);
	assert_int_equal(store_new(&f.store, f.event, &options, &f.note, &f.quarantined), 0);
	assert_int_equal(store_backup(f.store, copied, NULL), -ESHUTDOWN);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_one_moment_while_it_is_written),
		cmocka_unit_test(no_snapshot_for_a_slow_client),
		cmocka_unit_test(lists_do_not_wait),
		cmocka_unit_test(what_a_dead_daemon_left),
		cmocka_unit_test(the_end_comes_in_between),
		cmocka_unit_test(without_a_database),
	};

	return cmocka_run_group_tests_name("store_backup", tests, NULL, NULL);
}
