// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "daemon/bus/polkit.h"

#include "driver/base/cleanup.h"

#define POLKIT_ALLOW_USER_INTERACTION 1u
#define SPAWN_ERRORS "org.freedesktop.DBus.Error.Spawn."

DEFINE_CLEANUP(sd_bus_message *, sd_bus_message_unref)

int polkit_ask(sd_bus *bus, sd_bus_slot **ret_slot, const char *sender, const char *action,
	       bool interactive, sd_bus_message_handler_t callback, void *userdata)
{
	_cleanup_(sd_bus_message_unref_cleanup) sd_bus_message *call = NULL;
	uint32_t flags = interactive ? POLKIT_ALLOW_USER_INTERACTION : 0;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, "org.freedesktop.PolicyKit1",
					   "/org/freedesktop/PolicyKit1/Authority",
					   "org.freedesktop.PolicyKit1.Authority",
					   "CheckAuthorization");
	if (r >= 0)
		r = sd_bus_message_append(call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name",
					  "s", sender, action, 0, flags, "");
	if (r >= 0)
		r = sd_bus_call_async(bus, ret_slot, call, callback, userdata, POLKIT_TIMEOUT_USEC);
	return r;
}

static bool is_absence(const char *name)
{
	return strcmp(name, SD_BUS_ERROR_SERVICE_UNKNOWN) == 0 ||
	       strcmp(name, SD_BUS_ERROR_NAME_HAS_NO_OWNER) == 0 ||
	       strcmp(name, SD_BUS_ERROR_DISCONNECTED) == 0 ||
	       strncmp(name, SPAWN_ERRORS, strlen(SPAWN_ERRORS)) == 0;
}

enum polkit_verdict polkit_verdict(sd_bus_message *answer, const char **ret_text)
{
	const sd_bus_error *error = sd_bus_message_get_error(answer);
	int authorized, challenge;

	*ret_text = "";
	if (error) {
		*ret_text = error->message ? error->message : error->name;
		return is_absence(error->name) ? POLKIT_ABSENT : POLKIT_FAILED;
	}
	if (sd_bus_message_enter_container(answer, 'r', "bba{ss}") <= 0 ||
	    sd_bus_message_read(answer, "bb", &authorized, &challenge) <= 0) {
		*ret_text = "its answer cannot be read";
		return POLKIT_FAILED;
	}
	if (authorized)
		return POLKIT_ALLOWED;
	return challenge ? POLKIT_CHALLENGE : POLKIT_DENIED;
}
