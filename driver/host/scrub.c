// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/scrub.h"

#include <ctype.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/proto/records.h"
#include "driver/proto/wire.h"

#define HASH_SIZE crypto_shorthash_BYTES
#define CRC_SIZE 4

_Static_assert(SCRUB_KEY_SIZE == crypto_shorthash_KEYBYTES, "the hash's key");
_Static_assert(MNPEN_UID_SIZE == HASH_SIZE && MNPEN_TOKEN_SIZE == HASH_SIZE, "one hash each");

/* ---- pseudonyms ---- */

static void hash(const struct scrub *scrub, const uint8_t *from, size_t len, uint8_t block,
		 uint8_t ret[HASH_SIZE])
{
	uint8_t input[SCRUB_BYTES + 1];

	memcpy(input, from, len);
	input[len] = block;
	crypto_shorthash(ret, input, len + 1, scrub->key);
}

/* "None" has to stay none. @len: at most HASH_SIZE */
static void rename_bytes(const struct scrub *scrub, const uint8_t *from, size_t len, uint8_t *to)
{
	uint8_t name[HASH_SIZE] = {0};

	if (!wire_is_zero(from, len))
		hash(scrub, from, len, 0, name);
	memcpy(to, name, len);
}

/* What may stand for @c: @ret_count values from the returned one on. */
static uint8_t alike(uint8_t c, unsigned int *ret_count)
{
	*ret_count = isdigit(c) ? 10 : isalpha(c) ? 26 : 1;
	if (isdigit(c))
		return '0';
	if (isalpha(c))
		return isupper(c) ? 'A' : 'a';
	if (c >= 0x20 && c < 0x7f)
		return c;
	/* No text has it. It can be a part of anything, so that it is not shown. */
	*ret_count = c == 0 ? 1 : c < 0x20 ? 0x1f : 0x81;
	return c == 0 ? 0 : c < 0x20 ? 1 : 0x7f;
}

static uint8_t rename_char(uint8_t c, unsigned int random)
{
	unsigned int count;
	uint8_t first = alike(c, &count);

	return (uint8_t)(first + random % count);
}

static uint8_t next_char(uint8_t c)
{
	unsigned int count;
	uint8_t first = alike(c, &count);

	return (uint8_t)(first + (c - first + 1u) % count);
}

/* A digit stays a digit and a letter a letter, so that the form is kept. */
static void rename_text(const struct scrub *scrub, const uint8_t *from, size_t len, uint8_t *to)
{
	uint8_t random[HASH_SIZE];

	for (size_t i = 0; i < len; i++) {
		if (i % HASH_SIZE == 0)
			hash(scrub, from, len, (uint8_t)(1 + i / HASH_SIZE), random);
		to[i] = rename_char(from[i], random[i % HASH_SIZE]);
	}
	/* By chance the same: one place further, wherever that is possible. */
	for (size_t i = 0; i < len && memcmp(from, to, len) == 0; i++)
		to[i] = next_char(from[i]);
}

/* ---- what was seen ---- */

static void remember(struct scrub *scrub, const uint8_t *from, const uint8_t *to, size_t len)
{
	struct scrub_secret *secret;

	if (len < SCRUB_SHORT || memcmp(from, to, len) == 0)
		return;
	for (size_t i = 0; i < ELEMENTSOF(scrub->seen); i++)
		if (scrub->seen[i].len == len && memcmp(scrub->seen[i].from, from, len) == 0)
			return;
	secret = &scrub->seen[scrub->next++ % SCRUB_SEEN];
	secret->len = (uint8_t)len;
	memcpy(secret->from, from, len);
	memcpy(secret->to, to, len);
}

static bool replace_at(const struct scrub_secret *secret, uint8_t *data, size_t len)
{
	if (!secret->len || len < secret->len || memcmp(data, secret->from, secret->len) != 0)
		return false;
	memcpy(data, secret->to, secret->len);
	return true;
}

static size_t replace_any(const struct scrub *scrub, uint8_t *data, size_t len)
{
	for (size_t i = 0; i < ELEMENTSOF(scrub->serial); i++)
		if (replace_at(&scrub->serial[i], data, len))
			return scrub->serial[i].len;
	for (size_t i = 0; i < ELEMENTSOF(scrub->seen); i++)
		if (replace_at(&scrub->seen[i], data, len))
			return scrub->seen[i].len;
	return 1;
}

static void search(const struct scrub *scrub, uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len;)
		i += replace_any(scrub, data + i, len - i);
}

void scrub_begin(struct scrub *scrub, const uint8_t key[SCRUB_KEY_SIZE], const char *serial)
{
	struct scrub_secret *ascii = &scrub->serial[0], *wide = &scrub->serial[1];
	size_t len = strnlen(serial, MNPEN_SERIAL_MAX);

	*scrub = (struct scrub){0};
	memcpy(scrub->key, key, SCRUB_KEY_SIZE);
	ascii->len = (uint8_t)len;
	wide->len = (uint8_t)(2 * len);
	memcpy(ascii->from, serial, len);
	rename_text(scrub, ascii->from, len, ascii->to);
	for (size_t i = 0; i < len; i++) {
		wide->from[2 * i] = ascii->from[i];
		wide->to[2 * i] = ascii->to[i];
	}
}

/* ---- records ---- */

/* The token at the beginning of @data, or as much of it as there is; what it became differs from it
 * by @ret_difference. */
static void rename_token(struct scrub *scrub, uint8_t *data, size_t len,
			 uint8_t ret_difference[MNPEN_TOKEN_SIZE])
{
	uint8_t to[MNPEN_TOKEN_SIZE];

	len = MIN(len, (size_t)MNPEN_TOKEN_SIZE);
	rename_bytes(scrub, data, len, to);
	remember(scrub, data, to, len);
	for (size_t i = 0; i < len; i++)
		ret_difference[i] = data[i] ^ to[i];
	memcpy(data, to, len);
}

/* A record that begins with a token. ARM's checksum over 28 bytes, at @crc_offset (0 = it has
 * none), changes by as much as the token does, whatever the other 20 are: CRC is linear. So a wrong
 * one stays wrong, and that of an ARM which was never seen, repeated in a lease, follows too. */
static void rename_order(struct scrub *scrub, uint8_t *data, size_t len, size_t crc_offset)
{
	static const uint8_t zero[MNPEN_ARM_CRC_OFFSET];
	uint8_t difference[MNPEN_ARM_CRC_OFFSET] = {0};
	uint32_t change;

	rename_token(scrub, data, len, difference);
	if (!crc_offset || len < crc_offset + CRC_SIZE)
		return;
	change = mnpen_crc32(difference, sizeof(difference)) ^ mnpen_crc32(zero, sizeof(zero));
	wire_put32(data + crc_offset, wire_get32(data + crc_offset) ^ change);
}

static void rename_lot(struct scrub *scrub, uint8_t *lot, size_t len)
{
	uint8_t to[MNPEN_LOT_SIZE];

	len = MIN(len, (size_t)MNPEN_LOT_SIZE);
	/* Also what stands behind a NUL, where no text has anything. */
	rename_text(scrub, lot, len, to);
	remember(scrub, lot, to, strnlen((const char *)lot, len));
	memcpy(lot, to, len);
}

/* As far as it reaches, and whatever the other bytes are: a pen that says wrongly what its
 * cartridge is says it all the same. */
static void rename_cartridge(struct scrub *scrub, uint8_t *record, size_t len)
{
	uint8_t difference[MNPEN_TOKEN_SIZE];

	/* An uid has the form of a token. */
	rename_token(scrub, record, len, difference);
	if (len > MNPEN_CARTRIDGE_LOT_OFFSET)
		rename_lot(scrub, record + MNPEN_CARTRIDGE_LOT_OFFSET,
			   len - MNPEN_CARTRIDGE_LOT_OFFSET);
	if (len > MNPEN_CARTRIDGE_TOKEN_OFFSET)
		rename_token(scrub, record + MNPEN_CARTRIDGE_TOKEN_OFFSET,
			     len - MNPEN_CARTRIDGE_TOKEN_OFFSET, difference);
}

static bool is_request(const struct host_transfer *t, uint8_t type, enum mnpen_request request)
{
	return t->control && t->setup[0] == type && t->setup[1] == request &&
	       t->setup[4] == MNPEN_IF_CONTROL && t->setup[5] == 0;
}

/* These return whether all of @data is known to be a record; else secrets are to be searched for.
 */

static bool scrub_sent(struct scrub *scrub, const struct host_transfer *t, uint8_t *data,
		       size_t len)
{
	static const struct {
		enum mnpen_request request;
		size_t len, crc_offset;
	} orders[] = {
		{MNPEN_REQ_ARM, MNPEN_ARM_SIZE, MNPEN_ARM_CRC_OFFSET},
		{MNPEN_REQ_LEASE, MNPEN_LEASE_SIZE, MNPEN_LEASE_CRC_OFFSET},
		{MNPEN_REQ_SET_TARGET, MNPEN_TARGET_SIZE, 0},
		{MNPEN_REQ_CLAIM_CARTRIDGE, MNPEN_CLAIM_SIZE, 0},
	};

	for (size_t i = 0; i < ELEMENTSOF(orders); i++)
		if (is_request(t, MNPEN_REQTYPE_OUT, orders[i].request)) {
			rename_order(scrub, data, len, orders[i].crc_offset);
			return len == orders[i].len;
		}
	return is_request(t, MNPEN_REQTYPE_OUT, MNPEN_REQ_SET_STREAM);
}

static bool scrub_received(struct scrub *scrub, const struct host_transfer *t, uint8_t *data,
			   size_t len)
{
	struct mnpen_error_record error;
	struct mnpen_cartridge cartridge;
	struct mnpen_sample sample;
	struct mnpen_info info;
	bool whole;

	if (!t->control || is_request(t, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_STATUS))
		return mnpen_sample_decode(&sample, data, len) == 0;
	if (is_request(t, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_INFO))
		return mnpen_info_decode(&info, data, len) == 0;
	if (is_request(t, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_ERROR))
		return mnpen_error_decode(&error, data, len) == 0;
	if (!is_request(t, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_CARTRIDGE))
		return false;
	whole = mnpen_cartridge_decode(&cartridge, data, len) == 0;
	rename_cartridge(scrub, data, len);
	return whole;
}

void scrub_data(struct scrub *scrub, const struct host_transfer *transfer, uint8_t *data,
		size_t len)
{
	if (!scrub_sent(scrub, transfer, data, len) && !scrub_received(scrub, transfer, data, len))
		search(scrub, data, len);
}
