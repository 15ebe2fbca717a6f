/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The station: pens, profiles, store and open sessions, joined. Everything that D-Bus offers is a
 * function here; daemon/bus only translates.
 *
 * Main thread only; nothing blocks. Whatever needs the pen's or the disk's word takes a done().
 */
#ifndef MNPEN_STATION_H
#define MNPEN_STATION_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "daemon/conf/conf.h"
#include "daemon/conf/keeper.h"
#include "daemon/pen/pen.h"
#include "daemon/session/flood.h"
#include "daemon/store/store.h"
#include "driver/base/bucket.h"
#include "driver/base/log.h"

#define STATION_PENS_MAX 64
#define STATION_ALARMS_MAX STORE_ALARMS_MAX
#define STATION_REASON_MAX 500 /* bytes that say why a legal hold is set or lifted */

struct station;

/** enum refusal_code - org.mnpen1.Error.* of the same name */
enum refusal_code {
	REFUSAL_NONE,
	REFUSAL_NOT_AUTHORIZED,
	REFUSAL_NO_SUCH_PEN,
	REFUSAL_NO_SUCH_PROFILE,
	REFUSAL_NO_SUCH_SESSION,
	REFUSAL_BUSY,
	REFUSAL_LIMIT,
	REFUSAL_INTERLOCK,
	REFUSAL_FAULT,
	REFUSAL_INVALID_ARGUMENT,
	REFUSAL_CARTRIDGE_USED,
	REFUSAL_SCREENING,
	REFUSAL_TOO_SOON,
	REFUSAL_STORE,
	REFUSAL_UNCONFIRMED,
	REFUSAL_DISCONNECTED,
};

/** struct refusal - why not: names the value, the limit and the way out */
struct refusal {
	enum refusal_code code;
	char message[1024];
};

/** refusal_fill() - what is refused, and why */
void refusal_fill(struct refusal *refusal, enum refusal_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static inline int refused(void)
{
	return -EACCES;
}

/** refuse() - the same, as -EACCES, so that "return refuse(...)" reads well; a macro so that every
 * caller's compiler knows what it is */
#define refuse(refusal, code, ...) (refusal_fill(refusal, code, __VA_ARGS__), refused())

/** struct clinic_typed - a cartridge without a tag, as typed in; "" = none was */
struct clinic_typed {
	char lot[64];
	char serial[64];
};

/** struct area_tally - how much an area has had in the session */
struct area_tally {
	char area[CONF_NAME_MAX + 1];
	uint32_t size_cm2; /* 0 = not given */
	uint64_t punctures;
	bool is_uncounted; /* by needles of which nobody knows how many */
	bool is_told;	   /* its warning */
};

/** struct session - an open session; closed ones live in the store only */
struct session {
	char id[STORE_ID_MAX];
	uint64_t token;
	char *profile; /* name */
	uint8_t profile_digest[CONF_DIGEST_SIZE];
	char *area; /* NULL = none chosen */
	uint64_t started_usec;
	uint64_t started_wall_usec;
	uint64_t run_used_ms; /* of earlier ARMs */
	uint64_t samples;
	uint64_t gaps;
	uint64_t strokes;
	uint32_t last_strokes;
	char *screening; /* name of the checklist that was answered; NULL = none */
	char *notices; /* a line each: what the answers warn of, and that a course is over; NULL */
	struct clinic_typed typed;
	char bound_uid[2 * MNPEN_UID_SIZE +
		       1]; /* of the cartridge in use; "" = none is bound yet */
	bool is_typed_bound;
	uint32_t sessions_before; /* of the client's, with strokes in this area */
	uint32_t last_days;	  /* of the last of them; 0 = there is none */
	bool is_early;		  /* that this may be too early is signed for */
	struct area_tally tallies[CONF_AREAS_MAX];
	size_t n_tallies;
	char *end_outcome; /* End() waits for the needles to rest; NULL = not ending */
};

struct session_request; /* a request under way: begin, arm, end, ... */

/** struct depth_wish - steps that the pen's own buttons and dial ask for, of depth.c */
struct depth_wish {
	const char *kind; /* "button", "dial" */
	int steps;	  /* not answered yet; positive is deeper */
	int sent;	  /* with the request under way */
	uint64_t epoch;	  /* of their arrival */
	uint64_t since_usec;
	sd_event_source *timer;
};

/** struct station_pen - a pen and what the station knows of it; valid until left() */
struct station_pen {
	struct station *station;
	struct pen *pen;
	bool listed;   /* present and accepted */
	char *profile; /* set by SetProfile; NULL = none */
	struct session *session;
	uint16_t target_depth_um; /* kept for the next ARM; 0 = none */
	uint16_t target_speed_rpm;
	uint64_t event_seq;
	struct session_request *request; /* one at a time; NULL = none */
	struct depth_wish wish;
	struct flood flood;    /* what it may make us write, unplugged or not */
	struct bucket signals; /* of daemon/bus: changes told */
	struct log_limit log_limit;
	bool rest_seen; /* by a sample that is about to be recorded */
	void *object;	/* of daemon/bus */
};

/**
 * station_done - the outcome of a request; @refusal is NULL when it was done and confirmed.
 * Called exactly once when the request returned 0, never from inside it.
 */
typedef void (*station_done)(void *userdata, const struct refusal *refusal);

struct alarm_pool;

/** struct alarm - stands until acknowledged, also over restarts of the daemon; a pen that it
 * concerns is not armed meanwhile */
struct alarm {
	/* kind: "drive-on", "serial-twice", "store-quarantined", "alarms-unplaced" */
	struct store_alarm what;
	bool recorded; /* on disk; an alarm that is not would not survive a restart */
	/* Of alarm.c: */
	struct alarm_pool *pool; /* NULL = free */
	bool waiting;		 /* the store owes an answer */
	station_done done;	 /* of the acknowledgement under way; NULL = none */
	void *userdata;
};

/** enum profile_change - how a profile of the configuration changed */
enum profile_change {
	PROFILE_REMOVED, /* told while it can still be looked up, the others when it can */
	PROFILE_ADDED,
	PROFILE_CHANGED,
};

/** struct station_listener - daemon/bus; every call comes from the main loop */
struct station_listener {
	void (*pen_added)(void *userdata, struct station_pen *pen);
	void (*pen_removed)(void *userdata, struct station_pen *pen);
	void (*pen_changed)(void *userdata, struct station_pen *pen, unsigned int what);
	void (*pen_event)(void *userdata, struct station_pen *pen, uint64_t seq, uint64_t usec,
			  const char *kind, const struct field *fields, size_t n_fields);
	void (*session_added)(void *userdata, struct station_pen *pen, struct session *session);
	void (*session_removed)(void *userdata, struct station_pen *pen, struct session *session);
	void (*session_changed)(void *userdata, struct station_pen *pen, struct session *session);
	void (*profile_changed)(void *userdata, const char *name, enum profile_change change);
	void (*alarms_changed)(void *userdata);
	void (*store_health_changed)(void *userdata, bool healthy);
};

/* Further bits beside PEN_CHANGED_*, for pen_changed() */
#define STATION_CHANGED_PROFILE (1u << 16) /* Profile */
#define STATION_CHANGED_LIMITS (1u << 17)  /* Area, Limits, LimitSources, Pedal */
#define STATION_CHANGED_SESSION (1u << 18)
#define STATION_CHANGED_PEDAL (1u << 19)

/** station_new() - holds a reference to @conf; @store must outlive it */
int station_new(struct station **ret, sd_event *event, struct conf *conf, struct store *store);
struct station *station_free(struct station *station); /* stops pens not at rest; returns NULL */
void station_set_listener(struct station *station, const struct station_listener *listener,
			  void *userdata);

/** station_add_usbip() - keep a pen behind @url connected. 0 or negative errno. */
int station_add_usbip(struct station *station, const char *url, struct refusal *refusal);

/** station_add_usb() - the pens on USB, those that are there and those that will come. Where there
 * is no USB, or it cannot be watched, that is logged. 0 or negative errno. */
int station_add_usb(struct station *station);

/** station_set_keeper() - what reads and writes the configuration; must outlive the station's use
 */
void station_set_keeper(struct station *station, struct conf_keeper *keeper);

/** station_conf() - what holds now, until the next turn of the loop */
struct conf *station_conf(struct station *station);
struct store *station_store(struct station *station);

/** station_pen_at() - the @index-th listed pen, NULL after the last */
struct station_pen *station_pen_at(struct station *station, size_t index);
struct station_pen *station_pen_by_serial(struct station *station, const char *serial);
struct station_pen *station_pen_by_session(struct station *station, const char *id);
bool station_store_healthy(struct station *station);

/* ---- stop: never refused, never waits. As pen_stop(). ---- */
int station_stop(struct station_pen *pen, enum policy_reason reason);
void station_stop_all(struct station *station, enum policy_reason reason);
/** station_at_rest() - whether the samples of every pen show the drive off */
bool station_at_rest(struct station *station);
/** station_guarded() - whether the safety loop of every armed pen renews its lease, see pen.h */
bool station_guarded(struct station *station);
/** station_idle() - no session is open, and no request under way, of an unplugged pen either: only
 * then the station may be freed before the store, whose answers go to requests */
bool station_idle(struct station *station);

/** struct begin_options - of BeginSession; NULL = not given */
struct begin_options {
	const char *area;
	const char *operator_name;
	uint32_t operator_uid; /* the caller's login */
	const char *screening;
	const char *consent;
	const char *sign_off;
	const char *cartridge;
	const char *area_size_cm2;
};

/* Requests: 0 = @done follows; negative = refused at once, @refusal says why, @done is not called.
 */

/** station_begin() - @epoch: pen_epoch() at the request's arrival. On success pen->session is the
 * new session, recorded on disk, the cartridge claimed and bound in the ledger. */
int station_begin(struct station_pen *pen, uint64_t epoch, const char *profile, const char *client,
		  const struct begin_options *options, station_done done, void *userdata,
		  struct refusal *refusal);
/** station_set_area() - stops and disarms at once, then looks whether it is due
 * @sign_off: why it is worked on though it is too early; NULL = nobody says so */
int station_set_area(struct station_pen *pen, const char *area, const char *area_size_cm2,
		     const char *sign_off, station_done done, void *userdata,
		     struct refusal *refusal);
int station_add_note(struct station_pen *pen, const char *kind, const char *text, station_done done,
		     void *userdata, struct refusal *refusal);
int station_end(struct station_pen *pen, const char *outcome, station_done done, void *userdata,
		struct refusal *refusal);

int station_arm(struct station_pen *pen, uint64_t epoch, station_done done, void *userdata,
		struct refusal *refusal);
int station_set_target(struct station_pen *pen, uint64_t epoch, uint32_t depth_um,
		       uint32_t speed_rpm, station_done done, void *userdata,
		       struct refusal *refusal);
int station_clear_fault(struct station_pen *pen, station_done done, void *userdata,
			struct refusal *refusal);
/** station_set_profile() - stops and disarms first; immediate: 0 = done */
int station_set_profile(struct station_pen *pen, const char *profile, struct refusal *refusal);

/* ---- the configuration ---- */

/** station_take_conf() - @conf, whose reference becomes the station's, holds from now on: a pen
 * that is armed under other limits, or whose profile has changed, is stopped and disarmed */
void station_take_conf(struct station *station, struct conf *conf);

/** station_add_profile() - requests: checked, written, in force, recorded
 * @uid: who does it. Refused: InvalidArgument name or text, Busy in use, Interlock masked, Limit
 * too many, Store. */
int station_add_profile(struct station *station, const char *name, const char *text, uint32_t uid,
			station_done done, void *userdata, struct refusal *refusal);
/** station_remove_profile() - only those that were added, and that nobody uses */
int station_remove_profile(struct station *station, const char *name, uint32_t uid,
			   station_done done, void *userdata, struct refusal *refusal);
/** station_reload() - read all files again, as a restart would. While a job is under way it waits;
 * of several that wait the last one is answered. */
int station_reload(struct station *station, station_done done, void *userdata,
		   struct refusal *refusal);

/**
 * station_step_depth() - the pen's own button or dial was used: the target, kept or live, goes that
 * many steps of the pen deeper (positive) or less deep, as station_set_target() would do it
 * @kind: static text, of the event that tells the outcome
 */
void station_step_depth(struct station_pen *pen, const char *kind, int steps);

/* ---- foot pedals; without them there are none ---- */

enum station_pedal {
	STATION_PEDAL_NONE,
	STATION_PEDAL_UNUSABLE, /* there is one that nothing is known of: it counts as released */
	STATION_PEDAL_RELEASED,
	STATION_PEDAL_HELD,
};

/** struct station_pedals - who reads them; called from the main loop */
struct station_pedals {
	/* Whether the one that is held is down now, by its level. It may call station_pedal(). */
	bool (*down)(void *userdata);
	/* Why one is unusable; when there is none, what could be one; "" = nothing to say */
	void (*describe)(void *userdata, char *buf, size_t size);
};

void station_set_pedals(struct station *station, const struct station_pedals *pedals,
			void *userdata);

/** station_pedal() - the pedals are otherwise than before, since @made_usec
 * @cause: static text, for the record */
void station_pedal(struct station *station, enum station_pedal pedal, const char *cause,
		   uint64_t made_usec);

/** station_pedal_name() - as far as it concerns this pen: "off", "none", "released", "held" */
const char *station_pedal_name(const struct station_pen *pen);

/**
 * station_limits() - what holds for this pen now: with its profile and area when chosen
 * Return: 0; -EACCES and @refusal.
 */
int station_limits(struct station_pen *pen, struct limits *ret, struct refusal *refusal);

/** station_explain() - every reason why the pen would not arm now
 * @each: called for each with a short code ("no-session") and a sentence with the way out */
void station_explain(struct station_pen *pen,
		     void (*each)(void *userdata, const char *code, const struct refusal *why),
		     void *userdata);

/** client_id_valid(), refuse_client_id() - the rule for ids of clients, told without the id */
bool client_id_valid(const char *client);
static inline int refuse_client_id(struct refusal *refusal)
{
	return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
		      "a client id is 1 to 64 of A-Z a-z 0-9 . _ - and no name");
}

/* ---- alarms ---- */
/** station_raise_alarm() - one of a kind a pen, however often it is met; one that is being
 * acknowledged is not met again, it is another one
 * @pen: serial, NULL for the station
 * Return: 0, also when it cannot be recorded now (tried again until it is); 1 it stands already, or
 * there is no room for one more, which blocks every pen. */
int station_raise_alarm(struct station *station, const char *pen, const char *kind,
			const char *text);
const struct alarm *station_alarm_at(struct station *station, size_t index);

/** station_acknowledge() - a request: the alarm falls when its acknowledgement is on disk. Refused
 * while the alarm itself is not, or the store is not healthy.
 * @uid: whose it is */
int station_acknowledge(struct station *station, const char *id, uint32_t uid, station_done done,
			void *userdata, struct refusal *refusal);

/** station_hold() - a request: the legal hold on a client's records is set or lifted when that is
 * on disk. To say again what holds is recorded too: with its reason, it is a new word. */
int station_hold(struct station *station, const struct store_hold *what, station_done done,
		 void *userdata, struct refusal *refusal);

/** station_erase() - a request: all records of a client are gone, from the file and its log, when
 * it is answered. Not while a session is open or they are held. */
int station_erase(struct station *station, const char *client, const char *reason, uint32_t uid,
		  station_done done, void *userdata, struct refusal *refusal);

/** clinic_density() - punctures a square centimetre, an estimate, in the session's present area
 * Return: false: no area, or its size or the needles are not known. */
bool clinic_density(const struct station_pen *pen, uint32_t *ret_per_cm2);
/** clinic_is_dense() - whether that has reached the area's DensityWarning */
bool clinic_is_dense(const struct station_pen *pen);
#define STATION_NOTICE_MAX 256

/** clinic_dense_text(), clinic_course_text() - a sentence about it. Return: false: there is nothing
 * to say */
bool clinic_dense_text(const struct station_pen *pen, char *buf, size_t size);
bool clinic_course_text(const struct station_pen *pen, char *buf, size_t size);

/** clinic_tally() - of the session's present area, made when it is missing; NULL = none chosen */
struct area_tally *clinic_tally(struct session *session);

/** session_run_used_ms() - motor time of the session, the running ARM included */
uint64_t session_run_used_ms(const struct station_pen *pen);

#endif
