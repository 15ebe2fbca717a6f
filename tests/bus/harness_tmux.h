/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mnpenctl at a terminal that is looked at: a tmux with one window, in which a shell with job
 * control runs. Its server is a process of the test, and its socket lies in the rig's directory.
 */
#ifndef MNPEN_HARNESS_TMUX_H
#define MNPEN_HARNESS_TMUX_H

#include "tests/bus/harness.h"

#define SCREEN_TEXT_MAX 65536

/** struct screen - the window */
struct screen {
	struct rig *rig;
	struct process server;
	char socket[96];
	pid_t shell;
	unsigned int calls;
	char text[SCREEN_TEXT_MAX]; /* of the last look */
};

/** screen_open() - a window of that size, with a shell */
void screen_open(struct rig *rig, struct screen *screen, unsigned int width, unsigned int height);

/** screen_close() - end tmux, and its shell with it */
void screen_close(struct screen *screen);

/** screen_kill() - SIGKILL to tmux, as a terminal that goes away; the shell is waited for */
void screen_kill(struct screen *screen);

/** screen_await_end() - until process @pid, of the window, has ended; it may have become ours */
void screen_await_end(pid_t pid);

/** screen_require() - skip the test where there is no tmux; before the rig is started */
void screen_require(void);

/** tmux_do() - a tmux command; what it prints, valid until the next one */
const char *tmux_do(struct screen *screen, const char *const *words);
#define TMUX(screen, ...) tmux_do(screen, (const char *const[]){__VA_ARGS__, NULL})

/** screen_look() - the text that stands there now */
const char *screen_look(struct screen *screen);
/** screen_await() - until @text stands there; screen_await_gone() - until it does not */
void screen_await(struct screen *screen, const char *text, int ms);
void screen_await_gone(struct screen *screen, const char *text, int ms);
/** screen_await_is() - until tmux's @format is @value */
void screen_await_is(struct screen *screen, const char *format, const char *value, int ms);

/** screen_type() - keys as tmux names them ("Space", "C-c"), one; screen_line() - a line and Enter
 */
void screen_type(struct screen *screen, const char *key);
void screen_line(struct screen *screen, const char *line);
void screen_resize(struct screen *screen, unsigned int width, unsigned int height);

/** screen_row() - row @i of the last look, from the top; "" when there is none */
void screen_row(const struct screen *screen, unsigned int i, char *ret, size_t size);

#endif
