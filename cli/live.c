// SPDX-License-Identifier: GPL-2.0-only
/* The live view's loop: telemetry, keys, signals, ticks. */
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
#include "driver/base/clock.h"

#define TICK_USEC 100000ULL	 /* 10 Hz */
#define TICKS_PER_LINE 5	 /* plain lines: 2 Hz */
#define TICKS_PER_POLL 10	 /* the session's times: 1 Hz */
#define LAST_WORD_USEC 300000ULL /* for the reason why the data ended */
#define RECORDS_PER_TURN 256
#define PRIORITY_STOP SD_EVENT_PRIORITY_IMPORTANT

void live_end(struct live *live, enum live_end end)
{
	if (live->end == LIVE_RUNS)
		live->end = end;
	live->over = true; /* not sd_event_exit(), which would close the bus before Disarm */
}

/* A line of its own, above the one that is written over. */
void live_note(struct live *live, const char *text)
{
	if (!live->showing || live->cli->json || !term_writable())
		return;
	printf("%s%s\n", live->drawing ? "\r\033[K" : "", text);
	fflush(stdout);
}

static void judge_age(struct live *live)
{
	struct live_view *view = &live->view;
	uint64_t now = now_usec();

	view->age_ms = now > view->row.host_usec ? (now - view->row.host_usec) / USEC_PER_MSEC : 0;
	view->fresh = view->have_row && view->age_ms <= PENS_FRESH_MS;
	/* between two looks at the session, the pen's own count goes on; ARM begins it anew */
	if (view->have_run && view->row.sample.run_ms >= live->run_base_ms) {
		uint64_t more_ms = view->row.sample.run_ms - live->run_base_ms;
		uint64_t all_ms = view->run_used_ms + view->run_left_ms;

		view->run_used_ms = MIN(live->run_polled_ms + more_ms, all_ms);
		view->run_left_ms = all_ms - view->run_used_ms;
	}
}

static void draw(struct live *live)
{
	char line[LIVE_LINE_SIZE];

	judge_age(live);
	if (!term_writable())
		return; /* nobody reads: a frame is lost, no stop waits for it */
	if (live->cli->json) {
		/* One document a line is monitor's; arm's one document is its end. */
		if (!live->view.have_row || live->arming != LIVE_ARM_NEVER)
			return;
		live_view_json(stdout, &live->view, live->events);
		json_object_put(live->events);
		live->events = json_object_new_array();
	} else if (live->drawing) {
		printf("\r%s\033[K", live_view_line(&live->view, term_width() - 1, line));
	} else if (live->ticks % TICKS_PER_LINE == 0) {
		puts(live_view_line(&live->view, 0, line));
	}
	if (fflush(stdout) != 0 || ferror(stdout))
		live_end(live, LIVE_NO_OUTPUT);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct live *live = userdata;

	draw(live);
	if (live->ticks++ % TICKS_PER_POLL == 0)
		live_bus_poll_session(live);
	if (sd_event_source_set_time_relative(source, TICK_USEC) < 0)
		return -EIO;
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_key(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct live *live = userdata;
	char keys[64];
	ssize_t n = read(fd, keys, sizeof(keys));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		live_end(live, LIVE_HANGUP);
		return 0;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (keys[i] == ' ' || keys[i] == '\n' || keys[i] == '\r')
			live_bus_stop(live);
		else if (keys[i] == 'q' || keys[i] == 'Q')
			live_end(live, LIVE_QUIT);
	}
	return 0;
}

static int watch_keys(struct live *live)
{
	sd_event_source *keys = NULL;
	int r = sd_event_add_io(live->event, &keys, STDIN_FILENO, EPOLLIN, on_key, live);

	if (r >= 0)
		r = sd_event_source_set_priority(keys, PRIORITY_STOP);
	if (r >= 0)
		r = sd_event_source_set_floating(keys, true);
	sd_event_source_unref(keys);
	return r;
}

void live_show(struct live *live)
{
	char line[256];
	bool keys = term_keys_on();
	int r;

	live->showing = true;
	live->drawing = !live->cli->json && term_can_draw();
	r = sd_event_add_time_relative(live->event, NULL, CLOCK_BOOTTIME, 0, 1000, on_tick, live);
	if (r >= 0 && keys)
		r = watch_keys(live);
	if (r < 0)
		live_end(live, LIVE_BROKEN);
	snprintf(line, sizeof(line), "%s%s%s", live->serial,
		 live->arming == LIVE_ARM_DONE ? " is armed: hold the trigger to run" : "",
		 keys ? "; space or enter stops, q leaves" : "");
	live_note(live, line);
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
		live->view.have_row = true;
		live->view.lost += live->view.row.missing_before;
	}
	return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	live_end(userdata, info->ssi_signo == SIGHUP ? LIVE_HANGUP : LIVE_QUIT);
	return 0;
}

static int watch_signals(struct live *live)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
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
			r = sd_event_source_set_priority(source, PRIORITY_STOP);
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

/* Disarm in every case in which the pen may be armed and somebody is there to disarm it. */
static enum cli_exit finish(struct live *live)
{
	enum cli_exit disarmed = CLI_DONE, code;

	term_keys_off();
	if (live->drawing)
		puts("");
	if (live->cli->json && live->view.have_row && live->arming == LIVE_ARM_NEVER &&
	    json_object_array_length(live->events) > 0)
		live_view_json(stdout, &live->view, live->events);
	fflush(stdout);
	if (live->arming != LIVE_ARM_NEVER && live->end != LIVE_DISARMED &&
	    live->end != LIVE_PEN_GONE && live->end != LIVE_DAEMON_GONE)
		disarmed = live_bus_disarm(live);
	if (disarmed != CLI_DONE)
		return disarmed;
	code = tell_end(live);
	if (code == CLI_DONE && live->arming != LIVE_ARM_NEVER)
		cli_done(live->cli, "%s is disarmed", live->serial);
	return code;
}

enum cli_exit live_run(struct cli *cli, const struct pen *pen, bool arm)
{
	struct live live = {
		.cli = cli,
		.path = pen->path,
		.serial = pen->serial,
		.session_path = strdup(pen->session_path),
		.view = {.serial = pen->serial,
			 .depth_limit_um = json_u32(pen->limits, "depth_um"),
			 .speed_min_rpm = json_u32(pen->limits, "speed_min_rpm"),
			 .speed_max_rpm = json_u32(pen->limits, "speed_max_rpm")},
		.events = json_object_new_array(),
		.telemetry_fd = -EBADF,
	};
	enum cli_exit code = CLI_FAILED;
	int r = sd_event_default(&live.event);

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
	sd_bus_detach_event(cli->bus);
	sd_event_unref(live.event);
	close_fd(live.telemetry_fd);
	json_object_put(live.events);
	free(live.session_path);
	return code;
}
