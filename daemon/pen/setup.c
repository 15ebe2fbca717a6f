/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From "a pen is there" to "its samples come": STOP, GET_INFO, GET_STATUS, GET_CARTRIDGE,
 * SET_INTERFACE 1, SET_STREAM, first sample. One request at a time, each started by the answer to
 * the one before. The STOP goes first: whatever was armed here was not armed by us.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/pen/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

static void step(struct pen *pen, enum pen_setup setup);

static void fail(struct pen *pen, const char *what, int error)
{
	struct log_context context = {.pen = pen->identity.serial};

	if (pen->setup == SETUP_OFFLINE)
		return;
	if (pen->present && error == -ECANCELED) { /* by a STOP, which goes first: then once more */
		pen->setup = SETUP_FAILED;
		pen->setup_usec = now_usec() + PEN_SETUP_AGAIN_USEC;
		pen_rearm_timer(pen);
		return;
	}
	if (pen->present) { /* it does not come back to work: come anew */
		(void)host_reset(pen->host);
		return;
	}
	pen->setup = SETUP_FAILED;
	pen->setup_usec = now_usec() + PEN_SETUP_RETRY_USEC;
	(void)host_stream(pen->host, false);
	if (log_allowed(&pen->log_limit))
		log_line(LOG_WARNING, &context, "pen cannot be used: %s: %s; trying again in 5 s",
			 what, strerrordesc_np(-error));
	pen_rearm_timer(pen);
}

/* A request that the pen refused or did not answer ends the attempt. */
static bool failed(struct pen *pen, enum pen_setup expected, const struct ep0_answer *a,
		   const char *what)
{
	if (pen->setup != expected)
		return true;
	if (a->result < 0)
		fail(pen, what, a->result);
	return a->result < 0;
}

static void fail_info(struct pen *pen, const struct ep0_answer *a)
{
	struct mnpen_finding finding = {.field = ""};
	char what[128];

	(void)mnpen_info_finding(&finding, a->data, a->len);
	snprintf(what, sizeof(what),
		 "GET_INFO is not by protocol 1.x: %s is %" PRIu32 ", allowed %" PRIu32
		 "..%" PRIu32,
		 finding.field, finding.value, finding.min, finding.max);
	fail(pen, what, -EPROTO);
}

static void on_info(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (failed(pen, SETUP_INFO, a, "GET_INFO"))
		return;
	if (mnpen_info_decode(&pen->info, a->data, a->len) < 0)
		fail_info(pen, a);
	else
		step(pen, SETUP_STATUS);
}

static void on_status(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (failed(pen, SETUP_STATUS, a, "GET_STATUS"))
		return;
	if (mnpen_sample_decode(&pen->sample, a->data, a->len) < 0) {
		fail(pen, "GET_STATUS is not by protocol 1.x", -EPROTO);
		return;
	}
	pen->cmd = pen->sample.last_cmd; /* command numbers go on from there */
	step(pen, SETUP_CARTRIDGE);
}

static void on_cartridge(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;

	if (failed(pen, SETUP_CARTRIDGE, a, "GET_CARTRIDGE"))
		return;
	if (mnpen_cartridge_decode(&pen->cartridge, a->data, a->len) < 0) {
		fail(pen, "GET_CARTRIDGE is not by protocol 1.x", -EPROTO);
		return;
	}
	step(pen, SETUP_ALT);
}

static void on_stop(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct pen *pen = userdata;

	if (!failed(pen, SETUP_STOP, &(struct ep0_answer){.result = result}, "STOP"))
		step(pen, SETUP_INFO);
}

static void on_alt(void *userdata, int result, const uint8_t *data, size_t len)
{
	struct pen *pen = userdata;

	if (!failed(pen, SETUP_ALT, &(struct ep0_answer){.result = result}, "SET_INTERFACE 1"))
		step(pen, SETUP_STREAM);
}

static void on_stream(void *userdata, const struct ep0_answer *a)
{
	struct pen *pen = userdata;
	int r;

	if (failed(pen, SETUP_STREAM, a, "SET_STREAM"))
		return;
	pen->stream_us = pen->stream_asked_us;
	r = host_stream(pen->host, true);
	if (r < 0)
		fail(pen, "sample endpoint", r);
	else
		step(pen, SETUP_SAMPLE);
}

static int send(struct pen *pen, struct host_control control, ep0_done done)
{
	control.timeout_ms = HOST_SETUP_TIMEOUT_MS;
	return ep0_send(&pen->ep0, &control, done, pen);
}

static int start_stream(struct pen *pen)
{
	uint8_t buf[MNPEN_STREAM_SIZE];

	pen->stream_us = 0;
	pen->stream_asked_us = pen_stream_period_us(pen);
	mnpen_stream_encode(buf, pen->stream_asked_us);
	return send(pen, ep0_out(MNPEN_REQ_SET_STREAM, buf, sizeof(buf)), on_stream);
}

static void step(struct pen *pen, enum pen_setup setup)
{
	int r = 0;

	pen->setup = setup;
	switch (setup) {
	case SETUP_STOP:
		pen->stream_repeated = false;
		r = host_stop(pen->host, REASON_UNEXPECTED_ARM, on_stop, pen);
		break;
	case SETUP_INFO:
		r = send(pen, ep0_in(MNPEN_REQ_GET_INFO, MNPEN_INFO_SIZE), on_info);
		break;
	case SETUP_STATUS:
		r = send(pen, ep0_in(MNPEN_REQ_GET_STATUS, MNPEN_SAMPLE_SIZE), on_status);
		break;
	case SETUP_CARTRIDGE:
		r = send(pen, ep0_in(MNPEN_REQ_GET_CARTRIDGE, MNPEN_CARTRIDGE_SIZE), on_cartridge);
		break;
	case SETUP_ALT:
		r = host_set_alt(pen->host, MNPEN_ALT_WORK, HOST_SETUP_TIMEOUT_MS, on_alt, pen);
		break;
	case SETUP_STREAM:
		r = start_stream(pen);
		break;
	case SETUP_SAMPLE:
		judge_reset(&pen->judge);
		pen->fresh = (struct fresh){0};
		pen->setup_usec = now_usec() + PEN_SETUP_SAMPLE_USEC;
		pen_rearm_timer(pen);
		break;
	case SETUP_OFFLINE:
	case SETUP_DONE:
	case SETUP_FAILED:
		break;
	}
	if (r < 0)
		fail(pen, "set-up", r);
}

void pen_setup_resume(struct pen *pen)
{
	step(pen, SETUP_ALT);
}

void pen_on_online(struct host *host, void *userdata, const struct host_identity *identity)
{
	struct pen *pen = userdata;

	pen->identity = *identity;
	pen->ceilings = host->ceilings;
	pen->cartridge_stale = false;
	pen->sample_usec = 0;
	step(pen, SETUP_STOP);
}

void pen_on_offline(struct host *host, void *userdata, int error)
{
	struct pen *pen = userdata;
	struct log_context context = {.pen = pen->identity.serial};
	bool was_present = pen->present;

	pen->setup = SETUP_OFFLINE;
	if (log_allowed(&pen->log_limit))
		log_line(LOG_NOTICE, &context, "no pen: %s", strerrordesc_np(-error));
	pen_step(pen, &(struct fsm_input){.event = FSM_EV_DETACH}, now_usec());
	pen_op_finish(pen, &(struct pen_result){.outcome = PEN_LOST});
	pen->present = false;
	pen->sample_usec = 0;
	pen->fresh = (struct fresh){0};
	if (was_present)
		pen->hooks->left(pen, pen->userdata);
	telemetry_close(&pen->telemetry);
	capture_close(&pen->capture);
}

void pen_setup_sample(struct pen *pen, const struct mnpen_sample *sample, uint64_t now_usec)
{
	if (pen->setup != SETUP_SAMPLE)
		return;
	if (pen->present) {
		pen->setup = SETUP_DONE;
		return;
	}
	if (!pen->hooks->arrived(pen, pen->userdata)) {
		fail(pen, "its serial is in use by another pen", -EEXIST);
		(void)host_set_alt(pen->host, MNPEN_ALT_REST, HOST_SETUP_TIMEOUT_MS, on_alt, pen);
		return;
	}
	pen->setup = SETUP_DONE;
	pen->present = true;
	pen_step(pen, &(struct fsm_input){.event = FSM_EV_ATTACH, .sample = sample}, now_usec);
	pen_changed(pen, PEN_CHANGED_STATE);
}

/* A bus event ends the stream, and at rest no lease notices: whoever looks would see the last
 * sample for ever. */
static void restart_stream(struct pen *pen, uint64_t now_usec)
{
	uint64_t silent_ms = (now_usec - pen->packet_usec) / USEC_PER_MSEC;

	pen_event(pen, "stream-lost", &FIELD_U("silent_ms", silent_ms), 1);
	step(pen, SETUP_ALT);
}

/* A pen may lose SET_STREAM after it has acknowledged it: one behind GadgetFS does, when the kernel
 * asks for its battery in the same moment. */
static void no_samples(struct pen *pen)
{
	if (pen->present || pen->stream_repeated) {
		fail(pen, "no samples come", -ETIMEDOUT);
		return;
	}
	pen->stream_repeated = true;
	step(pen, SETUP_STREAM);
}

uint64_t pen_setup_due_usec(const struct pen *pen)
{
	bool rests = pen->fsm.state == FSM_IDLE || pen->fsm.state == FSM_FAULT;

	switch (pen->setup) {
	case SETUP_SAMPLE:
		return pen->setup_usec;
	case SETUP_FAILED:
		/* Escalation comes back from alternate setting 0 by itself. */
		return rests || !pen->present ? pen->setup_usec : UINT64_MAX;
	case SETUP_DONE:
		/* A command under way has a deadline of its own, and EP0 to itself. */
		if (rests && pen->op.kind == OP_NONE)
			return pen->packet_usec + MAX(PEN_REST_SILENCE_USEC, 3ULL * pen->stream_us);
		return UINT64_MAX;
	case SETUP_OFFLINE:
	case SETUP_STOP:
	case SETUP_INFO:
	case SETUP_STATUS:
	case SETUP_CARTRIDGE:
	case SETUP_ALT:
	case SETUP_STREAM:
		return UINT64_MAX;
	}
	return UINT64_MAX;
}

void pen_setup_tick(struct pen *pen, uint64_t now_usec)
{
	if (now_usec < pen_setup_due_usec(pen))
		return;
	if (pen->setup == SETUP_SAMPLE)
		no_samples(pen);
	else if (pen->setup == SETUP_FAILED)
		step(pen, pen->present ? SETUP_ALT : SETUP_STOP);
	else
		restart_stream(pen, now_usec);
}
