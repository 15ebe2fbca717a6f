/* SPDX-License-Identifier: GPL-2.0-only */
/* A state machine of one pen in any state, and events for it. For the tests of daemon/policy. */
#ifndef MNPEN_TEST_POLICY_FSM_H
#define MNPEN_TEST_POLICY_FSM_H

#include "daemon/policy/fsm.h"

#define T0 1000000000ULL /* when the state was entered */
#define MSEC 1000ULL
#define EPOCH 7
#define ARM_CMD 5
#define OLD_REASON REASON_REQUEST
#define ARM_TIMEOUT_USEC 120000000ULL

/* In @state since T0, as an honest pen would have brought it there. */
static inline struct fsm fsm_in(enum fsm_state state)
{
	return (struct fsm){
		.state = state,
		.epoch = EPOCH,
		.reason = OLD_REASON,
		.arm_cmd = state == FSM_ARMING ? ARM_CMD : 0,
		.since_usec = T0,
		.stage_usec = T0,
		.arm_timeout_usec = ARM_TIMEOUT_USEC,
	};
}

static inline uint32_t fsm_event(struct fsm *fsm, enum fsm_event event, uint64_t now_usec)
{
	return fsm_step(fsm, &(struct fsm_input){.event = event}, now_usec);
}

static inline uint32_t fsm_stop(struct fsm *fsm, enum policy_reason reason, uint64_t now_usec)
{
	return fsm_step(fsm, &(struct fsm_input){.event = FSM_EV_STOP, .reason = reason}, now_usec);
}

/* A sample that passed the judge. */
static inline uint32_t fsm_sample(struct fsm *fsm, unsigned int pen_state, uint32_t last_cmd,
				  bool evidence, uint64_t now_usec)
{
	struct mnpen_sample sample = {.state = (uint8_t)pen_state, .last_cmd = last_cmd};

	return fsm_step(fsm,
			&(struct fsm_input){
				.event = FSM_EV_SAMPLE,
				.sample = &sample,
				.drive_evidence = evidence,
			},
			now_usec);
}

#endif
