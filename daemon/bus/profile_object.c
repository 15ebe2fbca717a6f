// SPDX-License-Identifier: GPL-2.0-only
/* /org/mnpen1/profiles/NAME: every key of a profile that was read without an error. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bus/parts.h"

/* A property that is one value of the struct conf_profile, which is const and stays so. */
#define SIMPLE_GETTER(name, type, value)                                                           \
	GETTER(name)                                                                               \
	{                                                                                          \
		const struct conf_profile *profile = userdata;                                     \
                                                                                                   \
		return sd_bus_message_append(reply, type, value);                                  \
	}

SIMPLE_GETTER(get_name, "s", profile->name)
SIMPLE_GETTER(get_title, "s", profile->title)
SIMPLE_GETTER(get_indication, "s", profile->indication)
SIMPLE_GETTER(get_source, "s", profile->source)
SIMPLE_GETTER(get_enabled, "b", (int)profile->enabled)
SIMPLE_GETTER(get_max_run, "u", profile->max_run_ms)
SIMPLE_GETTER(get_max_session, "u", profile->max_session_ms)
SIMPLE_GETTER(get_pedal, "s", profile->has_pedal ? conf_pedal_name(profile->pedal) : "")
SIMPLE_GETTER(get_sessions_min, "u", profile->sessions_min)
SIMPLE_GETTER(get_sessions_max, "u", profile->sessions_max)
SIMPLE_GETTER(get_min_interval, "u", profile->min_interval_days)
SIMPLE_GETTER(get_max_interval, "u", profile->max_interval_days)
SIMPLE_GETTER(get_screening, "s", profile->screening)
SIMPLE_GETTER(get_path, "s", profile->path)

GETTER(get_digest)
{
	const struct conf_profile *profile = userdata;
	char text[2 * CONF_DIGEST_SIZE + 1];

	return sd_bus_message_append(reply, "s", hex_text(profile->digest, CONF_DIGEST_SIZE, text));
}

static int append_area(sd_bus_message *reply, const struct conf_area *area)
{
	const struct field fields[] = {
		FIELD_U("depth_um", area->depth_um),
		FIELD_U("max_depth_um", area->max_depth_um),
		FIELD_U("speed_rpm", area->speed_rpm),
		FIELD_U("min_speed_rpm", area->min_speed_rpm),
		FIELD_U("max_speed_rpm", area->max_speed_rpm),
		FIELD_U("density_warning_per_cm2", area->density_warning_per_cm2),
		FIELD_S("source", area->source),
	};
	int r = sd_bus_message_open_container(reply, 'e', "sa{sv}");

	if (r >= 0)
		r = append_text(reply, area->name);
	if (r >= 0)
		r = dict_fields(reply, fields, ELEMENTSOF(fields));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

GETTER(get_areas)
{
	const struct conf_profile *profile = userdata;
	int r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");

	for (size_t i = 0; r >= 0 && i < profile->n_areas; i++)
		r = append_area(reply, &profile->areas[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_words(sd_bus_message *reply, const char *key, char *const *words)
{
	int r = sd_bus_message_open_container(reply, 'e', "sv");

	if (r >= 0)
		r = sd_bus_message_append(reply, "s", key);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'v', "as");
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "s");
	for (size_t i = 0; r >= 0 && words[i]; i++)
		r = append_text(reply, words[i]);
	for (int i = 0; r >= 0 && i < 3; i++)
		r = sd_bus_message_close_container(reply);
	return r;
}

static int append_question(sd_bus_message *reply, const struct conf_question *question)
{
	int r = sd_bus_message_open_container(reply, 'a', "{sv}");

	if (r >= 0)
		r = dict_s(reply, "name", question->name);
	if (r >= 0)
		r = dict_s(reply, "text", question->text);
	if (r >= 0)
		r = dict_s(reply, "ask", conf_ask_name(question->ask));
	if (r >= 0 && question->ask != CONF_ASK_NOTE)
		r = dict_s(reply, "clear", question->clear_is_yes ? "yes" : "no");
	if (r >= 0)
		r = append_words(reply, "choices", question->choices);
	if (r >= 0 && question->warning)
		r = dict_s(reply, "warning", question->warning);
	if (r >= 0 && question->warning)
		r = append_words(reply, "warn_on", question->warn_on);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Without the checklist that a profile wants it is empty, and BeginSession refuses. */
GETTER(get_checklist)
{
	const struct conf_profile *profile = userdata;
	const struct conf_checklist *checklist = profile->checklist;
	int r = sd_bus_message_open_container(reply, 'a', "a{sv}");

	for (size_t i = 0; r >= 0 && checklist && i < checklist->n_questions; i++)
		r = append_question(reply, &checklist->questions[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

const sd_bus_vtable profile_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Name", "s", get_name, 0, EMITS),
	SD_BUS_PROPERTY("Title", "s", get_title, 0, EMITS),
	SD_BUS_PROPERTY("Indication", "s", get_indication, 0, EMITS),
	SD_BUS_PROPERTY("Source", "s", get_source, 0, EMITS),
	SD_BUS_PROPERTY("Enabled", "b", get_enabled, 0, EMITS),
	SD_BUS_PROPERTY("MaxRunTimeMs", "u", get_max_run, 0, EMITS),
	SD_BUS_PROPERTY("MaxSessionTimeMs", "u", get_max_session, 0, EMITS),
	SD_BUS_PROPERTY("Pedal", "s", get_pedal, 0, EMITS),
	SD_BUS_PROPERTY("SessionsMin", "u", get_sessions_min, 0, EMITS),
	SD_BUS_PROPERTY("SessionsMax", "u", get_sessions_max, 0, EMITS),
	SD_BUS_PROPERTY("MinIntervalDays", "u", get_min_interval, 0, EMITS),
	SD_BUS_PROPERTY("MaxIntervalDays", "u", get_max_interval, 0, EMITS),
	SD_BUS_PROPERTY("Screening", "s", get_screening, 0, EMITS),
	SD_BUS_PROPERTY("Checklist", "aa{sv}", get_checklist, 0, 0),
	SD_BUS_PROPERTY("Areas", "a{sa{sv}}", get_areas, 0, EMITS),
	SD_BUS_PROPERTY("Digest", "s", get_digest, 0, EMITS),
	SD_BUS_PROPERTY("Path", "s", get_path, 0, EMITS),
	SD_BUS_VTABLE_END,
};

static int find_profile(sd_bus *sd_bus, const char *path, const char *interface, void *userdata,
			void **ret, sd_bus_error *error)
{
	struct bus *bus = userdata;
	const struct conf_profile *profile = NULL;
	_cleanup_free_ char *name = NULL;

	if (strcmp(path, API_PROFILES) == 0)
		return 0;
	if (sd_bus_path_decode(path, API_PROFILES, &name) > 0)
		profile = conf_profile(station_conf(bus->station), name);
	if (!profile)
		return sd_bus_error_setf(error, API_ERROR("NoSuchProfile"),
					 "no profile at %s; 'mnpenctl profile list' shows those "
					 "there are",
					 path);
	/* sd-bus has no const; the getters read only. NOLINTNEXTLINE(performance-no-int-to-ptr) */
	*ret = (void *)(uintptr_t)profile;
	return 1;
}

static int list_profiles(sd_bus *sd_bus, const char *prefix, void *userdata, char ***ret,
			 sd_bus_error *error)
{
	struct bus *bus = userdata;
	struct conf *conf = station_conf(bus->station);
	size_t n_profiles = conf_n_profiles(conf), n = 0;
	char **paths;

	paths = calloc(n_profiles + 1, sizeof(*paths));
	for (size_t i = 0; paths && i < n_profiles; i++)
		if (sd_bus_path_encode(API_PROFILES, conf_profile_at(conf, i)->name, &paths[n]) >=
		    0)
			n++;
	*ret = paths;
	return paths ? 0 : -ENOMEM;
}

int profiles_export(struct bus *bus)
{
	int r = sd_bus_add_fallback_vtable(bus->bus, NULL, API_PROFILES, API_PROFILE,
					   profile_vtable, find_profile, bus);

	if (r >= 0)
		r = sd_bus_add_node_enumerator(bus->bus, NULL, API_PROFILES, list_profiles, bus);
	return r;
}
