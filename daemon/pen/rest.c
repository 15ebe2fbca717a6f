/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands to a pen at rest: CLAIM_CARTRIDGE, CLEAR_FAULT, and asking what it is anew. */
#include <errno.h>

#include "daemon/pen/parts.h"
#include "driver/base/clock.h"

static int rest_op(struct pen *pen, enum pen_op_kind kind, const struct host_control *control,
		   ep0_done answer, pen_done done, void *userdata)
{
	int r;

	if (!pen->present)
		return -ENODEV;
	/* While it comes back from alternate setting 0, EP0 belongs to the set-up. */
	if (pen->op.kind != OP_NONE || pen->setup != SETUP_DONE)
		return -EBUSY;
	if (pen->fsm.state != FSM_IDLE && pen->fsm.state != FSM_FAULT)
		return -EPERM;
	pen_op_begin(pen, kind, done, userdata);
	r = ep0_send(&pen->ep0, control, answer, pen);
	if (r < 0) {
		pen->op.kind = OP_NONE;
		return r;
	}
	pen->op.deadline_usec = now_usec() + FSM_CONFIRM_USEC;
	pen_rearm_timer(pen);
	return 0;
}

static void on_rest_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (pen->op.kind != OP_CLAIM && pen->op.kind != OP_CLEAR)
		return;
	if (!pen_op_answer(pen, a) && a->result == -EPIPE)
		pen_op_refused(pen, &a->refusal);
}

int pen_claim(struct pen *pen, uint64_t token, uint32_t today_days, pen_done done, void *userdata)
{
	uint8_t buf[MNPEN_CLAIM_SIZE];
	struct host_control control;
	int r;

	if (pen->cmd == UINT32_MAX)
		return -EOVERFLOW;
	mnpen_claim_encode(buf, &(struct mnpen_claim){
					.token = token,
					.cmd = pen->cmd + 1,
					.today_days = today_days,
				});
	control = ep0_out(MNPEN_REQ_CLAIM_CARTRIDGE, buf, sizeof(buf));
	r = rest_op(pen, OP_CLAIM, &control, on_rest_answer, done, userdata);
	if (r == 0)
		pen->op.cmd = ++pen->cmd;
	return r;
}

int pen_clear_fault(struct pen *pen, pen_done done, void *userdata)
{
	struct host_control control = ep0_out(MNPEN_REQ_CLEAR_FAULT, NULL, 0);

	if (pen->present && pen->fsm.state != FSM_FAULT)
		return -EPERM;
	return rest_op(pen, OP_CLEAR, &control, on_rest_answer, done, userdata);
}

/* ---- what the pen says of itself and of its cartridge, anew ---- */

/* Return: whether @a can be looked at; otherwise the command is over. */
static bool refresh_answer(struct pen *pen, const struct ep0_answer *a)
{
	if (pen->op.kind != OP_REFRESH)
		return false;
	if (a->result == -EPIPE) {
		pen_op_refused(pen, &a->refusal);
		return false;
	}
	return pen_op_answer(pen, a);
}

static void on_info_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (!refresh_answer(pen, a))
		return;
	if (pen_take_info(pen, a))
		pen_op_confirmed(pen);
	else
		pen_op_finish(pen, &(struct pen_result){.outcome = PEN_UNCONFIRMED});
}

static void on_cartridge_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;
	struct host_control control = ep0_in(MNPEN_REQ_GET_INFO, MNPEN_INFO_SIZE);

	if (!refresh_answer(pen, a))
		return;
	pen->cartridge_stale = false;
	if (!pen_take_cartridge(pen, a) || ep0_send(&pen->ep0, &control, on_info_answer, pen) < 0)
		pen_op_finish(pen, &(struct pen_result){.outcome = PEN_UNCONFIRMED});
}

int pen_refresh(struct pen *pen, pen_done done, void *userdata)
{
	struct host_control control = ep0_in(MNPEN_REQ_GET_CARTRIDGE, MNPEN_CARTRIDGE_SIZE);

	return rest_op(pen, OP_REFRESH, &control, on_cartridge_answer, done, userdata);
}

/* ---- the same for whoever only looks: no command, so that it keeps none waiting ---- */

static void on_look_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;
	pen_looked done = pen->looked;

	if (a->result == 0)
		(void)pen_take_info(pen, a);
	pen->looked = NULL;
	done(pen->looked_userdata);
}

int pen_look(struct pen *pen, pen_looked done, void *userdata)
{
	struct host_control control = ep0_in(MNPEN_REQ_GET_INFO, MNPEN_INFO_SIZE);
	int r;

	if (!pen->present)
		return -ENODEV;
	if (pen->looked || pen->setup != SETUP_DONE || !ep0_idle(&pen->ep0) ||
	    pen->op.kind != OP_NONE)
		return -EBUSY;
	if (pen->fsm.state != FSM_IDLE && pen->fsm.state != FSM_FAULT)
		return -EPERM;
	r = ep0_send(&pen->ep0, &control, on_look_answer, pen);
	if (r < 0)
		return r;
	pen->looked = done;
	pen->looked_userdata = userdata;
	return 0;
}
