// SPDX-License-Identifier: GPL-2.0-only
/* What people need to understand a broken rule, and to see it again. */
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/bus/random_run.h"

#define LOG_TAIL 6000
#define REQUESTS "log 200"

static void actions(const struct run *run)
{
	for (size_t i = 0; i < run->plan.n; i++) {
		char words[80], at[24] = "-";

		if (run->done_ns[i])
			snprintf(at, sizeof(at), "%.1f", (double)run->done_ns[i] / 1e6);
		fprintf(stderr, "  %5u ms  at %-12s %s\n", run->plan.actions[i].at_ms, at,
			plan_words(&run->plan.actions[i], words, sizeof(words)));
		if (!run->done_ns[i])
			break;
	}
}

static bool is_lease(json_object *log, size_t i)
{
	json_object *entry = json_object_array_get_idx(log, i);

	return strcmp(json_object_get_string(json_object_object_get(entry, "request")), "lease") ==
		       0 &&
	       strcmp(json_object_get_string(json_object_object_get(entry, "result")), "ok") == 0;
}

static void requests(struct run *run)
{
	json_object *answer = gadget_ask(run->rig->control_fd, REQUESTS);
	json_object *log = json_object_object_get(answer, "log");
	size_t n = json_object_array_length(log);

	for (size_t i = 0; i < n; i++) {
		json_object *entry = json_object_array_get_idx(log, i);

		/* Of leases in a row, the first and the last. */
		if (i > 0 && i + 1 < n && is_lease(log, i - 1) && is_lease(log, i) &&
		    is_lease(log, i + 1))
			continue;

		fprintf(stderr, "  %.1f ms  %s %lld %s\n",
			(double)json_object_get_uint64(json_object_object_get(entry, "ns")) / 1e6,
			json_object_get_string(json_object_object_get(entry, "request")),
			(long long)json_object_get_int64(json_object_object_get(entry, "value")),
			json_object_get_string(json_object_object_get(entry, "result")));
	}
	json_object_put(answer);
}

static void answers(const struct run *run)
{
	static const char *const names[] = {
		[PLAN_BEGIN] = "BeginSession",
		[PLAN_AREA] = "SetArea",
		[PLAN_TARGET] = "SetTarget",
		[PLAN_ARM] = "Arm",
		[PLAN_DISARM] = "Disarm",
		[PLAN_STOP] = "Stop",
		[PLAN_STOP_ALL] = "StopAll",
		[PLAN_CLEAR_FAULT] = "ClearFault",
		[PLAN_END] = "End",
		[PLAN_ACKNOWLEDGE] = "AcknowledgeAlarm",
	};

	for (size_t i = run->n_calls > RUN_CALLS_MAX ? run->n_calls - RUN_CALLS_MAX : 0;
	     i < run->n_calls; i++) {
		const struct run_call *call = &run->calls[i % RUN_CALLS_MAX];

		fprintf(stderr, "  %.1f ms  %s: %s\n", (double)call->sent_ns / 1e6, names[call->op],
			!call->answer.there    ? "no answer"
			: call->answer.word[0] ? call->answer.message
					       : "done");
	}
}

void report_failure(struct run *run)
{
	_cleanup_free_ char *log = process_log(&run->rig->daemon);
	unsigned long long seed = run->plan.seed;
	size_t len = strlen(log);
	char words[2048];

	fprintf(stderr, "\nseed %llu: rule \"%s\" is broken: %s\n", seed, run->oracle.rule,
		run->oracle.why);
	fprintf(stderr, "actions, by plan and as done:\n");
	actions(run);
	fprintf(stderr, "calls:\n");
	answers(run);
	fprintf(stderr, "requests that the pen got:\n");
	requests(run);
	oracle_words(&run->oracle, words, sizeof(words));
	fprintf(stderr, "the judge:\n%s", words);
	fprintf(stderr, "the daemon shows: %s, armed %d, faults \"%s\", %u alarms\n",
		run->view.there ? run->view.state : "no pen", run->view.armed, run->view.faults,
		run->view.alarms);
	fprintf(stderr, "the end of its log:\n%s", len > LOG_TAIL ? log + len - LOG_TAIL : log);
	fprintf(stderr, "again: make random SEED=%llu RANDOM_SEEDS=1\n\n", seed);
}

void report_success(struct run *run)
{
	print_message("# seed %llu: %zu actions, %u arms, %u runs, %u duties met\n",
		      (unsigned long long)run->plan.seed, run->plan.n, run->oracle.armed,
		      run->oracle.runs, run->oracle.duties_met);
}
