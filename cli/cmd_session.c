// SPDX-License-Identifier: GPL-2.0-only
/* session begin, area, note, end. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/pens.h"
#include "cli/screening.h"
#include "cli/values.h"
#include "daemon/api/names.h"

static enum cli_exit unsendable(struct cli *cli, int error)
{
	return cli_fail(cli, CLI_FAILED, "Failed", NULL, "cannot write the call: %s",
			strerror(-error));
}

static int append_option(sd_bus_message *call, const char *key, const char *value)
{
	return value ? sd_bus_message_append(call, "{sv}", key, "s", value) : 0;
}

/* The options of BeginSession have the names that they have on the command line. */
static int append_options(sd_bus_message *call, const struct args *args, const char *screening)
{
	static const enum cli_option as_they_are[] = {OPT_AREA,	   OPT_AREA_SIZE, OPT_OPERATOR,
						      OPT_CONSENT, OPT_SIGN_OFF,  OPT_CARTRIDGE};
	int r = sd_bus_message_open_container(call, 'a', "{sv}");

	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(as_they_are); i++)
		r = append_option(call, option_text(as_they_are[i])->name,
				  args->value[as_they_are[i]]);
	if (r >= 0)
		r = append_option(call, "screening", screening);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static enum cli_exit begin(struct cli *cli, const struct args *args, const char *pen_path,
			   const char *client, const char *screening, sd_bus_message **ret_reply)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	const char *profile = args->value[OPT_PROFILE];
	enum cli_exit code = bus_prepare(cli, API_ROOT, API_MANAGER, "BeginSession", &call);
	int r;

	if (code != CLI_DONE)
		return code;
	r = sd_bus_message_append(call, "oss", pen_path, profile ? profile : "", client);
	if (r >= 0)
		r = append_options(call, args, screening);
	if (r < 0)
		return unsendable(cli, r);
	return bus_send(cli, call, BUS_TIMEOUT_ASK_USEC, ret_reply);
}

static void print_begun(const char *id, const char *serial)
{
	_cleanup_json_ json_object *document = json_document();
	json_object *session = json_object_new_object();

	json_add_string(session, "id", id);
	json_add_string(session, "pen", serial);
	json_object_object_add(document, "session", session);
	json_print(document);
}

/* On standard error: the id alone is for scripts. It has begun, whether this can be told or not. */
static void say_notices(struct cli *cli, const char *id)
{
	_cleanup_objects_ struct objects objects = {0};

	if (objects_fetch(cli, &objects) != CLI_DONE)
		return;
	for (size_t i = 0; i < objects.n_sessions; i++) {
		json_object *notices = json_get(objects.sessions[i].properties, "Notices");

		if (strcmp(objects.sessions[i].id, id) != 0 ||
		    !json_object_is_type(notices, json_type_array))
			continue;
		for (size_t k = 0; k < json_object_array_length(notices); k++)
			fprintf(stderr, "%s\n",
				json_object_get_string(json_object_array_get_idx(notices, k)));
	}
}

enum cli_exit cmd_session_begin(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *path = NULL, *serial = NULL, *client = NULL, *screening = NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *id;
	enum cli_exit code;

	code = file_read_secret(cli, "--client", args->value[OPT_CLIENT], &client);
	if (code == CLI_DONE && *client == '\0')
		code = cli_usage(cli, NULL, "--client must not be empty");
	if (code == CLI_DONE && args->value[OPT_SCREENING])
		code = file_read(cli, args->value[OPT_SCREENING], &screening);
	if (code == CLI_DONE)
		code = pens_path(cli, args->value[OPT_PEN], &path, &serial);
	/* Who reads a document, or has given the client through the same pipe, is not asked. */
	if (code == CLI_DONE && !screening && !cli->json && isatty(STDIN_FILENO))
		code = screening_ask(cli, args->value[OPT_PROFILE], serial, stdin, &screening);
	if (code == CLI_DONE)
		code = begin(cli, args, path, client, screening, &reply);
	if (code != CLI_DONE)
		return code;
	if (sd_bus_message_read(reply, "s", &id) < 0)
		return cli_fail(cli, CLI_FAILED, "Failed", CLI_NAME " status shows it",
				"the session has begun, but mnpend's answer cannot be read");
	if (cli->json)
		print_begun(id, serial);
	cli_say(cli, "%s", id);
	if (!cli->json)
		say_notices(cli, id);
	return CLI_DONE;
}

static enum cli_exit set_area(struct cli *cli, const char *path, const struct args *args)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	enum cli_exit code = bus_prepare(cli, path, API_SESSION, "SetArea", &call);
	int r;

	if (code != CLI_DONE)
		return code;
	r = sd_bus_message_append(call, "s", args->operands[0]);
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'a', "{sv}");
	if (r >= 0)
		r = append_option(call, option_text(OPT_AREA_SIZE)->name,
				  args->value[OPT_AREA_SIZE]);
	if (r >= 0)
		r = append_option(call, option_text(OPT_SIGN_OFF)->name, args->value[OPT_SIGN_OFF]);
	if (r >= 0)
		r = sd_bus_message_close_container(call);
	if (r < 0)
		return unsendable(cli, r);
	return bus_send(cli, call, BUS_TIMEOUT_ASK_USEC, NULL);
}

/* A target goes when the new area allows less depth: better said than found out at the next arm. */
static enum cli_exit say_area(struct cli *cli, const char *id, const char *area)
{
	_cleanup_objects_ struct objects objects = {0};
	char depth[VALUE_SIZE], speed[VALUE_SIZE];
	enum cli_exit code = objects_fetch(cli, &objects);
	const struct pen *pen = NULL;

	if (code != CLI_DONE)
		return code;
	for (size_t i = 0; i < objects.n_pens; i++)
		if (strcmp(objects.pens[i].session_id, id) == 0)
			pen = &objects.pens[i];
	if (!pen)
		cli_say(cli, "%s: area %s", id, area);
	else if (pen->target_depth_um)
		cli_say(cli, "%s: area %s; the pen is disarmed, its target is still %s, %s", id,
			area, value_depth(pen->target_depth_um, depth),
			value_speed(pen->target_speed_rpm, speed));
	else
		cli_say(cli,
			"%s: area %s; the pen is disarmed and has no target, set one: " CLI_NAME
			" target --depth DEPTH --speed SPEED",
			id, area);
	return CLI_DONE;
}

enum cli_exit cmd_session_area(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *path = NULL, *id = NULL;
	enum cli_exit code = pens_session(cli, args->value[OPT_SESSION], &path, &id);

	if (code == CLI_DONE)
		code = set_area(cli, path, args);
	if (code != CLI_DONE)
		return code;
	if (!cli->json)
		return say_area(cli, id, args->operands[0]);
	cli_done_with(cli, "session", id, "%s", id);
	return CLI_DONE;
}

enum cli_exit cmd_session_note(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *path = NULL, *id = NULL;
	enum cli_exit code = pens_session(cli, args->value[OPT_SESSION], &path, &id);

	if (code == CLI_DONE)
		code = bus_call(cli, NULL, path, API_SESSION, "AddNote", "ss", args->operands[0],
				args->operands[1]);
	if (code == CLI_DONE)
		cli_done_with(cli, "session", id, "%s: the note is recorded", id);
	return code;
}

enum cli_exit cmd_session_end(struct cli *cli, const struct args *args)
{
	const char *outcome = args->value[OPT_OUTCOME] ? args->value[OPT_OUTCOME] : "completed";
	_cleanup_free_ char *path = NULL, *id = NULL;
	enum cli_exit code = pens_session(cli, args->value[OPT_SESSION], &path, &id);

	if (code == CLI_DONE)
		code = bus_call(cli, NULL, path, API_SESSION, "End", "s", outcome);
	if (code == CLI_DONE)
		cli_done_with(cli, "session", id, "%s has ended: %s", id, outcome);
	return code;
}
