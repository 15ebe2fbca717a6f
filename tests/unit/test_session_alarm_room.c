// SPDX-License-Identifier: GPL-2.0-only
/* Alarms without memory and without room: they stand all the same. */
#include <errno.h>

#include "tests/unit/alarm_desk.h"

static bool no_memory;

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

static unsigned int log_lines;

void __wrap_log_line(int level, const struct log_context *context, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void __wrap_log_line(int level, const struct log_context *context, const char *format, ...)
{
	log_lines++;
}

static void stands_without_memory(void **state)
{
	struct desk *d = *state;
	int r;

	no_memory = true;
	r = station_raise_alarm(d->station, "PEN-1", "drive-on", "x");
	no_memory = false;
	assert_int_equal(r, 0);
	assert_non_null(station_alarm_at(d->station, 0));
}

/* As many as there is room for, and one more; none of them on record. */
static void raise_too_many(struct desk *d)
{
	char serial[16];

	desk_event_error = -EAGAIN;
	for (unsigned int i = 0; i <= STATION_ALARMS_MAX; i++) {
		snprintf(serial, sizeof(serial), "PEN-%u", i);
		assert_int_equal(station_raise_alarm(d->station, serial, "drive-on", "x"),
				 i == STATION_ALARMS_MAX);
	}
	desk_event_error = 0;
}

static void wait_all_recorded(struct desk *d)
{
	const struct alarm *alarm;

	for (size_t i = 0; (alarm = station_alarm_at(d->station, i)); i++)
		wait_recorded(d, alarm);
}

/* Room for one more is taken by an alarm about those that had none: of whatever pen they were. */
static void without_room_it_stands_for_all(void **state)
{
	struct desk *d = *state;
	const struct alarm *last;

	raise_too_many(d);
	wait_all_recorded(d);
	assert_int_equal(acknowledge(d, station_alarm_at(d->station, 0)->what.id), 0);
	assert_int_equal(wait_answer(d), REFUSAL_NONE);
	last = station_alarm_at(d->station, STATION_ALARMS_MAX - 1);
	assert_non_null(last);
	assert_string_equal(last->what.kind, "alarms-unplaced");
	assert_string_equal(last->what.pen, "");
	wait_recorded(d, last);
	/* Once: with the next one that is acknowledged, there is one less. */
	assert_int_equal(acknowledge(d, station_alarm_at(d->station, 0)->what.id), 0);
	assert_int_equal(wait_answer(d), REFUSAL_NONE);
	assert_null(station_alarm_at(d->station, STATION_ALARMS_MAX - 1));
}

/* After a restart nobody knows whether there were more than were read. */
static void full_at_the_start(void **state)
{
	struct desk *d = *state;

	raise_too_many(d);
	wait_all_recorded(d);
	desk_close(d);
	desk_open(d);
	assert_int_equal(acknowledge(d, station_alarm_at(d->station, 0)->what.id), 0);
	assert_int_equal(wait_answer(d), REFUSAL_NONE);
	assert_string_equal(station_alarm_at(d->station, STATION_ALARMS_MAX - 1)->what.kind,
			    "alarms-unplaced");
}

/* A pen that goes on and on does not fill the log. */
static void without_room_the_log_is_bounded(void **state)
{
	struct desk *d = *state;

	raise_too_many(d);
	log_lines = 0;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(station_raise_alarm(d->station, "MORE", "drive-on", "x"), 1);
	assert_in_range(log_lines, 1, 20);
}

#define ALARM_TEST(f) cmocka_unit_test_setup_teardown(f, desk_new, desk_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALARM_TEST(stands_without_memory),
		ALARM_TEST(without_room_it_stands_for_all),
		ALARM_TEST(full_at_the_start),
		ALARM_TEST(without_room_the_log_is_bounded),
	};

	return cmocka_run_group_tests_name("session_alarm_room", tests, NULL, NULL);
}
