// SPDX-License-Identifier: GPL-2.0-only
/* Completion: the words that only the daemon knows. What it does not tell is not proposed. */
#include <stdio.h>
#include <string.h>

#include "cli/alarms.h"
#include "cli/bus.h"
#include "cli/complete.h"
#include "cli/pens.h"
#include "daemon/api/names.h"

#define RECENT 20 /* recorded sessions that are proposed */

static void print_choices(const struct completion *c, const char *choices)
{
	_cleanup_free_ char *copy = strdup(choices);
	char *state = NULL;

	for (char *word = copy ? strtok_r(copy, "|", &state) : NULL; word;
	     word = strtok_r(NULL, "|", &state))
		complete_candidate(c, word);
}

static json_object *areas_of(const struct objects *objects, const char *profile)
{
	for (size_t i = 0; i < objects->n_profiles; i++)
		if (strcmp(objects->profiles[i].name, profile) == 0)
			return json_get(objects->profiles[i].properties, "Areas");
	return NULL;
}

static void print_areas_of(const struct completion *c, const struct objects *objects,
			   const char *profile)
{
	json_object *areas = areas_of(objects, profile);

	if (!json_object_is_type(areas, json_type_object))
		return;
	json_object_object_foreach(areas, name, area)
	{
		(void)area;
		complete_candidate(c, name);
	}
}

/* Whether @name was not chosen with @option; nothing chosen is anything. */
static bool other_than(const struct completion *c, enum cli_option option, const char *name)
{
	return c->value[option] && strcmp(c->value[option], name) != 0;
}

/* Of the profile that is named; else of what the open session or the pen has. The shell takes
 * doubles away. */
static void print_areas(const struct completion *c, const struct objects *objects)
{
	if (c->value[OPT_PROFILE]) {
		print_areas_of(c, objects, c->value[OPT_PROFILE]);
		return;
	}
	if (c->command->options & OPT_BIT(OPT_SESSION)) {
		for (size_t i = 0; i < objects->n_sessions; i++)
			if (!other_than(c, OPT_SESSION, objects->sessions[i].id))
				print_areas_of(c, objects, objects->sessions[i].profile);
		return;
	}
	for (size_t i = 0; i < objects->n_pens; i++)
		if (!other_than(c, OPT_PEN, objects->pens[i].serial))
			print_areas_of(c, objects, objects->pens[i].profile);
}

static void print_objects(const struct completion *c, enum word_kind kind)
{
	_cleanup_objects_ struct objects objects = {0};

	if (objects_fetch(c->cli, &objects) != CLI_DONE)
		return;
	if (kind == WORD_AREA)
		print_areas(c, &objects);
	for (size_t i = 0; kind == WORD_PEN && i < objects.n_pens; i++)
		complete_candidate(c, objects.pens[i].serial);
	for (size_t i = 0; kind == WORD_PROFILE && i < objects.n_profiles; i++)
		complete_candidate(c, objects.profiles[i].name);
	for (size_t i = 0; kind == WORD_OPEN_SESSION && i < objects.n_sessions; i++)
		complete_candidate(c, objects.sessions[i].id);
}

static void print_alarms(const struct completion *c)
{
	_cleanup_json_ json_object *manager = NULL;
	json_object *alarms;

	if (bus_get_all(c->cli, API_ROOT, API_MANAGER, &manager) != CLI_DONE)
		return;
	alarms = json_get(manager, "Alarms");
	for (size_t i = 0; i < alarms_count(alarms); i++)
		complete_candidate(c, json_string(json_object_array_get_idx(alarms, i), "id"));
}

/* The newest, for those whom polkit lets read records without a question. */
static void print_sessions(const struct completion *c)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_json_ json_object *rows = NULL;

	if (bus_call(c->cli, &reply, API_ROOT, API_MANAGER, "ListSessions", "a{sv}su", 0, "",
		     (uint32_t)RECENT) != CLI_DONE ||
	    json_from_bus(reply, &rows) < 0)
		return;
	for (size_t i = 0; i < json_object_array_length(rows); i++)
		complete_candidate(c, json_string(json_object_array_get_idx(rows, i), "id"));
}

void complete_values(const struct completion *c, enum word_kind kind, const char *word)
{
	/* ssh could ask for a password */
	bool local = !c->cli->host;

	switch (kind) {
	case WORD_UNKNOWN:
	case WORD_FREE:
		break;
	case WORD_PEN:
	case WORD_PROFILE:
	case WORD_AREA:
	case WORD_OPEN_SESSION:
		if (local)
			print_objects(c, kind);
		break;
	case WORD_SESSION:
		if (local)
			print_sessions(c);
		break;
	case WORD_ALARM:
		if (local)
			print_alarms(c);
		break;
	case WORD_FILE:
		puts(":file");
		break;
	case WORD_CHOICE:
		print_choices(c, word);
		break;
	}
}
