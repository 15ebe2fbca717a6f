// SPDX-License-Identifier: GPL-2.0-only
/* Lists of sessions: filters, pages, order, refusals. */
#include <errno.h>

#include "driver/base/cleanup.h"
#include "tests/unit/store_fixture.h"

#define SESSIONS 10u

/** struct answer - what store_list_done was told, ids joined by commas */
struct answer {
	struct fixture *f;
	char ids[256];
	char cursor[64];
	char lot[32];
	size_t n_rows;
	uint64_t samples;
	bool open;
};

static void listed(void *userdata, int result, const struct store_row *rows, size_t n_rows,
		   const char *cursor)
{
	struct answer *answer = userdata;

	for (size_t i = 0; i < n_rows; i++) {
		snprintf(answer->ids + strlen(answer->ids),
			 sizeof(answer->ids) - strlen(answer->ids), "%s%s", i ? "," : "",
			 rows[i].id);
		assert_string_equal(rows[i].profile, "face-lines");
		assert_string_equal(rows[i].operator_name, "root (ann)");
		assert_true(rows[i].started_wall_usec >= FIXTURE_WALL_USEC);
		assert_int_equal(!rows[i].outcome, !rows[i].ended_wall_usec);
	}
	if (n_rows) {
		snprintf(answer->lot, sizeof(answer->lot), "%s", rows[0].cartridge_lot);
		answer->samples = rows[0].samples;
		answer->open = !rows[0].outcome;
	}
	answer->n_rows = n_rows;
	snprintf(answer->cursor, sizeof(answer->cursor), "%s", cursor);
	fixture_done(answer->f, result);
}

static struct answer list(struct fixture *f, const struct store_filter *filter, const char *cursor,
			  uint32_t count)
{
	struct answer answer = {.f = f};
	unsigned int answers = f->answers;

	assert_int_equal(store_list(f->store, filter, cursor, count, listed, &answer), 0);
	assert_int_equal(fixture_wait(f, answers + 1), 0);
	return answer;
}

/* s0..s9: clients A and B in turn; s3 has a tag; s4's cartridge was typed without a serial;
 * s0..s7 ended; a second apart */
static int setup(void **state)
{
	static struct fixture f;

	fixture_new(&f);
	for (unsigned int i = 0; i < SESSIONS; i++) {
		char id[8];
		struct store_session session;

		snprintf(id, sizeof(id), "s%u", i);
		session = fixture_session(id);
		session.client = i % 2 ? "B" : "A";
		session.pen = i == 5 ? "OTHER" : "VPEN0001";
		session.cartridge_lot = i == 3 ? "TAG3" : NULL;
		session.cartridge = i == 4 ? "PLAIN" : "LOT7/0042";
		session.started_wall_usec += i * USEC_PER_SEC;
		assert_int_equal(store_session_begin(f.store, &session, fixture_done, &f), 0);
		assert_int_equal(fixture_wait(&f, f.answers + 1), 0);
		assert_int_equal(fixture_put(&f, id, 1), 0);
		if (i < 8)
			fixture_end(&f, id);
	}
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	fixture_free(*state);
	return 0;
}

static void filters(void **state)
{
	static const struct {
		struct store_filter filter;
		const char *ids;
	} cases[] = {
		{{0}, "s9,s8,s7,s6,s5,s4,s3,s2,s1,s0"},
		{{.client = "A"}, "s8,s6,s4,s2,s0"},
		{{.client = "a"}, ""},
		{{.pen = "OTHER"}, "s5"},
		{{.lot = "TAG3"}, "s3"},
		{{.lot = "PLAIN"}, "s4"},
		{{.lot = "LOT7"}, "s9,s8,s7,s6,s5,s3,s2,s1,s0"},
		{{.lot = "LOT7/0042"}, ""},
		{{.lot = "lot7"}, "s9,s8,s7,s6,s5,s3,s2,s1,s0"}, /* as somebody types it */
		{{.lot = "tag3"}, "s3"},
		{{.since_wall_usec = FIXTURE_WALL_USEC + 8 * USEC_PER_SEC}, "s9,s8"},
		{{.open_only = true}, "s9,s8"},
		{{.client = "B", .open_only = true}, "s9"},
		{{.client = "B' OR 1=1 --"}, ""},
	};

	for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
		struct answer answer = list(*state, &cases[i].filter, "", 100);

		assert_string_equal(answer.ids, cases[i].ids);
		assert_string_equal(answer.cursor, "");
	}
}

static void rows(void **state)
{
	struct answer answer = list(*state, &(struct store_filter){.lot = "TAG3"}, "", 1);

	assert_string_equal(answer.lot, "TAG3");
	assert_int_equal(answer.samples, 1);
	assert_false(answer.open);
	answer = list(*state, &(struct store_filter){0}, "", 1);
	assert_string_equal(answer.lot, "LOT7");
	assert_true(answer.open);
}

static void pages(void **state)
{
	const struct store_filter filter = {0};
	struct answer answer = list(*state, &filter, "", 4);

	assert_string_equal(answer.ids, "s9,s8,s7,s6");
	answer = list(*state, &filter, answer.cursor, 4);
	assert_string_equal(answer.ids, "s5,s4,s3,s2");
	answer = list(*state, &filter, answer.cursor, 2);
	assert_string_equal(answer.ids, "s1,s0");
	assert_string_equal(answer.cursor, ""); /* exactly used up: no empty page follows */
}

static void refusals(void **state)
{
	static const char *const cursors[] = {"x", "-1", " 1", "1 ", "0x1", "99999999999999999999"};
	const struct store_filter filter = {0};
	struct fixture *f = *state;

	for (size_t i = 0; i < ELEMENTSOF(cursors); i++)
		assert_int_equal(store_list(f->store, &filter, cursors[i], 1, listed, NULL),
				 -EINVAL);
	assert_int_equal(store_list(f->store, &filter, "", 0, listed, NULL), -EINVAL);
	assert_int_equal(store_list(f->store, &filter, "", STORE_LIST_MAX + 1, listed, NULL),
			 -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters),
		cmocka_unit_test(rows),
		cmocka_unit_test(pages),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
