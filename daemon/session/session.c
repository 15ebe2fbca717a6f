/* SPDX-License-Identifier: GPL-2.0-only */
/* An open session: its area, profile, notes and its end. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/hex.h"
#include "driver/base/log.h"

struct session *session_free(struct session *session)
{
	if (!session)
		return NULL;
	free(session->profile);
	free(session->area);
	free(session->screening);
	free(session->notices);
	free(session->end_outcome);
	free(session);
	return NULL;
}

uint64_t session_run_used_ms(const struct station_pen *pen)
{
	if (!pen->session)
		return 0;
	return pen->session->run_used_ms + (pen_is_live(pen->pen) ? pen_run_ms(pen->pen) : 0);
}

int need_session(struct station_pen *pen, struct refusal *refusal)
{
	if (pen->session && !pen->session->end_outcome)
		return 0;
	return refuse(refusal, REFUSAL_NO_SUCH_SESSION, "no session is open on pen %s",
		      pen_serial(pen->pen));
}

void request_recorded(void *userdata, int result)
{
	struct session_request *request = userdata;
	struct refusal refusal;

	if (result == 0) {
		request_end(request, NULL);
		return;
	}
	refuse(&refusal, REFUSAL_STORE, "it could not be recorded: %s", strerrordesc_np(-result));
	request_end(request, &refusal);
}

int refuse_recorded(struct refusal *refusal, int error)
{
	if (error == -E2BIG)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT, "the text is longer than %d bytes",
			      STORE_TEXT_MAX - 1);
	return refuse(refusal, REFUSAL_STORE, "it could not be recorded: %s",
		      strerrordesc_np(-error));
}

static int record_request(struct session_request *request, const char *kind,
			  const struct field *fields, size_t n_fields, struct refusal *refusal)
{
	struct station_pen *pen = request->pen;
	int r = store_event(pen->station->store, pen->session->id, pen_serial(pen->pen), kind,
			    now_usec(), fields, n_fields, request_recorded, request);

	if (r == 0)
		return 0;
	request_drop(request);
	return refuse_recorded(refusal, r);
}

/* A session goes on only with a profile that it could have begun with. */
static int session_allows(struct station_pen *pen, const struct conf_profile *profile,
			  struct refusal *refusal)
{
	const struct session *session = pen->session;

	if (!session)
		return 0;
	if (profile->screening &&
	    (!session->screening || strcmp(profile->screening, session->screening) != 0))
		return refuse(refusal, REFUSAL_SCREENING,
			      "profile '%s' wants the checklist '%s' answered, and this session "
			      "began without; end it, and begin one with that profile",
			      profile->name, profile->screening);
	if (!session->area || !conf_profile_area(profile, session->area))
		return 0; /* the area is to be chosen anew, and that is judged then */
	if (session->is_early)
		return 0; /* somebody has signed for it */
	return clinic_due(profile, session->area, session->last_days, NULL, refusal);
}

int station_set_profile(struct station_pen *pen, const char *name, struct refusal *refusal)
{
	const struct conf_profile *profile = conf_profile(pen->station->conf, name);
	_cleanup_free_ char *for_pen = strdup(name), *for_session = strdup(name);
	struct limits old = {0};
	struct refusal ignored;
	int r;

	if (!profile)
		return refuse(refusal, REFUSAL_NO_SUCH_PROFILE,
			      "no profile '%.64s'; 'mnpenctl profile list' shows those there are",
			      name);
	if (refuse_disabled(profile, refusal) < 0)
		return -EACCES;
	r = profile_fits(pen, profile, refusal);
	if (r < 0)
		return r;
	r = session_allows(pen, profile, refusal);
	if (r < 0)
		return r;
	if (!for_pen || !for_session)
		return refuse(refusal, REFUSAL_STORE, "out of memory");

	(void)station_limits(pen, &old, &ignored);
	station_stop(pen, REASON_SETTINGS);
	free(pen->profile);
	pen->profile = TAKE_PTR(for_pen);
	if (pen->session) {
		free(pen->session->profile);
		pen->session->profile = TAKE_PTR(for_session);
		memcpy(pen->session->profile_digest, profile->digest, CONF_DIGEST_SIZE);
		forget_area(pen->session, profile);
		record_profile(pen, profile);
	}
	limits_changed(pen, &old);
	return 0;
}

static bool kind_valid(const char *kind)
{
	size_t len = strlen(kind);

	return len >= 1 && len <= 32 &&
	       strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

int station_add_note(struct station_pen *pen, const char *kind, const char *text, station_done done,
		     void *userdata, struct refusal *refusal)
{
	struct field fields[] = {FIELD_S("kind", kind), FIELD_S("text", text)};
	struct session_request *request;
	int r;

	r = need_session(pen, refusal);
	if (r < 0)
		return r;
	if (!kind_valid(kind))
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "the kind of a note is 1 to 32 of a-z 0-9 and '-'");
	r = request_new(&request, pen, pen_epoch(pen->pen), done, userdata, refusal);
	if (r < 0)
		return r;
	return record_request(request, "note", fields, ELEMENTSOF(fields), refusal);
}

/* ---- the end ---- */

static void session_forget(struct station_pen *pen)
{
	struct station *station = pen->station;
	struct session *session = TAKE_PTR(pen->session);
	struct log_context context = {
		.pen = pen_serial(pen->pen),
		.session = session->id,
		.message_id = LOG_ID_SESSION,
	};

	log_line(LOG_INFO, &context, "session ended");
	pen_set_stream_period(pen->pen, PEN_IDLE_STREAM_US);
	drop_target(pen);
	if (station->listener)
		station->listener->session_removed(station->listener_userdata, pen, session);
	session_free(session);
	notify_pen(pen, STATION_CHANGED_SESSION | STATION_CHANGED_LIMITS);
}

void session_interrupt(struct station_pen *pen)
{
	struct log_context context = {
		.pen = pen_serial(pen->pen),
		.session = pen->session->id,
		.message_id = LOG_ID_SESSION,
	};
	int r;

	if (!tell_held(pen, true) && pen->flood.gap.holes) {
		log_line(LOG_ERR, &context,
			 "%" PRIu64 " samples are missing, and there was no room to record between "
			 "which",
			 pen->flood.gap.missing);
		flood_gap_told(&pen->flood); /* they are no other session's */
	}
	r = store_session_end(pen->station->store, pen->session->id, "interrupted", now_usec(),
			      NULL, NULL);
	if (r < 0)
		log_line(LOG_ERR, &context,
			 "the session's end could not be recorded: %s; the next start closes it",
			 strerrordesc_np(-r));
	session_forget(pen);
}

/* The pen rests: the end goes to the disk. Without room for it the session stays open, so that it
 * can be ended again. */
static int end_now(struct station_pen *pen, struct refusal *refusal)
{
	_cleanup_free_ char *outcome = TAKE_PTR(pen->session->end_outcome);
	int r;

	r = -EAGAIN;
	if (tell_held(pen, true))
		r = store_session_end(pen->station->store, pen->session->id, outcome, now_usec(),
				      request_recorded, pen->request);
	if (r < 0)
		return refuse(
			refusal, REFUSAL_STORE,
			"the session's end could not be recorded: %s; it is still open, end it "
			"again when the disk is well",
			strerrordesc_np(-r));
	session_forget(pen);
	return 0;
}

void session_at_rest(struct station_pen *pen)
{
	struct refusal refusal;

	if (!pen->session || !pen->session->end_outcome)
		return;
	if (end_now(pen, &refusal) < 0)
		request_end(pen->request, &refusal); /* that of the End() */
}

/* An End() stops first and then waits for the pen's word, so that the last samples of the run are
 * in the record. It does not wait for another request: that is stopped with the pen. */
int station_end(struct station_pen *pen, const char *outcome, station_done done, void *userdata,
		struct refusal *refusal)
{
	struct session_request *request;
	char *copy;
	int r;

	r = need_session(pen, refusal);
	if (r < 0)
		return r;
	if (strlen(outcome) >= STORE_TEXT_MAX)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "the outcome is longer than %d bytes", STORE_TEXT_MAX - 1);
	copy = strdup(outcome[0] ? outcome : "completed");
	if (!copy)
		return refuse(refusal, REFUSAL_STORE, "out of memory");
	r = station_stop(pen, REASON_SESSION_END);
	if (request_new(&request, pen, pen_epoch(pen->pen), done, userdata, refusal) < 0) {
		free(copy);
		return -EACCES;
	}
	pen->session->end_outcome = copy;
	if (r == 1)
		return 0;
	r = end_now(pen, refusal);
	if (r < 0)
		request_drop(request);
	return r;
}
