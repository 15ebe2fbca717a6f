// SPDX-License-Identifier: GPL-2.0-only
/* What a pen may make the station tell, at its limits: one less, as much, one more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/session/flood.h"

#define T0 5000000000ULL /* a boot that was long ago */
#define SECOND 1000000ULL
#define OVERTEMP (1u << 6)
#define INGRESS (1u << 9)

static unsigned int admit_all(struct flood *flood, const char *kind, unsigned int tries,
			      uint64_t now)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < tries; i++)
		n += flood_admit(flood, kind, 0, now);
	return n;
}

static void chatter_before_what_counts(void **state)
{
	struct flood flood = {0};

	assert_int_equal(admit_all(&flood, "undecodable", 1000, T0), 40);
	assert_int_equal(admit_all(&flood, "running", 1000, T0), 0);
	assert_int_equal(admit_all(&flood, "stopped", 1000, T0), 10);
	assert_int_equal(admit_all(&flood, "disarmed", 20, T0), 20);
	assert_int_equal(admit_all(&flood, "armed", 20, T0), 20);
	assert_int_equal(flood.n_held, 960 + 1000 + 990);
}

static void a_new_fault_is_always_told(void **state)
{
	struct flood flood = {0};

	admit_all(&flood, "stopped", 1000, T0);
	assert_true(flood_admit(&flood, "fault", OVERTEMP, T0));
	assert_false(flood_admit(&flood, "fault", OVERTEMP, T0));
	assert_true(flood_admit(&flood, "fault", OVERTEMP | INGRESS, T0));
	assert_false(flood_admit(&flood, "fault", INGRESS, T0));
	/* After a quiet time it is a new one. */
	admit_all(&flood, "stopped", 1000, T0 + 10 * SECOND);
	assert_true(flood_admit(&flood, "fault", INGRESS, T0 + 10 * SECOND));
}

static void assert_field(const struct field *field, const char *key, uint64_t value)
{
	assert_string_equal(field->key, key);
	assert_int_equal(field->type, FIELD_UINT);
	assert_int_equal(field->uint, value);
}

static bool report(struct flood *flood, bool force, uint64_t now, struct field fields[FLOOD_FIELDS],
		   size_t *ret_n)
{
	if (!flood_report_due(flood, force, now, fields, ret_n))
		return false;
	flood_report_told(flood, now);
	return true;
}

static bool take_gap(struct flood *flood, bool force, uint64_t now, struct flood_gap *ret)
{
	*ret = flood->gap;
	if (!flood_gap_due(flood, force, now))
		return false;
	flood_gap_told(flood);
	return true;
}

static void held_is_told(void **state)
{
	struct field fields[FLOOD_FIELDS];
	struct flood flood = {0};
	size_t n = 99;

	assert_false(report(&flood, true, T0, fields, &n));
	admit_all(&flood, "undecodable", 100, T0);
	admit_all(&flood, "paused", 7, T0);
	assert_true(report(&flood, false, T0, fields, &n)); /* of the reserve */
	assert_int_equal(n, 3);
	assert_field(&fields[0], "events", 67);
	assert_field(&fields[1], "undecodable", 60);
	assert_field(&fields[2], "paused", 7);

	/* Once a second, unless a session ends; and once only. */
	assert_false(report(&flood, true, T0, fields, &n));
	admit_all(&flood, "running", 3, T0);
	assert_false(report(&flood, false, T0 + SECOND - 1, fields, &n));
	assert_true(report(&flood, true, T0 + SECOND - 1, fields, &n));
	assert_field(&fields[0], "events", 3);
	admit_all(&flood, "running", 100, T0 + SECOND);
	assert_true(report(&flood, false, T0 + 2 * SECOND - 1, fields, &n));
}

/* There may be no room where it is told: it waits, and more of it comes. */
static void held_until_it_is_told(void **state)
{
	struct field fields[FLOOD_FIELDS];
	struct flood flood = {0};
	size_t n;

	admit_all(&flood, "running", 50, T0);
	flood_hole(&flood, 1, 3);
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(flood_report_due(&flood, true, T0, fields, &n));
		assert_field(&fields[1], "running", 10 + i);
		admit_all(&flood, "running", 1, T0);
		assert_true(flood_gap_due(&flood, true, T0));
		assert_int_equal(flood.gap.missing, 1 + i);
		flood_hole(&flood, 3 + i, 5 + i);
	}
	flood_report_told(&flood, T0);
	assert_false(flood_report_due(&flood, true, T0, fields, &n));
	flood_gap_told(&flood);
	assert_false(flood_gap_due(&flood, true, T0));
}

/* However long it lasts: burst, rate, and the sum is right. */
static void bounded_and_complete(void **state)
{
	uint64_t told = 0, reports = 0, suppressed = 0;
	struct field fields[FLOOD_FIELDS];
	struct flood flood = {0};
	size_t n;

	for (uint64_t ms = 0; ms < 60000; ms++) {
		told += flood_admit(&flood, ms & 1 ? "running" : "paused", 0, T0 + ms * 1000);
		if (ms % 200 == 0 && report(&flood, false, T0 + ms * 1000, fields, &n)) {
			suppressed += fields[0].uint;
			reports++;
		}
	}
	if (report(&flood, true, T0 + 60 * SECOND, fields, &n))
		suppressed += fields[0].uint;
	assert_int_equal(told + suppressed, 60000);
	assert_in_range(told + reports, 590, 50 + 600);
	assert_in_range(reports, 55, 61);
}

static void many_kinds(void **state)
{
	static const char *const kinds[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	struct field fields[FLOOD_FIELDS];
	struct flood flood = {0};
	size_t n;

	admit_all(&flood, "a", 40, T0);
	for (size_t i = 0; i < 10; i++)
		admit_all(&flood, kinds[i], (unsigned int)i + 1, T0);
	assert_true(report(&flood, true, T0, fields, &n));
	assert_int_equal(n, FLOOD_FIELDS);
	assert_field(&fields[0], "events", 55);
	assert_field(&fields[8], "h", 8);
	assert_field(&fields[9], "other", 9 + 10);
}

static void holes_add_up(void **state)
{
	struct flood flood = {0};
	struct flood_gap gap;
	uint64_t missing = 0, rows = 0;
	uint32_t seq = 100;

	assert_false(take_gap(&flood, true, T0, &gap));
	/* Every second sample for 5 s, at 1 kHz. */
	for (uint64_t ms = 0; ms < 5000; ms += 2, seq += 2) {
		flood_hole(&flood, seq, seq + 2);
		if (!take_gap(&flood, false, T0 + ms * 1000, &gap))
			continue;
		if (!rows++) { /* alone, it is written as it was */
			assert_int_equal(gap.holes, 1);
			assert_int_equal(gap.after_seq, 100);
			assert_int_equal(gap.before_seq, 102);
		}
		missing += gap.missing;
	}
	assert_true(take_gap(&flood, true, T0, &gap));
	assert_int_equal(missing + gap.missing, 2500);
	assert_int_equal(gap.before_seq, seq);
	assert_int_equal(gap.after_seq, seq - 2 * (uint32_t)gap.holes);
	assert_in_range(rows, 40, 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chatter_before_what_counts),
		cmocka_unit_test(a_new_fault_is_always_told),
		cmocka_unit_test(held_is_told),
		cmocka_unit_test(held_until_it_is_told),
		cmocka_unit_test(bounded_and_complete),
		cmocka_unit_test(many_kinds),
		cmocka_unit_test(holes_add_up),
	};

	return cmocka_run_group_tests_name("session_flood", tests, NULL, NULL);
}
