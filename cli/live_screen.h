/* SPDX-License-Identifier: GPL-2.0-only */
/* The panel on the terminal: of each frame only what has changed. There is one, as there is one
 * terminal. */
#ifndef MNPEN_CLI_LIVE_SCREEN_H
#define MNPEN_CLI_LIVE_SCREEN_H

#include "cli/live_panel.h"

/** live_screen_draw() - @view as the terminal's size has it now
 * Return: 0, also when the terminal does not read and the frame is lost; else -errno. */
int live_screen_draw(const struct live_view *view);

/** live_screen_forget() - draw all of it the next time, whatever stands there now */
void live_screen_forget(void);

#endif
