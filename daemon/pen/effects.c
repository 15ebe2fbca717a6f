/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/pen/parts.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"

static void log_stop_failed(struct pen *pen, const char *what, int error)
{
	struct log_context context = {
		.pen = pen->identity.serial,
		.reason = policy_reason_name(pen->fsm.reason),
		.message_id = LOG_ID_STOP,
	};

	if (log_allowed(&pen->log_limit))
		log_line(LOG_ERR, &context, "%s did not get through: %s; the lease bounds it", what,
			 strerrordesc_np(-error));
}

static void on_stop_done(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct pen *pen = userdata;

	if (result < 0 && result != -ENODEV && result != -ECANCELED)
		log_stop_failed(pen, "STOP", result);
	ep0_kick(&pen->ep0);
}

/* In alternate setting 0 no samples come, so the proof of rest is asked for. It does not go through
 * the judge: its seq is that of the last streamed sample. */
static void on_rest_status(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;
	struct mnpen_sample s;

	if (a->result < 0 || mnpen_sample_decode(&s, a->data, a->len) < 0)
		return; /* no proof: the next step of escalation follows */
	pen->sample = s;
	pen_step(pen,
		 &(struct fsm_input){
			 .event = FSM_EV_SAMPLE,
			 .sample = &s,
			 .drive_evidence = s.flags & MNPEN_FLAG_DRIVE,
		 },
		 now_usec());
	if (pen->fsm.state != FSM_STOPPING)
		pen_setup_resume(pen);
}

static void on_alt_done(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct host_control status = ep0_in(MNPEN_REQ_GET_STATUS, MNPEN_SAMPLE_SIZE);
	struct pen *pen = userdata;

	if (result < 0 && result != -ENODEV && result != -ECANCELED)
		log_stop_failed(pen, "SET_INTERFACE 0", result);
	if (result == 0 && pen->fsm.state == FSM_STOPPING)
		(void)ep0_send(&pen->ep0, &status, on_rest_status, pen);
	ep0_kick(&pen->ep0);
}

/* Nothing stands before this: what waits for EP0 is dropped, and its owner told when the STOP is
 * out; what is in flight is cancelled. */
static void send_stops(struct pen *pen, uint32_t effects, enum policy_reason reason)
{
	struct ep0_item dropped;
	bool has_dropped;
	int r = 0;

	if (!(effects & (FSM_SEND_STOP | FSM_SEND_ALT0 | FSM_SEND_RESET)))
		return;
	pen->lease.enable = pen->lease.off_due = false;
	has_dropped = ep0_take_waiting(&pen->ep0, &dropped);
	if (effects & FSM_SEND_STOP)
		r = host_stop(pen->host, (uint16_t)reason, on_stop_done, pen);
	if (r < 0 && r != -EALREADY && r != -ENOTCONN)
		log_stop_failed(pen, "STOP", r);
	if (effects & FSM_SEND_ALT0)
		(void)host_set_alt(pen->host, MNPEN_ALT_REST, 0, on_alt_done, pen);
	if (effects & FSM_SEND_RESET)
		(void)host_reset(pen->host);
	if (has_dropped)
		dropped.done(dropped.userdata, &(struct ep0_answer){.result = -ECANCELED});
}

/* Not a stop: what is in flight goes on, and this goes right behind it. What does not get out is
 * tried again with each sample, and the state machine's patience bounds it. */
static void send_off(struct pen *pen, uint64_t now_usec)
{
	pen->lease.off_due = true;
	pen_send_lease(pen, now_usec);
}

static void report_disarmed(struct pen *pen, enum fsm_state old)
{
	const struct mnpen_sample *s = &pen->sample;
	enum policy_reason reason = pen->fsm.reason;
	struct log_context context = {
		.pen = pen->identity.serial,
		.reason = policy_reason_name(reason),
		.message_id = LOG_ID_STOP,
	};
	struct field fields[] = {
		FIELD_S("reason", policy_reason_name(reason)),
		FIELD_S("pen_stop_reason", mnpen_stop_reason_name(s->stop_reason)),
		FIELD_S("from", fsm_state_name(old)),
		FIELD_U("depth_um", s->depth_um),
		FIELD_U("depth_limit_um", pen->arm.limits.depth_um),
		FIELD_U("tolerance_um", pen->arm.limits.tolerance_um),
		FIELD_U("speed_rpm", s->speed_rpm),
		FIELD_U("sample_age_usec", fresh_age_usec(&pen->fresh, now_usec())),
		FIELD_U("strokes", s->strokes),
		FIELD_U("run_ms", pen_run_ms(pen)),
	};

	log_line(LOG_NOTICE, &context, "%s -> %s: %s", fsm_state_name(old),
		 fsm_state_name(pen->fsm.state), policy_reason_name(reason));
	pen_event(pen, "disarmed", fields, sizeof(fields) / sizeof(fields[0]));
	pen->hooks->disarmed(pen, pen->userdata, reason, pen_run_ms(pen));
}

static void report_faults(struct pen *pen)
{
	char names[256] = "";
	size_t used = 0;

	for (unsigned int bit = 0; bit < MNPEN_FAULT_COUNT; bit++) {
		if (!(pen->sample.faults & (1u << bit)))
			continue;
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
					 used ? " " : "", mnpen_fault_name(bit));
	}
	pen_event(pen, "fault", &FIELD_S("faults", names), 1);
}

static void on_confirmed(struct pen *pen, uint64_t now_usec)
{
	judge_armed_sample(&pen->judge, &pen->sample);
	pen->lease.counter = 0;
	pen->lease.sent_usec = 0;
	pen->lease.begun_usec = now_usec;
	pen->lease.enable = pen->lease.off_due = false;
	pen_send_target(pen, now_usec);
}

static void report(struct pen *pen, uint32_t effects, enum fsm_state old)
{
	unsigned int what = pen->fsm.state != old ? PEN_CHANGED_STATE : 0;

	if (effects & FSM_STARTED)
		pen_event(pen, "running", &FIELD_U("target_depth_um", pen->target_depth_um), 1);
	if (effects & FSM_PAUSED)
		pen_event(pen, "paused",
			  (const struct field[]){
				  FIELD_U("run_ms", pen_run_ms(pen)),
				  FIELD_S("pen_stop_reason",
					  mnpen_stop_reason_name(pen->sample.stop_reason)),
			  },
			  2);
	if (effects & FSM_FAULTED)
		report_faults(pen);
	if (effects & FSM_STOPPED)
		pen_event(pen, "stopped", &FIELD_S("reason", policy_reason_name(pen->fsm.reason)),
			  1);
	if (effects & FSM_RAISE_ALARM)
		pen->hooks->alarm(pen, pen->userdata);
	if (effects & (FSM_SEND_ALT0 | FSM_SEND_RESET)) {
		const char *step = effects & FSM_SEND_ALT0 ? "set-interface-0" : "reset";

		pen_event(pen, "escalation", &FIELD_S("step", step), 1);
	}
	if (effects & FSM_STOPPED)
		what |= PEN_CHANGED_AT_REST;
	pen_changed(pen, what);
}

void pen_step(struct pen *pen, const struct fsm_input *input, uint64_t now_usec)
{
	enum fsm_state old = pen->fsm.state;
	uint32_t effects = fsm_step(&pen->fsm, input, now_usec);

	/* A pen at rest keeps the reason for which it came to rest; the STOP says why it was sent.
	 */
	send_stops(pen, effects, input->event == FSM_EV_STOP ? input->reason : pen->fsm.reason);
	if (effects & FSM_SEND_OFF)
		send_off(pen, now_usec);
	if (effects & FSM_HELD)
		pen->lease.sent_usec = 0; /* due with the next sample */
	if (effects & FSM_DISARMED) {
		report_disarmed(pen, old);
		judge_disarm(&pen->judge);
		pen_op_stopped(pen);
		pen->target_depth_um = 0;
		pen_changed(pen, PEN_CHANGED_TARGET);
	}
	if (effects & FSM_CONFIRMED)
		on_confirmed(pen, now_usec);
	report(pen, effects, old);
	pen_rearm_timer(pen);
}

void pen_step_stop(struct pen *pen, enum policy_reason reason, uint64_t now_usec)
{
	pen_step(pen, &(struct fsm_input){.event = FSM_EV_STOP, .reason = reason}, now_usec);
}
