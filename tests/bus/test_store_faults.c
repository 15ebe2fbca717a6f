// SPDX-License-Identifier: GPL-2.0-only
/* Needles run only while every second is on file: a disk that fails stops them, and nothing else.
 */
#include "tests/bus/harness.h"

#include <string.h>
#include <sys/stat.h>

#include "driver/base/clock.h"

#define STEP_MS 5000
#define SOON_MS 1000 /* a daemon that takes longer to answer hangs */

/* The daemon serves: one read and one ping, each at once. */
static void assert_serves(struct rig *rig)
{
	uint64_t before = now_usec();

	(void)pen_word(rig, "State");
	assert_done(rig, client_call(rig->client, NULL, API_ROOT, "org.freedesktop.DBus.Peer",
				     "Ping", ""));
	assert_true(now_usec() - before < (unsigned int)(SOON_MS * time_scale()) * USEC_PER_MSEC);
}

/* Serves all along while the motor still runs, and stops it within @ms. */
static void assert_stops(struct rig *rig, int ms)
{
	uint64_t end = usec_after_ms(ms);

	while (rig_truth(rig).motor && now_usec() < end) {
		assert_serves(rig);
		sleep_ms(20);
	}
	assert_false(rig_truth(rig).motor);
	assert_string_equal(rig_truth(rig).stop_reason, "host");
	assert_serves(rig);
	rig_await_word(rig, "DisarmReason", "store", STEP_MS);
	rig_await_healthy(rig, false, STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	rig_await_word(rig, "State", "idle", STEP_MS);
	sleep_ms(200);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Store");
	assert_true(process_running(&rig->daemon));
}

static void assert_recovers(struct rig *rig)
{
	rig_await_healthy(rig, true, 2 * STEP_MS);
	rig_arm(rig);
	rig_run(rig);
	assert_done(rig, session_call(rig, "End", "s", ""));
	assert_string_equal(session_word(rig, "outcome"), "completed");
	/* What was lost is said to be lost, what is there adds up. */
	assert_int_equal(db_number(rig->db, "SELECT coalesce(sum(missing), 0) FROM gap"),
			 session_number(rig, "gaps"));
	assert_int_equal(db_number(rig->db, "SELECT sum(count) FROM block"),
			 session_number(rig, "samples"));
}

static void start_running(struct rig *rig)
{
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	sleep_ms(300);
}

static void test_locked(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct db_lock *lock;

	start_running(rig);
	lock = db_lock_exclusive(rig->db);
	assert_stops(rig, 4000);
	assert_done(rig, pen_call(rig, "Stop", ""));
	/* A call that needs the disk waits for it without making anybody else wait. */
	db_unlock(lock);
	assert_recovers(rig);
	rig_stop(rig);
}

static void test_full(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct stat wal;

	start_running(rig);
	assert_int_equal(stat(rig_path(rig, "state/sessions.db-wal"), &wal), 0);
	process_limit_files(&rig->daemon, (rlim_t)wal.st_size + 65536);
	assert_stops(rig, 8000);
	process_limit_files(&rig->daemon, RLIM_INFINITY);
	assert_recovers(rig);
	rig_stop(rig);
}

/* A begin that is not on disk has not begun. */
static void test_begin_unwritten(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct db_lock *lock = db_lock_exclusive(rig->db);
	struct answer answer;

	client_send(rig->client, &answer, API_ROOT, API_MANAGER, "BeginSession", "ossa{sv}",
		    rig->pen, RIG_PROFILE, "client-1", 1, "area", "s", RIG_AREA);
	for (int i = 0; i < 25; i++) {
		assert_serves(rig);
		assert_false(answer.there && !*answer.word);
		sleep_ms(20);
	}
	db_unlock(lock);
	(void)client_answer(rig->client, &answer, 2 * STEP_MS);
	/* Now both agree, whichever it was. */
	assert_int_equal(strcmp(pen_word(rig, "Session"), "/") != 0,
			 db_number(rig->db,
				   "SELECT count(*) FROM session WHERE ended_usec IS NULL"));
	rig_stop(rig);
}

static void test_quota(void **state)
{
	struct rig *rig = rig_start(state, &(struct rig_options){.station = "Quota = 256KiB\n"});

	/* Reached while running: the pen is stopped, nothing can be armed, and what came is
	 * recorded. */
	start_running(rig);
	rig_await_healthy(rig, false, 6 * STEP_MS);
	rig_await_motor(rig, false, STEP_MS);
	gadget_do(rig->control_fd, "trigger release");
	sleep_ms(300);
	assert_refused(rig, pen_call(rig, "Arm", ""), "Store");
	assert_says(rig, "quota");
	assert_done(rig, session_call(rig, "End", "s", ""));
	/* A busy machine may cost samples of the stream; the quota costs none. */
	assert_int_equal(
		db_number(rig->db, "SELECT count(*) FROM gap WHERE reason NOT LIKE 'stream%'"), 0);
	assert_int_equal(db_number(rig->db, "SELECT sum(count) FROM block"),
			 session_number(rig, "samples"));
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_locked),
		RIG_TEST(test_full),
		RIG_TEST(test_begin_unwritten),
		RIG_TEST(test_quota),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
