/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal: single keys in, a screen of our own out, and everything put back, also by a crash.
 *
 * Nothing here waits for a terminal that does not read, but term_screen_off() when it is told to.
 */
#ifndef MNPEN_CLI_TERM_H
#define MNPEN_CLI_TERM_H

#include <stdbool.h>
#include <stddef.h>

/** enum term_place - whose the terminal of stdout is at this moment */
enum term_place {
	TERM_OURS,   /* we are in the foreground, or it is no terminal */
	TERM_OTHERS, /* we are in the background: it is the shell's, or another program's */
	TERM_GONE,   /* hung up */
};

enum term_place term_place(void);

/** term_can_draw() - whether stdout is a terminal that may be drawn on (NO_COLOR, TERM=dumb: no)
 */
bool term_can_draw(void);

/** term_has_blocks() - whether the locale has characters for boxes and bars */
bool term_has_blocks(void);

/** term_size() - columns and rows of stdout; 80 by 24 when it does not say */
void term_size(unsigned int *ret_columns, unsigned int *ret_rows);

/**
 * term_keys_on() - give single keys of stdin as they are pressed
 *
 * Suspending and flow control by key are off meanwhile: a pen must not stay armed behind a program
 * that sleeps. Put back by term_keys_off(), and by a crash. Once more, it sets the same again, for
 * a shell that had the terminal in between.
 * Return: false when stdin is no terminal, or not ours to read from (in the background).
 */
bool term_keys_on(void);
void term_keys_off(void);

/** term_keys_ours() - whether stdin is a terminal, and ours to read from */
bool term_keys_ours(void);

/** term_writable() - whether stdout takes a line now without making the program wait */
bool term_writable(void);

/** term_open() - make term_write() ready, when stdout is a terminal that can be opened again */
bool term_open(void);

/**
 * term_write() - give @text to the terminal; what it does not take now follows with the next call
 * @len: at most TERM_WRITE_MAX
 * Return: 0; -EAGAIN: nothing of it was taken, since an earlier one is not through; else -errno.
 */
#define TERM_WRITE_MAX 98304
int term_write(const char *text, size_t len);

/** term_screen_on() - the other screen, without cursor and without a line's wrapping round */
int term_screen_on(void);

/** term_screen_off() - what stood there before. @wait_ms: for a terminal that does not read */
void term_screen_off(int wait_ms);

#endif
