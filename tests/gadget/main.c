// SPDX-License-Identifier: GPL-2.0-only
/*
 * mnpen-gadget: virtual pens over USB/IP, for demos, tests and makers of hosts.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/gadget/control/control.h"
#include "tests/gadget/replay/recording.h"
#include "tests/gadget/control/scenario.h"
#include "tests/gadget/control/tell.h"

#define EXIT_USAGE 2
#define DEFAULT_LISTEN "127.0.0.1:3240"
#define DEFAULT_SERIAL "VPEN0001"
#define DEFAULT_SEED 1
#define DESCRIPTORS_WANTED 4096
#define USB_FULL_SPEED_MBIT 12

DEFINE_CLEANUP(struct control *, control_free)
DEFINE_CLEANUP(struct scenario *, scenario_free)
DEFINE_CLEANUP(struct recording *, recording_free)
DEFINE_CLEANUP(sd_event *, sd_event_unref)

struct options {
	const char *listen;
	const char *serial; /* NULL: the default, or the recording's */
	const char *control;
	const char *scenario;
	const char *replay;
	bool identity_given;
	bool speed_given;
	const char *tell; /* a socket: send one command there, and nothing else */
	char **words;
	int n_words;
	unsigned int count;
	struct device_options device;
};

static const char help[] =
	"Usage: mnpen-gadget [OPTION...]\n"
	"Serve virtual microneedling pens over USB/IP.\n"
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
	"  --replay FILE       play what \"mnpenctl record\" recorded, in place of a virtual pen;\n"
	"                      serial and speed are the recording's unless they are given\n"
	"  --control SOCKET    Unix socket for commands, one a line; \"help\" lists them\n"
	"  --scenario FILE     commands with times, and expectations: exit code 1 if one fails,\n"
	"                      2 if the file is wrong or cannot be read\n"
	"  --seed N            of the pens' noise (default 1); 0 = no noise\n"
	"  --tell SOCKET COMMAND...  send a command to the gadget that has that control socket,\n"
	"                      print its answer and exit: --tell /run/pen.sock trigger press\n"
	"  --help, --version\n";

static int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int usage_error(const char *format, ...)
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
		return usage_error("--%s is not supported by version " MNPEN_VERSION, name);
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
	if (options->replay)
		options->device.identity = &identity_replay;
	return 0;
}

static int parse_options(int argc, char **argv, struct options *options)
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
		{"replay", required_argument, NULL, 'y'},
		{"gadgetfs", required_argument, NULL, 'x'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	int index = 0;
	int option;

	while ((option = getopt_long(argc, argv, "+", table, &index)) != -1) {
		int r = parse_option(option, table[index].name, options);

		if (r)
			return r;
	}
	options->words = argv + optind;
	options->n_words = argc - optind;
	if (optind < argc && !options->tell)
		return usage_error("unexpected argument \"%s\"", argv[optind]);
	return check_identity(options);
}

/* SIGTERM and SIGINT end the loop, so that everything is cleaned up. */
static int handle_signals(sd_event *event)
{
	static const int signals[] = {SIGTERM, SIGINT};
	sigset_t mask;

	sigemptyset(&mask);
	for (size_t i = 0; i < ELEMENTSOF(signals); i++)
		sigaddset(&mask, signals[i]);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
		int r = sd_event_add_signal(event, NULL, signals[i], NULL, NULL);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Hundreds of connections need more descriptors than some shells give. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)DESCRIPTORS_WANTED);
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		log_warning("cannot raise the limit of file descriptors: %s", strerror(errno));
}

static int failed(const char *what, const char *name, int error)
{
	log_error("cannot %s %s: %s", what, name, strerror(-error));
	return error;
}

static int run(const struct options *options)
{
	_cleanup_(sd_event_unref_cleanup) sd_event *event = NULL;
	_cleanup_(gadget_done) struct gadget gadget = {0};
	_cleanup_(control_free_cleanup) struct control *control = NULL;
	_cleanup_(scenario_free_cleanup) struct scenario *scenario = NULL;
	char address[64];
	int r;

	r = sd_event_new(&event);
	if (r >= 0)
		r = handle_signals(event);
	if (r < 0)
		return failed("start", "the event loop", r);
	r = gadget_init(&gadget, event, &options->device,
			options->serial ? options->serial : DEFAULT_SERIAL, options->count);
	if (r == -EINVAL)
		return usage_error("a serial is 4 to 32 of A-Z a-z 0-9 '-', with its number");
	if (r < 0)
		return failed("make", "the pens", r);
	r = server_listen(gadget.server, options->listen, address, sizeof(address));
	if (r < 0)
		return failed("listen on", options->listen, r);
	if (options->control) {
		r = control_new(&control, &gadget, options->control);
		if (r < 0)
			return failed("listen on", options->control, r);
	}
	if (options->scenario) {
		r = scenario_load(&scenario, &gadget, options->scenario);
		/* Exit code 1 says that an expectation was not met, and nothing has run yet. */
		if (r < 0)
			return r == -ENOMEM ? r : -EINVAL;
	}
	printf("listening on %s\n", address);
	fflush(stdout);
	return sd_event_loop(event);
}

static int load_recording(struct options *options, struct recording **ret)
{
	char error[256];
	int r = recording_load(ret, options->replay, error, sizeof(error));

	if (r < 0) {
		log_error("cannot replay %s: %s", options->replay, error);
		return r;
	}
	if ((*ret)->cut[0])
		log_warning("%s is damaged, and played up to there: %s", options->replay,
			    (*ret)->cut);
	options->device.recording = *ret;
	if (!options->serial)
		options->serial = (*ret)->strings[3];
	if (!options->speed_given && (*ret)->speed_mbit == USB_FULL_SPEED_MBIT)
		options->device.speed = USB_SPEED_FULL;
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(recording_free_cleanup) struct recording *recording = NULL;
	struct options options = {
		.listen = DEFAULT_LISTEN,
		.count = 1,
		.device =
			{.identity = &identity_pen,
			 .speed = USB_SPEED_HIGH,
			 .seed = DEFAULT_SEED,
			 .today_days = wall_days(),
			 /* A station remembers cartridges for good: no run has those of another. */
			 .box = (uint32_t)(wall_usec() / USEC_PER_MSEC) ^ (uint32_t)getpid() << 16},
	};
	int r;

	log_open("mnpen-gadget");
	r = parse_options(argc, argv, &options);
	if (r)
		return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	if (options.tell)
		return tell(options.tell, options.words, options.n_words);
	if (options.replay && load_recording(&options, &recording) < 0)
		return EXIT_FAILURE;
	raise_descriptor_limit();
	r = run(&options);
	if (r == -EINVAL)
		return EXIT_USAGE;
	return r < 0 ? EXIT_FAILURE : r;
}
