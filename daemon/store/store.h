/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record of what was done: SQLite, written by one thread and read by others.
 *
 * The main thread never calls SQLite and never waits: it copies what is to be recorded into
 * bounded, preallocated, lock-free rings and is told the outcome from its own loop. When a ring is
 * full or the disk fails, what is lost is counted and becomes a gap record, and store_health()
 * says so, which stops the needles (policy).
 *
 * Durability: session and event rows are on disk (WAL, synchronous=FULL) when their done() says
 * 0; samples within 500 ms of store_sample().
 *
 * All functions: main thread only, never blocking, except store_new() and store_free().
 * Times: _usec is CLOCK_BOOTTIME, wall_usec is UTC.
 */
#ifndef MNPEN_STORE_H
#define MNPEN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "driver/base/fields.h"
#include "driver/proto/proto.h"

#define STORE_ID_MAX 32		      /* session id "20261120-204501-7f3a9c", NUL included */
#define STORE_TEXT_MAX 1024	      /* any one text column; longer is refused with -E2BIG */
#define STORE_NAME_MAX 65	      /* of a profile or an area, NUL included */
#define STORE_SESSIONS_MAX 64	      /* open at once, one a pen */
#define STORE_ALARMS_MAX 64	      /* standing, as found at start */
#define STORE_LIST_MAX 1000	      /* rows of one list */
#define STORE_LAG_MAX_USEC 2000000ULL /* oldest unwritten record younger than this = healthy */

struct store;

/** enum store_health - why arming is refused and a running pen is stopped, when not HEALTHY */
enum store_health {
	STORE_HEALTHY,
	STORE_WRITE_ERROR, /* the last write failed; it is tried again every 100 ms */
	STORE_QUEUE_FULL,  /* a record could not be queued; healthy again at a quarter full */
	STORE_LAGGING,	   /* the oldest unwritten record is older than STORE_LAG_MAX_USEC */
	STORE_QUOTA,	   /* the database exceeds the station's quota */
	STORE_CLOSED,	   /* the database could not be opened */
};

/** struct store_answer - a question of the checklist, as it was put, and its answer */
struct store_answer {
	const char *question; /* its name there */
	const char *text;
	const char *kind; /* "block", "sign-off", "note" */
	const char *answer;
};

/** struct store_cartridge - @uid of a tag or @serial as typed in, the other NULL; 0 = not known */
struct store_cartridge {
	const char *uid; /* 16 hex digits */
	const char *serial;
	const char *lot;
	uint32_t expires_days;
	uint16_t needles;
	uint16_t length_um;
};

/** struct store_segment - an area and what holds while it is worked on; 0 = not given */
struct store_segment {
	const char *profile;
	const char *area; /* NULL = none is chosen, and nothing else counts */
	uint32_t area_size_cm2;
	uint32_t density_warning_per_cm2;
	uint16_t depth_limit_um;
	uint16_t speed_limit_min_rpm;
	uint16_t speed_limit_max_rpm;
};

/** struct store_session - what BeginSession writes; strings are copied, NULL = SQL NULL */
struct store_session {
	char id[STORE_ID_MAX];
	uint64_t token; /* of the pen; 16 hex digits in the database */
	uint64_t started_usec;
	uint64_t started_wall_usec;
	bool clock_synchronized;
	const char *pen; /* serial */
	const char *model;
	uint16_t firmware;
	uint32_t calibration_due_days;
	const char *transport;
	const char *profile;
	const char *profile_digest; /* 64 hex digits */
	const char *area;
	const char *client; /* stands in the client columns of session and legal_hold alone */
	const char *operator_name; /* added to the name of @operator_uid's login */
	uint32_t operator_uid;
	const char *screening;
	const char *consent;
	const char *sign_off;
	const char *cartridge; /* typed in: "LOT/SERIAL" */
	const char *cartridge_uid;
	const char *cartridge_lot;
	uint32_t cartridge_expires_days;
	uint32_t area_size_cm2;
	struct store_segment segment; /* what holds for @area, which is not said here again */
	/* Borrowed until done(), strings and all: */
	const struct store_answer *answers;
	size_t n_answers;
};

/** store_done - the writer's word on one record: 0 = on disk; negative errno = it is not, and
 * will not be. Called from the main loop, exactly once for each call that returned 0, at the latest
 * by store_free() (-ESHUTDOWN: not written, not read). */
typedef void (*store_done)(void *userdata, int result);

struct store_options {
	const char *directory; /* state dir; created 0700 if missing; holds sessions.db (0600) */
	uint64_t quota_bytes;  /* 0 = none */
	uint32_t sample_slots; /* size of the sample ring; 0 = 16384 (16 s of one pen) */
};

/**
 * store_new() - open or create the database and start both threads (blocking, at start only)
 * @ret_note: NULL or a message for the operator, to be freed: what was quarantined or closed
 * @ret_quarantined: true when a damaged database was renamed to sessions.db.damaged-WALLTIME and
 *	replaced: arming must wait until somebody has acknowledged that
 *
 * Sessions found open are those of a daemon that died: they are closed as "interrupted" at the
 * time of their last sample, with an event. A database of a newer schema is left untouched.
 * Return: 0, also when the database cannot be used (health is then STORE_CLOSED and @ret_note says
 * why); -EBUSY another daemon owns the directory; -ENOMEM.
 */
int store_new(struct store **ret, sd_event *event, const struct store_options *options,
	      char **ret_note, bool *ret_quarantined);

/** struct store_alarm - one that was raised and not acknowledged */
struct store_alarm {
	char id[STORE_ID_MAX];
	char pen[MNPEN_SERIAL_MAX + 1]; /* "" = the station */
	char kind[24];
	char text[256];
	uint64_t usec; /* of the boot in which it was raised */
	uint64_t wall_usec;
};

/** store_alarms() - those that earlier daemons left standing, oldest first, as read by store_new():
 * an event "alarm" {id, alarm, text, raised_wall_usec} without an "alarm-acknowledged" {id} */
const struct store_alarm *store_alarms(const struct store *store, size_t *ret_n);

/** store_free() - writes out what is queued (for at most 2 s), joins the threads. Not from a
 * done(). Sessions that are open then will be closed as interrupted by the next start. Returns
 * NULL. */
struct store *store_free(struct store *store);

enum store_health store_health(struct store *store, uint64_t now_usec);
const char *store_health_name(enum store_health health); /* "healthy", "write-error", ... */

/** store_set_quota() - another quota, by the next record that is written; 0 = none */
void store_set_quota(struct store *store, uint64_t quota_bytes);

/** store_session_begin() - one row and its "begin" event, in one transaction
 * Return: 0 (done follows; -EEXIST: there is such a session already); -EAGAIN ring full, or
 * STORE_SESSIONS_MAX are open; -E2BIG text too long; -EINVAL empty id; -EEXIST it is open;
 * -ESHUTDOWN closed. Samples and events may follow at once, before done() was called. */
int store_session_begin(struct store *store, const struct store_session *session, store_done done,
			void *userdata);

/** store_session_end() - close the row, with an "end" event {outcome}, in one transaction, after
 * all samples queued before; totals come from the samples that were stored
 * Return: 0 (done follows); -EAGAIN ring full, the session is still open; -E2BIG; -EINVAL no
 * outcome; -ENOENT no such open session; -ESHUTDOWN. */
int store_session_end(struct store *store, const char *id, const char *outcome, uint64_t now_usec,
		      store_done done, void *userdata);

/** store_event() - one event row
 * @id: session, NULL when there is none
 * @pen: serial, NULL for the station
 * @kind: "armed", "disarmed", "fault", "area", "note", ...; @done may be NULL
 * Losing an event for want of room is counted, makes the health STORE_QUEUE_FULL, and becomes an
 * event "events-lost" {events} when there is room again.
 * Return: 0 (done follows; -ENOENT no such session); -EAGAIN lost; -E2BIG; -EINVAL; -ESHUTDOWN. */
int store_event(struct store *store, const char *id, const char *pen, const char *kind,
		uint64_t now_usec, const struct field *fields, size_t n_fields, store_done done,
		void *userdata);

#define STORE_SEGMENT_FIELDS 4 /* at most, beside those of the segment */

/**
 * store_segment() - an event of @kind, and what follows is work on @segment; the row of the one
 *	before is written in the same transaction, after all samples queued before
 * @kind: "area" or "profile"
 * The event's details are those of @segment, and @fields. The last segment of a session is written
 * by its end; of a session that was interrupted, by the next start.
 * Return: as store_event(); -ENOENT no such open session.
 */
int store_segment(struct store *store, const char *id, const char *pen, const char *kind,
		  const struct store_segment *segment, uint64_t now_usec,
		  const struct field *fields, size_t n_fields, store_done done, void *userdata);

/**
 * store_cartridge() - bind @cartridge to session @id for ever, with an event "cartridge"; what it
 *	pierces from here on is counted with its needles
 * Return: 0 (done follows: 0, also when it was bound to this session before, which is no event
 *then; -EADDRINUSE it is bound to another one); -EAGAIN ring full; -E2BIG; -EINVAL no lot, or
 *neither uid nor serial; -ENOENT no such open session; -ESHUTDOWN.
 */
int store_cartridge(struct store *store, const char *id, const char *pen,
		    const struct store_cartridge *cartridge, uint64_t now_usec, store_done done,
		    void *userdata);

/**
 * store_sample() - one sample of an open session, as it lay on the wire
 * @id: the session's id
 * @flags: MNPEN_TELEMETRY_* of driver/uapi/telemetry.h
 * Return: 0; -EAGAIN the ring is full: counted, and recorded as a gap when there is room again;
 * -ENOENT no such open session; -ESHUTDOWN.
 */
int store_sample(struct store *store, const char *id, uint64_t host_usec, uint8_t verdict,
		 uint8_t flags, const uint8_t sample[MNPEN_SAMPLE_SIZE]);

/** store_gap() - samples that never came, in one hole or in several
 * @after_seq, @before_seq: the neighbours of all of them
 * @missing: how many, 0 = nobody knows
 * Return: 0; -EAGAIN lost, and counted as an event; -ENOENT no such open session; -E2BIG; -EINVAL;
 * -ESHUTDOWN. */
int store_gap(struct store *store, const char *id, uint32_t after_seq, uint32_t before_seq,
	      uint64_t missing, const char *reason, uint64_t now_usec);

/** struct store_hold - whether a client's records must be kept, by whose word and why */
struct store_hold {
	const char *client;
	const char *reason;
	bool held;
	uint32_t uid; /* login of who said so */
};

/** store_hold() - one row; the latest one of a client counts
 * Return: 0 (done follows); -EAGAIN ring full; -E2BIG; -EINVAL no client or reason; -ESHUTDOWN. */
int store_hold(struct store *store, const struct store_hold *hold, uint64_t now_usec,
	       store_done done, void *userdata);

/** struct store_erased - what came of an erasure */
struct store_erased {
	uint64_t sessions;
	uint64_t rows;
	/* Of the legal hold that forbids it: */
	uint32_t hold_uid;
	uint64_t hold_wall_usec;
	char hold_reason[STORE_TEXT_MAX + 1];
};

/** struct store_erase - whose records are to go, by whose word and why */
struct store_erase {
	const char *client;
	const char *reason;
	uint32_t uid;		  /* login of who said so */
	struct store_erased *ret; /* lives until done() */
};

/**
 * store_erase() - delete a client's sessions with everything of them, and its legal holds; a
 *	tombstone stays, and the chain still verifies
 * Return: 0 (done follows; -ENOENT there is nothing of that client; -EPERM its records are held;
 * -ETXTBSY a session is open; -EAGAIN it is done, but another program keeps the write-ahead log,
 * and the old rows in it, from being emptied, which is tried again each second; another errno of
 * db.h: nothing was changed); -EAGAIN ring full; -E2BIG; -EINVAL no client or reason; -ESHUTDOWN.
 */
int store_erase(struct store *store, const struct store_erase *erase, uint64_t now_usec,
		store_done done, void *userdata);

/** store_set_keep() - delete the sample blocks of sessions that ended longer ago; 0 = keep them.
 * From now on, when nothing else is to be written. */
void store_set_keep(struct store *store, uint64_t keep_usec);

/** store_verify_done - @result: 0 and @report, a JSON object (docs/record.md); -ENOENT no such
 * session; -ESHUTDOWN; another errno of db.h */
typedef void (*store_verify_done)(void *userdata, int result, bool intact, const char *report);

/** store_verify() - hold one session against the chain; @id "" = the whole record
 * Return: as store_read(). */
int store_verify(struct store *store, const char *id, store_verify_done done, void *userdata);

/** struct store_filter - all given must match; 0 or NULL = any. Matching is exact. */
struct store_filter {
	const char *client;
	const char *lot; /* of a cartridge, tag or typed in */
	const char *pen; /* its serial, or that of a cartridge as typed in */
	uint64_t since_wall_usec;
	bool open_only;
};

/** struct store_row - one line of a list */
struct store_row {
	char id[STORE_ID_MAX];
	char *pen;
	char *profile;
	char *area;
	char *client;
	char *operator_name;
	char *outcome; /* NULL while open */
	char *cartridge_lot;
	uint64_t started_wall_usec;
	uint64_t ended_wall_usec; /* 0 while open */
	uint64_t samples;
	uint64_t gaps; /* samples missing */
	uint64_t strokes;
	uint64_t run_ms;
};

/** store_list_done - @rows belong to the store and live during the call; @cursor "" = the end */
typedef void (*store_list_done)(void *userdata, int result, const struct store_row *rows,
				size_t n_rows, const char *cursor);

/** store_list() - newest first, at most @count (1..1000) rows, from @cursor ("" = from the start)
 * Return: 0; -EINVAL bad cursor or count; -EAGAIN too many jobs waiting; -ENOMEM; -ESHUTDOWN. */
int store_list(struct store *store, const struct store_filter *filter, const char *cursor,
	       uint32_t count, store_list_done done, void *userdata);

/** struct store_question - what a begin, or another area, needs to know of what went before */
struct store_question {
	const char *client;
	const char *session; /* instead of @client: an open session, which itself does not count */
	const char *area;    /* NULL = of no area */
	struct store_cartridge cartridge; /* no lot = of none */
};

/** struct store_course - the answer */
struct store_course {
	uint32_t sessions;	 /* of the client with strokes in that area */
	uint64_t last_wall_usec; /* when the latest of them ended, or as far as it has come; 0 =
				    none */
	bool cartridge_bound;	 /* to any other session */
};

/** store_course_done - @course lives during the call; NULL when @result < 0 */
typedef void (*store_course_done)(void *userdata, int result, const struct store_course *course);

/** store_ask() - answered by a thread that no list and no export keeps busy
 * Return: 0; -EAGAIN too many wait; -ENOMEM; -ESHUTDOWN. */
int store_ask(struct store *store, const struct store_question *question, store_course_done done,
	      void *userdata);

enum store_what {
	STORE_SAMPLES, /* 64-byte records, driver/uapi/telemetry.h, in order of time */
	STORE_EVENTS,  /* one JSON object a line */
	STORE_SUMMARY, /* one JSON object: the session's row and its totals, events included */
};

/**
 * store_read() - stream a session's record into @fd from the reader thread
 * @fd: blocking pipe or socket; the store owns and closes it, whatever is returned
 * @done: told 0 when all was written, -ENOENT no such session, -EPIPE the reader left,
 *	-ETIMEDOUT it did not read for 10 s, -EBADMSG some samples could not be decoded and all
 *	others were written, or another error. NULL is fine.
 * Return: as store_list(); -ENOENT no id can look like @id.
 */
int store_read(struct store *store, const char *id, enum store_what what, int fd, store_done done,
	       void *userdata);

/** store_exists() - whether there is such a session, open or closed: done(0) or done(-ENOENT) */
int store_exists(struct store *store, const char *id, store_done done, void *userdata);

/** struct store_backup - a copy of the database */
struct store_backup {
	int fd;		/* pipe to read it from; the callee may keep it, and says so by -EBADF */
	uint64_t bytes; /* how large it is, or would be */
	uint64_t free_bytes;  /* on the disk of the state directory, when it was too little */
	uint64_t spare_bytes; /* how much of that stays free for the record */
};

/** store_backup_done - @result: 0 the copy is made, complete, and comes out of the pipe; -ENOSPC
 * there is not enough room to make one; -ESHUTDOWN; another errno of db.h */
typedef void (*store_backup_done)(void *userdata, int result, struct store_backup *backup);

/**
 * store_backup() - a copy of the whole database as of now, that opens by itself
 *
 * It is made in the state directory, then sent; both in a thread of their own, with no transaction
 * open while the client is waited for. Whoever does not read for 30 s is left.
 * Return: 0; -EBUSY another one is being made or sent; -ENOMEM; -ESHUTDOWN.
 */
int store_backup(struct store *store, store_backup_done done, void *userdata);

/** struct store_counters - what was written and lost, since start */
struct store_counters {
	uint64_t samples_written;
	uint64_t samples_lost;
	uint64_t events_lost;
	uint64_t bytes_written; /* of sample blocks, compressed */
	uint64_t write_errors;
};
void store_counters(struct store *store, struct store_counters *ret);

#endif
