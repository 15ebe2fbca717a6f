// SPDX-License-Identifier: GPL-2.0-only
/*
 * mnpend: one loop, four threads. Everything is made here in the order in which it depends on each
 * other, and taken apart in the opposite one.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "daemon/bus/bus.h"
#include "daemon/inputs.h"
#include "daemon/options.h"
#include "daemon/shutdown.h"
#include "daemon/watchdog.h"
#include "driver/base/cleanup.h"
#include "driver/base/clock.h"
#include "driver/base/log.h"

/* Behind samples and timers of the pens, before every call from the bus. */
#define SIGNAL_PRIORITY SD_EVENT_PRIORITY_IMPORTANT

struct daemon {
	struct options options;
	struct conf_paths paths;
	sd_event *event;
	struct conf *conf; /* of the start; what holds later is the station's */
	struct conf_keeper *keeper;
	struct bus *bus;
	struct store *store;
	struct station *station;
	struct inputs *inputs;
	struct shutdown shutdown;
	struct watchdog watchdog;
};

/* ---- configuration ---- */

static struct conf_paths conf_paths(const struct options *o)
{
	return (struct conf_paths){
		.config = o->config,
		.config_required = o->config_given,
		.data_dir = o->data_dir,
		.state_dir = o->state_dir,
	};
}

/* No error, but seldom what was meant: it tells before the first client is there. */
static void print_counts(const struct conf *conf)
{
	size_t n_profiles = conf_n_profiles(conf), n_devices = conf_n_devices(conf);

	printf("%zu profiles, %zu devices: no errors\n", n_profiles, n_devices);
	if (!n_profiles)
		printf("note: no profile: no session can begin; a profile is a file in "
		       "profiles.d, see mnpen.profile(5)\n");
	if (!n_devices)
		printf("note: no device model: nothing can be armed; a pen needs an entry in "
		       "devices.d, see mnpend.conf(5)\n");
}

static int check_config(const struct options *o)
{
	struct conf_paths paths = conf_paths(o);
	struct conf_report report = {0};
	struct conf *conf = NULL;
	int r = conf_load(&conf, &paths, &report);

	for (size_t i = 0; i < report.n_lines; i++)
		fprintf(stderr, "%s\n", report.lines[i]);
	if (r < 0) {
		fprintf(stderr, "mnpend: the configuration cannot be read: %s\n",
			strerrordesc_np(-r));
	} else if (report.n_lines == 0) {
		print_counts(conf);
	}
	r = r < 0 || report.n_lines > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
	conf_report_free(&report);
	conf_unref(conf);
	return r;
}

static int start_conf(struct daemon *d)
{
	struct conf_report report = {0};
	int r;

	d->paths = conf_paths(&d->options);
	r = conf_load(&d->conf, &d->paths, &report);

	for (size_t i = 0; i < report.n_lines; i++)
		log_warning("%s", report.lines[i]);
	conf_report_free(&report);
	if (r >= 0)
		r = conf_keeper_new(&d->keeper, d->event, &d->paths);
	if (r < 0)
		log_error("the configuration cannot be read: %s", strerrordesc_np(-r));
	return r;
}

/* Whatever came of it: the service manager that asked is told that it is over. */
static void on_reloaded(void *userdata, const struct refusal *refusal)
{
	struct daemon *d = userdata;

	if (refusal)
		log_error("the configuration was not read again: %s", refusal->message);
	(void)sd_notifyf(false, "READY=1\nSTATUS=%s",
			 conf_station_valid(station_conf(d->station))
				 ? ""
				 : "mnpend.conf has an error: no pen can be armed");
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *d = userdata;
	struct refusal refusal;

	(void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
			 (uint64_t)(now_monotonic_ns() / NSEC_PER_USEC));
	if (station_reload(d->station, on_reloaded, d, &refusal) < 0)
		on_reloaded(d, &refusal);
	return 0;
}

/* ---- the process ---- */

static void end(struct daemon *d, int exit_code)
{
	bus_wind_down(d->bus);
	shutdown_begin(&d->shutdown, d->event, d->station, exit_code);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	end(userdata, EXIT_SUCCESS);
	return 0;
}

static void on_bus_lost(void *userdata)
{
	log_error("the connection to the bus is lost, and with it everybody who could stop a pen: "
		  "stopping them all");
	end(userdata, EXIT_FAILURE);
}

/* A page that has to be fetched from disk may come too late for a lease. Only where there is no
 * limit: with one, the allocation that reaches it fails. Stacks and caches count as they are used.
 */
static void hold_memory(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY ||
	    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_debug("memory is not locked: the service manager's LimitMEMLOCK=infinity "
			  "allows it");
}

/* Records hold clients' data: nobody else reads what this process writes, cores included. A
 * reader's or client's closed end and a full disk are errors to be handled, not signals. */
static int start_process(struct daemon *d)
{
	sigset_t mask;

	umask(077);
	if (setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) < 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -errno;
	sigemptyset(&mask);
	sigaddset(&mask, SIGTERM);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0) /* before there are threads */
		return -errno;
	hold_memory();
	return sd_event_default(&d->event);
}

static int watch_signals(struct daemon *d)
{
	const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = {{SIGTERM, on_signal}, {SIGINT, on_signal}, {SIGHUP, on_reload}};
	sd_event_source *source;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(signals); i++) {
		r = sd_event_add_signal(d->event, &source, signals[i].signal, signals[i].handler,
					d);
		if (r >= 0)
			r = sd_event_source_set_priority(source, SIGNAL_PRIORITY);
		if (r >= 0)
			r = sd_event_source_set_floating(source, true);
		if (r >= 0)
			sd_event_source_unref(source);
	}
	return r;
}

/* ---- start, each step with its own words ---- */

static int start_bus(struct daemon *d)
{
	int r = bus_new(&d->bus, d->event, on_bus_lost, d);

	if (r == -EEXIST)
		log_error("another mnpend is running (bus name org.mnpen1 is owned)");
	else if (r == -EACCES || r == -EPERM)
		log_error("the bus does not let this user own org.mnpen1: run mnpend as root or "
			  "mnpen, with its bus policy installed");
	else if (r < 0)
		log_error("no connection to the system bus: %s; start dbus, or set "
			  "DBUS_SYSTEM_BUS_ADDRESS",
			  strerrordesc_np(-r));
	return r;
}

static int start_store(struct daemon *d, bool *ret_quarantined)
{
	struct store_options options = {
		.directory = d->options.state_dir,
		.quota_bytes = conf_station(d->conf)->quota_bytes,
	};
	_cleanup_free_ char *note = NULL;
	int r = store_new(&d->store, d->event, &options, &note, ret_quarantined);

	if (note)
		log_warning("%s", note);
	if (r == -EBUSY)
		log_error("another mnpend uses %s; end it, or choose another --state-dir",
			  options.directory);
	else if (r < 0)
		log_error("the store in %s cannot be started: %s", options.directory,
			  strerrordesc_np(-r));
	return r;
}

static int start_station(struct daemon *d, bool quarantined)
{
	int r = station_new(&d->station, d->event, d->conf, d->store);

	if (r >= 0)
		station_set_keeper(d->station, d->keeper);
	if (r >= 0 && quarantined)
		r = station_raise_alarm(d->station, NULL, "store-quarantined",
					"the database was damaged and has been put aside as "
					"sessions.db.damaged-*; a new one was begun: have the old "
					"one looked at, then acknowledge");
	if (r >= 0)
		r = bus_serve(d->bus, d->station);
	if (r >= 0)
		r = watch_signals(d);
	if (r >= 0)
		r = watchdog_start(&d->watchdog, d->event, d->station, SIGNAL_PRIORITY);
	if (r < 0)
		log_error("the station cannot be started: %s", strerrordesc_np(-r));
	return r;
}

static int start_inputs(struct daemon *d)
{
	int r = inputs_new(&d->inputs, d->event, d->station);

	if (r < 0)
		log_error("foot pedals and the pens' buttons cannot be read: %s",
			  strerrordesc_np(-r));
	return r;
}

static int start_pens(struct daemon *d)
{
	struct refusal refusal;

	for (size_t i = 0; i < d->options.n_pens; i++) {
		if (station_add_usbip(d->station, d->options.pens[i], &refusal) < 0) {
			log_error("%s", refusal.message);
			return -EINVAL;
		}
	}
	/* Without USB there is still the record to be read: what is wrong was logged. */
	if (d->options.n_pens == 0 && !d->options.no_usb)
		(void)station_add_usb(d->station);
	return 0;
}

/* The bus name comes before anything else is touched: of two daemons the second changes nothing. */
static int start(struct daemon *d)
{
	bool quarantined = false;
	int r = start_process(d);

	if (r < 0)
		log_error("cannot start: %s", strerrordesc_np(-r));
	if (r >= 0)
		r = start_conf(d);
	if (r >= 0)
		r = start_bus(d);
	if (r >= 0)
		r = start_store(d, &quarantined);
	if (r >= 0)
		r = start_station(d, quarantined);
	if (r >= 0)
		r = start_inputs(d);
	return r < 0 ? r : start_pens(d);
}

/* The store's last words may be answers on the bus; what is still under way after the time of a
 * shutdown points into the station, which is then left to the end of the process. */
static void finish(struct daemon *d)
{
	conf_keeper_free(d->keeper);
	watchdog_end(&d->watchdog);
	inputs_free(d->inputs);
	if (!d->shutdown.unfinished)
		station_free(d->station);
	store_free(d->store);
	bus_free(d->bus);
	conf_unref(d->conf);
	sd_event_unref(d->event);
}

static void loop_failed(struct daemon *d, int error)
{
	station_stop_all(d->station, REASON_SHUTDOWN);
	d->shutdown.unfinished = true;
	log_error("the loop failed, all pens were stopped: %s", strerrordesc_np(-error));
}

int main(int argc, char **argv)
{
	struct daemon d = {0};
	int r;

	log_open("mnpend");
	switch (options_parse(&d.options, argc, argv)) {
	case OPTIONS_RUN:
		break;
	case OPTIONS_CHECK_CONFIG:
		return check_config(&d.options);
	case OPTIONS_HELP:
		return EXIT_SUCCESS;
	case OPTIONS_INVALID:
		return 2;
	}
	log_set_level(d.options.log_level);
	r = start(&d);
	if (r >= 0) {
		(void)sd_notify(false, "READY=1");
		log_notice("mnpend " MNPEN_VERSION " serves org.mnpen1");
		r = sd_event_loop(d.event);
		if (r < 0)
			loop_failed(&d, r);
	}
	finish(&d);
	return r < 0 ? EXIT_FAILURE : r;
}
