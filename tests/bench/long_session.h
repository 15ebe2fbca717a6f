/* SPDX-License-Identifier: GPL-2.0-only */
/* An hour of samples that nobody waits an hour for. */
#ifndef MNPEN_BENCH_LONG_SESSION_H
#define MNPEN_BENCH_LONG_SESSION_H

#include <stdint.h>

/** long_session() - give session @n of the database @path @samples of them, one a millisecond from
 * its start on, as blocks and as a trend; it ends with the last */
void long_session(const char *path, int64_t n, uint32_t samples);

#endif
