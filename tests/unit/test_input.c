// SPDX-License-Identifier: GPL-2.0-only
/* What pedals and pens say: pressed, released, lost, gone; buttons and dial. */
#include "tests/unit/input_fixture.h"

static void pressed_and_released(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(input_pedal(f->input), INPUT_PEDAL_NONE);
	assert_false(input_pedal_down(f->input));
	appear(0, true, 0x0426);
	expect(f, "released:grabbed ");
	assert_true(nodes[0].grabbed);
	key(0, KEY_A, 1);
	expect(f, "held:down ");
	assert_int_equal(f->made_usec, nodes[0].queue[0].usec);
	assert_int_equal(input_pedal(f->input), INPUT_PEDAL_HELD);
	assert_true(input_pedal_down(f->input));
	push(0, 0, EV_KEY, KEY_A, 2, now_usec());
	push(0, 0, EV_MSC, MSC_SCAN, 0x70004, now_usec());
	push(0, 0, EV_SYN, SYN_REPORT, 0, now_usec());
	expect(f, "");
	key(0, KEY_A, 0);
	expect(f, "released:up ");
	assert_false(input_pedal_down(f->input));
}

static void events_lost(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	push(0, -EOVERFLOW, 0, 0, 0, 0); /* and it is still down */
	expect(f, "released:events-lost ");
	assert_false(input_pedal_down(f->input));
	push(0, 0, EV_KEY, KEY_A, 1, now_usec());
	push(0, 0, EV_KEY, KEY_A, 2, now_usec());
	expect(f, "");
	key(0, KEY_A, 0);
	expect(f, "");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
}

/* Up by its level, whatever the events say: the next lease is not to enable. */
static void level_contradicts(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	set_level(0, KEY_A, false);
	assert_false(input_pedal_down(f->input));
	assert_string_equal(f->log, "released:level "); /* before it returned */
	f->log[0] = '\0';
	key(0, KEY_A, 0);
	expect(f, "");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
	set_level(0, KEY_A, false); /* a second one that was pressed meanwhile is no substitute */
	set_level(0, KEY_B, true);
	assert_false(input_pedal_down(f->input));
	expect(f, "released:level ");
}

static void gone_while_held(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	push(0, -ENODEV, 0, 0, 0, 0); /* the node knows it first */
	expect(f, "none:gone ");
	assert_false(nodes[0].open);
	discover_callbacks->gone(discover_userdata, paths[0]);
	expect(f, "");

	set_level(0, KEY_A, false);
	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	discover_callbacks->gone(discover_userdata, paths[0]); /* udev does */
	expect(f, "none:gone ");

	set_level(0, KEY_A, false);
	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	nodes[0].level_error = -ENODEV; /* the renewal does */
	assert_false(input_pedal_down(f->input));
	expect(f, "none:gone ");

	nodes[0].level_error = 0;
	set_level(0, KEY_A, false);
	appear(0, true, 0x0426);
	key(0, KEY_A, 1);
	expect(f, "released:grabbed held:down ");
	nodes[0].other_fd = close_fd(nodes[0].other_fd); /* it hangs up, and says no more */
	expect(f, "none:gone ");
}

/* Of two the one that was pressed has to stay down. */
static void two_pedals(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x0426);
	appear(1, true, 0x0426);
	expect(f, "released:grabbed ");
	key(0, KEY_A, 1);
	expect(f, "held:down ");
	key(1, KEY_A, 1);
	expect(f, "");
	key(0, KEY_A, 0);
	expect(f, "released:up ");
	assert_false(input_pedal_down(f->input));
	key(0, KEY_A, 1);
	key(1, KEY_A, 0);
	expect(f, "held:down ");
	assert_true(input_pedal_down(f->input));
	discover_callbacks->gone(discover_userdata, paths[1]);
	expect(f, "");
	discover_callbacks->gone(discover_userdata, paths[0]);
	expect(f, "none:gone ");
}

static void buttons_and_dial(void **state)
{
	struct fixture *f = *state;

	appear(0, true, 0x1209); /* a pen's trigger is no pedal, whatever marks it */
	expect(f, "");
	assert_true(nodes[0].open);
	assert_false(nodes[0].grabbed);
	key(0, BTN_0, 1); /* the pen's own business */
	key(0, BTN_1, 1);
	push(0, 0, EV_KEY, BTN_1, 2, now_usec());
	key(0, BTN_1, 0);
	key(0, BTN_2, 1);
	push(0, 0, EV_REL, REL_DIAL, 3, now_usec());
	push(0, 0, EV_REL, REL_DIAL, -1, now_usec());
	push(0, 0, EV_REL, REL_DIAL, 0, now_usec());
	push(0, 0, EV_REL, REL_X, 5, now_usec());
	expect(f, "FAKE0001:button-1 FAKE0001:button+1 FAKE0001:dial+3 FAKE0001:dial-1 ");
	push(0, 0, EV_REL, REL_DIAL, 1, now_usec() - INPUT_STALE_USEC - 1);
	expect(f, "");
	push(0, -EOVERFLOW, 0, 0, 0, 0);
	push(0, -ENODEV, 0, 0, 0, 0);
	expect(f, "");
	assert_false(nodes[0].open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		INPUT_TEST(pressed_and_released), INPUT_TEST(events_lost),
		INPUT_TEST(level_contradicts),	  INPUT_TEST(gone_while_held),
		INPUT_TEST(two_pedals),		  INPUT_TEST(buttons_and_dial),
	};

	return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
