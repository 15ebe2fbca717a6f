// SPDX-License-Identifier: GPL-2.0-only
/* profile list, show, set, add, remove, check. */
#include <stdio.h>
#include <string.h>

#include "cli/bus.h"
#include "cli/commands.h"
#include "cli/files.h"
#include "cli/pens.h"
#include "cli/profiles.h"
#include "cli/text.h"
#include "daemon/api/names.h"

#define NAME_LEN_MAX 64
static const char BAD_NAME[] =
	"the file's name cannot be used; allowed: a letter or digit, then up to 63 letters, "
	"digits, '.', '_', '-', then .conf";

enum cli_exit cmd_profile_set(struct cli *cli, const struct args *args)
{
	const char *name = args->operands[args->n_operands - 1];
	_cleanup_free_ char *path = NULL, *serial = NULL;
	enum cli_exit code =
		pens_path(cli, args->n_operands == 2 ? args->operands[0] : NULL, &path, &serial);

	if (code == CLI_DONE)
		code = bus_call(cli, NULL, path, API_PEN, "SetProfile", "s", name);
	if (code == CLI_DONE)
		cli_done_with(cli, "pen", serial, "%s: profile %s", serial, name);
	return code;
}

/* By mnpen.profile(5): what is safe as a file's name and in an object's path. */
static bool name_valid(const char *name, size_t len)
{
	static const char inner[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return len > 0 && len <= NAME_LEN_MAX && strspn(name, inner) >= len &&
	       !strchr("._-", name[0]);
}

/* "dir/acne-scars.conf" → "acne-scars"; false when no profile can have that file. */
static bool name_of_file(const char *file, char name[NAME_LEN_MAX + 1])
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	size_t len = strlen(base);

	if (len < 5 || strcmp(base + len - 5, ".conf") != 0 || !name_valid(base, len - 5))
		return false;
	snprintf(name, NAME_LEN_MAX + 1, "%.*s", (int)(len - 5), base);
	return true;
}

/* A profile is named by its file, and standard input has no name. */
static enum cli_exit not_from_stdin(struct cli *cli, const char *file)
{
	if (strcmp(file, "-") != 0)
		return CLI_DONE;
	return cli_usage(cli, "write it to NAME.conf and give that file",
			 "a profile is not read from standard input");
}

enum cli_exit cmd_profile_add(struct cli *cli, const struct args *args)
{
	const char *file = args->operands[0];
	_cleanup_free_ char *text = NULL;
	char name[NAME_LEN_MAX + 1];
	enum cli_exit code = not_from_stdin(cli, file);

	if (code == CLI_DONE && !name_of_file(file, name))
		return cli_fail(cli, CLI_FAILED, "File", NULL, "%s:1: %s", file, BAD_NAME);
	if (code == CLI_DONE)
		code = file_read(cli, file, &text);
	if (code == CLI_DONE)
		code = bus_call(cli, NULL, API_ROOT, API_MANAGER, "AddProfile", "ss", name, text);
	if (code == CLI_DONE)
		cli_done_with(cli, "profile", name, "profile %s is added", name);
	return code;
}

enum cli_exit cmd_profile_remove(struct cli *cli, const struct args *args)
{
	enum cli_exit code =
		bus_call(cli, NULL, API_ROOT, API_MANAGER, "RemoveProfile", "s", args->operands[0]);

	if (code == CLI_DONE)
		cli_done_with(cli, "profile", args->operands[0], "profile %s is removed",
			      args->operands[0]);
	return code;
}

/* The daemon knows the text as "profile"; the user knows it by its file. */
static json_object *name_file(json_object *errors, const char *file)
{
	static const char prefix[] = "profile:";
	json_object *named = json_object_new_array();

	for (size_t i = 0; i < json_object_array_length(errors); i++) {
		const char *error = json_object_get_string(json_object_array_get_idx(errors, i));
		bool has_line = strncmp(error, prefix, strlen(prefix)) == 0;
		_cleanup_free_ char *text = NULL;

		if (asprintf(&text, "%s:%s%s", file, has_line ? "" : " ",
			     has_line ? error + strlen(prefix) : error) < 0)
			text = NULL;
		json_object_array_add(named, json_object_new_string(text ? text : error));
	}
	return named;
}

/* As the daemon's findings are: "profile:LINE: what". */
static void add_error(json_object *errors, unsigned int line, const char *what)
{
	_cleanup_free_ char *text = NULL;

	if (asprintf(&text, "profile:%u: %s", line, what) < 0)
		text = NULL;
	json_object_array_add(errors, json_object_new_string(text ? text : what));
}

/* What the daemon finds in @text, behind what is in @errors already. */
static enum cli_exit ask_daemon(struct cli *cli, const char *text, json_object *errors)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_json_ json_object *found = NULL;
	enum cli_exit code =
		bus_call(cli, &reply, API_ROOT, API_MANAGER, "CheckProfile", "s", text);

	if (code != CLI_DONE)
		return code;
	if (json_from_bus(reply, &found) < 0)
		return cli_no_memory(cli);
	for (size_t i = 0; i < json_object_array_length(found); i++)
		json_object_array_add(errors, json_object_get(json_object_array_get_idx(found, i)));
	return CLI_DONE;
}

/* Everything for which "profile add" would refuse the file. */
static enum cli_exit find_errors(struct cli *cli, const char *file, json_object *errors)
{
	_cleanup_free_ char *text = NULL;
	char name[NAME_LEN_MAX + 1];
	struct file_flaw flaw;
	enum cli_exit code = file_read_flawed(cli, file, &text, &flaw);

	if (code != CLI_DONE)
		return code;
	if (!name_of_file(file, name))
		add_error(errors, 1, BAD_NAME);
	if (!flaw.line)
		return ask_daemon(cli, text, errors);
	add_error(errors, flaw.line, flaw.what);
	return CLI_DONE;
}

enum cli_exit cmd_profile_check(struct cli *cli, const struct args *args)
{
	_cleanup_json_ json_object *found = json_object_new_array(), *errors = NULL,
				   *document = NULL;
	const char *file = args->operands[0];
	enum cli_exit code = not_from_stdin(cli, file);
	size_t n;

	if (code == CLI_DONE)
		code = find_errors(cli, file, found);
	if (code != CLI_DONE)
		return code;
	errors = name_file(found, file);
	n = json_object_array_length(errors);
	for (size_t i = 0; i < n; i++)
		cli_say(cli, "%s", json_object_get_string(json_object_array_get_idx(errors, i)));
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

static enum cli_exit no_profile(struct cli *cli, const struct objects *objects, const char *name)
{
	_cleanup_free_ const char **names = calloc(objects->n_profiles + 1, sizeof(*names));
	char hint[160] = CLI_NAME " profile list shows the profiles";
	const char *near = NULL;

	for (size_t i = 0; names && i < objects->n_profiles; i++)
		names[i] = objects->profiles[i].name;
	if (names)
		near = text_nearest(name, names, objects->n_profiles);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean %.64s?", near);
	return cli_fail(cli, CLI_NOT_FOUND, "NoSuchProfile", hint, "there is no profile %s", name);
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
	return no_profile(cli, &objects, args->operands[0]);
}
