// SPDX-License-Identifier: GPL-2.0-only
/* The drawer of cartridges. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "tests/gadget/control/tags.h"

#define NEEDLES 14
#define LENGTH_UM 2500
#define SHELF_LIFE_DAYS 730
#define LOT "VLOT2601"

static struct mnpen_cartridge make(const struct tags *tags, const uint8_t uid[MNPEN_UID_SIZE])
{
	struct mnpen_cartridge cartridge = {
		.lot = LOT,
		.needles = NEEDLES,
		.length_um = LENGTH_UM,
		.expires_days = tags->today_days + SHELF_LIFE_DAYS,
	};

	memcpy(cartridge.uid, uid, MNPEN_UID_SIZE);
	return cartridge;
}

struct mnpen_cartridge tags_fresh(struct tags *tags)
{
	uint8_t uid[MNPEN_UID_SIZE] = {'V', 'C'};
	uint64_t number = (uint64_t)tags->box << 16 | (++tags->made & 0xffff);

	for (size_t i = 0; i < 6; i++)
		uid[MNPEN_UID_SIZE - 1 - i] = (uint8_t)(number >> 8 * i);
	return make(tags, uid);
}

struct mnpen_cartridge tags_take(struct tags *tags, const uint8_t uid[MNPEN_UID_SIZE])
{
	for (unsigned int i = 0; i < MIN(tags->count, (unsigned int)TAGS_MAX); i++)
		if (!memcmp(tags->tag[i].uid, uid, MNPEN_UID_SIZE))
			return tags->tag[i];
	return make(tags, uid);
}

void tags_put_away(struct tags *tags, const struct mnpen_cartridge *cartridge)
{
	if (!(cartridge->flags & MNPEN_CARTRIDGE_PRESENT))
		return;
	for (unsigned int i = 0; i < MIN(tags->count, (unsigned int)TAGS_MAX); i++) {
		if (!memcmp(tags->tag[i].uid, cartridge->uid, MNPEN_UID_SIZE)) {
			tags->tag[i] = *cartridge;
			return;
		}
	}
	tags->tag[tags->count++ % TAGS_MAX] = *cartridge;
}

static bool is_hex(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	return len && len % 2 == 0 && len <= 2 * MNPEN_UID_SIZE;
}

int tags_parse_uid(const char *text, uint8_t ret[MNPEN_UID_SIZE])
{
	size_t len = strlen(text);
	unsigned int byte;

	if (is_hex(text, len)) {
		memset(ret, 0, MNPEN_UID_SIZE);
		for (size_t i = 0; i < len / 2; i++) {
			sscanf(text + 2 * i, "%2x", &byte);
			ret[i] = (uint8_t)byte;
		}
		return 0;
	}
	if (!len || len > MNPEN_UID_SIZE)
		return -EINVAL;
	memset(ret, 0, MNPEN_UID_SIZE);
	memcpy(ret, text, len);
	return 0;
}
