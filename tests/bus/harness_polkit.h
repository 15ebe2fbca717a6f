/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A polkit that says what the test wants, when the test wants: a thread of its own on a connection
 * of its own, so that it answers while the test waits for the daemon.
 */
#ifndef MNPEN_HARNESS_POLKIT_H
#define MNPEN_HARNESS_POLKIT_H

#include <stdbool.h>

struct polkit;

/** polkit_new() - own org.freedesktop.PolicyKit1 at the bus @address; says yes at once to all */
struct polkit *polkit_new(const char *address);
struct polkit *polkit_free(struct polkit *polkit); /* returns NULL */

/** polkit_say() - what it says from now on, and how long it thinks before */
void polkit_say(struct polkit *polkit, bool yes, int delay_ms);

/** polkit_asked() - how often it was asked for @action (NULL: for anything) so far */
unsigned int polkit_asked(struct polkit *polkit, const char *action);

/** polkit_subject() - the bus name for which it was asked last, into @name */
void polkit_subject(struct polkit *polkit, char *name, unsigned long size);

#endif
