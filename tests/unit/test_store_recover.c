// SPDX-License-Identifier: GPL-2.0-only
/* What a start finds: sessions of a dead daemon, damage, newer files, another daemon. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

/* The daemon that dies in a session, as a program of its own: @samples are on disk by then. */
static void die(const char *dir, unsigned int samples)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;
	struct store_counters counters = {0};
	struct fixture f = {0};

	snprintf(f.dir, sizeof(f.dir), "%s", dir);
	assert_true(sd_event_new(&f.event) >= 0);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	fixture_begin(&f, "closed before");
	fixture_end(&f, "closed before");
	fixture_begin(&f, FIXTURE_ID);
	for (uint32_t seq = 1; seq <= samples; seq++)
		fixture_put(&f, FIXTURE_ID, seq);
	while (counters.samples_written < samples && now_usec() < until) {
		usleep(10000);
		store_counters(f.store, &counters);
	}
	kill(getpid(), SIGKILL);
}

static void die_in_a_session(struct fixture *f, unsigned int samples)
{
	char count[16];
	pid_t child;
	int status;

	fixture_dir(f);
	snprintf(count, sizeof(count), "%u", samples);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		execl("/proc/self/exe", "die", f->dir, count, NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void interrupted(void **state)
{
	struct fixture f;

	die_in_a_session(&f, 1234);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_null(f.note);
	assert_false(f.quarantined);
	assert_string_equal(
		fixture_text(&f, "SELECT outcome||'|'||samples||'|'||strokes||'|'||ended_usec||'|'"
				 "||ended_wall_usec FROM session WHERE id = '" FIXTURE_ID "'"),
		"interrupted|1234|123|1001234000|1795207502357456");
	assert_int_equal(fixture_number(&f, "SELECT sum(count) FROM block"), 1234);
	assert_string_equal(fixture_text(&f, "SELECT kind||usec||wall_usec FROM event"
					     " ORDER BY n DESC LIMIT 1"),
			    "interrupted10012340001795207502357456");
	assert_string_equal(fixture_text(&f, "SELECT after_seq||reason||ifnull(missing,'?') FROM"
					     " gap"),
			    "1234interrupted?");
	/* Every window is there, also the one that was open: 99, 11 times 100, 35. */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM trend"), 13);
	assert_int_equal(fixture_number(&f, "SELECT sum(samples) FROM trend"), 1234);
	assert_int_equal(fixture_number(&f, "SELECT samples FROM trend WHERE usec = 1001200000"),
			 35);
	assert_int_equal(fixture_number(&f, "SELECT wall_usec FROM trend ORDER BY n DESC"),
			 1795207502323456);
	/* The other one was closed and stays as it was; nothing is done twice. */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM session WHERE outcome = 'done'"),
			 1);
	f.store = store_free(f.store);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_int_equal(
		fixture_number(&f, "SELECT count(*) FROM event WHERE kind = 'interrupted'"), 1);
	fixture_begin(&f, "next"); /* and the database is usable */
	fixture_free(&f);
}

static void interrupted_without_samples(void **state)
{
	struct fixture f;

	die_in_a_session(&f, 0);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_int_equal(fixture_number(&f, "SELECT ended_usec FROM session WHERE"
					    " outcome = 'interrupted'"),
			 FIXTURE_START_USEC);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM trend"), 0);
	fixture_free(&f);
}

/* The end of a store does not close sessions: only a start knows that nobody will. */
static void open_at_the_end(void **state)
{
	struct fixture f;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	assert_int_equal(fixture_put(&f, FIXTURE_ID, 1), 0);
	f.store = store_free(f.store);
	assert_int_equal(fixture_number(&f, "SELECT samples FROM session WHERE outcome IS NULL"),
			 1);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_int_equal(fixture_number(&f, "SELECT samples FROM session WHERE outcome ="
					    " 'interrupted'"),
			 1);
	fixture_free(&f);
}

static void two_daemons(void **state)
{
	struct fixture f;
	struct store *second = NULL;
	struct store_options options = {.directory = f.dir};
	char *note = NULL;
	bool quarantined = false;

	fixture_new(&f);
	assert_int_equal(store_new(&second, f.event, &options, &note, &quarantined), -EBUSY);
	assert_null(second);
	f.store = store_free(f.store);
	assert_int_equal(store_new(&second, f.event, &options, &note, &quarantined), 0);
	store_free(second);
	fixture_free(&f);
}

/* Overwrites @size bytes at @offset of the closed database with what no page begins with. */
static void scribble(struct fixture *f, const char *suffix, off_t offset, size_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s%s", f->db, suffix);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(pwrite(fd, "\xa5", 1, offset + (off_t)i), 1);
	close(fd);
}

/* How many files there are whose name contains @part. */
static unsigned int count_files(struct fixture *f, const char *part)
{
	DIR *dir = opendir(f->dir);
	unsigned int count = 0;

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		count += strstr(entry->d_name, part) != NULL;
	closedir(dir);
	return count;
}

static void assert_quarantined(struct fixture *f)
{
	assert_int_equal(fixture_open(f, 0, 0), 0);
	assert_true(f->quarantined);
	assert_non_null(f->note);
	assert_non_null(strstr(f->note, "damaged"));
	assert_true(count_files(f, "sessions.db.damaged-") >= 1);
	assert_int_equal(store_health(f->store, now_usec()), STORE_HEALTHY);
	fixture_begin(f, FIXTURE_ID);
	assert_int_equal(fixture_number(f, "SELECT count(*) FROM session"), 1);
}

static void no_database_at_all(void **state)
{
	struct fixture f;

	fixture_dir(&f);
	scribble(&f, "", 0, 20000);
	assert_quarantined(&f);
	fixture_free(&f);
}

/* Damage that opening does not see, in a file that a daemon left when it died. */
static void damaged_inside(void **state)
{
	struct fixture f;
	int64_t page;

	die_in_a_session(&f, 10);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	f.store = store_free(f.store); /* all is in the main file now */
	page = fixture_number(&f, "SELECT rootpage FROM sqlite_schema WHERE name = 'trend'");
	scribble(&f, "", (page - 1) * 4096, 4096);
	scribble(&f, "-wal", 0, 1); /* not closed in order */
	assert_quarantined(&f);
	assert_int_equal(count_files(&f, "Z-wal"), 1); /* the log went with it */
	fixture_free(&f);
}

/* A file that opens and is not to be used: as it was afterwards, byte by byte. */
static void left_untouched(const char *sql, const char *said)
{
	static uint8_t before[256 * 1024], after[256 * 1024];
	struct fixture f;
	sqlite3 *db = NULL;
	size_t size;
	FILE *file;

	fixture_new(&f);
	fixture_begin(&f, FIXTURE_ID);
	f.store = store_free(f.store);
	assert_int_equal(sqlite3_open(f.db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	file = fopen(f.db, "re");
	size = fread(before, 1, sizeof(before), file);
	fclose(file);

	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_int_equal(store_health(f.store, now_usec()), STORE_CLOSED);
	assert_false(f.quarantined);
	assert_non_null(strstr(f.note, said));
	assert_non_null(strstr(f.note, "untouched"));
	assert_int_equal(store_event(f.store, NULL, NULL, "x", 1, NULL, 0, NULL, NULL), -ESHUTDOWN);
	assert_int_equal(fixture_put(&f, FIXTURE_ID, 1), -ESHUTDOWN);
	assert_int_equal(store_exists(f.store, FIXTURE_ID, NULL, NULL), -ESHUTDOWN);
	assert_int_equal(store_read(f.store, FIXTURE_ID, STORE_EVENTS, dup(0), NULL, NULL),
			 -ESHUTDOWN);
	f.store = store_free(f.store);
	file = fopen(f.db, "re");
	assert_int_equal(fread(after, 1, sizeof(after), file), size);
	fclose(file);
	assert_memory_equal(before, after, size);
	assert_int_equal(count_files(&f, "sessions.db"), 1);
	fixture_free(&f);
}

static void newer_schema(void **state)
{
	left_untouched("PRAGMA user_version = 1000", "version 1000");
}

static void somebody_elses(void **state)
{
	left_untouched("PRAGMA application_id = 1", "another program");
}

static void no_directory(void **state)
{
	struct fixture f;
	struct store_options options = {.directory = "/nonexistent/state"};

	fixture_dir(&f);
	assert_int_equal(store_new(&f.store, f.event, &options, &f.note, &f.quarantined), 0);
	assert_int_equal(store_health(f.store, now_usec()), STORE_CLOSED);
	assert_non_null(strstr(f.note, "/nonexistent/state"));
	fixture_free(&f);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupted),	      cmocka_unit_test(interrupted_without_samples),
		cmocka_unit_test(open_at_the_end),    cmocka_unit_test(two_daemons),
		cmocka_unit_test(no_database_at_all), cmocka_unit_test(damaged_inside),
		cmocka_unit_test(newer_schema),	      cmocka_unit_test(somebody_elses),
		cmocka_unit_test(no_directory),
	};

	if (argc == 3)
		die(argv[1], (unsigned int)atoi(argv[2]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
