// SPDX-License-Identifier: GPL-2.0-only
/* What is held back of a pen that tells too much, while the store has no room: it waits. */
#include <errno.h>
#include <stdatomic.h>

#include "daemon/session/parts.h"
#include "tests/unit/fake_host.h"
#include "tests/unit/store_fixture.h"

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

static _Atomic bool disk_full;

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
	if (atomic_load(&disk_full) && strstr(sqlite3_sql(statement), "BEGIN"))
		return SQLITE_FULL;
	return __real_sqlite3_step(statement);
}

struct ward {
	struct fixture f;
	struct conf *conf;
	struct station *station;
	struct station_pen *pen;
	struct mnpen_sample sample;
	unsigned int told; /* "suppressed" events that the listener heard of */
	uint64_t suppressed;
};

static void on_event(void *userdata, struct station_pen *pen, uint64_t seq, uint64_t usec,
		     const char *kind, const struct field *fields, size_t n_fields)
{
	struct ward *w = userdata;

	if (strcmp(kind, "suppressed") != 0)
		return;
	w->told++;
	w->suppressed += fields[0].uint;
}

static void on_pen(void *userdata, struct station_pen *pen)
{
}

static void on_pen_changed(void *userdata, struct station_pen *pen, unsigned int what)
{
}

static void on_session(void *userdata, struct station_pen *pen, struct session *session)
{
}

static void on_health(void *userdata, bool healthy)
{
}

static const struct station_listener listener = {
	.pen_removed = on_pen,
	.pen_changed = on_pen_changed,
	.pen_event = on_event,
	.session_removed = on_session,
	.store_health_changed = on_health,
};

/* A session with no more to it than the record needs, and a store that takes nothing more. */
static int setup(void **state)
{
	struct ward *w = calloc(1, sizeof(*w));
	struct conf_paths paths = {.config = "/nonexistent/mnpend.conf"};
	struct conf_report report = {0};
	struct refusal refusal;

	fixture_new(&w->f);
	paths.data_dir = w->f.dir;
	assert_int_equal(conf_load(&w->conf, &paths, &report), 0);
	conf_report_free(&report);
	assert_int_equal(station_new(&w->station, w->f.event, w->conf, w->f.store), 0);
	assert_int_equal(station_add_usbip(w->station, "usbip://127.0.0.1:1/1-1", &refusal), 0);
	fake_bring_up(fake_last, &w->sample);
	w->pen = station_pen_at(w->station, 0);
	assert_non_null(w->pen);
	fixture_begin(&w->f, FIXTURE_ID);
	w->pen->session = calloc(1, sizeof(*w->pen->session));
	strcpy(w->pen->session->id, FIXTURE_ID);
	station_set_listener(w->station, &listener, w);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct ward *w = *state;

	atomic_store(&disk_full, false);
	station_free(w->station);
	w->f.store = store_free(w->f.store);
	conf_unref(w->conf);
	fixture_free(&w->f);
	free(w);
	return 0;
}

static void fill_the_queue(struct ward *w)
{
	int r = 0;

	atomic_store(&disk_full, true);
	for (int i = 0; i < 1000 && r == 0; i++)
		r = store_event(w->f.store, NULL, NULL, "x", now_usec(), NULL, 0, NULL, NULL);
	assert_int_equal(r, -EAGAIN);
}

static void drain_the_queue(struct ward *w)
{
	atomic_store(&disk_full, false);
	fixture_health(&w->f, STORE_HEALTHY, 0);
}

/* Three holes of one sample each and ten events, all of which wait. */
static void hold(struct ward *w)
{
	for (unsigned int i = 0; i < 60; i++)
		flood_admit(&w->pen->flood, "running", 0, now_usec());
	assert_true(w->pen->flood.n_held >= 10);
	w->pen->flood.n_held = w->pen->flood.held[0].count = 10;
	for (uint32_t i = 0; i < 3; i++)
		flood_hole(&w->pen->flood, 10 + 2 * i, 12 + 2 * i);
}

static void assert_recorded_once(struct ward *w)
{
	fixture_end(&w->f, FIXTURE_ID);
	assert_string_equal(
		fixture_text(&w->f, "SELECT group_concat(after_seq || ',' || before_seq || ',' "
				    "|| missing || ',' || reason, ' ') FROM gap"),
		"10,16,3,stream-merged");
	assert_string_equal(fixture_text(&w->f, "SELECT group_concat(details, ' ') FROM event"
						" WHERE kind = 'suppressed' AND session IS NOT"
						" NULL"),
			    "{\"events\":10,\"running\":10}");
	assert_int_equal(w->told, 1);
	assert_int_equal(w->suppressed, 10);
}

static void waits_for_room(void **state)
{
	struct ward *w = *state;

	hold(w);
	fill_the_queue(w);
	for (int i = 0; i < 3; i++)
		(void)tell_held(w->pen, true);
	assert_int_equal(w->told, 0);
	assert_int_equal(w->pen->flood.gap.missing, 3);
	assert_int_equal(w->pen->flood.n_held, 10);
	drain_the_queue(w);
	(void)tell_held(w->pen, true);
	assert_recorded_once(w);
}

static void on_answer(void *userdata, const struct refusal *refusal)
{
}

/* The session is not ended before all of it is told. */
static void an_end_waits_for_it(void **state)
{
	struct ward *w = *state;
	struct refusal refusal;

	hold(w);
	fill_the_queue(w);
	assert_int_equal(station_end(w->pen, "done", on_answer, NULL, &refusal), -EACCES);
	assert_int_equal(refusal.code, REFUSAL_STORE);
	assert_non_null(w->pen->session);
	drain_the_queue(w);
	(void)tell_held(w->pen, true);
	assert_recorded_once(w);
}

/* Without its session, a hole has no place; it is counted as lost and is not the next one's. */
static void an_unplugged_pen_takes_its_holes_along(void **state)
{
	struct ward *w = *state;

	hold(w);
	fill_the_queue(w);
	fake_last->host.callbacks->offline(&fake_last->host, w->pen->pen, -ENODEV);
	assert_null(w->pen->session);
	assert_int_equal(w->pen->flood.gap.holes, 0);
	assert_true(w->pen->flood.n_held >= 10);
	drain_the_queue(w);
	assert_int_equal(store_event(w->f.store, NULL, NULL, "x", now_usec(), NULL, 0, fixture_done,
				     &w->f),
			 0);
	assert_int_equal(fixture_wait(&w->f, w->f.answers + 1), 0);
	assert_true(fixture_number(&w->f, "SELECT sum(details ->> 'events') FROM event"
					  " WHERE kind = 'events-lost'") >= 1);
}

#define HELD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HELD_TEST(waits_for_room),
		HELD_TEST(an_end_waits_for_it),
		HELD_TEST(an_unplugged_pen_takes_its_holes_along),
	};

	return cmocka_run_group_tests_name("session_held", tests, NULL, NULL);
}
