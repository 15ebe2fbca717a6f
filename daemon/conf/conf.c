// SPDX-License-Identifier: GPL-2.0-only
/* A snapshot of the configuration: its life, and looking things up in it. */
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/parts.h"

struct conf *conf_ref(struct conf *conf)
{
	atomic_fetch_add(&conf->refs, 1);
	return conf;
}

struct conf *conf_unref(struct conf *conf)
{
	if (!conf || atomic_fetch_sub(&conf->refs, 1) > 1)
		return NULL;
	for (size_t i = 0; i < conf->n_profiles; i++)
		conf_profile_free(conf->profiles[i]);
	for (size_t i = 0; i < conf->n_devices; i++)
		conf_device_free(conf->devices[i]);
	for (size_t i = 0; i < conf->n_checklists; i++)
		conf_checklist_free(conf->checklists[i]);
	conf_station_clear(&conf->station);
	free(conf->checklists);
	free(conf->profiles);
	free(conf->devices);
	free(conf);
	return NULL;
}

const struct conf_station *conf_station(const struct conf *conf)
{
	return &conf->station;
}

bool conf_station_valid(const struct conf *conf)
{
	return conf->station_valid;
}

const struct conf_profile *conf_profile(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_profiles; i++)
		if (!strcmp(conf->profiles[i]->name, name))
			return conf->profiles[i];
	return NULL;
}

const struct conf_checklist *conf_checklist(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_checklists; i++)
		if (!strcmp(conf->checklists[i]->name, name))
			return conf->checklists[i];
	return NULL;
}

size_t conf_n_checklists(const struct conf *conf)
{
	return conf->n_checklists;
}

const struct conf_profile *conf_profile_at(const struct conf *conf, size_t index)
{
	return index < conf->n_profiles ? conf->profiles[index] : NULL;
}

bool conf_profile_same(const struct conf_profile *a, const struct conf_profile *b)
{
	if (!a || !b)
		return a == b;
	return memcmp(a->digest, b->digest, CONF_DIGEST_SIZE) == 0 && !strcmp(a->path, b->path);
}

const struct conf_area *conf_profile_area(const struct conf_profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_areas; i++)
		if (!strcmp(profile->areas[i].name, name))
			return &profile->areas[i];
	return NULL;
}

const struct conf_device *conf_device(const struct conf *conf, const char *model)
{
	for (size_t i = 0; i < conf->n_devices; i++)
		if (!strcmp(conf->devices[i]->model, model))
			return conf->devices[i];
	return NULL;
}

const struct conf_device *conf_device_at(const struct conf *conf, size_t index)
{
	return index < conf->n_devices ? conf->devices[index] : NULL;
}

size_t conf_n_profiles(const struct conf *conf)
{
	return conf->n_profiles;
}

size_t conf_n_devices(const struct conf *conf)
{
	return conf->n_devices;
}

int conf_check_profile(const char *name, const char *text, size_t len, struct conf_report *report)
{
	struct conf_profile *profile = NULL;
	int r = conf_profile_parse(&profile, name, name, text, len, report);

	conf_profile_free(profile);
	return r;
}

/* Not isalnum(): its answer depends on the locale. */
static bool name_char_valid(char c, bool first)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return !first && (c == '.' || c == '_' || c == '-');
}

bool conf_name_valid(const char *name)
{
	size_t len = 0;

	for (; name[len]; len++)
		if (len == CONF_NAME_MAX || !name_char_valid(name[len], len == 0))
			return false;
	return len > 0;
}
