/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/proto/names.h"

static int refuse_epoch(struct refusal *refusal, const char *what)
{
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "a stop came while %s waited; look at the pen, then ask again", what);
}

static enum refusal_code code_of(enum mnpen_error error)
{
	switch (error) {
	case MNPEN_ERR_LIMIT:
	case MNPEN_ERR_BAD_VALUE:
		return REFUSAL_LIMIT;
	case MNPEN_ERR_CARTRIDGE:
		return REFUSAL_CARTRIDGE_USED;
	case MNPEN_ERR_FAULT:
		return REFUSAL_FAULT;
	case MNPEN_ERR_NONE:
	case MNPEN_ERR_BAD_LENGTH:
	case MNPEN_ERR_BAD_STATE:
	case MNPEN_ERR_BAD_TOKEN:
	case MNPEN_ERR_STALE:
	case MNPEN_ERR_CRC:
	case MNPEN_ERR_UNSUPPORTED:
		return REFUSAL_INTERLOCK;
	}
	return REFUSAL_INTERLOCK;
}

static void refuse_by_pen(struct refusal *refusal, const char *what,
			  const struct mnpen_error_record *why)
{
	enum refusal_code code = code_of((enum mnpen_error)why->code);

	if (why->code == MNPEN_ERR_NONE)
		refuse(refusal, code, "the pen refused %s, and did not say why; plug it in again",
		       what);
	else if (why->code == MNPEN_ERR_FAULT)
		refuse(refusal, code,
		       "the pen refused %s: the cause of its fault is still there, or gone for "
		       "less "
		       "than %d ms; mend it, wait, then ask again",
		       what, MNPEN_FAULT_CLEAR_MS);
	else
		refuse(refusal, code, "the pen refused %s: %s (field at offset %u)", what,
		       mnpen_error_name(why->code), why->detail);
}

void refuse_result(struct refusal *refusal, const char *what, const struct pen_result *result)
{
	switch (result->outcome) {
	case PEN_CONFIRMED:
		return;
	case PEN_REFUSED:
		refuse_by_pen(refusal, what, &result->refusal);
		return;
	case PEN_UNCONFIRMED:
		refuse(refusal, REFUSAL_UNCONFIRMED,
		       "%s was sent, and the pen did not confirm it in time; it was stopped: look "
		       "at "
		       "the pen before going on",
		       what);
		return;
	case PEN_STOPPED:
		refuse(refusal, REFUSAL_INTERLOCK, "stopped while %s was under way: %s", what,
		       policy_reason_name(result->reason));
		return;
	case PEN_LOST:
		refuse(refusal, REFUSAL_DISCONNECTED, "the pen went away while %s was under way",
		       what);
		return;
	}
}

int refuse_command(struct refusal *refusal, const char *what, int error)
{
	if (error == -ESTALE)
		return refuse_epoch(refusal, what);
	if (error == -EBUSY)
		return refuse(refusal, REFUSAL_BUSY, "another command is under way; ask again");
	if (error == -ENODEV || error == -ENOTCONN)
		return refuse(refusal, REFUSAL_DISCONNECTED, "the pen is gone; plug it in again");
	if (error == -EAGAIN)
		return refuse(
			refusal, REFUSAL_BUSY,
			"the pen's samples do not come at a session's rate yet; ask again, and "
			"if that does not help, plug the pen in again");
	if (error == -EALREADY)
		return refuse(refusal, REFUSAL_INTERLOCK, "the pen is armed already");
	if (error == -EOVERFLOW)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "the pen's command numbers are used up; switch it off and on");
	if (error == -EPERM)
		return refuse(refusal, REFUSAL_INTERLOCK,
			      "the pen's state does not allow %s now; 'mnpenctl status' explains",
			      what);
	return refuse(refusal, REFUSAL_UNCONFIRMED, "%s could not be sent: %s", what,
		      strerrordesc_np(-error));
}

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

	if (result == -EADDRINUSE)
		r = refuse_bound(&refusal);
	else if (result < 0)
		r = refuse(&refusal, REFUSAL_STORE, "the cartridge could not be recorded: %s",
			   strerrordesc_np(-result));
	else if (!pen->session || request->epoch != pen_epoch(pen->pen))
		r = refuse_epoch(&refusal, "arm");
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
