// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "daemon/watchdog.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

#define FEEDS 4 /* in the time that the service manager waits */
#define END_USEC (60 * USEC_PER_SEC)

static int on_feed(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct watchdog *watchdog = userdata;
	bool guarded = station_guarded(watchdog->station);

	if (guarded)
		(void)sd_notify(false, "WATCHDOG=1");
	else if (!watchdog->starved)
		log_error("an armed pen's lease is not being renewed, and nothing stopped the pen: "
			  "the watchdog is not fed");
	watchdog->starved = !guarded;
	(void)sd_event_source_set_time(source, now_usec() + watchdog->period_usec);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int watchdog_start(struct watchdog *watchdog, sd_event *event, struct station *station,
		   int64_t priority)
{
	uint64_t usec;
	int r = sd_watchdog_enabled(false, &usec);

	if (r <= 0)
		return r;
	watchdog->station = station;
	watchdog->period_usec = usec / FEEDS;
	r = sd_event_add_time(event, &watchdog->timer, CLOCK_BOOTTIME, 0,
			      watchdog->period_usec / FEEDS, on_feed, watchdog);
	return r < 0 ? r : sd_event_source_set_priority(watchdog->timer, priority);
}

void watchdog_end(struct watchdog *watchdog)
{
	if (!watchdog->timer)
		return;
	watchdog->timer = sd_event_source_disable_unref(watchdog->timer);
	(void)sd_notifyf(false, "WATCHDOG=1\nWATCHDOG_USEC=%" PRIu64, (uint64_t)END_USEC);
}
