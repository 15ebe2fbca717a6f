/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clocks. Everything that decides uses now_usec(); wall time stands in records only.
 */
#ifndef MNPEN_CLOCK_H
#define MNPEN_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define USEC_PER_MSEC 1000ULL
#define USEC_PER_SEC 1000000ULL
#define USEC_PER_DAY (86400ULL * USEC_PER_SEC)
#define NSEC_PER_USEC 1000ULL

/** now_usec() - CLOCK_BOOTTIME in microseconds: monotonic, counts suspend. Any thread. */
uint64_t now_usec(void);

/** now_monotonic_ns() - CLOCK_MONOTONIC in nanoseconds, the clock of the virtual pen's oracle */
uint64_t now_monotonic_ns(void);

/** wall_usec() - microseconds since 1970-01-01 UTC */
uint64_t wall_usec(void);

/** wall_synchronized() - whether the kernel says that its clock is kept by NTP; where it may not be
 * asked, whether systemd-timesyncd does */
bool wall_synchronized(void);

/** wall_days() - days since 1970-01-01 UTC, as the protocol counts dates */
uint32_t wall_days(void);

/** local_days() - likewise of the date that a calendar on this computer's wall shows at
 * @wall_usec; 0 stays 0 */
uint32_t local_days(uint64_t wall_usec);

#define WALL_DATE_SIZE 16

/** wall_date() - a day counted so, as "2026-01-31"; "never" beyond the year 9999. Return: @buf. */
char *wall_date(uint32_t days, char buf[WALL_DATE_SIZE]);

#endif
