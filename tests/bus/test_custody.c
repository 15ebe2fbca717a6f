// SPDX-License-Identifier: GPL-2.0-only
/* Backups beside a running pen, and what ends them; legal holds, which no log and no event tells
 * of.
 */
#include "tests/bus/harness_cli.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define STEP_MS 5000
#define TRIES 20

static off_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? -1 : st.st_size;
}

/* The first file in @folder of the rig whose name holds @part, into @path; false: there is none. */
static bool find_file(const struct rig *rig, const char *folder, const char *part, char *path,
		      size_t size)
{
	DIR *dir = opendir(rig_path(rig, folder));
	const struct dirent *entry;
	bool found = false;

	assert_non_null(dir);
	while (!found && (entry = readdir(dir))) {
		found = strstr(entry->d_name, part) != NULL;
		if (found)
			snprintf(path, size, "%s/%s", rig_path(rig, folder), entry->d_name);
	}
	closedir(dir);
	return found;
}

static void assert_no_file(const struct rig *rig, const char *folder, const char *part)
{
	char path[512];

	if (find_file(rig, folder, part, path, sizeof(path)))
		fail_msg("%s was left", path);
}

/* Years of records: @mib of them that nothing compresses. */
static void make_large(struct rig *rig, int mib)
{
	char sql[512];

	rig_begin(rig);
	assert_done(rig, session_call(rig, "End", "s", "old"));
	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d)"
		 " INSERT INTO block (session, first_seq, last_seq, count, first_host_usec,"
		 " last_host_usec, data) SELECT 1, n, n, 0, n, n, randomblob(8000) FROM i;",
		 mib * 128);
	db_exec(rig->db, sql);
	rig_await_healthy(rig, true, 2 * STEP_MS);
	rig_fresh_cartridge(rig);
}

static void assert_backup(struct rig *rig, const char *path)
{
	char sql[128], word[64];

	assert_string_equal(db_word(path, "PRAGMA integrity_check", word, sizeof(word)), "ok");
	assert_string_equal(db_word(path, "PRAGMA journal_mode", word, sizeof(word)), "delete");
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM session WHERE id = '%s'", rig->id);
	assert_int_equal(db_number(path, sql), 1);
	assert_int_equal(db_number(path, "SELECT count(*) FROM session"),
			 db_number(rig->db, "SELECT count(*) FROM session"));
	assert_int_equal(db_number(path, "SELECT count(*) FROM event WHERE kind = 'note'"), 1);
	assert_int_equal(db_number(path, "SELECT count(*) FROM block WHERE session = 1"),
			 db_number(rig->db, "SELECT count(*) FROM block WHERE session = 1"));
	/* what the sessions tell of is what is there of them */
	assert_int_equal(db_number(path, "SELECT sum(samples) FROM session"),
			 db_number(path, "SELECT sum(count) FROM block"));
}

static void test_beside_a_running_pen(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	char line[192], path[128];
	json_object *document;
	struct truth before, after;
	struct stat st;

	snprintf(path, sizeof(path), "%s", rig_path(rig, "copy.db"));
	snprintf(line, sizeof(line), "backup %s", path);
	make_large(rig, 24);
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	sleep_ms(500);
	assert_done(rig, session_call(rig, "AddNote", "ss", "endpoint", "x"));
	before = rig_truth(rig);
	document = cli_json(rig, 0, line);
	after = rig_truth(rig);
	assert_true(after.motor);
	assert_true(after.motor_on_ns == before.motor_on_ns); /* it ran all the time */
	assert_true(client_number(rig->client, API_ROOT, API_MANAGER, "StoreHealthy"));
	assert_true(json_object_get_boolean(json_at(document, "done")));
	assert_string_equal(json_word(document, "file"), path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(json_value(document, "bytes"), st.st_size);
	json_object_put(document);
	assert_backup(rig, path);
	assert_no_file(rig, "", "copy.db-"); /* it opens by itself */
	assert_no_file(rig, "state", "backup");

	assert_done(rig, pen_call(rig, "Stop", ""));
	gadget_do(rig->control_fd, "trigger release");
	assert_done(rig, session_call(rig, "End", "s", ""));
	assert_int_equal(
		db_number(rig->db, "SELECT count(*) FROM gap WHERE reason NOT LIKE 'stream%'"), 0);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'stopped' AND"
					    " details LIKE '%store%'"),
			 0);

	/* No second one over it, and none without the right. */
	json_object_put(cli_json(rig, 1, line));
	assert_int_equal(file_size(path), st.st_size);
	assert_int_equal(unlink(path), 0);
	polkit_say(rig->polkit, false, 0);
	json_object_put(cli_json(rig, 5, line));
	assert_no_file(rig, "", "copy.db");
	rig_stop(rig);
}

/* Whether the daemon has its copy open. */
static bool copying(const struct rig *rig)
{
	char folder[64], link[384], target[256];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)rig->daemon.pid);
	dir = opendir(folder);
	assert_non_null(dir);
	while (!found && (entry = readdir(dir))) {
		ssize_t n;

		snprintf(link, sizeof(link), "%s/%s", folder, entry->d_name);
		n = readlink(link, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		found = strstr(target, "/backup.tmp") != NULL;
	}
	closedir(dir);
	return found;
}

static void start_backup(struct rig *rig, struct process *process)
{
	char bus[256];
	const char *const environment[] = {bus, "LC_ALL=C.UTF-8", NULL};
	const struct process_options options = {.environment = environment};
	const char *const argv[] = {program("mnpenctl"), "backup", rig_path(rig, "copy.db"), NULL};

	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	process_start(process, rig->dir, "backup", argv, &options);
}

static bool made(const struct rig *rig)
{
	return copying(rig);
}

/* Half of it has arrived. */
static bool arriving(const struct rig *rig)
{
	char path[512];

	return find_file(rig, "", ".copy.db.", path, sizeof(path)) && file_size(path) > 0;
}

/* SIGKILL of the daemon at the moment @is_time; mnpenctl stands still meanwhile. */
static bool kill_in_the_middle(struct rig *rig, bool (*is_time)(const struct rig *rig))
{
	uint64_t end = usec_after_ms(STEP_MS);
	struct process process = {0};
	bool caught;

	start_backup(rig, &process);
	while (!is_time(rig) && now_usec() < end)
		;
	process_kill(&process, SIGSTOP);
	caught = file_size(rig_path(rig, "copy.db")) < 0 && copying(rig);
	if (caught)
		rig_kill_daemon(rig);
	process_kill(&process, SIGCONT);
	assert_int_equal(process_wait(&process, 2 * STEP_MS), caught ? 1 : 0);
	if (!caught) /* too late: it was ready */
		assert_int_equal(unlink(rig_path(rig, "copy.db")), 0);
	return caught;
}

static void killed(void **state, bool (*is_time)(const struct rig *rig))
{
	struct rig *rig = rig_start(state, NULL);
	int tries = 0;

	make_large(rig, 64);
	while (!kill_in_the_middle(rig, is_time))
		assert_true(++tries < TRIES);
	assert_no_file(rig, "", "copy.db");
	rig_start_daemon(rig);
	rig_await_pens(rig);
	assert_no_file(rig, "state", "backup");
	assert_done(rig, manager_call(rig, "Backup", ""));
	rig_stop(rig);
}

static void test_killed_while_it_is_made(void **state)
{
	killed(state, made);
}

static void test_killed_while_it_is_sent(void **state)
{
	killed(state, arriving);
}

/* One that never reads: it keeps a second backup away, and nothing else. */
static void test_a_client_that_does_not_read(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	sd_bus_message *reply = NULL;
	const char *word = "Busy";
	uint64_t end;

	make_large(rig, 4);
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	assert_done(rig, client_call(rig->client, &reply, API_ROOT, API_MANAGER, "Backup", ""));
	assert_refused(rig, manager_call(rig, "Backup", ""), "Busy");
	assert_says(rig, "another backup");
	sleep_ms(1500);
	json_object_put(cli_json(rig, 0, "session list")); /* no list waits for it */
	assert_true(rig_truth(rig).motor);
	assert_true(client_number(rig->client, API_ROOT, API_MANAGER, "StoreHealthy"));
	sd_bus_message_unref(reply); /* with its descriptor */
	end = usec_after_ms(STEP_MS);
	while (strcmp(word, "Busy") == 0 && now_usec() < end)
		word = manager_call(rig, "Backup", "");
	assert_string_equal(word, "");
	rig_stop(rig);
}

static void test_no_room(void **state)
{
	struct rig *rig = rig_start(state, NULL);

	make_large(rig, 8);
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	process_limit_files(&rig->daemon, 4 * 1024 * 1024);
	assert_refused(rig, manager_call(rig, "Backup", ""), "Store");
	assert_true(client_number(rig->client, API_ROOT, API_MANAGER, "StoreHealthy"));
	process_limit_files(&rig->daemon, RLIM_INFINITY);
	assert_true(rig_truth(rig).motor);
	assert_no_file(rig, "state", "backup");
	assert_done(rig, manager_call(rig, "Backup", ""));
	rig_stop(rig);
}

/* ---- legal holds ---- */

static void say(struct rig *rig, int code, const char *line, const char *client)
{
	struct cli_result result = cli_run(rig, client, line);

	if (result.code != code)
		fail_msg("mnpenctl %s: %d, %s%s", line, result.code, result.out, result.err);
	assert_null(strstr(result.out, "SECRET"));
	assert_null(strstr(result.err, "SECRET"));
	cli_free(&result);
}

static void assert_held(struct rig *rig, const char *held)
{
	json_object *document;
	char line[128];

	snprintf(line, sizeof(line), "session show %s", rig->id);
	document = cli_json(rig, 0, line);
	assert_string_equal(json_word(document, "session.legal_hold"), held);
	json_object_put(document);
}

static void test_hold(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	_cleanup_free_ char *log = NULL;
	char word[256], longest[502];

	assert_done(rig, rig_begin_as(rig, RIG_PROFILE, "SECRET-7", RIG_AREA));
	assert_held(rig, "false");
	say(rig, 0, "client hold - on --reason letter", "SECRET-7\n");
	assert_held(rig, "true");
	say(rig, 0, "client hold - on --reason another", "SECRET-7\n");
	say(rig, 0, "client hold - off --reason settled", "SECRET-7\n");
	assert_held(rig, "false");
	snprintf(longest, sizeof(longest),
		 "SELECT group_concat(held || reason || (uid = %u), ' ') FROM legal_hold",
		 (unsigned int)getuid());
	assert_string_equal(db_word(rig->db, longest, word, sizeof(word)),
			    "1letter1 1another1 0settled1");

	/* Refused, by the rule and without the id. */
	say(rig, 1, "client hold - on --reason x", "SECRET 7\n");
	assert_refused(rig, manager_call(rig, "SetLegalHold", "sbs", "SECRET/7", 1, "x"),
		       "InvalidArgument");
	assert_says(rig, "a client id is 1 to 64 of");
	assert_refused(rig, manager_call(rig, "SetLegalHold", "sbs", "SECRET-7", 1, " "),
		       "InvalidArgument");
	assert_says(rig, "say who asked");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[501] = '\0';
	assert_refused(rig, manager_call(rig, "SetLegalHold", "sbs", "SECRET-7", 1, longest),
		       "InvalidArgument");
	assert_says(rig, "501 bytes; allowed: 1 to 500");
	longest[500] = '\0';
	assert_done(rig, manager_call(rig, "SetLegalHold", "sbs", "SECRET-7", 1, longest));
	polkit_say(rig->polkit, false, 0);
	say(rig, 5, "client hold - off --reason x", "SECRET-7\n");
	polkit_say(rig->polkit, true, 0);
	assert_held(rig, "true");
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM legal_hold"), 4);
	assert_int_equal(
		db_number(rig->db, "SELECT count(*) FROM event WHERE details LIKE '%SECRET%'"), 0);
	log = process_log(&rig->daemon);
	assert_null(strstr(log, "SECRET"));
	rig_stop(rig);
}

/* The disk takes nothing: it is refused at once, and does not happen later. */
static void test_hold_unwritten(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct db_lock *lock;

	rig_begin(rig); /* so that there is something to write */
	lock = db_lock_exclusive(rig->db);
	rig_await_healthy(rig, false, STEP_MS);
	assert_refused(rig, manager_call(rig, "SetLegalHold", "sbs", "C-7", 1, "x"), "Store");
	db_unlock(lock);
	rig_await_healthy(rig, true, STEP_MS);
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM legal_hold"), 0);
	assert_done(rig, manager_call(rig, "SetLegalHold", "sbs", "C-7", 1, "x"));
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM legal_hold"), 1);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_beside_a_running_pen),
		RIG_TEST(test_killed_while_it_is_made),
		RIG_TEST(test_killed_while_it_is_sent),
		RIG_TEST(test_a_client_that_does_not_read),
		RIG_TEST(test_no_room),
		RIG_TEST(test_hold),
		RIG_TEST(test_hold_unwritten),
	};

	return cmocka_run_group_tests_name("custody", tests, NULL, NULL);
}
