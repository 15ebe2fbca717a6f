/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An event loop in virtual time, in the place of sd-event and the clocks: a harness that calls it
 * gets these sd_event_* functions and this now_usec() instead of those of the system. Sockets are
 * real, time passes only where the harness says so, and so a run takes microseconds and repeats.
 */
#ifndef MNPEN_FUZZ_LOOP_H
#define MNPEN_FUZZ_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define LOOP_START_USEC 1000000000ULL /* what all clocks show when a loop is made */

/** loop_new() - an empty loop, at LOOP_START_USEC */
sd_event *loop_new(void);
/** loop_free() - CHECKs that no source and no reference is left behind */
void loop_free(sd_event *event);

/** loop_settle() - dispatch what is due now, by priority. Return: how many; CHECKs that it ends */
unsigned int loop_settle(sd_event *event);

/** loop_pass() - let @usec pass: what is due on the way is dispatched at its time */
void loop_pass(sd_event *event, uint64_t usec);

/** loop_hang() - let @usec pass while the process does nothing */
void loop_hang(uint64_t usec);

/** loop_exited() - whether sd_event_exit() was called */
bool loop_exited(const sd_event *event);

#endif
