// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pen that never stops talking: what it makes the daemon write, say and work is bounded, what was
 * held back is told, and the sums are right.
 */
#include "tests/bus/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/base/clock.h"

#define STEP_MS 5000
#define BURST 50
#define PER_SECOND 10
#define LONG_MS 60000 /* 5000 samples on a busy machine */

/* Of a program by its number, in microseconds of processor time, all threads. */
static uint64_t cpu_usec(pid_t pid)
{
	unsigned long user = 0, system = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file,
				"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
				"%lu %lu",
				&user, &system),
			 2);
	fclose(file);
	return (user + system) * (USEC_PER_SEC / (unsigned long)sysconf(_SC_CLK_TCK));
}

/** struct watch - what the daemon did since watch_start() */
struct watch {
	uint64_t start_usec;
	uint64_t cpu_usec;
	int64_t events;
	int64_t gaps;
	unsigned int n_changes; /* PropertiesChanged of pens */
	sd_bus_slot *slot;
};

static int on_change(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	((struct watch *)userdata)->n_changes++;
	return 0;
}

static void watch_start(struct rig *rig, struct watch *watch)
{
	*watch = (struct watch){
		.start_usec = now_usec(),
		.cpu_usec = cpu_usec(rig->daemon.pid),
		.events = db_number(rig->db, "SELECT count(*) FROM event"),
		.gaps = db_number(rig->db, "SELECT count(*) FROM gap"),
	};
	assert_true(sd_bus_match_signal(rig->client->bus, &watch->slot, NULL, rig->pen,
					"org.freedesktop.DBus.Properties", "PropertiesChanged",
					on_change, watch) >= 0);
	client_forget(rig->client);
}

/* Rows and signals within burst and rate; @others: events that are owed, whatever their number. */
static void watch_check(struct rig *rig, struct watch *watch, unsigned int others)
{
	uint64_t usec = now_usec() - watch->start_usec;
	uint64_t cpu = cpu_usec(rig->daemon.pid) - watch->cpu_usec;
	int64_t allowed = BURST + PER_SECOND * ((int64_t)(usec / USEC_PER_SEC) + 1) + others;
	int64_t events = db_number(rig->db, "SELECT count(*) FROM event") - watch->events;
	int64_t gaps = db_number(rig->db, "SELECT count(*) FROM gap") - watch->gaps;

	client_pump(rig->client, 200);
	sd_bus_slot_unref(watch->slot);
	print_message("%.1f s: %lld events, %lld gaps, %u signals, %u changes; %.0f %% of a "
		      "processor\n",
		      (double)usec / USEC_PER_SEC, (long long)events, (long long)gaps,
		      rig->client->n_events, watch->n_changes, 100.0 * (double)cpu / (double)usec);
	assert_true(events + gaps <= allowed);
	assert_true(rig->client->n_events <= allowed);
	assert_true(watch->n_changes <= allowed);
	/* Half a processor in all, recording at full rate included. */
	assert_true(cpu <= usec / 2 * (unsigned int)time_scale());
}

/* How often @kind happened: told one by one, and held back. */
static int64_t total(struct rig *rig, const char *kind)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "SELECT (SELECT count(*) FROM event WHERE kind = '%s') + coalesce((SELECT"
		 " sum(details ->> '%s') FROM event WHERE kind = 'suppressed'), 0)",
		 kind, kind);
	return db_number(rig->db, sql);
}

static void test_garbage(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	uint64_t until = usec_after_ms(LONG_MS);
	struct watch watch;

	rig_begin(rig);
	watch_start(rig, &watch);
	gadget_do(rig->control_fd, "garbage 5000");
	while (total(rig, "undecodable") < 5000 && now_usec() < until)
		client_pump(rig->client, 100);
	watch_check(rig, &watch, 0);
	assert_true(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'suppressed'") > 1);
	assert_done(rig, session_call(rig, "End", "s", ""));
	assert_int_equal(total(rig, "undecodable"), 5000);
	/* The bytes themselves are on record, each of them. */
	assert_true(session_number(rig, "samples") >= 5000);
	assert_int_equal(db_number(rig->db, "SELECT sum(count) FROM block"),
			 session_number(rig, "samples"));
	rig_stop(rig);
}

/* In the middle of the work: why it stopped is what the record must not lose. */
static void test_garbage_running(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct watch watch;

	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	watch_start(rig, &watch);
	gadget_do(rig->control_fd, "garbage 2000");
	rig_await_motor(rig, false, STEP_MS);
	rig_await_number(rig,
			 "SELECT count(*) FROM event WHERE kind = 'disarmed'"
			 " AND details ->> 'reason' = 'undecodable' AND session IS NOT NULL",
			 1, STEP_MS);
	/* No sample shows it at rest, so that it is unplugged in the end; its session says so. */
	rig_await_number(rig, "SELECT count(*) FROM session WHERE outcome = 'interrupted'", 1,
			 STEP_MS);
	watch_check(rig, &watch, 5);
	assert_true(total(rig, "undecodable") > BURST);
	rig_stop(rig);
}

/* Samples that are missing by the numbers of those that are stored, and are in no gap: the few from
 * where the stream got the session's period. */
static int64_t unexplained(struct rig *rig)
{
	return db_number(
		rig->db,
		"SELECT (SELECT max(last_seq) - min(first_seq) + 1 - sum(count) FROM block)"
		" - coalesce((SELECT sum(missing) FROM gap), 0)");
}

static void test_every_second_sample(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	int64_t before, missing;
	struct watch watch;

	rig_begin(rig);
	sleep_ms(1500);
	before = unexplained(rig);
	watch_start(rig, &watch);
	for (uint64_t end = now_usec() + 5 * USEC_PER_SEC; now_usec() < end;) {
		gadget_do(rig->control_fd, "skip 1");
		usleep(2000);
		client_pump(rig->client, 0);
	}
	watch_check(rig, &watch, 0);
	assert_done(rig, session_call(rig, "End", "s", ""));
	missing = db_number(rig->db, "SELECT sum(missing) FROM gap");
	assert_true(missing > 200);
	assert_int_equal(unexplained(rig), before);
	assert_int_equal(session_number(rig, "gaps"), missing);
	assert_true(db_number(rig->db, "SELECT count(*) FROM gap WHERE reason = 'stream-merged'") >
		    1);
	rig_stop(rig);
}

/* A hand with a bad switch; and then the one event that counts. */
static void test_trigger_chatter(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct watch watch;
	int64_t running, paused;

	rig_begin(rig);
	rig_arm(rig);
	watch_start(rig, &watch);
	for (uint64_t end = now_usec() + 4 * USEC_PER_SEC; now_usec() < end;) {
		gadget_do(rig->control_fd, "trigger press");
		usleep(3000);
		gadget_do(rig->control_fd, "trigger release");
		usleep(3000);
		client_pump(rig->client, 0);
	}
	assert_done(rig, pen_call(rig, "Stop", ""));
	rig_await_number(rig,
			 "SELECT count(*) FROM event WHERE kind = 'disarmed'"
			 " AND details ->> 'reason' = 'request'",
			 1, STEP_MS);
	watch_check(rig, &watch, 1);
	assert_done(rig, session_call(rig, "End", "s", ""));
	running = total(rig, "running");
	paused = total(rig, "paused");
	assert_true(running > BURST);
	assert_true(running - paused == 0 || running - paused == 1);
	/* Held back in the session, told in the session. */
	assert_true(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'suppressed'"
				       " AND session IS NOT NULL") > 0);
	rig_stop(rig);
}

/* A pen that says "armed" and takes it back is stopped each time; that is told as far as it helps.
 */
static void test_stop_storm(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct watch watch;

	rig_begin(rig);
	watch_start(rig, &watch);
	for (uint64_t end = now_usec() + 4 * USEC_PER_SEC; now_usec() < end;) {
		gadget_do(rig->control_fd, "lie state 2");
		usleep(3000);
		gadget_do(rig->control_fd, "lie state off");
		usleep(3000);
		client_pump(rig->client, 0);
	}
	watch_check(rig, &watch, 0);
	assert_done(rig, session_call(rig, "End", "s", ""));
	assert_true(total(rig, "stopped") > BURST);
	assert_true(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'suppressed'") > 0);
	/* It can be worked with again. */
	assert_int_equal(db_number(rig->db, "SELECT count(*) FROM event WHERE kind = 'alarm'"), 0);
	rig_stop(rig);
}

static void test_cartridge_flicker(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct watch watch;

	rig_begin(rig);
	watch_start(rig, &watch);
	for (uint64_t end = now_usec() + 3 * USEC_PER_SEC; now_usec() < end;) {
		gadget_do(rig->control_fd, "cartridge remove");
		usleep(2000);
		gadget_do(rig->control_fd, "cartridge insert ab12");
		usleep(2000);
		client_pump(rig->client, 0);
	}
	watch_check(rig, &watch, 0);
	/* However many changes were skipped, the last one is told. */
	for (int i = 0;
	     i < 100 &&
	     strcmp(client_entry(rig->client, rig->pen, API_PEN, "Cartridge", "present"), "1") != 0;
	     i++)
		client_pump(rig->client, 20);
	assert_string_equal(client_entry(rig->client, rig->pen, API_PEN, "Cartridge", "present"),
			    "1");
	rig_stop(rig);
}

static unsigned int log_lines(struct rig *rig, const char *text)
{
	char *log = process_log(&rig->daemon);
	unsigned int n = 0;

	for (const char *at = strstr(log, text); at; at = strstr(at + 1, text))
		n++;
	free(log);
	return n;
}

static void test_replug_storm(void **state)
{
	struct rig *rig = rig_start(state, NULL);
	struct watch watch;

	watch_start(rig, &watch);
	for (uint64_t end = now_usec() + 5 * USEC_PER_SEC; now_usec() < end;) {
		gadget_do(rig->control_fd, "unplug");
		usleep(20000);
		gadget_do(rig->control_fd, "replug");
		usleep(150000);
		client_pump(rig->client, 0);
	}
	watch_check(rig, &watch, 0);
	assert_in_range(log_lines(rig, "pen arrived"), 2, 20);
	assert_in_range(log_lines(rig, "\n"), 2, 60);
	rig_await_pens(rig);
	rig_begin(rig);
	rig_arm(rig);
	rig_run(rig);
	rig_stop(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_garbage),
		RIG_TEST(test_garbage_running),
		RIG_TEST(test_every_second_sample),
		RIG_TEST(test_trigger_chatter),
		RIG_TEST(test_stop_storm),
		RIG_TEST(test_cartridge_flicker),
		RIG_TEST(test_replug_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
