/* SPDX-License-Identifier: GPL-2.0-only */
#include "daemon/policy/fsm.h"

static bool is_live(enum fsm_state state)
{
	return state == FSM_ARMING || state == FSM_ARMED || state == FSM_RUNNING;
}

static void enter(struct fsm *fsm, enum fsm_state state, uint64_t now_usec)
{
	fsm->state = state;
	fsm->since_usec = now_usec;
}

/* The pen was told at once, and has a sample or two to show that it heard it. */
static bool ran_on(const struct fsm *fsm, uint64_t now_usec)
{
	return fsm->guarded && !fsm->held && now_usec >= fsm->released_usec + FSM_RELEASE_USEC;
}

/* Every stop comes through here: epoch first, so that nothing that waits can arm behind it. */
static uint32_t stop(struct fsm *fsm, enum policy_reason reason, uint64_t now_usec)
{
	uint32_t effects = FSM_SEND_STOP | (is_live(fsm->state) ? FSM_DISARMED : 0);

	fsm->epoch++;
	fsm->reason = reason;
	if (fsm->state != FSM_ARMING)
		fsm->arm_cmd = 0; /* nothing is under way that could still arm */
	enter(fsm, FSM_STOPPING, now_usec);
	fsm->stage = FSM_STAGE_STOP;
	fsm->stage_usec = now_usec;
	fsm->evidence_usec = 0;
	fsm->alarmed = false;
	return effects;
}

/* The pen went to rest by itself. STOP goes out all the same: it costs nothing, and a pen that
 * says so wrongly hears it. One whose drive is still on has to be seen to stop. */
static uint32_t rested(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	bool fault = in->sample->state == MNPEN_STATE_FAULT;
	enum policy_reason reason = fault ? REASON_FAULT : REASON_PEN;

	if (in->drive_evidence)
		return stop(fsm, reason, now_usec);
	fsm->epoch++;
	fsm->reason = reason;
	enter(fsm, fault ? FSM_FAULT : FSM_IDLE, now_usec);
	return FSM_SEND_STOP | FSM_DISARMED | (fault ? FSM_FAULTED : 0);
}

/* Out of order, undecodable, a hole: the stream is in doubt, and what it says with it. */
static bool of_stream(enum policy_reason reason)
{
	return reason == REASON_ORDER || reason == REASON_UNDECODABLE || reason == REASON_MISSING;
}

static uint32_t on_rest_sample(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	const struct mnpen_sample *s = in->sample;

	/* Disorder alone does not matter while the pen rests; with a drive in it, it does. */
	if (in->reason != REASON_NONE && (in->drive_evidence || !of_stream(in->reason)))
		return stop(fsm, in->reason, now_usec);
	if (!s || of_stream(in->reason))
		return 0;
	switch ((enum mnpen_state)s->state) {
	case MNPEN_STATE_ARMED:
	case MNPEN_STATE_RUNNING:
		return stop(fsm, REASON_UNEXPECTED_ARM, now_usec);
	case MNPEN_STATE_FAULT:
		if (fsm->state == FSM_FAULT)
			return 0;
		enter(fsm, FSM_FAULT, now_usec);
		return FSM_FAULTED;
	case MNPEN_STATE_BOOT:
	case MNPEN_STATE_IDLE:
		if (fsm->state == FSM_FAULT)
			enter(fsm, FSM_IDLE, now_usec);
		return 0;
	}
	return stop(fsm, REASON_UNDECODABLE, now_usec);
}

static uint32_t on_arming_sample(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	/* Samples that left before ARM arrived still show the old command number. */
	bool took_arm = in->sample->last_cmd == fsm->arm_cmd;

	switch ((enum mnpen_state)in->sample->state) {
	case MNPEN_STATE_ARMED:
		if (!took_arm)
			return stop(fsm, REASON_UNEXPECTED_ARM, now_usec);
		enter(fsm, FSM_ARMED, now_usec);
		fsm->press_after_usec = now_usec;
		fsm->released_usec = now_usec;
		return FSM_CONFIRMED;
	case MNPEN_STATE_RUNNING: /* without a target and a lease */
		return stop(fsm, REASON_UNEXPECTED_ARM, now_usec);
	case MNPEN_STATE_BOOT:
	case MNPEN_STATE_IDLE:
		return took_arm ? rested(fsm, in, now_usec) : 0;
	case MNPEN_STATE_FAULT:
		return rested(fsm, in, now_usec);
	}
	return stop(fsm, REASON_UNDECODABLE, now_usec);
}

static uint32_t on_armed_sample(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	bool runs = in->sample->state == MNPEN_STATE_RUNNING;

	/* Enabled is as good as running: whoever touches the trigger would find it so. */
	if ((runs || in->sample->flags & MNPEN_FLAG_ENABLED) && ran_on(fsm, now_usec))
		return stop(fsm, REASON_PEDAL, now_usec);
	switch ((enum mnpen_state)in->sample->state) {
	case MNPEN_STATE_ARMED:
		if (fsm->state == FSM_ARMED)
			return 0;
		enter(fsm, FSM_ARMED, now_usec);
		return FSM_PAUSED;
	case MNPEN_STATE_RUNNING:
		if (fsm->state == FSM_RUNNING)
			return 0;
		enter(fsm, FSM_RUNNING, now_usec);
		return FSM_STARTED;
	case MNPEN_STATE_BOOT:
	case MNPEN_STATE_IDLE:
	case MNPEN_STATE_FAULT:
		return rested(fsm, in, now_usec);
	}
	return stop(fsm, REASON_UNDECODABLE, now_usec);
}

/*
 * The end of STOPPING needs a sample that shows the drive off. Its word alone does not do when
 * evidence had contradicted it, or when it may have left the pen before an ARM that the stop
 * overtook: then nothing else must have been seen for a while.
 */
static bool at_rest(const struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	const struct mnpen_sample *s = in->sample;
	uint64_t doubt_usec = fsm->evidence_usec ? fsm->evidence_usec : fsm->since_usec;

	if (s->state != MNPEN_STATE_BOOT && s->state != MNPEN_STATE_IDLE &&
	    s->state != MNPEN_STATE_FAULT)
		return false;
	if (in->drive_evidence)
		return false;
	if (fsm->reason == REASON_DRIVE_ON || (fsm->arm_cmd != 0 && s->last_cmd != fsm->arm_cmd))
		return now_usec >= doubt_usec + FSM_QUIET_USEC;
	return true;
}

static uint32_t on_stopping_sample(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	const struct mnpen_sample *s = in->sample;

	/* A sample that is no proof of rest can still be one of the contrary. */
	if (in->drive_evidence || (s && s->state == MNPEN_STATE_RUNNING))
		fsm->evidence_usec = now_usec;
	if (!s || of_stream(in->reason) || !at_rest(fsm, in, now_usec))
		return 0;
	if (s->state == MNPEN_STATE_FAULT) {
		enter(fsm, FSM_FAULT, now_usec);
		return FSM_STOPPED | FSM_FAULTED;
	}
	enter(fsm, FSM_IDLE, now_usec);
	return FSM_STOPPED;
}

static uint32_t on_attach(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	if (fsm->state != FSM_ABSENT || !in->sample)
		return 0;
	enter(fsm, FSM_IDLE, now_usec);
	return on_rest_sample(fsm, in, now_usec);
}

/* Once a stop, and for a diagnosis only: that the drive was seen on so long after STOP. */
static uint32_t alarm(struct fsm *fsm)
{
	if (fsm->alarmed || fsm->evidence_usec < fsm->since_usec + FSM_ESCALATE_USEC)
		return 0;
	fsm->alarmed = true;
	return FSM_RAISE_ALARM;
}

static uint32_t on_detach(struct fsm *fsm, uint64_t now_usec)
{
	uint32_t effects = is_live(fsm->state) ? FSM_DISARMED : 0;

	if (fsm->state == FSM_ABSENT)
		return 0;
	fsm->epoch++;
	/* While stopping, what it was stopped for says more than that it then went away. */
	if (fsm->state == FSM_STOPPING)
		effects |= alarm(fsm);
	else
		fsm->reason = REASON_GONE;
	enter(fsm, FSM_ABSENT, now_usec);
	return effects;
}

static uint32_t on_stop(struct fsm *fsm, enum policy_reason reason, uint64_t now_usec)
{
	switch (fsm->state) {
	case FSM_ARMING:
	case FSM_ARMED:
	case FSM_RUNNING:
		return stop(fsm, reason, now_usec);
	case FSM_IDLE:
	case FSM_FAULT:
	case FSM_STOPPING:
		/* At rest by its samples, or on its way: sent again, and nothing else changes. */
		fsm->epoch++;
		return FSM_SEND_STOP;
	case FSM_ABSENT:
		fsm->epoch++;
		return 0;
	}
	return FSM_SEND_STOP;
}

static uint32_t escalate(struct fsm *fsm, uint64_t now_usec)
{
	fsm->stage_usec = now_usec;
	switch (fsm->stage) {
	case FSM_STAGE_STOP:
		fsm->stage = FSM_STAGE_STOP_AGAIN;
		return FSM_SEND_STOP;
	case FSM_STAGE_STOP_AGAIN:
		fsm->stage = FSM_STAGE_ALT0;
		return FSM_SEND_ALT0;
	case FSM_STAGE_ALT0:
		fsm->stage = FSM_STAGE_RESET;
		return FSM_SEND_RESET | alarm(fsm);
	case FSM_STAGE_RESET:
		break;
	}
	return FSM_SEND_RESET | alarm(fsm);
}

static uint32_t on_tick(struct fsm *fsm, uint64_t now_usec)
{
	if (now_usec < fsm_deadline_usec(fsm))
		return 0;
	switch (fsm->state) {
	case FSM_ABSENT:
	case FSM_IDLE:
	case FSM_FAULT:
		return 0;
	case FSM_ARMING:
		return stop(fsm, REASON_UNCONFIRMED, now_usec);
	case FSM_ARMED:
	case FSM_RUNNING:
		if (fsm->session_end_usec != 0 && now_usec >= fsm->session_end_usec)
			return stop(fsm, REASON_SESSION_LIMIT, now_usec);
		if (fsm->state == FSM_RUNNING && ran_on(fsm, now_usec))
			return stop(fsm, REASON_PEDAL, now_usec);
		return stop(fsm, REASON_ARM_TIMEOUT, now_usec);
	case FSM_STOPPING:
		return escalate(fsm, now_usec);
	}
	return FSM_SEND_STOP;
}

static uint32_t on_live_sample(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	uint32_t effects;

	if (in->reason != REASON_NONE)
		return stop(fsm, in->reason, now_usec);
	/* What time has ended is not kept up by samples that outrun the timer. */
	effects = on_tick(fsm, now_usec);
	if (effects || !in->sample)
		return effects;
	return fsm->state == FSM_ARMING ? on_arming_sample(fsm, in, now_usec)
					: on_armed_sample(fsm, in, now_usec);
}

static uint32_t on_sample(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	switch (fsm->state) {
	case FSM_ABSENT:
		return 0;
	case FSM_IDLE:
	case FSM_FAULT:
		return on_rest_sample(fsm, in, now_usec);
	case FSM_ARMING:
	case FSM_ARMED:
	case FSM_RUNNING:
		return on_live_sample(fsm, in, now_usec);
	case FSM_STOPPING:
		return on_stopping_sample(fsm, in, now_usec);
	}
	return FSM_SEND_STOP;
}

static uint32_t on_arm(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	if (fsm->state != FSM_IDLE) /* whoever sent it had no right to: take it back */
		return on_stop(fsm, REASON_UNEXPECTED_ARM, now_usec);
	fsm->arm_cmd = in->cmd;
	fsm->arm_timeout_usec = in->arm_timeout_usec;
	fsm->session_end_usec = in->session_end_usec;
	fsm->guarded = in->guarded;
	fsm->held = false; /* whatever the pedal does now: it has to be pressed anew */
	enter(fsm, FSM_ARMING, now_usec);
	return 0;
}

static uint32_t on_press(struct fsm *fsm, const struct fsm_input *in)
{
	if (!fsm_lease_wanted(fsm) || !fsm->guarded || fsm->held ||
	    in->made_usec <= fsm->press_after_usec)
		return 0;
	fsm->held = true;
	return FSM_HELD;
}

static uint32_t on_release(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	bool was_enabled = fsm_may_enable(fsm);

	if (!is_live(fsm->state))
		return 0;
	fsm->guarded = true;
	fsm->held = false;
	fsm->press_after_usec = in->made_usec;
	if (!was_enabled)
		return 0;
	fsm->released_usec = now_usec;
	return FSM_SEND_OFF;
}

uint32_t fsm_step(struct fsm *fsm, const struct fsm_input *in, uint64_t now_usec)
{
	switch (in->event) {
	case FSM_EV_ATTACH:
		return on_attach(fsm, in, now_usec);
	case FSM_EV_DETACH:
		return on_detach(fsm, now_usec);
	case FSM_EV_ARM:
		return on_arm(fsm, in, now_usec);
	case FSM_EV_REFUSED:
		if (fsm->state != FSM_ARMING)
			return 0;
		enter(fsm, FSM_IDLE, now_usec); /* the pen kept what it had: rest */
		return 0;
	case FSM_EV_SAMPLE:
		return on_sample(fsm, in, now_usec);
	case FSM_EV_STOP:
		return on_stop(fsm, in->reason, now_usec);
	case FSM_EV_PRESS:
		return on_press(fsm, in);
	case FSM_EV_RELEASE:
		return on_release(fsm, in, now_usec);
	case FSM_EV_TICK:
		return on_tick(fsm, now_usec);
	}
	return on_stop(fsm, REASON_UNEXPECTED_ARM, now_usec);
}
