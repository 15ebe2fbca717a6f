// SPDX-License-Identifier: GPL-2.0-only
/* What the operator does over D-Bus, and what is answered. Nothing here waits for an answer. */
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "tests/bus/random_run.h"

void operator_end(struct run *run)
{
	for (size_t i = 0; i < RUN_CALLS_MAX; i++) {
		struct run_call *call = &run->calls[i];

		call->answer.slot = sd_bus_slot_unref(call->answer.slot);
		call->told = true; /* what is not answered by now never is */
	}
	run->caller = client_free(run->caller);
}

void operator_new(struct run *run)
{
	operator_end(run);
	run->caller = client_new(run->rig->bus_address);
}

static struct run_call *call_new(struct run *run, enum plan_op op)
{
	struct run_call *call = &run->calls[run->n_calls++ % RUN_CALLS_MAX];

	call->answer.slot = sd_bus_slot_unref(call->answer.slot);
	*call = (struct run_call){.used = true, .op = op, .sent_ns = now_monotonic_ns()};
	return call;
}

static void send_session(struct run *run, const struct plan_action *action)
{
	char path[128];
	struct run_call *call;

	if (run->hung || !view_session(run, path, sizeof(path)))
		return;
	call = call_new(run, action->op);
	if (action->op == PLAN_END)
		client_send(run->caller, &call->answer, path, API_SESSION, "End", "s", "done");
	else
		client_send(run->caller, &call->answer, path, API_SESSION, "SetArea", "sa{sv}",
			    action->text, 0);
}

static void acknowledge(struct run *run)
{
	struct view view;

	if (run->hung)
		return;
	view_read(run, &view);
	if (!view.alarms)
		return;
	oracle_acknowledging(&run->oracle);
	for (unsigned int i = 0; i < MIN(view.alarms, ELEMENTSOF(view.alarm_ids)); i++) {
		struct run_call *call = call_new(run, PLAN_ACKNOWLEDGE);

		client_send(run->caller, &call->answer, API_ROOT, API_MANAGER, "AcknowledgeAlarm",
			    "s", view.alarm_ids[i]);
	}
}

static void send_stop(struct run *run, enum plan_op op)
{
	struct run_call *call = call_new(run, op);
	bool all = op == PLAN_STOP_ALL;

	client_send(run->caller, &call->answer, all ? API_ROOT : run->rig->pen,
		    all ? API_MANAGER : API_PEN,
		    all			? "StopAll"
		    : op == PLAN_DISARM ? "Disarm"
					: "Stop",
		    "");
	call->number = oracle_stop_sent(&run->oracle, now_monotonic_ns());
}

static void send_arm(struct run *run)
{
	/* The time before it goes: nothing may come of it earlier. */
	size_t number = oracle_arm_sent(&run->oracle, now_monotonic_ns());
	struct run_call *call = call_new(run, PLAN_ARM);

	call->number = number;
	client_send(run->caller, &call->answer, run->rig->pen, API_PEN, "Arm", "");
}

void operator_act(struct run *run, const struct plan_action *action)
{
	struct client *client = run->caller;
	struct rig *rig = run->rig;

	if (action->op == PLAN_BEGIN) {
		client_send(client, &call_new(run, action->op)->answer, API_ROOT, API_MANAGER,
			    "BeginSession", "ossa{sv}", rig->pen, RIG_PROFILE, "client-1", 1,
			    "area", "s", RIG_AREA);
	} else if (action->op == PLAN_TARGET) {
		client_send(client, &call_new(run, action->op)->answer, rig->pen, API_PEN,
			    "SetTarget", "uu", action->depth_um, action->speed_rpm);
	} else if (action->op == PLAN_CLEAR_FAULT) {
		oracle_clearing(&run->oracle);
		client_send(client, &call_new(run, action->op)->answer, rig->pen, API_PEN,
			    "ClearFault", "");
	} else if (action->op == PLAN_ARM) {
		send_arm(run);
	} else if (action->op == PLAN_AREA || action->op == PLAN_END) {
		send_session(run, action);
	} else if (action->op == PLAN_ACKNOWLEDGE) {
		acknowledge(run);
	} else if (action->op == PLAN_CLIENT_DIES) {
		operator_new(run);
		oracle_client_gone(&run->oracle, now_monotonic_ns());
	} else {
		send_stop(run, action->op);
	}
}

static void answered(struct run *run, struct run_call *call)
{
	uint64_t ns = now_monotonic_ns();

	call->told = true;
	if (call->op == PLAN_ARM)
		oracle_arm_answered(&run->oracle, call->number, ns);
	else if (call->op == PLAN_STOP || call->op == PLAN_STOP_ALL || call->op == PLAN_DISARM)
		oracle_stop_answered(&run->oracle, call->number, ns);
	else if (call->op == PLAN_END && !call->answer.word[0])
		oracle_rest_promised(&run->oracle, "session ended", call->sent_ns, ns);
	else if (call->op == PLAN_AREA && !call->answer.word[0])
		oracle_rest_promised(&run->oracle, "area set", call->sent_ns, ns);
}

void operator_pump(struct run *run)
{
	client_pump(run->caller, 0);
	for (size_t i = 0; i < RUN_CALLS_MAX; i++)
		if (run->calls[i].used && !run->calls[i].told && run->calls[i].answer.there)
			answered(run, &run->calls[i]);
}
