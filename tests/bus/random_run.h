/* SPDX-License-Identifier: GPL-2.0-only */
/* One random run: a plan on a rig, its judge beside it. */
#ifndef MNPEN_RANDOM_RUN_H
#define MNPEN_RANDOM_RUN_H

#include "tests/bus/harness.h"
#include "tests/bus/random_canary.h"
#include "tests/bus/random_oracle.h"
#include "tests/bus/random_plan.h"

#define RUN_CALLS_MAX 64
#define RUN_HEARD_MAX 20000
#define RUN_PROPERTY_MS 20 /* between two looks at what the daemon shows */

/** struct run_call - a call of the operator that is under way, or was */
struct run_call {
	bool used;
	enum plan_op op;
	uint64_t sent_ns;
	struct answer answer;
	size_t number; /* of the oracle's, for Arm and stops */
	bool told;
};

/** struct view - what the daemon shows of the pen */
struct view {
	bool there;
	char state[16];
	bool armed;
	char faults[128];
	unsigned int alarms;
	char alarm_ids[8][24];
};

struct run {
	struct rig *rig;
	struct plan plan;
	size_t next; /* action of the plan */
	uint64_t start_ns;
	uint64_t done_ns[PLAN_ACTIONS_MAX];
	struct oracle oracle;
	struct canary *canary;
	struct client *caller; /* rig->client only watches */
	struct run_call calls[RUN_CALLS_MAX];
	size_t n_calls;
	bool hung;
	uint64_t log_ns; /* of the newest request that the oracle knows */
	size_t log_same; /* how many at that time it knows */
	uint64_t log_due_ns, view_due_ns;
	struct view view;
	uint64_t differs_ns;   /* the view is not the truth since then; 0 = it is */
	uint64_t recovered_ns; /* the last session began */
	int telemetry_fd;
	uint64_t heard_usec[RUN_HEARD_MAX]; /* when its samples came */
	size_t n_heard;
	unsigned int n_events; /* of rig->client, looked at */
	uint64_t lost;
	size_t fds;
	long rss_kb;
};

/* ---- random_run.c ---- */

/** run_plan() - all of it, from start to recovery and record; fails the test with the whole story
 */
void run_plan(struct rig *rig, uint64_t seed);

/** run_step() - look at pen, log and daemon once, and judge */
void run_step(struct run *run);
void run_for(struct run *run, int ms);
/** run_pen() - a line to the pen, judged */
void run_pen(struct run *run, const char *line);
/** run_check() - fails the test when a rule is broken */
void run_check(struct run *run);

/* ---- random_operator.c ---- */
void operator_act(struct run *run, const struct plan_action *action);
/** operator_pump() - take in answers */
void operator_pump(struct run *run);
/** operator_new() - a new connection; an open one is closed before */
void operator_new(struct run *run);
void operator_end(struct run *run); /* closes it */

/* ---- random_view.c ---- */

/** view_read() - what the daemon shows now; fails the rule "answers" when that takes too long */
void view_read(struct run *run, struct view *ret);
/** view_session() - path of the open session into @path; false = none */
bool view_session(struct run *run, char *path, size_t size);
/** view_judge() - hold what the daemon shows against what is true */
void view_judge(struct run *run);
/** view_log() - tell the oracle of the requests that are new in the pen's log */
void view_log(struct run *run);

/* ---- random_end.c ---- */

/** end_heal() - everything that is odd is made good again */
void end_heal(struct run *run);
/** end_recover() - without a restart: the pen is there, and a fresh session arms, runs, stops */
void end_recover(struct run *run);
/** end_leftovers() - the daemon has neither more descriptors nor much more memory than at first */
void end_leftovers(struct run *run);
size_t end_fds(const struct rig *rig);
long end_rss_kb(const struct rig *rig);

/* ---- random_record.c ---- */

/** record_listen() - count the pen's samples from now on; record_take() takes in what came */
void record_listen(struct run *run);
void record_take(struct run *run);
/** record_check() - what is on file is what happened */
void record_check(struct run *run);

/* ---- random_report.c ---- */

/** report_failure() - the story of a broken rule, for people, to standard error */
void report_failure(struct run *run);
void report_success(struct run *run);

#endif
