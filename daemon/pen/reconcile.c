/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Things that are to be some way while the pen rests, and are brought there one request at a time
 * when EP0 has nothing better to do: the stream's period, and what we know of the cartridge.
 */
#include <errno.h>
#include <string.h>

#include "daemon/pen/parts.h"
#include "driver/base/cleanup.h"

static void on_stream_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (a->result == 0) {
		pen->stream_us = pen->stream_asked_us;
		/* The pen emptied its queue: what is missing across this is no gap. */
		judge_reset(&pen->judge);
		return;
	}
	/* A refusal stands; after anything else nobody knows: ask again. */
	if (a->result == -EPIPE)
		pen_event(pen, "refused", &FIELD_S("request", "set-stream"), 1);
	else
		pen->stream_asked_us = 0;
}

bool pen_take_cartridge(struct pen *pen, const struct ep0_answer *a)
{
	bool readable = mnpen_cartridge_decode(&pen->cartridge, a->data, a->len) >= 0;

	if (!readable) {
		pen->cartridge = (struct mnpen_cartridge){0}; /* better none than the one before */
		pen_event(pen, "undecodable", &FIELD_S("record", "cartridge"), 1);
	}
	pen_changed(pen, PEN_CHANGED_CARTRIDGE);
	return readable;
}

/* The limits, sensors and model that it was taken in with stand for as long as it is plugged in. */
static bool info_goes_on(const struct mnpen_info *before, const struct mnpen_info *now)
{
	uint8_t wanted[MNPEN_INFO_SIZE], got[MNPEN_INFO_SIZE];
	struct mnpen_info same = *before;

	same.calibrated_on_days = now->calibrated_on_days;
	same.calibration_due_days = now->calibration_due_days;
	same.motor_total_s = now->motor_total_s;
	mnpen_info_encode(wanted, &same);
	mnpen_info_encode(got, now);
	return memcmp(wanted, got, sizeof(got)) == 0;
}

/* They come beside the answer, and hold whatever that says. */
static void take_ceilings(struct pen *pen)
{
	const struct host_ceilings *now = &pen->host->ceilings;

	if (now->depth_um == pen->ceilings.depth_um && now->speed_rpm == pen->ceilings.speed_rpm)
		return;
	pen->ceilings = *now;
	pen_changed(pen, PEN_CHANGED_CEILINGS);
}

bool pen_take_info(struct pen *pen, const struct ep0_answer *a)
{
	struct mnpen_info now;

	take_ceilings(pen);
	if (mnpen_info_decode(&now, a->data, a->len) >= 0 && info_goes_on(&pen->info, &now)) {
		pen->info = now;
		return true;
	}
	pen_event(pen, "undecodable", &FIELD_S("record", "info"), 1);
	return false;
}

static void on_cartridge_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (a->result == 0)
		(void)pen_take_cartridge(pen, a);
	else
		pen->cartridge_stale = a->result != -EPIPE; /* a refusal stands */
}

uint32_t pen_stream_period_us(const struct pen *pen)
{
	return MAX(pen->stream_wanted_us, pen->info.stream_min_us);
}

void pen_reconcile(struct pen *pen)
{
	uint32_t period_us = pen_stream_period_us(pen);
	struct host_control control;
	uint8_t buf[MNPEN_STREAM_SIZE];

	if (pen->setup != SETUP_DONE || !ep0_idle(&pen->ep0) || pen->op.kind != OP_NONE ||
	    (pen->fsm.state != FSM_IDLE && pen->fsm.state != FSM_FAULT))
		return;
	if (pen->stream_asked_us != period_us) {
		mnpen_stream_encode(buf, period_us);
		control = ep0_out(MNPEN_REQ_SET_STREAM, buf, sizeof(buf));
		if (ep0_send(&pen->ep0, &control, on_stream_answer, pen) < 0)
			return; /* tried again with the next sample */
		pen->stream_asked_us = period_us;
		pen->stream_us = 0;
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
