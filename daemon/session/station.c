/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

#define HEALTH_PERIOD_USEC 200000ULL

int refuse(struct refusal *refusal, enum refusal_code code, const char *format, ...)
{
	va_list args;

	refusal->code = code;
	va_start(args, format);
	vsnprintf(refusal->message, sizeof(refusal->message), format, args);
	va_end(args);
	return -EACCES;
}

/* ---- requests ---- */

int request_new(struct session_request **ret, struct station_pen *pen, uint64_t epoch,
		station_done done, void *userdata, struct refusal *refusal)
{
	struct session_request *request;

	if (pen->request)
		return refuse(refusal, REFUSAL_BUSY, "another request is under way; ask again");
	request = calloc(1, sizeof(*request));
	if (!request)
		return refuse(refusal, REFUSAL_BUSY, "out of memory");
	request->pen = pen;
	request->epoch = epoch;
	request->done = done;
	request->userdata = userdata;
	pen->request = request;
	*ret = request;
	return 0;
}

void request_drop(struct session_request *request)
{
	request->pen->request = NULL;
	free(request);
}

void request_end(struct session_request *request, const struct refusal *refusal)
{
	station_done done = request->done;
	void *userdata = request->userdata;

	request_drop(request); /* first: the answer may bring the next request */
	done(userdata, refusal);
}

/* ---- what the pens' hooks do ---- */

void notify_pen(struct station_pen *pen, unsigned int what)
{
	struct station *station = pen->station;

	if (station->listener && pen->listed && what)
		station->listener->pen_changed(station->listener_userdata, pen, what);
}

void record_event(struct station_pen *pen, const char *kind, const struct field *fields,
		  size_t n_fields, store_done done, void *userdata)
{
	struct station *station = pen->station;
	uint64_t now = now_usec();

	(void)store_event(station->store, pen->session ? pen->session->id : NULL,
			  pen_serial(pen->pen), kind, now, fields, n_fields, done, userdata);
	if (station->listener && pen->listed)
		station->listener->pen_event(station->listener_userdata, pen, ++pen->event_seq, now,
					     kind, fields, n_fields);
}

static bool on_arrived(struct pen *p, void *userdata)
{
	struct station_pen *pen = userdata;
	struct station *station = pen->station;
	struct log_context context = {.pen = pen_serial(p)};

	if (station_pen_by_serial(station, pen_serial(p)))
		return false;
	pen->listed = true;
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

	if (pen->session) {
		record_event(pen, "interrupted", &FIELD_S("reason", "gone"), 1, NULL, NULL);
		session_at_rest(pen); /* gone is at rest: by its own rules it stopped */
		if (pen->session)
			session_interrupt(pen);
	}
	pen->listed = false;
	pen->rest_seen = false;
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
	return REASON_NONE;
}

static void on_sample(struct pen *p, void *userdata, uint64_t rx_usec, uint8_t verdict,
		      uint8_t flags, const uint8_t raw[MNPEN_SAMPLE_SIZE])
{
	struct station_pen *pen = userdata;
	struct session *session = pen->session;
	uint32_t strokes = pen_sample(p)->strokes;

	if (!session) {
		pen->rest_seen = false;
		return;
	}
	/* A full ring is the store's to count and to say so by its health. */
	(void)store_sample(pen->station->store, session->id, rx_usec, verdict, flags, raw);
	session->samples++;
	session->strokes +=
		strokes >= session->last_strokes ? strokes - session->last_strokes : strokes;
	session->last_strokes = strokes;
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
	(void)store_gap(pen->station->store, pen->session->id, after_seq, before_seq, "stream",
			now_usec());
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
	record_event(userdata, kind, fields, n_fields, NULL, NULL);
}

static void on_alarm(struct pen *p, void *userdata)
{
	struct station_pen *pen = userdata;
	char text[160];

	snprintf(text, sizeof(text),
		 "pen %s did not stop when told to: remove the pen from the skin and unplug it",
		 pen_serial(p));
	(void)station_raise_alarm(pen->station, pen_serial(p), "drive-on", text);
}

static void on_changed(struct pen *p, void *userdata, unsigned int what)
{
	struct station_pen *pen = userdata;

	notify_pen(pen, what);
	pen->rest_seen |= what & PEN_CHANGED_AT_REST; /* on_sample() goes on with it */
	if (what & PEN_CHANGED_CARTRIDGE)
		notify_pen(pen, STATION_CHANGED_LIMITS);
}

static const struct pen_hooks hooks = {
	.arrived = on_arrived,
	.left = on_left,
	.may_run = on_may_run,
	.sample = on_sample,
	.gap = on_gap,
	.disarmed = on_disarmed,
	.event = on_event,
	.alarm = on_alarm,
	.changed = on_changed,
};

/* ---- creation ---- */

/* Arming looks at the health itself; this only tells whoever watches. */
static int on_health(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct station *station = userdata;
	enum store_health health = store_health(station->store, now_usec());
	struct log_context context = {.message_id = LOG_ID_STORE,
				      .reason = store_health_name(health)};

	if ((health == STORE_HEALTHY) != station->store_healthy) {
		station->store_healthy = health == STORE_HEALTHY;
		log_line(station->store_healthy ? LOG_NOTICE : LOG_ERR, &context, "store is %s",
			 store_health_name(health));
		if (station->listener)
			station->listener->store_health_changed(station->listener_userdata,
								station->store_healthy);
	}
	/* Not @usec + a period: after a suspend that would be made up for, time by time. */
	(void)sd_event_source_set_time(source, now_usec() + HEALTH_PERIOD_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int station_new(struct station **ret, sd_event *event, struct conf *conf, struct store *store)
{
	struct station *station = calloc(1, sizeof(*station));
	int r;

	if (!station)
		return -ENOMEM;
	station->event = sd_event_ref(event);
	station->conf = conf;
	station->store = store;
	station->store_healthy = store_health(store, now_usec()) == STORE_HEALTHY;
	r = sd_event_add_time(event, &station->health_timer, CLOCK_BOOTTIME,
			      now_usec() + HEALTH_PERIOD_USEC, HEALTH_PERIOD_USEC / 4, on_health,
			      station);
	if (r < 0) {
		station_free(station);
		return r;
	}
	*ret = station;
	return 0;
}

static void station_pen_free(struct station_pen *pen)
{
	pen_free(pen->pen);
	session_free(pen->session);
	free(pen->request);
	free(pen->profile);
	free(pen);
}

struct station *station_free(struct station *station)
{
	if (!station)
		return NULL;
	if (!station_at_rest(station)) /* else no STOP: the loop that sends it may have ended */
		station_stop_all(station, REASON_SHUTDOWN);
	for (size_t i = 0; i < station->n_pens; i++)
		station_pen_free(station->pens[i]);
	sd_event_source_disable_unref(station->health_timer);
	sd_event_unref(station->event);
	free(station);
	return NULL;
}

int station_add_usbip(struct station *station, const char *url, struct refusal *refusal)
{
	struct station_pen *pen;
	int r;

	if (station->n_pens == STATION_PENS_MAX)
		return refuse(refusal, REFUSAL_LIMIT, "more than %d pens", STATION_PENS_MAX);
	pen = calloc(1, sizeof(*pen));
	if (!pen)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT, "out of memory");
	pen->station = station;
	r = pen_new_usbip(&pen->pen, station->event, url,
			  conf_station(station->conf)->allow_remote_pens, &hooks, pen);
	if (r < 0) {
		free(pen);
		if (r == -EPERM)
			return refuse(
				refusal, REFUSAL_INVALID_ARGUMENT,
				"--pen %s: not a loopback address; a pen over a network needs "
				"AllowRemotePens=yes in mnpend.conf",
				url);
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "--pen %s: %s; the form is usbip://HOST:PORT/BUSID", url,
			      strerrordesc_np(-r));
	}
	station->pens[station->n_pens++] = pen;
	return 0;
}

void station_set_listener(struct station *station, const struct station_listener *listener,
			  void *userdata)
{
	station->listener = listener;
	station->listener_userdata = userdata;
}

struct conf *station_conf(struct station *station)
{
	return station->conf;
}

struct store *station_store(struct station *station)
{
	return station->store;
}

bool station_store_healthy(struct station *station)
{
	return store_health(station->store, now_usec()) == STORE_HEALTHY;
}

/* ---- lookup and stop ---- */

struct station_pen *station_pen_at(struct station *station, size_t index)
{
	for (size_t i = 0; i < station->n_pens; i++)
		if (station->pens[i]->listed && index-- == 0)
			return station->pens[i];
	return NULL;
}

struct station_pen *station_pen_by_serial(struct station *station, const char *serial)
{
	struct station_pen *pen;

	for (size_t i = 0; (pen = station_pen_at(station, i)); i++)
		if (strcmp(pen_serial(pen->pen), serial) == 0)
			return pen;
	return NULL;
}

struct station_pen *station_pen_by_session(struct station *station, const char *id)
{
	struct station_pen *pen;

	for (size_t i = 0; (pen = station_pen_at(station, i)); i++)
		if (pen->session && strcmp(pen->session->id, id) == 0)
			return pen;
	return NULL;
}

int station_stop(struct station_pen *pen, enum policy_reason reason)
{
	return pen_stop(pen->pen, reason);
}

void station_stop_all(struct station *station, enum policy_reason reason)
{
	struct station_pen *pen;

	for (size_t i = 0; (pen = station_pen_at(station, i)); i++)
		(void)pen_stop(pen->pen, reason);
}

bool station_idle(struct station *station)
{
	for (size_t i = 0; i < station->n_pens; i++)
		if (station->pens[i]->session || station->pens[i]->request)
			return false;
	return true;
}

bool station_at_rest(struct station *station)
{
	struct station_pen *pen;

	for (size_t i = 0; (pen = station_pen_at(station, i)); i++) {
		enum fsm_state state = pen_state(pen->pen);

		if (state != FSM_ABSENT && state != FSM_IDLE && state != FSM_FAULT)
			return false;
	}
	return true;
}
