// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/random_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define POLL_MS 3
#define LOG_NS 25000000ull

void run_check(struct run *run)
{
	if (!run->oracle.rule[0])
		return;
	report_failure(run);
	fail_msg("seed %llu: %s: %s", (unsigned long long)run->plan.seed, run->oracle.rule,
		 run->oracle.why);
}

/* What the daemon says of its stops. */
static void hear(struct run *run)
{
	const struct client *client = run->rig->client;

	client_pump(run->rig->client, 0);
	for (; run->n_events < client->n_events; run->n_events++) {
		const struct bus_event *event = &client->events[run->n_events % BUS_EVENTS_MAX];
		const char *reason = strstr(event->details, "reason=");
		char word[32];

		if (strcmp(event->kind, "disarmed") != 0 || !reason)
			continue;
		reason += strlen("reason=");
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(reason, " "), reason);
		oracle_disarmed(&run->oracle, word, now_monotonic_ns());
	}
}

void run_step(struct run *run)
{
	struct truth truth;
	uint64_t ns;

	if (!process_running(&run->rig->daemon))
		oracle_broken(&run->oracle, "daemon died", "it ended by itself");
	/* Truth first, and then what the pen was told until then and a little longer: a stop
	 * is never seen before the request that caused it. */
	truth = rig_truth(run->rig);
	ns = truth.now_ns;
	if (ns >= run->log_due_ns || strcmp(truth.state, run->oracle.truth.state) != 0) {
		view_log(run);
		run->log_due_ns = ns + LOG_NS;
	}
	oracle_truth(&run->oracle, &truth);
	operator_pump(run);
	if (!run->hung && ns >= run->view_due_ns) {
		view_judge(run);
		run->view_due_ns = ns + RUN_PROPERTY_MS * 1000000ull;
	}
	hear(run);
	record_take(run);
	run_check(run);
}

void run_for(struct run *run, int ms)
{
	uint64_t end_ns = now_monotonic_ns() + (uint64_t)ms * 1000000;

	while (now_monotonic_ns() < end_ns) {
		run_step(run);
		sleep_ms(POLL_MS);
	}
}

void run_pen(struct run *run, const char *line)
{
	struct truth truth;
	uint64_t ns;

	/* The requests that came until now came before it. */
	view_log(run);
	truth = rig_truth(run->rig);
	oracle_truth(&run->oracle, &truth);
	ns = gadget_do(run->rig->control_fd, "%s", line);
	truth = rig_truth(run->rig);
	oracle_action(&run->oracle, line, ns, &truth);
	run_check(run);
}

static void act(struct run *run, const struct plan_action *action)
{
	switch (action->op) {
	case PLAN_PEN:
		run_pen(run, action->text);
		return;
	case PLAN_POLKIT:
		polkit_say(run->rig->polkit, true, (int)action->delay_ms);
		return;
	case PLAN_HANG:
	case PLAN_RESUME:
		run->hung = action->op == PLAN_HANG;
		process_kill(&run->rig->daemon, run->hung ? SIGSTOP : SIGCONT);
		oracle_hung(&run->oracle, run->hung, now_monotonic_ns());
		return;
	case PLAN_BEGIN:
	case PLAN_AREA:
	case PLAN_TARGET:
	case PLAN_ARM:
	case PLAN_DISARM:
	case PLAN_STOP:
	case PLAN_STOP_ALL:
	case PLAN_CLEAR_FAULT:
	case PLAN_END:
	case PLAN_ACKNOWLEDGE:
	case PLAN_CLIENT_DIES:
		operator_act(run, action);
		return;
	}
}

static void play(struct run *run)
{
	run->start_ns = now_monotonic_ns();
	for (run->next = 0; run->next < run->plan.n; run->next++) {
		const struct plan_action *action = &run->plan.actions[run->next];
		uint64_t due_ns = run->start_ns + action->at_ms * 1000000ull;

		while (now_monotonic_ns() < due_ns) {
			run_step(run);
			if (now_monotonic_ns() + POLL_MS * 1000000ull < due_ns)
				sleep_ms(POLL_MS);
		}
		run->done_ns[run->next] = now_monotonic_ns();
		act(run, action);
	}
}

void run_plan(struct rig *rig, uint64_t seed)
{
	struct run *run = calloc(1, sizeof(*run));

	assert_non_null(run);
	run->rig = rig;
	run->telemetry_fd = -EBADF;
	plan_make(&run->plan, seed);
	run->canary = canary_new(rig->daemon.pid, rig->gadget.pid);
	oracle_init(&run->oracle);
	run->oracle.late_ns = canary_late_ns;
	run->oracle.userdata = run->canary;
	run->oracle.scale = (uint32_t)time_scale();
	operator_new(run);
	run->fds = end_fds(rig);
	run->rss_kb = end_rss_kb(rig);

	play(run);
	end_heal(run);
	end_recover(run);
	record_check(run);
	end_leftovers(run);
	report_success(run);

	operator_end(run);
	run->canary = canary_free(run->canary);
	free(run);
}
