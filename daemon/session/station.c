/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/pen/hotplug.h"
#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

#define HEALTH_PERIOD_USEC 200000ULL

void refusal_fill(struct refusal *refusal, enum refusal_code code, const char *format, ...)
{
	va_list args;

	refusal->code = code;
	va_start(args, format);
	vsnprintf(refusal->message, sizeof(refusal->message), format, args);
	va_end(args);
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
	sd_event_source_disable_unref(request->again);
	free(request->area);
	free(request->sign_off);
	free(request);
}

void request_end(struct session_request *request, const struct refusal *refusal)
{
	station_done done = request->done;
	void *userdata = request->userdata;

	request_drop(request); /* first: the answer may bring the next request */
	done(userdata, refusal);
}

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
	alarms_record(station);
	for (size_t i = 0; i < station->n_pens; i++)
		(void)tell_held(station->pens[i], false);
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
	station->conf = conf_ref(conf);
	station->store = store;
	station->store_healthy = store_health(store, now_usec()) == STORE_HEALTHY;
	r = sd_event_add_time(event, &station->health_timer, CLOCK_BOOTTIME,
			      now_usec() + HEALTH_PERIOD_USEC, HEALTH_PERIOD_USEC / 4, on_health,
			      station);
	if (r >= 0)
		r = alarms_restore(station);
	store_set_keep(store, keep_usec(conf));
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
	depth_forget(pen);
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
	hotplug_free(station->hotplug);
	for (size_t i = 0; i < station->n_pens; i++)
		station_pen_free(station->pens[i]);
	alarms_free(station);
	sd_event_source_disable_unref(station->health_timer);
	sd_event_unref(station->event);
	conf_unref(station->conf);
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
			  conf_station(station->conf)->allow_remote_pens, &station_hooks, pen);
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

void station_set_keeper(struct station *station, struct conf_keeper *keeper)
{
	station->keeper = keeper;
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

bool station_guarded(struct station *station)
{
	uint64_t now = now_usec();

	for (size_t i = 0; i < station->n_pens; i++)
		if (!pen_guarded(station->pens[i]->pen, now))
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
