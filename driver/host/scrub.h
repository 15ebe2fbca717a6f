/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pseudonyms in a capture: the pen's serial, the cartridge's uid and lot, and tokens are replaced
 * by others of the same form, the same ones throughout a capture and others in the next. Checksums
 * over them follow. Nothing else changes.
 *
 * A pseudonym is a keyed hash of what it stands for, so that nothing has to be remembered of a
 * capture that lasts for days. Only bytes that are no record are searched for what was seen lately.
 * No I/O, no allocation.
 */
#ifndef MNPEN_HOST_SCRUB_H
#define MNPEN_HOST_SCRUB_H

#include <stddef.h>
#include <stdint.h>

#include "driver/host/tap.h"
#include "driver/proto/proto.h"

#define SCRUB_KEY_SIZE 16
#define SCRUB_SEEN 16 /* secrets that are searched for, the latest ones */
#define SCRUB_SHORT 4 /* fewer bytes than that are not: they would be found everywhere */
#define SCRUB_BYTES (2 * MNPEN_SERIAL_MAX) /* of the longest: a serial in UTF-16 */

struct scrub_secret {
	uint8_t len; /* 0 = none */
	uint8_t from[SCRUB_BYTES];
	uint8_t to[SCRUB_BYTES];
};

struct scrub {
	uint8_t key[SCRUB_KEY_SIZE];
	struct scrub_secret serial[2]; /* ASCII, UTF-16LE */
	struct scrub_secret seen[SCRUB_SEEN];
	unsigned int next;
};

/** scrub_begin() - @key: random, and nobody else's; @serial: the pen's */
void scrub_begin(struct scrub *scrub, const uint8_t key[SCRUB_KEY_SIZE], const char *serial);

/** scrub_data() - replace in @data, which @transfer carried */
void scrub_data(struct scrub *scrub, const struct host_transfer *transfer, uint8_t *data,
		size_t len);

#endif
