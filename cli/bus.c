// SPDX-License-Identifier: GPL-2.0-only
/* Connection, calls, errors. */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cli/bus.h"
#include "daemon/api/names.h"

#define START_HINT "start it: systemctl start mnpend"
#define HANG_HINT                                                                                  \
	"the daemon ended or hangs: journalctl -u mnpend; a pen stops by itself without it"
#define FREEDESKTOP "org.freedesktop.DBus.Error."

/* How an error ends the program, and the way out. Names without our prefix are the bus's. */
static const struct {
	const char *name;
	enum cli_exit code;
	const char *hint;
} errors[] = {
	{API_ERROR("NotAuthorized"), CLI_DENIED,
	 "the station's administrator grants this right by polkit; see docs: org.mnpen1(5)"},
	{API_ERROR("NoSuchPen"), CLI_NOT_FOUND,
	 CLI_NAME " pens lists the pens that are plugged in"},
	{API_ERROR("NoSuchProfile"), CLI_NOT_FOUND, CLI_NAME " profile list shows the profiles"},
	{API_ERROR("NoSuchSession"), CLI_NOT_FOUND, CLI_NAME " session list shows the sessions"},
	{API_ERROR("Busy"), CLI_FAILED, CLI_NAME " status shows what is going on"},
	{API_ERROR("Limit"), CLI_FAILED,
	 CLI_NAME " status shows each limit and where it comes from"},
	{API_ERROR("Interlock"), CLI_FAILED, CLI_NAME " status shows everything that is missing"},
	{API_ERROR("Fault"), CLI_FAILED, "remove the cause, then " CLI_NAME " clear-fault"},
	{API_ERROR("InvalidArgument"), CLI_FAILED, NULL},
	{API_ERROR("CartridgeUsed"), CLI_FAILED,
	 "put in a new cartridge: one client, one cartridge"},
	{API_ERROR("Screening"), CLI_FAILED, NULL},
	{API_ERROR("TooSoon"), CLI_FAILED, NULL},
	{API_ERROR("Store"), CLI_FAILED, CLI_NAME " status shows the state of the records"},
	{API_ERROR("Unconfirmed"), CLI_FAILED,
	 "treat the pen as running: take it off the skin, release the trigger, stop again"},
	{API_ERROR("Disconnected"), CLI_FAILED, "plug the pen in again; it comes back disarmed"},
	{FREEDESKTOP "NotSupported", CLI_FAILED, "a later version of mnpend will have it"},
	{FREEDESKTOP "ServiceUnknown", CLI_NO_DAEMON, START_HINT},
	{FREEDESKTOP "NameHasNoOwner", CLI_NO_DAEMON, START_HINT},
	{FREEDESKTOP "AccessDenied", CLI_DENIED, "the bus's own policy forbids it"},
	{FREEDESKTOP "AuthFailed", CLI_DENIED, NULL},
	{FREEDESKTOP "InteractiveAuthorizationRequired", CLI_DENIED,
	 "no polkit agent is there to ask you; try a graphical session or pkttyagent"},
	{FREEDESKTOP "NoReply", CLI_FAILED, HANG_HINT},
	{FREEDESKTOP "Timeout", CLI_FAILED, HANG_HINT},
};

enum cli_exit bus_exit_code(const char *name)
{
	for (size_t i = 0; i < ELEMENTSOF(errors); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].code;
	if (strncmp(name, FREEDESKTOP "Spawn.", strlen(FREEDESKTOP "Spawn.")) == 0)
		return CLI_NO_DAEMON;
	return CLI_FAILED;
}

/* What is against something of the whole station stands in no pen's status. */
static const char *hint_of(const char *name, const char *path)
{
	if (strcmp(name, API_ERROR("Interlock")) == 0 && strcmp(path, API_ROOT) == 0)
		return NULL;
	for (size_t i = 0; i < ELEMENTSOF(errors); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].hint;
	return bus_exit_code(name) == CLI_NO_DAEMON ? START_HINT : NULL;
}

/* A path without an object means that the thing it stands for is not there (any more). */
static const char *name_of_missing(const char *path)
{
	if (strncmp(path, API_PENS "/", strlen(API_PENS "/")) == 0)
		return API_ERROR("NoSuchPen");
	if (strncmp(path, API_PROFILES "/", strlen(API_PROFILES "/")) == 0)
		return API_ERROR("NoSuchProfile");
	if (strncmp(path, API_SESSIONS "/", strlen(API_SESSIONS "/")) == 0)
		return API_ERROR("NoSuchSession");
	return NULL;
}

static enum cli_exit fail_missing(const struct cli *cli, const char *name, const char *path)
{
	const char *kind = strcmp(name, API_ERROR("NoSuchPen")) == 0	   ? "pen"
			   : strcmp(name, API_ERROR("NoSuchProfile")) == 0 ? "profile"
									   : "open session";
	const char *element = strrchr(path, '/') + 1;
	_cleanup_free_ char *decoded = NULL;
	_cleanup_free_ char *prefix = strndup(path, (size_t)(element - 1 - path));

	if (prefix && sd_bus_path_decode(path, prefix, &decoded) <= 0)
		decoded = NULL;
	return cli_fail(cli, CLI_NOT_FOUND, name + strlen(API_ERROR("")), hint_of(name, path),
			"there is no %s %s", kind, decoded ? decoded : element);
}

enum cli_exit bus_fail(const struct cli *cli, const sd_bus_error *error, const char *path)
{
	const char *name = error->name ? error->name : SD_BUS_ERROR_FAILED;
	const char *missing = name_of_missing(path);
	const char *message = error->message ? error->message : name;

	if (missing &&
	    (strcmp(name, missing) == 0 || strcmp(name, SD_BUS_ERROR_UNKNOWN_OBJECT) == 0 ||
	     strcmp(name, SD_BUS_ERROR_UNKNOWN_INTERFACE) == 0))
		return fail_missing(cli, missing, path);
	if (bus_exit_code(name) == CLI_NO_DAEMON)
		return cli_fail(cli, CLI_NO_DAEMON, "NoDaemon", START_HINT,
				"mnpend is not running: %s", message);
	return cli_fail(cli, bus_exit_code(name),
			strncmp(name, API_ERROR(""), strlen(API_ERROR(""))) == 0
				? name + strlen(API_ERROR(""))
				: name,
			hint_of(name, path), "%s", message);
}

enum cli_exit bus_connect(struct cli *cli)
{
	int r;

	if (cli->bus)
		return CLI_DONE;
	r = cli->host ? sd_bus_open_system_remote(&cli->bus, cli->host)
		      : sd_bus_open_system(&cli->bus);
	if (r >= 0)
		return CLI_DONE;
	if (r == -ENOENT || r == -ECONNREFUSED)
		return cli_fail(cli, CLI_NO_DAEMON, "NoDaemon",
				"start it: systemctl start dbus mnpend",
				"there is no system bus here: %s", strerror(-r));
	return cli_fail(cli, CLI_NO_DAEMON, "NoDaemon", START_HINT,
			"cannot connect to the system bus%s%s: %s", cli->host ? " of " : "",
			cli->host ? cli->host : "", strerror(-r));
}

void bus_disconnect(struct cli *cli)
{
	cli->bus = sd_bus_flush_close_unref(cli->bus);
}

/* An error before the message left, or of the connection itself. */
static enum cli_exit fail_local(const struct cli *cli, int error)
{
	if (error == -ECONNRESET || error == -ENOTCONN || error == -EPIPE)
		return cli_fail(cli, CLI_NO_DAEMON, "NoDaemon",
				cli->host ? "can ssh reach that machine, and does it run mnpend?"
					  : START_HINT,
				"the connection to the system bus ended: %s", strerror(-error));
	return cli_fail(cli, CLI_FAILED, "Failed", NULL, "the call failed: %s", strerror(-error));
}

enum cli_exit bus_prepare(struct cli *cli, const char *path, const char *interface,
			  const char *member, sd_bus_message **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	enum cli_exit code = bus_connect(cli);
	int r;

	if (code != CLI_DONE)
		return code;
	r = sd_bus_message_new_method_call(cli->bus, &call, API_BUS_NAME, path, interface, member);
	if (r >= 0)
		r = sd_bus_message_set_allow_interactive_authorization(call, !cli->unattended);
	if (r >= 0)
		r = sd_bus_message_set_auto_start(call, !cli->unattended);
	if (r < 0)
		return fail_local(cli, r);
	*ret = TAKE_PTR(call);
	return CLI_DONE;
}

enum cli_exit bus_send(struct cli *cli, sd_bus_message *call, uint64_t timeout_usec,
		       sd_bus_message **ret_reply)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call(cli->bus, call, timeout_usec, &error, ret_reply);

	if (r >= 0)
		return CLI_DONE;
	if (r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE || !sd_bus_error_is_set(&error))
		return fail_local(cli, r);
	return bus_fail(cli, &error, sd_bus_message_get_path(call));
}

enum cli_exit bus_call(struct cli *cli, sd_bus_message **ret_reply, const char *path,
		       const char *interface, const char *member, const char *types, ...)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	enum cli_exit code = bus_prepare(cli, path, interface, member, &call);
	va_list ap;
	int r;

	if (code != CLI_DONE)
		return code;
	va_start(ap, types);
	r = sd_bus_message_appendv(call, types, ap);
	va_end(ap);
	if (r < 0)
		return fail_local(cli, r);
	return bus_send(cli, call, BUS_TIMEOUT_ASK_USEC, ret_reply);
}

enum cli_exit bus_call_fast(struct cli *cli, const char *path, const char *interface,
			    const char *member)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	enum cli_exit code = bus_prepare(cli, path, interface, member, &call);

	return code == CLI_DONE ? bus_send(cli, call, BUS_TIMEOUT_USEC, NULL) : code;
}

enum cli_exit bus_get_all(struct cli *cli, const char *path, const char *interface,
			  json_object **ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	enum cli_exit code =
		bus_prepare(cli, path, "org.freedesktop.DBus.Properties", "GetAll", &call);
	int r;

	if (code != CLI_DONE)
		return code;
	r = sd_bus_message_append(call, "s", interface);
	if (r < 0)
		return fail_local(cli, r);
	code = bus_send(cli, call, BUS_TIMEOUT_USEC, &reply);
	if (code != CLI_DONE)
		return code;
	r = json_from_bus(reply, ret);
	return r < 0 ? fail_local(cli, r) : CLI_DONE;
}

enum cli_exit bus_path(struct cli *cli, const char *prefix, const char *name, char **ret)
{
	return sd_bus_path_encode(prefix, name, ret) < 0 ? cli_no_memory(cli) : CLI_DONE;
}

enum cli_exit bus_needs_fd(struct cli *cli)
{
	if (!cli->host)
		return CLI_DONE;
	return cli_usage(cli, "log in there and run it: ssh HOST " CLI_NAME " ...",
			 "this command needs the machine that the pen is plugged into, not -H");
}
