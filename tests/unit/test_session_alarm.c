// SPDX-License-Identifier: GPL-2.0-only
/* Alarms of a station on a real store, over restarts of both. */
#include <errno.h>

#include "daemon/session/parts.h"
#include "tests/unit/store_fixture.h"

static int event_error;

int __real_store_event(struct store *store, const char *id, const char *pen, const char *kind,
		       uint64_t now_usec, const struct field *fields, size_t n_fields,
		       store_done done, void *userdata);
int __wrap_store_event(struct store *store, const char *id, const char *pen, const char *kind,
		       uint64_t now_usec, const struct field *fields, size_t n_fields,
		       store_done done, void *userdata);
int __wrap_store_event(struct store *store, const char *id, const char *pen, const char *kind,
		       uint64_t now_usec, const struct field *fields, size_t n_fields,
		       store_done done, void *userdata)
{
	if (event_error)
		return event_error;
	return __real_store_event(store, id, pen, kind, now_usec, fields, n_fields, done, userdata);
}

struct desk {
	struct fixture f;
	struct conf *conf;
	struct station *station;
	unsigned int answers;
	struct refusal refusal; /* of the last answer; code REFUSAL_NONE = done */
};

static void desk_open(struct desk *d)
{
	struct conf_report report = {0};
	struct conf_paths paths = {.config = "/nonexistent/mnpend.conf", .data_dir = d->f.dir};

	assert_int_equal(conf_load(&d->conf, &paths, &report), 0);
	conf_report_free(&report);
	assert_int_equal(fixture_open(&d->f, 0, 0), 0);
	assert_int_equal(station_new(&d->station, d->f.event, d->conf, d->f.store), 0);
}

static void desk_close(struct desk *d)
{
	d->station = station_free(d->station);
	d->f.store = store_free(d->f.store);
	conf_unref(d->conf);
}

static int setup(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	event_error = 0;
	fixture_dir(&d->f);
	desk_open(d);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct desk *d = *state;

	desk_close(d);
	fixture_free(&d->f);
	free(d);
	return 0;
}

static void on_answer(void *userdata, const struct refusal *refusal)
{
	struct desk *d = userdata;

	d->answers++;
	d->refusal = refusal ? *refusal : (struct refusal){.code = REFUSAL_NONE};
}

static enum refusal_code wait_answer(struct desk *d)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;

	while (!d->answers && now_usec() < until)
		assert_true(sd_event_run(d->f.event, 100 * USEC_PER_MSEC) >= 0);
	assert_int_equal(d->answers, 1);
	d->answers = 0;
	return d->refusal.code;
}

static void wait_recorded(struct desk *d, const struct alarm *alarm)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;

	while (!alarm->recorded && now_usec() < until)
		assert_true(sd_event_run(d->f.event, 100 * USEC_PER_MSEC) >= 0);
	assert_true(alarm->recorded);
}

static int acknowledge(struct desk *d, const char *id)
{
	return station_acknowledge(d->station, id, 1234, on_answer, d, &d->refusal);
}

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
		assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "x"), 0);
		snprintf(ids[i], sizeof(ids[i]), "%s", station_alarm_at(d->station, 0)->what.id);
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

	event_error = -EAGAIN;
	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "x"), 0);
	alarm = station_alarm_at(d->station, 0);
	assert_non_null(alarm);
	assert_false(alarm->recorded);
	assert_int_equal(acknowledge(d, alarm->what.id), -EACCES);
	assert_int_equal(d->refusal.code, REFUSAL_STORE);
	assert_ptr_equal(station_alarm_at(d->station, 0), alarm);

	event_error = 0; /* nobody has to ask again */
	wait_recorded(d, alarm);
	assert_int_equal(fixture_number(&d->f, "SELECT count(*) FROM event WHERE kind = 'alarm'"),
			 1);
}

static void refusals(void **state)
{
	struct desk *d = *state;
	const char *id;

	assert_int_equal(acknowledge(d, "1"), -EACCES);
	assert_int_equal(d->refusal.code, REFUSAL_INVALID_ARGUMENT);
	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "x"), 0);
	id = station_alarm_at(d->station, 0)->what.id;
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

	assert_int_equal(station_raise_alarm(d->station, "PEN-1", "drive-on", "x"), 0);
	assert_int_equal(acknowledge(d, station_alarm_at(d->station, 0)->what.id), 0);
	assert_int_equal(station_raise_alarm(d->station, "PEN-2", "drive-on", "x"), 0);
	desk_close(d);
	assert_int_equal(d->answers, 1);
	assert_int_equal(d->refusal.code, REFUSAL_NONE);
	d->answers = 0;
	desk_open(d);
	assert_string_equal(station_alarm_at(d->station, 0)->what.pen, "PEN-2");
	assert_null(station_alarm_at(d->station, 1));
}

#define ALARM_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ALARM_TEST(stands_until_acknowledged),
		ALARM_TEST(an_id_is_used_once),
		ALARM_TEST(without_a_disk_it_stands_and_says_so),
		ALARM_TEST(refusals),
		ALARM_TEST(the_station_goes_before_the_answers),
	};

	return cmocka_run_group_tests_name("session_alarm", tests, NULL, NULL);
}
