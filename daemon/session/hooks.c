// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the pens tell the station: into the record and to the listener, as far as flood.h lets it
 * through.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/clock.h"

void notify_pen(struct station_pen *pen, unsigned int what)
{
	struct station *station = pen->station;

	if (what & (STATION_CHANGED_PROFILE | STATION_CHANGED_SESSION))
		what |= STATION_CHANGED_PEDAL; /* which profile holds says whether one is needed */
	if (station->listener && pen->listed && what)
		station->listener->pen_changed(station->listener_userdata, pen, what);
}

void announce_event(struct station_pen *pen, const char *kind, uint64_t now,
		    const struct field *fields, size_t n_fields)
{
	struct station *station = pen->station;

	if (station->listener && pen->listed)
		station->listener->pen_event(station->listener_userdata, pen, ++pen->event_seq, now,
					     kind, fields, n_fields);
}

void record_event(struct station_pen *pen, const char *kind, const struct field *fields,
		  size_t n_fields, store_done done, void *userdata)
{
	uint64_t now = now_usec();

	(void)store_event(pen->station->store, pen->session ? pen->session->id : NULL,
			  pen_serial(pen->pen), kind, now, fields, n_fields, done, userdata);
	announce_event(pen, kind, now, fields, n_fields);
}

/* ---- what was held back: it waits on while it would be lost. With another error than want of room
 * nothing is recorded at all, and waiting would not help. ---- */

static bool tell_gap(struct station_pen *pen, bool all, uint64_t now)
{
	const struct flood_gap *gap = &pen->flood.gap;

	if (!flood_gap_due(&pen->flood, all, now))
		return true;
	if (pen->session &&
	    store_gap(pen->station->store, pen->session->id, gap->after_seq, gap->before_seq,
		      gap->missing, gap->holes > 1 ? "stream-merged" : "stream", now) == -EAGAIN)
		return false;
	flood_gap_told(&pen->flood);
	return true;
}

static bool tell_suppressed(struct station_pen *pen, bool all, uint64_t now)
{
	struct log_context context = {.pen = pen_serial(pen->pen), .reason = "suppressed"};
	struct field fields[FLOOD_FIELDS];
	size_t n_fields;

	if (!flood_report_due(&pen->flood, all, now, fields, &n_fields))
		return true;
	if (store_event(pen->station->store, pen->session ? pen->session->id : NULL,
			pen_serial(pen->pen), "suppressed", now, fields, n_fields, NULL,
			NULL) == -EAGAIN)
		return false;
	flood_report_told(&pen->flood, now);
	announce_event(pen, "suppressed", now, fields, n_fields);
	if (log_allowed(&pen->log_limit))
		log_line(LOG_NOTICE, &context,
			 "%" PRIu64 " events of this pen are told as one, there were too many",
			 fields[0].uint);
	return true;
}

bool tell_held(struct station_pen *pen, bool all)
{
	uint64_t now = now_usec();

	/* Nothing is put where it would be lost, if it can still wait. */
	if (!all && store_health(pen->station->store, now) == STORE_QUEUE_FULL)
		return false;
	return tell_gap(pen, all, now) && tell_suppressed(pen, all, now);
}

/* Which of the two is in whose hand, nobody can tell: until a human has seen to it, none is armed.
 */
static void refuse_twin(struct station_pen *pen)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "a second pen says that it is %s, and is not used: unplug it, and see which of "
		 "the two is meant before this is acknowledged",
		 pen_serial(pen->pen));
	(void)station_raise_alarm(pen->station, pen_serial(pen->pen), "serial-twice", text);
}

static bool on_arrived(struct pen *p, void *userdata)
{
	struct station_pen *pen = userdata;
	struct station *station = pen->station;
	struct log_context context = {.pen = pen_serial(p)};

	if (station_pen_by_serial(station, pen_serial(p))) {
		refuse_twin(pen);
		return false;
	}
	pen->listed = true;
	if (log_allowed(&pen->log_limit))
		log_line(LOG_INFO, &context, "pen arrived: model %s over %s", pen_info(p)->model,
			 pen_transport(p));
	if (station->listener)
		station->listener->pen_added(station->listener_userdata, pen);
	return true;
}

static void on_left(struct pen *p, void *userdata)
{
	struct station_pen *pen = userdata;
	struct station *station = pen->station;

	(void)tell_held(pen, true);
	if (pen->session) {
		record_event(pen, "interrupted", &FIELD_S("reason", "gone"), 1, NULL, NULL);
		session_at_rest(pen); /* gone is at rest: by its own rules it stopped */
		if (pen->session)
			session_interrupt(pen);
	}
	pen->listed = false;
	pen->rest_seen = false;
	depth_forget(pen);
	if (station->listener)
		station->listener->pen_removed(station->listener_userdata, pen);
	free(pen->profile);
	pen->profile = NULL;
	pen->target_depth_um = 0;
	pen->target_speed_rpm = 0;
}

static enum policy_reason on_may_run(struct pen *p, void *userdata, uint64_t now_usec)
{
	struct station_pen *pen = userdata;

	if (!pen->session || pen->session->end_outcome)
		return REASON_SESSION_END;
	if (store_health(pen->station->store, now_usec) != STORE_HEALTHY)
		return REASON_STORE;
	/* Needed since, by a changed configuration: this arm was made without it. */
	if (pedal_guards(pen) && !pen_is_guarded(p))
		return REASON_PEDAL;
	return REASON_NONE;
}

static bool on_pedal_down(struct pen *p, void *userdata)
{
	return pedal_down(userdata);
}

static void on_sample(struct pen *p, void *userdata, uint64_t rx_usec, uint8_t verdict,
		      uint8_t flags, const uint8_t raw[MNPEN_SAMPLE_SIZE])
{
	struct station_pen *pen = userdata;
	struct session *session = pen->session;
	uint32_t strokes = pen_sample(p)->strokes, made;

	if (!session) {
		pen->rest_seen = false;
		return;
	}
	/* A full ring is the store's to count and to say so by its health. */
	(void)store_sample(pen->station->store, session->id, rx_usec, verdict, flags, raw);
	session->samples++;
	made = strokes >= session->last_strokes ? strokes - session->last_strokes : strokes;
	session->strokes += made;
	session->last_strokes = strokes;
	clinic_count(pen, made);
	/* The sample that shows the drive off is the last one of a session that waited for it. */
	if (pen->rest_seen) {
		pen->rest_seen = false;
		session_at_rest(pen);
	}
}

static void on_gap(struct pen *p, void *userdata, uint32_t after_seq, uint32_t before_seq)
{
	struct station_pen *pen = userdata;

	if (!pen->session)
		return;
	pen->session->gaps += before_seq - after_seq - 1;
	flood_hole(&pen->flood, after_seq, before_seq);
	(void)tell_held(pen, false);
}

static void on_disarmed(struct pen *p, void *userdata, enum policy_reason reason, uint32_t run_ms)
{
	struct station_pen *pen = userdata;

	if (pen->session)
		pen->session->run_used_ms += run_ms;
}

static void on_event(struct pen *p, void *userdata, const char *kind, const struct field *fields,
		     size_t n_fields)
{
	struct station_pen *pen = userdata;

	if (flood_admit(&pen->flood, kind, pen_sample(p)->faults, now_usec()))
		record_event(pen, kind, fields, n_fields, NULL, NULL);
}

static void on_alarm(struct pen *p, void *userdata)
{
	struct station_pen *pen = userdata;
	char text[160];

	snprintf(text, sizeof(text),
		 "pen %s did not stop when told to: remove the pen from the skin and unplug it",
		 pen_serial(p));
	/* Not one of its own: when it was met is for the record all the same. */
	if (station_raise_alarm(pen->station, pen_serial(p), "drive-on", text) == 1)
		on_event(p, userdata, "alarm-again", &FIELD_S("alarm", "drive-on"), 1);
}

static void on_changed(struct pen *p, void *userdata, unsigned int what)
{
	struct station_pen *pen = userdata;

	notify_pen(pen, what);
	pen->rest_seen |= what & PEN_CHANGED_AT_REST; /* on_sample() goes on with it */
	if (what & PEN_CHANGED_CARTRIDGE)
		notify_pen(pen, STATION_CHANGED_LIMITS);
}

const struct pen_hooks station_hooks = {
	.arrived = on_arrived,
	.left = on_left,
	.may_run = on_may_run,
	.pedal_down = on_pedal_down,
	.sample = on_sample,
	.gap = on_gap,
	.disarmed = on_disarmed,
	.event = on_event,
	.alarm = on_alarm,
	.changed = on_changed,
};
