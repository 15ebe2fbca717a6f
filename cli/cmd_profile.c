// SPDX-License-Identifier: GPL-2.0-only
/* profile list, show, set, add, remove, check. */
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/pens.h"
#include "cli/profiles.h"
#include "daemon/api/names.h"

enum cli_exit cmd_profile_set(struct cli *cli, const struct args *args)
{
	const char *name = args->operands[args->n_operands - 1];
	_cleanup_free_ char *path = NULL, *serial = NULL;
	enum cli_exit code =
		pens_path(cli, args->n_operands == 2 ? args->operands[0] : NULL, &path, &serial);

	if (code == CLI_DONE)
		code = bus_call(cli, NULL, path, API_PEN, "SetProfile", "s", name);
	if (code == CLI_DONE)
		cli_done(cli, "%s: profile %s", serial, name);
	return code;
}

/* "dir/acne-scars.conf" → "acne-scars" */
static char *name_of_file(const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t len = strlen(base);

	if (len > 5 && strcmp(base + len - 5, ".conf") == 0)
		len -= 5;
	return strndup(base, len);
}

enum cli_exit cmd_profile_add(struct cli *cli, const struct args *args)
{
	_cleanup_free_ char *text = NULL, *name = name_of_file(args->operands[0]);
	enum cli_exit code;

	if (!name)
		return cli_no_memory(cli);
	code = file_read(cli, args->operands[0], &text);
	if (code == CLI_DONE)
		code = bus_call(cli, NULL, API_ROOT, API_MANAGER, "AddProfile", "ss", name, text);
	if (code == CLI_DONE)
		cli_done(cli, "profile %s is added", name);
	return code;
}

enum cli_exit cmd_profile_remove(struct cli *cli, const struct args *args)
{
	enum cli_exit code =
		bus_call(cli, NULL, API_ROOT, API_MANAGER, "RemoveProfile", "s", args->operands[0]);

	if (code == CLI_DONE)
		cli_done(cli, "profile %s is removed", args->operands[0]);
	return code;
}

/* The daemon knows the text as "profile"; the user knows it by its file. */
static void say_error(const struct cli *cli, const char *file, const char *error)
{
	const char *prefix = "profile:";

	if (strncmp(error, prefix, strlen(prefix)) == 0)
		cli_say(cli, "%s:%s", file, error + strlen(prefix));
	else
		cli_say(cli, "%s: %s", file, error);
}

enum cli_exit cmd_profile_check(struct cli *cli, const struct args *args)
{
	_cleanup_json_ json_object *errors = NULL, *document = NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_free_ char *text = NULL;
	const char *file = args->operands[0];
	enum cli_exit code = file_read(cli, file, &text);
	size_t n;

	if (code == CLI_DONE)
		code = bus_call(cli, &reply, API_ROOT, API_MANAGER, "CheckProfile", "s", text);
	if (code != CLI_DONE)
		return code;
	if (json_from_bus(reply, &errors) < 0)
		return cli_no_memory(cli);
	n = json_object_array_length(errors);
	for (size_t i = 0; i < n; i++)
		say_error(cli, file, json_object_get_string(json_object_array_get_idx(errors, i)));
	if (n == 0)
		cli_say(cli, "%s: no errors", file);
	if (cli->json) {
		document = json_document();
		json_add_string(document, "file", file);
		json_add_bool(document, "valid", n == 0);
		json_object_object_add(document, "errors", TAKE_PTR(errors));
		json_print(document);
	}
	return n == 0 ? CLI_DONE : CLI_FAILED;
}

enum cli_exit cmd_profile_list(struct cli *cli, const struct args *args)
{
	_cleanup_objects_ struct objects objects = {0};
	enum cli_exit code = objects_fetch(cli, &objects);

	if (code != CLI_DONE)
		return code;
	return profiles_print(cli, &objects);
}

enum cli_exit cmd_profile_show(struct cli *cli, const struct args *args)
{
	_cleanup_objects_ struct objects objects = {0};
	enum cli_exit code = objects_fetch(cli, &objects);

	if (code != CLI_DONE)
		return code;
	for (size_t i = 0; i < objects.n_profiles; i++)
		if (strcmp(objects.profiles[i].name, args->operands[0]) == 0)
			return profiles_print_one(cli, &objects.profiles[i]);
	return cli_fail(cli, CLI_NOT_FOUND, "NoSuchProfile",
			CLI_NAME " profile list shows the profiles", "there is no profile %s",
			args->operands[0]);
}
