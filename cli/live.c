// SPDX-License-Identifier: GPL-2.0-only
/* The live view's loop: telemetry, signals, and the end. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#include "cli/bus.h"
#include "cli/live.h"
#include "cli/term.h"

#define LAST_WORD_USEC 300000ULL /* for the reason why the data ended */
#define RECORDS_PER_TURN 256
#define LAST_WAIT_MS 1000 /* for a terminal that does not read */

void live_end(struct live *live, enum live_end end)
{
	if (live->end == LIVE_RUNS)
		live->end = end;
	live->over = true; /* not sd_event_exit(), which would close the bus before Disarm */
}

/* The reason follows on the bus in a moment; if none does, this is the reason. */
static int on_no_last_word(sd_event_source *source, uint64_t usec, void *userdata)
{
	live_end(userdata, LIVE_NO_DATA);
	return 0;
}

static int data_ended(struct live *live, sd_event_source *source)
{
	sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return sd_event_add_time_relative(live->event, NULL, CLOCK_BOOTTIME, LAST_WORD_USEC, 1000,
					  on_no_last_word, live);
}

static void take_peak(struct live *live)
{
	const struct sample_row *row = &live->view.row;
	uint32_t *peak_um = &live->peaks_um[live->ticks % LIVE_PEAKS];

	if (row->readable && row->sample.state == MNPEN_STATE_RUNNING)
		*peak_um = MAX(*peak_um, row->sample.depth_um);
}

static int on_telemetry(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct live *live = userdata;
	uint8_t record[MNPEN_TELEMETRY_SIZE + 1];

	for (int i = 0; i < RECORDS_PER_TURN; i++) {
		ssize_t n = recv(fd, record, sizeof(record), MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (n != MNPEN_TELEMETRY_SIZE) /* the end, an error, or not our kind of record */
			return data_ended(live, source);
		samples_decode(&live->view.row, record);
		take_peak(live);
		live->view.have_row = true;
		live->view.lost += live->view.row.missing_before;
	}
	return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	if (info->ssi_signo == SIGWINCH || info->ssi_signo == SIGCONT)
		live_redraw(userdata, info->ssi_signo == SIGCONT);
	else
		live_end(userdata, info->ssi_signo == SIGHUP ? LIVE_HANGUP : LIVE_QUIT);
	return 0;
}

static int watch_signals(struct live *live)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGWINCH, SIGCONT};
	sigset_t set;
	int r = 0;

	signal(SIGPIPE, SIG_IGN); /* a write says EPIPE, and the pen is disarmed */
	signal(SIGTSTP, SIG_IGN); /* no pen stays armed behind a program that sleeps */
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	sigemptyset(&set);
	for (size_t i = 0; i < ELEMENTSOF(signals); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	for (size_t i = 0; r >= 0 && i < ELEMENTSOF(signals); i++) {
		sd_event_source *source = NULL;

		r = sd_event_add_signal(live->event, &source, signals[i], on_signal, live);
		if (r >= 0)
			r = sd_event_source_set_priority(source, LIVE_PRIORITY_STOP);
		if (r >= 0)
			r = sd_event_source_set_floating(source, true);
		sd_event_source_unref(source);
	}
	return r;
}

/* Everything that can be refused without a pen being armed comes before Arm. */
static enum cli_exit start(struct live *live, bool arm)
{
	enum cli_exit code = live_bus_telemetry(live);
	int r;

	if (code == CLI_DONE)
		code = live_bus_watch(live);
	if (code != CLI_DONE)
		return code;
	r = watch_signals(live);
	if (r >= 0)
		r = sd_event_add_io(live->event, NULL, live->telemetry_fd, EPOLLIN, on_telemetry,
				    live);
	if (r < 0)
		return cli_fail(live->cli, CLI_FAILED, "Failed", NULL, "cannot follow the pen: %s",
				strerror(-r));
	if (arm)
		return live_bus_arm(live);
	live_show(live);
	return CLI_DONE;
}

static enum cli_exit tell_end(struct live *live)
{
	const struct cli *cli = live->cli;
	const char *serial = live->serial;

	switch (live->end) {
	case LIVE_RUNS:
	case LIVE_QUIT:
		return CLI_DONE;
	case LIVE_REFUSED:
		return live->code;
	case LIVE_DISARMED:
		return cli_fail(cli, CLI_FAILED, "Disarmed",
				CLI_NAME " status shows what is against arming again",
				"%s was disarmed: %s%s%s", serial,
				*live->disarm_reason ? live->disarm_reason : "no reason given",
				*live->last_event ? "; last event: " : "", live->last_event);
	case LIVE_BROKEN:
		return cli_fail(cli, CLI_FAILED, "Failed", NULL, "the live view of %s broke off",
				serial);
	case LIVE_PEN_GONE:
		return cli_fail(cli, CLI_FAILED, "Disconnected",
				"plug it in again; it comes back disarmed", "%s is gone", serial);
	case LIVE_DAEMON_GONE:
		return cli_fail(cli, CLI_FAILED, "NoDaemon",
				"journalctl -u mnpend tells why; a pen stops by itself without it",
				"mnpend has left the bus");
	case LIVE_NO_DATA:
		return cli_fail(cli, CLI_FAILED, "NoData", "journalctl -u mnpend may tell why",
				"the live data of %s has ended", serial);
	case LIVE_HANGUP:
		return cli_fail(cli, CLI_FAILED, "Hangup", NULL, "the terminal is gone");
	case LIVE_NO_OUTPUT:
		return cli_fail(cli, CLI_FAILED, "File", NULL, "cannot write standard output");
	}
	return CLI_FAILED;
}

/* What a monitor leaves behind: the panel is gone, the pen perhaps not at rest. */
static void tell_left(const struct live *live)
{
	const struct live_view *view = &live->view;

	cli_say(live->cli, "%s is left as it is: %s%s", live->serial,
		view->armed ? "armed" : "not armed",
		view->armed && view->fresh && view->row.readable &&
				view->row.sample.state == MNPEN_STATE_RUNNING
			? ", and running"
			: "");
}

/*
 * Disarm in every case in which the pen may be armed and somebody is there to disarm it. The
 * terminal is only waited for after that.
 */
static enum cli_exit finish(struct live *live)
{
	enum cli_exit disarmed = CLI_DONE, code;

	live_unshow(live);
	if (live->cli->json && live->view.have_row && live->arming == LIVE_ARM_NEVER &&
	    json_object_array_length(live->events) > 0)
		live_view_json(stdout, &live->view, live->events);
	fflush(stdout);
	if (live->arming != LIVE_ARM_NEVER && live->end != LIVE_DISARMED &&
	    live->end != LIVE_PEN_GONE && live->end != LIVE_DAEMON_GONE)
		disarmed = live_bus_disarm(live);
	term_screen_off(LAST_WAIT_MS);
	if (disarmed != CLI_DONE)
		return disarmed;
	code = tell_end(live);
	if (code == CLI_DONE && live->arming != LIVE_ARM_NEVER)
		cli_done_with(live->cli, "pen", live->serial, "%s is disarmed", live->serial);
	else if (code == CLI_DONE && live->drew)
		tell_left(live);
	return code;
}

enum cli_exit live_run(struct cli *cli, const struct pen *pen, bool arm)
{
	struct live live = {
		.cli = cli,
		.path = pen->path,
		.serial = pen->serial,
		.session_path = strdup(pen->session_path),
		.view = {.serial = pen->serial},
		.events = json_object_new_array(),
		.telemetry_fd = -EBADF,
	};
	enum cli_exit code = CLI_FAILED;
	int r = sd_event_default(&live.event);

	live_take_pen(&live, pen);
	if (r < 0 || !live.session_path)
		code = cli_no_memory(cli);
	else
		code = start(&live, arm);
	if (code == CLI_DONE) {
		while (r >= 0 && !live.over)
			r = sd_event_run(live.event, UINT64_MAX);
		if (r < 0 && live.end == LIVE_RUNS)
			live.end = LIVE_BROKEN;
		code = finish(&live);
	}
	sd_event_source_unref(live.keys);
	sd_event_source_unref(live.tick);
	sd_bus_detach_event(cli->bus);
	sd_event_unref(live.event);
	close_fd(live.telemetry_fd);
	json_object_put(live.events);
	free(live.session_path);
	return code;
}
