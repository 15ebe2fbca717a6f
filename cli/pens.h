/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon exports below /org/mnpen1, read with one call: pens, open sessions, profiles. */
#ifndef MNPEN_CLI_PENS_H
#define MNPEN_CLI_PENS_H

#include <stdint.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/table.h"

#define PENS_ID_SIZE 64
#define PENS_FRESH_MS 200 /* an older value is shown as stale */

/** struct pen - a pen that is plugged in; strings and objects belong to the list */
struct pen {
	const char *path;
	const char *serial;
	const char *model;
	const char *firmware;
	const char *transport;
	const char *state;
	const char *stop_reason;   /* the pen's own word */
	const char *disarm_reason; /* the daemon's */
	const char *profile;
	const char *area;
	const char *pedal;
	const char *session_path;      /* "/" = none */
	char session_id[PENS_ID_SIZE]; /* "" = none */
	bool armed;
	uint32_t depth_um;
	uint32_t speed_rpm;
	uint32_t target_depth_um;
	uint32_t target_speed_rpm;
	int32_t temperature_dc;
	uint32_t battery_percent;
	uint64_t last_sample_usec; /* CLOCK_BOOTTIME of the daemon's machine; 0 = none yet */
	bool age_known;		   /* not of a remote machine: its clock is another */
	uint64_t age_ms;
	bool fresh;
	json_object *faults; /* array */
	json_object *limits; /* object, may be NULL, as the next ones */
	json_object *limit_sources;
	json_object *cartridge;
};

/** struct session - an open session */
struct session {
	const char *path;
	const char *id;
	const char *pen_path;
	const char *profile;
	const char *area;
	json_object *properties;
};

/** struct profile - a profile as its object shows it */
struct profile {
	const char *path;
	const char *name;
	json_object *properties;
};

/** struct objects - one look at the daemon; each array is in the order of the names */
struct objects {
	json_object *tree;
	struct pen *pens;
	size_t n_pens;
	struct session *sessions;
	size_t n_sessions;
	struct profile *profiles;
	size_t n_profiles;
};

/** objects_fetch() - ask the daemon; objects_free() in any case */
enum cli_exit objects_fetch(struct cli *cli, struct objects *ret);

/** objects_parse() - from the tree of a GetManagedObjects reply, which it takes over
 * @now_usec: the clock to judge ages by, 0 = unknown. Return: 0 or -ENOMEM. */
int objects_parse(struct objects *ret, json_object *tree, uint64_t now_usec);
void objects_free(struct objects *objects);
#define _cleanup_objects_ _cleanup_(objects_free)

/** pens_choose() - the pen called @serial; with NULL the only one there is */
enum cli_exit pens_choose(struct cli *cli, const struct objects *objects, const char *serial,
			  const struct pen **ret);

/** pens_path() - the object path for a PEN argument; asks the daemon only when it was left out
 * @ret_path, @ret_serial: the caller's to free */
enum cli_exit pens_path(struct cli *cli, const char *serial, char **ret_path, char **ret_serial);

/** pens_session() - the path of the open session called @id; with NULL of the only one */
enum cli_exit pens_session(struct cli *cli, const char *id, char **ret_path, char **ret_id);

/** pens_json() - a pen as in "pens --json" */
json_object *pens_json(const struct pen *pen);

/** pens_faults() - the names of the faults, separated by blanks. @buf: returned */
char *pens_faults(const struct pen *pen, char *buf, size_t size);

#endif
