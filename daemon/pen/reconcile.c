/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Things that are to be some way while the pen rests, and are brought there one request at a time
 * when EP0 has nothing better to do: the stream's period, and what we know of the cartridge.
 */
#include <errno.h>

#include "daemon/pen/parts.h"
#include "driver/base/cleanup.h"

static void on_stream_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (a->result == 0) {
		/* The pen emptied its queue: what is missing across this is no gap. */
		judge_reset(&pen->judge);
		return;
	}
	if (a->result != -ECANCELED && a->result != -ENODEV)
		pen_event(pen, "refused", &FIELD_S("request", "set-stream"), 1);
	if (a->result == -ECANCELED)
		pen->stream_us = 0; /* unknown: ask again */
}

static void on_cartridge_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (a->result != 0) {
		pen->cartridge_stale = a->result == -ECANCELED;
		return;
	}
	if (mnpen_cartridge_decode(&pen->cartridge, a->data, a->len) < 0) {
		pen->cartridge_known = false;
		pen_event(pen, "undecodable", &FIELD_S("record", "cartridge"), 1);
		return;
	}
	pen->cartridge_known = true;
	pen_changed(pen, PEN_CHANGED_CARTRIDGE);
}

void pen_reconcile(struct pen *pen)
{
	uint32_t period_us = MAX(pen->stream_wanted_us, pen->info.stream_min_us);
	struct host_control control;
	uint8_t buf[MNPEN_STREAM_SIZE];

	if (!ep0_idle(&pen->ep0) || pen->op.kind != OP_NONE ||
	    (pen->fsm.state != FSM_IDLE && pen->fsm.state != FSM_FAULT))
		return;
	if (pen->stream_us != period_us) {
		mnpen_stream_encode(buf, period_us);
		control = ep0_out(MNPEN_REQ_SET_STREAM, buf, sizeof(buf));
		if (ep0_send(&pen->ep0, &control, on_stream_answer, pen) == 0)
			pen->stream_us = period_us;
		return;
	}
	if (pen->cartridge_stale) {
		control = ep0_in(MNPEN_REQ_GET_CARTRIDGE, MNPEN_CARTRIDGE_SIZE);
		if (ep0_send(&pen->ep0, &control, on_cartridge_answer, pen) == 0)
			pen->cartridge_stale = false;
	}
}

void pen_set_stream_period(struct pen *pen, uint32_t period_us)
{
	pen->stream_wanted_us = period_us;
	if (pen->present)
		pen_reconcile(pen);
}
