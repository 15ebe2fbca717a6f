// SPDX-License-Identifier: GPL-2.0-only
/*
 * The configuration while the daemon runs: profiles are added and removed, files are read again.
 * Whoever works under what changed is stopped and disarmed; the next arm carries the new limits.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/hex.h"

/* ---- a new snapshot takes the place of the old one ---- */

/* What a pen stands on: all that an ARM takes with it from the configuration. */
struct ground {
	bool had_limits;
	struct limits limits;
	uint16_t max_sample_age_ms;
	uint32_t arm_timeout_ms;
	uint16_t lease_ms;
};

static struct ground ground_of(struct station_pen *pen)
{
	const struct conf_station *station = conf_station(pen->station->conf);
	struct ground ground = {
		.max_sample_age_ms = station->max_sample_age_ms,
		.arm_timeout_ms = station->arm_timeout_ms,
		.lease_ms = station->lease_ms,
	};
	struct refusal ignored;

	ground.had_limits = station_limits(pen, &ground.limits, &ignored) == 0;
	return ground;
}

static bool limits_same(const struct limits *a, const struct limits *b)
{
	return a->depth_um == b->depth_um && a->tolerance_um == b->tolerance_um &&
	       a->speed_min_rpm == b->speed_min_rpm && a->speed_max_rpm == b->speed_max_rpm &&
	       a->run_ms == b->run_ms && a->session_ms == b->session_ms;
}

/* An armed pen goes on only under the very limits and times it was armed with. */
static bool ground_holds(struct station_pen *pen, const struct ground *before)
{
	struct ground now = ground_of(pen);
	struct refusal ignored;

	return before->had_limits && now.had_limits && limits_same(&before->limits, &now.limits) &&
	       before->max_sample_age_ms == now.max_sample_age_ms &&
	       before->arm_timeout_ms == now.arm_timeout_ms && before->lease_ms == now.lease_ms &&
	       config_gates(pen, &ignored) == 0;
}

/* Return: whether the session's profile has another text now, or none. */
bool session_note_profile(struct station_pen *pen)
{
	const struct conf_profile *profile = chosen_profile(pen);
	struct session *session = pen->session;

	if (profile && memcmp(profile->digest, session->profile_digest, CONF_DIGEST_SIZE) == 0)
		return false;
	if (!profile)
		return true;
	memcpy(session->profile_digest, profile->digest, CONF_DIGEST_SIZE);
	forget_area(session, profile);
	record_profile(pen, profile);
	return true;
}

static bool at_rest(const struct station_pen *pen)
{
	enum fsm_state state = pen_state(pen->pen);

	return state == FSM_ABSENT || state == FSM_IDLE || state == FSM_FAULT;
}

static void pen_take_conf(struct station_pen *pen, const struct ground *before)
{
	bool changed = pen->session && session_note_profile(pen);

	if (!at_rest(pen) && (changed || !ground_holds(pen, before)))
		(void)station_stop(pen, REASON_SETTINGS);
	limits_changed(pen, &before->limits);
}

static void tell_profiles(struct station *station, const struct conf *old, const struct conf *new,
			  bool going)
{
	const struct station_listener *listener = station->listener;
	const struct conf_profile *profile;

	for (size_t i = 0; listener && (profile = conf_profile_at(going ? old : new, i)); i++) {
		const struct conf_profile *other = conf_profile(going ? new : old, profile->name);

		if (!other || (!going && !conf_profile_same(profile, other)))
			listener->profile_changed(station->listener_userdata, profile->name,
						  going	  ? PROFILE_REMOVED
						  : other ? PROFILE_CHANGED
							  : PROFILE_ADDED);
	}
}

uint64_t keep_usec(const struct conf *conf)
{
	return conf_station(conf)->keep_samples_days * 86400 * USEC_PER_SEC;
}

void station_take_conf(struct station *station, struct conf *conf)
{
	struct ground before[STATION_PENS_MAX] = {0};
	struct conf *old = station->conf;

	for (size_t i = 0; i < station->n_pens; i++)
		before[i] = ground_of(station->pens[i]);
	tell_profiles(station, old, conf, true); /* while they can still be looked at */
	station->conf = conf;
	tell_profiles(station, old, conf, false);
	store_set_quota(station->store, conf_station(conf)->quota_bytes);
	store_set_keep(station->store, keep_usec(conf));
	for (size_t i = 0; i < station->n_pens; i++)
		if (station->pens[i]->listed)
			pen_take_conf(station->pens[i], &before[i]);
	conf_unref(old);
}

/* ---- who uses a profile ---- */

static int check_unused(struct station *station, const char *name, struct refusal *refusal)
{
	for (size_t i = 0; i < station->n_pens; i++) {
		const struct station_pen *pen = station->pens[i];

		if (pen->session && strcmp(pen->session->profile, name) == 0)
			return refuse(refusal, REFUSAL_BUSY,
				      "profile '%s' is in use by session %s on pen %s; end the "
				      "session first: mnpenctl session end",
				      name, pen->session->id, pen_serial(pen->pen));
	}
	return 0;
}

/* Chosen for a pen counts as used only when it is to vanish. */
static int check_not_chosen(struct station *station, const char *name, struct refusal *refusal)
{
	for (size_t i = 0; i < station->n_pens; i++) {
		const struct station_pen *pen = station->pens[i];

		if (pen->listed && pen->profile && strcmp(pen->profile, name) == 0)
			return refuse(refusal, REFUSAL_BUSY,
				      "profile '%s' is the set profile of pen %s; set another one "
				      "first: mnpenctl profile set %s NAME",
				      name, pen_serial(pen->pen), pen_serial(pen->pen));
	}
	return 0;
}

/* ---- jobs ---- */

static void refuse_not_added(const struct station *station, const struct conf_profile *profile,
			     struct refusal *refusal)
{
	bool theirs = conf_keeper_origin(station->keeper, profile) == CONF_ADMINISTRATORS;

	refuse(refusal, REFUSAL_INTERLOCK,
	       "profile '%s' was not added, it is the %s file %s; %s, then reload: systemctl "
	       "reload "
	       "mnpend",
	       profile->name, theirs ? "administrator's" : "shipped", profile->path,
	       theirs ? "delete that, or leave it empty to have no such profile"
		      : "an empty file of its name in the administrator's profiles.d takes it "
			"away");
}

static void refuse_outcome(struct station *station, const struct conf_outcome *outcome,
			   struct refusal *refusal)
{
	const struct conf_profile *profile = conf_profile(station->conf, outcome->name);

	if (outcome->kind == CONF_JOB_RELOAD)
		refuse(refusal, REFUSAL_STORE,
		       "the files could not be read: %s; what was read before holds on, ask again",
		       strerrordesc_np(-outcome->result));
	else if (outcome->result == -EEXIST)
		refuse(refusal, REFUSAL_INTERLOCK,
		       "profile '%s' has a file in the administrator's profiles.d, which counts "
		       "before an added one; change that file and reload, or choose another name",
		       outcome->name);
	else if (outcome->result == -E2BIG)
		refuse(refusal, REFUSAL_LIMIT,
		       "%d profiles are added already, and no more are allowed; remove one first: "
		       "mnpenctl profile remove NAME",
		       CONF_ADDED_MAX);
	else if (outcome->result == -ENOENT && profile)
		refuse_not_added(station, profile, refusal);
	else if (outcome->result == -ENOENT)
		refuse(refusal, REFUSAL_NO_SUCH_PROFILE,
		       "no profile '%s'; 'mnpenctl profile list' shows those there are",
		       outcome->name);
	else
		refuse(refusal, REFUSAL_STORE,
		       "profile '%s' could not be written or removed: %s; look at the disk that "
		       "holds the state directory",
		       outcome->name, strerrordesc_np(-outcome->result));
}

/* Who changed what is for the record; a reload has its own line in the journal. */
static void record_change(struct station *station, const struct conf_outcome *outcome)
{
	const struct conf_profile *profile = conf_profile(station->conf, outcome->name);
	char digest[2 * CONF_DIGEST_SIZE + 1] = "";
	struct field fields[] = {
		FIELD_S("profile", outcome->name),
		FIELD_U("uid", station->conf_request.uid),
		FIELD_S("profile_digest", digest),
	};
	bool added = outcome->kind == CONF_JOB_ADD;

	if (added && profile)
		hex_encode(profile->digest, CONF_DIGEST_SIZE, digest);
	(void)store_event(station->store, NULL, NULL, added ? "profile-added" : "profile-removed",
			  now_usec(), fields, ELEMENTSOF(fields) - !added, NULL, NULL);
	log_notice("profile %s was %s", outcome->name, added ? "added" : "removed");
}

static void record_reload(struct station *station, const struct conf_report *report)
{
	size_t n_profiles = conf_n_profiles(station->conf);
	size_t n_devices = conf_n_devices(station->conf);

	(void)store_event(station->store, NULL, NULL, "configuration", now_usec(),
			  (const struct field[]){
				  FIELD_U("profiles", n_profiles),
				  FIELD_U("devices", n_devices),
				  FIELD_U("errors", report->n_lines),
				  FIELD_B("station_valid", conf_station_valid(station->conf)),
			  },
			  4, NULL, NULL);
	if (!conf_station_valid(station->conf))
		log_error("mnpend.conf has an error, so its limits are not known: no pen can be "
			  "armed "
			  "until it is mended and read again");
	log_notice("configuration read again: %zu profiles, %zu devices, %zu errors", n_profiles,
		   n_devices, report->n_lines);
}

/* Return: 0; -EACCES when it did not come to what was asked for. */
static int take_outcome(struct station *station, const struct conf_outcome *outcome,
			struct refusal *refusal)
{
	if (outcome->result < 0) {
		refuse_outcome(station, outcome, refusal);
		return -EACCES;
	}
	for (size_t i = 0; i < outcome->report->n_lines; i++)
		log_warning("%s", outcome->report->lines[i]);
	station_take_conf(station, outcome->conf);
	if (outcome->kind == CONF_JOB_RELOAD)
		record_reload(station, outcome->report);
	else
		record_change(station, outcome);
	if (outcome->kind == CONF_JOB_ADD && !conf_profile(station->conf, outcome->name))
		return refuse(refusal, REFUSAL_STORE,
			      "profile '%s' was written, and could not be read again; 'mnpend "
			      "--check-config' says why",
			      outcome->name);
	return 0;
}

static void on_job(void *userdata, const struct conf_outcome *outcome)
{
	struct station *station = userdata;
	struct conf_request request = station->conf_request;
	struct conf_request waiting = station->reload_waiting;
	struct refusal refusal;
	int r = take_outcome(station, outcome, &refusal);

	request.done(request.userdata, r < 0 ? &refusal : NULL);
	station->reload_waiting = (struct conf_request){0};
	if (waiting.done && station_reload(station, waiting.done, waiting.userdata, &refusal) < 0)
		waiting.done(waiting.userdata, &refusal);
}

static int refuse_job(struct refusal *refusal, int error)
{
	if (error == -EBUSY)
		return refuse(refusal, REFUSAL_BUSY,
			      "the configuration is being changed; ask again");
	return refuse(refusal, REFUSAL_STORE, "the configuration cannot be changed: %s",
		      strerrordesc_np(-error));
}

static void expect(struct station *station, uint32_t uid, station_done done, void *userdata)
{
	station->conf_request =
		(struct conf_request){.uid = uid, .done = done, .userdata = userdata};
}

static int check_name(const char *name, struct refusal *refusal)
{
	if (conf_name_valid(name))
		return 0;
	return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
		      "'%.80s' is no name for a profile; allowed: a letter or digit, then up to %d "
		      "letters, digits, '.', '_', '-'",
		      name, CONF_NAME_MAX - 1);
}

/* As many of the errors as a message holds. */
static int check_text(const char *name, const char *text, struct refusal *refusal)
{
	struct conf_report report = {0};
	char file[CONF_NAME_MAX + 8];
	size_t used = 0;
	int r;

	snprintf(file, sizeof(file), "%s.conf", name);
	r = conf_check_profile(file, text, strlen(text), &report);
	if (r > 0) {
		refuse(refusal, REFUSAL_INVALID_ARGUMENT, "%s", report.lines[0]);
		used = strlen(refusal->message);
	}
	for (size_t i = 1; i < report.n_lines; i++) {
		size_t left = sizeof(refusal->message) - used;

		if (strlen(report.lines[i]) + 32 > left) {
			snprintf(refusal->message + used, left, "\n%zu more errors",
				 report.n_lines - i);
			break;
		}
		used += (size_t)snprintf(refusal->message + used, left, "\n%s", report.lines[i]);
	}
	conf_report_free(&report);
	if (r < 0)
		return refuse(refusal, REFUSAL_STORE, "out of memory");
	return r > 0 ? -EACCES : 0;
}

int station_add_profile(struct station *station, const char *name, const char *text, uint32_t uid,
			station_done done, void *userdata, struct refusal *refusal)
{
	int r = check_name(name, refusal);

	if (r >= 0)
		r = check_text(name, text, refusal);
	if (r >= 0)
		r = check_unused(station, name, refusal);
	if (r < 0)
		return r;
	if (conf_keeper_busy(station->keeper)) /* the one who waits is not to be forgotten */
		return refuse_job(refusal, -EBUSY);
	expect(station, uid, done, userdata);
	r = conf_keeper_add(station->keeper, name, text, on_job, station);
	return r < 0 ? refuse_job(refusal, r) : 0;
}

int station_remove_profile(struct station *station, const char *name, uint32_t uid,
			   station_done done, void *userdata, struct refusal *refusal)
{
	const struct conf_profile *profile = conf_profile(station->conf, name);
	int r = check_name(name, refusal);

	/* Another one of that name, which counts, stays whatever becomes of one that was added. */
	if (profile && conf_keeper_origin(station->keeper, profile) == CONF_ADDED) {
		if (r >= 0)
			r = check_unused(station, name, refusal);
		if (r >= 0)
			r = check_not_chosen(station, name, refusal);
	}
	if (r < 0)
		return r;
	if (conf_keeper_busy(station->keeper))
		return refuse_job(refusal, -EBUSY);
	expect(station, uid, done, userdata);
	r = conf_keeper_remove(station->keeper, name, on_job, station);
	return r < 0 ? refuse_job(refusal, r) : 0;
}

int station_reload(struct station *station, station_done done, void *userdata,
		   struct refusal *refusal)
{
	int r;

	if (conf_keeper_busy(station->keeper)) { /* what it reads may be from before */
		station->reload_waiting = (struct conf_request){.done = done, .userdata = userdata};
		return 0;
	}
	expect(station, 0, done, userdata);
	r = conf_keeper_reload(station->keeper, on_job, station);
	return r < 0 ? refuse_job(refusal, r) : 0;
}
