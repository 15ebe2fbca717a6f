/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal: single keys in, one line out that is written over, and everything put back. */
#ifndef MNPEN_CLI_TERM_H
#define MNPEN_CLI_TERM_H

#include <stdbool.h>

/** term_can_draw() - whether stdout is a terminal that may be drawn on (NO_COLOR, TERM=dumb: no)
 */
bool term_can_draw(void);

/** term_width() - columns of stdout, at least 20; 80 when it does not say */
unsigned int term_width(void);

/**
 * term_keys_on() - give single keys of stdin as they are pressed
 *
 * Suspending and flow control by key are off meanwhile: a pen must not stay armed behind a program
 * that sleeps. Put back by term_keys_off(), and by a crash.
 * Return: false when stdin is no terminal, or not ours to read from (in the background).
 */
bool term_keys_on(void);
void term_keys_off(void);

/** term_writable() - whether stdout takes a line now without making the program wait */
bool term_writable(void);

#endif
