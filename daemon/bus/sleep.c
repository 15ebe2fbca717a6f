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

/* logind knows a right for either of them, and none for both at once that a service would have. */
static const struct {
	const char *what;
	const char *signal;
} kinds[BUS_LOCKS] = {
	{"sleep", "PrepareForSleep"},
	{"shutdown", "PrepareForShutdown"},
};

static void say_once(struct bus *bus, const char *why)
{
	if (bus->lock_told)
		return;
	bus->lock_told = true;
	log_notice(
		"no delay lock from logind (%s): when the machine sleeps, it does not wait until "
		"the pens are at rest; their lease stops them",
		why);
}

bool sleep_preparing(const struct bus *bus)
{
	for (size_t i = 0; i < BUS_LOCKS; i++)
		if (bus->locks[i].preparing)
			return true;
	return false;
}

void sleep_at_rest(struct bus *bus)
{
	if (!sleep_preparing(bus) || !station_at_rest(bus->station))
		return;
	for (size_t i = 0; i < BUS_LOCKS; i++) {
		struct bus_lock *lock = &bus->locks[i];

		if (!lock->preparing || lock->fd < 0)
			continue;
		lock->fd = close_fd(lock->fd);
		log_info("every pen is at rest, what was held up may go on: %s", lock->what);
	}
}

static int on_lock(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(m);
	struct bus_lock *lock = userdata;
	int fd;

	lock->asked = sd_bus_slot_unref(lock->asked);
	if (failure) {
		say_once(lock->bus, failure->message ? failure->message : failure->name);
		return 0;
	}
	if (sd_bus_message_read(m, "h", &fd) <= 0) {
		say_once(lock->bus, "its answer cannot be read");
		return 0;
	}
	lock->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* the message keeps its own */
	if (lock->fd < 0)
		say_once(lock->bus, strerrordesc_np(errno));
	else
		lock->bus->lock_told = false;
	sleep_at_rest(lock->bus);
	return 0;
}

static void take_lock(struct bus_lock *lock)
{
	int r;

	if (lock->fd >= 0 || lock->asked || lock->preparing)
		return;
	r = sd_bus_call_method_async(lock->bus->bus, &lock->asked, LOGIND, LOGIND_PATH,
				     LOGIND_MANAGER, "Inhibit", on_lock, lock, "ssss", lock->what,
				     "mnpend", "Pens are stopped first", "delay");
	if (r < 0)
		say_once(lock->bus, strerrordesc_np(-r));
}

static int on_prepare(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus_lock *lock = userdata;
	int begins;

	/* The bus sees to it that a broadcast is logind's; a signal addressed to us is anybody's.
	 */
	if (sd_bus_message_get_destination(m) || sd_bus_message_read(m, "b", &begins) <= 0)
		return 0;
	lock->preparing = begins;
	if (!begins) {
		take_lock(lock);
		return 0;
	}
	station_stop_all(lock->bus->station, REASON_SLEEP);
	log_notice("the machine is about to do this, and all pens are stopped: %s", lock->what);
	sleep_at_rest(lock->bus);
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
	for (size_t i = 0; i < BUS_LOCKS; i++) {
		bus->locks[i].preparing = false;
		take_lock(&bus->locks[i]);
	}
	return 0;
}

static int on_match(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	const sd_bus_error *failure = sd_bus_message_get_error(m);
	struct bus_lock *lock = userdata;

	if (failure)
		say_once(lock->bus, failure->message ? failure->message : failure->name);
	return 0;
}

static int on_logind_match(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
	struct bus *bus = userdata;

	return on_match(m, &bus->locks[0], error);
}

void sleep_init(struct bus *bus)
{
	for (size_t i = 0; i < BUS_LOCKS; i++)
		bus->locks[i] = (struct bus_lock){.bus = bus, .what = kinds[i].what, .fd = -EBADF};
}

int sleep_start(struct bus *bus)
{
	int r = sd_bus_add_match_async(bus->bus, NULL, MATCH_LOGIND, on_logind, on_logind_match,
				       bus);

	for (size_t i = 0; r >= 0 && i < BUS_LOCKS; i++) {
		r = sd_bus_match_signal_async(bus->bus, NULL, LOGIND, LOGIND_PATH, LOGIND_MANAGER,
					      kinds[i].signal, on_prepare, on_match,
					      &bus->locks[i]);
		if (r >= 0)
			take_lock(&bus->locks[i]);
	}
	return r;
}

void sleep_free(struct bus *bus)
{
	for (size_t i = 0; i < BUS_LOCKS; i++) {
		bus->locks[i].asked = sd_bus_slot_unref(bus->locks[i].asked);
		bus->locks[i].fd = close_fd(bus->locks[i].fd);
	}
}
