// SPDX-License-Identifier: GPL-2.0-only
/*
 * SIGKILL at 200 random moments of a session: whatever was acknowledged is there, at most half a
 * second of samples is missing and marked, and everything verifies.
 *
 * Whoever dies is this program once more: a store alone, fed at the pen's pace. It tells through
 * shared memory what it was told.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "driver/base/cleanup.h"
#include "tests/unit/chain_fixture.h"

#define KILLS 200
#define TIME_USEC (45 * USEC_PER_SEC) /* a machine that is too busy for all of them... */
#define KILLS_ENOUGH 60		      /* ...has to manage these */
#define LANES 8			      /* stations that live and die side by side */
#define LIFE_MAX_MS 700
#define LOST_MS 500	  /* what is promised */
#define LOST_BUSY_MS 2000 /* on a machine that is busy: from then on a running pen is stopped */
#define EVENT_EVERY 40	  /* samples */
#define PACE_USEC 1000
#define BURST 5 /* samples at a time, as a busy loop drains them */

/** struct seen - of one life; written by the one that dies */
struct seen {
	_Atomic uint32_t begun;
	_Atomic uint32_t put; /* seq of the last sample that was handed over */
	_Atomic uint64_t put_usec;
	_Atomic uint32_t acknowledged; /* events */
	_Atomic uint32_t ended;
};

static void acknowledged(void *userdata, int result)
{
	struct seen *seen = userdata;

	if (result == 0)
		atomic_fetch_add(&seen->acknowledged, 1);
}

static void begun(void *userdata, int result)
{
	struct seen *seen = userdata;

	if (result == 0)
		atomic_store(&seen->begun, 1);
}

static void ended(void *userdata, int result)
{
	struct seen *seen = userdata;

	if (result == 0)
		atomic_fetch_add(&seen->ended, 1);
}

static int put(struct store *store, const char *id, uint32_t seq, struct seen *seen)
{
	uint8_t buf[MNPEN_SAMPLE_SIZE];
	uint64_t now = now_usec();
	int r;

	fixture_sample(seq, buf);
	r = store_sample(store, id, now, 0, 2, buf);
	if (r == 0) {
		atomic_store(&seen->put_usec, now);
		atomic_store(&seen->put, seq);
	}
	return r;
}

/** struct fate - of one life; in a thread of its own, since nothing else shall delay it */
struct fate {
	const struct seen *seen;
	unsigned int ms;
};

/* Mostly in the session, one in ten at any moment since the start. */
static void *fate_run(void *userdata)
{
	const struct fate *fate = userdata;

	while (fate->ms % 10 && !atomic_load(&fate->seen->begun))
		usleep(1000);
	usleep(fate->ms * 1000);
	kill(getpid(), SIGKILL);
	return NULL;
}

static void pace(sd_event *event, uint64_t until_usec)
{
	uint64_t now;

	(void)sd_event_run(event, 0);
	while ((now = now_usec()) < until_usec)
		(void)sd_event_run(event, until_usec - now);
}

/* One session, ended in order if nobody kills it before. */
static void live(const char *dir, const char *name, int fd, unsigned int ms)
{
	struct seen *seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct store_session session = fixture_session(name);
	struct fate fate = {.seen = seen, .ms = ms};
	struct fixture f = {0};
	pthread_t thread;

	snprintf(f.dir, sizeof(f.dir), "%s", dir);
	if (seen == MAP_FAILED || pthread_create(&thread, NULL, fate_run, &fate) != 0 ||
	    sd_event_new(&f.event) < 0 || fixture_open(&f, 0, 2048) < 0)
		_exit(1);
	session.started_usec = now_usec();
	session.started_wall_usec = wall_usec();
	if (store_session_begin(f.store, &session, begun, seen) < 0)
		_exit(2);
	for (uint32_t seq = 1;; seq++) {
		if (put(f.store, name, seq, seen) < 0)
			_exit(3);
		if (seq % EVENT_EVERY == 0 &&
		    store_event(f.store, name, "VPEN0001", "note", now_usec(), NULL, 0,
				acknowledged, seen) < 0)
			_exit(4);
		if (seq == LIFE_MAX_MS - 70 &&
		    store_session_end(f.store, name, "done", now_usec(), ended, seen) < 0)
			_exit(5);
		if (seq >= LIFE_MAX_MS - 70)
			break;
		if (seq % BURST == 0)
			pace(f.event, session.started_usec + seq * PACE_USEC);
	}
	for (;;)
		(void)sd_event_run(f.event, UINT64_MAX);
}

/** struct lane - one station: the same database through all its lives */
struct lane {
	struct fixture f;
	struct seen *seen;
	int fd;
	pid_t pid;
	char name[24];
	unsigned int lives;
};

static struct lane lanes[LANES];
static unsigned int seed = 20261120, killed;
static unsigned int lost_ms[KILLS], n_open;

/* What a process wrote outlives it in memory as well as on a disk, which others keep busy. */
static void lane_open(struct lane *lane)
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(lane->f.dir, sizeof(lane->f.dir), "%s/test_store_XXXXXX", memory);
	assert_non_null(mkdtemp(lane->f.dir));
	snprintf(lane->f.db, sizeof(lane->f.db), "%.60s/sessions.db", lane->f.dir);
	assert_true(sd_event_new(&lane->f.event) >= 0);
	lane->fd = memfd_create("seen", 0);
	assert_true(lane->fd >= 0);
	assert_int_equal(ftruncate(lane->fd, sizeof(*lane->seen)), 0);
	lane->seen =
		mmap(NULL, sizeof(*lane->seen), PROT_READ | PROT_WRITE, MAP_SHARED, lane->fd, 0);
	assert_true(lane->seen != MAP_FAILED);
}

static void lane_start(struct lane *lane)
{
	char fd[16], ms[16];

	memset(lane->seen, 0, sizeof(*lane->seen));
	snprintf(lane->name, sizeof(lane->name), "life-%u", lane->lives++);
	snprintf(fd, sizeof(fd), "%d", lane->fd);
	snprintf(ms, sizeof(ms), "%u", (unsigned int)rand_r(&seed) % LIFE_MAX_MS);
	lane->pid = fork();
	assert_true(lane->pid >= 0);
	if (!lane->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody */
		execl("/proc/self/exe", "live", lane->f.dir, lane->name, fd, ms, NULL);
		_exit(1);
	}
}

/** struct found - of a session, by another program */
struct found {
	bool there, interrupted, done;
	int64_t notes, last_seq, last_usec, after_seq;
};

static struct found look(const struct lane *lane)
{
	struct found found = {0};
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open_v2(lane->f.db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(
			db,
			"SELECT outcome = 'interrupted', outcome = 'done',"
			" (SELECT count(*) FROM event WHERE session = s.n AND kind = 'note'),"
			" (SELECT max(last_seq) FROM block WHERE session = s.n),"
			" (SELECT max(last_host_usec) FROM block WHERE session = s.n),"
			" (SELECT after_seq FROM gap WHERE session = s.n AND reason = "
			"'interrupted')"
			" FROM session AS s WHERE id = ?",
			-1, &statement, NULL),
		SQLITE_OK);
	sqlite3_bind_text(statement, 1, lane->name, -1, SQLITE_STATIC);
	found.there = sqlite3_step(statement) == SQLITE_ROW;
	found.interrupted = sqlite3_column_int(statement, 0);
	found.done = sqlite3_column_int(statement, 1);
	found.notes = sqlite3_column_int64(statement, 2);
	found.last_seq = sqlite3_column_int64(statement, 3);
	found.last_usec = sqlite3_column_int64(statement, 4);
	found.after_seq = sqlite3_column_int64(statement, 5);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return found;
}

/* What the next start finds. */
static void judge(struct lane *lane)
{
	const struct seen *seen = lane->seen;
	struct found found;

	assert_int_equal(fixture_open(&lane->f, 0, 2048), 0);
	assert_null(lane->f.note);
	assert_false(lane->f.quarantined);
	chain_is_intact(&lane->f, "");
	found = look(lane);
	if (found.there)
		chain_is_intact(&lane->f, lane->name);
	assert_true(found.there || !seen->begun);
	assert_true(found.done || !seen->ended);
	assert_true(found.notes >= seen->acknowledged);
	if (found.interrupted) {
		assert_int_equal(found.after_seq, found.last_seq); /* the gap begins there */
		if (!found.last_usec)				   /* none: since the first one */
			found.last_usec = (int64_t)(seen->put_usec - seen->put * PACE_USEC);
		if (found.last_seq < seen->put)
			lost_ms[killed] =
				(unsigned int)(((int64_t)seen->put_usec - found.last_usec) / 1000);
		n_open++;
	}
	lane->f.store = store_free(lane->f.store);
	killed++;
}

static void lane_died(struct lane *lane, int status)
{
	if (!WIFSIGNALED(status))
		fail_msg("it ended by itself, with %d", WEXITSTATUS(status));
	lane->pid = 0;
	judge(lane);
}

static int by_size(const void *a, const void *b)
{
	return (int)*(const unsigned int *)a - (int)*(const unsigned int *)b;
}

static struct lane *lane_of(pid_t pid)
{
	for (size_t i = 0; i < LANES; i++)
		if (lanes[i].pid == pid)
			return &lanes[i];
	return NULL;
}

static void killed_at_any_moment(void **state)
{
	uint64_t until = now_usec() + TIME_USEC;
	unsigned int started = LANES, late = 0;

	for (size_t i = 0; i < LANES; i++) {
		lane_open(&lanes[i]);
		lane_start(&lanes[i]);
	}
	while (killed < KILLS && now_usec() < until) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);
		struct lane *lane = lane_of(pid);

		assert_true(pid > 0 && lane);
		lane_died(lane, status);
		if (started++ < KILLS)
			lane_start(lane);
	}
	for (size_t i = 0; i < LANES; i++)
		if (lanes[i].pid)
			kill(lanes[i].pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	qsort(lost_ms, killed, sizeof(lost_ms[0]), by_size);
	for (size_t i = 0; i < killed; i++)
		late += lost_ms[i] > LOST_MS;
	print_message("%u killed, %u in an open session; samples lost: median %u ms, most %u ms\n",
		      killed, n_open, lost_ms[killed / 2], lost_ms[killed - 1]);
	assert_true(killed >= KILLS_ENOUGH);
	assert_true(n_open >= killed / 2);
	assert_in_range(lost_ms[killed - 1], 0, LOST_BUSY_MS);
	assert_in_range(late, 0, killed / 20);
	for (size_t i = 0; i < LANES; i++) {
		munmap(lanes[i].seen, sizeof(*lanes[i].seen));
		close(lanes[i].fd);
		fixture_free(&lanes[i].f);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_any_moment),
	};

	if (argc == 5)
		live(argv[1], argv[2], atoi(argv[3]), (unsigned int)atoi(argv[4]));
	return cmocka_run_group_tests_name("store_kill", tests, NULL, NULL);
}
