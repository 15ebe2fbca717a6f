// SPDX-License-Identifier: GPL-2.0-only
/* What is kept of the work on an area, and which cartridge was bound to which session. */
#include <errno.h>

#include "daemon/store/segment.h"
#include "tests/unit/store_fixture.h"

static void a_histogram_is_exact_to_a_bucket(void **state)
{
	struct histogram h = {0};

	assert_int_equal(histogram_mean(&h), 0);
	assert_int_equal(histogram_percentile(&h, 8, 95), 0);
	for (uint16_t value = 1; value <= 1000; value++)
		histogram_add(&h, 8, value);
	assert_int_equal(histogram_mean(&h), 501);		/* 500.5 */
	assert_int_equal(histogram_percentile(&h, 8, 95), 951); /* 950 lies in 944..951 */
	assert_int_equal(histogram_percentile(&h, 8, 1), 15);	/* 10 lies in 8..15 */
	assert_int_equal(histogram_percentile(&h, 8, 100), 1000);
	assert_int_equal(h.max, 1000);
}

static void a_histogram_of_one_value(void **state)
{
	struct histogram h = {0};

	histogram_add(&h, 8, 500);
	assert_int_equal(histogram_percentile(&h, 8, 95), 500);
	assert_int_equal(histogram_percentile(&h, 8, 1), 500);
	assert_int_equal(histogram_mean(&h), 500);
}

static void a_histogram_has_no_end(void **state)
{
	struct histogram h = {0};

	for (int i = 0; i < 20; i++)
		histogram_add(&h, 8, UINT16_MAX);
	assert_int_equal(histogram_percentile(&h, 8, 95), UINT16_MAX);
	assert_int_equal(histogram_mean(&h), UINT16_MAX);
	histogram_add(&h, 8, 4088); /* the first of the last bucket */
	histogram_add(&h, 8, 4087);
	assert_int_equal(h.buckets[HISTOGRAM_BUCKETS - 1], 21);
	assert_int_equal(h.buckets[HISTOGRAM_BUCKETS - 2], 1);
}

static void punctures(void **state)
{
	assert_int_equal(punctures_per_cm2(1599, 16), 100); /* 99.9 */
	assert_int_equal(punctures_per_cm2(1591, 16), 99);
	assert_int_equal(punctures_per_cm2(UINT64_MAX / 2, 1), UINT32_MAX);
}

static void only_running_needles_are_measured(void **state)
{
	struct segment_totals t = {0};
	struct mnpen_sample sample = {
		.state = MNPEN_STATE_ARMED, .depth_um = 30, .strokes = 7, .target_depth_um = 1};

	segment_add(&t, &sample, 7, 70, 16);
	assert_int_equal(t.depth_um.count, 0);
	assert_int_equal(t.target_depth_um, 0);
	assert_int_equal(t.strokes, 7);
	assert_int_equal(t.punctures, 112);
	sample.state = MNPEN_STATE_RUNNING;
	sample.strokes = 0; /* no stroke has a depth yet */
	segment_add(&t, &sample, 0, 1, 16);
	assert_int_equal(t.depth_um.count, 0);
	sample.strokes = 1;
	sample.depth_um = 512;
	segment_add(&t, &sample, 1, 1, 0); /* of nobody knows how many needles */
	assert_int_equal(t.depth_um.max, 512);
	assert_int_equal(t.strokes_uncounted, 1);
}

/* ---- rows ---- */

static const struct store_segment cheek = {
	.profile = "face-lines",
	.area = "cheek",
	.area_size_cm2 = 40,
	.density_warning_per_cm2 = 300,
	.depth_limit_um = 1000,
	.speed_limit_min_rpm = 2400,
	.speed_limit_max_rpm = 9000,
};

static const struct store_cartridge tagged = {.uid = "5643000000000001",
					      .lot = "LOT7",
					      .expires_days = 21000,
					      .needles = 16,
					      .length_um = 1500};

static void begin(struct fixture *f, const char *id)
{
	struct store_session session = fixture_session(id);

	session.segment = cheek;
	session.segment.area = NULL;
	session.segment.area_size_cm2 = 0;
	assert_int_equal(store_session_begin(f->store, &session, fixture_done, f), 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
}

static int bind_to(struct fixture *f, const char *id, const struct store_cartridge *cartridge)
{
	assert_int_equal(store_cartridge(f->store, id, "VPEN0001", cartridge, FIXTURE_START_USEC,
					 fixture_done, f),
			 0);
	return fixture_wait(f, f->answers + 1);
}

static void put(struct fixture *f, uint32_t from, uint32_t to)
{
	for (uint32_t seq = from; seq < to; seq++)
		assert_int_equal(fixture_put(f, FIXTURE_ID, seq), 0);
}

static void go_on(struct fixture *f, const char *area, uint32_t seq)
{
	struct store_segment next = cheek;

	next.area = area;
	next.area_size_cm2 = 0;
	next.depth_limit_um = 500;
	assert_int_equal(store_segment(f->store, FIXTURE_ID, "VPEN0001", area ? "area" : "profile",
				       &next, fixture_usec(seq), NULL, 0, fixture_done, f),
			 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
}

/* 400 to 499 um, 0.1 stroke a ms; the first sample's counters are of before. */
static const char first_text[] =
	"1 face-lines cheek 40 300 1000 2400 9000 500 6000 1999 200 450 495"
	" 499 6000 6099 6099 16 80";
static const char segment_sql[] =
	"SELECT printf('%d %s %s %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d %d', session,"
	" profile, area, area_size_cm2, density_warning_per_cm2, depth_limit_um,"
	" speed_limit_min_rpm, speed_limit_max_rpm, target_depth_um, target_speed_rpm, run_ms,"
	" strokes, depth_mean_um, depth_p95_um, depth_max_um, speed_mean_rpm, speed_p95_rpm,"
	" speed_max_rpm, needles, punctures_per_cm2) FROM segment WHERE n = 1";

static void each_area_has_its_row(void **state)
{
	struct fixture f;

	fixture_new(&f);
	begin(&f, FIXTURE_ID);
	assert_int_equal(bind_to(&f, FIXTURE_ID, &tagged), 0);
	put(&f, 1, 2001);
	go_on(&f, "nose", 2001);
	put(&f, 2001, 2501);
	go_on(&f, NULL, 2501); /* another profile, without that area */
	put(&f, 2501, 2601);
	fixture_end(&f, FIXTURE_ID);
	assert_string_equal(fixture_text(&f, segment_sql), first_text);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM segment"), 2);
	assert_int_equal(fixture_number(&f, "SELECT strokes FROM segment WHERE n = 2"), 50);
	assert_int_equal(fixture_number(&f, "SELECT punctures_per_cm2 FROM segment WHERE n = 2"),
			 -1); /* no size was given */
	assert_int_equal(fixture_number(&f, "SELECT ended_usec - started_usec FROM segment"
					    " WHERE n = 2"),
			 500000);
	assert_int_equal(fixture_number(&f, "SELECT json_extract(details, '$.depth_limit_um')"
					    " FROM event WHERE kind = 'area'"),
			 500);
	fixture_free(&f);
}

/* A daemon that died leaves the same row as one that did not, made by the next start. */
static void an_interrupted_one_is_made_again(void **state)
{
	char whole[512];
	struct fixture f;

	fixture_new(&f);
	begin(&f, FIXTURE_ID);
	assert_int_equal(bind_to(&f, FIXTURE_ID, &tagged), 0);
	put(&f, 1, 2001);
	go_on(&f, "nose", 2001);
	put(&f, 2001, 2501);
	fixture_end(&f, FIXTURE_ID);
	f.store = store_free(f.store);
	snprintf(whole, sizeof(whole), "%s", fixture_text(&f, segment_sql));
	fixture_sql(&f, "DELETE FROM segment WHERE area = 'nose';"
			"UPDATE session SET ended_usec = NULL, ended_wall_usec = NULL;"
			"DELETE FROM event WHERE kind = 'end'");
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_string_equal(fixture_text(&f, segment_sql), whole);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM segment"), 2);
	assert_int_equal(fixture_number(&f, "SELECT strokes FROM segment WHERE area = 'nose'"), 50);
	assert_int_equal(fixture_number(&f, "SELECT needles FROM segment WHERE area = 'nose'"), 16);
	assert_int_equal(fixture_number(&f, "SELECT depth_limit_um FROM segment"
					    " WHERE area = 'nose'"),
			 500);
	fixture_free(&f);
}

static void a_cartridge_is_bound_once(void **state)
{
	const struct store_cartridge typed = {.serial = "0042", .lot = "LOT7"},
				     small = {.serial = "0042", .lot = "lot7"},
				     other_lot = {.serial = "0042", .lot = "LOT8"},
				     nameless = {.lot = "LOT7"};
	struct fixture f;

	fixture_new(&f);
	begin(&f, FIXTURE_ID);
	begin(&f, "20260101-000000-bbbbbb");
	assert_int_equal(bind_to(&f, FIXTURE_ID, &tagged), 0);
	assert_int_equal(bind_to(&f, FIXTURE_ID, &tagged), 0); /* armed once more */
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM cartridge"), 1);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM event WHERE kind = 'cartridge'"),
			 1);
	assert_int_equal(bind_to(&f, "20260101-000000-bbbbbb", &tagged), -EADDRINUSE);
	assert_int_equal(bind_to(&f, FIXTURE_ID, &typed), 0);
	assert_int_equal(bind_to(&f, "20260101-000000-bbbbbb", &typed), -EADDRINUSE);
	assert_int_equal(bind_to(&f, "20260101-000000-bbbbbb", &small), -EADDRINUSE);
	assert_int_equal(bind_to(&f, "20260101-000000-bbbbbb", &other_lot), 0);
	assert_int_equal(store_cartridge(f.store, FIXTURE_ID, NULL, &nameless, 1, NULL, NULL),
			 -EINVAL);
	fixture_end(&f, FIXTURE_ID);
	f.store = store_free(f.store);
	/* After a restart as before. */
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	begin(&f, "20260101-000000-cccccc");
	assert_int_equal(bind_to(&f, "20260101-000000-cccccc", &tagged), -EADDRINUSE);
	assert_int_equal(store_health(f.store, now_usec()), STORE_HEALTHY);
	fixture_free(&f);
}

static void answers_are_rows(void **state)
{
	const struct store_answer answers[] = {
		{"pregnancy", "Pregnant or nursing?", "block", "no"},
		{"fitzpatrick", "Fitzpatrick type?", "note", "IV"},
	};
	struct store_session session = fixture_session(FIXTURE_ID);
	struct fixture f;

	fixture_new(&f);
	session.answers = answers;
	session.n_answers = 2;
	assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), 0);
	assert_int_equal(fixture_wait(&f, f.answers + 1), 0);
	assert_int_equal(fixture_number(&f, "SELECT count(*) FROM screening WHERE session = 1"), 2);
	assert_string_equal(fixture_text(&f, "SELECT question || text || kind || answer"
					     " FROM screening WHERE n = 2"),
			    "fitzpatrickFitzpatrick type?noteIV");
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_histogram_is_exact_to_a_bucket),
		cmocka_unit_test(a_histogram_of_one_value),
		cmocka_unit_test(a_histogram_has_no_end),
		cmocka_unit_test(punctures),
		cmocka_unit_test(only_running_needles_are_measured),
		cmocka_unit_test(each_area_has_its_row),
		cmocka_unit_test(an_interrupted_one_is_made_again),
		cmocka_unit_test(a_cartridge_is_bound_once),
		cmocka_unit_test(answers_are_rows),
	};

	return cmocka_run_group_tests_name("store_segment", tests, NULL, NULL);
}
