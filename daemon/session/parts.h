/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the station, shared by the files of daemon/session and nobody else.
 *
 *   station.c  creation, lookup, stop
 *   usb.c      pens on USB
 *   hooks.c    pens coming and going, what they tell
 *   limits.c   who allows what: one set of limits, or a refusal that says how to mend it
 *   gates.c    every reason why a pen would not arm
 *   begin.c    BeginSession
 *   clinic.c   checklist, course, ledger of cartridges, how much an area has had
 *   course.c   whether a session comes too early (pure)
 *   session.c  notes, profile, end
 *   area.c     the area that is worked on
 *   config.c   profiles added and removed, configuration read anew
 *   arm.c      Arm, SetTarget, ClearFault
 *   depth.c    steps of the target that the pen's own buttons and dial ask for
 *   pedal.c    the foot pedal
 *   alarm.c    standing alarms
 *   flood.c    how much of what a pen says is told
 */
#ifndef MNPEN_SESSION_PARTS_H
#define MNPEN_SESSION_PARTS_H

#include "daemon/session/station.h"

#define DEPTH_STEPS_MAX 8	      /* that wait for one request */
#define DEPTH_WAIT_USEC 10000ULL      /* then it is tried again */
#define DEPTH_PATIENCE_USEC 500000ULL /* then they are refused */

/** struct conf_request - who waits for the configuration's one job */
struct conf_request {
	uint32_t uid;
	station_done done;
	void *userdata;
};

struct station {
	sd_event *event;
	sd_event_source *health_timer;
	struct conf *conf; /* a reference */
	struct conf_keeper *keeper;
	struct conf_request conf_request;
	struct conf_request reload_waiting; /* for the job under way; no done = none */
	struct store *store;
	bool store_healthy;	 /* as last told to the listener */
	struct hotplug *hotplug; /* NULL = not on USB */
	struct station_pen *pens[STATION_PENS_MAX];
	size_t n_pens;
	struct alarm *alarms[STATION_ALARMS_MAX]; /* oldest first */
	size_t n_alarms;
	struct alarm_pool *alarm_pool;
	bool alarm_unplaced;	    /* there was one more than there is room for */
	struct log_limit alarm_log; /* of those met while they stand, or without room */
	enum station_pedal pedal;
	const struct station_pedals *pedals; /* NULL = nobody reads any */
	void *pedals_userdata;
	const struct station_listener *listener;
	void *listener_userdata;
};

extern const struct pen_hooks station_hooks; /* their userdata is a struct station_pen */

/** struct session_request - what a request must remember while it waits; owned by the pen */
struct session_request {
	struct station_pen *pen;
	station_done done;
	void *userdata;
	uint64_t epoch;
	uint16_t depth_um; /* set-target */
	uint16_t speed_rpm;
	char *area; /* set-area, as the next two */
	char *sign_off;
	uint32_t area_size_cm2;
	bool claims;		/* arm: the pen has to claim the cartridge */
	sd_event_source *again; /* arm: waits for the session's stream, until: */
	uint64_t again_end_usec;
};

/** request_new() - the pen's one request. Return: 0; -EACCES Busy; -ENOMEM */
int request_new(struct session_request **ret, struct station_pen *pen, uint64_t epoch,
		station_done done, void *userdata, struct refusal *refusal);

/** request_end() - answers and frees; @refusal NULL = done */
void request_end(struct session_request *request, const struct refusal *refusal);

/** request_drop() - frees without an answer: the request was refused at once */
void request_drop(struct session_request *request);

/** refuse_result() - the refusal that a pen's result stands for; @what: "arm", "target", ... */
void refuse_result(struct refusal *refusal, const char *what, const struct pen_result *result);

/** refuse_epoch() - @what waited, and a stop came. Return: -EACCES */
static inline int refuse_epoch(struct refusal *refusal, const char *what)
{
	return refuse(refusal, REFUSAL_INTERLOCK,
		      "a stop came while %s waited; look at the pen, then ask again", what);
}

/** refuse_command() - the same for an error of a pen_*() call */
int refuse_command(struct refusal *refusal, const char *what, int error);

/** need_session() - whether one is open and not ending. Return: 0; -EACCES */
int need_session(struct station_pen *pen, struct refusal *refusal);

/** request_recorded() - a store_done: the record's word on an event is the outcome of the request
 * that caused it */
void request_recorded(void *userdata, int result);
/** refuse_recorded() - because that could not even be asked for */
int refuse_recorded(struct refusal *refusal, int error);

struct session *session_free(struct session *session); /* returns NULL */

/** session_interrupt() - the pen's session ends without anybody having asked for it */
void session_interrupt(struct station_pen *pen);

/** session_at_rest() - a stop ended: an End() that waited for it goes on */
void session_at_rest(struct station_pen *pen);

/** record_event() - to the store, the listeners and nobody else */
void record_event(struct station_pen *pen, const char *kind, const struct field *fields,
		  size_t n_fields, store_done done, void *userdata);

/** tell_held() - events and gaps that wait because the pen made too many
 * @all: now, before a session begins or ends; else as far as there is room
 * Return: false when some of @all wait still, for want of room in the store. */
bool tell_held(struct station_pen *pen, bool all);

/** new_id() - for a session or an alarm: date and time to read and sort by, and enough chance that
 * two never meet, restarts and new databases included. Return: 0; -EIO */
int new_id(char ret_id[STORE_ID_MAX], uint64_t wall_usec);

/** check_custody() - a client's id, and a reason for what is done to its records: @what */
int check_custody(const char *client, const char *reason, const char *what,
		  struct refusal *refusal);

/** keep_usec() - KeepSamples as the store takes it */
uint64_t keep_usec(const struct conf *conf);

/** alarms_restore() - those that an earlier daemon left. Return: 0; -ENOMEM */
int alarms_restore(struct station *station);
/** alarms_record() - once more, those that could not be recorded */
void alarms_record(struct station *station);
void alarms_free(struct station *station);

/** chosen_profile() - of the session, else of the pen; NULL = none */
const struct conf_profile *chosen_profile(const struct station_pen *pen);
const struct conf_area *chosen_area(const struct station_pen *pen);

/** limits_changed() - the ground under the pen may have: @old held before. The target goes if the
 * limit has become smaller, or if it does not fit any more; everybody is told. */
void limits_changed(struct station_pen *pen, const struct limits *old);

/** forget_area() - the session's area, if @profile has none of that name: it is to be chosen anew
 */
void forget_area(struct session *session, const struct conf_profile *profile);

/** record_profile() - an event that says which text of the profile holds from now on */
void record_profile(struct station_pen *pen, const struct conf_profile *profile);

/** session_note_profile() - whether the session's profile has another text than before, or none;
 * what is new is recorded */
bool session_note_profile(struct station_pen *pen);

/** parse_area_size() - square centimetres, NULL = 0. Return: 0; -EACCES */
int parse_area_size(const char *text, uint32_t *ret, struct refusal *refusal);

/** announce_event() - to the listeners alone: the store has it already */
void announce_event(struct station_pen *pen, const char *kind, uint64_t now,
		    const struct field *fields, size_t n_fields);

struct screening;

/** clinic_words() - what of a begin can be judged without asking anybody: cartridge and answers
 * @screening: the answers, when the profile wants a checklist. Return: 0; -EACCES */
int clinic_words(struct station_pen *pen, const struct conf_profile *profile,
		 const struct begin_options *o, struct clinic_typed *ret_typed,
		 struct screening *screening, struct refusal *refusal);

/** struct clinic_answer - one answer; outlives the configuration that asked */
struct clinic_answer {
	char question[CONF_NAME_MAX + 1];
	char answer[CONF_ANSWER_MAX + 1];
	const char *kind; /* static */
	char *text;
	char *warning; /* NULL = none */
};

/** clinic_answers() - one a question of @checklist. Return: 0; -ENOMEM */
int clinic_answers(const struct conf_checklist *checklist, const struct screening *screening,
		   struct clinic_answer **ret);
void clinic_answers_free(struct clinic_answer *answers, size_t n_answers);

/** clinic_due() - whether @area may be worked on today, by @profile. Days are the clinic's own.
 * Return: 0; 1 it is too early, and signed for; -EACCES TooSoon
 * @last_days: of the client's last session in it, 0 = none
 * @sign_off: why though it is too early; NULL or blank = nobody says so */
int clinic_due(const struct conf_profile *profile, const char *area, uint32_t last_days,
	       const char *sign_off, struct refusal *refusal);

/** clinic_record_course() - an event that says which session of the course this is */
void clinic_record_course(struct station_pen *pen, const struct conf_profile *profile);

/** clinic_typed() - "LOT/SERIAL" without white space, NULL = none. Return: 0; -EACCES */
int clinic_typed(const char *typed, struct clinic_typed *ret, struct refusal *refusal);
bool clinic_has_tag(const struct station_pen *pen);

/** clinic_cartridge() - the one in the pen, by its tag, else as @typed; no lot = none
 * @uid: room for what the result points to */
struct store_cartridge clinic_cartridge(const struct station_pen *pen,
					const struct clinic_typed *typed,
					char uid[2 * MNPEN_UID_SIZE + 1]);

/** clinic_keep_bound() - the cartridge in the pen is bound to @session, and need not be again */
void clinic_keep_bound(const struct station_pen *pen, struct session *session);

/** refuse_bound() - because the ledger has the cartridge with another session */
int refuse_bound(const struct station_pen *pen, const struct session *session,
		 struct refusal *refusal);

/** clinic_count() - strokes were made in the present area; the first beyond its warning is told */
void clinic_count(struct station_pen *pen, uint32_t strokes);

/** clinic_segment() - the session's present area and what holds for it; its texts are the
 * configuration's */
struct store_segment clinic_segment(struct station_pen *pen);

/** refuse_disabled() - 0 for a profile that may be used, -EACCES for one with Enabled=no */
int refuse_disabled(const struct conf_profile *profile, struct refusal *refusal);

/** refuse_area() - because @profile has none of that name, with those that it has */
int refuse_area(const struct conf_profile *profile, const char *area, struct refusal *refusal);

/** profile_fits() - whether pen, model and station can give all that @profile asks for */
int profile_fits(struct station_pen *pen, const struct conf_profile *profile,
		 struct refusal *refusal);

/** limits_target() - whether @depth_um, @speed_rpm stand within what holds now */
int limits_target(struct station_pen *pen, uint32_t depth_um, uint32_t speed_rpm,
		  struct refusal *refusal);

/** check_idle() - whether the pen is at rest, its self-test over and no fault latched. 0, -EACCES
 */
int check_idle(struct station_pen *pen, struct refusal *refusal);
/** check_fresh() - whether its samples come. 0, -EACCES */
int check_fresh(struct station_pen *pen, struct refusal *refusal);

/** check_cartridge() - whether needles may be run with @token (0: with a new one). 0, 1 = to be
 * claimed first, -EACCES. */
int check_cartridge(struct station_pen *pen, uint64_t token, struct refusal *refusal);

/** pedal_guards() - whether an ARM now is to be guarded by the pedal */
bool pedal_guards(const struct station_pen *pen);
/** pedal_down() - by the level */
bool pedal_down(const struct station_pen *pen);
/** check_pedal() - whether the one that is needed is there. 0, -EACCES */
int check_pedal(struct station_pen *pen, struct refusal *refusal);

/** depth_forget() - the pen goes: steps that wait are not answered */
void depth_forget(struct station_pen *pen);

/** first_gate() - the first of station_explain()'s reasons: 0 when there is none
 * @asked: false: the pen will be asked for its cartridge and its calibration, so that what is known
 *	of them counts for nothing */
int first_gate(struct station_pen *pen, bool asked, struct refusal *refusal);

/** config_gates() - those gates that only the configuration opens or shuts. 0, -EACCES */
int config_gates(struct station_pen *pen, struct refusal *refusal);

/** drop_target() - the kept target goes, because the ground under it changed */
void drop_target(struct station_pen *pen);

void notify_pen(struct station_pen *pen, unsigned int what);

#endif
