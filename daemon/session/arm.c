/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"

#define STREAM_WAIT_USEC USEC_PER_SEC
#define STREAM_LOOK_USEC (10 * USEC_PER_MSEC)

/* ---- Arm: cartridge read; another one than before is bound in the ledger and claimed; then ARM
 * ---- */

static void on_armed(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct session_request *request = userdata;
	struct refusal refusal;

	if (result->outcome == PEN_CONFIRMED) {
		request_end(request, NULL);
		return;
	}
	refuse_result(&refusal, "arm", result);
	request_end(request, &refusal);
}

static int wait_for_stream(struct session_request *request, struct refusal *refusal);

static int send_arm(struct session_request *request, struct refusal *refusal)
{
	struct station_pen *pen = request->pen;
	const struct conf_station *station = conf_station(pen->station->conf);
	struct pen_arm arm = {
		.epoch = request->epoch,
		.lease_ms = MIN(station->lease_ms, pen_info(pen->pen)->lease_max_ms),
		.max_age_usec = (uint32_t)(station->max_sample_age_ms * USEC_PER_MSEC),
		.arm_timeout_usec = station->arm_timeout_ms * USEC_PER_MSEC,
		.target_depth_um = pen->target_depth_um,
		.target_speed_rpm = pen->target_speed_rpm,
		.guarded = pedal_guards(pen),
	};
	int r;

	/* Once more, now that nothing is left to wait for. */
	r = first_gate(pen, true, refusal);
	if (r < 0)
		return r;
	r = station_limits(pen, &arm.limits, refusal);
	if (r < 0)
		return r;
	arm.token = pen->session->token;
	arm.run_left_ms = (uint32_t)(arm.limits.run_ms - session_run_used_ms(pen));
	arm.session_end_usec = pen->session->started_usec + arm.limits.session_ms * USEC_PER_MSEC;
	r = pen_arm(pen->pen, &arm, on_armed, request);
	if (r == -EAGAIN)
		return wait_for_stream(request, refusal);
	return r < 0 ? refuse_command(refusal, "arm", r) : 0;
}

static int on_again(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct session_request *request = userdata;
	struct station_pen *pen = request->pen;
	struct refusal refusal;
	int r;

	if (!pen->session || request->epoch != pen_epoch(pen->pen))
		r = refuse_epoch(&refusal, "arm");
	else
		r = send_arm(request, &refusal);
	if (r < 0)
		request_end(request, &refusal);
	return 0;
}

/* Whoever arms as soon as the session has begun is some milliseconds before the pen's new stream.
 */
static int wait_for_stream(struct session_request *request, struct refusal *refusal)
{
	uint64_t now = now_usec();
	int r;

	if (!request->again_end_usec)
		request->again_end_usec = now + STREAM_WAIT_USEC;
	if (now >= request->again_end_usec)
		return refuse_command(refusal, "arm", -EAGAIN);
	request->again = sd_event_source_disable_unref(request->again);
	r = sd_event_add_time(request->pen->station->event, &request->again, CLOCK_BOOTTIME,
			      now + STREAM_LOOK_USEC, 1, on_again, request);
	return r < 0 ? refuse_command(refusal, "arm", r) : 0;
}

static void on_claimed(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct session_request *request = userdata;
	struct refusal refusal;

	if (result->outcome != PEN_CONFIRMED) {
		refuse_result(&refusal, "the cartridge's claim", result);
		request_end(request, &refusal);
		return;
	}
	if (send_arm(request, &refusal) < 0)
		request_end(request, &refusal);
}

static void on_bound(void *userdata, int result)
{
	struct session_request *request = userdata;
	struct station_pen *pen = request->pen;
	struct refusal refusal;
	int r = 0;

	if (!pen->session || request->epoch != pen_epoch(pen->pen))
		r = refuse_epoch(&refusal, "arm");
	else if (result == -EADDRINUSE)
		r = refuse_bound(pen, pen->session, &refusal);
	else if (result < 0)
		r = refuse(&refusal, REFUSAL_STORE, "the cartridge could not be recorded: %s",
			   strerrordesc_np(-result));
	if (r == 0) {
		clinic_keep_bound(pen, pen->session);
		if (request->claims) {
			r = pen_claim(pen->pen, pen->session->token, wall_days(), on_claimed,
				      request);
			if (r < 0)
				r = refuse_command(&refusal, "the cartridge's claim", r);
		} else {
			r = send_arm(request, &refusal);
		}
	}
	if (r < 0)
		request_end(request, &refusal);
}

static bool is_bound(const struct station_pen *pen, const struct store_cartridge *cartridge)
{
	const struct session *session = pen->session;

	return cartridge->uid ? strcmp(session->bound_uid, cartridge->uid) == 0
			      : session->is_typed_bound;
}

/* The ledger first: what is claimed and not in it could be wiped and used again. */
static int bind_cartridge(struct session_request *request, struct refusal *refusal)
{
	struct station_pen *pen = request->pen;
	char uid[2 * MNPEN_UID_SIZE + 1];
	const struct store_cartridge cartridge = clinic_cartridge(pen, &pen->session->typed, uid);
	int r;

	if (is_bound(pen, &cartridge) && !request->claims)
		return send_arm(request, refusal);
	r = store_cartridge(pen->station->store, pen->session->id, pen_serial(pen->pen), &cartridge,
			    now_usec(), on_bound, request);
	return r < 0 ? refuse(refusal, REFUSAL_STORE, "the cartridge could not be recorded: %s",
			      strerrordesc_np(-r))
		     : 0;
}

static void on_refreshed(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct session_request *request = userdata;
	struct station_pen *sp = request->pen;
	struct refusal refusal;
	int r;

	if (result->outcome != PEN_CONFIRMED) {
		refuse_result(&refusal, "asking for the cartridge and the pen's data", result);
		request_end(request, &refusal);
		return;
	}
	if (!sp->session || request->epoch != pen_epoch(pen)) {
		refuse_epoch(&refusal, "arm");
		request_end(request, &refusal);
		return;
	}
	r = check_cartridge(sp, sp->session->token, &refusal);
	request->claims = r == 1;
	if (r >= 0)
		r = bind_cartridge(request, &refusal);
	if (r < 0)
		request_end(request, &refusal);
}

int station_arm(struct station_pen *pen, uint64_t epoch, station_done done, void *userdata,
		struct refusal *refusal)
{
	struct session_request *request;
	int r;

	if (epoch != pen_epoch(pen->pen))
		return refuse_epoch(refusal, "arm");
	if (pen_is_live(pen->pen))
		return refuse_command(refusal, "arm", -EALREADY);
	r = first_gate(pen, false, refusal);
	if (r < 0)
		return r;
	r = request_new(&request, pen, epoch, done, userdata, refusal);
	if (r < 0)
		return r;
	r = pen_refresh(pen->pen, on_refreshed, request);
	if (r < 0) {
		request_drop(request);
		return refuse_command(refusal, "arm", r);
	}
	return 0;
}

/* ---- SetTarget ---- */

static void keep_target(struct station_pen *pen, uint16_t depth_um, uint16_t speed_rpm)
{
	pen->target_depth_um = depth_um;
	pen->target_speed_rpm = speed_rpm;
	notify_pen(pen, PEN_CHANGED_TARGET);
}

void drop_target(struct station_pen *pen)
{
	keep_target(pen, 0, 0);
}

static void on_target(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct session_request *request = userdata;
	struct refusal refusal;

	if (result->outcome == PEN_CONFIRMED) {
		keep_target(request->pen, request->depth_um, request->speed_rpm);
		request_end(request, NULL);
		return;
	}
	refuse_result(&refusal, "target", result);
	request_end(request, &refusal);
}

static int on_kept(sd_event_source *source, void *userdata)
{
	struct session_request *request = userdata;

	sd_event_source_unref(source);
	request_end(request, NULL);
	return 0;
}

int station_set_target(struct station_pen *pen, uint64_t epoch, uint32_t depth_um,
		       uint32_t speed_rpm, station_done done, void *userdata,
		       struct refusal *refusal)
{
	bool live = pen_is_live(pen->pen);
	struct session_request *request;
	sd_event_source *source;
	int r;

	if (epoch != pen_epoch(pen->pen))
		return refuse_epoch(refusal, "target");
	r = limits_target(pen, depth_um, speed_rpm, refusal);
	if (r < 0)
		return r;
	r = request_new(&request, pen, epoch, done, userdata, refusal);
	if (r < 0)
		return r;
	request->depth_um = (uint16_t)depth_um; /* limits_target(): fits */
	request->speed_rpm = (uint16_t)speed_rpm;
	if (live) {
		r = pen_set_target(pen->pen, request->depth_um, request->speed_rpm, on_target,
				   request);
	} else {
		r = sd_event_add_defer(pen->station->event, &source, on_kept, request);
		if (r >= 0)
			keep_target(pen, request->depth_um, request->speed_rpm);
	}
	if (r < 0) {
		request_drop(request);
		return refuse_command(refusal, "target", r);
	}
	return 0;
}

/* ---- ClearFault ---- */

static void on_cleared(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct session_request *request = userdata;
	struct refusal refusal;

	if (result->outcome == PEN_CONFIRMED) {
		request_end(request, NULL);
		return;
	}
	refuse_result(&refusal, "clear-fault", result);
	request_end(request, &refusal);
}

int station_clear_fault(struct station_pen *pen, station_done done, void *userdata,
			struct refusal *refusal)
{
	struct session_request *request;
	int r = request_new(&request, pen, pen_epoch(pen->pen), done, userdata, refusal);

	if (r < 0)
		return r;
	r = pen_clear_fault(pen->pen, on_cleared, request);
	if (r == -EPERM) {
		request_drop(request);
		return refuse(refusal, REFUSAL_INTERLOCK, "the pen has no fault to clear");
	}
	if (r < 0) {
		request_drop(request);
		return refuse_command(refusal, "clear-fault", r);
	}
	return 0;
}
