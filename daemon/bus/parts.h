/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the bus, shared by the files of daemon/bus and nobody else.
 *
 *   bus.c            connection, name, who leaves the bus
 *   listener.c       what the station tells: objects come and go, PropertiesChanged, Event
 *   manager.c        /org/mnpen1: pens, sessions, alarms; records.c: its records; custody.c:
 *                    backups and legal holds
 *   pen_object.c     /org/mnpen1/pens/SERIAL: properties; pen_methods.c: methods
 *   profile_object.c, session_object.c
 *   profiles.c       adding, removing and judging profiles; explain.c: why a pen would not arm
 *   auth.c, polkit.c who may do what, and requests that wait for the answer
 *   stop.c           stops that wait for the pen's word
 *   sleep.c          the machine sleeps only when the pens are at rest
 *   errors.c, dict.c refusals and a{sv}
 *
 * Objects below pens, profiles and sessions are found by path when somebody calls (fallback
 * vtables), so that a path without an object gets an answer of its own: NoSuchPen.
 */
#ifndef MNPEN_BUS_PARTS_H
#define MNPEN_BUS_PARTS_H

#include <systemd/sd-bus.h>

#include "daemon/api/names.h"
#include "daemon/bus/bus.h"
#include "daemon/bus/request.h"
#include "driver/base/cleanup.h"
#include "driver/base/log.h"

#define STOPS_MAX 256	    /* stops that wait for a pen's word */
#define STOPS_SENDER_MAX 32 /* of them of one client, so that none takes all places */

DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)
#define _cleanup_message_ _cleanup_(sd_bus_message_unref_cleanup)

/** struct bus_pen - what the bus keeps of a listed pen, and of its session */
struct bus_pen {
	struct bus *bus;
	struct station_pen *pen;
	uint64_t id;	   /* never used twice: a pen that comes back is another one */
	unsigned int slot; /* in bus.pens */
	char *path;
	bool announced; /* InterfacesAdded was sent */
	struct session *session;
	char *session_path;	    /* NULL = none */
	char *holder;		    /* unique name of who armed it; NULL = nobody */
	bool arming;		    /* the holder's Arm is under way */
	sd_bus_message *explaining; /* an Explain that waits for the pen's word; NULL = none */
	unsigned int changed;
	bool session_changed;
};

/** struct stop_wait - a Stop, Disarm or StopAll to be answered */
struct stop_wait {
	sd_bus_message *message;
	uint64_t deadline_usec;
	uint64_t pens;			 /* slots not yet at rest, a bit set */
	char lost[MNPEN_SERIAL_MAX + 1]; /* a pen that went away meanwhile */
};

/** struct bus_lock - a delay lock of logind, and whether what it delays is about to happen */
struct bus_lock {
	struct bus *bus;
	const char *what;   /* "sleep", "shutdown" */
	int fd;		    /* negative = none */
	sd_bus_slot *asked; /* Inhibit() is under way */
	bool preparing;	    /* nothing is armed meanwhile */
};

#define BUS_LOCKS 2

struct bus {
	sd_bus *bus;
	sd_event *event;
	sd_event_source *flush;	      /* sends what changed, once an iteration */
	sd_event_source *flush_timer; /* what a pen with too many changes could not be told of */
	struct station *station;
	bus_lost lost;
	void *lost_userdata;
	bool winding_down;

	struct bus_pen *pens[STATION_PENS_MAX];
	uint64_t n_pens_ever;
	bool alarms_changed;
	bool health_changed;

	struct request *requests[REQUESTS_MAX];
	struct stop_wait stops[STOPS_MAX]; /* in order of arrival, so of deadline */
	size_t n_stops;
	sd_event_source *stop_timer;
	struct bus_lock locks[BUS_LOCKS];
	bool lock_told; /* that there is none */
	struct log_limit log_limit;
};

/* ---- bus.c ---- */

/** bus_pen_by_path(), bus_pen_by_id() - NULL when there is none (any more) */
struct bus_pen *bus_pen_by_path(struct bus *bus, const char *path);
struct bus_pen *bus_pen_by_id(struct bus *bus, uint64_t id);
struct bus_pen *bus_pen_by_session_path(struct bus *bus, const char *path);
void bus_pen_free(struct bus_pen *pen);

/** log_failed() - something could not be sent: nobody is left to tell but the journal */
void log_failed(struct bus *bus, const char *what, int error);

/** bus_list_paths() - a node enumerator's list: @path of each pen, left out when NULL */
int bus_list_paths(struct bus *bus, const char *(*path)(const struct bus_pen *pen), char ***ret);

/* ---- listener.c ---- */
int listener_start(struct bus *bus);

/* ---- one for each sort of object ---- */

/* The head of a function that answers for one property. */
#define GETTER(name)                                                                               \
	static int name(sd_bus *sd_bus, const char *path, const char *interface,                   \
			const char *property, sd_bus_message *reply, void *userdata,               \
			sd_bus_error *error)

/* For every method: without it sd-bus would itself ask the bus about the caller, and wait for the
 * answer. Who may what is decided in auth.c. */
#define FREE SD_BUS_VTABLE_UNPRIVILEGED
#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define EMITS SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

extern const sd_bus_vtable manager_vtable[];
extern const sd_bus_vtable pen_vtable[];
extern const sd_bus_vtable profile_vtable[];
extern const sd_bus_vtable session_vtable[];
int manager_export(struct bus *bus);
int pens_export(struct bus *bus);
int profiles_export(struct bus *bus);
int sessions_export(struct bus *bus);

/* ---- pen_methods.c ---- */
int on_pen_set_profile(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_pen_arm(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_pen_disarm(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_pen_stop(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_pen_set_target(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_pen_clear_fault(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_pen_open_telemetry(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_pen_open_capture(sd_bus_message *m, void *userdata, sd_bus_error *error);

/** holder_gone() - @name left the bus: what it armed is stopped */
void holder_gone(struct bus *bus, const char *name);

/* ---- records.c: methods of the manager ---- */
int on_list_sessions(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_open_record(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_verify_record(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* ---- manager.c ---- */
/** pen_argument() - the pen that the first argument of @m names. Return: 0; otherwise the call is
 * answered, and it is what a method handler returns */
int pen_argument(struct bus *bus, sd_bus_message *m, struct bus_pen **ret);

/* ---- profiles.c, explain.c: methods of the manager ---- */
int on_add_profile(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_remove_profile(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_check_profile(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_explain(sd_bus_message *m, void *userdata, sd_bus_error *error);
/** explain_lost() - @pen goes away, and who waits for its word is told so */
void explain_lost(struct bus_pen *pen);

/* ---- custody.c: methods of the manager ---- */
int on_backup(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_set_legal_hold(sd_bus_message *m, void *userdata, sd_bus_error *error);
int on_erase_client(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* ---- stop.c ---- */
int stop_start(struct bus *bus);
int stop_pen(struct bus_pen *pen, sd_bus_message *m, enum policy_reason reason);
int stop_all(struct bus *bus, sd_bus_message *m);
void stop_at_rest(struct bus_pen *pen);
void stop_lost(struct bus_pen *pen);
void stop_free(struct bus *bus);

/* ---- sleep.c ---- */
void sleep_init(struct bus *bus);
int sleep_start(struct bus *bus);
bool sleep_preparing(const struct bus *bus); /* the machine is about to sleep or shut down */
void sleep_at_rest(struct bus *bus);	     /* a pen came to rest, or went */
void sleep_free(struct bus *bus);

/* ---- errors.c ---- */
const char *refusal_error_name(enum refusal_code code);

/** refusal_reply() - 1, or negative errno: what a method handler returns */
int refusal_reply(sd_bus_message *call, const struct refusal *refusal);

/** text_plain() - what is not ASCII becomes '?': for a text that turned out to be no UTF-8 */
void text_plain(char *text);

/* ---- dict.c ---- */
int dict_s(sd_bus_message *m, const char *key, const char *value); /* NULL = "" */
int dict_u(sd_bus_message *m, const char *key, uint32_t value);
int dict_t(sd_bus_message *m, const char *key, uint64_t value);
int dict_b(sd_bus_message *m, const char *key, bool value);
int dict_fields(sd_bus_message *m, const struct field *fields, size_t n_fields); /* the whole */

/** append_text() - a string from somewhere else, made fit for D-Bus; NULL = "" */
int append_text(sd_bus_message *m, const char *text);

/** struct dict_key - a key that a method takes, and where its value goes (not touched if absent) */
struct dict_key {
	const char *key;
	char type;   /* 's' const char *, 't' uint64_t, 'b' int */
	void *value; /* strings live as long as the message */
};

/** dict_read() - a{sv}: 0; -EACCES and @refusal: unknown key, wrong type, twice the same */
int dict_read(sd_bus_message *m, const struct dict_key *keys, size_t n_keys,
	      struct refusal *refusal);

/** hex_text() - 2 * @n digits and a NUL into @buf; returns @buf */
char *hex_text(const uint8_t *bytes, size_t n, char *buf);

#endif
