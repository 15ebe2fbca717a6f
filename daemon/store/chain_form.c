// SPDX-License-Identifier: GPL-2.0-only
/* What is hashed, byte by byte: docs/record.md says it to whoever checks with another program. */
#include <sodium.h>
#include <string.h>

#include "daemon/store/chain.h"
#include "driver/base/cleanup.h"

_Static_assert(CHAIN_SALT_SIZE >= crypto_generichash_KEYBYTES_MIN, "a salt is a BLAKE2b key");

#define SESSION_BEGUN                                                                              \
	"n, id, token, pen, model, firmware, calibration_due_days, transport, profile,"            \
	" profile_digest, area, client, operator, operator_uid, screening, consent, sign_off,"     \
	" cartridge, cartridge_uid, cartridge_lot, cartridge_expires_days, area_size_cm2,"         \
	" started_usec, started_wall_usec, clock_synchronized"

/* Columns that a later version adds get a form of their own; these stay as they are. */
const struct chain_form chain_forms[CHAIN_KINDS] = {
	[CHAIN_BEGUN] = {"begun", NULL, NULL, ""},
	[CHAIN_MIGRATION] = {"migration", NULL, NULL, ""},
	[CHAIN_STATION_KEY] = {"station-key", "station_key", "NULL",
			       "n, public_key, cause, wall_usec"},
	[CHAIN_SESSION_BEGUN] = {"session-begun", "session", "n", SESSION_BEGUN},
	[CHAIN_SESSION] = {"session", "session", "n",
			   SESSION_BEGUN ", ended_usec, ended_wall_usec, outcome, samples, gaps,"
					 " strokes, run_ms, depth_max_um, speed_max_rpm"},
	[CHAIN_EVENT] = {"event", "event", "session",
			 "n, session, pen, kind, usec, wall_usec, details"},
	[CHAIN_GAP] = {"gap", "gap", "session",
		       "n, session, after_seq, before_seq, missing, reason, usec, wall_usec"},
	[CHAIN_BLOCK] = {"block", "block", "session",
			 "n, session, first_seq, last_seq, count, first_host_usec, last_host_usec,"
			 " data"},
	[CHAIN_TREND] = {"trend", "trend", "session",
			 "n, session, usec, wall_usec, samples, depth_min_um, depth_mean_um,"
			 " depth_max_um, speed_min_rpm, speed_mean_rpm, speed_max_rpm,"
			 " motor_min_ma, motor_mean_ma, motor_max_ma"},
	[CHAIN_LEGAL_HOLD] = {"legal-hold", "legal_hold", "NULL",
			      "n, client, held, reason, uid, wall_usec"},
	[CHAIN_SCREENING] = {"screening", "screening", "session",
			     "n, session, question, text, kind, answer, wall_usec"},
	[CHAIN_CARTRIDGE] = {"cartridge", "cartridge", "session",
			     "n, session, pen, uid, serial, lot, expires_days, needles, length_um,"
			     " usec, wall_usec"},
	[CHAIN_SEGMENT] = {"segment", "segment", "session",
			   "n, session, profile, area, area_size_cm2, started_usec,"
			   " started_wall_usec, ended_usec, ended_wall_usec, depth_limit_um,"
			   " speed_limit_min_rpm, speed_limit_max_rpm, density_warning_per_cm2,"
			   " target_depth_um, target_speed_rpm, run_ms, strokes, depth_mean_um,"
			   " depth_p95_um, depth_max_um, speed_mean_rpm, speed_p95_rpm,"
			   " speed_max_rpm, needles, punctures_per_cm2"},
	[CHAIN_SIGNATURE] = {"signature", "signature", "session",
			     "n, session, purpose, chain_n, head, wall_usec, public_key,"
			     " signature"},
	[CHAIN_TOMBSTONE] = {"tombstone", "tombstone", "NULL",
			     "n, kind, sessions, holds, rows, reason, uid, operator, wall_usec"},
};

enum chain_kind chain_kind(const char *name)
{
	enum chain_kind kind = CHAIN_BEGUN;

	while (kind < CHAIN_KINDS && strcmp(chain_forms[kind].name, name) != 0)
		kind++;
	return kind;
}

typedef crypto_generichash_state hash;

static void add(hash *h, const void *data, size_t size)
{
	if (size)
		crypto_generichash_update(h, data, size);
}

static void add_u64(hash *h, uint64_t number)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(number >> (8 * i));
	add(h, bytes, sizeof(bytes));
}

/* With its length: "ab" and "c" are not "a" and "bc". */
static void add_sized(hash *h, const void *data, size_t size)
{
	add_u64(h, size);
	add(h, data, size);
}

static void add_text(hash *h, const char *text)
{
	add_sized(h, text, strlen(text));
}

static void add_tag(hash *h, char tag)
{
	add(h, &tag, 1);
}

/* With its type: NULL, 0, '0' and an empty blob are four different things. */
static void add_column(hash *h, sqlite3_stmt *row, int column)
{
	double real;
	uint64_t bits;

	switch (sqlite3_column_type(row, column)) {
	case SQLITE_NULL:
		add_tag(h, 'N');
		return;
	case SQLITE_INTEGER:
		add_tag(h, 'I');
		add_u64(h, (uint64_t)sqlite3_column_int64(row, column));
		return;
	case SQLITE_FLOAT:
		real = sqlite3_column_double(row, column);
		memcpy(&bits, &real, sizeof(bits));
		add_tag(h, 'R');
		add_u64(h, bits);
		return;
	default:
		add_tag(h, sqlite3_column_type(row, column) == SQLITE_TEXT ? 'T' : 'B');
		add_sized(h, sqlite3_column_blob(row, column),
			  (size_t)sqlite3_column_bytes(row, column));
		return;
	}
}

void chain_digest(enum chain_kind kind, int64_t n, sqlite3_stmt *row,
		  const uint8_t salt[CHAIN_SALT_SIZE], uint8_t ret_digest[CHAIN_HASH_SIZE])
{
	const struct chain_form *form = &chain_forms[kind];
	int columns = row ? sqlite3_column_count(row) : 1;
	hash h;

	crypto_generichash_init(&h, salt, CHAIN_SALT_SIZE, CHAIN_HASH_SIZE);
	add_text(&h, "mnpen row 1");
	add_text(&h, form->name);
	add_text(&h, form->columns);
	add_u64(&h, (uint64_t)n);
	add_u64(&h, (uint64_t)(columns - 1));
	for (int i = 1; i < columns; i++)
		add_column(&h, row, i);
	crypto_generichash_final(&h, ret_digest, CHAIN_HASH_SIZE);
}

void chain_head(const uint8_t before[CHAIN_HASH_SIZE], const struct chain_entry *entry,
		uint8_t ret[CHAIN_HASH_SIZE])
{
	hash h;

	crypto_generichash_init(&h, NULL, 0, CHAIN_HASH_SIZE);
	add_text(&h, "mnpen chain 1");
	add(&h, before, CHAIN_HASH_SIZE);
	add_u64(&h, (uint64_t)entry->n);
	add_text(&h, entry->kind);
	add_u64(&h, (uint64_t)entry->row);
	add_u64(&h, (uint64_t)entry->session);
	add(&h, entry->digest, CHAIN_HASH_SIZE);
	crypto_generichash_final(&h, ret, CHAIN_HASH_SIZE);
}

static size_t put_u64(uint8_t *buf, uint64_t number)
{
	for (size_t i = 0; i < 8; i++)
		buf[i] = (uint8_t)(number >> (8 * i));
	return 8;
}

static size_t put_text(uint8_t *buf, const char *text)
{
	size_t len = strnlen(text, 32); /* ours are shorter; what stands in a file may not be */

	put_u64(buf, len);
	memcpy(buf + 8, text, len);
	return 8 + len;
}

size_t chain_signed_message(const struct chain_signed *what, uint8_t buf[CHAIN_SIGNED_MAX])
{
	size_t used = put_text(buf, "mnpen signature 1");

	used += put_text(buf + used, what->purpose);
	used += put_u64(buf + used, (uint64_t)what->session);
	used += put_u64(buf + used, (uint64_t)what->n);
	memcpy(buf + used, what->head, CHAIN_HASH_SIZE);
	used += CHAIN_HASH_SIZE;
	return used + put_u64(buf + used, what->wall_usec);
}
