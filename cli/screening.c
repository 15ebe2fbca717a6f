// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/screening.h"
#include "cli/text.h"

/* What can be answered, for the prompt. */
static const char *allowed(json_object *question, char *buf, size_t size)
{
	json_object *choices = json_get(question, "choices");
	size_t used = 0, n = json_object_is_type(choices, json_type_array)
				     ? json_object_array_length(choices)
				     : 0;

	if (strcmp(json_string(question, "ask"), "note") != 0)
		return "yes/no";
	buf[0] = '\0';
	for (size_t i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(
			buf + used, size - used, "%s%s", i ? "/" : "",
			json_object_get_string(json_object_array_get_idx(choices, i)));
	return n ? buf : "in words";
}

static bool is_choice(json_object *choices, const char *answer)
{
	size_t n = json_object_is_type(choices, json_type_array) ? json_object_array_length(choices)
								 : 0;

	for (size_t i = 0; i < n; i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(choices, i)), answer) ==
		    0)
			return true;
	return n == 0;
}

static bool fits(json_object *question, const char *answer)
{
	if (!*answer || !text_valid(answer, strlen(answer)))
		return false;
	if (strcmp(json_string(question, "ask"), "note") != 0)
		return strcmp(answer, "yes") == 0 || strcmp(answer, "no") == 0;
	return is_choice(json_get(question, "choices"), answer);
}

static enum cli_exit none_begun(struct cli *cli)
{
	return cli_fail(cli, CLI_FAILED, "Screening", "begin again, or give --screening FILE",
			"the answers ended before the questions; no session was begun");
}

/* One line a question, again until it is an answer. */
static enum cli_exit ask_one(struct cli *cli, json_object *question, FILE *in, FILE *out)
{
	const char *ask = json_string(question, "ask"), *clear = json_string(question, "clear");
	/* Where somebody sees it, and in a file that takes the session's id only if need be. */
	FILE *shown = isatty(STDOUT_FILENO) ? stdout : stderr;
	_cleanup_free_ char *line = NULL;
	char choices[256];
	size_t size = 0;

	for (;;) {
		fprintf(shown, "%s [%s] ", json_string(question, "text"),
			allowed(question, choices, sizeof(choices)));
		fflush(shown);
		if (getline(&line, &size, in) < 0)
			return none_begun(cli);
		line[strcspn(line, "\r\n")] = '\0';
		if (fits(question, line))
			break;
	}
	fprintf(out, "%s = %s\n", json_string(question, "name"), line);
	/* Better said now than after twenty more questions. */
	if (strcmp(ask, "block") == 0 && strcmp(line, clear) != 0)
		return cli_fail(cli, CLI_FAILED, "Screening",
				"do not treat this client now; nobody can sign for it",
				"question '%s' is answered '%s': no session was begun",
				json_string(question, "name"), line);
	return CLI_DONE;
}

static json_object *checklist_of(const struct objects *objects, const char *profile,
				 const char *serial)
{
	for (size_t i = 0; (!profile || !*profile) && i < objects->n_pens; i++)
		if (strcmp(objects->pens[i].serial, serial) == 0)
			profile = objects->pens[i].profile;
	for (size_t i = 0; profile && i < objects->n_profiles; i++)
		if (strcmp(objects->profiles[i].name, profile) == 0)
			return json_get(objects->profiles[i].properties, "Checklist");
	return NULL; /* BeginSession says that there is none of that name */
}

enum cli_exit screening_ask(struct cli *cli, const char *profile, const char *serial, FILE *in,
			    char **ret)
{
	_cleanup_objects_ struct objects objects = {0};
	enum cli_exit code = objects_fetch(cli, &objects);
	json_object *checklist;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (code != CLI_DONE)
		return code;
	checklist = checklist_of(&objects, profile, serial);
	if (!json_object_is_type(checklist, json_type_array) ||
	    json_object_array_length(checklist) == 0)
		return CLI_DONE;
	out = open_memstream(&text, &size);
	if (!out)
		return cli_no_memory(cli);
	for (size_t i = 0; code == CLI_DONE && i < json_object_array_length(checklist); i++)
		code = ask_one(cli, json_object_array_get_idx(checklist, i), in, out);
	if (fclose(out) != 0 && code == CLI_DONE)
		code = cli_no_memory(cli);
	if (code != CLI_DONE) {
		free(text);
		return code;
	}
	*ret = text;
	return CLI_DONE;
}
