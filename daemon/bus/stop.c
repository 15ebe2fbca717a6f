// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stops: carried out before anything else is looked at, and answered when the pen's own samples
 * show the drive off. Who waits for that word stands in a bounded list; when it is full the stop is
 * still carried out, only its answer says less.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "daemon/bus/parts.h"
#include "driver/base/clock.h"

#define STOP_CONFIRM_USEC (500 * USEC_PER_MSEC)

static int reply_done(sd_bus_message *m)
{
	int r = sd_bus_reply_method_return(m, NULL);

	return r < 0 ? r : 1;
}

static int reply_refused(struct bus *bus, sd_bus_message *m, const struct bus_pen *pen,
			 const struct refusal *refusal)
{
	log_refused(bus, m, pen, refusal);
	return refusal_reply(m, refusal);
}

/* The list stays in order of arrival, so that the timer needs to know the first one only. */
static void stop_remove(struct bus *bus, size_t index)
{
	sd_bus_message_unref(bus->stops[index].message);
	bus->n_stops--;
	memmove(&bus->stops[index], &bus->stops[index + 1],
		(bus->n_stops - index) * sizeof(bus->stops[0]));
}

static void rearm(struct bus *bus)
{
	if (bus->n_stops == 0) {
		(void)sd_event_source_set_enabled(bus->stop_timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(bus->stop_timer, bus->stops[0].deadline_usec);
	(void)sd_event_source_set_enabled(bus->stop_timer, SD_EVENT_ONESHOT);
}

static void refuse_unconfirmed(struct bus *bus, const struct stop_wait *wait,
			       struct refusal *refusal)
{
	char names[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < STATION_PENS_MAX && used < sizeof(names); i++)
		if (wait->pens & (1ULL << i) && bus->pens[i])
			used += (size_t)snprintf(names + used, sizeof(names) - used, " %s",
						 pen_serial(bus->pens[i]->pen->pen));
	refuse(refusal, REFUSAL_UNCONFIRMED,
	       "the stop was sent, and within %llu ms no sample showed the drive off:%s; treat it "
	       "as running: take it off the skin, release the trigger",
	       STOP_CONFIRM_USEC / USEC_PER_MSEC, names);
}

static void answer(struct bus *bus, const struct stop_wait *wait)
{
	struct refusal refusal;
	int r;

	if (wait->pens) {
		refuse_unconfirmed(bus, wait, &refusal);
		r = reply_refused(bus, wait->message, NULL, &refusal);
	} else if (wait->lost[0]) {
		refuse(&refusal, REFUSAL_DISCONNECTED,
		       "pen %s went away before it confirmed the stop; it stops by itself when "
		       "unplugged, look at it all the same",
		       wait->lost);
		r = reply_refused(bus, wait->message, NULL, &refusal);
	} else {
		r = reply_done(wait->message);
	}
	if (r < 0)
		log_failed(bus, "the answer to a stop", r);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct bus *bus = userdata;
	uint64_t now = now_usec();

	while (bus->n_stops && bus->stops[0].deadline_usec <= now) {
		answer(bus, &bus->stops[0]);
		stop_remove(bus, 0);
	}
	rearm(bus);
	return 0;
}

static void pen_settled(struct bus_pen *pen, const char *lost)
{
	struct bus *bus = pen->bus;
	uint64_t bit = 1ULL << pen->slot;

	for (size_t i = 0; i < bus->n_stops;) {
		struct stop_wait *wait = &bus->stops[i];

		if (!(wait->pens & bit)) {
			i++;
			continue;
		}
		wait->pens &= ~bit;
		if (lost)
			snprintf(wait->lost, sizeof(wait->lost), "%s", lost);
		if (wait->pens) {
			i++;
			continue;
		}
		answer(bus, wait);
		stop_remove(bus, i);
	}
	rearm(bus);
}

void stop_at_rest(struct bus_pen *pen)
{
	pen_settled(pen, NULL);
}

void stop_lost(struct bus_pen *pen)
{
	pen_settled(pen, pen_serial(pen->pen->pen));
}

static bool has_room(const struct bus *bus, sd_bus_message *m)
{
	const char *sender = sd_bus_message_get_sender(m);
	size_t same = 0;

	for (size_t i = 0; sender && i < bus->n_stops; i++) {
		const char *other = sd_bus_message_get_sender(bus->stops[i].message);

		same += other && strcmp(other, sender) == 0;
	}
	return bus->n_stops < STOPS_MAX && same < STOPS_SENDER_MAX;
}

static int wait_for(struct bus *bus, sd_bus_message *m, uint64_t pens)
{
	struct refusal refusal;

	if (sd_bus_message_get_expect_reply(m) <= 0)
		return 1;
	if (!has_room(bus, m)) {
		refuse(&refusal, REFUSAL_UNCONFIRMED,
		       "stop sent; too many callers are waiting for the pen's word");
		return reply_refused(bus, m, NULL, &refusal);
	}
	bus->stops[bus->n_stops++] = (struct stop_wait){
		.message = sd_bus_message_ref(m),
		.deadline_usec = now_usec() + STOP_CONFIRM_USEC,
		.pens = pens,
	};
	rearm(bus);
	return 1;
}

int stop_pen(struct bus_pen *pen, sd_bus_message *m, enum policy_reason reason)
{
	struct bus *bus = pen->bus;
	int r = station_stop(pen->pen, reason);
	struct refusal refusal;

	if (r == 0)
		return reply_done(m);
	if (r > 0)
		return wait_for(bus, m, 1ULL << pen->slot);
	refuse(&refusal, REFUSAL_DISCONNECTED, "pen %s is gone; plug it in again",
	       pen_serial(pen->pen->pen));
	return reply_refused(bus, m, pen, &refusal);
}

int stop_all(struct bus *bus, sd_bus_message *m)
{
	struct station_pen *pen;
	uint64_t pens = 0;

	for (size_t i = 0; (pen = station_pen_at(bus->station, i)); i++) {
		const struct bus_pen *object = pen->object;

		if (station_stop(pen, REASON_STOP_ALL) > 0 && object)
			pens |= 1ULL << object->slot;
	}
	return pens ? wait_for(bus, m, pens) : reply_done(m);
}

int stop_start(struct bus *bus)
{
	int r = sd_event_add_time(bus->event, &bus->stop_timer, CLOCK_BOOTTIME, UINT64_MAX, 1,
				  on_deadline, bus);

	return r < 0 ? r : sd_event_source_set_enabled(bus->stop_timer, SD_EVENT_OFF);
}

void stop_free(struct bus *bus)
{
	while (bus->n_stops)
		stop_remove(bus, bus->n_stops - 1);
	sd_event_source_disable_unref(bus->stop_timer);
}
