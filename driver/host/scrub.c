// SPDX-License-Identifier: GPL-2.0-only
#include "driver/host/scrub.h"

#include <ctype.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "driver/base/cleanup.h"
#include "driver/proto/records.h"

#define TOKEN_SIZE 8
#define HASH_SIZE crypto_shorthash_BYTES
#define ARM_CRC_OFFSET MNPEN_ARM_CRC_OFFSET
#define LEASE_CRC_OFFSET 12
#define CARTRIDGE_LOT_OFFSET 8
#define CARTRIDGE_TOKEN_OFFSET 32

_Static_assert(SCRUB_KEY_SIZE == crypto_shorthash_KEYBYTES, "the hash's key");
_Static_assert(MNPEN_UID_SIZE == HASH_SIZE && TOKEN_SIZE == HASH_SIZE, "one hash each");

/* ---- pseudonyms ---- */

static void hash(const struct scrub *scrub, const uint8_t *from, size_t len, uint8_t block,
		 uint8_t ret[HASH_SIZE])
{
	uint8_t input[SCRUB_BYTES + 1];

	memcpy(input, from, len);
	input[len] = block;
	crypto_shorthash(ret, input, len + 1, scrub->key);
}

/* "None" has to stay none. */
static void rename_bytes(const struct scrub *scrub, const uint8_t *from, size_t len, uint8_t *to)
{
	bool none = true;

	for (size_t i = 0; i < len; i++)
		none &= from[i] == 0;
	if (none)
		memset(to, 0, len);
	else
		hash(scrub, from, len, 0, to);
}

static uint8_t rename_char(uint8_t c, uint8_t random)
{
	if (isdigit(c))
		return (uint8_t)('0' + random % 10);
	if (isupper(c))
		return (uint8_t)('A' + random % 26);
	if (islower(c))
		return (uint8_t)('a' + random % 26);
	return c;
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
		to[i] = rename_char(from[i],
				    (uint8_t)(isdigit(from[i]) ? from[i] - '0' + 1
							       : tolower(from[i]) - 'a' + 1));
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

/* The token at the beginning of a record. Its checksum over 28 bytes, at @crc, changes by as much
 * as the token does, whatever the other 20 are: CRC is linear. So a wrong one stays wrong, and that
 * of an ARM which was never seen, repeated in a lease, follows too. */
static void rename_token(struct scrub *scrub, uint8_t *token, uint8_t *crc)
{
	static const uint8_t zero[ARM_CRC_OFFSET];
	uint8_t difference[ARM_CRC_OFFSET] = {0}, to[TOKEN_SIZE];
	uint32_t change;

	rename_bytes(scrub, token, TOKEN_SIZE, to);
	remember(scrub, token, to, TOKEN_SIZE);
	for (size_t i = 0; i < TOKEN_SIZE; i++)
		difference[i] = token[i] ^ to[i];
	memcpy(token, to, TOKEN_SIZE);
	change = mnpen_crc32(difference, sizeof(difference)) ^ mnpen_crc32(zero, sizeof(zero));
	for (size_t i = 0; crc && i < 4; i++)
		crc[i] ^= (uint8_t)(change >> 8 * i);
}

static void rename_cartridge(struct scrub *scrub, uint8_t *record)
{
	uint8_t *lot = record + CARTRIDGE_LOT_OFFSET;
	size_t lot_len = strnlen((const char *)lot, MNPEN_LOT_SIZE);
	uint8_t to[MNPEN_LOT_SIZE];

	rename_bytes(scrub, record, MNPEN_UID_SIZE, to);
	remember(scrub, record, to, MNPEN_UID_SIZE);
	memcpy(record, to, MNPEN_UID_SIZE);
	rename_text(scrub, lot, lot_len, to);
	remember(scrub, lot, to, lot_len);
	memcpy(lot, to, lot_len);
	rename_token(scrub, record + CARTRIDGE_TOKEN_OFFSET, NULL);
}

static bool is_request(const struct host_transfer *t, uint8_t type, enum mnpen_request request)
{
	return t->control && t->setup[0] == type && t->setup[1] == request &&
	       t->setup[4] == MNPEN_IF_CONTROL && t->setup[5] == 0;
}

static bool scrub_sent(struct scrub *scrub, const struct host_transfer *t, uint8_t *data,
		       size_t len)
{
	if (is_request(t, MNPEN_REQTYPE_OUT, MNPEN_REQ_ARM) && len == MNPEN_ARM_SIZE)
		rename_token(scrub, data, data + ARM_CRC_OFFSET);
	else if (is_request(t, MNPEN_REQTYPE_OUT, MNPEN_REQ_LEASE) && len == MNPEN_LEASE_SIZE)
		rename_token(scrub, data, data + LEASE_CRC_OFFSET);
	else if ((is_request(t, MNPEN_REQTYPE_OUT, MNPEN_REQ_SET_TARGET) &&
		  len == MNPEN_TARGET_SIZE) ||
		 (is_request(t, MNPEN_REQTYPE_OUT, MNPEN_REQ_CLAIM_CARTRIDGE) &&
		  len == MNPEN_CLAIM_SIZE))
		rename_token(scrub, data, NULL);
	else
		return is_request(t, MNPEN_REQTYPE_OUT, MNPEN_REQ_SET_STREAM);
	return true;
}

static bool scrub_received(struct scrub *scrub, const struct host_transfer *t, uint8_t *data,
			   size_t len)
{
	struct mnpen_error_record error;
	struct mnpen_cartridge cartridge;
	struct mnpen_sample sample;
	struct mnpen_info info;

	if (!t->control || is_request(t, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_STATUS))
		return mnpen_sample_decode(&sample, data, len) == 0;
	if (is_request(t, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_INFO))
		return mnpen_info_decode(&info, data, len) == 0;
	if (is_request(t, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_ERROR))
		return mnpen_error_decode(&error, data, len) == 0;
	if (!is_request(t, MNPEN_REQTYPE_IN, MNPEN_REQ_GET_CARTRIDGE) ||
	    mnpen_cartridge_decode(&cartridge, data, len) < 0)
		return false;
	rename_cartridge(scrub, data);
	return true;
}

void scrub_data(struct scrub *scrub, const struct host_transfer *transfer, uint8_t *data,
		size_t len)
{
	if (!scrub_sent(scrub, transfer, data, len) && !scrub_received(scrub, transfer, data, len))
		search(scrub, data, len);
}
