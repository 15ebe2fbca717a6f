/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "daemon/pen/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/host/usbip.h"

/* Behind the packets (so that what has arrived is judged first), before everything else. */
#define PEN_TIMER_PRIORITY (HOST_EVENT_PRIORITY + 10)

void pen_event(struct pen *pen, const char *kind, const struct field *fields, size_t n_fields)
{
	pen->hooks->event(pen, pen->userdata, kind, fields, n_fields);
}

void pen_changed(struct pen *pen, unsigned int what)
{
	if (pen->present && what)
		pen->hooks->changed(pen, pen->userdata, what);
}

static uint64_t next_deadline(const struct pen *pen)
{
	uint64_t due = fsm_deadline_usec(&pen->fsm);

	due = MIN(due, pen->op.deadline_usec);
	due = MIN(due, pen_setup_due_usec(pen));
	if (fsm_lease_wanted(&pen->fsm))
		due = MIN(due, fresh_due_usec(&pen->fresh, pen->arm.max_age_usec));
	return due;
}

/* The deadline of freshness moves with every sample: the timer is only ever pulled nearer here,
 * and looks for itself what is due when it fires. */
void pen_rearm_timer(struct pen *pen)
{
	uint64_t due = next_deadline(pen);

	if (due >= pen->timer_usec)
		return;
	pen->timer_usec = due;
	(void)sd_event_source_set_time(pen->timer, due);
	(void)sd_event_source_set_enabled(pen->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct pen *pen = userdata;
	uint64_t now = now_usec();

	pen->timer_usec = UINT64_MAX;
	pen_check_fresh(pen, now);
	pen_step(pen, &(struct fsm_input){.event = FSM_EV_TICK}, now);
	pen_op_tick(pen, now);
	pen_setup_tick(pen, now);
	pen_rearm_timer(pen);
	return 0;
}

int pen_new(struct pen **ret, sd_event *event, const struct pen_hooks *hooks, void *userdata)
{
	struct pen *pen = calloc(1, sizeof(*pen));
	int r;

	if (!pen)
		return -ENOMEM;
	pen->event = sd_event_ref(event);
	pen->hooks = hooks;
	pen->userdata = userdata;
	pen->op.deadline_usec = UINT64_MAX;
	pen->timer_usec = UINT64_MAX;
	pen->stream_wanted_us = PEN_IDLE_STREAM_US;

	r = sd_event_add_time(event, &pen->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_timer, pen);
	if (r >= 0)
		r = sd_event_source_set_priority(pen->timer, PEN_TIMER_PRIORITY);
	if (r < 0) {
		pen_free(pen);
		return r;
	}
	*ret = pen;
	return 0;
}

const struct host_callbacks pen_callbacks = {
	.online = pen_on_online,
	.offline = pen_on_offline,
	.packet = pen_on_packet,
	.drained = pen_on_drained,
	.guarded = pen_on_guarded,
};

int pen_new_usbip(struct pen **ret, sd_event *event, const char *url, bool allow_remote,
		  const struct pen_hooks *hooks, void *userdata)
{
	struct usbip_url parsed;
	struct pen *pen;
	int r;

	r = usbip_url_parse(&parsed, url);
	if (r < 0)
		return r;
	if (!allow_remote && !usbip_url_is_loopback(&parsed))
		return -EPERM;
	r = pen_new(&pen, event, hooks, userdata);
	if (r < 0)
		return r;
	r = host_usbip_new(&pen->host, event, &parsed, &pen_callbacks, pen);
	if (r < 0) {
		pen_free(pen);
		return r;
	}
	pen->ep0.host = pen->host;
	*ret = pen;
	return 0;
}

struct pen *pen_free(struct pen *pen)
{
	if (!pen)
		return NULL;
	capture_close(&pen->capture);
	if (pen->host != pen->usb && pen->host != pen->chardev)
		host_free(pen->host);
	host_free(pen->usb); /* to the pen an unplug, and so a stop */
	host_free(pen->chardev);
	sd_event_source_disable_unref(pen->timer);
	sd_event_unref(pen->event);
	telemetry_close(&pen->telemetry);
	free(pen);
	return NULL;
}

bool pen_present(const struct pen *pen)
{
	return pen->present;
}

const char *pen_serial(const struct pen *pen)
{
	return pen->identity.serial;
}

const char *pen_transport(const struct pen *pen)
{
	return host_transport_name(pen->host);
}

void pen_ceilings(const struct pen *pen, uint16_t *ret_depth_um, uint16_t *ret_speed_rpm)
{
	*ret_depth_um = pen->ceilings.depth_um;
	*ret_speed_rpm = pen->ceilings.speed_rpm;
}

const struct mnpen_info *pen_info(const struct pen *pen)
{
	return &pen->info;
}

const struct mnpen_cartridge *pen_cartridge(const struct pen *pen)
{
	return &pen->cartridge;
}

const struct mnpen_sample *pen_sample(const struct pen *pen)
{
	return &pen->sample;
}

uint64_t pen_sample_usec(const struct pen *pen)
{
	uint64_t now = now_usec();
	uint64_t age_usec = fresh_age_usec(&pen->fresh, now);

	return pen->sample_usec && age_usec < now ? now - age_usec : 0;
}

uint64_t pen_sample_age_usec(const struct pen *pen, uint64_t now_usec)
{
	return fresh_age_usec(&pen->fresh, now_usec);
}

enum fsm_state pen_state(const struct pen *pen)
{
	return pen->fsm.state;
}

bool pen_is_live(const struct pen *pen)
{
	return fsm_lease_wanted(&pen->fsm);
}

bool pen_guarded(const struct pen *pen, uint64_t now_usec)
{
	uint64_t renewed_usec = MAX(pen->lease.sent_usec, pen->lease.begun_usec);

	return !fsm_lease_wanted(&pen->fsm) ||
	       now_usec - renewed_usec <= pen->lease.lease_ms * USEC_PER_MSEC;
}

uint64_t pen_epoch(const struct pen *pen)
{
	return pen->fsm.epoch;
}

enum policy_reason pen_reason(const struct pen *pen)
{
	return pen->fsm.reason;
}

uint32_t pen_run_ms(const struct pen *pen)
{
	return judge_run_ms(&pen->judge, &pen->sample);
}

int pen_stop(struct pen *pen, enum policy_reason reason)
{
	pen_step_stop(pen, reason, now_usec());
	switch (pen->fsm.state) {
	case FSM_ABSENT:
		return -ENODEV;
	case FSM_IDLE:
	case FSM_FAULT:
		return 0;
	case FSM_ARMING:
	case FSM_ARMED:
	case FSM_RUNNING:
	case FSM_STOPPING:
		return 1;
	}
	return 1;
}

void pen_pedal(struct pen *pen, bool held, uint64_t made_usec)
{
	pen_step(pen,
		 &(struct fsm_input){
			 .event = held ? FSM_EV_PRESS : FSM_EV_RELEASE,
			 .made_usec = made_usec,
		 },
		 now_usec());
}

bool pen_is_guarded(const struct pen *pen)
{
	return pen_is_live(pen) && pen->fsm.guarded;
}

bool pen_is_held(const struct pen *pen)
{
	return pen_is_guarded(pen) && pen->fsm.held;
}

int pen_open_telemetry(struct pen *pen)
{
	return pen->present ? telemetry_open(&pen->telemetry) : -ENODEV;
}
