// SPDX-License-Identifier: GPL-2.0-only
/* Whether a session comes too early, day by day; and what the record knows of earlier ones. */
#include "daemon/session/course.h"
#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

static void days(void **state)
{
	static const struct {
		uint32_t today, last, interval;
		enum course_verdict verdict;
		uint32_t earliest;
	} rows[] = {
		{20000, 0, 28, COURSE_DUE, 0},
		{20027, 20000, 28, COURSE_TOO_SOON, 20028},
		{20028, 20000, 28, COURSE_DUE, 0},
		{20029, 20000, 28, COURSE_DUE, 0},
		{20000, 20000, 1, COURSE_TOO_SOON, 20001},
		{20000, 20000, 0, COURSE_DUE, 0}, /* no interval is asked for */
		/* A clock that was set back, or that nobody keeps, makes nothing due. */
		{19999, 20000, 28, COURSE_CLOCK, 20028},
		{1, 20000, 28, COURSE_CLOCK, 20028},
	};

	for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
		uint32_t earliest = 0;

		assert_int_equal(course_judge(rows[i].today, rows[i].last, rows[i].interval,
					      &earliest),
				 rows[i].verdict);
		assert_int_equal(earliest, rows[i].earliest);
	}
}

static struct store_course answer;

static void on_course(void *userdata, int result, const struct store_course *course)
{
	answer = (struct store_course){0};
	if (result >= 0)
		answer = *course;
	fixture_done(userdata, result);
}

static struct store_course ask(struct fixture *f, const struct store_question *question)
{
	assert_int_equal(store_ask(f->store, question, on_course, f), 0);
	assert_int_equal(fixture_wait(f, f->answers + 1), 0);
	return answer;
}

static void treat(struct fixture *f, const char *id, bool strokes)
{
	fixture_begin(f, id);
	for (uint32_t seq = 1; strokes && seq < 300; seq++)
		assert_int_equal(fixture_put(f, id, seq), 0);
}

/* Sessions count with strokes, in that area, of that client. */
static void what_went_before(void **state)
{
	const struct store_question cheek = {.client = "C-17", .area = "cheek"},
				    nose = {.client = "C-17", .area = "nose"},
				    other = {.client = "C-18", .area = "cheek"};
	const struct store_cartridge cartridge = {.uid = "a1", .lot = "L"};
	struct store_question question = {.client = "C-17", .cartridge = cartridge};
	struct store_course course;
	struct fixture f;

	fixture_new(&f);
	assert_int_equal(ask(&f, &cheek).sessions, 0);
	assert_int_equal(ask(&f, &cheek).last_wall_usec, 0);
	treat(&f, "20260101-000000-aaaaaa", false);
	fixture_end(&f, "20260101-000000-aaaaaa");
	assert_int_equal(ask(&f, &cheek).sessions, 0);
	treat(&f, "20260101-000000-bbbbbb", true);
	fixture_end(&f, "20260101-000000-bbbbbb");
	course = ask(&f, &cheek);
	assert_int_equal(course.sessions, 1);
	assert_int_equal(course.last_wall_usec, FIXTURE_WALL_USEC + 60000000);
	assert_int_equal(ask(&f, &nose).sessions, 0);
	assert_int_equal(ask(&f, &other).sessions, 0);

	/* One that is open counts for all others, and not for itself. */
	treat(&f, "20260101-000000-cccccc", true);
	for (int i = 0; i < 200 && ask(&f, &cheek).sessions < 2; i++)
		usleep(10000);
	assert_int_equal(ask(&f, &cheek).sessions, 2);
	question = (struct store_question){.session = "20260101-000000-cccccc", .area = "cheek"};
	assert_int_equal(ask(&f, &question).sessions, 1);

	question = (struct store_question){.client = "C-17", .cartridge = cartridge};
	assert_false(ask(&f, &question).cartridge_bound);
	assert_int_equal(store_cartridge(f.store, "20260101-000000-cccccc", NULL, &cartridge, 1,
					 fixture_done, &f),
			 0);
	assert_int_equal(fixture_wait(&f, f.answers + 1), 0);
	assert_true(ask(&f, &question).cartridge_bound);
	question.client = NULL;
	question.session = "20260101-000000-cccccc";
	assert_false(ask(&f, &question).cartridge_bound);
	fixture_end(&f, "20260101-000000-cccccc");

	/* Files of before there were segments. */
	f.store = store_free(f.store);
	fixture_sql(&f, "DELETE FROM segment");
	assert_int_equal(fixture_open(&f, 0, 0), 0);
	assert_int_equal(ask(&f, &cheek).sessions, 2);
	assert_int_equal(ask(&f, &nose).sessions, 0);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days),
		cmocka_unit_test(what_went_before),
	};

	return cmocka_run_group_tests_name("session_course", tests, NULL, NULL);
}
