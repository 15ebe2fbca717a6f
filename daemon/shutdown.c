// SPDX-License-Identifier: GPL-2.0-only
#include <systemd/sd-daemon.h>

#include "daemon/shutdown.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

#define STOP_USEC (500 * USEC_PER_MSEC)
#define END_USEC (2 * USEC_PER_SEC)
#define TICK_USEC (5 * USEC_PER_MSEC)

static void on_ended(void *userdata, const struct refusal *refusal)
{
	if (refusal)
		log_error("a session could not be closed: %s", refusal->message);
}

/* What holds an End() up, a request of somebody else or the disk, may pass: it is asked for again.
 */
static bool all_ended(struct station *station)
{
	struct refusal refusal;
	struct station_pen *pen;

	for (size_t i = 0; (pen = station_pen_at(station, i)); i++)
		if (pen->session && !pen->session->end_outcome && !pen->request)
			(void)station_end(pen, "shutdown", on_ended, NULL, &refusal);
	return station_idle(station);
}

static void leave(struct shutdown *shutdown)
{
	sd_event_source_disable_unref(shutdown->timer);
	shutdown->timer = NULL;
	(void)sd_event_exit(shutdown->event, shutdown->exit_code);
}

static void step(struct shutdown *shutdown)
{
	bool late = now_usec() >= shutdown->deadline_usec;

	switch (shutdown->phase) {
	case SHUTDOWN_NOT:
		return;
	case SHUTDOWN_STOPPING:
		if (!station_at_rest(shutdown->station) && !late)
			return;
		if (late)
			log_error(
				"a pen did not confirm within 500 ms that it stopped; look at it");
		shutdown->phase = SHUTDOWN_ENDING;
		shutdown->deadline_usec = now_usec() + END_USEC;
		return;
	case SHUTDOWN_ENDING:
		shutdown->unfinished = !all_ended(shutdown->station);
		if (shutdown->unfinished && !late)
			return;
		if (shutdown->unfinished)
			log_error("a session could not be closed in time; the next start closes it "
				  "as interrupted");
		leave(shutdown);
		return;
	}
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct shutdown *shutdown = userdata;

	(void)sd_event_source_set_time(source, now_usec() + TICK_USEC);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	step(shutdown);
	return 0;
}

void shutdown_begin(struct shutdown *shutdown, sd_event *event, struct station *station,
		    int exit_code)
{
	if (shutdown->phase != SHUTDOWN_NOT)
		return;
	station_stop_all(station, REASON_SHUTDOWN);
	(void)sd_notify(false, "STOPPING=1");
	shutdown->phase = SHUTDOWN_STOPPING;
	shutdown->event = event;
	shutdown->station = station;
	shutdown->exit_code = exit_code;
	shutdown->deadline_usec = now_usec() + STOP_USEC;
	/* Without a clock there is no waiting: the pens are told, and closing unplugs them. */
	if (sd_event_add_time(event, &shutdown->timer, CLOCK_BOOTTIME, 0, 1, on_tick, shutdown) <
	    0) {
		shutdown->unfinished = true;
		leave(shutdown);
	}
}
