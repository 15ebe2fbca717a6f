/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lateness that is the machine's: a thread that wants to run every millisecond and notes when it
 * could not, and how long the kernel kept the watched programs waiting for a processor.
 */
#ifndef MNPEN_RANDOM_CANARY_H
#define MNPEN_RANDOM_CANARY_H

#include <stdint.h>
#include <sys/types.h>

struct canary;

/** canary_new() - watch the main threads of @a and @b too */
struct canary *canary_new(pid_t a, pid_t b);
struct canary *canary_free(struct canary *canary); /* returns NULL */

/** canary_late_ns() - delays between @from_ns and @to_ns (CLOCK_MONOTONIC), all of them added up;
 * @canary is a struct canary, so that this can be a callback */
uint64_t canary_late_ns(void *canary, uint64_t from_ns, uint64_t to_ns);

#endif
