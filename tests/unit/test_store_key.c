// SPDX-License-Identifier: GPL-2.0-only
/* The station's key: made once, kept, and what happens when it is lost, damaged or open to others.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>

#include "daemon/store/chain.h"
#include "daemon/store/db.h"
#include "daemon/store/key.h"
#include "driver/base/cleanup.h"
#include "tests/unit/chain_fixture.h"

static char *path_of(const struct fixture *f, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return path;
}

static mode_t mode_of(const struct fixture *f, const char *name)
{
	struct stat st;

	assert_int_equal(stat(path_of(f, name), &st), 0);
	return st.st_mode & 07777;
}

static void flip_byte(const struct fixture *f, const char *name, off_t at)
{
	int fd = open(path_of(f, name), O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 4;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void made_once(void **state)
{
	struct key first, again;
	struct fixture f;
	uint8_t signature[KEY_SIGNATURE_SIZE];

	fixture_dir(&f);
	assert_int_equal(key_load(&first, f.dir), 0);
	assert_int_equal(first.state, KEY_MADE);
	assert_int_equal(mode_of(&f, KEY_FILE), 0600);
	assert_int_equal(mode_of(&f, KEY_PUBLIC_FILE), 0600);
	assert_int_equal(key_load(&again, f.dir), 0);
	assert_int_equal(again.state, KEY_FOUND);
	assert_memory_equal(first.public_half, again.public_half, KEY_PUBLIC_SIZE);
	assert_int_equal(again.n_known, 1);
	key_sign(&again, "abc", 3, signature);
	assert_true(key_check(first.public_half, "abc", 3, signature));
	assert_false(key_check(first.public_half, "abd", 3, signature));
	signature[7] ^= 1;
	assert_false(key_check(first.public_half, "abc", 3, signature));
	/* A daemon that died while it wrote one leaves nothing that counts. */
	assert_int_equal(access(path_of(&f, "station.new"), F_OK), -1);
	fixture_free(&f);
}

static void closed_to_others(void **state)
{
	struct fixture f;
	struct key key;

	fixture_dir(&f);
	assert_int_equal(key_load(&key, f.dir), 0);
	assert_int_equal(chmod(path_of(&f, KEY_FILE), 0644), 0);
	assert_int_equal(key_load(&key, f.dir), 0);
	assert_int_equal(mode_of(&f, KEY_FILE), 0600);
	fixture_free(&f);
}

/* Another key signs from there on; what the old one signed is still known to be the station's. */
static void replaced(struct fixture *f, const char *cause)
{
	assert_int_equal(fixture_open(f, 0, 0), 0);
	assert_int_equal(store_health(f->store, now_usec()), STORE_HEALTHY);
	chain_session(f, "later", "C-20", "4142434445464748", "later note", 10);
	chain_is_intact(f, "");
	chain_is_intact(f, FIXTURE_ID);
	chain_is_intact(f, "later");
	assert_string_equal(fixture_text(f, "SELECT group_concat(cause) FROM station_key"), cause);
	assert_int_equal(fixture_number(f, "SELECT count(DISTINCT public_key) FROM signature"), 2);
}

static void lost(void **state)
{
	struct fixture f;

	chain_new(&f);
	f.store = store_free(f.store);
	assert_int_equal(unlink(path_of(&f, KEY_FILE)), 0);
	replaced(&f, "made,lost");
	fixture_free(&f);
}

/* Each half, and a file that is too short: kept aside. */
static void damaged(void **state)
{
	static const off_t at[] = {3, 40};
	struct fixture f;
	char aside[192];
	glob_t found;

	for (size_t i = 0; i < 3; i++) {
		chain_new(&f);
		f.store = store_free(f.store);
		if (i < ELEMENTSOF(at))
			flip_byte(&f, KEY_FILE, at[i]);
		else
			assert_int_equal(truncate(path_of(&f, KEY_FILE), 63), 0);
		replaced(&f, "made,damaged");
		snprintf(aside, sizeof(aside), "%s/station.key.damaged-*", f.dir);
		assert_int_equal(glob(aside, 0, NULL, &found), 0);
		assert_int_equal(found.gl_pathc, 1);
		globfree(&found);
		fixture_free(&f);
	}
}

/* Who has the old key writes nothing with it that counts. */
static void the_old_one_signs_no_more(void **state)
{
	struct chain chain = {0};
	sqlite3 *db = NULL;
	struct fixture f;
	struct key old;

	chain_new(&f);
	assert_int_equal(key_load(&old, f.dir), 0);
	f.store = store_free(f.store);
	assert_int_equal(unlink(path_of(&f, KEY_FILE)), 0);
	replaced(&f, "made,lost");
	f.store = store_free(f.store);
	assert_int_equal(db_open(&db, f.db, SQLITE_OPEN_READWRITE), 0);
	assert_int_equal(chain_open(&chain, db, &old), 0);
	assert_int_equal(chain_sign(&chain, CHAIN_PURPOSE_END, 1), 0);
	chain_close(&chain);
	db = db_close(db);
	key_clear(&old);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	chain_finds(&f, "", "by a key that was not the station's then");
	fixture_free(&f);
}

/* The public halves of old keys are gone: what they signed nobody can vouch for. */
static void nobody_knows_the_old_one(void **state)
{
	struct fixture f;

	chain_new(&f);
	f.store = store_free(f.store);
	assert_int_equal(unlink(path_of(&f, KEY_FILE)), 0);
	assert_int_equal(unlink(path_of(&f, KEY_PUBLIC_FILE)), 0);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	chain_finds(&f, "", "by a key that is not this station's");
	assert_string_equal(fixture_text(&f, "SELECT group_concat(cause) FROM station_key"),
			    "made,lost");
	fixture_free(&f);
}

/* Without one nothing could be signed: nothing is recorded, and nothing armed. */
static void none_can_be_made(void **state)
{
	struct fixture f;

	fixture_dir(&f);
	assert_int_equal(mkdir(path_of(&f, "station.new"), 0700), 0);
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_non_null(f.note);
	assert_int_equal(store_health(f.store, now_usec()), STORE_CLOSED);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_once),
		cmocka_unit_test(closed_to_others),
		cmocka_unit_test(lost),
		cmocka_unit_test(damaged),
		cmocka_unit_test(the_old_one_signs_no_more),
		cmocka_unit_test(nobody_knows_the_old_one),
		cmocka_unit_test(none_can_be_made),
	};

	return cmocka_run_group_tests_name("store_key", tests, NULL, NULL);
}
