// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pens of this machine's USB: a device that comes gets a place. Places are made when there is no
 * empty one, and stay: there are as many as devices were plugged in at once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/pen/hotplug.h"
#include "daemon/session/parts.h"
#include "driver/base/log.h"

_Static_assert(HOTPLUG_DEVICES_MAX >= STATION_PENS_MAX, "a device a pen");

/* What is not over yet of the pen that was there is not to become another pen's. */
static bool is_free(const struct station_pen *pen)
{
	return pen_usb_empty(pen->pen) && !pen->session && !pen->request;
}

/* The one that had it last: what it may still make us write goes with it. */
static struct station_pen *find_free(struct station *station, const char *serial)
{
	struct station_pen *any = NULL;

	for (size_t i = 0; i < station->n_pens; i++) {
		struct station_pen *pen = station->pens[i];

		if (!is_free(pen))
			continue;
		if (serial && strcmp(pen_serial(pen->pen), serial) == 0)
			return pen;
		any = pen;
	}
	return any;
}

static struct station_pen *make(struct station *station)
{
	struct station_pen *pen;
	int r;

	if (station->n_pens == STATION_PENS_MAX)
		return NULL;
	pen = calloc(1, sizeof(*pen));
	if (!pen)
		return NULL;
	pen->station = station;
	r = pen_new_usb(&pen->pen, station->event, &station_hooks, pen);
	if (r < 0) {
		log_error("no place can be made for one more pen: %s", strerrordesc_np(-r));
		free(pen);
		return NULL;
	}
	station->pens[station->n_pens++] = pen;
	return pen;
}

static struct pen *pen_for(void *userdata, const char *serial)
{
	struct station *station = userdata;
	struct station_pen *pen = find_free(station, serial);

	if (!pen)
		pen = make(station);
	return pen ? pen->pen : NULL;
}

/* A pen of nobody's is one that is no pen yet, or does not come up: it may come up over there. */
static bool may_move(void *userdata, const struct pen *what)
{
	struct station *station = userdata;

	for (size_t i = 0; i < station->n_pens; i++) {
		const struct station_pen *pen = station->pens[i];

		if (pen->pen == what)
			return !pen->session && !pen->request && pen_state(what) != FSM_STOPPING &&
			       !pen_is_live(what);
	}
	return true;
}

static const struct hotplug_hooks hotplug_hooks = {
	.pen_for = pen_for,
	.may_move = may_move,
};

int station_add_usb(struct station *station)
{
	const char *missing = hotplug_missing();
	int r = hotplug_new(&station->hotplug, station->event, &hotplug_hooks, station);

	if (r >= 0)
		r = hotplug_scan(station->hotplug);
	if (r < 0)
		log_warning("pens on USB cannot be watched for: %s; --no-usb if there are none, "
			    "--pen for others",
			    strerrordesc_np(-r));
	else if (missing)
		log_notice("no pen will be found on USB: %s; --no-usb if that is meant, --pen "
			   "usbip://HOST:PORT/BUSID for others",
			   missing);
	return r;
}
