// SPDX-License-Identifier: GPL-2.0-only
/* Pedals that come: marked, opened, taken from others, or not to be had. */
#include "tests/unit/input_fixture.h"

static void pressed_while_it_is_taken(void **state)
{
	struct fixture *f = *state;

	nodes[0].press_at_grab = true;
	appear(0, true, 0x0426);
	expect(f, "unusable:not-grabbed ");
	assert_false(nodes[0].grabbed); /* its release goes where its press went */
	nodes[0].press_at_grab = false;
	set_level(0, KEY_A, false); /* and nothing tells of it */
	expect_later(f, "released:grabbed ");
}

/* Taken from others only while nothing on it is down, and then it has to be pressed anew. */
static void held_when_it_comes(void **state)
{
	struct fixture *f = *state;
	char text[256];

	set_level(0, KEY_A, true);
	appear(0, true, 0x0426);
	expect(f, "unusable:not-grabbed ");
	assert_false(nodes[0].grabbed);
	assert_non_null(strstr(input_describe(f->input, text, sizeof(text)), "lift the foot"));
	push(0, 0, EV_KEY, KEY_A, 2, now_usec());
	expect(f, "");
	key(0, KEY_A, 0);
	expect(f, "released:grabbed ");
	assert_true(nodes[0].grabbed);
	key(0, KEY_A, 1);
	expect(f, "held:down ");
}

/* What was queued before the grab went to others as well: no edge of ours. */
static void old_events_at_the_grab(void **state)
{
	struct fixture *f = *state;

	set_level(0, KEY_A, true);
	appear(0, true, 0x0426);
	key(0, KEY_A, 0);
	for (int i = 0; i < 70; i++) /* more than are read at once */
		push(0, 0, EV_KEY, KEY_A, i % 2 == 0, now_usec());
	expect(f, "unusable:not-grabbed released:grabbed ");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
}

static void grabbed_by_another(void **state)
{
	struct fixture *f = *state;
	char text[256];

	nodes[0].grab_error = -EBUSY;
	appear(0, true, 0x0426);
	expect(f, "unusable:not-grabbed ");
	assert_non_null(strstr(input_describe(f->input, text, sizeof(text)), "another program"));
	nodes[0].grab_error = 0;
	expect_later(f, "released:grabbed ");
}

static void not_to_be_opened(void **state)
{
	struct fixture *f = *state;
	char text[256];

	nodes[0].open_error = -EACCES;
	appear(0, true, 0x0426);
	expect(f, "unusable:not-grabbed ");
	assert_non_null(strstr(input_describe(f->input, text, sizeof(text)), "udev rule"));
	nodes[0].open_error = 0;
	expect_later(f, "released:grabbed ");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
}

static void marked_later(void **state)
{
	struct fixture *f = *state;
	char text[256];

	appear(0, false, 0x0426);
	expect(f, "");
	assert_false(nodes[0].open);
	assert_string_equal(input_describe(f->input, text, sizeof(text)), "0426:3011 Foot");
	appear(0, true, 0x0426);
	expect(f, "released:grabbed ");
	assert_string_equal(input_describe(f->input, text, sizeof(text)), "");
	appear(0, true, 0x0426); /* told twice */
	expect(f, "");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
	appear(0, false, 0x0426); /* no more */
	expect(f, "none:gone ");
	assert_false(nodes[0].open);
	discover_callbacks->gone(discover_userdata, paths[0]);
	assert_string_equal(input_describe(f->input, text, sizeof(text)), "");
}

static void candidates(void **state)
{
	struct fixture *f = *state;
	char text[256], tiny[8];

	appear(0, false, 0x0426);
	appear(1, false, 0x05f3);
	appear(2, false, 0); /* not on USB: no ids to know it by */
	assert_string_equal(input_describe(f->input, text, sizeof(text)),
			    "0426:3011 Foot, 05f3:3011 Other");
	assert_string_equal(input_describe(f->input, tiny, sizeof(tiny)), "0426:30");
}

static void without_udev(void **state)
{
	struct fixture *f = *state;
	struct input *input;

	discover_error = -EAFNOSUPPORT;
	assert_int_equal(input_new(&input, f->event, &callbacks, f), 0);
	assert_int_equal(input_pedal(input), INPUT_PEDAL_NONE);
	input_free(input);
	discover_callbacks = NULL;
}

/* Of two the one that works is enough; one that does not is no reason to do without. */
static void one_of_two_works(void **state)
{
	struct fixture *f = *state;

	nodes[0].grab_error = -EBUSY;
	appear(0, true, 0x0426);
	appear(1, true, 0x0426);
	expect(f, "unusable:not-grabbed released:grabbed ");
	discover_callbacks->gone(discover_userdata, paths[1]);
	expect(f, "unusable:gone ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		INPUT_TEST(pressed_while_it_is_taken),
		INPUT_TEST(held_when_it_comes),
		INPUT_TEST(old_events_at_the_grab),
		INPUT_TEST(grabbed_by_another),
		INPUT_TEST(not_to_be_opened),
		INPUT_TEST(marked_later),
		INPUT_TEST(candidates),
		INPUT_TEST(without_udev),
		INPUT_TEST(one_of_two_works),
	};

	return cmocka_run_group_tests_name("input_nodes", tests, NULL, NULL);
}
