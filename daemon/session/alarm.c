/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Alarms: raised once, told to everybody, and there until a person has acknowledged them, whatever
 * becomes of the daemon meanwhile. The events on disk are the truth; what stands here is what they
 * say, and what could not be written yet.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

static void tell(struct station *station)
{
	if (station->listener)
		station->listener->alarms_changed(station->listener_userdata);
}

/* All that alarms need, taken once at the start: one that stands must not depend on memory. The
 * store's answers come to the alarms themselves, which may outlive the station. */
struct alarm_pool {
	struct station *station; /* NULL: gone, and the store's last answer frees this */
	unsigned int n_waiting;	 /* alarms to which the store owes an answer */
	struct alarm alarms[STATION_ALARMS_MAX];
};

static void wait_for_store(struct alarm *alarm)
{
	alarm->waiting = true;
	alarm->pool->n_waiting++;
}

/* Return: whether there is still a station whose alarm this is. */
static bool answered(struct alarm *alarm)
{
	struct alarm_pool *pool = alarm->pool;

	alarm->waiting = false;
	pool->n_waiting--;
	if (pool->station)
		return true;
	if (pool->n_waiting == 0)
		free(pool);
	return false;
}

/* One that is being acknowledged is on its way out: met again, it is another one. */
static struct alarm *find(struct station *station, const char *kind, const char *pen)
{
	for (size_t i = 0; i < station->n_alarms; i++) {
		struct alarm *alarm = station->alarms[i];

		if (!alarm->done && strcmp(alarm->what.kind, kind) == 0 &&
		    strcmp(alarm->what.pen, pen) == 0)
			return alarm;
	}
	return NULL;
}

/* There are fewer than STATION_ALARMS_MAX. */
static struct alarm *add(struct station *station)
{
	struct alarm_pool *pool = station->alarm_pool;
	struct alarm *alarm = pool->alarms;

	while (alarm->pool)
		alarm++;
	alarm->pool = pool;
	station->alarms[station->n_alarms++] = alarm;
	return alarm;
}

/* Only when the store owes it no answer. */
static void drop(struct station *station, struct alarm *alarm)
{
	size_t i = 0;

	while (station->alarms[i] != alarm)
		i++;
	station->n_alarms--;
	memmove(&station->alarms[i], &station->alarms[i + 1],
		(station->n_alarms - i) * sizeof(*station->alarms));
	*alarm = (struct alarm){0};
}

/* ---- raised ---- */

static void on_raised(void *userdata, int result)
{
	struct alarm *alarm = userdata;

	if (!answered(alarm))
		return;
	alarm->recorded = result == 0; /* else alarms_record() tries again */
	tell(alarm->pool->station);
}

static void record(struct alarm *alarm)
{
	const struct store_alarm *what = &alarm->what;
	const struct field fields[] = {
		FIELD_S("id", what->id),
		FIELD_S("alarm", what->kind),
		FIELD_S("text", what->text),
		FIELD_U("raised_wall_usec", what->wall_usec),
	};

	if (store_event(alarm->pool->station->store, NULL, what->pen[0] ? what->pen : NULL, "alarm",
			what->usec, fields, ELEMENTSOF(fields), on_raised, alarm) == 0)
		wait_for_store(alarm);
}

void alarms_record(struct station *station)
{
	for (size_t i = 0; i < station->n_alarms; i++) {
		struct alarm *alarm = station->alarms[i];

		if (!alarm->recorded && !alarm->waiting)
			record(alarm);
	}
}

static void fill(struct store_alarm *what, const char *pen, const char *kind, const char *text)
{
	what->usec = now_usec();
	what->wall_usec = wall_usec();
	if (new_id(what->id, what->wall_usec) < 0) /* an alarm is never given up for its name */
		snprintf(what->id, sizeof(what->id), "%" PRIu64, what->wall_usec);
	snprintf(what->pen, sizeof(what->pen), "%s", pen);
	snprintf(what->kind, sizeof(what->kind), "%s", kind);
	snprintf(what->text, sizeof(what->text), "%s", text);
}

static void raise_new(struct station *station, const char *pen, const char *kind, const char *text)
{
	struct alarm *alarm = add(station);

	fill(&alarm->what, pen, kind, text);
	record(alarm);
	tell(station);
}

int station_raise_alarm(struct station *station, const char *pen, const char *kind,
			const char *text)
{
	struct log_context context = {.pen = pen, .reason = kind, .message_id = LOG_ID_ALARM};
	bool stands = find(station, kind, pen ? pen : "");
	bool room = station->n_alarms < STATION_ALARMS_MAX;

	if ((!stands && room) || log_allowed(&station->alarm_log))
		log_line(LOG_ALERT, &context, "ALARM: %s%s", text,
			 stands || room ? ""
					: " (there is no room for it among those that stand: no "
					  "pen can be armed until they are acknowledged)");
	if (stands)
		return 1;
	if (!room) {
		station->alarm_unplaced = true;
		return 1;
	}
	raise_new(station, pen ? pen : "", kind, text);
	return 0;
}

/* Those for which there was no room block every pen: as an alarm of their own as soon as there is
 * room, so that somebody looks before that ends. */
static void place_unplaced(struct station *station)
{
	if (!station->alarm_unplaced || station->n_alarms == STATION_ALARMS_MAX)
		return;
	station->alarm_unplaced = false;
	(void)station_raise_alarm(station, NULL, "alarms-unplaced",
				  "there were more alarms at once than can stand, and the log may "
				  "not name them all: see to every pen, then acknowledge");
}

int alarms_restore(struct station *station)
{
	size_t n;
	const struct store_alarm *alarms = store_alarms(station->store, &n);

	station->alarm_pool = calloc(1, sizeof(*station->alarm_pool));
	if (!station->alarm_pool)
		return -ENOMEM;
	station->alarm_pool->station = station;
	for (size_t i = 0; i < n; i++) {
		const struct store_alarm *what = &alarms[i];
		struct log_context context = {
			.pen = what->pen[0] ? what->pen : NULL,
			.reason = what->kind,
			.message_id = LOG_ID_ALARM,
		};
		struct alarm *alarm = add(station);

		alarm->what = *what;
		alarm->recorded = true;
		log_line(LOG_ALERT, &context, "ALARM %s still stands: %s", what->id, what->text);
	}
	/* Nobody knows whether there are more. */
	station->alarm_unplaced = n == STATION_ALARMS_MAX;
	return 0;
}

void alarms_free(struct station *station)
{
	struct alarm_pool *pool = TAKE_PTR(station->alarm_pool);

	station->n_alarms = 0;
	if (!pool)
		return;
	pool->station = NULL;
	if (pool->n_waiting == 0)
		free(pool);
}

const struct alarm *station_alarm_at(struct station *station, size_t index)
{
	return index < station->n_alarms ? station->alarms[index] : NULL;
}

/* ---- acknowledged ---- */

static int refuse_unrecorded(struct refusal *refusal, const char *id, const char *why)
{
	return refuse(refusal, REFUSAL_STORE,
		      "the acknowledgement of alarm %s cannot be recorded: %s; it still stands: "
		      "free or repair the disk that holds the state directory, then ask again",
		      id, why);
}

static void on_acknowledged(void *userdata, int result)
{
	struct alarm *alarm = userdata;
	struct station *station = alarm->pool->station;
	station_done done = TAKE_PTR(alarm->done);
	void *done_userdata = alarm->userdata;
	struct refusal refusal;

	if (result < 0)
		refuse_unrecorded(&refusal, alarm->what.id, strerrordesc_np(-result));
	if (answered(alarm) && result == 0) {
		drop(station, alarm);
		place_unplaced(station);
		tell(station);
	}
	done(done_userdata, result < 0 ? &refusal : NULL);
}

static struct alarm *find_id(struct station *station, const char *id)
{
	for (size_t i = 0; i < station->n_alarms; i++)
		if (strcmp(station->alarms[i]->what.id, id) == 0)
			return station->alarms[i];
	return NULL;
}

int station_acknowledge(struct station *station, const char *id, uint32_t uid, station_done done,
			void *userdata, struct refusal *refusal)
{
	enum store_health health = store_health(station->store, now_usec());
	struct alarm *alarm = find_id(station, id);
	int r;

	if (!alarm)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "no alarm '%.64s' stands; 'mnpenctl alarm list' shows those that do",
			      id);
	if (alarm->done)
		return refuse(refusal, REFUSAL_BUSY,
			      "alarm %s is being acknowledged already; it still stands until the "
			      "disk has taken that",
			      id);
	/* Queued now, it would count whenever the disk is well again: long after whoever asked has
	 * been told that it failed. */
	if (health != STORE_HEALTHY)
		return refuse_unrecorded(refusal, id, store_health_name(health));
	if (!alarm->recorded)
		return refuse(refusal, REFUSAL_STORE,
			      "alarm %s is not on record yet, so nobody could read what was "
			      "acknowledged; it is written now, ask again",
			      id);
	r = store_event(station->store, NULL, alarm->what.pen[0] ? alarm->what.pen : NULL,
			"alarm-acknowledged", now_usec(),
			(const struct field[]){
				FIELD_S("id", id),
				FIELD_S("alarm", alarm->what.kind),
				FIELD_U("uid", uid),
			},
			3, on_acknowledged, alarm);
	if (r < 0)
		return refuse_unrecorded(refusal, id, strerrordesc_np(-r));
	wait_for_store(alarm);
	alarm->done = done;
	alarm->userdata = userdata;
	return 0;
}
