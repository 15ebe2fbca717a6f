// SPDX-License-Identifier: GPL-2.0-only
/* Options, and which of them go together. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/options.h"
#include "tests/gadget/server/server.h"

static const char help[] =
	"Usage: mnpen-gadget [OPTION...]\n"
	"Serve virtual microneedling pens over USB/IP, or one as a USB gadget of this machine.\n"
	"\n"
	"  --listen ADDR:PORT  where hosts connect (default " DEFAULT_LISTEN "); port 0 takes a\n"
	"                      free one, which is printed as \"listening on ADDR:PORT\"\n"
	"  --serial S          serial number (default " DEFAULT_SERIAL
	"); S-1, S-2, ... for several\n"
	"  --count N           number of pens, 1 to 64, bus ids 1-1, 1-2, ...\n"
	"  --speed full|high   USB speed (default high)\n"
	"  --identity NAME     what the devices are: pen (default), or usbtest, a bulk and\n"
	"                      interrupt source and sink for the kernel's usbtest driver;\n"
	"                      usbtest-mod63 is the same for that driver's parameter pattern=1\n"
	"  --no-tag            pens that read no tag of a cartridge\n"
	"  --replay FILE       play what \"mnpenctl record\" recorded, in place of a virtual pen;\n"
	"                      serial and speed are the recording's unless they are given\n"
	"  --gadgetfs DIR      one pen behind the kernel's GadgetFS, mounted on DIR, in place of\n"
	"                      USB/IP: on the cable of this machine's device port, or by the\n"
	"                      module dummy_hcd on its own bus\n"
	"  --control SOCKET    Unix socket for commands, one a line; \"help\" lists them\n"
	"  --scenario FILE     commands with times, and expectations: exit code 1 if one fails,\n"
	"                      2 if the file is wrong or cannot be read\n"
	"  --seed N            of the pens' noise (default 1); 0 = no noise\n"
	"  --tell SOCKET COMMAND...  send a command to the gadget that has that control socket,\n"
	"                      print its answer and exit: --tell /run/pen.sock trigger press\n"
	"  --help, --version\n";

int usage_error(const char *format, ...)
{
	va_list args;

	fputs("mnpen-gadget: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nTry \"mnpen-gadget --help\".\n", stderr);
	return -EINVAL;
}

static int parse_number(const char *name, const char *text, uint64_t min, uint64_t max,
			uint64_t *ret)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text || *end || text[0] == '-' || value < min || value > max)
		return usage_error("--%s takes a number from %llu to %llu, not \"%s\"", name,
				   (unsigned long long)min, (unsigned long long)max, text);
	*ret = value;
	return 0;
}

static int parse_speed(const char *text, enum usb_speed *ret)
{
	if (!strcmp(text, "full"))
		*ret = USB_SPEED_FULL;
	else if (!strcmp(text, "high"))
		*ret = USB_SPEED_HIGH;
	else
		return usage_error("--speed takes full or high, not \"%s\"", text);
	return 0;
}

static int parse_identity(const char *text, struct options *options)
{
	const struct identity *identity = identity_find(text);
	char names[128] = "";
	size_t used = 0;

	for (size_t i = 0; identity_name(i) && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 identity_name(i));
	if (!identity)
		return usage_error("--identity takes one of %s, not \"%s\"", names, text);
	options->device.identity = identity;
	options->identity_given = true;
	return 0;
}

/* Returns 1 when there is nothing left to do (--help). */
static int parse_option(int option, const char *name, struct options *options)
{
	uint64_t number = 0;
	int r = 0;

	switch (option) {
	case 'l':
		options->listen = optarg;
		break;
	case 's':
		options->serial = optarg;
		break;
	case 'n':
		r = parse_number(name, optarg, 1, SERVER_PENS_MAX, &number);
		if (r >= 0)
			options->count = (unsigned int)number;
		break;
	case 'p':
		options->speed_given = true;
		return parse_speed(optarg, &options->device.speed);
	case 'g':
		options->device.no_tag = true;
		break;
	case 'y':
		options->replay = optarg;
		break;
	case 'i':
		return parse_identity(optarg, options);
	case 'c':
		options->control = optarg;
		break;
	case 'f':
		options->scenario = optarg;
		break;
	case 't':
		options->tell = optarg;
		break;
	case 'r':
		return parse_number(name, optarg, 0, UINT64_MAX, &options->device.seed);
	case 'h':
		fputs(help, stdout);
		return 1;
	case 'v':
		puts("mnpen-gadget " MNPEN_VERSION);
		return 1;
	case 'x':
		options->gadgetfs = optarg;
		break;
	default:
		return -EINVAL; /* getopt has said why */
	}
	return r;
}

static int check_identity(struct options *options)
{
	const struct identity *identity = options->device.identity;

	if (options->replay && (options->identity_given || options->count > 1))
		return usage_error("--replay plays one recording; it goes with neither --identity "
				   "nor --count");
	if (options->replay && options->scenario)
		return usage_error("--scenario commands a pen's hand; a recording has its own");
	if (!options->replay && identity != &identity_pen &&
	    (options->control || options->scenario))
		return usage_error("--control and --scenario command pens; --identity %s is none",
				   identity->name);
	if (options->device.no_tag && options->replay)
		return usage_error("--no-tag is for virtual pens; what --replay plays is as it was "
				   "recorded");
	if (options->device.no_tag && identity != &identity_pen)
		return usage_error("--no-tag is for pens; --identity %s is none", identity->name);
	if (options->replay)
		options->device.identity = &identity_replay;
	return 0;
}

/* A cable has two ends, and the kernel between them lets not all through. */
static int check_gadgetfs(const struct options *options)
{
	if (!options->gadgetfs)
		return 0;
	if (options->count > 1)
		return usage_error("--gadgetfs plugs one pen into one port; it does not go with "
				   "--count %u",
				   options->count);
	if (options->listen)
		return usage_error(
			"--gadgetfs is a cable, and --listen a network: give one of them");
	if (options->replay)
		return usage_error("--replay refuses what its pen refused, and GadgetFS cannot "
				   "refuse requests with data: play it over USB/IP");
	if (options->device.identity != &identity_pen)
		return usage_error("--gadgetfs is for pens; --identity %s is none",
				   options->device.identity->name);
	return 0;
}

int options_parse(int argc, char **argv, struct options *options)
{
	static const struct option table[] = {
		{"listen", required_argument, NULL, 'l'},
		{"serial", required_argument, NULL, 's'},
		{"count", required_argument, NULL, 'n'},
		{"speed", required_argument, NULL, 'p'},
		{"control", required_argument, NULL, 'c'},
		{"scenario", required_argument, NULL, 'f'},
		{"seed", required_argument, NULL, 'r'},
		{"tell", required_argument, NULL, 't'},
		{"identity", required_argument, NULL, 'i'},
		{"no-tag", no_argument, NULL, 'g'},
		{"replay", required_argument, NULL, 'y'},
		{"gadgetfs", required_argument, NULL, 'x'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int index = 0;
	int option, r;

	while ((option = getopt_long(argc, argv, "+", table, &index)) != -1) {
		r = parse_option(option, table[index].name, options);
		if (r)
			return r;
	}
	options->words = argv + optind;
	options->n_words = argc - optind;
	if (optind < argc && !options->tell)
		return usage_error("unexpected argument \"%s\"", argv[optind]);
	r = check_identity(options);
	return r < 0 ? r : check_gadgetfs(options);
}
