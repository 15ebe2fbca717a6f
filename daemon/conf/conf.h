/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the station, the device models and the profiles allow, as one immutable snapshot.
 *
 * A snapshot never changes: reading again makes a new one. A file with an error in it is left out
 * whole (a half-read limit is no limit) and reported as "FILE:LINE: what, and what is allowed".
 * Any thread may read a snapshot that it holds a reference to; loading does blocking I/O and is for
 * the start, never for the sample path.
 */
#ifndef MNPEN_CONF_H
#define MNPEN_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver/proto/proto.h"

#define CONF_NAME_MAX 64	   /* profile and area names: [A-Za-z0-9][A-Za-z0-9._-]* */
#define CONF_AREAS_MAX 32	   /* per profile */
#define CONF_NEEDLE_LENGTHS_MAX 16 /* per device */
#define CONF_FILE_MAX (64 * 1024)  /* bytes of one file; a larger one is refused */
#define CONF_DIGEST_SIZE 32	   /* BLAKE2b-256 of the file as it lies on disk */

/* Station defaults: the limits of a station whose mnpend.conf says nothing. */
#define CONF_DEFAULT_MAX_DEPTH_UM 1500	      /* docs/safety.md: deeper is not evaluated */
#define CONF_DEFAULT_MAX_SPEED_RPM 9000	      /* 150 strokes a second, the trade's upper end */
#define CONF_DEFAULT_MAX_RUN_MS (30 * 60000u) /* needling itself takes 15 to 30 min */
#define CONF_DEFAULT_MAX_SESSION_MS (90 * 60000u)
#define CONF_DEFAULT_MAX_SAMPLE_AGE_MS 50 /* 20..200 */
#define CONF_DEFAULT_MAX_TOLERANCE_UM 150
#define CONF_DEFAULT_ARM_TIMEOUT_MS 120000u
#define CONF_DEFAULT_LEASE_MS 300 /* 100..1000 */
#define CONF_DEFAULT_STREAM_PERIOD_US 1000
#define CONF_DEFAULT_BATTERY_RUN_MS 3600000u /* of a model that says nothing of its battery */
#define CONF_STREAM_PERIOD_MAX_US 4000	     /* slower would miss strokes at the highest speed */

enum conf_pedal {
	CONF_PEDAL_OPTIONAL, /* as if required when there is one */
	CONF_PEDAL_REQUIRED, /* needles run only while it is held */
	CONF_PEDAL_OFF,
};

/** struct conf_station - [Station] of mnpend.conf and its drop-ins */
struct conf_station {
	uint16_t max_depth_um;
	uint16_t max_speed_rpm;
	uint32_t max_run_ms;
	uint32_t max_session_ms;
	uint16_t max_sample_age_ms;
	uint16_t max_tolerance_um;
	uint32_t arm_timeout_ms;
	uint16_t lease_ms;
	uint32_t stream_period_us;
	enum conf_pedal pedal;
	uint32_t keep_samples_days; /* 0 = for good; nothing is deleted yet */
	uint64_t quota_bytes;	    /* 0 = none */
	char **allow_serials;	    /* NULL-terminated; NULL = every serial */
	bool allow_remote_pens;	    /* usbip:// beyond loopback */
};

/** struct conf_area - [Area NAME] of a profile; 0 in depth_um, speed_rpm = not given */
struct conf_area {
	char name[CONF_NAME_MAX + 1];
	uint16_t depth_um;		  /* where to begin; a proposal, never sent by itself */
	uint16_t max_depth_um;		  /* mandatory */
	uint16_t speed_rpm;		  /* a proposal */
	uint16_t min_speed_rpm;		  /* 0 = the pen's own minimum */
	uint16_t max_speed_rpm;		  /* mandatory */
	uint32_t density_warning_per_cm2; /* 0 = none */
	char *source;
};

#define CONF_QUESTIONS_MAX 64
#define CONF_CHOICES_MAX 16
#define CONF_ANSWER_MAX 200 /* bytes */

/** enum conf_ask - what an answer other than the clear one means */
enum conf_ask {
	CONF_ASK_BLOCK,	   /* no session, whoever signs for it */
	CONF_ASK_SIGN_OFF, /* none unless a named operator signs for it */
	CONF_ASK_NOTE,	   /* nothing: it is recorded */
};

/** struct conf_question - [Question NAME] of a checklist */
struct conf_question {
	char name[CONF_NAME_MAX + 1];
	char *text;
	enum conf_ask ask;
	bool clear_is_yes; /* of block and sign-off, which are answered by yes or no */
	char *choices[CONF_CHOICES_MAX + 1]; /* of a note; NULL-terminated; none: any text */
	char *warn_on[CONF_CHOICES_MAX + 1]; /* answers that @warning is shown for */
	char *warning;			     /* NULL = none */
	char *source;			     /* NULL = none */
};

/** struct conf_checklist - what is asked before a session; a file of screening.d */
struct conf_checklist {
	char name[CONF_NAME_MAX + 1];
	char *path;
	char *title;
	char *source; /* NULL = none */
	struct conf_question questions[CONF_QUESTIONS_MAX];
	size_t n_questions;
	uint8_t digest[CONF_DIGEST_SIZE];
};

/** struct conf_profile - one indication, one file; the file's name without .conf is its name */
struct conf_profile {
	char name[CONF_NAME_MAX + 1];
	char *path;
	char *title;
	char *indication; /* may be NULL, as the other strings below */
	char *source;
	char *screening; /* name of the checklist that a session needs; NULL = none */
	unsigned int screening_line;
	const struct conf_checklist *checklist; /* that one; NULL = none, or none that is right */
	bool enabled;
	bool has_pedal;
	enum conf_pedal pedal;	 /* when has_pedal */
	uint32_t max_run_ms;	 /* 0 = the station's */
	uint32_t max_session_ms; /* 0 = the station's */
	uint32_t sessions_min;	 /* of a course; 0 = not given */
	uint32_t sessions_max;
	uint32_t min_interval_days;
	uint32_t max_interval_days;
	struct conf_area areas[CONF_AREAS_MAX];
	size_t n_areas;
	uint8_t digest[CONF_DIGEST_SIZE];
};

/** struct conf_device - [Device] of devices.d: what is known of a pen model */
struct conf_device {
	char model[MNPEN_MODEL_SIZE + 1];
	char *path;
	uint16_t max_depth_um; /* the labelled maximum */
	uint16_t tolerance_um; /* 0 = not given */
	uint16_t needle_lengths_um[CONF_NEEDLE_LENGTHS_MAX];
	size_t n_needle_lengths; /* 0 = any */
	uint32_t battery_run_ms; /* motor time of a full battery; 0 = not known */
};

/** struct conf_report - errors found, "FILE:LINE: ..." each; zero-initialise */
struct conf_report {
	char **lines;
	size_t n_lines;
};

/**
 * struct conf_paths - where to read; the strings belong to the caller
 * @config: mnpend.conf; its drop-ins are @config + ".d/" + *.conf, and the administrator's
 *	profiles.d, devices.d and screening.d lie beside it
 * @config_required: the caller named it, so that its absence is an error
 * @data_dir: shipped profiles.d, devices.d and screening.d
 * @state_dir: profiles.d that belongs to the daemon; NULL = none
 *
 * Later directories mask earlier ones file name by file name: data_dir, state_dir (profiles only),
 * beside the config. An empty file masks to nothing. A masking file with an error masks as well.
 */
struct conf_paths {
	const char *config;
	bool config_required;
	const char *data_dir;
	const char *state_dir;
};

struct conf; /* a snapshot */

/**
 * conf_load() - read everything
 * @ret: new snapshot, one reference, the caller's; made even when files had errors
 * @report: gets one line for each error
 *
 * An error in mnpend.conf leaves the defaults in place and makes conf_station_valid() false: the
 * daemon runs, and does not arm.
 * Return: 0 (look at @report); -ENOMEM.
 */
int conf_load(struct conf **ret, const struct conf_paths *paths, struct conf_report *report);
struct conf *conf_ref(struct conf *conf);
struct conf *conf_unref(struct conf *conf); /* returns NULL; NULL is fine */

const struct conf_station *conf_station(const struct conf *conf);
bool conf_station_valid(const struct conf *conf);

/* Lookups return NULL when there is none; the result lives as long as the snapshot. */
const struct conf_profile *conf_profile(const struct conf *conf, const char *name);
const struct conf_profile *conf_profile_at(const struct conf *conf, size_t index); /* by name */
const struct conf_area *conf_profile_area(const struct conf_profile *profile, const char *name);
const struct conf_device *conf_device(const struct conf *conf, const char *model);
const struct conf_device *conf_device_at(const struct conf *conf, size_t index);
const struct conf_checklist *conf_checklist(const struct conf *conf, const char *name);
size_t conf_n_checklists(const struct conf *conf);
size_t conf_n_profiles(const struct conf *conf);
size_t conf_n_devices(const struct conf *conf);

/**
 * conf_check_profile() - judge a profile's text without keeping it
 * @name: stands for the file in messages
 * Return: number of errors (lines added to @report), 0 = a valid profile; -ENOMEM.
 */
int conf_check_profile(const char *name, const char *text, size_t len, struct conf_report *report);

/** conf_profile_same() - whether two snapshots hold the same text, from the same file, for a name;
 * NULL: it is not there */
bool conf_profile_same(const struct conf_profile *a, const struct conf_profile *b);

/** conf_name_valid() - [A-Za-z0-9][A-Za-z0-9._-]{0,63}: safe as a file name and path element */
bool conf_name_valid(const char *name);

const char *conf_ask_name(enum conf_ask ask);	    /* "block", "sign-off", "note" */
const char *conf_pedal_name(enum conf_pedal pedal); /* "optional", "required", "off" */

void conf_report_free(struct conf_report *report); /* frees the lines, zeroes */

#endif
