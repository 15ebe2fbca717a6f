// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/options.h"
#include "driver/base/log.h"

static const char usage[] =
	"Usage: mnpend [OPTION]...\n"
	"Drive microneedling pens within the limits of their profiles; serve org.mnpen1 on the\n"
	"system bus.\n"
	"\n"
	"  --config FILE      configuration; FILE.d/*.conf belong to it\n"
	"                     (default " MNPEN_SYSCONFDIR "/mnpend.conf)\n"
	"  --state-dir DIR    database and added profiles\n"
	"                     (default $STATE_DIRECTORY, or " MNPEN_STATEDIR ")\n"
	"  --data-dir DIR     shipped profiles and pen models (default " MNPEN_DATADIR ")\n"
	"  --pen URL          a pen at usbip://HOST:PORT/BUSID; may be given again\n"
	"  --no-usb           look for no pens on USB\n"
	"  --log-level LEVEL  err, warning, notice, info (the default) or debug\n"
	"  --check-config     read configuration, profiles and models, say what is wrong, exit\n"
	"  --help, --version\n"
	"\n"
	"Not a medical device. See mnpend(8).\n";

enum option_code {
	OPTION_CONFIG = 1000,
	OPTION_STATE_DIR,
	OPTION_DATA_DIR,
	OPTION_PEN,
	OPTION_NO_USB,
	OPTION_LOG_LEVEL,
	OPTION_CHECK_CONFIG,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"state-dir", required_argument, NULL, OPTION_STATE_DIR},
	{"data-dir", required_argument, NULL, OPTION_DATA_DIR},
	{"pen", required_argument, NULL, OPTION_PEN},
	{"no-usb", no_argument, NULL, OPTION_NO_USB},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"check-config", no_argument, NULL, OPTION_CHECK_CONFIG},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

static enum options_verdict invalid(void)
{
	fprintf(stderr, "mnpend --help lists the options\n");
	return OPTIONS_INVALID;
}

static enum options_verdict print_help(void)
{
	fputs(usage, stdout);
	return OPTIONS_HELP;
}

static enum options_verdict print_version(void)
{
	puts("mnpend " MNPEN_VERSION);
	return OPTIONS_HELP;
}

static enum options_verdict add_pen(struct options *o, const char *url)
{
	if (o->n_pens == STATION_PENS_MAX) {
		fprintf(stderr, "mnpend: more than %d times --pen\n", STATION_PENS_MAX);
		return invalid();
	}
	o->pens[o->n_pens++] = url;
	return OPTIONS_RUN;
}

static enum options_verdict set_level(struct options *o, const char *name)
{
	if (log_level_parse(name, &o->log_level) == 0)
		return OPTIONS_RUN;
	fprintf(stderr, "mnpend: --log-level %s; allowed: err, warning, notice, info, debug\n",
		name);
	return invalid();
}

/* The service manager may name several directories, with colons between: the first is ours. */
static const char *default_state_dir(void)
{
	char *directory = getenv("STATE_DIRECTORY");

	if (!directory || !directory[0])
		return MNPEN_STATEDIR;
	directory[strcspn(directory, ":")] = '\0';
	return directory;
}

/* OPTIONS_RUN: go on with the next one. */
static enum options_verdict take(struct options *o, int option, bool *check)
{
	switch (option) {
	case OPTION_CONFIG:
		o->config = optarg;
		o->config_given = true;
		return OPTIONS_RUN;
	case OPTION_STATE_DIR:
		o->state_dir = optarg;
		return OPTIONS_RUN;
	case OPTION_DATA_DIR:
		o->data_dir = optarg;
		return OPTIONS_RUN;
	case OPTION_PEN:
		return add_pen(o, optarg);
	case OPTION_NO_USB:
		o->no_usb = true;
		return OPTIONS_RUN;
	case OPTION_LOG_LEVEL:
		return set_level(o, optarg);
	case OPTION_CHECK_CONFIG:
		*check = true;
		return OPTIONS_RUN;
	case OPTION_HELP:
		return print_help();
	case OPTION_VERSION:
		return print_version();
	default: /* getopt has said what is wrong */
		return invalid();
	}
}

enum options_verdict options_parse(struct options *ret, int argc, char **argv)
{
	struct options o = {
		.config = MNPEN_SYSCONFDIR "/mnpend.conf",
		.state_dir = default_state_dir(),
		.data_dir = MNPEN_DATADIR,
		.log_level = LOG_INFO,
	};
	bool check = false;
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		enum options_verdict verdict = take(&o, option, &check);

		if (verdict != OPTIONS_RUN)
			return verdict;
	}
	if (optind < argc) {
		fprintf(stderr, "mnpend: '%s': mnpend takes options only\n", argv[optind]);
		return invalid();
	}
	*ret = o;
	return check ? OPTIONS_CHECK_CONFIG : OPTIONS_RUN;
}
