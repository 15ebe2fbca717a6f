// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the station tells, told to the bus. Changes are collected and sent once an iteration of the
 * loop: what a single sample changes is one signal, and nobody sees a state that is half new. A pen
 * that changes faster than its bucket allows is told of later, with what is true by then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bus/parts.h"
#include "driver/base/bucket.h"
#include "driver/base/clock.h"

#define NAMES_MAX 16

static const struct bucket_rate signal_rate = {.burst = 50, .period_usec = 100 * USEC_PER_MSEC};

/* Which properties a bit of pen_changed() stands for. */
static const struct {
	unsigned int bit;
	const char *property;
} pen_properties[] = {
	{PEN_CHANGED_STATE, "State"},	       {PEN_CHANGED_STATE, "Armed"},
	{PEN_CHANGED_STATE, "StopReason"},     {PEN_CHANGED_STATE, "DisarmReason"},
	{PEN_CHANGED_FAULTS, "Faults"},	       {PEN_CHANGED_CARTRIDGE, "Cartridge"},
	{PEN_CHANGED_TARGET, "TargetDepthUm"}, {PEN_CHANGED_TARGET, "TargetSpeedRpm"},
	{STATION_CHANGED_PROFILE, "Profile"},  {STATION_CHANGED_LIMITS, "Area"},
	{STATION_CHANGED_LIMITS, "Limits"},    {STATION_CHANGED_LIMITS, "LimitSources"},
	{STATION_CHANGED_SESSION, "Session"},  {STATION_CHANGED_PEDAL, "Pedal"},
};

_Static_assert(ELEMENTSOF(pen_properties) < NAMES_MAX, "one more for the end");

/* ---- sending ---- */

static void emit_changed(struct bus *bus, const char *path, const char *interface,
			 const char *const *names)
{
	char *list[NAMES_MAX + 1] = {NULL}; /* sd-bus reads it and is not declared so */
	int r;

	memcpy(list, names, NAMES_MAX * sizeof(*names));
	r = sd_bus_emit_properties_changed_strv(bus->bus, path, interface, list);
	if (r < 0)
		log_failed(bus, "a change of properties", r);
}

static void flush_pen(struct bus_pen *pen)
{
	const char *names[NAMES_MAX] = {NULL};
	size_t n = 0;
	int r;

	for (size_t i = 0; i < ELEMENTSOF(pen_properties); i++)
		if (pen->changed & pen_properties[i].bit)
			names[n++] = pen_properties[i].property;
	pen->changed = 0;
	if (pen->announced) {
		if (n)
			emit_changed(pen->bus, pen->path, API_PEN, names);
	} else {
		pen->announced = true;
		r = sd_bus_emit_object_added(pen->bus->bus, pen->path);
		if (r < 0)
			log_failed(pen->bus, "a new pen", r);
	}
	if (pen->session_changed && pen->session_path)
		emit_changed(pen->bus, pen->session_path, API_SESSION,
			     (const char *const[NAMES_MAX]){"Profile", "Area"});
	pen->session_changed = false;
}

/* Return: 0 when nothing is left to be told, else when it may be. */
static uint64_t flush_pens(struct bus *bus, uint64_t now)
{
	uint64_t due = 0;

	for (size_t i = 0; i < STATION_PENS_MAX; i++) {
		struct bus_pen *pen = bus->pens[i];
		uint64_t next;

		if (!pen || (pen->announced && !pen->changed && !pen->session_changed))
			continue;
		if (bucket_take(&pen->pen->signals, &signal_rate, 0, now)) {
			flush_pen(pen);
			continue;
		}
		next = bucket_next_usec(&pen->pen->signals, &signal_rate);
		due = due ? MIN(due, next) : next;
	}
	return due;
}

static void flush_at(struct bus *bus, uint64_t usec)
{
	(void)sd_event_source_set_time(bus->flush_timer, usec);
	(void)sd_event_source_set_enabled(bus->flush_timer, SD_EVENT_ONESHOT);
}

static int on_flush(sd_event_source *source, void *userdata)
{
	struct bus *bus = userdata;
	const char *names[NAMES_MAX] = {NULL};
	size_t n = 0;
	uint64_t due = flush_pens(bus, now_usec());

	if (due)
		flush_at(bus, due);
	if (bus->alarms_changed)
		names[n++] = "Alarms";
	if (bus->health_changed)
		names[n++] = "StoreHealthy";
	if (n)
		emit_changed(bus, API_ROOT, API_MANAGER, names);
	bus->alarms_changed = bus->health_changed = false;
	return 0;
}

static int on_flush_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	return on_flush(source, userdata);
}

static void flush_soon(struct bus *bus)
{
	(void)sd_event_source_set_enabled(bus->flush, SD_EVENT_ONESHOT);
}

/* ---- pens ---- */

static void pen_added(void *userdata, struct station_pen *sp)
{
	struct bus *bus = userdata;
	struct bus_pen *pen = calloc(1, sizeof(*pen));
	unsigned int slot = 0;

	while (bus->pens[slot]) /* no more than STATION_PENS_MAX are ever listed */
		slot++;
	if (!pen || sd_bus_path_encode(API_PENS, pen_serial(sp->pen), &pen->path) < 0) {
		log_error("pen %s is not shown on the bus: out of memory", pen_serial(sp->pen));
		free(pen);
		return;
	}
	pen->bus = bus;
	pen->pen = sp;
	pen->id = ++bus->n_pens_ever;
	pen->slot = slot;
	bus->pens[slot] = pen;
	sp->object = pen;
	flush_soon(bus);
}

static void pen_removed(void *userdata, struct station_pen *sp)
{
	struct bus *bus = userdata;
	struct bus_pen *pen = sp->object;
	int r;

	if (!pen)
		return;
	stop_lost(pen);
	explain_lost(pen);
	r = pen->announced ? sd_bus_emit_object_removed(bus->bus, pen->path) : 0;
	if (r < 0)
		log_failed(bus, "a pen's removal", r);
	sp->object = NULL;
	bus_pen_free(pen);
	sleep_at_rest(bus);
}

static void pen_changed(void *userdata, struct station_pen *sp, unsigned int what)
{
	struct bus_pen *pen = sp->object;

	if (!pen)
		return;
	if (what & PEN_CHANGED_AT_REST) {
		stop_at_rest(pen);
		sleep_at_rest(pen->bus);
	}
	if (pen->holder && !pen->arming && !pen_is_live(sp->pen)) {
		free(pen->holder);
		pen->holder = NULL;
	}
	pen->changed |= what & ~PEN_CHANGED_AT_REST;
	if (pen->changed)
		flush_soon(pen->bus);
}

static void pen_event(void *userdata, struct station_pen *sp, uint64_t seq, uint64_t usec,
		      const char *kind, const struct field *fields, size_t n_fields)
{
	_cleanup_message_ sd_bus_message *signal = NULL;
	struct bus *bus = userdata;
	const struct bus_pen *pen = sp->object;
	int r;

	if (!pen)
		return;
	r = sd_bus_message_new_signal(bus->bus, &signal, pen->path, API_PEN, "Event");
	if (r >= 0)
		r = sd_bus_message_append(signal, "tts", seq, usec, kind);
	if (r >= 0)
		r = dict_fields(signal, fields, n_fields);
	if (r >= 0)
		r = sd_bus_send(bus->bus, signal, NULL);
	if (r < 0)
		log_failed(bus, "an event", r);
}

/* ---- sessions ---- */

static void session_added(void *userdata, struct station_pen *sp, struct session *session)
{
	struct bus *bus = userdata;
	struct bus_pen *pen = sp->object;
	int r;

	if (!pen)
		return;
	pen->session = session;
	r = sd_bus_path_encode(API_SESSIONS, session->id, &pen->session_path);
	if (r >= 0)
		r = sd_bus_emit_object_added(bus->bus, pen->session_path);
	if (r < 0)
		log_failed(bus, "a new session", r);
}

static void session_removed(void *userdata, struct station_pen *sp, struct session *session)
{
	struct bus *bus = userdata;
	struct bus_pen *pen = sp->object;
	int r;

	if (!pen)
		return;
	r = pen->session_path ? sd_bus_emit_object_removed(bus->bus, pen->session_path) : 0;
	if (r < 0)
		log_failed(bus, "a session's removal", r);
	free(pen->session_path);
	pen->session_path = NULL;
	pen->session = NULL;
}

static void session_changed(void *userdata, struct station_pen *sp, struct session *session)
{
	struct bus_pen *pen = sp->object;

	if (!pen)
		return;
	pen->session_changed = true;
	flush_soon(pen->bus);
}

/* ---- profiles ---- */

static void profile_changed(void *userdata, const char *name, enum profile_change change)
{
	_cleanup_free_ char *path = NULL;
	struct bus *bus = userdata;
	int r = sd_bus_path_encode(API_PROFILES, name, &path);

	if (r >= 0) {
		switch (change) {
		case PROFILE_REMOVED:
			r = sd_bus_emit_object_removed(bus->bus, path);
			break;
		case PROFILE_ADDED:
			r = sd_bus_emit_object_added(bus->bus, path);
			break;
		case PROFILE_CHANGED: /* without names: all there are */
			r = sd_bus_emit_properties_changed_strv(bus->bus, path, API_PROFILE, NULL);
			break;
		}
	}
	if (r < 0)
		log_failed(bus, "a change of profiles", r);
}

/* ---- the station ---- */

static void alarms_changed(void *userdata)
{
	struct bus *bus = userdata;

	bus->alarms_changed = true;
	flush_soon(bus);
}

static void store_health_changed(void *userdata, bool healthy)
{
	struct bus *bus = userdata;

	bus->health_changed = true;
	flush_soon(bus);
}

int listener_start(struct bus *bus)
{
	static const struct station_listener listener = {
		.pen_added = pen_added,
		.pen_removed = pen_removed,
		.pen_changed = pen_changed,
		.pen_event = pen_event,
		.session_added = session_added,
		.session_removed = session_removed,
		.session_changed = session_changed,
		.profile_changed = profile_changed,
		.alarms_changed = alarms_changed,
		.store_health_changed = store_health_changed,
	};
	int r = sd_event_add_defer(bus->event, &bus->flush, on_flush, bus);

	if (r >= 0)
		r = sd_event_source_set_enabled(bus->flush, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(bus->event, &bus->flush_timer, CLOCK_BOOTTIME, UINT64_MAX, 1,
				      on_flush_timer, bus);
	if (r >= 0)
		station_set_listener(bus->station, &listener, bus);
	return r;
}
