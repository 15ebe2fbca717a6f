// SPDX-License-Identifier: GPL-2.0-only
#include "tests/bus/harness_tmux.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/base/cleanup.h"
#include "driver/base/clock.h"

#define TMUX_PATH "/usr/bin/tmux"
#define START_MS 5000
#define STEP_MS 5000
#define LOOK_MS 20
#define WORDS_MAX 16

void screen_require(void)
{
	if (access(TMUX_PATH, X_OK) == 0)
		return;
	print_message("SKIP: " TMUX_PATH " is missing (Debian package tmux)\n");
	skip();
}

/* The exit code; what it prints is in screen->text. */
static int call(struct screen *screen, const char *const *words)
{
	const char *argv[WORDS_MAX + 4] = {TMUX_PATH, "-S", screen->socket};
	struct process process = {0};
	char name[24];
	size_t used = 0;
	int fds[2];
	ssize_t n;

	for (size_t i = 0; words[i]; i++) {
		assert_true(i < WORDS_MAX);
		argv[3 + i] = words[i];
	}
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	snprintf(name, sizeof(name), "tmux-%u", screen->calls++ % 8);
	process_start(&process, screen->rig->dir, name, argv,
		      &(struct process_options){.stdout_fd = fds[1]});
	close(fds[1]);
	while ((n = read(fds[0], screen->text + used, sizeof(screen->text) - 1 - used)) > 0)
		used += (size_t)n;
	screen->text[used] = '\0';
	close(fds[0]);
	return process_wait(&process, STEP_MS);
}

const char *tmux_do(struct screen *screen, const char *const *words)
{
	int code = call(screen, words);

	if (code != 0)
		fail_msg("tmux %s: %d: %s", words[0], code, screen->text);
	return screen->text;
}

#define CALL(screen, ...) call(screen, (const char *const[]){__VA_ARGS__, NULL})

/* One that stays in the foreground, so that it is ours to wait for and to kill. */
static void start_server(struct screen *screen)
{
	struct rig *rig = screen->rig;
	char bus[160], command[300];
	const char *const argv[] = {
		TMUX_PATH, "-D", "-S", screen->socket, "-f", rig_path(rig, "tmux.conf"), NULL};
	const char *const environment[] = {
		bus,	     command, "LC_ALL=C.UTF-8", "PS1=$ ", "HISTFILE=/dev/null", "TMUX=",
		"NO_COLOR=", NULL};
	uint64_t end = usec_after_ms(START_MS);

	rig_write(rig, "tmux.conf", "set -g status off\nset -g exit-empty off\n");
	snprintf(bus, sizeof(bus), "DBUS_SYSTEM_BUS_ADDRESS=%s", rig->bus_address);
	snprintf(command, sizeof(command), "CTL=%s", program("mnpenctl"));
	process_start(&screen->server, rig->dir, "tmux", argv,
		      &(struct process_options){.environment = environment});
	while (CALL(screen, "show-options", "-g", "status") != 0 || !strstr(screen->text, "off")) {
		if (now_usec() > end)
			fail_msg("tmux does not come up: %s", screen->text);
		sleep_ms(LOOK_MS);
	}
}

void screen_open(struct rig *rig, struct screen *screen, unsigned int width, unsigned int height)
{
	char columns[12], rows[12];

	*screen = (struct screen){.rig = rig};
	snprintf(screen->socket, sizeof(screen->socket), "%s", rig_path(rig, "tmux.socket"));
	snprintf(columns, sizeof(columns), "%u", width);
	snprintf(rows, sizeof(rows), "%u", height);
	start_server(screen);
	TMUX(screen, "new-session", "-d", "-x", columns, "-y", rows,
	     "exec env 'PS1=$ ' bash --norc --noprofile -i");
	screen_await(screen, "$", STEP_MS);
	screen->shell =
		(pid_t)strtol(TMUX(screen, "display-message", "-p", "#{pane_pid}"), NULL, 10);
	assert_true(screen->shell > 0);
}

void screen_await_end(pid_t pid)
{
	uint64_t end = usec_after_ms(STEP_MS);

	while (kill(pid, 0) == 0 && waitpid(pid, NULL, WNOHANG) <= 0) {
		if (now_usec() > end)
			fail_msg("process %d does not end", (int)pid);
		sleep_ms(LOOK_MS);
	}
}

void screen_close(struct screen *screen)
{
	TMUX(screen, "kill-server");
	assert_int_equal(process_wait(&screen->server, STEP_MS), 0);
	screen_await_end(screen->shell);
}

void screen_kill(struct screen *screen)
{
	process_kill(&screen->server, SIGKILL);
	assert_int_equal(process_wait(&screen->server, STEP_MS), 128 + SIGKILL);
	screen_await_end(screen->shell);
}

/* ---- looking ---- */

const char *screen_look(struct screen *screen)
{
	return TMUX(screen, "capture-pane", "-p");
}

static bool goes_on(uint64_t end)
{
	sleep_ms(LOOK_MS);
	return now_usec() < end;
}

void screen_await(struct screen *screen, const char *text, int ms)
{
	uint64_t end = usec_after_ms(ms);

	while (!strstr(screen_look(screen), text) && goes_on(end))
		;
	if (!strstr(screen->text, text))
		fail_msg("the screen does not show \"%s\" after %d ms:\n%s", text, ms,
			 screen->text);
}

void screen_await_gone(struct screen *screen, const char *text, int ms)
{
	uint64_t end = usec_after_ms(ms);

	while (strstr(screen_look(screen), text) && goes_on(end))
		;
	if (strstr(screen->text, text))
		fail_msg("the screen still shows \"%s\" after %d ms:\n%s", text, ms, screen->text);
}

void screen_await_is(struct screen *screen, const char *format, const char *value, int ms)
{
	uint64_t end = usec_after_ms(ms);
	bool is;

	do {
		TMUX(screen, "display-message", "-p", format);
		screen->text[strcspn(screen->text, "\n")] = '\0';
		is = strcmp(screen->text, value) == 0;
	} while (!is && goes_on(end));
	if (!is)
		fail_msg("%s is \"%s\" and not \"%s\"", format, screen->text, value);
}

void screen_row(const struct screen *screen, unsigned int i, char *ret, size_t size)
{
	const char *at = screen->text;

	for (; i > 0 && at; i--) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	snprintf(ret, size, "%.*s", at ? (int)strcspn(at, "\n") : 0, at ? at : "");
}

/* ---- typing ---- */

void screen_type(struct screen *screen, const char *key)
{
	TMUX(screen, "send-keys", key);
}

void screen_line(struct screen *screen, const char *line)
{
	TMUX(screen, "send-keys", "-l", line);
	TMUX(screen, "send-keys", "Enter");
}

void screen_resize(struct screen *screen, unsigned int width, unsigned int height)
{
	char columns[12], rows[12];

	snprintf(columns, sizeof(columns), "%u", width);
	snprintf(rows, sizeof(rows), "%u", height);
	TMUX(screen, "resize-window", "-x", columns, "-y", rows);
}
