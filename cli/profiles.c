// SPDX-License-Identifier: GPL-2.0-only
/* Profiles as text and as JSON. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/pager.h"
#include "cli/profiles.h"
#include "cli/values.h"

/* "MaxRunTimeMs" → "max_run_time_ms": JSON has one spelling for all keys. */
static char *snake_case(const char *name, char *buf, size_t size)
{
	size_t used = 0;

	for (; *name && used + 2 < size; name++) {
		if (isupper((unsigned char)*name) && used > 0)
			buf[used++] = '_';
		buf[used++] = (char)tolower((unsigned char)*name);
	}
	buf[used] = '\0';
	return buf;
}

static json_object *areas_json(json_object *areas)
{
	json_object *o = json_object_new_object();

	if (!json_object_is_type(areas, json_type_object))
		return o;
	json_object_object_foreach(areas, name, area)
	{
		json_object_object_add(o, name, json_given(area, true));
	}
	return o;
}

/* 0 and "" stand for "not given", by org.mnpen1.Profile. */
json_object *profiles_json(const struct profile *profile)
{
	json_object *o = json_object_new_object(), *given;
	char key[64];

	json_object_object_foreach(profile->properties, name, value)
	{
		json_object *is =
			strcmp(name, "Areas") == 0 ? areas_json(value) : json_object_get(value);

		json_object_object_add(o, snake_case(name, key, sizeof(key)), is);
	}
	given = json_given(o, true);
	json_object_put(o);
	return given;
}

static size_t count_areas(const struct profile *profile)
{
	json_object *areas = json_get(profile->properties, "Areas");

	return json_object_is_type(areas, json_type_object)
		       ? (size_t)json_object_object_length(areas)
		       : 0;
}

static void print_json_list(const struct objects *objects)
{
	_cleanup_json_ json_object *document = json_document();
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < objects->n_profiles; i++)
		json_object_array_add(list, profiles_json(&objects->profiles[i]));
	json_object_object_add(document, "profiles", list);
	json_print(document);
}

enum cli_exit profiles_print(struct cli *cli, const struct objects *objects)
{
	static const char *const headings[] = {"NAME",	  "TITLE",	">AREAS",
					       "ENABLED", "INDICATION", NULL};
	_cleanup_table_ struct table *table = NULL;

	if (cli->json) {
		print_json_list(objects);
		return CLI_DONE;
	}
	if (objects->n_profiles == 0) {
		cli_say(cli, "there are no profiles");
		return CLI_DONE;
	}
	pager_open(cli);
	table = table_new(headings);
	for (size_t i = 0; i < objects->n_profiles; i++) {
		const struct profile *profile = &objects->profiles[i];
		char areas[32];

		snprintf(areas, sizeof(areas), "%zu", count_areas(profile));
		table_row(table, profile->name, json_string(profile->properties, "Title"), areas,
			  json_flag(profile->properties, "Enabled") ? "yes" : "no",
			  json_string(profile->properties, "Indication"));
	}
	return table_print(table) < 0 ? cli_no_memory(cli) : CLI_DONE;
}

/* As rpm alone: the three speeds of an area with their Hz as well are wider than a screen. */
static const char *given_speed(const char *key, json_object *area, char *buf)
{
	if (!json_u64(area, key))
		return "-";
	snprintf(buf, VALUE_SIZE, "%" PRIu64 " rpm", json_u64(area, key));
	return buf;
}

/* 0 stands for "not given", by org.mnpen1.Profile. */
static const char *given(const char *key, json_object *area, char *buf)
{
	return json_u64(area, key) ? value_text(key, json_get(area, key), buf, VALUE_SIZE) : "-";
}

static int print_areas(json_object *areas)
{
	static const char *const headings[] = {"AREA",	     ">DEPTH",	   ">MAX DEPTH", ">SPEED",
					       ">MIN SPEED", ">MAX SPEED", NULL};
	_cleanup_table_ struct table *table = table_new(headings);
	_cleanup_table_ struct table *sources = table_sheet();

	if (!json_object_is_type(areas, json_type_object))
		return 0;
	json_object_object_foreach(areas, name, area)
	{
		char depth[VALUE_SIZE], max_depth[VALUE_SIZE], speed[VALUE_SIZE],
			min_speed[VALUE_SIZE], max_speed[VALUE_SIZE];

		table_row(table, name, given("depth_um", area, depth),
			  given("max_depth_um", area, max_depth),
			  given_speed("speed_rpm", area, speed),
			  given_speed("min_speed_rpm", area, min_speed),
			  given_speed("max_speed_rpm", area, max_speed));
		table_pair(sources, name, "%s", json_string(area, "source"));
	}
	puts("");
	if (table_print(table) < 0)
		return -ENOMEM;
	puts("\nSources of the areas");
	return table_print(sources);
}

static int print_checklist(json_object *checklist)
{
	static const char *const headings[] = {"QUESTION", "ASK", "CLEAR", "TEXT", NULL};
	_cleanup_table_ struct table *table = table_new(headings);

	if (!json_object_is_type(checklist, json_type_array) ||
	    json_object_array_length(checklist) == 0)
		return 0;
	puts("\nScreening");
	for (size_t i = 0; i < json_object_array_length(checklist); i++) {
		json_object *question = json_object_array_get_idx(checklist, i);

		table_row(table, json_string(question, "name"), json_string(question, "ask"),
			  json_string(question, "clear"), json_string(question, "text"));
	}
	return table_print(table);
}

static void add_range(struct table *sheet, const char *name, uint32_t min, uint32_t max,
		      const char *unit)
{
	if (min && max && min != max)
		table_pair(sheet, name, "%u to %u%s", min, max, unit);
	else if (min || max)
		table_pair(sheet, name, "%u%s", max ? max : min, unit);
}

static void add_text(struct table *sheet, const char *name, const char *text)
{
	if (*text)
		table_pair(sheet, name, "%s", text);
}

static void add_time(struct table *sheet, const char *name, uint64_t ms)
{
	char text[VALUE_SIZE];

	table_pair(sheet, name, "%s", ms ? value_time(ms, text) : "the station's");
}

enum cli_exit profiles_print_one(struct cli *cli, const struct profile *profile)
{
	_cleanup_json_ json_object *document = NULL;
	_cleanup_table_ struct table *sheet = NULL;
	json_object *p = profile->properties;

	if (cli->json) {
		document = json_document();
		json_object_object_add(document, "profile", profiles_json(profile));
		json_print(document);
		return CLI_DONE;
	}
	pager_open(cli);
	sheet = table_sheet();
	table_pair(sheet, "Name", "%s", profile->name);
	add_text(sheet, "Title", json_string(p, "Title"));
	add_text(sheet, "Indication", json_string(p, "Indication"));
	table_pair(sheet, "Enabled", "%s", json_flag(p, "Enabled") ? "yes" : "no");
	add_text(sheet, "Source", json_string(p, "Source"));
	add_time(sheet, "Motor time", json_u64(p, "MaxRunTimeMs"));
	add_time(sheet, "Session time", json_u64(p, "MaxSessionTimeMs"));
	add_text(sheet, "Pedal", json_string(p, "Pedal"));
	add_range(sheet, "Sessions", json_u32(p, "SessionsMin"), json_u32(p, "SessionsMax"), "");
	add_range(sheet, "Interval", json_u32(p, "MinIntervalDays"), json_u32(p, "MaxIntervalDays"),
		  " days");
	add_text(sheet, "Screening", json_string(p, "Screening"));
	add_text(sheet, "File", json_string(p, "Path"));
	add_text(sheet, "Digest", json_string(p, "Digest"));
	if (table_print(sheet) < 0 || print_areas(json_get(p, "Areas")) < 0 ||
	    print_checklist(json_get(p, "Checklist")) < 0)
		return cli_no_memory(cli);
	return CLI_DONE;
}
