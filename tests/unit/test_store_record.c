// SPDX-License-Identifier: GPL-2.0-only
/* docs/record.md, computed a second time: whoever reads the file in ten years has that page alone.
 */
#include <sodium.h>

#include "tests/unit/chain_fixture.h"

/** struct bytes - what is hashed or signed */
struct bytes {
	uint8_t data[4096];
	size_t size;
};

static void put(struct bytes *b, const void *data, size_t size)
{
	assert_true(b->size + size <= sizeof(b->data));
	if (size)
		memcpy(b->data + b->size, data, size);
	b->size += size;
}

static void number(struct bytes *b, int64_t n)
{
	uint8_t le[8];

	for (int i = 0; i < 8; i++)
		le[i] = (uint8_t)((uint64_t)n >> (8 * i));
	put(b, le, 8);
}

static void text(struct bytes *b, const char *t)
{
	number(b, (int64_t)strlen(t));
	put(b, t, strlen(t));
}

static void column(struct bytes *b, sqlite3_stmt *row, int i)
{
	switch (sqlite3_column_type(row, i)) {
	case SQLITE_NULL:
		put(b, "N", 1);
		return;
	case SQLITE_INTEGER:
		put(b, "I", 1);
		number(b, sqlite3_column_int64(row, i));
		return;
	default:
		put(b, sqlite3_column_type(row, i) == SQLITE_TEXT ? "T" : "B", 1);
		number(b, sqlite3_column_bytes(row, i));
		put(b, sqlite3_column_blob(row, i), (size_t)sqlite3_column_bytes(row, i));
		return;
	}
}

static sqlite3_stmt *query(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	return statement;
}

static void heads_follow(sqlite3 *db)
{
	sqlite3_stmt *entry =
		query(db, "SELECT n, kind, row, session, digest, head FROM chain ORDER BY n");
	uint8_t head[32] = {0};
	int64_t n = 0;

	while (sqlite3_step(entry) == SQLITE_ROW) {
		struct bytes b = {0};

		assert_int_equal(sqlite3_column_int64(entry, 0), ++n);
		text(&b, "mnpen chain 1");
		put(&b, head, 32);
		number(&b, n);
		text(&b, (const char *)sqlite3_column_text(entry, 1));
		number(&b, sqlite3_column_int64(entry, 2));
		number(&b, sqlite3_column_int64(entry, 3));
		put(&b, sqlite3_column_blob(entry, 4), 32);
		assert_int_equal(crypto_generichash(head, 32, b.data, b.size, NULL, 0), 0);
		assert_memory_equal(head, sqlite3_column_blob(entry, 5), 32);
	}
	assert_true(n > 20);
	sqlite3_finalize(entry);
}

/* All rows of @kind, whose columns the document calls @columns. */
static void digests_fit(sqlite3 *db, const char *kind, const char *columns, const char *table)
{
	char sql[512];
	sqlite3_stmt *row;
	int rows = 0;

	snprintf(sql, sizeof(sql),
		 "SELECT c.salt, c.digest, %s FROM %s AS t JOIN chain AS c ON c.kind = '%s' AND"
		 " c.row = t.n",
		 "t.*", table, kind);
	row = query(db, sql);
	for (; sqlite3_step(row) == SQLITE_ROW; rows++) {
		struct bytes b = {0};
		uint8_t digest[32];

		text(&b, "mnpen row 1");
		text(&b, kind);
		text(&b, columns);
		number(&b, sqlite3_column_int64(row, 2));
		number(&b, sqlite3_column_count(row) - 2);
		for (int i = 2; i < sqlite3_column_count(row); i++)
			column(&b, row, i);
		assert_int_equal(crypto_generichash(digest, 32, b.data, b.size,
						    sqlite3_column_blob(row, 0), 16),
				 0);
		assert_memory_equal(digest, sqlite3_column_blob(row, 1), 32);
	}
	assert_true(rows > 0);
	sqlite3_finalize(row);
}

static void signatures_fit(sqlite3 *db)
{
	sqlite3_stmt *row = query(db, "SELECT purpose, session, chain_n, head, wall_usec,"
				      " signature, public_key FROM signature");
	int rows = 0;

	for (; sqlite3_step(row) == SQLITE_ROW; rows++) {
		struct bytes b = {0};

		text(&b, "mnpen signature 1");
		text(&b, (const char *)sqlite3_column_text(row, 0));
		number(&b, sqlite3_column_int64(row, 1));
		number(&b, sqlite3_column_int64(row, 2));
		put(&b, sqlite3_column_blob(row, 3), 32);
		number(&b, sqlite3_column_int64(row, 4));
		assert_int_equal(crypto_sign_verify_detached(sqlite3_column_blob(row, 5), b.data,
							     b.size, sqlite3_column_blob(row, 6)),
				 0);
	}
	assert_int_equal(rows, 3);
	sqlite3_finalize(row);
}

static void as_documented(void **state)
{
	struct fixture f;
	sqlite3 *db = NULL;

	assert_true(sodium_init() >= 0);
	chain_new(&f);
	assert_int_equal(sqlite3_open_v2(f.db, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	heads_follow(db);
	digests_fit(db, "event", "n, session, pen, kind, usec, wall_usec, details", "event");
	digests_fit(db, "block",
		    "n, session, first_seq, last_seq, count, first_host_usec, last_host_usec, data",
		    "block");
	digests_fit(db, "legal-hold", "n, client, held, reason, uid, wall_usec", "legal_hold");
	signatures_fit(db);
	sqlite3_close(db);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_documented),
	};

	return cmocka_run_group_tests_name("store_record", tests, NULL, NULL);
}
