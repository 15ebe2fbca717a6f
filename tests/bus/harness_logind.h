/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A logind that puts the machine to sleep when the test wants it: a thread of its own on a
 * connection of its own, so that it hears of a lock that is let go at once.
 */
#ifndef MNPEN_HARNESS_LOGIND_H
#define MNPEN_HARNESS_LOGIND_H

#include <stdbool.h>
#include <stdint.h>

struct logind;

/** logind_new() - own org.freedesktop.login1 at the bus @address */
struct logind *logind_new(const char *address);
struct logind *logind_free(struct logind *logind); /* returns NULL */

/** logind_await_locks() - until a delay lock for sleep and one for shutdown are held; fails after
 * @ms */
void logind_await_locks(struct logind *logind, int ms);

/** logind_released_ns() - when a lock was let go last (CLOCK_MONOTONIC); 0 while all are held */
uint64_t logind_released_ns(struct logind *logind);

/** logind_says() - broadcast the signal @member ("PrepareForSleep", "PrepareForShutdown") */
void logind_says(struct logind *logind, const char *member, bool begins);

#endif
