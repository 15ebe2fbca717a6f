/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "daemon/pen/parts.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"

/* ---- the one command under way ---- */

void pen_op_begin(struct pen *pen, enum pen_op_kind kind, pen_done done, void *userdata)
{
	pen->op = (struct pen_op){
		.kind = kind,
		.done = done,
		.userdata = userdata,
		.deadline_usec = UINT64_MAX,
	};
}

/* Takes the command away before anything else happens: what is done about its end may end in the
 * next command. */
static struct pen_op op_take(struct pen *pen)
{
	struct pen_op op = pen->op;

	pen->op = (struct pen_op){.kind = OP_NONE, .deadline_usec = UINT64_MAX};
	return op;
}

static void op_tell(struct pen *pen, const struct pen_op *op, const struct pen_result *result)
{
	if (op->kind != OP_NONE)
		op->done(pen, op->userdata, result);
}

void pen_op_finish(struct pen *pen, const struct pen_result *result)
{
	struct pen_op op = op_take(pen);

	op_tell(pen, &op, result);
}

void pen_op_stopped(struct pen *pen)
{
	struct pen_result result = {.outcome = PEN_STOPPED, .reason = pen->fsm.reason};

	if (result.reason == REASON_UNCONFIRMED || result.reason == REASON_TRANSFER)
		result.outcome = PEN_UNCONFIRMED;
	if (result.reason == REASON_GONE)
		result.outcome = PEN_LOST;
	pen_op_finish(pen, &result);
}

void pen_op_confirmed(struct pen *pen)
{
	pen_op_finish(pen, &(struct pen_result){.outcome = PEN_CONFIRMED});
}

void pen_op_refused(struct pen *pen, const struct mnpen_error_record *refusal)
{
	struct pen_op op = op_take(pen);
	struct field fields[] = {
		FIELD_S("request", mnpen_request_name(refusal->request)),
		FIELD_S("error", mnpen_error_name(refusal->code)),
		FIELD_U("detail", refusal->detail),
	};

	/* Armed, and no target to run with: that is no arm anybody asked for. */
	if (op.arming)
		pen_step_stop(pen, REASON_REFUSED, now_usec());
	pen_event(pen, "refused", fields, sizeof(fields) / sizeof(fields[0]));
	op_tell(pen, &op, &(struct pen_result){.outcome = PEN_REFUSED, .refusal = *refusal});
}

static void op_unconfirmed(struct pen *pen, enum policy_reason reason, uint64_t now_usec)
{
	struct pen_op op = op_take(pen);

	pen_step_stop(pen, reason, now_usec);
	op_tell(pen, &op, &(struct pen_result){.outcome = PEN_UNCONFIRMED});
}

/* What all answers have in common. Return: whether the request was accepted. */
bool pen_op_answer(struct pen *pen, const struct ep0_answer *a)
{
	if (a->result == 0) {
		pen->op.accepted = true;
		return true;
	}
	if (a->result == -ECANCELED) {
		pen_op_stopped(pen); /* by a STOP */
	} else if (a->result == -ENODEV) {
		pen_op_finish(pen, &(struct pen_result){.outcome = PEN_LOST});
	} else if (a->result != -EPIPE) {
		/* Sent, and nobody knows whether it arrived: the third outcome, and a stop. */
		op_unconfirmed(pen, REASON_TRANSFER, now_usec());
	}
	return false;
}

/* ---- ARM ---- */

/* The guard has not sent it. Whoever lowered the ceiling since it was looked at did not tell us. */
static void above_ceiling(struct pen *pen)
{
	struct pen_op op = op_take(pen);
	const struct field fields[] = {
		FIELD_S("request", mnpen_request_name(MNPEN_REQ_ARM)),
		FIELD_S("error", "ceiling"),
	};

	pen_event(pen, "refused", fields, sizeof(fields) / sizeof(fields[0]));
	op_tell(pen, &op, &(struct pen_result){.outcome = PEN_CEILING});
}

static void on_arm_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (pen->op.kind != OP_ARM)
		return;
	if (a->result != -ERANGE && (pen_op_answer(pen, a) || a->result != -EPIPE))
		return;
	judge_disarm(&pen->judge);
	pen_step(pen, &(struct fsm_input){.event = FSM_EV_REFUSED}, now_usec());
	if (a->result == -ERANGE)
		above_ceiling(pen);
	else
		pen_op_refused(pen, &a->refusal);
}

int pen_arm(struct pen *pen, const struct pen_arm *arm, pen_done done, void *userdata)
{
	uint8_t buf[MNPEN_ARM_SIZE];
	struct mnpen_arm record;
	struct host_control control;
	int r;

	if (!pen->present)
		return -ENODEV;
	if (arm->epoch != pen->fsm.epoch)
		return -ESTALE;
	if (fsm_lease_wanted(&pen->fsm))
		return -EALREADY;
	if (pen->op.kind != OP_NONE)
		return -EBUSY;
	/* A slower stream would not show every stroke. */
	if (pen->setup != SETUP_DONE || pen->stream_us != pen_stream_period_us(pen))
		return -EAGAIN;
	if (pen->fsm.state != FSM_IDLE)
		return -EPERM;
	if (pen->cmd == UINT32_MAX)
		return -EOVERFLOW;

	record = (struct mnpen_arm){
		.token = arm->token,
		.cmd = pen->cmd + 1,
		.depth_limit_um = arm->limits.depth_um,
		.speed_min_rpm = arm->limits.speed_min_rpm,
		.speed_max_rpm = arm->limits.speed_max_rpm,
		.lease_ms = arm->lease_ms,
		.run_limit_ms = arm->run_left_ms,
		.trigger_mode = MNPEN_TRIGGER_HOLD,
	};
	mnpen_arm_encode(buf, &record);
	mnpen_arm_unpack(&record, buf); /* for the crc, which every lease repeats */
	control = ep0_out(MNPEN_REQ_ARM, buf, sizeof(buf));

	pen_op_begin(pen, OP_ARM, done, userdata);
	r = ep0_send(&pen->ep0, &control, on_arm_answer, pen);
	if (r < 0) {
		pen->op.kind = OP_NONE;
		return r;
	}
	pen->cmd = record.cmd;
	pen->arm = *arm;
	pen->lease = (struct pen_lease){
		.token = arm->token,
		.limits_crc = record.crc,
		.lease_ms = arm->lease_ms,
	};
	judge_arm(&pen->judge,
		  &(struct judge_limits){
			  .depth_um = arm->limits.depth_um,
			  .tolerance_um = arm->limits.tolerance_um,
			  .speed_min_rpm = arm->limits.speed_min_rpm,
			  .speed_max_rpm = arm->limits.speed_max_rpm,
			  .run_left_ms = arm->run_left_ms,
			  .max_age_usec = arm->max_age_usec,
			  .period_usec = pen->stream_us,
			  .lease_ms = arm->lease_ms,
			  .cartridge = pen->info.features & MNPEN_FEATURE_CARTRIDGE_TAG,
		  },
		  record.cmd);
	pen_step(pen,
		 &(struct fsm_input){
			 .event = FSM_EV_ARM,
			 .cmd = record.cmd,
			 .arm_timeout_usec = arm->arm_timeout_usec,
			 .session_end_usec = arm->session_end_usec,
			 .guarded = arm->guarded,
		 },
		 now_usec());
	return 0;
}

/* ---- SET_TARGET ---- */

static void on_target_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (pen->op.kind != OP_TARGET || pen_op_answer(pen, a) || a->result != -EPIPE)
		return;
	judge_target_settled(&pen->judge, pen->target_depth_um, pen->target_speed_rpm);
	pen_op_refused(pen, &a->refusal);
}

static int send_target(struct pen *pen, uint16_t depth_um, uint16_t speed_rpm, uint64_t now_usec)
{
	uint8_t buf[MNPEN_TARGET_SIZE];
	struct host_control control;
	int r;

	mnpen_target_encode(buf, &(struct mnpen_target){
					 .token = pen->lease.token,
					 .cmd = pen->cmd + 1,
					 .depth_um = depth_um,
					 .speed_rpm = speed_rpm,
				 });
	control = ep0_out(MNPEN_REQ_SET_TARGET, buf, sizeof(buf));
	r = ep0_send(&pen->ep0, &control, on_target_answer, pen);
	if (r < 0)
		return r;
	pen->op.kind = OP_TARGET;
	pen->op.accepted = false;
	pen->op.cmd = ++pen->cmd;
	pen->op.depth_um = depth_um;
	pen->op.speed_rpm = speed_rpm;
	pen->op.deadline_usec = now_usec + FSM_CONFIRM_USEC;
	judge_target_sent(&pen->judge, pen->op.cmd);
	pen_rearm_timer(pen);
	return 0;
}

void pen_send_target(struct pen *pen, uint64_t now_usec)
{
	pen->op.arming = true;
	if (send_target(pen, pen->arm.target_depth_um, pen->arm.target_speed_rpm, now_usec) < 0)
		pen_step_stop(pen, REASON_TRANSFER, now_usec);
}

int pen_set_target(struct pen *pen, uint16_t depth_um, uint16_t speed_rpm, pen_done done,
		   void *userdata)
{
	int r;

	if (!pen->present)
		return -ENODEV;
	if (!fsm_lease_wanted(&pen->fsm))
		return -EPERM;
	if (pen->cmd == UINT32_MAX)
		return -EOVERFLOW;
	if (pen->op.kind != OP_NONE)
		return -EBUSY;
	pen_op_begin(pen, OP_TARGET, done, userdata);
	r = send_target(pen, depth_um, speed_rpm, now_usec());
	if (r < 0)
		pen->op.kind = OP_NONE;
	return r;
}

static void target_in_force(struct pen *pen)
{
	if (pen->op.in_force)
		return;
	pen->op.in_force = true;
	pen->target_depth_um = pen->op.depth_um;
	pen->target_speed_rpm = pen->op.speed_rpm;
	judge_target_settled(&pen->judge, pen->op.depth_um, pen->op.speed_rpm);
	pen->lease.enable = true;
	pen->lease.sent_usec = 0; /* due: the first one that lets the trigger run */
}

static void target_confirmed(struct pen *pen)
{
	bool arming = pen->op.arming;
	const struct limits *limits = &pen->arm.limits;
	const struct field fields[] = {
		FIELD_U("depth_um", pen->op.depth_um),
		FIELD_U("speed_rpm", pen->op.speed_rpm),
		/* What holds from an arm on, for whoever looks at the record years later. */
		FIELD_U("depth_limit_um", limits->depth_um),
		FIELD_U("tolerance_um", limits->tolerance_um),
		FIELD_U("speed_min_rpm", limits->speed_min_rpm),
		FIELD_U("speed_max_rpm", limits->speed_max_rpm),
	};
	const size_t n_targets = 2;

	pen_event(pen, arming ? "armed" : "target", fields,
		  arming ? sizeof(fields) / sizeof(fields[0]) : n_targets);
	pen_changed(pen, PEN_CHANGED_TARGET | PEN_CHANGED_STATE);
	pen_op_confirmed(pen);
}

/* ---- the pen's word ---- */

void pen_op_sample(struct pen *pen, const struct mnpen_sample *sample)
{
	if (!pen->op.accepted)
		return;
	switch (pen->op.kind) {
	case OP_NONE:
	case OP_ARM:	 /* the state machine's to see */
	case OP_REFRESH: /* answered by its data */
		return;
	case OP_TARGET:
		/* The number says that it was taken, the echo that it was understood. */
		if (sample->last_cmd != pen->op.cmd ||
		    sample->target_depth_um != pen->op.depth_um ||
		    sample->target_speed_rpm != pen->op.speed_rpm)
			return;
		target_in_force(pen);
		/* A press before the pen is enabled does nothing until it is released: who is told
		 * "armed" may press, the pedal first if there is one. */
		if (!pen->op.arming || !fsm_may_enable(&pen->fsm) ||
		    sample->flags & MNPEN_FLAG_ENABLED)
			target_confirmed(pen);
		return;
	case OP_CLAIM:
		if (sample->last_cmd == pen->op.cmd) {
			pen->cartridge_stale = true;
			pen_op_confirmed(pen);
		}
		return;
	case OP_CLEAR:
		if (sample->state != MNPEN_STATE_FAULT)
			pen_op_confirmed(pen);
		return;
	}
}

void pen_op_tick(struct pen *pen, uint64_t now_usec)
{
	if (now_usec >= pen->op.deadline_usec)
		op_unconfirmed(pen, REASON_UNCONFIRMED, now_usec);
}
