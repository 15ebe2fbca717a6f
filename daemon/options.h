/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of mnpend. */
#ifndef MNPEN_OPTIONS_H
#define MNPEN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/session/station.h"

enum options_verdict {
	OPTIONS_RUN,
	OPTIONS_CHECK_CONFIG,
	OPTIONS_HELP,	 /* printed: exit 0 */
	OPTIONS_INVALID, /* said on stderr: exit 2 */
};

/** struct options - strings belong to argv or are static; zero-initialise */
struct options {
	const char *config;
	bool config_given;
	const char *state_dir;
	const char *data_dir;
	const char *pens[STATION_PENS_MAX]; /* usbip:// */
	size_t n_pens;
	bool no_usb;
	int log_level; /* LOG_ERR .. LOG_DEBUG */
};

enum options_verdict options_parse(struct options *ret, int argc, char **argv);

#endif
