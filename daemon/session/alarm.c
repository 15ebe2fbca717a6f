/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/session/parts.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

int station_raise_alarm(struct station *station, const char *pen, const char *kind,
			const char *text)
{
	struct log_context context = {.pen = pen, .reason = kind, .message_id = LOG_ID_ALARM};
	struct field fields[] = {FIELD_S("alarm", kind), FIELD_S("text", text)};
	struct alarm *alarm;

	log_line(LOG_ALERT, &context, "ALARM: %s", text);
	(void)store_event(station->store, NULL, pen, "alarm", now_usec(), fields, 2, NULL, NULL);

	/* One alarm of a kind a pen: it stands until acknowledged, however often it is met. */
	for (size_t i = 0; i < station->n_alarms; i++)
		if (strcmp(station->alarms[i].kind, kind) == 0 &&
		    strcmp(station->alarms[i].pen, pen ? pen : "") == 0)
			return 0;
	if (station->n_alarms == STATION_ALARMS_MAX)
		return -ENOSPC; /* those that stand block arming already */
	alarm = &station->alarms[station->n_alarms++];
	*alarm = (struct alarm){.usec = now_usec()};
	snprintf(alarm->id, sizeof(alarm->id), "%" PRIu64, ++station->n_alarms_ever);
	snprintf(alarm->pen, sizeof(alarm->pen), "%s", pen ? pen : "");
	snprintf(alarm->kind, sizeof(alarm->kind), "%s", kind);
	snprintf(alarm->text, sizeof(alarm->text), "%s", text);
	if (station->listener)
		station->listener->alarms_changed(station->listener_userdata);
	return 0;
}

const struct alarm *station_alarm_at(struct station *station, size_t index)
{
	return index < station->n_alarms ? &station->alarms[index] : NULL;
}

int station_acknowledge(struct station *station, const char *id, struct refusal *refusal)
{
	for (size_t i = 0; i < station->n_alarms; i++) {
		struct alarm *alarm = &station->alarms[i];
		struct field fields[] = {FIELD_S("alarm", alarm->kind), FIELD_S("id", id)};

		if (strcmp(alarm->id, id) != 0)
			continue;
		(void)store_event(station->store, NULL, alarm->pen[0] ? alarm->pen : NULL,
				  "alarm-acknowledged", now_usec(), fields, 2, NULL, NULL);
		memmove(alarm, alarm + 1, (station->n_alarms - i - 1) * sizeof(*alarm));
		station->n_alarms--;
		if (station->listener)
			station->listener->alarms_changed(station->listener_userdata);
		return 0;
	}
	return refuse(refusal, REFUSAL_INVALID_ARGUMENT,
		      "no alarm '%s' stands; 'mnpenctl alarm list' shows those that do", id);
}
