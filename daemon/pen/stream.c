/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The safety loop: drain what has arrived, judge every sample, renew the lease or stop. Nothing
 * else renews a lease that enables the trigger, so a renewal proves that this loop ran.
 */
#include <errno.h>
#include <string.h>

#include "daemon/pen/parts.h"
#include "driver/base/clock.h"

static void tell(struct pen *pen, uint64_t rx_usec, enum policy_reason verdict, bool armed,
		 uint32_t missing, const uint8_t raw[MNPEN_SAMPLE_SIZE])
{
	struct mnpen_telemetry record = {
		.host_usec = rx_usec,
		.verdict = (uint8_t)verdict,
		.flags = (uint8_t)((missing ? MNPEN_TELEMETRY_GAP : 0) |
				   (armed ? MNPEN_TELEMETRY_ARMED : 0)),
	};

	memcpy(record.sample, raw, MNPEN_SAMPLE_SIZE);
	telemetry_push(&pen->telemetry, &record);
	pen->hooks->sample(pen, pen->userdata, rx_usec, record.verdict, record.flags, raw);
}

static void on_undecodable(struct pen *pen, const uint8_t *buf, size_t len, uint64_t rx_usec)
{
	struct fsm_input input = {.event = FSM_EV_SAMPLE, .reason = REASON_UNDECODABLE};
	bool armed = pen->judge.armed;

	pen_step(pen, &input, rx_usec);
	pen_event(pen, "undecodable", &FIELD_U("bytes", len), 1);
	if (pen->present && len == MNPEN_SAMPLE_SIZE)
		tell(pen, rx_usec, REASON_UNDECODABLE, armed, 0, buf);
}

/* Who looks at the cartridge's contacts has touched it. */
static void watch(struct pen *pen, const struct mnpen_sample *old, const struct mnpen_sample *s)
{
	const unsigned int cartridge = MNPEN_FLAG_CARTRIDGE | MNPEN_FLAG_SLEEVE;
	unsigned int what = 0;

	if ((old->flags ^ s->flags) & cartridge)
		pen->cartridge_stale = true;
	if (old->state != s->state || old->stop_reason != s->stop_reason)
		what |= PEN_CHANGED_STATE;
	if (old->faults != s->faults)
		what |= PEN_CHANGED_FAULTS;
	pen_changed(pen, what);
}

void pen_on_packet(struct host *host, void *userdata, const uint8_t *buf, size_t len,
		   uint64_t rx_usec)
{
	struct pen *pen = userdata;
	struct mnpen_sample old = pen->sample, s;
	uint32_t last_seq = pen->judge.last_seq;
	bool armed = pen->judge.armed;
	struct judge_result judged;

	pen->packet_usec = rx_usec;
	if (mnpen_sample_decode(&s, buf, len) < 0) {
		on_undecodable(pen, buf, len, rx_usec);
		return;
	}
	judged = judge_sample(&pen->judge, &s);
	if (judged.reason != REASON_ORDER)
		fresh_update(&pen->fresh, rx_usec, s.time_us);
	pen->sample = s;
	pen->sample_usec = rx_usec;
	pen->lease.sample_since = true;

	/* The stop first: what follows only reports. */
	pen_step(pen,
		 &(struct fsm_input){
			 .event = FSM_EV_SAMPLE,
			 .reason = judged.reason,
			 .sample = &s,
			 .drive_evidence = judged.drive_evidence,
		 },
		 rx_usec);
	if (pen->setup == SETUP_SAMPLE)
		pen_setup_sample(pen, &s, rx_usec);
	if (!pen->present)
		return;
	if (judged.missing)
		pen->hooks->gap(pen, pen->userdata, last_seq, s.seq);
	tell(pen, rx_usec, judged.reason, armed, judged.missing, buf);
	pen_op_sample(pen, &s);
	watch(pen, &old, &s);
}

/* What it was stopped for is in the next packet, and is judged here all the same. */
void pen_on_guarded(struct host *host, void *userdata, uint8_t reason)
{
	pen_event(userdata, "guard-stop", &FIELD_S("reason", host_guard_reason(reason)), 1);
}

void pen_check_fresh(struct pen *pen, uint64_t now_usec)
{
	if (fsm_lease_wanted(&pen->fsm) &&
	    fresh_age_usec(&pen->fresh, now_usec) > pen->arm.max_age_usec)
		pen_step_stop(pen, REASON_STALE, now_usec);
}

/* A lease may have been on its way when the pen stopped by itself: its samples say why. */
static enum policy_reason lease_failed(const struct ep0_answer *a)
{
	if (a->result != -EPIPE)
		return REASON_TRANSFER;
	return a->refusal.code == MNPEN_ERR_BAD_STATE ? REASON_PEN : REASON_REFUSED;
}

static void on_lease_answer(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (a->result == 0 || a->result == -ECANCELED || a->result == -ENODEV ||
	    !fsm_lease_wanted(&pen->fsm))
		return;
	pen_step_stop(pen, lease_failed(a), now_usec());
}

void pen_send_lease(struct pen *pen, uint64_t now_usec)
{
	struct pen_lease *lease = &pen->lease;
	bool enable = lease->enable && !lease->off_due && fsm_may_enable(&pen->fsm);
	uint8_t buf[MNPEN_LEASE_SIZE];
	struct host_control control;

	mnpen_lease_encode(buf, &(struct mnpen_lease){
					.token = lease->token,
					.counter = lease->counter + 1,
					.limits_crc = lease->limits_crc,
					.enable = enable,
				});
	control = ep0_out(MNPEN_REQ_LEASE, buf, sizeof(buf));
	if (ep0_send(&pen->ep0, &control, on_lease_answer, pen) < 0)
		return; /* tried again with the next sample; if it never works, the lease ends */
	judge_lease_sent(&pen->judge, enable);
	lease->off_due = false;
	lease->counter++;
	lease->sent_usec = now_usec;
	lease->sample_since = false;
}

/* A release that nobody told of is seen here, and a lease that enables does not go out behind it.
 */
static void check_pedal(struct pen *pen, uint64_t now_usec)
{
	if (pen->fsm.guarded && pen->fsm.held && !pen->hooks->pedal_down(pen, pen->userdata))
		pen_step(pen, &(struct fsm_input){.event = FSM_EV_RELEASE, .made_usec = now_usec},
			 now_usec);
}

void pen_on_drained(struct host *host, void *userdata)
{
	struct pen *pen = userdata;
	uint64_t now = now_usec();
	enum policy_reason reason;

	if (!pen->present)
		return;
	if (!fsm_lease_wanted(&pen->fsm)) {
		pen_reconcile(pen);
		return;
	}
	pen_check_fresh(pen, now);
	reason = pen->hooks->may_run(pen, pen->userdata, now);
	if (reason != REASON_NONE)
		pen_step_stop(pen, reason, now);
	if (fsm_lease_wanted(&pen->fsm) && pen->lease.off_due)
		pen_send_lease(pen, now);
	if (!fsm_lease_wanted(&pen->fsm) || !pen->lease.sample_since || !ep0_idle(&pen->ep0))
		return;
	if (now - pen->lease.sent_usec < pen->lease.lease_ms * USEC_PER_MSEC / 4)
		return;
	check_pedal(pen, now);
	if (ep0_idle(&pen->ep0)) /* else the release has sent its own */
		pen_send_lease(pen, now);
}
