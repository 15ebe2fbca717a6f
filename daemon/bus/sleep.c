// SPDX-License-Identifier: GPL-2.0-only
/*
 * Before the machine sleeps or shuts down the pens are stopped. logind announces both and waits, as
 * long as it is configured to, for everybody who holds a delay lock; ours is let go when the
 * samples of every pen show the drive off. That is not bounded here: logind does not wait for ever.
 *
 * Without logind everything else goes on: a machine that sleeps renews no lease.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "daemon/bus/parts.h"

#define LOGIND "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"
#define MATCH_LOGIND                                                                               \
	"type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"                \
	"interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" LOGIND "'"

#define SLEEP_SLEEP (1u << 0)
#define SLEEP_SHUTDOWN (1u << 1)

static void say_once(struct bus *bus, const char *why)
{
	if (bus->sleep.told)
		return;
	bus->sleep.told = true;
	log_notice(
		"no delay lock from logind (%s): when the machine sleeps, it does not wait until "
		"the pens are at rest; their lease stops them",
		why);
}

void sleep_at_rest(struct bus *bus)
{
	if (!bus->sleep.preparing || bus->sleep.fd < 0 || !station_at_rest(bus->station))
		return;
	bus->sleep.fd = close_fd(bus->sleep.fd);
	log_info("every pen is at rest: the machine may sleep or shut down");
}

static int on_lock(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(m);
	struct bus *bus = userdata;
	int fd;

	bus->sleep.asked = sd_bus_slot_unref(bus->sleep.asked);
	if (failure) {
		say_once(bus, failure->message ? failure->message : failure->name);
		return 0;
	}
	if (sd_bus_message_read(m, "h", &fd) <= 0) {
		say_once(bus, "its answer cannot be read");
		return 0;
	}
	bus->sleep.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* the message keeps its own */
	if (bus->sleep.fd < 0)
		say_once(bus, strerrordesc_np(errno));
	else
		bus->sleep.told = false;
	sleep_at_rest(bus);
	return 0;
}

static void take_lock(struct bus *bus)
{
	int r;

	if (bus->sleep.fd >= 0 || bus->sleep.asked || bus->sleep.preparing)
		return;
	r = sd_bus_call_method_async(bus->bus, &bus->sleep.asked, LOGIND, LOGIND_PATH,
				     LOGIND_MANAGER, "Inhibit", on_lock, bus, "ssss",
				     "sleep:shutdown", "mnpend", "Pens are stopped first", "delay");
	if (r < 0)
		say_once(bus, strerrordesc_np(-r));
}

static int on_prepare(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	bool is_sleep = strcmp(sd_bus_message_get_member(m), "PrepareForSleep") == 0;
	unsigned int what = is_sleep ? SLEEP_SLEEP : SLEEP_SHUTDOWN;
	struct bus *bus = userdata;
	int begins;

	/* The bus sees to it that a broadcast is logind's; a signal addressed to us is anybody's.
	 */
	if (sd_bus_message_get_destination(m) || sd_bus_message_read(m, "b", &begins) <= 0)
		return 0;
	if (!begins) {
		bus->sleep.preparing &= ~what;
		take_lock(bus);
		return 0;
	}
	bus->sleep.preparing |= what;
	station_stop_all(bus->station, REASON_SLEEP);
	log_notice("the machine is about to %s: all pens are stopped",
		   is_sleep ? "sleep" : "shut down");
	sleep_at_rest(bus);
	return 0;
}

/* A lock outlives a restart of logind, which finds it again. What it had announced does not. */
static int on_logind(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const char *new_owner;

	if (sd_bus_message_get_destination(m) ||
	    sd_bus_message_read(m, "sss", NULL, NULL, &new_owner) < 0 || !new_owner[0])
		return 0;
	bus->sleep.preparing = 0;
	take_lock(bus);
	return 0;
}

static int on_match(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(m);

	if (failure)
		say_once(userdata, failure->message ? failure->message : failure->name);
	return 0;
}

int sleep_start(struct bus *bus)
{
	static const char *const members[] = {"PrepareForSleep", "PrepareForShutdown"};
	int r = sd_bus_add_match_async(bus->bus, NULL, MATCH_LOGIND, on_logind, on_match, bus);

	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(members); i++)
		r = sd_bus_match_signal_async(bus->bus, NULL, LOGIND, LOGIND_PATH, LOGIND_MANAGER,
					      members[i], on_prepare, on_match, bus);
	if (r >= 0)
		take_lock(bus);
	return r;
}

void sleep_free(struct bus *bus)
{
	bus->sleep.asked = sd_bus_slot_unref(bus->sleep.asked);
	bus->sleep.fd = close_fd(bus->sleep.fd);
}
