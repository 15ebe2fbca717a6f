/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be asked of the state machine; nothing here changes it. */
#include "daemon/policy/fsm.h"

const char *fsm_state_name(enum fsm_state state)
{
	switch (state) {
	case FSM_ABSENT:
		return "absent";
	case FSM_IDLE:
		return "idle";
	case FSM_ARMING:
		return "arming";
	case FSM_ARMED:
		return "armed";
	case FSM_RUNNING:
		return "running";
	case FSM_STOPPING:
		return "stopping";
	case FSM_FAULT:
		return "fault";
	}
	return "unknown";
}

uint64_t fsm_deadline_usec(const struct fsm *fsm)
{
	uint64_t session = fsm->session_end_usec ? fsm->session_end_usec : UINT64_MAX;
	uint64_t timeout = fsm->since_usec + fsm->arm_timeout_usec;
	uint64_t ran_on_usec =
		fsm->guarded && !fsm->held ? fsm->released_usec + FSM_RELEASE_USEC : UINT64_MAX;

	switch (fsm->state) {
	case FSM_ABSENT:
	case FSM_IDLE:
	case FSM_FAULT:
		return UINT64_MAX;
	case FSM_ARMING:
		return fsm->since_usec + FSM_CONFIRM_USEC;
	case FSM_ARMED:
		return timeout < session ? timeout : session;
	case FSM_RUNNING:
		return ran_on_usec < session ? ran_on_usec : session;
	case FSM_STOPPING:
		return fsm->stage_usec + FSM_ESCALATE_USEC;
	}
	return 0;
}

bool fsm_lease_wanted(const struct fsm *fsm)
{
	return fsm->state == FSM_ARMED || fsm->state == FSM_RUNNING;
}

bool fsm_may_enable(const struct fsm *fsm)
{
	return fsm_lease_wanted(fsm) && (!fsm->guarded || fsm->held);
}
