// SPDX-License-Identifier: GPL-2.0-only
/* The live view's side of the bus: signals and calls that never make the view wait. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "cli/bus.h"
#include "cli/live.h"
#include "cli/text.h"
#include "cli/values.h"
#include "daemon/api/names.h"

#define LAST_LOOK_USEC 2000000ULL /* for the reason of a stop, when it has ended anyway */

static int refresh(struct live *live, uint64_t timeout_usec);

/* Only when the pen was armed by us does its being disarmed mean anything. */
static void judge_armed(struct live *live, json_object *armed)
{
	if (!armed || json_object_get_boolean(armed) || live->arming != LIVE_ARM_DONE ||
	    live->end != LIVE_RUNS)
		return;
	live->end = LIVE_DISARMED;
	if (refresh(live, LAST_LOOK_USEC) < 0)
		live_end(live, LIVE_DISARMED);
}

static int on_refreshed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_json_ json_object *properties = NULL;
	struct live *live = userdata;

	if (!sd_bus_message_is_method_error(reply, NULL) && json_from_bus(reply, &properties) == 0)
		live_take_properties(live, properties);
	if (live->end == LIVE_DISARMED) {
		live_end(live, LIVE_DISARMED);
		return 0;
	}
	judge_armed(live, json_get(properties, "Armed"));
	return 0;
}

static int refresh(struct live *live, uint64_t timeout_usec)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r = sd_bus_message_new_method_call(live->cli->bus, &call, API_BUS_NAME, live->path,
					       "org.freedesktop.DBus.Properties", "GetAll");

	if (r >= 0)
		r = sd_bus_message_append(call, "s", API_PEN);
	if (r >= 0)
		r = sd_bus_call_async(live->cli->bus, NULL, call, on_refreshed, live, timeout_usec);
	return r;
}

static int on_properties(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_json_ json_object *changed = NULL;
	struct live *live = userdata;
	const char *interface;

	if (sd_bus_message_read(signal, "s", &interface) < 0 || strcmp(interface, API_PEN) != 0 ||
	    json_from_bus(signal, &changed) < 0)
		return 0;
	live_take_properties(live, changed);
	judge_armed(live, json_get(changed, "Armed"));
	return 0;
}

static void add_event(struct live *live, uint64_t seq, uint64_t usec, const char *kind,
		      json_object *details)
{
	json_object *event;

	if (json_object_array_length(live->events) >= LIVE_EVENTS_MAX)
		return;
	event = json_object_new_object();
	json_add_u64(event, "seq", seq);
	json_add_u64(event, "usec", usec);
	json_add_string(event, "kind", kind);
	json_add_shared(event, "details", details, json_object_new_object());
	json_object_array_add(live->events, event);
}

static int on_event(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
	static const char *const reasons[] = {"disarmed", "fault", "alarm"};
	_cleanup_json_ json_object *details = NULL;
	struct live *live = userdata;
	char text[400], line[512];
	uint64_t seq, usec;
	const char *kind;

	if (sd_bus_message_read(signal, "tts", &seq, &usec, &kind) < 0 ||
	    json_from_bus(signal, &details) < 0)
		return 0;
	add_event(live, seq, usec, kind, details);
	values_line(details, text, sizeof(text));
	snprintf(line, sizeof(line), "%.64s%s%s", kind, *text ? ": " : "", text);
	text_clean(line);
	for (size_t i = 0; i < ELEMENTSOF(reasons); i++)
		if (strcmp(kind, reasons[i]) == 0)
			memcpy(live->last_event, line, sizeof(line));
	live_note(live, line);
	return 0;
}

static int on_manager(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_json_ json_object *properties = NULL;

	if (!sd_bus_message_is_method_error(reply, NULL) && json_from_bus(reply, &properties) == 0)
		live_take_manager(userdata, properties);
	return 0;
}

static int look_at_manager(struct live *live)
{
	return sd_bus_call_method_async(live->cli->bus, NULL, API_BUS_NAME, API_ROOT,
					"org.freedesktop.DBus.Properties", "GetAll", on_manager,
					live, "s", API_MANAGER);
}

/* Alarms came or went, or the record cannot be kept. */
static int on_manager_changed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
	if (look_at_manager(userdata) < 0)
		live_end(userdata, LIVE_DAEMON_GONE);
	return 0;
}

static int on_removed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
	struct live *live = userdata;
	const char *path;

	if (sd_bus_message_read(signal, "o", &path) >= 0 && strcmp(path, live->path) == 0)
		live_end(live, LIVE_PEN_GONE);
	return 0;
}

static int on_owner(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
	const char *name, *old, *new;

	/* a new owner is another daemon, which has armed nothing */
	if (sd_bus_message_read(signal, "sss", &name, &old, &new) >= 0 && *old)
		live_end(userdata, LIVE_DAEMON_GONE);
	return 0;
}

static int on_disconnected(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
	live_end(userdata, LIVE_DAEMON_GONE);
	return 0;
}

enum cli_exit live_bus_watch(struct live *live)
{
	const char *owner_match = "type='signal',sender='org.freedesktop.DBus',"
				  "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
				  "arg0='" API_BUS_NAME "'";
	sd_bus *bus = live->cli->bus;
	int r;

	r = sd_bus_match_signal(bus, NULL, API_BUS_NAME, live->path,
				"org.freedesktop.DBus.Properties", "PropertiesChanged",
				on_properties, live);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, API_BUS_NAME, live->path, API_PEN, "Event",
					on_event, live);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, API_BUS_NAME, API_ROOT,
					"org.freedesktop.DBus.ObjectManager", "InterfacesRemoved",
					on_removed, live);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, API_BUS_NAME, API_ROOT,
					"org.freedesktop.DBus.Properties", "PropertiesChanged",
					on_manager_changed, live);
	if (r >= 0)
		r = sd_bus_add_match(bus, NULL, owner_match, on_owner, live);
	if (r >= 0)
		r = sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus.Local",
					"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
					"Disconnected", on_disconnected, live);
	if (r >= 0)
		r = look_at_manager(live);
	if (r >= 0)
		r = sd_bus_attach_event(bus, live->event, SD_EVENT_PRIORITY_NORMAL);
	if (r < 0)
		return cli_fail(live->cli, CLI_FAILED, "Failed", NULL,
				"cannot subscribe to the pen's changes: %s", strerror(-r));
	return CLI_DONE;
}

enum cli_exit live_bus_telemetry(struct live *live)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	enum cli_exit code = bus_call(live->cli, &reply, live->path, API_PEN, "OpenTelemetry", "");
	int fd, r;

	if (code != CLI_DONE)
		return code;
	r = sd_bus_message_read(reply, "h", &fd);
	if (r >= 0)
		r = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (r < 0)
		return cli_fail(live->cli, CLI_FAILED, "Failed", NULL,
				"mnpend gave no live data: %s", strerror(r == -1 ? errno : -r));
	live->telemetry_fd = r;
	return CLI_DONE;
}

static int on_armed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct live *live = userdata;

	if (live->end != LIVE_RUNS)
		return 0;
	if (error) {
		/* without an answer it may still arm: live_bus_disarm() sees to that */
		if (!sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) &&
		    !sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT))
			live->arming = LIVE_ARM_NEVER;
		live->code = bus_fail(live->cli, error, live->path);
		live_end(live, LIVE_REFUSED);
		return 0;
	}
	live->arming = LIVE_ARM_DONE;
	live_show(live);
	/* it may have been disarmed again before this answer was read */
	if (refresh(live, BUS_TIMEOUT_USEC) < 0)
		live_end(live, LIVE_DAEMON_GONE);
	return 0;
}

enum cli_exit live_bus_arm(struct live *live)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	enum cli_exit code = bus_prepare(live->cli, live->path, API_PEN, "Arm", &call);
	int r;

	if (code != CLI_DONE)
		return code;
	r = sd_bus_call_async(live->cli->bus, NULL, call, on_armed, live, BUS_TIMEOUT_ASK_USEC);
	if (r < 0)
		return cli_fail(live->cli, CLI_FAILED, "Failed", NULL, "cannot ask for arming: %s",
				strerror(-r));
	live->arming = LIVE_ARM_ASKED;
	return CLI_DONE;
}

static int on_stopped(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct live *live = userdata;
	char line[512];

	if (!error) {
		live->view.urgent[0] = '\0';
		return 0;
	}
	snprintf(live->view.urgent, sizeof(live->view.urgent), "%s",
		 "STOP NOT CONFIRMED: take the pen off the skin");
	snprintf(line, sizeof(line), "STOP IS NOT CONFIRMED, take the pen off the skin: %s",
		 error->message ? error->message : error->name);
	live_note(live, text_clean(line));
	return 0;
}

void live_bus_stop(struct live *live)
{
	int r = sd_bus_call_method_async(live->cli->bus, NULL, API_BUS_NAME, live->path, API_PEN,
					 "Stop", on_stopped, live, "");

	if (r < 0)
		live_end(live, LIVE_DAEMON_GONE);
	if (live->drawing)
		live_note(live, "stop asked for, by key");
}

static int on_session(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
	_cleanup_json_ json_object *p = NULL;
	struct live *live = userdata;

	if (!sd_bus_message_is_method_error(reply, NULL) && json_from_bus(reply, &p) == 0)
		live_take_session(live, p);
	else /* the session has ended */
		live->view.have_run = live->view.have_session = false;
	return 0;
}

void live_bus_poll_session(struct live *live)
{
	int r;

	if (strcmp(live->session_path, "/") == 0 || !*live->session_path)
		return;
	r = sd_bus_call_method_async(live->cli->bus, NULL, API_BUS_NAME, live->session_path,
				     "org.freedesktop.DBus.Properties", "GetAll", on_session, live,
				     "s", API_SESSION);
	if (r < 0)
		live_end(live, LIVE_DAEMON_GONE);
}

enum cli_exit live_bus_disarm(struct live *live)
{
	/* Stop ends an Arm that waits for a person: nothing that waited arms after a stop. */
	const char *method = live->arming == LIVE_ARM_ASKED ? "Stop" : "Disarm";

	return bus_call_fast(live->cli, live->path, API_PEN, method);
}
