/* SPDX-License-Identifier: GPL-2.0-only */
/* Dates and times of records: people give and read local time, programs get UTC. */
#ifndef MNPEN_CLI_WHEN_H
#define MNPEN_CLI_WHEN_H

#include <stddef.h>
#include <stdint.h>

#define WHEN_SIZE 40

/**
 * when_parse() - "2026-01-31" (local midnight), "2026-01-31T09:00[:30]" (local) or with "Z",
 *	"+01:00" behind it; a space is as good as the T
 * Return: 0 and microseconds since 1970 UTC; -EINVAL: no such form, or no such day.
 */
int when_parse(const char *text, uint64_t *ret_usec);

/** when_read() - when_utc() read back; the fraction may be shorter or absent. 0 or -EINVAL */
int when_read(const char *text, uint64_t *ret_usec);

/** when_local() - "2026-01-31 09:00:30" in local time; "-" for 0. @buf: WHEN_SIZE */
char *when_local(uint64_t usec, char *buf);

/** when_utc() - "2026-01-31T08:00:30.123456Z". @buf: WHEN_SIZE */
char *when_utc(uint64_t usec, char *buf);

/** when_date() - days since 1970-01-01 as "2026-01-31". Return: @buf, WHEN_SIZE bytes. */
char *when_date(uint64_t days, char *buf);

#endif
