// SPDX-License-Identifier: GPL-2.0-only
/*
 * mnpen-gadget: virtual pens over USB/IP or on a cable, for demos, tests and makers of hosts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"
#include "tests/gadget/control/control.h"
#include "tests/gadget/options.h"
#include "tests/gadget/replay/recording.h"
#include "tests/gadget/control/scenario.h"
#include "tests/gadget/control/tell.h"

#define EXIT_USAGE 2
#define DEFAULT_SEED 1
#define DESCRIPTORS_WANTED 4096
#define USB_FULL_SPEED_MBIT 12

DEFINE_CLEANUP(struct control *, control_free)
DEFINE_CLEANUP(struct scenario *, scenario_free)
DEFINE_CLEANUP(struct recording *, recording_free)
DEFINE_CLEANUP(sd_event *, sd_event_unref)

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

static int serve(struct gadget *gadget, const struct options *options, char *ret_where, size_t size)
{
	const char *listen = options->listen ? options->listen : DEFAULT_LISTEN;
	char address[64];
	int r = server_listen(gadget->server, listen, address, sizeof(address));

	if (r < 0)
		return failed("listen on", listen, r);
	snprintf(ret_where, size, "listening on %s", address);
	return 0;
}

static int plug(struct gadget *gadget, const struct options *options, char *ret_where, size_t size)
{
	char error[512];
	int r = gadget_plug(gadget, options->gadgetfs, error, sizeof(error));

	if (r < 0) {
		log_error("--gadgetfs %s: %s", options->gadgetfs, error);
		/* Exit code 2 is for what is wrong with the command line. */
		return r == -EINVAL ? -EIO : r;
	}
	snprintf(ret_where, size, "plugged into %s", gadgetfs_controller(gadget->gadgetfs));
	return 0;
}

static int run(const struct options *options)
{
	_cleanup_(sd_event_unref_cleanup) sd_event *event = NULL;
	_cleanup_(gadget_done) struct gadget gadget = {0};
	_cleanup_(control_free_cleanup) struct control *control = NULL;
	_cleanup_(scenario_free_cleanup) struct scenario *scenario = NULL;
	char where[256];
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
	r = options->gadgetfs ? 0 : serve(&gadget, options, where, sizeof(where));
	if (r < 0)
		return r;
	gadget.cabled = options->gadgetfs;
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
	/* Its hand is there before it is: what a host does with it at once has been expected. */
	r = options->gadgetfs ? plug(&gadget, options, where, sizeof(where)) : 0;
	if (r < 0)
		return r;
	puts(where);
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
	r = options_parse(argc, argv, &options);
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
