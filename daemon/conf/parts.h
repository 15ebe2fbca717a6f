/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of a snapshot and how each is made; private to daemon/conf.
 *
 * The *_parse() functions return the number of errors (each reported) or -ENOMEM; what they made
 * after errors is only to be freed.
 */
#ifndef MNPEN_CONF_PARTS_H
#define MNPEN_CONF_PARTS_H

#include <stdatomic.h>

#include "daemon/conf/conf.h"
#include "daemon/conf/keeper.h"

/*
 * What any limit may be at all: beyond these a value is a slip of the pen, not a choice. 3 mm is
 * the deepest stroke of any pen known, 15000 rpm (250 Hz) well above the fastest.
 */
#define CONF_DEPTH_MIN_UM 50
#define CONF_DEPTH_MAX_UM 3000
#define CONF_DEPTH_ALLOWED "0.05mm to 3mm"
#define CONF_SPEED_MIN_RPM 300 /* below it a pen counts as stalled */
#define CONF_SPEED_MAX_RPM 15000
#define CONF_SPEED_ALLOWED "300rpm to 15000rpm (5Hz to 250Hz)"
#define CONF_RUN_MIN_MS 100
#define CONF_RUN_MAX_MS (4 * 3600000u)
#define CONF_RUN_ALLOWED "100ms to 4h"
#define CONF_SESSION_MIN_MS 1000
#define CONF_SESSION_MAX_MS (12 * 3600000u)
#define CONF_SESSION_ALLOWED "1s to 12h"
#define CONF_PEDAL_ALLOWED "required, optional, off"
#define CONF_BOOL_ALLOWED "yes, no"
#define CONF_TEXT_ALLOWED "text"

struct conf {
	atomic_uint refs;
	struct conf_station station;
	bool station_valid;
	struct conf_profile **profiles; /* by name */
	size_t n_profiles;
	struct conf_device **devices; /* by file name */
	size_t n_devices;
	struct conf_checklist **checklists; /* by name */
	size_t n_checklists;
};

/* Sets the defaults; frees what was there. */
void conf_station_defaults(struct conf_station *station);
void conf_station_clear(struct conf_station *station);
/* Changes what the file mentions, keeps the rest. */
int conf_station_parse(struct conf_station *station, const char *file, const char *text, size_t len,
		       struct conf_report *report);

/* @ret is made even when there are errors; NULL after -ENOMEM. */
int conf_profile_parse(struct conf_profile **ret, const char *name, const char *file,
		       const char *text, size_t len, struct conf_report *report);
void conf_profile_free(struct conf_profile *profile);

/** conf_area_known() - the areas that everybody calls by the same name; NULL behind the last */
const char *conf_area_known(size_t index);

/** conf_area_meant() - the known area that @name is a slip of the pen of; NULL = it is none */
const char *conf_area_meant(const char *name);

int conf_device_parse(struct conf_device **ret, const char *file, const char *text, size_t len,
		      struct conf_report *report);
void conf_device_free(struct conf_device *device);

int conf_checklist_parse(struct conf_checklist **ret, const char *name, const char *file,
			 const char *text, size_t len, struct conf_report *report);
void conf_checklist_free(struct conf_checklist *checklist);

/** struct conf_files - the *.conf of some directories after masking, by name */
struct conf_files {
	struct conf_file {
		char name[CONF_NAME_MAX + 1]; /* without .conf */
		char *path;
	} * files;
	size_t n_files;
	bool complete; /* false: a directory could not be read, so that a mask may be missing */
};

#define CONF_FILES_MAX 1024 /* of one sort */

/**
 * conf_files_find() - list *.conf of @dirs; later ones mask earlier ones name by name
 * @dirs: @n_dirs paths; NULL and missing ones are passed over
 * @ret: zeroed by the caller, freed by conf_files_free() whatever the result
 * Return: 0 (unreadable directories and invalid names are reported); -ENOMEM.
 */
int conf_files_find(struct conf_files *ret, const char *const *dirs, size_t n_dirs,
		    struct conf_report *report);
void conf_files_free(struct conf_files *files);

/**
 * conf_file_read() - the whole of a regular file of at most CONF_FILE_MAX bytes; never blocks
 * @ret_text: the caller's to free
 * Return: 0; -ENOMEM, -EFBIG, -EBADF (not a regular file), another errno of open() or read().
 */
int conf_file_read(const char *path, char **ret_text, size_t *ret_len);

/** conf_file_complain() - report an error of conf_file_read(); 0 or -ENOMEM */
int conf_file_complain(struct conf_report *report, const char *path, int error);

/** conf_profile_dirs() - where profiles are added, and where the administrator's lie
 * @ret_added: NULL without a state directory. Return: 0; -ENOMEM; both are the caller's to free */
int conf_profile_dirs(const struct conf_paths *paths, char **ret_added, char **ret_admin);

/* ---- added.c ---- */
/** conf_added_write() - @name's text into @dir, made when missing; whole or not at all, synced
 * Return: 0; -E2BIG CONF_ADDED_MAX are there; negative errno */
int conf_added_write(const char *dir, const char *name, const char *text, size_t len);
/** conf_added_remove() - Return: 0; -ENOENT; negative errno */
int conf_added_remove(const char *dir, const char *name);

#endif
