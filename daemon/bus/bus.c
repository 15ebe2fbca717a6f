// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bus/parts.h"

#define BUS_DRIVER "org.freedesktop.DBus"
#define BUS_LOCAL "org.freedesktop.DBus.Local"

/* One match for everybody who leaves, installed once: a match for each client that arms would have
 * to be asked for, and waited for, at the very moment when it is needed. */
#define MATCH_LEAVING                                                                              \
	"type='signal',sender='" BUS_DRIVER "',path='/org/freedesktop/DBus',"                      \
	"interface='" BUS_DRIVER "',member='NameOwnerChanged',arg2=''"
#define MATCH_LOST                                                                                 \
	"type='signal',sender='" BUS_LOCAL "',path='/org/freedesktop/DBus/Local',"                 \
	"interface='" BUS_LOCAL "',member='Disconnected'"

void log_failed(struct bus *bus, const char *what, int error)
{
	/* That there is no connection any more has been said. */
	if (error != -ENOTCONN && log_allowed(&bus->log_limit))
		log_error("%s could not be sent on the bus: %s", what, strerrordesc_np(-error));
}

/* ---- pens by what they are called ---- */

struct bus_pen *bus_pen_by_path(struct bus *bus, const char *path)
{
	for (size_t i = 0; i < STATION_PENS_MAX; i++)
		if (bus->pens[i] && strcmp(bus->pens[i]->path, path) == 0)
			return bus->pens[i];
	return NULL;
}

struct bus_pen *bus_pen_by_id(struct bus *bus, uint64_t id)
{
	for (size_t i = 0; i < STATION_PENS_MAX; i++)
		if (bus->pens[i] && bus->pens[i]->id == id)
			return bus->pens[i];
	return NULL;
}

struct bus_pen *bus_pen_by_session_path(struct bus *bus, const char *path)
{
	for (size_t i = 0; i < STATION_PENS_MAX; i++)
		if (bus->pens[i] && bus->pens[i]->session_path &&
		    strcmp(bus->pens[i]->session_path, path) == 0)
			return bus->pens[i];
	return NULL;
}

int bus_list_paths(struct bus *bus, const char *(*path)(const struct bus_pen *pen), char ***ret)
{
	char **paths = calloc(STATION_PENS_MAX + 1, sizeof(*paths));
	size_t n = 0;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < STATION_PENS_MAX; i++) {
		const char *one = bus->pens[i] ? path(bus->pens[i]) : NULL;

		paths[n] = one ? strdup(one) : NULL;
		if (paths[n])
			n++;
	}
	*ret = paths;
	return 0;
}

void bus_pen_free(struct bus_pen *pen)
{
	pen->bus->pens[pen->slot] = NULL;
	free(pen->path);
	free(pen->session_path);
	free(pen->holder);
	sd_bus_message_unref(pen->explaining);
	free(pen);
}

/* ---- who leaves ---- */

static int on_leaving(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const char *name, *new_owner;

	if (sd_bus_message_read(m, "sss", &name, NULL, &new_owner) < 0 || new_owner[0])
		return 0;
	holder_gone(bus, name);
	requests_client_gone(bus, name);
	return 0;
}

static int on_lost(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;

	bus->lost(bus->lost_userdata);
	return 0;
}

/* Without the match nobody would notice that a client is gone: as bad as a lost bus. */
static int on_match(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(m);

	if (!failure)
		return 0;
	log_error("the bus does not say who leaves it: %s",
		  failure->message ? failure->message : failure->name);
	return on_lost(m, userdata, error);
}

/* ---- life ---- */

static int bus_connect(struct bus *bus)
{
	int r = sd_bus_open_system_with_description(&bus->bus, "mnpend");

	if (r >= 0)
		r = sd_bus_set_close_on_exit(bus->bus,
					     false); /* bus_free() does, and never waits */
	if (r >= 0)
		r = sd_bus_add_match_async(bus->bus, NULL, MATCH_LEAVING, on_leaving, on_match,
					   bus);
	if (r >= 0)
		r = sd_bus_add_match_async(bus->bus, NULL, MATCH_LOST, on_lost, NULL, bus);
	if (r >= 0)
		r = sd_bus_request_name(bus->bus, API_BUS_NAME, 0);
	if (r >= 0)
		r = sd_bus_attach_event(bus->bus, bus->event, SD_EVENT_PRIORITY_NORMAL);
	return r;
}

int bus_new(struct bus **ret, sd_event *event, bus_lost lost, void *userdata)
{
	struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->event = sd_event_ref(event);
	sleep_init(bus);
	bus->lost = lost;
	bus->lost_userdata = userdata;
	r = bus_connect(bus);
	if (r < 0) {
		bus_free(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

int bus_serve(struct bus *bus, struct station *station)
{
	int r;

	bus->station = station;
	r = sd_bus_add_object_manager(bus->bus, NULL, API_ROOT);
	if (r >= 0)
		r = manager_export(bus);
	if (r >= 0)
		r = pens_export(bus);
	if (r >= 0)
		r = profiles_export(bus);
	if (r >= 0)
		r = sessions_export(bus);
	if (r >= 0)
		r = stop_start(bus);
	if (r >= 0)
		r = sleep_start(bus);
	return r < 0 ? r : listener_start(bus);
}

void bus_wind_down(struct bus *bus)
{
	bus->winding_down = true;
}

struct bus *bus_free(struct bus *bus)
{
	if (!bus)
		return NULL;
	requests_free(bus);
	stop_free(bus);
	sleep_free(bus);
	for (size_t i = 0; i < STATION_PENS_MAX; i++)
		if (bus->pens[i])
			bus_pen_free(bus->pens[i]);
	sd_event_source_disable_unref(bus->flush);
	sd_event_source_disable_unref(bus->flush_timer);
	sd_bus_close_unref(bus->bus);
	sd_event_unref(bus->event);
	free(bus);
	return NULL;
}
