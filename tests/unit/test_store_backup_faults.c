// SPDX-License-Identifier: GPL-2.0-only
/* Backups, and clients and disks that fail: the record goes on, and nothing is left. */
#include "tests/unit/backup_fixture.h"

static void one_at_a_time(void **state)
{
	struct fixture f;
	struct got got;

	open_large(&f);
	got.f = &f;
	f.answers = 0;
	assert_int_equal(store_backup(f.store, copied, &got), 0);
	assert_int_equal(store_backup(f.store, copied, &got), -EBUSY);
	assert_int_equal(fixture_wait(&f, 1), 0);
	assert_int_equal(store_backup(f.store, copied, &got), -EBUSY);
	close_fd(got.backup.fd); /* the client leaves in the middle */
	await_another(&f);
	fixture_free(&f);
}

static void a_client_that_does_not_read(void **state)
{
	static uint8_t buf[65536];
	size_t total = 0;
	struct fixture f;
	struct got got;
	ssize_t n;

	open_large(&f);
	atomic_store(&trouble.timeout_ms, 200);
	begin_backup(&f, &got);
	await_another(&f);
	/* What it gets in the end is short of what the head says. */
	while ((n = read(got.backup.fd, buf, sizeof(buf))) > 0)
		total += (size_t)n;
	assert_int_equal(n, 0);
	assert_in_range(total, 1, got.backup.bytes - 1);
	close_fd(got.backup.fd);
	fixture_free(&f);
}

static void assert_no_room(struct fixture *f, struct got *got)
{
	struct store_counters counters;

	got->f = f;
	f->answers = 0;
	assert_int_equal(store_backup(f->store, copied, got), 0);
	assert_int_equal(fixture_wait(f, 1), -ENOSPC);
	assert_int_equal(got->backup.fd, -EBADF);
	assert_true(got->backup.bytes > BLOCKS * 4000ULL);
	assert_int_equal(count_files(f, "backup"), 0);
	store_counters(f->store, &counters);
	assert_int_equal(counters.write_errors, 0);
	assert_int_equal(store_health(f->store, 0), STORE_HEALTHY);
	assert_int_equal(fixture_put(f, FIXTURE_ID, 1), 0);
}

static void no_room(void **state)
{
	struct fixture f;
	struct got got;

	open_large(&f);
	atomic_store(&trouble.free_mib, 70); /* for the copy, but not for the record too */
	assert_no_room(&f, &got);
	assert_int_equal(atomic_load(&trouble.slices), 0);
	assert_true(got.backup.free_bytes == 70 * 1024 * 1024ULL);
	assert_true(got.backup.spare_bytes == 64 * 1024 * 1024ULL);
	atomic_store(&trouble.free_mib, 0);
	atomic_store(&trouble.full_at_slice, 3);
	assert_no_room(&f, &got);
	assert_int_equal(atomic_load(&trouble.slices), 3);
	await_another(&f);
	fixture_free(&f);
}

static void room_that_goes_in_the_middle(void **state)
{
	struct fixture f;
	struct got got = {.f = &f};

	open_large(&f);
	atomic_store(&trouble.slice_ms, 50);
	f.answers = 0;
	assert_int_equal(store_backup(f.store, copied, &got), 0);
	while (atomic_load(&trouble.slices) < 3)
		usleep(1000);
	atomic_store(&trouble.free_mib, 63);
	assert_int_equal(fixture_wait(&f, 1), -ENOSPC);
	assert_true(atomic_load(&trouble.slices) < 8);
	assert_true(got.backup.free_bytes == 63 * 1024 * 1024ULL);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(a_client_that_does_not_read),
		cmocka_unit_test(no_room),
		cmocka_unit_test(room_that_goes_in_the_middle),
	};

	return cmocka_run_group_tests_name("store_backup_faults", tests, NULL, NULL);
}
