// SPDX-License-Identifier: GPL-2.0-only
/* After a random run: everything is made good, and then the daemon has to be as good as new. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/random_run.h"

#define BACK_MS                                                                                    \
	15000 /* the longest pause between two attempts to reach a pen, and what it asks           \
	       */
#define STEP_MS 5000
#define RSS_GROWTH_KB 8192

void end_heal(struct run *run)
{
	static const char *const lines[] = {
		"silence off",
		"freeze off",
		"stall off",
		"delay off",
		"garbage 0",
		"short 0",
		"duplicate 0",
		"skip 0",
		"lie state off",
		"lie depth off",
		"lie speed off",
		"lie enabled off",
		"lie lease off",
		"lie target off",
		"lie command off",
		"ignore stop off",
		"ignore limits off",
		"ignore lease off",
		"ignore enable off",
		"ignore trigger off",
		"ignore alt off",
		"ignore reset off",
		"drift depth 0",
		"drift speed 0",
		"load 1",
		"battery 100",
		"heat 250",
		"clear overcurrent",
		"clear undervolt",
		"clear ingress",
		"clear position-sensor",
		"clear internal",
		"sleeve on",
		"contact off",
		"trigger release",
		"cartridge insert",
		"replug",
	};

	if (run->hung) {
		run->hung = false;
		process_kill(&run->rig->daemon, SIGCONT);
		oracle_hung(&run->oracle, false, now_monotonic_ns());
	}
	polkit_say(run->rig->polkit, true, 0);
	for (size_t i = 0; i < ELEMENTSOF(lines); i++)
		run_pen(run, lines[i]);
}

/* Steps until @done says so; else the rule "recovers" is broken, with @what. */
static void await(struct run *run, bool (*done)(struct run *run), int ms, const char *what)
{
	uint64_t end = usec_after_ms(ms);

	while (!done(run)) {
		if (now_usec() > end) {
			oracle_broken(&run->oracle, "recovers", "%s: not after %d ms; %s", what, ms,
				      run->rig->client->message);
			run_check(run);
		}
		run_for(run, 10);
	}
}

static void stop(struct run *run)
{
	size_t number = oracle_stop_sent(&run->oracle, now_monotonic_ns());

	if (*pen_call(run->rig, "Stop", ""))
		oracle_broken(&run->oracle, "recovers", "Stop: %s", run->rig->client->message);
	oracle_stop_answered(&run->oracle, number, now_monotonic_ns());
}

/* A pen that nothing disarmed is well, and is told to rest. */
static bool is_back(struct run *run)
{
	const char *state = run->oracle.truth.state;

	if (!run->view.there || strcmp(run->view.state, state) != 0)
		return false;
	if (run->view.armed)
		stop(run);
	return strcmp(state, "idle") == 0 || strcmp(state, "fault") == 0;
}

static bool is_clear(struct run *run)
{
	if (strcmp(run->oracle.truth.state, "fault") != 0)
		return is_back(run);
	oracle_clearing(&run->oracle);
	(void)pen_call(run->rig, "ClearFault", "");
	run_for(run, 100);
	return false;
}

static bool no_alarm(struct run *run)
{
	if (!run->view.alarms)
		return true;
	oracle_acknowledging(&run->oracle);
	(void)manager_call(run->rig, "AcknowledgeAlarm", "s", run->view.alarm_ids[0]);
	return false;
}

static bool no_session(struct run *run)
{
	struct rig *rig = run->rig;

	if (!view_session(run, rig->session, sizeof(rig->session)))
		return true;
	(void)session_call(rig, "End", "s", "healed");
	return false;
}

static bool has_session(struct run *run)
{
	return !*rig_begin_as(run->rig, RIG_PROFILE, "client-2", RIG_AREA);
}

static bool is_armed(struct run *run)
{
	size_t number = oracle_arm_sent(&run->oracle, now_monotonic_ns());
	bool done = !*pen_call(run->rig, "Arm", "");

	oracle_arm_answered(&run->oracle, number, now_monotonic_ns());
	return done;
}

static bool is_enabled(struct run *run)
{
	return run->oracle.truth.enable;
}

static bool runs(struct run *run)
{
	return run->oracle.truth.motor && run->oracle.truth.strokes > 5;
}

static bool rests(struct run *run)
{
	return !run->oracle.truth.motor && strcmp(run->oracle.truth.state, "idle") == 0;
}

void end_recover(struct run *run)
{
	struct rig *rig = run->rig;

	await(run, is_back, BACK_MS, "the pen is there, idle or with its fault");
	await(run, is_clear, STEP_MS, "ClearFault");
	await(run, no_alarm, STEP_MS, "AcknowledgeAlarm");
	await(run, no_session, STEP_MS, "End");
	run->recovered_ns = now_monotonic_ns();
	run_pen(run, "cartridge insert");
	record_listen(run);
	await(run, has_session, STEP_MS, "BeginSession");
	assert_done(rig, pen_call(rig, "SetTarget", "uu", RIG_DEPTH_UM, RIG_SPEED_RPM));
	await(run, is_armed, STEP_MS, "Arm");
	await(run, is_enabled, STEP_MS, "the lease that enables");
	run_pen(run, "trigger press");
	await(run, runs, STEP_MS, "running needles");
	run_for(run, 200);
	if (!run->oracle.truth.motor)
		oracle_broken(&run->oracle, "recovers", "it stopped again: %s, %s",
			      run->oracle.truth.stop_reason, pen_word(rig, "DisarmReason"));
	stop(run);
	await(run, rests, STEP_MS, "rest after Stop");
	run_pen(run, "trigger release");
	assert_done(rig, session_call(rig, "End", "s", "healed"));
	run_check(run);
}

/* ---- what is left behind ---- */

size_t end_fds(const struct rig *rig)
{
	char path[40];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", rig->daemon.pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

long end_rss_kb(const struct rig *rig)
{
	long pages = 0, all;
	char path[40];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", rig->daemon.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &all, &pages), 2);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What looks into the record before a session begins opens it with the first: the file and its log.
 */
#define ASKER_FDS 2

static bool fds_back(struct run *run)
{
	return end_fds(run->rig) <= run->fds + ASKER_FDS;
}

void end_leftovers(struct run *run)
{
	long rss_kb = end_rss_kb(run->rig);

	run->telemetry_fd = close_fd(run->telemetry_fd);
	await(run, fds_back, STEP_MS, "as many descriptors as at first");
	if (rss_kb > run->rss_kb + RSS_GROWTH_KB * (long)run->oracle.scale)
		oracle_broken(&run->oracle, "memory", "%ld kB, %ld kB at first", rss_kb,
			      run->rss_kb);
	run_check(run);
}
