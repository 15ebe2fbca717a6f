// SPDX-License-Identifier: GPL-2.0-only
/* Alarms of a station on a real store, over restarts of both. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/alarm_desk.h"

static void stands_until_acknowledged(void **state)
{
	struct desk *d = *state;
	struct store_alarm first;

	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "unplug it"), 0);
	assert_int_equal(station_raise_alarm(d->station, NULL, "store-quarantined", "look"), 0);
	wait_recorded(d, station_alarm_at(d->station, 1));
	first = station_alarm_at(d->station, 0)->what;
	assert_string_equal(first.pen, "PEN-1");
	assert_string_equal(first.text, "unplug it");
	assert_true(first.wall_usec > FIXTURE_WALL_USEC / 2);

	desk_close(d);
	desk_open(d);
	assert_memory_equal(&station_alarm_at(d->station, 0)->what, &first, sizeof(first));
	assert_true(station_alarm_at(d->station, 0)->recorded);
	assert_string_equal(station_alarm_at(d->station, 1)->what.kind, "store-quarantined");
	assert_string_equal(station_alarm_at(d->station, 1)->what.pen, "");
	assert_null(station_alarm_at(d->station, 2));
	/* The one that stands is not raised anew. */
	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "again"), 1);

	assert_int_equal(acknowledge(d, first.id), 0);
	assert_non_null(station_alarm_at(d->station, 1)); /* not before it is on disk */
	assert_int_equal(wait_answer(d), REFUSAL_NONE);
	assert_null(station_alarm_at(d->station, 1));
	assert_string_equal(fixture_text(&d->f, "SELECT pen || (details ->> 'uid') FROM event"
						" WHERE kind = 'alarm-acknowledged'"),
			    "PEN-11234");
	assert_int_equal(fixture_number(&d->f, "SELECT count(*) FROM event WHERE kind = 'alarm'"),
			 2);

	desk_close(d);
	desk_open(d);
	assert_string_equal(station_alarm_at(d->station, 0)->what.kind, "store-quarantined");
	assert_null(station_alarm_at(d->station, 1));
}

/* An id that somebody wrote down never means another alarm. */
static void an_id_is_used_once(void **state)
{
	struct desk *d = *state;
	char ids[3][STORE_ID_MAX];

	for (int i = 0; i < 3; i++) {
		snprintf(ids[i], sizeof(ids[i]), "%s", raise_recorded(d, "PEN-1")->what.id);
		assert_int_equal(acknowledge(d, ids[i]), 0);
		assert_int_equal(wait_answer(d), REFUSAL_NONE);
		desk_close(d);
		if (i == 1) /* even when the database is another one */
			assert_int_equal(unlink(d->f.db), 0);
		desk_open(d);
	}
	assert_string_not_equal(ids[0], ids[1]);
	assert_string_not_equal(ids[0], ids[2]);
	assert_string_not_equal(ids[1], ids[2]);
}

static void without_a_disk_it_stands_and_says_so(void **state)
{
	struct desk *d = *state;
	const struct alarm *alarm;

	desk_event_error = -EAGAIN;
	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "x"), 0);
	alarm = station_alarm_at(d->station, 0);
	assert_non_null(alarm);
	assert_false(alarm->recorded);
	assert_int_equal(acknowledge(d, alarm->what.id), -EACCES);
	assert_int_equal(d->refusal.code, REFUSAL_STORE);
	assert_ptr_equal(station_alarm_at(d->station, 0), alarm);

	desk_event_error = 0; /* nobody has to ask again */
	wait_recorded(d, alarm);
	assert_int_equal(fixture_number(&d->f, "SELECT count(*) FROM event WHERE kind = 'alarm'"),
			 1);
}

/* What was acknowledged can be read of: nobody has heard of it before it is on disk. */
static void not_before_it_is_on_record(void **state)
{
	struct desk *d = *state;
	const struct alarm *alarm;

	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "x"), 0);
	alarm = station_alarm_at(d->station, 0);
	assert_int_equal(acknowledge(d, alarm->what.id), -EACCES); /* its row is under way */
	assert_int_equal(d->refusal.code, REFUSAL_STORE);
	wait_recorded(d, alarm);
	desk_event_error = -EAGAIN;
	assert_int_equal(station_raise_alarm(d->station, "PEN-2", "drive-on", "x"), 0);
	desk_event_error = 0; /* and now it is not tried yet */
	alarm = station_alarm_at(d->station, 1);
	assert_int_equal(acknowledge(d, alarm->what.id), -EACCES);
	assert_int_equal(d->refusal.code, REFUSAL_STORE);
	wait_recorded(d, alarm);
	assert_int_equal(acknowledge(d, alarm->what.id), 0);
	assert_int_equal(wait_answer(d), REFUSAL_NONE);
}

/* No file of this process may grow beyond @bytes: a disk that takes nothing more. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* else closing the database is fatal */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Asked and refused is not done later, when the disk is well again and nobody thinks of it. */
static void a_failing_disk_takes_no_acknowledgement(void **state)
{
	struct desk *d = *state;
	char id[STORE_ID_MAX];

	snprintf(id, sizeof(id), "%s", raise_recorded(d, "PEN-1")->what.id);
	limit_files(0);
	assert_int_equal(store_event(d->f.store, NULL, NULL, "x", now_usec(), NULL, 0, NULL, NULL),
			 0);
	fixture_health(&d->f, STORE_WRITE_ERROR, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(acknowledge(d, id), -EACCES);
		assert_int_equal(d->refusal.code, REFUSAL_STORE);
		assert_non_null(strstr(d->refusal.message, "write-error"));
	}
	limit_files(RLIM_INFINITY);
	fixture_health(&d->f, STORE_HEALTHY, 0);
	assert_int_equal(d->answers, 0);
	assert_non_null(station_alarm_at(d->station, 0));
	assert_int_equal(acknowledge(d, id), 0);
	assert_int_equal(wait_answer(d), REFUSAL_NONE);
	assert_int_equal(fixture_number(&d->f, "SELECT count(*) FROM event"
					       " WHERE kind = 'alarm-acknowledged'"),
			 1);
}

/* Somebody acknowledges what was, and while the disk writes that down it is there again. */
static void met_again_while_it_is_acknowledged(void **state)
{
	struct desk *d = *state;
	char first[STORE_ID_MAX];

	snprintf(first, sizeof(first), "%s", raise_recorded(d, "PEN-1")->what.id);
	assert_int_equal(acknowledge(d, first), 0);
	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "x"), 0);
	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "x"), 1);
	assert_int_equal(wait_answer(d), REFUSAL_NONE);
	assert_non_null(station_alarm_at(d->station, 0));
	assert_string_not_equal(station_alarm_at(d->station, 0)->what.id, first);
	assert_null(station_alarm_at(d->station, 1));
	wait_recorded(d, station_alarm_at(d->station, 0));
	desk_close(d);
	desk_open(d);
	assert_non_null(station_alarm_at(d->station, 0));
}

static void refusals(void **state)
{
	struct desk *d = *state;
	const char *id;

	assert_int_equal(acknowledge(d, "1"), -EACCES);
	assert_int_equal(d->refusal.code, REFUSAL_INVALID_ARGUMENT);
	id = raise_recorded(d, "PEN-1")->what.id;
	assert_int_equal(acknowledge(d, id), 0);
	assert_int_equal(acknowledge(d, id), -EACCES);
	assert_int_equal(d->refusal.code, REFUSAL_BUSY);
	assert_int_equal(wait_answer(d), REFUSAL_NONE);
	assert_null(station_alarm_at(d->station, 0));
}

/* Who asked is answered, and nothing is touched that has gone. */
static void the_station_goes_before_the_answers(void **state)
{
	struct desk *d = *state;

	assert_int_equal(acknowledge(d, raise_recorded(d, "PEN-1")->what.id), 0);
	assert_int_equal(station_raise_alarm(d->station, "PEN-2", "drive-on", "x"), 0);
	desk_close(d);
	assert_int_equal(d->answers, 1);
	assert_int_equal(d->refusal.code, REFUSAL_NONE);
	d->answers = 0;
	desk_open(d);
	assert_string_equal(station_alarm_at(d->station, 0)->what.pen, "PEN-2");
	assert_null(station_alarm_at(d->station, 1));
}

#define ALARM_TEST(f) cmocka_unit_test_setup_teardown(f, desk_new, desk_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALARM_TEST(stands_until_acknowledged),
		ALARM_TEST(an_id_is_used_once),
		ALARM_TEST(without_a_disk_it_stands_and_says_so),
		ALARM_TEST(not_before_it_is_on_record),
		ALARM_TEST(a_failing_disk_takes_no_acknowledgement),
		ALARM_TEST(met_again_while_it_is_acknowledged),
		ALARM_TEST(refusals),
		ALARM_TEST(the_station_goes_before_the_answers),
	};

	return cmocka_run_group_tests_name("session_alarm", tests, NULL, NULL);
}
