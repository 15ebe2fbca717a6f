// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/alarm_desk.h"

int desk_event_error;

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
	if (desk_event_error)
		return desk_event_error;
	return __real_store_event(store, id, pen, kind, now_usec, fields, n_fields, done, userdata);
}

void desk_open(struct desk *d)
{
	struct conf_report report = {0};
	struct conf_paths paths = {.config = "/nonexistent/mnpend.conf", .data_dir = d->f.dir};

	assert_int_equal(conf_load(&d->conf, &paths, &report), 0);
	conf_report_free(&report);
	assert_int_equal(fixture_open(&d->f, 0, 0), 0);
	assert_int_equal(station_new(&d->station, d->f.event, d->conf, d->f.store), 0);
}

void desk_close(struct desk *d)
{
	d->station = station_free(d->station);
	d->f.store = store_free(d->f.store);
	conf_unref(d->conf);
}

int desk_new(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));

	desk_event_error = 0;
	fixture_dir(&d->f);
	desk_open(d);
	*state = d;
	return 0;
}

int desk_free(void **state)
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

enum refusal_code wait_answer(struct desk *d)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;

	while (!d->answers && now_usec() < until)
		assert_true(sd_event_run(d->f.event, 100 * USEC_PER_MSEC) >= 0);
	assert_int_equal(d->answers, 1);
	d->answers = 0;
	return d->refusal.code;
}

void wait_recorded(struct desk *d, const struct alarm *alarm)
{
	uint64_t until = now_usec() + FIXTURE_WAIT_USEC;

	while (!alarm->recorded && now_usec() < until)
		assert_true(sd_event_run(d->f.event, 100 * USEC_PER_MSEC) >= 0);
	assert_true(alarm->recorded);
}

const struct alarm *raise_recorded(struct desk *d, const char *pen)
{
	const struct alarm *alarm;
	size_t n = 0;

	while (station_alarm_at(d->station, n))
		n++;
	assert_int_equal(station_raise_alarm(d->station, pen, "drive-on", "x"), 0);
	alarm = station_alarm_at(d->station, n);
	assert_non_null(alarm);
	wait_recorded(d, alarm);
	return alarm;
}

int acknowledge(struct desk *d, const char *id)
{
	return station_acknowledge(d->station, id, 1234, on_answer, d, &d->refusal);
}
