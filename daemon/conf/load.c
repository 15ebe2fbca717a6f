// SPDX-License-Identifier: GPL-2.0-only
/* Reads the station's file, the profiles, the devices and the checklists into a new snapshot. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/conf/parts.h"
#include "daemon/conf/parse.h"
#include "driver/base/cleanup.h"

DEFINE_CLEANUP(struct conf *, conf_unref)

/* Takes a file's text into the snapshot; errors in it are reported and cost the file only. */
typedef int (*load_fn)(struct conf *conf, const struct conf_file *file, const char *text,
		       size_t len, struct conf_report *report);

static int read_station_file(struct conf *conf, const char *path, bool required,
			     struct conf_report *report)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = conf_file_read(path, &text, &len);

	if (r == -ENOENT && !required)
		return 0;
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return conf_file_complain(report, path, r);
	r = conf_station_parse(&conf->station, path, text, len, report);
	return r < 0 ? r : 0;
}

static int read_dropins(struct conf *conf, const char *config, struct conf_report *report)
{
	_cleanup_(conf_files_free) struct conf_files files = {0};
	_cleanup_free_ char *dir = NULL;
	int r;

	if (asprintf(&dir, "%s.d", config) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	r = conf_files_find(&files, (const char *const[]){dir}, 1, report);
	for (size_t i = 0; r >= 0 && i < files.n_files; i++)
		r = read_station_file(conf, files.files[i].path, true, report);
	return r;
}

/* Any error, also in a drop-in's name, may hide a limit: then nothing of the files counts. */
static int load_station(struct conf *conf, const struct conf_paths *paths,
			struct conf_report *report)
{
	size_t before = report->n_lines;
	int r;

	conf_station_defaults(&conf->station);
	r = read_station_file(conf, paths->config, paths->config_required, report);
	if (r >= 0)
		r = read_dropins(conf, paths->config, report);
	conf->station_valid = report->n_lines == before;
	if (!conf->station_valid)
		conf_station_defaults(&conf->station);
	return r;
}

static int load_profile(struct conf *conf, const struct conf_file *file, const char *text,
			size_t len, struct conf_report *report)
{
	struct conf_profile **larger = NULL;
	struct conf_profile *profile;
	int r = conf_profile_parse(&profile, file->name, file->path, text, len, report);

	if (r < 0)
		return r;
	if (!r)
		larger = reallocarray(conf->profiles, conf->n_profiles + 1, sizeof(*larger));
	if (!larger) {
		conf_profile_free(profile);
		return r ? 0 : -ENOMEM;
	}
	conf->profiles = larger;
	larger[conf->n_profiles++] = profile;
	return 0;
}

static int load_device(struct conf *conf, const struct conf_file *file, const char *text,
		       size_t len, struct conf_report *report)
{
	struct conf_device **larger = NULL;
	struct conf_device *device;
	int r = conf_device_parse(&device, file->path, text, len, report);

	if (r < 0)
		return r;
	if (!r)
		larger = reallocarray(conf->devices, conf->n_devices + 1, sizeof(*larger));
	if (!larger) {
		conf_device_free(device);
		return r ? 0 : -ENOMEM;
	}
	conf->devices = larger;
	larger[conf->n_devices++] = device;
	return 0;
}

static int load_checklist(struct conf *conf, const struct conf_file *file, const char *text,
			  size_t len, struct conf_report *report)
{
	struct conf_checklist **larger = NULL;
	struct conf_checklist *checklist;
	int r = conf_checklist_parse(&checklist, file->name, file->path, text, len, report);

	if (r < 0)
		return r;
	if (!r)
		larger = reallocarray(conf->checklists, conf->n_checklists + 1, sizeof(*larger));
	if (!larger) {
		conf_checklist_free(checklist);
		return r ? 0 : -ENOMEM;
	}
	conf->checklists = larger;
	larger[conf->n_checklists++] = checklist;
	return 0;
}

/* An empty file is there to mask another one, and is nothing by itself. */
static int load_file(struct conf *conf, const struct conf_file *file, load_fn load,
		     struct conf_report *report)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = conf_file_read(file->path, &text, &len);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return conf_file_complain(report, file->path, r);
	return len ? load(conf, file, text, len, report) : 0;
}

/*
 * Loads each file that is left after masking. None when a directory could not be read: it may
 * hold the mask of something that was withdrawn.
 */
static int load_files(struct conf *conf, const struct conf_files *files, load_fn load,
		      struct conf_report *report)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && files->complete && i < files->n_files; i++)
		r = load_file(conf, &files->files[i], load, report);
	return r;
}

static char *join(const char *dir, size_t dir_len, const char *name)
{
	char *path;

	return asprintf(&path, "%.*s/%s", (int)dir_len, dir, name) < 0 ? NULL : path;
}

/* Sets @ret to "@dir/@name", NULL without a directory. */
static int join_optional(char **ret, const char *dir, const char *name)
{
	*ret = dir ? join(dir, strlen(dir), name) : NULL;
	return dir && !*ret ? -ENOMEM : 0;
}

static int join_beside(char **ret, const char *config, const char *name)
{
	const char *slash = strrchr(config, '/');

	*ret = slash ? join(config, (size_t)(slash - config), name) : strdup(name);
	return *ret ? 0 : -ENOMEM;
}

int conf_profile_dirs(const struct conf_paths *paths, char **ret_added, char **ret_admin)
{
	_cleanup_free_ char *added = NULL;
	int r = join_optional(&added, paths->state_dir, "profiles.d");

	if (r >= 0)
		r = join_beside(ret_admin, paths->config, "profiles.d");
	if (r >= 0)
		*ret_added = TAKE_PTR(added);
	return r;
}

static int load_profiles(struct conf *conf, const struct conf_paths *paths,
			 struct conf_report *report)
{
	_cleanup_(conf_files_free) struct conf_files files = {0};
	_cleanup_free_ char *shipped = NULL;
	_cleanup_free_ char *added = NULL;
	_cleanup_free_ char *admin = NULL;
	int r;

	if (join_optional(&shipped, paths->data_dir, "profiles.d") < 0 ||
	    conf_profile_dirs(paths, &added, &admin) < 0)
		return -ENOMEM;
	r = conf_files_find(&files, (const char *const[]){shipped, added, admin}, 3, report);
	return r < 0 ? r : load_files(conf, &files, load_profile, report);
}

static void remove_device(struct conf *conf, size_t index)
{
	conf_device_free(conf->devices[index]);
	conf->n_devices--;
	memmove(&conf->devices[index], &conf->devices[index + 1],
		(conf->n_devices - index) * sizeof(*conf->devices));
}

/* Two files on one model: nobody can tell which limit was meant, so neither counts. */
static int remove_twins(struct conf *conf, struct conf_report *report)
{
	for (size_t i = 0; i < conf->n_devices;) {
		const struct conf_device *device = conf->devices[i];
		bool twin = false;

		for (size_t j = conf->n_devices; --j > i;) {
			if (strcmp(conf->devices[j]->model, device->model))
				continue;
			if (conf_report_line(report,
					     "%s:1: Model '%s' is described in %s too, so neither "
					     "counts; allowed: one file for a model",
					     conf->devices[j]->path, device->model,
					     device->path) < 0)
				return -ENOMEM;
			remove_device(conf, j);
			twin = true;
		}
		if (twin)
			remove_device(conf, i);
		else
			i++;
	}
	return 0;
}

static int load_devices(struct conf *conf, const struct conf_paths *paths,
			struct conf_report *report)
{
	_cleanup_(conf_files_free) struct conf_files files = {0};
	_cleanup_free_ char *shipped = NULL;
	_cleanup_free_ char *admin = NULL;
	int r;

	if (join_optional(&shipped, paths->data_dir, "devices.d") < 0 ||
	    join_beside(&admin, paths->config, "devices.d") < 0)
		return -ENOMEM;
	r = conf_files_find(&files, (const char *const[]){shipped, admin}, 2, report);
	if (r >= 0)
		r = load_files(conf, &files, load_device, report);
	return r < 0 ? r : remove_twins(conf, report);
}

static int load_checklists(struct conf *conf, const struct conf_paths *paths,
			   struct conf_report *report)
{
	_cleanup_(conf_files_free) struct conf_files files = {0};
	_cleanup_free_ char *shipped = NULL;
	_cleanup_free_ char *admin = NULL;
	int r;

	if (join_optional(&shipped, paths->data_dir, "screening.d") < 0 ||
	    join_beside(&admin, paths->config, "screening.d") < 0)
		return -ENOMEM;
	r = conf_files_find(&files, (const char *const[]){shipped, admin}, 2, report);
	return r < 0 ? r : load_files(conf, &files, load_checklist, report);
}

/* A profile without its checklist stays, so that everybody sees it; it begins no session. */
static int find_checklists(struct conf *conf, struct conf_report *report)
{
	int r = 0;

	for (size_t i = 0; i < conf->n_profiles && r >= 0; i++) {
		struct conf_profile *profile = conf->profiles[i];

		if (!profile->screening)
			continue;
		profile->checklist = conf_checklist(conf, profile->screening);
		if (!profile->checklist)
			r = conf_report_line(report,
					     "%s:%u: value '%s' of Screening: no such checklist, "
					     "or one with an error; allowed: the name of a file in "
					     "screening.d without its .conf",
					     profile->path, profile->screening_line,
					     profile->screening);
	}
	return r;
}

int conf_load(struct conf **ret, const struct conf_paths *paths, struct conf_report *report)
{
	_cleanup_(conf_unref_cleanup) struct conf *conf = calloc(1, sizeof(*conf));
	int r;

	if (!conf)
		return -ENOMEM;
	atomic_init(&conf->refs, 1);
	r = load_station(conf, paths, report);
	if (r >= 0)
		r = load_profiles(conf, paths, report);
	if (r >= 0)
		r = load_devices(conf, paths, report);
	if (r >= 0)
		r = load_checklists(conf, paths, report);
	if (r >= 0)
		r = find_checklists(conf, report);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(conf);
	return 0;
}
