/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cartridges in the drawer: the tag of each that has been in a pen, so that the same one put in
 * again, into whichever pen, keeps its claim and its strokes.
 */
#ifndef MNPEN_GADGET_TAGS_H
#define MNPEN_GADGET_TAGS_H

#include "driver/proto/records.h"

#define TAGS_MAX 256 /* then the one put away longest ago is forgotten */

struct tags {
	struct mnpen_cartridge tag[TAGS_MAX];
	unsigned int count; /* ever put away */
	uint32_t made;
	uint32_t box; /* part of the uid of each fresh one: no two boxes hold the same */
	uint32_t today_days;
};

/** tags_fresh() - a new cartridge with a number of its own */
struct mnpen_cartridge tags_fresh(struct tags *tags);

/** tags_take() - the cartridge of that uid as it was put away, or a fresh one of that uid */
struct mnpen_cartridge tags_take(struct tags *tags, const uint8_t uid[MNPEN_UID_SIZE]);

/** tags_put_away() - a cartridge that comes out of a pen */
void tags_put_away(struct tags *tags, const struct mnpen_cartridge *cartridge);

/**
 * tags_parse_uid() - pairs of hex digits (at most 8), or else at most 8 characters as they are
 * Return: 0, -EINVAL.
 */
int tags_parse_uid(const char *text, uint8_t ret[MNPEN_UID_SIZE]);

#endif
