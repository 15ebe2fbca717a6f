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

/* The store's answers come to the alarm itself, which may have outlived its station. */
static bool answered(struct alarm *alarm)
{
	alarm->n_waiting--;
	if (alarm->station)
		return true;
	if (alarm->n_waiting == 0)
		free(alarm);
	return false;
}

static struct alarm *find(struct station *station, const char *kind, const char *pen)
{
	for (size_t i = 0; i < station->n_alarms; i++) {
		struct store_alarm *what = &station->alarms[i]->what;

		if (strcmp(what->kind, kind) == 0 && strcmp(what->pen, pen) == 0)
			return station->alarms[i];
	}
	return NULL;
}

static int add(struct station *station, struct alarm **ret)
{
	struct alarm *alarm;

	if (station->n_alarms == STATION_ALARMS_MAX)
		return -ENOSPC; /* those that stand block arming already */
	alarm = calloc(1, sizeof(*alarm));
	if (!alarm)
		return -ENOMEM;
	alarm->station = station;
	station->alarms[station->n_alarms++] = alarm;
	*ret = alarm;
	return 0;
}

static void drop(struct alarm *alarm)
{
	struct station *station = alarm->station;
	size_t i = 0;

	while (station->alarms[i] != alarm)
		i++;
	station->n_alarms--;
	memmove(&station->alarms[i], &station->alarms[i + 1],
		(station->n_alarms - i) * sizeof(*station->alarms));
	alarm->station = NULL;
	if (alarm->n_waiting == 0)
		free(alarm);
}

/* ---- raised ---- */

static void on_raised(void *userdata, int result)
{
	struct alarm *alarm = userdata;

	if (!answered(alarm))
		return;
	alarm->recorded = result == 0; /* else alarms_record() tries again */
	tell(alarm->station);
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

	if (store_event(alarm->station->store, NULL, what->pen[0] ? what->pen : NULL, "alarm",
			what->usec, fields, ELEMENTSOF(fields), on_raised, alarm) == 0)
		alarm->n_waiting++;
}

void alarms_record(struct station *station)
{
	for (size_t i = 0; i < station->n_alarms; i++) {
		struct alarm *alarm = station->alarms[i];

		if (!alarm->recorded && alarm->n_waiting == 0)
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

int station_raise_alarm(struct station *station, const char *pen, const char *kind,
			const char *text)
{
	struct log_context context = {.pen = pen, .reason = kind, .message_id = LOG_ID_ALARM};
	struct alarm *alarm = find(station, kind, pen ? pen : "");
	int r;

	if (!alarm || log_allowed(&station->alarm_log))
		log_line(LOG_ALERT, &context, "ALARM: %s", text);
	if (alarm)
		return 1;
	r = add(station, &alarm);
	if (r < 0)
		return r;
	fill(&alarm->what, pen ? pen : "", kind, text);
	record(alarm);
	tell(station);
	return 0;
}

int alarms_restore(struct station *station)
{
	size_t n;
	const struct store_alarm *alarms = store_alarms(station->store, &n);

	for (size_t i = 0; i < n; i++) {
		const struct store_alarm *what = &alarms[i];
		struct log_context context = {
			.pen = what->pen[0] ? what->pen : NULL,
			.reason = what->kind,
			.message_id = LOG_ID_ALARM,
		};
		struct alarm *alarm;
		int r = add(station, &alarm);

		if (r < 0)
			return r;
		alarm->what = *what;
		alarm->recorded = true;
		log_line(LOG_ALERT, &context, "ALARM %s still stands: %s", what->id, what->text);
	}
	return 0;
}

void alarms_free(struct station *station)
{
	while (station->n_alarms)
		drop(station->alarms[0]);
}

const struct alarm *station_alarm_at(struct station *station, size_t index)
{
	return index < station->n_alarms ? station->alarms[index] : NULL;
}

/* ---- acknowledged ---- */

static int refuse_unrecorded(struct refusal *refusal, const char *id, int error)
{
	return refuse(refusal, REFUSAL_STORE,
		      "the acknowledgement of alarm %s cannot be recorded: %s; it still stands: "
		      "free or repair the disk that holds the state directory, then ask again",
		      id, strerrordesc_np(-error));
}

static void on_acknowledged(void *userdata, int result)
{
	struct alarm *alarm = userdata;
	struct station *station = alarm->station;
	station_done done = alarm->done;
	void *done_userdata = alarm->userdata;
	struct refusal refusal;

	alarm->done = NULL;
	if (result < 0)
		refuse_unrecorded(&refusal, alarm->what.id, result);
	if (answered(alarm) && result == 0) {
		drop(alarm);
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
	struct alarm *alarm = find_id(station, id);
	int r;

	if (!alarm)
		return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
			      "no alarm '%.64s' stands; 'mnpenctl alarm list' shows those that do",
			      id);
	if (alarm->done)
		return refuse(refusal, REFUSAL_BUSY, "alarm %s is being acknowledged already", id);
	r = store_event(station->store, NULL, alarm->what.pen[0] ? alarm->what.pen : NULL,
			"alarm-acknowledged", now_usec(),
			(const struct field[]){
				FIELD_S("id", id),
				FIELD_S("alarm", alarm->what.kind),
				FIELD_U("uid", uid),
			},
			3, on_acknowledged, alarm);
	if (r < 0)
		return refuse_unrecorded(refusal, id, r);
	alarm->n_waiting++;
	alarm->done = done;
	alarm->userdata = userdata;
	return 0;
}
