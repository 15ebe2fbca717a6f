/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes by in a capture (driver/uapi/capture.h), counted. No I/O. */
#ifndef MNPEN_CLI_CAPTURE_H
#define MNPEN_CLI_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

struct capture_counts {
	uint64_t transfers;  /* that ended */
	uint64_t samples;    /* of these: packets of the sample endpoint */
	uint64_t lost;	     /* events that this program was too slow for */
	uint64_t first_usec; /* of the first event, since 1970; 0 = none yet */
	uint64_t last_usec;
};

/** capture_count() - one block. Return: 0; -EBADMSG it is none of a capture. */
int capture_count(struct capture_counts *counts, const uint8_t *block, size_t len);

/** capture_msec() - from the first event to the last */
uint64_t capture_msec(const struct capture_counts *counts);

#endif
