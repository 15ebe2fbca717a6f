// SPDX-License-Identifier: GPL-2.0-only
/* The area that is worked on, and the ground that area and profile are for the target. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/hex.h"

/* A target is dropped when the limit it was chosen under has become smaller: what was right for
 * thick skin must not be the first thing that thin skin gets. */
void limits_changed(struct station_pen *pen, const struct limits *old)
{
	struct limits now;
	struct refusal ignored;

	if (station_limits(pen, &now, &ignored) < 0 || now.depth_um < old->depth_um ||
	    limits_target(pen, pen->target_depth_um, pen->target_speed_rpm, &ignored) < 0)
		drop_target(pen);
	notify_pen(pen, STATION_CHANGED_LIMITS | STATION_CHANGED_PROFILE | STATION_CHANGED_PEDAL);
	if (pen->station->listener && pen->session)
		pen->station->listener->session_changed(pen->station->listener_userdata, pen,
							pen->session);
}

static void area_chosen(struct session_request *request, const struct conf_profile *profile,
			const struct store_course *course, bool is_early)
{
	struct station_pen *pen = request->pen;
	struct session *session = pen->session;
	const struct field sign_off = FIELD_S("sign_off", request->sign_off);
	struct store_segment segment;
	struct limits old = {0};
	struct area_tally *tally;
	struct refusal refusal;
	char *before;
	int r;

	(void)station_limits(pen, &old, &refusal);
	before = session->area;
	session->area = TAKE_PTR(request->area);
	tally = clinic_tally(session);
	if (tally && request->area_size_cm2)
		tally->size_cm2 = request->area_size_cm2;
	segment = clinic_segment(pen);
	r = store_segment(pen->station->store, session->id, pen_serial(pen->pen), "area", &segment,
			  now_usec(), &sign_off, request->sign_off ? 1 : 0, request_recorded,
			  request);
	if (r < 0) {
		/* An area that nobody could read of later is not worked on. */
		free(session->area);
		session->area = before;
		refuse_recorded(&refusal, r);
		request_end(request, &refusal);
		return;
	}
	free(before);
	session->sessions_before = course->sessions;
	session->last_days = local_days(course->last_wall_usec);
	session->is_early = is_early;
	clinic_record_course(pen, profile);
	limits_changed(pen, &old);
}

static void on_area_asked(void *userdata, int result, const struct store_course *course)
{
	struct session_request *request = userdata;
	struct station_pen *pen = request->pen;
	const struct conf_profile *profile = pen->session ? chosen_profile(pen) : NULL;
	uint32_t last_days = course ? local_days(course->last_wall_usec) : 0;
	struct refusal refusal;
	int r;

	if (result < 0 || !course)
		r = refuse(&refusal, REFUSAL_STORE,
			   "the client's earlier sessions cannot be looked up: %s",
			   strerrordesc_np(-result));
	else if (!profile || pen->session->end_outcome ||
		 !conf_profile_area(profile, request->area))
		r = refuse(&refusal, REFUSAL_NO_SUCH_SESSION,
			   "session or profile changed meanwhile; ask again");
	else
		r = clinic_due(profile, request->area, last_days, request->sign_off, &refusal);
	if (r < 0) {
		request_end(request, &refusal);
		return;
	}
	area_chosen(request, profile, course, r > 0);
}

static int ask_area(struct session_request *request, struct refusal *refusal)
{
	struct station_pen *pen = request->pen;
	const struct store_question question = {
		.session = pen->session->id,
		.area = request->area,
	};
	int r = store_ask(pen->station->store, &question, on_area_asked, request);

	if (r >= 0)
		return 0;
	request_drop(request);
	return refuse(refusal, REFUSAL_STORE,
		      "the client's earlier sessions cannot be looked up: %s", strerrordesc_np(-r));
}

int station_set_area(struct station_pen *pen, const char *area, const char *area_size_cm2,
		     const char *sign_off, station_done done, void *userdata,
		     struct refusal *refusal)
{
	const struct conf_profile *profile;
	struct session_request *request;
	uint32_t size_cm2 = 0;
	int r;

	r = need_session(pen, refusal);
	if (r < 0)
		return r;
	r = parse_area_size(area_size_cm2, &size_cm2, refusal);
	if (r < 0)
		return r;
	profile = chosen_profile(pen);
	if (!profile)
		return refuse(
			refusal, REFUSAL_NO_SUCH_PROFILE,
			"the session's profile '%s' is not there any more; set another: mnpenctl "
			"profile set %s NAME",
			pen->session->profile, pen_serial(pen->pen));
	if (!conf_profile_area(profile, area))
		return refuse_area(profile, area, refusal);
	/* First of all: what comes is another skin, and the needles leave this one. */
	station_stop(pen, REASON_SETTINGS);
	r = request_new(&request, pen, pen_epoch(pen->pen), done, userdata, refusal);
	if (r < 0)
		return r;
	request->area_size_cm2 = size_cm2;
	request->area = strdup(area);
	request->sign_off = sign_off ? strdup(sign_off) : NULL;
	if (!request->area || (sign_off && !request->sign_off)) {
		request_drop(request);
		return refuse(refusal, REFUSAL_STORE, "out of memory");
	}
	return ask_area(request, refusal);
}

void forget_area(struct session *session, const struct conf_profile *profile)
{
	if (!session->area || conf_profile_area(profile, session->area))
		return;
	free(session->area);
	session->area = NULL;
}

void record_profile(struct station_pen *pen, const struct conf_profile *profile)
{
	char digest[2 * CONF_DIGEST_SIZE + 1];
	const struct field fields[] = {
		FIELD_S("profile", profile->name),
		FIELD_S("profile_digest", hex_encode(profile->digest, CONF_DIGEST_SIZE, digest)),
	};

	const struct store_segment segment = clinic_segment(pen);
	uint64_t now = now_usec();

	(void)store_segment(pen->station->store, pen->session->id, pen_serial(pen->pen), "profile",
			    &segment, now, fields, ELEMENTSOF(fields), NULL, NULL);
	announce_event(pen, "profile", now, fields, ELEMENTSOF(fields));
}
