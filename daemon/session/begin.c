/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BeginSession: check everything, look at the cartridge, write the row, claim the cartridge. The
 * order makes a session that did not begin leave nothing behind but, at worst, a closed row that
 * says why.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/hex.h"
#include "driver/base/log.h"

/* What must survive until the row is written. */
struct begin {
	struct session_request *request;
	struct session *session;
	char *client, *operator_name, *screening, *consent, *sign_off, *cartridge;
	uint32_t operator_uid;
	uint32_t area_size_cm2;
};

static struct begin *begin_free(struct begin *b)
{
	if (!b)
		return NULL;
	session_free(b->session);
	free(b->client);
	free(b->operator_name);
	free(b->screening);
	free(b->consent);
	free(b->sign_off);
	free(b->cartridge);
	free(b);
	return NULL;
}

DEFINE_CLEANUP(struct begin *, begin_free)

bool client_id_valid(const char *client)
{
	const char *allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(client);

	return len >= 1 && len <= 64 && strspn(client, allowed) == len;
}

int refuse_client_id(struct refusal *refusal)
{
	return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
		      "a client id is 1 to 64 of A-Z a-z 0-9 . _ - and no name");
}

int new_id(char ret_id[STORE_ID_MAX], uint64_t wall_usec)
{
	time_t seconds = (time_t)(wall_usec / USEC_PER_SEC);
	uint32_t random;
	struct tm tm;
	char date[20];

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	if (!gmtime_r(&seconds, &tm) || strftime(date, sizeof(date), "%Y%m%d-%H%M%S", &tm) == 0)
		return -EIO;
	snprintf(ret_id, STORE_ID_MAX, "%s-%06x", date, random & 0xffffffu);
	return 0;
}

static int new_identity(struct session *session)
{
	do {
		if (getrandom(&session->token, sizeof(session->token), 0) != sizeof(session->token))
			return -EIO;
	} while (session->token == 0); /* 0 means "never used" */
	return new_id(session->id, session->started_wall_usec);
}

void record_cartridge(struct station_pen *pen)
{
	const struct mnpen_cartridge *c = pen_cartridge(pen->pen);
	char uid[2 * MNPEN_UID_SIZE + 1];
	const struct field fields[] = {
		FIELD_S("uid", hex_encode(c->uid, MNPEN_UID_SIZE, uid)),
		FIELD_S("lot", c->lot),
		FIELD_U("expires_days", c->expires_days),
		FIELD_U("length_um", c->length_um),
	};

	record_event(pen, "cartridge", fields, ELEMENTSOF(fields), NULL, NULL);
}

static int copy(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

static int begin_new(struct begin **ret, const char *profile, const char *client,
		     const struct begin_options *o)
{
	_cleanup_(begin_free_cleanup) struct begin *b = calloc(1, sizeof(*b));
	struct session *session = calloc(1, sizeof(*session));

	if (!b || !session) {
		free(session);
		return -ENOMEM;
	}
	b->session = session;
	session->started_usec = now_usec();
	session->started_wall_usec = wall_usec();
	if (new_identity(session) < 0)
		return -EIO;
	if (copy(&session->profile, profile) < 0 || copy(&session->area, o->area) < 0 ||
	    copy(&b->client, client) < 0 || copy(&b->operator_name, o->operator_name) < 0 ||
	    copy(&b->screening, o->screening) < 0 || copy(&b->consent, o->consent) < 0 ||
	    copy(&b->sign_off, o->sign_off) < 0 || copy(&b->cartridge, o->cartridge) < 0)
		return -ENOMEM;
	b->operator_uid = o->operator_uid;
	*ret = TAKE_PTR(b);
	return 0;
}

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
	/* The pen counts since its last ARM, which was another session's. */
	pen->session->last_strokes = pen_sample(pen->pen)->strokes;
	begin_free(b);
	(void)session_note_profile(pen); /* it may have changed since the row was written */
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

static void on_claimed(struct pen *pen, void *userdata, const struct pen_result *result)
{
	struct begin *b = userdata;
	struct refusal refusal;

	if (result->outcome != PEN_CONFIRMED) {
		refuse_result(&refusal, "the cartridge's claim", result);
		begin_undone(b, &refusal);
	} else if (b->request->epoch != pen_epoch(pen)) {
		refuse_command(&refusal, "begin", -ESTALE);
		begin_undone(b, &refusal);
	} else {
		begun(b);
	}
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
	}
	if (r < 0)
		begin_undone(b, &refusal);
	else
		begun(b);
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
	};
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
		r = record(b, &refusal);
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
	if (refuse_disabled(p, refusal) < 0)
		return -EACCES;
	if (o->area && !conf_profile_area(p, o->area))
		return refuse_area(p, o->area, refusal);
	*ret = p;
	return profile_fits(pen, p, refusal);
}

int parse_area_size(const char *text, uint32_t *ret, struct refusal *refusal)
{
	char *end;
	unsigned long value;

	if (!text)
		return 0;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-' || value == 0 || value > 20000)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "area-size-cm2 '%.32s' is no whole number of 1 to 20000 cm2", text);
	*ret = (uint32_t)value;
	return 0;
}

int station_begin(struct station_pen *pen, uint64_t epoch, const char *profile, const char *client,
		  const struct begin_options *options, station_done done, void *userdata,
		  struct refusal *refusal)
{
	const struct conf_profile *chosen = NULL;
	enum store_health health = store_health(pen->station->store, now_usec());
	uint32_t area_size_cm2 = 0;
	struct begin *b;
	int r;

	if (epoch != pen_epoch(pen->pen))
		return refuse_command(refusal, "begin", -ESTALE);
	r = check_wish(pen, &chosen, profile, client, options, refusal);
	if (r < 0)
		return r;
	r = parse_area_size(options->area_size_cm2, &area_size_cm2, refusal);
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
	if (r < 0)
		return refuse(refusal, REFUSAL_STORE, "no session could be made: %s",
			      strerrordesc_np(-r));
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
