// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live view at a terminal, or without one: a panel, lines, or JSON; keys; and whose the
 * terminal is, which may change at any time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "cli/live.h"
#include "cli/live_screen.h"
#include "cli/term.h"
#include "driver/base/clock.h"

#define TICK_USEC 100000ULL /* 10 Hz */
#define TICKS_PER_LINE 5    /* plain lines: 2 Hz */
#define TICKS_PER_POLL 10   /* the session's times: 1 Hz */
#define TICKS_PER_FULL 100  /* what other programs wrote on the panel goes away */
#define FORM_FEED '\f'	    /* control-L */

static void judge_age(struct live *live)
{
	struct live_view *view = &live->view;
	uint64_t now = now_usec();

	view->age_ms = now > view->row.host_usec ? (now - view->row.host_usec) / USEC_PER_MSEC : 0;
	view->fresh = view->have_row && view->age_ms <= PENS_FRESH_MS;
	view->peak_um = 0;
	for (size_t i = 0; i < LIVE_PEAKS; i++)
		view->peak_um = MAX(view->peak_um, live->peaks_um[i]);
	/* between two looks at the session, the pen's own count goes on; ARM begins it anew */
	if (view->have_run && view->row.sample.run_ms >= live->run_base_ms) {
		uint64_t more_ms = view->row.sample.run_ms - live->run_base_ms;
		uint64_t all_ms = view->run_used_ms + view->run_left_ms;

		view->run_used_ms = MIN(live->run_polled_ms + more_ms, all_ms);
		view->run_left_ms = all_ms - view->run_used_ms;
	}
}

/* ---- writing; nobody reads: it is lost, no stop waits for it ---- */

static void put_line(struct live *live, const char *text)
{
	char line[LIVE_LINE_SIZE + 2];
	int r = 0, len = snprintf(line, sizeof(line), "%.*s\n", LIVE_LINE_SIZE, text);

	if (live->terminal)
		r = term_write(line, (size_t)len);
	else if (term_writable())
		r = fputs(line, stdout) < 0 || fflush(stdout) != 0 ? -EIO : 0;
	if (r < 0 && r != -EAGAIN)
		live_end(live, LIVE_NO_OUTPUT);
}

static void put_json(struct live *live)
{
	/* One document a line is monitor's; arm's one document is its end. */
	if (!live->view.have_row || live->arming != LIVE_ARM_NEVER || !term_writable())
		return;
	live_view_json(stdout, &live->view, live->events);
	json_object_put(live->events);
	live->events = json_object_new_array();
	if (fflush(stdout) != 0 || ferror(stdout))
		live_end(live, LIVE_NO_OUTPUT);
}

static void draw(struct live *live)
{
	char line[LIVE_LINE_SIZE];

	judge_age(live);
	if (live->cli->json)
		put_json(live);
	else if (live->drawing && live_screen_draw(&live->view) < 0)
		live_end(live, LIVE_NO_OUTPUT);
	else if (!live->panel && live->ticks % TICKS_PER_LINE == 0 && term_place() == TERM_OURS)
		put_line(live, live_view_line(&live->view, 0, line));
}

void live_note(struct live *live, const char *text)
{
	time_t now = time(NULL);
	struct tm tm;
	char clock[12] = "";

	if (!live->showing || live->cli->json)
		return;
	if (localtime_r(&now, &tm))
		(void)strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	live_view_add(&live->view, clock, text);
	if (!live->drawing)
		put_line(live, text);
}

/* ---- whose the terminal is ---- */

static void take_keys(struct live *live, bool anew)
{
	bool ours = term_keys_ours();

	if (ours && (anew || !live->view.keys))
		ours = term_keys_on();
	if (ours != live->view.keys && live->keys)
		(void)sd_event_source_set_enabled(live->keys, ours ? SD_EVENT_ON : SD_EVENT_OFF);
	live->view.keys = ours && live->keys;
}

static void judge_terminal(struct live *live, bool anew)
{
	enum term_place place = term_place();
	bool draws = live->panel && place == TERM_OURS;

	if (place == TERM_GONE)
		live_end(live, LIVE_HANGUP);
	take_keys(live, anew);
	if (live->drawing && (anew || !draws))
		term_screen_off(0);
	if (draws && (anew || !live->drawing)) {
		live_screen_forget();
		/* a terminal that does not read yet is tried again with the next tick */
		draws = term_screen_on() == 0;
	}
	live->drawing = draws;
	live->drew |= draws;
}

void live_redraw(struct live *live, bool anew)
{
	if (!live->showing || live->over)
		return;
	judge_terminal(live, anew);
	live_screen_forget();
	if (live->drawing)
		draw(live);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct live *live = userdata;

	judge_terminal(live, false);
	if (live->ticks % TICKS_PER_FULL == 0)
		live_screen_forget();
	draw(live);
	if (live->ticks++ % TICKS_PER_POLL == 0)
		live_bus_poll_session(live);
	live->peaks_um[live->ticks % LIVE_PEAKS] = 0;
	if (sd_event_source_set_time_relative(source, TICK_USEC) < 0)
		return -EIO;
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- keys ---- */

static void press(struct live *live, char key)
{
	switch (key) {
	case ' ':
	case '\n':
	case '\r':
		live_bus_stop(live);
		break;
	case 'q':
	case 'Q':
		live_end(live, LIVE_QUIT);
		break;
	case FORM_FEED:
		live_redraw(live, false);
		break;
	default:
		break;
	}
}

static int on_key(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct live *live = userdata;
	char keys[64];
	ssize_t n;

	/* what is typed while we are in the background is the shell's */
	if (term_place() != TERM_GONE && !term_keys_ours()) {
		take_keys(live, false);
		return 0;
	}
	n = read(fd, keys, sizeof(keys));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		live_end(live, LIVE_HANGUP);
		return 0;
	}
	for (ssize_t i = 0; i < n; i++)
		press(live, keys[i]);
	return 0;
}

static int watch_keys(struct live *live)
{
	int r = sd_event_add_io(live->event, &live->keys, STDIN_FILENO, EPOLLIN, on_key, live);

	if (r >= 0)
		r = sd_event_source_set_priority(live->keys, LIVE_PRIORITY_STOP);
	if (r >= 0)
		r = sd_event_source_set_enabled(live->keys, SD_EVENT_OFF);
	return r;
}

/* ---- begin and end ---- */

void live_show(struct live *live)
{
	char line[256];
	int r = sd_event_add_time_relative(live->event, &live->tick, CLOCK_BOOTTIME, 0, 1000,
					   on_tick, live);

	if (r >= 0 && isatty(STDIN_FILENO))
		r = watch_keys(live);
	if (r < 0)
		live_end(live, LIVE_BROKEN);
	live->showing = true;
	live->terminal = term_open();
	live->panel = live->terminal && !live->cli->json && term_can_draw();
	live->view.ours = live->arming == LIVE_ARM_DONE;
	judge_terminal(live, false);
	snprintf(line, sizeof(line), "%s%s%s", live->serial,
		 live->view.ours ? " is armed: hold the trigger to run" : "",
		 live->view.keys && !live->drawing ? "; space or enter stops, q leaves" : "");
	if (live->view.ours || !live->drawing)
		live_note(live, line);
}

void live_unshow(struct live *live)
{
	live->showing = false;
	if (live->drawing)
		term_screen_off(0);
	live->drawing = false;
	term_keys_off();
}
