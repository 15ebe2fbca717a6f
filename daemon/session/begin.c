/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BeginSession: check everything, look at the cartridge, ask the record what went before, write the
 * row, claim the cartridge and bind it in the ledger. The order makes a session that did not begin
 * leave nothing behind but, at worst, a closed row that says why.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/begin.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/hex.h"
#include "driver/base/log.h"

static void begin_refused(struct begin *b, const struct refusal *refusal)
{
	struct session_request *request = b->request;

	begin_free(b);
	request_end(request, refusal);
}

/* ---- last step: the cartridge is ours, or was not to be had ---- */

static void begun(struct begin *b)
{
	struct station_pen *pen = b->request->pen;
	const struct conf_station *station = conf_station(pen->station->conf);
	struct log_context context = {
		.pen = pen_serial(pen->pen),
		.session = b->session->id,
		.message_id = LOG_ID_SESSION,
	};
	struct session_request *request = b->request;

	(void)tell_held(pen, true);
	pen->session = TAKE_PTR(b->session);
	if (b->area_size_cm2 && clinic_tally(pen->session))
		clinic_tally(pen->session)->size_cm2 = b->area_size_cm2;
	/* The pen counts since its last ARM, which was another session's. */
	pen->session->last_strokes = pen_sample(pen->pen)->strokes;
	begin_free(b);
	(void)session_note_profile(pen); /* it may have changed since the row was written */
	if (pen->session->area && chosen_profile(pen))
		clinic_record_course(pen, chosen_profile(pen));
	log_line(LOG_INFO, &context, "session begun with profile %s", pen->session->profile);
	pen_set_stream_period(pen->pen, station->stream_period_us);
	if (pen->station->listener)
		pen->station->listener->session_added(pen->station->listener_userdata, pen,
						      pen->session);
	notify_pen(pen, STATION_CHANGED_SESSION | STATION_CHANGED_PROFILE | STATION_CHANGED_LIMITS);
	request_end(request, NULL);
}

/* The row is there, the session is not to be: say so in the row. */
static void begin_undone(struct begin *b, const struct refusal *refusal)
{
	struct store *store = b->request->pen->station->store;

	if (store_session_end(store, b->session->id, "refused", now_usec(), NULL, NULL) < 0)
		log_error("session %s: its end could not be recorded", b->session->id);
	begin_refused(b, refusal);
}

static void on_bound(void *userdata, int result)
{
	struct begin *b = userdata;
	struct station_pen *pen = b->request->pen;
	struct refusal refusal;
	int r = 0;

	if (result == -EADDRINUSE) /* by another pen's session, since the record was asked */
		r = refuse_bound(pen, b->session, &refusal);
	else if (result < 0)
		r = refuse(&refusal, REFUSAL_STORE, "the cartridge could not be recorded: %s",
			   strerrordesc_np(-result));
	else if (!pen->listed)
		r = refuse_command(&refusal, "begin", -ENODEV);
	else if (b->request->epoch != pen_epoch(pen->pen))
		r = refuse_command(&refusal, "begin", -ESTALE);
	if (r < 0) {
		begin_undone(b, &refusal);
		return;
	}
	clinic_keep_bound(pen, b->session);
	begun(b);
}

static int bind_cartridge(struct begin *b, struct refusal *refusal)
{
	struct station_pen *pen = b->request->pen;
	char uid[2 * MNPEN_UID_SIZE + 1];
	const struct store_cartridge cartridge = clinic_cartridge(pen, &b->session->typed, uid);
	int r = store_cartridge(pen->station->store, b->session->id, pen_serial(pen->pen),
				&cartridge, now_usec(), on_bound, b);

	return r < 0 ? refuse(refusal, REFUSAL_STORE, "the cartridge could not be recorded: %s",
			      strerrordesc_np(-r))
		     : 0;
}

static void on_claimed(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct begin *b = userdata;
	struct refusal refusal;
	int r = 0;

	if (result->outcome != PEN_CONFIRMED) {
		refuse_result(&refusal, "the cartridge's claim", result);
		r = -EACCES;
	} else if (b->request->epoch != pen_epoch(pen)) {
		r = refuse_command(&refusal, "begin", -ESTALE);
	} else {
		r = bind_cartridge(b, &refusal);
	}
	if (r < 0)
		begin_undone(b, &refusal);
}

static void on_recorded(void *userdata, int result)
{
	struct begin *b = userdata;
	struct station_pen *pen = b->request->pen;
	struct refusal refusal;
	int r;

	if (result < 0) {
		refuse(&refusal, REFUSAL_STORE, "the session could not be recorded: %s",
		       strerrordesc_np(-result));
		begin_refused(b, &refusal);
		return;
	}
	if (!pen->listed)
		r = refuse_command(&refusal, "begin", -ENODEV);
	else if (b->request->epoch != pen_epoch(pen->pen))
		r = refuse_command(&refusal, "begin", -ESTALE);
	else
		r = check_cartridge(pen, b->session->token, &refusal);
	if (r == 1) {
		r = pen_claim(pen->pen, b->session->token, wall_days(), on_claimed, b);
		if (r == 0)
			return;
		r = refuse_command(&refusal, "the cartridge's claim", r);
	} else if (r == 0) {
		r = bind_cartridge(b, &refusal);
	}
	if (r < 0)
		begin_undone(b, &refusal);
}

/* What will hold for the first area. Limits are those of the pen's session, and so for this
 * question it is what it will be; nobody is told. */
static struct store_segment first_segment(struct begin *b)
{
	struct station_pen *pen = b->request->pen;
	struct store_segment segment;

	pen->session = b->session;
	segment = clinic_segment(pen);
	pen->session = NULL;
	return segment;
}

static int record(struct begin *b, struct refusal *refusal)
{
	struct station_pen *pen = b->request->pen;
	const struct conf_profile *profile = conf_profile(pen->station->conf, b->session->profile);
	const struct mnpen_info *info = pen_info(pen->pen);
	const struct mnpen_cartridge *c = pen_cartridge(pen->pen);
	char digest[2 * CONF_DIGEST_SIZE + 1], uid[2 * MNPEN_UID_SIZE + 1];
	struct store_session row;
	int r;

	if (!profile) /* taken away while the pen was asked for its cartridge */
		return refuse(refusal, REFUSAL_NO_SUCH_PROFILE,
			      "profile '%s' is not there any more; choose another one",
			      b->session->profile);
	memcpy(b->session->profile_digest, profile->digest, CONF_DIGEST_SIZE);
	row = (struct store_session){
		.token = b->session->token,
		.started_usec = b->session->started_usec,
		.started_wall_usec = b->session->started_wall_usec,
		.clock_synchronized = wall_synchronized(),
		.pen = pen_serial(pen->pen),
		.model = info->model,
		.firmware = info->firmware,
		.calibration_due_days = info->calibration_due_days,
		.transport = pen_transport(pen->pen),
		.profile = profile->name,
		.profile_digest = hex_encode(profile->digest, CONF_DIGEST_SIZE, digest),
		.area = b->session->area,
		.client = b->client,
		.operator_name = b->operator_name,
		.operator_uid = b->operator_uid,
		.screening = b->screening,
		.consent = b->consent,
		.sign_off = b->sign_off,
		.cartridge = b->cartridge,
		.area_size_cm2 = b->area_size_cm2,
		.answers = b->answer_rows,
		.n_answers = b->n_answers,
	};
	row.segment = first_segment(b);
	if (c->flags & MNPEN_CARTRIDGE_PRESENT) {
		row.cartridge_uid = hex_encode(c->uid, MNPEN_UID_SIZE, uid);
		row.cartridge_lot = c->lot;
		row.cartridge_expires_days = c->expires_days;
	}
	snprintf(row.id, sizeof(row.id), "%s", b->session->id);
	r = store_session_begin(pen->station->store, &row, on_recorded, b);
	if (r == -E2BIG)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT, "a text is longer than %d bytes",
			      STORE_TEXT_MAX - 1);
	if (r < 0)
		return refuse(refusal, REFUSAL_STORE, "the session could not be recorded: %s",
			      strerrordesc_np(-r));
	return 0;
}

/* ---- what the record knows of client, area and cartridge ---- */

static int judge_course(struct begin *b, const struct store_course *course, struct refusal *refusal)
{
	struct station_pen *pen = b->request->pen;
	struct session *session = b->session;
	const struct conf_profile *profile = conf_profile(pen->station->conf, session->profile);
	int r;

	if (course->cartridge_bound)
		return refuse_bound(pen, session, refusal);
	session->sessions_before = course->sessions;
	session->last_days = local_days(course->last_wall_usec);
	if (!profile || !session->area)
		return 0; /* record() tells of the profile; SetArea asks again */
	r = clinic_due(profile, session->area, session->last_days, b->sign_off, refusal);
	session->is_early = r > 0;
	return r < 0 ? r : 0;
}

static void on_asked(void *userdata, int result, const struct store_course *course)
{
	struct begin *b = userdata;
	struct station_pen *pen = b->request->pen;
	struct refusal refusal;
	int r;

	if (result < 0)
		r = refuse(&refusal, REFUSAL_STORE,
			   "the client's earlier sessions cannot be looked up: %s",
			   strerrordesc_np(-result));
	else if (!pen->listed)
		r = refuse_command(&refusal, "begin", -ENODEV);
	else if (b->request->epoch != pen_epoch(pen->pen))
		r = refuse_command(&refusal, "begin", -ESTALE);
	else
		r = judge_course(b, course, &refusal);
	if (r >= 0)
		r = record(b, &refusal);
	if (r < 0)
		begin_refused(b, &refusal);
}

static int ask(struct begin *b, struct refusal *refusal)
{
	struct station_pen *pen = b->request->pen;
	char uid[2 * MNPEN_UID_SIZE + 1];
	const struct store_question question = {
		.client = b->client,
		.area = b->session->area,
		.cartridge = clinic_cartridge(pen, &b->session->typed, uid),
	};
	int r = store_ask(pen->station->store, &question, on_asked, b);

	if (r < 0)
		return refuse(refusal, REFUSAL_STORE,
			      "the client's earlier sessions cannot be looked up: %s",
			      strerrordesc_np(-r));
	return 0;
}

static void on_refreshed(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct begin *b = userdata;
	struct refusal refusal;
	int r;

	if (result->outcome != PEN_CONFIRMED) {
		refuse_result(&refusal, "asking for the cartridge and the pen's data", result);
		begin_refused(b, &refusal);
		return;
	}
	if (b->request->epoch != pen_epoch(pen))
		r = refuse_command(&refusal, "begin", -ESTALE);
	else
		r = check_cartridge(b->request->pen, b->session->token, &refusal);
	if (r >= 0)
		r = ask(b, &refusal);
	if (r < 0)
		begin_refused(b, &refusal);
}

/* ---- first step: everything that can be said at once ---- */

static int check_wish(struct station_pen *pen, const struct conf_profile **ret, const char *profile,
		      const char *client, const struct begin_options *o, struct refusal *refusal)
{
	const struct conf_profile *p;

	if (pen->session)
		return refuse(refusal, REFUSAL_BUSY,
			      "session %s is open on pen %s; end it first: mnpenctl session end",
			      pen->session->id, pen_serial(pen->pen));
	if (!client_id_valid(client))
		return refuse_client_id(refusal);
	if (!profile[0] && !pen->profile)
		return refuse(refusal, REFUSAL_NO_SUCH_PROFILE,
			      "no profile is named, and none is set for pen %s; name one, or set "
			      "it: mnpenctl "
			      "profile set %s NAME",
			      pen_serial(pen->pen), pen_serial(pen->pen));
	p = conf_profile(pen->station->conf, profile[0] ? profile : pen->profile);
	if (!p)
		return refuse(refusal, REFUSAL_NO_SUCH_PROFILE,
			      "no profile '%.64s'; 'mnpenctl profile list' shows those there are",
			      profile[0] ? profile : pen->profile);
	*ret = p;
	if (refuse_disabled(p, refusal) < 0)
		return -EACCES;
	if (o->area && !conf_profile_area(p, o->area))
		return refuse_area(p, o->area, refusal);
	return profile_fits(pen, p, refusal);
}

int station_begin(struct station_pen *pen, uint64_t epoch, const char *profile, const char *client,
		  const struct begin_options *options, station_done done, void *userdata,
		  struct refusal *refusal)
{
	const struct conf_profile *chosen = NULL;
	enum store_health health = store_health(pen->station->store, now_usec());
	_cleanup_free_ struct screening *screening = calloc(1, sizeof(*screening));
	struct clinic_typed typed;
	uint32_t area_size_cm2 = 0;
	struct begin *b;
	int r;

	if (!screening)
		return refuse(refusal, REFUSAL_STORE, "out of memory");
	if (epoch != pen_epoch(pen->pen))
		return refuse_command(refusal, "begin", -ESTALE);
	r = check_wish(pen, &chosen, profile, client, options, refusal);
	if (r < 0)
		return r;
	r = parse_area_size(options->area_size_cm2, &area_size_cm2, refusal);
	if (r < 0)
		return r;
	r = clinic_words(pen, chosen, options, &typed, screening, refusal);
	if (r < 0)
		return r;
	if (health != STORE_HEALTHY)
		return refuse(refusal, REFUSAL_STORE, "the record cannot be kept: %s",
			      store_health_name(health));
	r = check_idle(pen, refusal); /* in no other state does it take a claim */
	if (r == 0)
		r = check_fresh(pen, refusal); /* whose confirmation a sample has to bring */
	if (r < 0)
		return r;

	r = begin_new(&b, chosen->name, client, options);
	if (r >= 0 && chosen->screening) {
		r = begin_answers(b, chosen->checklist, screening);
		if (r < 0)
			begin_free(b);
	}
	if (r < 0)
		return refuse(refusal, REFUSAL_STORE, "no session could be made: %s",
			      strerrordesc_np(-r));
	b->session->typed = typed;
	b->area_size_cm2 = area_size_cm2;
	r = request_new(&b->request, pen, epoch, done, userdata, refusal);
	if (r < 0) {
		begin_free(b);
		return r;
	}
	r = pen_refresh(pen->pen, on_refreshed, b);
	if (r < 0) {
		request_drop(b->request);
		begin_free(b);
		return refuse_command(refusal, "begin", r);
	}
	return 0;
}
