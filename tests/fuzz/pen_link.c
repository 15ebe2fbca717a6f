// SPDX-License-Identifier: GPL-2.0-only
#include "tests/fuzz/pen_link.h"

#include <errno.h>
#include <string.h>

#include "driver/base/clock.h"
#include "driver/host/usbip.h"
#include "tests/fuzz/fuzz.h"

#define ANSWERS_MAX 64

struct link *link_next;

static struct link *link_of(struct host *host)
{
	return (struct link *)host;
}

/* ---- struct host_ops ---- */

static int link_control(struct host *host, const struct host_control *control, host_done done,
			void *userdata)
{
	struct link *link = link_of(host);

	CHECK(done, "a request without anybody to answer to");
	if (!link->online)
		return -ENOTCONN;
	if (link->pending || link->stop_done)
		return -EBUSY;
	oracle_control(link->oracle, control);
	link->pending = true;
	link->pending_is_alt = false;
	link->control = *control;
	link->done = done;
	link->userdata = userdata;
	link->deadline_usec =
		now_usec() + (control->timeout_ms ? control->timeout_ms : HOST_CONTROL_TIMEOUT_MS) *
				     USEC_PER_MSEC;
	return 0;
}

static void finish(struct link *link, int result, const uint8_t *data, size_t len)
{
	link->pending = false;
	link->done(link->userdata, result, data, len);
}

static void finish_stop(struct link *link, int result)
{
	host_done done = link->stop_done;

	link->stop_done = NULL;
	done(link->stop_userdata, result, NULL, 0);
}

static int link_set_alt(struct host *host, uint8_t alt, unsigned int timeout_ms, host_done done,
			void *userdata)
{
	struct link *link = link_of(host);

	if (alt == MNPEN_ALT_REST)
		oracle_alt_rest(link->oracle);
	if (!link->online)
		return -ENOTCONN;
	if (link->stop_done)
		finish_stop(link, -ECANCELED);
	if (link->pending)
		finish(link, -ECANCELED, NULL, 0);
	if (link->pending || link->stop_done)
		return -EBUSY;
	link->pending = link->pending_is_alt = true;
	link->pending_alt = alt;
	link->done = done;
	link->userdata = userdata;
	link->deadline_usec =
		now_usec() + (timeout_ms ? timeout_ms : HOST_CONTROL_TIMEOUT_MS) * USEC_PER_MSEC;
	return 0;
}

static int link_stream(struct host *host, bool on)
{
	struct link *link = link_of(host);

	if (!link->online)
		return -ENOTCONN;
	link->streaming = on;
	return 0;
}

static int link_stop(struct host *host, uint16_t reason, host_done done, void *userdata)
{
	struct link *link = link_of(host);

	oracle_stop(link->oracle);
	if (!link->online)
		return -ENOTCONN;
	if (link->stop_done)
		return -EALREADY;
	if (link->stop_blocked)
		return -EAGAIN;
	if (!link->deaf)
		policy_pen_stop(&link->pen);
	link->stop_done = done;
	link->stop_userdata = userdata;
	if (link->pending)
		finish(link, -ECANCELED, NULL, 0);
	return 0;
}

static int link_reset(struct host *host)
{
	struct link *link = link_of(host);

	oracle_reset(link->oracle);
	if (!link->online)
		return -ENOTCONN;
	link->reset_due = true;
	return sd_event_source_set_enabled(link->defer, SD_EVENT_ONESHOT);
}

static int on_defer(sd_event_source *source, void *userdata)
{
	link_offline(userdata, -ECONNRESET);
	return 0;
}

static void link_free(struct host *host)
{
	sd_event_source_disable_unref(link_of(host)->defer);
}

static const struct host_ops link_ops = {
	.name = "link",
	.control = link_control,
	.set_alt = link_set_alt,
	.stream = link_stream,
	.stop = link_stop,
	.reset = link_reset,
	.free = link_free,
};

int __wrap_host_usbip_new(struct host **ret, sd_event *event, const struct usbip_url *url,
			  const struct host_callbacks *callbacks, void *userdata);
int __wrap_host_usbip_new(struct host **ret, sd_event *event, const struct usbip_url *url,
			  const struct host_callbacks *callbacks, void *userdata)
{
	link_next->host =
		(struct host){.ops = &link_ops, .callbacks = callbacks, .userdata = userdata};
	CHECK(!sd_event_add_defer(event, &link_next->defer, on_defer, link_next), "no source");
	sd_event_source_set_enabled(link_next->defer, SD_EVENT_OFF);
	sd_event_source_set_priority(link_next->defer, HOST_EVENT_PRIORITY);
	*ret = &link_next->host;
	return 0;
}

void link_online(struct link *link)
{
	const struct host_identity identity = {.serial = "FUZZ0001", .vendor_id = 0x1209};

	if (link->online)
		return;
	link->online = true;
	link->alt = MNPEN_ALT_REST;
	link->host.callbacks->online(&link->host, link->host.userdata, &identity);
}

/* Every transfer's owner hears first, as driver/host/host.h has it. */
void link_offline(struct link *link, int error)
{
	int result = link->reset_due ? -ECANCELED : -ENODEV;

	if (!link->online)
		return;
	link->online = link->streaming = link->reset_due = false;
	if (link->stop_done)
		finish_stop(link, result);
	if (link->pending)
		finish(link, result, NULL, 0);
	policy_pen_stop(&link->pen); /* to the pen it is the cable that was pulled */
	link->host.callbacks->offline(&link->host, link->host.userdata, error);
	oracle_stream_restarted(link->oracle);
}

/* ---- the pen ---- */

void link_say(struct link *link, uint8_t buf[MNPEN_SAMPLE_SIZE])
{
	mnpen_sample_encode(buf, &link->pen.s);
	for (unsigned int i = 0; i < LINK_LIES; i++) {
		struct link_lie *lie = &link->lies[i];
		uint32_t value = lie->value;

		if (!lie->left)
			continue;
		lie->left--;
		for (unsigned int byte = 0; byte < lie->size; byte++) {
			uint32_t carry = lie->add ? buf[lie->offset + byte] : 0;

			carry += value & 0xff;
			buf[lie->offset + byte] = (uint8_t)carry;
			value = (value >> 8) + (carry >> 8);
		}
	}
}

/* What the pen does when the request reaches it. */
static void take(struct link *link)
{
	const struct host_control *control = &link->control;
	struct policy_pen *pen = &link->pen;
	struct mnpen_target target;
	struct mnpen_lease lease;
	struct mnpen_claim claim;
	struct mnpen_arm arm;

	if (control->request == MNPEN_REQ_ARM && !mnpen_arm_decode(&arm, control->data, 32))
		policy_pen_arm(pen, arm.cmd, arm.lease_ms);
	if (control->request == MNPEN_REQ_SET_TARGET &&
	    !mnpen_target_decode(&target, control->data, 16))
		policy_pen_target(pen, target.cmd, target.depth_um, target.speed_rpm);
	if (control->request == MNPEN_REQ_LEASE && !mnpen_lease_decode(&lease, control->data, 24))
		policy_pen_lease(pen, lease.enable);
	if (control->request == MNPEN_REQ_CLAIM_CARTRIDGE &&
	    !mnpen_claim_decode(&claim, control->data, 16))
		pen->s.last_cmd = claim.cmd;
	if (control->request == MNPEN_REQ_CLEAR_FAULT && pen->s.state == MNPEN_STATE_FAULT)
		pen->s.state = MNPEN_STATE_IDLE;
}

/* Into @buf what GET_X answers. Return: its size, 0 for a request without an answer. */
static size_t answer(struct link *link, uint8_t *buf)
{
	const struct mnpen_info info = {
		.protocol = 0x0100,
		.depth_min_um = 100,
		.depth_max_um = 2500,
		.depth_step_um = 50,
		.depth_tolerance_um = 100,
		.speed_min_rpm = 1800,
		.speed_max_rpm = 9000,
		.lease_min_ms = 100,
		.lease_max_ms = 1000,
		.features = link->features,
		.stream_min_us = 1000,
		.model = "fuzz",
	};
	const struct mnpen_cartridge cartridge = {.flags = MNPEN_CARTRIDGE_PRESENT};
	const struct mnpen_error_record error = {.code = MNPEN_ERR_BAD_STATE};

	switch (link->control.request) {
	case MNPEN_REQ_GET_INFO:
		mnpen_info_encode(buf, &info);
		return MNPEN_INFO_SIZE;
	case MNPEN_REQ_GET_STATUS:
		link_say(link, buf);
		return MNPEN_SAMPLE_SIZE;
	case MNPEN_REQ_GET_CARTRIDGE:
		mnpen_cartridge_encode(buf, &cartridge);
		return MNPEN_CARTRIDGE_SIZE;
	case MNPEN_REQ_GET_ERROR:
		mnpen_error_encode(buf, &error);
		return MNPEN_ERROR_SIZE;
	case MNPEN_REQ_NONE:
	case MNPEN_REQ_ARM:
	case MNPEN_REQ_SET_TARGET:
	case MNPEN_REQ_LEASE:
	case MNPEN_REQ_STOP:
	case MNPEN_REQ_CLEAR_FAULT:
	case MNPEN_REQ_SET_STREAM:
	case MNPEN_REQ_CLAIM_CARTRIDGE:
		return 0;
	}
	return 0;
}

static void accepted(struct link *link, bool carried_out)
{
	uint8_t buf[MNPEN_RECORD_MAX];
	size_t len;

	if (link->pending_is_alt) {
		link->alt = link->pending_alt;
		if (!link->deaf)
			policy_pen_stop(&link->pen); /* any SET_INTERFACE ends an arm */
		finish(link, 0, NULL, 0);
		return;
	}
	if (carried_out)
		take(link);
	if (link->control.request == MNPEN_REQ_SET_STREAM)
		oracle_stream_restarted(link->oracle);
	len = answer(link, buf);
	oracle_answered(link->oracle, link->control.request, true);
	finish(link, 0, len ? buf : NULL, len);
}

static enum link_plan next_plan(struct link *link)
{
	if (!link->plan_left)
		return PLAN_TAKE;
	if (link->plan != PLAN_HOLD) /* that one is used up when its time is */
		link->plan_left--;
	return link->plan;
}

/* Return: false when the request stays unanswered for now. */
static bool serve_one(struct link *link)
{
	switch (next_plan(link)) {
	case PLAN_TAKE:
	case PLANS:
		accepted(link, true);
		return true;
	case PLAN_IGNORE:
		accepted(link, false);
		return true;
	case PLAN_REFUSE:
		oracle_answered(link->oracle,
				link->pending_is_alt ? MNPEN_REQ_NONE : link->control.request,
				false);
		finish(link, -EPIPE, NULL, 0);
		return true;
	case PLAN_TIMEOUT_TAKEN:
		if (!link->pending_is_alt)
			take(link);
		finish(link, -ETIMEDOUT, NULL, 0);
		return true;
	case PLAN_TIMEOUT:
		finish(link, -ETIMEDOUT, NULL, 0);
		return true;
	case PLAN_BROKEN:
		finish(link, -EPROTO, NULL, 0);
		return true;
	case PLAN_HOLD:
		if (now_usec() < link->deadline_usec)
			return false;
		link->plan_left--;
		finish(link, -ETIMEDOUT, NULL, 0);
		return true;
	}
	return false;
}

/* Whether the answer to what is pending now could prove rest. */
static bool asks_status(const struct link *link)
{
	return link->pending && !link->pending_is_alt &&
	       link->control.request == MNPEN_REQ_GET_STATUS;
}

bool link_serve(struct link *link)
{
	bool proof = false;

	for (unsigned int n = 0; link->online; n++) {
		CHECK(n < ANSWERS_MAX, "requests without an end");
		if (link->stop_done) {
			finish_stop(link,
				    link->plan_left && link->plan == PLAN_TIMEOUT ? -ETIMEDOUT : 0);
		} else if (link->pending) {
			proof = proof || asks_status(link);
			if (!serve_one(link))
				break;
		} else {
			break;
		}
	}
	return proof;
}
