// SPDX-License-Identifier: GPL-2.0-only
/* Who knows how the record is made, and has no key: what fits the chain does not pass all the same.
 */
#include "daemon/store/chain.h"
#include "daemon/store/db.h"
#include "tests/unit/chain_fixture.h"

/* With an entry of its own, as everybody can compute it, and nobody's or another's signature. */
static void a_tombstone_needs_the_signature(void **state)
{
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		struct chain chain = {0};
		struct fixture f, forger;
		sqlite3 *db = NULL;
		struct key key;

		chain_new(&f);
		f.store = store_free(f.store);
		fixture_sql(&f, "DELETE FROM event WHERE n = 3; INSERT INTO tombstone (kind,"
				" sessions, holds, rows, reason, wall_usec)"
				" VALUES ('erased', '[1]', '[]', 1, 'x', 1)");
		fixture_dir(&forger);
		assert_int_equal(key_load(&key, forger.dir), 0);
		assert_int_equal(db_open(&db, f.db, SQLITE_OPEN_READWRITE), 0);
		assert_int_equal(chain_open(&chain, db, &key), 0);
		assert_int_equal(chain_append(&chain, CHAIN_TOMBSTONE, 1, 0), 0);
		if (is_signed)
			assert_int_equal(chain_sign(&chain, "erased", 0), 0);
		chain_close(&chain);
		db = db_close(db);
		assert_int_equal(fixture_open(&f, 0, 0), 0);
		chain_finds(&f, "", "\"removed\",\"table\":\"event\",\"row\":3");
		chain_finds(&f, FIXTURE_ID, "\"removed\",\"table\":\"event\",\"row\":3");
		fixture_free(&f);
		fixture_free(&forger);
	}
}

/* It would falsify each row before it is hashed. */
static void no_trigger_runs(void **state)
{
	struct fixture f;

	chain_new(&f);
	f.store = store_free(f.store);
	fixture_sql(&f, "CREATE TRIGGER x AFTER INSERT ON event BEGIN"
			" UPDATE event SET kind = 'falsified' WHERE n = NEW.n; END");
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	chain_session(&f, "later", "C-20", "4142434445464748", "later note", 10);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event WHERE kind = 'falsified'"),
			 0);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tombstone_needs_the_signature),
		cmocka_unit_test(no_trigger_runs),
	};

	return cmocka_run_group_tests_name("store_forged", tests, NULL, NULL);
}
