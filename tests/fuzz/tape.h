/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Recordings made from few bytes: an input is a list of events, of which tape_make() makes a pcapng
 * file of usbmon's packets. So the headers and lengths are right, and what is mutated is the
 * conversation.
 */
#ifndef MNPEN_FUZZ_TAPE_H
#define MNPEN_FUZZ_TAPE_H

#include "tests/fuzz/fuzz.h"

#define TAPE_MAX 262144 /* bytes of a file; events that do not fit are left out */

/** enum tape_event - in the low three bits of an event's first byte. The upper three say how the
 * next byte counts: as so many microseconds since the event before, shifted by 0, 3, ... 21 */
enum tape_event {
	TAPE_PACKET,	 /* then: length, bytes */
	TAPE_ANSWERED,	 /* then: setup (8), length, bytes: of the data stage, OUT or IN */
	TAPE_REFUSED,	 /* the same, with -EPIPE */
	TAPE_TAKEN_BACK, /* -ENOENT */
	TAPE_OPEN,	 /* no end */
	TAPE_END,	 /* the end of the last open one, or of one that was never begun */
	TAPE_BLOCK,	 /* then: type, length, bytes of a block's body */
	TAPE_SECTION,	 /* a second section, with another interface */
};

/** tape_make() - a file of all that is left of @input. Return: its length; @ret_bytes: for free()
 */
size_t tape_make(uint8_t **ret_bytes, struct fuzz_input *input);

#endif
